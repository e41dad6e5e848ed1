//! What a reader of the captures sees: decoded with the library's reader, and once byte by byte.

use std::fs;
use std::net::Ipv4Addr;
use std::ops::Range;

use pcap_file::pcap::PcapReader;
use pcap_file::pcapng::blocks::enhanced_packet::EnhancedPacketOption;
use pcap_file::pcapng::blocks::interface_description::InterfaceDescriptionOption;
use pcap_file::pcapng::blocks::opt_common::CommonOption;
use pcap_file::pcapng::{Block, PcapNgReader};

use super::super::capture_folder::{MAX_OPEN, RESERVED_BYTES};
use super::super::capture_writer::LARGE_BATCH;
use super::super::{Decider, Detail, Direction, DropCode, PacketTag, Trace, VpcService};
use super::*;
use crate::engine::EventKey;
use crate::id::{InternetGatewayId, NetworkInterfaceId, Origin};
use crate::net::{Headers, MacAddr};

/// 2024-01-01T00:00:00Z.
const EPOCH: u64 = 1_704_067_200_000_000_000;

/// A folder that is gone after the test.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("vpcsim-captures-{}-{test}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Folder(path)
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).expect("the folder is there");
        let mut names: Vec<String> =
            entries.map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

struct Words;

impl CaptureWords for Words {
    fn point(&self, id: ResourceId) -> CapturePoint {
        let name = match id.to_string().chars().last() {
            Some('1') => "web/../a",
            Some('2') => "all",
            _ => "web",
        };
        CapturePoint { file: name.to_owned(), interface: format!("{name}/eth0"), description: id.to_string() }
    }

    fn drop_sentence(&self, _: &TraceEvent, reason: &DropReason) -> String {
        format!("{} lost it", reason.by)
    }
}

fn eni(number: u64) -> ResourceId {
    NetworkInterfaceId::from_number(number).into()
}

/// What happens, as the pipeline would tell it.
enum Told<'a> {
    Seen(u64, u64, ResourceId, Direction, &'a [u8]),
    Step(u64, u64, Step),
}
use Told::Seen;

fn recording(told: Vec<Told<'_>>) -> Recording {
    cut_recording(told, SnapLength::WHOLE)
}

fn cut_recording(told: Vec<Told<'_>>, snap_length: SnapLength) -> Recording {
    let headers =
        Headers { destination_mac: MacAddr::BROADCAST, source_mac: MacAddr::local(1), ether_type: 0, ip: None };
    let mut trace = Trace::new(Detail::Stages, Some(snap_length.bytes()));
    let mut tell = |nanos, packet, what: &dyn Fn(&mut Trace, PacketTag)| {
        trace.begin(EventKey { time: SimTime::from_nanos(nanos), source: 0, sequence: 0 });
        what(&mut trace, PacketTag { marked: true, ..PacketTag::new(PacketId(packet)) });
    };
    for told in told {
        match told {
            Told::Seen(nanos, packet, point, direction, frame) => {
                tell(nanos, packet, &|trace, tag| trace.seen(tag, &headers, point, direction, frame));
            }
            Told::Step(nanos, packet, step) => {
                tell(nanos, packet, &|trace, tag| trace.record(tag, &headers, step.clone()));
            }
        }
    }
    let mut recording = Recording::default();
    recording.append_merged(&mut [trace.recording()]);
    recording
}

fn dropped(nanos: u64, packet: u64) -> Told<'static> {
    let reason = DropReason {
        code: DropCode::NoRouteToDestination,
        by: InternetGatewayId::from_number(9).into(),
        direction: None,
        decider: Decider::NoMatch,
        origin: Origin::Aws,
    };
    Told::Step(nanos, packet, Step::Dropped(reason))
}

/// Two packets: the first passes two points, the second is lost at the second point.
fn two_packets() -> Recording {
    recording(vec![
        Seen(1_000_000_001, 1, eni(1), Direction::Egress, b"first frame....."),
        Told::Step(1_000_000_001, 1, Step::Answered { service: VpcService::Arp }),
        Seen(1_000_000_002, 1, eni(2), Direction::Ingress, b"first frame....."),
        Told::Step(1_000_000_002, 1, Step::Delivered { to: eni(2) }),
        Seen(2_000_000_000, 2, eni(2), Direction::Egress, b"second"),
        dropped(2_000_000_000, 2),
    ])
}

