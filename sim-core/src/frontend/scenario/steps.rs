//! Steps and what they expect, from their nodes.
//!
//! The form has been checked by the tables of `keys.rs`; here is what no table can say: that commands are closed,
//! expressions compile, drop codes exist, and `wait_for` names a step that is there.

use serde_json::Value;

use super::commands::{self, Command, Unclosed};
use super::drop_word::drop_word;
use super::expect::{
    DropMatch, DropWord, DroppedExpect, Expect, JsonExpect, JsonTemplate, Matcher, PathExpect, Polarity, TextMatch,
    regex,
};
use super::parse::{Loader, entries, items, one_or_more, place};
use super::query::Query;
use super::scalar;
use super::substitute::{AnyName, Text, is_simple_name};
use super::{Action, RunMode, Save, Step};
use crate::frontend::diagnostic::Diagnostic;
use crate::frontend::node::{Node, NodeKind};
use crate::frontend::spelling::did_you_mean;

/// Keys that only mean something where commands run, and where their output is collected.
const ONLY_WITH_RUN: [&str; 2] = ["on", "background"];
const ONLY_WITH_OUTPUT: [&str; 1] = ["save"];
/// The same within `expect`: a `wait` prints nothing.
const EXPECT_ONLY_WITH_OUTPUT: [&str; 5] = ["exit", "stdout", "stderr", "error", "json"];

/// The commands of the operator's workstation. What `chmod` does to a key makes no difference there.
const ON_THE_WORKSTATION: [&str; 2] = ["aws", "chmod"];

