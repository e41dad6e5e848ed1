//! `ssh [user@]host COMMAND`: the command travels over a real connection to port 22, runs there, and its output and exit status come
//! back. The server is [`server`], what they say to each other [`wire`].
//!
//! `Differs from AWS:` any key opens: whether the private key given with `-i` fits the instance's key pair is not looked at.

pub(crate) mod server;
mod wire;

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;

use super::options::{Options, Parsed};
use super::resolve::{Family, resolve};
use crate::engine::SimDuration;
use crate::host::{Elapsed, Sys};
use wire::{Message, Wire};

/// What ssh ends with when it is ssh that failed.
const EXIT_FAILED: i32 = 255;

/// What was asked for.
#[derive(Default)]
struct Request {
    user: Option<String>,
    host: String,
    port: u16,
    command: String,
    quiet: bool,
    family: Option<Family>,
    connect_timeout: Option<SimDuration>,
    /// How long the server may be silent before it is asked whether it is there; `None` never asks.
    alive_interval: Option<SimDuration>,
    /// How many such questions may stay without an answer.
    alive_count_max: Option<u32>,
    /// The host to go through (`-J`, `ProxyCommand`).
    jump: Option<Box<Request>>,
}

/// OpenSSH's default for `ServerAliveCountMax`.
const ALIVE_COUNT_MAX: u32 = 3;

/// The program.
pub(crate) async fn main(sys: Sys, arguments: Vec<String>) -> i32 {
    let request = match parse(&sys, &arguments) {
        Ok(request) => request,
        Err(exit) => return exit,
    };
    match session(&sys, &request).await {
        Ok(exit) => exit,
        Err(text) => {
            sys.eprint(format!("{text}\r\n"));
            EXIT_FAILED
        }
    }
}

/// A connection on which somebody is logged in, or why there is none.
async fn log_in(sys: &Sys, request: &Request) -> Result<Wire, String> {
    let Request { host, port, .. } = request;
    let mut wire = match &request.jump {
        None => connect(sys, request).await?,
        Some(jump) => connect_through(sys, jump, host, *port).await?,
    };
    let peer = wire.peer();
    let closed_by = peer.map_or_else(|| "UNKNOWN port 65535".to_owned(), |peer| format!("{peer} port {port}"));
    let lost = |what: &str| format!("{what}: Connection closed by {closed_by}");
    wire.send_banner(sys.profile().ssh_banner()).await.map_err(|_| lost("kex_exchange_identification"))?;
    wire.banner().await.ok_or_else(|| lost("kex_exchange_identification"))?;
    greet_host(sys, request, peer);
    let own = sys.environment.get("USER").cloned().unwrap_or_else(|| "root".to_owned());
    let user = request.user.clone().unwrap_or(own);
    let gone = format!("Connection to {host} closed by remote host.");
    wire.send(&Message::Login { user: user.clone() }).await.map_err(|_| gone)?;
    match wire.receive().await {
        Some(Message::LoginDone) => Ok(wire),
        Some(_) => Err(format!("{user}@{host}: Permission denied (publickey,gssapi-keyex,gssapi-with-mic).")),
        None => Err(format!("Connection closed by {closed_by}")),
    }
}

async fn connect(sys: &Sys, request: &Request) -> Result<Wire, String> {
    let Request { host, port, .. } = request;
    let address = resolve(sys, host, request.family.unwrap_or(Family::Any))
        .await
        .map_err(|error| format!("ssh: Could not resolve hostname {host}: {error}"))?;
    let deadline = request.connect_timeout.map(|length| sys.now() + length);
    let connecting = sys.tcp_connect(SocketAddr::new(address, *port));
    match sys.before(deadline, connecting).await {
        Ok(Ok(stream)) => Ok(Wire::new(stream)),
        Ok(Err(errno)) => Err(format!("ssh: connect to host {host} port {port}: {errno}")),
        Err(Elapsed) => Err(format!("ssh: connect to host {host} port {port}: Connection timed out")),
    }
}

/// As [`log_in`], for a host on the way, which may itself be reached through another.
fn log_in_first<'a>(
    sys: &'a Sys,
    request: &'a Request,
) -> Pin<Box<dyn Future<Output = Result<Wire, String>> + Send + 'a>> {
    Box::pin(log_in(sys, request))
}

/// Lets the host on the way connect on, which resolves the name too.
async fn connect_through(sys: &Sys, jump: &Request, host: &str, port: u16) -> Result<Wire, String> {
    const LOST: &str =
        "kex_exchange_identification: Connection closed by remote host\r\nConnection closed by UNKNOWN port 65535";
    let lost = |why: String| format!("{why}\r\n{LOST}");
    let mut wire = log_in_first(sys, jump).await.map_err(lost)?;
    let open = Message::Open { host: host.to_owned(), port };
    wire.send(&open).await.map_err(|_| LOST.to_owned())?;
    match wire.receive().await {
        Some(Message::Opened) => Ok(Wire::through(wire)),
        Some(Message::OpenFailed { reason }) => {
            Err(lost(format!("channel 0: open failed: connect failed: {reason}\r\nstdio forwarding failed")))
        }
        _ => Err(LOST.to_owned()),
    }
}

