//! JSON: one object for each scenario, `"schema": "vpcsim.run/1"`.
//!
//! Keys are stable and the same whatever the verdict: what is absent is `null` or an empty list. Ids are full, times are
//! nanoseconds of virtual time from 0. Several scenarios are several objects, one after the other, as `jq` reads them.

use std::io::{self, Write};

use serde_json::{Value, json};
use sim_core::Severity;
use sim_core::lab::{
    CommandReport, Component, DiagnosticReport, DropReport, DropSource, Observer, OutputStream, PacketSummary,
    RunHeader, RunSummary, StepReport,
};

use super::Render;

/// Renders JSON.
pub(super) struct Json<W> {
    to: W,
    run: Run,
}

/// What is known of the run so far.
#[derive(Default)]
struct Run {
    header: Option<RunHeader>,
    diagnostics: Vec<Value>,
    steps: Vec<Value>,
}

impl<W: Write> Json<W> {
    /// Renders to `to`.
    pub(super) fn new(to: W) -> Json<W> {
        Json { to, run: Run::default() }
    }

    fn write(
        &mut self,
        verdict: &str,
        file: Option<&str>,
        reason: Option<&str>,
        summary: Option<&RunSummary>,
    ) -> io::Result<()> {
        let run = std::mem::take(&mut self.run);
        let header = run.header.as_ref();
        let captures = summary.and_then(|summary| summary.captures.as_ref());
        let object = json!({
            "schema": "vpcsim.run/1",
            "version": env!("CARGO_PKG_VERSION"),
            "verdict": verdict,
            "reason": reason,
            "name": header.map(|header| &header.name),
            "description": header.and_then(|header| header.description.as_ref()),
            "file": header.map(|header| header.file.as_str()).or(file),
            "region": header.map(|header| &header.region),
            "seed": header.map(|header| header.seed),
            "stacks": header.map_or(Vec::new(), |header| header.stacks.iter().map(|stack| json!({
                "name": stack.name,
                "resources": stack.resources,
                "vpcs": stack.vpcs,
                "instances": stack.instances,
                "up_at_ns": stack.up_at.as_nanos(),
            })).collect()),
            "diagnostics": run.diagnostics,
            "steps": run.steps,
            "summary": summary.map(|summary| json!({
                "steps": summary.steps,
                "ok": summary.ok,
                "failed": summary.failed,
                "dropped": summary.dropped,
                "virtual_ns": summary.virtual_time.as_nanos(),
                "unwritten_flow_logs": summary.unwritten_flow_logs,
            })),
            "captures": captures.map(|captures| json!({
                "all": captures.all,
                "frames": captures.frames,
                "comments": captures.comments,
            })),
            "flow_logs": summary.map_or(Vec::new(), |summary| summary.flow_logs.iter().map(|log| json!({
                "file": log.path,
                "records": log.records,
            })).collect()),
        });
        writeln!(self.to, "{object:#}")?;
        self.to.flush()
    }
}

impl<W: Write> Observer for Json<W> {
    fn header(&mut self, header: &RunHeader) -> io::Result<()> {
        self.run.header = Some(header.clone());
        Ok(())
    }

    fn warning(&mut self, diagnostic: &DiagnosticReport) -> io::Result<()> {
        self.run.diagnostics.push(diagnostic_value(diagnostic));
        Ok(())
    }

    fn step(&mut self, step: &StepReport) -> io::Result<()> {
        self.run.steps.push(step_value(step));
        Ok(())
    }

    fn summary(&mut self, summary: &RunSummary) -> io::Result<()> {
        let verdict = match summary.failed {
            _ if summary.interrupted => "interrupted",
            0 => "ok",
            _ => "failed",
        };
        self.write(verdict, None, None, Some(summary))
    }
}

impl<W: Write> Render for Json<W> {
    fn invalid(&mut self, file: &str, diagnostics: &[DiagnosticReport]) -> io::Result<()> {
        self.run.diagnostics.extend(diagnostics.iter().map(diagnostic_value));
        self.write("invalid", Some(file), None, None)
    }

