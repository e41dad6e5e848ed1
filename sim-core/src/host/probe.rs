//! Probes: UDP datagrams and TCP SYNs with a TTL of their own, and who answered what to which of them. It is what traceroute
//! and tracepath make of raw sockets and of a UDP socket's error queue (`IP_RECVERR`, ip(7)).
//!
//! A probe belongs to no connection: what answers a SYN is told to the probe and then met by the stack, which resets what it
//! does not know, as a half-open scan leaves it to the kernel.

use std::collections::{BTreeMap, VecDeque};
use std::future::poll_fn;
use std::net::{IpAddr, SocketAddr};
use std::task::{Context, Poll, Waker};

use super::errno::{Errno, IcmpError};
use super::executor::Desk;
use super::header::{OutgoingHeader, header_len};
use super::kernel::Kernel;
use super::neighbour::ETHERNET_HEADER;
use super::network::{IpView, Quoted};
use super::socket::{SocketId, wait};
use super::{PathMtuDiscovery, Sys};
use crate::engine::SimTime;
use crate::net::protocol;

const UDP_HEADER: usize = 8;
/// A SYN with the options that Linux sends: MSS, SACK permitted, timestamps, window scale (RFC 9293 §3.1, RFC 7323 §2).
const SYN_LEN: usize = 40;
const SYN_OPTIONS: [u8; 20] = [2, 4, 0x05, 0xb4, 4, 2, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 3, 2];

/// What a probe is made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ProbeKind {
    /// A datagram with this many bytes.
    Udp { payload: usize },
    /// A SYN.
    Tcp,
}

/// A probe to send.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Probe {
    pub(crate) kind: ProbeKind,
    pub(crate) source_port: u16,
    pub(crate) destination: SocketAddr,
    pub(crate) ttl: u8,
    pub(crate) discovery: PathMtuDiscovery,
}

/// What came back for a probe.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct ProbeEvent {
    /// Who answered.
    pub(crate) from: IpAddr,
    /// The TTL that the answer came with.
    pub(crate) ttl: u8,
    /// The ports of the probe: ours and the other.
    pub(crate) ports: (u16, u16),
    /// An ICMP error, or `None` when the destination itself answered.
    pub(crate) error: Option<IcmpError>,
    /// When it arrived.
    pub(crate) at: SimTime,
}

/// Who waits for what, as the kernel keeps it.
#[derive(Default)]
pub(super) struct Probes {
    sockets: BTreeMap<SocketId, Waiting>,
}

impl Probes {
    pub(super) fn is_empty(&self) -> bool {
        self.sockets.is_empty()
    }
}

struct Waiting {
    protocol: u8,
    destination: IpAddr,
    /// Probes under way, by our port and the other.
    sent: Vec<(u16, u16)>,
    events: VecDeque<ProbeEvent>,
    waker: Option<Waker>,
}

impl Kernel {
    fn send_probe(&mut self, id: SocketId, probe: Probe) -> Result<(), Errno> {
        let Probe { kind, source_port, destination, ttl, discovery } = probe;
        let route = self.route(destination.ip()).ok_or(Errno::NetworkUnreachable)?;
        let (transport, segment_len) = match kind {
            ProbeKind::Udp { payload } => (protocol::UDP, UDP_HEADER + payload),
            ProbeKind::Tcp => (protocol::TCP, SYN_LEN),
        };
        let header_len = header_len(destination.ip());
        let mtu = self.link_mtu(route.interface);
        if discovery == PathMtuDiscovery::Do && header_len + segment_len > usize::from(mtu) {
            return Err(Errno::MessageTooLong { mtu });
        }
        let header = OutgoingHeader {
            source: route.source,
            destination: destination.ip(),
            protocol: transport,
            hop_limit: ttl.max(1),
            identification: self.random.next_u64() as u16,
            dont_fragment: discovery != PathMtuDiscovery::Dont,
        };
        let sequence = (self.random.next_u64() as u32).to_be_bytes();
        let mut packet = self.pool.take_filled(ETHERNET_HEADER + header_len + segment_len);
        let (head, segment) = packet[ETHERNET_HEADER..].split_at_mut(header_len);
        header.write(head, segment_len)?;
        segment.fill(0);
        segment[..2].copy_from_slice(&source_port.to_be_bytes());
        segment[2..4].copy_from_slice(&destination.port().to_be_bytes());
        let sum_at = match kind {
            ProbeKind::Udp { .. } => {
                segment[4..6].copy_from_slice(&(segment_len as u16).to_be_bytes());
                // traceroute(8) fills its datagrams so.
                for (at, byte) in segment[UDP_HEADER..].iter_mut().enumerate() {
                    *byte = 0x40 + (at & 0x3f) as u8;
                }
                6
            }
            ProbeKind::Tcp => {
                const DATA_OFFSET: u8 = 0xa0;
                const SYN: u8 = 0x02;
                segment[4..8].copy_from_slice(&sequence);
                segment[12..14].copy_from_slice(&[DATA_OFFSET, SYN]);
                segment[14..16].copy_from_slice(&5_840u16.to_be_bytes());
                segment[20..].copy_from_slice(&SYN_OPTIONS);
                16
            }
        };
        let sum = header.checksum(segment);
        let sum = if sum == 0 && transport == protocol::UDP { u16::MAX } else { sum };
        segment[sum_at..sum_at + 2].copy_from_slice(&sum.to_be_bytes());
        let waiting = self.probes.sockets.entry(id).or_insert_with(|| Waiting {
            protocol: transport,
            destination: destination.ip(),
            sent: Vec::new(),
            events: VecDeque::new(),
            waker: None,
        });
        waiting.sent.push((source_port, destination.port()));
        self.probe_output(packet, discovery);
        Ok(())
    }

