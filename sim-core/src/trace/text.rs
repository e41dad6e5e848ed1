//! A drop in words: who decided, what it looked for, on which packet.
//!
//! The texts are complete sentences without a full stop, fit for one line after the code. Things are named as the user
//! named them, through a function that knows the names. A default (no rule, `*`) is called that. One hint, and only when the rule
//! it names would let exactly this packet through that stage.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv6Addr};

use super::{Decider, Direction, DropCode, DropReason, Leg};
use crate::id::ResourceId;
use crate::net::{Headers, IpHeader, Transport, embedded, protocol};

impl DropReason {
    /// Why the packet with these headers was lost. Follows "by `name`: ", so it does not repeat who decided.
    pub(crate) fn sentence(&self, headers: &Headers, name: &dyn Fn(ResourceId) -> String) -> String {
        let Some(ip) = &headers.ip else { return "the frame is not one that a VPC carries".to_owned() };
        let destination = ip.destination;
        let way = direction_word(self.direction);
        match self.code {
            DropCode::NoRouteToDestination => format!("no route for {destination}"),
            DropCode::BadStateRoute => match &self.decider {
                Decider::Blackhole { destination: route, target, .. } => {
                    format!("its route {route} to {} is a blackhole: the target is gone or not active", name(*target))
                }
                _ => "the route is a blackhole".to_owned(),
            },
            DropCode::IngressRtbNoPublicIp => {
                format!("the gateway's route table leads packets for {destination} here, and it has no public address")
            }
            DropCode::IngressRtbTrafficRedirection => {
                format!(
                    "its route table leads the way back to {} by an appliance that the packet did not pass",
                    ip.source
                )
            }
            DropCode::NoPossibleDestination => match platform_address(destination) {
                Some(service) => {
                    format!("no network interface has {destination}: it is {service}, and answers nothing else")
                }
                None => format!("no network interface has {destination}"),
            },
            DropCode::EniSgRulesMismatch => {
                format!("no {way} rule for {} {}", service(ip), peer(self.direction, ip))
            }
            DropCode::SgHasNoRules => {
                format!(
                    "it has no {way} rules at all, so {} {} is refused by default",
                    service(ip),
                    peer(self.direction, ip)
                )
            }
            DropCode::SgReferencesNotPreserved => match self.decider {
                Decider::Address(member) => format!(
                    "the {way} rule for {} names the security group of {member}, which is not recognised where routes lead \
                     by an appliance",
                    service(ip)
                ),
                _ => format!(
                    "the {way} rule for {} names a security group, and members are recognised by private address only, not \
                     as {}",
                    service(ip),
                    peer_address(self.direction, ip)
                ),
            },
            DropCode::UnknownPeeredSgs => format!(
                "the {way} rule for {} names a security group that is gone or no longer peered (stale)",
                service(ip)
            ),
            DropCode::SubnetAclRestriction => {
                let what = format!("{} {}", service(ip), peer(self.direction, ip));
                match self.decider {
                    Decider::AclRule(Some(number)) => format!("{way} rule {number} denies {what}"),
                    _ => format!("no {way} rule allows {what}, so the default * denies it"),
                }
            }
            DropCode::EniSourceDestCheckRestriction => match self.direction {
                Some(Direction::Ingress) => {
                    format!("{destination} is not one of its addresses, and its source/destination check is on")
                }
                _ => format!(
                    "the source {} is not one of its addresses, and its source/destination check is on",
                    ip.source
                ),
            },
            DropCode::GatewayRejectsSpoofedTraffic => format!("the source {} does not belong to the VPC", ip.source),
            DropCode::BadState => match self.by.kind() {
                crate::id::ResourceKind::VpcPeeringConnection => "the peering connection is not active".to_owned(),
                crate::id::ResourceKind::VpcEndpoint => "the endpoint is deleted".to_owned(),
                _ if self.decider == Decider::Booting => {
                    "its instance is still booting; `aws ec2 wait instance-status-ok` waits until it is up".to_owned()
                }
                _ => "no running instance is behind it".to_owned(),
            },
            DropCode::BadStateAttachment => "its Internet gateway is detached".to_owned(),
            DropCode::IgwPublicIpAssociationForEgress => format!("{} has no public IP address", ip.source),
            DropCode::IgwPrivateIpAssociationForIngress => {
                format!("no network interface of its VPC has the public address {destination}")
            }
            DropCode::IgwDestinationAddressInVpcCidrs => match self.decider {
                Decider::Address(address) => format!("no network interface of its VPC has {address}"),
                _ => format!("no network interface of its VPC has {destination}"),
            },
            DropCode::IgwDestinationAddressNotInRfc1918Egress => {
                format!("{}{destination} is private", route_taken(&self.decider, name))
            }
            DropCode::IgwDestinationAddressNotInRfc6598Egress => {
                format!("{}{destination} is shared address space (100.64.0.0/10)", route_taken(&self.decider, name))
            }
            DropCode::IgwSourceAddressNotInRfc1918Ingress => {
                format!("{} is a private source, which does not come from the Internet", ip.source)
            }
            DropCode::IgwSourceAddressNotInRfc6598Ingress => {
                format!("{} is shared address space, which does not come from the Internet", ip.source)
            }
            DropCode::PcxRequiresAddressInVpcCidr => match self.decider {
                Decider::Address(address) if address == ip.source => {
                    format!("the source {address} is not in the sending VPC's blocks, and peering is not transitive")
                }
                _ => format!("{destination} is not in the peer VPC's blocks, and peering is not transitive"),
            },
            DropCode::VpceGatewayProtocolRestriction => {
                format!("a gateway endpoint carries TCP and ping only, not {}", service(ip))
            }
            DropCode::VpceGatewayEgressSourceAddressRestriction => {
                format!("{} is not an address of the endpoint's service", ip.source)
            }
            DropCode::MtuExceeded => match self.decider {
                Decider::Mtu { limit, told } => {
                    let word = if told { "the sender was told (ICMP)" } else { "the sender was not told" };
                    format!("{} bytes are more than it takes ({limit}); {word}", ip.total_len)
                }
                _ => format!("{} bytes are more than it takes", ip.total_len),
            },
            DropCode::ProtocolRestriction => match ip.destination {
                IpAddr::V6(v6) if embedded(v6).is_none() => {
                    format!("{destination} stands for no IPv4 address: of IPv6 it takes what goes to 64:ff9b::/96")
                }
                _ if matches!(ip.protocol, protocol::TCP | protocol::UDP | protocol::ICMP | protocol::ICMPV6) => {
                    format!("{} cannot be said in the other IP version", service(ip))
                }
                _ => format!("it takes TCP, UDP and ICMP only, not {}", service(ip)),
            },
            DropCode::NgwRequiresSourceInVpc => {
                format!("it takes only what its own VPC sends, and the source {} is not in the VPC's blocks", ip.source)
            }
            DropCode::NgwNoConnection => match self.direction {
                Some(Direction::Ingress) => {
                    format!(
                        "{} answers no connection from inside, and connections are not taken from outside",
                        service_of(ip)
                    )
                }
                _ => format!("{} belongs to no connection that it knows; it may have been idle for 350 s", service(ip)),
            },
            DropCode::NgwPortExhausted => {
                format!("its ports for {} to {destination} are all in use (55,000 an address)", service(ip))
            }
            DropCode::NgwLoop => match &self.decider {
                Decider::Route { table, destination: route } => {
                    format!("its own subnet's route {route} of {} leads back to it", name((*table).into()))
                }
                _ => "its own subnet's route leads back to it".to_owned(),
            },
            DropCode::EigwNoConnection => {
                format!("{} answers no flow from inside, and none is taken from outside", service_of(ip))
            }
            DropCode::FragmentRestriction => {
                format!("it takes no fragments of {}", if ip.protocol == protocol::TCP { "TCP" } else { "ICMP" })
            }
            DropCode::TtlExpired => "the TTL reached 0".to_owned(),
            DropCode::NoTransitiveRouting => {
                "the packet came into the VPC by a gateway and may not leave it by another".to_owned()
            }
            DropCode::ConntrackAllowanceExceeded => match self.by.kind() {
                crate::id::ResourceKind::NetworkInterface => {
                    "its instance tracks as many connections as it may".to_owned()
                }
                _ => "it tracks as many connections as it can".to_owned(),
            },
            DropCode::RateLimitExceeded => match self.by.kind() {
                crate::id::ResourceKind::NatGateway => {
                    "it is sent more than it carries: 5 Gb/s and a million packets a second until it has grown"
                        .to_owned()
                }
                _ => "it has sent 1024 packets to link-local services within a second, which is all it may".to_owned(),
            },
            DropCode::InternetNoSuchHost => format!("nobody on the Internet has {destination}"),
            DropCode::HostDoesNotForward => {
                let parameter =
                    if destination.is_ipv4() { "net.ipv4.ip_forward" } else { "net.ipv6.conf.all.forwarding" };
                format!("the packet is for {destination}, and the instance passes nothing on: {parameter} is 0")
            }
            DropCode::HostPacketFilter => match &self.decider {
                Decider::PacketFilter(by) => format!("iptables: {by} does not let it pass to {destination}"),
                _ => format!("its packet filter does not let it pass to {destination}"),
            },
            DropCode::HostNoRoute => format!("its own routing table has no way to {destination}"),
            DropCode::NotUnicast => format!("{destination} is not unicast, and a subnet carries nothing else"),
            DropCode::MalformedFrame => "the frame is not one that a VPC carries".to_owned(),
            DropCode::LinkLoss => "lost on the link".to_owned(),
            DropCode::LinkQueueFull => "the link's queue was full".to_owned(),
        }
    }

