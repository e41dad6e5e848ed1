//! Later fragments of packets carry no ports and no ICMP type, so no rule for a port could ever let them through. They are
//! judged as their first fragment was, whose transport header is remembered for a while.
//!
//! SIM: AWS says nothing of how its filters treat fragments; that a datagram in pieces passes where a small one does is what
//! people see. A later fragment whose first was never seen is judged without ports.

use rustc_hash::FxHashMap;

use crate::engine::{SimDuration, SimTime};
use crate::net::{FragmentOf, Frame, IpHeader, Transport};

/// How long pieces of a packet may be apart: Linux's `ip_frag_time`, as receivers have it.
const LIFETIME: SimDuration = SimDuration::from_secs(30);
/// Packets in pieces that are remembered at once. Beyond it the table is swept, and if that does not help, forgotten.
const LIMIT: usize = 1024;

/// The transport headers of packets that are under way in pieces.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fragments {
    first: FxHashMap<FragmentOf, (Transport, SimTime)>,
}

impl Fragments {
    /// The header to judge a frame's packet by.
    pub(super) fn judged(&mut self, now: SimTime, frame: &Frame, ip: &IpHeader) -> IpHeader {
        match FragmentOf::of(frame) {
            None => *ip,
            Some(packet) => self.judged_fragment(now, ip, packet),
        }
    }

    fn judged_fragment(&mut self, now: SimTime, ip: &IpHeader, packet: FragmentOf) -> IpHeader {
        if ip.transport != Transport::Fragment {
            self.make_room(now);
            self.first.insert(packet, (ip.transport, now + LIFETIME));
            return *ip;
        }
        match self.first.get(&packet) {
            Some(&(transport, until)) if until > now => IpHeader { transport, ..*ip },
            _ => *ip,
        }
    }

    fn make_room(&mut self, now: SimTime) {
        if self.first.len() >= LIMIT {
            self.first.retain(|_, (_, until)| *until > now);
            if self.first.len() >= LIMIT {
                self.first.clear();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use etherparse::PacketBuilder;

    use super::*;
    use crate::net::{BufferPool, fragment};

    fn pieces(identification: u16) -> Vec<(Frame, IpHeader)> {
        let mut bytes = Vec::new();
        let headers = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64).udp(7, 53);
        headers.write(&mut bytes, &[0; 3000]).expect("a vector takes everything");
        bytes[18..20].copy_from_slice(&identification.to_be_bytes());
        bytes[20] = 0; // DF clear
        let pieces = fragment(&bytes, 1500, &mut BufferPool::default()).expect("it may be cut");
        let frames = pieces.into_iter().map(Frame::new);
        frames
            .map(|frame| {
                let ip = frame.headers.ip.expect("a packet");
                (frame, ip)
            })
            .collect()
    }

    #[test]
    fn later_fragments_are_judged_as_the_first_for_a_while_mtu_3() {
        let (mut fragments, now) = (Fragments::default(), SimTime::ZERO);
        let train = pieces(5);
        let ports = Transport::Udp { source: 7, destination: 53 };
        let mut judge = |now, (frame, ip): &(Frame, IpHeader)| fragments.judged(now, frame, ip).transport;
        assert_eq!(judge(now, &train[1]), Transport::Fragment, "its first has not been seen");
        for piece in &train {
            assert_eq!(judge(now, piece), ports);
        }
        assert_eq!(judge(now, &pieces(6)[1]), Transport::Fragment, "a fragment of another packet");
        assert_eq!(judge(now + LIFETIME, &train[2]), Transport::Fragment, "too late");
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut fragments = Fragments::default();
        for identification in 0..=u16::MAX {
            let (frame, ip) = &pieces(identification)[0];
            fragments.judged(SimTime::ZERO, frame, ip);
        }
        assert!(fragments.first.len() <= LIMIT);
    }
}
