//! The steps of a scenario: typed, watched and judged, in order.

use super::drops;
use super::names::{HostName, Instantly};
use super::operator::{self, Workplace};
use super::report::{CommandReport, Failure, Output, OutputStream, SourceLine, StepReport};
use super::session::Session;
use crate::engine::{SimDuration, SimTime};
use crate::frontend::scenario::{self, Action, Deployed, Observation, ObservedDrop, RunMode, Scenario, Scope, Step};
use crate::host::{Finished, Output as HostOutput};
use crate::id::{AccountId, ResourceId};
use crate::sim::world::Running;
use indexmap::IndexMap;

/// A command that still runs after this much virtual time is interrupted, as a person would with Ctrl-C.
const PATIENCE: SimDuration = SimDuration::from_secs(3_600);

/// Between one command's end and the next command: somebody reads and types. A SIM value. It also lets connections that were
/// just closed finish in peace.
const TYPING: SimDuration = SimDuration::from_secs(2);

/// Runs the steps of one scenario.
pub(super) struct Runner<'s> {
    scenario: &'s Scenario,
    account: AccountId,
    saved: IndexMap<String, String>,
    background: IndexMap<u32, Background>,
}

/// A step that was started and left to itself.
struct Background {
    commands: Vec<(String, String, Running)>,
    started: SimTime,
}

/// What a step's commands left.
#[derive(Default)]
struct Collected {
    commands: Vec<CommandReport>,
    notes: Vec<String>,
    seen: Observation,
    /// When the last of its commands ended, where that is not the present.
    ended: Option<SimTime>,
    /// Time that passed between its commands, which is none of theirs.
    typing: SimDuration,
}

impl<'s> Runner<'s> {
    /// A runner before its first step.
    pub fn new(scenario: &'s Scenario) -> Runner<'s> {
        let account = scenario.stacks.first().map_or(AccountId::DEFAULT, |stack| stack.account);
        Runner { scenario, account, saved: IndexMap::new(), background: IndexMap::new() }
    }

    /// Runs one step.
    pub fn run(&mut self, session: &mut Session<'_>, step: &Step) -> StepReport {
        session.witness.begin_step();
        let started = session.world.now();
        let mut collected = Collected::default();
        match &step.action {
            Action::Wait(length) => session.pass_until(started + *length),
            Action::WaitFor { step } => self.collect_background(session, *step, &mut collected),
            Action::Run { commands, mode } => {
                for (number, command) in commands.iter().enumerate() {
                    if number > 0 {
                        self.pause(session);
                        collected.typing = collected.typing + TYPING;
                    }
                    let line = match self.with_scope(session, |scope| command.text.fill(scope)) {
                        Ok(line) => line,
                        Err(problems) => {
                            collected.notes.extend(problems.into_iter().map(|problem| problem.message));
                            collected.seen.exit.get_or_insert(2);
                            continue;
                        }
                    };
                    match &step.on {
                        None => self.type_aws(session, step, &line, &mut collected),
                        Some(host) => match self.with_scope(session, |scope| host.fill(scope)) {
                            Ok(name) => self.type_on_host(session, step, *mode, &name, &line, &mut collected),
                            Err(problems) => {
                                collected.notes.extend(problems.into_iter().map(|problem| problem.message))
                            }
                        },
                    }
                }
                // What is still under way when the last command ends belongs to this step, not to the next one.
                collected.ended = Some(session.world.now());
                self.pause(session);
            }
        }
        self.report(session, step, started, collected)
    }

    /// Somebody reads what has been printed, and types the next command.
    pub fn pause(&self, session: &mut Session<'_>) {
        session.pass_until(session.world.now() + TYPING);
    }

    /// What names stand for at this point of the run.
    fn with_scope<T>(&self, session: &mut Session<'_>, use_it: impl FnOnce(&mut Scope<'_>) -> T) -> T {
        let mut stacks = Deployed { stacks: &session.stacks, api: &mut Instantly(&mut session.world) };
        use_it(&mut Scope { saved: &self.saved, stacks: &mut stacks })
    }