    /// What would let exactly this packet through the stage that dropped it, where that is certain.
    pub(crate) fn hint(&self, leg: Leg, headers: &Headers, name: &dyn Fn(ResourceId) -> String) -> Option<String> {
        let ip = headers.ip.as_ref()?;
        let way = direction_word(self.direction);
        match self.code {
            // A later fragment shows no ports, so no rule can be named for it.
            _ if ip.transport == Transport::Fragment => None,
            DropCode::EniSgRulesMismatch | DropCode::SgHasNoRules => {
                let host = host_block(peer_address(self.direction, ip));
                Some(format!(
                    "add an {way} rule for {} {} {host} to {}",
                    service(ip),
                    preposition(self.direction),
                    name(self.by)
                ))
            }
            DropCode::SubnetAclRestriction => {
                let host = host_block(peer_address(self.direction, ip));
                let place = match self.decider {
                    Decider::AclRule(Some(number)) if number > 1 => format!("numbered below {number} "),
                    Decider::AclRule(Some(_)) => return None,
                    _ => String::new(),
                };
                Some(format!(
                    "add an {way} rule {place}to {} that allows {} {} {host}",
                    name(self.by),
                    if leg == Leg::Return { service_of_answers(ip) } else { service(ip) },
                    preposition(self.direction)
                ))
            }
            DropCode::HostDoesNotForward => {
                let parameter =
                    if ip.destination.is_ipv4() { "net.ipv4.ip_forward" } else { "net.ipv6.conf.all.forwarding" };
                Some(format!("run `sysctl -w {parameter}=1` on {}", name(self.by)))
            }
            _ => None,
        }
    }
}

