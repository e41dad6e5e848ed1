//! Asked → forwarded: the only room that sees both planes.
//!
//! A VPC is compiled as a whole from the cloud's records and replaces its former tables. Interfaces, VPCs and peering
//! connections keep their numbers for the whole run, deleted or not, because flow state and hosts refer to them. What is usable
//! and what a reference means is decided here; what is done to packets is not known here.

mod rules;
mod vpc;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::cloud::{Cloud, PeeringStatus, RulePeer, VpcPeeringConnection};
use crate::dataplane::tables::VpcTables;
use crate::dataplane::tables::{EniIndex, EniPlace, PeeringIndex, PeeringState, PeeringTable, Slot, Tables, VpcIndex};
use crate::id::{NetworkInterfaceId, Origin, Region, SecurityGroupId, VpcId, VpcPeeringConnectionId};

/// Turns the cloud's state into forwarding tables, and remembers which number each thing has.
#[derive(Clone, Debug, Default)]
pub(crate) struct Compiler {
    vpcs: FxHashMap<VpcId, VpcIndex>,
    enis: FxHashMap<NetworkInterfaceId, EniIndex>,
    peerings: FxHashMap<VpcPeeringConnectionId, PeeringIndex>,
    /// Whose rules name whose groups: a change over there changes what the rules here mean (SG-8, SG-9).
    references: BTreeMap<VpcId, BTreeSet<VpcId>>,
}

impl Compiler {
    /// Compiles the touched VPCs again, and those whose rules name groups of a touched VPC.
    pub(crate) fn compile(&mut self, cloud: &Cloud, touched: &[VpcId], tables: &mut Tables) {
        let mut wanted: BTreeSet<VpcId> = touched.iter().copied().collect();
        self.number_vpcs(cloud, touched, tables);
        self.note_references(cloud, &group_vpcs(cloud));
        for (&vpc, named) in &self.references {
            if named.iter().any(|named| touched.contains(named)) && cloud.vpcs.contains_key(&vpc) {
                wanted.insert(vpc);
            }
        }
        let in_order: Vec<VpcId> = self.in_order(&wanted);
        self.number_vpcs(cloud, &in_order, tables);
        self.compile_peerings(cloud, &wanted, tables);
        self.number_enis(cloud, &wanted, tables);
        let sources = vpc::Sources::collect(cloud, &wanted);
        for vpc in in_order {
            self.replace(cloud, &sources, vpc, tables);
        }
    }

    /// The number of an interface that was ever compiled.
    pub(crate) fn eni_index(&self, id: NetworkInterfaceId) -> Option<EniIndex> {
        self.enis.get(&id).copied()
    }

    /// The number of a VPC that was ever compiled.
    pub(crate) fn vpc_index(&self, id: VpcId) -> Option<VpcIndex> {
        self.vpcs.get(&id).copied()
    }

    /// The number of a peering connection that was ever compiled.
    pub(crate) fn peering_index(&self, id: VpcPeeringConnectionId) -> Option<PeeringIndex> {
        self.peerings.get(&id).copied()
    }

    /// By number, so that the order of compilation depends on the order of creation alone.
    fn in_order(&self, wanted: &BTreeSet<VpcId>) -> Vec<VpcId> {
        let mut numbered: Vec<(Option<VpcIndex>, VpcId)> = wanted.iter().map(|&id| (self.vpc_index(id), id)).collect();
        numbered.sort();
        numbered.into_iter().map(|(_, id)| id).collect()
    }

    fn number_vpcs(&mut self, cloud: &Cloud, vpcs: &[VpcId], tables: &mut Tables) {
        for &id in vpcs {
            self.number_vpc(cloud, id, tables);
        }
    }

    fn number_vpc(&mut self, cloud: &Cloud, id: VpcId, tables: &mut Tables) -> VpcIndex {
        *self.vpcs.entry(id).or_insert_with(|| {
            let index = VpcIndex(tables.vpcs.len() as u32);
            let region = cloud.vpcs.get(&id).map_or(Region::DEFAULT, |vpc| vpc.region);
            tables.vpcs.push(Arc::new(VpcTables::empty(id, region)));
            index
        })
    }

