//! For people: the transcript first, the verdict after.
//!
//! The transcript is what the person would have seen. Lines of our own start with a sign and are indented, so that they cannot
//! be taken for a tool's; they keep to 100 columns, a tool's lines are never wrapped. Words carry every meaning, colours none.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use sim_core::lab::{
    CommandReport, DiagnosticReport, DropReport, FlowLogReport, Leg, Observer, RunHeader, RunSummary, StackSummary,
    StepReport,
};
use sim_core::{SimDuration, SimTime};

use super::{Render, title, wireshark_command};

/// Our own lines end here.
const COLUMNS: usize = 100;

/// So many files of flow logs are named; a large lab has one for each of its interfaces.
const FLOW_LOGS: usize = 10;

/// How much is said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Detail {
    /// The transcript and nothing else, byte for byte.
    TranscriptOnly,
    /// A line for a step that held.
    Quiet,
    /// The transcript, the verdicts, unexpected drops.
    Normal,
    /// Expected drops, exit statuses and virtual times too.
    Verbose,
}

/// Renders for people.
pub(super) struct Human<W> {
    to: W,
    detail: Detail,
    styles: Styles,
    shows_real_time: bool,
    runs: usize,
    /// Kept back until the real time is known.
    pending: Option<RunSummary>,
}

/// What is coloured.
#[derive(Clone, Copy, Debug, Default)]
struct Styles {
    title: Style,
    ok: Style,
    failed: Style,
    dropped: Style,
    faint: Style,
}

impl<W: Write> Human<W> {
    /// Renders to `to`, without colours and real times.
    pub(super) fn new(to: W, detail: Detail) -> Human<W> {
        Human { to, detail, styles: Styles::default(), shows_real_time: false, runs: 0, pending: None }
    }

    /// With colours or without.
    pub(super) fn coloured(mut self, colours: bool) -> Human<W> {
        if colours {
            self.styles = Styles {
                title: Style::new().bold(),
                ok: AnsiColor::Green.on_default(),
                failed: AnsiColor::Red.on_default().bold(),
                dropped: AnsiColor::Yellow.on_default(),
                faint: Style::new().dimmed(),
            };
        }
        self
    }

    /// Whether the real time of a run is told. It differs from run to run.
    pub(super) fn with_real_time(mut self, shown: bool) -> Human<W> {
        self.shows_real_time = shown;
        self
    }

    fn command(&mut self, command: &CommandReport) -> io::Result<()> {
        let faint = self.styles.faint;
        // A shell shows `> ` where it waits for the rest of a here-document or of a quoted text.
        let mut prompt = command.prompt.as_str();
        for line in command.line.lines() {
            writeln!(self.to, "   {faint}{prompt}{faint:#} {}", printable(line))?;
            prompt = ">";
        }
        let mut bytes = Vec::new();
        command.terminal.iter().for_each(|output| bytes.extend_from_slice(&output.bytes));
        for line in String::from_utf8_lossy(&bytes).lines() {
            // What a carriage return overwrote (a progress meter) is not seen in the end.
            let line = printable(line.trim_end_matches('\r').rsplit('\r').next().unwrap_or_default());
            if line.is_empty() { writeln!(self.to)? } else { writeln!(self.to, "   {line}")? }
        }
        if self.detail == Detail::Verbose
            && let Some(exit) = command.exit.filter(|&exit| exit != 0)
        {
            writeln!(self.to, "   {faint}exit {exit}{faint:#}")?;
        }
        Ok(())
    }

    fn verdict(&mut self, step: &StepReport) -> io::Result<()> {
        let Styles { ok, failed, .. } = self.styles;
        if step.is_ok() {
            for (drop, times) in grouped(&step.drops) {
                if !drop.expected {
                    self.drop(drop, times, "! ", 3)?;
                } else if self.detail == Detail::Verbose {
                    self.drop(drop, times, "✗ ", 3)?;
                }
            }
            if step.passed.is_empty() {
                return writeln!(self.to, "   {ok}ok{ok:#}");
            }
            write!(self.to, "   {ok}ok{ok:#}  ")?;
            return self.wrapped(&format!("as expected: {}", step.passed), 7, 7);
        }
        write!(self.to, "   {failed}FAILED{failed:#}  ")?;
        for (index, failure) in step.failures.iter().enumerate() {
            self.wrapped(&failure.text, if index == 0 { 11 } else { 0 }, 11)?;
        }
        for (drop, times) in grouped(&step.drops) {
            if !drop.expected || self.detail == Detail::Verbose {
                self.drop(drop, times, "✗ ", 11)?;
            }
        }
        Ok(())
    }