/// "0.0.0.0/0 of PublicRouteTable took it there, and ".
fn route_taken(decider: &Decider, name: &dyn Fn(ResourceId) -> String) -> String {
    let mut text = String::new();
    if let Decider::Route { table, destination } = decider {
        let _ = write!(text, "{destination} of {} took it there, and ", name((*table).into()));
    }
    text
}

/// The same for what is answered: the next connection will have another port, so that all of the clients' ports must be let through
/// (ACL-5, ACL-9).
fn service_of_answers(ip: &IpHeader) -> String {
    match ip.transport {
        Transport::Tcp { destination: 1024.., .. } => "tcp/1024-65535".to_owned(),
        Transport::Udp { destination: 1024.., .. } => "udp/1024-65535".to_owned(),
        _ => service(ip),
    }
}

/// `tcp/80`, `icmp`, `protocol 47`: as rules are spoken of.
fn service(ip: &IpHeader) -> String {
    match ip.transport {
        Transport::Tcp { destination, .. } => format!("tcp/{destination}"),
        Transport::Udp { destination, .. } => format!("udp/{destination}"),
        _ => match ip.protocol {
            protocol::ICMP => "icmp".to_owned(),
            protocol::ICMPV6 => "icmpv6".to_owned(),
            protocol::TCP => "a later tcp fragment".to_owned(),
            protocol::UDP => "a later udp fragment".to_owned(),
            other => format!("protocol {other}"),
        },
    }
}

/// The service with where it comes from: `tcp/80 from 198.51.100.9`.
fn service_of(ip: &IpHeader) -> String {
    format!("{} from {}", service(ip), ip.source)
}

fn peer(direction: Option<Direction>, ip: &IpHeader) -> String {
    format!("{} {}", preposition(direction), peer_address(direction, ip))
}

