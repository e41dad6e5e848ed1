//! The steps of a scenario: typed, watched and judged, in order.

use std::path::Path;

use indexmap::IndexMap;

use super::drops;
use super::names::{HostName, Instantly};
use super::operator::{self, Workplace};
use super::report::{CommandReport, Failure, Output, OutputStream, SourceLine, StepReport};
use super::session::Session;
use crate::engine::{SimDuration, SimTime};
use crate::frontend::diagnostic::Diagnostic;
use crate::frontend::scenario::{
    self, Action, Command, Deployed, Observation, ObservedDrop, RunMode, Scenario, Scope, Step, Text,
};
use crate::host::{Finished, Output as HostOutput};
use crate::id::{AccountId, ResourceId};
use crate::sim::world::Running;

/// A command that still runs after this much virtual time is interrupted, as a person would with Ctrl-C.
const PATIENCE: SimDuration = SimDuration::from_secs(3_600);

/// After each command somebody reads its output and types the next one. A SIM value. What is still on its way when a command
/// ends (a connection that closes, a packet that is lost late) belongs to the step that sent it.
const READING: SimDuration = SimDuration::from_secs(2);

/// The exit status of a command that could not even be typed, as ssh has it for a host it does not reach.
const NOT_TYPED: i32 = 255;

/// Runs the steps of one scenario.
pub(super) struct Runner<'s> {
    scenario: &'s Scenario,
    account: AccountId,
    saved: IndexMap<String, String>,
    background: IndexMap<u32, Background>,
}

/// A step that was started and left to itself.
struct Background {
    prompt: String,
    lines: String,
    running: Running,
    started: SimTime,
}

/// What a step's commands left.
#[derive(Default)]
struct Collected {
    commands: Vec<CommandReport>,
    notes: Vec<String>,
    seen: Observation,
    /// How long the commands took, without the reading between them; `None` where none was typed.
    took: Option<SimDuration>,
}

impl<'s> Runner<'s> {
    /// A runner before its first step.
    pub(super) fn new(scenario: &'s Scenario) -> Runner<'s> {
        let account = scenario.stacks.first().map_or(AccountId::DEFAULT, |stack| stack.account);
        Runner { scenario, account, saved: IndexMap::new(), background: IndexMap::new() }
    }

    /// Runs one step.
    pub(super) fn run(&mut self, session: &mut Session<'_>, step: &Step) -> StepReport {
        session.watch_first_packet();
        let started = session.world.now();
        let mut collected = Collected::default();
        // A background step is judged by the step that collects it, which may expect more.
        let mut judged = vec![step];
        match &step.action {
            Action::Wait(length) => session.pass_until(started + *length),
            Action::WaitFor { step } => {
                self.collect_background(session, *step, &mut collected);
                judged.splice(0..0, self.scenario.steps.iter().find(|earlier| earlier.number == *step));
            }
            Action::Run { commands, mode } => self.run_commands(session, step, commands, *mode, &mut collected),
        }
        self.report(session, step, &judged, started, collected)
    }

    /// Types a step's commands where the step says.
    fn run_commands(
        &mut self,
        session: &mut Session<'_>,
        step: &Step,
        commands: &[Command],
        mode: RunMode,
        collected: &mut Collected,
    ) {
        let typed = match (&step.on, mode) {
            (Some(host), RunMode::Background) => self.leave_in_background(session, step, host, commands, collected),
            (host, _) => self.type_in_order(session, step, host.as_ref(), commands, collected),
        };
        if let Err(problems) = typed {
            collected.notes.extend(problems.into_iter().map(|problem| problem.message));
            collected.seen.exit = Some(NOT_TYPED);
        }
    }

    /// Types commands one after the other. Each is filled in when its turn comes: an earlier one may have changed an address.
    fn type_in_order(
        &mut self,
        session: &mut Session<'_>,
        step: &Step,
        host: Option<&Text>,
        commands: &[Command],
        collected: &mut Collected,
    ) -> Result<(), Vec<Diagnostic>> {
        for command in commands {
            if session.is_interrupted() {
                break;
            }
            if !collected.commands.is_empty() {
                self.pause(session);
            }
            let line = self.with_scope(session, |scope| command.text.fill(scope))?;
            match host {
                None => self.type_aws(session, step, line, collected),
                Some(host) => {
                    let host = self.with_scope(session, |scope| host.fill(scope))?;
                    self.type_on_host(session, &host, line, collected);
                }
            }
        }
        Ok(())
    }

    /// Somebody reads what has been printed, and types the next command.
    pub(super) fn pause(&self, session: &mut Session<'_>) {
        session.pass_until(session.world.now() + READING);
    }

    /// What names stand for at this point of the run.
    fn with_scope<T>(&self, session: &mut Session<'_>, use_it: impl FnOnce(&mut Scope<'_>) -> T) -> T {
        let mut stacks = Deployed { stacks: &session.stacks, api: &mut Instantly(&mut session.world) };
        use_it(&mut Scope { saved: &self.saved, stacks: &mut stacks })
    }

