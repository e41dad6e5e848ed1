//! The link layer of a guest: Ethernet framing, and which station has which address – ARP (RFC 826) for IPv4, neighbour
//! discovery (RFC 4861 §7) for IPv6.
//!
//! smoltcp's own neighbour cache throws away a reply whose next hop it does not know, and never gives up asking. A Linux
//! kernel does neither: packets wait while it asks, three probes go out one second apart, and then whoever sent them
//! is told "host unreachable". So smoltcp speaks plain IP here, and this file puts the packets on the wire.
//!
//! What it refuses to know: routes (it is told the next hop) and what the packets carry.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{
    ArpOperation, ArpPacket, ArpRepr, EthernetAddress, Icmpv6Packet, Icmpv6Repr, IpProtocol, Ipv6Packet, Ipv6Repr,
    NdiscNeighborFlags, NdiscRepr,
};

use crate::engine::{SimDuration, SimTime};
use crate::net::MacAddr;

/// Bytes of an Ethernet header; every packet buffer in a guest keeps this much room in front of the IP header.
pub(super) const ETHERNET_HEADER: usize = 14;

const ETHERTYPE_IPV4: u16 = 0x0800;
const ETHERTYPE_ARP: u16 = 0x0806;
const ETHERTYPE_IPV6: u16 = 0x86dd;

/// How long a learnt address is used without asking again. Linux draws 15–45 s and then verifies on use; one fixed
/// minute keeps captures readable.
const LIFETIME: SimDuration = SimDuration::from_secs(60);
/// Linux's `retrans_time_ms` and `mcast_solicit`.
const PROBE_INTERVAL: SimDuration = SimDuration::from_secs(1);
const PROBES: u8 = 3;
/// Packets that wait for one neighbour; Linux bounds them by bytes (`unres_qlen_bytes`), to about this many.
const HELD_MAX: usize = 101;

/// What `ip neigh` shows about a neighbour.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NeighbourState {
    /// Confirmed lately.
    Reachable(MacAddr),
    /// Known, to be verified when used next.
    Stale(MacAddr),
    /// Being asked for.
    Incomplete,
    /// Did not answer.
    Failed,
}

#[derive(Debug)]
struct Entry {
    mac: Option<MacAddr>,
    fresh_until: SimTime,
    asking: Option<Asking>,
    held: VecDeque<Vec<u8>>,
}

#[derive(Debug)]
struct Asking {
    probes_left: u8,
    next: SimTime,
}

/// One network interface's link layer.
#[derive(Debug)]
pub(super) struct Link {
    mac: MacAddr,
    addresses: Vec<IpAddr>,
    entries: BTreeMap<IpAddr, Entry>,
    /// The neighbour that was sent to last, while its address is fresh.
    last: Option<(IpAddr, MacAddr, SimTime)>,
    /// When a question that was not answered is repeated or given up.
    due: Option<SimTime>,
    /// Frames for the wire, in order.
    pub(super) outbox: VecDeque<Vec<u8>>,
    /// IP packets whose next hop did not answer, with the frame's header room still in front.
    pub(super) unreachable: Vec<Vec<u8>>,
}

impl Link {
    pub(super) fn new(mac: MacAddr, addresses: Vec<IpAddr>) -> Link {
        Link {
            mac,
            addresses,
            entries: BTreeMap::new(),
            last: None,
            due: None,
            outbox: VecDeque::new(),
            unreachable: Vec::new(),
        }
    }

    /// Answers for other addresses from now on.
    pub(super) fn set_addresses(&mut self, addresses: Vec<IpAddr>) {
        self.addresses = addresses;
    }

    /// Asks for a neighbour before anybody needs it, as the boot of an instance does for its gateway.
    pub(super) fn announce(&mut self, now: SimTime, neighbour: IpAddr) {
        self.entries.entry(neighbour).or_insert_with(|| Entry {
            mac: None,
            fresh_until: now,
            asking: Some(Asking { probes_left: PROBES - 1, next: now + PROBE_INTERVAL }),
            held: VecDeque::new(),
        });
        self.note_due();
        self.ask(neighbour, None);
    }

