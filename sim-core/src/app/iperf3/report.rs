//! iperf3's words: interval lines and the summary.

use std::time::Duration;

use super::control::{Parameters, Results};
use super::flow::{Count, Flow};
use crate::engine::{SimDuration, SimTime};
use crate::host::Sys;

/// Which way the data goes, from where the report is printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Side {
    Sender,
    Receiver,
}

/// A test's report in the making.
pub(super) struct Report<'a> {
    sys: &'a Sys,
    side: Side,
    udp: bool,
    interval: Option<SimDuration>,
    started: SimTime,
    /// When the last interval began, and what each flow had carried by then.
    since: SimTime,
    before: Vec<Count>,
    flows: Vec<u32>,
    ended: SimTime,
}

/// What a line is about.
#[derive(Clone, Copy)]
enum Who {
    Flow(u32),
    Sum,
}

const RULE: &str = "- - - - - - - - - - - - - - - - - - - - - - - - -\n";

impl<'a> Report<'a> {
    pub(super) fn new(sys: &'a Sys, side: Side, parameters: &Parameters, interval: Option<SimDuration>) -> Report<'a> {
        let now = sys.now();
        Report {
            sys,
            side,
            udp: parameters.udp,
            interval,
            started: now,
            since: now,
            before: Vec::new(),
            flows: Vec::new(),
            ended: now,
        }
    }

    pub(super) fn side(&self) -> Side {
        self.side
    }

    /// Says who is connected to whom.
    pub(super) fn connected(&mut self, flows: &[Flow]) {
        for flow in flows {
            if let Some((own, peer)) = flow.addresses() {
                self.sys.print(format!(
                    "[{:3}] local {} port {} connected to {} port {}\n",
                    flow.number(),
                    own.ip(),
                    own.port(),
                    peer.ip(),
                    peer.port()
                ));
            }
        }
        self.flows = flows.iter().map(Flow::number).collect();
        self.before = vec![Count::default(); flows.len()];
        self.print_header(if self.side == Side::Sender { "Total Datagrams" } else { "Jitter    Lost/Total Datagrams" });
    }

    /// When the next interval ends.
    pub(super) fn next(&self) -> Option<SimTime> {
        self.interval.map(|interval| self.since + interval)
    }

    /// How long the test took.
    pub(super) fn elapsed(&self) -> SimDuration {
        self.ended.since(self.started)
    }

    /// An interval has ended.
    pub(super) fn interval(&mut self, flows: &[Flow]) {
        let (now, several) = (self.sys.now(), flows.len() > 1);
        if several && self.since > self.started {
            self.sys.print(RULE);
        }
        let span = (self.since.since(self.started), now.since(self.started));
        let mut total = Count::default();
        for (flow, before) in flows.iter().zip(&mut self.before) {
            let count = flow.count();
            let change = Count {
                bytes: count.bytes - before.bytes,
                packets: count.packets - before.packets,
                lost: count.lost.saturating_sub(before.lost),
                jitter: count.jitter,
            };
            *before = count;
            total = add(total, change);
            self.sys.print(line(Who::Flow(flow.number()), span, change, interval_tail(self.udp, self.side, change)));
        }
        if several {
            total.jitter = SimDuration::from_nanos(total.jitter.as_nanos() / flows.len() as u64);
            self.sys.print(line(Who::Sum, span, total, interval_tail(self.udp, self.side, total)));
        }
        self.since = now;
    }

    /// The test has ended; what is left of an interval is told if it is worth a line.
    pub(super) fn last_interval(&mut self, flows: &[Flow]) {
        self.ended = self.sys.now();
        let Some(interval) = self.interval else { return };
        if self.ended.since(self.since).as_nanos() * 10 > interval.as_nanos() {
            self.interval(flows);
        }
    }

    /// What came of it: what we counted, and the peer's count where it is known.
    pub(super) fn summary(&self, own: &Results, peer: Option<&Results>) {
        self.sys.print(RULE);
        self.print_header("Jitter    Lost/Total Datagrams");
        let other = if self.side == Side::Sender { Side::Receiver } else { Side::Sender };
        let mut sides = vec![(self.side, own)];
        sides.extend(peer.map(|peer| (other, peer)));
        sides.sort_by_key(|&(side, _)| side == Side::Receiver);
        let mut sums = vec![(Count::default(), SimDuration::ZERO); sides.len()];
        for (index, &flow) in self.flows.iter().enumerate() {
            for (&(side, results), sum) in sides.iter().zip(&mut sums) {
                let Some(stream) = results.streams.get(index) else { continue };
                let count = Count {
                    bytes: stream.bytes,
                    packets: stream.packets,
                    lost: stream.errors,
                    jitter: seconds(stream.jitter),
                };
                let end = seconds(stream.end_time);
                *sum = (add(sum.0, count), end);
                self.sys.print(line(
                    Who::Flow(flow),
                    (SimDuration::ZERO, end),
                    count,
                    summary_tail(self.udp, side, count),
                ));
            }
        }
        if self.flows.len() > 1 {
            for (&(side, _), &(mut count, end)) in sides.iter().zip(&sums) {
                count.jitter = SimDuration::from_nanos(count.jitter.as_nanos() / self.flows.len() as u64);
                self.sys.print(line(Who::Sum, (SimDuration::ZERO, end), count, summary_tail(self.udp, side, count)));
            }
        }
    }

    fn print_header(&self, udp: &str) {
        let columns = "[ ID] Interval           Transfer     Bitrate";
        self.sys.print(if self.udp { format!("{columns}         {udp}\n") } else { format!("{columns}\n") });
    }
}

/// What stands behind the rate.
fn interval_tail(udp: bool, side: Side, count: Count) -> String {
    match (udp, side) {
        (false, _) => "                  ".to_owned(),
        (true, Side::Sender) => format!("  {}  ", count.packets),
        (true, Side::Receiver) => format!("  {}  ", datagrams(count)),
    }
}

fn summary_tail(udp: bool, side: Side, count: Count) -> String {
    let name = if side == Side::Sender { "sender" } else { "receiver" };
    match (udp, side) {
        (false, _) => format!("                  {name}"),
        (true, Side::Sender) => {
            let sent = Count { lost: 0, jitter: SimDuration::ZERO, ..count };
            format!("  {}  {name}", datagrams(sent))
        }
        (true, Side::Receiver) => format!("  {}  {name}", datagrams(count)),
    }
}

fn line(who: Who, (from, to): (SimDuration, SimDuration), count: Count, tail: String) -> String {
    let who = match who {
        Who::Flow(number) => format!("[{number:3}]"),
        Who::Sum => "[SUM]".to_owned(),
    };
    let (from, to) = (from.as_nanos() as f64 / 1e9, to.as_nanos() as f64 / 1e9);
    let rate = if to > from { count.bytes as f64 / (to - from) } else { 0.0 };
    format!("{who} {from:6.2}-{to:<6.2} sec  {}  {}/sec{tail}\n", bytes(count.bytes as f64), bits(rate))
}

/// Jitter, loss, and percents as C's `%.2g` prints them.
fn datagrams(count: Count) -> String {
    let percent = if count.packets == 0 { 0.0 } else { 100.0 * count.lost as f64 / count.packets as f64 };
    let percent = match percent {
        0.0 => "0".to_owned(),
        99.5.. => "1e+02".to_owned(),
        9.95.. => format!("{percent:.0}"),
        _ => {
            let decimals = if percent >= 0.995 { 1 } else { 1 + (-percent.log10()).ceil() as usize };
            format!("{percent:.decimals$}").trim_end_matches('0').trim_end_matches('.').to_owned()
        }
    };
    let jitter = count.jitter.as_nanos() as f64 / 1e6;
    format!("{jitter:5.3} ms  {}/{} ({percent}%)", count.lost, count.packets)
}

/// As iperf3's `unit_snprintf` prints bytes: powers of 1024, three digits.
fn bytes(amount: f64) -> String {
    scaled(amount, 1024.0, ["Bytes", "KBytes", "MBytes", "GBytes", "TBytes"])
}

/// Bits, from bytes: powers of 1000.
fn bits(amount: f64) -> String {
    scaled(amount * 8.0, 1000.0, ["bits", "Kbits", "Mbits", "Gbits", "Tbits"])
}

fn scaled(mut amount: f64, step: f64, names: [&str; 5]) -> String {
    let mut unit = 0;
    while amount >= step && unit + 1 < names.len() {
        amount /= step;
        unit += 1;
    }
    let decimals = match amount {
        ..9.995 => 2,
        ..99.95 => 1,
        _ => 0,
    };
    format!("{amount:4.decimals$} {}", names[unit])
}

fn seconds(length: f64) -> SimDuration {
    let length = Duration::try_from_secs_f64(length).unwrap_or_default();
    SimDuration::from_nanos(u64::try_from(length.as_nanos()).unwrap_or(u64::MAX))
}

fn add(a: Count, b: Count) -> Count {
    Count {
        bytes: a.bytes + b.bytes,
        packets: a.packets + b.packets,
        lost: a.lost + b.lost,
        jitter: a.jitter + b.jitter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_three_digits() {
        for (amount, in_bytes, in_bits) in [
            (0.0, "0.00 Bytes", "0.00 bits"),
            (125_000.0, " 122 KBytes", "1.00 Mbits"),
            (1_310_720.0, "1.25 MBytes", "10.5 Mbits"),
            (1_178_599_424.0, "1.10 GBytes", "9.43 Gbits"),
        ] {
            assert_eq!((bytes(amount).as_str(), bits(amount).as_str()), (in_bytes, in_bits));
        }
    }

    #[test]
    fn loss_has_two_significant_digits() {
        for (lost, packets, text) in
            [(0, 10, "0%"), (10, 10, "1e+02%"), (1, 8, "12%"), (1, 906, "0.11%"), (5, 906, "0.55%"), (1, 50, "2%")]
        {
            let count = Count { lost, packets, ..Count::default() };
            assert!(datagrams(count).ends_with(&format!("({text})")), "{}", datagrams(count));
        }
    }
}
