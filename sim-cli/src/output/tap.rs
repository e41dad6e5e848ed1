//! TAP version 14 (testanything.org): a test point for each step, with YAML diagnostics for those that failed.
//!
//! Several scenarios make one stream: TAP has one plan, which may stand at the end.

use std::io::{self, Write};

use serde_json::Value;
use sim_core::Severity;
use sim_core::lab::{DiagnosticReport, Observer, RunHeader, RunSummary, StepReport};

use super::{Render, title};

/// Renders TAP.
pub(super) struct Tap<W> {
    to: W,
    points: usize,
    began: bool,
}

impl<W: Write> Tap<W> {
    /// Renders to `to`.
    pub(super) fn new(to: W) -> Tap<W> {
        Tap { to, points: 0, began: false }
    }

    fn begin(&mut self) -> io::Result<()> {
        if !std::mem::replace(&mut self.began, true) {
            writeln!(self.to, "TAP version 14")?;
        }
        Ok(())
    }

    fn point(&mut self, ok: bool, description: &str) -> io::Result<()> {
        self.begin()?;
        self.points += 1;
        let result = if ok { "ok" } else { "not ok" };
        writeln!(self.to, "{result} {} - {}", self.points, escaped(description))
    }

    /// A line of a YAML block. JSON strings are YAML's double-quoted scalars.
    fn yaml(&mut self, key: &str, text: &str) -> io::Result<()> {
        writeln!(self.to, "  {key}: {}", Value::from(text))
    }
}

impl<W: Write> Observer for Tap<W> {
    fn header(&mut self, header: &RunHeader) -> io::Result<()> {
        self.begin()?;
        writeln!(self.to, "# {}", header.name.replace(['\r', '\n'], " "))
    }

    fn warning(&mut self, diagnostic: &DiagnosticReport) -> io::Result<()> {
        self.begin()?;
        writeln!(self.to, "# warning {}: {}", diagnostic.code, diagnostic.message.replace(['\r', '\n'], " "))
    }

    fn step(&mut self, step: &StepReport) -> io::Result<()> {
        self.point(step.is_ok(), &title(step))?;
        if !step.is_ok() {
            writeln!(self.to, "  ---")?;
            if let Some(source) = &step.source {
                self.yaml("at", &source.to_string())?;
            }
            writeln!(self.to, "  failures:")?;
            for failure in &step.failures {
                writeln!(self.to, "    - message: {}", Value::from(failure.text.as_str()))?;
                writeln!(self.to, "      expected: {}", Value::from(failure.expected.as_str()))?;
                writeln!(self.to, "      actual: {}", Value::from(failure.actual.as_str()))?;
            }
            let mut heading = "  dropped:\n";
            for drop in step.drops.iter().filter(|drop| !drop.expected) {
                let text = format!("{} {} by {}: {}", drop.packet.text, drop.code, drop.component, drop.text);
                writeln!(self.to, "{}    - {}", std::mem::take(&mut heading), Value::from(text))?;
            }
            writeln!(self.to, "  ...")?;
        }
        self.to.flush()
    }

    fn summary(&mut self, _: &RunSummary) -> io::Result<()> {
        self.to.flush()
    }
}

impl<W: Write> Render for Tap<W> {
    fn invalid(&mut self, file: &str, diagnostics: &[DiagnosticReport]) -> io::Result<()> {
        self.point(false, &format!("{file} is valid"))?;
        writeln!(self.to, "  ---")?;
        for diagnostic in diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error) {
            self.yaml(diagnostic.code, &diagnostic.message)?;
        }
        writeln!(self.to, "  ...")
    }

    fn aborted(&mut self, reason: &str) -> io::Result<()> {
        self.begin()?;
        writeln!(self.to, "Bail out! {}", reason.replace(['\r', '\n'], " "))
    }

    fn end(&mut self) -> io::Result<()> {
        self.begin()?;
        writeln!(self.to, "1..{}", self.points)?;
        self.to.flush()
    }
}

/// A description: `#` would begin a directive.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('#', "\\#").replace(['\r', '\n'], " ")
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn rendered(tell: impl FnOnce(&mut Tap<&mut Vec<u8>>) -> io::Result<()>) -> String {
        let mut bytes = Vec::new();
        let mut tap = Tap::new(&mut bytes);
        tell(&mut tap).and_then(|()| tap.end()).expect("memory can be written");
        String::from_utf8(bytes).expect("UTF-8")
    }

    #[test]
    fn a_step_is_a_test_point_and_a_failure_says_why_in_yaml() {
        assert_eq!(
            rendered(|to| sample::tell(to)),
            "\
TAP version 14
# VPC peering
ok 1 - VPC1 cannot ping VPC2
ok 2 - ask for a peering connection
not ok 3 - VPC1 pings VPC2
  ---
  at: \"scenario.yaml:31\"
  failures:
    - message: \"expected stdout to contain \\\"1 received\\\"\"
      expected: \"1 received\"
      actual: \"0 received\"
  dropped:
    - \"icmp echo reply 10.42.1.100 → 10.41.1.100 NO_ROUTE_TO_DESTINATION by PublicRouteTable0102 (rtb-00f0…): \\
no route for 10.41.1.100\"
  ...
ok 4 - curl \\# times out
1..4
"
            .replace("\\\n", "")
        );
    }

    #[test]
    fn several_scenarios_share_one_plan() {
        let tap = rendered(|tap| {
            sample::tell(tap)?;
            tap.invalid("lab.yaml", &[sample::diagnostic()])
        });
        assert!(tap.contains("not ok 5 - lab.yaml is valid\n  ---\n  VPC021: "), "{tap}");
        assert!(tap.ends_with("  ...\n1..5\n"), "{tap}");
        assert_eq!(tap.matches("TAP version").count(), 1);
    }
}
