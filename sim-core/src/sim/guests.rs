//! The guests of a partition: off, asleep or awake, with the state of their interfaces.
//!
//! An instance nobody has talked to costs its place in a list. What an interface remembers (how many packets it has sent, when
//! its links are free) is made when it first carries something, and outlives boots and attachments.

use super::links::{AccessLink, Road};
use super::partition::GuestIndex;
use super::platform::Platform;
use crate::dataplane::pipeline::Next;
use crate::dataplane::tables::EniIndex;
use crate::engine::{EventKey, SimDuration, SimTime};
use crate::host::{Disk, Host, InterfaceConfig, ProcessId, Ticket};
use crate::id::AvailabilityZone;
use crate::net::BufferPool;

/// Where a guest's interface is plugged in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Plug {
    /// An interface of a VPC.
    Eni(EniIndex),
    /// The Internet; the host's number there.
    Internet(u32),
}

/// A guest of this partition, by place.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct LocalGuest(pub u32);

/// A guest's place in the partition. An instance nobody has talked to is `Asleep` and costs only this.
#[derive(Default)]
pub(super) enum GuestState {
    /// Not running: frames for it are lost.
    #[default]
    Off,
    /// Running, but nothing has reached it yet: it has no stack.
    Asleep,
    /// Awake.
    Awake(Box<Awake>),
}

/// SIM: after an interrupt the network card holds back the next one for so long, as ENA's driver sets it (`ethtool -C eth0
/// rx-usecs 20`): the first frame after a quiet time is seen at once, those of a stream in batches.
const INTERRUPT_INTERVAL: SimDuration = SimDuration::from_micros(20);

/// A guest that is awake.
pub(super) struct Awake {
    pub(super) host: Host,
    /// The services on its links that it has asked.
    pub(super) platform: Platform,
    /// Frames that arrive before are not seen until then.
    pub(super) next_interrupt: SimTime,
    /// Its interfaces.
    pub(super) plugs: Vec<Plug>,
    /// When the next wake-up is due, if one is scheduled.
    pub(super) alarm: Option<SimTime>,
    /// Programs that somebody outside has started and not yet been told the end of.
    pub(super) awaited: Vec<ProcessId>,
}

impl Awake {
    pub(super) fn new(host: Host, plugs: Vec<Plug>) -> Awake {
        let platform = Platform::default();
        Awake { host, platform, next_interrupt: SimTime::ZERO, plugs, alarm: None, awaited: Vec::new() }
    }

    /// An interface is plugged in, pulled out, or has other addresses.
    pub(super) fn configure(&mut self, now: SimTime, interface: usize, plug: Plug, config: InterfaceConfig) {
        match self.plugs.get_mut(interface) {
            Some(place) => *place = plug,
            None => self.plugs.push(plug),
        }
        self.host.configure(now, interface, config);
    }

    /// A frame arrives at an interface; says when the guest sees it.
    pub(super) fn receive(&mut self, now: SimTime, port: u16, frame: Vec<u8>, ticket: Ticket) -> SimTime {
        self.host.receive(now, usize::from(port), frame, Some(ticket));
        self.next_interrupt.max(now)
    }

    /// Lets the host run; it sees what has arrived.
    pub(super) fn run(&mut self, now: SimTime, pool: &mut BufferPool, send: &mut dyn FnMut(usize, Vec<u8>)) {
        if self.host.has_arrived() {
            self.next_interrupt = now + INTERRUPT_INTERVAL;
        }
        self.host.run(now, pool, send);
    }
}

/// A guest.
pub(super) struct Guest {
    /// Its number in the whole world.
    pub(super) number: GuestIndex,
    pub(super) state: GuestState,
    /// What it was switched off with, unless it has never been awake.
    pub(super) disk: Option<Box<Disk>>,
}

/// Something that schedules events: an interface, the side of a gateway.
#[derive(Debug)]
pub(super) struct Outlet {
    /// Its number among everything that schedules events.
    source: u32,
    /// Events it has scheduled.
    scheduled: u64,
    /// The road of the frame it has sent on last, which is most often that of the next one.
    last: Option<(Onward, Road)>,
}

/// What the road of a frame from an outlet depends on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Onward {
    pub(super) to: Next,
    /// The zone it started in.
    pub(super) zone: Option<AvailabilityZone>,
    /// The number of the tables, in which an interface may have come to be somewhere else.
    pub(super) rules: u64,
}

impl Outlet {
    pub(super) fn new(source: u32) -> Outlet {
        Outlet { source, scheduled: 0, last: None }
    }

    /// The key of the next event that it schedules.
    #[inline]
    pub(super) fn key(&mut self, time: SimTime) -> EventKey {
        self.scheduled += 1;
        EventKey { time, source: self.source, sequence: self.scheduled }
    }

    /// The road of a frame that is sent on.
    #[inline]
    pub(super) fn road(&mut self, onward: Onward, find: impl FnOnce() -> Road) -> &Road {
        if self.last.as_ref().is_none_or(|(last, _)| *last != onward) {
            self.last = Some((onward, find()));
        }
        &self.last.as_ref().expect("it was just found").1
    }
}

/// What an interface that has carried something remembers.
#[derive(Debug)]
pub(super) struct Port {
    pub(super) outlet: Outlet,
    /// Packets its guests have sent, so that a packet's number means one packet for the whole run.
    sent: u32,
    /// From the guest to the network.
    pub(super) out: AccessLink,
    /// From the network to the guest.
    pub(super) back: AccessLink,
    /// The zone it is in, and the number of the tables that say so.
    zone: Option<(u64, Option<AvailabilityZone>)>,
}

impl Port {
    pub(super) fn new(source: u32) -> Port {
        Port {
            outlet: Outlet::new(source),
            sent: 0,
            out: AccessLink::default(),
            back: AccessLink::default(),
            zone: None,
        }
    }

    /// The zone it is in.
    pub(super) fn zone(
        &mut self,
        rules: u64,
        find: impl FnOnce() -> Option<AvailabilityZone>,
    ) -> Option<AvailabilityZone> {
        match self.zone {
            Some((then, zone)) if then == rules => zone,
            _ => self.zone.insert((rules, find())).1,
        }
    }

    /// The number of the next packet that its guest sends.
    pub(super) fn packet(&mut self) -> u64 {
        self.sent = self.sent.wrapping_add(1);
        u64::from(self.outlet.source) << 32 | u64::from(self.sent)
    }
}

/// Things by number of which most do not exist: a place in a dense list for each that does.
#[derive(Debug)]
pub(super) struct Sparse<T> {
    /// 0, or one more than the place.
    places: Vec<u32>,
    items: Vec<T>,
}

impl<T> Default for Sparse<T> {
    fn default() -> Sparse<T> {
        Sparse { places: Vec::new(), items: Vec::new() }
    }
}

impl<T> Sparse<T> {
    /// The thing with this number, made now if it did not exist.
    #[inline]
    pub(super) fn get_or_insert_with(&mut self, number: u32, make: impl FnOnce() -> T) -> &mut T {
        let place = match self.places.get(number as usize) {
            Some(&place) if place > 0 => place,
            _ => self.insert(number as usize, make()),
        };
        &mut self.items[place as usize - 1]
    }

    #[cold]
    fn insert(&mut self, number: usize, item: T) -> u32 {
        if number >= self.places.len() {
            self.places.resize(number + 1, 0);
        }
        self.items.push(item);
        self.places[number] = self.items.len() as u32;
        self.places[number]
    }
}
