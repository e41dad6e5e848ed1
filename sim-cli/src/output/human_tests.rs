//! Golden text: what a person sees.

use super::super::sample;
use super::*;

fn rendered(detail: Detail, tell: impl FnOnce(&mut Human<&mut Vec<u8>>) -> io::Result<()>) -> String {
    let mut bytes = Vec::new();
    let mut human = Human::new(&mut bytes, detail);
    tell(&mut human).and_then(|()| human.end()).expect("memory can be written");
    String::from_utf8(bytes).expect("UTF-8")
}

#[test]
fn the_transcript_comes_first_and_the_verdict_after() {
    let expected = "\
VPC peering                                          ap-northeast-2  seed 7
  Two VPCs that cannot talk, until they are peered, routed and let in.
  stack lab: 27 resources in 2 VPCs; 2 instances up at 00:00:41

1  VPC1 cannot ping VPC2
   ljhVPC1-EC2$ ping -c 1 10.42.1.100
   PING 10.42.1.100 (10.42.1.100) 56(84) bytes of data.

   --- 10.42.1.100 ping statistics ---
   1 packets transmitted, 0 received, 100% packet loss, time 0ms

   ok  as expected: exit 1, 100% packet loss, dropped IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS

2  ask for a peering connection
   $ aws ec2 create-vpc-peering-connection --vpc-id vpc-0a --peer-vpc-id vpc-0b
   {
       \"VpcPeeringConnection\": {}
   }
   note: tags are kept and change nothing
   ok

3  VPC1 pings VPC2
   ljhVPC1-EC2$ ping -c 1 10.42.1.100
   PING 10.42.1.100 (10.42.1.100) 56(84) bytes of data.
   FAILED  expected stdout to contain \"1 received\"
           ✗ dropped  icmp echo reply 10.42.1.100 → 10.41.1.100   NO_ROUTE_TO_DESTINATION
             the request arrived, the answer was dropped by PublicRouteTable0102 (rtb-00f0…): no
             route for 10.41.1.100
             template.yaml:140   frame 22 of captures/vpc-peering/all.pcapng
             hint: add a route for 10.41.0.0/16 to pcx-0c… in PublicRouteTable0102

4  curl # times out
   ljhVPC1-EC2$ curl -m 2 10.42.1.100
   curl: (28) Connection timed out after 2000 ms
   ! dropped  tcp SYN 10.41.1.100:49152 → 10.42.1.100:80 (3 times)   ENI_SG_RULES_MISMATCH
     by VPC2SG1 (sg-00b0…): VPC2SG1 has no inbound rule for tcp/80 from 10.41.1.100
     step 2   first: frame 23 of captures/vpc-peering/all.pcapng
   ok  as expected: exit 28

4 steps: 3 ok, 1 failed     52.2 s virtual
captures/vpc-peering/all.pcapng   38 frames, 5 dropped
  wireshark captures/vpc-peering/all.pcapng -Y 'frame.comment contains \"DROP\"'
captures/vpc-peering/fl-0123456789abcdef0_eni-0123456789abcdef0-all.log   1 record
";
    assert_eq!(rendered(Detail::Normal, |to| sample::tell(to)), expected);
}

