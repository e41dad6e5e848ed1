//! Secondary addresses of a NAT gateway, after it was made (NAT-6, NAT-17): Elastic ones of a public gateway, private ones of a
//! private gateway.
//!
//! One that is taken away drains first: the flows that it has go on, and new ones get another address. When the time is over it is
//! gone, and so are its flows.
//!
//! SIM: an address is in use as soon as it is asked for; AWS shows it as `assigning` or `associating` for some seconds.

use std::net::Ipv4Addr;

use super::answer::{Answer, Object};
use super::error::permit;
use super::interface_plan::no_free_address;
use super::lookup::parse_id;
use super::nat_gateway::{ADDRESSES, Connectivity, NatAddress, NatGateway};
use super::network_interface::PrivateAddress;
use super::request::requests;
use super::transition::Transition;
use super::{ApiError, Caller, Cloud, PublicAddress};
use crate::engine::{SimDuration, SimTime};
use crate::id::*;

/// For how long an address drains unless the request says otherwise (NAT-17).
const DRAINING: u32 = 350;

requests! {
    /// Gives a private gateway further addresses.
    AssignPrivateNatGatewayAddress {
        nat_gateway_id: String,
        private_ip_addresses: Vec<String>,
        private_ip_address_count: Option<u32>,
    }
    /// Takes secondary addresses of a private gateway away.
    UnassignPrivateNatGatewayAddress {
        nat_gateway_id: String,
        private_ip_addresses: Vec<String>,
        max_drain_duration_seconds: Option<u32>,
    }
    /// Gives a public gateway further Elastic IP addresses.
    AssociateNatGatewayAddress {
        nat_gateway_id: String,
        allocation_ids: Vec<String>,
        private_ip_addresses: Vec<String>,
        availability_zone: Option<String>,
        availability_zone_id: Option<String>,
    }
    /// Takes secondary Elastic IP addresses of a public gateway away.
    DisassociateNatGatewayAddress {
        nat_gateway_id: String,
        association_ids: Vec<String>,
        max_drain_duration_seconds: Option<u32>,
    }
}

impl NatGateway {
    /// When the next of its addresses has drained.
    pub(crate) fn next_drained(&self) -> Option<SimTime> {
        self.interface?;
        self.addresses.iter().filter_map(|address| address.drained).min()
    }

    /// Its private addresses that take no new flows.
    pub(crate) fn draining(&self) -> impl Iterator<Item = Ipv4Addr> {
        self.addresses.iter().filter(|address| address.drained.is_some()).filter_map(|address| address.private)
    }

    fn answer(&self, status: &str, shown: impl Fn(&NatAddress) -> bool) -> Answer {
        let addresses = self
            .addresses
            .iter()
            .filter(|address| shown(address))
            .map(|address| self.describe_address(address, false, status));
        Ok(Object::new().text("NatGatewayId", self.id).list("NatGatewayAddresses", addresses).into())
    }
}

impl Cloud {
    pub(crate) fn assign_private_nat_gateway_address(
        &mut self,
        caller: &Caller,
        request: AssignPrivateNatGatewayAddress,
    ) -> Answer {
        let gateway = self.changeable_gateway(caller, &request.nat_gateway_id, Connectivity::Private)?;
        let count = request.private_ip_address_count.unwrap_or(0) as usize;
        if request.private_ip_addresses.is_empty() && count == 0 {
            return Err(ApiError::missing("PrivateIpAddresses"));
        }
        let id = gateway.id;
        let added = self.further_addresses(gateway, &request.private_ip_addresses, count)?;
        permit(request.dry_run)?;
        self.add_nat_addresses(id, &added);
        self.nat_gateways[&id].answer("assigning", |address| address.private.is_some_and(|it| added.contains(&it)))
    }

