//! What a reader of flow logs sees, from events as the pipeline tells them.

use std::fs;
use std::net::Ipv4Addr;

use super::super::event::{Direction, FlowAction};
use super::super::{FlowLogField, PacketId, RecordField};
use super::*;
use crate::id::FlowLogId;
use crate::net::{Headers, MacAddr, TcpFlags, Transport, protocol};
use crate::trace::Leg;

/// 2024-01-01T00:00:00Z.
const EPOCH: u64 = 1_704_067_200;

/// One interface in flow logs of these numbers, for as long as it is there.
struct Words {
    logs: Vec<u64>,
    window_seconds: u64,
    only: Option<FlowAction>,
    fields: &'static str,
}

/// A window of a minute and the fields of version 2.
const DEFAULT: Words = Words {
    logs: Vec::new(),
    window_seconds: 60,
    only: None,
    fields: "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status",
};

impl FlowLogWords for Words {
    fn flow_logs(&self) -> Vec<FlowLogId> {
        self.logs.iter().copied().map(FlowLogId::from_number).collect()
    }

    fn streams_of(&self, interface: NetworkInterfaceId) -> Vec<FlowLogStream> {
        let field = |name: &str| match (RecordField::of_name(name), name) {
            (Some(field), _) => FlowLogField::Recorded(field),
            (None, "version") => FlowLogField::Constant("2".to_owned()),
            (None, "account-id") => FlowLogField::Constant("123456789012".to_owned()),
            (None, "interface-id") => FlowLogField::Constant(interface.to_string()),
            (None, _) => FlowLogField::Constant("-".to_owned()),
        };
        let stream = |log| FlowLogStream {
            log,
            file: format!("{log}_{interface}-all"),
            only: self.only,
            window_seconds: self.window_seconds,
            headings: None,
            fields: self.fields.split(' ').map(field).collect(),
        };
        self.flow_logs().into_iter().map(stream).collect()
    }
}

/// A folder that is gone after the test, and what is written there.
struct Bench {
    folder: PathBuf,
    logs: FlowLogs,
    words: Words,
}

impl Bench {
    fn new(test: &str, words: Words) -> Bench {
        let folder = std::env::temp_dir().join(format!("vpcsim-flow-logs-{}-{test}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder");
        let words = Words { logs: if words.logs.is_empty() { vec![1] } else { words.logs }, ..words };
        let mut logs = FlowLogs::new(&folder, EPOCH * 1_000_000_000);
        logs.follow(&words);
        Bench { folder, logs, words }
    }

    /// A packet passes the interface 10.0.1.10 at a second of the run.
    fn pass(&mut self, second: u64, direction: Direction, action: FlowAction, ip: IpHeader) {
        let event = TraceEvent {
            time: at(second),
            packet: PacketId(1),
            leg: Leg::Forward,
            marked: false,
            headers: Headers {
                destination_mac: MacAddr::local(1),
                source_mac: MacAddr::local(2),
                ether_type: 0x0800,
                ip: Some(ip),
            },
            step: Step::FlowLogged { interface: interface(), own: OWN.into(), direction, action },
        };
        self.logs.observe(&event, &self.words);
    }

    fn settle(&mut self, second: u64) {
        self.logs.settle(at(second), &self.words);
    }

    /// The lines of the one file there is.
    fn finish(self) -> Vec<String> {
        let written = self.logs.finish().expect("a folder to write to");
        let [(path, records)] = &written[..] else { panic!("{written:?}") };
        let lines: Vec<_> = fs::read_to_string(path).expect("written").lines().map(str::to_owned).collect();
        assert_eq!(lines.len() as u64, *records);
        let _ = fs::remove_dir_all(&self.folder);
        lines
    }
}

const OWN: Ipv4Addr = Ipv4Addr::new(10, 0, 1, 10);
const PEER: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 20);

fn interface() -> NetworkInterfaceId {
    NetworkInterfaceId::from_number(5)
}

fn at(second: u64) -> SimTime {
    SimTime::from_nanos(second * 1_000_000_000)
}

fn packet(source: Ipv4Addr, destination: Ipv4Addr, protocol: u8, transport: Transport) -> IpHeader {
    IpHeader {
        source: source.into(),
        destination: destination.into(),
        protocol,
        ttl: 64,
        dont_fragment: true,
        transport_offset: 34,
        total_len: 84,
        transport,
    }
}

fn tcp(source: Ipv4Addr, destination: Ipv4Addr, ports: (u16, u16), flags: TcpFlags) -> IpHeader {
    packet(source, destination, protocol::TCP, Transport::Tcp { source: ports.0, destination: ports.1, flags })
}

