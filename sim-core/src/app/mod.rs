//! Programs of an instance: one file each, straight-line code over a [`Sys`](crate::host::Sys), and the table in which the
//! instance's shell looks their names up.
//!
//! A program knows sockets, files and a clock. It does not know AWS, the fabric, or how its output will be shown; texts
//! that differ between images come from the [`Profile`](crate::host::Profile).

mod ip;
mod options;
mod ping;
mod resolve;

use crate::host::{Program, Programs};

/// Wraps an `async fn(Sys, Vec<String>) -> i32` as a [`Program`].
macro_rules! program {
    ($main:path) => {{
        let program: Program = |sys, arguments| Box::pin($main(sys, arguments));
        program
    }};
}

/// All programs.
pub fn programs() -> Programs {
    Programs(find)
}

fn find(name: &str) -> Option<Program> {
    let name = name.rsplit('/').next().unwrap_or(name);
    Some(match name {
        "ping" | "ping6" => program!(ping::main),
        _ => return None,
    })
}
