//! `ping`, as iputils prints it (RFC 792 echo, RFC 4443 §4).
//!
//! Texts and rounding follow the image: s20160308 on Amazon Linux 2, 2021 and later elsewhere. It knows nothing of why a reply
//! does not come; a VPC drops in silence (L2-21) and so 100 % loss is all there is to see.

use std::net::IpAddr;

use super::options::{Options, Parsed};
use super::resolve::{Family, Resolved, look_up, reverse};
use crate::engine::{SimDuration, SimTime};
use crate::host::{EchoEvent, EchoRequest, Elapsed, Errno, IcmpError, PathMtuDiscovery, PingStyle, Signal, Sys};

/// A ping without `-c` runs until somebody interrupts it; here that somebody comes after this many packets.
const PATIENCE: u64 = 10;

/// What was asked for.
struct Request {
    target: String,
    numeric: bool,
    family: Family,
    count: Option<u64>,
    interval: SimDuration,
    reply_wait: Option<SimDuration>,
    deadline: Option<SimDuration>,
    payload: usize,
    ttl: Option<u8>,
    from: Option<String>,
    discovery: PathMtuDiscovery,
    quiet: bool,
    stamps: bool,
    missing: bool,
}

/// What came of it.
#[derive(Default)]
struct Tally {
    sent: u64,
    received: u64,
    duplicates: u64,
    errors: u64,
    round_trips: Vec<u64>,
    first_sent: Option<SimTime>,
    /// Requests that were unanswered at once, at most (`pipe N`).
    pipe: u64,
    /// The last request with each sequence number.
    requests: Vec<Option<Sent>>,
}

/// A request that was sent.
#[derive(Clone, Copy)]
struct Sent {
    at: SimTime,
    answered: bool,
}

impl Tally {
    fn request(&mut self, sequence: u16) -> Option<&mut Sent> {
        self.requests.get_mut(usize::from(sequence))?.as_mut()
    }

    /// When the last request went out.
    fn last_sent(&self) -> SimTime {
        let last = self.requests.get(usize::from(self.sent as u16)).copied().flatten();
        last.map(|request| request.at).unwrap_or_default()
    }
}

/// The program.
pub(crate) async fn main(sys: Sys, arguments: Vec<String>) -> i32 {
    let request = match parse(&sys, &arguments) {
        Ok(request) => request,
        Err(exit) => return exit,
    };
    let (address, canonical) = match look_up(&sys, &request.target, request.family).await {
        Ok(Resolved { addresses, canonical }) => (addresses[0], canonical),
        Err(error) => {
            sys.eprint(format!("ping: {}: {error}\n", request.target));
            return 2;
        }
    };
    // Whoever is named by an address is shown by it; the name of another is looked up once a reply is there.
    let shown =
        if request.numeric || request.target.parse::<IpAddr>().is_ok() { Shown::Address } else { Shown::Unknown };
    Ping { sys, request: Request { target: canonical, ..request }, address, shown, tally: Tally::default() }.run().await
}

struct Ping {
    sys: Sys,
    request: Request,
    address: IpAddr,
    shown: Shown,
    tally: Tally,
}

/// How the target is called in the lines of replies.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Shown {
    Address,
    /// By a name that nobody has asked for yet.
    Unknown,
    Name(String),
}

