//! What an explanation tells: plain data, from which text and JSON are rendered.

use super::super::report::{Component, DropSource, PacketSummary, StepReport};
use crate::trace::DropCode;

/// Why a packet gets through or does not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Explanation {
    /// The scenario's name.
    pub scenario: String,
    /// After which step the packet was sent; 0: after deployment.
    pub after_step: u32,
    /// Who sent it.
    pub from: String,
    /// Whom it is for, as it was asked for.
    pub to: String,
    /// The packet as it left; none if it was not sent.
    pub packet: Option<PacketSummary>,
    /// What came of it.
    pub outcome: Outcome,
    /// The hops of the packet, and past a drop the hops that would follow.
    pub there: Vec<HopReport>,
    /// The same of the answer.
    pub back: Vec<HopReport>,
    /// What the sending program saw.
    pub sender_sees: String,
    /// What lets the packet and its answer through, all of it together. Empty where that is not certain.
    pub remedies: Vec<String>,
    /// Remarks.
    pub notes: Vec<String>,
}

/// What came of a packet that was sent to be explained.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It was delivered and answered.
    Answered,
    /// It was delivered, and the target refused it: RST, or ICMP port unreachable.
    Refused,
    /// It was delivered, and nobody answered.
    Delivered,
    /// It came to an instance that forwards, and nobody answered.
    Forwarded,
    /// It was dropped.
    Dropped,
    /// It was delivered; its answer was dropped.
    AnswerDropped,
    /// It never left its host.
    NotSent,
}

impl Outcome {
    /// Whether the packet, and its answer if there is one, got through.
    pub fn is_delivered(self) -> bool {
        matches!(self, Outcome::Answered | Outcome::Refused | Outcome::Delivered)
    }

    /// The word in machine formats.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Answered => "answered",
            Outcome::Refused => "refused",
            Outcome::Delivered => "delivered",
            Outcome::Forwarded => "forwarded",
            Outcome::Dropped => "dropped",
            Outcome::AnswerDropped => "answer-dropped",
            Outcome::NotSent => "not-sent",
        }
    }
}

/// One hop of a packet: who decided what about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HopReport {
    /// Who.
    pub component: Component,
    /// The component as a line shows it: `sg web (sg-0a12…)`.
    pub label: String,
    /// What decided: the one rule, route or check.
    pub text: String,
    /// More lines: the rules that were tried.
    pub details: Vec<String>,
    /// What it did.
    pub verdict: HopVerdict,
    /// Whether it did happen. Past a drop it is what would happen if the packet had been let through.
    pub happened: bool,
    /// Where what decided was written.
    pub source: Option<DropSource>,
}

/// What a hop did to a packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HopVerdict {
    /// Let it pass.
    Pass,
    /// Changed an address or port.
    Rewrite,
    /// Handed it to its receiver.
    Delivered,
    /// Dropped it.
    Drop(DropCode),
}

impl HopVerdict {
    /// The word in machine formats.
    pub fn as_str(self) -> &'static str {
        match self {
            HopVerdict::Pass => "pass",
            HopVerdict::Rewrite => "rewrite",
            HopVerdict::Delivered => "delivered",
            HopVerdict::Drop(_) => "drop",
        }
    }
}

/// What happened to the packets of a step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StepExplanation {
    /// The scenario's name.
    pub scenario: String,
    /// The step, with every packet that it lost.
    pub step: StepReport,
    /// The first packet of the step; none if it sent none.
    pub packet: Option<PacketSummary>,
    /// Its hops.
    pub there: Vec<HopReport>,
    /// The hops of the first packet that answered it.
    pub back: Vec<HopReport>,
}
