//! Guests that forward: what one did with a packet that was delivered to it for somebody else is told to the trace, in the words
//! of the trace.

use super::{Partition, Shared};
use crate::host::{Obstacle, Ticket, Transfer};
use crate::id::Origin;
use crate::sim::guests::{GuestState, LocalGuest};
use crate::sim::stations::plug_id;
use crate::trace::{Decider, Direction, DropCode, DropReason, Leg, PacketId, PacketTag, Step};

impl Partition {
    /// Tells the trace what a guest did with packets for others.
    pub(super) fn tell_transfers(&mut self, shared: &Shared<'_>, guest: LocalGuest, transfers: Vec<Transfer>) {
        for Transfer { ticket, interface, headers, fate } in transfers {
            let GuestState::Awake(awake) = &self.guests[guest.0 as usize].state else { return };
            let Some(by) = awake.plugs.get(interface).map(|plug| plug_id(shared, *plug)) else { continue };
            let Ticket { packet, is_answer, is_followed } = ticket;
            let leg = if is_answer { Leg::Return } else { Leg::Forward };
            let packet = PacketTag { id: PacketId(packet), leg, marked: is_followed };
            match fate {
                Ok(leaves) => self.trace.passed_on(packet, &headers, &leaves, by),
                Err(obstacle) => {
                    let (code, decider) = reason(obstacle);
                    let direction = Some(Direction::Ingress);
                    let reason = DropReason { code, by, direction, decider, origin: Origin::Aws };
                    self.trace.record(packet, &headers, Step::Dropped(reason));
                }
            }
        }
    }
}

fn reason(obstacle: Obstacle) -> (DropCode, Decider) {
    match obstacle {
        Obstacle::NoForwarding => (DropCode::HostDoesNotForward, Decider::Resource),
        Obstacle::NoRoute => (DropCode::HostNoRoute, Decider::NoMatch),
        Obstacle::HopLimit => (DropCode::TtlExpired, Decider::Resource),
        Obstacle::TooBig { mtu } => (DropCode::MtuExceeded, Decider::Mtu { limit: mtu, told: true }),
        Obstacle::Filter(by) => (DropCode::HostPacketFilter, Decider::PacketFilter(by)),
    }
}
