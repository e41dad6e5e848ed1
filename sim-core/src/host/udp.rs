//! UDP sockets (RFC 768, udp(7)).
//!
//! They are our own rather than smoltcp's: a datagram waits in the buffer it arrived in and is written where it leaves from, so
//! that a socket owns no memory for packets, belongs to all interfaces at once, and each datagram is copied once. smoltcp keeps
//! what a host owes for a port nobody has: ICMP's "port unreachable".

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Range;
use std::task::{Context, Poll, Waker};

use super::errno::{Errno, IcmpError};
use super::header::{OutgoingHeader, header_len};
use super::kernel::Kernel;
use super::neighbour::ETHERNET_HEADER;
use super::network::IpView;
use super::socket::{SocketId, wait};
use crate::net::{Datagram, MacAddr, protocol};

const UDP_HEADER: usize = 8;
/// Bytes of datagrams that wait to be read; what comes then is dropped (Linux's `net.core.rmem_default`).
const RECEIVE_BUFFER: usize = 212_992;

/// A UDP socket as the kernel keeps it.
pub(super) struct UdpSocket {
    port: u16,
    /// Whom it is connected to: it hears nobody else.
    peer: Option<SocketAddr>,
    datagrams: VecDeque<Waiting>,
    /// Their bytes.
    waiting: usize,
    failed: Option<Errno>,
    waker: Option<Waker>,
}

/// A datagram that nobody has read yet.
struct Waiting {
    from: SocketAddr,
    packet: Vec<u8>,
    payload: Range<usize>,
}

impl UdpSocket {
    /// Its port, its peer and the bytes that wait, as a list of sockets shows them.
    pub(super) fn line(&self) -> (u16, Option<SocketAddr>, usize) {
        (self.port, self.peer, self.waiting)
    }

    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

impl Kernel {
    /// A socket on a port of every interface; on a free one when `port` is 0.
    pub(super) fn udp_bind(&mut self, port: u16) -> Result<SocketId, Errno> {
        let taken = |kernel: &Kernel, port: u16| {
            kernel.sockets.udp.values().any(|socket| socket.port == port && socket.peer.is_none())
        };
        let port = match port {
            0 => self.local_ports().find(|&port| !taken(self, port)).ok_or(Errno::AddressNotAvailable)?,
            port if taken(self, port) => return Err(Errno::AddressInUse),
            port => port,
        };
        let id = self.sockets.next_id();
        let socket = UdpSocket { port, peer: None, datagrams: VecDeque::new(), waiting: 0, failed: None, waker: None };
        self.sockets.udp.insert(id, socket);
        Ok(id)
    }

    /// Hears and sends to one peer from now on, and answers the address it is sent to from.
    pub(super) fn udp_connect(&mut self, id: SocketId, peer: SocketAddr) -> Result<SocketAddr, Errno> {
        let route = self.route(peer.ip()).ok_or(Errno::NetworkUnreachable)?;
        let socket = self.sockets.udp.get_mut(&id).ok_or(Errno::BrokenPipe)?;
        socket.peer = Some(peer);
        Ok(SocketAddr::new(route.source, socket.port))
    }

    pub(super) fn udp_close(&mut self, id: SocketId) {
        let Some(socket) = self.sockets.udp.remove(&id) else { return };
        for datagram in socket.datagrams {
            self.pool.give(datagram.packet);
        }
    }

    /// Sends a datagram, to the peer of the socket where `to` does not say. One that does not fit the path leaves in fragments
    /// (`IP_PMTUDISC_WANT`, ip(7)).
    pub(super) fn udp_send(&mut self, id: SocketId, to: Option<SocketAddr>, data: &[u8]) -> Result<(), Errno> {
        let socket = self.sockets.udp.get_mut(&id).ok_or(Errno::BrokenPipe)?;
        if let Some(errno) = socket.failed.take() {
            return Err(errno);
        }
        let port = socket.port;
        let to = to.or(socket.peer).ok_or(Errno::AddressNotAvailable)?;
        let (route, path_mtu) = self.way_to(to.ip()).ok_or(Errno::NetworkUnreachable)?;
        let header_len = header_len(to.ip());
        let payload_len = UDP_HEADER + data.len();
        let len = header_len + payload_len;
        if len > usize::from(u16::MAX) {
            return Err(Errno::MessageTooLong { mtu: u16::MAX });
        }
        let header = OutgoingHeader {
            source: route.source,
            destination: to.ip(),
            protocol: protocol::UDP,
            hop_limit: self.profile.initial_ttl(),
            identification: self.random.next_u64() as u16,
            dont_fragment: len <= usize::from(path_mtu),
        };
        let mut packet = self.pool.take_filled(ETHERNET_HEADER + len);
        let (head, segment) = packet[ETHERNET_HEADER..].split_at_mut(header_len);
        header.write(head, payload_len)?;
        segment[..2].copy_from_slice(&port.to_be_bytes());
        segment[2..4].copy_from_slice(&to.port().to_be_bytes());
        segment[4..6].copy_from_slice(&(payload_len as u16).to_be_bytes());
        segment[6..8].fill(0);
        segment[UDP_HEADER..].copy_from_slice(data);
        let sum = header.checksum(segment);
        // RFC 768: 0 would say that there is none.
        segment[6..8].copy_from_slice(&if sum == 0 { u16::MAX } else { sum }.to_be_bytes());
        self.ip_output(packet);
        Ok(())
    }

