//! The events the pipeline emits.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

use super::DropReason;
use super::recording::KeptFrame;
use crate::engine::SimTime;
use crate::flat::flat;
use crate::id::{NetworkAclId, NetworkInterfaceId, Origin, ResourceId, RouteTableId, SecurityGroupId, SubnetId, VpcId};
use crate::net::{FlowKey, Headers};

/// One frame's life in the fabric, from the interface that sent it until it is delivered, answered or dropped. The sender's
/// number in the upper half, the sender's count in the lower: the same whatever else goes on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct PacketId(pub u64);

flat!(struct PacketId(0));

impl PacketId {
    /// The id of what the VPC itself sends because of this packet: an answer, or an ICMP error.
    pub(crate) fn answer(self) -> PacketId {
        PacketId(self.0 | 1 << 63)
    }
}

/// What observers know a packet by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct PacketTag {
    /// Which packet it is.
    pub id: PacketId,
    /// Which way it goes in its conversation.
    pub leg: Leg,
    /// Whether its whole way is told.
    pub marked: bool,
}

flat!(struct PacketTag(id, leg, marked));

impl PacketTag {
    /// A packet that nobody has looked at yet.
    pub(crate) fn new(id: PacketId) -> PacketTag {
        PacketTag { id, leg: Leg::Forward, marked: false }
    }

    /// The tag of what the VPC itself sends because of this packet.
    pub(crate) fn answer(self) -> PacketTag {
        PacketTag { id: self.id.answer(), leg: Leg::Forward, ..self }
    }
}

/// Which way a packet goes in its conversation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Leg {
    /// From the side that began the exchange.
    Forward,
    /// The answer.
    Return,
}

flat!(enum Leg { 0 => Forward, 1 => Return });

impl Leg {
    /// The leg's name in machine formats.
    pub fn as_str(self) -> &'static str {
        match self {
            Leg::Forward => "forward",
            Leg::Return => "return",
        }
    }
}

/// In or out, always from the point of view of the interface or gateway concerned.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Direction {
    /// Towards the interface's owner.
    Ingress,
    /// Away from it.
    Egress,
}

flat!(enum Direction { 0 => Ingress, 1 => Egress });

/// Something that happened to a packet.
#[derive(Clone, Debug)]
pub(crate) struct TraceEvent {
    /// When.
    pub time: SimTime,
    /// To which packet.
    pub packet: PacketId,
    /// Which way the packet goes in its conversation.
    pub leg: Leg,
    /// Whether all of its way is told; of other packets only what captures and drops need.
    pub marked: bool,
    /// The packet's headers as they stand after the step.
    pub headers: Headers,
    /// What.
    pub step: Step,
}

flat!(struct TraceEvent(time, packet, leg, marked, headers, step));

/// What a stage did. A closed set, so that every observer says what it makes of each.
#[allow(dead_code, reason = "the whole account of a hop: tests read all of it, captures and verdicts a part")]
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// The packet is at a capture point: a network interface or a gateway. What follows at the same time, up to the next
    /// `Seen`, happens there.
    Seen {
        /// The interface or gateway.
        point: ResourceId,
        /// Seen from there.
        direction: Direction,
        /// Where the frame's bytes are kept, if an observer asked for them.
        frame: Option<KeptFrame>,
    },
    /// The VPC itself answered (ARP, DNS); the answer is a packet of its own.
    Answered {
        /// What answered.
        service: VpcService,
    },
    /// Source or destination check passed, or was switched off.
    AddressChecked {
        /// The interface.
        interface: NetworkInterfaceId,
    },
    /// A security group let the packet through.
    SecurityGroup {
        /// The interface.
        interface: NetworkInterfaceId,
        /// The direction judged.
        direction: Direction,
        /// What let it through.
        decision: GroupDecision,
    },
    /// A network ACL let the packet through.
    NetworkAcl {
        /// The ACL.
        acl: NetworkAclId,
        /// The subnet it guards.
        subnet: SubnetId,
        /// Inbound (`Ingress`) or outbound (`Egress`) of the subnet.
        direction: Direction,
        /// The number of the rule that matched.
        rule: u16,
    },
    /// A route table chose a target.
    Route {
        /// The table.
        table: RouteTableId,
        /// The route's destination.
        destination: IpNet,
        /// What it points at; the VPC itself for `local`.
        target: ResourceId,
        /// Where the route was written.
        origin: Origin,
    },
    /// The packet entered a VPC's router.
    Vpc {
        /// The VPC.
        vpc: VpcId,
    },
    /// A gateway let the packet through.
    Gateway {
        /// The gateway.
        gateway: ResourceId,
    },
    /// An address was translated.
    Translated {
        /// The gateway that did it.
        gateway: ResourceId,
        /// The address before.
        from: IpAddr,
        /// The address after.
        to: IpAddr,
    },
    /// Too large for a gateway, which cuts it: what follows happens to each fragment.
    Fragmented {
        /// The gateway that did it.
        gateway: ResourceId,
        /// What it takes.
        limit_bytes: u16,
    },
    /// An address and the port that goes with it, or an echo's identifier, were translated.
    PortTranslated {
        /// The gateway that did it.
        gateway: ResourceId,
        /// Before.
        from: (IpAddr, u16),
        /// After.
        to: (IpAddr, u16),
    },
    /// A flow log notes what the security groups and the network ACL of an interface said of the packet (FL-3). The headers are
    /// those at the interface. Told of every packet where there is a flow log, and nowhere else.
    FlowLogged {
        /// The interface.
        interface: NetworkInterfaceId,
        /// The interface's own address, of the packet's family (FL-4).
        own: IpAddr,
        /// Seen from the interface.
        direction: Direction,
        /// What they said.
        action: FlowAction,
    },
    /// Delivered to the guest behind an interface, or to a host on the Internet.
    Delivered {
        /// The interface.
        to: ResourceId,
    },
    /// The instance or host that it was delivered to passed it on: as a packet of its own, with these headers.
    PassedOn {
        /// The interface that it came in by.
        by: ResourceId,
        /// The flow that it belonged to as it came in.
        from: FlowKey,
    },
    /// Lost.
    Dropped(DropReason),
}