    /// `PathMtuDiscovery::Do` sends what fits the link, whatever is known about the path (`IP_PMTUDISC_PROBE`, ip(7)).
    fn probe_output(&mut self, packet: Vec<u8>, discovery: PathMtuDiscovery) {
        if discovery != PathMtuDiscovery::Do {
            self.ip_output(packet);
            return;
        }
        let Some(ip) = IpView::parse(&packet[ETHERNET_HEADER..]) else { return };
        match self.route(ip.destination).filter(|route| !route.local) {
            Some(route) => self.nics[route.interface].link.send(self.now, route.next_hop, packet),
            None => self.ip_output(packet),
        }
    }

    /// A segment or datagram arrives; whether it answers a probe.
    pub(super) fn probe_answered(&mut self, ip: &IpView, segment: &[u8]) -> bool {
        let Some(&[a, b, c, d]) = segment.first_chunk() else { return false };
        let ports = (u16::from_be_bytes([c, d]), u16::from_be_bytes([a, b]));
        self.tell_probe(ip, ip.protocol, ip.source, ports, None)
    }

    /// An ICMP error arrives, or the host's own kernel has one to tell; whether it is about a probe.
    pub(super) fn probe_failed(&mut self, ip: &IpView, quoted: &Quoted, error: IcmpError) -> bool {
        let ports = (quoted.source_port, quoted.destination_port);
        self.tell_probe(ip, quoted.protocol, quoted.destination, ports, Some(error))
    }

    fn tell_probe(
        &mut self,
        ip: &IpView,
        transport: u8,
        destination: IpAddr,
        ports: (u16, u16),
        error: Option<IcmpError>,
    ) -> bool {
        let event = ProbeEvent { from: ip.source, ttl: ip.ttl, ports, error, at: self.now };
        let mut sockets = self.probes.sockets.values_mut();
        let Some(waiting) = sockets.find(|waiting| {
            waiting.protocol == transport && waiting.destination == destination && waiting.sent.contains(&ports)
        }) else {
            return false;
        };
        waiting.events.push_back(event);
        if let Some(waker) = waiting.waker.take() {
            waker.wake();
        }
        true
    }

    fn poll_probe(&mut self, id: SocketId, cx: &Context<'_>) -> Poll<ProbeEvent> {
        let Some(waiting) = self.probes.sockets.get_mut(&id) else { return Poll::Pending };
        match waiting.events.pop_front() {
            Some(event) => Poll::Ready(event),
            None => {
                wait(&mut waiting.waker, cx);
                Poll::Pending
            }
        }
    }
}

/// Sends probes to one destination and hears what comes of them; letting go of it ends that.
pub(crate) struct ProbeSocket {
    desk: Desk,
    id: SocketId,
}

impl ProbeSocket {
    /// Sends a probe.
    pub(crate) fn send(&self, probe: Probe) -> Result<(), Errno> {
        self.desk.with(|kernel| kernel.send_probe(self.id, probe))
    }

    /// The next answer or error.
    pub(crate) async fn recv(&self) -> ProbeEvent {
        poll_fn(|cx| self.desk.with(|kernel| kernel.poll_probe(self.id, cx))).await
    }
}

impl Drop for ProbeSocket {
    fn drop(&mut self) {
        self.desk.with_if_laid(|kernel| {
            kernel.probes.sockets.remove(&self.id);
        });
    }
}

impl Sys {
    /// A socket for probes.
    pub(crate) fn probe_open(&self) -> ProbeSocket {
        ProbeSocket { desk: self.desk, id: self.kernel(|kernel| kernel.sockets.next_id()) }
    }

    /// A port that no socket of the host's has, for a program that makes its own packets.
    pub(crate) fn free_port(&self) -> u16 {
        self.kernel(|kernel| kernel.local_ports().next().expect("the range of local ports is not empty"))
    }
}
