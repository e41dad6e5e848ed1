//! iperf3's data: one flow of TCP or UDP, sending from or reading into one fixed buffer.
//!
//! A UDP payload begins with the time it was sent, in seconds and microseconds, and its number; from them the receiver knows
//! loss, order and jitter (RFC 1889 §6.3.1).

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use super::control::{Cookie, Parameters};
use crate::engine::{SimDuration, SimTime};
use crate::host::{Errno, Sys, TcpStream, UdpSocket};

/// How often a sender that is ahead of its rate looks again (iperf3's `pacing_timer`).
const PACING: SimDuration = SimDuration::from_millis(1);
/// What opens a UDP flow, and its answer (iperf3's `UDP_CONNECT_MSG` and `UDP_CONNECT_REPLY`).
const UDP_HELLO: [u8; 4] = 0x3637_3839_u32.to_be_bytes();
const UDP_WELCOME: [u8; 4] = 0x3938_3736_u32.to_be_bytes();

/// What a flow goes over.
pub(super) enum Carrier {
    Tcp(TcpStream),
    /// With our address and the peer's.
    Udp(UdpSocket, SocketAddr, SocketAddr),
}

impl Carrier {
    /// The client's side.
    pub(super) async fn open(
        sys: &Sys,
        server: SocketAddr,
        parameters: &Parameters,
        cookie: &Cookie,
    ) -> Result<Carrier, Errno> {
        if !parameters.udp {
            let stream = sys.tcp_connect_with(server, parameters.buffers()).await?;
            stream.write_all(&cookie.0).await?;
            return Ok(Carrier::Tcp(stream));
        }
        let socket = sys.udp_bind(0)?;
        let own = socket.connect(server)?;
        socket.send(&UDP_HELLO)?;
        let mut answer = [0; 4];
        // iperf3 waits 30 s for it.
        let deadline = sys.now() + SimDuration::from_secs(30);
        sys.before(Some(deadline), socket.recv_from(&mut answer)).await.map_err(|_| Errno::TimedOut)??;
        Ok(Carrier::Udp(socket, own, server))
    }

    /// The server's side of UDP: the first datagram says who the peer is.
    pub(super) async fn answer(socket: UdpSocket) -> Result<Carrier, Errno> {
        let mut hello = [0; 4];
        let (_, peer) = socket.recv_from(&mut hello).await?;
        socket.send_to(&UDP_WELCOME, peer)?;
        let own = socket.connect(peer)?;
        Ok(Carrier::Udp(socket, own, peer))
    }
}

/// One flow and what it has carried.
pub(super) struct Flow {
    number: u32,
    carrier: Carrier,
    bytes: AtomicU64,
    packets: AtomicU64,
    lost: AtomicU64,
    jitter: AtomicU64,
}

/// What a flow has carried so far.
#[derive(Clone, Copy, Default)]
pub(super) struct Count {
    pub(super) bytes: u64,
    /// Datagrams sent, or the highest number received.
    pub(super) packets: u64,
    pub(super) lost: u64,
    pub(super) jitter: SimDuration,
}

/// How fast and how much to send.
pub(super) struct Pace {
    started: SimTime,
    rate_bps: u64,
    block: usize,
    /// All flows together; `u64::MAX` without a limit.
    bytes_max: u64,
    bytes: AtomicU64,
}

impl Pace {
    pub(super) fn new(started: SimTime, parameters: &Parameters) -> Pace {
        let bytes_max = if parameters.num == 0 { u64::MAX } else { parameters.num };
        Pace { started, rate_bps: parameters.bandwidth, block: parameters.len, bytes_max, bytes: AtomicU64::new(0) }
    }

    /// Waits until a flow may send on; false when all has been sent.
    async fn permit(&self, sys: &Sys, bytes: u64) -> bool {
        if self.bytes.load(Ordering::Relaxed) >= self.bytes_max {
            return false;
        }
        if self.rate_bps == 0 {
            return true;
        }
        let is_ahead = |now: SimTime| {
            let due = u128::from(now.since(self.started).as_nanos()) * u128::from(self.rate_bps);
            u128::from(bytes) * 8 * 1_000_000_000 > due
        };
        while is_ahead(sys.now()) {
            sys.sleep(PACING).await;
        }
        true
    }
}