    fn aborted(&mut self, reason: &str) -> io::Result<()> {
        self.write("aborted", None, Some(reason), None)
    }

    fn end(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// A step and what came of it.
pub(super) fn step_value(step: &StepReport) -> Value {
    json!({
        "number": step.number,
        "title": step.title,
        "file": step.source.as_ref().map(|source| &source.file),
        "line": step.source.as_ref().map(|source| source.line),
        "ok": step.is_ok(),
        "started_ns": step.started.as_nanos(),
        "ended_ns": step.ended.as_nanos(),
        "commands": step.commands.iter().map(command_value).collect::<Vec<_>>(),
        "drops": step.drops.iter().map(|drop| drop_value(step.number, drop)).collect::<Vec<_>>(),
        "failures": step.failures.iter().map(|failure| json!({
            "text": failure.text,
            "expected": failure.expected,
            "actual": failure.actual,
        })).collect::<Vec<_>>(),
        "passed": step.passed,
        "notes": step.notes,
    })
}

fn command_value(command: &CommandReport) -> Value {
    let text = |wanted: Option<OutputStream>| {
        let outputs = command.terminal.iter().filter(|output| wanted.is_none_or(|stream| output.stream == stream));
        let bytes = outputs.fold(Vec::new(), |mut bytes, output| {
            bytes.extend_from_slice(&output.bytes);
            bytes
        });
        String::from_utf8_lossy(&bytes).into_owned()
    };
    json!({
        "prompt": command.prompt,
        "command": command.line,
        "exit": command.exit,
        "stdout": text(Some(OutputStream::Stdout)),
        "stderr": text(Some(OutputStream::Stderr)),
        "terminal": text(None),
    })
}

/// Where something was written.
pub(super) fn source_value(source: &DropSource) -> Value {
    match source {
        DropSource::Line(line) => json!({ "file": line.file, "line": line.line, "step": null }),
        DropSource::Step(number) => json!({ "file": null, "line": null, "step": number }),
    }
}

/// A resource with its names.
pub(super) fn component_value(component: &Component) -> Value {
    json!({
        "id": component.id.to_string(),
        "name": component.name,
        "logical_id": component.logical_id,
        "kind": component.kind,
    })
}

/// A packet in a few words.
pub(super) fn packet_value(packet: &PacketSummary) -> Value {
    json!({
        "protocol": packet.protocol,
        "src": packet.source,
        "sport": packet.source_port,
        "dst": packet.destination,
        "dport": packet.destination_port,
        "flags": packet.flags,
        "text": packet.text,
    })
}

fn drop_value(step: u32, drop: &DropReport) -> Value {
    json!({
        "step": step,
        "time_ns": drop.time.as_nanos(),
        "frame": drop.frame,
        "capture": drop.capture,
        "code": drop.code.as_str(),
        "origin": if drop.code.is_ours() { "vpcsim" } else { "aws" },
        "family": drop.code.family().as_str(),
        "direction": drop.direction.map(direction),
        "leg": drop.leg.as_str(),
        "component": component_value(&drop.component),
        "packet": packet_value(&drop.packet),
        "source": drop.source.as_ref().map(source_value),
        "disposition": drop.disposition.as_str(),
        "text": drop.text,
        "hint": drop.hint,
        "expected": drop.expected,
    })
}

fn direction(direction: sim_core::Direction) -> &'static str {
    match direction {
        sim_core::Direction::Ingress => "ingress",
        sim_core::Direction::Egress => "egress",
    }
}

fn diagnostic_value(diagnostic: &DiagnosticReport) -> Value {
    json!({
        "code": diagnostic.code,
        "severity": match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        "message": diagnostic.message,
        "file": diagnostic.source.as_ref().map(|source| &source.file),
        "line": diagnostic.source.as_ref().map(|source| source.line),
        "column": diagnostic.column,
        "help": diagnostic.help,
    })
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn rendered(tell: impl FnOnce(&mut Json<&mut Vec<u8>>) -> io::Result<()>) -> Vec<Value> {
        let mut bytes = Vec::new();
        tell(&mut Json::new(&mut bytes)).expect("memory can be written");
        serde_json::Deserializer::from_slice(&bytes).into_iter().map(|value| value.expect("JSON")).collect()
    }

    #[test]
    fn a_run_is_one_object_with_the_schema_full_ids_and_nanoseconds() {
        let objects = rendered(|to| sample::tell(to));
        let [run] = objects.as_slice() else { panic!("one object, not {}", objects.len()) };
        assert_eq!(run["schema"], "vpcsim.run/1");
        assert_eq!(run["verdict"], "failed");
        assert_eq!(run["seed"], 7);
        assert_eq!(run["stacks"][0]["up_at_ns"], 41_250_000_000_u64);
        assert_eq!(run["steps"][0]["commands"][0]["exit"], 1);
        assert_eq!(run["steps"][3]["commands"][0]["stdout"], "");
        assert_eq!(run["steps"][3]["commands"][0]["stderr"], "curl: (28) Connection timed out after 2000 ms\n");
        assert_eq!(
            run["summary"],
            json!({"steps": 4, "ok": 3, "failed": 1, "dropped": 5, "virtual_ns": 52_250_000_000_u64, "unwritten_flow_logs": 0})
        );
        assert_eq!(run["captures"]["all"], "captures/vpc-peering/all.pcapng");
        assert_eq!(run["flow_logs"][0]["records"], 1);
    }

    #[test]
    fn a_drop_has_these_keys_and_no_others() {
        let objects = rendered(|to| sample::tell(to));
        assert_eq!(
            objects[0]["steps"][0]["drops"][0],
            json!({
                "step": 1,
                "time_ns": 41_251_000_000_u64,
                "frame": 4,
                "capture": "captures/vpc-peering/all.pcapng",
                "code": "IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS",
                "origin": "aws",
                "family": "GATEWAY",
                "direction": "egress",
                "leg": "forward",
                "component": {
                    "id": "igw-00f3c00000000000a",
                    "name": null,
                    "logical_id": "InternetGateway0101",
                    "kind": "Internet gateway",
                },
                "packet": {
                    "protocol": "icmp", "src": "10.41.1.100", "sport": null, "dst": "10.42.1.100", "dport": null,
                    "flags": null, "text": "icmp echo 10.41.1.100 → 10.42.1.100",
                },
                "source": {"file": "template.yaml", "line": 61, "step": null},
                "disposition": "DROPPED",
                "text": "0.0.0.0/0 of PublicRouteTable0101 took it there, and 10.42.1.100 is private",
                "hint": null,
                "expected": true,
            })
        );
    }

    #[test]
    fn keys_are_the_same_whatever_the_verdict() {
        let keys = |value: &Value| value.as_object().map(|object| object.keys().cloned().collect::<Vec<_>>());
        let failed = rendered(|to| sample::tell(to));
        let invalid = rendered(|json| json.invalid("lab.yaml", &[sample::diagnostic()]));
        let aborted = rendered(|json| json.aborted("disk full"));
        assert_eq!(keys(&failed[0]), keys(&invalid[0]));
        assert_eq!(keys(&failed[0]), keys(&aborted[0]));
        assert_eq!(invalid[0]["verdict"], "invalid");
        assert_eq!(invalid[0]["file"], "lab.yaml");
        assert_eq!(invalid[0]["diagnostics"][0]["code"], "VPC021");
        let steps = failed[0]["steps"].as_array().expect("a list");
        assert!(steps.iter().all(|step| keys(step) == keys(&steps[0])));
    }

    #[test]
    fn several_scenarios_are_several_objects_and_do_not_mix() {
        let objects = rendered(|json| {
            sample::tell(json)?;
            sample::tell(json)
        });
        assert_eq!(objects.len(), 2);
        assert_eq!(objects[0], objects[1]);
    }
}