fn write(folder: &Path, format: CaptureFormat, recording: Recording) -> (CaptureSummary, Vec<Option<u64>>) {
    let mut captures = Captures::new(folder, format, SnapLength::WHOLE, EPOCH).expect("the folder can be made");
    let numbers = show(&mut captures, recording);
    (captures.finish().expect("writable"), numbers)
}

/// Shows a recording to the captures; answers the numbers of the drops' frames.
fn show(captures: &mut Captures, mut recording: Recording) -> Vec<Option<u64>> {
    let numbers = recording.events.iter().map(|event| captures.observe(event, &Words)).collect();
    captures.write(&mut recording);
    numbers
}

/// A packet as a tool shows it: interface, time, direction, data, comments.
type Shown = (String, Duration, u32, Vec<u8>, Vec<String>);

fn read(path: &Path) -> Vec<Shown> {
    let mut reader = PcapNgReader::new(fs::File::open(path).expect("the file is there")).expect("a section header");
    let mut interfaces = Vec::new();
    let mut packets = Vec::new();
    while let Some(block) = reader.next_block() {
        match block.expect("well formed").0 {
            Block::InterfaceDescription(block) => {
                let name = block.options.iter().find_map(|option| match option {
                    InterfaceDescriptionOption::IfName(name) => Some(name.clone().into_owned()),
                    _ => None,
                });
                interfaces.push(name.expect("every interface has a name"));
            }
            Block::EnhancedPacket(block) => {
                let mut flags = 0;
                let mut comments = Vec::new();
                for option in &block.options {
                    match option {
                        EnhancedPacketOption::Flags(value) => flags = *value,
                        EnhancedPacketOption::Common(CommonOption::Comment(text)) => {
                            comments.push(text.clone().into_owned());
                        }
                        other => panic!("an option nobody asked for: {other:?}"),
                    }
                }
                let interface = interfaces[block.interface_id as usize].clone();
                packets.push((interface, block.timestamp, flags, block.data.into_owned(), comments));
            }
            other => panic!("a block nobody asked for: {other:?}"),
        }
    }
    packets
}

#[test]
fn all_has_every_frame_with_its_interface_time_direction_and_drop_reason() {
    let folder = Folder::new("all");
    let (summary, numbers) = write(&folder.0, CaptureFormat::Pcapng, two_packets());
    let all = summary.all.expect("captures were written");
    let at = |nanos| Duration::from_nanos(EPOCH + nanos);
    let comment = "DROP NO_ROUTE_TO_DESTINATION: igw-00000000000000009 lost it".to_owned();
    assert_eq!(
        read(&all),
        [
            ("web/../a/eth0".to_owned(), at(1_000_000_001), 2, b"first frame.....".to_vec(), vec![]),
            ("all/eth0".to_owned(), at(1_000_000_002), 1, b"first frame.....".to_vec(), vec![]),
            ("all/eth0".to_owned(), at(2_000_000_000), 2, b"second".to_vec(), vec![comment]),
        ]
    );
    assert_eq!((summary.frames, summary.dropped), (3, 1));
    assert_eq!(numbers, [None, None, None, None, None, Some(3)], "the drop is the third frame, counted from 1");
}

#[test]
fn each_capture_point_has_a_file_of_its_own_with_a_safe_and_unique_name() {
    let folder = Folder::new("points");
    let (summary, _) = write(&folder.0, CaptureFormat::Pcapng, two_packets());
    assert_eq!(folder.names(), ["all-2.pcapng", "all.pcapng", "web_.._a.pcapng"]);
    assert_eq!(summary.points, [(folder.0.join("web_.._a.pcapng"), 1), (folder.0.join("all-2.pcapng"), 2)]);
    assert_eq!(read(&folder.0.join("all-2.pcapng")).len(), 2);
}

#[test]
fn the_comment_stands_on_the_frame_that_was_lost_and_on_no_other() {
    let folder = Folder::new("comment");
    // A loss later than the frame, and the loss of a packet that was seen nowhere, are nobody's comment.
    let events = recording(vec![Seen(5, 1, eni(1), Direction::Egress, b"a"), dropped(6, 1), dropped(5, 2)]);
    let (summary, numbers) = write(&folder.0, CaptureFormat::Pcapng, events);
    assert_eq!(numbers, [None, None, None]);
    assert_eq!(summary.dropped, 2);
    assert!(read(&folder.0.join("all.pcapng")).iter().all(|(.., comments)| comments.is_empty()));
}