#[test]
fn many_packets_that_differ_in_their_ports_are_told_of_once() {
    let mut steps = sample::steps();
    let first = steps[3].drops[0].clone();
    for (ports, expected) in
        [(4, "10.42.1.100:83   ENI_SG_RULES_MISMATCH"), (5, "10.42.1.100:80 (and 4 more, other ports)\n")]
    {
        let drop_at = |port: u16| {
            let mut drop = first.clone();
            drop.packet.destination_port = Some(port);
            drop.packet.text = drop.packet.text.replace("10.42.1.100:80", &format!("10.42.1.100:{port}"));
            drop
        };
        steps[3].drops = (80..80 + ports).map(drop_at).collect();
        let text = rendered(Detail::Normal, |human| human.step(&steps[3]));
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn quiet_makes_one_line_of_a_step_that_held_and_still_tells_of_unexpected_drops() {
    let text = rendered(Detail::Quiet, |to| sample::tell(to));
    let expected = "\
VPC peering                                          ap-northeast-2  seed 7
1  VPC1 cannot ping VPC2   ok
2  ask for a peering connection   ok
3  VPC1 pings VPC2
   ljhVPC1-EC2$ ping -c 1 10.42.1.100
   PING 10.42.1.100 (10.42.1.100) 56(84) bytes of data.
   FAILED  expected stdout to contain \"1 received\"
";
    assert!(text.starts_with(expected), "{text}");
    assert!(text.contains("4  curl # times out   ok\n   ! dropped  tcp SYN"), "{text}");
}

#[test]
fn verbose_tells_of_expected_drops_exit_statuses_and_times_too() {
    let text = rendered(Detail::Verbose, |to| sample::tell(to));
    let expected = "   exit 1
   ✗ dropped  icmp echo 10.41.1.100 → 10.42.1.100   IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS
     by InternetGateway0101 (igw-00f3…): 0.0.0.0/0 of PublicRouteTable0101 took it there, and
     10.42.1.100 is private
     template.yaml:61   frame 4 of captures/vpc-peering/all.pcapng
   ok  as expected: exit 1, 100% packet loss, dropped IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS
   at 00:00:41, took 1.0 s
";
    assert!(text.contains(expected), "{text}");
}

#[test]
fn a_transcript_is_what_a_terminal_shows_byte_for_byte() {
    let mut steps = sample::steps();
    steps.truncate(1);
    steps[0].commands[0].line = "cat <<EOF > page\nhello\nEOF".to_owned();
    steps[0].commands[0].terminal = vec![sim_core::lab::Output {
        stream: sim_core::lab::OutputStream::Stdout,
        bytes: b"50%\r100%\xff no newline".to_vec(),
    }];
    let mut bytes = Vec::new();
    let mut human = Human::new(&mut bytes, Detail::TranscriptOnly);
    human.header(&sample::header()).expect("memory can be written");
    human.step(&steps[0]).expect("memory can be written");
    human.summary(&sample::summary()).expect("memory can be written");
    assert_eq!(bytes, b"ljhVPC1-EC2$ cat <<EOF > page\n> hello\n> EOF\n50%\r100%\xff no newline");
}

#[test]
fn our_own_lines_keep_to_100_columns_and_a_tool_s_are_never_wrapped() {
    let long = "word ".repeat(60);
    let mut steps = sample::steps();
    steps[2].failures[0].text = long.clone();
    steps[2].drops[0].text = long.clone();
    steps[2].drops[0].packet.text = "x".repeat(60);
    steps[2].commands[0].terminal[0].bytes = long.clone().into_bytes();
    let text = rendered(Detail::Normal, |to| to.step(&steps[2]));
    let (tool, ours): (Vec<&str>, Vec<&str>) = text.lines().partition(|line| line.trim() == long.trim());
    assert_eq!(tool.len(), 1, "{text}");
    for line in ours {
        assert!(line.chars().count() <= COLUMNS, "{line}");
    }
    assert!(text.contains("\n             NO_ROUTE_TO_DESTINATION\n"), "the code moves to a line of its own: {text}");
}

#[test]
fn a_tool_s_output_cannot_steer_the_terminal_or_pass_for_ours() {
    let mut steps = sample::steps();
    steps[0].commands[0].terminal[0].bytes = b"10%\r20%\r\n\x1b[2Jcleared\n1  a step\n".to_vec();
    let text = rendered(Detail::Normal, |to| to.step(&steps[0]));
    assert!(text.contains("\n   20%\n   ^[[2Jcleared\n   1  a step\n"), "{text}");
}

#[test]
fn colours_add_nothing_but_colours() {
    let mut bytes = Vec::new();
    sample::tell(&mut Human::new(&mut bytes, Detail::Normal).coloured(true)).expect("memory can be written");
    assert!(bytes.contains(&0x1b));
    let plain = anstream::adapter::strip_bytes(&bytes).into_vec();
    assert_eq!(String::from_utf8(plain).expect("UTF-8"), rendered(Detail::Normal, |to| sample::tell(to)));
}

#[test]
fn the_real_time_is_told_only_where_it_is_asked_for() {
    let mut bytes = Vec::new();
    let mut human = Human::new(&mut bytes, Detail::Normal).with_real_time(true);
    sample::tell(&mut human).and_then(|()| human.took(Duration::from_millis(3))).expect("memory can be written");
    assert!(String::from_utf8_lossy(&bytes).contains("     52.2 s virtual, 3 ms real\n"));
    let text = rendered(Detail::Normal, |to| sample::tell(to).and_then(|()| to.took(Duration::from_millis(3))));
    assert!(!text.contains("real"), "{text}");
}

#[test]
fn a_step_without_a_name_is_called_by_the_first_line_of_its_command() {
    let mut step = sample::steps().remove(1);
    step.title = "aws ec2 create-route --a\naws ec2 create-route --b\n".to_owned();
    step.commands.clear();
    assert!(rendered(Detail::Normal, |to| to.step(&step)).starts_with("\n2  aws ec2 create-route --a …\n"));
}

#[test]
fn times_are_in_the_unit_that_suits_them() {
    let cases = [
        (0, "0 µs"),
        (640_000_000, "640 ms"),
        (1_290_000_000, "1.2 s"),
        (125_000_000_000, "2 min 5 s"),
        (7_260_000_000_000, "2 h 1 min"),
        (604_800_000_000_000, "7 d 0 h"),
    ];
    for (nanos, text) in cases {
        assert_eq!(readable(SimDuration::from_nanos(nanos)), text);
    }
    assert_eq!(clock(SimTime::from_nanos(604_800_000_000_001)), "7d 00:00:00");
}
