//! iperf3's command line.

use super::super::options::{Options as Letters, Parsed};
use super::super::resolve::Family;
use super::control::Parameters;
use super::{RATE_UDP, family};
use crate::engine::SimDuration;
use crate::host::Sys;

/// The largest `-w` (iperf3's `MAX_TCP_BUFFER`).
pub(super) const WINDOW_MAX: usize = 512 << 20;
/// The largest `-l` (iperf3's `MAX_BLOCKSIZE`), and that of UDP.
const BLOCK_MAX: u64 = 1 << 20;
const BLOCK_UDP_MAX: u64 = 65_507;

/// Which side it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Role {
    Server,
    /// Of a server by this name.
    Client(String),
}

/// What was asked for.
#[derive(Clone, Debug)]
pub(super) struct Options {
    pub(super) role: Role,
    pub(super) port: u16,
    /// Ends after one test.
    pub(super) one_off: bool,
    pub(super) daemon: bool,
    pub(super) udp: bool,
    pub(super) family: Family,
    /// Between reports; `None` for none.
    pub(super) interval: Option<SimDuration>,
    seconds: u64,
    bytes: u64,
    rate_bps: Option<u64>,
    block: Option<usize>,
    window: Option<usize>,
    parallel: u32,
    reverse: bool,
}

impl Options {
    /// What the server is told.
    pub(super) fn parameters(&self, default_block: usize) -> Parameters {
        Parameters {
            tcp: !self.udp,
            udp: self.udp,
            omit: 0,
            time: if self.bytes > 0 { 0 } else { self.seconds },
            num: self.bytes,
            parallel: self.parallel,
            reverse: self.reverse,
            window: self.window,
            len: self.block.unwrap_or(default_block),
            bandwidth: self.rate_bps.unwrap_or(if self.udp { RATE_UDP } else { 0 }),
            client_version: "3.16".to_owned(),
        }
    }
}

/// Reads the command line; an exit status where it cannot be followed.
pub(super) fn parse(sys: &Sys, arguments: &[String]) -> Result<Options, i32> {
    const KNOWN_ELSEWHERE: &str = "fBVJdvhDsuRZ46N1CkMSLTOFAIXx";
    let mut options = Options {
        role: Role::Server,
        port: 5201,
        one_off: false,
        daemon: false,
        udp: false,
        family: Family::Any,
        interval: Some(SimDuration::from_secs(1)),
        seconds: 10,
        bytes: 0,
        rate_bps: None,
        block: None,
        window: None,
        parallel: 1,
        reverse: false,
    };
    let mut role = None;
    let mut letters = Letters::new(arguments, "pfiIBcbtnklwPMSLTOFACX");
    while let Some(parsed) = letters.next() {
        let (letter, value) = match parsed {
            Parsed::Flag(letter) => (letter, None),
            Parsed::Value(letter, value) => (letter, Some(value)),
            Parsed::Missing(letter) => return Err(getopt(sys, &format!("option requires an argument -- '{letter}'"))),
            // iperf3 takes no operands and says nothing about them.
            Parsed::Operand(_) => continue,
            Parsed::Long(long) => {
                let (name, attached) = long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
                let Some((letter, takes_value)) = short(name) else {
                    if LONG_ELSEWHERE.split(' ').any(|known| known == name) {
                        return Err(sys.not_simulated("iperf3", &format!("--{name}")));
                    }
                    return Err(getopt(sys, &format!("unrecognized option '--{name}'")));
                };
                let value = if takes_value { attached.or_else(|| letters.take_word()) } else { None };
                if takes_value && value.is_none() {
                    return Err(getopt(sys, &format!("option '--{name}' requires an argument")));
                }
                (letter, value)
            }
        };
        match (letter, value) {
            ('s', _) => role = Some(Role::Server),
            ('c', Some(host)) => role = Some(Role::Client(host.to_owned())),
            ('1', _) => options.one_off = true,
            ('D', _) => options.daemon = true,
            ('u', _) => options.udp = true,
            ('R', _) => options.reverse = true,
            ('4' | '6', _) => options.family = family(letter),
            ('p', Some(text)) => match text.parse() {
                Ok(port @ 1..) => options.port = port,
                _ => return Err(parameter(sys, "bad port number (must be between 1 and 65535 inclusive)")),
            },
            ('i', Some(text)) => match text.parse::<f64>() {
                Ok(0.0) => options.interval = None,
                Ok(seconds) if (0.1..=60.0).contains(&seconds) => {
                    options.interval = Some(SimDuration::from_micros((seconds * 1e6) as u64));
                }
                _ => return Err(parameter(sys, "invalid report interval (min = 0.1, max = 60 seconds)")),
            },
            ('t', Some(text)) => match text.parse() {
                Ok(seconds @ 1..=86_400) => options.seconds = seconds,
                Ok(0) => return Err(sys.not_simulated("iperf3", "-t 0")),
                _ => return Err(parameter(sys, "test duration too long (maximum = 86400 seconds)")),
            },
            ('n', Some(text)) => {
                options.bytes = amount(text, 1024).ok_or_else(|| getopt(sys, "bad number of bytes"))?
            }
            ('b', Some(text)) => {
                options.rate_bps = Some(amount(text, 1000).ok_or_else(|| getopt(sys, "bad bitrate"))?);
            }
            ('l', Some(text)) => match amount(text, 1024) {
                Some(len @ 16..=BLOCK_MAX) => options.block = Some(len as usize),
                _ => return Err(parameter(sys, "block size too large (maximum = 1048576 bytes)")),
            },
            ('w', Some(text)) => match amount(text, 1024).and_then(|len| usize::try_from(len).ok()) {
                Some(len @ 1..=WINDOW_MAX) => options.window = Some(len),
                _ => return Err(parameter(sys, "socket buffer size too large (maximum = 536870912 bytes)")),
            },
            ('P', Some(text)) => match text.parse() {
                Ok(count @ 1..=128) => options.parallel = count,
                _ => return Err(parameter(sys, "number of parallel streams too large (maximum = 128)")),
            },
            (letter, _) if KNOWN_ELSEWHERE.contains(letter) => {
                return Err(sys.not_simulated("iperf3", &format!("-{letter}")));
            }
            (letter, _) => return Err(getopt(sys, &format!("invalid option -- '{letter}'"))),
        }
    }
    options.role = role.ok_or_else(|| parameter(sys, "must either be a client (-c) or server (-s)"))?;
    check(sys, &options)?;
    Ok(options)
}

