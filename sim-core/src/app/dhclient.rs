//! `dhclient` (ISC DHCP) and `networkctl renew` (systemd): asks the subnet's DHCP server again, and takes over what it says of names.
//!
//! Addresses are not touched: the server gives an interface the one it has. `-r` gives the lease back and keeps the address.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::ip::{interface_name, interface_number};
use crate::engine::SimDuration;
use crate::host::{ResolverConfig, Sys, UdpSocket};
use crate::net::dhcp::{CLIENT_PORT, DhcpKind, DhcpLease, DhcpMessage, SERVER_PORT};

/// How long an answer is waited for before the question is repeated, and how often it is asked.
const INTERVAL: SimDuration = SimDuration::from_secs(3);
const TRIES: u32 = 4;

/// A conversation on one interface.
struct Client {
    sys: Sys,
    socket: UdpSocket,
    interface: usize,
    name: String,
    mac: crate::net::MacAddr,
    transaction: u32,
    verbose: bool,
}

/// `dhclient [-v] [-r] [INTERFACE]`.
pub(crate) async fn main(sys: Sys, arguments: Vec<String>) -> i32 {
    let (mut verbose, mut release, mut name) = (false, false, None);
    for word in &arguments[1..] {
        match word.as_str() {
            "-v" => verbose = true,
            "-r" => release = true,
            "-1" | "-4" | "-d" | "-nw" => {}
            option if option.starts_with('-') => return sys.not_simulated("dhclient", option),
            interface => name = Some(interface.to_owned()),
        }
    }
    let name = name.unwrap_or_else(|| interface_name(&sys, 0));
    if verbose {
        sys.eprint(
            "Internet Systems Consortium DHCP Client 4.4.3-P1\nCopyright 2004-2022 Internet Systems Consortium.\n\
             All rights reserved.\nFor info, please visit https://www.isc.org/software/dhcp/\n\n",
        );
    }
    let Some(client) = Client::open(&sys, &name, verbose) else {
        sys.eprint(format!("Cannot find device \"{name}\"\n"));
        return 1;
    };
    client.talk(&format!(
        "Listening on LPF/{name}/{mac}\nSending on   LPF/{name}/{mac}\nSending on   Socket/fallback",
        mac = client.mac
    ));
    if release { client.release() } else { client.acquire().await }
}

/// `networkctl renew INTERFACE`.
pub(crate) async fn networkctl(sys: Sys, arguments: Vec<String>) -> i32 {
    let [_, verb, name] = arguments.as_slice() else {
        return sys.not_simulated("networkctl", arguments.get(1).map_or("list", String::as_str));
    };
    if !matches!(verb.as_str(), "renew" | "reconfigure") {
        return sys.not_simulated("networkctl", verb);
    }
    match Client::open(&sys, name, false) {
        Some(client) => client.acquire().await,
        None => {
            sys.eprint(format!("Interface \"{name}\" not found.\n"));
            1
        }
    }
}

/// What a guest's client does by itself when its lease is half over: it asks the server that it has the lease from, and nobody
/// else (RFC 2131 §4.4.5, RENEWING). A host has the names that its first interface was told, so that one is renewed.
pub(crate) async fn renewal(sys: Sys, _: Vec<String>) -> i32 {
    match Client::open(&sys, &interface_name(&sys, 0), false) {
        Some(client) => client.renew().await,
        None => 1,
    }
}

impl Client {
    fn open(sys: &Sys, name: &str, verbose: bool) -> Option<Client> {
        let interface = interface_number(sys, name)?;
        let (config, _) = sys.interfaces().into_iter().nth(interface)?;
        let socket = sys.udp_bind(CLIENT_PORT).ok()?;
        let transaction = sys.random() as u32;
        let (sys, name) = (sys.clone(), name.to_owned());
        Some(Client { sys, socket, interface, name, mac: config.mac, transaction, verbose })
    }

    fn talk(&self, line: &str) {
        if self.verbose {
            self.sys.eprint(format!("{line}\n"));
        }
    }

