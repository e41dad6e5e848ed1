//! The programs of the benchmarks' own: those of an instance, and a sender and a receiver of datagrams that do nothing else.

use std::net::SocketAddr;

use crate::app;
use crate::engine::SimDuration;
use crate::host::{Program, Programs, Sys};

/// Sends datagrams at a steady pace: `(send) ADDRESS:PORT COUNT BYTES INTERVAL-NS DELAY-NS one|each`.
pub(super) const SEND: &str = "bench-send";

/// Ends when it has received so many datagrams: `(receive) PORT COUNT`.
pub(super) const RECEIVE: &str = "bench-receive";

/// Those of an instance and these two.
pub(super) fn programs() -> Programs {
    Programs(|name| {
        let own: Program = match name {
            SEND => |sys, arguments| Box::pin(send(sys, arguments)),
            RECEIVE => |sys, arguments| Box::pin(receive(sys, arguments)),
            _ => return app::programs().find(name),
        };
        Some(own)
    })
}

async fn send(sys: Sys, arguments: Vec<String>) -> i32 {
    let number = |at: usize| arguments[at].parse::<u64>().expect("a number");
    let to: SocketAddr = arguments[1].parse().expect("an address and a port");
    let (count, len) = (number(2), number(3) as usize);
    let (interval, delay) = (SimDuration::from_nanos(number(4)), SimDuration::from_nanos(number(5)));
    let one_port = arguments[6] == "one";
    let payload = vec![0x5a; len];
    let mut socket = sys.udp_bind(0).expect("a free port");
    let mut due = sys.now() + delay;
    for _ in 0..count {
        sys.sleep_until(due).await;
        if !one_port {
            socket = sys.udp_bind(0).expect("a free port");
        }
        socket.send_to(&payload, to).expect("the peer is routed to");
        due += interval;
    }
    0
}

async fn receive(sys: Sys, arguments: Vec<String>) -> i32 {
    let port = arguments[1].parse().expect("a port");
    let count: u64 = arguments[2].parse().expect("a number");
    let socket = sys.udp_bind(port).expect("nobody else has the port");
    let mut buffer = vec![0; 65_536];
    for _ in 0..count {
        socket.recv_from(&mut buffer).await.expect("a socket that is not connected hears of no errors");
    }
    0
}
