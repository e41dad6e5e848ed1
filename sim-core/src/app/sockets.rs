//! `ss` and `netstat`: the host's sockets.

use std::net::SocketAddr;

use super::options::{Options, Parsed};
use crate::host::{SocketLine, SocketProtocol, SocketState, Sys};

/// Which sockets to show.
#[derive(Default)]
struct Wanted {
    tcp: bool,
    udp: bool,
    listening: bool,
    all: bool,
    numeric: bool,
    no_header: bool,
}

impl Wanted {
    fn shows(&self, line: &SocketLine) -> bool {
        let protocol = match line.protocol {
            _ if !self.tcp && !self.udp => true,
            SocketProtocol::Tcp => self.tcp,
            SocketProtocol::Udp => self.udp,
        };
        let waits = matches!(line.state, SocketState::Listen | SocketState::Unconnected);
        protocol && (self.all || waits == self.listening)
    }
}

fn parse(sys: &Sys, arguments: &[String], program: &str) -> Result<Wanted, i32> {
    let mut wanted = Wanted::default();
    for parsed in Options::new(arguments, "") {
        match parsed {
            Parsed::Flag('t') | Parsed::Long("tcp") => wanted.tcp = true,
            Parsed::Flag('u') | Parsed::Long("udp") => wanted.udp = true,
            Parsed::Flag('l') | Parsed::Long("listening") => wanted.listening = true,
            Parsed::Flag('a') | Parsed::Long("all") => wanted.all = true,
            Parsed::Flag('n') | Parsed::Long("numeric") => wanted.numeric = true,
            Parsed::Flag('H') | Parsed::Long("no-header") => wanted.no_header = true,
            Parsed::Flag('p') | Parsed::Long("processes" | "programs") => {
                // Others than root do not get to see them.
                if sys.environment.get("USER").is_some_and(|user| user == "root") {
                    sys.note(format!("{program}: whose the sockets are is not simulated, and not shown"));
                }
            }
            Parsed::Flag('4') | Parsed::Long("ipv4") => {}
            Parsed::Flag(letter) | Parsed::Value(letter, _) | Parsed::Missing(letter) => {
                return Err(sys.not_simulated(program, &format!("-{letter}")));
            }
            Parsed::Long(name) => return Err(sys.not_simulated(program, &format!("--{name}"))),
            Parsed::Operand(word) => return Err(sys.not_simulated(program, word)),
        }
    }
    Ok(wanted)
}

/// `ss`.
pub(crate) async fn ss(sys: Sys, arguments: Vec<String>) -> i32 {
    let wanted = match parse(&sys, &arguments, "ss") {
        Ok(wanted) => wanted,
        Err(exit) => return exit,
    };
    let lines: Vec<SocketLine> = sys.sockets().into_iter().filter(|line| wanted.shows(line)).collect();
    let with_protocol = wanted.tcp == wanted.udp;
    let mut rows: Vec<[String; 8]> = Vec::new();
    if !wanted.no_header {
        let head = ["Netid", "State", "Recv-Q", "Send-Q", "Local Address", "Port", "Peer Address", "Port"];
        rows.push(head.map(str::to_owned));
    }
    for line in &lines {
        let protocol = if line.protocol == SocketProtocol::Tcp { "tcp" } else { "udp" };
        let (local, local_port) = parts(Some(line.local), wanted.numeric);
        let (peer, peer_port) = parts(line.remote, wanted.numeric);
        rows.push([
            protocol.to_owned(),
            short_state(line.state).to_owned(),
            line.receive_queue.to_string(),
            line.send_queue.to_string(),
            local,
            local_port,
            peer,
            peer_port,
        ]);
    }
    // Columns are as wide as what stands in them; addresses stand to the right, before their port.
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths: [usize; 8] = std::array::from_fn(width);
    for (number, row) in rows.iter().enumerate() {
        let first = if with_protocol { 0 } else { 1 };
        let left: String = (first..4).map(|column| format!("{:<1$} ", row[column], widths[column])).collect();
        let [.., local, local_port, peer, peer_port] = row;
        let [.., local_width, local_port_width, peer_width, peer_port_width] = widths;
        let process = if number == 0 && !wanted.no_header { "Process" } else { "" };
        sys.print(format!(
            "{left}{local:>local_width$}:{local_port:<local_port_width$} {peer:>peer_width$}:{peer_port:<peer_port_width$}{process}\n"
        ));
    }
    0
}

