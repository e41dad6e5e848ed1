//! `telnet HOST [PORT]`, as labs use it: to see whether a port answers, and what it says first.
//!
//! Nobody sits at the keyboard, so a session ends when the peer has been silent for a moment. Options are not negotiated
//! (`Differs from AWS:` they are when the port is 23).

use std::net::SocketAddr;

use super::resolve::{Family, resolve};
use crate::engine::SimDuration;
use crate::host::{Profile, Sys};

/// How long somebody looks at a connection that says nothing more.
const PATIENCE: SimDuration = SimDuration::from_secs(1);

/// The program.
pub(crate) async fn main(sys: Sys, arguments: Vec<String>) -> i32 {
    let words: Vec<&str> = arguments[1..].iter().map(String::as_str).collect();
    let (host, port) = match words.as_slice() {
        [host] if !host.starts_with('-') => (*host, "23"),
        [host, port] if !host.starts_with('-') => (*host, *port),
        [] => {
            sys.eprint("telnet> \n");
            sys.note("telnet without a host asks what to do; nobody answered");
            return 0;
        }
        [option, ..] => return sys.not_simulated("telnet", option),
    };
    let Ok(port) = port.parse::<u16>() else {
        sys.eprint(format!("telnet: could not resolve {host}/{port}: Servname not supported for ai_socktype\n"));
        return 1;
    };
    let address = match resolve(&sys, host, Family::Any).await {
        Ok(address) => address,
        Err(error) => {
            sys.eprint(match sys.profile() {
                Profile::Ubuntu => format!("telnet: could not resolve {host}/{port}: {error}\n"),
                _ => format!("telnet: {host}: {error}\n{host}: Unknown host\n"),
            });
            return 1;
        }
    };
    sys.print(format!("Trying {address}...\n"));
    let stream = match sys.tcp_connect(SocketAddr::new(address, port)).await {
        Ok(stream) => stream,
        Err(errno) => {
            sys.eprint(match sys.profile() {
                Profile::Ubuntu => format!("telnet: Unable to connect to remote host: {errno}\n"),
                _ => format!("telnet: connect to address {address}: {errno}\n"),
            });
            return 1;
        }
    };
    sys.print(format!("Connected to {host}.\nEscape character is '^]'.\n"));
    loop {
        let typed = sys.read_some().await;
        if typed.is_empty() {
            break;
        }
        if stream.write_all(&typed).await.is_err() {
            sys.eprint("Connection closed by foreign host.\n");
            return 1;
        }
    }
    let mut buffer = vec![0; 4096];
    while let Ok(read) = sys.before(Some(sys.now() + PATIENCE), stream.read(&mut buffer)).await {
        match read {
            Ok(len) if len > 0 => sys.print(&buffer[..len]),
            _ => {
                sys.eprint("Connection closed by foreign host.\n");
                return 1;
            }
        }
    }
    if !sys.is_given_input() {
        sys.print("^]\ntelnet> quit\nConnection closed.\n");
        return 0;
    }
    // The end of the input ends it, in these words.
    sys.eprint("Connection closed by foreign host.\n");
    1
}