    /// Types an `aws` line on the operator's workstation.
    fn type_aws(&mut self, session: &mut Session<'_>, step: &Step, line: &str, collected: &mut Collected) {
        let place = Workplace { account: self.account, region: self.scenario.region, step: step.number };
        let typed = operator::type_line(session, place, line);
        collected.notes.extend(typed.warnings);
        collected.command("$".to_owned(), line.to_owned(), typed.terminal, Some(typed.exit));
        if typed.error.is_some() {
            collected.seen.error = typed.error.map(str::to_owned);
        }
    }

    /// Types a line on a host.
    fn type_on_host(
        &mut self,
        session: &mut Session<'_>,
        step: &Step,
        mode: RunMode,
        host: &str,
        line: &str,
        collected: &mut Collected,
    ) {
        let prompt = format!("{host}$");
        let Some(running) = self.start(session, host, line) else {
            collected.notes.push(format!("{host} is not running: the command was not typed"));
            collected.command(prompt, line.to_owned(), Vec::new(), Some(255));
            return;
        };
        if mode == RunMode::Background {
            let started = session.world.now();
            let background =
                self.background.entry(step.number).or_insert_with(|| Background { commands: Vec::new(), started });
            background.commands.push((prompt.clone(), line.to_owned(), running));
            collected.command(prompt, line.to_owned(), Vec::new(), None);
            return;
        }
        let finished = finish(session, running, session.world.now() + PATIENCE, collected);
        collected.host_command(prompt, line.to_owned(), finished);
    }

    fn start(&self, session: &mut Session<'_>, host: &str, line: &str) -> Option<Running> {
        let guest = match session.names().host(host)? {
            HostName::Instance(instance) => session.world.instance_guest(instance)?,
            HostName::Internet(number) => session.world.internet_hosts().get(number)?.guest,
        };
        session.world.start(guest, line)
    }

    /// Waits for a background step to end and takes what it printed.
    fn collect_background(&mut self, session: &mut Session<'_>, step: u32, collected: &mut Collected) {
        let Some(background) = self.background.shift_remove(&step) else {
            collected.notes.push(format!("step {step} has already been waited for"));
            return;
        };
        for (prompt, line, running) in background.commands {
            let finished = finish(session, running, background.started + PATIENCE, collected);
            collected.host_command(prompt, line, finished);
        }
    }

    /// Ends what still runs in the background, one report a step.
    pub fn finish(&mut self, session: &mut Session<'_>) -> Vec<StepReport> {
        let mut reports = Vec::new();
        for number in self.background.keys().copied().collect::<Vec<_>>() {
            let Some(step) = self.scenario.steps.iter().find(|step| step.number == number) else { continue };
            session.witness.begin_step();
            let started = session.world.now();
            let mut collected = Collected::default();
            let Some(background) = self.background.shift_remove(&number) else { continue };
            for (prompt, line, running) in background.commands {
                // The scenario is over: whatever has not ended by itself is interrupted.
                let finished = finish(session, running, started, &mut collected);
                collected.host_command(prompt, line, finished);
            }
            reports.push(self.report(session, step, started, collected));
        }
        reports
    }

