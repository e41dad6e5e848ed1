//! A guest as a router: what arrives for somebody else, and netfilter's hooks on the way of every packet.
//!
//! The order is Linux's (`ip_rcv`, `ip_forward`, `ip_output`): PREROUTING, then routing; for others the TTL, the size, FORWARD
//! and POSTROUTING; for this host INPUT. A guest that does not forward throws away what is not its own, in silence. It sends no
//! redirects: in a VPC nobody could follow one.

use std::net::IpAddr;

use super::Note;
use super::fragment::Whole;
use super::kernel::Kernel;
use super::neighbour::ETHERNET_HEADER;
use super::netfilter::{Hook, Lost, Passage, RejectWith, Tracked};
use super::network::{IpView, Way, is_link_local};
use super::nic::Nic;
use super::parameters::{IPV4_FORWARDING, IPV6_FORWARDING};
use super::transfer::Obstacle;
use crate::net::{self, Frame, Headers, IpHeader, checksum, ether_type, lower_ttl};

/// The name of the interface to oneself.
const LOOPBACK: &str = "lo";
/// ICMP's and ICMPv6's codes for "no route".
const NET_UNREACHABLE: u8 = 0;

impl Kernel {
    /// Routes a packet that has come in, header room in front; gives it back if it is for this host and may enter.
    pub(super) fn route_input(&mut self, interface: usize, packet: Vec<u8>) -> Option<Vec<u8>> {
        let (packet, largest) = self.defragment(packet)?;
        let mut frame = framed(packet);
        let came = frame.headers;
        let ip = came.ip?;
        let input = if self.interface_of(ip.source).is_some() { None } else { Some(interface) };
        let mut tracked = None;
        if self.netfilter.is_active() {
            let mut opened = self.netfilter.track(self.now, &frame, &ip);
            let own = self.own_address(interface, ip.source);
            let passage = Passage { now: self.now, input: name_of(&self.nics, input), output: "" };
            let passed = self.netfilter.translate_destination(Hook::Prerouting, passage, &mut frame, &mut opened, own);
            self.passed(passed, &frame)?;
            tracked = Some(opened);
        }
        let ip = frame.headers.ip?;
        if !self.is_ours(interface, ip.destination) && !ip.destination.is_multicast() {
            if !is_link_local(ip.destination) {
                let fate = self.forward(input, frame, tracked, largest);
                self.tell_transfer(interface, came, fate);
            }
            return None;
        }
        if let Some(tracked) = &mut tracked {
            let passage = Passage { now: self.now, input: name_of(&self.nics, input), output: "" };
            let random = &mut self.random;
            let passed = self.netfilter.filter(Hook::Input, passage, &ip, tracked).and_then(|()| {
                self.netfilter.translate_source(Hook::Input, passage, &mut frame, tracked, None, random)
            });
            self.passed(passed, &frame)?;
        }
        Some(frame.bytes)
    }

    /// Takes a packet of this host's through the hooks on its way out.
    pub(super) fn filter_output(&mut self, way: &Way, packet: Vec<u8>) -> Option<Vec<u8>> {
        let mut frame = framed(packet);
        let Some(ip) = frame.headers.ip else { return Some(frame.bytes) };
        let mut tracked = self.netfilter.track_own(self.now, &frame, &ip);
        let output = (!way.local).then_some(way.interface);
        let source = Some(ip.source);
        let passage = Passage { now: self.now, input: "", output: name_of(&self.nics, output) };
        let passed = self.netfilter.translate_destination(Hook::Output, passage, &mut frame, &mut tracked, source);
        self.passed(passed, &frame)?;
        let ip = frame.headers.ip?;
        let own = self.own_address(way.interface, ip.destination);
        let passage = Passage { now: self.now, input: "", output: name_of(&self.nics, output) };
        let random = &mut self.random;
        let passed = self.netfilter.filter(Hook::Output, passage, &ip, &tracked).and_then(|()| {
            self.netfilter.translate_source(Hook::Postrouting, passage, &mut frame, &mut tracked, own, random)
        });
        self.passed(passed, &frame)?;
        Some(frame.bytes)
    }

