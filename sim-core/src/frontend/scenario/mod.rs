//! The scenario file: a network, and what somebody types and should see.
//!
//! [`load`] turns the text into a [`Scenario`] whose values are all checked: durations are durations, expressions
//! compile, drop codes exist. What can only be known with the templates at hand is checked by [`check_names`], what
//! only the run knows is looked up when a [`Text`] is filled. This room plans a run; it neither deploys a template nor
//! runs a step.
//!
//! One table of keys (`keys.rs`) drives the finding of typing errors, the nearest right names and the JSON Schema.

mod commands;
mod deployed;
mod drop_word;
mod expect;
mod keys;
mod names;
mod observe;
mod parse;
mod query;
mod save;
mod scalar;
mod schema;
mod shape;
mod stack_order;
mod steps;
mod substitute;

#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::path::PathBuf;

use indexmap::IndexMap;

use super::diagnostic::{Diagnostic, Span};
use super::node::Node;
use crate::engine::SimDuration;
use crate::id::{AccountId, FileId, Region};

pub(crate) use commands::Command;
pub(crate) use deployed::Deployed;
#[cfg(test)]
pub(crate) use expect::{DropWord, DroppedExpect};
pub(crate) use expect::{Expect, Failure};
pub(crate) use names::{Declared, check_names};
#[cfg(test)]
pub(crate) use names::{DeclaredResource, DeclaredStack, Role};
pub(crate) use observe::{Observation, ObservedDrop, Passed};
pub(crate) use parse::load;
pub(crate) use query::Query;
pub(crate) use save::Save;
pub(crate) use schema::json_schema;
pub(crate) use stack_order::{Turn, order_stacks};
#[cfg(test)]
pub(crate) use substitute::{NameProblem, Names, StackNames};
pub(crate) use substitute::{Scope, Text};

/// A scenario as meant: everything that can be checked before a run has been.
#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    /// The file it was read from.
    pub file: FileId,
    /// The `name`, or else the name of the scenario's folder.
    pub name: String,
    /// Free text.
    pub description: Option<String>,
    /// The Region of stacks that name none.
    pub region: Region,
    /// The stacks, in the order written; at least one.
    pub stacks: Vec<StackSpec>,
    /// The hosts outside AWS.
    pub internet: Vec<OutsideHost>,
    /// The sites outside AWS; not simulated yet, each has its warning.
    pub on_premises: Vec<Site>,
    /// Seed, clock, quotas, links.
    pub settings: Settings,
    /// What is done, in order.
    pub steps: Vec<Step>,
    /// What is accepted and yet deserves a word.
    pub warnings: Vec<Diagnostic>,
}

/// A stack to be made from a template.
#[derive(Clone, Debug)]
pub(crate) struct StackSpec {
    /// The name; `main` where the scenario gives its only template at top level.
    pub name: String,
    /// Where the template is.
    pub template: TemplateSource,
    /// The values of its parameters, in the order written.
    pub parameters: Vec<StackParameter>,
    /// Where it is made.
    pub region: Region,
    /// Whose it is.
    pub account: AccountId,
}

/// A value for a parameter of a stack's template.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct StackParameter {
    /// The parameter's name.
    pub name: String,
    /// One text, or the items of a list. Their names are of things in other stacks.
    pub values: Vec<Text>,
    /// The place of the name.
    pub name_span: Span,
    /// The place of the value.
    pub value_span: Span,
}

/// A template, in a file of its own or within the scenario.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum TemplateSource {
    /// Within the scenario.
    Inline(Node),
    /// A file that has been read, not yet parsed.
    File {
        /// The path as seen from where the user is.
        path: PathBuf,
        /// The text.
        file: FileId,
    },
}

/// A host outside AWS: on the Internet, or on an on-premises site.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct OutsideHost {
    /// The name by which steps call it.
    pub name: String,
    /// Its address; a public one if it is on the Internet.
    pub ip: IpAddr,
    /// Its names in the DNS, in lower case.
    pub names: Vec<String>,
    /// The body of `/`, if it serves one (on TCP port 80).
    pub http: Option<String>,
    /// TCP ports that answer.
    pub ports: Vec<u16>,
    /// The place of its name.
    pub span: Span,
}

