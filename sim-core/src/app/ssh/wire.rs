//! SSH's binary packets (RFC 4253 §6) and the few messages that carry a command: who asks (RFC 4252 §5), what is to be run, what it
//! printed and how it ended (RFC 4254 §5 and §6).
//!
//! ```text
//! | packet length (4) | padding length (1) | message | padding |
//! ```
//!
//! `Differs from AWS:` no keys are exchanged and nothing is encrypted, so a capture shows the command.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;

use crate::host::{Errno, TcpStream};

/// A packet longer than this is refused (RFC 4253 §6.1 asks for 35,000).
const PACKET_MAX: usize = 35_000;
/// What a side says it has room for (OpenSSH's default); nobody counts it here, TCP holds a sender back.
const WINDOW: u32 = 2 * 1024 * 1024;
/// The most output in one message.
const DATA_MAX: usize = 16 * 1024;
/// Packets are padded to a multiple of this while there is no cipher.
const BLOCK: usize = 8;

const GLOBAL_REQUEST: u8 = 80;
const REQUEST_FAILURE: u8 = 82;
const USERAUTH_REQUEST: u8 = 50;
const USERAUTH_FAILURE: u8 = 51;
const USERAUTH_SUCCESS: u8 = 52;
const CHANNEL_OPEN: u8 = 90;
const CHANNEL_OPEN_CONFIRMATION: u8 = 91;
const CHANNEL_OPEN_FAILURE: u8 = 92;
const CHANNEL_DATA: u8 = 94;
const CHANNEL_EXTENDED_DATA: u8 = 95;
const CHANNEL_EOF: u8 = 96;
const CHANNEL_REQUEST: u8 = 98;
/// `SSH_OPEN_CONNECT_FAILED`.
const CONNECT_FAILED: u32 = 2;
/// What a client asks to hear something (OpenSSH's `ServerAliveInterval`); no server knows it, so it answers no.
const KEEP_ALIVE: &str = "keepalive@openssh.com";
/// `SSH_EXTENDED_DATA_STDERR`.
const STDERR: u32 = 1;

/// A message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Message {
    /// Who wants to come in.
    Login {
        user: String,
    },
    LoginFailed,
    LoginDone,
    /// A command line to run.
    Exec {
        command: String,
    },
    /// Standard input one way, standard output the other.
    Data(Vec<u8>),
    ErrorData(Vec<u8>),
    /// There is no more input.
    EndOfInput,
    ExitStatus(i32),
    /// Are you there?
    KeepAlive,
    /// The answer to it.
    RequestFailed,
    /// To be connected on to another host: `direct-tcpip` (RFC 4254 §7.2).
    Open {
        host: String,
        port: u16,
    },
    Opened,
    OpenFailed {
        reason: String,
    },
}

impl Message {
    fn to_payload(&self) -> Vec<u8> {
        let mut payload = Writer::default();
        match self {
            Message::KeepAlive => {
                payload.byte(GLOBAL_REQUEST);
                payload.string(KEEP_ALIVE.as_bytes());
                payload.byte(1);
            }
            Message::RequestFailed => payload.byte(REQUEST_FAILURE),
            Message::Open { host, port } => {
                payload.byte(CHANNEL_OPEN);
                payload.string(b"direct-tcpip");
                [0, WINDOW, PACKET_MAX as u32].into_iter().for_each(|word| payload.word(word));
                payload.string(host.as_bytes());
                payload.word(u32::from(*port));
                // Who asks is not said here: the client itself.
                payload.string(b"127.0.0.1");
                payload.word(0);
            }
            Message::Opened => {
                payload.byte(CHANNEL_OPEN_CONFIRMATION);
                [0, 0, WINDOW, PACKET_MAX as u32].into_iter().for_each(|word| payload.word(word));
            }
            Message::OpenFailed { reason } => {
                payload.byte(CHANNEL_OPEN_FAILURE);
                payload.word(0);
                payload.word(CONNECT_FAILED);
                payload.string(reason.as_bytes());
                payload.string(b"");
            }
            Message::Login { user } => {
                payload.byte(USERAUTH_REQUEST);
                for text in [user.as_str(), "ssh-connection", "none"] {
                    payload.string(text.as_bytes());
                }
            }
            Message::LoginFailed => {
                payload.byte(USERAUTH_FAILURE);
                payload.string(b"publickey");
                payload.byte(0);
            }
            Message::LoginDone => payload.byte(USERAUTH_SUCCESS),
            Message::Exec { command } => {
                payload.byte(CHANNEL_REQUEST);
                payload.word(0);
                payload.string(b"exec");
                payload.byte(1);
                payload.string(command.as_bytes());
            }
            Message::Data(bytes) => {
                payload.byte(CHANNEL_DATA);
                payload.word(0);
                payload.string(bytes);
            }
            Message::ErrorData(bytes) => {
                payload.byte(CHANNEL_EXTENDED_DATA);
                payload.word(0);
                payload.word(STDERR);
                payload.string(bytes);
            }
            Message::EndOfInput => {
                payload.byte(CHANNEL_EOF);
                payload.word(0);
            }
            Message::ExitStatus(status) => {
                payload.byte(CHANNEL_REQUEST);
                payload.word(0);
                payload.string(b"exit-status");
                payload.byte(0);
                payload.word(*status as u32);
            }
        }
        payload.0
    }

