//! What was asked: the control plane. Resources as AWS names them, checked as EC2 checks them; no packets.
//!
//! One file per noun: its record, its requests, its rules, its Describe answer. [`Cloud::apply`] is all-or-nothing: a handler
//! checks everything, then changes. Requests, records and compiled tables are different types; only the requests know serde.
//! Answers are JSON with AWS's member names in AWS's order, so that `--query` and saved values work as with the real CLI.
//!
//! Differs from AWS: an account starts without default VPCs (DVPC-1); a scenario that wants them says so.

mod account_attribute;
mod answer;
mod attachment;
mod attribute;
mod aws_prefix_list;
mod base64;
mod cidr;
mod connection_tracking;
mod default_vpc;
mod describe;
mod dhcp_options;
mod egress_only_internet_gateway;
mod elastic_ip;
mod endpoint_address_type;
mod error;
mod flow_log;
mod flow_log_format;
mod gateway_route_table;
mod group_reference;
mod hosted_zone;
mod identity;
mod image;
mod image_catalogue;
mod index;
mod instance;
mod instance_type;
mod interface_plan;
mod internet_gateway;
mod ip_permission;
mod key_pair;
mod launch;
mod lookup;
mod metadata_options;
mod nat_gateway;
mod nat_gateway_address;
mod network_acl;
mod network_interface;
mod operation;
mod peering;
mod place;
mod prefix_list;
mod prefix_list_route;
mod private_dns_name;
mod public_address;
mod public_service;
mod quota;
mod record_set;
mod records;
mod request;
mod route;
mod route_table;
mod route_target;
mod rule_change;
mod rule_protocol;
mod security_group;
mod security_group_rule;
mod ssm_parameter;
mod subnet;
mod subnet_cidr;
mod tag;
#[cfg(test)]
pub(crate) mod tests;
mod touched;
mod transition;
mod vpc;
mod vpc_cidr;
mod vpc_endpoint;
mod vpc_endpoint_service;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::engine::SimTime;
use crate::id::*;
use records::Records;

pub(crate) use aws_prefix_list::AwsPrefixList;
#[cfg(test)]
pub(crate) use connection_tracking::{ConnectionTracking, ConnectionTrackingSpecification};
pub(crate) use dhcp_options::{DhcpOptions, NameServer};
pub(crate) use egress_only_internet_gateway::EgressOnlyInternetGateway;
pub(crate) use elastic_ip::ElasticIp;
pub(crate) use endpoint_address_type::EndpointAddressType;
pub(crate) use error::ApiError;
pub(crate) use flow_log::{FlowLog, TrafficType};
pub(crate) use hosted_zone::HostedZone;
pub(crate) use image::{Image, ImageFamily};
pub(crate) use instance::{Instance, InstanceState};
pub(crate) use internet_gateway::InternetGateway;
pub(crate) use key_pair::KeyPair;
pub(crate) use launch::{Launch, RunInstances};
pub(crate) use metadata_options::{HttpTokens, MetadataOptions, Switch};
pub(crate) use nat_gateway::NatGateway;
#[cfg(test)]
pub(crate) use nat_gateway::{Connectivity, NatGatewayState};
pub(crate) use network_acl::{AclAction, AclEntry, NetworkAcl};
#[cfg(test)]
pub(crate) use network_interface::Attachment;
pub(crate) use network_interface::{NetworkInterface, PrivateAddress, PublicAddress, Requester};
pub(crate) use operation::Operation;
#[cfg(test)]
pub(crate) use peering::PeeringSide;
pub(crate) use peering::{PeeringStatus, VpcPeeringConnection};
pub(crate) use prefix_list::PrefixList;
pub(crate) use prefix_list_route::PrefixListRoute;
pub(crate) use private_dns_name::{HostnameType, PrivateDnsNameOptions};
pub(crate) use public_service::PublicService;
pub(crate) use quota::{Quota, Quotas, UnknownQuota};
pub(crate) use record_set::RecordValues;
pub(crate) use route::Route;
pub(crate) use route_table::RouteTable;
pub(crate) use route_target::{RouteState, RouteTarget};
pub(crate) use rule_protocol::{PortRange, RuleProtocol};
pub(crate) use security_group::SecurityGroup;
pub(crate) use security_group_rule::{GroupRule, RulePeer};
pub(crate) use subnet::Subnet;
pub(crate) use tag::{Tag, TagSpecification, Tags};
pub(crate) use vpc::Vpc;
pub(crate) use vpc_endpoint::VpcEndpoint;