fn ping(source: Ipv4Addr, destination: Ipv4Addr, kind: u8) -> IpHeader {
    packet(source, destination, protocol::ICMP, Transport::Icmp { kind, code: 0, id: 7, sequence: 1 })
}

use Direction::{Egress, Ingress};
use FlowAction::{Accept, Reject};

#[test]
fn a_record_has_the_fields_of_version_2_fl_1_fl_3() {
    let mut bench = Bench::new("record", DEFAULT);
    bench.pass(3, Ingress, Accept, ping(PEER, OWN, 8));
    bench.pass(4, Ingress, Accept, ping(PEER, OWN, 8));
    bench.pass(4, Egress, Reject, ping(OWN, PEER, 0));
    bench.pass(5, Ingress, Reject, tcp(PEER, OWN, (40000, 80), TcpFlags::SYN));
    let eni = interface();
    assert_eq!(
        bench.finish(),
        [
            format!("2 123456789012 {eni} 10.0.2.20 10.0.1.10 0 0 1 2 168 1704067203 1704067204 ACCEPT OK"),
            format!("2 123456789012 {eni} 10.0.1.10 10.0.2.20 0 0 1 1 84 1704067204 1704067204 REJECT OK"),
            format!("2 123456789012 {eni} 10.0.2.20 10.0.1.10 40000 80 6 1 84 1704067205 1704067205 REJECT OK"),
        ]
    );
}

#[test]
fn packets_are_added_up_for_a_window_and_each_window_has_records_of_its_own_fl_2() {
    for (window_seconds, records) in
        [(60, &["2 1704067200 1704067259", "1 1704067260 1704067260"][..]), (600, &["3 1704067200 1704067260"])]
    {
        let words = Words { window_seconds, fields: "packets start end", ..DEFAULT };
        let mut bench = Bench::new(&format!("window-{window_seconds}"), words);
        for second in [0, 59, 60] {
            bench.pass(second, Ingress, Accept, ping(PEER, OWN, 8));
        }
        assert_eq!(bench.finish(), records);
    }
}

#[test]
fn a_window_without_traffic_is_a_nodata_record_fl_3() {
    let mut bench = Bench::new("nodata", DEFAULT);
    bench.settle(50); // Nothing has passed yet: there is no stream.
    bench.pass(70, Ingress, Accept, ping(PEER, OWN, 8));
    bench.settle(185);
    bench.pass(250, Ingress, Accept, ping(PEER, OWN, 8));
    let eni = interface();
    let nothing = |begin: u64| {
        let (begin, end) = (EPOCH + begin, EPOCH + begin + 59);
        format!("2 123456789012 {eni} - - - - - - - {begin} {end} - NODATA")
    };
    let one = |second: u64| {
        let second = EPOCH + second;
        format!("2 123456789012 {eni} 10.0.2.20 10.0.1.10 0 0 1 1 84 {second} {second} ACCEPT OK")
    };
    assert_eq!(bench.finish(), [one(70), nothing(120), nothing(180), one(250)]);
}

#[test]
fn flows_beyond_the_capacity_are_skipped_and_a_record_says_so_fl_3() {
    let mut bench = Bench::new("skipdata", Words { fields: "srcport packets log-status", ..DEFAULT });
    for number in 0..FLOWS + 2 {
        let source = Ipv4Addr::from_bits(PEER.to_bits() + (number >> 16) as u32);
        bench.pass(1, Ingress, Accept, tcp(source, OWN, (number as u16, 80), TcpFlags::SYN));
    }
    bench.pass(2, Ingress, Accept, tcp(PEER, OWN, (0, 80), TcpFlags::ACK));
    bench.pass(61, Ingress, Accept, tcp(PEER, OWN, (0, 80), TcpFlags::ACK));
    let lines = bench.finish();
    assert_eq!(lines.len(), FLOWS + 2);
    assert_eq!((lines[0].as_str(), lines[1].as_str()), ("0 2 OK", "1 1 OK"), "those that are kept go on");
    assert_eq!((lines[FLOWS].as_str(), lines[FLOWS + 1].as_str()), ("- - SKIPDATA", "0 1 OK"));
}