    /// Types an `aws` line on the operator's workstation.
    fn type_aws(&mut self, session: &mut Session<'_>, step: &Step, line: String, collected: &mut Collected) {
        let file = Path::new(&session.sources.file(self.scenario.file).path);
        let folder = file.parent().unwrap_or(Path::new(""));
        let place = Workplace { folder, account: self.account, region: self.scenario.region, step: step.number };
        let begun = session.world.now();
        let typed = operator::type_line(session, place, &line);
        collected.took(session.world.now().since(begun));
        collected.notes.extend(typed.warnings);
        collected.command("$".to_owned(), line, typed.terminal, Some(typed.exit));
        if typed.error.is_some() {
            collected.seen.error = typed.error.map(str::to_owned);
        }
    }

    /// Types a line on a host and waits for it to end.
    fn type_on_host(&mut self, session: &mut Session<'_>, host: &str, line: String, collected: &mut Collected) {
        let Some(running) = self.start(session, host, &line, collected) else { return };
        let finished = finish(session, running, session.world.now() + PATIENCE, collected);
        collected.host_command(prompt(host), line, finished);
    }

    /// Starts commands on a host, where one shell runs them in order, and goes on.
    fn leave_in_background(
        &mut self,
        session: &mut Session<'_>,
        step: &Step,
        host: &Text,
        commands: &[Command],
        collected: &mut Collected,
    ) -> Result<(), Vec<Diagnostic>> {
        let (host, lines) = self.with_scope(session, |scope| {
            let lines = commands.iter().map(|command| command.text.fill(scope)).collect::<Result<Vec<_>, _>>()?;
            Ok::<_, Vec<Diagnostic>>((host.fill(scope)?, lines.join("\n")))
        })?;
        if let Some(running) = self.start(session, &host, &lines, collected) {
            let prompt = prompt(&host);
            collected.command(prompt.clone(), lines.clone(), Vec::new(), None);
            let started = session.world.now();
            self.background.insert(step.number, Background { prompt, lines, running, started });
        }
        Ok(())
    }

    /// Starts a line on a host, unless the host is not running.
    fn start(&self, session: &mut Session<'_>, host: &str, line: &str, collected: &mut Collected) -> Option<Running> {
        let guest = session.names().host(host).and_then(|name| match name {
            HostName::Instance(instance) => session.world.instance_guest(instance),
            HostName::Internet(number) => session.world.internet_hosts().get(number).map(|found| found.index),
        });
        let running = guest.and_then(|guest| session.world.start(guest, line));
        if running.is_none() {
            collected.notes.push(format!("{host} is not running: the command was not typed"));
            collected.command(prompt(host), line.to_owned(), Vec::new(), Some(NOT_TYPED));
        }
        running
    }