fn preposition(direction: Option<Direction>) -> &'static str {
    if direction == Some(Direction::Ingress) { "from" } else { "to" }
}

fn peer_address(direction: Option<Direction>, ip: &IpHeader) -> IpAddr {
    if direction == Some(Direction::Ingress) { ip.source } else { ip.destination }
}

fn host_block(address: IpAddr) -> String {
    let bits = if address.is_ipv4() { 32 } else { 128 };
    format!("{address}/{bits}")
}

/// Inbound and outbound are the words of both rule kinds' users.
/// What is asked for at an address that the platform of every instance has (IMDS-1, ADDR-16).
fn platform_address(address: IpAddr) -> Option<&'static str> {
    const METADATA_V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254));
    const TIME_V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x123));
    match address {
        IpAddr::V4(address) if address.octets() == [169, 254, 169, 254] => Some("the metadata service, on tcp/80"),
        IpAddr::V4(address) if address.octets() == [169, 254, 169, 123] => Some("the time service, on udp/123"),
        METADATA_V6 => Some("the metadata service, on tcp/80 and where its IPv6 endpoint is enabled"),
        TIME_V6 => Some("the time service, on udp/123"),
        _ => None,
    }
}

fn direction_word(direction: Option<Direction>) -> &'static str {
    match direction {
        Some(Direction::Ingress) => "inbound",
        _ => "outbound",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{NetworkAclId, Origin, SecurityGroupId};
    use crate::net::{MacAddr, TcpFlags, ether_type};

    fn syn() -> Headers {
        let ip = IpHeader {
            source: IpAddr::from([10, 41, 1, 100]),
            destination: IpAddr::from([10, 42, 1, 100]),
            protocol: protocol::TCP,
            ttl: 255,
            dont_fragment: true,
            transport_offset: 34,
            total_len: 40,
            transport: Transport::Tcp { source: 49152, destination: 80, flags: TcpFlags::SYN },
        };
        let mac = MacAddr::default();
        Headers { destination_mac: mac, source_mac: mac, ether_type: ether_type::IPV4, ip: Some(ip) }
    }

    #[test]
    fn a_hint_names_the_rule_that_would_let_this_packet_through() {
        let group = ResourceId::from(SecurityGroupId::from_number(1));
        let acl = ResourceId::from(NetworkAclId::from_number(1));
        let name = |id: ResourceId| if id == group { "web".to_owned() } else { "border".to_owned() };
        let (mismatch, restriction) = (DropCode::EniSgRulesMismatch, DropCode::SubnetAclRestriction);
        for (code, by, direction, decider, hint) in [
            (
                mismatch,
                group,
                Direction::Ingress,
                Decider::NoMatch,
                "add an inbound rule for tcp/80 from 10.41.1.100/32 to web",
            ),
            (
                mismatch,
                group,
                Direction::Egress,
                Decider::NoMatch,
                "add an outbound rule for tcp/80 to 10.42.1.100/32 to web",
            ),
            (
                restriction,
                acl,
                Direction::Ingress,
                Decider::AclRule(Some(100)),
                "add an inbound rule numbered below 100 to border that allows tcp/80 from 10.41.1.100/32",
            ),
            (
                restriction,
                acl,
                Direction::Egress,
                Decider::AclRule(None),
                "add an outbound rule to border that allows tcp/80 to 10.42.1.100/32",
            ),
        ] {
            let reason = DropReason { code, by, direction: Some(direction), decider, origin: Origin::Aws };
            assert_eq!(reason.hint(Leg::Forward, &syn(), &name).as_deref(), Some(hint));
        }
        let by_route = DropReason {
            code: DropCode::NoRouteToDestination,
            by: acl,
            direction: None,
            decider: Decider::NoMatch,
            origin: Origin::Aws,
        };
        assert_eq!(by_route.hint(Leg::Forward, &syn(), &name), None, "nobody knows where the user wants it to go");
    }

    #[test]
    fn every_code_has_a_sentence_that_ends_without_a_full_stop() {
        let by = ResourceId::from(SecurityGroupId::from_number(1));
        for &code in DropCode::ALL {
            let reason = DropReason { code, by, direction: None, decider: Decider::Resource, origin: Origin::Aws };
            let sentence = reason.sentence(&syn(), &|id| id.to_string());
            assert!(!sentence.is_empty() && !sentence.ends_with('.'), "{code}: {sentence}");
        }
    }
}
