//! Packets inside a guest: its routing, its loopback, and what a kernel looks at before and after the stack.
//!
//! On the way in, ICMP errors are told to the socket they are about (RFC 1122 §4.2.3.9; smoltcp's sockets ignore them), echo
//! replies go to whoever pings, and a SYN for a listening port finds a socket ready for it. On the way out, the initial TTL
//! is the image's (L2-13) and the packet goes to the next hop or back to ourselves.

use std::net::{IpAddr, Ipv4Addr};

use smoltcp::wire::Ipv4Packet;

use super::errno::IcmpError;
use super::fragment;
use super::header::{OutgoingHeader, header_len, payload_checksum};
use super::kernel::Kernel;
use super::neighbour::ETHERNET_HEADER;
use crate::engine::{SimDuration, SimTime};
use crate::net::{FRAGMENT, checksum, protocol};

/// A packet to ourselves takes this long; enough that time passes in a conversation with oneself.
const LOOPBACK_DELAY: SimDuration = SimDuration::from_micros(15);
/// Linux's `net.ipv4.route.mtu_expires`.
const PATH_MTU_LIFETIME: SimDuration = SimDuration::from_secs(600);
/// RFC 791: every link carries this much.
const MTU_MIN: u16 = 68;
/// What smoltcp writes when no socket says otherwise.
const STACK_TTL: u8 = 64;

/// Where a packet goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Route {
    /// Out of which interface.
    pub(crate) interface: usize,
    /// The station to hand it to.
    pub(crate) next_hop: IpAddr,
    /// The router, when the destination is not on the link.
    pub(crate) gateway: Option<IpAddr>,
    /// The source address a new packet gets.
    pub(crate) source: IpAddr,
    /// Whether it never leaves the host.
    pub(crate) local: bool,
}

/// What [`Kernel::ip_output`] found out for a packet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way {
    source: IpAddr,
    destination: IpAddr,
    pub(super) interface: usize,
    next_hop: IpAddr,
    pub(super) local: bool,
    mtu: u16,
    /// When what is known about the path has to be learnt again.
    until: SimTime,
}

/// What [`Kernel::way_to`] found out for a destination.
#[derive(Clone, Copy, Debug)]
pub(super) struct WayTo {
    destination: IpAddr,
    route: Route,
    mtu: u16,
    /// As in [`Way`].
    until: SimTime,
}

/// The parts of an IP header that a host needs.
#[derive(Clone, Copy, Debug)]
pub(super) struct IpView {
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    pub(super) protocol: u8,
    pub(super) ttl: u8,
    pub(super) header_len: usize,
    pub(super) total_len: usize,
    /// A piece of a fragmented packet.
    pub(super) fragment: bool,
}

/// The packet an ICMP error is about, as far as it is quoted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quoted {
    pub(super) destination: IpAddr,
    pub(super) protocol: u8,
    /// Source port, or the identifier of an echo.
    pub(super) source_port: u16,
    /// Destination port, or the sequence number of an echo.
    pub(super) destination_port: u16,
}

impl IpView {
    /// Reads the header of an IP packet that may be cut short after it.
    pub(super) fn parse(packet: &[u8]) -> Option<IpView> {
        match packet.first()? >> 4 {
            4 => {
                let header_len = usize::from(packet[0] & 0xf) * 4;
                if header_len < 20 || packet.len() < header_len {
                    return None;
                }
                let address = |at: usize| {
                    let octets: [u8; 4] = packet[at..at + 4].try_into().expect("four bytes were taken");
                    IpAddr::from(octets)
                };
                Some(IpView {
                    source: address(12),
                    destination: address(16),
                    protocol: packet[9],
                    ttl: packet[8],
                    header_len,
                    total_len: usize::from(u16::from_be_bytes([packet[2], packet[3]])),
                    fragment: u16::from_be_bytes([packet[6], packet[7]]) & 0x3fff != 0,
                })
            }
            6 => {
                if packet.len() < 40 {
                    return None;
                }
                let address = |at: usize| {
                    let octets: [u8; 16] = packet[at..at + 16].try_into().expect("sixteen bytes were taken");
                    IpAddr::from(octets)
                };
                Some(IpView {
                    source: address(8),
                    destination: address(24),
                    protocol: packet[6],
                    ttl: packet[7],
                    header_len: 40,
                    total_len: 40 + usize::from(u16::from_be_bytes([packet[4], packet[5]])),
                    fragment: packet[6] == FRAGMENT,
                })
            }
            _ => None,
        }
    }

