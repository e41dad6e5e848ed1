//! The verbs.

mod asking;
mod bench;
mod check;
mod errors;
mod explain;
mod generate;
mod matrix;
mod run;
mod schema;

use std::io::{self, Write};

use anstream::{AutoStream, ColorChoice};
use sim_core::lab::DiagnosticReport;

use crate::args::{Args, Color, Command};
use crate::exit::Status;

/// Does what was asked for.
pub(crate) fn execute(args: Args) -> Status {
    match args.color {
        Color::Auto => ColorChoice::Auto,
        Color::Always => ColorChoice::Always,
        Color::Never => ColorChoice::Never,
    }
    .write_global();
    match args.command {
        Command::Run(args) => run::run(&args),
        Command::Check(args) => check::check(&args),
        Command::Explain(args) => explain::explain(&args),
        Command::Matrix(args) => matrix::matrix(&args),
        Command::Generate(args) => generate::generate(args),
        Command::Bench(args) => bench::bench(&args),
        Command::Schema => schema::schema(),
        Command::Errors(args) => errors::errors(&args),
    }
}

/// Prints an answer to standard output.
fn answer(text: &str) -> Status {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Status::Ok,
        Err(error) => Status::after_write_error(&error),
    }
}

/// Says what is wrong with the command line or the machine. Talk goes to standard error; if nobody listens, nobody need know.
fn complain(text: &str) {
    let _ = writeln!(io::stderr(), "error: {text}");
}

/// Shows problems with the user's files.
fn show(diagnostics: &[DiagnosticReport]) {
    let coloured = AutoStream::choice(&io::stderr()) != ColorChoice::Never;
    let mut err = io::stderr().lock();
    for diagnostic in diagnostics {
        let text = if coloured { &diagnostic.coloured } else { &diagnostic.plain };
        let _ = writeln!(err, "{}\n", text.trim_end());
    }
}
