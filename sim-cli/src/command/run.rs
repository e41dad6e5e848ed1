//! `vpcsim run`: runs scenarios one after the other and hands what they tell to the outputs.

use std::io;
use std::ops::ControlFlow;
use std::path::Path;
use std::thread;
use std::time::Instant;

use sim_core::SnapLength;
use sim_core::lab::{
    CapturesTo, DiagnosticReport, Observer, Progress, RunError, RunHeader, RunOptions, RunSummary, StepReport,
};

use crate::args::RunArgs;
use crate::exit::Status;
use crate::interrupt::Interrupt;
use crate::output::{Outputs, ProgressLine, Render};
use crate::ranks::Ranks;
use crate::{panic_message, scenario_path};

pub(super) fn run(args: &RunArgs) -> Status {
    let ranks = Ranks::join();
    match run_all(args, &ranks) {
        Ok(status) => status,
        Err(status) => ranks.give_up(status),
    }
}

/// Runs every scenario.
///
/// # Errors
/// What stops this process alone, when others share the run: they would wait for it.
fn run_all(args: &RunArgs, ranks: &Ranks) -> Result<Status, Status> {
    let files = match scenario_path::resolve(&args.scenarios) {
        Ok(files) => files,
        Err(complaints) => {
            if ranks.is_first() {
                complaints.iter().for_each(|complaint| super::complain(complaint));
            }
            return Ok(Status::Invalid);
        }
    };
    let outputs = if ranks.is_first() { Outputs::open(args, ranks) } else { Ok(Outputs::none()) };
    let outputs = outputs.map_err(|complaint| {
        super::complain(&complaint);
        Status::Invalid
    })?;
    let captures = if args.no_captures {
        CapturesTo::Nowhere
    } else {
        CapturesTo::Directory {
            directory: args.captures.clone(),
            format: args.capture_format.into(),
            snap_length: SnapLength::new(args.snaplen),
        }
    };
    let threads = args.threads.or_else(|| thread::available_parallelism().ok());
    let options = RunOptions { seed: args.seed, captures, threads };

    let interrupt = Interrupt::listen().map_err(|error| {
        super::complain(&format!("cannot listen for Ctrl-C: {error}"));
        Status::InternalError
    })?;
    let hides_line = args.quiet || !ranks.is_first();
    let line = if hides_line { ProgressLine::hidden() } else { ProgressLine::on_terminal() };
    let mut observer =
        Talking { line, interrupt, outputs, is_silent: !ranks.is_first(), file: Path::new(""), began: false };

    let mut worst = Status::Ok;
    for file in &files {
        let status = run_one(file, &options, ranks, &mut observer)?;
        worst = worst.max(status);
        if matches!(status, Status::Interrupted(_)) {
            break;
        }
    }
    observer.outputs.end().map_err(output_failed)?;
    Ok(worst)
}

/// Runs one scenario. Every rank comes to the same status.
///
/// # Errors
/// As [`run_all`].
fn run_one<'a>(
    file: &'a Path,
    options: &RunOptions,
    ranks: &Ranks,
    observer: &mut Talking<'a>,
) -> Result<Status, Status> {
    panic_message::running(file, options.seed);
    let clock = Instant::now();
    observer.begin(file);
    let result = ranks.run(file, options, observer);
    observer.line.clear();
    let outputs = &mut observer.outputs;
    match result {
        Ok(summary) => {
            outputs.took(clock.elapsed()).map_err(output_failed)?;
            let signal = if summary.interrupted { ranks.signal(observer.interrupt.signal()) } else { None };
            Ok(match signal {
                Some(signal) => Status::Interrupted(signal),
                None if summary.failed == 0 => Status::Ok,
                None => Status::Failed,
            })
        }
        Err(RunError::Output(error)) => Err(output_failed(error)),
        Err(RunError::Invalid(diagnostics)) => {
            if !observer.is_silent {
                super::show(&diagnostics);
            }
            outputs.invalid(&file.display().to_string(), &diagnostics).map_err(output_failed)?;
            Ok(Status::Invalid)
        }
        Err(error @ RunError::Interrupted) => {
            outputs.aborted(&error.to_string()).map_err(output_failed)?;
            let signal = ranks.signal(observer.interrupt.signal());
            Ok(signal.map_or(Status::InternalError, Status::Interrupted))
        }
        Err(error @ RunError::Captures(_)) => {
            super::complain(&error.to_string());
            outputs.aborted(&error.to_string()).map_err(output_failed)?;
            // A folder that cannot be written is the command line's fault; a disk that fills up later is nobody's.
            let status = if observer.began { Status::InternalError } else { Status::Invalid };
            Ok(ranks.give_up(status))
        }
    }
}

fn output_failed(error: io::Error) -> Status {
    let status = Status::after_write_error(&error);
    if status != Status::Ok {
        super::complain(&format!("cannot write the results: {error}"));
    }
    status
}

/// Hands results on to the outputs, and warnings to standard error too, whatever the formats make of them.
struct Talking<'a> {
    line: ProgressLine,
    interrupt: Interrupt,
    outputs: Outputs,
    /// Whether another process says it all.
    is_silent: bool,
    file: &'a Path,
    /// Whether the scenario was run at all.
    began: bool,
}

impl<'a> Talking<'a> {
    fn begin(&mut self, file: &'a Path) {
        self.file = file;
        self.began = false;
        self.line.begin();
    }
}

impl Observer for Talking<'_> {
    fn header(&mut self, header: &RunHeader) -> io::Result<()> {
        self.line.clear();
        self.began = true;
        panic_message::running(self.file, Some(header.seed));
        self.outputs.header(header)
    }

    fn warning(&mut self, diagnostic: &DiagnosticReport) -> io::Result<()> {
        self.line.clear();
        if !self.is_silent {
            super::show(std::slice::from_ref(diagnostic));
        }
        self.outputs.warning(diagnostic)
    }

    fn step(&mut self, step: &StepReport) -> io::Result<()> {
        self.line.clear();
        self.outputs.step(step)
    }

    fn summary(&mut self, summary: &RunSummary) -> io::Result<()> {
        self.line.clear();
        self.outputs.summary(summary)
    }

    fn progress(&mut self, progress: &Progress<'_>) -> ControlFlow<()> {
        if self.interrupt.signal().is_some() {
            return ControlFlow::Break(());
        }
        self.line.show(progress);
        ControlFlow::Continue(())
    }
}