impl Loader<'_> {
    /// The steps that can be built; what is wrong with the others has been told.
    pub(super) fn steps(&mut self, nodes: &[Node]) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        let mut collected: Vec<u32> = Vec::new();
        for (node, number) in nodes.iter().zip(1..) {
            let action = self.action(node, &steps, &mut collected);
            let on = node.get("on").and_then(|node| self.text(node));
            let save = self.saves(node);
            let expect = node.get("expect").map(|node| self.expect(node)).unwrap_or_default();
            self.warn_about_idle_keys(node);
            if on.is_none() {
                self.warn_about_lost_commands(node, action.as_ref());
            }
            if let Some(action) = action {
                let name = node.get("name").and_then(Node::as_str).map(str::to_owned);
                steps.push(Step { number, name, on, action, save, expect, span: node.span });
            }
        }
        steps
    }

    fn action(&mut self, node: &Node, earlier: &[Step], collected: &mut Vec<u32>) -> Option<Action> {
        if let Some((key, _)) = node.entry("fault") {
            self.problems.push(
                Diagnostic::error("VPC063", key.span, "faults are not simulated yet")
                    .label("this step cannot run")
                    .help("leave the step out for now; `settings.links` can make links slow or lossy"),
            );
        }
        if let Some(run) = node.get("run") {
            let commands = self.commands(run)?;
            let in_background = node.get("background").and_then(Node::as_str).map(scalar::typed);
            let mode = if in_background == Some(Value::Bool(true)) { RunMode::Background } else { RunMode::Foreground };
            return Some(Action::Run { commands, mode });
        }
        if let Some(wait) = node.get("wait") {
            return scalar::duration(wait.as_str()?).ok().map(Action::Wait);
        }
        self.wait_for(node.get("wait_for")?, earlier, collected)
    }

    fn commands(&mut self, node: &Node) -> Option<Vec<Command>> {
        let text = node.as_str()?;
        let ranges = match commands::split(text) {
            Ok(ranges) => ranges,
            Err((unclosed, range)) => {
                let (message, help) = match unclosed {
                    Unclosed::Quote(quote) => (
                        format!("the quote {quote} is not closed"),
                        format!("close it, or write `\\{quote}` for the character itself"),
                    ),
                    Unclosed::HereDocument(delimiter) => (
                        format!("the here-document has no end: no line is `{delimiter}`"),
                        format!("write `{delimiter}` on a line of its own, without blanks before it"),
                    ),
                };
                let span = place(self.sources, node.span, text, range);
                self.problems.push(Diagnostic::error("VPC061", span, message).label("opened here").help(help));
                return None;
            }
        };
        if ranges.is_empty() {
            self.problems.push(
                Diagnostic::error("VPC044", node.span, "`run` holds no command")
                    .help("write the commands as typed, one a line"),
            );
            return None;
        }
        let mut commands = Vec::new();
        for range in ranges {
            let span = place(self.sources, node.span, text, range.clone());
            commands.extend(self.part(node, &text[range.clone()], range.start).map(|text| Command { text, span }));
        }
        Some(commands)
    }

    fn wait_for(&mut self, node: &Node, earlier: &[Step], collected: &mut Vec<u32>) -> Option<Action> {
        let name = node.as_str()?;
        let in_background = |step: &&Step| matches!(step.action, Action::Run { mode: RunMode::Background, .. });
        let called: Vec<&Step> = earlier.iter().filter(|step| step.name.as_deref() == Some(name)).collect();
        let problem = match called.iter().copied().filter(in_background).collect::<Vec<_>>().as_slice() {
            [step] if collected.contains(&step.number) => {
                Diagnostic::error("VPC060", node.span, format!("`{name}` has been waited for already"))
                    .related(step.span, format!("step {}", step.number))
            }
            [step] => {
                collected.push(step.number);
                return Some(Action::WaitFor { step: step.number });
            }
            [first, second, ..] => {
                Diagnostic::error("VPC060", node.span, format!("more than one background step is called `{name}`"))
                    .related(first.span, "one")
                    .related(second.span, "another")
            }
            [] => match called.as_slice() {
                [step, ..] => {
                    Diagnostic::error("VPC060", node.span, format!("`{name}` does not run in the background"))
                        .related(step.span, format!("step {} is over before the next begins", step.number))
                        .help("add `background: true` to it")
                }
                [] => {
                    let names = earlier.iter().filter(in_background).filter_map(|step| step.name.as_deref());
                    let help = did_you_mean(name, names).unwrap_or_else(|| {
                        "`wait_for` takes the `name` of an earlier step in the background".to_owned()
                    });
                    Diagnostic::error("VPC060", node.span, format!("no earlier step is called `{name}`")).help(help)
                }
            },
        };
        self.problems.push(problem);
        None
    }

    fn saves(&mut self, step: &Node) -> Vec<Save> {
        let mut saves = Vec::new();
        for (name, node) in entries(step.get("save")) {
            if !is_simple_name(&name.text) {
                let message = format!("`{}` cannot be the name of a variable", name.text);
                self.problems.push(
                    Diagnostic::error("VPC068", name.span, message).help("use letters, digits, `-` and `_` only"),
                );
            }
            if let Some(query) = self.query(node) {
                saves.push(Save { name: name.text.to_string(), query });
            }
        }
        saves
    }

    fn query(&mut self, node: &Node) -> Option<Query> {
        let expression = self.text(node)?;
        self.checked(Query { expression })
    }

    fn checked(&mut self, query: Query) -> Option<Query> {
        let problem = query.problem();
        let is_right = problem.is_none();
        self.problems.extend(problem);
        is_right.then_some(query)
    }

    /// Says of keys that are right and do nothing here that they do nothing.
    fn warn_about_idle_keys(&mut self, step: &Node) {
        let runs = step.get("run").is_some();
        let has_output = runs || step.get("wait_for").is_some();
        let idle = |keys: &[&str]| {
            keys.iter().filter_map(|key| step.entry(key)).map(|(key, _)| key.clone()).collect::<Vec<_>>()
        };
        let mut idle_keys = if runs { Vec::new() } else { idle(&ONLY_WITH_RUN) };
        if !has_output {
            idle_keys.extend(idle(&ONLY_WITH_OUTPUT));
            let expect = step.get("expect");
            let keys = EXPECT_ONLY_WITH_OUTPUT.iter().filter_map(|key| expect?.entry(key));
            idle_keys.extend(keys.map(|(key, _)| key.clone()));
        }
        for key in idle_keys {
            let message = format!("`{}` has no effect in a step that runs no command", key.text);
            self.warn("VPC141", key.span, message, "leave it out, or move it to the step whose command it is about");
        }
    }

    /// Says of commands that the operator's workstation does not run them.
    fn warn_about_lost_commands(&mut self, step: &Node, action: Option<&Action>) {
        let (None, Some(Action::Run { commands, .. })) = (step.get("on"), action) else { return };
        let first_word = |command: &Command| command.text.written().split_whitespace().next().map(str::to_owned);
        let lost = commands.iter().find_map(|command| {
            Some((first_word(command).filter(|word| !ON_THE_WORKSTATION.contains(&word.as_str()))?, command))
        });
        if let Some((word, command)) = lost {
            let message = format!("`{word}` does not run on the operator's workstation, where only `aws` does");
            self.warn("VPC144", command.span, message, "say with `on` which instance or host runs the step");
        }
    }

    fn expect(&mut self, node: &Node) -> Expect {
        let whole = |node: &Node| {
            let exit = scalar::typed(node.as_str()?).as_i64().and_then(|exit| i32::try_from(exit).ok());
            exit.map(|exit| (exit, node.span))
        };
        let length = |node: &Node| Some((scalar::duration(node.as_str()?).ok()?, node.span));
        Expect {
            exit: node.get("exit").and_then(whole),
            stdout: self.matches(node.get("stdout")),
            stderr: self.matches(node.get("stderr")),
            error: node.get("error").and_then(|node| self.text(node)),
            json: self.json(node.get("json")),
            dropped: node.get("dropped").and_then(|node| self.dropped(node)),
            path: node.get("path").map(|node| self.path(node)),
            return_path: node.get("return_path").map(|node| self.path(node)),
            within: node.get("within").and_then(length),
        }
    }

    fn matches(&mut self, node: Option<&Node>) -> Vec<TextMatch> {
        let mut matches = Vec::new();
        for each in one_or_more(node) {
            let (polarity, inner) = match each.get("not") {
                Some(inner) => (Polarity::IsNot, inner),
                None => (Polarity::Is, each),
            };
            let matcher = match inner.get("equals") {
                Some(whole) => self.text(whole).map(Matcher::Equals),
                None => self.pattern(inner, polarity),
            };
            matches.extend(matcher.map(|matcher| TextMatch { polarity, matcher }));
        }
        matches
    }

    /// A text that should occur, or a regular expression between slashes.
    fn pattern(&mut self, node: &Node, polarity: Polarity) -> Option<Matcher> {
        let text = node.as_str()?;
        let pattern = text.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')).filter(|rest| !rest.is_empty());
        if let Some(pattern) = pattern {
            let pattern = self.part(node, pattern, 1)?;
            let sample = pattern.fill(&mut AnyName).expect("every name has a stand-in");
            return match regex(&sample) {
                Ok(_) => Some(Matcher::Regex(pattern)),
                Err(why) => {
                    self.problems.push(
                        Diagnostic::error("VPC055", node.span, "this is not a regular expression")
                            .label(why)
                            .help("a text between slashes is a regular expression; brackets, `.` and `*` need a `\\`"),
                    );
                    None
                }
            };
        }
        if text.is_empty() {
            let (message, help) = match polarity {
                Polarity::Is => {
                    ("the empty text occurs in every output", "write `{ equals: \"\" }` for an empty output")
                }
                Polarity::IsNot => {
                    ("the empty text occurs in every output", "write `{ not: { equals: \"\" } }` for some output")
                }
            };
            self.warn("VPC143", node.span, message.to_owned(), help);
        }
        self.text(node).map(Matcher::Contains)
    }

    fn json(&mut self, node: Option<&Node>) -> Vec<JsonExpect> {
        let mut expected = Vec::new();
        for (key, node) in entries(node) {
            let sources = &*self.sources;
            let expression = Text::parse(&key.text, &|range| place(sources, key.span, &key.text, range));
            let expression = expression.map_err(|problems| self.problems.extend(problems)).ok();
            let query = expression.and_then(|expression| self.checked(Query { expression }));
            let value = self.json_value(node);
            expected.extend(query.map(|query| JsonExpect { query, value, span: node.span }));
        }
        expected
    }

    fn json_value(&mut self, node: &Node) -> JsonTemplate {
        match &node.kind {
            NodeKind::Null => JsonTemplate::Plain(Value::Null),
            NodeKind::Scalar { text, quoted } => {
                match if *quoted { Value::String(text.to_string()) } else { scalar::typed(text) } {
                    Value::String(text) => {
                        self.text(node).map_or(JsonTemplate::Plain(Value::String(text)), JsonTemplate::Text)
                    }
                    plain => JsonTemplate::Plain(plain),
                }
            }
            NodeKind::Sequence(items) => JsonTemplate::List(items.iter().map(|item| self.json_value(item)).collect()),
            NodeKind::Mapping(entries) => JsonTemplate::Map(
                entries.iter().map(|(key, item)| (key.text.to_string(), self.json_value(item))).collect(),
            ),
        }
    }

    fn dropped(&mut self, node: &Node) -> Option<DroppedExpect> {
        let all = one_or_more(Some(node));
        let nothing = all.iter().find(|each| reason(each).and_then(Node::as_str) == Some("none"));
        if let Some(nothing) = nothing {
            if all.len() > 1 || nothing.get("by").is_some() {
                self.problems.push(
                    Diagnostic::error("VPC064", nothing.span, "`none` stands alone: nothing was dropped")
                        .help("leave `none` out, or everything else"),
                );
            }
            return Some(DroppedExpect::Nothing(nothing.span));
        }
        if all.is_empty() {
            self.problems.push(
                Diagnostic::error("VPC064", node.span, "this list names no reason")
                    .help("write `dropped: none` if nothing should be dropped"),
            );
        }
        let mut matches = Vec::new();
        for each in all {
            let by = each.get("by").and_then(|by| self.text(by));
            let Some(reason) = reason(each) else { continue };
            let Some(word) = reason.as_str() else { continue };
            match drop_word(word) {
                Ok(found) => {
                    if let DropWord::NotYet(code) = found {
                        let message = format!("no packet is dropped for {code} yet: what it is about is not simulated");
                        self.warn("VPC142", reason.span, message, "this expectation will fail");
                    }
                    matches.push(DropMatch { reason: found, by, span: each.span });
                }
                Err(help) => self.problems.push(
                    Diagnostic::error("VPC054", reason.span, format!("`{word}` is not the reason of any drop"))
                        .help(help),
                ),
            }
        }
        Some(DroppedExpect::Each(matches))
    }

    fn path(&mut self, node: &Node) -> PathExpect {
        let hops = items(Some(node)).iter().filter_map(|hop| self.text(hop)).collect();
        PathExpect { hops, span: node.span }
    }
}

/// The reason in `CODE` or `{reason: CODE}`.
fn reason(node: &Node) -> Option<&Node> {
    match node.kind {
        NodeKind::Mapping(_) => node.get("reason"),
        _ => Some(node),
    }
}
