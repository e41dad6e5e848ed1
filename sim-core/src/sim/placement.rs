//! Where everything is: which partition has what, and which guest is behind which interface.

use super::guests::LocalGuest;
use crate::dataplane::pipeline::Next;
use crate::dataplane::tables::{EniIndex, Tables, VpcIndex};

/// Which partition has what. Every world of so many partitions is cut in the same way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Placement {
    pub partitions: u32,
}

impl Placement {
    /// The partition of the Internet and its hosts.
    pub(crate) const INTERNET: u32 = 0;

    /// The partition that has a VPC.
    pub(crate) fn of_vpc(self, vpc: VpcIndex) -> u32 {
        vpc.0 % self.partitions
    }

    /// The partition in which a frame that a VPC's gateway or interface sends on is judged next; `None` when it stays.
    pub(super) fn of_next(self, tables: &Tables, next: Next) -> Option<u32> {
        if self.partitions == 1 {
            return None;
        }
        match next {
            Next::Eni(eni) => Some(self.of_vpc(tables.enis[eni.0 as usize].vpc)),
            Next::InternetGatewayIn(vpc) => Some(self.of_vpc(vpc)),
            Next::EndpointIn(endpoint) => Some(self.of_vpc(tables.endpoint(endpoint).vpc)),
            Next::Internet | Next::BehindEndpoint(_) | Next::PublicService(_) => Some(Placement::INTERNET),
            // The near side of a peering connection belongs to the VPC that sends, as its Internet gateway does.
            Next::Peering(_)
            | Next::InternetGatewayOut(_)
            | Next::EgressOnlyGateway(_)
            | Next::EndpointOut(_)
            | Next::Guest(_) => None,
        }
    }
}

/// Which guest is behind which interface of a VPC.
#[derive(Debug, Default)]
pub(crate) struct Wiring {
    behind: Vec<Option<Behind>>,
}

/// A guest, by its place in its partition, and the number of its interface.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Behind {
    pub guest: LocalGuest,
    pub port: u16,
}

impl Wiring {
    /// Who is behind an interface.
    pub(crate) fn behind(&self, eni: EniIndex) -> Option<Behind> {
        self.behind.get(eni.0 as usize).copied().flatten()
    }

    /// Plugs an interface in.
    pub(crate) fn connect(&mut self, eni: EniIndex, behind: Behind) {
        let index = eni.0 as usize;
        if index >= self.behind.len() {
            self.behind.resize(index + 1, None);
        }
        self.behind[index] = Some(behind);
    }

    /// Pulls an interface out; its link is dead from then on.
    pub(crate) fn disconnect(&mut self, eni: EniIndex) {
        if let Some(behind) = self.behind.get_mut(eni.0 as usize) {
            *behind = None;
        }
    }
}
