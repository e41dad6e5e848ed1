//! Scenarios as users write them: what they mean, and what is said about their mistakes.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::frontend::diagnostic::{Colour, Sources};
use crate::trace::{DropCode, DropFamily};

const TEMPLATE: &str = "Resources: {}\n";

/// A scenario's steps below the least that every scenario needs.
fn with_steps(steps: &str) -> String {
    format!("template: template.yaml\nsteps:\n{steps}")
}

fn load_text(text: &str) -> (Sources, Result<Scenario, Vec<Diagnostic>>) {
    let files = BTreeMap::from([
        (Path::new("lab/scenario.yaml"), text),
        (Path::new("lab/template.yaml"), TEMPLATE),
        (Path::new("lab/nets/other.yaml"), TEMPLATE),
    ]);
    let mut sources = Sources::default();
    let mut read = |path: &Path| match files.get(path) {
        Some(text) => Ok((*text).to_owned()),
        None if path == Path::new("lab") => Err(io::Error::from(io::ErrorKind::IsADirectory)),
        None => Err(io::Error::from(io::ErrorKind::NotFound)),
    };
    let loaded = load(&mut sources, Path::new("lab"), &mut read);
    (sources, loaded)
}

fn scenario(text: &str) -> Scenario {
    let (sources, loaded) = load_text(text);
    loaded.unwrap_or_else(|problems| panic!("{text}\n{}", rendered(&sources, &problems)))
}

fn rendered(sources: &Sources, problems: &[Diagnostic]) -> String {
    problems.iter().map(|problem| problem.render(sources, Colour::Never)).collect::<Vec<_>>().join("\n")
}

/// The problems of a scenario, one a line: code, place, message, help.
fn problems(text: &str) -> String {
    let (sources, loaded) = load_text(text);
    let problems = match loaded {
        Ok(scenario) => scenario.warnings,
        Err(problems) => problems,
    };
    listed(&sources, &problems)
}

fn listed(sources: &Sources, problems: &[Diagnostic]) -> String {
    let line = |problem: &Diagnostic| {
        let (line, column) = problem.span.map_or((0, 0), |span| sources.line_column(span));
        let help = problem.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
        format!("{} {line}:{column} {}{help}", problem.code, problem.message)
    };
    problems.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn t() {
    println!("{}", problems(&with_steps("  - name: x\n    run: |\n       a '$\n       b ${x y}\n")));
    println!("{}", problems("steps: {}\nstack: 1\n"));
}