    /// Sends an IP packet (with room for the Ethernet header in front) to the station that has `next_hop`.
    pub(super) fn send(&mut self, now: SimTime, next_hop: IpAddr, mut packet: Vec<u8>) {
        if let Some((_, mac, _)) = self.last.filter(|&(last, _, until)| last == next_hop && now < until) {
            self.frame(mac, &mut packet);
            self.outbox.push_back(packet);
            return;
        }
        if let Some(mac) = self.group_mac(next_hop) {
            self.frame(mac, &mut packet);
            self.outbox.push_back(packet);
            return;
        }
        let entry = self.entries.entry(next_hop).or_insert_with(|| Entry {
            mac: None,
            fresh_until: now,
            asking: None,
            held: VecDeque::new(),
        });
        // A stale neighbour is used while it is being verified; an unknown one has to be waited for.
        let mut probe = None;
        if (entry.mac.is_none() || entry.fresh_until <= now) && entry.asking.is_none() {
            entry.asking = Some(Asking { probes_left: PROBES - 1, next: now + PROBE_INTERVAL });
            probe = Some(entry.mac);
        }
        match entry.mac {
            Some(mac) => {
                self.last = Some((next_hop, mac, entry.fresh_until));
                self.frame(mac, &mut packet);
                self.outbox.push_back(packet);
            }
            None => {
                if entry.held.len() == HELD_MAX {
                    // Linux makes room at the old end (neigh_event_send).
                    entry.held.pop_front();
                }
                entry.held.push_back(packet);
            }
        }
        if let Some(known) = probe {
            self.note_due();
            self.ask(next_hop, known);
        }
    }

    /// Who has an address, once and for all: nobody is asked for it.
    pub(super) fn know(&mut self, address: IpAddr, mac: MacAddr) {
        let entry = Entry { mac: Some(mac), fresh_until: SimTime::MAX, asking: None, held: VecDeque::new() };
        self.entries.insert(address, entry);
        self.last = None;
    }

    /// Takes a frame from the wire; says whether it carries an IP packet for the layers above.
    pub(super) fn receive(&mut self, now: SimTime, frame: &[u8]) -> bool {
        let Some((header, packet)) = frame.split_at_checked(ETHERNET_HEADER) else { return false };
        let destination = MacAddr(header[..6].try_into().expect("six bytes were taken"));
        if destination != self.mac && !destination.is_multicast() {
            return false;
        }
        match u16::from_be_bytes([header[12], header[13]]) {
            ETHERTYPE_ARP => {
                self.receive_arp(now, packet);
                false
            }
            ETHERTYPE_IPV6 if is_neighbour_discovery(packet) => {
                self.receive_ndisc(now, packet);
                false
            }
            ETHERTYPE_IPV4 | ETHERTYPE_IPV6 => true,
            _ => false,
        }
    }

    /// Repeats what has not been answered and gives up on what never will be.
    pub(super) fn tick(&mut self, now: SimTime) {
        if self.due.is_none_or(|due| due > now) {
            return;
        }
        self.last = None;
        let due: Vec<IpAddr> = self
            .entries
            .iter()
            .filter(|(_, entry)| entry.asking.as_ref().is_some_and(|asking| asking.next <= now))
            .map(|(&address, _)| address)
            .collect();
        for address in due {
            let entry = self.entries.get_mut(&address).expect("the entry was just seen");
            let asking = entry.asking.as_mut().expect("the entry was seen asking");
            if asking.probes_left > 0 {
                asking.probes_left -= 1;
                asking.next += PROBE_INTERVAL;
                let known = entry.mac;
                self.ask(address, known);
            } else {
                entry.asking = None;
                entry.mac = None;
                self.unreachable.extend(entry.held.drain(..));
            }
        }
        self.note_due();
    }

    pub(super) fn next_wake(&self) -> Option<SimTime> {
        self.due
    }

    /// Who is being asked has changed.
    fn note_due(&mut self) {
        self.due = self.entries.values().filter_map(|entry| entry.asking.as_ref().map(|asking| asking.next)).min();
    }

    /// The table, as `ip neigh` shows it.
    pub(super) fn neighbours(&self, now: SimTime) -> Vec<(IpAddr, NeighbourState)> {
        let state = |entry: &Entry| match (entry.mac, &entry.asking) {
            (Some(mac), _) if entry.fresh_until > now => NeighbourState::Reachable(mac),
            (Some(mac), _) => NeighbourState::Stale(mac),
            (None, Some(_)) => NeighbourState::Incomplete,
            (None, None) => NeighbourState::Failed,
        };
        self.entries.iter().map(|(&address, entry)| (address, state(entry))).collect()
    }

