//! Resource ids: one type per AWS noun, so that they never mix, and [`ResourceId`] where any of them will do.

use std::fmt;
use std::str::FromStr;

use crate::engine::mix;
use crate::flat::{Flat, flat};

/// A text is not an id of the kind asked for.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("Invalid id: \"{0}\"")]
pub struct MalformedId(pub String);

/// Splits `vpc-0123…` into its number, if the prefix and the 17 (or, in old ids, 8) digits are right.
fn parse_number(prefix: &str, text: &str) -> Option<u64> {
    let digits = text.strip_prefix(prefix)?.strip_prefix('-')?;
    let lower_hex = digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    match digits.len() {
        8 if lower_hex && has_short_ids(prefix) => u64::from_str_radix(digits, 16).ok(),
        17 if lower_hex && digits.starts_with('0') => u64::from_str_radix(digits, 16).ok(),
        _ => None,
    }
}

/// Whether AWS's own things of this kind keep ids of eight digits: prefix lists do (ID-2).
fn has_short_ids(prefix: &str) -> bool {
    prefix == ResourceKind::PrefixList.prefix()
}

/// Writes `vpc-0123…`, or `pl-01234567` for a number that fits eight digits where those are in use.
fn write_id(f: &mut fmt::Formatter<'_>, prefix: &str, number: u64) -> fmt::Result {
    if number <= u64::from(u32::MAX) && has_short_ids(prefix) {
        write!(f, "{prefix}-{number:08x}")
    } else {
        write!(f, "{prefix}-0{number:016x}")
    }
}

macro_rules! resource_ids {
    ($($(#[$doc:meta])* $name:ident $kind:ident $prefix:literal;)*) => {
        /// The kinds of things that have an id.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum ResourceKind {
            $($(#[$doc])* $kind,)*
        }

        impl ResourceKind {
            /// Every kind.
            pub const ALL: &[ResourceKind] = &[$(ResourceKind::$kind,)*];

            /// What stands before the dash in an id.
            pub fn prefix(self) -> &'static str {
                match self { $(ResourceKind::$kind => $prefix,)* }
            }
        }

        $(
            $(#[$doc])*
            #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub struct $name(u64);

            impl $name {
                /// The id with this number; [`IdAllocator`] gives fresh ones.
                pub const fn from_number(number: u64) -> $name {
                    $name(number)
                }
            }

            flat!(struct $name(0));

            impl TypedId for $name {
                const KIND: ResourceKind = ResourceKind::$kind;

                fn from_number(number: u64) -> $name {
                    $name(number)
                }
            }

            impl From<$name> for ResourceId {
                fn from(id: $name) -> ResourceId {
                    ResourceId { kind: ResourceKind::$kind, number: id.0 }
                }
            }

            impl TryFrom<ResourceId> for $name {
                type Error = MalformedId;

                fn try_from(id: ResourceId) -> Result<$name, MalformedId> {
                    if id.kind == ResourceKind::$kind { Ok($name(id.number)) } else { Err(MalformedId(id.to_string())) }
                }
            }

            impl FromStr for $name {
                type Err = MalformedId;

                fn from_str(text: &str) -> Result<$name, MalformedId> {
                    parse_number($prefix, text).map($name).ok_or_else(|| MalformedId(text.to_owned()))
                }
            }

            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    write_id(f, $prefix, self.0)
                }
            }

            impl fmt::Debug for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    fmt::Display::fmt(self, f)
                }
            }
        )*
    };
}

