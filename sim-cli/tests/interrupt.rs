//! Ctrl-C in the middle of a long run: it stops, and what was captured can be opened.
#![cfg(unix)]

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};

use pcap_file::pcapng::{Block, PcapNgReader};

use crate::program::{Folder, files_of, repository};

/// Two VPCs that are not peered: every echo request is captured twice and lost, for ten years.
const SCENARIO: &str = "
name: Long
region: ap-northeast-2
template: template.yaml
parameters: { KeyName: lab }
steps:
  - name: a ping that goes on
    on: ljhVPC1-EC2
    run: ping -i 0.01 -c 1000000000 10.42.1.100
    background: true
  - wait: 3650d
  - name: never typed
    run: aws ec2 describe-vpcs
";

/// How many frames a capture has; every block of it must be whole.
fn frames(file: &Path) -> usize {
    let mut reader = PcapNgReader::new(File::open(file).expect("written")).expect("a section header");
    let mut frames = 0;
    while let Some(block) = reader.next_block() {
        frames += usize::from(matches!(block.expect("whole").0, Block::EnhancedPacket(_)));
    }
    frames
}

#[test]
fn a_signal_stops_the_run_and_leaves_captures_that_can_be_read() {
    for (signal, status) in [("INT", 130), ("TERM", 143)] {
        let folder = Folder::new(&format!("interrupt-{signal}"));
        let template = repository().join("scenarios/vpc-peering/template.yaml");
        folder.write("template.yaml", std::fs::read(template).expect("it is there"));
        folder.write("long.yaml", SCENARIO);
        let mut command = folder.command(&["run", "long.yaml"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let mut output = BufReader::new(child.stdout.take().expect("piped"));
        // The first step is told as soon as it is under way; the second takes until somebody interrupts it.
        let mut text = String::new();
        while !text.contains("a ping that goes on") {
            assert!(output.read_line(&mut text).expect("UTF-8") > 0, "{text}");
        }
        let sent = Command::new("kill").args([format!("-{signal}"), child.id().to_string()]).status();
        assert!(sent.expect("kill is there").success());
        output.read_to_string(&mut text).expect("UTF-8");
        let ended = child.wait_with_output().expect("the program ends");
        assert_eq!(ended.status.code(), Some(status), "{text}");
        assert_eq!(String::from_utf8_lossy(&ended.stderr), "");
        assert!(text.contains("interrupted before it was done"), "{text}");
        assert!(text.contains("interrupted before the last step was done"), "{text}");
        assert!(!text.contains("never typed"), "{text}");

        let captures = folder.path().join("captures/long");
        let all = frames(&captures.join("all.pcapng"));
        assert!(text.contains(&format!("captures/long/all.pcapng   {all} frame")), "{all} frames: {text}");
        let names: Vec<_> = files_of(&captures).into_iter().map(|(name, _)| name).collect();
        assert!(names.iter().all(|name| name.ends_with(".pcapng")), "{names:?}");
        let points = names.iter().filter(|name| *name != "all.pcapng");
        assert_eq!(points.map(|name| frames(&captures.join(name))).sum::<usize>(), all);
    }
}
