//! Sets of DHCP options (ADDR-19): what the instances of a VPC are told by its DHCP server besides their addresses.
//!
//! A set never changes; a VPC is given another one, or none.

use std::net::IpAddr;

use serde_json::Value;

use super::answer::{Answer, Object, just, nothing};
use super::describe::{Described, Filter, FilterTable, many, one};
use super::error::permit;
use super::lookup::Resource;
use super::private_dns_name::private_domain;
use super::records::Records;
use super::request::{members, requests};
use super::tag::TagSpecification;
use super::{ApiError, Caller, Cloud, Tags, Vpc};
use crate::id::*;

/// Stands for the Resolver among name servers.
const AMAZON_PROVIDED_DNS: &str = "AmazonProvidedDNS";
/// A list of servers has at most this many.
const SERVERS: usize = 4;

/// A set of options.
#[derive(Clone, Debug)]
pub(crate) struct DhcpOptions {
    pub(crate) id: DhcpOptionsId,
    pub(crate) owner: AccountId,
    pub(crate) region: Region,
    /// In the order given.
    configurations: Vec<(Key, Vec<String>)>,
    pub(crate) tags: Tags,
    pub(crate) origin: Origin,
}

/// The options there are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Key {
    DomainName,
    DomainNameServers,
    NtpServers,
    NetbiosNameServers,
    NetbiosNodeType,
    Ipv6PreferredLeaseTime,
}

const KEYS: &[(&str, Key)] = &[
    ("domain-name", Key::DomainName),
    ("domain-name-servers", Key::DomainNameServers),
    ("ntp-servers", Key::NtpServers),
    ("netbios-name-servers", Key::NetbiosNameServers),
    ("netbios-node-type", Key::NetbiosNodeType),
    ("ipv6-address-preferred-lease-time", Key::Ipv6PreferredLeaseTime),
];

members! {
    /// One option of a request.
    DhcpConfiguration { key: String, values: Vec<String>, }
}

requests! {
    /// Makes a set of options.
    CreateDhcpOptions {
        dhcp_configurations: Vec<DhcpConfiguration>,
        tag_specifications: Vec<TagSpecification>,
    }
    /// Deletes a set that no VPC has.
    DeleteDhcpOptions { dhcp_options_id: String, }
    /// Lists sets.
    DescribeDhcpOptions {
        dhcp_options_ids: Vec<String>,
        filters: Vec<Filter>,
        max_results: Option<u32>,
        next_token: Option<String>,
    }
    /// Gives a VPC a set, or none: `default`.
    AssociateDhcpOptions { dhcp_options_id: String, vpc_id: String, }
}

/// A name server that a VPC's DHCP server tells of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NameServer {
    /// The VPC's own Resolver.
    Amazon,
    /// One of the user's.
    At(IpAddr),
}

impl DhcpOptions {
    /// The name servers, in order.
    pub(crate) fn name_servers(&self) -> impl Iterator<Item = NameServer> {
        self.values(Key::DomainNameServers).filter_map(|text| match text.parse() {
            Ok(address) => Some(NameServer::At(address)),
            Err(_) => (text == AMAZON_PROVIDED_DNS).then_some(NameServer::Amazon),
        })
    }

    /// The domain in which instances look up short names. Some Linux systems take several, separated by spaces.
    pub(crate) fn domain_name(&self) -> Option<&str> {
        self.values(Key::DomainName).next()
    }

    /// The time servers, in order.
    pub(crate) fn ntp_servers(&self) -> impl Iterator<Item = IpAddr> {
        self.values(Key::NtpServers).filter_map(|text| text.parse().ok())
    }

    fn values(&self, key: Key) -> impl Iterator<Item = &str> {
        let values = self.configurations.iter().filter(move |(own, _)| *own == key);
        values.flat_map(|(_, values)| values).map(String::as_str)
    }
}

impl Key {
    fn name(self) -> &'static str {
        KEYS.iter().find(|(_, key)| *key == self).map_or("", |(name, _)| name)
    }

    fn check(self, values: &[String]) -> Result<(), ApiError> {
        let takes = |value: &String| match self {
            Key::DomainName => !value.is_empty(),
            Key::DomainNameServers => value == AMAZON_PROVIDED_DNS || value.parse::<IpAddr>().is_ok(),
            Key::NtpServers => value.parse::<IpAddr>().is_ok(),
            Key::NetbiosNameServers => value.parse::<std::net::Ipv4Addr>().is_ok(),
            Key::NetbiosNodeType => matches!(value.as_str(), "1" | "2" | "4" | "8"),
            Key::Ipv6PreferredLeaseTime => {
                value.parse::<u32>().is_ok_and(|seconds| (140..=2_147_483_647).contains(&seconds))
            }
        };
        let most = match self {
            Key::DomainNameServers | Key::NtpServers | Key::NetbiosNameServers => SERVERS,
            Key::DomainName | Key::NetbiosNodeType | Key::Ipv6PreferredLeaseTime => 1,
        };
        let wrong = |value: &str| {
            ApiError::invalid_value(format!(
                "Value ({value}) for parameter value is invalid. Invalid DHCP option value for '{}'.",
                self.name()
            ))
        };
        if values.is_empty() || values.len() > most {
            return Err(wrong(&values.join(", ")));
        }
        values.iter().find(|value| !takes(value)).map_or(Ok(()), |value| Err(wrong(value)))
    }
}

