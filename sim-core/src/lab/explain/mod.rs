//! Explains a packet: sends it, and tells every hop there and back, who decided what, and what would let it through.
//!
//! The packet is sent by the guest's own stack and crosses the same data plane as any other, so that an explanation, a step's
//! packets and the captures cannot disagree. If it does not get through, a second one is sent as a probe, which goes on past
//! what dropped the first and finds the next obstacles; how it goes on is the data plane's affair. What happened and what would
//! happen are told apart.

mod follow;
mod hops;
mod packet;
mod remedy;
mod report;

use std::net::IpAddr;
use std::path::Path;

use super::drops;
use super::plan::Plan;
use super::report::{Observer, PacketSummary, RunError, StepReport};
use super::session::Session;
use super::steps::Runner;
use crate::cloud::Cloud;
use crate::frontend::diagnostic::any_error;
use crate::frontend::spelling::did_you_mean;
use crate::trace::{Captures, Detail, FlowLogs, Purpose, Step, TraceEvent};

pub(super) use follow::{Conversation, Follower};
pub(super) use hops::label;
pub use packet::Service;
pub(super) use packet::{End, Reaction, Sending, Sent, send};
pub use report::*;

/// When to ask, and how to run until then.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Moment {
    /// After this step: 0 is after deployment, none is after the last.
    pub step: Option<u32>,
    /// Takes the place of the scenario's seed.
    pub seed: Option<u64>,
}

/// A packet to be explained.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Question {
    /// The sender: an instance or an Internet host of the scenario.
    pub from: String,
    /// The target: such a host, or an address.
    pub to: String,
    /// What is sent.
    pub service: Service,
}

/// Why there is no explanation.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The scenario did not come so far.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The question does not fit the scenario: what is wrong, and what to do.
    #[error("{0}")]
    Question(String),
}

/// Runs the scenario in `file` and explains a packet that is sent then. The observer hears of warnings and of progress.
///
/// # Errors
/// See [`AskError`].
pub fn explain(
    file: &Path,
    moment: Moment,
    question: &Question,
    observer: &mut dyn Observer,
) -> Result<Explanation, AskError> {
    at(file, moment, observer, |plan, session, run| {
        let from = end(session, &question.from)?;
        let to = match question.to.parse::<IpAddr>() {
            Ok(address) => address,
            Err(_) => {
                let to = end(session, &question.to)?;
                to.address_for(&from).ok_or_else(|| no_address(&to, &from))?
            }
        };
        let sending = Sending { from, to, service: question.service, wait: None };
        let (sent, probe) = send_and_probe(session, &sending);
        let account = Account::of(session, &sent, probe.as_ref());
        Ok(Explanation {
            scenario: plan.scenario.name.clone(),
            after_step: run.number,
            from: sending.from.name,
            to: question.to.clone(),
            packet: first_packet(sent.conversation.there()),
            outcome: outcome(session.world.cloud(), &sent.conversation, sent.reaction),
            there: account.there,
            back: account.back,
            sender_sees: sent.seen,
            remedies: account.remedies,
            notes: account.notes,
        })
    })
}

/// Runs the scenario in `file` and explains what happened to the packets of a step, the last one run.
///
/// # Errors
/// See [`AskError`].
pub fn explain_step(file: &Path, moment: Moment, observer: &mut dyn Observer) -> Result<StepExplanation, AskError> {
    at(file, moment, observer, |plan, session, run| {
        let Some(step) = run.report else {
            let help = "deployment is not a step; name two hosts with `--from` and `--to`, or a step from 1 on";
            return Err(AskError::Question(help.to_owned()));
        };
        let conversation = run.follower.into_conversations().into_iter().next().unwrap_or_default();
        let names = session.names();
        Ok(StepExplanation {
            scenario: plan.scenario.name.clone(),
            packet: first_packet(conversation.there()),
            there: hops::hops(&names, conversation.there()),
            back: hops::hops(&names, conversation.back()),
            step,
        })
    })
}

/// How far a scenario was run.
pub(super) struct RunSoFar {
    /// The last step's number, or 0.
    pub number: u32,
    report: Option<StepReport>,
    follower: Follower,
}

