//! What a VPC's DHCP server tells an instance that boots, besides its address: the VPC's set of options (ADDR-19).
//!
//! Differs from AWS: no DHCP packets are exchanged. An instance is configured when it wakes for the first time after a boot as its
//! client would have been told, and hears of another set at its next boot, not within the hour that a lease lasts.

use std::net::{IpAddr, Ipv4Addr};

use crate::cloud::{Cloud, NameServer};
use crate::host::ResolverConfig;
use crate::id::InstanceId;

/// The name servers of an instance; none where its VPC has no options.
pub(super) fn resolver(cloud: &Cloud, instance: InstanceId) -> Option<ResolverConfig> {
    let vpc = cloud.vpcs.get(&cloud.instances.get(&instance)?.vpc)?;
    let options = cloud.dhcp_options.get(&vpc.dhcp_options?)?;
    // The Resolver is at the primary block's base plus two (ADDR-13).
    let amazon = Ipv4Addr::from_bits(vpc.primary_block().network().to_bits() + 2);
    let servers = options.name_servers().map(|server| match server {
        NameServer::Amazon => IpAddr::V4(amazon),
        NameServer::At(address) => address,
    });
    Some(ResolverConfig { servers: servers.collect(), search: options.domain_name().map(str::to_owned) })
}
