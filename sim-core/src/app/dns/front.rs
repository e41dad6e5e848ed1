//! The door of a resolver for questions over TCP (RFC 7766): of the VPC's own (DNS-1), on a host of the platform, and of the
//! public ones on the Internet.
//!
//! It knows no names. What comes on a connection it asks by a datagram where it is told, or at [`UPSTREAM`], on the far side of its
//! own link: the fabric answers there as it answers an instance's datagrams. Those that come here themselves are no questions.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::BUFFER_WHOLE;
use super::stream::{read_message, write_message};
use crate::engine::SimDuration;
use crate::host::{Sys, TcpStream};
use crate::net::dns::{DNS_PORT, Message};

/// Whom the platform's asks. Nothing that is sent here is ever seen outside the platform.
pub(crate) const UPSTREAM: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(169, 254, 0, 53)), DNS_PORT);

/// How long a connection may say nothing. SIM: AWS publishes none; RFC 7766 §6.2.3 has it "on the order of a few seconds".
const IDLE: SimDuration = SimDuration::from_secs(10);
/// How long an answer may take.
const PATIENCE: SimDuration = SimDuration::from_secs(2);

/// Serves for as long as the host is up.
pub(crate) async fn main(sys: Sys, arguments: Vec<String>) -> i32 {
    let upstream = arguments.get(1).and_then(|address| address.parse().ok());
    let upstream = upstream.map_or(UPSTREAM, |address| SocketAddr::new(address, DNS_PORT));
    let (Ok(listener), Ok(datagrams)) = (sys.tcp_listen(DNS_PORT), sys.udp_bind(DNS_PORT)) else { return 1 };
    // Bound, so that what is no question is not refused: a name server says nothing to it.
    sys.spawn(async move {
        loop {
            let _ = datagrams.recv_from(&mut [0; 1]).await;
        }
    });
    loop {
        let stream = listener.accept().await;
        let own = sys.clone();
        sys.spawn(async move { converse(&own, upstream, stream).await });
    }
}

/// Several questions may come on one connection.
async fn converse(sys: &Sys, upstream: SocketAddr, stream: TcpStream) {
    while let Ok(Ok(Some(question))) = sys.before(Some(sys.now() + IDLE), read_message(&stream)).await {
        let Some(query) = Message::parse(&question).filter(|query| !query.is_response) else { return };
        let Some(answer) = relay(sys, upstream, &query).await else { return };
        if write_message(&stream, &answer.to_bytes(Some(u16::MAX))).await.is_err() {
            return;
        }
    }
}

/// The answer to a question, however large it is.
async fn relay(sys: &Sys, upstream: SocketAddr, query: &Message) -> Option<Message> {
    let socket = sys.udp_bind(0).ok()?;
    socket.connect(upstream).ok()?;
    socket.send(&Message { udp_size: Some(u16::MAX), ..query.clone() }.to_bytes(None)).ok()?;
    let mut buffer = vec![0; BUFFER_WHOLE];
    let received = sys.before(Some(sys.now() + PATIENCE), socket.recv_from(&mut buffer)).await;
    let (len, _) = received.ok()?.ok()?;
    let answer = Message::parse(&buffer[..len])?;
    // EDNS is spoken with who speaks it (RFC 6891 §7).
    Some(Message { udp_size: query.udp_size.and(answer.udp_size), ..answer })
}
