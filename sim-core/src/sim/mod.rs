//! Owns everything below and connects it: worlds, links, the Internet, and the runner of scenarios.

pub mod report;

use std::path::{Path, PathBuf};

use crate::frontend::diagnostic::Severity;
use crate::trace::CaptureFormat;

pub use report::*;

/// How to run a scenario, beyond what its file says.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RunOptions {
    /// Takes the place of the scenario's seed.
    pub seed: Option<u64>,
    /// Where captures go.
    pub captures: CapturesTo,
}

/// Where captures go.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum CapturesTo {
    /// Nowhere.
    #[default]
    Nowhere,
    /// To a folder of the scenario's name below `directory`.
    Directory {
        /// The folder above.
        directory: PathBuf,
        /// The file format.
        format: CaptureFormat,
    },
}

/// Runs the scenario in `file`.
///
/// # Errors
/// See [`RunError`].
pub fn run(file: &Path, options: &RunOptions, observer: &mut dyn Observer) -> Result<RunSummary, RunError> {
    let _ = (options, observer);
    Err(RunError::Invalid(check(file)))
}

/// Checks the scenario in `file` without running it: every problem with it and its templates, warnings among them.
pub fn check(file: &Path) -> Vec<DiagnosticReport> {
    let message = format!("the runner is not joined yet: {}", file.display());
    vec![DiagnosticReport {
        code: "VPC000",
        severity: Severity::Error,
        plain: format!("error[VPC000]: {message}\n"),
        coloured: format!("error[VPC000]: {message}\n"),
        message,
        source: None,
        column: None,
        help: None,
    }]
}

/// The JSON Schema of the scenario file.
pub fn schema() -> serde_json::Value {
    serde_json::json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "vpcsim scenario",
        "type": "object",
    })
}

/// A code of a diagnostic and its explanation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Explanation {
    /// The code, as in `VPC021`.
    pub code: &'static str,
    /// What is wrong, in a few words.
    pub title: &'static str,
    /// Why, and what to do.
    pub text: &'static str,
}

/// Every code of a diagnostic, in order.
pub fn explanations() -> impl Iterator<Item = &'static Explanation> {
    [].into_iter()
}
