//! `traceroute` (2.1, Linux): probes with growing TTLs, by UDP, by ICMP echo (`-I`) or by TCP SYN (`-T`).
//!
//! A VPC's router lowers no TTL, so that there is one hop between two instances (L2-15, L2-18); who does lower it and tells is
//! a NAT gateway or instance. Hops are shown by the names that the DNS has for them, unless `-n` says otherwise.

mod options;
pub(crate) mod path;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use super::resolve::{resolve, reverse};
use crate::engine::{SimDuration, SimTime};
use crate::host::{
    EchoEvent, EchoRequest, EchoSocket, Errno, IcmpError, PathMtuDiscovery, Probe, ProbeKind, ProbeSocket, Sys,
};
use options::{Method, Request};

/// Probes under way at once (`-N`).
const IN_FLIGHT: usize = 16;
/// With an answer to a probe of the same hop at hand, another one is waited for so many times as long (`-w MAX,HERE,NEAR`)…
const HERE: u64 = 3;
/// …and so many times as long as the answer of the next hop took.
const NEAR: u64 = 10;
/// Bytes of IP and transport headers before a datagram's payload.
const OVERHEAD: usize = 28;

/// The program.
pub(crate) async fn main(sys: Sys, arguments: Vec<String>) -> i32 {
    let request = match options::parse(&sys, &arguments) {
        Ok(request) => request,
        Err(exit) => return exit,
    };
    let target = match resolve(&sys, &request.target, request.family).await {
        Ok(address) => address,
        Err(error) => {
            let name = &request.target;
            let place = request.target_place;
            sys.eprint(format!(
                "{name}: {error}\nCannot handle \"host\" cmdline arg `{name}' on position 1 (argc {place})\n"
            ));
            return 2;
        }
    };
    let size = if request.method == Method::Tcp { 60 } else { request.packet_len(target) };
    sys.print(format!(
        "traceroute to {} ({target}), {} hops max, {size} byte packets",
        request.target, request.hops_max
    ));
    if sys.route(target).is_none() {
        sys.eprint(format!("\nconnect: {}\n", Errno::NetworkUnreachable));
        return 1;
    }
    sys.print("\n");
    let sender = match request.method {
        Method::Icmp => Sender::Echo(sys.echo_open()),
        Method::Udp | Method::UdpService | Method::Tcp => Sender::Probe(sys.probe_open()),
    };
    let first_port = sys.free_port();
    let heard_until = sys.now();
    let (sent, by_key, names) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
    Trace { sys, request, target, sender, first_port, sent, by_key, names, heard_until }.run().await
}

/// What carries the probes.
enum Sender {
    Probe(ProbeSocket),
    Echo(EchoSocket),
}

/// A probe that was sent.
struct Sent {
    at: SimTime,
    answer: Option<Answer>,
}

/// What came back.
#[derive(Clone, Copy)]
struct Answer {
    from: IpAddr,
    after: SimDuration,
    /// What stands behind the time.
    mark: Option<IcmpError>,
    /// Whether there is nothing to be found further on.
    last: bool,
}

struct Trace {
    sys: Sys,
    request: Request,
    target: IpAddr,
    sender: Sender,
    first_port: u16,
    /// In order: the probes of the first hop, of the second…
    sent: Vec<Sent>,
    /// Which probe has these ports, or this sequence number.
    by_key: BTreeMap<(u16, u16), usize>,
    /// What the hops so far are called.
    names: BTreeMap<IpAddr, String>,
    /// All answers up to then have been looked at: names take time to look up, and nobody listens meanwhile.
    heard_until: SimTime,
}

impl Trace {
    async fn run(mut self) -> i32 {
        let queries = self.request.queries;
        let total = (usize::from(self.request.hops_max) + 1 - usize::from(self.request.first_hop)) * queries;
        let mut shown = 0;
        loop {
            // What is known is shown in order, and a hop that ends the trace ends the sending.
            while shown < total && self.is_settled(shown * queries, queries) {
                let last = self.show_hop(shown).await;
                shown += 1;
                if last || shown * queries >= total {
                    return 0;
                }
            }
            let waiting = (0..self.sent.len()).filter(|&probe| !self.is_over(probe)).count();
            if waiting < IN_FLIGHT && self.sent.len() < total.min(self.end()) {
                self.send(self.sent.len());
                continue;
            }
            let until =
                (0..self.sent.len()).filter(|&probe| !self.is_over(probe)).map(|probe| self.gives_up(probe)).min();
            let Some(until) = until else { continue };
            let heard = match &self.sender {
                Sender::Probe(socket) => match self.sys.before(Some(until), socket.recv()).await {
                    Ok(event) => Some((event.ports, event.from, event.error, event.at)),
                    Err(_) => None,
                },
                Sender::Echo(socket) => match self.sys.before(Some(until), socket.recv()).await {
                    Ok(EchoEvent::Reply { from, sequence, at, .. }) => Some(((0, sequence), from, None, at)),
                    Ok(EchoEvent::Error { from, sequence, error }) => {
                        Some(((0, sequence), from, Some(error), self.sys.now()))
                    }
                    Err(_) => None,
                },
            };
            match heard {
                Some((key, from, error, at)) => self.heard(key, from, error, at),
                None => self.heard_until = self.sys.now(),
            }
        }
    }

