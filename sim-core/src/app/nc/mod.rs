//! `nc` and `ncat`: connections and datagrams by hand, and port probes.
//!
//! There are two of them: Amazon Linux installs Nmap's Ncat under both names, Ubuntu's `nc` is OpenBSD's. What they do is the same
//! here; what they say, and what the end of the input means to them, is each one's own ([`Style`]).

mod options;

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::resolve::{Family, ResolveError, resolve};
use crate::engine::{SimDuration, SimTime};
use crate::host::{Elapsed, Errno, Profile, Sys, TcpStream, UdpSocket};
use options::Request;

/// How long Ncat waits for a complaint about the datagram it has sent with `-z`.
const NCAT_PROBE: SimDuration = SimDuration::from_secs(2);
/// OpenBSD's `udptest` sends a byte a second, this many.
const OPENBSD_PROBES: u32 = 4;

/// Which program it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Style {
    Ncat,
    OpenBsd,
}

impl Style {
    fn of(sys: &Sys, name: &str) -> Style {
        if name.ends_with("ncat") || sys.profile() != Profile::Ubuntu { Style::Ncat } else { Style::OpenBsd }
    }
}

/// The program.
pub(crate) async fn main(sys: Sys, arguments: Vec<String>) -> i32 {
    let style = Style::of(&sys, &arguments[0]);
    let request = match options::parse(&sys, &arguments, style) {
        Ok(request) => request,
        Err(exit) => return exit,
    };
    let nc = Nc { sys, style, request, sent: 0.into(), received: 0.into() };
    if style == Style::Ncat && nc.request.verbose {
        nc.say(&format!("Version {} ( https://nmap.org/ncat )", nc.sys.profile().ncat_version()));
    }
    match (nc.request.listen, nc.request.udp) {
        (true, true) => nc.listen_udp().await,
        (true, false) => nc.listen_tcp().await,
        (false, _) => nc.connect().await,
    }
}

struct Nc {
    sys: Sys,
    style: Style,
    request: Request,
    sent: AtomicUsize,
    received: AtomicUsize,
}

/// Servers.
impl Nc {
    async fn listen_tcp(&self) -> i32 {
        let port = self.request.ports.first().copied().unwrap_or(DEFAULT_PORT);
        let listener = match self.sys.tcp_listen(port) {
            Ok(listener) => listener,
            Err(errno) => return self.cannot_bind(port, errno),
        };
        self.announce(port);
        loop {
            let accepted = self.sys.before(self.patience(), listener.accept()).await;
            let Ok(stream) = accepted else { return i32::from(self.style == Style::Ncat) };
            if let Some((_, peer)) = stream.addresses() {
                self.welcome(peer);
            }
            self.converse(&stream).await;
            if !self.request.keep_listening {
                return 0;
            }
        }
    }

    async fn listen_udp(&self) -> i32 {
        let port = self.request.ports.first().copied().unwrap_or(DEFAULT_PORT);
        let socket = match self.sys.udp_bind(port) {
            Ok(socket) => socket,
            Err(errno) => return self.cannot_bind(port, errno),
        };
        self.announce(port);
        let mut buffer = vec![0; 65_536];
        let mut known = Vec::new();
        loop {
            match self.sys.before(self.patience(), socket.recv_from(&mut buffer)).await {
                Ok(Ok((len, peer))) => {
                    if !known.contains(&peer) {
                        known.push(peer);
                        self.welcome(peer);
                        // What was typed before goes to whoever speaks first.
                        if known.len() == 1 && self.sys.is_given_input() {
                            let _ = socket.send_to(&self.sys.read_all().await, peer);
                        }
                    }
                    self.sys.print(&buffer[..len]);
                }
                Ok(Err(_)) => {}
                Err(Elapsed) => return 0,
            }
        }
    }

    fn announce(&self, port: u16) {
        if !self.request.verbose {
            return;
        }
        match self.style {
            Style::Ncat => {
                self.say(&format!("Listening on :::{port}"));
                self.say(&format!("Listening on 0.0.0.0:{port}"));
            }
            Style::OpenBsd => {
                let verb = if self.request.udp { "Bound" } else { "Listening" };
                self.sys.eprint(format!("{verb} on 0.0.0.0 {port}\n"));
            }
        }
    }

    fn welcome(&self, peer: SocketAddr) {
        if !self.request.verbose {
            return;
        }
        match self.style {
            Style::Ncat => self.say(&format!("Connection from {peer}.")),
            Style::OpenBsd => self.sys.eprint(format!("Connection received on {} {}\n", peer.ip(), peer.port())),
        }
    }

    fn cannot_bind(&self, port: u16, errno: Errno) -> i32 {
        match self.style {
            Style::Ncat => {
                self.say(&format!("bind to 0.0.0.0:{port}: {errno}. QUITTING."));
                2
            }
            Style::OpenBsd => {
                self.sys.eprint(format!("nc: {errno}\n"));
                1
            }
        }
    }
}