    /// A drop: what was lost and the code, who did it and why, where that is written, where the frame is, what would help.
    fn drop(&mut self, drop: &DropReport, times: Times, sign: &str, indent: usize) -> io::Result<()> {
        let style = self.styles.dropped;
        let text = &drop.packet.text;
        let packet = match times {
            Times { count: 1, .. } => text.clone(),
            Times { count, other_ports: 0 } => format!("{text} ({count} times)"),
            Times { other_ports, .. } => format!("{text} (and {other_ports} more, other ports)"),
        };
        let code = drop.code.as_str();
        write!(self.to, "{:indent$}{style}{sign}dropped{style:#}  {packet}", "")?;
        let used = indent + sign.chars().count() + "dropped  ".len() + packet.chars().count();
        let inner = indent + 2;
        if used + 3 + code.len() <= COLUMNS {
            writeln!(self.to, "   {style}{code}{style:#}")?;
        } else {
            writeln!(self.to, "\n{:inner$}{style}{code}{style:#}", "")?;
        }
        let by = match drop.leg {
            Leg::Forward => format!("by {}: {}", drop.component, drop.text),
            Leg::Return => {
                format!("the request arrived, the answer was dropped by {}: {}", drop.component, drop.text)
            }
        };
        self.wrapped(&by, 0, inner)?;
        let mut places = Vec::new();
        if let Some(source) = &drop.source {
            places.push(source.to_string());
        }
        if let (Some(frame), Some(capture)) = (drop.frame, &drop.capture) {
            let first = if times.count == 1 { "" } else { "first: " };
            places.push(format!("{first}frame {frame} of {capture}"));
        }
        if !places.is_empty() {
            self.wrapped(&places.join("   "), 0, inner)?;
        }
        if let Some(hint) = &drop.hint {
            self.wrapped(&format!("hint: {hint}"), 0, inner)?;
        }
        Ok(())
    }

    /// Writes words, wrapped, and a line end. `column` is where the line already is (0: nowhere yet); lines begin at `indent`.
    fn wrapped(&mut self, text: &str, column: usize, indent: usize) -> io::Result<()> {
        let mut column = column;
        for paragraph in text.lines() {
            let (mut line, mut at) = (String::new(), column);
            if column == 0 {
                (line, at) = (" ".repeat(indent), indent);
            }
            let mut fresh = true;
            // Spaces stay with the word before them, so that several in a row keep parts of a line apart.
            for word in paragraph.split_inclusive(' ') {
                if !fresh && at + word.trim_end().chars().count() > COLUMNS {
                    writeln!(self.to, "{}", line.trim_end())?;
                    (line, at) = (" ".repeat(indent), indent);
                }
                line.push_str(&printable(word));
                at += word.chars().count();
                fresh = false;
            }
            writeln!(self.to, "{}", line.trim_end())?;
            column = 0;
        }
        Ok(())
    }

    /// The lines after the last step. Kept back until the real time is known, where it is shown.
    fn closing(&mut self, summary: &RunSummary, real: Option<Duration>) -> io::Result<()> {
        let Styles { ok, failed, .. } = self.styles;
        let steps = plural(summary.steps, "step");
        writeln!(self.to)?;
        if summary.interrupted {
            writeln!(self.to, "{failed}interrupted{failed:#} before the last step was done")?;
        }
        write!(self.to, "{steps}: {ok}{} ok{ok:#}", summary.ok)?;
        if summary.failed > 0 {
            write!(self.to, ", {failed}{} failed{failed:#}", summary.failed)?;
        }
        write!(self.to, "     {} virtual", readable(summary.virtual_time))?;
        if let Some(real) = real {
            let nanos = u64::try_from(real.as_nanos()).unwrap_or(u64::MAX);
            write!(self.to, ", {} real", readable(SimDuration::from_nanos(nanos)))?;
        }
        writeln!(self.to)?;
        if let Some(captures) = &summary.captures {
            let frames = plural(captures.frames, "frame");
            writeln!(self.to, "{}   {frames}, {} dropped", captures.all, summary.dropped)?;
            writeln!(self.to, "  {}", wireshark_command(captures, summary.dropped))?;
        }
        for FlowLogReport { path, records } in summary.flow_logs.iter().take(FLOW_LOGS) {
            writeln!(self.to, "{path}   {}", plural(*records, "record"))?;
        }
        if let Some(more) = summary.flow_logs.len().checked_sub(FLOW_LOGS).filter(|more| *more > 0) {
            writeln!(self.to, "  and {} beside them", plural(more, "flow log file"))?;
        }
        if summary.unwritten_flow_logs > 0 {
            let logs = plural(summary.unwritten_flow_logs, "flow log");
            writeln!(self.to, "{logs} not written: the files go beside the captures, and --no-captures was given")?;
        }
        self.to.flush()
    }
}

