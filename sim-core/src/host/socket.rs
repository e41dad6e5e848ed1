//! Sockets as a kernel keeps them: TCP connections and listeners, and ICMP echo. Those of UDP are in `udp.rs`.
//!
//! TCP is smoltcp's. What smoltcp leaves to the host is here: the backlog of a listener (a smoltcp listening socket
//! serves one connection, so one is made when a SYN arrives), the choice of local ports, connect() that hears ICMP errors and
//! gives up as Linux does, and sockets that go away when their connection has ended. Echo sockets are our own, because a
//! ping shows the reply's TTL, which smoltcp does not hand up.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::task::{Context, Poll, Waker};

use smoltcp::iface::SocketHandle;
use smoltcp::socket::tcp;
use smoltcp::time::Duration;
use smoltcp::wire::{IpEndpoint, IpListenEndpoint};

use super::errno::{Errno, IcmpError};
use super::header::{OutgoingHeader, header_len};
use super::kernel::Kernel;
use super::neighbour::ETHERNET_HEADER;
use super::network::{IpView, Quoted};
use super::socket_table::{SocketLine, SocketProtocol, SocketState};
use super::udp::UdpSocket;
use crate::engine::{SimDuration, SimTime};
use crate::net::protocol;

/// The type of an echo request (RFC 792).
const ECHO_REQUEST: u8 = 8;
/// The same over IPv6 (RFC 4443 §4.1).
const ECHO_REQUEST_V6: u8 = 128;
/// Full segments that are acknowledged one by one at the start of a connection (Linux's `TCP_MAX_QUICKACKS`).
const QUICK_ACKS: usize = 16;
/// How long an acknowledgement waits for a second segment after that. `Differs from AWS:` Linux waits 40 ms or more, but its
/// Nagle algorithm lets the end of a transfer go (Minshall's variant) where smoltcp's waits for that acknowledgement.
const ACK_DELAY: Duration = Duration::from_millis(1);
/// Connections a listener holds that nobody has accepted.
const BACKLOG: usize = 128;
/// Linux's `tcp_fin_timeout`: how long the end of a connection is remembered.
const LINGER: SimDuration = SimDuration::from_secs(60);
/// An established connection gives up after about `tcp_retries2` = 15 retransmissions (tcp(7)).
const RETRANSMIT_TIMEOUT: Duration = Duration::from_secs(925);

/// Sizes of a connection's buffers in bytes, made when it opens: the socket options SO_SNDBUF and SO_RCVBUF (socket(7)).
///
/// `Differs from AWS:` Linux lets buffers grow with a connection, up to 4 and 6 MiB (`tcp_wmem`, `tcp_rmem`); here they stay as
/// they are, so a program that measures asks at once for what they would grow to, and others have little memory each. What is
/// asked for is not held below `net.core.wmem_max`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct TcpBuffers {
    /// Of what was written and not acknowledged yet.
    pub(crate) send: usize,
    /// Of what arrived and was not read yet; the most that is announced as the window.
    pub(crate) receive: usize,
}

impl Default for TcpBuffers {
    fn default() -> TcpBuffers {
        TcpBuffers { send: 64 * 1024, receive: 64 * 1024 }
    }
}

/// All sockets of a host.
#[derive(Default)]
pub(super) struct Sockets {
    next: u32,
    pub(super) udp: BTreeMap<SocketId, UdpSocket>,
    tcp: BTreeMap<SocketId, TcpSocket>,
    listeners: BTreeMap<u16, Listening>,
    echo: BTreeMap<SocketId, EchoSocket>,
    /// Connections whose program has closed them, until they have ended on the wire.
    closing: Vec<(usize, SocketHandle, SimTime)>,
}

/// Names a socket of one host.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct SocketId(u32);

struct TcpSocket {
    interface: usize,
    handle: SocketHandle,
    local: SocketAddr,
    remote: SocketAddr,
    opened: SimTime,
    /// Bytes still to be read before acknowledgements are delayed.
    quick_ack: usize,
    failed: Option<Errno>,
    waker: Option<Waker>,
}

