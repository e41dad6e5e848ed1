//! The hosts that answer at the far end of an instance's links: instance metadata, network time (ADDR-16), and the Resolver's for
//! questions over TCP (DNS-1).
//!
//! A service is a small host of its own behind each interface that asks for it: real segments, real datagrams, one link away. It
//! is made when it is first asked and goes when its guest is switched off; an instance that never asks has none. It knows its guest
//! by the link, so it needs no ARP, and its MAC address is the router's, as the guest sends there.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::{Ipv4Net, Ipv6Net};

use crate::app;
use crate::dataplane::services::PlatformService;
use crate::engine::{SimTime, mix};
use crate::host::{Host, HostConfig, InterfaceConfig, Profile, ResolverConfig};
use crate::net::{BufferPool, Frame, MacAddr, TcpFlags, Transport};

/// SIM: what the services take and send at once; AWS publishes nothing.
const MTU: u16 = 1500;

/// The services that a guest has asked.
#[derive(Default)]
pub(super) struct Platform {
    desks: Vec<Desk>,
}

/// A service behind an interface.
struct Desk {
    service: PlatformService,
    /// The guest's interface, by number.
    port: u16,
    host: Host,
}

/// What a service's host is made from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Maker {
    pub(super) now: SimTime,
    pub(super) epoch_nanos: i128,
    pub(super) seed: u64,
    /// Of the subnet's router.
    pub(super) router_mac: MacAddr,
    /// The Resolver's address in the VPC (ADDR-13).
    pub(super) resolver: Option<Ipv4Addr>,
}

impl Platform {
    /// Whether nobody has been asked.
    pub(super) fn is_empty(&self) -> bool {
        self.desks.is_empty()
    }

    /// A guest's packet arrives at a service. `contents` are the files that the metadata service has now; they are asked for
    /// when a connection opens, since every request has one of its own.
    pub(super) fn receive(
        &mut self,
        maker: Maker,
        (service, port): (PlatformService, u16),
        frame: Frame,
        contents: impl FnOnce() -> Vec<(String, Vec<u8>)>,
    ) {
        let at = self.desks.iter().position(|desk| (desk.service, desk.port) == (service, port));
        let at = at.unwrap_or_else(|| {
            self.desks.push(Desk { service, port, host: maker.host(service, port) });
            self.desks.len() - 1
        });
        let host = &mut self.desks[at].host;
        if let Some(ip) = &frame.headers.ip {
            host.know_neighbour(0, ip.source, frame.headers.source_mac);
            let opens = matches!(ip.transport, Transport::Tcp { flags, .. } if flags.contains(TcpFlags::SYN));
            if opens && service == PlatformService::Metadata {
                host.replace_files(app::METADATA_ROOT, contents());
            }
        }
        host.receive(maker.now, 0, frame.bytes, None);
    }

    /// Lets the services run; what they send is handed to `send` with the number of the guest's interface. What the Resolver's
    /// host asks on behalf of its clients is answered by `resolve` and goes nowhere.
    pub(super) fn run(
        &mut self,
        now: SimTime,
        pool: &mut BufferPool,
        resolve: &dyn Fn(usize, &Frame) -> Option<Frame>,
        send: &mut dyn FnMut(usize, Vec<u8>),
    ) {
        for Desk { service, port, host } in &mut self.desks {
            let port = usize::from(*port);
            if *service != PlatformService::Resolver {
                host.run(now, pool, &mut |_, frame| send(port, frame));
                continue;
            }
            loop {
                let mut questions = Vec::new();
                host.run(now, pool, &mut |_, bytes| {
                    let frame = Frame::new(bytes);
                    match frame.headers.ip.is_some_and(|ip| ip.destination == app::RESOLVER_UPSTREAM.ip()) {
                        true => questions.push(frame),
                        false => send(port, frame.bytes),
                    }
                });
                if questions.is_empty() {
                    break;
                }
                for question in questions {
                    if let Some(answer) = resolve(port, &question) {
                        host.receive(now, 0, answer.bytes, None);
                    }
                    pool.give(question.bytes);
                }
            }
        }
    }

    /// When the next of them wants to be called again.
    #[inline]
    pub(super) fn next_wake(&mut self) -> Option<SimTime> {
        self.desks.iter_mut().filter_map(|desk| desk.host.next_wake()).min()
    }
}

impl Maker {
    /// A host with a service's addresses, for which everybody is on the link.
    fn host(self, service: PlatformService, port: u16) -> Host {
        let everything = (Ipv4Net::default(), Ipv6Net::default());
        let resolver = self.resolver.filter(|_| service == PlatformService::Resolver);
        let interface = InterfaceConfig {
            mac: self.router_mac,
            mtu: MTU,
            ipv4: std::iter::once(service.ipv4()).chain(resolver).map(|address| (address, everything.0)).collect(),
            ipv6: vec![(service.ipv6(), everything.1)],
            ipv4_gateway: None,
            ipv6_gateway: None,
        };
        let (program, salt) = match service {
            PlatformService::Metadata => (app::METADATA_SERVER, 0),
            PlatformService::Time => (app::TIME_SERVER, 1),
            PlatformService::Resolver => (app::RESOLVER_FRONT, 1 << 32),
        };
        let config = HostConfig {
            // SIM: what the services send begins with TTL 64, as most Linux systems' packets do.
            profile: Profile::Ubuntu,
            hostname: IpAddr::from(service.ipv4()).to_string(),
            interfaces: vec![interface],
            seed: mix(self.seed ^ mix(u64::from(port) << 1 | salt)),
            epoch_nanos: self.epoch_nanos,
            hosts_file: Vec::new(),
            package_mirror: None,
            resolver: ResolverConfig::default(),
            programs: app::platform(),
        };
        let mut host = Host::new(config, self.now);
        host.know_neighbour(0, app::RESOLVER_UPSTREAM.ip(), self.router_mac);
        host.start_service(program, &[]);
        host.settle(); // It listens before the frame that is its reason arrives.
        host
    }
}