/// Clients.
impl Nc {
    async fn connect(&self) -> i32 {
        let host = self.request.host.clone().unwrap_or_default();
        let family = self.request.family.unwrap_or(Family::Any);
        let address = match self.sys.before(self.patience(), resolve(&self.sys, &host, family)).await {
            Ok(Ok(address)) => address,
            Ok(Err(error)) => return self.unknown_host(&host, error),
            Err(Elapsed) => return self.unknown_host(&host, ResolveError::NoServer),
        };
        let mut exit = 1;
        let ports = if self.request.ports.is_empty() { vec![DEFAULT_PORT] } else { self.request.ports.clone() };
        for port in ports {
            let to = SocketAddr::new(address, port);
            let ended = if self.request.udp { self.connect_udp(to).await } else { self.connect_tcp(to).await };
            if ended == 0 {
                exit = 0;
            }
        }
        exit
    }

    async fn connect_tcp(&self, to: SocketAddr) -> i32 {
        let started = self.sys.now();
        let stream = match self.sys.before(self.patience(), self.sys.tcp_connect(to)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(errno)) => return self.cannot_connect(to, &format!("failed: {errno}"), &format!("{errno}.")),
            Err(Elapsed) => return self.cannot_connect(to, "timed out: Operation now in progress", "TIMEOUT."),
        };
        self.say_connected(to);
        if !self.request.scan {
            self.converse(&stream).await;
        }
        self.say_counts(started);
        0
    }

    async fn connect_udp(&self, to: SocketAddr) -> i32 {
        let started = self.sys.now();
        let socket = match self.sys.udp_bind(self.request.local_port.unwrap_or(0)) {
            Ok(socket) => socket,
            Err(errno) => return self.cannot_bind(self.request.local_port.unwrap_or(0), errno),
        };
        if let Err(errno) = socket.connect(to) {
            return self.cannot_connect(to, &format!("failed: {errno}"), &format!("{errno}."));
        }
        if self.style == Style::Ncat {
            self.say_connected(to);
        }
        let outcome = if self.request.scan { self.probe_udp(&socket).await } else { self.exchange_udp(&socket).await };
        match (outcome, self.style) {
            (Ok(()), Style::OpenBsd) if self.request.scan => self.say_connected(to),
            (Ok(()), _) => {}
            (Err(errno), Style::Ncat) => {
                self.say(&format!("{errno}."));
                return 1;
            }
            // OpenBSD's says nothing about a datagram that was refused.
            (Err(_), Style::OpenBsd) => return 1,
        }
        self.say_counts(started);
        0
    }

    /// `-zu`: a port counts as open unless somebody says that it is closed.
    async fn probe_udp(&self, socket: &UdpSocket) -> Result<(), Errno> {
        let (probes, wait, byte) = match self.style {
            Style::Ncat => (1, NCAT_PROBE, b"\0"),
            Style::OpenBsd => (OPENBSD_PROBES, SimDuration::from_secs(1), b"X"),
        };
        for _ in 0..probes {
            socket.send(byte)?;
            self.count(&self.sent, 1);
            if let Ok(heard) = self.sys.before(Some(self.sys.now() + wait), socket.recv_from(&mut [0; 1])).await {
                return heard.map(|_| ());
            }
        }
        if self.style == Style::Ncat && self.request.verbose {
            self.say("UDP packet sent successfully");
        }
        Ok(())
    }

    /// Sends what was typed and prints what comes, for as long as `-w` says, or for ever.
    async fn exchange_udp(&self, socket: &UdpSocket) -> Result<(), Errno> {
        const DATAGRAM: usize = 16 * 1024;
        loop {
            let typed = self.sys.read_some().await;
            if typed.is_empty() {
                break;
            }
            for piece in typed.chunks(DATAGRAM) {
                socket.send(piece)?;
                self.count(&self.sent, piece.len());
            }
        }
        if self.request.send_only {
            return Ok(());
        }
        let mut buffer = vec![0; 65_536];
        loop {
            match self.sys.before(self.patience(), socket.recv_from(&mut buffer)).await {
                Ok(heard) => {
                    let (len, _) = heard?;
                    self.count(&self.received, len);
                    self.sys.print(&buffer[..len]);
                }
                Err(Elapsed) => return Ok(()),
            }
        }
    }

    fn unknown_host(&self, host: &str, error: ResolveError) -> i32 {
        match self.style {
            Style::Ncat => {
                self.say(&format!("Could not resolve hostname \"{host}\": {error}. QUITTING."));
                2
            }
            Style::OpenBsd => {
                let port = self.request.ports.first().copied().unwrap_or(DEFAULT_PORT);
                self.sys.eprint(format!("nc: getaddrinfo for host \"{host}\" port {port}: {error}\n"));
                1
            }
        }
    }

    fn cannot_connect(&self, to: SocketAddr, openbsd: &str, ncat: &str) -> i32 {
        match self.style {
            Style::Ncat => self.say(ncat),
            // Without -v it fails in silence.
            Style::OpenBsd if self.request.verbose => {
                let (who, port) = (self.request.host.as_deref().unwrap_or_default(), to.port());
                let protocol = if self.request.udp { "udp" } else { "tcp" };
                let name = if who.parse::<IpAddr>().is_ok() { who.to_owned() } else { format!("{who} ({})", to.ip()) };
                self.sys.eprint(format!("nc: connect to {name} port {port} ({protocol}) {openbsd}\n"));
            }
            Style::OpenBsd => {}
        }
        1
    }

    fn say_connected(&self, to: SocketAddr) {
        if !self.request.verbose {
            return;
        }
        match self.style {
            Style::Ncat => self.say(&format!("Connected to {to}.")),
            Style::OpenBsd => {
                let host = self.request.host.as_deref().unwrap_or_default();
                let name =
                    if host.parse::<IpAddr>().is_ok() { host.to_owned() } else { format!("{host} ({})", to.ip()) };
                let protocol = if self.request.udp { "udp" } else { "tcp" };
                let service = service_name(to.port(), self.request.udp);
                let service = if self.request.numeric { "*" } else { service };
                let port = to.port();
                self.sys.eprint(format!("Connection to {name} {port} port [{protocol}/{service}] succeeded!\n"));
            }
        }
    }

    fn say_counts(&self, started: SimTime) {
        if self.style == Style::Ncat && self.request.verbose {
            let load = |count: &AtomicUsize| count.load(Ordering::Relaxed);
            let (sent, received) = (load(&self.sent), load(&self.received));
            let millis = self.sys.now().since(started).as_millis();
            let seconds = format!("{}.{:02}", millis / 1_000, millis % 1_000 / 10);
            self.say(&format!("{sent} bytes sent, {received} bytes received in {seconds} seconds."));
        }
    }
}

