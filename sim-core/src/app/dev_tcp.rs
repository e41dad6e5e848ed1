//! Bash's `/dev/tcp/HOST/PORT`: opening that file connects (bash(1), REDIRECTION). Names are looked up as programs do it, which is
//! why the shell asks a program. What is written to the connection or read from it is not carried: labs open it to see whether
//! it opens.

use std::net::SocketAddr;

use super::resolve::{Family, resolve};
use crate::host::Sys;

/// Connects and closes again; the shell adds its own complaint to ours.
pub(crate) async fn main(sys: Sys, arguments: Vec<String>) -> i32 {
    let [_, host, port] = arguments.as_slice() else { return 1 };
    let Ok(port) = port.parse::<u16>() else {
        sys.eprint(format!("bash: {port}: invalid port number\n"));
        return 1;
    };
    let address = match resolve(&sys, host, Family::Any).await {
        Ok(address) => address,
        Err(error) => {
            sys.eprint(format!("bash: {host}: {error}\nbash: line 1: /dev/tcp/{host}/{port}: Invalid argument\n"));
            return 1;
        }
    };
    match sys.tcp_connect(SocketAddr::new(address, port)).await {
        Ok(_) => 0,
        Err(errno) => {
            sys.eprint(format!("bash: connect: {errno}\nbash: line 1: /dev/tcp/{host}/{port}: {errno}\n"));
            1
        }
    }
}
