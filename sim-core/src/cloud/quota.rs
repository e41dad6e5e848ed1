//! Quotas: how many of a thing there may be, with AWS's defaults (ADDR-18, RT-22, SG-29, ACL-14, PCX-13).
//!
//! The names are kebab-case after Service Quotas' titles; a scenario raises or lowers them under `settings.quotas`.

use super::ApiError;

macro_rules! quotas {
    ($($(#[$doc:meta])* $name:ident $text:literal $default:literal $code:literal;)*) => {
        /// A quota.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub(crate) enum Quota {
            $($(#[$doc])* $name,)*
        }

        impl Quota {
            /// Every quota.
            pub(crate) const ALL: &[Quota] = &[$(Quota::$name,)*];

            /// The name, as in `vpcs-per-region`.
            pub(crate) fn name(self) -> &'static str {
                match self { $(Quota::$name => $text,)* }
            }

            fn default_value(self) -> u32 {
                match self { $(Quota::$name => $default,)* }
            }

            /// The code of the refusal beyond the quota.
            fn code(self) -> &'static str {
                match self { $(Quota::$name => $code,)* }
            }
        }
    };
}

quotas! {
    /// VPCs of an account in a Region.
    VpcsPerRegion "vpcs-per-region" 5 "VpcLimitExceeded";
    /// Subnets of a VPC.
    SubnetsPerVpc "subnets-per-vpc" 200 "SubnetLimitExceeded";
    /// IPv4 blocks of a VPC, the primary one included (ADDR-3).
    Ipv4BlocksPerVpc "ipv4-cidr-blocks-per-vpc" 5 "CidrLimitExceeded";
    /// IPv6 blocks of a VPC (ADDR-10).
    Ipv6BlocksPerVpc "ipv6-cidr-blocks-per-vpc" 5 "CidrLimitExceeded";
    /// Route tables of a VPC, the main one included.
    RouteTablesPerVpc "route-tables-per-vpc" 200 "RouteTableLimitExceeded";
    /// Routes of a table, IPv4 and IPv6 counted apart (RT-22).
    RoutesPerRouteTable "routes-per-route-table" 500 "RouteLimitExceeded";
    /// Internet gateways of an account in a Region (IGW-1).
    InternetGatewaysPerRegion "internet-gateways-per-region" 5 "InternetGatewayLimitExceeded";
    /// Egress-only Internet gateways of an account in a Region (EIGW-1).
    EgressOnlyGatewaysPerRegion "egress-only-internet-gateways-per-region" 5 "EgressOnlyInternetGatewayLimitExceeded";
    /// Egress-only Internet gateways of a VPC (EIGW-1).
    EgressOnlyGatewaysPerVpc "egress-only-internet-gateways-per-vpc" 1 "EgressOnlyInternetGatewayLimitExceeded";
    /// NAT gateways of an account in an Availability Zone (NAT-18).
    NatGatewaysPerZone "nat-gateways-per-availability-zone" 5 "NatGatewayLimitExceeded";
    /// Security groups of an account in a Region.
    SecurityGroupsPerRegion "security-groups-per-region" 2500 "SecurityGroupLimitExceeded";
    /// Rules of a group in each direction, IPv4 and IPv6 counted apart (SG-29).
    RulesPerSecurityGroup "security-group-rules" 60 "RulesPerSecurityGroupLimitExceeded";
    /// Groups of a network interface.
    SecurityGroupsPerInterface "security-groups-per-network-interface" 5 "SecurityGroupsPerInterfaceLimitExceeded";
    /// Network ACLs of a VPC.
    NetworkAclsPerVpc "network-acls-per-vpc" 200 "NetworkAclLimitExceeded";
    /// Rules of a network ACL in each direction (ACL-14).
    RulesPerNetworkAcl "network-acl-rules" 20 "NetworkAclEntryLimitExceeded";
    /// Network interfaces of an account in a Region.
    InterfacesPerRegion "network-interfaces-per-region" 5000 "NetworkInterfaceLimitExceeded";
    /// Elastic IP addresses of an account in a Region (IGW-10).
    ElasticIpsPerRegion "elastic-ips-per-region" 5 "AddressLimitExceeded";
    /// Gateway endpoints of an account in a Region (GWE-14).
    GatewayEndpointsPerRegion "gateway-vpc-endpoints-per-region" 20 "VpcEndpointLimitExceeded";
    /// Gateway endpoints of a VPC (GWE-14).
    GatewayEndpointsPerVpc "gateway-vpc-endpoints-per-vpc" 255 "VpcEndpointLimitExceeded";
    /// Customer-managed prefix lists of an account in a Region.
    PrefixListsPerRegion "prefix-lists-per-region" 100 "PrefixListLimitExceeded";
    /// Entries of a prefix list: how large `MaxEntries` may be.
    EntriesPerPrefixList "entries-per-prefix-list" 1000 "PrefixListMaxEntriesExceeded";
    /// Active peering connections of a VPC (PCX-13).
    PeeringsPerVpc "active-vpc-peering-connections-per-vpc" 50 "VpcPeeringConnectionsPerVpcLimitExceeded";
    /// Peering requests of a VPC that nobody has answered (PCX-13).
    OutstandingPeeringRequests "outstanding-vpc-peering-connection-requests" 25 "OutstandingVpcPeeringConnectionLimitExceeded";
    /// Flows that an instance's interfaces track together. AWS has a number for each instance type and publishes none (SG-25);
    /// this one is SIM.
    TrackedConnectionsPerInstance "tracked-connections-per-instance" 262_144 "";
    /// How long a peering request waits, in hours (PCX-13).
    PeeringRequestExpiryHours "vpc-peering-connection-request-expiry-hours" 168 "";
}

/// The quotas in force.
#[derive(Clone, Debug)]
pub(crate) struct Quotas([u32; Quota::ALL.len()]);

/// There is no quota with this name.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{0}` is not the name of a quota")]
pub(crate) struct UnknownQuota(pub String);

impl Default for Quotas {
    fn default() -> Quotas {
        let mut values = [0; Quota::ALL.len()];
        for &quota in Quota::ALL {
            values[quota as usize] = quota.default_value();
        }
        Quotas(values)
    }
}

impl Quotas {
    /// The quota's value.
    pub(crate) fn get(&self, quota: Quota) -> u32 {
        self.0[quota as usize]
    }

    /// The names of all quotas.
    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        Quota::ALL.iter().map(|quota| quota.name())
    }

    /// Replaces the value of the quota with this name.
    ///
    /// # Errors
    /// When no quota has this name.
    pub(crate) fn set(&mut self, name: &str, value: u32) -> Result<(), UnknownQuota> {
        let quota =
            Quota::ALL.iter().find(|quota| quota.name() == name).ok_or_else(|| UnknownQuota(name.to_owned()))?;
        self.0[*quota as usize] = value;
        Ok(())
    }

    /// Refuses one more when there are `existing` already.
    pub(crate) fn admit(&self, quota: Quota, existing: usize) -> Result<(), ApiError> {
        let limit = self.get(quota);
        if existing < limit as usize {
            return Ok(());
        }
        Err(ApiError::new(
            quota.code(),
            format!("The maximum number ({limit}) for the quota '{}' has been reached.", quota.name()),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_admits_up_to_its_value_and_no_further() {
        let mut quotas = Quotas::default();
        assert!(quotas.admit(Quota::VpcsPerRegion, 4).is_ok());
        assert_eq!(quotas.admit(Quota::VpcsPerRegion, 5).map_err(|error| error.code), Err("VpcLimitExceeded"));
        quotas.set("vpcs-per-region", 6).expect("the name is right");
        assert!(quotas.admit(Quota::VpcsPerRegion, 5).is_ok());
        assert!(quotas.set("vpcs", 6).is_err());
    }
}