    fn receive_arp(&mut self, now: SimTime, bytes: &[u8]) {
        let Ok(ArpRepr::EthernetIpv4 {
            operation,
            source_hardware_addr,
            source_protocol_addr,
            target_protocol_addr,
            ..
        }) = ArpPacket::new_checked(bytes).and_then(|packet| ArpRepr::parse(&packet))
        else {
            return;
        };
        if !self.addresses.contains(&IpAddr::V4(target_protocol_addr)) {
            return;
        }
        let sender = MacAddr(source_hardware_addr.0);
        if !sender.is_multicast() && !source_protocol_addr.is_unspecified() {
            self.learn(now, IpAddr::V4(source_protocol_addr), sender);
        }
        if operation == ArpOperation::Request {
            self.send_arp(ArpOperation::Reply, sender, target_protocol_addr, (sender, source_protocol_addr));
        }
    }

    fn receive_ndisc(&mut self, now: SimTime, bytes: &[u8]) {
        let Some((ip, message)) = parse_ndisc(bytes) else { return };
        match message {
            NdiscRepr::NeighborSolicit { target_addr, lladdr } if self.addresses.contains(&IpAddr::V6(target_addr)) => {
                let Some(sender) = lladdr.and_then(|raw| mac_of(raw.as_bytes())) else { return };
                self.learn(now, IpAddr::V6(ip.src_addr), sender);
                let answer = NdiscRepr::NeighborAdvert {
                    flags: NdiscNeighborFlags::SOLICITED | NdiscNeighborFlags::OVERRIDE,
                    target_addr,
                    lladdr: Some(EthernetAddress(self.mac.0).into()),
                };
                self.send_ndisc(sender, target_addr, ip.src_addr, answer);
            }
            NdiscRepr::NeighborAdvert { target_addr, lladdr, .. } => {
                let asked = self.entries.contains_key(&IpAddr::V6(target_addr));
                if let (true, Some(mac)) = (asked, lladdr.and_then(|raw| mac_of(raw.as_bytes()))) {
                    self.learn(now, IpAddr::V6(target_addr), mac);
                }
            }
            _ => {}
        }
    }

    fn learn(&mut self, now: SimTime, address: IpAddr, mac: MacAddr) {
        let entry = self.entries.entry(address).or_insert_with(|| Entry {
            mac: None,
            fresh_until: now,
            asking: None,
            held: VecDeque::new(),
        });
        entry.mac = Some(mac);
        entry.fresh_until = now + LIFETIME;
        entry.asking = None;
        for mut packet in std::mem::take(&mut entry.held) {
            self.frame(mac, &mut packet);
            self.outbox.push_back(packet);
        }
        self.last = None;
        self.note_due();
    }

    /// Asks everybody, or only the station that had the address when last heard of (RFC 1122 §2.3.2.1).
    fn ask(&mut self, address: IpAddr, known: Option<MacAddr>) {
        match address {
            IpAddr::V4(target) => {
                let Some(own) = self.addresses.iter().find_map(|address| match address {
                    IpAddr::V4(own) if !own.is_loopback() => Some(*own),
                    _ => None,
                }) else {
                    return;
                };
                let to = known.unwrap_or(MacAddr::BROADCAST);
                self.send_arp(ArpOperation::Request, to, own, (MacAddr::default(), target));
            }
            IpAddr::V6(target) => {
                let Some(own) = self.own_ipv6_towards(target) else { return };
                let group = solicited_node(target);
                let (to, ip) = match known {
                    Some(mac) => (mac, target),
                    None => (multicast_mac(IpAddr::V6(group)).expect("the group is multicast"), group),
                };
                let lladdr = Some(EthernetAddress(self.mac.0).into());
                self.send_ndisc(to, own, ip, NdiscRepr::NeighborSolicit { target_addr: target, lladdr });
            }
        }
    }

    fn own_ipv6_towards(&self, target: Ipv6Addr) -> Option<Ipv6Addr> {
        let own = self.addresses.iter().filter_map(|address| match address {
            IpAddr::V6(own) if !own.is_loopback() => Some(*own),
            _ => None,
        });
        let same_scope = own.clone().find(|own| own.is_unicast_link_local() == target.is_unicast_link_local());
        same_scope.or_else(|| own.into_iter().next())
    }

    fn send_arp(&mut self, operation: ArpOperation, to: MacAddr, own: Ipv4Addr, target: (MacAddr, Ipv4Addr)) {
        let repr = ArpRepr::EthernetIpv4 {
            operation,
            source_hardware_addr: EthernetAddress(self.mac.0),
            source_protocol_addr: own,
            target_hardware_addr: EthernetAddress(target.0.0),
            target_protocol_addr: target.1,
        };
        let mut frame = vec![0; ETHERNET_HEADER + repr.buffer_len()];
        repr.emit(&mut ArpPacket::new_unchecked(&mut frame[ETHERNET_HEADER..]));
        self.header(to, ETHERTYPE_ARP, &mut frame);
        self.outbox.push_back(frame);
    }