impl Ping {
    async fn run(mut self) -> i32 {
        let style = self.sys.profile().ping_style();
        if self.is_broadcast() {
            self.sys.eprint(match style {
                PingStyle::Iputils2016 => "Do you want to ping broadcast? Then -b\n",
                PingStyle::Iputils2021 => {
                    "ping: Do you want to ping broadcast? Then -b. If not, check your local firewall rules\n"
                }
            });
            return 2;
        }
        let Some(route) = self.sys.route(self.address) else {
            let prefix = if style == PingStyle::Iputils2016 { "" } else { "ping: " };
            self.sys.eprint(format!("{prefix}connect: {}\n", Errno::NetworkUnreachable));
            return 2;
        };
        let source = match self.source(route.source) {
            Ok(source) => source,
            Err(exit) => return exit,
        };
        self.print_header(source);
        let socket = self.sys.echo_open();
        let payload = payload(self.request.payload);
        let started = self.sys.now();
        let end = self.request.deadline.map(|length| started + length);
        let last = self.request.count.unwrap_or(if end.is_some() { u64::MAX } else { PATIENCE });
        let mut next_send = started;
        let mut interrupted = false;
        loop {
            // With a deadline, ping goes on sending until enough replies came, whatever -c says about requests.
            let may_send = if end.is_some() { self.tally.received < last } else { self.tally.sent < last };
            let now = self.sys.now();
            if end.is_some_and(|end| now >= end) {
                break;
            }
            if may_send && now >= next_send {
                self.send(&socket, source, &payload, style);
                next_send = now + self.request.interval;
                continue;
            }
            let settled = self.tally.received + self.tally.errors >= self.tally.sent;
            if !may_send && (settled || end.is_some()) {
                break;
            }
            let until = if may_send { next_send } else { self.last_wait() };
            let until = end.map_or(until, |end| end.min(until));
            let waiting = self.sys.before(Some(until), socket.recv());
            match self.sys.unless_signalled(waiting).await {
                Ok(Ok(event)) => self.heard(event, style).await,
                Ok(Err(Elapsed)) if may_send => {}
                Ok(Err(Elapsed)) => break,
                // Ctrl-C ends it with its statistics, other signals without.
                Err(Signal::Interrupt) => {
                    self.sys.print("^C");
                    interrupted = true;
                    break;
                }
                Err(signal) => return signal.exit(),
            }
        }
        if self.request.count.is_none() && end.is_none() && !interrupted {
            self.sys.note(format!("ping without -c never ends; it was interrupted after {PATIENCE} packets"));
            self.sys.print("^C\n");
        }
        self.print_statistics(style);
        let enough = match (end, self.request.count) {
            (Some(_), Some(count)) => self.tally.received >= count,
            _ => self.tally.received > 0,
        };
        if enough { 0 } else { 1 }
    }

    fn source(&self, routed: IpAddr) -> Result<Option<IpAddr>, i32> {
        let Some(from) = &self.request.from else { return Ok(None) };
        let interfaces = self.sys.interfaces();
        if let Ok(address) = from.parse::<IpAddr>() {
            if interfaces.iter().any(|(_, addresses)| addresses.iter().any(|&(own, _)| own == address)) {
                return Ok(Some(address));
            }
            self.sys.eprint(format!("ping: bind: {}\n", Errno::AddressNotAvailable));
            return Err(2);
        }
        match super::ip::interface_number(&self.sys, from).and_then(|number| interfaces.get(number)) {
            Some((_, addresses)) => {
                let own = addresses.iter().map(|&(own, _)| own);
                Ok(own.into_iter().find(|own| own.is_ipv4() == routed.is_ipv4() && !own.is_loopback()))
            }
            None => {
                self.sys.eprint(format!("ping: SO_BINDTODEVICE {from}: No such device\n"));
                Err(2)
            }
        }
    }

    /// Whether the target is everybody, on any link or on one of our own.
    fn is_broadcast(&self) -> bool {
        let IpAddr::V4(target) = self.address else { return false };
        let is_last = |net: &ipnet::Ipv4Net| net.prefix_len() < 31 && net.broadcast() == target;
        let interfaces = self.sys.interfaces();
        target.is_broadcast() || interfaces.iter().any(|(config, _)| config.ipv4.iter().any(|(_, net)| is_last(net)))
    }

    fn print_header(&self, source: Option<IpAddr>) {
        let Request { target, payload, .. } = &self.request;
        let from = match (source, &self.request.from) {
            (Some(source), Some(name)) if name.parse::<IpAddr>().is_err() => format!("from {source} {name}: "),
            (Some(source), _) => format!("from {source} : "),
            (None, _) => String::new(),
        };
        match self.address {
            IpAddr::V4(address) => {
                self.sys.print(format!("PING {target} ({address}) {from}{payload}({}) bytes of data.\n", payload + 28));
            }
            IpAddr::V6(address) => {
                self.sys.print(format!("PING {target}({address}) {from}{payload} data bytes\n"));
            }
        }
    }

