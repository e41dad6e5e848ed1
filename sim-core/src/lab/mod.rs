//! Runs a scenario: reads its files, deploys its stacks, types its steps, judges them, and reports.
//!
//! This is the front door for programs: [`run`] and [`check`]. How anything is printed is up to the [`Observer`].

mod drops;
mod explain;
mod flow_logs;
pub mod generate;
mod matrix;
mod names;
mod operator;
mod plan;
mod report;
mod session;
mod steps;
mod witness;

use std::collections::BTreeMap;
use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use crate::engine::{SimDuration, SimTime};
use crate::frontend::diagnostic::any_error;
use crate::frontend::scenario;
use crate::trace::{CaptureFormat, Captures, Detail, FlowLogs, SnapLength};

pub use crate::frontend::codes::{Explanation as CodeExplanation, all as explanations};
#[cfg(feature = "mpi")]
pub use crate::sim::ranks::Mpi;
pub use crate::sim::ranks::Transport;
pub use crate::trace::Leg;
pub use explain::{
    AskError, Explanation, HopReport, HopVerdict, Moment, Outcome, Question, Service, StepExplanation, explain,
    explain_step,
};
pub use matrix::{Cell, Legend, Matrix, matrix};
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
    /// Where captures and flow logs go.
    pub captures: CapturesTo,
    /// How many threads may work on it; one if nothing is said. The results do not depend on it.
    pub threads: Option<NonZeroUsize>,
}

/// Where captures go, and the files of flow logs beside them.
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
        /// How much of each frame.
        snap_length: SnapLength,
    },
}

/// Runs the scenario in `file`.
///
/// # Errors
/// See [`RunError`].
pub fn run(file: &Path, options: &RunOptions, observer: &mut dyn Observer) -> Result<RunSummary, RunError> {
    run_in(file, options, None, observer)
}

/// Runs the scenario in `file` together with other ranks, which do the same. All come to the same summary; the first writes
/// the captures. [`RunOptions::threads`] is of no account: each rank has one.
///
/// # Errors
/// See [`RunError`]. After [`RunError::Captures`] and [`RunError::Output`] the other ranks wait for this one and must be ended.
pub fn run_on_ranks(
    file: &Path,
    options: &RunOptions,
    transport: Box<dyn Transport>,
    observer: &mut dyn Observer,
) -> Result<RunSummary, RunError> {
    run_in(file, options, Some(transport), observer)
}

fn run_in(
    file: &Path,
    options: &RunOptions,
    transport: Option<Box<dyn Transport>>,
    observer: &mut dyn Observer,
) -> Result<RunSummary, RunError> {
    let mut plan = Plan::read(file).map_err(RunError::Invalid)?;
    let templates = plan.take_templates();
    let scenario = &plan.scenario;
    let seed = plan.seed(options.seed);
    let captures = match &options.captures {
        CapturesTo::Nowhere => None,
        CapturesTo::Directory { directory, format, snap_length } => {
            Some((directory.join(plan.folder_name()), *format, *snap_length))
        }
    };
    // Deploy first, write afterwards: a scenario that cannot be run leaves an earlier run's captures alone.
    let snap_length = captures.as_ref().map(|(_, _, snap_length)| snap_length.bytes());
    let threads = options.threads.map_or(1, NonZeroUsize::get);
    let writes = transport.as_ref().is_none_or(|transport| transport.rank() == 0);
    let world = plan.world(seed, Detail::Path, snap_length, threads, transport);
    let (writer, flow_logs) = match &captures {
        Some((folder, format, snap_length)) if writes => {
            let captures = Captures::new(folder, *format, *snap_length, plan.epoch_nanos())?;
            (captures, FlowLogs::new(folder, plan.epoch_nanos()))
        }
        _ => (Captures::nowhere(), FlowLogs::nowhere()),
    };
    let mut session = Session::new(world, &plan.sources, writer, flow_logs, observer);
    let (stacks, problems) = plan.deploy(templates, &mut session);
    if session.is_interrupted() {
        return Err(RunError::Interrupted);
    }
    if any_error(&problems) {
        return Err(RunError::Invalid(plan.reports(&problems)));
    }
    for warning in plan.reports(&problems) {
        session.observer.warning(&warning)?;
    }
    session.observer.header(&RunHeader {
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
    let all = captures.as_ref().map(|(folder, format, _)| folder.join("all").with_extension(format.extension()));
    let all = all.map(|path| path.display().to_string());
    let mut tell = |session: &mut Session<'_>, mut report: StepReport| {
        for drop in &mut report.drops {
            drop.capture = drop.frame.and_then(|_| all.clone());
        }
        *verdicts.entry(report.number).or_insert(true) &= report.is_ok();
        session.observer.step(&report)
    };
    runner.pause(&mut session);
    for step in &scenario.steps {
        if session.is_interrupted() {
            break;
        }
        session.begin_step(step.number, step.title());
        let report = runner.run(&mut session, step);
        tell(&mut session, report)?;
    }
    if !session.is_interrupted() {
        for report in runner.finish(&mut session) {
            tell(&mut session, report)?;
        }
    }
    let interrupted = session.is_interrupted();
    let virtual_time = session.world.now().since(SimTime::ZERO);
    let packet_hops = session.world.packet_hops();
    // Among ranks only the first writes, so that one alone could not tell.
    let unwritten_flow_logs = if captures.is_none() { session.unwritten_flow_logs() } else { 0 };
    let (written, flow_logs) = session.finish()?;
    let ok = verdicts.values().filter(|held| **held).count();
    let summary = RunSummary {
        steps: verdicts.len(),
        ok,
        failed: verdicts.len() - ok,
        virtual_time,
        captures: all.map(|all| CapturesReport {
            all,
            comments: captures.is_some_and(|(_, format, _)| format == CaptureFormat::Pcapng),
            frames: written.frames,
        }),
        flow_logs: flow_logs
            .into_iter()
            .map(|(path, records)| FlowLogReport { path: path.display().to_string(), records })
            .collect(),
        unwritten_flow_logs,
        dropped: written.dropped,
        packet_hops,
        interrupted,
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
    let world = plan.world(plan.seed(None), Detail::Drops, None, 1, None);
    let mut nobody = Nobody;
    let mut session = Session::new(world, &plan.sources, Captures::nowhere(), FlowLogs::nowhere(), &mut nobody);
    let (_, problems) = plan.deploy(templates, &mut session);
    plan.reports(&problems)
}

/// Watches a check, which has nothing to tell until it is done.
struct Nobody;

impl Observer for Nobody {
    fn header(&mut self, _: &RunHeader) -> io::Result<()> {
        Ok(())
    }

    fn warning(&mut self, _: &DiagnosticReport) -> io::Result<()> {
        Ok(())
    }

    fn step(&mut self, _: &StepReport) -> io::Result<()> {
        Ok(())
    }

    fn summary(&mut self, _: &RunSummary) -> io::Result<()> {
        Ok(())
    }
}

/// The JSON Schema of the scenario file.
pub fn schema() -> serde_json::Value {
    scenario::json_schema()
}
