//! What `explain` and `matrix` share: one scenario, run in silence up to a moment, and one answer.

use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use sim_core::lab::{
    AskError, DiagnosticReport, Moment, Observer, Progress, RunError, RunHeader, RunSummary, StepReport,
};

use crate::args::Asked;
use crate::exit::Status;
use crate::interrupt::Interrupt;
use crate::output::ProgressLine;
use crate::{panic_message, scenario_path};

/// Asks something of one scenario.
///
/// # Errors
/// The status to exit with; what is wrong has been said.
pub(super) fn ask<T>(
    asked: &Asked,
    question: impl FnOnce(&Path, Moment, &mut dyn Observer) -> Result<T, AskError>,
) -> Result<T, Status> {
    let file = one_file(&asked.scenario)?;
    let interrupt = Interrupt::listen().map_err(|error| {
        super::complain(&format!("cannot listen for Ctrl-C: {error}"));
        Status::InternalError
    })?;
    panic_message::running(&file, asked.seed);
    let mut watching = Watching { line: ProgressLine::on_terminal(), interrupt };
    watching.line.begin();
    let moment = Moment { step: asked.step, seed: asked.seed };
    let answer = question(&file, moment, &mut watching);
    watching.line.clear();
    answer.map_err(|error| match error {
        AskError::Run(RunError::Invalid(diagnostics)) => {
            super::show(&diagnostics);
            Status::Invalid
        }
        AskError::Run(RunError::Interrupted) => {
            watching.interrupt.signal().map_or(Status::InternalError, Status::Interrupted)
        }
        AskError::Run(error) => {
            super::complain(&error.to_string());
            Status::InternalError
        }
        AskError::Question(text) => {
            super::complain(&text);
            Status::Invalid
        }
    })
}

fn one_file(scenario: &str) -> Result<PathBuf, Status> {
    let files = scenario_path::resolve(&[scenario.to_owned()]).map_err(|complaints| {
        complaints.iter().for_each(|complaint| super::complain(complaint));
        Status::Invalid
    })?;
    match <[PathBuf; 1]>::try_from(files) {
        Ok([file]) => Ok(file),
        Err(files) => {
            let names: Vec<_> = files.iter().map(|file| file.display().to_string()).collect();
            super::complain(&format!("`{scenario}` is several scenarios; name one of {}", names.join(", ")));
            Err(Status::Invalid)
        }
    }
}

/// Shows warnings and how far the run is, and hears of Ctrl-C.
struct Watching {
    line: ProgressLine,
    interrupt: Interrupt,
}

impl Observer for Watching {
    fn header(&mut self, _: &RunHeader) -> io::Result<()> {
        Ok(())
    }

    fn warning(&mut self, diagnostic: &DiagnosticReport) -> io::Result<()> {
        self.line.clear();
        super::show(std::slice::from_ref(diagnostic));
        Ok(())
    }

    fn step(&mut self, _: &StepReport) -> io::Result<()> {
        Ok(())
    }

    fn summary(&mut self, _: &RunSummary) -> io::Result<()> {
        Ok(())
    }

    fn progress(&mut self, progress: &Progress<'_>) -> ControlFlow<()> {
        if self.interrupt.signal().is_some() {
            return ControlFlow::Break(());
        }
        self.line.show(progress);
        ControlFlow::Continue(())
    }
}