/// The next message. A server that is silent is asked whether it is there, as often as the options say; `Err` when it is not.
async fn receive(sys: &Sys, request: &Request, wire: &mut Wire) -> Result<Option<Message>, String> {
    let most = request.alive_count_max.unwrap_or(ALIVE_COUNT_MAX);
    let mut unanswered = 0;
    loop {
        let deadline = request.alive_interval.map(|interval| sys.now() + interval);
        match sys.before(deadline, wire.receive()).await {
            Ok(Some(Message::RequestFailed)) => unanswered = 0,
            Ok(message) => return Ok(message),
            Err(Elapsed) if unanswered >= most => {
                return Err(format!("Timeout, server {} not responding.", request.host));
            }
            Err(Elapsed) => {
                unanswered += 1;
                if wire.send(&Message::KeepAlive).await.is_err() {
                    return Ok(None);
                }
            }
        }
    }
}

/// The command's exit status, or why there is none.
async fn session(sys: &Sys, request: &Request) -> Result<i32, String> {
    let host = &request.host;
    let mut wire = log_in(sys, request).await?;
    let gone = || format!("Connection to {host} closed by remote host.");
    // What is typed into a session without a command is what the remote shell reads.
    let script = String::from_utf8_lossy(&sys.read_all().await).into_owned();
    let (command, input) = match (request.command.as_str(), script.as_str()) {
        ("", "") => {
            sys.note(format!("ssh {host}: the session ended at once, since nobody types in it; give it a command"));
            (String::new(), String::new())
        }
        ("", script) => (script.to_owned(), String::new()),
        (command, script) => (command.to_owned(), script.to_owned()),
    };
    wire.send(&Message::Exec { command }).await.map_err(|_| gone())?;
    if !input.is_empty() {
        wire.send(&Message::Data(input.into_bytes())).await.map_err(|_| gone())?;
    }
    wire.send(&Message::EndOfInput).await.map_err(|_| gone())?;
    loop {
        match receive(sys, request, &mut wire).await? {
            Some(Message::Data(bytes)) => sys.print(bytes),
            Some(Message::ErrorData(bytes)) => sys.eprint(bytes),
            Some(Message::ExitStatus(status)) => return Ok(status & 0xff),
            Some(_) => {}
            None => return Err(gone()),
        }
    }
}

/// The first time it meets a host it says so and remembers it; the question before is taken for answered.
fn greet_host(sys: &Sys, request: &Request, address: Option<IpAddr>) {
    let home = sys.environment.get("HOME").cloned().unwrap_or_else(|| "/root".to_owned());
    let path = format!("{home}/.ssh/known_hosts");
    let known = sys.read_file(&path).unwrap_or_default();
    let name = if request.port == 22 { request.host.clone() } else { format!("[{}]:{}", request.host, request.port) };
    if String::from_utf8_lossy(&known).lines().any(|line| line.split(' ').next() == Some(&name)) {
        return;
    }
    sys.files(|files| {
        files.make_directories(&format!("{home}/.ssh"));
        let address = address.map(|address| format!(" {address}")).unwrap_or_default();
        files.append(&path, format!("{name} ssh-ed25519{address}\n").as_bytes());
    });
    if !request.quiet {
        sys.eprint(format!("Warning: Permanently added '{name}' (ED25519) to the list of known hosts.\r\n"));
    }
}

