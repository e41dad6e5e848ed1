//! Who has an address: the interfaces of a VPC in the look-ups of its tables, and what the Internet reaches through a gateway
//! (L2-2, IGW-3).
//!
//! An interface enters and leaves the look-ups with its own addresses alone. Within one compilation an address may go from one
//! interface to another, and either may come first; so an interface takes out only what is still its own.

use std::net::IpAddr;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::vpc_mut;
use crate::cloud::{Cloud, NetworkInterface};
use crate::dataplane::tables::{EniIndex, EniTable, InternetGatewayTable, Slot, Tables, VpcIndex, VpcTables};
use crate::id::{EgressOnlyInternetGatewayId, InternetGatewayId};

/// Which VPC's gateway answers for an address.
type Internet = FxHashMap<IpAddr, VpcIndex>;

/// Puts an interface's table into its VPC's, in place of its former one.
pub(super) fn put_eni(tables: &mut Tables, eni: &NetworkInterface, table: EniTable) {
    let place = &mut tables.enis[table.index.0 as usize];
    let index = place.vpc;
    let vpc = Arc::make_mut(&mut tables.vpcs[index.0 as usize]);
    let Some(slot) = place.slot else {
        let slot = vpc.enis.add(table);
        place.slot = Some(slot);
        enter(vpc, index, slot, eni, &mut tables.internet);
        return;
    };
    // Public addresses may change while the private ones stay; they are known where there is an Internet gateway.
    let before = &vpc.enis[slot.0 as usize];
    let is_known = before.addresses == table.addresses && before.resource_name == table.resource_name;
    if vpc.internet_gateway.is_none() && is_known {
        vpc.enis.replace(slot, table);
        return;
    }
    leave(vpc, index, slot, &mut tables.internet);
    vpc.enis.replace(slot, table);
    enter(vpc, index, slot, eni, &mut tables.internet);
}

/// Takes an interface that is gone out of its VPC's tables. Its number stays taken.
pub(super) fn remove_eni(tables: &mut Tables, eni: EniIndex) {
    let place = &mut tables.enis[eni.0 as usize];
    let Some(slot) = place.slot.take() else { return };
    let index = place.vpc;
    let vpc = Arc::make_mut(&mut tables.vpcs[index.0 as usize]);
    leave(vpc, index, slot, &mut tables.internet);
    vpc.enis.remove(slot);
}

/// Gives a VPC an Internet gateway, through which its interfaces' public addresses are reached.
pub(super) fn attach_gateway(cloud: &Cloud, tables: &mut Tables, index: VpcIndex, id: InternetGatewayId) {
    let vpc = Arc::make_mut(&mut tables.vpcs[index.0 as usize]);
    let mut gateway = InternetGatewayTable {
        id,
        route_table: None,
        public_of: FxHashMap::default(),
        private_of: FxHashMap::default(),
    };
    for eni in vpc.enis.iter().filter_map(|eni| cloud.network_interfaces.get(&eni.id)) {
        publish(&mut gateway, index, eni, &mut tables.internet);
        publish_ipv6(index, eni, &mut tables.internet);
    }
    vpc.internet_gateway = Some(gateway);
}

/// Gives a VPC an egress-only Internet gateway, through which answers reach its interfaces' IPv6 addresses; or takes it away.
pub(super) fn set_egress_only_gateway(
    cloud: &Cloud,
    tables: &mut Tables,
    index: VpcIndex,
    gateway: Option<EgressOnlyInternetGatewayId>,
) {
    let vpc = Arc::make_mut(&mut tables.vpcs[index.0 as usize]);
    vpc.egress_only_gateway = gateway;
    if gateway.is_some() {
        for eni in vpc.enis.iter().filter_map(|eni| cloud.network_interfaces.get(&eni.id)) {
            publish_ipv6(index, eni, &mut tables.internet);
        }
    } else if vpc.internet_gateway.is_none() {
        forget_ipv6(vpc, index, &mut tables.internet);
    }
}

