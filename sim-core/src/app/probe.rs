//! The program that sends one packet for an explanation or a matrix and says what its sender sees.
//!
//! It uses the guest's stack as every program does: a real connect(), a datagram, an echo request. What happens to the packet
//! is not its business; it knows only what comes back.

use std::net::{IpAddr, SocketAddr};

use crate::engine::SimDuration;
use crate::host::{EchoEvent, EchoRequest, Elapsed, Errno, IcmpError, PathMtuDiscovery, Sys};

/// Exit statuses. Answered: a connection, a datagram, an echo reply.
const ANSWERED: i32 = 0;
/// The target itself refused: RST, or ICMP port unreachable.
const REFUSED: i32 = 1;
/// Nothing came, or an error from somewhere on the way.
const NOTHING: i32 = 2;
/// The packet was not even sent.
const NOT_SENT: i32 = 3;

/// The program: `PROTOCOL ADDRESS PORT SECONDS`, where the port of an echo is of no account, and 0 seconds is as long as the
/// kernel tries.
pub(crate) async fn main(sys: Sys, arguments: Vec<String>) -> i32 {
    let [_, protocol, address, port, seconds] = &arguments[..] else { return NOT_SENT };
    let (Ok(address), Ok(port), Ok(seconds)) = (address.parse::<IpAddr>(), port.parse::<u16>(), seconds.parse::<u64>())
    else {
        return NOT_SENT;
    };
    let wait = SimDuration::from_secs(seconds);
    let (exit, text) = match protocol.as_str() {
        "tcp" => tcp(&sys, SocketAddr::new(address, port), wait).await,
        "udp" => udp(&sys, SocketAddr::new(address, port), wait).await,
        _ => echo(&sys, address, wait).await,
    };
    sys.print(text);
    exit
}

async fn tcp(sys: &Sys, to: SocketAddr, wait: SimDuration) -> (i32, String) {
    let started = sys.now();
    let deadline = (wait > SimDuration::default()).then(|| started + wait);
    match sys.before(deadline, sys.tcp_connect(to)).await {
        Ok(Ok(_)) => (ANSWERED, "connect() succeeds".to_owned()),
        Ok(Err(errno @ Errno::ConnectionRefused)) => (REFUSED, format!("connect() fails at once: {errno}")),
        Ok(Err(errno @ Errno::TimedOut)) => {
            let seconds = sys.now().since(started).as_nanos() / 1_000_000_000;
            (NOTHING, format!("nothing; connect() gives up after {seconds} s: {errno}"))
        }
        Ok(Err(errno @ (Errno::NetworkUnreachable | Errno::AddressNotAvailable))) => {
            (NOT_SENT, format!("connect() fails: {errno}"))
        }
        Ok(Err(errno)) => (NOTHING, format!("connect() fails: {errno}")),
        Err(Elapsed) => (NOTHING, "nothing".to_owned()),
    }
}

async fn udp(sys: &Sys, to: SocketAddr, wait: SimDuration) -> (i32, String) {
    let sent = sys.udp_bind(0).and_then(|socket| {
        socket.connect(to)?;
        socket.send(question(to.port()))?;
        Ok(socket)
    });
    let socket = match sent {
        Ok(socket) => socket,
        Err(errno) => return (NOT_SENT, format!("send() fails: {errno}")),
    };
    let mut buffer = [0; 2048];
    match sys.before(Some(sys.now() + wait), socket.recv_from(&mut buffer)).await {
        Ok(Ok((len, _))) => (ANSWERED, format!("an answer of {len} bytes")),
        Ok(Err(errno @ Errno::ConnectionRefused)) => (REFUSED, format!("{errno}: an ICMP port unreachable came back")),
        Ok(Err(errno)) => (NOTHING, errno.to_string()),
        Err(Elapsed) => (NOTHING, "nothing".to_owned()),
    }
}

/// What a server at a port answers, if it is there: a question for the Resolver and its like, one for the time. Others get a word.
fn question(port: u16) -> &'static [u8] {
    const DNS: &[u8] = b"\x76\x70\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07example\x03com\x00\x00\x01\x00\x01"; // RFC 1035 §4.1
    const NTP: &[u8; 48] = &{
        let mut packet = [0; 48];
        packet[0] = 4 << 3 | 3; // version 4, a client (RFC 5905 §7.3)
        packet
    };
    match port {
        53 => DNS,
        123 => NTP,
        _ => b"vpcsim",
    }
}

async fn echo(sys: &Sys, to: IpAddr, wait: SimDuration) -> (i32, String) {
    let socket = sys.echo_open();
    let request = EchoRequest {
        source: None,
        destination: to,
        sequence: 1,
        payload: &[0; 56],
        ttl: None,
        discovery: PathMtuDiscovery::Want,
    };
    if let Err(errno) = socket.send(request) {
        return (NOT_SENT, format!("the echo request is not sent: {errno}"));
    }
    match sys.before(Some(sys.now() + wait), socket.recv()).await {
        Ok(EchoEvent::Reply { from, ttl, .. }) => (ANSWERED, format!("an echo reply from {from}, ttl={ttl}")),
        Ok(EchoEvent::Error { from, error, .. }) => (NOTHING, format!("an ICMP error from {from}: {}", about(error))),
        Err(Elapsed) => (NOTHING, "nothing".to_owned()),
    }
}

fn about(error: IcmpError) -> &'static str {
    match error {
        IcmpError::NetUnreachable => "network unreachable",
        IcmpError::HostUnreachable => "host unreachable",
        IcmpError::ProtocolUnreachable => "protocol unreachable",
        IcmpError::PortUnreachable => "port unreachable",
        IcmpError::NetProhibited | IcmpError::HostProhibited | IcmpError::AdminProhibited => "prohibited",
        IcmpError::TooBig { .. } => "the packet is too big",
        IcmpError::TimeExceeded => "time to live exceeded",
        IcmpError::OtherUnreachable { .. } => "unreachable",
    }
}
