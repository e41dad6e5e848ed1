//! Frames that cross from one rank to another, as bytes.
//!
//! ```text
//!  +-----+-----+-------+-----------------+------+---------+-------+
//!  | key | tag | entry | station it goes | zone | length  | frame |   one after the other, to the end of the message
//!  |     |     |       | to next         |      | (u32)   | bytes |
//!  +-----+-----+-------+-----------------+------+---------+-------+
//! ```
//!
//! The view of a frame's headers stays behind: it is what parsing the bytes gives.

use crate::dataplane::pipeline::{Entry, Next, Transit};
use crate::engine::EventKey;
use crate::flat::{Flat, take_bytes};
use crate::id::AvailabilityZone;
use crate::net::{BufferPool, Frame};
use crate::sim::flight::{Crossing, Flight, Station};
use crate::sim::partition::Partition;
use crate::trace::PacketTag;

/// Writes the frames that have left for a partition. Their buffers stay.
pub(super) fn put_all(partition: &mut Partition, peer: u32, to: &mut Vec<u8>) {
    while let Some(crossing) = partition.outgoing(peer).pop() {
        put(&crossing, to);
        partition.pool().give(crossing.flight.transit.frame.bytes);
    }
}

/// Takes the frames of the rest of a message into the partition. They order themselves by their keys.
pub(super) fn accept_all(partition: &mut Partition, from: &mut &[u8]) -> Option<()> {
    while !from.is_empty() {
        let crossing = take(from, partition.pool())?;
        partition.accept(crossing);
    }
    Some(())
}

fn put(Crossing { key, flight }: &Crossing, to: &mut Vec<u8>) {
    let Flight { to: Station::Hop(next), transit: Transit { frame, packet, entry, .. }, zone } = flight else {
        unreachable!("a guest's links end in its own partition");
    };
    key.put(to);
    packet.put(to);
    entry.put(to);
    next.put(to);
    zone.put(to);
    (frame.bytes.len() as u32).put(to);
    to.extend_from_slice(&frame.bytes);
}

fn take(from: &mut &[u8], pool: &mut BufferPool) -> Option<Crossing> {
    let key = EventKey::take(from)?;
    let packet = PacketTag::take(from)?;
    let entry = Entry::take(from)?;
    let next = Next::take(from)?;
    let zone = <Option<AvailabilityZone> as Flat>::take(from)?;
    let len = u32::take(from)?;
    let bytes = take_bytes(from, len as usize)?;
    let mut buffer = pool.take_used(bytes.len()).unwrap_or_default();
    buffer.clear();
    buffer.extend_from_slice(bytes);
    let transit = Transit::new(Frame::new(buffer), packet, entry);
    Some(Crossing { key, flight: Flight { to: Station::Hop(next), transit, zone } })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::dataplane::tables::{EniIndex, PeeringIndex, VpcIndex};
    use crate::engine::SimTime;
    use crate::id::Region;
    use crate::trace::{Leg, PacketId};

    fn crossings() -> impl Strategy<Value = Crossing> {
        let next = prop_oneof![
            any::<u32>().prop_map(|eni| Next::Eni(EniIndex(eni))),
            any::<u32>().prop_map(|vpc| Next::InternetGatewayIn(VpcIndex(vpc))),
            any::<u32>().prop_map(|vpc| Next::EgressOnlyGateway(VpcIndex(vpc))),
            Just(Next::Internet),
        ];
        let entry = prop_oneof![
            any::<u32>().prop_map(|eni| Entry::Interface(EniIndex(eni))),
            Just(Entry::Router),
            any::<u32>().prop_map(|peering| Entry::Peering(PeeringIndex(peering))),
            any::<u32>().prop_map(|vpc| Entry::InternetGateway(VpcIndex(vpc))),
        ];
        let zone =
            prop::option::of((0usize..3).prop_map(|zone| Region::DEFAULT.zones().nth(zone).expect("it has three")));
        let bytes = prop::collection::vec(any::<u8>(), 0..200);
        let key = (any::<u64>(), any::<u32>(), any::<u64>());
        (key, any::<(u64, bool, bool)>(), entry, next, zone, bytes).prop_map(
            |((time, source, sequence), (id, returns, marked), entry, next, zone, bytes)| {
                let leg = if returns { Leg::Return } else { Leg::Forward };
                let packet = PacketTag { id: PacketId(id), leg, marked };
                let transit = Transit::new(Frame::new(bytes), packet, entry);
                let key = EventKey { time: SimTime::from_nanos(time), source, sequence };
                Crossing { key, flight: Flight { to: Station::Hop(next), transit, zone } }
            },
        )
    }

    proptest! {
        #[test]
        fn what_crosses_arrives_as_it_left(sent in prop::collection::vec(crossings(), 0..8)) {
            let mut message = Vec::new();
            sent.iter().for_each(|crossing| put(crossing, &mut message));
            let mut pool = BufferPool::default();
            let mut rest = &message[..];
            for crossing in &sent {
                let came = take(&mut rest, &mut pool).expect("it was written");
                prop_assert_eq!(format!("{came:?}"), format!("{crossing:?}"));
            }
            prop_assert!(rest.is_empty());
        }

        #[test]
        fn a_message_cut_short_is_noticed(crossing in crossings(), cut in any::<prop::sample::Index>()) {
            let mut message = Vec::new();
            put(&crossing, &mut message);
            message.truncate(cut.index(message.len()));
            prop_assert!(take(&mut &message[..], &mut BufferPool::default()).is_none());
        }
    }
}