    /// The checksum of what the packet carries; 0 when it has the right one.
    pub(super) fn checksum(&self, payload: &[u8]) -> u16 {
        payload_checksum(self.source, self.destination, self.protocol, payload)
    }
}

impl Quoted {
    fn parse(packet: &[u8]) -> Option<Quoted> {
        let ip = IpView::parse(packet)?;
        let transport = packet.get(ip.header_len..ip.header_len + 8)?;
        let at = if matches!(ip.protocol, protocol::ICMP | protocol::ICMPV6) { 4 } else { 0 };
        Some(Quoted {
            destination: ip.destination,
            protocol: ip.protocol,
            source_port: u16::from_be_bytes([transport[at], transport[at + 1]]),
            destination_port: u16::from_be_bytes([transport[at + 2], transport[at + 3]]),
        })
    }
}

impl Kernel {
    /// Which way a new packet goes, and the largest that is known to get there: as for the one before it, most often.
    pub(super) fn way_to(&mut self, destination: IpAddr) -> Option<(Route, u16)> {
        let now = self.now;
        let same = |way: &WayTo| way.destination == destination && now < way.until;
        if let Some(WayTo { route, mtu, .. }) = self.last_way_to.filter(same) {
            return Some((route, mtu));
        }
        let route = self.route(destination)?;
        let learnt = self.path_mtu.get(&destination).filter(|(_, until)| *until > now);
        let (mtu, until) = learnt.copied().unwrap_or((self.link_mtu(route.interface), SimTime::MAX));
        self.last_way_to = Some(WayTo { destination, route, mtu, until });
        Some((route, mtu))
    }

    /// Routes, addresses or what is known about paths have changed.
    pub(super) fn forget_ways(&mut self) {
        self.last_way = None;
        self.last_way_to = None;
    }

    /// Which way a packet goes (the guest's own table: connected networks, then the default route).
    pub(crate) fn route(&self, destination: IpAddr) -> Option<Route> {
        if let Some(interface) = self.interface_of(destination) {
            return Some(Route { interface, next_hop: destination, gateway: None, source: destination, local: true });
        }
        if !self.routes.is_empty() {
            let own = self.nics.iter().flat_map(|nic| &nic.addresses);
            let connected = own.filter(|&&(own, prefix)| contains(own, prefix, destination)).map(|&(_, prefix)| prefix);
            if let Some(found) = self.static_route(destination, connected.max()) {
                return self.route_of(destination, found);
            }
        }
        for (interface, nic) in self.nics.iter().enumerate() {
            let connected = nic.addresses.iter().find(|&&(own, prefix)| contains(own, prefix, destination));
            if let Some(&(source, _)) = connected {
                let local = destination.is_loopback();
                return Some(Route { interface, next_hop: destination, gateway: None, source, local });
            }
        }
        self.nics.iter().enumerate().find_map(|(interface, nic)| {
            let gateway = match destination {
                IpAddr::V4(_) => nic.config.ipv4_gateway.map(IpAddr::V4),
                IpAddr::V6(_) => nic.config.ipv6_gateway.map(IpAddr::V6),
            }?;
            let source = nic
                .addresses
                .iter()
                .map(|&(own, _)| own)
                .find(|own| own.is_ipv4() == destination.is_ipv4() && !own.is_loopback() && !is_link_local(*own))?;
            Some(Route { interface, next_hop: gateway, gateway: Some(gateway), source, local: false })
        })
    }

    /// The interface that has an address.
    pub(super) fn interface_of(&self, address: IpAddr) -> Option<usize> {
        self.nics.iter().position(|nic| nic.addresses.iter().any(|&(own, _)| own == address))
    }

    /// The largest packet that is known to reach a destination.
    pub(crate) fn path_mtu(&self, destination: IpAddr) -> Option<u16> {
        let learnt = self.path_mtu.get(&destination).filter(|(_, until)| *until > self.now).map(|&(mtu, _)| mtu);
        learnt.or_else(|| self.route(destination).map(|route| self.link_mtu(route.interface)))
    }

    /// The largest packet an interface can send.
    pub(crate) fn link_mtu(&self, interface: usize) -> u16 {
        self.nics[interface].config.mtu
    }