flat!(enum Step {
    0 => Seen { point, direction, frame },
    1 => Answered { service },
    2 => AddressChecked { interface },
    3 => SecurityGroup { interface, direction, decision },
    4 => NetworkAcl { acl, subnet, direction, rule },
    5 => Route { table, destination, target, origin },
    6 => Vpc { vpc },
    7 => Gateway { gateway },
    8 => Translated { gateway, from, to },
    9 => Delivered { to },
    10 => Dropped(reason),
    11 => Fragmented { gateway, limit_bytes },
    12 => PortTranslated { gateway, from, to },
    13 => FlowLogged { interface, own, direction, action },
    14 => PassedOn { by, from },
});

impl Step {
    /// The least detail that tells of it.
    pub(super) fn detail(&self) -> Detail {
        match self {
            Step::Dropped(_) => Detail::Drops,
            Step::Seen { .. }
            | Step::Vpc { .. }
            | Step::Gateway { .. }
            | Step::Delivered { .. }
            | Step::PassedOn { .. } => Detail::Path,
            Step::Answered { .. }
            | Step::AddressChecked { .. }
            | Step::SecurityGroup { .. }
            | Step::NetworkAcl { .. }
            | Step::Route { .. }
            | Step::Translated { .. }
            | Step::Fragmented { .. }
            | Step::PortTranslated { .. }
            | Step::FlowLogged { .. } => Detail::Stages,
        }
    }
}

/// What a flow log says became of a packet at an interface (FL-3).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum FlowAction {
    /// The security groups and the network ACL let it through.
    Accept,
    /// One of them refused it.
    Reject,
}

flat!(enum FlowAction { 0 => Accept, 1 => Reject });

/// What made a security group let a packet through.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum GroupDecision {
    /// A rule admits it.
    Rule {
        /// The group.
        group: SecurityGroupId,
        /// The rule's place among the group's rules of that direction, from 1.
        number: u16,
        /// Where the rule was written.
        origin: Origin,
    },
    /// It belongs to a tracked flow (SG-13).
    Tracked,
}

flat!(enum GroupDecision { 0 => Rule { group, number, origin }, 1 => Tracked });

/// A service that the VPC itself gives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum VpcService {
    /// Address resolution for IPv4.
    Arp,
    /// Neighbour discovery for IPv6.
    Ndp,
    /// Instance metadata.
    Metadata,
    /// Network time.
    Time,
    /// Route 53 Resolver.
    Dns,
    /// The subnet's DHCP server.
    Dhcp,
}

flat!(enum VpcService { 0 => Arp, 1 => Ndp, 2 => Metadata, 3 => Time, 4 => Dns, 5 => Dhcp });

impl fmt::Display for VpcService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            VpcService::Arp => "ARP",
            VpcService::Ndp => "NDP",
            VpcService::Metadata => "IMDS",
            VpcService::Time => "NTP",
            VpcService::Dns => "DNS",
            VpcService::Dhcp => "DHCP",
        })
    }
}

/// How much the observers want to hear of packets. Drops are always kept, since they are data.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub(crate) enum Detail {
    /// Nothing more.
    #[default]
    Drops,
    /// Where packets pass: interfaces, VPCs, gateways (for `path:`).
    Path,
    /// What every stage did (for explanations).
    Stages,
}
