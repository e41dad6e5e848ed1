//! A packet from a line of text, and its account: the hops it makes through the small world.

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};

use etherparse::PacketBuilder;

use super::World;
use crate::dataplane::pipeline::{self, Entry, Hop, Next, Outcome, Transit};
use crate::dataplane::tables::{EniIndex, Interface};
use crate::id::ResourceId;
use crate::net::{BufferPool, Frame, Headers, Summary, fragment};
use crate::trace::{Detail, DropCode, GroupDecision, PacketId, PacketTag, Purpose, Step, Trace, TraceEvent};

impl World {
    /// Sends a packet from an interface, or from `internet`: `tcp 10.0.1.10:40000 > 10.0.2.10:80 SYN`, `udp …`,
    /// `icmp 10.0.1.10 > 10.0.2.10` (an echo), `icmp-reply …`. A last word such as `8000B` is the payload's size, with
    /// `-DF` the IPv4 packet may be cut, `ttl=1` is its TTL.
    pub(super) fn send(&mut self, sender: &str, packet: &str) -> String {
        let bytes = build(packet);
        self.send_bytes(sender, bytes)
    }

    /// Sends a frame as a guest would: to the neighbour's MAC address where there is one, else to the router's.
    pub(in crate::compile::tests) fn send_bytes(&mut self, sender: &str, bytes: Vec<u8>) -> String {
        self.packets += 1;
        let packet = self.tag();
        let mut frame = Frame::new(bytes);
        let destination = frame.headers.ip.expect("tests send IP").destination;
        let (next, entry) = if sender == "internet" {
            let vpc = self.tables.internet_gateway_of(destination).expect("somebody has the address");
            (Next::InternetGatewayIn(vpc), Entry::InternetGateway(vpc))
        } else {
            let eni = self.compiler.eni_index(self.id(sender), &self.tables).expect("compiled");
            let at = self.tables.interface(eni).expect("compiled");
            let neighbor = at.vpc.owner_of(destination).filter(|owner| owner.subnet == at.eni.subnet);
            let destination_mac = neighbor.map_or(at.subnet.router_mac, |owner| owner.mac);
            crate::net::rewrite_macs(&mut frame, at.eni.mac, destination_mac);
            return self.leave(eni, Transit::new(frame, packet, Entry::Interface(eni)));
        };
        let mut account = Vec::new();
        self.follow(next, Transit::new(frame, packet, entry), &mut account);
        account.join(" | ")
    }

    /// Hands a packet of an interface's to another interface: why it was lost there, if it was. Nothing of its way is told, so
    /// that a test may send very many.
    pub(in crate::compile::tests) fn pass(
        &mut self,
        from: EniIndex,
        to: EniIndex,
        packet: Frame,
    ) -> Result<(), DropCode> {
        let mut trace = Trace::new(Detail::Drops, None);
        let mut transit = Transit::new(packet, PacketTag::new(PacketId(0)), Entry::Interface(from));
        let hop = &mut Hop {
            now: self.now,
            tables: &self.tables,
            rules: self.rules,
            flows: &mut self.flows,
            trace: &mut trace,
        };
        if let Outcome::Forward(_) = pipeline::arrive_eni(hop, to, &mut transit) {
            return Ok(());
        }
        let mut codes = trace.recording().events.iter().filter_map(|event| match &event.step {
            Step::Dropped(reason) => Some(reason.code),
            _ => None,
        });
        Err(codes.next().expect("what does not go on is dropped"))
    }

    /// Sends a frame exactly as it is.
    pub(in crate::compile::tests) fn send_raw(&mut self, sender: &str, bytes: Vec<u8>) -> String {
        self.packets += 1;
        let eni = self.compiler.eni_index(self.id(sender), &self.tables).expect("compiled");
        let entry = Entry::Interface(eni);
        self.leave(eni, Transit::new(Frame::new(bytes), self.tag(), entry))
    }

    /// Sends a packet of an interface's from a later hop on, as if the world had changed while it was on its way there.
    pub(in crate::compile::tests) fn send_from(&mut self, next: Next, entry: Entry, packet: &str) -> String {
        self.packets += 1;
        let transit = Transit::new(Frame::new(build(packet)), self.tag(), entry);
        let mut account = Vec::new();
        self.follow(next, transit, &mut account);
        account.join(" | ")
    }

