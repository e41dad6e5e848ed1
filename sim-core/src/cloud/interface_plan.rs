//! Making network interfaces, on their own or with an instance: what is asked for is checked into a plan, and plans that were
//! checked together are carried out (ADDR-12, ADDR-20, IGW-8, L2-11).

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::Ipv6Net;
use smallvec::{SmallVec, smallvec};

use super::connection_tracking::ConnectionTracking;
use super::network_interface::{Attachment, Groups, InstanceIpv6Address, PrivateIpAddressSpecification};
use super::public_address::check_capacity;
use super::{ApiError, Caller, Cloud, NetworkInterface, PrivateAddress, Quota, Subnet, Tags};
use crate::engine::Stream;
use crate::id::*;
use crate::net::MacAddr;

/// The largest instance types take this many addresses of a family on an interface. Differs from AWS: smaller types take
/// fewer, which is not checked.
const ADDRESSES_PER_INTERFACE: usize = 50;

/// An interface that has been checked and can be made, any number of times if it asks for no address in particular.
#[derive(Clone, Debug)]
pub(crate) struct InterfacePlan {
    pub(crate) subnet: SubnetId,
    pub(crate) vpc: VpcId,
    pub(crate) groups: Groups,
    pub(crate) primary: PrimaryAddress,
    pub(crate) secondary: Vec<Ipv4Addr>,
    /// Further secondary addresses, whichever are free.
    pub(crate) secondary_count: usize,
    pub(crate) ipv6: Vec<Ipv6Addr>,
    pub(crate) ipv6_count: usize,
    pub(crate) public: bool,
    pub(crate) connection_tracking: ConnectionTracking,
    pub(crate) description: Box<str>,
    pub(crate) tags: Tags,
}

/// The primary IPv4 address of an interface to be made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum PrimaryAddress {
    /// None: its subnet is IPv6-only.
    Missing,
    /// Whichever is free.
    AnyFree,
    /// This one.
    This(Ipv4Addr),
}

impl InterfacePlan {
    /// The addresses asked for by value.
    pub(crate) fn explicit(&self) -> impl Iterator<Item = Ipv4Addr> {
        let primary = match self.primary {
            PrimaryAddress::This(address) => Some(address),
            PrimaryAddress::AnyFree | PrimaryAddress::Missing => None,
        };
        primary.into_iter().chain(self.secondary.iter().copied())
    }

    /// How many IPv4 addresses one such interface takes.
    pub(crate) fn address_count(&self) -> usize {
        usize::from(self.primary != PrimaryAddress::Missing) + self.secondary.len() + self.secondary_count
    }
}

/// The addresses a request asks for, as text.
#[derive(Default)]
pub(crate) struct AddressRequest<'a> {
    pub(crate) primary: Option<&'a str>,
    pub(crate) list: &'a [PrivateIpAddressSpecification],
    pub(crate) secondary_count: u32,
    pub(crate) ipv6: &'a [InstanceIpv6Address],
    pub(crate) ipv6_count: u32,
}

