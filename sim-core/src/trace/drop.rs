//! Why a packet did not get through.
//!
//! A drop is a result, not an error: each reason carries what decided, so that the user is told who, what it looked for, and
//! where that was written. The codes are those of AWS Reachability Analyzer where it has one, and names of our own in the
//! same style where it has none ([`DropCode::is_ours`]).

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

use super::Direction;
use crate::flat::{Flat, flat};
use crate::id::{Origin, ResourceId, RouteTableId};

macro_rules! drop_codes {
    ($($(#[$doc:meta])* $name:ident $code:literal $family:ident $origin:ident;)*) => {
        /// The stable name of a reason.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum DropCode {
            $($(#[$doc])* $name,)*
        }

        impl DropCode {
            /// Every code.
            pub const ALL: &[DropCode] = &[$(DropCode::$name,)*];

            /// The code as users write and read it.
            pub fn as_str(self) -> &'static str {
                match self { $(DropCode::$name => $code,)* }
            }

            /// The family it belongs to.
            pub fn family(self) -> DropFamily {
                match self { $(DropCode::$name => DropFamily::$family,)* }
            }

            /// Whether the name is vpcsim's own, so that nobody searches AWS's documentation for it.
            pub fn is_ours(self) -> bool {
                match self { $(DropCode::$name => drop_codes!(@$origin),)* }
            }
        }
    };
    (@aws) => { false };
    (@vpcsim) => { true };
}

drop_codes! {
    /// The route table has no route for the destination (RT-28).
    NoRouteToDestination "NO_ROUTE_TO_DESTINATION" Route aws;
    /// The matching route is a blackhole (RT-15).
    BadStateRoute "BAD_STATE_ROUTE" Route aws;
    /// A gateway route table leads Internet traffic to an appliance without a public address (EDGE-5).
    IngressRtbNoPublicIp "INGRESS_RTB_NO_PUBLIC_IP" Route aws;
    /// A gateway route table leads the way in by an appliance, and the answer goes out without it (EDGE-6).
    IngressRtbTrafficRedirection "INGRESS_RTB_TRAFFIC_REDIRECTION" Route aws;
    /// Routed, but nothing owns the address (L2-4).
    NoPossibleDestination "NO_POSSIBLE_DESTINATION" Route aws;
    /// No rule of any attached group admits the packet (SG-1).
    EniSgRulesMismatch "ENI_SG_RULES_MISMATCH" SecurityGroup aws;
    /// The same, and the groups have no rule at all in that direction (SG-2).
    SgHasNoRules "SG_HAS_NO_RULES" SecurityGroup aws;
    /// The only rule that would match names a group, and the packet lost its group identity on the way (SG-11).
    SgReferencesNotPreserved "SG_REFERENCES_NOT_PRESERVED" SecurityGroup aws;
    /// A rule names a group whose peering or owner is gone (SG-12).
    UnknownPeeredSgs "UNKNOWN_PEERED_SGS" SecurityGroup aws;
    /// A network ACL denies (ACL-4).
    SubnetAclRestriction "SUBNET_ACL_RESTRICTION" Nacl aws;
    /// Source/destination check (L2-9).
    EniSourceDestCheckRestriction "ENI_SOURCE_DEST_CHECK_RESTRICTION" Host aws;
    /// A gateway gets a source that the VPC does not own.
    GatewayRejectsSpoofedTraffic "GATEWAY_REJECTS_SPOOFED_TRAFFIC" Gateway aws;
    /// The component is not usable: a stopped instance, a peering that is not active.
    BadState "BAD_STATE" Gateway aws;
    /// The attachment is not usable: a detached Internet gateway.
    BadStateAttachment "BAD_STATE_ATTACHMENT" Gateway aws;
    /// The source has no public address (IGW-4).
    IgwPublicIpAssociationForEgress "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS" Gateway aws;
    /// No interface holds the public address (IGW-3).
    IgwPrivateIpAssociationForIngress "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS" Gateway aws;
    /// After translation the destination is not in the VPC (IGW-3).
    IgwDestinationAddressInVpcCidrs "IGW_DESTINATION_ADDRESS_IN_VPC_CIDRS" Gateway aws;
    /// A private destination was sent to the Internet gateway (IGW-16).
    IgwDestinationAddressNotInRfc1918Egress "IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS" Gateway aws;
    /// A shared-space (100.64.0.0/10) destination was sent to the Internet gateway (IGW-16).
    IgwDestinationAddressNotInRfc6598Egress "IGW_DESTINATION_ADDRESS_NOT_IN_RFC6598_EGRESS" Gateway aws;
    /// A private source arrives from the Internet.
    IgwSourceAddressNotInRfc1918Ingress "IGW_SOURCE_ADDRESS_NOT_IN_RFC1918_INGRESS" Gateway aws;
    /// A shared-space source arrives from the Internet.
    IgwSourceAddressNotInRfc6598Ingress "IGW_SOURCE_ADDRESS_NOT_IN_RFC6598_INGRESS" Gateway aws;
    /// A peering used as transit: source or destination lies outside the VPCs' blocks (PCX-22, PCX-23).
    PcxRequiresAddressInVpcCidr "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR" Gateway aws;
    /// The component takes only some protocols (NAT-1).
    ProtocolRestriction "PROTOCOL_RESTRICTION" Gateway aws;
    /// A NAT gateway got a source that its VPC does not own (NAT-13).
    NgwRequiresSourceInVpc "NGW_REQUIRES_SOURCE_IN_VPC" Gateway aws;
    /// Nothing is known of the flow at a NAT gateway: unsolicited from outside, or idle for too long (NAT-7, NAT-8).
    NgwNoConnection "NGW_NO_CONNECTION" Gateway vpcsim;
    /// A NAT gateway has no port left for the destination (NAT-6).
    NgwPortExhausted "NGW_PORT_EXHAUSTED" Gateway vpcsim;
    /// The route table of a NAT gateway's own subnet leads back to it (NAT-21).
    NgwLoop "NGW_LOOP" Gateway vpcsim;
    /// Unsolicited inbound at an egress-only Internet gateway (EIGW-1).
    EigwNoConnection "EIGW_NO_CONNECTION" Gateway vpcsim;
    /// The element drops fragments (NAT-11).
    FragmentRestriction "FRAGMENT_RESTRICTION" Gateway vpcsim;
    /// A gateway endpoint takes TCP and ICMP echo only (GWE-15).
    VpceGatewayProtocolRestriction "VPCE_GATEWAY_PROTOCOL_RESTRICTION" Gateway aws;
    /// What comes back through a gateway endpoint is not from the service (GWE-5).
    VpceGatewayEgressSourceAddressRestriction "VPCE_GATEWAY_EGRESS_SOURCE_ADDRESS_RESTRICTION" Gateway aws;
    /// Larger than the element takes, with DF set (MTU-3).
    MtuExceeded "MTU_EXCEEDED" Mtu vpcsim;
    /// The hop limit reached 0.
    TtlExpired "TTL_EXPIRED" Gateway vpcsim;
    /// Came in by a gateway and would leave by another that AWS does not chain.
    NoTransitiveRouting "NO_TRANSITIVE_ROUTING" Gateway vpcsim;
    /// The interface tracks as many flows as it can (SG-25).
    ConntrackAllowanceExceeded "CONNTRACK_ALLOWANCE_EXCEEDED" SecurityGroup vpcsim;
    /// More packets to link-local services than an interface may send in a second (ADDR-17, DNS-8), or more through a NAT gateway
    /// than it carries (NAT-12).
    RateLimitExceeded "RATE_LIMIT_EXCEEDED" Host vpcsim;
    /// Nobody on the Internet has the address.
    InternetNoSuchHost "INTERNET_NO_SUCH_HOST" Host vpcsim;
    /// An instance got a packet for somebody else and forwards nothing (`ip_forward`).
    HostDoesNotForward "HOST_DOES_NOT_FORWARD" Host vpcsim;
    /// The packet filter of an instance that forwards refused to pass it on.
    HostPacketFilter "HOST_PACKET_FILTER" Host vpcsim;
    /// An instance that forwards has no route of its own for the destination.
    HostNoRoute "HOST_NO_ROUTE" Host vpcsim;
    /// Broadcast or multicast, which a subnet does not carry (L2-1).
    NotUnicast "NOT_UNICAST" Host vpcsim;
    /// Not a frame that the fabric can read: cut short, a wrong header checksum, an unknown EtherType.
    MalformedFrame "MALFORMED_FRAME" Host vpcsim;
    /// Lost on a link, as the link's loss rate has it.
    LinkLoss "LINK_LOSS" Host vpcsim;
    /// The link's queue was full.
    LinkQueueFull "LINK_QUEUE_FULL" Host vpcsim;
}

impl fmt::Display for DropCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Families of codes, which `expect: dropped:` takes too, so that nobody need know the exact one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum DropFamily {
    /// Route tables.
    Route,
    /// Security groups.
    SecurityGroup,
    /// Network ACLs.
    Nacl,
    /// Gateways and peerings.
    Gateway,
    /// Sizes.
    Mtu,
    /// The hosts and their links.
    Host,
}

impl DropFamily {
    /// Every family.
    pub const ALL: &[DropFamily] = &[
        DropFamily::Route,
        DropFamily::SecurityGroup,
        DropFamily::Nacl,
        DropFamily::Gateway,
        DropFamily::Mtu,
        DropFamily::Host,
    ];

    /// What its codes are about, in a few words.
    pub fn explanation(self) -> &'static str {
        match self {
            DropFamily::Route => "a route table sent the packet nowhere, or where nobody is",
            DropFamily::SecurityGroup => "no rule of a security group admitted it",
            DropFamily::Nacl => "a rule of a network ACL denied it, the last one if no other matched",
            DropFamily::Gateway => "a gateway, an endpoint or a peering connection did not take it on",
            DropFamily::Mtu => "it was too large for the way and could not be cut",
            DropFamily::Host => "a host or its link did not take it",
        }
    }

    /// The family's name as users write it.
    pub fn as_str(self) -> &'static str {
        match self {
            DropFamily::Route => "ROUTE",
            DropFamily::SecurityGroup => "SECURITY_GROUP",
            DropFamily::Nacl => "NACL",
            DropFamily::Gateway => "GATEWAY",
            DropFamily::Mtu => "MTU",
            DropFamily::Host => "HOST",
        }
    }
}