    /// Reads the frames that have arrived.
    pub(super) fn take_arrived(&mut self) {
        while let Some((interface, frame, ticket)) = self.arrived.pop_front() {
            if !self.taps.is_empty() {
                self.show_frame(interface, false, &frame);
            }
            let now = self.now;
            if self.nics.get_mut(interface).is_some_and(|nic| nic.link.receive(now, &frame)) {
                self.ticket = ticket;
                self.ip_input(interface, frame);
                self.ticket = None;
            } else {
                self.pool.give(frame);
            }
        }
    }

    /// Lets links, loopback and stacks work; says whether programs have to hear of something before the stacks go on.
    pub(super) fn work(&mut self) -> bool {
        while self.loopback.front().is_some_and(|&(at, ..)| at <= self.now) {
            let (_, interface, packet) = self.loopback.pop_front().expect("a packet was just seen");
            self.ip_input(interface, packet);
        }
        let mut given_up = false;
        for interface in 0..self.nics.len() {
            if !self.nics[interface].link.tick(self.now) {
                continue;
            }
            for packet in std::mem::take(&mut self.nics[interface].link.unreachable) {
                self.neighbour_unreachable(&packet[ETHERNET_HEADER..]);
                given_up = true;
            }
        }
        if given_up {
            // Programs hear of it before the stack can try once more.
            return true;
        }
        for interface in 0..self.nics.len() {
            self.poll_stack(interface);
        }
        self.reap_sockets();
        false
    }

    fn poll_stack(&mut self, interface: usize) {
        if !self.nics[interface].stack.poll(self.now, &mut self.pool) {
            return;
        }
        while let Some(packet) = self.nics[interface].stack.take_leaving() {
            self.ip_output(packet);
        }
    }

    /// When the network has something to do by itself; the end of time when it never has.
    pub(super) fn network_wake(&mut self) -> SimTime {
        let mut wake = self.loopback.front().map_or(SimTime::MAX, |&(at, ..)| at);
        for nic in &mut self.nics {
            wake = wake.min(nic.stack.next_wake(self.now).unwrap_or(SimTime::MAX));
            wake = wake.min(nic.link.next_wake().unwrap_or(SimTime::MAX));
        }
        wake.min(self.next_reap().unwrap_or(SimTime::MAX))
    }

    /// Sends an IP packet with header room in front.
    pub(super) fn ip_output(&mut self, mut packet: Vec<u8>) {
        let Some(mut ip) = IpView::parse(&packet[ETHERNET_HEADER..]) else { return };
        if self.is_superfluous_syn(&ip, &packet[ETHERNET_HEADER..]) {
            return;
        }
        self.set_initial_ttl(&ip, &mut packet[ETHERNET_HEADER..]);
        let Some(mut way) = self.way(ip.source, ip.destination) else { return };
        if self.netfilter.is_active() {
            let Some(filtered) = self.filter_output(&way, packet) else { return };
            packet = filtered;
            let Some(view) = IpView::parse(&packet[ETHERNET_HEADER..]) else { return };
            ip = view;
            let Some(translated) = self.way(ip.source, ip.destination) else { return };
            way = translated;
        }
        if way.local {
            self.loopback.push_back((self.now + LOOPBACK_DELAY, way.interface, packet));
            return;
        }
        let link = &mut self.nics[way.interface].link;
        if ip.total_len <= usize::from(way.mtu) {
            link.send(self.now, way.next_hop, packet);
            return;
        }
        let identification = if ip.source.is_ipv4() { 0 } else { self.random.next_u64() as u32 };
        for piece in fragment::fit(packet, &ip, way.mtu, identification, &mut self.pool) {
            link.send(self.now, way.next_hop, piece);
        }
    }

    /// The way of a packet: that of the one before it, most often.
    fn way(&mut self, source: IpAddr, destination: IpAddr) -> Option<Way> {
        let now = self.now;
        let same = |way: &Way| way.destination == destination && way.source == source && now < way.until;
        if let Some(way) = self.last_way.filter(same) {
            return Some(way);
        }
        let route = self.route(destination)?;
        // A reply leaves by the interface that has its source address, as the labs' policy routes make it.
        let own = if route.local { None } else { self.interface_of(source) };
        let own = own.filter(|&own| own != route.interface || self.routes.is_empty());
        let own = own.and_then(|own| Some((own, self.next_hop_on(own, destination)?)));
        let (interface, next_hop) = own.unwrap_or((route.interface, route.next_hop));
        let learnt = self.path_mtu.get(&destination).filter(|(_, until)| *until > now);
        let (path_mtu, until) = learnt.copied().unwrap_or((self.link_mtu(route.interface), SimTime::MAX));
        let mtu = path_mtu.min(self.link_mtu(interface)).max(MTU_MIN);
        let way = Way { source, destination, interface, next_hop, local: route.local, mtu, until };
        self.last_way = Some(way);
        Some(way)
    }

