//! A run made by hand that the formats' tests render: a step with an expected drop, one without packets, one that failed because
//! the answer was lost, and one that held although packets were lost that nobody asked about.

use std::io;

use sim_core::lab::{
    CapturesReport, CommandReport, Component, DiagnosticReport, Disposition, DropReport, DropSource, Failure,
    FlowLogReport, Leg, Observer, Output, OutputStream, PacketSummary, RunHeader, RunSummary, SourceLine, StackSummary,
    StepReport,
};
use sim_core::{Direction, DropCode, Severity, SimDuration, SimTime};

/// The whole run.
pub(super) fn tell(observer: &mut dyn Observer) -> io::Result<()> {
    observer.header(&header())?;
    steps().iter().try_for_each(|step| observer.step(step))?;
    observer.summary(&summary())
}

/// What is known before the first step.
pub(super) fn header() -> RunHeader {
    RunHeader {
        name: "VPC peering".to_owned(),
        description: Some("Two VPCs that cannot talk, until they are peered, routed and let in.\n".to_owned()),
        file: "scenario.yaml".to_owned(),
        region: "ap-northeast-2".to_owned(),
        seed: 7,
        stacks: vec![StackSummary {
            name: "lab".to_owned(),
            resources: 27,
            vpcs: 2,
            instances: 2,
            up_at: SimTime::from_nanos(41_250_000_000),
        }],
    }
}

/// The steps.
pub(super) fn steps() -> Vec<StepReport> {
    let ping = "PING 10.42.1.100 (10.42.1.100) 56(84) bytes of data.\n";
    let lost =
        "\n--- 10.42.1.100 ping statistics ---\n1 packets transmitted, 0 received, 100% packet loss, time 0ms\n\n";
    let answer = "{\n    \"VpcPeeringConnection\": {}\n}\n";
    let curl = "curl: (28) Connection timed out after 2000 ms\n";
    vec![
        StepReport {
            commands: vec![command("ljhVPC1-EC2$", "ping -c 1 10.42.1.100", &[ping, lost], OutputStream::Stdout, 1)],
            drops: vec![at_the_internet_gateway()],
            passed: "exit 1, 100% packet loss, dropped IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS".to_owned(),
            ..step(1, "VPC1 cannot ping VPC2", 12, 41_250_000_000)
        },
        StepReport {
            commands: vec![command(
                "$",
                "aws ec2 create-vpc-peering-connection --vpc-id vpc-0a --peer-vpc-id vpc-0b",
                &[answer],
                OutputStream::Stdout,
                0,
            )],
            notes: vec!["tags are kept and change nothing".to_owned()],
            ..step(2, "ask for a peering connection", 20, 51_250_000_000)
        },
        StepReport {
            commands: vec![command("ljhVPC1-EC2$", "ping -c 1 10.42.1.100", &[ping], OutputStream::Stdout, 1)],
            drops: vec![the_answer()],
            failures: vec![Failure {
                text: "expected stdout to contain \"1 received\"".to_owned(),
                expected: "1 received".to_owned(),
                actual: "0 received".to_owned(),
            }],
            ..step(3, "VPC1 pings VPC2", 31, 51_250_000_000)
        },
        StepReport {
            commands: vec![command("ljhVPC1-EC2$", "curl -m 2 10.42.1.100", &[curl], OutputStream::Stderr, 28)],
            drops: vec![a_syn(23), a_syn(24), a_syn(25)],
            passed: "exit 28".to_owned(),
            ..step(4, "curl # times out", 40, 51_250_000_000)
        },
    ]
}

/// What is known after the last step.
pub(super) fn summary() -> RunSummary {
    RunSummary {
        packet_hops: 96,
        interrupted: false,
        steps: 4,
        ok: 3,
        failed: 1,
        virtual_time: SimDuration::from_millis(52_250),
        captures: Some(CapturesReport {
            all: "captures/vpc-peering/all.pcapng".to_owned(),
            comments: true,
            frames: 38,
        }),
        flow_logs: vec![FlowLogReport {
            path: "captures/vpc-peering/fl-0123456789abcdef0_eni-0123456789abcdef0-all.log".to_owned(),
            records: 1,
        }],
        unwritten_flow_logs: 0,
        dropped: 5,
    }
}

/// A problem with a scenario.
pub(super) fn diagnostic() -> DiagnosticReport {
    let plain = "error[VPC021]: no resource named `PublicRouteTable0103`\n  --> scenario.yaml:24:56\n".to_owned();
    DiagnosticReport {
        code: "VPC021",
        severity: Severity::Error,
        message: "no resource named `PublicRouteTable0103`".to_owned(),
        source: Some(SourceLine { file: "scenario.yaml".to_owned(), line: 24 }),
        column: Some(56),
        help: Some("did you mean `PublicRouteTable0102`?".to_owned()),
        coloured: plain.clone(),
        plain,
    }
}