    pub(crate) fn unassign_private_nat_gateway_address(
        &mut self,
        caller: &Caller,
        request: UnassignPrivateNatGatewayAddress,
    ) -> Answer {
        let gateway = self.changeable_gateway(caller, &request.nat_gateway_id, Connectivity::Private)?;
        let until = drained_at(caller, request.max_drain_duration_seconds)?;
        if request.private_ip_addresses.is_empty() {
            return Err(ApiError::missing("PrivateIpAddresses"));
        }
        let named = request.private_ip_addresses.iter().map(|text| {
            let at = gateway.addresses.iter().position(|it| it.private.is_some_and(|own| own.to_string() == *text));
            removable(at).ok_or_else(|| {
                ApiError::invalid_value(format!("The address {text} is not a secondary address of {}.", gateway.id))
            })
        });
        let (id, named) = (gateway.id, named.collect::<Result<Vec<_>, _>>()?);
        permit(request.dry_run)?;
        self.drain(id, &named, until);
        self.nat_gateways[&id].answer("unassigning", |address| address.drained == Some(until))
    }

    pub(crate) fn associate_nat_gateway_address(
        &mut self,
        caller: &Caller,
        request: AssociateNatGatewayAddress,
    ) -> Answer {
        let gateway = self.changeable_gateway(caller, &request.nat_gateway_id, Connectivity::Public)?;
        if request.availability_zone.is_some() || request.availability_zone_id.is_some() {
            return Err(ApiError::not_simulated("A regional NAT gateway"));
        }
        if request.allocation_ids.is_empty() {
            return Err(ApiError::missing("AllocationIds"));
        }
        let allocations: Vec<AllocationId> = request
            .allocation_ids
            .iter()
            .map(|text| self.allocation_for_nat(caller, text))
            .collect::<Result<_, _>>()?;
        if let Some(taken) = allocations.iter().find(|allocation| self.elastic_ips[*allocation].association.is_some()) {
            let message = format!("Elastic IP address [{taken}] is already associated");
            return Err(ApiError::new("Resource.AlreadyAssociated", message));
        }
        let count = allocations.len().saturating_sub(request.private_ip_addresses.len());
        let (id, interface) = (gateway.id, gateway.interface);
        let added = self.further_addresses(gateway, &request.private_ip_addresses, count)?;
        permit(request.dry_run)?;
        self.add_nat_addresses(id, &added);
        let interface = interface.expect("a gateway that is available has an interface");
        for (&private, allocation) in added.iter().zip(allocations) {
            let association: AssociationId = self.ids.next();
            let elastic = &mut self.elastic_ips[&allocation];
            let address = elastic.address;
            elastic.association = Some((association, interface, private));
            let at = self.position_of(interface, private);
            self.set_public_address(interface, at, Some(PublicAddress::Elastic { address, allocation, association }));
            let own = self.nat_gateways[&id].addresses.iter_mut().find(|it| it.private == Some(private));
            own.expect("it was just added").public = Some((allocation, address, Some(association)));
        }
        self.nat_gateways[&id].answer("associating", |address| address.private.is_some_and(|it| added.contains(&it)))
    }

    pub(crate) fn disassociate_nat_gateway_address(
        &mut self,
        caller: &Caller,
        request: DisassociateNatGatewayAddress,
    ) -> Answer {
        let gateway = self.changeable_gateway(caller, &request.nat_gateway_id, Connectivity::Public)?;
        let until = drained_at(caller, request.max_drain_duration_seconds)?;
        if request.association_ids.is_empty() {
            return Err(ApiError::missing("AssociationIds"));
        }
        let named = request.association_ids.iter().map(|text| {
            let association: AssociationId = parse_id(text)?;
            let has_it = |address: &NatAddress| address.public.is_some_and(|(_, _, own)| own == Some(association));
            removable(gateway.addresses.iter().position(has_it)).ok_or_else(|| {
                ApiError::invalid_value(format!(
                    "The association {text} is not one of a secondary address of {}.",
                    gateway.id
                ))
            })
        });
        let (id, named) = (gateway.id, named.collect::<Result<Vec<_>, _>>()?);
        permit(request.dry_run)?;
        self.drain(id, &named, until);
        self.nat_gateways[&id].answer("disassociating", |address| address.drained == Some(until))
    }

