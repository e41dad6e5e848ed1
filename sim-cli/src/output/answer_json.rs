//! JSON of what is asked of a scenario: `vpcsim.explain/1` and `vpcsim.matrix/1`. Keys are the same whatever the answer.

use serde_json::{Value, json};
use sim_core::lab::{Explanation, HopReport, HopVerdict, Matrix, StepExplanation};

use super::json::{component_value, packet_value, source_value, step_value};

/// A packet that was explained.
pub(crate) fn explanation_value(explanation: &Explanation) -> Value {
    json!({
        "schema": "vpcsim.explain/1",
        "scenario": explanation.scenario,
        "after_step": explanation.after_step,
        "from": explanation.from,
        "to": explanation.to,
        "packet": explanation.packet.as_ref().map(packet_value),
        "delivered": explanation.outcome.is_delivered(),
        "outcome": explanation.outcome.as_str(),
        "there": hop_values(&explanation.there),
        "back": hop_values(&explanation.back),
        "sender_sees": explanation.sender_sees,
        "remedies": explanation.remedies,
        "notes": explanation.notes,
        "step": null,
    })
}

/// A step that was explained, under the same keys.
pub(crate) fn step_explanation_value(explanation: &StepExplanation) -> Value {
    json!({
        "schema": "vpcsim.explain/1",
        "scenario": explanation.scenario,
        "after_step": explanation.step.number,
        "from": null,
        "to": null,
        "packet": explanation.packet.as_ref().map(packet_value),
        "delivered": explanation.step.drops.is_empty(),
        "outcome": null,
        "there": hop_values(&explanation.there),
        "back": hop_values(&explanation.back),
        "sender_sees": null,
        "remedies": [],
        "notes": explanation.step.notes,
        "step": step_value(&explanation.step),
    })
}

/// Who reaches whom.
pub(crate) fn matrix_value(matrix: &Matrix) -> Value {
    let cells = matrix.cells.iter().zip(&matrix.hosts).flat_map(|(row, from)| {
        row.iter().zip(&matrix.hosts).filter_map(move |(cell, to)| {
            let cell = cell.as_ref()?;
            Some(json!({
                "from": from,
                "to": to,
                "reached": cell.outcome.is_delivered(),
                "outcome": cell.outcome.as_str(),
                "word": cell.word,
                "code": cell.code.map(|code| code.as_str()),
            }))
        })
    });
    json!({
        "schema": "vpcsim.matrix/1",
        "scenario": matrix.scenario,
        "after_step": matrix.after_step,
        "service": matrix.service.to_string(),
        "hosts": matrix.hosts,
        "cells": cells.collect::<Vec<_>>(),
        "legend": matrix.legend.iter().map(|legend| json!({
            "word": legend.word,
            "code": legend.code.map(|code| code.as_str()),
            "text": legend.text,
            "packets": legend.packets,
        })).collect::<Vec<_>>(),
    })
}

fn hop_values(hops: &[HopReport]) -> Vec<Value> {
    let value = |hop: &HopReport| {
        json!({
            "component": component_value(&hop.component),
            "text": hop.text,
            "details": hop.details,
            "verdict": hop.verdict.as_str(),
            "code": match hop.verdict {
                HopVerdict::Drop(code) => Some(code.as_str()),
                HopVerdict::Pass | HopVerdict::Rewrite | HopVerdict::Delivered => None,
            },
            "happened": hop.happened,
            "source": hop.source.as_ref().map(source_value),
        })
    };
    hops.iter().map(value).collect()
}
