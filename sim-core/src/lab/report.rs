//! What a run tells, step by step: plain data from which text, JSON, JUnit and the other formats are all rendered.
//!
//! The runner fills these values and hands them to an [`Observer`] as they come about, so that output streams. Nothing here
//! knows a terminal, a column width or a file format; everything is complete (full ids, nanoseconds), and a renderer
//! shortens what it likes. The words and their order follow the scenario format's account of what a run writes.

use std::fmt;
use std::io;
use std::ops::ControlFlow;

use crate::engine::{SimDuration, SimTime};
use crate::frontend::diagnostic::Severity;
use crate::id::{ResourceId, ResourceKind};
use crate::trace::{CaptureError, Direction, DropCode, Leg};

/// Receives a run's results in order: one header, the warnings, the steps, one summary.
///
/// An observer sees results and cannot change them. If it cannot write what it sees (a closed pipe), the run stops with
/// [`RunError::Output`].
pub trait Observer {
    /// The scenario was read and its stacks are up.
    ///
    /// # Errors
    /// What the output answers when it cannot be written to.
    fn header(&mut self, header: &RunHeader) -> io::Result<()>;

    /// Something in the user's files deserves a word. Comes before or after the header, as the files are read.
    ///
    /// # Errors
    /// As for [`Observer::header`].
    fn warning(&mut self, diagnostic: &DiagnosticReport) -> io::Result<()>;

    /// A step is done.
    ///
    /// # Errors
    /// As for [`Observer::header`].
    fn step(&mut self, step: &StepReport) -> io::Result<()>;

    /// Every step is done.
    ///
    /// # Errors
    /// As for [`Observer::header`].
    fn summary(&mut self, summary: &RunSummary) -> io::Result<()>;

    /// The run goes on. Told often, and at moments that mean nothing: an observer that shows this decides when. Answering
    /// [`ControlFlow::Break`] stops the run: the step under way ends as failed, no further step begins, and the captures and
    /// the summary tell what was seen so far.
    fn progress(&mut self, progress: &Progress<'_>) -> ControlFlow<()> {
        let _ = progress;
        ControlFlow::Continue(())
    }
}

/// How far a run has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Progress<'a> {
    /// Virtual time.
    pub now: SimTime,
    /// How many frames were received over a link so far.
    pub packet_hops: u64,
    /// The number and title of the step under way; none while the stacks are created.
    pub step: Option<(u32, &'a str)>,
}

/// Why a run did not come to its summary.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The scenario or a template is wrong; nothing was run. All problems at once, warnings among them.
    #[error("the scenario cannot be run")]
    Invalid(Vec<DiagnosticReport>),
    /// The captures cannot be written.
    #[error(transparent)]
    Captures(#[from] CaptureError),
    /// The observer asked to stop before the first step.
    #[error("interrupted before the first step")]
    Interrupted,
    /// The observer cannot write.
    #[error("cannot write the results: {0}")]
    Output(#[from] io::Error),
}

/// What is known before the first step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RunHeader {
    /// The scenario's `name`.
    pub name: String,
    /// The scenario's `description`.
    pub description: Option<String>,
    /// The scenario file, as the user would type it.
    pub file: String,
    /// The default Region's name.
    pub region: String,
    /// The seed that is used.
    pub seed: u64,
    /// The stacks, in the scenario's order.
    pub stacks: Vec<StackSummary>,
}

/// A stack that was created.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StackSummary {
    /// The stack's name.
    pub name: String,
    /// How many resources it made.
    pub resources: usize,
    /// How many of them are VPCs.
    pub vpcs: usize,
    /// How many of them are instances.
    pub instances: usize,
    /// When its last instance had booted.
    pub up_at: SimTime,
}

/// A line of a file, counted from 1.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct SourceLine {
    /// The file, as the user would type it.
    pub file: String,
    /// The line.
    pub line: u32,
}

impl fmt::Display for SourceLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// A step and what came of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StepReport {
    /// The step's number, from 1.
    pub number: u32,
    /// The step's `name`, else its first command.
    pub title: String,
    /// Where the step is written.
    pub source: Option<SourceLine>,
    /// What was typed and what the terminal showed, in order. Empty for a `wait`.
    pub commands: Vec<CommandReport>,
    /// Every packet that was lost during the step, in order of time.
    pub drops: Vec<DropReport>,
    /// Every expectation that did not hold. The step failed if there is one.
    pub failures: Vec<Failure>,
    /// What held, for the line of a passed step: `exit 1, 100% packet loss`. Empty if there was nothing beyond the default.
    pub passed: String,
    /// Virtual time at the start.
    pub started: SimTime,
    /// Virtual time at the end.
    pub ended: SimTime,
    /// Remarks: what is not simulated, what was not understood.
    pub notes: Vec<String>,
}

