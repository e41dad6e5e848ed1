//! GitHub workflow commands: an error on the step's line in the scenario, a notice on the template's line that lost the packet,
//! and a table for the job's summary page (GitHub, "Workflow commands for GitHub Actions").

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::PathBuf;

use sim_core::Severity;
use sim_core::lab::{
    DiagnosticReport, DropReport, DropSource, Leg, Observer, RunHeader, RunSummary, SourceLine, StepReport,
};

use super::{Render, title};

/// Renders annotations.
pub(super) struct Github<W> {
    to: W,
    /// The job's summary page, to which a table is appended.
    page: Option<PathBuf>,
    name: String,
    rows: String,
}

impl<W: Write> Github<W> {
    /// Renders annotations to `to` and appends a table to `page`.
    pub(super) fn new(to: W, page: Option<PathBuf>) -> Github<W> {
        Github { to, page, name: String::new(), rows: String::new() }
    }

    fn annotate(&mut self, level: &str, place: Option<&SourceLine>, title: &str, message: &str) -> io::Result<()> {
        write!(self.to, "::{level} ")?;
        if let Some(SourceLine { file, line }) = place {
            write!(self.to, "file={},line={line},", property(file))?;
        }
        writeln!(self.to, "title={}::{}", property(title), data(message))
    }

    fn diagnostic(&mut self, diagnostic: &DiagnosticReport) -> io::Result<()> {
        let level = match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let message = match &diagnostic.help {
            Some(help) => format!("{}\nhelp: {help}", diagnostic.message),
            None => diagnostic.message.clone(),
        };
        self.annotate(level, diagnostic.source.as_ref(), diagnostic.code, &message)
    }

    fn append_to_page(&self, text: &str) -> io::Result<()> {
        match &self.page {
            Some(page) => OpenOptions::new().create(true).append(true).open(page)?.write_all(text.as_bytes()),
            None => Ok(()),
        }
    }
}

impl<W: Write> Observer for Github<W> {
    fn header(&mut self, header: &RunHeader) -> io::Result<()> {
        self.name = header.name.clone();
        self.rows.clear();
        Ok(())
    }

    fn warning(&mut self, diagnostic: &DiagnosticReport) -> io::Result<()> {
        self.diagnostic(diagnostic)
    }

    fn step(&mut self, step: &StepReport) -> io::Result<()> {
        let title = title(step);
        let verdict = if step.is_ok() { "ok".to_owned() } else { message(step) };
        let _ = writeln!(self.rows, "| {} | {} | {} |", step.number, cell(&title), cell(&verdict));
        if step.is_ok() {
            return Ok(());
        }
        self.annotate("error", step.source.as_ref(), &title, &verdict)?;
        for drop in unexpected(step) {
            if let Some(DropSource::Line(place)) = &drop.source {
                let text = format!("{} dropped {} here", drop.packet.text, drop.code);
                self.annotate("notice", Some(place), &title, &text)?;
            }
        }
        self.to.flush()
    }

    fn summary(&mut self, summary: &RunSummary) -> io::Result<()> {
        let RunSummary { steps, ok, failed, .. } = summary;
        let heading = format!("### {}: {steps} steps, {ok} ok, {failed} failed\n\n", cell(&self.name));
        let table = format!("{heading}| step | title | result |\n| --- | --- | --- |\n{}\n", self.rows);
        self.append_to_page(&table)?;
        writeln!(self.to, "{}: {steps} steps, {ok} ok, {failed} failed", data(&self.name))?;
        self.to.flush()
    }
}

impl<W: Write> Render for Github<W> {
    fn invalid(&mut self, file: &str, diagnostics: &[DiagnosticReport]) -> io::Result<()> {
        for diagnostic in diagnostics {
            self.diagnostic(diagnostic)?;
        }
        self.append_to_page(&format!("### {}: cannot be run\n\n", cell(file)))?;
        self.to.flush()
    }

    fn aborted(&mut self, reason: &str) -> io::Result<()> {
        let name = std::mem::take(&mut self.name);
        self.annotate("error", None, &name, reason)
    }

    fn end(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// What failed, and what was lost that nobody expected.
fn message(step: &StepReport) -> String {
    let failures = step.failures.iter().map(|failure| failure.text.clone());
    let drops = unexpected(step).into_iter().map(|drop| {
        let what = match drop.leg {
            Leg::Forward => "packet",
            Leg::Return => "reply",
        };
        let id = drop.component.id.to_string();
        format!("{what} dropped {} by {}", drop.code, drop.component.known_as().unwrap_or(&id))
    });
    failures.chain(drops).collect::<Vec<_>>().join("; ")
}

/// Each story once: a packet that is sent again is lost again.
fn unexpected(step: &StepReport) -> Vec<&DropReport> {
    let mut drops: Vec<&DropReport> = Vec::new();
    for drop in step.drops.iter().filter(|drop| !drop.expected) {
        let known =
            |other: &&DropReport| other.code == drop.code && other.component == drop.component && other.leg == drop.leg;
        if !drops.iter().any(known) {
            drops.push(drop);
        }
    }
    drops
}

/// The text after `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of `file=`, `title=`.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// A cell of a Markdown table.
fn cell(text: &str) -> String {
    text.replace('\\', "\\\\").replace('|', "\\|").replace('<', "&lt;").replace(['\r', '\n'], " ")
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn a_failed_step_is_an_error_on_its_line_and_a_notice_on_the_template_s() {
        let mut bytes = Vec::new();
        sample::tell(&mut Github::new(&mut bytes, None)).expect("memory can be written");
        assert_eq!(
            String::from_utf8(bytes).expect("UTF-8"),
            "\
::error file=scenario.yaml,line=31,title=VPC1 pings VPC2::expected stdout to contain \"1 received\"; reply dropped NO_ROUTE_TO_DESTINATION by PublicRouteTable0102
::notice file=template.yaml,line=140,title=VPC1 pings VPC2::icmp echo reply 10.42.1.100 → 10.41.1.100 dropped NO_ROUTE_TO_DESTINATION here
VPC peering: 4 steps, 3 ok, 1 failed
"
        );
    }

    #[test]
    fn the_summary_page_gets_a_table_behind_what_is_there() {
        let page = std::env::temp_dir().join(format!("vpcsim-page-{}.md", std::process::id()));
        std::fs::write(&page, "before\n").expect("writable");
        sample::tell(&mut Github::new(io::sink(), Some(page.clone()))).expect("writable");
        let text = std::fs::read_to_string(&page).expect("written");
        let _ = std::fs::remove_file(&page);
        assert!(text.starts_with("before\n### VPC peering: 4 steps, 3 ok, 1 failed\n\n| step |"), "{text}");
        assert!(text.contains("| 1 | VPC1 cannot ping VPC2 | ok |\n"), "{text}");
    }

    #[test]
    fn a_user_s_text_cannot_begin_a_command_of_its_own() {
        assert_eq!(data("a\n::error::b 100%"), "a%0A::error::b 100%25");
        assert_eq!(property("a:b,c"), "a%3Ab%2Cc");
        assert_eq!(cell("a|b\n<c>"), "a\\|b &lt;c>");
    }
}
