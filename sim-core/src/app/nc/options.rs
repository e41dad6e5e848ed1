//! The command line of `nc` and `ncat`.

use super::Style;
use crate::app::options::{Options, Parsed};
use crate::app::resolve::Family;
use crate::engine::SimDuration;
use crate::host::{Sys, duration};

/// What was asked for.
#[derive(Default)]
pub(super) struct Request {
    pub(super) listen: bool,
    pub(super) keep_listening: bool,
    pub(super) udp: bool,
    pub(super) scan: bool,
    pub(super) verbose: bool,
    pub(super) numeric: bool,
    pub(super) send_only: bool,
    pub(super) receive_only: bool,
    /// `-N`: the end of the input is passed on.
    pub(super) shut_down: bool,
    /// `-q`: so long after the end of the input it is over.
    pub(super) quit_after: Option<SimDuration>,
    pub(super) wait: Option<SimDuration>,
    pub(super) family: Option<Family>,
    pub(super) local_port: Option<u16>,
    pub(super) host: Option<String>,
    pub(super) ports: Vec<u16>,
}

/// Reads the command line; the exit status when it makes no sense.
pub(super) fn parse(sys: &Sys, arguments: &[String], style: Style) -> Result<Request, i32> {
    let refuse = |text: String| match style {
        Style::Ncat => {
            sys.eprint(format!("Ncat: {text} QUITTING.\n"));
            2
        }
        Style::OpenBsd => {
            sys.eprint(format!("nc: {text}\n"));
            1
        }
    };
    let mut request = Request::default();
    let mut operands = Vec::new();
    let mut options = Options::new(arguments, "wpqsieocgGmxXTIO");
    while let Some(parsed) = options.next() {
        match parsed {
            Parsed::Operand(word) => operands.push(word),
            Parsed::Flag('l') => request.listen = true,
            Parsed::Flag('k') => request.keep_listening = true,
            Parsed::Flag('u') => request.udp = true,
            Parsed::Flag('z') => request.scan = true,
            Parsed::Flag('v') => request.verbose = true,
            Parsed::Flag('n') => request.numeric = true,
            Parsed::Flag('N') => request.shut_down = true,
            Parsed::Flag('4') => request.family = Some(Family::V4),
            Parsed::Flag('6') => request.family = Some(Family::V6),
            // A terminal's line ends and telnet's questions make no difference to what crosses the network.
            Parsed::Flag('C' | 't' | 'd' | 'r') => {}
            Parsed::Long("send-only") => request.send_only = true,
            Parsed::Long("recv-only") => request.receive_only = true,
            Parsed::Long("listen") => request.listen = true,
            Parsed::Long("udp") => request.udp = true,
            Parsed::Long("keep-open") => request.keep_listening = true,
            Parsed::Value('w', value) => request.wait = Some(length(value).ok_or_else(|| bad_wait(&refuse, value))?),
            Parsed::Value('q', value) => request.quit_after = length(value),
            Parsed::Value('p', value) => {
                request.local_port =
                    Some(value.parse().map_err(|_| refuse(format!("Invalid port number \"{value}\".")))?);
            }
            Parsed::Long(name) => {
                let (name, attached) = name.split_once('=').map_or((name, None), |(name, value)| (name, Some(value)));
                match (name, attached.or_else(|| options.take_word())) {
                    ("wait", Some(value)) => {
                        request.wait = Some(length(value).ok_or_else(|| bad_wait(&refuse, value))?);
                    }
                    _ => return Err(sys.not_simulated("nc", &format!("--{name}"))),
                }
            }
            Parsed::Missing(letter) => return Err(refuse(format!("option requires an argument -- '{letter}'"))),
            Parsed::Flag(letter) | Parsed::Value(letter, _) => {
                return Err(sys.not_simulated("nc", &format!("-{letter}")));
            }
        }
    }
    // A server's only word is its port; `-p` says the same.
    let port = match (request.listen, operands.as_slice()) {
        (true, []) => None,
        (true, [port]) => Some(*port),
        (true, [_, port]) => Some(*port),
        (false, []) => return Err(refuse("You must specify a host to connect to.".to_owned())),
        (false, [host]) => {
            request.host = Some((*host).to_owned());
            None
        }
        (false, [host, port]) => {
            request.host = Some((*host).to_owned());
            Some(*port)
        }
        _ => return Err(refuse("Got more than one port specification.".to_owned())),
    };
    if let Some(port) = port {
        let (first, last) = port.split_once('-').unwrap_or((port, port));
        match (first.parse::<u16>(), last.parse::<u16>()) {
            (Ok(first), Ok(last)) if first <= last => request.ports = (first..=last).collect(),
            _ => return Err(refuse(format!("Invalid port number \"{port}\"."))),
        }
    }
    if request.listen && request.ports.is_empty() {
        request.ports.extend(request.local_port);
    }
    Ok(request)
}

/// Ncat takes units behind the number, as sleep(1) does; zero is no limit.
fn length(text: &str) -> Option<SimDuration> {
    duration(text).filter(|length| *length > SimDuration::default())
}

fn bad_wait(refuse: &impl Fn(String) -> i32, value: &str) -> i32 {
    refuse(format!("Invalid timeout \"{value}\"."))
}