impl Resource for DhcpOptions {
    type Id = DhcpOptionsId;

    fn table(cloud: &Cloud) -> &Records<DhcpOptionsId, DhcpOptions> {
        &cloud.dhcp_options
    }

    fn home(&self, _: &Cloud) -> (AccountId, Region) {
        (self.owner, self.region)
    }

    fn tags<'a>(&'a self, _: &'a Cloud, _: &Caller) -> &'a Tags {
        &self.tags
    }
}

impl Described for DhcpOptions {
    const FILTERS: FilterTable<DhcpOptions> = &[
        ("dhcp-options-id", |options, _| one(options.id)),
        ("key", |options, _| many(options.configurations.iter().map(|(key, _)| key.name()))),
        ("value", |options, _| many(options.configurations.iter().flat_map(|(_, values)| values))),
        ("owner-id", |options, _| one(options.owner)),
    ];

    fn describe(&self, _: &Cloud, _: &Caller) -> Value {
        let configurations = self.configurations.iter().map(|(key, values)| {
            let values = values.iter().map(|value| Object::new().text("Value", value));
            Object::new().text("Key", key.name()).list("Values", values)
        });
        Object::new()
            .text("OwnerId", self.owner)
            .list("Tags", self.tags.describe())
            .text("DhcpOptionsId", self.id)
            .list("DhcpConfigurations", configurations)
            .into()
    }
}

impl Cloud {
    pub(crate) fn create_dhcp_options(&mut self, caller: &Caller, request: CreateDhcpOptions) -> Answer {
        if request.dhcp_configurations.is_empty() {
            return Err(ApiError::missing("dhcpConfigurationSet"));
        }
        let mut configurations: Vec<(Key, Vec<String>)> = Vec::new();
        for DhcpConfiguration { key: name, values } in request.dhcp_configurations {
            let Some((_, key)) = KEYS.iter().find(|(own, _)| *own == name) else {
                return Err(ApiError::invalid_value(format!(
                    "Value ({name}) for parameter key is invalid. Unknown DHCP option."
                )));
            };
            // As people type them: `Values=10.0.0.2,10.0.0.3` and `Values="10.0.0.2, 10.0.0.3"`.
            let values: Vec<String> = match key {
                Key::DomainName => values,
                _ => values.iter().flat_map(|value| value.split(',')).map(|value| value.trim().to_owned()).collect(),
            };
            key.check(&values)?;
            if configurations.iter().any(|(own, _)| own == key) {
                return Err(ApiError::invalid_value(format!("The option '{name}' is given twice.")));
            }
            configurations.push((*key, values));
        }
        let tags = Tags::requested(&request.tag_specifications, ResourceKind::DhcpOptions, &[])?;
        permit(request.dry_run)?;
        let (owner, region, origin) = (caller.account, caller.region, caller.origin);
        let options = DhcpOptions { id: self.ids.next(), owner, region, configurations, tags, origin };
        let shown = options.describe(self, caller);
        self.dhcp_options.insert(options.id, options);
        just("DhcpOptions", shown)
    }

    pub(crate) fn delete_dhcp_options(&mut self, caller: &Caller, request: DeleteDhcpOptions) -> Answer {
        let id = self.find::<DhcpOptions>(caller, &request.dhcp_options_id)?.id;
        // DEL-1.
        if self.vpcs.values().any(|vpc| vpc.dhcp_options == Some(id)) {
            return Err(ApiError::dependency("dhcpOptions", id));
        }
        permit(request.dry_run)?;
        self.dhcp_options.remove(&id);
        self.default_dhcp_options.retain(|_, default| *default != id);
        nothing()
    }

    pub(crate) fn describe_dhcp_options(&mut self, caller: &Caller, request: DescribeDhcpOptions) -> Answer {
        permit(request.dry_run)?;
        just("DhcpOptions", self.described::<DhcpOptions>(caller, &request.dhcp_options_ids, &request.filters)?)
    }

    pub(crate) fn associate_dhcp_options(&mut self, caller: &Caller, request: AssociateDhcpOptions) -> Answer {
        let vpc = self.find::<Vpc>(caller, &request.vpc_id)?.id;
        let options = match request.dhcp_options_id.as_str() {
            "default" => None,
            id => Some(self.find::<DhcpOptions>(caller, id)?.id),
        };
        permit(request.dry_run)?;
        let before = std::mem::replace(&mut self.vpcs[&vpc].dhcp_options, options);
        if before != options {
            self.changed_dhcp_options.push((vpc, before));
        }
        nothing()
    }

    /// The set that an account's new VPCs get: the Resolver, and the Region's own domain.
    pub(super) fn default_dhcp_options(&mut self, owner: AccountId, region: Region) -> DhcpOptionsId {
        if let Some(id) = self.default_dhcp_options.get(&(owner, region)) {
            return *id;
        }
        let configurations = vec![
            (Key::DomainName, vec![private_domain(region)]),
            (Key::DomainNameServers, vec![AMAZON_PROVIDED_DNS.to_owned()]),
        ];
        let id = self.ids.next();
        let options = DhcpOptions { id, owner, region, configurations, tags: Tags::default(), origin: Origin::Aws };
        self.dhcp_options.insert(id, options);
        self.default_dhcp_options.insert((owner, region), id);
        id
    }
}
