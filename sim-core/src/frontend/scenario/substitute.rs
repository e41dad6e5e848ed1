//! `${name}`: what commands and expectations take from the run (scenario format, "A step").
//!
//! A [`Text`] is parsed once, when the scenario is loaded, so that each name knows its place; it is filled when the
//! step runs. `$$` is a dollar; `$x`, `$?` and `$( )` belong to the shell and stay as they are.

use std::ops::Range;

use indexmap::IndexMap;

use crate::frontend::diagnostic::{Diagnostic, Span};

/// A text with names to be filled in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Text {
    written: String,
    parts: Vec<Part>,
    span: Span,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Part {
    Literal(String),
    Name { name: String, span: Span },
}

impl Text {
    /// Parses a text whose bytes `place` finds in the file.
    ///
    /// # Errors
    /// Each `${…}` that is not closed or holds something else than a name.
    pub(crate) fn parse(written: &str, place: &dyn Fn(Range<usize>) -> Span) -> Result<Text, Vec<Diagnostic>> {
        let (mut parts, mut problems) = (Vec::new(), Vec::new());
        let mut literal = String::new();
        let mut at = 0;
        while let Some(dollar) = written[at..].find('$').map(|found| at + found) {
            literal.push_str(&written[at..dollar]);
            let rest = &written[dollar + 1..];
            if rest.starts_with('$') {
                literal.push('$');
                at = dollar + 2;
            } else if let Some(inside) = rest.strip_prefix('{') {
                let Some(length) = inside.find('}') else {
                    let place = place(dollar..dollar + 2);
                    problems.push(
                        Diagnostic::error("VPC057", place, "this `${` is not closed")
                            .label("no `}` follows")
                            .help("write `$${` where the shell should see `${`"),
                    );
                    literal.push_str(&written[dollar..]);
                    at = written.len();
                    break;
                };
                let name = &inside[..length];
                at = dollar + 2 + length + 1;
                let span = place(dollar..at);
                if is_dotted_name(name) {
                    if !literal.is_empty() {
                        parts.push(Part::Literal(std::mem::take(&mut literal)));
                    }
                    parts.push(Part::Name { name: name.to_owned(), span });
                } else {
                    problems.push(
                        Diagnostic::error("VPC057", span, format!("`{name}` is not a name that vpcsim can fill in"))
                            .label("a name is letters, digits, `_` and `-`, with dots between its parts")
                            .help(format!("write `$${{{name}}}` to give the shell its own `${{{name}}}`")),
                    );
                }
            } else {
                literal.push('$');
                at = dollar + 1;
            }
        }
        literal.push_str(&written[at..]);
        if !literal.is_empty() {
            parts.push(Part::Literal(literal));
        }
        if problems.is_empty() {
            Ok(Text { written: written.to_owned(), parts, span: place(0..written.len()) })
        } else {
            Err(problems)
        }
    }

    /// The text as written.
    pub(crate) fn written(&self) -> &str {
        &self.written
    }

    /// Its place.
    pub(crate) fn span(&self) -> Span {
        self.span
    }

    /// The names in it, each with its place.
    pub(crate) fn names(&self) -> impl Iterator<Item = (&str, Span)> {
        self.parts.iter().filter_map(|part| match part {
            Part::Name { name, span } => Some((name.as_str(), *span)),
            Part::Literal(_) => None,
        })
    }

    /// The text with every name replaced.
    ///
    /// # Errors
    /// Every name that nothing has, or that two stacks have.
    pub(crate) fn fill(&self, names: &mut dyn Names) -> Result<String, Vec<Diagnostic>> {
        self.fill_as(names, &|value| value)
    }

    /// The text with every name replaced by its value made fit for where the text goes.
    pub(super) fn fill_as(
        &self,
        names: &mut dyn Names,
        fit: &dyn Fn(String) -> String,
    ) -> Result<String, Vec<Diagnostic>> {
        let (mut filled, mut problems) = (String::new(), Vec::new());
        for part in &self.parts {
            match part {
                Part::Literal(text) => filled.push_str(text),
                Part::Name { name, span } => match names.resolve(name) {
                    Ok(value) => filled.push_str(&fit(value)),
                    Err(problem) => problems.push(unresolved(name, *span, &problem, &names.known())),
                },
            }
        }
        if problems.is_empty() { Ok(filled) } else { Err(problems) }
    }
}

/// What names stand for. Looking may take a call to the control plane: hence `&mut`.
pub(crate) trait Names {
    /// What `${name}` stands for.
    ///
    /// # Errors
    /// Nothing has the name, or more than one thing.
    fn resolve(&mut self, name: &str) -> Result<String, NameProblem>;

    /// Every name that could be meant, for the nearest to be found among them.
    fn known(&mut self) -> Vec<String>;
}

/// Why a name stands for nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum NameProblem {
    /// Nothing has it.
    Unknown,
    /// A resource has it that is not simulated: its logical id and type.
    NotSimulated(String, String),
    /// Several stacks have it: the ways to say which is meant.
    Ambiguous(Vec<String>),
}

/// The resources of the stacks, as far as `${name}` needs them.
pub(crate) trait StackNames {
    /// The stacks' names.
    fn stacks(&self) -> Vec<String>;
    /// The logical ids of a stack.
    fn logical_ids(&self, stack: &str) -> Vec<String>;
    /// The physical id behind a logical one.
    fn physical_id(&self, stack: &str, logical_id: &str) -> Option<String>;
    /// The value of an output.
    fn output(&self, _stack: &str, _name: &str) -> Option<String> {
        None
    }
    /// The names of a stack's outputs.
    fn outputs(&self, _stack: &str) -> Vec<String> {
        Vec::new()
    }
    /// An attribute that `Fn::GetAtt` knows.
    fn attribute(&mut self, stack: &str, logical_id: &str, attribute: &str) -> Option<String>;
    /// The attributes that could be meant, for the nearest to be found among them.
    fn attributes(&self, _stack: &str, _logical_id: &str) -> Vec<String> {
        Vec::new()
    }
    /// The type of a resource that the template has and vpcsim left out.
    fn left_out(&self, _stack: &str, _logical_id: &str) -> Option<String> {
        None
    }
}

