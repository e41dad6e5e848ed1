//! Results into text: one file a format, all from the same values, and [`Outputs`], which feeds several at once.

mod answer_json;
mod explanation;
mod github;
mod human;
mod json;
mod junit;
mod matrix;
mod progress;
mod tap;

#[cfg(test)]
mod sample;

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anstream::{AutoStream, ColorChoice};
use sim_core::lab::{DiagnosticReport, Observer, RunHeader, RunSummary, StepReport};

use crate::args::{Format, RunArgs};
use crate::ranks::Ranks;
pub(crate) use answer_json::{explanation_value, matrix_value, step_explanation_value};
pub(crate) use explanation::{explanation_text, step_explanation_text};
use human::{Detail, Human};
pub(crate) use matrix::matrix_text;
pub(crate) use progress::ProgressLine;

/// A format. Beyond what an [`Observer`] sees of one run it hears of runs that did not come about, and of the end.
pub(crate) trait Render: Observer {
    /// A scenario is wrong; nothing of it was run.
    fn invalid(&mut self, file: &str, diagnostics: &[DiagnosticReport]) -> io::Result<()>;

    /// A run stopped half way, for a reason that is not the scenario's.
    fn aborted(&mut self, reason: &str) -> io::Result<()>;

    /// How much real time the run took that just ended. Only a person at a terminal is told: text that is compared must not
    /// contain it.
    fn took(&mut self, real: Duration) -> io::Result<()> {
        let _ = real;
        Ok(())
    }

    /// There are no further runs.
    fn end(&mut self) -> io::Result<()>;
}

/// All outputs that the command line asks for.
pub(crate) struct Outputs(Vec<Box<dyn Render>>);

impl Outputs {
    /// Opens the files, so that one that cannot be written is known before anything runs.
    pub(crate) fn open(args: &RunArgs, ranks: &Ranks) -> Result<Outputs, String> {
        let detail = if args.transcript_only {
            Detail::TranscriptOnly
        } else if args.quiet {
            Detail::Quiet
        } else if args.verbose {
            Detail::Verbose
        } else {
            Detail::Normal
        };
        if args.transcript_only && args.format != Format::Text {
            return Err("`--transcript-only` is text; it does not go with another `--format`".to_owned());
        }
        let main = match &args.output {
            Some(file) => renderer(args.format, detail, Look::FILE, create(file)?),
            None => {
                let stdout = io::stdout();
                // What looks like a terminal to a rank is its launcher, who passes the bytes on to wherever its own go.
                let look = if ranks.is_shared() {
                    Look::FILE
                } else {
                    Look { colours: AutoStream::choice(&stdout) != ColorChoice::Never, real_time: stdout.is_terminal() }
                };
                renderer(args.format, detail, look, Box::new(BufWriter::new(stdout)))
            }
        };
        let mut renderers = vec![main];
        for report in &args.reports {
            renderers.push(renderer(report.format, detail, Look::FILE, create(&report.file)?));
        }
        Ok(Outputs(renderers))
    }

    /// None: another process prints the results.
    pub(crate) fn none() -> Outputs {
        Outputs(Vec::new())
    }

    fn each(&mut self, mut tell: impl FnMut(&mut dyn Render) -> io::Result<()>) -> io::Result<()> {
        self.0.iter_mut().try_for_each(|renderer| tell(renderer.as_mut()))
    }
}

/// What text may contain besides text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Look {
    /// Colours.
    colours: bool,
    /// How long the run really took, which differs from run to run.
    real_time: bool,
}

impl Look {
    /// A file: the same for the same run.
    const FILE: Look = Look { colours: false, real_time: false };
}

fn renderer(format: Format, detail: Detail, look: Look, to: Box<dyn Write>) -> Box<dyn Render> {
    match format {
        Format::Text => Box::new(Human::new(to, detail).coloured(look.colours).with_real_time(look.real_time)),
        Format::Json => Box::new(json::Json::new(to)),
        Format::Junit => Box::new(junit::Junit::new(to)),
        Format::Github => {
            let summary = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()).map(PathBuf::from);
            Box::new(github::Github::new(to, summary))
        }
        Format::Tap => Box::new(tap::Tap::new(to)),
    }
}

fn create(path: &Path) -> Result<Box<dyn Write>, String> {
    let file = File::create(path).map_err(|error| format!("cannot write `{}`: {error}", path.display()))?;
    Ok(Box::new(BufWriter::new(file)))
}

impl Observer for Outputs {
    fn header(&mut self, header: &RunHeader) -> io::Result<()> {
        self.each(|renderer| renderer.header(header))
    }

    fn warning(&mut self, diagnostic: &DiagnosticReport) -> io::Result<()> {
        self.each(|renderer| renderer.warning(diagnostic))
    }

    fn step(&mut self, step: &StepReport) -> io::Result<()> {
        self.each(|renderer| renderer.step(step))
    }

    fn summary(&mut self, summary: &RunSummary) -> io::Result<()> {
        self.each(|renderer| renderer.summary(summary))
    }
}

impl Render for Outputs {
    fn invalid(&mut self, file: &str, diagnostics: &[DiagnosticReport]) -> io::Result<()> {
        self.each(|renderer| renderer.invalid(file, diagnostics))
    }

    fn aborted(&mut self, reason: &str) -> io::Result<()> {
        self.each(|renderer| renderer.aborted(reason))
    }

    fn took(&mut self, real: Duration) -> io::Result<()> {
        self.each(|renderer| renderer.took(real))
    }

    fn end(&mut self) -> io::Result<()> {
        self.each(|renderer| renderer.end())
    }
}

/// A step's title in one line: a step without a name is called by its command, which may have several.
fn title(step: &StepReport) -> String {
    let mut lines = step.title.trim().lines();
    let first = lines.next().unwrap_or_default();
    if lines.next().is_none() { first.to_owned() } else { format!("{first} …") }
}

/// The command that shows a capture, with the filter that finds the lost packets if there are some to find.
fn wireshark_command(captures: &sim_core::lab::CapturesReport, dropped: u64) -> String {
    let file = shell_word(&captures.all);
    if captures.comments && dropped > 0 {
        format!("wireshark {file} -Y 'frame.comment contains \"DROP\"'")
    } else {
        format!("wireshark {file}")
    }
}

/// A word as a shell reads it back.
fn shell_word(word: &str) -> String {
    let plain = |character: char| character.is_alphanumeric() || "/._-+,:@%=".contains(character);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}