/// Runs a scenario to a moment and asks something there. Captures are not written.
pub(super) fn at<T>(
    file: &Path,
    moment: Moment,
    observer: &mut dyn Observer,
    ask: impl FnOnce(&Plan, &mut Session<'_>, RunSoFar) -> Result<T, AskError>,
) -> Result<T, AskError> {
    let mut plan = Plan::read(file).map_err(RunError::Invalid)?;
    let steps = plan.scenario.steps.len();
    let wanted = moment.step.map_or(steps, |step| step as usize);
    if wanted > steps {
        return Err(AskError::Question(format!("there is no step {wanted}; the scenario has {steps}")));
    }
    let templates = plan.take_templates();
    // One thread: a probe may take a way that is shorter than any that partitions reckon with.
    let world = plan.world(plan.seed(moment.seed), Detail::Stages, None, 1, None);
    let mut session = Session::new(world, &plan.sources, Captures::nowhere(), FlowLogs::nowhere(), observer);
    let (_, problems) = plan.deploy(templates, &mut session);
    if any_error(&problems) {
        return Err(RunError::Invalid(plan.reports(&problems)).into());
    }
    for warning in plan.reports(&problems) {
        session.observer.warning(&warning).map_err(RunError::Output)?;
    }
    let mut runner = Runner::new(&plan.scenario);
    runner.pause(&mut session);
    let mut so_far = RunSoFar { number: 0, report: None, follower: Follower::default() };
    for step in &plan.scenario.steps[..wanted] {
        session.begin_step(step.number, step.title());
        session.follower = Some(Follower::of_first());
        so_far.report = Some(runner.run(&mut session, step));
        so_far.number = step.number;
        so_far.follower = session.follower.take().unwrap_or_default();
    }
    if session.is_interrupted() {
        return Err(RunError::Interrupted.into());
    }
    let answer = ask(&plan, &mut session, so_far)?;
    if session.is_interrupted() { Err(RunError::Interrupted.into()) } else { Ok(answer) }
}

fn end(session: &Session<'_>, name: &str) -> Result<End, AskError> {
    if let Some(end) = End::find(session, name) {
        return Ok(end);
    }
    let names = session.names();
    if names.host(name).is_some() {
        return Err(AskError::Question(format!("{name} is not running, so nothing can be sent from or to it")));
    }
    let known: Vec<String> = names.hosts().map(|(_, name)| name).collect();
    let help = did_you_mean(name, known.iter().map(String::as_str));
    let help = help.unwrap_or_else(|| format!("there are {}", known.join(", ")));
    Err(AskError::Question(format!("there is no host named `{name}`; {help}")))
}

fn no_address(to: &End, from: &End) -> AskError {
    AskError::Question(format!("{} has no address that {} could send to", to.name, from.name))
}

/// Sends a packet, and if it or its answer was dropped, a probe.
pub(super) fn send_and_probe(session: &mut Session<'_>, sending: &Sending) -> (Sent, Option<Sent>) {
    let one = std::slice::from_ref(sending);
    let sent = send(session, one, Purpose::Tell).pop().expect("one sending has one result");
    let is_lost = [sent.conversation.there(), sent.conversation.back()].into_iter().any(is_dropped);
    let probe = is_lost.then(|| send(session, one, Purpose::Probe).pop()).flatten();
    (sent, probe)
}

/// What was seen, in words.
struct Account {
    there: Vec<HopReport>,
    back: Vec<HopReport>,
    remedies: Vec<String>,
    notes: Vec<String>,
}

impl Account {
    /// What a packet met, and past where it was dropped, what the probe did.
    fn of(session: &Session<'_>, sent: &Sent, probe: Option<&Sent>) -> Account {
        let names = session.names();
        let mut there = hops::hops(&names, sent.conversation.there());
        let mut back = hops::hops(&names, sent.conversation.back());
        let Some(probe) = probe else { return Account { there, back, remedies: Vec::new(), notes: Vec::new() } };
        let further = &probe.conversation;
        // Up to where the packet was dropped, the probe went the same way.
        let would = |hop: &HopReport| !hop.happened;
        if is_dropped(sent.conversation.there()) {
            there.extend(hops::hops(&names, further.there()).into_iter().filter(would));
        }
        let has_answered = !back.is_empty();
        let answer = hops::hops(&names, further.back()).into_iter().filter(|hop| !has_answered || would(hop));
        back.extend(answer.map(|hop| HopReport { happened: false, ..hop }));
        let refused = "if it got there, it would be refused: nothing listens on that port";
        let notes = (probe.reaction == Reaction::Refused).then(|| refused.to_owned());
        Account {
            there,
            back,
            remedies: remedy::remedies(&names, further.there(), further.back()),
            notes: notes.into_iter().collect(),
        }
    }
}

/// What came of a packet.
pub(super) fn outcome(cloud: &Cloud, conversation: &Conversation, reaction: Reaction) -> Outcome {
    let last = conversation.there().iter().rev().find_map(|event| match event.step {
        Step::Delivered { to } if hops::is_anothers(cloud, to, event.headers.ip?.destination) => {
            Some(Outcome::Forwarded)
        }
        Step::Delivered { .. } => Some(Outcome::Delivered),
        Step::PassedOn { .. } => Some(Outcome::Forwarded),
        _ => None,
    });
    match reaction {
        Reaction::Answered => Outcome::Answered,
        Reaction::Refused => Outcome::Refused,
        _ if is_dropped(conversation.there()) => Outcome::Dropped,
        _ if is_dropped(conversation.back()) => Outcome::AnswerDropped,
        _ => last.unwrap_or(Outcome::NotSent),
    }
}

fn is_dropped(events: &[TraceEvent]) -> bool {
    events.iter().any(|event| matches!(event.step, Step::Dropped(_)))
}

/// A packet as it left its sender.
fn first_packet(events: &[TraceEvent]) -> Option<PacketSummary> {
    events.first().map(|event| drops::packet(&event.headers))
}