impl Cloud {
    /// Checks an interface to be made in a subnet: its addresses are of the subnet, free and not AWS's own (ADDR-12,
    /// ADDR-20), its groups of the same VPC.
    pub(crate) fn plan_interface(
        &self,
        caller: &Caller,
        subnet: &Subnet,
        groups: &[String],
        addresses: AddressRequest<'_>,
    ) -> Result<InterfacePlan, ApiError> {
        if addresses.primary.is_some() || !addresses.list.is_empty() || addresses.secondary_count > 0 {
            subnet.check_ipv4("private IPv4 addresses")?;
        }
        let mut primary = addresses.primary.map(|text| self.free_address(subnet, text)).transpose()?;
        let mut secondary = Vec::new();
        for item in addresses.list {
            let address = self.free_address(subnet, &item.private_ip_address)?;
            if item.primary && primary.replace(address).is_some() {
                return Err(ApiError::new(
                    "InvalidParameterCombination",
                    "Only one primary private IP address can be specified.",
                ));
            }
            if !item.primary {
                secondary.push(address);
            }
        }
        let mut ipv6 = Vec::new();
        for item in addresses.ipv6 {
            let text = &item.ipv6_address;
            let address = text
                .parse::<Ipv6Addr>()
                .ok()
                .filter(|address| subnet.ipv6_block.is_some_and(|(_, block)| block.contains(address)))
                .ok_or_else(|| {
                    ApiError::invalid_value(format!("Address {text} does not fall within the subnet's address range"))
                })?;
            if is_reserved_ipv6(address) {
                return Err(ApiError::invalid_value(format!("Address {text} is in subnet's reserved address range")));
            }
            ipv6.push(address);
        }
        let mut ipv6_count = addresses.ipv6_count as usize;
        if subnet.assign_ipv6_on_creation && ipv6.is_empty() && ipv6_count == 0 {
            ipv6_count = 1;
        }
        if ipv6_count > 0 && subnet.ipv6_block.is_none() {
            return Err(ApiError::invalid_value(format!("Subnet {} has no IPv6 CIDR block", subnet.id)));
        }
        let secondary_count = addresses.secondary_count as usize;
        let total = (1 + secondary.len() + secondary_count).max(ipv6.len() + ipv6_count);
        if total > ADDRESSES_PER_INTERFACE {
            return Err(ApiError::new(
                "PrivateIpAddressLimitExceeded",
                format!("A network interface can have at most {ADDRESSES_PER_INTERFACE} addresses of a family."),
            ));
        }
        Ok(InterfacePlan {
            subnet: subnet.id,
            vpc: subnet.vpc,
            groups: self.interface_groups(caller, subnet.vpc, groups)?,
            primary: match primary {
                _ if subnet.is_ipv6_only() => PrimaryAddress::Missing,
                None => PrimaryAddress::AnyFree,
                Some(address) => PrimaryAddress::This(address),
            },
            secondary,
            secondary_count,
            ipv6,
            ipv6_count,
            public: false,
            connection_tracking: ConnectionTracking::default(),
            description: Box::default(),
            tags: Tags::default(),
        })
    }

    /// Checks that these interfaces can all be made, each `times` times.
    pub(crate) fn check_plans(&self, caller: &Caller, plans: &[InterfacePlan], times: usize) -> Result<(), ApiError> {
        let mut seen: Vec<(SubnetId, Ipv4Addr)> = Vec::new();
        let mut wanted: SmallVec<[(SubnetId, usize); 2]> = SmallVec::new();
        for plan in plans {
            for address in plan.explicit() {
                if times > 1 || seen.contains(&(plan.subnet, address)) {
                    return Err(ApiError::new(
                        "InvalidIPAddress.InUse",
                        format!("Address {address} is asked for more than once."),
                    ));
                }
                seen.push((plan.subnet, address));
            }
            let count = plan.address_count().saturating_mul(times);
            match wanted.iter_mut().find(|(subnet, _)| *subnet == plan.subnet) {
                Some((_, wanted)) => *wanted += count,
                None => wanted.push((plan.subnet, count)),
            }
        }
        for (subnet, count) in wanted {
            if count > self.index.subnet(subnet).free_count() {
                return Err(no_free_address());
            }
        }
        let more = plans.len().saturating_mul(times);
        if more > 0 {
            let existing = self.index.owned(caller.account, caller.region, ResourceKind::NetworkInterface);
            self.config.quotas.admit(Quota::InterfacesPerRegion, existing.saturating_add(more - 1))?;
        }
        let public = plans.iter().filter(|plan| plan.public).count() * times;
        check_capacity(caller.region, self.index.public.len(), public)
    }

    /// Takes the addresses that plans ask for by value. This comes before the first interface is made, so that no free choice
    /// takes one of them.
    pub(crate) fn take_explicit_addresses(&mut self, plans: &[InterfacePlan]) {
        for plan in plans {
            for address in plan.explicit() {
                self.index.subnet_mut(plan.subnet).take(address);
            }
        }
    }

