//! One smoltcp stack per network interface.
//!
//! smoltcp does TCP and the ICMP errors and resets that a host owes (RFC 1122); it speaks plain IP, and
//! [`Link`](super::neighbour::Link) below it speaks Ethernet. Packets travel as buffers with room for the Ethernet header in
//! front, so they are moved between the layers and never copied.

use std::collections::VecDeque;
use std::mem;
use std::net::IpAddr;

use smoltcp::iface::{Config, Interface, PollIngressSingleResult, PollResult, SocketHandle, SocketSet};
use smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::socket::tcp;
use smoltcp::time::Instant;
use smoltcp::wire::{HardwareAddress, IpCidr, IpEndpoint, IpListenEndpoint};

use super::neighbour::ETHERNET_HEADER;
use crate::engine::SimTime;
use crate::net::BufferPool;

/// A stack with its sockets and its two queues.
pub(super) struct Stack {
    interface: Interface,
    queues: Queues,
    sockets: SocketSet<'static>,
    due: Due,
}

/// When the stack has something to do by itself.
#[derive(Clone, Copy, Debug)]
enum Due {
    /// Not known since a socket was used or a packet was read.
    Unknown,
    At(Option<Instant>),
}

/// The device smoltcp sees.
struct Queues {
    mtu: u16,
    arrived: VecDeque<Vec<u8>>,
    /// The packet that smoltcp read last; its buffer is free when the next one comes.
    reading: Vec<u8>,
    leaving: VecDeque<Vec<u8>>,
    /// The partition's while the stack works, else empty.
    pool: BufferPool,
}

impl Stack {
    pub(super) fn new(
        now: SimTime,
        mtu: u16,
        addresses: &[(IpAddr, u8)],
        gateways: &[IpAddr],
        random_seed: u64,
    ) -> Stack {
        let mut queues = Queues {
            mtu,
            arrived: VecDeque::new(),
            reading: Vec::new(),
            leaving: VecDeque::new(),
            pool: BufferPool::default(),
        };
        let interface = interface(now, &mut queues, addresses, gateways, random_seed);
        Stack { interface, queues, sockets: SocketSet::new(Vec::new()), due: Due::At(None) }
    }

    /// Takes other addresses and gateways, and connections that open from now on have room for `mtu` bytes. smoltcp asks its
    /// device only once, so the interface is made anew below the same sockets.
    pub(super) fn configure(
        &mut self,
        now: SimTime,
        mtu: u16,
        addresses: &[(IpAddr, u8)],
        gateways: &[IpAddr],
        random_seed: u64,
    ) {
        self.queues.mtu = mtu;
        self.due = Due::Unknown;
        self.interface = interface(now, &mut self.queues, addresses, gateways, random_seed);
    }

    /// Queues an IP packet, header room in front, for the next [`poll`](Self::poll).
    pub(super) fn push(&mut self, packet: Vec<u8>) {
        self.queues.arrived.push_back(packet);
    }

    /// Lets the stack work, if it has anything to do. What leaves waits for [`take_leaving`](Self::take_leaving). Buffers are
    /// taken from the pool and given back to it.
    ///
    /// smoltcp walks all its sockets whenever it is asked for packets, so it is asked only when there can be some.
    pub(super) fn poll(&mut self, now: SimTime, pool: &mut BufferPool) {
        let at = instant(now);
        if self.queues.arrived.is_empty() && self.due(at).is_none_or(|due| due > at) {
            return;
        }
        mem::swap(&mut self.queues.pool, pool);
        let Stack { interface, queues, sockets, .. } = self;
        while interface.poll_ingress_single(at, queues, sockets) != PollIngressSingleResult::None {}
        while interface.poll_egress(at, queues, sockets) == PollResult::SocketStateChanged {}
        let read = mem::take(&mut self.queues.reading);
        self.queues.pool.give(read);
        mem::swap(&mut self.queues.pool, pool);
        self.due = Due::Unknown;
    }

    /// The next packet that leaves, header room in front.
    pub(super) fn take_leaving(&mut self) -> Option<Vec<u8>> {
        self.queues.leaving.pop_front()
    }

    pub(super) fn next_wake(&mut self, now: SimTime) -> Option<SimTime> {
        let at = self.due(instant(now))?;
        Some(SimTime::from_nanos(u64::try_from(at.total_micros()).unwrap_or(0).saturating_mul(1_000)))
    }

