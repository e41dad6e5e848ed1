//! `expect`: what a step should show, and the judgement whether it did (scenario format, "`expect`").
//!
//! Each key that is given is held against the step's [`Observation`] by itself, and every one that does not hold is a
//! [`Failure`] of its own. Nothing here knows how the observation was made.

use std::fmt;

use serde_json::{Map, Value};

use super::observe::{Observation, ObservedDrop, Passed};
use super::query::Query;
use super::scalar;
use super::substitute::{Names, Text, sentence};
use crate::engine::SimDuration;
use crate::frontend::diagnostic::Span;
use crate::trace::{DropCode, DropFamily};

/// What a step should show.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Expect {
    /// The exit status. Where absent: 0, or any other than 0 if `error` is given.
    pub exit: Option<(i32, Span)>,
    /// On the output.
    pub stdout: Vec<TextMatch>,
    /// On the error output.
    pub stderr: Vec<TextMatch>,
    /// The AWS error code.
    pub error: Option<Text>,
    /// In the answer.
    pub json: Vec<JsonExpect>,
    /// Which packets were dropped, and by what.
    pub dropped: Option<DroppedExpect>,
    /// What the first packet passed.
    pub path: Option<PathExpect>,
    /// What the first packet back passed.
    pub return_path: Option<PathExpect>,
    /// The most time it may take.
    pub within: Option<(SimDuration, Span)>,
}

/// An expected path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct PathExpect {
    /// The resources, in order.
    pub hops: Vec<Text>,
    /// The list's place.
    pub span: Span,
}

/// An expectation on a text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct TextMatch {
    /// Whether it should match.
    pub polarity: Polarity,
    /// What matches.
    pub matcher: Matcher,
}

/// Whether something should be so.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Polarity {
    /// It should.
    Is,
    /// It should not (`not:`).
    IsNot,
}

/// What matches a text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Matcher {
    /// The text occurs.
    Contains(Text),
    /// The regular expression (without its slashes) matches somewhere; `^` and `$` match at each line's ends.
    Regex(Text),
    /// The whole text, final newline aside.
    Equals(Text),
}

/// A value expected in the answer.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct JsonExpect {
    /// Where in the answer.
    pub query: Query,
    /// The value.
    pub value: JsonTemplate,
    /// The value's place.
    pub span: Span,
}

/// A JSON value with names to be filled in.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum JsonTemplate {
    /// A number, a boolean or null.
    Plain(Value),
    /// A text.
    Text(Text),
    /// A list.
    List(Vec<JsonTemplate>),
    /// A map.
    Map(Vec<(String, JsonTemplate)>),
}

/// What is expected of drops.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum DroppedExpect {
    /// No packet was dropped.
    Nothing(Span),
    /// For each of these a packet was dropped.
    Each(Vec<DropMatch>),
}

/// An expected drop.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct DropMatch {
    /// The reason.
    pub reason: DropWord,
    /// The resource that did it, if it matters.
    pub by: Option<Text>,
    /// Its place.
    pub span: Span,
}

/// A word for a reason.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum DropWord {
    /// This reason.
    Code(DropCode),
    /// Any of this family.
    Family(DropFamily),
    /// A reason that AWS has a word for and vpcsim never gives yet.
    NotYet(&'static str),
}

/// An expectation that does not hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Failure {
    /// In one sentence.
    pub text: String,
    /// What was expected.
    pub expected: String,
    /// What was seen.
    pub actual: String,
    /// Where the expectation is written; `None` for the silent one that the exit status is 0.
    pub span: Option<Span>,
}

impl Expect {
    /// Holds everything expected against what was seen.
    pub(crate) fn judge(&self, seen: &Observation, names: &mut dyn Names) -> Vec<Failure> {
        let mut failures = Vec::new();
        failures.extend(self.judge_exit(seen));
        for (stream, matches, text) in [("stdout", &self.stdout, &seen.stdout), ("stderr", &self.stderr, &seen.stderr)]
        {
            failures.extend(matches.iter().filter_map(|each| each.judge(stream, text, names)));
        }
        if let Some(code) = &self.error {
            failures.extend(judge_error(code, seen.error.as_deref(), names));
        }
        failures.extend(self.json.iter().filter_map(|each| each.judge(seen.answer.as_ref(), names)));
        if let Some(dropped) = &self.dropped {
            failures.extend(dropped.judge(&seen.drops, names));
        }
        for (what, path, passed) in
            [("path", &self.path, &seen.path), ("return path", &self.return_path, &seen.return_path)]
        {
            failures.extend(path.as_ref().and_then(|path| path.judge(what, passed, names)));
        }
        if let Some((most, span)) = self.within
            && seen.duration > most
        {
            let (most, took) = (scalar::duration_in_words(most), seen.duration.to_string());
            failures.push(Failure::new(
                format!("expected the step to take at most {most}, it took {took}"),
                most,
                took,
                span,
            ));
        }
        failures
    }

