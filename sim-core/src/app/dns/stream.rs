//! Questions and answers over TCP (RFC 7766, RFC 1035 §4.2.2): a message behind its length.

use std::net::SocketAddr;

use super::{NoReply, Over, Reply};
use crate::engine::SimDuration;
use crate::host::{Elapsed, Errno, Sys, TcpStream};
use crate::net::dns::Message;

/// The next message on a connection, as bytes; `None` at its end.
pub(super) async fn read_message(stream: &TcpStream) -> Result<Option<Vec<u8>>, Errno> {
    let Some(len) = read_exactly(stream, 2).await? else { return Ok(None) };
    read_exactly(stream, usize::from(u16::from_be_bytes([len[0], len[1]]))).await
}

/// Sends a message. Its length always fits: it was made for at most 65,535 bytes.
pub(super) async fn write_message(stream: &TcpStream, message: &[u8]) -> Result<(), Errno> {
    let mut bytes = (message.len() as u16).to_be_bytes().to_vec();
    bytes.extend_from_slice(message);
    stream.write_all(&bytes).await
}

/// Asks a server on a connection of its own.
pub(super) async fn ask(
    sys: &Sys,
    server: SocketAddr,
    query: &Message,
    patience: SimDuration,
) -> Result<Reply, NoReply> {
    let started = sys.now();
    let exchange = async {
        let stream = sys.tcp_connect(server).await?;
        write_message(&stream, &query.to_bytes(Some(u16::MAX))).await?;
        while let Some(bytes) = read_message(&stream).await? {
            let answer = Message::parse(&bytes).filter(|message| message.answers_to(query));
            if let Some(message) = answer {
                let took = sys.now().since(started);
                return Ok(Reply { message, len: bytes.len(), took, over: Over::Tcp, was_truncated: false });
            }
        }
        Err(Errno::ConnectionReset)
    };
    let ended = sys.before(Some(started + patience), exchange).await;
    ended.map_err(|Elapsed| NoReply::TimedOut)?.map_err(NoReply::Refused)
}

async fn read_exactly(stream: &TcpStream, len: usize) -> Result<Option<Vec<u8>>, Errno> {
    let mut bytes = vec![0; len];
    let mut at = 0;
    while at < len {
        match stream.read(&mut bytes[at..]).await? {
            0 => return Ok(None),
            more => at += more,
        }
    }
    Ok(Some(bytes))
}