    fn due(&mut self, at: Instant) -> Option<Instant> {
        match self.due {
            Due::At(due) => due,
            Due::Unknown => {
                let due = self.interface.poll_at(at, &self.sockets);
                self.due = Due::At(due);
                due
            }
        }
    }

    /// All its sockets, to look at.
    pub(super) fn sockets(&self) -> &SocketSet<'static> {
        &self.sockets
    }

    /// A connection, to look at.
    pub(super) fn tcp(&self, handle: SocketHandle) -> &tcp::Socket<'static> {
        self.sockets.get(handle)
    }

    /// A connection, to wait at: nothing that makes it speak.
    pub(super) fn tcp_to_wait(&mut self, handle: SocketHandle) -> &mut tcp::Socket<'static> {
        self.sockets.get_mut(handle)
    }

    /// A connection, to use.
    pub(super) fn tcp_mut(&mut self, handle: SocketHandle) -> &mut tcp::Socket<'static> {
        self.due = Due::Unknown;
        self.sockets.get_mut(handle)
    }

    /// Opens a connection from a new socket.
    pub(super) fn connect(
        &mut self,
        mut socket: tcp::Socket<'static>,
        remote: IpEndpoint,
        local: IpListenEndpoint,
    ) -> Result<SocketHandle, tcp::ConnectError> {
        socket.connect(self.interface.context(), remote, local)?;
        Ok(self.add(socket))
    }

    /// Adds a socket.
    pub(super) fn add(&mut self, socket: tcp::Socket<'static>) -> SocketHandle {
        self.due = Due::Unknown;
        self.sockets.add(socket)
    }

    /// Removes a socket.
    pub(super) fn remove(&mut self, handle: SocketHandle) {
        self.due = Due::Unknown;
        self.sockets.remove(handle);
    }
}

/// An interface with its addresses and default routes.
fn interface(
    now: SimTime,
    queues: &mut Queues,
    addresses: &[(IpAddr, u8)],
    gateways: &[IpAddr],
    random_seed: u64,
) -> Interface {
    let mut config = Config::new(HardwareAddress::Ip);
    config.random_seed = random_seed;
    let mut interface = Interface::new(config, queues, instant(now));
    interface.update_ip_addrs(|list| {
        for &(address, prefix) in addresses {
            // The room is a compile-time size (`iface-max-addr-count`); `Kernel::new` says what does not fit.
            let _ = list.push(IpCidr::new(address.into(), prefix));
        }
    });
    for &gateway in gateways {
        match gateway {
            IpAddr::V4(gateway) => {
                interface.routes_mut().add_default_ipv4_route(gateway).expect("the route table was empty");
            }
            IpAddr::V6(gateway) => {
                interface.routes_mut().add_default_ipv6_route(gateway).expect("two routes fit");
            }
        }
    }
    interface
}

/// smoltcp counts microseconds; a moment is rounded up, so that what smoltcp schedules is never early: a SYN's third second
/// ends after a program's three seconds of patience that began with it.
pub(super) fn instant(now: SimTime) -> Instant {
    Instant::from_micros(i64::try_from(now.as_nanos().div_ceil(1_000)).unwrap_or(i64::MAX))
}

/// A packet for smoltcp to read.
pub(super) struct Arrived<'a>(&'a [u8]);

/// Where smoltcp writes a packet.
pub(super) struct Leaving<'a> {
    leaving: &'a mut VecDeque<Vec<u8>>,
    pool: &'a mut BufferPool,
}

impl Device for Queues {
    type RxToken<'a> = Arrived<'a>;
    type TxToken<'a> = Leaving<'a>;

    fn receive(&mut self, _: Instant) -> Option<(Arrived<'_>, Leaving<'_>)> {
        let packet = self.arrived.pop_front()?;
        self.pool.give(mem::replace(&mut self.reading, packet));
        Some((Arrived(&self.reading), Leaving { leaving: &mut self.leaving, pool: &mut self.pool }))
    }

    fn transmit(&mut self, _: Instant) -> Option<Leaving<'_>> {
        Some(Leaving { leaving: &mut self.leaving, pool: &mut self.pool })
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ip;
        capabilities.max_transmission_unit = usize::from(self.mtu);
        capabilities
    }
}

impl RxToken for Arrived<'_> {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, f: F) -> R {
        f(&self.0[ETHERNET_HEADER..])
    }
}

impl TxToken for Leaving<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, f: F) -> R {
        let mut packet = self.pool.take_filled(ETHERNET_HEADER + len);
        let result = f(&mut packet[ETHERNET_HEADER..]);
        self.leaving.push_back(packet);
        result
    }
}