impl Flow {
    pub(super) fn new(number: u32, carrier: Carrier) -> Flow {
        let zero = || AtomicU64::new(0);
        Flow { number, carrier, bytes: zero(), packets: zero(), lost: zero(), jitter: zero() }
    }

    pub(super) fn number(&self) -> u32 {
        self.number
    }

    pub(super) fn addresses(&self) -> Option<(SocketAddr, SocketAddr)> {
        match &self.carrier {
            Carrier::Tcp(stream) => stream.addresses(),
            Carrier::Udp(_, own, peer) => Some((*own, *peer)),
        }
    }

    pub(super) fn count(&self) -> Count {
        Count {
            bytes: self.bytes.load(Ordering::Relaxed),
            packets: self.packets.load(Ordering::Relaxed),
            lost: self.lost.load(Ordering::Relaxed),
            jitter: SimDuration::from_nanos(self.jitter.load(Ordering::Relaxed)),
        }
    }

    /// Carries data until all is sent, or the peer has no more.
    pub(super) async fn run(&self, sys: &Sys, pace: &Pace, sending: bool) -> Result<(), Errno> {
        let mut block = vec![0; pace.block];
        match (&self.carrier, sending) {
            (Carrier::Tcp(stream), true) => {
                // Random bytes, as iperf3 sends: nothing on the way could compress them.
                for word in block.chunks_exact_mut(8) {
                    word.copy_from_slice(&sys.random().to_le_bytes());
                }
                while pace.permit(sys, self.count().bytes).await {
                    let mut rest = &block[..];
                    while !rest.is_empty() {
                        let len = stream.write(rest).await?;
                        self.add(&self.bytes, len as u64);
                        self.add(&pace.bytes, len as u64);
                        rest = &rest[len..];
                    }
                }
            }
            (Carrier::Tcp(stream), false) => loop {
                match stream.read(&mut block).await? {
                    0 => break,
                    len => self.add(&self.bytes, len as u64),
                }
            },
            (Carrier::Udp(socket, ..), true) => {
                while pace.permit(sys, self.count().bytes).await {
                    self.add(&self.packets, 1);
                    let micros = sys.now().as_nanos() / 1_000;
                    block[..4].copy_from_slice(&((micros / 1_000_000) as u32).to_be_bytes());
                    block[4..8].copy_from_slice(&((micros % 1_000_000) as u32).to_be_bytes());
                    block[8..12].copy_from_slice(&(self.count().packets as u32).to_be_bytes());
                    socket.send(&block)?;
                    self.add(&self.bytes, block.len() as u64);
                    self.add(&pace.bytes, block.len() as u64);
                }
            }
            (Carrier::Udp(socket, ..), false) => {
                let mut last_transit = None;
                loop {
                    let (len, _) = socket.recv_from(&mut block).await?;
                    self.add(&self.bytes, len as u64);
                    self.hear(sys.now(), &block[..len.max(12)], &mut last_transit);
                }
            }
        }
        Ok(())
    }

    /// Reads a datagram's header.
    fn hear(&self, now: SimTime, block: &[u8], last_transit: &mut Option<u64>) {
        let word = |at: usize| u64::from(u32::from_be_bytes([block[at], block[at + 1], block[at + 2], block[at + 3]]));
        let (sent, number) = ((word(0) * 1_000_000 + word(4)) * 1_000, word(8));
        let highest = self.packets.load(Ordering::Relaxed);
        if number > highest {
            self.packets.store(number, Ordering::Relaxed);
            self.add(&self.lost, number - highest - 1);
        } else {
            // It was counted as lost when one after it arrived.
            let lost = self.lost.load(Ordering::Relaxed);
            self.lost.store(lost.saturating_sub(1), Ordering::Relaxed);
        }
        let transit = now.as_nanos().saturating_sub(sent);
        if let Some(last) = last_transit.replace(transit) {
            let jitter = self.jitter.load(Ordering::Relaxed);
            self.jitter.store(jitter - jitter / 16 + transit.abs_diff(last) / 16, Ordering::Relaxed);
        }
    }

    fn add(&self, counter: &AtomicU64, amount: u64) {
        counter.fetch_add(amount, Ordering::Relaxed);
    }
}
