//! JUnit XML, as CI systems read it: a suite for each scenario, a case for each step.
//!
//! There is no standard; this keeps to what Jenkins' and GitLab's readers share. Times are virtual seconds, so that the file
//! is the same for the same run. Totals stand in front, so everything is kept until the end.

use std::fmt::Write as _;
use std::io::{self, Write};

use sim_core::lab::{DiagnosticReport, Observer, RunHeader, RunSummary, StepReport};
use sim_core::{Severity, SimDuration};

use super::{Render, title};

/// Renders JUnit XML.
pub(super) struct Junit<W> {
    to: W,
    suites: String,
    suite: Suite,
    total: Counts,
}

/// The suite that is being filled.
#[derive(Default)]
struct Suite {
    name: String,
    cases: String,
    counts: Counts,
}

#[derive(Clone, Copy, Default)]
struct Counts {
    tests: usize,
    failures: usize,
    errors: usize,
    nanos: u64,
}

impl Counts {
    fn attributes(self) -> String {
        let Counts { tests, failures, errors, nanos } = self;
        let time = seconds(SimDuration::from_nanos(nanos));
        format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" time=\"{time}\"")
    }
}

impl<W: Write> Junit<W> {
    /// Renders to `to`.
    pub(super) fn new(to: W) -> Junit<W> {
        Junit { to, suites: String::new(), suite: Suite::default(), total: Counts::default() }
    }

    fn error_case(&mut self, name: &str, kind: &str, message: &str, text: &str) {
        self.suite.counts.tests += 1;
        self.suite.counts.errors += 1;
        let (name, class, message) = (escaped(name), escaped(&self.suite.name), escaped(message));
        let _ = writeln!(self.suite.cases, "    <testcase name=\"{name}\" classname=\"{class}\" time=\"0.000000000\">");
        let _ =
            writeln!(self.suite.cases, "      <error message=\"{message}\" type=\"{kind}\">{}</error>", escaped(text));
        self.suite.cases += "    </testcase>\n";
    }

    fn close_suite(&mut self) {
        let Suite { name, cases, counts } = std::mem::take(&mut self.suite);
        let _ = writeln!(self.suites, "  <testsuite name=\"{}\" {}>", escaped(&name), counts.attributes());
        self.suites += &cases;
        self.suites += "  </testsuite>\n";
        self.total.tests += counts.tests;
        self.total.failures += counts.failures;
        self.total.errors += counts.errors;
        self.total.nanos += counts.nanos;
    }
}

impl<W: Write> Observer for Junit<W> {
    fn header(&mut self, header: &RunHeader) -> io::Result<()> {
        self.suite.name = header.name.clone();
        Ok(())
    }

    fn warning(&mut self, _: &DiagnosticReport) -> io::Result<()> {
        Ok(())
    }

    fn step(&mut self, step: &StepReport) -> io::Result<()> {
        let counts = &mut self.suite.counts;
        counts.tests += 1;
        counts.nanos = counts.nanos.saturating_add(step.took().as_nanos());
        let cases = &mut self.suite.cases;
        let name = escaped(&format!("{} {}", step.number, title(step)));
        let class = escaped(&self.suite.name);
        let _ = write!(cases, "    <testcase name=\"{name}\" classname=\"{class}\"");
        if let Some(source) = &step.source {
            let _ = write!(cases, " file=\"{}\" line=\"{}\"", escaped(&source.file), source.line);
        }
        let _ = writeln!(cases, " time=\"{}\">", seconds(step.took()));
        if let Some(first) = step.failures.first() {
            counts.failures += 1;
            let mut text = String::new();
            for failure in &step.failures {
                let _ = writeln!(text, "{}\nexpected: {}\nactual: {}", failure.text, failure.expected, failure.actual);
            }
            for drop in step.drops.iter().filter(|drop| !drop.expected) {
                let _ =
                    writeln!(text, "{} dropped {} by {}: {}", drop.packet.text, drop.code, drop.component, drop.text);
            }
            let _ = writeln!(
                cases,
                "      <failure message=\"{}\" type=\"expectation\">{}</failure>",
                escaped(&first.text),
                escaped(&text)
            );
        }
        let mut transcript = String::new();
        for command in &step.commands {
            let _ = writeln!(transcript, "{} {}", command.prompt, command.line);
            for output in &command.terminal {
                transcript += &String::from_utf8_lossy(&output.bytes);
            }
        }
        if !transcript.is_empty() {
            let _ = writeln!(cases, "      <system-out>{}</system-out>", escaped(&transcript));
        }
        *cases += "    </testcase>\n";
        Ok(())
    }