fn parse(sys: &Sys, arguments: &[String]) -> Result<Request, i32> {
    let usage = || {
        sys.eprint("usage: ssh [-46AaCfGgKkMNnqsTtVvXxYy] [-i identity_file] [-l login_name]\n           [-o option] [-p port] destination [command [argument ...]]\n");
        EXIT_FAILED
    };
    let mut request = Request { port: 22, ..Request::default() };
    // Options may stand behind the destination too, but not behind the command's first word.
    let mut rest: Vec<String> = arguments.to_vec();
    loop {
        let mut seen = 0;
        let mut options = Options::new(&rest, "ilopFJLRDWbcEemOQSw");
        let destination = loop {
            let before = options.remaining();
            match options.next() {
                None => break None,
                Some(Parsed::Operand(word)) => {
                    seen = rest.len() - before;
                    break Some(word.to_owned());
                }
                Some(Parsed::Value('i', name)) => {
                    if sys.read_file(name).is_err() {
                        sys.eprint(format!(
                            "Warning: Identity file {name} not accessible: No such file or directory.\n"
                        ));
                    }
                }
                Some(Parsed::Value('l', name)) => request.user = Some(name.to_owned()),
                Some(Parsed::Value('p', value)) => {
                    request.port = value.parse().map_err(|_| {
                        sys.eprint(format!("Bad port '{value}'\n"));
                        EXIT_FAILED
                    })?;
                }
                Some(Parsed::Value('J', value)) => request.jump = jump(sys, value)?,
                Some(Parsed::Value('o', value)) => set(sys, &mut request, value)?,
                Some(Parsed::Flag('q')) => request.quiet = true,
                Some(Parsed::Flag('4')) => request.family = Some(Family::V4),
                Some(Parsed::Flag('6')) => request.family = Some(Family::V6),
                // Terminals, agents and compression make no difference to a command.
                Some(Parsed::Flag('t' | 'T' | 'A' | 'a' | 'n' | 'x' | 'X' | 'C' | 'k')) => {}
                Some(Parsed::Flag(letter) | Parsed::Value(letter, _)) => {
                    return Err(sys.not_simulated("ssh", &format!("-{letter}")));
                }
                Some(Parsed::Missing(_) | Parsed::Long(_)) => return Err(usage()),
            }
        };
        match destination {
            None if request.host.is_empty() => return Err(usage()),
            None => return Ok(request),
            Some(word) if request.host.is_empty() => {
                let (user, host) =
                    word.rsplit_once('@').map_or((None, word.as_str()), |(user, host)| (Some(user), host));
                if let Some(user) = user {
                    request.user = Some(user.to_owned());
                }
                request.host = host.to_owned();
                rest.drain(1..=seen);
            }
            Some(_) => {
                request.command = rest[seen..].join(" ");
                return Ok(request);
            }
        }
    }
}

/// `-o Name=value`.
fn set(sys: &Sys, request: &mut Request, option: &str) -> Result<(), i32> {
    let (name, value) = option.split_once(['=', ' ']).unwrap_or((option, ""));
    match name.to_ascii_lowercase().as_str() {
        "connecttimeout" => request.connect_timeout = value.parse().ok().map(SimDuration::from_secs),
        "user" => request.user = Some(value.to_owned()),
        "port" => request.port = value.parse().unwrap_or(request.port),
        "loglevel" => request.quiet = matches!(value.to_ascii_uppercase().as_str(), "QUIET" | "ERROR"),
        "serveraliveinterval" => {
            let seconds = value.parse().ok().filter(|&seconds| seconds > 0);
            request.alive_interval = seconds.map(SimDuration::from_secs);
        }
        "serveralivecountmax" => request.alive_count_max = value.parse().ok(),
        "proxyjump" => request.jump = jump(sys, value)?,
        "proxycommand" => request.jump = proxy_command(sys, value)?,
        // Linux's own probes begin after two hours (`tcp_keepalive_time`); nobody here waits for them.
        "tcpkeepalive" => {}
        "stricthostkeychecking"
        | "userknownhostsfile"
        | "batchmode"
        | "identitiesonly"
        | "passwordauthentication"
        | "connectionattempts"
        | "checkhostip" => {}
        _ => return Err(sys.not_simulated("ssh", &format!("-o {name}"))),
    }
    Ok(())
}

/// `[user@]host[:port]`, several with commas between: the last is the nearest to the destination.
fn jump(sys: &Sys, hosts: &str) -> Result<Option<Box<Request>>, i32> {
    if hosts.eq_ignore_ascii_case("none") {
        return Ok(None);
    }
    let mut way = None;
    for host in hosts.split(',') {
        let (user, host) = host.rsplit_once('@').map_or((None, host), |(user, host)| (Some(user.to_owned()), host));
        let (host, port) = match host.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') => (host, port.parse().ok()),
            _ => (host, Some(22)),
        };
        let (Some(port), false) = (port, host.is_empty()) else {
            sys.eprint("Invalid -J argument\n");
            return Err(EXIT_FAILED);
        };
        way = Some(Box::new(Request { user, host: host.to_owned(), port, jump: way, ..Request::default() }));
    }
    Ok(way)
}

/// `ProxyCommand=ssh … -W %h:%p … host`, which is what `-J` is short for. Another command is not simulated.
fn proxy_command(sys: &Sys, command: &str) -> Result<Option<Box<Request>>, i32> {
    let words: Vec<&str> = command.split_whitespace().map(|word| word.trim_matches(['"', '\''])).collect();
    let forwarding = words.windows(2).position(|pair| pair[0] == "-W" && matches!(pair[1], "%h:%p" | "[%h]:%p"));
    let (Some(at), Some(&"ssh")) = (forwarding, words.first()) else {
        return if command.eq_ignore_ascii_case("none") {
            Ok(None)
        } else {
            Err(sys.not_simulated("ssh", "-o ProxyCommand"))
        };
    };
    let rest: Vec<String> = words[..at].iter().chain(&words[at + 2..]).map(|word| (*word).to_owned()).collect();
    parse(sys, &rest).map(|request| Some(Box::new(request)))
}
