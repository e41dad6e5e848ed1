//! Gateway endpoints and the public services of AWS behind them, and who reads which prefix list.
//!
//! Services are numbered when their Region gets its first VPC, so that they are there for whoever sends to their public
//! addresses, endpoint or not.

use super::{Compiler, Dependent};
use crate::cloud::{AwsPrefixList, Cloud, PublicService};
use crate::dataplane::matching::Block;
use crate::dataplane::tables::{
    EndpointIndex, EndpointState, EndpointTable, EndpointTracking, ServiceIndex, ServiceTable, Tables,
};
use crate::id::{PrefixListId, Region, RouteTableId, SecurityGroupId, VpcEndpointId};

/// Gives the services of a Region their numbers and addresses, unless they have them.
pub(super) fn number_services(services: &mut Vec<(PublicService, Region)>, region: Region, tables: &mut Tables) {
    if services.iter().any(|(_, known)| *known == region) {
        return;
    }
    for service in PublicService::ALL {
        let index = ServiceIndex(services.len() as u32);
        services.push((service, region));
        let lists = AwsPrefixList::ALL.into_iter().filter(|list| list.service == service);
        let ranges = lists.flat_map(|list| list.blocks_in(region)).map(Block::new).collect();
        let tracking = match service {
            PublicService::S3 => EndpointTracking::ByRules,
            PublicService::DynamoDb => EndpointTracking::Always, // SG-19
        };
        tables.services.push(ServiceTable { region, ranges, tracking });
        tables.service_at.extend(service.addresses_in(region).into_iter().map(|address| (address, index)));
    }
}

impl Compiler {
    /// An endpoint keeps its number when it is gone: what is on its way to it finds it deleted.
    pub(super) fn compile_endpoints(&mut self, cloud: &Cloud, touched: &[VpcEndpointId], tables: &mut Tables) {
        for id in touched {
            let known = self.endpoints.get(id).copied();
            match (cloud.vpc_endpoints.get(id), known) {
                (Some(endpoint), None) => {
                    let vpc = self.number_vpc(cloud, endpoint.vpc, tables);
                    let region = tables.vpc(vpc).region;
                    let service = self.services.iter().position(|known| *known == (endpoint.service, region));
                    let Some(service) = service else { continue };
                    self.endpoints.insert(*id, EndpointIndex(tables.endpoints.len() as u32));
                    tables.endpoints.push(EndpointTable {
                        id: *id,
                        vpc,
                        service: ServiceIndex(service as u32),
                        state: EndpointState::Available,
                        origin: endpoint.origin,
                    });
                }
                (None, Some(index)) => tables.endpoints[index.0 as usize].state = EndpointState::Deleted,
                (Some(_), Some(_)) | (None, None) => {}
            }
        }
    }

    /// What names a list that has changed is compiled again.
    pub(super) fn find_readers(&self, touched: &[PrefixListId], dependent: &mut Dependent) {
        for reader in touched.iter().filter_map(|list| self.readers_of.get(list)).flatten() {
            dependent.route_tables.extend(RouteTableId::try_from(*reader).ok());
            dependent.security_groups.extend(SecurityGroupId::try_from(*reader).ok());
        }
    }
}