impl StepReport {
    /// Whether every expectation held.
    pub fn is_ok(&self) -> bool {
        self.failures.is_empty()
    }

    /// How much virtual time the step took.
    pub fn took(&self) -> SimDuration {
        self.ended.since(self.started)
    }
}

/// A command and its terminal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CommandReport {
    /// What stands before the command: `ljhVPC1-EC2$`, or `$` on the operator's workstation.
    pub prompt: String,
    /// What was typed, after substitution. Several lines where a here-document or an open quote made them.
    pub line: String,
    /// What came out, in the order in which it came out.
    pub terminal: Vec<Output>,
    /// The exit status; none while the command runs on in the background.
    pub exit: Option<i32>,
}

/// A piece of a command's output.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Output {
    /// Where it was written to.
    pub stream: OutputStream,
    /// The bytes, which need be neither whole lines nor UTF-8.
    pub bytes: Vec<u8>,
}

/// The two output streams of a command.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum OutputStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl OutputStream {
    /// The stream's name.
    pub fn as_str(self) -> &'static str {
        match self {
            OutputStream::Stdout => "stdout",
            OutputStream::Stderr => "stderr",
        }
    }
}

/// An expectation that did not hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// A clause for people: `expected stdout to contain "1 received"`.
    pub text: String,
    /// What was expected, for machines.
    pub expected: String,
    /// What was there instead, for machines.
    pub actual: String,
}

/// A packet that was lost, with who lost it and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DropReport {
    /// When.
    pub time: SimTime,
    /// The stable code.
    pub code: DropCode,
    /// Into or out of the component, where there is a direction.
    pub direction: Option<Direction>,
    /// Whether the first packet of the exchange or its answer was lost.
    pub leg: Leg,
    /// Who decided.
    pub component: Component,
    /// Which packet.
    pub packet: PacketSummary,
    /// Where the rule or route that decided was written.
    pub source: Option<DropSource>,
    /// The same outcome in Batfish's words.
    pub disposition: Disposition,
    /// A sentence: who decided, what it looked for, on which packet. No full stop.
    pub text: String,
    /// What would let exactly this packet through, if that is certain.
    pub hint: Option<String>,
    /// The frame's number in [`DropReport::capture`], from 1.
    pub frame: Option<u64>,
    /// The capture that has the frame, as the user would type it.
    pub capture: Option<String>,
    /// Whether the step's `expect: dropped:` asked for it.
    pub expected: bool,
}

/// A resource that decided.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Component {
    /// The full id.
    pub id: ResourceId,
    /// The `Name` tag.
    pub name: Option<String>,
    /// The template's name for it.
    pub logical_id: Option<String>,
    /// What it is, in a reader's words: `security group`, `route table`.
    pub kind: String,
}

impl Component {
    /// The name a person knows it by: an instance by its `Name` tag, everything else by the template's name for it first.
    pub fn known_as(&self) -> Option<&str> {
        let (name, logical_id) = (self.name.as_deref(), self.logical_id.as_deref());
        match self.id.kind() {
            ResourceKind::Instance => name.or(logical_id),
            _ => logical_id.or(name),
        }
    }
}

impl fmt::Display for Component {
    /// `PublicRouteTable0101 (rtb-0f3c…)`, or the full id where there is no name. What is outside AWS has no id that anyone
    /// would know.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.known_as() {
            Some(name) if self.id.kind() == ResourceKind::InternetHost => f.write_str(name),
            Some(name) => write!(f, "{name} ({})", self.id.short()),
            None => write!(f, "{}", self.id),
        }
    }
}

/// A packet in a few words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PacketSummary {
    /// `icmp`, `tcp`, `udp`, `arp` or the protocol's number.
    pub protocol: String,
    /// Source address.
    pub source: String,
    /// Source port.
    pub source_port: Option<u16>,
    /// Destination address.
    pub destination: String,
    /// Destination port.
    pub destination_port: Option<u16>,
    /// TCP flags, as tcpdump writes them.
    pub flags: Option<String>,
    /// All of it for people: `icmp echo reply 10.42.1.100 → 10.41.1.100`.
    pub text: String,
}

/// Where what decided was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DropSource {
    /// A line of a template.
    Line(SourceLine),
    /// An `aws` command of this step, from 1.
    Step(u32),
}

impl fmt::Display for DropSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DropSource::Line(line) => write!(f, "{line}"),
            DropSource::Step(number) => write!(f, "step {number}"),
        }
    }
}

/// What became of a packet, in the words of Batfish's flow dispositions, which other tools know.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Disposition {
    /// A filter refused it on its way in.
    DeniedIn,
    /// A filter refused it on its way out.
    DeniedOut,
    /// No route.
    NoRoute,
    /// A blackhole route.
    NullRouted,
    /// Nobody owns the address.
    NeighborUnreachable,
    /// None of Batfish's words fits: a gateway's own rule, a size, a link.
    Dropped,
}

