//! ARP for IPv4 over Ethernet (RFC 826).
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-------------------------------+-------------------------------+
//! |     hardware type = 1         |     protocol type = 0x0800    |
//! +---------------+---------------+-------------------------------+
//! |  hlen = 6     |  plen = 4     |     operation                 |
//! +---------------+---------------+-------------------------------+
//! |  sender MAC (6), sender IP (4), target MAC (6), target IP (4) |
//! +---------------------------------------------------------------+
//! ```
//!
//! Who answers, and with what, is not known here.

use std::net::Ipv4Addr;

use super::headers::{ETHERNET_LEN, Malformed};
use super::{Frame, Headers, MacAddr, ether_type};

/// Bytes of an ARP packet for IPv4 over Ethernet.
const ARP_LEN: usize = 28;
/// Hardware type, protocol type and both lengths: the same in all ARP that the fabric reads.
const FIXED: [u8; 6] = [0, 1, 8, 0, 6, 4];

/// An ARP packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct ArpPacket {
    /// Question or answer.
    pub operation: ArpOperation,
    /// The sender's hardware address.
    pub sender_mac: MacAddr,
    /// The sender's protocol address.
    pub sender_ip: Ipv4Addr,
    /// The hardware address asked for; meaningless in a question.
    pub target_mac: MacAddr,
    /// The protocol address asked for.
    pub target_ip: Ipv4Addr,
}

/// What an ARP packet is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ArpOperation {
    /// Who has the target address?
    Request,
    /// The sender has.
    Reply,
}

impl ArpPacket {
    /// Reads the ARP packet in an Ethernet frame.
    ///
    /// # Errors
    /// When the frame is cut short or is not ARP for IPv4 over Ethernet.
    pub(crate) fn parse(frame: &[u8]) -> Result<ArpPacket, Malformed> {
        let packet: &[u8; ARP_LEN] =
            frame.get(ETHERNET_LEN..).and_then(<[u8]>::first_chunk).ok_or(Malformed::Truncated)?;
        let operation = match packet[6..8] {
            _ if packet[..6] != FIXED => return Err(Malformed::BadArp),
            [0, 1] => ArpOperation::Request,
            [0, 2] => ArpOperation::Reply,
            _ => return Err(Malformed::BadArp),
        };
        let mac = |at: usize| MacAddr(packet[at..at + 6].try_into().expect("six bytes were asked for"));
        let ip = |at: usize| Ipv4Addr::new(packet[at], packet[at + 1], packet[at + 2], packet[at + 3]);
        Ok(ArpPacket { operation, sender_mac: mac(8), sender_ip: ip(14), target_mac: mac(18), target_ip: ip(24) })
    }

    /// Whether the sender only announces its own address (RFC 5227 §3).
    pub(crate) fn is_gratuitous(&self) -> bool {
        self.sender_ip == self.target_ip
    }

    /// The answer that `mac` has the address asked for.
    pub(crate) fn answer(&self, mac: MacAddr) -> ArpPacket {
        ArpPacket {
            operation: ArpOperation::Reply,
            sender_mac: mac,
            sender_ip: self.target_ip,
            target_mac: self.sender_mac,
            target_ip: self.sender_ip,
        }
    }

    /// Makes the frame that carries this packet, in `buffer` so that its memory is used again.
    pub(crate) fn into_frame(self, mut buffer: Vec<u8>) -> Frame {
        let destination_mac = match self.operation {
            ArpOperation::Request => MacAddr::BROADCAST,
            ArpOperation::Reply => self.target_mac,
        };
        buffer.clear();
        buffer.extend_from_slice(&destination_mac.0);
        buffer.extend_from_slice(&self.sender_mac.0);
        buffer.extend_from_slice(&ether_type::ARP.to_be_bytes());
        buffer.extend_from_slice(&FIXED);
        buffer.extend_from_slice(match self.operation {
            ArpOperation::Request => &[0, 1],
            ArpOperation::Reply => &[0, 2],
        });
        buffer.extend_from_slice(&self.sender_mac.0);
        buffer.extend_from_slice(&self.sender_ip.octets());
        buffer.extend_from_slice(&self.target_mac.0);
        buffer.extend_from_slice(&self.target_ip.octets());
        let headers = Headers { destination_mac, source_mac: self.sender_mac, ether_type: ether_type::ARP, ip: None };
        Frame { bytes: buffer, headers }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question() -> ArpPacket {
        ArpPacket {
            operation: ArpOperation::Request,
            sender_mac: MacAddr::local(1),
            sender_ip: Ipv4Addr::new(10, 0, 1, 10),
            target_mac: MacAddr::default(),
            target_ip: Ipv4Addr::new(10, 0, 1, 1),
        }
    }

    #[test]
    fn what_is_built_reads_back_the_same() {
        let frame = question().into_frame(vec![0xff; 100]);
        assert_eq!(ArpPacket::parse(&frame.bytes), Ok(question()));
        assert_eq!(Headers::parse(&frame.bytes), Ok(frame.headers));
        assert_eq!(frame.headers.destination_mac, MacAddr::BROADCAST);
    }

    #[test]
    fn an_answer_goes_back_to_the_asker() {
        let answer = question().answer(MacAddr::local(9));
        let frame = answer.into_frame(Vec::new());
        assert_eq!(frame.headers.destination_mac, MacAddr::local(1));
        assert_eq!((answer.sender_ip, answer.sender_mac), (Ipv4Addr::new(10, 0, 1, 1), MacAddr::local(9)));
    }

    #[test]
    fn other_hardware_and_cut_packets_are_refused() {
        let mut bytes = question().into_frame(Vec::new()).bytes;
        assert_eq!(ArpPacket::parse(&bytes[..41]), Err(Malformed::Truncated));
        bytes[15] = 6;
        assert_eq!(ArpPacket::parse(&bytes), Err(Malformed::BadArp));
    }
}