resource_ids! {
    /// A virtual private cloud.
    VpcId Vpc "vpc";
    /// An association of a CIDR block with a VPC.
    VpcCidrAssociationId VpcCidrAssociation "vpc-cidr-assoc";
    /// A subnet.
    SubnetId Subnet "subnet";
    /// An association of an IPv6 block with a subnet.
    SubnetCidrAssociationId SubnetCidrAssociation "subnet-cidr-assoc";
    /// A route table.
    RouteTableId RouteTable "rtb";
    /// A route table's association with a subnet, a gateway, or the VPC (main).
    RouteTableAssociationId RouteTableAssociation "rtbassoc";
    /// An Internet gateway.
    InternetGatewayId InternetGateway "igw";
    /// A VPC peering connection.
    VpcPeeringConnectionId VpcPeeringConnection "pcx";
    /// A security group.
    SecurityGroupId SecurityGroup "sg";
    /// A rule of a security group.
    SecurityGroupRuleId SecurityGroupRule "sgr";
    /// A network ACL.
    NetworkAclId NetworkAcl "acl";
    /// A network ACL's association with a subnet.
    NetworkAclAssociationId NetworkAclAssociation "aclassoc";
    /// An elastic network interface.
    NetworkInterfaceId NetworkInterface "eni";
    /// An attachment of a network interface to an instance.
    EniAttachmentId EniAttachment "eni-attach";
    /// An EC2 instance.
    InstanceId Instance "i";
    /// A launch of instances.
    ReservationId Reservation "r";
    /// A machine image.
    ImageId Image "ami";
    /// A key pair.
    KeyPairId KeyPair "key";
    /// The allocation of an Elastic IP address.
    AllocationId Allocation "eipalloc";
    /// The association of an Elastic IP address.
    AssociationId Association "eipassoc";
    /// A set of DHCP options.
    DhcpOptionsId DhcpOptions "dopt";
    /// A NAT gateway.
    NatGatewayId NatGateway "nat";
    /// An egress-only Internet gateway.
    EgressOnlyInternetGatewayId EgressOnlyInternetGateway "eigw";
    /// A VPC endpoint.
    VpcEndpointId VpcEndpoint "vpce";
    /// A prefix list.
    PrefixListId PrefixList "pl";
    /// A flow log.
    FlowLogId FlowLog "fl";
    /// A transit gateway.
    TransitGatewayId TransitGateway "tgw";
    /// A virtual private gateway.
    VpnGatewayId VpnGateway "vgw";
    /// A hosted zone of Route 53, which users know by another form of this id ([`HostedZoneId::name`]).
    HostedZoneId HostedZone "hostedzone";
    /// A host outside AWS, as the scenario's `internet` names it. Not an AWS id: it appears in captures and traces only.
    InternetHostId InternetHost "internet";
}

impl HostedZoneId {
    /// The id as Route 53 writes it: `Z` and twenty digits and capital letters.
    pub(crate) fn name(self) -> String {
        format!("Z{:020X}", self.0)
    }

    /// Which of Route 53's groups of name servers a public zone has: 0 to 511.
    pub(crate) fn group(self) -> u64 {
        self.0 % 512
    }

    /// The id that a text names, with or without `/hostedzone/` before it.
    pub(crate) fn parse_name(text: &str) -> Option<HostedZoneId> {
        let digits = text.strip_prefix("/hostedzone/").unwrap_or(text).strip_prefix('Z')?;
        let is_upper = digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F'));
        (digits.len() == 20 && is_upper).then(|| u64::from_str_radix(digits, 16).ok().map(HostedZoneId))?
    }
}

/// What the id types have in common.
pub(crate) trait TypedId: Copy + Into<ResourceId> {
    /// The kind of thing the id names.
    const KIND: ResourceKind;

    /// The id with this number.
    fn from_number(number: u64) -> Self;
}

/// The id of anything.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceId {
    kind: ResourceKind,
    number: u64,
}

flat!(struct ResourceId(kind, number));

impl Flat for ResourceKind {
    fn put(&self, to: &mut Vec<u8>) {
        to.push(*self as u8);
    }

    fn take(from: &mut &[u8]) -> Option<ResourceKind> {
        ResourceKind::ALL.get(usize::from(u8::take(from)?)).copied()
    }
}

impl ResourceId {
    /// The id of this kind with this number.
    pub(crate) fn new(kind: ResourceKind, number: u64) -> ResourceId {
        ResourceId { kind, number }
    }

    /// The number that it shows.
    pub(crate) fn number(self) -> u64 {
        self.number
    }

    /// What the id names.
    pub fn kind(self) -> ResourceKind {
        self.kind
    }

