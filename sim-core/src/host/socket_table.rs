//! The host's sockets as `ss` and `netstat` list them (`/proc/net/tcp`, `/proc/net/udp`).

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use smoltcp::socket::{Socket, tcp};

use super::Sys;
use super::kernel::Kernel;

/// A transport protocol's sockets.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum SocketProtocol {
    Udp,
    Tcp,
}

/// What a socket is doing (RFC 9293 §3.3.2); `Unconnected` is UDP's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum SocketState {
    Unconnected,
    Listen,
    SynSent,
    SynReceived,
    Established,
    FinWait1,
    FinWait2,
    CloseWait,
    Closing,
    LastAck,
    TimeWait,
}

/// A line of the list.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct SocketLine {
    pub(crate) protocol: SocketProtocol,
    pub(crate) state: SocketState,
    /// Bytes that wait to be read; of a listener, connections that wait to be accepted.
    pub(crate) receive_queue: usize,
    /// Bytes that are not acknowledged; of a listener, its backlog.
    pub(crate) send_queue: usize,
    /// The address is unspecified when it is every address of the host.
    pub(crate) local: SocketAddr,
    pub(crate) remote: Option<SocketAddr>,
}

impl Kernel {
    fn socket_lines(&self) -> Vec<SocketLine> {
        let everywhere = |port| SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port);
        let mut lines: Vec<SocketLine> = self.sockets.listener_lines(everywhere, |nic, handle| {
            !matches!(self.nics[nic].stack.tcp(handle).state(), tcp::State::Listen | tcp::State::SynReceived)
        });
        lines.extend(self.sockets.udp.values().map(|socket| {
            let (port, peer, waiting) = socket.line();
            let own = peer.and_then(|peer| self.route(peer.ip())).map(|route| SocketAddr::new(route.source, port));
            SocketLine {
                protocol: SocketProtocol::Udp,
                state: if peer.is_some() { SocketState::Established } else { SocketState::Unconnected },
                receive_queue: waiting,
                send_queue: 0,
                local: own.unwrap_or(everywhere(port)),
                remote: peer,
            }
        }));
        for nic in &self.nics {
            for (_, socket) in nic.stack.sockets().iter() {
                let Socket::Tcp(socket) = socket else { continue };
                let (Some(state), Some(local), Some(remote)) =
                    (state_of(socket.state()), socket.local_endpoint(), socket.remote_endpoint())
                else {
                    continue;
                };
                lines.push(SocketLine {
                    protocol: SocketProtocol::Tcp,
                    state,
                    receive_queue: socket.recv_queue(),
                    send_queue: socket.send_queue(),
                    local: SocketAddr::new(local.addr.into(), local.port),
                    remote: Some(SocketAddr::new(remote.addr.into(), remote.port)),
                });
            }
        }
        lines.sort_unstable_by_key(|line| (line.protocol, line.state, line.local.port(), line.remote, line.local));
        lines
    }
}

/// A connection's state; `None` for what is not one.
fn state_of(state: tcp::State) -> Option<SocketState> {
    Some(match state {
        tcp::State::Closed | tcp::State::Listen => return None,
        tcp::State::SynSent => SocketState::SynSent,
        tcp::State::SynReceived => SocketState::SynReceived,
        tcp::State::Established => SocketState::Established,
        tcp::State::FinWait1 => SocketState::FinWait1,
        tcp::State::FinWait2 => SocketState::FinWait2,
        tcp::State::CloseWait => SocketState::CloseWait,
        tcp::State::Closing => SocketState::Closing,
        tcp::State::LastAck => SocketState::LastAck,
        tcp::State::TimeWait => SocketState::TimeWait,
    })
}

impl Sys {
    /// The host's sockets: by protocol, state and port.
    pub(crate) fn sockets(&self) -> Vec<SocketLine> {
        self.kernel(|kernel| kernel.socket_lines())
    }
}