    fn number_enis(&mut self, cloud: &Cloud, wanted: &BTreeSet<VpcId>, tables: &mut Tables) {
        for eni in cloud.network_interfaces.values().filter(|eni| wanted.contains(&eni.vpc)) {
            let vpc = self.vpcs[&eni.vpc];
            self.enis.entry(eni.id).or_insert_with(|| {
                let index = EniIndex(tables.enis.len() as u32);
                tables.enis.push(EniPlace { id: eni.id, vpc, slot: None });
                index
            });
        }
    }

    /// Connections that touch a touched VPC, and the state of those that are gone.
    fn compile_peerings(&mut self, cloud: &Cloud, touched: &BTreeSet<VpcId>, tables: &mut Tables) {
        for peering in cloud.peerings.values() {
            let ends = [peering.requester.vpc, peering.accepter.vpc];
            if !ends.iter().any(|end| touched.contains(end)) {
                continue;
            }
            let ends = ends.map(|end| self.number_vpc(cloud, end, tables));
            let table = peering_table(peering, ends);
            match self.peerings.get(&peering.id) {
                Some(index) => tables.peerings[index.0 as usize] = table,
                None => {
                    self.peerings.insert(peering.id, PeeringIndex(tables.peerings.len() as u32));
                    tables.peerings.push(table);
                }
            }
        }
        for table in &mut tables.peerings {
            if !cloud.peerings.contains_key(&table.id) {
                table.state = PeeringState::Inactive;
            }
        }
    }

    fn note_references(&mut self, cloud: &Cloud, group_vpcs: &FxHashMap<SecurityGroupId, VpcId>) {
        for group in cloud.security_groups.values() {
            for rule in group.ingress.iter().chain(&group.egress) {
                if let RulePeer::Group { group: named, .. } = &rule.peer
                    && let Some(&named) = group_vpcs.get(named)
                    && named != group.vpc
                {
                    // Kept for ever: a group that is deleted must still bring its readers here.
                    self.references.entry(group.vpc).or_default().insert(named);
                }
            }
        }
    }

    fn replace(&self, cloud: &Cloud, sources: &vpc::Sources<'_>, id: VpcId, tables: &mut Tables) {
        let index = self.vpcs[&id];
        let place = index.0 as usize;
        let compiled = match cloud.vpcs.get(&id) {
            Some(vpc) => vpc::compile(self, cloud, sources, vpc),
            None => VpcTables::empty(id, tables.vpcs[place].region),
        };
        for old in &tables.vpcs[place].enis {
            tables.enis[old.index.0 as usize].slot = None;
        }
        for (eni, slot) in compiled.enis.iter().zip(0..) {
            tables.enis[eni.index.0 as usize].slot = Some(Slot(slot));
        }
        tables.internet.retain(|_, owner| *owner != index);
        if let Some(gateway) = &compiled.internet_gateway {
            let v4 = gateway.private_of.keys().copied();
            let v6 = compiled.enis.iter().flat_map(|eni| eni.addresses.iter().copied().filter(|ip| ip.is_ipv6()));
            tables.internet.extend(v4.chain(v6).map(|address| (address, index)));
        }
        tables.vpcs[place] = Arc::new(compiled);
    }
}

/// MTU-2b and MTU-2c.
fn peering_table(peering: &VpcPeeringConnection, ends: [VpcIndex; 2]) -> PeeringTable {
    let is_same_region = peering.requester.region == peering.accepter.region;
    PeeringTable {
        id: peering.id,
        state: if is_active(peering) { PeeringState::Active } else { PeeringState::Inactive },
        ends,
        mtu_bytes: if is_same_region { 9001 } else { 8500 },
        origin: Origin::Aws,
    }
}

fn is_active(peering: &VpcPeeringConnection) -> bool {
    peering.status == PeeringStatus::Active
}

fn group_vpcs(cloud: &Cloud) -> FxHashMap<SecurityGroupId, VpcId> {
    cloud.security_groups.values().map(|group| (group.id, group.vpc)).collect()
}