    async fn acquire(&self) -> i32 {
        let (name, xid) = (&self.name, self.transaction);
        let discover = DhcpMessage::from_client(DhcpKind::Discover, xid, self.mac);
        let asking = format!(
            "DHCPDISCOVER on {name} to 255.255.255.255 port {SERVER_PORT} interval {} (xid={xid:#x})",
            INTERVAL.as_secs()
        );
        let Some((offer, from)) = self.ask(&discover, &asking).await else {
            self.talk("No DHCPOFFERS received.\nNo working leases in persistent database - sleeping.");
            return 2;
        };
        let address = offer.yours;
        self.talk(&format!("DHCPOFFER of {address} from {from}"));
        let request = DhcpMessage {
            kind: DhcpKind::Request,
            requested: Some(address),
            server: offer.server,
            ..DhcpMessage::from_client(DhcpKind::Request, xid, self.mac)
        };
        let asking =
            format!("DHCPREQUEST for {address} on {name} to 255.255.255.255 port {SERVER_PORT} (xid={xid:#x})");
        let Some((answer, from)) = self.ask(&request, &asking).await else { return 2 };
        if answer.kind == DhcpKind::Nak {
            self.talk(&format!("DHCPNAK from {from} (xid={xid:#x})"));
            return 2;
        }
        self.talk(&format!("DHCPACK of {address} from {from} (xid={xid:#x})"));
        let renewal = self.bind(answer.lease);
        self.talk(&format!("bound to {address} -- renewal in {renewal} seconds."));
        0
    }

    /// Asks for the lease it has.
    async fn renew(&self) -> i32 {
        let (config, _) = &self.sys.interfaces()[self.interface];
        let (Some(&(address, _)), Some(server)) = (config.ipv4.first(), config.ipv4_gateway) else { return 1 };
        let request =
            DhcpMessage { client: address, ..DhcpMessage::from_client(DhcpKind::Request, self.transaction, self.mac) };
        match self.ask_of(Some(server), &request, "").await {
            Some((answer, _)) if answer.kind == DhcpKind::Ack => {
                self.bind(answer.lease);
                0
            }
            _ => 2,
        }
    }

    /// Takes over what a lease says; answers after how many seconds it is to be renewed.
    fn bind(&self, lease: DhcpLease) -> u32 {
        let renewal = lease.seconds.unwrap_or_default() / 2;
        // The first interface's names are the host's.
        if self.interface == 0 {
            let servers = lease.name_servers.iter().map(|server| IpAddr::V4(*server)).collect();
            self.sys.set_resolver(&ResolverConfig { servers, search: lease.domain_name });
            self.sys.hold_lease(SimDuration::from_secs(renewal.into()));
        }
        renewal
    }

    fn release(&self) -> i32 {
        let (config, _) = &self.sys.interfaces()[self.interface];
        let (Some(&(address, _)), Some(server)) = (config.ipv4.first(), config.ipv4_gateway) else { return 0 };
        let release = DhcpMessage {
            client: address,
            server: Some(server),
            ..DhcpMessage::from_client(DhcpKind::Release, self.transaction, self.mac)
        };
        let (name, xid) = (&self.name, self.transaction);
        self.talk(&format!("DHCPRELEASE of {address} on {name} to {server} port {SERVER_PORT} (xid={xid:#x})"));
        let _ = self.socket.send_to(&release.to_bytes(), SocketAddr::from((server, SERVER_PORT)));
        self.sys
            .note("the lease is given back and the address kept; an instance without its address could not be reached");
        0
    }

    /// Asks everybody on the link until somebody answers. Gives the answer and who it is from.
    async fn ask(&self, message: &DhcpMessage, shown: &str) -> Option<(DhcpMessage, Ipv4Addr)> {
        self.ask_of(None, message, shown).await
    }

    /// Asks one server, or everybody.
    async fn ask_of(
        &self,
        server: Option<Ipv4Addr>,
        message: &DhcpMessage,
        shown: &str,
    ) -> Option<(DhcpMessage, Ipv4Addr)> {
        for _ in 0..TRIES {
            self.talk(shown);
            match server {
                Some(server) => {
                    let _ = self.socket.send_to(&message.to_bytes(), SocketAddr::from((server, SERVER_PORT)));
                }
                None => self.socket.broadcast(self.interface, SERVER_PORT, &message.to_bytes()),
            }
            let deadline = self.sys.now() + INTERVAL;
            let mut buffer = [0; 1500];
            while let Ok(Ok((len, from))) = self.sys.before(Some(deadline), self.socket.recv_from(&mut buffer)).await {
                let answer = DhcpMessage::parse(&buffer[..len]).filter(|it| it.transaction == self.transaction);
                let (Some(answer), IpAddr::V4(from)) = (answer, from.ip()) else { continue };
                return Some((answer, from));
            }
        }
        None
    }
}