#[test]
fn the_same_events_give_the_same_bytes_and_captures_of_an_earlier_run_are_gone() {
    let folder = Folder::new("again");
    write(&folder.0, CaptureFormat::Pcapng, two_packets());
    let first = fs::read(folder.0.join("all.pcapng")).expect("written");
    fs::write(folder.0.join("gone.pcapng"), "from an earlier run").expect("writable");
    fs::write(folder.0.join("old.pcap"), "from an earlier run").expect("writable");
    fs::write(folder.0.join("crashed.pcapng.part"), "from a run that was stopped").expect("writable");
    fs::write(folder.0.join("notes.txt"), "the user's own").expect("writable");
    write(&folder.0, CaptureFormat::Pcapng, two_packets());
    assert_eq!(fs::read(folder.0.join("all.pcapng")).expect("written"), first);
    assert_eq!(folder.names(), ["all-2.pcapng", "all.pcapng", "notes.txt", "web_.._a.pcapng"]);
}

#[test]
fn a_run_that_stops_half_way_leaves_the_captures_of_the_one_before() {
    let folder = Folder::new("stopped");
    write(&folder.0, CaptureFormat::Pcapng, two_packets());
    let before = (folder.names(), fs::read(folder.0.join("all.pcapng")).expect("written"));
    let mut captures = captures(&folder, CaptureFormat::Pcapng, EPOCH);
    show(&mut captures, two_packets());
    assert!(folder.names().contains(&"all.pcapng.part".to_owned()));
    drop(captures);
    assert_eq!((folder.names(), fs::read(folder.0.join("all.pcapng")).expect("written")), before);
}

#[test]
fn a_run_that_never_was_leaves_no_folder() {
    let folder = Folder::new("never");
    let lab = folder.0.join("lab");
    drop(Captures::new(&lab, CaptureFormat::Pcapng, SnapLength::WHOLE, EPOCH).expect("a new folder"));
    assert!(!folder.0.exists());
}

#[test]
fn more_capture_points_than_a_process_may_open_files_lose_nothing() {
    for format in [CaptureFormat::Pcapng, CaptureFormat::Pcap] {
        let folder = Folder::new(&format!("many-{}", format.extension()));
        let points = MAX_OPEN as u64 + 10;
        let rounds = (0..3).flat_map(|round| (0..points).map(move |point| (round, point)));
        let told = rounds
            .map(|(round, point)| Seen(round * points + point, point, eni(point * 16), Direction::Egress, b"frame"));
        let events = recording(told.collect());
        let (summary, _) = write(&folder.0, format, events);
        assert_eq!(summary.points.len() as u64, points);
        assert!(summary.points.iter().all(|(_, frames)| *frames == 3));
        for (path, _) in &summary.points {
            let count = match format {
                CaptureFormat::Pcapng => read(path).len(),
                CaptureFormat::Pcap => read_classic(path).len(),
            };
            assert_eq!(count, 3, "{}", path.display());
        }
    }
}

fn read_classic(path: &Path) -> Vec<(Duration, Vec<u8>)> {
    let mut reader = PcapReader::new(fs::File::open(path).expect("the file is there")).expect("a header");
    let mut packets = Vec::new();
    while let Some(packet) = reader.next_packet() {
        let packet = packet.expect("well formed");
        packets.push((packet.timestamp(), packet.data().to_vec()));
    }
    packets
}

/// Packets at seven capture points, of which some are lost.
fn passing(packets: Range<u64>) -> Recording {
    let told = packets.flat_map(|packet| {
        let lost = (packet % 100 == 99).then(|| dropped(packet, packet));
        let seen = Seen(packet, packet, eni(packet % 7 * 16), Direction::Egress, b"a frame of a long run");
        [seen].into_iter().chain(lost)
    });
    recording(told.collect())
}

fn captures(folder: &Folder, format: CaptureFormat, epoch: u64) -> Captures {
    Captures::new(&folder.0, format, SnapLength::WHOLE, epoch).expect("the folder can be made")
}