#[derive(Default)]
struct Listening {
    /// Tells one listener of a port from the next.
    token: u32,
    buffers: TcpBuffers,
    pending: Vec<(usize, SocketHandle)>,
    waker: Option<Waker>,
}

struct EchoSocket {
    identifier: u16,
    events: VecDeque<EchoEvent>,
    waker: Option<Waker>,
}

/// What a pinging program hears.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum EchoEvent {
    /// An echo reply.
    Reply { from: IpAddr, sequence: u16, ttl: u8, len: usize, at: SimTime },
    /// An ICMP error about one of our requests.
    Error { from: IpAddr, sequence: u16, error: IcmpError },
}

/// An echo request to send.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EchoRequest<'a> {
    pub(crate) source: Option<IpAddr>,
    pub(crate) destination: IpAddr,
    pub(crate) sequence: u16,
    pub(crate) payload: &'a [u8],
    pub(crate) ttl: Option<u8>,
    pub(crate) discovery: PathMtuDiscovery,
}

/// The IP_MTU_DISCOVER socket option (ip(7)).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum PathMtuDiscovery {
    /// DF while the packet fits the known path; fragment what does not.
    Want,
    /// DF always; refuse what does not fit.
    Do,
    /// DF never.
    Dont,
}

impl Sockets {
    /// The listeners, as a list of sockets shows them; `is_open` says whether a connection that nobody has accepted is past its handshake.
    pub(super) fn listener_lines(
        &self,
        everywhere: impl Fn(u16) -> SocketAddr,
        is_open: impl Fn(usize, SocketHandle) -> bool,
    ) -> Vec<SocketLine> {
        let line = |(&port, listener): (&u16, &Listening)| SocketLine {
            protocol: SocketProtocol::Tcp,
            state: SocketState::Listen,
            receive_queue: listener.pending.iter().filter(|&&(nic, handle)| is_open(nic, handle)).count(),
            send_queue: BACKLOG,
            local: everywhere(port),
            remote: None,
        };
        self.listeners.iter().map(line).collect()
    }

    pub(super) fn next_id(&mut self) -> SocketId {
        self.next += 1;
        SocketId(self.next)
    }
}

/// TCP.
impl Kernel {
    /// Opens a connection; [`poll_connected`](Self::poll_connected) says how it went.
    pub(super) fn tcp_connect(&mut self, remote: SocketAddr, buffers: TcpBuffers) -> Result<SocketId, Errno> {
        let route = self.route(remote.ip()).ok_or(Errno::NetworkUnreachable)?;
        let port = self.free_local_port().ok_or(Errno::AddressNotAvailable)?;
        let socket = self.new_tcp_socket(buffers);
        let local = IpListenEndpoint { addr: Some(route.source.into()), port };
        let stack = &mut self.nics[route.interface].stack;
        let handle = stack.connect(socket, IpEndpoint::from(remote), local).map_err(|_| Errno::AddressNotAvailable)?;
        Ok(self.add_connection(route.interface, handle, SocketAddr::new(route.source, port), remote))
    }

    fn add_connection(
        &mut self,
        interface: usize,
        handle: SocketHandle,
        local: SocketAddr,
        remote: SocketAddr,
    ) -> SocketId {
        let id = self.sockets.next_id();
        let quick_ack = QUICK_ACKS * usize::from(self.link_mtu(interface));
        let opened = self.now;
        let entry = TcpSocket { interface, handle, local, remote, opened, quick_ack, failed: None, waker: None };
        self.sockets.tcp.insert(id, entry);
        id
    }

    pub(super) fn poll_connected(&mut self, id: SocketId, cx: &mut Context<'_>) -> Poll<Result<(), Errno>> {
        let Some(entry) = self.sockets.tcp.get_mut(&id) else { return Poll::Ready(Err(Errno::ConnectionReset)) };
        if let Some(errno) = entry.failed {
            return Poll::Ready(Err(errno));
        }
        let socket = self.nics[entry.interface].stack.tcp_to_wait(entry.handle);
        match socket.state() {
            tcp::State::SynSent | tcp::State::SynReceived => {
                socket.register_recv_waker(cx.waker());
                entry.waker = Some(cx.waker().clone());
                Poll::Pending
            }
            tcp::State::Closed => Poll::Ready(Err(Errno::ConnectionRefused)),
            _ => Poll::Ready(Ok(())),
        }
    }