/// Takes a VPC's Internet gateway away.
pub(super) fn detach_gateway(tables: &mut Tables, index: VpcIndex) {
    let Some(gateway) = vpc_mut(tables, index).internet_gateway.take() else { return };
    for public in gateway.private_of.keys().copied() {
        forget(index, public, &mut tables.internet);
    }
    let vpc = &tables.vpcs[index.0 as usize];
    if vpc.egress_only_gateway.is_none() {
        forget_ipv6(vpc, index, &mut tables.internet);
    }
}

fn enter(vpc: &mut VpcTables, index: VpcIndex, slot: Slot, eni: &NetworkInterface, internet: &mut Internet) {
    let table = &vpc.enis[slot.0 as usize];
    for address in &table.addresses {
        vpc.addresses.insert(*address, slot);
    }
    vpc.macs.insert(table.mac, slot);
    if let Some(name) = &table.resource_name {
        vpc.names.instances.insert(name.instance, slot);
    }
    if let Some(gateway) = &mut vpc.internet_gateway {
        publish(gateway, index, eni, internet);
    }
    if vpc.internet_gateway.is_some() || vpc.egress_only_gateway.is_some() {
        publish_ipv6(index, eni, internet);
    }
}

fn leave(vpc: &mut VpcTables, index: VpcIndex, slot: Slot, internet: &mut Internet) {
    let table = &vpc.enis[slot.0 as usize];
    for address in &table.addresses {
        if vpc.addresses.get(*address) != Some(slot) {
            continue;
        }
        vpc.addresses.remove(*address);
        if address.is_ipv6() {
            forget(index, *address, internet);
        } else if let Some(gateway) = &mut vpc.internet_gateway {
            retract(gateway, index, *address, internet);
        }
    }
    if vpc.macs.get(&table.mac) == Some(&slot) {
        vpc.macs.remove(&table.mac);
    }
    if let Some(name) = &table.resource_name
        && vpc.names.instances.get(&name.instance) == Some(&slot)
    {
        vpc.names.instances.remove(&name.instance);
    }
}

/// Makes known under which public IPv4 addresses an interface is reached from the Internet, by translation.
fn publish(gateway: &mut InternetGatewayTable, index: VpcIndex, eni: &NetworkInterface, internet: &mut Internet) {
    for private in &eni.ipv4 {
        if let Some(public) = private.public {
            let (private, public) = (IpAddr::V4(private.address), IpAddr::V4(public.address()));
            gateway.public_of.insert(private, public);
            gateway.private_of.insert(public, private);
            internet.insert(public, index);
        }
    }
}

/// The same for its IPv6 addresses, which are reached as they are.
fn publish_ipv6(index: VpcIndex, eni: &NetworkInterface, internet: &mut Internet) {
    internet.extend(eni.ipv6.iter().map(|address| (IpAddr::V6(*address), index)));
}

/// Takes back how a VPC's IPv6 addresses are reached.
fn forget_ipv6(vpc: &VpcTables, index: VpcIndex, internet: &mut Internet) {
    for address in vpc.enis.iter().flat_map(|eni| eni.addresses.iter().copied().filter(IpAddr::is_ipv6)) {
        forget(index, address, internet);
    }
}

/// Takes back how a private IPv4 address is reached from the Internet.
fn retract(gateway: &mut InternetGatewayTable, index: VpcIndex, private: IpAddr, internet: &mut Internet) {
    if let Some(public) = gateway.public_of.remove(&private)
        && gateway.private_of.get(&public) == Some(&private)
    {
        gateway.private_of.remove(&public);
        forget(index, public, internet);
    }
}

fn forget(index: VpcIndex, public: IpAddr, internet: &mut Internet) {
    if internet.get(&public) == Some(&index) {
        internet.remove(&public);
    }
}