impl Disposition {
    /// The word for a code. `direction` is that of the drop; a filter without one is taken as the way in.
    pub fn of(code: DropCode, direction: Option<Direction>) -> Disposition {
        use DropCode as C;
        match code {
            C::NoRouteToDestination => Disposition::NoRoute,
            C::BadStateRoute => Disposition::NullRouted,
            C::NoPossibleDestination | C::InternetNoSuchHost => Disposition::NeighborUnreachable,
            C::EniSgRulesMismatch
            | C::SgHasNoRules
            | C::SgReferencesNotPreserved
            | C::UnknownPeeredSgs
            | C::SubnetAclRestriction
            | C::EniSourceDestCheckRestriction => match direction {
                Some(Direction::Egress) => Disposition::DeniedOut,
                Some(Direction::Ingress) | None => Disposition::DeniedIn,
            },
            _ => Disposition::Dropped,
        }
    }

    /// The word in machine formats.
    pub fn as_str(self) -> &'static str {
        match self {
            Disposition::DeniedIn => "DENIED_IN",
            Disposition::DeniedOut => "DENIED_OUT",
            Disposition::NoRoute => "NO_ROUTE",
            Disposition::NullRouted => "NULL_ROUTED",
            Disposition::NeighborUnreachable => "NEIGHBOR_UNREACHABLE",
            Disposition::Dropped => "DROPPED",
        }
    }
}

/// What is known after the last step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RunSummary {
    /// How many steps there were.
    pub steps: usize,
    /// How many held.
    pub ok: usize,
    /// How many did not.
    pub failed: usize,
    /// How much virtual time passed.
    pub virtual_time: SimDuration,
    /// How many frames were received over a link: the simulator's work.
    pub packet_hops: u64,
    /// The captures, if any were written.
    pub captures: Option<CapturesReport>,
    /// The files of VPC flow logs, if captures were written and anything was logged.
    pub flow_logs: Vec<FlowLogReport>,
    /// How many VPC flow logs the lab had that were not written, since no captures were.
    pub unwritten_flow_logs: usize,
    /// How many packets were dropped.
    pub dropped: u64,
    /// Whether the observer stopped the run before its last step was done.
    pub interrupted: bool,
}

/// Captures that were written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CapturesReport {
    /// The file with every frame, as the user would type it: `captures/vpc-peering/all.pcapng`.
    pub all: String,
    /// Whether packets carry comments (pcapng does, the classic format cannot).
    pub comments: bool,
    /// How many frames it has.
    pub frames: u64,
}

/// A file of a VPC flow log: what it says of one interface.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FlowLogReport {
    /// The file, as the user would type it: `captures/flow-logs/fl-0…_eni-0…-all.log`.
    pub path: String,
    /// How many records it has.
    pub records: u64,
}

/// A problem with the user's files, rendered once for people and kept in parts for machines.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DiagnosticReport {
    /// The stable code, as in `VPC021`.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// Where.
    pub source: Option<SourceLine>,
    /// The column of [`DiagnosticReport::source`], in characters from 1.
    pub column: Option<u32>,
    /// What to do.
    pub help: Option<String>,
    /// The whole diagnostic as people read it, without colours; ends with a newline.
    pub plain: String,
    /// The same with colours.
    pub coloured: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_denies_in_the_direction_it_judged() {
        assert_eq!(Disposition::of(DropCode::EniSgRulesMismatch, Some(Direction::Egress)).as_str(), "DENIED_OUT");
        assert_eq!(Disposition::of(DropCode::EniSgRulesMismatch, Some(Direction::Ingress)).as_str(), "DENIED_IN");
        assert_eq!(Disposition::of(DropCode::BadStateRoute, Some(Direction::Egress)).as_str(), "NULL_ROUTED");
    }

    #[test]
    fn a_component_without_a_name_shows_its_full_id() {
        let id: ResourceId = "igw-00123456789abcdef".parse().expect("a well-formed id");
        let mut component = Component { id, name: None, logical_id: None, kind: "Internet gateway".to_owned() };
        assert_eq!(component.to_string(), "igw-00123456789abcdef");
        component.logical_id = Some("InternetGateway0101".to_owned());
        assert_eq!(component.to_string(), "InternetGateway0101 (igw-0012…)");
        component.name = Some("edge".to_owned());
        assert_eq!(component.to_string(), "InternetGateway0101 (igw-0012…)");
        let instance = "i-00123456789abcdef".parse().expect("a well-formed id");
        assert_eq!(Component { id: instance, ..component }.to_string(), "edge (i-0012…)");
    }
}