#[test]
fn a_thread_writes_the_same_bytes_as_the_simulation_itself() {
    const PACKETS: u64 = 10 * LARGE_BATCH as u64;
    let folders = [Folder::new("thread"), Folder::new("itself")];
    let [mut thread, mut itself] = [0, 1].map(|number| captures(&folders[number], CaptureFormat::Pcapng, EPOCH));
    let in_batches = |captures: &mut Captures, size: usize| -> Vec<_> {
        let batches = (0..PACKETS).step_by(size);
        batches.flat_map(|first| show(captures, passing(first..first + size as u64))).collect()
    };
    assert_eq!(in_batches(&mut thread, LARGE_BATCH), in_batches(&mut itself, 1));
    assert!(matches!(thread.writer, Some(CaptureWriter::There { .. })));
    assert!(matches!(itself.writer, Some(CaptureWriter::Here(_))));
    assert_eq!(thread.finish().expect("writable").frames, itself.finish().expect("writable").frames);
    assert_eq!(folders[0].names(), folders[1].names());
    for name in folders[0].names() {
        let [thread, itself] = [0, 1].map(|number| fs::read(folders[number].0.join(&name)).expect("written"));
        assert!(thread == itself, "{name}");
    }
}

#[test]
fn a_long_run_that_stops_half_way_leaves_nothing() {
    let folder = Folder::new("long-stopped");
    let mut captures = captures(&folder, CaptureFormat::Pcapng, EPOCH);
    show(&mut captures, passing(0..LARGE_BATCH as u64));
    drop(captures);
    assert!(!folder.0.exists());
}

#[test]
fn what_goes_wrong_in_a_long_run_is_said_at_its_end() {
    let folder = Folder::new("long-2106");
    let mut captures = captures(&folder, CaptureFormat::Pcap, EPOCH * 3);
    for round in 0..10 {
        show(&mut captures, passing(round * 1_000..round * 1_000 + LARGE_BATCH as u64));
    }
    let error = captures.finish().expect_err("2131 does not fit 32 bits").to_string();
    assert!(error.contains("2106"), "{error}");
    assert!(!folder.0.exists(), "nothing half-written");
}

#[test]
fn more_frames_than_may_be_kept_in_memory_lose_nothing() {
    let folder = Folder::new("memory");
    // A little of each point's at a time: no file is worth a write before all of them are too much.
    let (points, frame) = (1_000, vec![7; 9_000]);
    assert!(points as usize * 2 * frame.len() > RESERVED_BYTES);
    let rounds = (0..2).flat_map(|round| (0..points).map(move |point| (round, point)));
    let told = rounds.map(|(round, point)| Seen(round, point, eni(point * 16), Direction::Egress, &frame));
    let (summary, _) = write(&folder.0, CaptureFormat::Pcapng, recording(told.collect()));
    assert_eq!(summary.points.len() as u64, points);
    assert!(summary.points.iter().all(|(_, frames)| *frames == 2));
    for (path, _) in summary.points.iter().step_by(97) {
        let shown = read(path);
        assert_eq!(shown.len(), 2);
        assert!(shown.iter().all(|(_, _, _, data, _)| *data == frame), "{}", path.display());
    }
}

#[test]
fn a_snap_length_cuts_frames_and_the_file_says_so() {
    for format in [CaptureFormat::Pcapng, CaptureFormat::Pcap] {
        let folder = Folder::new(&format!("snap-{}", format.extension()));
        let snap_length = SnapLength::new(5);
        let mut captures = Captures::new(&folder.0, format, snap_length, EPOCH).expect("the folder can be made");
        let told = vec![
            Seen(1, 1, eni(1), Direction::Egress, b"longer than five"),
            Seen(2, 2, eni(1), Direction::Egress, b"four"),
        ];
        show(&mut captures, cut_recording(told, snap_length));
        let all = captures.finish().expect("writable").all.expect("captures were written");
        let file = fs::File::open(all).expect("the file is there");
        let (declared, packets): (u32, Vec<(Vec<u8>, u32)>) = match format {
            CaptureFormat::Pcapng => {
                let mut reader = PcapNgReader::new(file).expect("a section header");
                let mut packets = Vec::new();
                while let Some(block) = reader.next_block() {
                    if let Block::EnhancedPacket(block) = block.expect("well formed").0 {
                        packets.push((block.data.into_owned(), block.original_len));
                    }
                }
                (reader.interfaces()[0].snaplen, packets)
            }
            CaptureFormat::Pcap => {
                let mut reader = PcapReader::new(file).expect("a header");
                let mut packets = Vec::new();
                while let Some(packet) = reader.next_packet() {
                    let packet = packet.expect("well formed");
                    packets.push((packet.data().to_vec(), packet.orig_len()));
                }
                (reader.header().snaplen, packets)
            }
        };
        assert_eq!((declared, packets), (5, vec![(b"longe".to_vec(), 16), (b"four".to_vec(), 4)]));
    }
}