/// Who asks, where and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller {
    /// The account that signs the request.
    pub account: AccountId,
    /// The Region it is sent to.
    pub region: Region,
    /// Virtual time of the request.
    pub now: SimTime,
    /// Where the request was written; kept by the rules and routes it makes.
    pub origin: Origin,
}

/// What a scenario says about the cloud as a whole.
#[derive(Clone, Debug)]
pub(crate) struct CloudConfig {
    /// Ids and public addresses come from it.
    pub seed: u64,
    /// The wall clock at virtual time 0, in nanoseconds since 1970, for the times in answers.
    pub epoch_nanos: i128,
    /// How many of a thing there may be.
    pub quotas: Quotas,
}

impl Default for CloudConfig {
    /// Seed 0, 2024-01-01T00:00:00Z, AWS's default quotas.
    fn default() -> CloudConfig {
        CloudConfig { seed: 0, epoch_nanos: 1_704_067_200_000_000_000, quotas: Quotas::default() }
    }
}

/// All resources of all accounts and Regions of a scenario.
///
/// The tables keep creation order, which is what Describe answers with and what makes every later step deterministic.
#[derive(Debug)]
pub(crate) struct Cloud {
    config: CloudConfig,
    pub(crate) ids: IdAllocator,
    pub(crate) vpcs: Records<VpcId, Vpc>,
    pub(crate) subnets: Records<SubnetId, Subnet>,
    pub(crate) route_tables: Records<RouteTableId, RouteTable>,
    pub(crate) internet_gateways: Records<InternetGatewayId, InternetGateway>,
    pub(crate) nat_gateways: Records<NatGatewayId, NatGateway>,
    pub(crate) egress_only_internet_gateways: Records<EgressOnlyInternetGatewayId, EgressOnlyInternetGateway>,
    pub(crate) peerings: Records<VpcPeeringConnectionId, VpcPeeringConnection>,
    pub(crate) security_groups: Records<SecurityGroupId, SecurityGroup>,
    pub(crate) network_acls: Records<NetworkAclId, NetworkAcl>,
    pub(crate) network_interfaces: Records<NetworkInterfaceId, NetworkInterface>,
    pub(crate) instances: Records<InstanceId, Instance>,
    pub(crate) elastic_ips: Records<AllocationId, ElasticIp>,
    pub(crate) key_pairs: Records<KeyPairId, KeyPair>,
    pub(crate) hosted_zones: Records<HostedZoneId, HostedZone>,
    /// How many changes Route 53 has taken.
    changes_given: u64,
    pub(crate) vpc_endpoints: Records<VpcEndpointId, VpcEndpoint>,
    /// The customer-managed ones; AWS's own are the same for everybody: [`AwsPrefixList`].
    pub(crate) prefix_lists: Records<PrefixListId, PrefixList>,
    pub(crate) flow_logs: Records<FlowLogId, FlowLog>,
    /// The tags an accepter gives to a peering connection are its own (PCX-10).
    accepter_tags: Records<VpcPeeringConnectionId, Tags>,
    /// Rules are parts of their groups; their tags are kept here.
    rule_tags: Records<SecurityGroupRuleId, Tags>,
    pub(crate) dhcp_options: Records<DhcpOptionsId, DhcpOptions>,
    /// Every account has one default set of DHCP options per Region (ADDR-19).
    default_dhcp_options: BTreeMap<(AccountId, Region), DhcpOptionsId>,
    /// Images that were launched.
    images: BTreeMap<(Region, ImageId), Image>,
    public_pools: public_address::PublicPools,
    /// Interfaces that were launched with a public address of Amazon's, and get one again (IGW-9).
    auto_assigned: IdSet<NetworkInterfaceId>,
    macs_given: u64,
    index: index::Index,
    schedule: transition::Schedule,
    touched: touched::Touched,
    changed_instances: Vec<InstanceId>,
    /// VPCs that have got other DHCP options, with those they had.
    changed_dhcp_options: Vec<(VpcId, Option<DhcpOptionsId>)>,
}

impl Cloud {
    /// An empty cloud whose ids come from `seed`, with everything else as AWS has it by default.
    #[cfg(test)]
    pub(crate) fn new(seed: u64) -> Cloud {
        Cloud::with_config(CloudConfig { seed, ..CloudConfig::default() })
    }