    fn next_hop_on(&self, interface: usize, destination: IpAddr) -> Option<IpAddr> {
        let nic = &self.nics[interface];
        if nic.addresses.iter().any(|&(own, prefix)| contains(own, prefix, destination)) {
            return Some(destination);
        }
        match destination {
            IpAddr::V4(_) => nic.config.ipv4_gateway.map(IpAddr::V4),
            IpAddr::V6(_) => nic.config.ipv6_gateway.map(IpAddr::V6),
        }
    }

    /// Sockets carry the image's TTL already; what the stack says by itself (echo replies, ICMP errors, RST) does not.
    fn set_initial_ttl(&self, ip: &IpView, packet: &mut [u8]) {
        let from_stack = match ip.protocol {
            protocol::ICMP => packet.get(ip.header_len).is_some_and(|&kind| kind != 8),
            protocol::ICMPV6 => packet.get(ip.header_len).is_some_and(|&kind| kind != 128),
            protocol::TCP => true,
            _ => false,
        };
        let ttl = self.profile.initial_ttl();
        if !from_stack || ip.ttl != STACK_TTL || ttl == STACK_TTL {
            return;
        }
        match ip.source {
            IpAddr::V4(_) => {
                let mut header = Ipv4Packet::new_unchecked(packet);
                header.set_hop_limit(ttl);
                header.fill_checksum();
            }
            // Windows and Amazon Linux 2 use the same number for both families; nobody publishes the latter.
            IpAddr::V6(_) => packet[7] = ttl,
        }
    }

    fn ip_input(&mut self, interface: usize, mut packet: Vec<u8>) {
        let Some(mut ip) = IpView::parse(&packet[ETHERNET_HEADER..]) else { return };
        let mut ours = self.is_ours(interface, ip.destination);
        if !ours || self.netfilter.is_active() {
            let Some(local) = self.route_input(interface, packet) else { return };
            packet = local;
            let Some(view) = IpView::parse(&packet[ETHERNET_HEADER..]) else { return };
            ip = view;
            ours = self.is_ours(interface, ip.destination);
        }
        // The stack below checks the headers of what it gets; what is taken here is checked here.
        if ours && ip.source.is_ipv4() && (ip.fragment || ip.protocol != protocol::TCP) {
            let header = &packet[ETHERNET_HEADER..ETHERNET_HEADER + ip.header_len];
            if checksum::of(header) != 0 {
                return;
            }
        }
        if ours && ip.fragment {
            let Some(whole) = self.reassembly.add(self.now, packet, &ip) else { return };
            packet = whole.packet;
            let Some(view) = IpView::parse(&packet[ETHERNET_HEADER..]) else { return };
            ip = view;
        }
        let bytes = &packet[ETHERNET_HEADER..];
        let mut opens = false;
        if ours && ip.total_len <= bytes.len() && !ip.fragment {
            let payload = &bytes[ip.header_len.min(ip.total_len)..ip.total_len];
            if !self.probes.is_empty() && self.probe_answered(&ip, payload) && ip.protocol == protocol::UDP {
                self.pool.give(packet);
                return;
            }
            match ip.protocol {
                protocol::ICMP | protocol::ICMPV6 if payload.len() >= 8 && self.icmp_input(&ip, payload) => {
                    self.pool.give(packet);
                    return;
                }
                protocol::TCP if payload.len() >= 20 => {
                    const SYN_OF_SYN_ACK_RST_FIN: u8 = 0x02;
                    opens = payload[13] & 0x17 == SYN_OF_SYN_ACK_RST_FIN;
                    let remote = (ip.source, u16::from_be_bytes([payload[0], payload[1]]));
                    let port = u16::from_be_bytes([payload[2], payload[3]]);
                    if opens && !self.prepare_for_syn(interface, remote.into(), port) {
                        return;
                    }
                }
                protocol::UDP => {
                    let Some(nobodys) = self.udp_input(packet, &ip) else { return };
                    packet = nobodys;
                }
                _ => {}
            }
        }
        self.nics[interface].stack.push(packet);
        if opens {
            // The socket made for this SYN has to take it before the next SYN asks for one.
            self.poll_stack(interface);
        }
    }