    pub(super) fn poll_read(
        &mut self,
        id: SocketId,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, Errno>> {
        let Some(entry) = self.sockets.tcp.get_mut(&id) else { return Poll::Ready(Err(Errno::ConnectionReset)) };
        let stack = &mut self.nics[entry.interface].stack;
        let socket = stack.tcp_to_wait(entry.handle);
        if !buffer.is_empty() && socket.may_recv() && !socket.can_recv() {
            socket.register_recv_waker(cx.waker());
            return Poll::Pending;
        }
        let socket = stack.tcp_mut(entry.handle);
        match socket.recv_slice(buffer) {
            Ok(len) => {
                if entry.quick_ack > 0 {
                    entry.quick_ack = entry.quick_ack.saturating_sub(len);
                    if entry.quick_ack == 0 {
                        socket.set_ack_delay(Some(ACK_DELAY));
                    }
                }
                Poll::Ready(Ok(len))
            }
            Err(tcp::RecvError::Finished) => Poll::Ready(Ok(0)),
            Err(tcp::RecvError::InvalidState) => Poll::Ready(Err(Errno::ConnectionReset)),
        }
    }

    pub(super) fn poll_write(
        &mut self,
        id: SocketId,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize, Errno>> {
        let Some(socket) = self.tcp_socket(id) else { return Poll::Ready(Err(Errno::ConnectionReset)) };
        match socket.send_slice(bytes) {
            Ok(0) if !bytes.is_empty() => {
                socket.register_send_waker(cx.waker());
                Poll::Pending
            }
            Ok(len) => Poll::Ready(Ok(len)),
            Err(tcp::SendError::InvalidState) if socket.state() == tcp::State::Closed => {
                Poll::Ready(Err(Errno::ConnectionReset))
            }
            Err(tcp::SendError::InvalidState) => Poll::Ready(Err(Errno::BrokenPipe)),
        }
    }

    /// Lets go of a connection. One that is still opening vanishes without a word, as Linux's does.
    pub(super) fn tcp_close(&mut self, id: SocketId) {
        let Some(entry) = self.sockets.tcp.remove(&id) else { return };
        let stack = &mut self.nics[entry.interface].stack;
        let socket = stack.tcp_mut(entry.handle);
        if matches!(socket.state(), tcp::State::SynSent | tcp::State::Closed) {
            stack.remove(entry.handle);
        } else {
            socket.close();
            self.sockets.closing.push((entry.interface, entry.handle, self.now + LINGER));
        }
    }

    /// Says that nothing more will be sent; what the peer sends is still read (shutdown(2), `SHUT_WR`).
    pub(super) fn tcp_shutdown(&mut self, id: SocketId) {
        if let Some(socket) = self.tcp_socket(id) {
            socket.close();
        }
    }

    /// Lets a connection send with another TTL or hop limit.
    pub(super) fn set_tcp_hop_limit(&mut self, id: SocketId, hop_limit: u8) {
        if let Some(socket) = self.tcp_socket(id) {
            socket.set_hop_limit(Some(hop_limit.max(1)));
        }
    }

    /// Our address and port, and the peer's.
    pub(super) fn tcp_addresses(&self, id: SocketId) -> Option<(SocketAddr, SocketAddr)> {
        self.sockets.tcp.get(&id).map(|entry| (entry.local, entry.remote))
    }

    /// Connections that arrive on a port from now on get other buffers.
    pub(super) fn set_listener_buffers(&mut self, port: u16, buffers: TcpBuffers) {
        if let Some(listener) = self.sockets.listeners.get_mut(&port) {
            listener.buffers = buffers;
        }
    }

    pub(super) fn tcp_listen(&mut self, port: u16) -> Result<u32, Errno> {
        if self.sockets.listeners.contains_key(&port) {
            return Err(Errno::AddressInUse);
        }
        let SocketId(token) = self.sockets.next_id();
        self.sockets.listeners.insert(port, Listening { token, ..Listening::default() });
        Ok(token)
    }

    pub(super) fn poll_accept(&mut self, port: u16, cx: &mut Context<'_>) -> Poll<SocketId> {
        let Some(listener) = self.sockets.listeners.get_mut(&port) else { return Poll::Pending };
        let mut accepted = None;
        for (index, &(interface, handle)) in listener.pending.iter().enumerate() {
            let socket = self.nics[interface].stack.tcp_to_wait(handle);
            match socket.state() {
                tcp::State::Listen | tcp::State::SynReceived => {
                    socket.register_recv_waker(cx.waker());
                    socket.register_send_waker(cx.waker());
                }
                _ => {
                    accepted = Some(index);
                    break;
                }
            }
        }
        let Some(index) = accepted else {
            wait(&mut listener.waker, cx);
            return Poll::Pending;
        };
        let (interface, handle) = listener.pending.remove(index);
        let socket = self.nics[interface].stack.tcp(handle);
        let endpoint = |endpoint: Option<IpEndpoint>| {
            endpoint.map_or(SocketAddr::from(([0, 0, 0, 0], port)), |endpoint| {
                SocketAddr::new(endpoint.addr.into(), endpoint.port)
            })
        };
        let (local, remote) = (endpoint(socket.local_endpoint()), endpoint(socket.remote_endpoint()));
        Poll::Ready(self.add_connection(interface, handle, local, remote))
    }

    /// Stops listening, unless the port has another listener by now; connections nobody accepted are reset.
    pub(super) fn tcp_unlisten(&mut self, port: u16, token: Option<u32>) {
        let listens = self.sockets.listeners.get(&port).map(|listener| listener.token);
        if token.is_some() && token != listens {
            return;
        }
        let Some(listener) = self.sockets.listeners.remove(&port) else { return };
        for (interface, handle) in listener.pending {
            self.nics[interface].stack.tcp_mut(handle).abort();
            self.sockets.closing.push((interface, handle, self.now + LINGER));
        }
    }

    /// Ports that are listened on.
    pub(crate) fn listening_ports(&self) -> Vec<u16> {
        self.sockets.listeners.keys().copied().collect()
    }

    /// A SYN arrives for a port: a listener makes a socket for it. False when its backlog is full and the SYN is dropped,
    /// as Linux drops it (listen(2)).
    pub(super) fn prepare_for_syn(&mut self, interface: usize, remote: SocketAddr, port: u16) -> bool {
        let Some((waiting, buffers)) =
            self.sockets.listeners.get(&port).map(|listener| (listener.pending.len(), listener.buffers))
        else {
            return true;
        };
        let remote = IpEndpoint::from(remote);
        let known = self.nics[interface].stack.sockets().iter().any(|(_, socket)| match socket {
            smoltcp::socket::Socket::Tcp(socket) => {
                let same_flow = socket.remote_endpoint() == Some(remote)
                    && socket.local_endpoint().is_some_and(|local| local.port == port);
                same_flow || socket.state() == tcp::State::Listen && socket.listen_endpoint().port == port
            }
            _ => false,
        });
        if known {
            return true;
        }
        if waiting >= BACKLOG {
            return false;
        }
        let mut socket = self.new_tcp_socket(buffers);
        socket.listen(port).expect("a new socket can listen on a port that is not 0");
        let handle = self.nics[interface].stack.add(socket);
        if let Some(listener) = self.sockets.listeners.get_mut(&port) {
            listener.pending.push((interface, handle));
            if let Some(waker) = listener.waker.take() {
                waker.wake();
            }
        }
        true
    }

    /// smoltcp never waits longer than 60 s before it repeats a SYN; Linux would wait 64 s for the next one and gives up
    /// before it is due (`tcp_syn_retries`).
    pub(super) fn is_superfluous_syn(&self, ip: &IpView, packet: &[u8]) -> bool {
        const LAST_SYN: SimDuration = SimDuration::from_secs(100);
        const SYN: u8 = 0x02;
        if ip.protocol != protocol::TCP || packet.get(ip.header_len + 13) != Some(&SYN) {
            return false;
        }
        let port = u16::from_be_bytes([packet[ip.header_len], packet[ip.header_len + 1]]);
        let opening = self.sockets.tcp.values().find(|entry| entry.local.port() == port);
        opening.is_some_and(|entry| self.now.since(entry.opened) > LAST_SYN)
    }

    /// Removes sockets whose connection has ended.
    pub(super) fn reap_sockets(&mut self) {
        if self.sockets.closing.is_empty() {
            return;
        }
        let now = self.now;
        let nics = &mut self.nics;
        self.sockets.closing.retain(|&(interface, handle, until)| {
            let stack = &mut nics[interface].stack;
            let ended = stack.tcp(handle).state() == tcp::State::Closed;
            if ended || until <= now {
                stack.remove(handle);
                return false;
            }
            true
        });
    }

    pub(super) fn next_reap(&self) -> Option<SimTime> {
        self.sockets.closing.iter().map(|&(.., until)| until).min()
    }

    fn tcp_socket(&mut self, id: SocketId) -> Option<&mut tcp::Socket<'static>> {
        let entry = self.sockets.tcp.get(&id)?;
        Some(self.nics[entry.interface].stack.tcp_mut(entry.handle))
    }

    fn new_tcp_socket(&self, buffers: TcpBuffers) -> tcp::Socket<'static> {
        let buffer = |len: usize| tcp::SocketBuffer::new(vec![0; len]);
        let mut socket = tcp::Socket::new(buffer(buffers.receive), buffer(buffers.send));
        socket.set_hop_limit(Some(self.profile.initial_ttl()));
        // Linux starts in quick-ACK mode; a delayed ACK would hold up every start of a flow by 10 ms.
        socket.set_ack_delay(None);
        socket.set_timeout(Some(RETRANSMIT_TIMEOUT));
        socket
    }

