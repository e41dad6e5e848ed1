//! The way to the package mirror: a TCP connection that a package manager opens before it fetches anything, and what it says
//! when there is no way.
//!
//! Sources for the texts: yum 3.4.3 of Amazon Linux 2 (`timeout=5`), dnf 4 of Amazon Linux 2023, apt 2.7 of Ubuntu 24.04, and
//! what their users report.

use std::net::{IpAddr, SocketAddr};

use super::resolve::{Family, look_up};
use crate::engine::SimDuration;
use crate::host::{Elapsed, Sys};

/// Who asks the mirror.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Tool {
    Yum,
    Dnf,
    Apt,
    /// `amazon-linux-extras`.
    Extras,
}

/// Why the mirror was not reached.
enum Unreached {
    Unresolved,
    TimedOut,
    /// The connection failed at once, with these words.
    Failed(String),
}

/// How long the first family is waited for before the other one is tried, as libcurl does (RFC 8305). SIM: from then on the other one
/// alone.
const HEAD_START: SimDuration = SimDuration::from_millis(200);

impl Tool {
    /// Amazon Linux asks by HTTPS, Ubuntu by HTTP.
    fn port(self) -> u16 {
        if self == Tool::Apt { 80 } else { 443 }
    }

    fn timeout(self) -> SimDuration {
        SimDuration::from_secs(match self {
            Tool::Yum | Tool::Extras => 5,
            Tool::Dnf | Tool::Apt => 30,
        })
    }

    /// How often it tries before it gives up.
    fn attempts(self) -> usize {
        if self == Tool::Dnf { 4 } else { 1 }
    }

    fn name(self) -> &'static str {
        match self {
            Tool::Yum => "yum",
            Tool::Dnf => "dnf",
            Tool::Apt => "apt",
            Tool::Extras => "amazon-linux-extras",
        }
    }
}

/// Asks for lists of packages. An error is the exit status.
pub(super) async fn reach_for_lists(sys: &Sys, tool: Tool) -> Result<(), i32> {
    let Some((mirror, cause)) = reach(sys, tool).await else { return Ok(()) };
    complain(sys, tool, &mirror, &cause);
    match tool {
        Tool::Apt => {
            sys.eprint("W: Some index files failed to download. They have been ignored, or old ones used instead.\n");
            Err(0)
        }
        Tool::Dnf => {
            sys.print("Dependencies resolved.\nNothing to do.\nComplete!\n");
            Err(0)
        }
        Tool::Yum | Tool::Extras => Err(1),
    }
}

/// Asks for packages. An error is the exit status.
pub(super) async fn reach_for_packages(sys: &Sys, tool: Tool, packages: &[&str]) -> Result<(), i32> {
    let Some((mirror, cause)) = reach(sys, tool).await else { return Ok(()) };
    complain(sys, tool, &mirror, &cause);
    sys.note(format!(
        "{}: there is no way to the package mirror {mirror}, so {} is not installed and what needs it does not start; give the \
         instance a way to it, or set `packages: preinstalled` under `settings`",
        tool.name(),
        packages.join(", ")
    ));
    match tool {
        Tool::Apt => {
            sys.eprint("E: Unable to fetch some archives, maybe run apt-get update or try with --fix-missing?\n");
            Err(100)
        }
        Tool::Dnf => {
            for package in packages {
                sys.print(format!("No match for argument: {package}\n"));
            }
            sys.eprint(format!("Error: Unable to find a match: {}\n", packages.join(" ")));
            Err(1)
        }
        Tool::Yum | Tool::Extras => Err(1),
    }
}

/// Connects to the mirror, if there is one to be asked; the mirror and why it was not reached.
async fn reach(sys: &Sys, tool: Tool) -> Option<(String, Unreached)> {
    let mirror = sys.package_mirror()?;
    let mut cause = None;
    for _ in 0..tool.attempts() {
        cause = connect(sys, tool, &mirror).await.err();
        if cause.is_none() {
            break;
        }
    }
    cause.map(|cause| (mirror, cause))
}