impl<W: Write> Observer for Human<W> {
    fn header(&mut self, header: &RunHeader) -> io::Result<()> {
        if self.detail == Detail::TranscriptOnly {
            return Ok(());
        }
        if self.runs > 0 {
            writeln!(self.to)?;
        }
        self.runs += 1;
        let Styles { title: bold, faint, .. } = self.styles;
        let name = printable(&header.name);
        let gap = 53_usize.saturating_sub(name.chars().count()).max(2);
        let facts = format!("{}  seed {}", header.region, header.seed);
        writeln!(self.to, "{bold}{name}{bold:#}{:gap$}{faint}{facts}{faint:#}", "")?;
        if self.detail != Detail::Quiet {
            if let Some(description) = &header.description {
                let description = description.split_whitespace().collect::<Vec<_>>().join(" ");
                self.wrapped(&description, 0, 2)?;
            }
            for stack in &header.stacks {
                self.wrapped(&stack_line(stack), 0, 2)?;
            }
        }
        self.to.flush()
    }

    fn warning(&mut self, _: &DiagnosticReport) -> io::Result<()> {
        // Talk: the command shows it on standard error.
        Ok(())
    }

    fn step(&mut self, step: &StepReport) -> io::Result<()> {
        if self.detail == Detail::TranscriptOnly {
            for command in &step.commands {
                let line = command.line.trim_end_matches('\n').replace('\n', "\n> ");
                writeln!(self.to, "{} {line}", command.prompt)?;
                command.terminal.iter().try_for_each(|output| self.to.write_all(&output.bytes))?;
            }
            return self.to.flush();
        }
        let Styles { title: bold, ok, faint, .. } = self.styles;
        let (number, name) = (step.number, heading(&printable(&title(step))));
        if self.detail == Detail::Quiet && step.is_ok() {
            writeln!(self.to, "{number:<2} {bold}{name}{bold:#}   {ok}ok{ok:#}")?;
            for (drop, times) in grouped(&step.drops) {
                if !drop.expected {
                    self.drop(drop, times, "! ", 3)?;
                }
            }
            return self.to.flush();
        }
        if self.detail != Detail::Quiet {
            writeln!(self.to)?;
        }
        writeln!(self.to, "{number:<2} {bold}{name}{bold:#}")?;
        for command in &step.commands {
            self.command(command)?;
        }
        for note in &step.notes {
            self.wrapped(&format!("note: {note}"), 0, 3)?;
        }
        self.verdict(step)?;
        if self.detail == Detail::Verbose {
            let at = clock(step.started);
            writeln!(self.to, "   {faint}at {at}, took {}{faint:#}", readable(step.took()))?;
        }
        self.to.flush()
    }

    fn summary(&mut self, summary: &RunSummary) -> io::Result<()> {
        match self.detail {
            Detail::TranscriptOnly => Ok(()),
            _ if self.shows_real_time => {
                self.pending = Some(summary.clone());
                Ok(())
            }
            _ => self.closing(summary, None),
        }
    }
}

impl<W: Write> Render for Human<W> {
    fn invalid(&mut self, _: &str, _: &[DiagnosticReport]) -> io::Result<()> {
        // The problems are shown on standard error, and there is nothing else to say.
        Ok(())
    }

    fn aborted(&mut self, _: &str) -> io::Result<()> {
        self.to.flush()
    }

    fn took(&mut self, real: Duration) -> io::Result<()> {
        match self.pending.take() {
            Some(summary) => self.closing(&summary, Some(real)),
            None => Ok(()),
        }
    }

