//! One smoltcp stack per network interface.
//!
//! smoltcp does TCP, UDP, echo replies and the ICMP errors a host owes (RFC 1122); it speaks plain IP, and
//! [`Link`](super::neighbour::Link) below it speaks Ethernet. Packets travel as buffers with room for the Ethernet header in
//! front, so they are moved between the layers and never copied.

use std::collections::VecDeque;
use std::net::IpAddr;

use smoltcp::iface::{Config, Interface, PollResult, SocketSet};
use smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::time::Instant;
use smoltcp::wire::{HardwareAddress, IpCidr};

use super::neighbour::ETHERNET_HEADER;
use crate::engine::SimTime;

/// A stack with its sockets and its two queues.
pub(super) struct Stack {
    interface: Interface,
    queues: Queues,
    pub(super) sockets: SocketSet<'static>,
}

/// The device smoltcp sees.
struct Queues {
    mtu: u16,
    arrived: VecDeque<Vec<u8>>,
    leaving: VecDeque<Vec<u8>>,
}

impl Stack {
    pub(super) fn new(
        now: SimTime,
        mtu: u16,
        addresses: &[(IpAddr, u8)],
        gateways: &[IpAddr],
        random_seed: u64,
    ) -> Stack {
        let mut queues = Queues { mtu, arrived: VecDeque::new(), leaving: VecDeque::new() };
        let mut config = Config::new(HardwareAddress::Ip);
        config.random_seed = random_seed;
        let mut interface = Interface::new(config, &mut queues, instant(now));
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
        Stack { interface, queues, sockets: SocketSet::new(Vec::new()) }
    }

    /// Queues an IP packet, header room in front, for the next [`poll`](Self::poll).
    pub(super) fn push(&mut self, packet: Vec<u8>) {
        self.queues.arrived.push_back(packet);
    }

    /// Lets the stack work; says whether anything happened. Packets that leave are handed to `send`.
    pub(super) fn poll(&mut self, now: SimTime, mut send: impl FnMut(Vec<u8>)) -> bool {
        let mut worked = !self.queues.arrived.is_empty();
        while self.interface.poll(instant(now), &mut self.queues, &mut self.sockets) == PollResult::SocketStateChanged {
            worked = true;
        }
        worked |= !self.queues.leaving.is_empty();
        self.queues.leaving.drain(..).for_each(&mut send);
        worked
    }

    pub(super) fn next_wake(&mut self, now: SimTime) -> Option<SimTime> {
        let at = self.interface.poll_at(instant(now), &self.sockets)?;
        Some(SimTime::from_nanos(u64::try_from(at.total_micros()).unwrap_or(0).saturating_mul(1_000)))
    }

    /// A socket together with the interface it may need to act.
    pub(super) fn interface_and_sockets(&mut self) -> (&mut Interface, &mut SocketSet<'static>) {
        (&mut self.interface, &mut self.sockets)
    }
}

/// smoltcp counts microseconds; a moment is rounded up, so that what smoltcp schedules is never early: a SYN's third second
/// ends after a program's three seconds of patience that began with it.
pub(super) fn instant(now: SimTime) -> Instant {
    Instant::from_micros(i64::try_from(now.as_nanos().div_ceil(1_000)).unwrap_or(i64::MAX))
}

pub(super) struct Arrived(Vec<u8>);

pub(super) struct Leaving<'a>(&'a mut VecDeque<Vec<u8>>);

impl Device for Queues {
    type RxToken<'a> = Arrived;
    type TxToken<'a> = Leaving<'a>;

    fn receive(&mut self, _: Instant) -> Option<(Arrived, Leaving<'_>)> {
        let packet = self.arrived.pop_front()?;
        Some((Arrived(packet), Leaving(&mut self.leaving)))
    }

    fn transmit(&mut self, _: Instant) -> Option<Leaving<'_>> {
        Some(Leaving(&mut self.leaving))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ip;
        capabilities.max_transmission_unit = usize::from(self.mtu);
        capabilities
    }
}

impl RxToken for Arrived {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, f: F) -> R {
        f(&self.0[ETHERNET_HEADER..])
    }
}

impl TxToken for Leaving<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, f: F) -> R {
        let mut packet = vec![0; ETHERNET_HEADER + len];
        let result = f(&mut packet[ETHERNET_HEADER..]);
        self.0.push_back(packet);
        result
    }
}
