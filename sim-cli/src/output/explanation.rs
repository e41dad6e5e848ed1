//! Explanations for people: a numbered line for each hop, what happened before what would happen.

use std::fmt::Write as _;

use sim_core::lab::{Explanation, HopReport, HopVerdict, Outcome, StepExplanation};

/// The column of components is at most so wide; a longer name moves its own line only.
const COMPONENT: usize = 40;
/// What decided is at most so wide before its verdict.
const TEXT: usize = 48;

/// A packet that was explained.
pub(crate) fn explanation_text(explanation: &Explanation) -> String {
    let mut text = String::new();
    let packet = explanation.packet.as_ref().map_or("nothing was sent", |packet| packet.text.as_str());
    let (there, back) = (&explanation.there[..], &explanation.back[..]);
    let verdict = match explanation.outcome {
        Outcome::Answered => "DELIVERED and answered".to_owned(),
        Outcome::Refused => "DELIVERED, and refused by the target itself".to_owned(),
        Outcome::Delivered => "DELIVERED; nobody answered".to_owned(),
        Outcome::Forwarded => "NOT ANSWERED; an instance that forwards has it".to_owned(),
        Outcome::Dropped => format!("DROPPED at hop {}", dropped_at(there)),
        Outcome::AnswerDropped => {
            format!("DELIVERED; the answer was DROPPED at hop {} of the way back", dropped_at(back))
        }
        Outcome::NotSent => "NOT SENT".to_owned(),
    };
    let _ = writeln!(text, "{} → {}   {packet}   {verdict}", explanation.from, explanation.to);
    write_way(&mut text, "there", there);
    write_way(&mut text, "back", back);
    let _ = writeln!(text, "\nwhat the sender sees: {}", explanation.sender_sees);
    write_list(&mut text, "to let it through", &explanation.remedies);
    write_list(&mut text, "note", &explanation.notes);
    text
}

/// A step that was explained.
pub(crate) fn step_explanation_text(explanation: &StepExplanation) -> String {
    let StepExplanation { step, packet, there, back, .. } = explanation;
    let mut text = format!("step {}  {}\n", step.number, step.title);
    match packet {
        Some(packet) => {
            let _ = writeln!(text, "\nits first packet: {}", packet.text);
        }
        None => text.push_str("\nno packet was sent in this step\n"),
    }
    write_way(&mut text, "there", there);
    write_way(&mut text, "back", back);
    let lost: Vec<String> = step
        .drops
        .iter()
        .map(|drop| format!("{}  {}  by {}: {}", drop.packet.text, drop.code, drop.component, drop.text))
        .collect();
    write_list(&mut text, "what the step lost", &lost);
    text
}

/// The number of the hop that dropped the packet.
fn dropped_at(hops: &[HopReport]) -> usize {
    let is_drop = |hop: &HopReport| matches!(hop.verdict, HopVerdict::Drop(_));
    hops.iter().position(is_drop).map_or(0, |place| place + 1)
}

fn write_list(text: &mut String, title: &str, lines: &[String]) {
    match lines {
        [] => {}
        [line] => {
            let _ = writeln!(text, "{title}: {line}");
        }
        lines => {
            let _ = writeln!(text, "{title}:");
            lines.iter().for_each(|line| {
                let _ = writeln!(text, "  {line}");
            });
        }
    }
}

/// The hops of one way. What would happen past a drop has a title of its own, and goes on counting.
fn write_way(text: &mut String, title: &str, hops: &[HopReport]) {
    let width = hops.iter().map(|hop| hop.label.chars().count()).max().unwrap_or_default().min(COMPONENT);
    let happened = hops.iter().take_while(|hop| hop.happened).count();
    if happened > 0 {
        let _ = writeln!(text, "\n {title}");
    }
    for (number, hop) in (1..).zip(&hops[..happened]) {
        write_hop(text, number, width, hop);
    }
    if happened < hops.len() {
        let _ = writeln!(text, "\n {title}, if it had been let through");
    }
    for (number, hop) in (happened + 1..).zip(&hops[happened..]) {
        write_hop(text, number, width, hop);
    }
}

fn write_hop(text: &mut String, number: usize, width: usize, hop: &HopReport) {
    let source = hop.source.as_ref().map_or_else(String::new, |source| format!("  {source}"));
    let verdict = match (hop.verdict, hop.happened) {
        (HopVerdict::Pass, true) => "pass",
        (HopVerdict::Pass, false) => "would pass",
        (HopVerdict::Rewrite, _) => "rewritten",
        (HopVerdict::Delivered, _) => "",
        (HopVerdict::Drop(_), true) => "DROP",
        (HopVerdict::Drop(_), false) => "would DROP",
    };
    let mut line = format!(" {number:>2}  {:<width$}  ", hop.label);
    if let HopVerdict::Drop(code) = hop.verdict {
        let indent = " ".repeat(line.chars().count());
        let _ = writeln!(text, "{line}{}", hop.text);
        for detail in &hop.details {
            let _ = writeln!(text, "{indent}{detail}");
        }
        line = format!("{indent}{:<TEXT$}  {verdict}{source}", code.as_str());
    } else {
        let _ = write!(line, "{:<TEXT$}  {verdict}{source}", hop.text);
    }
    let _ = writeln!(text, "{}", line.trim_end());
}
