//! Every request vpcsim understands, as one enum. Templates and `aws` lines both make these.
//!
//! One list makes the enum, its reader, the names and the way to the handler. To add an operation: its request beside its
//! noun, its handler there too, one line here.

use serde_json::Value;

use super::answer::Answer;
use super::{Caller, Cloud};

use super::attachment::*;
use super::attribute::*;
use super::default_vpc::*;
use super::dhcp_options::*;
use super::egress_only_internet_gateway::*;
use super::elastic_ip::*;
use super::flow_log::*;
use super::group_reference::*;
use super::hosted_zone::*;
use super::identity::*;
use super::instance::*;
use super::internet_gateway::*;
use super::key_pair::*;
use super::launch::*;
use super::metadata_options::*;
use super::nat_gateway::*;
use super::nat_gateway_address::*;
use super::network_acl::*;
use super::network_interface::*;
use super::peering::*;
use super::place::*;
use super::prefix_list::*;
use super::private_dns_name::*;
use super::record_set::*;
use super::route::*;
use super::route_table::*;
use super::rule_change::*;
use super::security_group::*;
use super::security_group_rule::*;
use super::subnet::*;
use super::subnet_cidr::*;
use super::tag::*;
use super::vpc::*;
use super::vpc_cidr::*;
use super::vpc_endpoint::*;
use super::vpc_endpoint_service::*;

/// The operation's name is not one vpcsim simulates, or the parameters do not have its shape.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct UnknownOperation(pub String);