/// `netstat -t -u -l -n -a`, and `netstat -rn`.
pub(crate) async fn netstat(sys: Sys, arguments: Vec<String>) -> i32 {
    let flags: Vec<char> = arguments[1..].iter().flat_map(|word| word.trim_start_matches('-').chars()).collect();
    if flags.contains(&'r') && flags.iter().all(|flag| matches!(flag, 'r' | 'n')) {
        return super::ip::route::net_tools(&sys, "Kernel IP routing table", "  MSS Window  irtt");
    }
    let wanted = match parse(&sys, &arguments, "netstat") {
        Ok(wanted) => wanted,
        Err(exit) => return exit,
    };
    let what = match (wanted.listening, wanted.all) {
        (_, true) => "servers and established",
        (true, false) => "only servers",
        (false, false) => "w/o servers",
    };
    sys.print(format!(
        "Active Internet connections ({what})\nProto Recv-Q Send-Q Local Address           Foreign Address         State      \n"
    ));
    let mut lines: Vec<SocketLine> = sys.sockets().into_iter().filter(|line| wanted.shows(line)).collect();
    lines.sort_by_key(|line| line.protocol == SocketProtocol::Udp);
    for line in lines {
        let protocol = if line.protocol == SocketProtocol::Tcp { "tcp" } else { "udp" };
        let join = |(address, port): (String, String)| format!("{address}:{port}");
        let state = if line.protocol == SocketProtocol::Udp { "" } else { long_state(line.state) };
        let send_queue = if line.state == SocketState::Listen { 0 } else { line.send_queue };
        sys.print(format!(
            "{protocol:<5} {:>6} {send_queue:>6} {:<23} {:<23} {state:<11}\n",
            line.receive_queue,
            join(parts(Some(line.local), wanted.numeric)),
            join(parts(line.remote, wanted.numeric)),
        ));
    }
    0
}

/// An address and a port as they are shown.
fn parts(end: Option<SocketAddr>, numeric: bool) -> (String, String) {
    let Some(end) = end else { return ("0.0.0.0".to_owned(), "*".to_owned()) };
    let address = if end.is_ipv6() { format!("[{}]", end.ip()) } else { end.ip().to_string() };
    let name = match end.port() {
        _ if numeric => None,
        22 => Some("ssh"),
        53 => Some("domain"),
        80 => Some("http"),
        443 => Some("https"),
        _ => None,
    };
    (address, name.map_or_else(|| end.port().to_string(), str::to_owned))
}

fn short_state(state: SocketState) -> &'static str {
    match state {
        SocketState::Unconnected => "UNCONN",
        SocketState::Listen => "LISTEN",
        SocketState::SynSent => "SYN-SENT",
        SocketState::SynReceived => "SYN-RECV",
        SocketState::Established => "ESTAB",
        SocketState::FinWait1 => "FIN-WAIT-1",
        SocketState::FinWait2 => "FIN-WAIT-2",
        SocketState::CloseWait => "CLOSE-WAIT",
        SocketState::Closing => "CLOSING",
        SocketState::LastAck => "LAST-ACK",
        SocketState::TimeWait => "TIME-WAIT",
    }
}

fn long_state(state: SocketState) -> &'static str {
    match state {
        SocketState::Unconnected => "",
        SocketState::Listen => "LISTEN",
        SocketState::SynSent => "SYN_SENT",
        SocketState::SynReceived => "SYN_RECV",
        SocketState::Established => "ESTABLISHED",
        SocketState::FinWait1 => "FIN_WAIT1",
        SocketState::FinWait2 => "FIN_WAIT2",
        SocketState::CloseWait => "CLOSE_WAIT",
        SocketState::Closing => "CLOSING",
        SocketState::LastAck => "LAST_ACK",
        SocketState::TimeWait => "TIME_WAIT",
    }
}
