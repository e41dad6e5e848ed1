//! A dropped packet as the report tells it.

use super::names::Names;
use super::report::{Disposition, DropReport, DropSource, PacketSummary};
use super::witness::Lost;
use crate::id::{Origin, ResourceId};
use crate::net::{Headers, Summary, Transport, protocol};

/// Tells of a packet that was lost.
pub(super) fn report(names: &Names<'_>, lost: &Lost, expected: bool) -> DropReport {
    let display = |id: ResourceId| names.display(id);
    let reason = &lost.reason;
    DropReport {
        time: lost.time,
        code: reason.code,
        direction: reason.direction,
        leg: lost.leg,
        component: names.component(reason.by),
        packet: packet(&lost.headers),
        source: source(names, reason.origin, reason.by),
        disposition: Disposition::of(reason.code, reason.direction),
        text: reason.sentence(&lost.headers, &display),
        hint: reason.hint(lost.leg, &lost.headers, &display),
        frame: lost.frame,
        capture: None,
        expected,
    }
}

/// Where what decided was written. Where nothing more precise decided, the resource itself was written somewhere.
pub(super) fn source(names: &Names<'_>, decided: Origin, by: ResourceId) -> Option<DropSource> {
    let origin = match decided {
        Origin::Aws => names.cloud.origin(by),
        origin => origin,
    };
    match origin {
        Origin::Step(step) => Some(DropSource::Step(step)),
        origin => names.source(origin).map(DropSource::Line),
    }
}

/// A packet in a few words.
pub(super) fn packet(headers: &Headers) -> PacketSummary {
    let text = Summary(headers).to_string();
    let Some(ip) = headers.ip else {
        let protocol = if headers.ether_type == 0x0806 { "arp" } else { "ethernet" };
        return PacketSummary {
            protocol: protocol.to_owned(),
            source: headers.source_mac.to_string(),
            source_port: None,
            destination: headers.destination_mac.to_string(),
            destination_port: None,
            flags: None,
            text,
        };
    };
    let (ports, flags) = match ip.transport {
        Transport::Tcp { source, destination, flags } => (Some((source, destination)), Some(flags.to_string())),
        Transport::Udp { source, destination } => (Some((source, destination)), None),
        Transport::Icmp { .. } | Transport::Fragment | Transport::Other => (None, None),
    };
    let protocol = match ip.protocol {
        protocol::ICMP => "icmp".to_owned(),
        protocol::ICMPV6 => "icmpv6".to_owned(),
        protocol::TCP => "tcp".to_owned(),
        protocol::UDP => "udp".to_owned(),
        number => number.to_string(),
    };
    PacketSummary {
        protocol,
        source: ip.source.to_string(),
        source_port: ports.map(|(source, _)| source),
        destination: ip.destination.to_string(),
        destination_port: ports.map(|(_, destination)| destination),
        flags,
        text,
    }
}