    fn free_local_port(&mut self) -> Option<u16> {
        let ports = |nic: &super::nic::Nic| {
            let taken = nic.stack.sockets().iter().filter_map(|(_, socket)| match socket {
                smoltcp::socket::Socket::Tcp(socket) => socket.local_endpoint().map(|endpoint| endpoint.port),
                _ => None,
            });
            taken.collect::<Vec<u16>>()
        };
        let taken: BTreeSet<u16> = self.nics.iter().flat_map(ports).collect();
        let mut candidates = self.local_ports();
        candidates.find(|port| !taken.contains(port) && !self.sockets.listeners.contains_key(port))
    }

    /// Every port a program may get without asking for one, from one that is drawn.
    pub(super) fn local_ports(&mut self) -> impl Iterator<Item = u16> + use<> {
        let ports = self.profile.local_ports();
        let count = ports.end() - ports.start() + 1;
        let first = self.random.below(u64::from(count)) as u16;
        (0..count).map(move |step| ports.start() + (first + step) % count)
    }
}

/// ICMP echo, and ICMP errors for everybody.
impl Kernel {
    pub(super) fn echo_open(&mut self) -> SocketId {
        let identifier = (1 + self.random.below(0xffff)) as u16;
        let id = self.sockets.next_id();
        self.sockets.echo.insert(id, EchoSocket { identifier, events: VecDeque::new(), waker: None });
        id
    }