    fn end(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// How often something like a packet was lost.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Times {
    count: usize,
    /// How many of them differ in their ports from the one that is shown.
    other_ports: usize,
}

/// So many packets between two hosts that differ in their ports alone are told of one by one; more are a `traceroute` or a scan.
const PORTS_SHOWN: usize = 4;

/// Drops that tell the same story once, with how many there were: a SYN that is sent again is lost again.
fn grouped(drops: &[DropReport]) -> Vec<(&DropReport, Times)> {
    let mut groups: Vec<(&DropReport, Times)> = Vec::new();
    for drop in drops {
        let same = |group: &DropReport| is_alike(group, drop) && group.packet.text == drop.packet.text;
        match groups.iter_mut().find(|(group, _)| same(group)) {
            Some((_, times)) => times.count += 1,
            None => groups.push((drop, Times { count: 1, other_ports: 0 })),
        }
    }
    let mut shown: Vec<(&DropReport, Times)> = Vec::new();
    for &(drop, times) in &groups {
        let alike = groups.iter().filter(|(other, _)| is_alike(other, drop)).count();
        match shown.iter_mut().find(|(first, _)| alike > PORTS_SHOWN && is_alike(first, drop)) {
            Some((_, first)) => {
                first.count += times.count;
                first.other_ports += times.count;
            }
            None => shown.push((drop, times)),
        }
    }
    shown
}

/// Whether two drops differ at most in the packets' ports.
fn is_alike(one: &DropReport, other: &DropReport) -> bool {
    let (packet, another) = (&one.packet, &other.packet);
    let has_ports = packet.source_port.is_some() && another.source_port.is_some();
    one.code == other.code
        && one.component.id == other.component.id
        && one.leg == other.leg
        && one.expected == other.expected
        && packet.protocol == another.protocol
        && packet.source == another.source
        && packet.destination == another.destination
        && packet.flags == another.flags
        && (has_ports || packet.text == another.text)
}

fn stack_line(stack: &StackSummary) -> String {
    let mut line = format!("stack {}: {}", stack.name, plural(stack.resources, "resource"));
    if stack.vpcs > 0 {
        let _ = write!(line, " in {}", plural(stack.vpcs, "VPC"));
    }
    if stack.instances > 0 {
        let _ = write!(line, "; {} up at {}", plural(stack.instances, "instance"), clock(stack.up_at));
    }
    line
}

fn plural(count: impl TryInto<u64>, noun: &str) -> String {
    let count = count.try_into().unwrap_or(u64::MAX);
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// `00:00:41`, with days where there are some: nobody reads nanoseconds.
pub(super) fn clock(time: SimTime) -> String {
    let text = time.to_string();
    text.split_once('.').map_or(text.clone(), |(seconds, _)| seconds.to_owned())
}

/// A length of time in the unit that suits it: `640 ms`, `1.2 s`, `7 d 0 h`.
fn readable(length: SimDuration) -> String {
    let seconds = length.as_secs();
    match length.as_nanos() {
        nanos if nanos < 1_000_000 => format!("{} µs", length.as_micros()),
        nanos if nanos < 1_000_000_000 => format!("{} ms", length.as_millis()),
        _ if seconds < 60 => format!("{}.{} s", seconds, length.as_millis() / 100 % 10),
        _ if seconds < 3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ if seconds < 86_400 => format!("{} h {} min", seconds / 3_600, seconds / 60 % 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds / 3_600 % 24),
    }
}

/// A step's name on the line of its number: cut where the line would be too long, as an unnamed step's command may be.
fn heading(name: &str) -> String {
    /// What is left for the name beside its number and a verdict.
    const WIDTH: usize = COLUMNS - 15;
    if name.chars().count() <= WIDTH {
        return name.to_owned();
    }
    name.chars().take(WIDTH - 1).chain(['…']).collect()
}

/// Text that cannot steer the terminal: control characters are shown as `^[`.
pub(super) fn printable(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut shown, character| {
        match character {
            '\t' => shown.push('\t'),
            '\0'..='\x1f' => shown.extend(['^', char::from(character as u8 + b'@')]),
            '\x7f' => shown.push_str("^?"),
            _ => shown.push(character),
        }
        shown
    })
}

#[cfg(test)]
#[path = "human_tests.rs"]
mod tests;