    fn summary(&mut self, _: &RunSummary) -> io::Result<()> {
        self.close_suite();
        Ok(())
    }
}

impl<W: Write> Render for Junit<W> {
    fn invalid(&mut self, file: &str, diagnostics: &[DiagnosticReport]) -> io::Result<()> {
        self.suite.name = file.to_owned();
        for diagnostic in diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error) {
            let place = diagnostic.source.as_ref().map(|place| format!(" {place}")).unwrap_or_default();
            let name = format!("{}{place}", diagnostic.code);
            self.error_case(&name, "invalid", &diagnostic.message, &diagnostic.plain);
        }
        self.close_suite();
        Ok(())
    }

    fn aborted(&mut self, reason: &str) -> io::Result<()> {
        self.error_case("the run comes to its end", "aborted", reason, reason);
        self.close_suite();
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        writeln!(self.to, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
        writeln!(self.to, "<testsuites name=\"vpcsim\" {}>", self.total.attributes())?;
        self.to.write_all(self.suites.as_bytes())?;
        writeln!(self.to, "</testsuites>")?;
        self.to.flush()
    }
}

/// Seconds with all their nanoseconds.
fn seconds(length: SimDuration) -> String {
    format!("{}.{:09}", length.as_secs(), length.as_nanos() % 1_000_000_000)
}

/// Text for an element or an attribute. What XML 1.0 §2.2 cannot say at all becomes U+FFFD.
fn escaped(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, character| {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' => out.push(character),
            '\r' => out.push_str("&#13;"),
            '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            _ => out.push(character),
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn rendered(tell: impl FnOnce(&mut Junit<&mut Vec<u8>>) -> io::Result<()>) -> String {
        let mut bytes = Vec::new();
        let mut junit = Junit::new(&mut bytes);
        tell(&mut junit).and_then(|()| junit.end()).expect("memory can be written");
        String::from_utf8(bytes).expect("UTF-8")
    }

    #[test]
    fn a_failed_step_is_a_failure_with_what_was_lost() {
        let xml = rendered(|to| sample::tell(to));
        let expected = "\
    <testcase name=\"3 VPC1 pings VPC2\" classname=\"VPC peering\" file=\"scenario.yaml\" line=\"31\" time=\"1.000000000\">
      <failure message=\"expected stdout to contain &quot;1 received&quot;\" type=\"expectation\">expected stdout to contain &quot;1 received&quot;
expected: 1 received
actual: 0 received
icmp echo reply 10.42.1.100 → 10.41.1.100 dropped NO_ROUTE_TO_DESTINATION by PublicRouteTable0102 (rtb-00f0…): no route for 10.41.1.100
</failure>
      <system-out>ljhVPC1-EC2$ ping -c 1 10.42.1.100
PING 10.42.1.100 (10.42.1.100) 56(84) bytes of data.
</system-out>
    </testcase>
";
        assert!(xml.contains(expected), "{xml}");
        assert!(xml.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"vpcsim\" tests=\"4\" failures=\"1\" errors=\"0\" "), "{xml}");
    }

    #[test]
    fn a_scenario_that_is_wrong_is_an_error() {
        let xml = rendered(|junit| junit.invalid("lab.yaml", &[sample::diagnostic()]));
        assert!(xml.contains("<testsuite name=\"lab.yaml\" tests=\"1\" failures=\"0\" errors=\"1\""), "{xml}");
        assert!(xml.contains("<testcase name=\"VPC021 scenario.yaml:24\" classname=\"lab.yaml\""), "{xml}");
        assert!(xml.contains("<error message=\"no resource named `PublicRouteTable0103`\" type=\"invalid\">"), "{xml}");
    }

    #[test]
    fn what_xml_cannot_say_is_replaced() {
        assert_eq!(escaped("a<b>&\"c\"\x1b[0m\r\n"), "a&lt;b&gt;&amp;&quot;c&quot;\u{fffd}[0m&#13;\n");
    }
}