    fn send_ndisc(&mut self, to: MacAddr, source: Ipv6Addr, destination: Ipv6Addr, message: NdiscRepr<'_>) {
        let icmp = Icmpv6Repr::Ndisc(message);
        let ip = Ipv6Repr {
            src_addr: source,
            dst_addr: destination,
            next_header: IpProtocol::Icmpv6,
            payload_len: icmp.buffer_len(),
            hop_limit: 255,
        };
        let mut frame = vec![0; ETHERNET_HEADER + ip.buffer_len() + icmp.buffer_len()];
        let (ip_bytes, icmp_bytes) = frame[ETHERNET_HEADER..].split_at_mut(ip.buffer_len());
        ip.emit(&mut Ipv6Packet::new_unchecked(ip_bytes));
        icmp.emit(
            &source,
            &destination,
            &mut Icmpv6Packet::new_unchecked(icmp_bytes),
            &ChecksumCapabilities::default(),
        );
        self.header(to, ETHERTYPE_IPV6, &mut frame);
        self.outbox.push_back(frame);
    }

    fn frame(&self, to: MacAddr, packet: &mut [u8]) {
        let ether_type = if packet[ETHERNET_HEADER] >> 4 == 4 { ETHERTYPE_IPV4 } else { ETHERTYPE_IPV6 };
        self.header(to, ether_type, packet);
    }

    fn header(&self, to: MacAddr, ether_type: u16, frame: &mut [u8]) {
        frame[..6].copy_from_slice(&to.0);
        frame[6..12].copy_from_slice(&self.mac.0);
        frame[12..14].copy_from_slice(&ether_type.to_be_bytes());
    }

    /// The station address of a group; `None` for a single station.
    fn group_mac(&self, address: IpAddr) -> Option<MacAddr> {
        match address {
            IpAddr::V4(Ipv4Addr::BROADCAST) => Some(MacAddr::BROADCAST),
            other => multicast_mac(other),
        }
    }
}

/// RFC 1112 §6.4 and RFC 2464 §7.
fn multicast_mac(address: IpAddr) -> Option<MacAddr> {
    match address {
        IpAddr::V4(group) if group.is_multicast() => {
            let [_, b, c, d] = group.octets();
            Some(MacAddr([0x01, 0x00, 0x5e, b & 0x7f, c, d]))
        }
        IpAddr::V6(group) if group.is_multicast() => {
            let octets = group.octets();
            Some(MacAddr([0x33, 0x33, octets[12], octets[13], octets[14], octets[15]]))
        }
        _ => None,
    }
}

/// RFC 4291 §2.7.1.
fn solicited_node(address: Ipv6Addr) -> Ipv6Addr {
    let octets = address.octets();
    let low = u16::from_be_bytes([octets[14], octets[15]]);
    Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff00 | u16::from(octets[13]), low)
}

/// The link-local address that SLAAC makes from a station address (RFC 4291, appendix A).
pub(super) fn link_local(mac: MacAddr) -> Ipv6Addr {
    let [a, b, c, d, e, f] = mac.0.map(u16::from);
    Ipv6Addr::new(0xfe80, 0, 0, 0, (a ^ 2) << 8 | b, c << 8 | 0xff, 0xfe00 | d, e << 8 | f)
}

fn mac_of(bytes: &[u8]) -> Option<MacAddr> {
    bytes.try_into().ok().map(MacAddr)
}

fn is_neighbour_discovery(packet: &[u8]) -> bool {
    // Next header ICMPv6, type 133–137, hop limit 255 (RFC 4861 §7.1 makes the latter a condition).
    packet.len() > 40 && packet[6] == 58 && packet[7] == 255 && (133..=137).contains(&packet[40])
}

fn parse_ndisc(bytes: &[u8]) -> Option<(Ipv6Repr, NdiscRepr<'_>)> {
    let packet = Ipv6Packet::new_checked(bytes).ok()?;
    let ip = Ipv6Repr::parse(&packet).ok()?;
    let icmp = Icmpv6Packet::new_checked(packet.payload()).ok()?;
    match Icmpv6Repr::parse(&ip.src_addr, &ip.dst_addr, &icmp, &ChecksumCapabilities::default()).ok()? {
        Icmpv6Repr::Ndisc(message) => Some((ip, message)),
        _ => None,
    }
}