/// Options that do not go together.
fn check(sys: &Sys, options: &Options) -> Result<(), i32> {
    let is_client = options.role != Role::Server;
    if is_client && (options.daemon || options.one_off) {
        return Err(parameter(sys, "some option you are trying to set is server only"));
    }
    if options.udp && options.block.is_some_and(|len| len as u64 > BLOCK_UDP_MAX) {
        return Err(parameter(sys, "block size invalid (minimum = 16 bytes, maximum = 65507 bytes)"));
    }
    if options.udp && options.rate_bps == Some(0) {
        // Nothing holds a sender of datagrams back here: time stands still while a program runs.
        return Err(sys.not_simulated("iperf3", "-u -b 0"));
    }
    Ok(())
}

/// Long names with their letter, and whether they take a value.
fn short(name: &str) -> Option<(char, bool)> {
    Some(match name {
        "server" => ('s', false),
        "client" => ('c', true),
        "one-off" => ('1', false),
        "daemon" => ('D', false),
        "udp" => ('u', false),
        "reverse" => ('R', false),
        "version4" => ('4', false),
        "version6" => ('6', false),
        "port" => ('p', true),
        "interval" => ('i', true),
        "time" => ('t', true),
        "bytes" => ('n', true),
        "bitrate" | "bandwidth" => ('b', true),
        "length" => ('l', true),
        "window" => ('w', true),
        "parallel" => ('P', true),
        _ => return None,
    })
}

/// Long names iperf3 knows and this program does not.
const LONG_ELSEWHERE: &str = "affinity bidir bind blockcount congestion connect-timeout cport dont-fragment dscp extra-data \
    file flowlabel forceflush format fq-rate get-server-output help idle-timeout json logfile no-delay omit pacing-timer pidfile \
    rcv-timeout repeating-payload sctp set-mss timestamps title tos udp-counters-64bit verbose version zerocopy";

/// A number with K, M, G or T behind it.
fn amount(text: &str, unit: u64) -> Option<u64> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let power = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" => 0,
        "k" => 1,
        "m" => 2,
        "g" => 3,
        "t" => 4,
        _ => return None,
    };
    let number = digits.parse::<f64>().ok().filter(|number| (0.0..1e15).contains(number))?;
    Some((number * unit.pow(power) as f64) as u64)
}

const USAGE: &str = "Usage: iperf3 [-s|-c host] [options]\n       iperf3 [-h|--help] [-v|--version]\n";

fn getopt(sys: &Sys, text: &str) -> i32 {
    sys.eprint(format!("iperf3: {text}\n{USAGE}"));
    1
}

fn parameter(sys: &Sys, text: &str) -> i32 {
    sys.eprint(format!("iperf3: parameter error - {text}\n\n{USAGE}"));
    1
}
