//! `vpcsim errors CODE`: the long text of a code, for diagnostics and for dropped packets and their families alike.

use std::fmt::Write;

use sim_core::lab::explanations;
use sim_core::{DropCode, DropFamily};

use crate::args::ErrorsArgs;
use crate::exit::Status;

pub(super) fn errors(args: &ErrorsArgs) -> Status {
    let Some(code) = &args.code else { return super::answer(&list()) };
    let wanted = code.trim().to_ascii_uppercase();
    if let Some(drop) = DropCode::ALL.iter().find(|drop| drop.as_str() == wanted) {
        return super::answer(&explain_drop(*drop));
    }
    if let Some(family) = DropFamily::ALL.iter().find(|family| family.as_str() == wanted) {
        return super::answer(&explain_family(*family));
    }
    if let Some(explanation) = explanations().find(|explanation| explanation.code == wanted) {
        return super::answer(&format!(
            "{}   {}\n\n{}\n",
            explanation.code,
            explanation.title,
            wrapped(explanation.text)
        ));
    }
    super::complain(&format!("there is no code `{code}`\nhelp: `vpcsim errors` lists them all"));
    Status::Invalid
}

fn explain_drop(code: DropCode) -> String {
    let origin = if code.is_ours() { "vpcsim's own word" } else { "as in AWS Reachability Analyzer" };
    format!(
        "{code}   a packet was dropped ({origin})\n\n{}\n\n`expect: dropped:` takes it, and its family {}.\n",
        wrapped(code.explanation()),
        code.family().as_str()
    )
}

fn explain_family(family: DropFamily) -> String {
    let mut text = format!(
        "{}   a family of codes: {}\n\n`expect: dropped:` takes it for any of these.\n\n",
        family.as_str(),
        family.explanation()
    );
    for code in DropCode::ALL.iter().filter(|code| code.family() == family) {
        let _ = writeln!(text, "  {code}");
    }
    text
}

/// A paragraph in lines of at most 100 columns.
fn wrapped(text: &str) -> String {
    let mut lines = String::new();
    let mut column = 0;
    for word in text.split_whitespace() {
        let width = word.chars().count();
        if column > 0 && column + 1 + width > 100 {
            lines.push('\n');
            column = 0;
        }
        if column > 0 {
            lines.push(' ');
            column += 1;
        }
        lines.push_str(word);
        column += width;
    }
    lines
}

fn list() -> String {
    let mut text = String::from("Why a packet was dropped:\n");
    for code in DropCode::ALL {
        let _ = writeln!(text, "  {code}");
    }
    text += "\nTheir families:\n";
    for family in DropFamily::ALL {
        let _ = writeln!(text, "  {}", family.as_str());
    }
    let mut heading = "\nErrors and warnings:\n";
    for explanation in explanations() {
        let _ = writeln!(text, "{}  {}  {}", std::mem::take(&mut heading), explanation.code, explanation.title);
    }
    text += "\n`vpcsim errors CODE` explains one.\n";
    text
}