/// A packet's end, with what decided.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct DropReason {
    /// The stable code.
    pub code: DropCode,
    /// The resource that decided: the group, ACL, table, gateway or interface.
    pub by: ResourceId,
    /// Out of or into `by`'s interface or subnet, where there is a direction.
    pub direction: Option<Direction>,
    /// What in that resource decided, where something did.
    pub decider: Decider,
    /// Where that was written.
    pub origin: Origin,
}

flat!(struct DropReason(code, by, direction, decider, origin));

impl Flat for DropCode {
    fn put(&self, to: &mut Vec<u8>) {
        to.push(*self as u8);
    }

    fn take(from: &mut &[u8]) -> Option<DropCode> {
        DropCode::ALL.get(usize::from(u8::take(from)?)).copied()
    }
}

/// What in a resource decided.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Decider {
    /// Nothing more precise than the resource.
    Resource,
    /// The instance behind it runs, and its system has not come up yet.
    Booting,
    /// The default: no rule or route matched.
    NoMatch,
    /// The route that brought the packet here, or the blackhole it met.
    Route {
        /// The table.
        table: RouteTableId,
        /// The route's destination.
        destination: IpNet,
    },
    /// The route that matched, whose target is gone or not usable (RT-15).
    Blackhole {
        /// The table.
        table: RouteTableId,
        /// The route's destination.
        destination: IpNet,
        /// What it points at.
        target: ResourceId,
    },
    /// A network ACL's rule; `None` is `*`.
    AclRule(Option<u16>),
    /// The address that was wrong.
    Address(IpAddr),
    /// The MTU that was exceeded, and whether an ICMP message told the sender.
    Mtu {
        /// In bytes.
        limit: u16,
        /// Whether the sender was told.
        told: bool,
    },
    /// The rule, the policy or the table of a guest's packet filter.
    PacketFilter(String),
}

flat!(enum Decider {
    0 => Resource,
    1 => NoMatch,
    2 => Route { table, destination },
    3 => Blackhole { table, destination, target },
    4 => AclRule(number),
    5 => Address(address),
    6 => Mtu { limit, told },
    7 => PacketFilter(by),
    8 => Booting,
});
