//! curl's command line.

use std::net::IpAddr;

use crate::app::options::{Options, Parsed};
use crate::app::resolve::Family;
use crate::engine::SimDuration;
use crate::host::Sys;

/// What was asked for.
#[derive(Default)]
pub(super) struct Request {
    pub(super) urls: Vec<String>,
    pub(super) silent: bool,
    pub(super) show_error: bool,
    pub(super) output: Option<String>,
    pub(super) remote_name: bool,
    pub(super) head_only: bool,
    pub(super) include_head: bool,
    pub(super) verbose: bool,
    pub(super) fail: bool,
    pub(super) follow: bool,
    pub(super) method: Option<String>,
    pub(super) data: Option<Vec<u8>>,
    pub(super) headers: Vec<String>,
    pub(super) user_agent: Option<String>,
    /// `-D`: a file for the heads.
    pub(super) dump_head: Option<String>,
    /// `--resolve`: host, port and the address to take.
    pub(super) resolve: Vec<(String, u16, IpAddr)>,
    pub(super) write_out: Option<String>,
    pub(super) max_time: Option<SimDuration>,
    pub(super) connect_timeout: Option<SimDuration>,
    pub(super) family: Option<Family>,
}

/// Reads the command line; the exit status when it makes no sense.
pub(super) fn parse(sys: &Sys, arguments: &[String]) -> Result<Request, i32> {
    const KNOWN_ELSEWHERE: &str = "aBcCEFGhjJKlMnNpPqQrRStTuUxyYzZ#";
    let mut request = Request::default();
    let mut options = Options::new(arguments, "owmXdHAbceDFKTuUxYyrQ");
    while let Some(parsed) = options.next() {
        match parsed {
            Parsed::Operand(url) => request.urls.push(url.to_owned()),
            Parsed::Flag('s') => request.silent = true,
            Parsed::Flag('S') => request.show_error = true,
            Parsed::Flag('O') => request.remote_name = true,
            Parsed::Flag('I') => request.head_only = true,
            Parsed::Flag('i') => request.include_head = true,
            Parsed::Flag('v') => request.verbose = true,
            Parsed::Flag('f') => request.fail = true,
            Parsed::Flag('L') => request.follow = true,
            // Nothing is encrypted, nothing is shown as it comes in, addresses are never lists: these change nothing here.
            Parsed::Flag('k' | 'N' | 'g' | '#') => {}
            Parsed::Flag('4') => request.family = Some(Family::V4),
            Parsed::Flag('6') => request.family = Some(Family::V6),
            Parsed::Value(letter, value) => set(sys, &mut request, letter, value)?,
            Parsed::Long(long) => {
                let (name, attached) = long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
                let letter = match name {
                    "silent" => 's',
                    "show-error" => 'S',
                    "remote-name" => 'O',
                    "head" => 'I',
                    "include" => 'i',
                    "verbose" => 'v',
                    "fail" => 'f',
                    "location" => 'L',
                    "insecure" | "no-buffer" | "globoff" | "no-progress-meter" | "http1.1" | "progress-bar" => 'k',
                    "ipv4" => '4',
                    "ipv6" => '6',
                    "output" => 'o',
                    "write-out" => 'w',
                    "max-time" => 'm',
                    "request" => 'X',
                    "data" | "data-raw" | "data-binary" => 'd',
                    "header" => 'H',
                    "user-agent" => 'A',
                    "dump-header" => 'D',
                    "url" => 'U',
                    "resolve" => 'R',
                    "connect-timeout" => 'C',
                    "noproxy" | "retry-delay" => '0',
                    _ => return Err(sys.not_simulated("curl", &format!("--{name}"))),
                };
                match letter {
                    's' => request.silent = true,
                    'S' => request.show_error = true,
                    'O' => request.remote_name = true,
                    'I' => request.head_only = true,
                    'i' => request.include_head = true,
                    'v' => request.verbose = true,
                    'f' => request.fail = true,
                    'L' => request.follow = true,
                    'k' => {}
                    '4' => request.family = Some(Family::V4),
                    '6' => request.family = Some(Family::V6),
                    letter => {
                        let Some(value) = attached.or_else(|| options.take_word()) else {
                            return Err(missing(sys, &format!("--{name}")));
                        };
                        match letter {
                            'C' => request.connect_timeout = Some(seconds(sys, "--connect-timeout", value)?),
                            'U' => request.urls.push(value.to_owned()),
                            'R' => request.resolve.push(resolve_entry(sys, value)?),
                            '0' => {}
                            letter => set(sys, &mut request, letter, value)?,
                        }
                    }
                }
            }
            Parsed::Missing(letter) => return Err(missing(sys, &format!("-{letter}"))),
            Parsed::Flag(letter) if KNOWN_ELSEWHERE.contains(letter) => {
                return Err(sys.not_simulated("curl", &format!("-{letter}")));
            }
            Parsed::Flag(letter) => {
                sys.eprint(format!("curl: option -{letter}: is unknown\ncurl: try 'curl --help' or 'curl --manual' for more information\n"));
                return Err(2);
            }
        }
    }
    Ok(request)
}