    /// Whether an address is the host's; most often it is the interface's that the packet came in by.
    pub(super) fn is_ours(&self, interface: usize, address: IpAddr) -> bool {
        let has = |interface: usize| self.nics[interface].addresses.iter().any(|&(own, _)| own == address);
        has(interface) || address == Ipv4Addr::BROADCAST || self.interface_of(address).is_some()
    }

    /// Whether the message was for us and not for the stack.
    fn icmp_input(&mut self, ip: &IpView, message: &[u8]) -> bool {
        if ip.checksum(message) != 0 {
            return true;
        }
        let (kind, code) = (message[0], message[1]);
        let word = u32::from_be_bytes([message[4], message[5], message[6], message[7]]);
        let (request, reply) = if ip.source.is_ipv4() { (8, 0) } else { (128, 129) };
        if kind == request && code == 0 {
            self.answer_echo(ip, message, reply);
            return true;
        }
        if kind == reply {
            self.echo_replied(ip, (word >> 16) as u16, word as u16, message.len());
            return true;
        }
        let error = match ip.source {
            IpAddr::V4(_) => IcmpError::from_v4(kind, code, word),
            IpAddr::V6(_) => IcmpError::from_v6(kind, code, word),
        };
        let Some(error) = error else { return false };
        if let Some(quoted) = Quoted::parse(&message[8..]) {
            if let IcmpError::TooBig { mtu } = error {
                // RFC 1191 §3: never below 68; Linux's floor (`min_pmtu`) is 552.
                let mtu = u16::try_from(mtu.max(552)).unwrap_or(u16::MAX);
                self.path_mtu.insert(quoted.destination, (mtu, self.now + PATH_MTU_LIFETIME));
                self.forget_ways();
            }
            if self.probes.is_empty() || !self.probe_failed(ip, &quoted, error) {
                self.icmp_error(ip.source, quoted, error);
            }
        }
        true
    }

    /// Echoes (RFC 1122 §3.2.2.6). smoltcp would too, but not more than its fragmentation buffer holds, and with DF set where
    /// Linux leaves it clear.
    fn answer_echo(&mut self, ip: &IpView, message: &[u8], reply: u8) {
        let identification = if ip.source.is_ipv4() { self.random.next_u64() as u16 } else { 0 };
        let header = OutgoingHeader {
            source: ip.destination,
            destination: ip.source,
            protocol: ip.protocol,
            hop_limit: self.profile.initial_ttl(),
            identification,
            dont_fragment: false,
        };
        let mut packet = self.pool.take_filled(ETHERNET_HEADER + header_len(ip.source) + message.len());
        let (head, answer) = packet[ETHERNET_HEADER..].split_at_mut(header_len(ip.source));
        header.write(head, message.len()).expect("the packet that is answered had addresses of one family");
        answer.copy_from_slice(message);
        answer[0] = reply;
        answer[2..4].fill(0);
        let sum = header.checksum(answer);
        answer[2..4].copy_from_slice(&sum.to_be_bytes());
        self.ip_output(packet);
    }

    /// Nobody on the link has the next hop: the sender hears it from its own kernel, as Linux does.
    fn neighbour_unreachable(&mut self, packet: &[u8]) {
        let (Some(quoted), Some(sent)) = (Quoted::parse(packet), IpView::parse(packet)) else { return };
        let from_us = IpView { destination: sent.source, ttl: self.profile.initial_ttl(), ..sent };
        if self.probes.is_empty() || !self.probe_failed(&from_us, &quoted, IcmpError::HostUnreachable) {
            self.icmp_error(sent.source, quoted, IcmpError::HostUnreachable);
        }
    }
}

fn contains(own: IpAddr, prefix: u8, address: IpAddr) -> bool {
    match (own, address) {
        (IpAddr::V4(own), IpAddr::V4(address)) => {
            let shift = 32 - u32::from(prefix.min(32));
            (u64::from(own.to_bits()) >> shift) == (u64::from(address.to_bits()) >> shift)
        }
        (IpAddr::V6(own), IpAddr::V6(address)) => {
            let shift = 128 - u32::from(prefix.min(128));
            own.to_bits().checked_shr(shift).unwrap_or(0) == address.to_bits().checked_shr(shift).unwrap_or(0)
        }
        _ => false,
    }
}

pub(super) fn is_link_local(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(address) if address.is_unicast_link_local())
}
