//! DHCP for IPv4 (RFC 2131, RFC 2132): what a host and the server of its subnet say to each other. smoltcp has the wire format.

use std::net::Ipv4Addr;

use smoltcp::wire::{DhcpMessageType, DhcpOption, DhcpPacket, DhcpRepr, EthernetAddress};

use super::MacAddr;

/// Where servers listen.
pub(crate) const SERVER_PORT: u16 = 67;
/// Where clients listen.
pub(crate) const CLIENT_PORT: u16 = 68;

/// Options by their numbers (RFC 2132, and RFC 3397 §2 for none of them).
const NAME_SERVERS: u8 = 6;
const HOST_NAME: u8 = 12;
const DOMAIN_NAME: u8 = 15;
const INTERFACE_MTU: u8 = 26;
const NTP_SERVERS: u8 = 42;

/// What a client asks for (RFC 2132 §9.8): what this simulator can tell.
const ASKED_FOR: &[u8] = &[1, 3, NAME_SERVERS, HOST_NAME, DOMAIN_NAME, INTERFACE_MTU, NTP_SERVERS];

/// What a message is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum DhcpKind {
    Discover,
    Offer,
    Request,
    Ack,
    Nak,
    Release,
    Inform,
}

const KINDS: &[(DhcpKind, DhcpMessageType)] = &[
    (DhcpKind::Discover, DhcpMessageType::Discover),
    (DhcpKind::Offer, DhcpMessageType::Offer),
    (DhcpKind::Request, DhcpMessageType::Request),
    (DhcpKind::Ack, DhcpMessageType::Ack),
    (DhcpKind::Nak, DhcpMessageType::Nak),
    (DhcpKind::Release, DhcpMessageType::Release),
    (DhcpKind::Inform, DhcpMessageType::Inform),
];

/// A message. An address that is not given is `0.0.0.0`, as on the wire.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct DhcpMessage {
    pub(crate) kind: DhcpKind,
    /// Chosen by the client; the answer has the same.
    pub(crate) transaction: u32,
    pub(crate) client_mac: MacAddr,
    /// The address that the client has (`ciaddr`).
    pub(crate) client: Ipv4Addr,
    /// The address that the client gets (`yiaddr`).
    pub(crate) yours: Ipv4Addr,
    /// The address that the client would like.
    pub(crate) requested: Option<Ipv4Addr>,
    /// Which server is meant, or speaks.
    pub(crate) server: Option<Ipv4Addr>,
    /// What the server tells.
    pub(crate) lease: DhcpLease,
}

/// What a server tells a client besides its address.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct DhcpLease {
    /// For how long the address may be used.
    pub(crate) seconds: Option<u32>,
    pub(crate) subnet_mask: Option<Ipv4Addr>,
    pub(crate) router: Option<Ipv4Addr>,
    pub(crate) name_servers: Vec<Ipv4Addr>,
    pub(crate) domain_name: Option<String>,
    pub(crate) host_name: Option<String>,
    pub(crate) ntp_servers: Vec<Ipv4Addr>,
    pub(crate) mtu_bytes: Option<u16>,
}

impl DhcpMessage {
    /// A client's message about no address yet.
    pub(crate) fn from_client(kind: DhcpKind, transaction: u32, client_mac: MacAddr) -> DhcpMessage {
        DhcpMessage {
            kind,
            transaction,
            client_mac,
            client: Ipv4Addr::UNSPECIFIED,
            yours: Ipv4Addr::UNSPECIFIED,
            requested: None,
            server: None,
            lease: DhcpLease::default(),
        }
    }

    /// Reads what a datagram carries; none if it is no message that anybody here sends.
    pub(crate) fn parse(payload: &[u8]) -> Option<DhcpMessage> {
        let packet = DhcpPacket::new_checked(payload).ok()?;
        let repr = DhcpRepr::parse(&packet).ok()?;
        let &(kind, _) = KINDS.iter().find(|(_, wire)| *wire == repr.message_type)?;
        let mut lease = DhcpLease {
            seconds: repr.lease_duration,
            subnet_mask: repr.subnet_mask,
            router: repr.router,
            ..DhcpLease::default()
        };
        for DhcpOption { kind, data } in packet.options() {
            let text = || String::from_utf8(data.to_vec()).ok();
            match kind {
                NAME_SERVERS => lease.name_servers = addresses(data),
                NTP_SERVERS => lease.ntp_servers = addresses(data),
                DOMAIN_NAME => lease.domain_name = text(),
                HOST_NAME => lease.host_name = text(),
                INTERFACE_MTU => lease.mtu_bytes = data.try_into().ok().map(u16::from_be_bytes),
                _ => {}
            }
        }
        Some(DhcpMessage {
            kind,
            transaction: repr.transaction_id,
            client_mac: MacAddr(repr.client_hardware_address.0),
            client: repr.client_ip,
            yours: repr.your_ip,
            requested: repr.requested_ip,
            server: repr.server_identifier,
            lease,
        })
    }