    /// Makes an interface whose plan has been checked and whose explicit addresses are taken.
    pub(crate) fn add_interface(
        &mut self,
        caller: &Caller,
        plan: &InterfacePlan,
        attachment: Option<Attachment>,
    ) -> NetworkInterfaceId {
        let id: NetworkInterfaceId = self.ids.next();
        let private = |address| PrivateAddress { address, public: None };
        let mut ipv4: SmallVec<[PrivateAddress; 1]> = match plan.primary {
            PrimaryAddress::Missing => SmallVec::new(),
            PrimaryAddress::AnyFree => smallvec![private(self.take_free_address(plan.subnet))],
            PrimaryAddress::This(address) => smallvec![private(address)],
        };
        ipv4.extend(plan.secondary.iter().copied().map(private));
        for _ in 0..plan.secondary_count {
            ipv4.push(private(self.take_free_address(plan.subnet)));
        }
        let mut ipv6 = plan.ipv6.clone();
        if let Some((_, block)) = self.subnets[&plan.subnet].ipv6_block {
            ipv6.extend(self.draw_ipv6_addresses(id, block, plan.ipv6_count));
        }
        let interface = NetworkInterface {
            id,
            subnet: plan.subnet,
            vpc: plan.vpc,
            owner: caller.account,
            mac: self.next_mac(),
            ipv4,
            ipv6,
            groups: plan.groups.clone(),
            source_dest_check: true,
            connection_tracking: plan.connection_tracking,
            attachment,
            requester: None,
            description: plan.description.clone(),
            tags: plan.tags.clone(),
            origin: caller.origin,
        };
        self.network_interfaces.insert(id, interface);
        self.count_members(&plan.groups);
        self.index.gained(caller.account, caller.region, ResourceKind::NetworkInterface);
        if plan.public {
            self.auto_assigned.insert(id);
            self.assign_auto_public_address(id);
        }
        self.touch(id);
        id
    }

    /// Addresses of a subnet's block for an interface: 64 bits drawn by its id, so that no two interfaces get the same, and the
    /// interface none that it has.
    pub(super) fn draw_ipv6_addresses(&self, id: NetworkInterfaceId, block: Ipv6Net, count: usize) -> Vec<Ipv6Addr> {
        let own: &[Ipv6Addr] = self.network_interfaces.get(&id).map_or(&[], |eni| &eni.ipv6);
        let mut stream = Stream::new(self.config.seed, &format!("ipv6/{id}"));
        let drawn =
            std::iter::repeat_with(|| Ipv6Addr::from(u128::from(block.network()) | u128::from(stream.next_u64())));
        drawn.filter(|address| !own.contains(address) && !is_reserved_ipv6(*address)).take(count).collect()
    }

    /// A locally administered address (L2-11) that no other interface has: a bijection of how many there were.
    fn next_mac(&mut self) -> MacAddr {
        const FIRST_OCTETS: [u8; 4] = [0x02, 0x06, 0x0a, 0x0e];
        self.macs_given += 1;
        let mixed = self.macs_given.wrapping_mul(0x9e_3779_b97f).wrapping_add(self.config.seed);
        let MacAddr([_, rest @ ..]) = MacAddr::local(mixed);
        let first = FIRST_OCTETS[(mixed >> 38 & 3) as usize];
        MacAddr([first, rest[0], rest[1], rest[2], rest[3], rest[4]])
    }

    fn take_free_address(&mut self, subnet: SubnetId) -> Ipv4Addr {
        let free = self.index.subnet_mut(subnet).take_lowest();
        free.expect("the plan was checked against the number of free addresses")
    }

    /// An address of a subnet that an interface may have (ADDR-12, ADDR-20).
    pub(super) fn free_address(&self, subnet: &Subnet, text: &str) -> Result<Ipv4Addr, ApiError> {
        let address: Ipv4Addr = text.parse().map_err(|_| {
            ApiError::invalid_value(format!("Value ({text}) for parameter privateIpAddress is invalid."))
        })?;
        if !subnet.ipv4_block.is_some_and(|block| block.contains(&address)) {
            return Err(ApiError::invalid_value(format!(
                "Address {address} does not fall within the subnet's address range"
            )));
        }
        let addresses = self.index.subnet(subnet.id);
        if addresses.is_reserved(address) {
            return Err(ApiError::invalid_value(format!("Address {address} is in subnet's reserved address range")));
        }
        if addresses.is_taken(address) {
            return Err(ApiError::new("InvalidIPAddress.InUse", format!("Address {address} is in use.")));
        }
        Ok(address)
    }
}

/// Whether AWS keeps an address of a subnet's /64 for itself: the first four and the last (ADDR-14).
fn is_reserved_ipv6(address: Ipv6Addr) -> bool {
    let offset = address.to_bits() as u64;
    offset < 4 || offset == u64::MAX
}

/// There are not enough free addresses.
pub(super) fn no_free_address() -> ApiError {
    ApiError::new(
        "InsufficientFreeAddressesInSubnet",
        "The specified subnet does not have enough free addresses to satisfy the request.",
    )
}
