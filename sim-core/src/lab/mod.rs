//! Runs a scenario: reads its files, deploys its stacks, types its steps, judges them, and reports.
//!
//! This is the front door for programs: [`run`] and [`check`]. How anything is printed is up to the [`Observer`].

mod drops;
pub mod generate;
mod names;
mod operator;
mod plan;
mod report;
mod session;
mod steps;
mod witness;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::engine::{SimDuration, SimTime};
use crate::frontend::diagnostic::any_error;
use crate::frontend::scenario;
use crate::trace::{CaptureFormat, Captures, Detail};

pub use crate::frontend::codes::{Explanation, all as explanations};
use plan::Plan;
pub use report::*;
use session::Session;
use steps::Runner;

/// How long instances may take to boot and run their user data.
const BOOT_LIMIT: SimDuration = SimDuration::from_secs(3_600);

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
    let mut plan = Plan::read(file).map_err(RunError::Invalid)?;
    let templates = plan.take_templates();
    let scenario = &plan.scenario;
    let seed = plan.seed(options.seed);
    let (captures, folder) = match &options.captures {
        CapturesTo::Nowhere => (None, None),
        CapturesTo::Directory { directory, format } => (Some(*format), Some(directory.join(plan.folder_name()))),
    };
    // Deploy first, write afterwards: a scenario that cannot be run leaves an earlier run's captures alone.
    let world = plan.world(seed, Detail::Path, captures.is_some());
    let writer = match (&folder, captures) {
        (Some(folder), Some(format)) => Captures::new(folder, format, plan.epoch_nanos())?,
        _ => Captures::nowhere(),
    };
    let mut session = Session::new(world, &plan.sources, writer);
    let (stacks, problems) = plan.deploy(templates, &mut session);
    if any_error(&problems) {
        return Err(RunError::Invalid(plan.reports(&problems)));
    }
    for warning in plan.reports(&problems) {
        observer.warning(&warning)?;
    }
    observer.header(&RunHeader {
        name: scenario.name.clone(),
        description: scenario.description.clone(),
        file: plan.path.clone(),
        region: scenario.region.to_string(),
        seed,
        stacks,
    })?;

    let mut runner = Runner::new(scenario);
    // A background step is reported twice, when it starts and when it is collected; it holds if both do.
    let mut verdicts: BTreeMap<u32, bool> = BTreeMap::new();
    let all = folder.as_ref().map(|folder| folder.join("all").with_extension(captures.unwrap_or_default().extension()));
    let all = all.map(|path| path.display().to_string());
    let mut tell = |mut report: StepReport| {
        for drop in &mut report.drops {
            drop.capture = drop.frame.and_then(|_| all.clone());
        }
        *verdicts.entry(report.number).or_insert(true) &= report.is_ok();
        observer.step(&report)
    };
    runner.pause(&mut session);
    for step in &scenario.steps {
        tell(runner.run(&mut session, step))?;
    }
    for report in runner.finish(&mut session) {
        tell(report)?;
    }
    let virtual_time = session.world.now().since(SimTime::ZERO);
    let packet_hops = session.world.packet_hops();
    let written = session.finish()?;
    let ok = verdicts.values().filter(|held| **held).count();
    let summary = RunSummary {
        steps: verdicts.len(),
        ok,
        failed: verdicts.len() - ok,
        virtual_time,
        captures: all.map(|all| CapturesReport {
            all,
            comments: captures.is_some_and(|format| format == CaptureFormat::Pcapng),
            frames: written.frames,
        }),
        dropped: written.dropped,
        packet_hops,
    };
    observer.summary(&summary)?;
    Ok(summary)
}

/// Checks the scenario in `file` without running its steps: its files, its templates, and – since that is what shows whether
/// AWS would take them – that its stacks deploy and its instances boot. Answers every problem, warnings among them.
pub fn check(file: &Path) -> Vec<DiagnosticReport> {
    let mut plan = match Plan::read(file) {
        Ok(plan) => plan,
        Err(problems) => return problems,
    };
    let templates = plan.take_templates();
    let mut session =
        Session::new(plan.world(plan.seed(None), Detail::Drops, false), &plan.sources, Captures::nowhere());
    let (_, problems) = plan.deploy(templates, &mut session);
    plan.reports(&problems)
}

/// The JSON Schema of the scenario file.
pub fn schema() -> serde_json::Value {
    scenario::json_schema()
}