    /// Sends a datagram to everybody on an interface's link, from no address.
    pub(super) fn udp_broadcast(&mut self, id: SocketId, interface: usize, port: u16, data: &[u8]) {
        let (Some(socket), Some(nic)) = (self.sockets.udp.get(&id), self.nics.get_mut(interface)) else { return };
        let datagram = Datagram {
            source_mac: nic.config.mac,
            destination_mac: MacAddr::BROADCAST,
            source: SocketAddr::from((Ipv4Addr::UNSPECIFIED, socket.port)),
            destination: SocketAddr::from((Ipv4Addr::BROADCAST, port)),
        };
        nic.link.outbox.push_back(datagram.into_frame(data, Vec::new()).bytes);
    }

    /// The next datagram, cut to the buffer; or an error that an earlier one met.
    pub(super) fn poll_udp_receive(
        &mut self,
        id: SocketId,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<Result<(usize, SocketAddr), Errno>> {
        let Some(socket) = self.sockets.udp.get_mut(&id) else { return Poll::Ready(Err(Errno::BrokenPipe)) };
        if let Some(errno) = socket.failed.take() {
            return Poll::Ready(Err(errno));
        }
        let Some(Waiting { from, packet, payload }) = socket.datagrams.pop_front() else {
            wait(&mut socket.waker, cx);
            return Poll::Pending;
        };
        socket.waiting -= payload.len();
        let len = payload.len().min(buffer.len());
        buffer[..len].copy_from_slice(&packet[payload][..len]);
        self.pool.give(packet);
        Poll::Ready(Ok((len, from)))
    }

    /// A datagram arrives for a socket. Gives back one that no socket is there for.
    pub(super) fn udp_input(&mut self, packet: Vec<u8>, ip: &IpView) -> Option<Vec<u8>> {
        let segment = &packet[ETHERNET_HEADER + ip.header_len..ETHERNET_HEADER + ip.total_len];
        let word = |at: usize| u16::from_be_bytes([segment[at], segment[at + 1]]);
        if segment.len() < UDP_HEADER {
            return Some(packet);
        }
        let (from, port) = (SocketAddr::new(ip.source, word(0)), word(2));
        let Some(socket) = self.sockets.udp_of(port, from) else { return Some(packet) };
        let len = usize::from(word(4));
        let room = socket.waiting + len <= RECEIVE_BUFFER;
        let whole = (UDP_HEADER..=segment.len()).contains(&len) && has_right_checksum(ip, &segment[..len]);
        if room && whole {
            let start = ETHERNET_HEADER + ip.header_len;
            let payload = start + UDP_HEADER..start + len;
            socket.waiting += payload.len();
            socket.datagrams.push_back(Waiting { from, packet, payload });
            socket.wake();
        } else {
            self.pool.give(packet);
        }
        None
    }

    /// An ICMP error about a datagram of ours: its socket is told if it is connected (udp(7)).
    pub(super) fn udp_error(&mut self, port: u16, remote: SocketAddr, error: IcmpError) {
        let Some(errno) = error.udp_errno() else { return };
        let mut sockets = self.sockets.udp.values_mut();
        if let Some(socket) = sockets.find(|socket| socket.port == port && socket.peer == Some(remote)) {
            socket.failed = Some(errno);
            socket.wake();
        }
    }
}

impl super::socket::Sockets {
    /// Whose datagram it is: that of the socket connected to the sender, or else of the one that hears everybody.
    fn udp_of(&mut self, port: u16, from: SocketAddr) -> Option<&mut UdpSocket> {
        let mut best = None;
        for socket in self.udp.values_mut().filter(|socket| socket.port == port) {
            match socket.peer {
                Some(peer) if peer == from => return Some(socket),
                None => best = Some(socket),
                Some(_) => {}
            }
        }
        best
    }
}

/// Over IPv4 a datagram may come without one (RFC 768).
fn has_right_checksum(ip: &IpView, segment: &[u8]) -> bool {
    ip.source.is_ipv4() && segment[6..8] == [0, 0] || ip.checksum(segment) == 0
}