async fn connect(sys: &Sys, tool: Tool, mirror: &str) -> Result<(), Unreached> {
    let found = look_up(sys, mirror, Family::Any).await.map_err(|_| Unreached::Unresolved)?;
    let deadline = sys.now() + tool.timeout();
    let mut ways: Vec<IpAddr> = Vec::new();
    for address in found.addresses {
        let is_other_family = ways.iter().all(|way| way.is_ipv4() != address.is_ipv4());
        if ways.is_empty() || is_other_family && sys.route(address).is_some() {
            ways.push(address);
        }
    }
    let mut result = Err(Unreached::TimedOut);
    for (turn, address) in ways.iter().enumerate() {
        let is_last = turn + 1 == ways.len();
        let until = if is_last { deadline } else { deadline.min(sys.now() + HEAD_START) };
        result = match sys.before(Some(until), sys.tcp_connect(SocketAddr::new(*address, tool.port()))).await {
            Ok(Ok(_stream)) => return Ok(()),
            Ok(Err(errno)) => Err(Unreached::Failed(errno.to_string())),
            Err(Elapsed) => Err(Unreached::TimedOut),
        };
    }
    result
}

/// What the tool says of a mirror that it did not reach.
fn complain(sys: &Sys, tool: Tool, mirror: &str, cause: &Unreached) {
    let millis = tool.timeout().as_millis();
    match tool {
        Tool::Yum => {
            let url = format!("https://{mirror}/2/core/latest/x86_64/mirror.list");
            let why = match cause {
                Unreached::TimedOut => {
                    format!("12: Timeout on {url}: (28, 'Connection timed out after {millis} milliseconds')")
                }
                Unreached::Unresolved => format!("14: curl#6 - \"Could not resolve host: {mirror}\""),
                Unreached::Failed(words) => format!("14: curl#7 - \"Failed to connect to {mirror} port 443: {words}\""),
            };
            sys.print("Loaded plugins: extras_suggestions, langpacks, priorities, update-motd\n");
            sys.eprint(format!(
                "Could not retrieve mirrorlist {url} error was\n{why}\n\n\n One of the configured repositories failed (Unknown),\n \
                 and yum doesn't have enough cached data to continue. At this point the only\n safe thing yum can do is fail.\n\n\
                 Cannot find a valid baseurl for repo: amzn2-core/2/x86_64\n"
            ));
        }
        Tool::Dnf => {
            let url = format!("https://{mirror}/core/mirrors/latest/x86_64/mirror.list");
            let why = match cause {
                Unreached::TimedOut => format!(
                    "Curl error (28): Timeout was reached for {url} [Failed to connect to {mirror} port 443 after {millis} ms: \
                     Timeout was reached]"
                ),
                Unreached::Unresolved => {
                    format!("Curl error (6): Couldn't resolve host name for {url} [Could not resolve host: {mirror}]")
                }
                Unreached::Failed(words) => format!(
                    "Curl error (7): Couldn't connect to server for {url} [Failed to connect to {mirror} port 443: {words}]"
                ),
            };
            sys.print("Amazon Linux 2023 repository                    0.0  B/s |   0  B     02:00    \n");
            let tries = format!("  - {why}\n").repeat(tool.attempts());
            sys.eprint(format!(
                "Errors during downloading metadata for repository 'amazonlinux':\n{tries}Error: Failed to download metadata for \
                 repo 'amazonlinux': Cannot prepare internal mirrorlist: {why}\nIgnoring repositories: amazonlinux\n"
            ));
        }
        Tool::Apt => {
            let why = match cause {
                Unreached::TimedOut => format!("Could not connect to {mirror}:80, connection timed out"),
                Unreached::Unresolved => format!("Temporary failure resolving '{mirror}'"),
                Unreached::Failed(words) => format!("Could not connect to {mirror}:80. - connect ({words})"),
            };
            sys.print(format!("Err:1 http://{mirror}/ubuntu noble InRelease\n  {why}\n"));
            sys.eprint(format!("W: Failed to fetch http://{mirror}/ubuntu/dists/noble/InRelease  {why}\n"));
        }
        Tool::Extras => sys.eprint("Catalog is not reachable. Try again later.\n"),
    }
}