/// The order in which names are looked up: a saved variable, then a logical id or its attribute, then an output, with or
/// without the stack's name before it.
pub(crate) struct Scope<'a> {
    /// The variables saved so far.
    pub saved: &'a IndexMap<String, String>,
    /// The stacks.
    pub stacks: &'a mut dyn StackNames,
}

impl Names for Scope<'_> {
    fn resolve(&mut self, name: &str) -> Result<String, NameProblem> {
        if let Some(value) = self.saved.get(name) {
            return Ok(value.clone());
        }
        let stacks = self.stacks.stacks();
        if let Some((first, rest)) = name.split_once('.')
            && stacks.iter().any(|stack| stack == first)
            && let Some(value) = self.within(first, rest)
        {
            return Ok(value);
        }
        let having: Vec<(&String, String)> =
            stacks.iter().filter_map(|stack| Some((stack, self.within(stack, name)?))).collect();
        match having.as_slice() {
            [] => Err(self.left_out(&stacks, name).unwrap_or(NameProblem::Unknown)),
            [(_, value)] => Ok(value.clone()),
            several => {
                Err(NameProblem::Ambiguous(several.iter().map(|(stack, _)| format!("{stack}.{name}")).collect()))
            }
        }
    }

    fn known(&mut self) -> Vec<String> {
        let mut known: Vec<String> = self.saved.keys().cloned().collect();
        let stacks = self.stacks.stacks();
        for stack in &stacks {
            for logical_id in self.stacks.logical_ids(stack) {
                let attributes = self.stacks.attributes(stack, &logical_id);
                known.extend(attributes.iter().map(|attribute| format!("{logical_id}.{attribute}")));
                if stacks.len() > 1 {
                    known.push(format!("{stack}.{logical_id}"));
                }
                known.push(logical_id);
            }
            for output in self.stacks.outputs(stack) {
                if stacks.len() > 1 {
                    known.push(format!("{stack}.{output}"));
                }
                known.push(output);
            }
        }
        known
    }
}

impl Scope<'_> {
    /// Whether the name is that of a resource which the template has and vpcsim left out.
    fn left_out(&self, stacks: &[String], name: &str) -> Option<NameProblem> {
        let mut parts = name.split('.');
        let first = parts.next().unwrap_or_default();
        let found = |stack: &String, logical_id: &str| {
            let type_name = self.stacks.left_out(stack, logical_id)?;
            Some(NameProblem::NotSimulated(logical_id.to_owned(), type_name))
        };
        let qualified = stacks.iter().find(|stack| *stack == first).zip(parts.next());
        let qualified = qualified.and_then(|(stack, logical_id)| found(stack, logical_id));
        qualified.or_else(|| stacks.iter().find_map(|stack| found(stack, first)))
    }

    /// The value of `LogicalId`, `LogicalId.Attribute` or `Output` in one stack.
    fn within(&mut self, stack: &str, name: &str) -> Option<String> {
        match name.split_once('.') {
            Some((logical_id, attribute)) => self.stacks.attribute(stack, logical_id, attribute),
            None => self.stacks.physical_id(stack, name).or_else(|| self.stacks.output(stack, name)),
        }
    }
}

/// Stands in for values that only the run knows, where just the grammar around them matters.
pub(super) struct AnyName;

impl Names for AnyName {
    fn resolve(&mut self, _: &str) -> Result<String, NameProblem> {
        Ok("x".to_owned())
    }

    fn known(&mut self) -> Vec<String> {
        Vec::new()
    }
}

/// The diagnostic for a name that stands for nothing.
pub(super) fn unresolved(name: &str, span: Span, problem: &NameProblem, known: &[String]) -> Diagnostic {
    match problem {
        NameProblem::Unknown => {
            let diagnostic =
                Diagnostic::error("VPC021", span, format!("no resource or saved variable is named `{name}`"));
            let known = known.iter().map(String::as_str);
            match crate::frontend::spelling::nearest(name, known) {
                Some(near) => diagnostic.help(format!("did you mean `${{{near}}}`?")),
                None => diagnostic
                    .help(format!("write `$${{{name}}}` if the shell should see it; a step's `save` gives names")),
            }
        }
        NameProblem::NotSimulated(logical_id, type_name) => {
            Diagnostic::error("VPC063", span, format!("`{logical_id}` is not simulated: it is an {type_name}"))
                .label("this has no value")
        }
        NameProblem::Ambiguous(ways) => {
            let ways = ways.iter().map(|way| format!("`${{{way}}}`")).collect::<Vec<_>>().join(" or ");
            Diagnostic::error("VPC062", span, format!("`{name}` is in more than one stack"))
                .help(format!("say which is meant: {ways}"))
        }
    }
}

/// Whether a text may stand between `${` and `}`.
fn is_dotted_name(text: &str) -> bool {
    text.split('.').all(is_simple_name)
}

/// Whether a text is one part of a name, as a variable or a stack is called.
pub(super) fn is_simple_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with('-')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// The messages of some problems as one sentence, for a failure that has no room for excerpts.
pub(super) fn sentence(problems: &[Diagnostic]) -> String {
    problems
        .iter()
        .map(|problem| match &problem.help {
            Some(help) => format!("{} ({help})", problem.message),
            None => problem.message.clone(),
        })
        .collect::<Vec<_>>()
        .join("; ")
}