    /// What holds, for the line of a step that passed: `exit 1, 100% packet loss, dropped ROUTE`. Empty if nothing more
    /// than success was expected.
    pub(crate) fn summary(&self, names: &mut dyn Names) -> String {
        let mut parts: Vec<String> = Vec::new();
        if let Some((exit, _)) = self.exit {
            parts.push(format!("exit {exit}"));
        }
        for each in self.stdout.iter().chain(&self.stderr) {
            parts.push(each.to_string());
        }
        if let Some(code) = &self.error {
            parts.push(code.written().to_owned());
        }
        for each in &self.json {
            parts.push(format!("{} {}", each.query.expression.written(), each.value));
        }
        match &self.dropped {
            Some(DroppedExpect::Nothing(_)) => parts.push("nothing dropped".to_owned()),
            Some(DroppedExpect::Each(drops)) => parts.extend(drops.iter().map(|drop| format!("dropped {drop}"))),
            None => {}
        }
        for (what, path) in [("path", &self.path), ("return path", &self.return_path)] {
            if let Some(path) = path {
                let hops: Vec<String> =
                    path.hops.iter().map(|hop| hop.fill(names).unwrap_or_else(|_| hop.written().to_owned())).collect();
                parts.push(format!("{what} {}", hops.join(" → ")));
            }
        }
        if let Some((most, _)) = self.within {
            parts.push(format!("within {}", scalar::duration_in_words(most)));
        }
        parts.join(", ")
    }

    /// Whether a drop is one of those expected.
    pub(crate) fn expects_drop(&self, drop: &ObservedDrop, names: &mut dyn Names) -> bool {
        match &self.dropped {
            Some(DroppedExpect::Each(matches)) => matches.iter().any(|each| each.matches(drop, names) == Ok(true)),
            Some(DroppedExpect::Nothing(_)) | None => false,
        }
    }

    /// Every text in it that may hold names.
    pub(super) fn texts(&self) -> Vec<&Text> {
        let mut texts: Vec<&Text> = Vec::new();
        texts.extend(self.stdout.iter().chain(&self.stderr).map(|each| each.matcher.text()));
        texts.extend(&self.error);
        for each in &self.json {
            texts.push(&each.query.expression);
            each.value.collect_texts(&mut texts);
        }
        if let Some(DroppedExpect::Each(drops)) = &self.dropped {
            texts.extend(drops.iter().filter_map(|drop| drop.by.as_ref()));
        }
        texts.extend([&self.path, &self.return_path].into_iter().flatten().flat_map(|path| &path.hops));
        texts
    }

    fn judge_exit(&self, seen: &Observation) -> Option<Failure> {
        let status = seen.exit.map_or_else(|| "still running".to_owned(), |exit| format!("exit {exit}"));
        match (self.exit, &self.error, seen.exit) {
            (Some((expected, span)), _, found) if found != Some(expected) => {
                let expected = format!("exit {expected}");
                Some(Failure::new(format!("expected {expected}, got {status}"), expected, status, span))
            }
            (None, Some(code), Some(0)) => {
                let expected = format!("an exit status other than 0, with {}", code.written());
                Some(Failure::new(format!("expected {expected}, got {status}"), expected, status, code.span()))
            }
            (None, None, Some(exit)) if exit != 0 => {
                let expected = "exit 0".to_owned();
                Some(Failure { text: format!("expected exit 0, got {status}"), expected, actual: status, span: None })
            }
            _ => None,
        }
    }
}

impl Failure {
    fn new(text: String, expected: String, actual: String, span: Span) -> Failure {
        Failure { text, expected, actual, span: Some(span) }
    }

    /// The failure of an expectation that cannot even be stated: a name in it stands for nothing.
    fn unstated(what: &str, why: String, span: Span) -> Failure {
        Failure::new(format!("cannot tell what {what} should be: {why}"), String::new(), String::new(), span)
    }
}

