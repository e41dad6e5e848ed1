//! The Resolver's door for questions over TCP (DNS-1), which a host of the platform runs (RFC 7766).
//!
//! It knows no names. What comes on a connection it asks by a datagram at [`UPSTREAM`], on the far side of its own link, where the
//! fabric answers as it answers an instance's datagrams.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::BUFFER_WHOLE;
use super::stream::{read_message, write_message};
use crate::engine::SimDuration;
use crate::host::{Sys, TcpStream};
use crate::net::dns::{DNS_PORT, Message};

/// Whom it asks. Nothing that is sent here is ever seen outside the platform.
pub(crate) const UPSTREAM: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(169, 254, 0, 53)), DNS_PORT);

/// How long a connection may say nothing. SIM: AWS publishes none; RFC 7766 §6.2.3 has it "on the order of a few seconds".
const IDLE: SimDuration = SimDuration::from_secs(10);
/// How long an answer may take.
const PATIENCE: SimDuration = SimDuration::from_secs(2);

/// Serves for as long as the host is up.
pub(crate) async fn main(sys: Sys, _arguments: Vec<String>) -> i32 {
    let Ok(listener) = sys.tcp_listen(DNS_PORT) else { return 1 };
    loop {
        let stream = listener.accept().await;
        let own = sys.clone();
        sys.spawn(async move { converse(&own, stream).await });
    }
}

/// Several questions may come on one connection.
async fn converse(sys: &Sys, stream: TcpStream) {
    while let Ok(Ok(Some(question))) = sys.before(Some(sys.now() + IDLE), read_message(&stream)).await {
        let Some(query) = Message::parse(&question).filter(|query| !query.is_response) else { return };
        let Some(answer) = relay(sys, &query).await else { return };
        if write_message(&stream, &answer.to_bytes(Some(u16::MAX))).await.is_err() {
            return;
        }
    }
}

/// The answer to a question, however large it is.
async fn relay(sys: &Sys, query: &Message) -> Option<Message> {
    let socket = sys.udp_bind(0).ok()?;
    socket.connect(UPSTREAM).ok()?;
    socket.send(&Message { udp_size: Some(u16::MAX), ..query.clone() }.to_bytes(None)).ok()?;
    let mut buffer = vec![0; BUFFER_WHOLE];
    let received = sys.before(Some(sys.now() + PATIENCE), socket.recv_from(&mut buffer)).await;
    let (len, _) = received.ok()?.ok()?;
    let answer = Message::parse(&buffer[..len])?;
    // EDNS is spoken with who speaks it (RFC 6891 §7).
    Some(Message { udp_size: query.udp_size.and(answer.udp_size), ..answer })
}
