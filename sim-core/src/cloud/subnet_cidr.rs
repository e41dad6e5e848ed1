//! IPv6 blocks added to subnets and removed from them, and IPv6 addresses of interfaces (ADDR-10, ADDR-14).

use std::net::Ipv6Addr;

use ipnet::Ipv6Net;
use serde_json::Value;

use super::answer::{Answer, Object};
use super::cidr::ipv6_block;
use super::error::permit;
use super::lookup::parse_id;
use super::request::requests;
use super::{ApiError, Caller, Cloud, NetworkInterface, Subnet};
use crate::id::*;

requests! {
    /// Gives a subnet an IPv6 block.
    AssociateSubnetCidrBlock { subnet_id: String, ipv6_cidr_block: Option<String>, }
    /// Takes a subnet's IPv6 block away.
    DisassociateSubnetCidrBlock { association_id: String, }
    /// Gives an interface IPv6 addresses.
    AssignIpv6Addresses {
        network_interface_id: String,
        ipv6_addresses: Vec<String>,
        ipv6_address_count: Option<u32>,
    }
    /// Takes IPv6 addresses away.
    UnassignIpv6Addresses { network_interface_id: String, ipv6_addresses: Vec<String>, }
}

impl Cloud {
    /// A block that a subnet of this VPC may have: a /64 of one of the VPC's, which no other subnet has.
    pub(crate) fn subnet_ipv6_block(&self, vpc: VpcId, text: &str) -> Result<Ipv6Net, ApiError> {
        let block = ipv6_block(text, "ipv6CidrBlock")?;
        if block.prefix_len() != 64 || !self.vpcs[&vpc].ipv6_blocks.iter().any(|(_, own)| own.contains(&block)) {
            return Err(ApiError::new("InvalidSubnet.Range", format!("The CIDR '{text}' is invalid.")));
        }
        let mut siblings = self.index.vpc(vpc).subnets.iter().map(|subnet| &self.subnets[subnet]);
        if siblings.any(|sibling| sibling.ipv6_block.is_some_and(|(_, other)| other == block)) {
            let message = format!("The CIDR '{text}' conflicts with another subnet");
            return Err(ApiError::new("InvalidSubnet.Conflict", message));
        }
        Ok(block)
    }

    pub(crate) fn associate_subnet_cidr_block(&mut self, caller: &Caller, request: AssociateSubnetCidrBlock) -> Answer {
        let subnet = self.find::<Subnet>(caller, &request.subnet_id)?;
        let Some(text) = &request.ipv6_cidr_block else { return Err(ApiError::missing("ipv6CidrBlock")) };
        let block = self.subnet_ipv6_block(subnet.vpc, text)?;
        if subnet.ipv6_block.is_some() {
            return Err(ApiError::new(
                "SubnetAlreadyHasIpv6CidrBlock",
                format!("The subnet '{}' already has an IPv6 CIDR block.", subnet.id),
            ));
        }
        let id = subnet.id;
        permit(request.dry_run)?;
        let association: SubnetCidrAssociationId = self.ids.next();
        self.subnets[&id].ipv6_block = Some((association, block));
        self.touch(id);
        Ok(shown(id, association, block, "associating"))
    }

    pub(crate) fn disassociate_subnet_cidr_block(
        &mut self,
        caller: &Caller,
        request: DisassociateSubnetCidrBlock,
    ) -> Answer {
        let association: SubnetCidrAssociationId = parse_id(&request.association_id)?;
        let mut own = self.subnets.values().filter(|subnet| {
            let vpc = &self.vpcs[&subnet.vpc];
            (vpc.owner, vpc.region) == (caller.account, caller.region)
        });
        let found = own.find_map(|subnet| {
            let (_, block) = subnet.ipv6_block.filter(|(id, _)| *id == association)?;
            Some((subnet.id, block))
        });
        let Some((id, block)) = found else {
            return Err(ApiError::new(
                "InvalidSubnetCidrBlockAssociationID.NotFound",
                format!("The subnet CIDR block association ID '{association}' does not exist"),
            ));
        };
        self.subnets[&id].check_ipv4("being without an IPv6 CIDR block")?;
        if self.network_interfaces.values().any(|eni| eni.subnet == id && !eni.ipv6.is_empty()) {
            return Err(ApiError::new(
                "InvalidCidrBlock.InUse",
                format!("The subnet '{id}' has network interfaces with addresses of its IPv6 CIDR block."),
            ));
        }
        permit(request.dry_run)?;
        let subnet = &mut self.subnets[&id];
        subnet.ipv6_block = None;
        subnet.assign_ipv6_on_creation = false;
        subnet.name_options_on_launch.aaaa_record = false;
        self.touch(id);
        Ok(shown(id, association, block, "disassociating"))
    }

