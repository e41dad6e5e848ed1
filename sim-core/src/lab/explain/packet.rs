//! The packet that is sent: by whom, to whom, of which protocol – and the sending of it, by the guest's own stack.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use super::follow::{Conversation, Follower};
use crate::app::PROBE;
use crate::engine::SimDuration;
use crate::host::Finished;
use crate::lab::names::{HostName, Names};
use crate::lab::session::Session;
use crate::net::{embed, protocol};
use crate::sim::partition::GuestIndex;
use crate::trace::{Purpose, WatchedFlow};

/// What is on its way when a sender has given up or got its answer still arrives. A SIM value.
const SETTLING: SimDuration = SimDuration::from_secs(1);

/// Far longer than any program waits that sends one packet.
const PATIENCE: SimDuration = SimDuration::from_secs(600);

/// What is sent: a connection attempt, a datagram or an echo request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Service {
    /// An ICMP echo request, or ICMPv6's.
    Icmp,
    /// A SYN to this port.
    Tcp(u16),
    /// A datagram to this port.
    Udp(u16),
}

impl Service {
    /// The protocol's name.
    fn name(self) -> &'static str {
        match self {
            Service::Icmp => "icmp",
            Service::Tcp(_) => "tcp",
            Service::Udp(_) => "udp",
        }
    }

    /// The destination port; 0 where there are none.
    fn port(self) -> u16 {
        match self {
            Service::Icmp => 0,
            Service::Tcp(port) | Service::Udp(port) => port,
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Service::Icmp => f.write_str("icmp"),
            Service::Tcp(_) | Service::Udp(_) => write!(f, "{}/{}", self.name(), self.port()),
        }
    }
}

impl FromStr for Service {
    type Err = String;

    fn from_str(text: &str) -> Result<Service, String> {
        let wrong = || format!("`{text}` is none of `icmp`, `tcp/PORT` and `udp/PORT`");
        if text == "icmp" {
            return Ok(Service::Icmp);
        }
        let (name, port) = text.split_once('/').ok_or_else(wrong)?;
        let port = port.parse::<u16>().ok().filter(|port| *port > 0).ok_or_else(wrong)?;
        match name {
            "tcp" => Ok(Service::Tcp(port)),
            "udp" => Ok(Service::Udp(port)),
            _ => Err(wrong()),
        }
    }
}

/// A host that can send and be sent to.
#[derive(Clone, Debug)]
pub(in crate::lab) struct End {
    /// As it is known.
    pub name: String,
    pub guest: GuestIndex,
    /// Its own addresses, the primary one first.
    pub addresses: Vec<IpAddr>,
    /// The public address of its primary one.
    pub public: Option<IpAddr>,
    /// Whether it is outside AWS.
    pub is_outside: bool,
}

impl End {
    /// The host of this name; `None` if there is none, or it does not run.
    pub(in crate::lab) fn find(session: &Session<'_>, name: &str) -> Option<End> {
        let names = session.names();
        names.host(name).and_then(|host| End::of(session, &names, host))
    }

    /// A host, if it runs.
    pub(in crate::lab) fn of(session: &Session<'_>, names: &Names<'_>, host: HostName) -> Option<End> {
        match host {
            HostName::Internet(number) => {
                let host = names.internet.get(number)?;
                let addresses = host.addresses.clone();
                Some(End { name: host.name.clone(), guest: host.index, addresses, public: None, is_outside: true })
            }
            HostName::Instance(id) => {
                let guest = session.world.instance_guest(id)?;
                let instance = names.cloud.instances.get(&id)?;
                let interfaces = || instance.interfaces.iter().filter_map(|id| names.cloud.network_interfaces.get(id));
                let ipv4 = interfaces().flat_map(|eni| &eni.ipv4).map(|own| IpAddr::V4(own.address));
                let ipv6 = interfaces().flat_map(|eni| &eni.ipv6).map(|own| IpAddr::V6(*own));
                let public = interfaces().flat_map(|eni| &eni.ipv4).find_map(|own| own.public);
                Some(End {
                    name: names.display(id.into()),
                    guest,
                    addresses: ipv4.chain(ipv6).collect(),
                    public: public.map(|public| IpAddr::V4(public.address())),
                    is_outside: false,
                })
            }
        }
    }