fn set(sys: &Sys, request: &mut Request, letter: char, value: &str) -> Result<(), i32> {
    match letter {
        'o' => request.output = Some(value.to_owned()),
        'w' => request.write_out = Some(value.to_owned()),
        'm' => request.max_time = Some(seconds(sys, "-m", value)?),
        'X' => request.method = Some(value.to_owned()),
        'd' => {
            let data = request.data.get_or_insert_default();
            if !data.is_empty() {
                data.push(b'&');
            }
            match value.strip_prefix('@') {
                // Line ends of a file are left out (curl's `-d @file`).
                Some(name) => match sys.read_file(name) {
                    Ok(bytes) => data.extend(bytes.into_iter().filter(|byte| !matches!(byte, b'\r' | b'\n'))),
                    Err(error) => {
                        sys.eprint(format!(
                            "curl: option -d: error encountered when reading a file\ncurl: {name}: {error}\n"
                        ));
                        return Err(26);
                    }
                },
                None => data.extend_from_slice(value.as_bytes()),
            }
        }
        'D' => request.dump_head = Some(value.to_owned()),
        'H' => request.headers.push(value.to_owned()),
        'A' => request.user_agent = Some(value.to_owned()),
        letter => return Err(sys.not_simulated("curl", &format!("-{letter}"))),
    }
    Ok(())
}

/// `HOST:PORT:ADDRESS`.
fn resolve_entry(sys: &Sys, value: &str) -> Result<(String, u16, IpAddr), i32> {
    let mut parts = value.splitn(3, ':');
    let host = parts.next().map(str::to_owned);
    let port = parts.next().and_then(|port| port.parse().ok());
    let address = parts
        .next()
        .and_then(|address| address.split(',').next()?.trim_start_matches('[').trim_end_matches(']').parse().ok());
    match (host, port, address) {
        (Some(host), Some(port), Some(address)) => Ok((host, port, address)),
        _ => {
            sys.eprint(format!("curl: (49) Couldn't parse CURLOPT_RESOLVE entry '{value}'\n"));
            Err(49)
        }
    }
}

fn missing(sys: &Sys, option: &str) -> i32 {
    sys.eprint(format!(
        "curl: option {option}: requires parameter\ncurl: try 'curl --help' or 'curl --manual' for more information\n"
    ));
    2
}

fn seconds(sys: &Sys, option: &str, value: &str) -> Result<SimDuration, i32> {
    match value.parse::<f64>() {
        // curl takes 0 for "no limit"; so long is as good.
        Ok(0.0) => Ok(SimDuration::from_secs(1_000_000_000)),
        Ok(seconds) if seconds.is_finite() && (0.0..1e9).contains(&seconds) => {
            Ok(SimDuration::from_millis((seconds * 1e3) as u64))
        }
        _ => {
            sys.eprint(format!("curl: option {option}: expected a proper numerical parameter\ncurl: try 'curl --help' or 'curl --manual' for more information\n"));
            Err(2)
        }
    }
}
