//! What can be found without looking at everything: the contents of each VPC, the used addresses of each subnet, and how
//! much each account has in a Region.
//!
//! The records in [`Cloud`](super::Cloud) are the truth; this follows them, and only ever answers look-ups. It is what lets
//! hundreds of thousands of instances be created one request at a time.

use std::net::Ipv4Addr;

use indexmap::{IndexMap, IndexSet};
use ipnet::Ipv4Net;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use crate::id::*;

/// The look-ups.
#[derive(Debug, Default)]
pub(crate) struct Index {
    owned: FxHashMap<(AccountId, Region, ResourceKind), usize>,
    pub(crate) vpcs: IdMap<VpcId, VpcContents>,
    pub(crate) addresses: IdMap<SubnetId, SubnetAddresses>,
    /// Groups whose rules name a group, by the group named (SG-8).
    pub(crate) named_by: IdMap<SecurityGroupId, IndexSet<SecurityGroupId, IdHash>>,
    /// How many interfaces have a group (SG-30).
    pub(crate) members: IdMap<SecurityGroupId, u32>,
    /// Public IPv4 addresses in use, Elastic ones included.
    pub(crate) public: FxHashSet<Ipv4Addr>,
}

/// What is in a VPC, in the order it was made.
#[derive(Debug, Default)]
pub(crate) struct VpcContents {
    pub(crate) subnets: IndexSet<SubnetId, IdHash>,
    pub(crate) route_tables: IndexSet<RouteTableId, IdHash>,
    pub(crate) network_acls: IndexSet<NetworkAclId, IdHash>,
    /// By name: names are unique in a VPC (SG-30).
    pub(crate) security_groups: IndexMap<String, SecurityGroupId, FxBuildHasher>,
    pub(crate) internet_gateway: Option<InternetGatewayId>,
    pub(crate) egress_only_gateway: Option<EgressOnlyInternetGatewayId>,
    pub(crate) endpoints: IndexSet<VpcEndpointId, FxBuildHasher>,
    /// How many private addresses have a public one (IGW-11).
    pub(crate) public_addresses: u32,
    /// Every peering connection that ever had the VPC at one end.
    pub(crate) peerings: IndexSet<VpcPeeringConnectionId, IdHash>,
    /// How many of them are active; a hub has thousands.
    pub(crate) active_peerings: u32,
    /// How many of the VPC's own requests wait for an answer.
    pub(crate) outstanding_requests: u32,
}

impl Index {
    /// How many of a kind an account has in a Region.
    pub(crate) fn owned(&self, account: AccountId, region: Region, kind: ResourceKind) -> usize {
        self.owned.get(&(account, region, kind)).copied().unwrap_or(0)
    }

    pub(crate) fn gained(&mut self, account: AccountId, region: Region, kind: ResourceKind) {
        *self.owned.entry((account, region, kind)).or_insert(0) += 1;
    }

    pub(crate) fn lost(&mut self, account: AccountId, region: Region, kind: ResourceKind) {
        let count = self.owned.get_mut(&(account, region, kind)).expect("what is lost was gained before");
        *count -= 1;
    }

    /// The contents of a VPC that exists.
    pub(crate) fn vpc(&self, id: VpcId) -> &VpcContents {
        self.vpcs.get(&id).expect("every VPC has its contents indexed")
    }

    pub(crate) fn vpc_mut(&mut self, id: VpcId) -> &mut VpcContents {
        self.vpcs.get_mut(&id).expect("every VPC has its contents indexed")
    }

    /// The addresses of a subnet that exists.
    pub(crate) fn subnet(&self, id: SubnetId) -> &SubnetAddresses {
        self.addresses.get(&id).expect("every subnet has its addresses indexed")
    }

    pub(crate) fn subnet_mut(&mut self, id: SubnetId) -> &mut SubnetAddresses {
        self.addresses.get_mut(&id).expect("every subnet has its addresses indexed")
    }
}

/// The IPv4 addresses of a subnet: which are taken, and the lowest that is free.
///
/// ```text
/// offset   0        1       2     3        4 …           size-2    size-1
///          network  router  DNS   future   instances …             broadcast   (ADDR-12)
/// ```
#[derive(Debug)]
pub(crate) struct SubnetAddresses {
    first: u32,
    size: u32,
    /// A bit for each offset, as far up as any was ever taken.
    used: Vec<u64>,
    taken: u32,
    /// No free address lies below this offset.
    lowest: u32,
}

/// Addresses at the start of a subnet that nobody gets.
const RESERVED_AT_START: u32 = 4;
/// And the broadcast address at its end.
const RESERVED_AT_END: u32 = 1;

impl SubnetAddresses {
    pub(crate) fn new(block: Ipv4Net) -> SubnetAddresses {
        let size = 1u32 << (32 - block.prefix_len());
        let first = block.network().into();
        SubnetAddresses { first, size, used: Vec::new(), taken: 0, lowest: RESERVED_AT_START }
    }