    /// An interface with its surroundings.
    pub(in crate::compile::tests) fn at(&self, eni: &str) -> Interface<'_> {
        let index = self.compiler.eni_index(self.id(eni), &self.tables).expect("compiled");
        self.tables.interface(index).expect("compiled")
    }

    fn tag(&self) -> PacketTag {
        PacketTag { marked: self.is_told, ..PacketTag::new(PacketId(self.packets)) }
    }

    fn leave(&mut self, eni: EniIndex, transit: Transit) -> String {
        let mut account = Vec::new();
        self.hop(transit, &mut account, |hop, transit| pipeline::leave_eni(hop, eni, transit));
        account.join(" | ")
    }

    fn follow(&mut self, next: Next, transit: Transit, account: &mut Vec<String>) {
        match next {
            Next::Guest(eni) => {
                let at = self.tables.interface(eni).expect("just delivered");
                assert_eq!(transit.frame.headers.destination_mac, at.eni.mac, "delivered to its MAC address");
                self.delivered = Some(transit.frame);
            }
            Next::PublicService(_) | Next::BehindEndpoint(_) => {
                account.push(format!("service sees {}", Summary(&transit.frame.headers)));
            }
            Next::EndpointOut(endpoint) => {
                self.hop(transit, account, |hop, transit| pipeline::leave_endpoint(hop, endpoint, transit))
            }
            Next::EndpointIn(endpoint) => {
                self.hop(transit, account, |hop, transit| pipeline::enter_endpoint(hop, endpoint, transit))
            }
            Next::Internet => {
                account.push(format!("internet sees {}", Summary(&transit.frame.headers)));
                self.left = Some(transit.frame);
            }
            Next::Eni(eni) => self.hop(transit, account, |hop, transit| pipeline::arrive_eni(hop, eni, transit)),
            Next::Peering(peering) => {
                self.hop(transit, account, |hop, transit| pipeline::cross_peering(hop, peering, transit))
            }
            Next::EgressOnlyGateway(vpc) => {
                self.hop(transit, account, |hop, transit| pipeline::leave_egress_only_gateway(hop, vpc, transit))
            }
            Next::InternetGatewayOut(vpc) => {
                self.hop(transit, account, |hop, transit| pipeline::leave_internet_gateway(hop, vpc, transit))
            }
            Next::InternetGatewayIn(vpc) => {
                self.hop(transit, account, |hop, transit| pipeline::enter_internet_gateway(hop, vpc, transit))
            }
        }
    }

    fn hop(
        &mut self,
        mut transit: Transit,
        account: &mut Vec<String>,
        stage: impl Fn(&mut Hop<'_>, &mut Transit) -> Outcome + Copy,
    ) {
        let detail = if self.is_told { Detail::Stages } else { Detail::Drops };
        let mut trace = Trace::new(detail, Some(u32::MAX));
        if self.is_probing {
            trace.watch(Vec::new(), Purpose::Probe);
        }
        let before = transit.packet.id;
        let hop = &mut Hop {
            now: self.now,
            tables: &self.tables,
            rules: self.rules,
            flows: &mut self.flows,
            trace: &mut trace,
        };
        let outcome = stage(hop, &mut transit);
        account.extend(trace.recording().events.iter().filter_map(|event| self.line(event)));
        let observed = trace
            .recording()
            .events
            .iter()
            .filter(|event| matches!(event.step, Step::Seen { .. } | Step::FlowLogged { .. } | Step::Dropped(_)));
        self.seen.extend(observed.map(|event| format!("{:?} {:?} {:?}", event.leg, event.headers, event.step)));
        self.seen.push(format!("{outcome:?} {:?} {:?}", transit.entry, transit.frame));
        let next = match outcome {
            Outcome::Forward(next) => next,
            Outcome::Fragment(limit) => {
                for piece in fragment(&transit.frame.bytes, limit, &mut BufferPool::default()).into_iter().flatten() {
                    self.hop(Transit { frame: Frame::new(piece), ..transit.clone() }, account, stage);
                }
                return;
            }
            Outcome::Platform(..) | Outcome::Dhcp(_) | Outcome::Consumed => return,
        };
        if transit.packet.id != before {
            account.push(format!("reply {}", Summary(&transit.frame.headers)));
        }
        assert_eq!(Headers::parse(&transit.frame.bytes), Ok(transit.frame.headers), "the view is kept true");
        self.follow(next, transit, account);
    }

    fn line(&self, event: &TraceEvent) -> Option<String> {
        let name = |id: ResourceId| self.name(id);
        Some(match &event.step {
            Step::Seen { point, frame, .. } => {
                assert!(frame.is_some(), "captures have bytes");
                format!("at {}", name(*point))
            }
            Step::Answered { service } => format!("{service} answers"),
            Step::AddressChecked { .. } => return None,
            Step::SecurityGroup { decision: GroupDecision::Tracked, .. } => "tracked".to_owned(),
            Step::SecurityGroup { decision: GroupDecision::Rule { group, number, .. }, .. } => {
                format!("{} rule {number}", name((*group).into()))
            }
            Step::NetworkAcl { acl, rule, .. } => format!("{} rule {rule}", name((*acl).into())),
            Step::Route { destination, target, .. } => format!("{destination} to {}", name(*target)),
            Step::Vpc { vpc } => format!("in {}", name((*vpc).into())),
            Step::Gateway { .. } => return None,
            Step::Translated { from, to, .. } => format!("{from} becomes {to}"),
            Step::Fragmented { limit_bytes, .. } => format!("cut to {limit_bytes} bytes"),
            Step::PortTranslated { from, to, .. } => {
                format!("{} becomes {}", SocketAddr::from(*from), SocketAddr::from(*to))
            }
            Step::FlowLogged { interface, own, direction, action } => {
                format!("{} logs {action:?} {direction:?} of {own}", name((*interface).into()))
            }
            Step::Delivered { .. } => "delivered".to_owned(),
            Step::PassedOn { .. } => return None,
            Step::Dropped(reason) => {
                let mut text = format!("{} by {}: ", reason.code, name(reason.by));
                let _ = write!(text, "{}", reason.sentence(&event.headers, &name));
                text
            }
        })
    }
}

