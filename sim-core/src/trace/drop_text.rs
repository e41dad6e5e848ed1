//! The long text of each drop code, for `vpcsim errors CODE`: what happened, and where one usually looks next.
//!
//! The text of one particular drop (which rule, which packet) is made where that drop is reported; this is what is true of
//! all of them. Exhaustive, so that a new code cannot be without.

use super::DropCode;

impl DropCode {
    /// What the code means and what to look at.
    pub fn explanation(self) -> &'static str {
        match self {
            DropCode::NoRouteToDestination => {
                "The route table of the packet's subnet has no route that covers the destination, not even a default route. \
                 Add a route for the destination, or associate the subnet with the table that has one. If it is the answer \
                 that was lost, it is the other side's table that lacks the way back."
            }
            DropCode::BadStateRoute => {
                "The route with the longest matching prefix is a blackhole: what it points at was deleted or detached, or a \
                 peering connection is not active. The router does not fall back to a shorter prefix. \
                 Delete the route, or point it at something that exists."
            }
            DropCode::IngressRtbNoPublicIp => {
                "The gateway route table sends what comes from the Internet to the interface of an appliance, and that \
                 interface has no public address, which traffic through an Internet gateway needs. \
                 Give the appliance an Elastic IP address."
            }
            DropCode::IngressRtbTrafficRedirection => {
                "The gateway route table leads the way in to this subnet by an appliance, but the packet went straight to \
                 the Internet gateway. Both ways have to pass the same appliance: point the subnet's default route at it."
            }
            DropCode::NoPossibleDestination => {
                "A route led to the right subnet, but no network interface there has the address: a typing error, or an \
                 instance that was terminated."
            }
            DropCode::EniSgRulesMismatch => {
                "None of the security groups on the interface has a rule that admits the packet, and it is not the answer to \
                 a connection that a group has let pass. Groups only allow; what no rule names is refused in silence, so a \
                 TCP client sees a timeout, not a refusal. \
                 Add a rule for the protocol, the port and the peer, in the direction that the drop says."
            }
            DropCode::SgHasNoRules => {
                "The security groups on the interface have no rule at all in this direction, so nothing can pass. \
                 A new group starts without inbound rules and with one outbound rule that allows everything; a template that \
                 lists outbound rules takes that one away."
            }
            DropCode::SgReferencesNotPreserved => {
                "The only rule that would admit the packet names a security group instead of an address, and the packet no \
                 longer carries the sender's group: it came by a public address, through a translation or an appliance, or \
                 from another Region. Send to the private address, or allow the sender's address range."
            }
            DropCode::UnknownPeeredSgs => {
                "A rule names a security group of a peered VPC, but the peering connection or the group is gone. The rule is \
                 stale: it stays in place and admits nothing."
            }
            DropCode::SubnetAclRestriction => {
                "The subnet's network ACL denies the packet, by a numbered rule or by the closing `*`. Network ACLs keep no \
                 state: an answer needs a rule of its own, usually for the ephemeral ports 1024-65535, in the other direction."
            }
            DropCode::EniSourceDestCheckRestriction => {
                "The interface's source/destination check is on, and the packet is neither from nor to one of its addresses. \
                 An instance that forwards for others (NAT, firewall, router) needs the check switched off."
            }
            DropCode::GatewayRejectsSpoofedTraffic => {
                "A gateway was given a packet whose source address does not belong to the VPC."
            }
            DropCode::BadState => {
                "The component on the path is not usable: an instance that is stopped, a peering connection that nobody has \
                 accepted yet."
            }
            DropCode::BadStateAttachment => {
                "The gateway on the path is not attached, or no longer: attach the Internet gateway to the VPC."
            }
            DropCode::IgwPublicIpAssociationForEgress => {
                "The sender has no public IPv4 address, and an Internet gateway translates one private address to one public \
                 address, no more. Give the interface a public or an Elastic IP address, or send through a NAT gateway."
            }
            DropCode::IgwPrivateIpAssociationForIngress => {
                "A packet from the Internet is for a public address that no network interface of the VPC holds: an automatic \
                 address is lost when its instance stops, an Elastic IP address when it is disassociated."
            }
            DropCode::IgwDestinationAddressInVpcCidrs => {
                "After the Internet gateway's translation the destination does not lie in the VPC."
            }
            DropCode::IgwDestinationAddressNotInRfc1918Egress => {
                "A packet for a private address (10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16) reached the Internet gateway, \
                 usually because 0.0.0.0/0 was the only route that matched. Private addresses are not routed on the Internet. \
                 To reach another VPC, add a route for its block to a peering connection, in the tables of both sides."
            }
            DropCode::IgwDestinationAddressNotInRfc6598Egress => {
                "A packet for the shared address space 100.64.0.0/10 reached the Internet gateway, usually because 0.0.0.0/0 \
                 was the only route that matched. That space is not routed on the Internet."
            }
            DropCode::IgwSourceAddressNotInRfc1918Ingress => {
                "A packet came from the Internet with a private source address, which cannot be answered."
            }
            DropCode::IgwSourceAddressNotInRfc6598Ingress => {
                "A packet came from the Internet with a source address of the shared space 100.64.0.0/10, which cannot be \
                 answered."
            }
            DropCode::PcxRequiresAddressInVpcCidr => {
                "A peering connection carries packets between the blocks of its two VPCs and nothing else. This one was for, \
                 or from, an address outside of them: an attempt to go through a VPC to a third one, or out by its gateway. \
                 Peering is not transitive, whatever routes there are: peer the two VPCs directly, or use a transit gateway."
            }
            DropCode::ProtocolRestriction => {
                "The component on the path takes only some protocols. A NAT gateway translates TCP, UDP and ICMP and nothing \
                 else: ESP, GRE or SCTP do not pass it. IPsec passes when it is wrapped into UDP (NAT traversal). Of IPv6 it \
                 takes what goes to 64:ff9b::/96 (NAT64), so route that prefix to it and the rest to an egress-only gateway."
            }
            DropCode::NgwRequiresSourceInVpc => {
                "A NAT gateway translates what its own VPC sends. The packet came from outside of the VPC's blocks: over a \
                 peering connection, a VPN or an instance that forwards for others. Give each VPC a NAT gateway of its own."
            }
            DropCode::NgwNoConnection => {
                "The packet belongs to no connection that the NAT gateway knows. From outside, nothing but answers comes in: it \
                 forwards no ports and answers no ping, so put what must be reached behind a public address. From inside, the \
                 connection was idle for 350 seconds or more and is forgotten, which the sender learns by a TCP reset: send \
                 keepalives more often than that."
            }
            DropCode::NgwPortExhausted => {
                "All 55,000 connections that one address of the NAT gateway can have to one destination (address, port and \
                 protocol) are in use. Give it secondary addresses, use several NAT gateways, or close idle connections."
            }
            DropCode::NgwLoop => {
                "The NAT gateway looks up the way onward in the route table of its own subnet, and that route leads back to the \
                 NAT gateway: it lies in the same subnet, or under the same table, as its clients. Put it into a subnet of its \
                 own whose default route leads to the Internet gateway."
            }
            DropCode::EigwNoConnection => {
                "An egress-only Internet gateway lets flows out and their answers in. This packet came from the Internet and \
                 answers nothing that was sent. To be reached over IPv6, a subnet routes ::/0 to an Internet gateway."
            }
            DropCode::FragmentRestriction => {
                "The element drops fragments. A NAT gateway forwards fragments of UDP and drops those of TCP and ICMP, so a ping \
                 larger than the path's MTU is lost."
            }
            DropCode::VpceGatewayProtocolRestriction => {
                "A gateway endpoint carries TCP and ping to its service and nothing else."
            }
            DropCode::VpceGatewayEgressSourceAddressRestriction => {
                "What came back through a gateway endpoint was not from an address of the service's prefix list."
            }
            DropCode::MtuExceeded => {
                "The packet is larger than the element on its path takes, and must not be fragmented. Where the sender is \
                 told by ICMP, it sends smaller packets from then on; where a security group or ACL stops that message, it \
                 hangs."
            }
            DropCode::TtlExpired => {
                "The packet's hop limit reached zero. A VPC's own routers do not count as hops, appliances do: look for a \
                 loop between them."
            }
            DropCode::NoTransitiveRouting => {
                "The packet entered the VPC by one gateway and would leave it by another, which AWS does not chain."
            }
            DropCode::RateLimitExceeded => {
                "An interface has sent more than 1024 packets within a second to the services on its link: the Resolver, \
                 instance metadata and time share that allowance, and it cannot be raised; ask less often, or keep the answers. \
                 Or a NAT gateway was sent more than it carries: 5 Gb/s and a million packets a second, up to 100 Gb/s and ten \
                 million as it grows with its load. Several NAT gateways, for a part of the subnets each, carry more."
            }
            DropCode::InternetNoSuchHost => {
                "The packet reached the Internet, and no host of the scenario has its address there. Hosts outside AWS are \
                 listed under `internet:`."
            }
            DropCode::HostDoesNotForward => {
                "A route led to an instance that forwards nothing: an instance takes what is addressed to it and throws the rest \
                 away until it is told to forward. Run `sysctl -w net.ipv4.ip_forward=1` on it (`net.ipv6.conf.all.forwarding` \
                 for IPv6), from its user data if it is to last."
            }
            DropCode::HostPacketFilter => {
                "The instance forwards, and its own packet filter refused this packet: a rule of the FORWARD chain, or its \
                 policy. `iptables -S FORWARD` and `iptables -L -v` on the instance show which."
            }
            DropCode::HostNoRoute => {
                "The instance forwards, and its own routing table has no way to the destination: it has no address of that \
                 family, or no default route."
            }
            DropCode::NotUnicast => {
                "The packet was sent to a broadcast or multicast address, which a subnet does not carry."
            }
            DropCode::MalformedFrame => {
                "What was sent cannot be read as a frame: it is cut short, its IP header checksum is wrong, or it carries a \
                 protocol that a VPC does not."
            }
            DropCode::LinkLoss => "The packet was lost on a link that loses some, as `settings` has it.",
            DropCode::ConntrackAllowanceExceeded => {
                "The instance or gateway already tracks as many flows as it may; a new one is lost until others end or time out. Flows \
                 that need no tracking (a rule for everybody, and a rule for everybody and all ports the other way) do not \
                 count."
            }
            DropCode::LinkQueueFull => {
                "More was sent than the link carries, and its queue was full. TCP takes this as the sign to slow down."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_explanation_is_one_paragraph_of_sentences() {
        for code in DropCode::ALL {
            let text = code.explanation();
            assert!(text.ends_with('.'), "{code}");
            assert!(!text.contains(['\n', '\t']) && !text.contains("  "), "{code}: {text:?}");
        }
    }
}
