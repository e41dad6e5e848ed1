//! What was seen in a step: the plain facts that expectations are held against.
//!
//! The runner fills these in; nothing here knows how a step is run.

use serde_json::Value;

use crate::engine::SimDuration;
use crate::trace::DropCode;

/// What was seen in a step.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Observation {
    /// The exit status: of several commands the first that is not 0. `None` while a background step still runs, and for
    /// a step that runs nothing.
    pub exit: Option<i32>,
    /// What the commands printed.
    pub stdout: String,
    /// What they printed as errors.
    pub stderr: String,
    /// The AWS error code of the last `aws` command that was refused.
    pub error: Option<String>,
    /// The last `aws` command's answer as it prints it, or would, in JSON: after `--query`, whatever `--output` says.
    pub answer: Option<Value>,
    /// The packets of the step that were dropped, in order.
    pub drops: Vec<ObservedDrop>,
    /// What the step's first packet passed.
    pub path: Vec<Passed>,
    /// What the first packet back passed.
    pub return_path: Vec<Passed>,
    /// How much virtual time the step took.
    pub duration: SimDuration,
}

/// A packet's drop.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct ObservedDrop {
    /// Why.
    pub code: DropCode,
    /// The resource that did it.
    pub by: Passed,
}

/// A resource, under all the names it goes by.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Passed {
    /// Its logical id (alone and with its stack's name), Name tag and id; the best name for people first.
    pub names: Vec<String>,
}

impl Passed {
    /// Whether the resource goes by this name.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        self.names.iter().any(|known| known == name)
    }

    /// The name to print.
    pub(crate) fn best_name(&self) -> &str {
        self.names.first().map_or("?", String::as_str)
    }
}