    fn parse(payload: &[u8]) -> Option<Message> {
        let (&kind, rest) = payload.split_first()?;
        let mut fields = Reader(rest);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Some(match kind {
            GLOBAL_REQUEST if fields.string()? == KEEP_ALIVE.as_bytes() => Message::KeepAlive,
            REQUEST_FAILURE => Message::RequestFailed,
            CHANNEL_OPEN if fields.string()? == b"direct-tcpip" => {
                for _ in 0..3 {
                    fields.word()?;
                }
                Message::Open { host: text(fields.string()?), port: u16::try_from(fields.word()?).ok()? }
            }
            CHANNEL_OPEN_CONFIRMATION => Message::Opened,
            CHANNEL_OPEN_FAILURE => {
                fields.word()?;
                fields.word()?;
                Message::OpenFailed { reason: text(fields.string()?) }
            }
            USERAUTH_REQUEST => Message::Login { user: text(fields.string()?) },
            USERAUTH_FAILURE => Message::LoginFailed,
            USERAUTH_SUCCESS => Message::LoginDone,
            CHANNEL_DATA => {
                fields.word()?;
                Message::Data(fields.string()?.to_vec())
            }
            CHANNEL_EXTENDED_DATA => {
                fields.word()?;
                fields.word()?;
                Message::ErrorData(fields.string()?.to_vec())
            }
            CHANNEL_EOF => Message::EndOfInput,
            CHANNEL_REQUEST => {
                fields.word()?;
                match fields.string()? {
                    b"exec" => {
                        fields.byte()?;
                        Message::Exec { command: text(fields.string()?) }
                    }
                    b"exit-status" => {
                        fields.byte()?;
                        Message::ExitStatus(fields.word()? as i32)
                    }
                    _ => return None,
                }
            }
            _ => return None,
        })
    }
}

#[derive(Default)]
struct Writer(Vec<u8>);

impl Writer {
    fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    fn word(&mut self, word: u32) {
        self.0.extend_from_slice(&word.to_be_bytes());
    }

    fn string(&mut self, bytes: &[u8]) {
        self.word(bytes.len() as u32);
        self.0.extend_from_slice(bytes);
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    fn word(&mut self) -> Option<u32> {
        Some(u32::from_be_bytes(self.take(4)?.try_into().ok()?))
    }

    fn string(&mut self) -> Option<&'a [u8]> {
        let len = self.word()? as usize;
        self.take(len)
    }
}

/// What carries the bytes.
enum Carrier {
    Tcp(TcpStream),
    /// A channel of a connection to a host on the way.
    Channel(Box<Wire>),
}

/// Both directions of a connection, after the TCP handshake.
pub(super) struct Wire {
    carrier: Carrier,
    buffer: Vec<u8>,
}

impl Wire {
    pub(super) fn new(stream: TcpStream) -> Wire {
        Wire { carrier: Carrier::Tcp(stream), buffer: Vec::new() }
    }

    /// A connection through the channel that another has opened.
    pub(super) fn through(other: Wire) -> Wire {
        Wire { carrier: Carrier::Channel(Box::new(other)), buffer: Vec::new() }
    }

    /// The peer's address, if the connection goes there directly.
    pub(super) fn peer(&self) -> Option<IpAddr> {
        match &self.carrier {
            Carrier::Tcp(stream) => stream.addresses().map(|(_, peer): (SocketAddr, SocketAddr)| peer.ip()),
            Carrier::Channel(_) => None,
        }
    }

    async fn write(&self, bytes: &[u8]) -> Result<(), Errno> {
        match &self.carrier {
            Carrier::Tcp(stream) => stream.write_all(bytes).await,
            Carrier::Channel(wire) => wire.send_data(bytes).await,
        }
    }