    /// The bytes for a datagram.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let octets =
            |addresses: &[Ipv4Addr]| addresses.iter().flat_map(|address| address.octets()).collect::<Vec<u8>>();
        let DhcpLease { name_servers, domain_name, host_name, ntp_servers, mtu_bytes, .. } = &self.lease;
        let text = |text: &Option<String>| text.clone().unwrap_or_default().into_bytes();
        let options = [
            (NAME_SERVERS, octets(name_servers)),
            (HOST_NAME, text(host_name)),
            (DOMAIN_NAME, text(domain_name)),
            (INTERFACE_MTU, mtu_bytes.map(|mtu| mtu.to_be_bytes().to_vec()).unwrap_or_default()),
            (NTP_SERVERS, octets(ntp_servers)),
        ];
        let options: Vec<DhcpOption<'_>> = options
            .iter()
            .filter(|(_, data)| !data.is_empty())
            .map(|(kind, data)| DhcpOption { kind: *kind, data: &data[..data.len().min(255)] })
            .collect();
        let asks = matches!(self.kind, DhcpKind::Discover | DhcpKind::Request | DhcpKind::Inform);
        let message_type = KINDS.iter().find(|(kind, _)| *kind == self.kind).map(|(_, wire)| *wire);
        let repr = DhcpRepr {
            message_type: message_type.expect("every kind is listed"),
            transaction_id: self.transaction,
            secs: 0,
            client_hardware_address: EthernetAddress(self.client_mac.0),
            client_ip: self.client,
            your_ip: self.yours,
            server_ip: Ipv4Addr::UNSPECIFIED,
            router: self.lease.router,
            subnet_mask: self.lease.subnet_mask,
            relay_agent_ip: Ipv4Addr::UNSPECIFIED,
            broadcast: false,
            requested_ip: self.requested,
            client_identifier: None,
            server_identifier: self.server,
            parameter_request_list: asks.then_some(ASKED_FOR),
            dns_servers: None,
            max_size: None,
            lease_duration: self.lease.seconds,
            renew_duration: None,
            rebind_duration: None,
            additional_options: &options,
        };
        let mut bytes = vec![0; repr.buffer_len()];
        repr.emit(&mut DhcpPacket::new_unchecked(&mut bytes)).expect("the buffer has the length that was asked for");
        bytes
    }
}

/// Addresses one after the other.
fn addresses(data: &[u8]) -> Vec<Ipv4Addr> {
    data.as_chunks::<4>().0.iter().map(|octets| Ipv4Addr::from(*octets)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mac = MacAddr([2, 0, 0, 0, 0, 7]);
        let discover = DhcpMessage::from_client(DhcpKind::Discover, 0x0102_0304, mac);
        let [a, b, c, d] = [1, 2, 3, 4].map(|last| Ipv4Addr::new(10, 0, 0, last));
        let ack = DhcpMessage {
            kind: DhcpKind::Ack,
            yours: d,
            server: Some(a),
            lease: DhcpLease {
                seconds: Some(3600),
                subnet_mask: Some(Ipv4Addr::new(255, 255, 255, 0)),
                router: Some(a),
                name_servers: vec![a, b, c, d],
                domain_name: Some("example.com".to_owned()),
                host_name: Some("ip-10-0-0-4".to_owned()),
                ntp_servers: vec![b],
                mtu_bytes: Some(9001),
            },
            ..discover.clone()
        };
        for message in [discover, ack] {
            assert_eq!(DhcpMessage::parse(&message.to_bytes()).as_ref(), Some(&message));
        }
        assert_eq!(DhcpMessage::parse(b"something else"), None);
    }
}