fn step(number: u32, title: &str, line: u32, started: u64) -> StepReport {
    StepReport {
        number,
        title: title.to_owned(),
        source: Some(SourceLine { file: "scenario.yaml".to_owned(), line }),
        commands: Vec::new(),
        drops: Vec::new(),
        failures: Vec::new(),
        passed: String::new(),
        started: SimTime::from_nanos(started),
        ended: SimTime::from_nanos(started) + SimDuration::from_secs(1),
        notes: Vec::new(),
    }
}

fn command(prompt: &str, line: &str, output: &[&str], stream: OutputStream, exit: i32) -> CommandReport {
    CommandReport {
        prompt: prompt.to_owned(),
        line: line.to_owned(),
        terminal: output.iter().map(|text| Output { stream, bytes: text.as_bytes().to_vec() }).collect(),
        exit: Some(exit),
    }
}

fn at_the_internet_gateway() -> DropReport {
    DropReport {
        time: SimTime::from_nanos(41_251_000_000),
        code: DropCode::IgwDestinationAddressNotInRfc1918Egress,
        direction: Some(Direction::Egress),
        leg: Leg::Forward,
        component: component("igw-00f3c00000000000a", "InternetGateway0101", "Internet gateway"),
        packet: packet("icmp", "icmp echo 10.41.1.100 → 10.42.1.100", "10.41.1.100", "10.42.1.100"),
        source: Some(DropSource::Line(SourceLine { file: "template.yaml".to_owned(), line: 61 })),
        disposition: Disposition::Dropped,
        text: "0.0.0.0/0 of PublicRouteTable0101 took it there, and 10.42.1.100 is private".to_owned(),
        hint: None,
        frame: Some(4),
        capture: Some("captures/vpc-peering/all.pcapng".to_owned()),
        expected: true,
    }
}

fn the_answer() -> DropReport {
    DropReport {
        time: SimTime::from_nanos(51_251_000_000),
        code: DropCode::NoRouteToDestination,
        direction: None,
        leg: Leg::Return,
        component: component("rtb-00f000000000000b2", "PublicRouteTable0102", "route table"),
        packet: packet("icmp", "icmp echo reply 10.42.1.100 → 10.41.1.100", "10.42.1.100", "10.41.1.100"),
        source: Some(DropSource::Line(SourceLine { file: "template.yaml".to_owned(), line: 140 })),
        disposition: Disposition::NoRoute,
        text: "no route for 10.41.1.100".to_owned(),
        hint: Some("add a route for 10.41.0.0/16 to pcx-0c… in PublicRouteTable0102".to_owned()),
        frame: Some(22),
        capture: Some("captures/vpc-peering/all.pcapng".to_owned()),
        expected: false,
    }
}

fn a_syn(frame: u64) -> DropReport {
    DropReport {
        time: SimTime::from_nanos(51_000_000_000 + frame),
        code: DropCode::EniSgRulesMismatch,
        direction: Some(Direction::Ingress),
        leg: Leg::Forward,
        component: component("sg-00b000000000000c3", "VPC2SG1", "security group"),
        packet: PacketSummary {
            source_port: Some(49_152),
            destination_port: Some(80),
            flags: Some("S".to_owned()),
            ..packet("tcp", "tcp SYN 10.41.1.100:49152 → 10.42.1.100:80", "10.41.1.100", "10.42.1.100")
        },
        source: Some(DropSource::Step(2)),
        disposition: Disposition::DeniedIn,
        text: "VPC2SG1 has no inbound rule for tcp/80 from 10.41.1.100".to_owned(),
        hint: None,
        frame: Some(frame),
        capture: Some("captures/vpc-peering/all.pcapng".to_owned()),
        expected: false,
    }
}

fn component(id: &str, logical_id: &str, kind: &str) -> Component {
    Component {
        id: id.parse().expect("a well-formed id"),
        name: None,
        logical_id: Some(logical_id.to_owned()),
        kind: kind.to_owned(),
    }
}

fn packet(protocol: &str, text: &str, source: &str, destination: &str) -> PacketSummary {
    PacketSummary {
        protocol: protocol.to_owned(),
        source: source.to_owned(),
        source_port: None,
        destination: destination.to_owned(),
        destination_port: None,
        flags: None,
        text: text.to_owned(),
    }
}