    /// An empty cloud.
    pub(crate) fn with_config(config: CloudConfig) -> Cloud {
        Cloud {
            ids: IdAllocator::new(config.seed),
            vpcs: Records::default(),
            subnets: Records::default(),
            route_tables: Records::default(),
            internet_gateways: Records::default(),
            nat_gateways: Records::default(),
            egress_only_internet_gateways: Records::default(),
            peerings: Records::default(),
            security_groups: Records::default(),
            network_acls: Records::default(),
            network_interfaces: Records::default(),
            instances: Records::default(),
            elastic_ips: Records::default(),
            key_pairs: Records::default(),
            hosted_zones: Records::default(),
            changes_given: 0,
            vpc_endpoints: Records::default(),
            prefix_lists: Records::default(),
            flow_logs: Records::default(),
            accepter_tags: Records::default(),
            rule_tags: Records::default(),
            dhcp_options: Records::default(),
            default_dhcp_options: BTreeMap::new(),
            images: BTreeMap::new(),
            public_pools: public_address::PublicPools::new(config.seed),
            auto_assigned: IdSet::default(),
            macs_given: 0,
            index: index::Index::default(),
            schedule: transition::Schedule::default(),
            touched: touched::Touched::default(),
            changed_instances: Vec::new(),
            changed_dhcp_options: Vec::new(),
            config,
        }
    }

    /// Carries out one request, or refuses it and changes nothing. What is due by then happens first.
    ///
    /// # Errors
    /// The AWS error code and message with which EC2 would refuse.
    pub(crate) fn apply(&mut self, caller: &Caller, operation: Operation) -> Result<Value, ApiError> {
        self.advance(caller.now);
        let answer = self.dispatch(caller, operation);
        self.forget_stale();
        answer
    }

    /// Carries out RunInstances as [`apply`](Self::apply) does, and answers with the ids alone: for who makes many and reads
    /// about few.
    ///
    /// # Errors
    /// As [`apply`](Self::apply).
    pub(crate) fn apply_launch(&mut self, caller: &Caller, request: RunInstances) -> Result<Vec<InstanceId>, ApiError> {
        self.advance(caller.now);
        let launched = self.launch(caller, request);
        self.forget_stale();
        launched
    }

    /// How many of a thing there may be.
    pub(crate) fn quota(&self, quota: Quota) -> u32 {
        self.config.quotas.get(quota)
    }

    /// Whether anything was touched since it was last taken.
    pub(crate) fn is_touched(&self) -> bool {
        !self.touched.is_empty()
    }

    /// What has come, changed or gone since the last call and means something for forwarding: what must be compiled again. By
    /// kind, each in the order it was touched first.
    pub(crate) fn take_touched(&mut self) -> Vec<ResourceId> {
        self.touched.take()
    }

    /// The instances whose state has changed since the last call, in the order it did; one may be there more than once.
    pub(crate) fn take_changed_instances(&mut self) -> Vec<InstanceId> {
        std::mem::take(&mut self.changed_instances)
    }

    /// The VPCs that have got other DHCP options since the last call, each with those it had before.
    pub(crate) fn take_changed_dhcp_options(&mut self) -> Vec<(VpcId, Option<DhcpOptionsId>)> {
        std::mem::take(&mut self.changed_dhcp_options)
    }

    /// Notes that a resource's part of forwarding may have changed, or that it is there or gone. What depends on it is not
    /// named: that is for the compiler to know.
    pub(crate) fn touch(&mut self, id: impl Into<ResourceId>) {
        self.touched.insert(id.into());
    }

    /// The wall clock at virtual time 0, in nanoseconds since 1970.
    pub(crate) fn epoch_nanos(&self) -> i128 {
        self.config.epoch_nanos
    }

    /// A moment as `awscli` prints it. EC2's times have whole seconds.
    pub(crate) fn timestamp(&self, time: SimTime) -> String {
        let nanos = self.config.epoch_nanos + i128::from(time.as_nanos());
        match jiff::Timestamp::from_nanosecond(nanos) {
            Ok(timestamp) => timestamp.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string(),
            Err(_) => "9999-12-31T23:59:59+00:00".to_owned(), // Beyond the calendar: the last moment there is.
        }
    }
}