    pub(super) fn echo_close(&mut self, id: SocketId) {
        self.sockets.echo.remove(&id);
    }

    pub(super) fn echo_send(&mut self, id: SocketId, request: EchoRequest<'_>) -> Result<(), Errno> {
        let Some(identifier) = self.sockets.echo.get(&id).map(|socket| socket.identifier) else {
            return Err(Errno::BrokenPipe);
        };
        let (route, path_mtu) = self.way_to(request.destination).ok_or(Errno::NetworkUnreachable)?;
        let source = request.source.unwrap_or(route.source);
        let header_len = header_len(source);
        let len = header_len + 8 + request.payload.len();
        if len > 65_535 || (request.discovery == PathMtuDiscovery::Do && len > usize::from(path_mtu)) {
            return Err(Errno::MessageTooLong { mtu: path_mtu });
        }
        let ttl = request.ttl.unwrap_or(self.profile.initial_ttl());
        let dont_fragment = match request.discovery {
            PathMtuDiscovery::Want => len <= usize::from(path_mtu),
            PathMtuDiscovery::Do => true,
            PathMtuDiscovery::Dont => false,
        };
        let header = OutgoingHeader {
            source,
            destination: request.destination,
            protocol: if source.is_ipv4() { protocol::ICMP } else { protocol::ICMPV6 },
            hop_limit: ttl.max(1),
            identification: self.random.next_u64() as u16,
            dont_fragment,
        };
        let mut packet = self.pool.take_filled(ETHERNET_HEADER + len);
        let (head, message) = packet[ETHERNET_HEADER..].split_at_mut(header_len);
        header.write(head, message.len())?;
        message[0] = if source.is_ipv4() { ECHO_REQUEST } else { ECHO_REQUEST_V6 };
        message[1..4].fill(0);
        message[4..6].copy_from_slice(&identifier.to_be_bytes());
        message[6..8].copy_from_slice(&request.sequence.to_be_bytes());
        message[8..].copy_from_slice(request.payload);
        let sum = header.checksum(message);
        message[2..4].copy_from_slice(&sum.to_be_bytes());
        self.ip_output(packet);
        Ok(())
    }