    /// The id shortened as in `igw-0f3c…`, for lines that already say the name.
    pub fn short(self) -> String {
        let full = self.to_string();
        let digits = self.kind.prefix().len() + 1;
        format!("{}…", &full[..digits + 4])
    }
}

impl FromStr for ResourceId {
    type Err = MalformedId;

    fn from_str(text: &str) -> Result<ResourceId, MalformedId> {
        let prefix = text.rsplit_once('-').map(|(prefix, _)| prefix);
        prefix
            .and_then(|prefix| ResourceKind::ALL.iter().find(|kind| kind.prefix() == prefix))
            .and_then(|&kind| Some(ResourceId { kind, number: parse_number(kind.prefix(), text)? }))
            .ok_or_else(|| MalformedId(text.to_owned()))
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_id(f, self.kind.prefix(), self.number)
    }
}

impl fmt::Debug for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What one more of a kind adds before its number is mixed: the golden ratio, odd and therefore undone by its inverse.
pub(super) const COUNT_STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// Times [`COUNT_STEP`] this is 1, modulo 2^64.
pub(super) const INVERSE_OF_COUNT_STEP: u64 = 0xf1de_83e1_9937_733d;

/// Gives out ids that depend on the seed, the kind and how many of that kind there were, and on nothing else: making one
/// more subnet changes no VPC's id.
#[derive(Clone, Debug)]
pub(crate) struct IdAllocator {
    /// By kind.
    streams: Vec<IdStream>,
}

/// The ids of one kind.
#[derive(Clone, Debug)]
struct IdStream {
    start: u64,
    given: u64,
}

impl IdAllocator {
    /// An allocator that has given out nothing yet.
    pub(crate) fn new(seed: u64) -> IdAllocator {
        let start = |kind: &ResourceKind| kind.prefix().bytes().fold(seed, |state, byte| mix(state ^ u64::from(byte)));
        let streams = ResourceKind::ALL.iter().map(|kind| IdStream { start: start(kind), given: 0 }).collect();
        IdAllocator { streams }
    }

    /// A fresh id.
    pub(crate) fn next<I: TypedId>(&mut self) -> I {
        let stream = &mut self.streams[I::KIND as usize];
        stream.given += 1;
        // A bijection of the count: no two ids of a kind are ever the same.
        I::from_number(mix(stream.start.wrapping_add(stream.given.wrapping_mul(COUNT_STEP))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_print_and_parse_as_on_aws_id_1() {
        let id: VpcId = IdAllocator::new(7).next();
        let text = id.to_string();
        assert_eq!(text.len(), "vpc-".len() + 17);
        assert_eq!(text.parse::<VpcId>(), Ok(id));
        assert_eq!(text.parse::<ResourceId>(), Ok(id.into()));
        assert!(text.parse::<SubnetId>().is_err());
        for wrong in ["vpc-", "vpc-123", "vpc-0123456789abcdefg", "vpc-1123456789abcdef0", "vpc-0123456789ABCDEF0", ""]
        {
            assert!(wrong.parse::<VpcId>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn prefix_lists_of_aws_have_short_ids_id_2() {
        let id = PrefixListId::from_number(0x78a5_4011);
        assert_eq!(id.to_string(), "pl-78a54011");
        assert_eq!("pl-78a54011".parse(), Ok(id));
        assert_eq!("pl-78a54011".parse(), Ok(ResourceId::from(id)));
        let long: PrefixListId = IdAllocator::new(7).next();
        assert_eq!((long.to_string().len(), long.to_string().parse()), ("pl-".len() + 17, Ok(long)));
        assert!("vpc-78a54011".parse::<VpcId>().is_err());
    }

    #[test]
    fn one_more_of_a_kind_changes_no_other_kind() {
        let (mut first, mut second) = (IdAllocator::new(7), IdAllocator::new(7));
        let _: SubnetId = second.next();
        assert_eq!(first.next::<VpcId>(), second.next::<VpcId>());
        assert_ne!(IdAllocator::new(8).next::<VpcId>(), IdAllocator::new(7).next::<VpcId>());
    }
}