    /// Takes away what has drained. The Elastic IP addresses are free again.
    pub(crate) fn settle_nat_gateway_addresses(&mut self, id: NatGatewayId, now: SimTime) {
        let gateway = &mut self.nat_gateways[&id];
        let Some(interface) = gateway.interface else { return };
        let is_over = |address: &NatAddress| address.drained.is_some_and(|until| until <= now);
        let over: Vec<NatAddress> = gateway.addresses.iter().copied().filter(is_over).collect();
        gateway.addresses.retain(|address| !is_over(address));
        let subnet = gateway.subnet;
        self.touch(interface);
        for NatAddress { private, public, .. } in over {
            if let Some((allocation, ..)) = public {
                self.end_association(allocation);
            }
            let Some(private) = private else { continue };
            let at = self.position_of(interface, private);
            self.network_interfaces[&interface].ipv4.remove(at);
            self.index.subnet_mut(subnet).release(private);
        }
    }

    /// A gateway of a kind whose addresses may be changed now. SIM: EC2 does not document the refusals' words.
    fn changeable_gateway(&self, caller: &Caller, text: &str, kind: Connectivity) -> Result<&NatGateway, ApiError> {
        let gateway = self.find::<NatGateway>(caller, text)?;
        if gateway.connectivity != kind {
            let kind = match kind {
                Connectivity::Public => "public",
                Connectivity::Private => "private",
            };
            let message = format!("This operation is for {kind} NAT gateways only, which {} is not.", gateway.id);
            return Err(ApiError::new("InvalidParameterCombination", message));
        }
        if !gateway.is_available() {
            return Err(ApiError::new("IncorrectState", format!("NAT gateway {} is not available.", gateway.id)));
        }
        Ok(gateway)
    }

    /// Free addresses of a gateway's subnet: those asked for, and some more.
    fn further_addresses(
        &self,
        gateway: &NatGateway,
        asked: &[String],
        more: usize,
    ) -> Result<Vec<Ipv4Addr>, ApiError> {
        if gateway.addresses.len() + asked.len() + more > ADDRESSES {
            let message = format!("A NAT gateway can have at most {ADDRESSES} addresses.");
            return Err(ApiError::new("PrivateIpAddressLimitExceeded", message));
        }
        let subnet = &self.subnets[&gateway.subnet];
        let mut added: Vec<Ipv4Addr> = Vec::new();
        for text in asked {
            let address = self.free_address(subnet, text)?;
            if added.contains(&address) {
                return Err(ApiError::new("InvalidIPAddress.InUse", format!("Address {address} is given twice.")));
            }
            added.push(address);
        }
        let free = self.index.subnet(subnet.id).lowest_free(more, &added).ok_or_else(no_free_address)?;
        added.extend(free);
        Ok(added)
    }

    fn add_nat_addresses(&mut self, id: NatGatewayId, added: &[Ipv4Addr]) {
        let gateway = &mut self.nat_gateways[&id];
        let interface = gateway.interface.expect("a gateway that is available has an interface");
        let subnet = gateway.subnet;
        for &address in added {
            gateway.addresses.push(NatAddress { private: Some(address), public: None, drained: None });
            self.network_interfaces[&interface].ipv4.push(PrivateAddress { address, public: None });
            self.index.subnet_mut(subnet).take(address);
        }
        self.touch(interface);
    }

    fn position_of(&self, interface: NetworkInterfaceId, private: Ipv4Addr) -> usize {
        let at = self.network_interfaces[&interface].ipv4.iter().position(|own| own.address == private);
        at.expect("a gateway's addresses are its interface's")
    }

    fn drain(&mut self, id: NatGatewayId, named: &[usize], until: SimTime) {
        let gateway = &mut self.nat_gateways[&id];
        for at in named {
            gateway.addresses[*at].drained.get_or_insert(until);
        }
        let interface = gateway.interface.expect("a gateway that is available has an interface");
        self.schedule.at(until, Transition::NatGatewayAddresses(id));
        self.touch(interface);
    }
}

/// The primary address stays.
fn removable(at: Option<usize>) -> Option<usize> {
    at.filter(|at| *at > 0)
}

/// 1 to 4,000 seconds from now.
fn drained_at(caller: &Caller, seconds: Option<u32>) -> Result<SimTime, ApiError> {
    let seconds = seconds.unwrap_or(DRAINING);
    if !(1..=4_000).contains(&seconds) {
        return Err(ApiError::invalid_value(format!(
            "Value ({seconds}) for parameter MaxDrainDurationSeconds is invalid. It must be between 1 and 4000."
        )));
    }
    Ok(caller.now + SimDuration::from_secs(u64::from(seconds)))
}
