//! `mtr --report`: a traceroute by echo requests, several rounds of it, and what came of each hop (mtr 0.95).

use std::net::IpAddr;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::options::{Options, Parsed};
use super::resolve::{Family, resolve, reverse};
use crate::engine::{SimDuration, SimTime};
use crate::host::{EchoEvent, EchoRequest, IcmpError, PathMtuDiscovery, Sys};

/// Hops that are tried (`-m`).
const HOPS_MAX: usize = 30;
/// Hops in a row that say nothing, after which the rest is left alone (`MAX_UNKNOWN_HOSTS` counts to 10).
const SILENT_MAX: usize = 10;
/// The time between rounds, and how long the last answers are waited for (`-i`, `-G`).
const ROUND: SimDuration = SimDuration::from_secs(1);
const GRACE: SimDuration = SimDuration::from_secs(5);
/// A packet of 64 bytes in all, without the IP header's 20 and the echo's 8.
const PAYLOAD: [u8; 36] = [0; 36];

/// What is known of a hop.
#[derive(Clone, Default)]
struct Hop {
    address: Option<IpAddr>,
    sent: u32,
    /// In milliseconds, in order of arrival.
    times: Vec<f64>,
}

/// The program.
pub(crate) async fn main(sys: Sys, arguments: Vec<String>) -> i32 {
    let (mut rounds, mut report, mut numeric, mut family, mut target) = (10, false, false, Family::Any, None);
    let mut options = Options::new(&arguments, "cimsGfPu");
    while let Some(parsed) = options.next() {
        match parsed {
            Parsed::Flag('r') | Parsed::Long("report") => report = true,
            // Wide reports differ only where names are long, and no name is shortened here.
            Parsed::Flag('w') | Parsed::Long("report-wide") => report = true,
            Parsed::Flag('n') | Parsed::Long("no-dns") => numeric = true,
            Parsed::Flag('4') => family = Family::V4,
            Parsed::Flag('6') => family = Family::V6,
            Parsed::Value('c', count) => rounds = count.parse().unwrap_or(rounds),
            Parsed::Long("report-cycles") => {
                rounds = options.take_word().and_then(|count| count.parse().ok()).unwrap_or(rounds);
            }
            Parsed::Operand(word) => target = Some(word.to_owned()),
            Parsed::Flag(letter) | Parsed::Value(letter, _) | Parsed::Missing(letter) => {
                return sys.not_simulated("mtr", &format!("-{letter}"));
            }
            Parsed::Long(name) => return sys.not_simulated("mtr", &format!("--{name}")),
        }
    }
    if !report {
        return sys.not_simulated("mtr", "no --report");
    }
    let Some(target) = target else {
        sys.eprint("mtr: no destination\n");
        return 1;
    };
    let address = match resolve(&sys, &target, family).await {
        Ok(address) => address,
        Err(error) => {
            sys.eprint(format!("mtr: Failed to resolve host: {target}: {error}\n"));
            return 1;
        }
    };
    let start = Timestamp::from_nanosecond(sys.wall_clock()).unwrap_or_default().to_zoned(TimeZone::UTC);
    let hops = trace(&sys, address, rounds).await;
    let start = jiff::fmt::strtime::format("%Y-%m-%dT%H:%M:%S%z", &start).unwrap_or_default();
    sys.print(format!(
        "Start: {start}\n{:<33} Loss%   Snt   Last   Avg  Best  Wrst StDev\n",
        format!("HOST: {}", sys.hostname())
    ));
    for (number, hop) in hops.iter().enumerate() {
        let name = match hop.address {
            None => "???".to_owned(),
            Some(address) if numeric => address.to_string(),
            Some(address) => reverse(&sys, address).await.unwrap_or_else(|| address.to_string()),
        };
        sys.print(row(number + 1, &name, hop));
    }
    0
}

/// All rounds: each asks every hop up to the target, at once.
async fn trace(sys: &Sys, target: IpAddr, rounds: u16) -> Vec<Hop> {
    let mut hops = vec![Hop::default(); HOPS_MAX];
    let mut end = HOPS_MAX;
    let socket = sys.echo_open();
    // The hop and the time of each request, by its sequence number less one.
    let mut requests: Vec<(usize, SimTime)> = Vec::new();
    for round in 0..rounds {
        let known = hops.iter().rposition(|hop| hop.address.is_some()).map_or(0, |last| last + 1);
        end = end.min(known.max(if round == 0 { HOPS_MAX } else { 0 }) + SILENT_MAX).min(HOPS_MAX);
        for (hop, entry) in hops.iter_mut().enumerate().take(end) {
            requests.push((hop, sys.now()));
            entry.sent += 1;
            let request = EchoRequest {
                source: None,
                destination: target,
                sequence: requests.len() as u16,
                payload: &PAYLOAD,
                ttl: Some(hop as u8 + 1),
                discovery: PathMtuDiscovery::Dont,
            };
            if let Err(errno) = socket.send(request) {
                sys.eprint(format!("mtr: {errno}\n"));
                return Vec::new();
            }
        }
        let patience = if round + 1 == rounds { GRACE } else { ROUND };
        let deadline = sys.now() + patience;
        while let Ok(event) = sys.before(Some(deadline), socket.recv()).await {
            let (from, sequence, at) = match event {
                EchoEvent::Reply { from, sequence, at, .. } => (from, sequence, at),
                EchoEvent::Error { from, sequence, error: IcmpError::TimeExceeded } => (from, sequence, sys.now()),
                EchoEvent::Error { .. } => continue,
            };
            let Some(&(hop, sent)) = usize::from(sequence).checked_sub(1).and_then(|at| requests.get(at)) else {
                continue;
            };
            if from == target {
                // Nothing lies behind the target.
                end = end.min(hop + 1);
            }
            hops[hop].address.get_or_insert(from);
            hops[hop].times.push(at.since(sent).as_nanos() as f64 / 1e6);
        }
    }
    let known = hops.iter().rposition(|hop| hop.address.is_some()).map_or(1, |last| last + 1);
    let reached = hops[..known].iter().any(|hop| hop.address == Some(target));
    hops.truncate(if reached { end } else { (known + 1).min(HOPS_MAX) });
    hops
}

fn row(number: usize, name: &str, hop: &Hop) -> String {
    let received = hop.times.len() as f64;
    let loss = 100.0 * (1.0 - received / f64::from(hop.sent.max(1)));
    let average = if hop.times.is_empty() { 0.0 } else { hop.times.iter().sum::<f64>() / received };
    let spread = hop.times.iter().map(|time| (time - average).powi(2)).sum::<f64>();
    let deviation = if hop.times.len() > 1 { (spread / (received - 1.0)).sqrt() } else { 0.0 };
    let best = hop.times.iter().copied().reduce(f64::min).unwrap_or(0.0);
    let worst = hop.times.iter().copied().reduce(f64::max).unwrap_or(0.0);
    let last = hop.times.last().copied().unwrap_or(0.0);
    // The next column covers the sign of a loss that fills its own.
    let loss = format!(" {:<5.5}", format!("{loss:>4.1}%"));
    let place = format!("{number:>3}.|-- {name}");
    format!("{place:<33}{loss} {:>5} {last:>6.1} {average:>5.1} {best:>5.1} {worst:>5.1} {deviation:>5.1}\n", hop.sent)
}