    fn send(&mut self, socket: &crate::host::EchoSocket, source: Option<IpAddr>, payload: &[u8], style: PingStyle) {
        let now = self.sys.now();
        let last = self.tally.sent as u16;
        if self.request.missing && self.tally.request(last).is_some_and(|request| !request.answered) {
            self.sys.print(format!("{}no answer yet for icmp_seq={}\n", self.stamp(), self.tally.sent));
        }
        self.tally.sent += 1;
        self.tally.first_sent.get_or_insert(now);
        let sequence = self.tally.sent as u16;
        let place = usize::from(sequence);
        if self.tally.requests.len() <= place {
            self.tally.requests.resize(place + 1, None);
        }
        self.tally.requests[place] = Some(Sent { at: now, answered: false });
        self.tally.pipe =
            self.tally.pipe.max(self.tally.sent - (self.tally.received + self.tally.errors).min(self.tally.sent));
        let sent = socket.send(EchoRequest {
            source,
            destination: self.address,
            sequence,
            payload,
            ttl: self.request.ttl,
            discovery: self.request.discovery,
        });
        if let Err(errno) = sent {
            self.tally.errors += 1;
            let text = match errno {
                Errno::MessageTooLong { mtu } if self.address.is_ipv6() => format!("message too long, mtu: {mtu}"),
                Errno::MessageTooLong { mtu } if style == PingStyle::Iputils2016 => {
                    format!("Message too long, mtu={mtu}")
                }
                Errno::MessageTooLong { mtu } => format!("message too long, mtu={mtu}"),
                other => other.to_string(),
            };
            let kind = if matches!(errno, Errno::MessageTooLong { .. }) { "local error: " } else { "sendmsg: " };
            self.sys.eprint(format!("ping: {kind}{text}\n"));
        }
    }

    /// After the last request: as long as `-W` says, else twice the longest round trip, else ten seconds.
    fn last_wait(&self) -> SimTime {
        let last = self.tally.last_sent();
        let longest = self.tally.round_trips.iter().max();
        let wait = match (self.request.reply_wait, longest) {
            (Some(wait), _) => wait,
            // iputils never waits less than an interval's worth for the reply to its last request.
            (None, Some(&micros)) => SimDuration::from_micros(2 * micros).max(self.request.interval),
            (None, None) => SimDuration::from_secs(10),
        };
        last + wait
    }

    async fn heard(&mut self, event: EchoEvent, style: PingStyle) {
        match event {
            EchoEvent::Reply { from, sequence, ttl, len, at } => {
                let Some(sent) = self.tally.request(sequence) else { return };
                let micros = at.since(sent.at).as_micros();
                let duplicate = std::mem::replace(&mut sent.answered, true);
                if duplicate {
                    self.tally.duplicates += 1;
                } else {
                    self.tally.received += 1;
                    self.tally.round_trips.push(micros);
                }
                if self.request.quiet {
                    return;
                }
                // The payload carries the time of sending only when there is room for it.
                let time = if self.request.payload >= 16 {
                    format!(" time={} ms", milliseconds(micros, style))
                } else {
                    String::new()
                };
                let mark = if duplicate { " (DUP!)" } else { "" };
                let who = self.display_name(from).await;
                self.sys.print(format!(
                    "{}{len} bytes from {who}: icmp_seq={sequence} ttl={ttl}{time}{mark}\n",
                    self.stamp()
                ));
            }
            EchoEvent::Error { from, sequence, error } => {
                if self.tally.request(sequence).is_none() {
                    return;
                }
                self.tally.errors += 1;
                if !self.request.quiet {
                    let text = describe(error, self.address.is_ipv6());
                    self.sys.print(format!("{}From {from} icmp_seq={sequence} {text}\n", self.stamp()));
                }
            }
        }
    }