    fn send(&mut self, number: usize) {
        let ttl = self.request.first_hop.saturating_add((number / self.request.queries) as u8);
        let number16 = number as u16;
        let key = match self.request.method {
            Method::Udp => (self.first_port, self.request.port.wrapping_add(number16)),
            Method::UdpService | Method::Tcp => (self.first_port.wrapping_add(number16).max(1024), self.request.port),
            Method::Icmp => (0, number16 + 1),
        };
        let outcome = match &self.sender {
            Sender::Echo(socket) => {
                let payload: Vec<u8> =
                    (0..self.request.payload_len(self.target)).map(|at| 0x40 + (at & 0x3f) as u8).collect();
                socket.send(EchoRequest {
                    source: None,
                    destination: self.target,
                    sequence: key.1,
                    payload: &payload,
                    ttl: Some(ttl),
                    discovery: PathMtuDiscovery::Dont,
                })
            }
            Sender::Probe(socket) => {
                let kind = match self.request.method {
                    Method::Tcp => ProbeKind::Tcp,
                    _ => ProbeKind::Udp { payload: self.request.payload_len(self.target) },
                };
                let destination = SocketAddr::new(self.target, key.1);
                let discovery = PathMtuDiscovery::Dont;
                socket.send(Probe { kind, source_port: key.0, destination, ttl, discovery })
            }
        };
        if let Err(errno) = outcome {
            self.sys.eprint(format!("send: {errno}\n"));
        }
        self.by_key.insert(key, number);
        self.sent.push(Sent { at: self.sys.now(), answer: None });
    }

    fn heard(&mut self, key: (u16, u16), from: IpAddr, error: Option<IcmpError>, at: SimTime) {
        let Some(sent) = self.by_key.get(&key).and_then(|&number| self.sent.get_mut(number)) else { return };
        if sent.answer.is_some() {
            return;
        }
        let (mark, last) = match error {
            None => (None, true),
            Some(IcmpError::TimeExceeded) => (None, false),
            // A closed port at the destination is what a datagram looks for.
            Some(IcmpError::PortUnreachable) => (None, true),
            Some(other) => (Some(other), true),
        };
        sent.answer = Some(Answer { from, after: at.since(sent.at), mark, last });
    }

    /// How many probes there are up to the hop where the path ends, as far as answers have shown it.
    fn end(&self) -> usize {
        let last = self.sent.iter().position(|sent| sent.answer.is_some_and(|answer| answer.last));
        last.map_or(usize::MAX, |probe| (probe / self.request.queries + 1) * self.request.queries)
    }

    fn is_settled(&self, first: usize, count: usize) -> bool {
        self.sent.len() >= first + count && (first..first + count).all(|probe| self.is_over(probe))
    }

    fn is_over(&self, probe: usize) -> bool {
        self.sent[probe].answer.is_some() || self.gives_up(probe) <= self.heard_until
    }

    /// When a probe is not waited for any longer.
    fn gives_up(&self, probe: usize) -> SimTime {
        let queries = self.request.queries;
        let hop = probe / queries;
        let longest = |hop: usize| {
            let probes = self.sent.get(hop * queries..).unwrap_or_default().iter().take(queries);
            probes.filter_map(|sent| sent.answer.map(|answer| answer.after)).max()
        };
        let wait = match (longest(hop), longest(hop + 1)) {
            (Some(here), _) => SimDuration::from_nanos(here.as_nanos() * HERE),
            (None, Some(next)) => SimDuration::from_nanos(next.as_nanos() * NEAR),
            (None, None) => self.request.wait,
        };
        self.sent[probe].at + wait.min(self.request.wait)
    }

    /// Prints a hop's line; says whether the path ends there.
    async fn show_hop(&mut self, hop: usize) -> bool {
        let queries = self.request.queries;
        let answers: Vec<Option<Answer>> =
            self.sent[hop * queries..(hop + 1) * queries].iter().map(|sent| sent.answer).collect();
        let mut line = format!("{:2} ", usize::from(self.request.first_hop) + hop);
        let mut shown = None;
        for answer in &answers {
            let Some(answer) = answer else {
                line.push_str(" *");
                continue;
            };
            if shown != Some(answer.from) {
                line.push_str(&format!(" {}", self.name_of(answer.from).await));
                shown = Some(answer.from);
            }
            let micros = answer.after.as_micros();
            line.push_str(&format!("  {}.{:03} ms", micros / 1_000, micros % 1_000));
            if let Some(mark) = answer.mark {
                line.push_str(&format!(" {}", mark_of(mark)));
            }
        }
        self.sys.print(line + "\n");
        answers.into_iter().flatten().any(|answer| answer.last)
    }

    /// How a hop is shown; each is asked for once.
    async fn name_of(&mut self, hop: IpAddr) -> String {
        if self.request.numeric {
            return hop.to_string();
        }
        if let Some(shown) = self.names.get(&hop) {
            return shown.clone();
        }
        let name = reverse(&self.sys, hop).await.unwrap_or_else(|| hop.to_string());
        let shown = format!("{name} ({hop})");
        self.names.insert(hop, shown.clone());
        shown
    }
}

/// traceroute(8)'s annotations.
fn mark_of(error: IcmpError) -> String {
    match error {
        IcmpError::HostUnreachable => "!H".to_owned(),
        IcmpError::NetUnreachable => "!N".to_owned(),
        IcmpError::ProtocolUnreachable => "!P".to_owned(),
        IcmpError::NetProhibited | IcmpError::HostProhibited | IcmpError::AdminProhibited => "!X".to_owned(),
        IcmpError::TooBig { mtu } => format!("!F-{mtu}"),
        IcmpError::OtherUnreachable { code } => format!("!<{code}>"),
        IcmpError::PortUnreachable | IcmpError::TimeExceeded => String::new(),
    }
}