#[test]
fn the_interfaces_side_has_its_own_address_and_the_packet_its_true_ends_fl_4() {
    let mut bench =
        Bench::new("ends", Words { fields: "srcaddr dstaddr pkt-srcaddr pkt-dstaddr flow-direction", ..DEFAULT });
    let far = Ipv4Addr::new(198, 51, 100, 9);
    bench.pass(1, Ingress, Accept, ping(PEER, far, 8));
    bench.pass(1, Egress, Accept, ping(OWN, far, 8));
    bench.pass(2, Ingress, Accept, ping(far, OWN, 0));
    bench.pass(2, Egress, Accept, ping(far, PEER, 0));
    assert_eq!(
        bench.finish(),
        [
            "10.0.2.20 10.0.1.10 10.0.2.20 198.51.100.9 ingress",
            "10.0.1.10 198.51.100.9 10.0.1.10 198.51.100.9 egress",
            "198.51.100.9 10.0.1.10 198.51.100.9 10.0.1.10 ingress",
            "10.0.1.10 10.0.2.20 198.51.100.9 10.0.2.20 egress",
        ]
    );
}

#[test]
fn flags_of_a_window_are_united_fl_8() {
    let mut bench = Bench::new("flags", Words { fields: "srcport tcp-flags type", ..DEFAULT });
    let (there, back) = ((40000, 80), (80, 40000));
    let (syn, ack, fin, rst) = (TcpFlags::SYN, TcpFlags::ACK, TcpFlags::FIN, TcpFlags::RST);
    let both = |a: TcpFlags, b: TcpFlags| TcpFlags(a.0 | b.0);
    bench.pass(1, Ingress, Accept, tcp(PEER, OWN, there, syn));
    bench.pass(1, Egress, Accept, tcp(OWN, PEER, back, both(syn, ack)));
    bench.pass(1, Ingress, Accept, tcp(PEER, OWN, there, ack));
    bench.pass(2, Ingress, Accept, tcp(PEER, OWN, there, both(fin, ack)));
    bench.pass(2, Egress, Accept, tcp(OWN, PEER, back, both(fin, ack)));
    bench.pass(70, Ingress, Accept, tcp(PEER, OWN, there, ack));
    bench.pass(71, Egress, Accept, tcp(OWN, PEER, back, rst));
    bench.pass(71, Ingress, Accept, ping(PEER, OWN, 8));
    assert_eq!(bench.finish(), ["40000 3 IPv4", "80 19 IPv4", "40000 0 IPv4", "80 4 IPv4", "0 0 IPv4"]);
}

#[test]
fn one_kind_of_traffic_alone_is_logged_when_that_is_asked_for_fl_3() {
    let mut bench = Bench::new("only", Words { only: Some(Reject), fields: "action log-status", ..DEFAULT });
    bench.pass(1, Ingress, Accept, ping(PEER, OWN, 8));
    bench.pass(2, Egress, Reject, ping(OWN, PEER, 0));
    bench.pass(61, Ingress, Accept, ping(PEER, OWN, 8));
    bench.settle(120);
    assert_eq!(bench.finish(), ["REJECT OK", "- NODATA"]);
}

#[test]
fn a_deleted_flow_log_keeps_what_it_has_written_and_another_begins_anew() {
    let mut bench = Bench::new("deleted", Words { fields: "start", ..DEFAULT });
    bench.pass(1, Ingress, Accept, ping(PEER, OWN, 8));
    bench.words.logs = vec![2];
    bench.logs.follow(&bench.words);
    bench.pass(2, Ingress, Accept, ping(PEER, OWN, 8));
    bench.words.logs = Vec::new();
    bench.logs.follow(&bench.words);
    bench.settle(600);
    let written = bench.logs.finish().expect("a folder to write to");
    let texts: Vec<_> = written.iter().map(|(path, _)| fs::read_to_string(path).expect("written")).collect();
    assert_eq!(texts, ["1704067201\n", "1704067202\n"]);
    let _ = fs::remove_dir_all(&bench.folder);
}

#[test]
fn an_earlier_runs_files_stay_until_the_new_ones_are_complete() {
    let mut bench = Bench::new("former", DEFAULT);
    let former = bench.folder.join(format!("fl-00000000000000009_{}-all.log", interface()));
    let foreign = bench.folder.join("notes.log");
    fs::write(&former, "old\n").expect("writable");
    fs::write(&foreign, "mine\n").expect("writable");
    bench.pass(1, Ingress, Accept, ping(PEER, OWN, 8));
    bench.logs = FlowLogs::nowhere(); // The run is given up.
    let names = |folder: &Path| fs::read_dir(folder).expect("there").count();
    assert_eq!(names(&bench.folder), 2, "nothing new is left behind");
    bench.logs = FlowLogs::new(&bench.folder, 0);
    bench.logs.finish().expect("a folder to write to");
    assert!(!former.exists() && foreign.exists());
    let _ = fs::remove_dir_all(&bench.folder);
}