/// A site outside AWS, reached by VPN or Direct Connect. Its shape is checked; it is not simulated yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Site {
    /// The site's name.
    pub name: String,
    /// Its hosts' names.
    pub hosts: Vec<String>,
}

/// What holds for the whole run.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Settings {
    /// Jitter, ids, ports and sequence numbers follow from it.
    pub seed: Option<u64>,
    /// The wall clock at virtual time 0, in nanoseconds since the Unix epoch.
    pub start: Option<i64>,
    /// Quotas on top of AWS's defaults, each with its place: the control plane knows which exist.
    pub quotas: Vec<Quota>,
    /// Whether installs need a way to the package mirror.
    pub packages: Packages,
    /// Whether the stacks' accounts have default VPCs (DVPC-1).
    pub default_vpcs: bool,
    /// Of the link between a host and its interface, in bits per second.
    pub bandwidth_bps: Option<u64>,
    /// What differs from the default links between places.
    pub links: IndexMap<LinkClass, LinkOverride>,
}

/// A quota that differs from AWS's default.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Quota {
    /// The quota's name.
    pub name: String,
    /// How many there may be.
    pub limit: u64,
    /// The place of the name.
    pub span: Span,
}

/// How `yum` and `apt` get their packages.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Packages {
    /// From the mirror, over the network, as on AWS.
    #[default]
    Mirror,
    /// They are there already: installs always succeed.
    Preinstalled,
}

/// The classes of links whose figures a scenario may change (LAT-5, LAT-6).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum LinkClass {
    /// Between interfaces in one Availability Zone.
    SameZone,
    /// Between Availability Zones of a Region.
    CrossZone,
    /// Between Regions.
    CrossRegion,
    /// Between AWS and hosts outside it.
    Internet,
}

impl LinkClass {
    /// Every class.
    pub(crate) const ALL: &[LinkClass] =
        &[LinkClass::SameZone, LinkClass::CrossZone, LinkClass::CrossRegion, LinkClass::Internet];

    /// The class as users write it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            LinkClass::SameZone => "same_az",
            LinkClass::CrossZone => "cross_az",
            LinkClass::CrossRegion => "cross_region",
            LinkClass::Internet => "internet",
        }
    }
}

/// What is different about a class of links.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct LinkOverride {
    /// One way.
    pub latency: Option<SimDuration>,
    /// At most this much on top, by chance.
    pub jitter: Option<SimDuration>,
    /// Packets lost, by chance, in a million.
    pub loss_per_million: Option<u32>,
}

/// One step.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// Counted from 1.
    pub number: u32,
    /// The `name`, if it has one.
    pub name: Option<String>,
    /// Where its commands run; `None` is the operator's workstation.
    pub on: Option<Text>,
    /// What is done.
    pub action: Action,
    /// Variables to be taken from the answer.
    pub save: Vec<Save>,
    /// What should be seen.
    pub expect: Expect,
    /// The whole step's place.
    pub span: Span,
}

/// What a step does. There is no variant for `fault`: it is not simulated yet, and [`load`] says so.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    /// Types commands, one after the other.
    Run {
        /// At least one.
        commands: Vec<Command>,
        /// Whether the scenario waits for them.
        mode: RunMode,
    },
    /// Lets virtual time pass.
    Wait(SimDuration),
    /// Waits for a background step's end, and takes its output as this step's own.
    WaitFor {
        /// The number of the background step; always an earlier one.
        step: u32,
    },
}

/// Whether a scenario waits for a step's commands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum RunMode {
    /// The next step begins when they are done.
    Foreground,
    /// The next step begins at once. What the step prints, saves and expects is dealt with when a step that waits for
    /// it collects it, or else at the end.
    Background,
}

impl Step {
    /// How the step is called where it is listed: by its name, or else by what it does.
    pub(crate) fn title(&self) -> String {
        match (&self.name, &self.action) {
            (Some(name), _) => name.clone(),
            (None, Action::Run { commands, .. }) => {
                commands.first().map(|first| first.first_line().to_owned()).unwrap_or_default()
            }
            (None, Action::Wait(length)) => format!("wait {}", scalar::duration_in_words(*length)),
            (None, Action::WaitFor { step }) => format!("wait for step {step}"),
        }
    }
}

impl TemplateSource {}