    /// Waits for a background step to end and takes what it printed.
    fn collect_background(&mut self, session: &mut Session<'_>, step: u32, collected: &mut Collected) {
        let Some(background) = self.background.shift_remove(&step) else {
            collected.notes.push(format!("step {step} has already been waited for"));
            return;
        };
        let Background { prompt, lines, running, started } = background;
        let finished = finish(session, running, started + PATIENCE, collected);
        collected.host_command(prompt, lines, finished);
    }

    /// Ends what still runs in the background, one report a step. The scenario is over: what has not ended by itself is
    /// interrupted, and has no exit status that could be wrong.
    pub(super) fn finish(&mut self, session: &mut Session<'_>) -> Vec<StepReport> {
        let mut reports = Vec::new();
        for (number, background) in std::mem::take(&mut self.background) {
            let Some(step) = self.scenario.steps.iter().find(|step| step.number == number) else { continue };
            session.watch_first_packet();
            let started = session.world.now();
            let mut collected = Collected::default();
            let Background { prompt, lines, running, .. } = background;
            let ended = session.pass_until_finished(running, started);
            let interrupted = ended.is_none();
            let finished = ended.or_else(|| session.world.interrupt(running));
            collected.host_command(prompt, lines, finished);
            if interrupted {
                let note = "the command still ran when the scenario ended, and was interrupted";
                collected.notes.push(note.to_owned());
                collected.seen.exit = None;
            }
            reports.push(self.report(session, step, &[step], started, collected));
        }
        reports
    }

    /// Judges a step.
    fn report(
        &mut self,
        session: &mut Session<'_>,
        step: &Step,
        judged: &[&Step],
        started: SimTime,
        mut collected: Collected,
    ) -> StepReport {
        let ended = session.world.now();
        let running = collected.commands.iter().any(|command| command.exit.is_none());
        // The next step begins at once after one in the background, which has printed nothing yet.
        if !collected.commands.is_empty() && !running {
            self.pause(session);
        }
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
        collected.seen.duration = collected.took.unwrap_or(ended.since(started));

        // A step's own variables count in its expectations. What still runs is judged when it is collected.
        let seen = &collected.seen;
        let mut failures = Vec::new();
        for step in judged.iter().filter(|_| !running) {
            failures.extend(self.save(session, step, seen));
            failures.extend(self.with_scope(session, |scope| step.expect.judge(seen, scope)));
        }
        let failures = match session.is_interrupted() {
            // What it expected is of no account: it did not get that far.
            true => vec![Failure {
                text: "interrupted before it was done".to_owned(),
                expected: "the step is done".to_owned(),
                actual: "interrupted".to_owned(),
            }],
            false => failures
                .into_iter()
                .map(|failure| Failure { text: failure.text, expected: failure.expected, actual: failure.actual })
                .collect(),
        };
        let expected: Vec<bool> = self.with_scope(session, |scope| {
            let is_expected = |drop| judged.iter().any(|step| step.expect.expects_drop(drop, scope));
            seen.drops.iter().map(is_expected).collect()
        });
        let passed = match running {
            true => "it runs in the background".to_owned(),
            false => self.with_scope(session, |scope| step.expect.summary(scope)),
        };
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

/// Waits for a program and interrupts it when patience ends.
fn finish(session: &mut Session<'_>, running: Running, limit: SimTime, collected: &mut Collected) -> Option<Finished> {
    session.pass_until_finished(running, limit).or_else(|| {
        let note = if session.is_interrupted() {
            "the command was still running when vpcsim was interrupted, and was interrupted with it"
        } else if session.world.now() >= limit {
            "the command was still running after an hour and was interrupted, as by Ctrl-C"
        } else {
            "the command waits for something that can never come; it was interrupted"
        };
        collected.notes.push(note.to_owned());
        session.world.interrupt(running)
    })
}

/// What stands before a command on a host.
fn prompt(host: &str) -> String {
    format!("{host}$")
}

impl Collected {
    fn took(&mut self, length: SimDuration) {
        self.took = Some(self.took.unwrap_or_default() + length);
    }

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
            return self.command(prompt, line, Vec::new(), Some(NOT_TYPED));
        };
        self.took(finished.ended.since(finished.started));
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