    pub(crate) fn assign_ipv6_addresses(&mut self, caller: &Caller, request: AssignIpv6Addresses) -> Answer {
        let interface = self.find::<NetworkInterface>(caller, &request.network_interface_id)?;
        interface.check_changeable()?;
        let (id, subnet) = (interface.id, &self.subnets[&interface.subnet]);
        let Some((_, block)) = subnet.ipv6_block else {
            return Err(ApiError::invalid_value(format!("Subnet {} has no IPv6 CIDR block", subnet.id)));
        };
        let mut assigned = Vec::new();
        for text in &request.ipv6_addresses {
            let address = text.parse::<Ipv6Addr>().ok().filter(|address| block.contains(address)).ok_or_else(|| {
                ApiError::invalid_value(format!("Address {text} does not fall within the subnet's address range"))
            })?;
            if assigned.contains(&address) || self.has_ipv6(subnet.id, address) {
                return Err(ApiError::new("InvalidIPAddress.InUse", format!("Address {address} is in use.")));
            }
            assigned.push(address);
        }
        let count = request.ipv6_address_count.unwrap_or(0) as usize;
        if assigned.is_empty() && count == 0 {
            return Err(ApiError::missing("ipv6AddressCount"));
        }
        permit(request.dry_run)?;
        assigned.extend(self.draw_ipv6_addresses(id, block, count));
        self.network_interfaces[&id].ipv6.extend(&assigned);
        self.addresses_changed(id);
        Ok(Object::new().list("AssignedIpv6Addresses", texts(&assigned)).text("NetworkInterfaceId", id).into())
    }

    pub(crate) fn unassign_ipv6_addresses(&mut self, caller: &Caller, request: UnassignIpv6Addresses) -> Answer {
        let interface = self.find::<NetworkInterface>(caller, &request.network_interface_id)?;
        interface.check_changeable()?;
        let id = interface.id;
        if request.ipv6_addresses.is_empty() {
            return Err(ApiError::missing("ipv6Addresses"));
        }
        let mut removed = Vec::new();
        for text in &request.ipv6_addresses {
            let own = interface.ipv6.iter().find(|own| text.parse() == Ok(**own));
            removed.push(*own.ok_or_else(|| {
                ApiError::invalid_value(format!("Some of [{text}] are not assigned to interface {id}"))
            })?);
        }
        permit(request.dry_run)?;
        self.network_interfaces[&id].ipv6.retain(|address| !removed.contains(address));
        self.addresses_changed(id);
        Ok(Object::new().text("NetworkInterfaceId", id).list("UnassignedIpv6Addresses", texts(&removed)).into())
    }

    fn has_ipv6(&self, subnet: SubnetId, address: Ipv6Addr) -> bool {
        self.network_interfaces.values().any(|eni| eni.subnet == subnet && eni.ipv6.contains(&address))
    }
}

fn texts(addresses: &[Ipv6Addr]) -> impl Iterator<Item = Value> {
    addresses.iter().map(|address| Value::from(address.to_string()))
}

fn shown(subnet: SubnetId, association: SubnetCidrAssociationId, block: Ipv6Net, state: &str) -> Value {
    let block = Object::new()
        .text("AssociationId", association)
        .text("Ipv6CidrBlock", block)
        .value("Ipv6CidrBlockState", Object::new().text("State", state));
    Object::new().value("Ipv6CidrBlockAssociation", block).text("SubnetId", subnet).into()
}
