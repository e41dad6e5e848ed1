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
use crate::{panic_message, scenario_path};

pub(super) fn run(args: &RunArgs) -> Status {
    let files = match scenario_path::resolve(&args.scenarios) {
        Ok(files) => files,
        Err(complaints) => {
            complaints.iter().for_each(|complaint| super::complain(complaint));
            return Status::Invalid;
        }
    };
    let outputs = match Outputs::open(args) {
        Ok(outputs) => outputs,
        Err(complaint) => {
            super::complain(&complaint);
            return Status::Invalid;
        }
    };
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

    let interrupt = match Interrupt::listen() {
        Ok(interrupt) => interrupt,
        Err(error) => {
            super::complain(&format!("cannot listen for Ctrl-C: {error}"));
            return Status::InternalError;
        }
    };
    let line = if args.quiet { ProgressLine::hidden() } else { ProgressLine::on_terminal() };
    let mut observer = Talking { line, interrupt, outputs, file: Path::new(""), began: false };

    let mut worst = Status::Ok;
    for file in &files {
        match run_one(file, &options, &mut observer) {
            Ok(status) => {
                worst = worst.max(status);
                if matches!(status, Status::Interrupted(_)) {
                    break;
                }
            }
            Err(error) => return output_failed(&error),
        }
    }
    match observer.outputs.end() {
        Ok(()) => worst,
        Err(error) => output_failed(&error),
    }
}

fn run_one<'a>(file: &'a Path, options: &RunOptions, observer: &mut Talking<'a>) -> io::Result<Status> {
    panic_message::running(file, options.seed);
    let clock = Instant::now();
    observer.begin(file);
    let result = sim_core::lab::run(file, options, observer);
    observer.line.clear();
    let outputs = &mut observer.outputs;
    match result {
        Ok(summary) => {
            outputs.took(clock.elapsed())?;
            Ok(match observer.interrupt.signal() {
                Some(signal) if summary.interrupted => Status::Interrupted(signal),
                _ if summary.failed == 0 => Status::Ok,
                _ => Status::Failed,
            })
        }
        Err(RunError::Output(error)) => Err(error),
        Err(RunError::Invalid(diagnostics)) => {
            super::show(&diagnostics);
            outputs.invalid(&file.display().to_string(), &diagnostics)?;
            Ok(Status::Invalid)
        }
        Err(error @ RunError::Interrupted) => {
            outputs.aborted(&error.to_string())?;
            Ok(observer.interrupt.signal().map_or(Status::InternalError, Status::Interrupted))
        }
        Err(error @ RunError::Captures(_)) => {
            super::complain(&error.to_string());
            outputs.aborted(&error.to_string())?;
            // A folder that cannot be written is the command line's fault; a disk that fills up later is nobody's.
            Ok(if observer.began { Status::InternalError } else { Status::Invalid })
        }
    }
}

fn output_failed(error: &io::Error) -> Status {
    let status = Status::after_write_error(error);
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
        super::show(std::slice::from_ref(diagnostic));
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
