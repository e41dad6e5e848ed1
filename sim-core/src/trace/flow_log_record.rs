//! What a flow log's record is about, what is added up for it, and its line (FL-1 to FL-4, FL-8).

use std::fmt::Write as _;
use std::net::IpAddr;

use super::event::{Direction, FlowAction};
use crate::id::FlowLogId;
use crate::net::{IpHeader, TcpFlags, Transport};

/// One interface in one flow log: AWS's log stream.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct FlowLogStream {
    /// The flow log.
    pub log: FlowLogId,
    /// Its file's name without the extension.
    pub file: String,
    /// Which packets are logged: those accepted, rejected, or, without a word, all.
    pub only: Option<FlowAction>,
    /// How long packets are added up to one record.
    pub window_seconds: u64,
    /// The file's first line, if it has one.
    pub headings: Option<String>,
    /// The fields of a record.
    pub fields: Vec<FlowLogField>,
}

/// A field of a record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum FlowLogField {
    /// The same in every record of the interface.
    Constant(String),
    /// What was added up.
    Recorded(RecordField),
}

/// A field that differs from record to record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum RecordField {
    SourceAddress,
    DestinationAddress,
    SourcePort,
    DestinationPort,
    Protocol,
    Packets,
    Bytes,
    Start,
    End,
    Action,
    LogStatus,
    TcpFlags,
    Type,
    PacketSourceAddress,
    PacketDestinationAddress,
    FlowDirection,
}

impl RecordField {
    /// The field of this name, if it is one of these.
    pub(crate) fn of_name(name: &str) -> Option<RecordField> {
        Some(match name {
            "srcaddr" => RecordField::SourceAddress,
            "dstaddr" => RecordField::DestinationAddress,
            "srcport" => RecordField::SourcePort,
            "dstport" => RecordField::DestinationPort,
            "protocol" => RecordField::Protocol,
            "packets" => RecordField::Packets,
            "bytes" => RecordField::Bytes,
            "start" => RecordField::Start,
            "end" => RecordField::End,
            "action" => RecordField::Action,
            "log-status" => RecordField::LogStatus,
            "tcp-flags" => RecordField::TcpFlags,
            "type" => RecordField::Type,
            "pkt-srcaddr" => RecordField::PacketSourceAddress,
            "pkt-dstaddr" => RecordField::PacketDestinationAddress,
            "flow-direction" => RecordField::FlowDirection,
            _ => return None,
        })
    }
}

/// What a record is about: a flow in one direction at one interface (FL-2).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Flow {
    /// What is shown: the interface's own side has its own address, whatever the packet says (FL-4).
    source: IpAddr,
    destination: IpAddr,
    /// What the packet says.
    packet_source: IpAddr,
    packet_destination: IpAddr,
    /// Of protocols without ports 0 (FL-3).
    source_port: u16,
    destination_port: u16,
    protocol: u8,
    direction: Direction,
    pub(super) action: FlowAction,
}

impl Flow {
    /// The flow of a packet at an interface with the address `own`.
    pub(super) fn of(ip: &IpHeader, direction: Direction, action: FlowAction, own: IpAddr) -> Flow {
        let (source, destination) = match direction {
            Direction::Egress => (own, ip.destination),
            Direction::Ingress => (ip.source, own),
        };
        let (source_port, destination_port) = match ip.transport {
            Transport::Tcp { source, destination, .. } | Transport::Udp { source, destination } => {
                (source, destination)
            }
            Transport::Icmp { .. } | Transport::Fragment | Transport::Other => (0, 0),
        };
        Flow {
            source,
            destination,
            packet_source: ip.source,
            packet_destination: ip.destination,
            source_port,
            destination_port,
            protocol: ip.protocol,
            direction,
            action,
        }
    }
}

/// What is added up of a flow in a window.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counts {
    packets: u64,
    bytes: u64,
    /// Unix seconds of the first and the last packet (FL-2).
    start: u64,
    end: u64,
    tcp_flags: u8,
}