/// What both do.
impl Nc {
    /// Sends what was typed and prints what comes, until the peer has closed.
    async fn converse(&self, stream: &TcpStream) {
        let mut buffer = vec![0; 16 * 1024];
        if !self.request.receive_only && self.send_typed(stream).await.is_err() {
            return;
        }
        if self.request.send_only {
            return;
        }
        // Ncat passes the end of its input on; OpenBSD's does when told to, and waits for the peer's otherwise.
        let typed = self.sys.is_given_input() || !self.request.listen;
        if typed && (self.style == Style::Ncat || self.request.shut_down) {
            stream.shutdown();
        }
        let end = self.request.quit_after.map(|wait| self.sys.now() + wait);
        loop {
            let idle = if self.style == Style::OpenBsd { self.patience() } else { None };
            let limit = [end, idle].into_iter().flatten().min();
            match self.sys.before(limit, stream.read(&mut buffer)).await {
                Ok(Ok(len)) if len > 0 => {
                    self.count(&self.received, len);
                    self.sys.print(&buffer[..len]);
                }
                _ => return,
            }
        }
    }

    /// Sends what is typed, as it comes.
    async fn send_typed(&self, stream: &TcpStream) -> Result<(), Errno> {
        loop {
            let typed = self.sys.read_some().await;
            if typed.is_empty() {
                return Ok(());
            }
            stream.write_all(&typed).await?;
            self.count(&self.sent, typed.len());
        }
    }

    /// When `-w` is over, from now on.
    fn patience(&self) -> Option<SimTime> {
        self.request.wait.map(|wait| self.sys.now() + wait)
    }

    fn count(&self, counter: &AtomicUsize, bytes: usize) {
        counter.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Something in Ncat's own voice.
    fn say(&self, text: &str) {
        self.sys.eprint(format!("Ncat: {text}\n"));
    }
}

/// The port when none is given (Ncat's).
const DEFAULT_PORT: u16 = 31_337;

/// A port's name in `/etc/services`, or `*`.
fn service_name(port: u16, udp: bool) -> &'static str {
    match (port, udp) {
        (22, false) => "ssh",
        (23, false) => "telnet",
        (25, false) => "smtp",
        (53, _) => "domain",
        (67, true) => "bootps",
        (80, false) => "http",
        (110, false) => "pop3",
        (123, true) => "ntp",
        (143, false) => "imap2",
        (443, _) => "https",
        (3306, false) => "mysql",
        (5432, false) => "postgresql",
        (6379, false) => "redis",
        (8080, false) => "http-alt",
        _ => "*",
    }
}
