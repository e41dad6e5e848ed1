//! Who reaches whom: every pair of hosts, each by a packet that is really sent and answered, or the reason why not.
//!
//! In one round every host sends to one other and is sent to by one: as many rounds as hosts but one, side by side in virtual
//! time. The next round begins when the last sender has its answer or has given up.

use std::path::Path;

use super::explain::{self, AskError, Conversation, End, Moment, Outcome, Sending, Sent, Service, label, send};
use super::report::Observer;
use super::session::Session;
use crate::engine::SimDuration;
use crate::trace::{DropCode, Purpose, Step};

/// A matrix of more pairs would be nothing to look at.
const PAIRS: usize = 10_000;

/// How long a sender waits for its answer. A SIM value: far longer than any way takes.
const WAIT: SimDuration = SimDuration::from_secs(2);

/// Who reaches whom.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Matrix {
    /// The scenario's name.
    pub scenario: String,
    /// After which step; 0: after deployment.
    pub after_step: u32,
    /// What was sent.
    pub service: Service,
    /// The hosts: instances by name, then the scenario's Internet hosts.
    pub hosts: Vec<String>,
    /// By sender, then by receiver; none for a host and itself.
    pub cells: Vec<Vec<Option<Cell>>>,
    /// The reasons, in the order in which they first occur.
    pub legend: Vec<Legend>,
}

/// What came of one packet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cell {
    /// A short word: `ok`, or what [`Matrix::legend`] explains.
    pub word: String,
    /// What came of it.
    pub outcome: Outcome,
    /// Why it or its answer was dropped.
    pub code: Option<DropCode>,
}

/// What a word of a [`Matrix`] means.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Legend {
    /// The word.
    pub word: String,
    /// The code, where the word stands for a drop.
    pub code: Option<DropCode>,
    /// A sentence about the first packet that it stands for. No full stop.
    pub text: String,
    /// How many packets it stands for.
    pub packets: usize,
}

/// Runs the scenario in `file` and finds out who reaches whom. The observer hears of warnings and of progress.
///
/// # Errors
/// See [`AskError`].
pub fn matrix(file: &Path, moment: Moment, service: Service, observer: &mut dyn Observer) -> Result<Matrix, AskError> {
    explain::at(file, moment, observer, |plan, session, run| {
        let names = session.names();
        let hosts: Vec<End> = names.hosts().filter_map(|(host, _)| End::of(session, &names, host)).collect();
        let pairs = hosts.len() * hosts.len().saturating_sub(1);
        if pairs > PAIRS {
            let text = format!("{} hosts are {pairs} pairs; a matrix takes at most {PAIRS}", hosts.len());
            return Err(AskError::Question(text));
        }
        let mut matrix = Matrix {
            scenario: plan.scenario.name.clone(),
            after_step: run.number,
            service,
            hosts: hosts.iter().map(|host| host.name.clone()).collect(),
            cells: vec![vec![None; hosts.len()]; hosts.len()],
            legend: Vec::new(),
        };
        for distance in 1..hosts.len() {
            matrix.round(session, &hosts, distance);
        }
        Ok(matrix)
    })
}

impl Matrix {
    /// Every host sends to the one that stands so far behind it.
    fn round(&mut self, session: &mut Session<'_>, hosts: &[End], distance: usize) {
        let mut pairs = Vec::new();
        let mut sendings = Vec::new();
        for (from, sender) in hosts.iter().enumerate() {
            let to = (from + distance) % hosts.len();
            match hosts[to].address_for(sender) {
                Some(address) => {
                    pairs.push((from, to));
                    let from = sender.clone();
                    sendings.push(Sending { from, to: address, service: self.service, wait: Some(WAIT) });
                }
                None => {
                    let text = format!("{} has no address that {} could send to", hosts[to].name, sender.name);
                    self.cells[from][to] = Some(self.cell("addr", Outcome::NotSent, None, || text));
                }
            }
        }
        let results = send(session, &sendings, Purpose::Tell);
        for ((from, to), sent) in pairs.into_iter().zip(results) {
            let cell = self.judge(session, &sent);
            self.cells[from][to] = Some(cell);
        }
    }

    fn judge(&mut self, session: &Session<'_>, sent: &Sent) -> Cell {
        let Sent { conversation, reaction, seen } = sent;
        let outcome = explain::outcome(session.world.cloud(), conversation, *reaction);
        let text = |text: &str| text.to_owned();
        match outcome {
            Outcome::Answered => Cell { word: text("ok"), outcome, code: None },
            Outcome::Refused => self.cell("ref", outcome, None, || {
                text("refused by the target itself: it was reached, and nothing listens there")
            }),
            Outcome::Delivered => self.cell("sent", outcome, None, || text("delivered, and nobody answered")),
            Outcome::Forwarded => {
                self.cell("fwd", outcome, None, || text("came to an instance that forwards, and nobody answered"))
            }
            Outcome::NotSent => self.cell("host", outcome, None, || seen.clone()),
            Outcome::Dropped | Outcome::AnswerDropped => self.dropped(session, conversation, outcome),
        }
    }

    fn dropped(&mut self, session: &Session<'_>, conversation: &Conversation, outcome: Outcome) -> Cell {
        let events = if outcome == Outcome::Dropped { conversation.there() } else { conversation.back() };
        let lost = events.iter().find_map(|event| match &event.step {
            Step::Dropped(reason) => Some((event, reason)),
            _ => None,
        });
        let (event, reason) = lost.expect("a dropped packet has its drop among its events");
        let names = session.names();
        let mut word = reason.by.kind().prefix().to_owned();
        if outcome == Outcome::AnswerDropped {
            word.push('<');
        }
        self.cell(&word, outcome, Some(reason.code), || {
            let which = if outcome == Outcome::Dropped { "" } else { "the answer: " };
            let sentence = reason.sentence(&event.headers, &|id| names.display(id));
            format!("{which}{}: {sentence}", label(&names, reason.by))
        })
    }

    /// A cell under a word of its own for each code, with its place in the legend.
    fn cell(&mut self, word: &str, outcome: Outcome, code: Option<DropCode>, text: impl FnOnce() -> String) -> Cell {
        let is_same = |legend: &&mut Legend| {
            legend.code == code && legend.word.trim_end_matches(|digit: char| digit.is_ascii_digit()) == word
        };
        let word = match self.legend.iter_mut().find(is_same) {
            Some(legend) => {
                legend.packets += 1;
                legend.word.clone()
            }
            None => {
                let alike = self.legend.iter().filter(|legend| legend.word.starts_with(word)).count();
                let word = if alike == 0 { word.to_owned() } else { format!("{word}{}", alike + 1) };
                self.legend.push(Legend { word: word.clone(), code, text: text(), packets: 1 });
                word
            }
        };
        Cell { word, outcome, code }
    }
}