    pub(super) fn poll_echo(&mut self, id: SocketId, cx: &mut Context<'_>) -> Poll<EchoEvent> {
        let Some(socket) = self.sockets.echo.get_mut(&id) else { return Poll::Pending };
        match socket.events.pop_front() {
            Some(event) => Poll::Ready(event),
            None => {
                wait(&mut socket.waker, cx);
                Poll::Pending
            }
        }
    }

    pub(super) fn echo_replied(&mut self, ip: &IpView, identifier: u16, sequence: u16, len: usize) {
        let event = EchoEvent::Reply { from: ip.source, sequence, ttl: ip.ttl, len, at: self.now };
        self.tell_echo(identifier, event);
    }

    /// Tells the socket that sent the quoted packet.
    pub(super) fn icmp_error(&mut self, from: IpAddr, quoted: Quoted, error: IcmpError) {
        let remote = SocketAddr::new(quoted.destination, quoted.destination_port);
        match quoted.protocol {
            protocol::ICMP | protocol::ICMPV6 => {
                let event = EchoEvent::Error { from, sequence: quoted.destination_port, error };
                self.tell_echo(quoted.source_port, event);
            }
            protocol::TCP => {
                let Some(errno) = error.connect_errno() else { return };
                let nics = &self.nics;
                let opening = self.sockets.tcp.values_mut().find(|entry| {
                    let socket = nics[entry.interface].stack.tcp(entry.handle);
                    entry.remote == remote
                        && entry.local.port() == quoted.source_port
                        && socket.state() == tcp::State::SynSent
                });
                // After the handshake these errors are soft: TCP keeps retrying (RFC 1122 §4.2.3.9).
                if let Some(entry) = opening {
                    entry.failed = Some(errno);
                    if let Some(waker) = entry.waker.take() {
                        waker.wake();
                    }
                }
            }
            protocol::UDP => self.udp_error(quoted.source_port, remote, error),
            _ => {}
        }
    }

    fn tell_echo(&mut self, identifier: u16, event: EchoEvent) {
        if let Some(socket) = self.sockets.echo.values_mut().find(|socket| socket.identifier == identifier) {
            socket.events.push_back(event);
            if let Some(waker) = socket.waker.take() {
                waker.wake();
            }
        }
    }
}

/// Notes who waits; most often it is who waited before.
pub(super) fn wait(waker: &mut Option<Waker>, cx: &Context<'_>) {
    match waker {
        Some(waker) => waker.clone_from(cx.waker()),
        None => *waker = Some(cx.waker().clone()),
    }
}