    /// Passes a packet on, and says how it leaves.
    fn forward(
        &mut self,
        input: Option<usize>,
        mut frame: Frame,
        tracked: Option<Tracked>,
        largest: u16,
    ) -> Result<Headers, Obstacle> {
        let ip = frame.headers.ip.ok_or(Obstacle::NoRoute)?;
        if !self.forwards(&ip) {
            return Err(Obstacle::NoForwarding);
        }
        let Some(route) = self.route(ip.destination) else {
            self.complain(&ip, |mac, own| net::unreachable(&frame, mac, own, NET_UNREACHABLE, Vec::new()));
            return Err(Obstacle::NoRoute);
        };
        if ip.ttl <= 1 {
            self.complain(&ip, |mac, own| net::time_exceeded(&frame, mac, own, Vec::new()));
            return Err(Obstacle::HopLimit);
        }
        let mtu = self.link_mtu(route.interface);
        if ip.total_len > mtu && ip.dont_fragment {
            self.complain(&ip, |mac, own| net::packet_too_big(&frame, mac, own, mtu, Vec::new()));
            return Err(Obstacle::TooBig { mtu });
        }
        lower_ttl(&mut frame, 1);
        if let Some(mut tracked) = tracked {
            let output = (!route.local).then_some(route.interface);
            let both =
                Passage { now: self.now, input: name_of(&self.nics, input), output: name_of(&self.nics, output) };
            let after = Passage { input: "", ..both };
            let (own, random) = (Some(route.source), &mut self.random);
            let passed = self.netfilter.filter(Hook::Forward, both, &ip, &tracked).and_then(|()| {
                self.netfilter.translate_source(Hook::Postrouting, after, &mut frame, &mut tracked, own, random)
            });
            let obstacle = passed.as_ref().err().map(|lost| Obstacle::Filter(lost.by.clone()));
            self.passed(passed, &frame);
            if let Some(obstacle) = obstacle {
                return Err(obstacle);
            }
        }
        let leaves = frame.headers;
        let most = mtu.min(largest); // what came in pieces leaves in pieces no larger (`ip_do_fragment`)
        let pieces = (ip.total_len > most).then(|| net::fragment(&frame.bytes, most, &mut self.pool)).flatten();
        let link = &mut self.nics[route.interface].link;
        match pieces {
            None => link.send(self.now, route.next_hop, frame.bytes),
            Some(pieces) => {
                self.pool.give(frame.bytes);
                for piece in pieces {
                    link.send(self.now, route.next_hop, piece);
                }
            }
        }
        Ok(leaves)
    }

    /// Connection tracking sees whole packets (`nf_defrag_ipv4`). Answers the packet and the largest piece it came in.
    fn defragment(&mut self, packet: Vec<u8>) -> Option<(Vec<u8>, u16)> {
        let ip = IpView::parse(&packet[ETHERNET_HEADER..])?;
        if !(self.netfilter.is_active() && ip.fragment && ip.source.is_ipv4()) {
            return Some((packet, u16::MAX));
        }
        if checksum::of(&packet[ETHERNET_HEADER..ETHERNET_HEADER + ip.header_len]) != 0 {
            return None;
        }
        let Whole { packet, largest } = self.reassembly.add(self.now, packet, &ip)?;
        Some((packet, largest))
    }

    /// Whether the guest passes packets on. Where it does not, a lab that expects it to deserves a word.
    fn forwards(&mut self, ip: &IpHeader) -> bool {
        let parameter = if ip.source.is_ipv4() { IPV4_FORWARDING } else { IPV6_FORWARDING };
        let is_on = self.volume.files().read(parameter).is_ok_and(|value| value.trim_ascii() != b"0");
        if !is_on {
            let name = parameter.trim_start_matches("/proc/sys/").replace('/', ".");
            self.say_once(format!(
                "{name} is 0, so the packet from {} to {} was dropped instead of being passed on",
                ip.source, ip.destination
            ));
        }
        is_on
    }

    /// Goes on with a packet that a hook has let through. One that is lost may be answered.
    fn passed(&mut self, result: Result<(), Lost>, frame: &Frame) -> Option<()> {
        let Err(Lost { answer, news, .. }) = result else { return Some(()) };
        if let Some(news) = news {
            self.say_once(news);
        }
        let ip = frame.headers.ip?;
        match answer {
            Some(RejectWith::TcpReset) => {
                if let Some(reset) = net::reset(frame, Vec::new()) {
                    self.ip_output(reset.bytes);
                }
            }
            Some(RejectWith::Unreachable(code)) => {
                self.complain(&ip, |mac, own| net::unreachable(frame, mac, own, code, Vec::new()));
            }
            None => {}
        }
        None
    }

    /// Tells a packet's sender what is wrong with it.
    fn complain(&mut self, about: &IpHeader, message: impl FnOnce(net::MacAddr, IpAddr) -> Option<Frame>) {
        let Some(route) = self.route(about.source) else { return };
        let own = self.interface_of(about.destination).map_or(route.source, |_| about.destination);
        if let Some(error) = message(self.nics[route.interface].config.mac, own) {
            self.ip_output(error.bytes);
        }
    }

    fn say_once(&mut self, text: String) {
        let note = Note { text, line: None };
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// The first address of an interface in the family of another address: what `MASQUERADE` and `REDIRECT` use.
    fn own_address(&self, interface: usize, family: IpAddr) -> Option<IpAddr> {
        let own = self.nics[interface].addresses.iter().map(|&(own, _)| own);
        own.into_iter().find(|own| own.is_ipv4() == family.is_ipv4() && !own.is_loopback() && !is_link_local(*own))
    }
}

/// An interface's name; without a number, that of the interface to oneself.
fn name_of(nics: &[Nic], interface: Option<usize>) -> &str {
    interface.map_or(LOOPBACK, |interface| &nics[interface].name)
}

/// The packet as a frame, so that it can be rewritten as one.
fn framed(mut packet: Vec<u8>) -> Frame {
    let ether_type = match packet.get(ETHERNET_HEADER).map_or(0, |byte| byte >> 4) {
        6 => ether_type::IPV6,
        _ => ether_type::IPV4,
    };
    packet[12..ETHERNET_HEADER].copy_from_slice(&ether_type.to_be_bytes());
    Frame::new(packet)
}
