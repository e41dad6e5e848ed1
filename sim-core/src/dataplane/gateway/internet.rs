//! The Internet gateway: stateless one-to-one translation between private and public addresses (IGW-3), and the checks around
//! it (IGW-4, IGW-16). IPv6 is not translated (IGW-7).

use std::net::{IpAddr, Ipv4Addr};

use crate::dataplane::route_table;
use crate::dataplane::tables::{EniIndex, Interface, InternetGatewayTable, VpcTables};
use crate::id::Origin;
use crate::net::{AddressField, FlowKey, Frame, IpHeader, rewrite_address, rewrite_quoted_address};
use crate::trace::{Decider, Direction, DropCode, DropReason};

/// Largest IP packet that passes (MTU-2d).
pub(crate) const MTU_BYTES: u16 = 1500;

/// An address that was translated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Translation {
    pub(crate) from: IpAddr,
    pub(crate) to: IpAddr,
}

/// Addresses that no Internet route leads to.
enum Unroutable {
    Rfc1918,
    Rfc6598,
}

/// Private destinations go no further (IGW-16), nor do sources that the VPC does not own. The public address that the source
/// goes out under, or the source itself for IPv6 (IGW-7).
pub(crate) fn check_outbound(
    gateway: &InternetGatewayTable,
    vpc: &VpcTables,
    sender: Option<Interface<'_>>,
    ip: &IpHeader,
) -> Result<IpAddr, DropReason> {
    let drop = |code, decider, origin| DropReason {
        code,
        by: gateway.id.into(),
        direction: Some(Direction::Egress),
        decider,
        origin,
    };
    if let Some(code) = unroutable_outbound(ip.destination) {
        let (decider, origin) = route_taken(sender, ip.destination);
        return Err(drop(code, decider, origin));
    }
    if !vpc.owns(ip.source) {
        let address = Decider::Address(ip.source);
        return Err(drop(DropCode::GatewayRejectsSpoofedTraffic, address, Origin::Aws));
    }
    if ip.source.is_ipv6() {
        return Ok(ip.source);
    }
    gateway.public_of.get(&ip.source).copied().ok_or_else(|| {
        let origin = sender.map_or(Origin::Aws, |sender| sender.eni.origin);
        drop(DropCode::IgwPublicIpAssociationForEgress, Decider::Address(ip.source), origin)
    })
}

/// Gives the packet its public source, in the packet that an ICMP error quotes too.
pub(crate) fn translate_outbound(
    gateway: &InternetGatewayTable,
    frame: &mut Frame,
    public: IpAddr,
) -> Option<Translation> {
    let from = frame.headers.ip?.source;
    if let Some(quoted) = FlowKey::quoted(frame)
        && let Some(&public) = gateway.public_of.get(&quoted.destination)
    {
        rewrite_quoted_address(frame, AddressField::Destination, public);
    }
    rewrite_address(frame, AddressField::Source, public);
    (from != public).then_some(Translation { from, to: public })
}

/// The interface that a packet from the Internet is for, and its private address.
pub(crate) fn check_inbound(
    gateway: &InternetGatewayTable,
    vpc: &VpcTables,
    ip: &IpHeader,
) -> Result<(EniIndex, IpAddr), DropReason> {
    let drop = |code, address| DropReason {
        code,
        by: gateway.id.into(),
        direction: Some(Direction::Ingress),
        decider: Decider::Address(address),
        origin: Origin::Aws,
    };
    match unroutable(ip.source) {
        Some(Unroutable::Rfc1918) => return Err(drop(DropCode::IgwSourceAddressNotInRfc1918Ingress, ip.source)),
        Some(Unroutable::Rfc6598) => return Err(drop(DropCode::IgwSourceAddressNotInRfc6598Ingress, ip.source)),
        None => {}
    }
    let private = match ip.destination {
        IpAddr::V4(_) => gateway.private_of.get(&ip.destination).copied(),
        IpAddr::V6(_) => Some(ip.destination),
    };
    let private = private.ok_or_else(|| drop(DropCode::IgwPrivateIpAssociationForIngress, ip.destination))?;
    let owner = vpc.owner_of(private).ok_or_else(|| drop(DropCode::IgwDestinationAddressInVpcCidrs, private))?;
    Ok((owner.index, private))
}

/// Gives the packet its private destination, in the packet that an ICMP error quotes too.
pub(crate) fn translate_inbound(
    gateway: &InternetGatewayTable,
    frame: &mut Frame,
    private: IpAddr,
) -> Option<Translation> {
    let from = frame.headers.ip?.destination;
    if let Some(quoted) = FlowKey::quoted(frame)
        && let Some(&private) = gateway.private_of.get(&quoted.source)
    {
        rewrite_quoted_address(frame, AddressField::Source, private);
    }
    rewrite_address(frame, AddressField::Destination, private);
    (from != private).then_some(Translation { from, to: private })
}

/// The route that took a packet to the gateway. It is looked up anew, since only a drop needs it.
pub(crate) fn route_taken(sender: Option<Interface<'_>>, destination: IpAddr) -> (Decider, Origin) {
    let route = sender.and_then(|sender| {
        let table = route_table::of(&sender);
        let (destination, route) = table.routes.lookup(destination)?;
        Some((Decider::Route { table: table.id, destination }, route.origin))
    });
    route.unwrap_or((Decider::Address(destination), Origin::Aws))
}

/// Why a destination is not one that an Internet route leads to (IGW-16).
pub(super) fn unroutable_outbound(destination: IpAddr) -> Option<DropCode> {
    Some(match unroutable(destination)? {
        Unroutable::Rfc1918 => DropCode::IgwDestinationAddressNotInRfc1918Egress,
        Unroutable::Rfc6598 => DropCode::IgwDestinationAddressNotInRfc6598Egress,
    })
}

/// RFC 1918 with loopback and link-local, and their IPv6 counterparts; RFC 6598 shared space.
fn unroutable(address: IpAddr) -> Option<Unroutable> {
    match address {
        IpAddr::V4(v4) if v4.is_private() || v4.is_link_local() || v4.is_loopback() => Some(Unroutable::Rfc1918),
        IpAddr::V4(v4) if is_shared(v4) => Some(Unroutable::Rfc6598),
        IpAddr::V6(v6) if v6.is_unique_local() || v6.is_unicast_link_local() || v6.is_loopback() => {
            Some(Unroutable::Rfc1918)
        }
        _ => None,
    }
}

/// 100.64.0.0/10 (RFC 6598).
fn is_shared(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    first == 100 && second & 0xc0 == 64
}