    /// As [`send`](Self::send), for the connection within: its type does not grow with the number of hosts on the way.
    fn send_data<'a>(&'a self, bytes: &'a [u8]) -> Pin<Box<dyn Future<Output = Result<(), Errno>> + Send + 'a>> {
        Box::pin(async move { self.send(&Message::Data(bytes.to_vec())).await })
    }

    /// As [`receive`](Self::receive), likewise.
    fn receive_inner(&mut self) -> Pin<Box<dyn Future<Output = Option<Message>> + Send + '_>> {
        Box::pin(self.receive())
    }

    /// Says which software this is (RFC 4253 §4.2).
    pub(super) async fn send_banner(&self, banner: &str) -> Result<(), Errno> {
        self.write(format!("{banner}\r\n").as_bytes()).await
    }

    /// What software the peer is; `None` when it closes or is something else.
    pub(super) async fn banner(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.buffer.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = self.buffer.drain(..=end).collect();
                let line = String::from_utf8_lossy(&line).trim_end().to_owned();
                return line.starts_with("SSH-").then_some(line);
            }
            if self.buffer.len() > PACKET_MAX || !self.read().await {
                return None;
            }
        }
    }

    /// Sends messages, output in pieces that fit.
    pub(super) async fn send(&self, message: &Message) -> Result<(), Errno> {
        match message {
            Message::Data(bytes) if bytes.len() > DATA_MAX => {
                for piece in bytes.chunks(DATA_MAX) {
                    self.send_packet(&Message::Data(piece.to_vec())).await?;
                }
                Ok(())
            }
            Message::ErrorData(bytes) if bytes.len() > DATA_MAX => {
                for piece in bytes.chunks(DATA_MAX) {
                    self.send_packet(&Message::ErrorData(piece.to_vec())).await?;
                }
                Ok(())
            }
            message => self.send_packet(message).await,
        }
    }

    async fn send_packet(&self, message: &Message) -> Result<(), Errno> {
        let payload = message.to_payload();
        // At least four bytes of padding (RFC 4253 §6).
        let padding = BLOCK + (BLOCK - (5 + payload.len()) % BLOCK) % BLOCK;
        let mut packet = Writer::default();
        packet.word((1 + payload.len() + padding) as u32);
        packet.byte(padding as u8);
        packet.0.extend_from_slice(&payload);
        packet.0.resize(packet.0.len() + padding, 0);
        self.write(&packet.0).await
    }

    /// The next message; `None` when the peer has closed or speaks something else.
    pub(super) async fn receive(&mut self) -> Option<Message> {
        loop {
            if let Some(len) = self.buffer.first_chunk::<4>().map(|len| u32::from_be_bytes(*len) as usize) {
                if len > PACKET_MAX {
                    return None;
                }
                if let Some(packet) = self.buffer.get(4..4 + len) {
                    let padding = usize::from(*packet.first()?);
                    let message = Message::parse(packet.get(1..len.checked_sub(padding)?)?);
                    self.buffer.drain(..4 + len);
                    return message;
                }
            }
            if !self.read().await {
                return None;
            }
        }
    }

    /// Reads on; false at the end of the connection.
    async fn read(&mut self) -> bool {
        let stream = match &mut self.carrier {
            Carrier::Tcp(stream) => stream,
            Carrier::Channel(wire) => loop {
                match wire.receive_inner().await {
                    Some(Message::Data(bytes)) => {
                        self.buffer.extend_from_slice(&bytes);
                        return true;
                    }
                    Some(Message::RequestFailed) => {}
                    _ => return false,
                }
            },
        };
        let mut chunk = [0; 4096];
        match stream.read(&mut chunk).await {
            Ok(len) if len > 0 => {
                self.buffer.extend_from_slice(&chunk[..len]);
                true
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_read_back_as_they_were_written_and_cut_ones_do_not_panic() {
        for message in [
            Message::Login { user: "ec2-user".to_owned() },
            Message::LoginFailed,
            Message::LoginDone,
            Message::Exec { command: "uptime".to_owned() },
            Message::Data(b"out".to_vec()),
            Message::ErrorData(b"err".to_vec()),
            Message::EndOfInput,
            Message::ExitStatus(3),
            Message::KeepAlive,
            Message::RequestFailed,
            Message::Open { host: "10.0.2.7".to_owned(), port: 22 },
            Message::Opened,
            Message::OpenFailed { reason: "Connection refused".to_owned() },
        ] {
            let payload = message.to_payload();
            assert_eq!(Message::parse(&payload), Some(message));
            for len in 0..payload.len() {
                Message::parse(&payload[..len]);
            }
        }
    }
}
