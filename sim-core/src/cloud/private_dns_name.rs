//! The private DNS names of instances (DNS-4): from their address or from their id, and which records there are.
//!
//! A subnet says what instances launched in it get; a launch may say otherwise, and an instance may be changed. The name of an
//! address answers whatever is chosen here; the name of the id answers the records that are switched on.

use std::net::Ipv4Addr;

use super::answer::{Answer, Object, done};
use super::error::permit;
use super::instance::wrong_state;
use super::request::{members, requests};
use super::{ApiError, Caller, Cloud, Instance, InstanceState, NetworkInterface, Subnet};
use crate::id::*;

/// How an instance is named, and which records its resource name has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct PrivateDnsNameOptions {
    pub(crate) hostname_type: HostnameType,
    /// `EnableResourceNameDnsARecord`.
    pub(crate) a_record: bool,
    /// `EnableResourceNameDnsAAAARecord`.
    pub(crate) aaaa_record: bool,
}

/// What an instance's own host name is made from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum HostnameType {
    /// `ip-10-0-0-1`: its primary private address.
    IpName,
    /// `i-0123456789abcdef0`: its id.
    ResourceName,
}

members! {
    /// The options of a launch; what is left out is as the subnet has it.
    PrivateDnsNameOptionsRequest {
        hostname_type: Option<String>,
        #[serde(rename = "EnableResourceNameDnsARecord")]
        a_record: Option<bool>,
        #[serde(rename = "EnableResourceNameDnsAAAARecord")]
        aaaa_record: Option<bool>,
    }
}

requests! {
    /// Changes an instance's options; what is left out stays.
    ModifyPrivateDnsNameOptions {
        instance_id: String,
        private_dns_hostname_type: Option<String>,
        #[serde(rename = "EnableResourceNameDnsARecord")]
        a_record: Option<bool>,
        #[serde(rename = "EnableResourceNameDnsAAAARecord")]
        aaaa_record: Option<bool>,
    }
}

impl PrivateDnsNameOptions {
    /// What a subnet has unless somebody says otherwise.
    pub(crate) const DEFAULT: PrivateDnsNameOptions =
        PrivateDnsNameOptions { hostname_type: HostnameType::IpName, a_record: false, aaaa_record: false };

    /// The same with what a request changes, for instances of a subnet.
    ///
    /// SIM: EC2 documents that records for IPv6 need a subnet with an IPv6 block, and not in which words it says so.
    pub(super) fn with(
        mut self,
        request: &PrivateDnsNameOptionsRequest,
        subnet: &Subnet,
    ) -> Result<PrivateDnsNameOptions, ApiError> {
        if let Some(text) = &request.hostname_type {
            self.hostname_type = HostnameType::parse(text)?;
        }
        if self.hostname_type == HostnameType::IpName {
            subnet.check_ipv4("the hostname type ip-name")?;
        }
        if request.a_record == Some(true) {
            subnet.check_ipv4("DNS A records of resource names")?;
        }
        if request.aaaa_record == Some(true) && subnet.ipv6_block.is_none() {
            return Err(ApiError::invalid_value(format!(
                "Subnet {} has no IPv6 CIDR block, so DNS AAAA records of resource names cannot be enabled.",
                subnet.id
            )));
        }
        self.a_record = request.a_record.unwrap_or(self.a_record);
        self.aaaa_record = request.aaaa_record.unwrap_or(self.aaaa_record);
        Ok(self)
    }

    /// As Describe shows them.
    pub(super) fn describe(self) -> Object {
        Object::new()
            .text("HostnameType", self.hostname_type.name())
            .value("EnableResourceNameDnsARecord", self.a_record)
            .value("EnableResourceNameDnsAAAARecord", self.aaaa_record)
    }
}

impl HostnameType {
    pub(super) fn parse(text: &str) -> Result<HostnameType, ApiError> {
        match text {
            "ip-name" => Ok(HostnameType::IpName),
            "resource-name" => Ok(HostnameType::ResourceName),
            _ => Err(ApiError::invalid_value(format!(
                "Value ({text}) for parameter privateDnsHostnameType is invalid. Valid values are: ip-name, resource-name."
            ))),
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            HostnameType::IpName => "ip-name",
            HostnameType::ResourceName => "resource-name",
        }
    }
}

impl Instance {
    /// The private DNS name that the instance itself goes by; none without an interface.
    pub(crate) fn private_dns_name(&self, cloud: &Cloud) -> Option<String> {
        let primary = cloud.network_interfaces.get(self.interfaces.first()?)?;
        Some(match (self.name_options.hostname_type, primary.primary()) {
            (HostnameType::IpName, Some(own)) => private_dns_name(self.zone.region(), own.address),
            _ => format!("{}.{}", self.id, private_domain(self.zone.region())),
        })
    }
}

impl NetworkInterface {
    /// The interface's private DNS name: its instance's where it is the primary one, else that of its IPv4 address.
    pub(crate) fn private_dns_name(&self, cloud: &Cloud) -> Option<String> {
        let instance = self.attachment.as_ref().and_then(|attachment| cloud.instances.get(&attachment.instance));
        let own = instance.filter(|instance| instance.interfaces.first() == Some(&self.id));
        own.and_then(|instance| instance.private_dns_name(cloud))
            .or_else(|| Some(private_dns_name(cloud.subnets[&self.subnet].zone.region(), self.primary()?.address)))
    }
}

impl Cloud {
    /// SIM: EC2 documents that the type is changed while the instance is stopped, and not the refusal's words.
    pub(crate) fn modify_private_dns_name_options(
        &mut self,
        caller: &Caller,
        request: ModifyPrivateDnsNameOptions,
    ) -> Answer {
        let instance = self.find::<Instance>(caller, &request.instance_id)?;
        let id = instance.id;
        let changes = PrivateDnsNameOptionsRequest {
            hostname_type: request.private_dns_hostname_type,
            a_record: request.a_record,
            aaaa_record: request.aaaa_record,
        };
        let Some(subnet) = self.subnets.get(&instance.subnet).filter(|_| !instance.interfaces.is_empty()) else {
            return Err(wrong_state(id, "modified"));
        };
        let options = instance.name_options.with(&changes, subnet)?;
        let is_renamed = options.hostname_type != instance.name_options.hostname_type;
        if is_renamed && instance.state != InstanceState::Stopped {
            return Err(wrong_state(id, "renamed; it must be stopped"));
        }
        permit(request.dry_run)?;
        self.instances[&id].name_options = options;
        self.touch_interfaces(id);
        done()
    }
}

/// `ip-10-0-0-1.ap-northeast-2.compute.internal` (DNS-4).
pub(crate) fn private_dns_name(region: Region, address: Ipv4Addr) -> String {
    format!("ip-{}.{}", address.to_string().replace('.', "-"), private_domain(region))
}

/// The domain of a Region's private names (DNS-4).
pub(crate) fn private_domain(region: Region) -> String {
    match region.name() {
        "us-east-1" => "ec2.internal".to_owned(),
        region => format!("{region}.compute.internal"),
    }
}
