//! What VPCs and hosted zones have to do with names, from the cloud's records.

use std::sync::Arc;

use super::{Compiler, vpc_mut};
use crate::cloud::{self, Cloud, HostedZone, NetworkInterface, RecordValues};
use crate::dataplane::names::{RecordContent, RecordSet, ResourceName, VpcNames, ZoneTable};
use crate::dataplane::tables::{PeeringIndex, PeeringState, Tables, VpcIndex};
use crate::id::HostedZoneId;

impl Compiler {
    /// Puts hosted zones where they are asked: with the VPCs they are associated with, or on the Internet.
    pub(super) fn compile_zones(&mut self, cloud: &Cloud, touched: &[HostedZoneId], tables: &mut Tables) {
        for id in touched {
            for vpc in self.zones.remove(id).unwrap_or_default() {
                vpc_mut(tables, vpc).names.zones.retain(|zone| zone.id != *id);
            }
            tables.public_names.zones.retain(|zone| zone.id != *id);
            let Some(zone) = cloud.hosted_zones.get(id) else { continue };
            let table = Arc::new(zone_table(zone));
            let add = |zones: &mut Vec<Arc<ZoneTable>>| {
                let at = zones.partition_point(|other| other.id < *id);
                zones.insert(at, table.clone());
            };
            if !zone.is_private {
                add(&mut tables.public_names.zones);
                continue;
            }
            let there = zone.vpcs.iter().filter(|vpc| cloud.vpcs.contains_key(vpc));
            let vpcs: Vec<VpcIndex> = there.map(|vpc| self.number_vpc(cloud, *vpc, tables)).collect();
            vpcs.iter().for_each(|vpc| add(&mut vpc_mut(tables, *vpc).names.zones));
            self.zones.insert(*id, vpcs);
        }
    }
}

/// What a VPC's attributes switch on (DNS-2).
pub(super) fn set_attributes(vpc: &cloud::Vpc, names: &mut VpcNames) {
    names.support = vpc.enable_dns_support;
    names.hostnames = vpc.enable_dns_hostnames;
}

/// Keeps the list of a VPC's active peering connections.
pub(super) fn note_peering(tables: &mut Tables, end: VpcIndex, peering: PeeringIndex) {
    let is_active = tables.peering(tables.side(peering, end)).state == PeeringState::Active;
    let known = &tables.vpc(end).names.peerings;
    match (known.binary_search(&peering), is_active) {
        (Err(at), true) => vpc_mut(tables, end).names.peerings.insert(at, peering),
        (Ok(at), false) => drop(vpc_mut(tables, end).names.peerings.remove(at)),
        _ => {}
    }
}

/// The records of an instance's resource name, if this is its primary interface and any are switched on (DNS-4).
pub(super) fn resource_name(cloud: &Cloud, eni: &NetworkInterface) -> Option<Box<ResourceName>> {
    let instance = cloud.instances.get(&eni.attachment.as_ref()?.instance)?;
    let options = instance.name_options;
    let is_named = instance.interfaces.first() == Some(&eni.id) && (options.a_record || options.aaaa_record);
    let name = ResourceName { instance: instance.id, a_record: options.a_record, aaaa_record: options.aaaa_record };
    is_named.then(|| Box::new(name))
}

fn zone_table(zone: &HostedZone) -> ZoneTable {
    let mut table = ZoneTable { id: zone.id, name: zone.name.clone(), sets: Default::default() };
    for set in &zone.record_sets {
        let content = match &set.values {
            RecordValues::Values { ttl, values } => RecordContent::Values { ttl: *ttl, values: values.clone() },
            RecordValues::Alias { target, .. } => RecordContent::Alias(target.clone()),
        };
        let sets = table.sets.entry(set.name.clone()).or_default();
        sets.push(RecordSet { record_type: set.record_type, content });
    }
    table
}