impl Counts {
    /// Nothing yet, of a flow whose first packet comes now.
    pub(super) fn new(second: u64) -> Counts {
        Counts { packets: 0, bytes: 0, start: second, end: second, tcp_flags: 0 }
    }

    /// One more packet.
    pub(super) fn add(&mut self, ip: &IpHeader, second: u64) {
        self.packets += 1;
        self.bytes += u64::from(ip.total_len);
        self.end = second;
        self.tcp_flags |= tcp_flags(ip);
    }
}

/// The flags that a record shows: FIN, SYN, RST, and ACK beside SYN only (FL-8).
fn tcp_flags(ip: &IpHeader) -> u8 {
    let Transport::Tcp { flags, .. } = ip.transport else { return 0 };
    let shown = TcpFlags::FIN.0 | TcpFlags::SYN.0 | TcpFlags::RST.0;
    let with_ack = if flags.contains(TcpFlags::SYN) { TcpFlags::ACK.0 } else { 0 };
    flags.0 & (shown | with_ack)
}

/// A line of a flow log.
#[derive(Clone, Copy, Debug)]
pub(super) enum Record<'a> {
    /// A flow.
    Ok(&'a Flow, &'a Counts),
    /// Nothing passed in the seconds from the first to the last.
    NoData(u64, u64),
    /// There were more flows than are kept, in the seconds from the first to the last.
    SkipData(u64, u64),
}

impl FlowLogStream {
    /// Adds a record's line to a text.
    pub(super) fn write(&self, text: &mut String, record: Record<'_>) {
        for (number, field) in self.fields.iter().enumerate() {
            if number > 0 {
                text.push(' ');
            }
            match field {
                FlowLogField::Constant(value) => text.push_str(value),
                FlowLogField::Recorded(field) => record.write(text, *field).expect("a text takes everything"),
            }
        }
        text.push('\n');
    }
}

impl Record<'_> {
    fn write(self, text: &mut String, field: RecordField) -> std::fmt::Result {
        let (flow, counts) = match (self, field) {
            (Record::Ok(flow, counts), _) => (flow, counts),
            (Record::NoData(start, _) | Record::SkipData(start, _), RecordField::Start) => {
                return write!(text, "{start}");
            }
            (Record::NoData(_, end) | Record::SkipData(_, end), RecordField::End) => return write!(text, "{end}"),
            (Record::NoData(..), RecordField::LogStatus) => return text.write_str("NODATA"),
            (Record::SkipData(..), RecordField::LogStatus) => return text.write_str("SKIPDATA"),
            (Record::NoData(..) | Record::SkipData(..), _) => return text.write_str("-"),
        };
        match field {
            RecordField::SourceAddress => write!(text, "{}", flow.source),
            RecordField::DestinationAddress => write!(text, "{}", flow.destination),
            RecordField::SourcePort => write!(text, "{}", flow.source_port),
            RecordField::DestinationPort => write!(text, "{}", flow.destination_port),
            RecordField::Protocol => write!(text, "{}", flow.protocol),
            RecordField::Packets => write!(text, "{}", counts.packets),
            RecordField::Bytes => write!(text, "{}", counts.bytes),
            RecordField::Start => write!(text, "{}", counts.start),
            RecordField::End => write!(text, "{}", counts.end),
            RecordField::Action => text.write_str(match flow.action {
                FlowAction::Accept => "ACCEPT",
                FlowAction::Reject => "REJECT",
            }),
            RecordField::LogStatus => text.write_str("OK"),
            RecordField::TcpFlags => write!(text, "{}", counts.tcp_flags),
            RecordField::Type => text.write_str(if flow.packet_source.is_ipv4() { "IPv4" } else { "IPv6" }),
            RecordField::PacketSourceAddress => write!(text, "{}", flow.packet_source),
            RecordField::PacketDestinationAddress => write!(text, "{}", flow.packet_destination),
            RecordField::FlowDirection => text.write_str(match flow.direction {
                Direction::Ingress => "ingress",
                Direction::Egress => "egress",
            }),
        }
    }
}