macro_rules! operations {
    ($($name:ident $handler:ident;)*) => {
        /// A request, checked for shape but not yet for sense.
        #[derive(Clone, Debug)]
        pub(crate) enum Operation {
            $(#[doc = concat!("See [`", stringify!($name), "`].")] $name(Box<$name>),)*
        }

        impl Operation {
            /// The names of all simulated operations.
            #[cfg(test)]
            pub(crate) const NAMES: &[&str] = &[$(stringify!($name),)*];

            /// The operation `name` (as in `CreateVpc`) with its parameters under AWS's member names
            /// (`{"CidrBlock": "10.0.0.0/16", "TagSpecifications": […]}`).
            ///
            /// # Errors
            /// When no such operation is simulated, or the parameters are not shaped as the operation's.
            pub(crate) fn from_value(name: &str, parameters: Value) -> Result<Operation, UnknownOperation> {
                match name {
                    $(stringify!($name) => serde_json::from_value(parameters).map(Operation::$name)
                        .map_err(|error| UnknownOperation(format!("{name}: {error}"))),)*
                    _ => Err(UnknownOperation(format!("{name} is not simulated"))),
                }
            }
        }

        impl Cloud {
            /// Gives a request to its noun.
            pub(crate) fn dispatch(&mut self, caller: &Caller, operation: Operation) -> Answer {
                match operation { $(Operation::$name(request) => self.$handler(caller, *request),)* }
            }
        }
    };
}

operations! {
    CreateVpc create_vpc;
    DeleteVpc delete_vpc;
    DescribeVpcs describe_vpcs;
    ModifyVpcAttribute modify_vpc_attribute;
    DescribeVpcAttribute describe_vpc_attribute;
    AssociateVpcCidrBlock associate_vpc_cidr_block;
    DisassociateVpcCidrBlock disassociate_vpc_cidr_block;
    CreateDefaultVpc create_default_vpc;
    CreateDefaultSubnet create_default_subnet;

    CreateDhcpOptions create_dhcp_options;
    DeleteDhcpOptions delete_dhcp_options;
    DescribeDhcpOptions describe_dhcp_options;
    AssociateDhcpOptions associate_dhcp_options;

    CreateSubnet create_subnet;
    DeleteSubnet delete_subnet;
    DescribeSubnets describe_subnets;
    ModifySubnetAttribute modify_subnet_attribute;
    AssociateSubnetCidrBlock associate_subnet_cidr_block;
    DisassociateSubnetCidrBlock disassociate_subnet_cidr_block;

    CreateRouteTable create_route_table;
    DeleteRouteTable delete_route_table;
    DescribeRouteTables describe_route_tables;
    AssociateRouteTable associate_route_table;
    DisassociateRouteTable disassociate_route_table;
    ReplaceRouteTableAssociation replace_route_table_association;
    CreateRoute create_route;
    ReplaceRoute replace_route;
    DeleteRoute delete_route;

    CreateInternetGateway create_internet_gateway;
    DeleteInternetGateway delete_internet_gateway;
    AttachInternetGateway attach_internet_gateway;
    DetachInternetGateway detach_internet_gateway;
    DescribeInternetGateways describe_internet_gateways;

    CreateNatGateway create_nat_gateway;
    DeleteNatGateway delete_nat_gateway;
    DescribeNatGateways describe_nat_gateways;
    AssignPrivateNatGatewayAddress assign_private_nat_gateway_address;
    UnassignPrivateNatGatewayAddress unassign_private_nat_gateway_address;
    AssociateNatGatewayAddress associate_nat_gateway_address;
    DisassociateNatGatewayAddress disassociate_nat_gateway_address;
    CreateEgressOnlyInternetGateway create_egress_only_internet_gateway;
    DeleteEgressOnlyInternetGateway delete_egress_only_internet_gateway;
    DescribeEgressOnlyInternetGateways describe_egress_only_internet_gateways;

    CreateVpcPeeringConnection create_vpc_peering_connection;
    AcceptVpcPeeringConnection accept_vpc_peering_connection;
    RejectVpcPeeringConnection reject_vpc_peering_connection;
    DeleteVpcPeeringConnection delete_vpc_peering_connection;
    DescribeVpcPeeringConnections describe_vpc_peering_connections;
    ModifyVpcPeeringConnectionOptions modify_vpc_peering_connection_options;

    CreateSecurityGroup create_security_group;
    DeleteSecurityGroup delete_security_group;
    DescribeSecurityGroups describe_security_groups;
    DescribeSecurityGroupRules describe_security_group_rules;
    AuthorizeSecurityGroupIngress authorize_security_group_ingress;
    AuthorizeSecurityGroupEgress authorize_security_group_egress;
    RevokeSecurityGroupIngress revoke_security_group_ingress;
    RevokeSecurityGroupEgress revoke_security_group_egress;
    ModifySecurityGroupRules modify_security_group_rules;
    UpdateSecurityGroupRuleDescriptionsIngress update_security_group_rule_descriptions_ingress;
    UpdateSecurityGroupRuleDescriptionsEgress update_security_group_rule_descriptions_egress;
    DescribeStaleSecurityGroups describe_stale_security_groups;
    DescribeSecurityGroupReferences describe_security_group_references;
    GetSecurityGroupsForVpc get_security_groups_for_vpc;

    CreateNetworkAcl create_network_acl;
    DeleteNetworkAcl delete_network_acl;
    DescribeNetworkAcls describe_network_acls;
    CreateNetworkAclEntry create_network_acl_entry;
    ReplaceNetworkAclEntry replace_network_acl_entry;
    DeleteNetworkAclEntry delete_network_acl_entry;
    ReplaceNetworkAclAssociation replace_network_acl_association;

    CreateNetworkInterface create_network_interface;
    DeleteNetworkInterface delete_network_interface;
    DescribeNetworkInterfaces describe_network_interfaces;
    ModifyNetworkInterfaceAttribute modify_network_interface_attribute;
    DescribeNetworkInterfaceAttribute describe_network_interface_attribute;
    ResetNetworkInterfaceAttribute reset_network_interface_attribute;
    AttachNetworkInterface attach_network_interface;
    DetachNetworkInterface detach_network_interface;
    AssignPrivateIpAddresses assign_private_ip_addresses;
    UnassignPrivateIpAddresses unassign_private_ip_addresses;
    AssignIpv6Addresses assign_ipv6_addresses;
    UnassignIpv6Addresses unassign_ipv6_addresses;

    RunInstances run_instances;
    DescribeInstances describe_instances;
    DescribeInstanceStatus describe_instance_status;
    StartInstances start_instances;
    StopInstances stop_instances;
    TerminateInstances terminate_instances;
    RebootInstances reboot_instances;
    ModifyInstanceAttribute modify_instance_attribute;
    DescribeInstanceAttribute describe_instance_attribute;
    ModifyInstanceMetadataOptions modify_instance_metadata_options;
    ModifyPrivateDnsNameOptions modify_private_dns_name_options;

    AllocateAddress allocate_address;
    AssociateAddress associate_address;
    DisassociateAddress disassociate_address;
    ReleaseAddress release_address;
    DescribeAddresses describe_addresses;

    CreateFlowLogs create_flow_logs;
    DescribeFlowLogs describe_flow_logs;
    DeleteFlowLogs delete_flow_logs;

    CreateVpcEndpoint create_vpc_endpoint;
    ModifyVpcEndpoint modify_vpc_endpoint;
    DeleteVpcEndpoints delete_vpc_endpoints;
    DescribeVpcEndpoints describe_vpc_endpoints;
    DescribeVpcEndpointServices describe_vpc_endpoint_services;

    CreateManagedPrefixList create_managed_prefix_list;
    ModifyManagedPrefixList modify_managed_prefix_list;
    DeleteManagedPrefixList delete_managed_prefix_list;
    DescribeManagedPrefixLists describe_managed_prefix_lists;
    GetManagedPrefixListEntries get_managed_prefix_list_entries;
    GetManagedPrefixListAssociations get_managed_prefix_list_associations;
    DescribePrefixLists describe_prefix_lists;
    CreateHostedZone create_hosted_zone;
    GetHostedZone get_hosted_zone;
    DeleteHostedZone delete_hosted_zone;
    ListHostedZones list_hosted_zones;
    ListHostedZonesByName list_hosted_zones_by_name;
    ListHostedZonesByVPC list_hosted_zones_by_vpc;
    AssociateVPCWithHostedZone associate_vpc_with_hosted_zone;
    DisassociateVPCFromHostedZone disassociate_vpc_from_hosted_zone;
    CreateVPCAssociationAuthorization create_vpc_association_authorization;
    ChangeResourceRecordSets change_resource_record_sets;
    ListResourceRecordSets list_resource_record_sets;

    CreateTags create_tags;
    DeleteTags delete_tags;
    DescribeTags describe_tags;

    DescribeAvailabilityZones describe_availability_zones;
    DescribeRegions describe_regions;
    CreateKeyPair create_key_pair;
    DescribeKeyPairs describe_key_pairs;
    GetCallerIdentity get_caller_identity;
}