    /// Those of a subnet that has none: as if all there are were AWS's own.
    pub(crate) fn none() -> SubnetAddresses {
        let size = RESERVED_AT_START + RESERVED_AT_END;
        SubnetAddresses { first: 0, size, used: Vec::new(), taken: 0, lowest: RESERVED_AT_START }
    }

    /// How many addresses are free (what `AvailableIpAddressCount` shows).
    pub(crate) fn free_count(&self) -> usize {
        (self.size - RESERVED_AT_START - RESERVED_AT_END - self.taken) as usize
    }

    /// Whether nobody has an address here.
    pub(crate) fn is_unused(&self) -> bool {
        self.taken == 0
    }

    /// Whether the address is one AWS keeps for itself (ADDR-12).
    pub(crate) fn is_reserved(&self, address: Ipv4Addr) -> bool {
        let offset = u32::from(address) - self.first;
        offset < RESERVED_AT_START || offset >= self.size - RESERVED_AT_END
    }

    pub(crate) fn is_taken(&self, address: Ipv4Addr) -> bool {
        self.is_used(u32::from(address) - self.first)
    }

    fn is_used(&self, offset: u32) -> bool {
        self.used.get(offset as usize / 64).is_some_and(|word| word >> (offset % 64) & 1 == 1)
    }

    pub(crate) fn take(&mut self, address: Ipv4Addr) {
        let offset = u32::from(address) - self.first;
        debug_assert!(!self.is_used(offset), "an address is taken once");
        let word = offset as usize / 64;
        if word >= self.used.len() {
            self.used.resize(word + 1, 0);
        }
        self.used[word] |= 1 << (offset % 64);
        self.taken += 1;
    }

    pub(crate) fn release(&mut self, address: Ipv4Addr) {
        let offset = u32::from(address) - self.first;
        debug_assert!(self.is_used(offset), "only what was taken is released");
        self.used[offset as usize / 64] &= !(1 << (offset % 64));
        self.taken -= 1;
        self.lowest = self.lowest.min(offset);
    }

    /// The lowest free addresses, `count` of them, `except` left out; `None` when there are not that many. SIM: AWS does not
    /// say how it picks.
    pub(crate) fn lowest_free(&self, count: usize, except: &[Ipv4Addr]) -> Option<Vec<Ipv4Addr>> {
        let free: Vec<Ipv4Addr> = (self.lowest..self.size - RESERVED_AT_END)
            .filter(|offset| !self.is_used(*offset))
            .map(|offset| Ipv4Addr::from(self.first + offset))
            .filter(|address| !except.contains(address))
            .take(count)
            .collect();
        (free.len() == count).then_some(free)
    }

    /// Takes the lowest free address, if there is one.
    pub(crate) fn take_lowest(&mut self) -> Option<Ipv4Addr> {
        while self.is_used(self.lowest) {
            self.lowest += 1;
        }
        let address = Ipv4Addr::from(self.first + self.lowest);
        if self.is_reserved(address) {
            return None;
        }
        self.take(address);
        Some(address)
    }
}

#[cfg(test)]
impl super::Cloud {
    /// Brings the index of peering connections in step with records that a test has written by hand.
    pub(crate) fn index_peerings(&mut self) {
        for peering in self.peerings.values() {
            for vpc in [peering.requester.vpc, peering.accepter.vpc] {
                self.index.vpcs.entry(vpc).or_default().peerings.insert(peering.id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_addresses_of_a_subnet_are_unusable_addr_12() {
        for (block, free) in [("10.0.0.0/28", 11), ("10.0.1.0/24", 251), ("172.31.0.0/20", 4091)] {
            let addresses = SubnetAddresses::new(block.parse().expect("a block"));
            assert_eq!(addresses.free_count(), free, "{block}");
        }
        let addresses = SubnetAddresses::new("10.0.0.16/28".parse().expect("a block"));
        for (address, reserved) in
            [("10.0.0.16", true), ("10.0.0.19", true), ("10.0.0.20", false), ("10.0.0.30", false), ("10.0.0.31", true)]
        {
            assert_eq!(addresses.is_reserved(address.parse().expect("an address")), reserved, "{address}");
        }
    }

    #[test]
    fn the_lowest_free_address_comes_next_and_released_ones_come_back() {
        let mut addresses = SubnetAddresses::new("10.0.0.0/28".parse().expect("a block"));
        let mut taken = Vec::new();
        while let Some(free) = addresses.take_lowest() {
            taken.push(free);
        }
        assert_eq!(taken.first(), Some(&Ipv4Addr::new(10, 0, 0, 4)));
        assert_eq!(taken.last(), Some(&Ipv4Addr::new(10, 0, 0, 14)));
        assert_eq!((taken.len(), addresses.free_count()), (11, 0));
        addresses.release(Ipv4Addr::new(10, 0, 0, 9));
        assert_eq!(addresses.lowest_free(1, &[]), Some(vec![Ipv4Addr::new(10, 0, 0, 9)]));
    }
}