impl TextMatch {
    fn judge(&self, stream: &str, seen: &str, names: &mut dyn Names) -> Option<Failure> {
        let text = self.matcher.text();
        let fit: &dyn Fn(String) -> String = match self.matcher {
            Matcher::Regex(_) => &|value: String| regex_lite::escape(&value),
            Matcher::Contains(_) | Matcher::Equals(_) => &|value| value,
        };
        let wanted = match text.fill_as(names, fit) {
            Ok(wanted) => wanted,
            Err(problems) => return Some(Failure::unstated(stream, sentence(&problems), text.span())),
        };
        let (holds, verb, shown) = match &self.matcher {
            Matcher::Contains(_) => (seen.contains(&wanted), "contain", format!("{wanted:?}")),
            Matcher::Equals(_) => {
                (without_final_newline(seen) == without_final_newline(&wanted), "be", format!("{wanted:?}"))
            }
            Matcher::Regex(_) => match regex(&wanted) {
                Ok(regex) => (regex.is_match(seen), "match", format!("/{wanted}/")),
                Err(why) => return Some(Failure::unstated(stream, why, text.span())),
            },
        };
        let (wrong, not) = match self.polarity {
            Polarity::Is => (!holds, ""),
            Polarity::IsNot => (holds, "not "),
        };
        wrong.then(|| {
            Failure::new(
                format!("expected {stream} {not}to {verb} {shown}"),
                format!("{not}{shown}"),
                seen.to_owned(),
                text.span(),
            )
        })
    }
}

impl Matcher {
    pub(super) fn text(&self) -> &Text {
        match self {
            Matcher::Contains(text) | Matcher::Regex(text) | Matcher::Equals(text) => text,
        }
    }
}

impl fmt::Display for TextMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.polarity == Polarity::IsNot {
            f.write_str("no ")?;
        }
        match &self.matcher {
            Matcher::Contains(text) | Matcher::Equals(text) => f.write_str(text.written().trim_end()),
            Matcher::Regex(text) => write!(f, "/{}/", text.written()),
        }
    }
}

impl JsonExpect {
    fn judge(&self, answer: Option<&Value>, names: &mut dyn Names) -> Option<Failure> {
        let expression = self.query.expression.written();
        let wanted = match self.value.fill(names) {
            Ok(wanted) => wanted,
            Err(why) => return Some(Failure::unstated(expression, why, self.span)),
        };
        let failure = |actual: String| {
            let text = format!("expected {expression} to be {wanted}");
            Some(Failure::new(text, wanted.to_string(), actual, self.span))
        };
        let Some(answer) = answer else {
            return failure("no JSON answer".to_owned());
        };
        match self.query.search(answer, names) {
            Ok(found) if same_json(&found, &wanted) => None,
            Ok(found) => failure(found.to_string()),
            Err(why) => failure(why),
        }
    }
}

impl JsonTemplate {
    /// The value with its names replaced.
    fn fill(&self, names: &mut dyn Names) -> Result<Value, String> {
        Ok(match self {
            JsonTemplate::Plain(value) => value.clone(),
            JsonTemplate::Text(text) => Value::String(text.fill(names).map_err(|problems| sentence(&problems))?),
            JsonTemplate::List(items) => {
                Value::Array(items.iter().map(|item| item.fill(names)).collect::<Result<_, _>>()?)
            }
            JsonTemplate::Map(entries) => {
                Value::Object(entries.iter().map(|(key, item)| Ok((key.clone(), item.fill(names)?))).collect::<Result<
                    Map<_, _>,
                    String,
                >>(
                )?)
            }
        })
    }

    fn collect_texts<'t>(&'t self, texts: &mut Vec<&'t Text>) {
        match self {
            JsonTemplate::Plain(_) => {}
            JsonTemplate::Text(text) => texts.push(text),
            JsonTemplate::List(items) => items.iter().for_each(|item| item.collect_texts(texts)),
            JsonTemplate::Map(entries) => entries.iter().for_each(|(_, item)| item.collect_texts(texts)),
        }
    }
}

impl fmt::Display for JsonTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JsonTemplate::Plain(value) => write!(f, "{value}"),
            JsonTemplate::Text(text) => f.write_str(text.written()),
            JsonTemplate::List(items) => write!(f, "a list of {}", items.len()),
            JsonTemplate::Map(entries) => write!(f, "a map of {}", entries.len()),
        }
    }
}

