//! `ntpdate -q SERVER`: asks a time server what time it is (RFC 5905), and changes nothing.
//!
//! The guest's clock is the simulation's own, so there is never anything to set; without `-q` the program says so.

use std::net::SocketAddr;

use super::options::{Options, Parsed};
use super::resolve::{Family, resolve};
use super::time_server::{PACKET, timestamp};
use crate::engine::SimDuration;
use crate::host::{Sys, UdpSocket};

/// How often each server is asked (`-p`), how far apart, and how long an answer may take (`-t`).
const SAMPLES: usize = 4;
const INTERVAL: SimDuration = SimDuration::from_secs(2);
const PATIENCE: SimDuration = SimDuration::from_secs(1);

/// What an answer tells, in nanoseconds.
#[derive(Clone, Copy)]
struct Sample {
    stratum: u8,
    offset: i64,
    delay: i64,
}

/// The program.
pub(crate) async fn main(sys: Sys, arguments: Vec<String>) -> i32 {
    let mut servers = Vec::new();
    let mut queries = false;
    for parsed in Options::new(&arguments, "") {
        match parsed {
            Parsed::Operand(server) => servers.push(server.to_owned()),
            Parsed::Flag('q') => queries = true,
            Parsed::Flag('u' | '4') => {}
            Parsed::Flag(letter) | Parsed::Missing(letter) | Parsed::Value(letter, _) => {
                return sys.not_simulated("ntpdate", &format!("-{letter}"));
            }
            Parsed::Long(long) => return sys.not_simulated("ntpdate", &format!("--{long}")),
        }
    }
    if servers.is_empty() {
        log(&sys, "no servers can be used, exiting");
        return 1;
    }
    let mut best: Option<(String, Sample)> = None;
    for server in servers {
        let Ok(address) = resolve(&sys, &server, Family::Any).await else {
            sys.eprint(format!("Error resolving {server}: Name or service not known (-2)\n"));
            continue;
        };
        let found = ask(&sys, SocketAddr::new(address, 123)).await;
        let Sample { stratum, offset, delay } = found.unwrap_or(Sample { stratum: 0, offset: 0, delay: 0 });
        let (offset, delay) = (seconds(offset), seconds(delay));
        sys.print(format!("server {address}, stratum {stratum}, offset {offset:.6}, delay {delay:.5}\n"));
        best = best.or(found.map(|sample| (address.to_string(), sample)));
    }
    let Some((server, sample)) = best else {
        log(&sys, "no server suitable for synchronization found");
        return 1;
    };
    log(&sys, &format!("adjust time server {server} offset {:.6} sec", seconds(sample.offset)));
    if !queries {
        sys.note("ntpdate: the clock is the simulation's own and was not set");
    }
    0
}

/// The best of some samples: the one that was answered soonest.
async fn ask(sys: &Sys, server: SocketAddr) -> Option<Sample> {
    let socket = sys.udp_bind(0).ok()?;
    socket.connect(server).ok()?;
    let mut samples = Vec::new();
    for sample in 0..SAMPLES {
        let next = sys.now() + INTERVAL;
        samples.extend(exchange(sys, &socket).await);
        if sample + 1 < SAMPLES {
            sys.sleep_until(next).await;
        }
    }
    samples.into_iter().min_by_key(|sample| sample.delay)
}

async fn exchange(sys: &Sys, socket: &UdpSocket) -> Option<Sample> {
    let sent = sys.wall_clock();
    let mut request = [0; PACKET];
    request[0] = 4 << 3 | 3;
    request[40..].copy_from_slice(&timestamp(sent));
    socket.send(&request).ok()?;
    let mut answer = [0; 512];
    let (len, _) = sys.before(Some(sys.now() + PATIENCE), socket.recv_from(&mut answer)).await.ok()?.ok()?;
    if len < PACKET || answer[0] & 7 != 4 || answer[24..32] != request[40..] {
        return None;
    }
    let received = sys.wall_clock();
    // RFC 5905 §8, relative to when the request was sent.
    let theirs = |at: usize| since(&answer[at..at + 8], sent);
    let (arrived, left, back) = (theirs(32), theirs(40), (received - sent) as i64);
    Some(Sample { stratum: answer[1], offset: (arrived + left - back) / 2, delay: back - (left - arrived) })
}

/// How many nanoseconds a timestamp lies after a moment of the wall clock.
fn since(bytes: &[u8], moment: i128) -> i64 {
    let word = |bytes: &[u8]| u64::from_be_bytes(bytes.try_into().expect("a timestamp has eight bytes"));
    // The difference of two timestamps is right whatever era they are in.
    let difference = word(bytes).wrapping_sub(word(&timestamp(moment))) as i64;
    ((i128::from(difference) * 1_000_000_000) >> 32) as i64
}

fn seconds(nanos: i64) -> f64 {
    nanos as f64 / 1e9
}

/// A line as it would go to the system's log.
fn log(sys: &Sys, text: &str) {
    let time = jiff::Timestamp::from_nanosecond(sys.wall_clock()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let process = 1000 + sys.random() % 30_000;
    sys.print(format!("{} ntpdate[{process}]: {text}\n", time.strftime("%e %b %H:%M:%S")));
}