    async fn display_name(&mut self, from: IpAddr) -> String {
        if from != self.address {
            return from.to_string();
        }
        if self.shown == Shown::Unknown {
            self.shown = reverse(&self.sys, from).await.map_or(Shown::Address, Shown::Name);
        }
        match &self.shown {
            Shown::Name(name) => format!("{name} ({from})"),
            Shown::Address | Shown::Unknown => from.to_string(),
        }
    }

    fn stamp(&self) -> String {
        if !self.request.stamps {
            return String::new();
        }
        let nanos = self.sys.wall_clock();
        format!("[{}.{:06}] ", nanos.div_euclid(1_000_000_000), nanos.rem_euclid(1_000_000_000) / 1_000)
    }

    fn print_statistics(&self, style: PingStyle) {
        let Tally { sent, received, duplicates, errors, round_trips, .. } = &self.tally;
        let mut line = format!("{sent} packets transmitted, {received} received");
        if *duplicates > 0 {
            line.push_str(&format!(", +{duplicates} duplicates"));
        }
        if *errors > 0 {
            line.push_str(&format!(", +{errors} errors"));
        }
        let elapsed = self.tally.last_sent().since(self.tally.first_sent.unwrap_or_default()).as_micros();
        let elapsed = match style {
            PingStyle::Iputils2016 => elapsed / 1_000,
            PingStyle::Iputils2021 => (elapsed + 500) / 1_000,
        };
        let loss = loss(*sent, *received, style);
        self.sys.print(format!(
            "\n--- {} ping statistics ---\n{line}, {loss}% packet loss, time {elapsed}ms\n",
            self.request.target
        ));
        if round_trips.is_empty() || self.request.payload < 16 {
            let pipe =
                if self.tally.pipe > 1 && *errors > 0 { format!("pipe {}", self.tally.pipe) } else { String::new() };
            self.sys.print(format!("{pipe}\n"));
            return;
        }
        let count = round_trips.len() as u64;
        let (least, most) = (round_trips.iter().min(), round_trips.iter().max());
        let mean = round_trips.iter().sum::<u64>() / count;
        let mean_square = round_trips.iter().map(|&rtt| u128::from(rtt).pow(2)).sum::<u128>() / u128::from(count);
        let deviation = mean_square.saturating_sub(u128::from(mean).pow(2)).isqrt() as u64;
        let [least, mean, most, deviation] = [least.copied().unwrap_or(0), mean, most.copied().unwrap_or(0), deviation]
            .map(|micros| format!("{}.{:03}", micros / 1_000, micros % 1_000));
        self.sys.print(format!("rtt min/avg/max/mdev = {least}/{mean}/{most}/{deviation} ms\n"));
    }
}