    /// The address under which `from` would speak to this host: the private one inside AWS, the public one from outside. A host
    /// of IPv6 alone speaks to one of IPv4 alone by NAT64 (NAT-19).
    pub(in crate::lab) fn address_for(&self, from: &End) -> Option<IpAddr> {
        let own = self.addresses.iter().find(|own| from.addresses.iter().any(|from| from.is_ipv4() == own.is_ipv4()));
        match own {
            Some(IpAddr::V4(_)) if from.is_outside && !self.is_outside => self.public,
            None if !from.is_outside && from.addresses.iter().any(IpAddr::is_ipv6) => {
                self.addresses.iter().find_map(|own| match own {
                    IpAddr::V4(v4) => Some(embed(*v4).into()),
                    IpAddr::V6(_) => None,
                })
            }
            own => own.copied(),
        }
    }
}

/// A packet to send.
#[derive(Clone, Debug)]
pub(in crate::lab) struct Sending {
    pub from: End,
    pub to: IpAddr,
    pub service: Service,
    /// How long its sender waits for an answer; a connect() without one as long as the kernel tries.
    pub wait: Option<SimDuration>,
}

/// What came of a packet that was sent.
#[derive(Clone, Debug)]
pub(in crate::lab) struct Sent {
    /// What the trace tells of it and of its answer.
    pub conversation: Conversation,
    pub reaction: Reaction,
    /// The same in words.
    pub seen: String,
}

/// What the sending program saw.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::lab) enum Reaction {
    Answered,
    Refused,
    Nothing,
    NotSent,
}

/// How long the sender of a datagram or an echo waits, if nothing is said.
const WAIT: SimDuration = SimDuration::from_secs(2);

/// Sends packets at the same moment and follows them until their senders have given up or got their answers.
pub(in crate::lab) fn send(session: &mut Session<'_>, sendings: &[Sending], purpose: Purpose) -> Vec<Sent> {
    let flows: Vec<Vec<WatchedFlow>> = sendings.iter().map(Sending::flows).collect();
    session.world.watch(&flows.concat(), purpose);
    session.follower = Some(Follower::of(flows));
    let running: Vec<_> =
        sendings.iter().map(|sending| session.world.start(sending.from.guest, &sending.command())).collect();
    let limit = session.world.now() + PATIENCE;
    let finished: Vec<_> = running
        .into_iter()
        .map(|running| running.and_then(|running| session.pass_until_finished(running, limit)))
        .collect();
    session.pass_until(session.world.now() + SETTLING);
    let conversations = session.follower.take().unwrap_or_default().into_conversations();
    let sent = conversations.into_iter().zip(finished);
    sent.map(|(conversation, finished)| Sent::new(conversation, finished.as_ref())).collect()
}

impl Sending {
    /// The flows that the packet may belong to: a host with several addresses sends from one of them.
    fn flows(&self) -> Vec<WatchedFlow> {
        let (to, service) = (self.to, self.service);
        let protocol = match service {
            Service::Icmp if to.is_ipv6() => protocol::ICMPV6,
            Service::Icmp => protocol::ICMP,
            Service::Tcp(_) => protocol::TCP,
            Service::Udp(_) => protocol::UDP,
        };
        // A question's identifier stands at its source, so that the destination's port of an echo request is 0.
        let flow = |source| WatchedFlow { source, destination: to, protocol, port: Some(service.port()) };
        self.from.addresses.iter().map(|source| flow(*source)).collect()
    }

    fn command(&self) -> String {
        let wait = match (self.service, self.wait) {
            (_, Some(wait)) => wait,
            (Service::Tcp(_), None) => SimDuration::default(),
            (Service::Icmp | Service::Udp(_), None) => WAIT,
        };
        let seconds = wait.as_nanos() / 1_000_000_000;
        format!("'{PROBE}' {} {} {} {seconds}", self.service.name(), self.to, self.service.port())
    }
}

impl Sent {
    fn new(conversation: Conversation, finished: Option<&Finished>) -> Sent {
        let reaction = match finished.map(|finished| finished.exit) {
            Some(0) => Reaction::Answered,
            Some(1) => Reaction::Refused,
            Some(2) => Reaction::Nothing,
            _ => Reaction::NotSent,
        };
        let pieces = finished.into_iter().flat_map(|finished| &finished.terminal);
        let seen: Vec<u8> = pieces.flat_map(|(_, bytes)| bytes.iter().copied()).collect();
        let seen = match finished {
            Some(_) => String::from_utf8_lossy(&seen).trim().to_owned(),
            None => "its instance is not running".to_owned(),
        };
        Sent { conversation, reaction, seen }
    }
}