#[test]
fn a_snap_length_of_0_keeps_frames_whole_as_tcpdump_has_it() {
    assert_eq!(SnapLength::new(0), SnapLength::WHOLE);
    assert_eq!(SnapLength::new(128).bytes(), 128);
    assert_eq!(SnapLength::new(u32::MAX), SnapLength::WHOLE);
}

#[test]
fn the_classic_format_keeps_nanoseconds() {
    let folder = Folder::new("classic");
    write(&folder.0, CaptureFormat::Pcap, two_packets());
    assert_eq!(folder.names(), ["all-2.pcap", "all.pcap", "web_.._a.pcap"]);
    let all = read_classic(&folder.0.join("all.pcap"));
    assert_eq!(all[0], (Duration::from_nanos(EPOCH + 1_000_000_001), b"first frame.....".to_vec()));
    assert_eq!(all.len(), 3);
}

#[test]
fn the_classic_format_refuses_a_time_it_cannot_say() {
    let folder = Folder::new("2106");
    let mut captures = captures(&folder, CaptureFormat::Pcap, EPOCH * 3);
    show(&mut captures, two_packets());
    let error = captures.finish().expect_err("2131 does not fit 32 bits").to_string();
    assert!(error.contains("2106"), "{error}");
    assert!(!folder.0.exists(), "nothing half-written");
}

#[test]
fn a_folder_that_cannot_be_made_is_an_error_that_names_it() {
    let folder = Folder::new("blocked");
    fs::write(&folder.0, "a file where the folder should be").expect("writable");
    let captures = Captures::new(&folder.0, CaptureFormat::Pcapng, SnapLength::WHOLE, EPOCH);
    let error = captures.expect_err("a file is in the way").to_string();
    assert!(error.contains("vpcsim-captures-"), "{error}");
    fs::remove_file(&folder.0).expect("ours");
}

#[test]
fn nowhere_counts_drops_and_has_no_frame_numbers() {
    let mut captures = Captures::nowhere();
    assert_eq!(show(&mut captures, two_packets()), [None; 6]);
    let summary = captures.finish().expect("nothing is written");
    assert_eq!(summary, CaptureSummary { dropped: 1, ..CaptureSummary::default() });
}

#[test]
fn a_pcapng_file_has_exactly_these_bytes() {
    let folder = Folder::new("bytes");
    let address = Ipv4Addr::new(10, 0, 0, 1).octets();
    let events = recording(vec![Seen(1, 1, eni(3), Direction::Ingress, &address), dropped(1, 1)]);
    write(&folder.0, CaptureFormat::Pcapng, events);
    let mut expected = Vec::new();
    let comment = b"DROP NO_ROUTE_TO_DESTINATION: igw-00000000000000009 lost it";
    let application = concat!("vpcsim ", env!("CARGO_PKG_VERSION"));
    let u16 = |value: u16| value.to_le_bytes().to_vec();
    let u32 = |value: u32| value.to_le_bytes().to_vec();
    let option = |code: u16, value: &[u8]| {
        let mut bytes = [u16(code), u16(u16::try_from(value.len()).expect("short")), value.to_vec()].concat();
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    };
    let mut block = |kind: u32, body: Vec<u8>| {
        let length = u32(u32::try_from(body.len() + 12).expect("short"));
        expected.extend([u32(kind), length.clone(), body, length].concat());
    };
    // Section header: byte-order magic, version 1.0, unknown section length, the application.
    let body = [u32(0x1a2b_3c4d), u16(1), u16(0), vec![0xff; 8], option(4, application.as_bytes()), option(0, b"")];
    block(0x0a0d_0d0a, body.concat());
    // Interface: Ethernet, snaplen, name, description, nanoseconds.
    let id = b"eni-00000000000000003";
    let body = [
        u16(1),
        u16(0),
        u32(SnapLength::WHOLE.bytes()),
        option(2, b"web/eth0"),
        option(3, id),
        option(9, &[9]),
        option(0, b""),
    ];
    block(1, body.concat());
    // Packet: interface 0, time, lengths, data, inbound, comment.
    let time = EPOCH + 1;
    let (high, low) = ((time >> 32) as u32, time as u32);
    let body = [u32(0), u32(high), u32(low), u32(4), u32(4), address.to_vec()];
    let options = [option(2, &u32(1)), option(1, comment), option(0, b"")];
    block(6, [body.concat(), options.concat()].concat());
    assert_eq!(fs::read(folder.0.join("all.pcapng")).expect("written"), expected);
}
