//! Who talks to whom, and how.

use std::collections::BTreeSet;
use std::fmt;

use super::shape::Peerings;
use super::{Layout, LayoutError};
use crate::engine::Stream;

/// How many pings there are between VPCs that cannot reach each other.
const STRAYS: usize = 4;

/// An instance, by its VPC and its number there, both counted from 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Host {
    pub vpc: u32,
    pub number: u32,
}

/// What a flow is made of. Another kind is a variant here and its lines in the functions of this file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Ping,
    Curl,
}

/// A flow between instances that can reach each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Flow {
    pub kind: Kind,
    pub from: Host,
    pub to: Host,
}

/// A ping to an instance two peerings away, which peering does not carry (PCX-16).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Stray {
    pub from: Host,
    /// The VPC in between, with which both are peered.
    pub via: u32,
    pub to: Host,
    pub lost: Lost,
}

/// Where a stray ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Lost {
    /// Its VPC has no route.
    NoRoute,
    /// Its VPC has a route to the VPC in between, and the peering connection does not take it.
    NoTransit,
}

/// All that is sent.
#[derive(Debug)]
pub(super) struct Flows {
    /// What runs at the same time.
    pub flows: Vec<Flow>,
    /// What cannot arrive.
    pub strays: Vec<Stray>,
    /// The instances that need a web server.
    pub servers: BTreeSet<Host>,
}

impl Kind {
    /// The kinds, which flows take in turn.
    const ALL: [Kind; 2] = [Kind::Ping, Kind::Curl];

    /// The command line, for somebody whose address is `target`.
    pub(super) fn command(self, target: &str) -> String {
        match self {
            Kind::Ping => format!("ping -c 10 {target}"),
            Kind::Curl => format!("curl -s {target}"),
        }
    }

    /// A part of what it prints when all goes well.
    pub(super) fn output(self) -> &'static str {
        match self {
            Kind::Ping => "10 received",
            Kind::Curl => "hello",
        }
    }
}

impl Flows {
    /// Draws the flows of a layout: each from any instance to any other of its VPC or of a VPC that is peered with it.
    pub(super) fn draw(layout: &Layout, peerings: &Peerings) -> Result<Flows, LayoutError> {
        if layout.flows > 0 && layout.vpcs == 1 && layout.instances == 1 {
            return Err(LayoutError::Alone);
        }
        let mut stream = Stream::new(layout.seed, "generated flows");
        let mut draw = Draw { layout, peerings, stream: &mut stream };
        let kinds = Kind::ALL.iter().copied().cycle();
        let flows: Vec<Flow> = kinds.take(layout.flows as usize).map(|kind| draw.flow(kind)).collect();
        let strays = if flows.is_empty() { Vec::new() } else { draw.strays() };
        let servers = flows.iter().filter(|flow| flow.kind == Kind::Curl).map(|flow| flow.to).collect();
        Ok(Flows { flows, strays, servers })
    }
}

struct Draw<'d> {
    layout: &'d Layout,
    peerings: &'d Peerings,
    stream: &'d mut Stream,
}

impl Draw<'_> {
    fn flow(&mut self, kind: Kind) -> Flow {
        loop {
            let vpc = self.stream.below(u64::from(self.layout.vpcs)) as u32;
            let peers = &self.peerings.peers[vpc as usize];
            let choice = self.stream.below(peers.len() as u64 + 1) as usize;
            let from = self.host(vpc);
            let to = self.host(peers.get(choice).copied().unwrap_or(vpc));
            if from != to {
                return Flow { kind, from, to };
            }
        }
    }

    fn host(&mut self, vpc: u32) -> Host {
        Host { vpc, number: self.stream.below(u64::from(self.layout.instances)) as u32 }
    }

    /// Not every shape has such pairs, so that the search must end by itself.
    fn strays(&mut self) -> Vec<Stray> {
        let mut strays: Vec<Stray> = Vec::new();
        for _ in 0..100 {
            if strays.len() == STRAYS {
                break;
            }
            let via = self.stream.below(u64::from(self.layout.vpcs)) as u32;
            let peers = &self.peerings.peers[via as usize];
            if peers.len() < 2 {
                continue;
            }
            let mut peer = || peers[self.stream.below(peers.len() as u64) as usize];
            let (from, to) = (peer(), peer());
            let known = strays.iter().any(|stray| (stray.from.vpc, stray.to.vpc) == (from, to));
            if from == to || self.peerings.are_peered(from, to) || known {
                continue;
            }
            let lost = if strays.len().is_multiple_of(2) { Lost::NoTransit } else { Lost::NoRoute };
            strays.push(Stray { from: self.host(from), via, to: self.host(to), lost });
        }
        strays
    }
}

impl fmt::Display for Host {
    /// Its logical id.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "V{}I{}", self.vpc + 1, self.number + 1)
    }
}
