//! `vpcsim run`: runs scenarios one after the other and hands what they tell to the outputs.

use std::io;
use std::path::Path;
use std::time::Instant;

use sim_core::SnapLength;
use sim_core::lab::{CapturesTo, DiagnosticReport, Observer, RunError, RunHeader, RunOptions, RunSummary, StepReport};

use crate::args::RunArgs;
use crate::exit::Status;
use crate::output::{Outputs, Render};
use crate::{panic_message, scenario_path};

pub(super) fn run(args: &RunArgs) -> Status {
    let files = match scenario_path::resolve(&args.scenarios) {
        Ok(files) => files,
        Err(complaints) => {
            complaints.iter().for_each(|complaint| super::complain(complaint));
            return Status::Invalid;
        }
    };
    let mut outputs = match Outputs::open(args) {
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
    let options = RunOptions { seed: args.seed, captures };

    let mut worst = Status::Ok;
    for file in &files {
        match run_one(file, &options, &mut outputs) {
            Ok(status) => worst = worst.max(status),
            Err(error) => return output_failed(&error),
        }
    }
    match outputs.end() {
        Ok(()) => worst,
        Err(error) => output_failed(&error),
    }
}

fn run_one(file: &Path, options: &RunOptions, outputs: &mut Outputs) -> io::Result<Status> {
    panic_message::running(file, options.seed);
    let clock = Instant::now();
    let mut observer = Talking { file, outputs, began: false };
    let result = sim_core::lab::run(file, options, &mut observer);
    let began = observer.began;
    match result {
        Ok(summary) => {
            outputs.took(clock.elapsed())?;
            Ok(if summary.failed == 0 { Status::Ok } else { Status::Failed })
        }
        Err(RunError::Output(error)) => Err(error),
        Err(RunError::Invalid(diagnostics)) => {
            super::show(&diagnostics);
            outputs.invalid(&file.display().to_string(), &diagnostics)?;
            Ok(Status::Invalid)
        }
        Err(error @ RunError::Captures(_)) => {
            super::complain(&error.to_string());
            outputs.aborted(&error.to_string())?;
            // A folder that cannot be written is the command line's fault; a disk that fills up later is nobody's.
            Ok(if began { Status::InternalError } else { Status::Invalid })
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
    file: &'a Path,
    outputs: &'a mut Outputs,
    /// Whether the scenario was run at all.
    began: bool,
}

impl Observer for Talking<'_> {
    fn header(&mut self, header: &RunHeader) -> io::Result<()> {
        self.began = true;
        panic_message::running(self.file, Some(header.seed));
        self.outputs.header(header)
    }

    fn warning(&mut self, diagnostic: &DiagnosticReport) -> io::Result<()> {
        super::show(std::slice::from_ref(diagnostic));
        self.outputs.warning(diagnostic)
    }

    fn step(&mut self, step: &StepReport) -> io::Result<()> {
        self.outputs.step(step)
    }

    fn summary(&mut self, summary: &RunSummary) -> io::Result<()> {
        self.outputs.summary(summary)
    }
}
