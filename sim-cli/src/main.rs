//! `vpcsim`: words into calls, results into words.
//!
//! - `args` – the command line as typed.
//! - `command/<verb>.rs` – a verb each: calls the library, hands the result to `output`.
//! - `output/<format>.rs` – a format each, all rendered from the same values.
//! - `scenario_path` – from `FILE`, `DIR` or `NAME` to a scenario file.
//! - `exit` – what the exit status means.
//! - `interrupt` – Ctrl-C.
//! - `ranks` – the other processes, when `mpirun` has started several.
//! - `panic_message` – what is said when vpcsim itself is at fault.
//!
//! No networking decision is taken in this crate.

mod args;
mod command;
mod exit;
mod interrupt;
mod output;
mod panic_message;
mod ranks;
mod scenario_path;

use std::process::ExitCode;

/// Its memory lies in large pages where the system has them. A packet among many guests touches a little of each, and finding
/// four kilobytes at a time what it touches cost it a quarter of its time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    panic_message::install();
    let outcome = std::panic::catch_unwind(|| match args::parse() {
        Ok(args) => command::execute(args),
        Err(status) => status,
    });
    outcome.unwrap_or(exit::Status::InternalError).into()
}