fn parse(sys: &Sys, arguments: &[String]) -> Result<Request, i32> {
    let style = sys.profile().ping_style();
    let usage = |text: &str, exit: i32| {
        sys.eprint(format!("ping: {text}\n"));
        Err(exit)
    };
    let mut request = Request {
        target: String::new(),
        numeric: false,
        family: if arguments[0].ends_with('6') { Family::V6 } else { Family::Any },
        count: None,
        interval: SimDuration::from_secs(1),
        reply_wait: None,
        deadline: None,
        payload: 56,
        ttl: None,
        from: None,
        discovery: PathMtuDiscovery::Want,
        quiet: false,
        stamps: false,
        missing: false,
    };
    const KNOWN_ELSEWHERE: &str = "AabBCdefFhlLmNPQRrSTUvV3";
    let mut targets = Vec::new();
    for parsed in Options::new(arguments, "ciWwstIM") {
        match parsed {
            Parsed::Operand(word) => targets.push(word.to_owned()),
            Parsed::Value('I', value) => request.from = Some(value.to_owned()),
            Parsed::Value('M', value) => {
                request.discovery = match value {
                    "do" => PathMtuDiscovery::Do,
                    "want" => PathMtuDiscovery::Want,
                    "dont" => PathMtuDiscovery::Dont,
                    _ => return usage(&format!("invalid -M argument: {value}"), 2),
                };
            }
            Parsed::Value('c', value) => request.count = Some(number(sys, value, 1, i64::MAX)? as u64),
            Parsed::Value('s', value) => request.payload = number(sys, value, 0, 65_507)? as usize,
            Parsed::Value('t', value) => request.ttl = Some(number(sys, value, 0, 255)? as u8),
            Parsed::Value('w', value) => {
                request.deadline = Some(SimDuration::from_secs(number(sys, value, 0, i64::from(i32::MAX))? as u64));
            }
            Parsed::Value('i', value) => request.interval = seconds(sys, value)?.max(SimDuration::from_millis(2)),
            Parsed::Value('W', value) => request.reply_wait = Some(seconds(sys, value)?),
            Parsed::Flag('q') => request.quiet = true,
            Parsed::Flag('n') => request.numeric = true,
            Parsed::Flag('D') => request.stamps = true,
            Parsed::Flag('O') => request.missing = true,
            Parsed::Flag('4') => request.family = Family::V4,
            Parsed::Flag('6') => request.family = Family::V6,
            Parsed::Flag(letter) if KNOWN_ELSEWHERE.contains(letter) => {
                return Err(sys.not_simulated("ping", &format!("-{letter}")));
            }
            Parsed::Flag(letter) => return usage(&format!("invalid option -- '{letter}'"), 2),
            Parsed::Missing(letter) => return usage(&format!("option requires an argument -- '{letter}'"), 2),
            Parsed::Value(letter, _) => return usage(&format!("invalid option -- '{letter}'"), 2),
            Parsed::Long(name) => return usage(&format!("unrecognized option '--{name}'"), 2),
        }
    }
    // With several targets the last is the destination and the others are source routes, which VPCs do not carry.
    match targets.pop() {
        Some(target) if targets.is_empty() => request.target = target,
        Some(_) => return Err(sys.not_simulated("ping", &targets.remove(0))),
        None if style == PingStyle::Iputils2016 => {
            sys.eprint("Usage: ping [-aAbBdDfhLnOqrRUvV64] [-c count] [-i interval] [-I interface] destination\n");
            return Err(2);
        }
        None => return usage("usage error: Destination address required", 1),
    }
    Ok(request)
}

fn number(sys: &Sys, text: &str, least: i64, most: i64) -> Result<i64, i32> {
    match text.parse::<i64>() {
        Ok(value) if (least..=most).contains(&value) => Ok(value),
        Ok(_) => {
            sys.eprint(format!("ping: invalid argument: '{text}': out of range: {least} <= value <= {most}\n"));
            Err(1)
        }
        Err(_) => {
            sys.eprint(format!("ping: invalid argument: '{text}'\n"));
            Err(1)
        }
    }
}

fn seconds(sys: &Sys, text: &str) -> Result<SimDuration, i32> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() && (0.0..=1e6).contains(&value) => {
            Ok(SimDuration::from_micros((value * 1e6) as u64))
        }
        _ => {
            sys.eprint(format!("ping: bad timing interval: {text}\n"));
            Err(2)
        }
    }
}

/// Sixteen bytes where the time of sending would stand, then a counting pattern, as iputils fills it. The time is left
/// out: the program remembers when it sent what.
fn payload(len: usize) -> Vec<u8> {
    (0..len).map(|at| if at < 16 { 0 } else { at as u8 }).collect()
}

/// Three significant digits, as iputils prints a round trip.
fn milliseconds(micros: u64, style: PingStyle) -> String {
    match style {
        PingStyle::Iputils2016 => match micros {
            100_000.. => format!("{}", micros / 1_000),
            10_000.. => format!("{}.{}", micros / 1_000, micros % 1_000 / 100),
            1_000.. => format!("{}.{:02}", micros / 1_000, micros % 1_000 / 10),
            _ => format!("0.{micros:03}"),
        },
        PingStyle::Iputils2021 => match micros {
            99_950.. => format!("{}", (micros + 500) / 1_000),
            9_995.. => format!("{}.{}", (micros + 50) / 1_000, (micros + 50) % 1_000 / 100),
            1_000.. => format!("{}.{:02}", (micros + 5) / 1_000, (micros + 5) % 1_000 / 10),
            _ => format!("0.{micros:03}"),
        },
    }
}