impl DroppedExpect {
    fn judge(&self, drops: &[ObservedDrop], names: &mut dyn Names) -> Vec<Failure> {
        let seen = || match drops {
            [] => "nothing dropped".to_owned(),
            drops => {
                let mut lines: Vec<String> =
                    drops.iter().map(|drop| format!("{} by {}", drop.code, drop.by.best_name())).collect();
                lines.dedup();
                lines.join(", ")
            }
        };
        match self {
            DroppedExpect::Nothing(_) if drops.is_empty() => Vec::new(),
            DroppedExpect::Nothing(span) => vec![Failure::new(
                "expected no packet to be dropped".to_owned(),
                "nothing dropped".to_owned(),
                seen(),
                *span,
            )],
            DroppedExpect::Each(matches) => matches
                .iter()
                .filter_map(|each| {
                    let found = drops.iter().map(|drop| each.matches(drop, names)).find(|found| *found != Ok(false));
                    match found {
                        Some(Ok(_)) => None,
                        Some(Err(why)) => Some(Failure::unstated("the dropping resource", why, each.span)),
                        None => Some(Failure::new(
                            format!("expected a packet to be dropped for {each}"),
                            each.to_string(),
                            seen(),
                            each.span,
                        )),
                    }
                })
                .collect(),
        }
    }
}

impl DropMatch {
    fn matches(&self, drop: &ObservedDrop, names: &mut dyn Names) -> Result<bool, String> {
        let reason = match self.reason {
            DropWord::Code(code) => drop.code == code,
            DropWord::Family(family) => drop.code.family() == family,
            DropWord::NotYet(_) => false,
        };
        let Some(by) = self.by.as_ref().filter(|_| reason) else {
            return Ok(reason);
        };
        let by = by.fill(names).map_err(|problems| sentence(&problems))?;
        Ok(drop.by.is_called(&by))
    }
}

impl fmt::Display for DropMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason {
            DropWord::Code(code) => write!(f, "{code}")?,
            DropWord::Family(family) => f.write_str(family.as_str())?,
            DropWord::NotYet(word) => f.write_str(word)?,
        }
        match &self.by {
            Some(by) => write!(f, " by {}", by.written()),
            None => Ok(()),
        }
    }
}

impl PathExpect {
    fn judge(&self, what: &str, passed: &[Passed], names: &mut dyn Names) -> Option<Failure> {
        let filled: Result<Vec<String>, _> = self.hops.iter().map(|hop| hop.fill(names)).collect();
        let wanted = match filled {
            Ok(wanted) => wanted,
            Err(problems) => return Some(Failure::unstated(what, sentence(&problems), self.span)),
        };
        let same = wanted.len() == passed.len() && wanted.iter().zip(passed).all(|(name, at)| at.is_called(name));
        let actual = match passed {
            [] => "no packet".to_owned(),
            passed => passed.iter().map(Passed::best_name).collect::<Vec<_>>().join(" → "),
        };
        let expected = if wanted.is_empty() { "of no packet".to_owned() } else { wanted.join(" → ") };
        (!same)
            .then(|| Failure::new(format!("expected the {what} {expected}, got {actual}"), expected, actual, self.span))
    }
}

fn judge_error(code: &Text, seen: Option<&str>, names: &mut dyn Names) -> Option<Failure> {
    let wanted = match code.fill(names) {
        Ok(wanted) => wanted,
        Err(problems) => return Some(Failure::unstated("the error code", sentence(&problems), code.span())),
    };
    (seen != Some(wanted.as_str())).then(|| {
        let actual = seen.unwrap_or("no AWS error").to_owned();
        Failure::new(format!("expected the AWS error {wanted}, got {actual}"), wanted.clone(), actual, code.span())
    })
}

/// A regular expression as scenarios write them: line by line, as `grep` reads terminal output.
///
/// # Errors
/// What is wrong with it.
pub(super) fn regex(pattern: &str) -> Result<regex_lite::Regex, String> {
    regex_lite::RegexBuilder::new(pattern).multi_line(true).build().map_err(|error| error.to_string())
}

/// One newline at the end does not count.
fn without_final_newline(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

/// Whether two JSON values are the same; 80 and 80.0 are one number, 80 and "80" are not.
fn same_json(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            one == other || (one.is_f64() != other.is_f64() && one.as_f64() == other.as_f64())
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same_json(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, one)| other.get(key).is_some_and(|other| same_json(one, other)))
        }
        (one, other) => one == other,
    }
}