    /// Judges a step.
    fn report(
        &mut self,
        session: &mut Session<'_>,
        step: &Step,
        started: SimTime,
        mut collected: Collected,
    ) -> StepReport {
        let ended = collected.ended.unwrap_or(session.world.now());
        let running = collected.commands.iter().any(|command| command.exit.is_none());
        for (id, note) in session.world.take_notes() {
            let place = note.line.map_or_else(String::new, |line| format!(" line {line} of its user data:"));
            collected.notes.push(format!("{}:{place} {}", session.names().display(id), note.text));
        }
        let lost = session.witness.take_drops();
        let names = session.names();
        let passed = |stations: &[ResourceId]| {
            let mut path: Vec<_> = stations.iter().map(|id| names.passed(*id)).collect();
            path.dedup();
            path
        };
        collected.seen.drops =
            lost.iter().map(|lost| ObservedDrop { code: lost.reason.code, by: names.passed(lost.reason.by) }).collect();
        collected.seen.path = passed(session.witness.path());
        collected.seen.return_path = passed(session.witness.return_path());
        collected.seen.duration = ended.since(started) - collected.typing;

        // A step's own variables count in its expectations. What still runs is judged when it is collected.
        let seen = &collected.seen;
        let mut failures = Vec::new();
        if !running {
            failures.extend(self.save(session, step, seen));
            failures.extend(self.with_scope(session, |scope| step.expect.judge(seen, scope)));
        }
        let failures = failures
            .into_iter()
            .map(|failure| Failure { text: failure.text, expected: failure.expected, actual: failure.actual })
            .collect();
        let expected: Vec<bool> = self
            .with_scope(session, |scope| seen.drops.iter().map(|drop| step.expect.expects_drop(drop, scope)).collect());
        let passed = self.with_scope(session, |scope| step.expect.summary(scope));
        let names = session.names();
        let drops = lost.iter().zip(expected).map(|(lost, expected)| drops::report(&names, lost, expected)).collect();
        if session.witness.more_drops > 0 {
            collected.notes.push(format!("{} more packets were dropped", session.witness.more_drops));
        }
        StepReport {
            number: step.number,
            title: step.title(),
            source: Some(SourceLine {
                file: session.sources.file(step.span.file).path.clone(),
                line: session.sources.line_column(step.span).0,
            }),
            commands: collected.commands,
            drops,
            failures,
            passed,
            started,
            ended,
            notes: collected.notes,
        }
    }

    /// Takes the variables that the step saves from its answer.
    fn save(&mut self, session: &mut Session<'_>, step: &Step, seen: &Observation) -> Vec<scenario::Failure> {
        let mut failures = Vec::new();
        for save in &step.save {
            match self.with_scope(session, |scope| save.take(seen, scope)) {
                Ok(value) => {
                    self.saved.insert(save.name.clone(), value);
                }
                Err(failure) => failures.push(failure),
            }
        }
        failures
    }
}

/// Waits for a program and interrupts it at `limit`.
fn finish(session: &mut Session<'_>, running: Running, limit: SimTime, collected: &mut Collected) -> Option<Finished> {
    session.pass_until_finished(running, limit).or_else(|| {
        if session.world.now() >= limit && limit > SimTime::ZERO {
            collected.notes.push("the command was still running and was interrupted, as by Ctrl-C".to_owned());
        } else {
            collected.notes.push("the command waits for something that can never come; it was interrupted".to_owned());
        }
        session.world.interrupt(running)
    })
}

impl Collected {
    fn command(&mut self, prompt: String, line: String, terminal: Vec<Output>, exit: Option<i32>) {
        for piece in &terminal {
            let text = String::from_utf8_lossy(&piece.bytes);
            match piece.stream {
                OutputStream::Stdout => self.seen.stdout.push_str(&text),
                OutputStream::Stderr => self.seen.stderr.push_str(&text),
            }
        }
        // What is JSON can be asked with `json:` and `save:`, whatever printed it.
        let stdout = terminal.iter().filter(|piece| piece.stream == OutputStream::Stdout);
        let stdout: Vec<u8> = stdout.flat_map(|piece| piece.bytes.iter().copied()).collect();
        if let Ok(answer) = serde_json::from_slice(&stdout) {
            self.seen.answer = Some(answer);
        }
        // Of several commands, the first that failed says how the step went.
        if self.seen.exit.unwrap_or(0) == 0 {
            self.seen.exit = exit.or(self.seen.exit);
        }
        self.commands.push(CommandReport { prompt, line, terminal, exit });
    }

    fn host_command(&mut self, prompt: String, line: String, finished: Option<Finished>) {
        let Some(finished) = finished else {
            return self.command(prompt, line, Vec::new(), Some(255));
        };
        let terminal = finished
            .terminal
            .into_iter()
            .map(|(stream, bytes)| {
                let stream = match stream {
                    HostOutput::Stdout => OutputStream::Stdout,
                    HostOutput::Stderr => OutputStream::Stderr,
                };
                Output { stream, bytes }
            })
            .collect();
        self.command(prompt, line, terminal, Some(finished.exit));
    }
}