/// A packet from its line of text.
pub(in crate::compile::tests) fn build(packet: &str) -> Vec<u8> {
    let words: Vec<&str> = packet.split_whitespace().collect();
    let [kind, source, ">", destination, options @ ..] = &words[..] else { panic!("not a packet: {packet}") };
    let (source, source_port) = endpoint(source);
    let (destination, destination_port) = endpoint(destination);
    let size = options.iter().find_map(|word| word.strip_suffix('B')).map_or(0, |size| size.parse().expect("bytes"));
    let ttl = options.iter().find_map(|word| word.strip_prefix("ttl="));
    let payload = vec![0; size];
    let ethernet = PacketBuilder::ethernet2([0; 6], [0; 6]);
    let ip = match (source, destination) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            let mut header = etherparse::Ipv4Header {
                source: source.octets(),
                destination: destination.octets(),
                time_to_live: ttl.map_or(255, |ttl| ttl.parse().expect("a TTL")),
                ..Default::default()
            };
            header.dont_fragment = !options.contains(&"-DF");
            ethernet.ip(etherparse::IpHeaders::Ipv4(header, Default::default()))
        }
        (IpAddr::V6(source), IpAddr::V6(destination)) => ethernet.ipv6(source.octets(), destination.octets(), 255),
        _ => panic!("one family: {packet}"),
    };
    let mut bytes = Vec::new();
    match *kind {
        "tcp" => {
            let mut tcp = ip.tcp(source_port, destination_port, 1, 1000);
            for flag in options {
                tcp = match *flag {
                    "SYN" => tcp.syn(),
                    "ACK" => tcp.ack(1),
                    "FIN" => tcp.fin(),
                    "RST" => tcp.rst(),
                    _ => tcp,
                };
            }
            tcp.write(&mut bytes, &payload)
        }
        "udp" => ip.udp(source_port, destination_port).write(&mut bytes, &payload),
        "icmp" if source.is_ipv4() => ip.icmpv4_echo_request(9, 1).write(&mut bytes, &payload),
        "icmp-reply" if source.is_ipv4() => ip.icmpv4_echo_reply(9, 1).write(&mut bytes, &payload),
        "icmp" => ip.icmpv6_echo_request(9, 1).write(&mut bytes, &payload),
        "icmp-reply" => ip.icmpv6_echo_reply(9, 1).write(&mut bytes, &payload),
        "gre" => ip.write(&mut bytes, etherparse::IpNumber::GRE, &payload),
        other => panic!("no such packet: {other}"),
    }
    .expect("a vector takes everything");
    bytes
}

/// `10.0.1.10:80`, `[fd00::1]:80`, or an address alone.
fn endpoint(text: &str) -> (IpAddr, u16) {
    match text.parse::<std::net::SocketAddr>() {
        Ok(socket) => (socket.ip(), socket.port()),
        Err(_) => (text.parse().expect("an address"), 0),
    }
}
