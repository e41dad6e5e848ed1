//! Name servers on the Internet that anybody may ask, at the well-known addresses of some (1.1.1.1, 8.8.8.8 and the like).
//!
//! For a VPC they are hosts as any other: questions to them leave by a gateway and are judged by the rules (SG-27). They know what
//! is public and nothing of any VPC, so a public name means a public address there (DNS-5).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::well_known::{self, WellKnownService};
use crate::dataplane::answer_publicly;
use crate::dataplane::pipeline::{Entry, Hop, Transit};
use crate::trace::{Step, VpcService};

/// What hosts on the Internet are told to ask.
pub(super) const SERVERS: [IpAddr; 2] =
    [IpAddr::V4(Ipv4Addr::new(1, 1, 1, 1)), IpAddr::V6(Ipv6Addr::new(0x2606, 0x4700, 0x4700, 0, 0, 0, 0, 0x1111))];

/// Turns a question to one of them into its answer, a packet of its own that goes back; false when it is none.
pub(super) fn answer(hop: &mut Hop<'_>, transit: &mut Transit) -> bool {
    let Some(ip) = transit.frame.headers.ip else { return false };
    if well_known::at(ip.destination).is_none_or(|host| host.serves != WellKnownService::Names) {
        return false;
    }
    let (packet, headers) = (transit.packet, transit.frame.headers);
    let Some(frame) = answer_publicly(hop.tables, &transit.frame) else { return false };
    transit.frame = frame;
    hop.trace.record(packet, &headers, Step::Answered { service: VpcService::Dns });
    transit.packet = packet.answer();
    transit.entry = Entry::Router;
    true
}