/// Percent of requests that were not answered: an integer in 2016, `%g` later.
fn loss(sent: u64, received: u64, style: PingStyle) -> String {
    if sent == 0 {
        return "0".to_owned();
    }
    let lost = sent.saturating_sub(received);
    if style == PingStyle::Iputils2016 || (lost * 100).is_multiple_of(sent) {
        return (lost * 100 / sent).to_string();
    }
    // %g: six significant digits, without trailing zeros.
    let percent = lost as f64 * 100.0 / sent as f64;
    let decimals = if percent >= 10.0 {
        4
    } else if percent >= 1.0 {
        5
    } else {
        6
    };
    format!("{percent:.decimals$}").trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn describe(error: IcmpError, ipv6: bool) -> String {
    if ipv6 {
        return match error {
            IcmpError::TooBig { mtu } => format!("Packet too big: mtu={mtu}"),
            IcmpError::TimeExceeded => "Time exceeded: Hop limit".to_owned(),
            IcmpError::NetUnreachable => "Destination unreachable: No route".to_owned(),
            IcmpError::AdminProhibited | IcmpError::NetProhibited | IcmpError::HostProhibited => {
                "Destination unreachable: Administratively prohibited".to_owned()
            }
            IcmpError::HostUnreachable => "Destination unreachable: Address unreachable".to_owned(),
            IcmpError::PortUnreachable | IcmpError::ProtocolUnreachable => {
                "Destination unreachable: Port unreachable".to_owned()
            }
            IcmpError::OtherUnreachable { code } => format!("Destination unreachable: Unknown code {code}"),
        };
    }
    match error {
        IcmpError::NetUnreachable => "Destination Net Unreachable".to_owned(),
        IcmpError::HostUnreachable => "Destination Host Unreachable".to_owned(),
        IcmpError::ProtocolUnreachable => "Destination Protocol Unreachable".to_owned(),
        IcmpError::PortUnreachable => "Destination Port Unreachable".to_owned(),
        IcmpError::NetProhibited => "Destination Net Prohibited".to_owned(),
        IcmpError::HostProhibited => "Destination Host Prohibited".to_owned(),
        IcmpError::AdminProhibited => "Packet filtered".to_owned(),
        IcmpError::TooBig { mtu } => format!("Frag needed and DF set (mtu = {mtu})"),
        IcmpError::TimeExceeded => "Time to live exceeded".to_owned(),
        IcmpError::OtherUnreachable { code } => format!("Dest Unreachable, Bad Code: {code}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trips_have_three_significant_digits() {
        for (micros, old, new) in [
            (0, "0.000", "0.000"),
            (840, "0.840", "0.840"),
            (1_459, "1.45", "1.46"),
            (9_994, "9.99", "9.99"),
            (9_996, "9.99", "10.0"),
            (12_349, "12.3", "12.3"),
            (99_949, "99.9", "99.9"),
            (99_951, "99.9", "100"),
            (123_600, "123", "124"),
        ] {
            assert_eq!(milliseconds(micros, PingStyle::Iputils2016), old, "{micros} us in 2016");
            assert_eq!(milliseconds(micros, PingStyle::Iputils2021), new, "{micros} us in 2021");
        }
    }

    #[test]
    fn loss_is_whole_percents_in_2016_and_six_digits_later() {
        for (sent, received, old, new) in [
            (3, 2, "33", "33.3333"),
            (3, 1, "66", "66.6667"),
            (4, 3, "25", "25"),
            (3, 0, "100", "100"),
            (70, 69, "1", "1.42857"),
        ] {
            assert_eq!(loss(sent, received, PingStyle::Iputils2016), old);
            assert_eq!(loss(sent, received, PingStyle::Iputils2021), new);
        }
    }
}
