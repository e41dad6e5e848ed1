//! What a template may write in place of a value: literals and calls of intrinsic functions, checked for shape.
//!
//! Defined by the "Intrinsic function reference" of the CloudFormation User Guide. Short forms (`!Ref X`) and long forms
//! (`Ref: X`) give the same tree, and every name keeps its place. What a call evaluates to is in
//! [`functions`](super::functions); whether a name exists is checked by [`template`](super::template).

use smol_str::SmolStr;

use crate::frontend::diagnostic::{Diagnostic, Sources, Span};
use crate::frontend::node::{Key, Node, NodeKind};
use crate::frontend::spelling::did_you_mean;

/// A value as written, with its place.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Expression {
    pub(crate) kind: ExpressionKind,
    /// The whole of it, with its tag.
    pub(crate) span: Span,
}

/// A name that refers to something else in the template.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Name {
    pub(crate) text: SmolStr,
    pub(crate) span: Span,
}

/// A literal or a call.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum ExpressionKind {
    Text(SmolStr),
    List(Vec<Expression>),
    Map(Vec<(Key, Expression)>),
    Ref(Name),
    GetAtt {
        resource: Name,
        attribute: Box<Expression>,
    },
    Sub {
        pieces: Vec<Piece>,
        variables: Vec<(Key, Expression)>,
        /// The place of the text alone, where its first line begins.
        text: Span,
    },
    Join {
        delimiter: SmolStr,
        values: Box<Expression>,
    },
    Select {
        index: Box<Expression>,
        values: Box<Expression>,
    },
    Split {
        delimiter: SmolStr,
        text: Box<Expression>,
    },
    GetAzs(Box<Expression>),
    FindInMap(Box<MapLookup>),
    Base64(Box<Expression>),
    ImportValue(Box<Expression>),
    Cidr {
        block: Box<Expression>,
        count: Box<Expression>,
        bits: Option<Box<Expression>>,
    },
    If {
        condition: Name,
        then: Box<Expression>,
        otherwise: Box<Expression>,
    },
    Equals(Box<Expression>, Box<Expression>),
    And(Vec<Expression>),
    Or(Vec<Expression>),
    Not(Box<Expression>),
    Condition(Name),
    /// Written wrongly: already reported, and never evaluated.
    Invalid,
}

/// The arguments of `Fn::FindInMap`.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct MapLookup {
    pub(crate) map: Expression,
    pub(crate) top: Expression,
    pub(crate) second: Expression,
    /// Needs the transform `AWS::LanguageExtensions` on AWS, and nothing here.
    pub(crate) default: Option<Expression>,
}

/// A stretch of `Fn::Sub`'s text.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Piece {
    Text(SmolStr),
    /// `${Name}`: a variable of the call, a parameter, a pseudo parameter or a resource.
    Ref(Name),
    /// `${Resource.Attribute}`.
    GetAtt(Name, SmolStr),
}

/// Where an expression stands: the condition functions are for `Conditions` only.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    Value,
    Condition,
}

/// The functions, by their name in the short form; `Ref` and `Condition` have no `Fn::` in the long one.
const FUNCTIONS: &[&str] = &[
    "Ref",
    "Condition",
    "GetAtt",
    "Sub",
    "Join",
    "Select",
    "Split",
    "GetAZs",
    "FindInMap",
    "Base64",
    "ImportValue",
    "Cidr",
    "If",
    "Equals",
    "And",
    "Or",
    "Not",
];

/// Functions of CloudFormation that need what only AWS has.
const UNSUPPORTED: &[&str] = &["Transform", "ForEach", "Length", "ToJsonString", "GetStackOutput"];

/// Turns nodes into expressions and collects what is wrong with them.
pub(crate) struct Reader<'s> {
    pub(crate) sources: &'s Sources,
    pub(crate) problems: Vec<Diagnostic>,
    /// The names of exports that have been asked for so far.
    pub(crate) imports: Vec<Expression>,
}

impl Expression {
    /// The text of a literal.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match &self.kind {
            ExpressionKind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Calls `visit` for every part of this, itself first.
    pub(crate) fn walk<'e>(&'e self, visit: &mut dyn FnMut(&'e Expression)) {
        use ExpressionKind::*;
        visit(self);
        match &self.kind {
            Text(_) | Ref(_) | Condition(_) | Invalid => {}
            List(items) | And(items) | Or(items) => items.iter().for_each(|item| item.walk(visit)),
            Map(entries) => entries.iter().for_each(|(_, value)| value.walk(visit)),
            GetAtt { attribute, .. } => attribute.walk(visit),
            Sub { variables, .. } => variables.iter().for_each(|(_, value)| value.walk(visit)),
            Join { values: inner, .. }
            | Split { text: inner, .. }
            | GetAzs(inner)
            | Base64(inner)
            | ImportValue(inner)
            | Not(inner) => inner.walk(visit),
            Select { index: first, values: second }
            | Equals(first, second)
            | If { then: first, otherwise: second, .. } => {
                first.walk(visit);
                second.walk(visit);
            }
            FindInMap(lookup) => {
                for part in [&lookup.map, &lookup.top, &lookup.second].into_iter().chain(&lookup.default) {
                    part.walk(visit);
                }
            }
            Cidr { block, count, bits } => {
                for part in [block, count].into_iter().chain(bits) {
                    part.walk(visit);
                }
            }
        }
    }
}

impl Expression {
    /// Calls `visit` with every name that this part itself refers to: not those of the parts below.
    pub(crate) fn references<'e>(&'e self, visit: &mut dyn FnMut(&'e Name)) {
        match &self.kind {
            ExpressionKind::Ref(name) | ExpressionKind::GetAtt { resource: name, .. } => visit(name),
            ExpressionKind::Sub { pieces, variables, .. } => {
                for piece in pieces {
                    match piece {
                        Piece::Ref(name) | Piece::GetAtt(name, _)
                            if !variables.iter().any(|(key, _)| key.text == name.text) =>
                        {
                            visit(name);
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
}

impl<'s> Reader<'s> {
    pub(crate) fn new(sources: &'s Sources) -> Reader<'s> {
        Reader { sources, problems: Vec::new(), imports: Vec::new() }
    }

    /// Keeps a problem; what stood there is invalid.
    pub(crate) fn report(&mut self, problem: Diagnostic) -> ExpressionKind {
        self.problems.push(problem);
        ExpressionKind::Invalid
    }

    /// The expression that a node stands for.
    pub(crate) fn expression(&mut self, node: &Node, place: Place) -> Expression {
        let span = node.whole_span();
        let kind = if let Some(tag) = &node.tag {
            let argument = Node { tag: None, ..node.clone() };
            self.function(&tag.name, &format!("!{}", tag.name), tag.span, &argument, place)
        } else {
            match &node.kind {
                NodeKind::Null => {
                    let problem = Diagnostic::error("VPC033", span, "a value is missing here");
                    self.report(problem.label("nothing is written").help("`!Ref AWS::NoValue` leaves a property out"))
                }
                NodeKind::Scalar { text, .. } => ExpressionKind::Text(text.clone()),
                NodeKind::Sequence(items) => {
                    ExpressionKind::List(items.iter().map(|item| self.expression(item, place)).collect())
                }
                NodeKind::Mapping(entries) => self.map(entries, place),
            }
        };
        Expression { kind, span }
    }

    fn map(&mut self, entries: &[(Key, Node)], place: Place) -> ExpressionKind {
        let is_call = |key: &Key, value: &Node| match &*key.text {
            "Ref" => true,
            // Also a key of IAM policies, whose value is a map.
            "Condition" => place == Place::Condition && value.as_str().is_some(),
            name => name.starts_with("Fn::"),
        };
        match entries.iter().find(|(key, value)| is_call(key, value)) {
            Some((key, argument)) if entries.len() == 1 => {
                let name = key.text.strip_prefix("Fn::").unwrap_or(&key.text);
                self.function(name, &key.text, key.span, argument, place)
            }
            Some((key, _)) => {
                let other = entries.iter().find(|(other, _)| other != key).map_or(key.span, |(other, _)| other.span);
                let message = format!("`{}` must be the only key of its map", key.text);
                self.report(Diagnostic::error("VPC022", key.span, message).related(other, "beside this key"))
            }
            None => ExpressionKind::Map(
                entries.iter().map(|(key, value)| (key.clone(), self.expression(value, place))).collect(),
            ),
        }
    }

    fn function(&mut self, name: &str, written: &str, span: Span, argument: &Node, place: Place) -> ExpressionKind {
        let call = Call { written, span, argument, place };
        match name {
            "Ref" => match self.name(&call, argument) {
                Some(name) => ExpressionKind::Ref(name),
                None => ExpressionKind::Invalid,
            },
            "Condition" if place == Place::Condition => match self.name(&call, argument) {
                Some(name) => ExpressionKind::Condition(name),
                None => ExpressionKind::Invalid,
            },
            "GetAtt" => self.get_att(&call),
            "Sub" => self.sub(&call),
            "Join" => self.join(&call),
            "Select" => match self.arguments(&call, 2..=2, "an index and a list") {
                Some([index, values]) => ExpressionKind::Select { index: Box::new(index), values: Box::new(values) },
                _ => ExpressionKind::Invalid,
            },
            "Split" => self.split(&call),
            // `!GetAZs` with nothing after it means the stack's Region, as `!GetAZs ''` does.
            "GetAZs" if argument.is_null() => {
                let region = Expression { kind: ExpressionKind::Text(SmolStr::default()), span };
                ExpressionKind::GetAzs(Box::new(region))
            }
            "GetAZs" => ExpressionKind::GetAzs(Box::new(self.expression(argument, place))),
            "FindInMap" => self.find_in_map(&call),
            "Base64" => ExpressionKind::Base64(Box::new(self.expression(argument, place))),
            "ImportValue" if place == Place::Condition => {
                let message = format!("`{written}` cannot be used under `Conditions`");
                self.report(Diagnostic::error("VPC020", span, message))
            }
            "ImportValue" => {
                let name = self.expression(argument, place);
                self.imports.push(name.clone());
                ExpressionKind::ImportValue(Box::new(name))
            }
            "Cidr" => self.cidr(&call),
            "If" => self.if_(&call),
            "Equals" | "And" | "Or" | "Not" | "Condition" if place == Place::Value => {
                let message = format!("`{written}` can be used only under `Conditions`");
                self.report(
                    Diagnostic::error("VPC020", span, message)
                        .help("name the condition there, and choose by it with `!If [Name, value, other]`"),
                )
            }
            "Equals" => match self.arguments(&call, 2..=2, "two values") {
                Some([first, second]) => ExpressionKind::Equals(Box::new(first), Box::new(second)),
                _ => ExpressionKind::Invalid,
            },
            "And" | "Or" => match self.items(&call, 2..=10, "two to ten conditions") {
                Some(items) if name == "And" => ExpressionKind::And(items),
                Some(items) => ExpressionKind::Or(items),
                None => ExpressionKind::Invalid,
            },
            "Not" => match self.arguments(&call, 1..=1, "one condition") {
                Some([condition]) => ExpressionKind::Not(Box::new(condition)),
                _ => ExpressionKind::Invalid,
            },
            _ => self.unknown(name, written, span),
        }
    }

    fn unknown(&mut self, name: &str, written: &str, span: Span) -> ExpressionKind {
        if UNSUPPORTED.contains(&name) || name.starts_with("ForEach::") {
            let problem = Diagnostic::error("VPC013", span, format!("`{written}` is not supported by vpcsim"));
            return self.report(problem.help("write out what it stands for"));
        }
        let prefix = &written[..written.len() - name.len()];
        let help = did_you_mean(name, FUNCTIONS.iter().copied());
        let help = help.map(|help| help.replacen('`', &format!("`{prefix}"), 1));
        self.report(
            Diagnostic::error("VPC020", span, format!("`{written}` is not a CloudFormation function")).help_if(help),
        )
    }

    fn get_att(&mut self, call: &Call<'_>) -> ExpressionKind {
        let wanted = "`Resource.Attribute`, or a list of the two";
        if let Some(text) = call.argument.as_str() {
            let Some((resource, attribute)) = text.split_once('.').filter(|(a, b)| !a.is_empty() && !b.is_empty())
            else {
                return self.wrong(call, wanted);
            };
            let whole = call.argument.span;
            let quote = usize::from(whole.range().len() != text.len());
            let start = whole.start() + quote;
            let span = whole.at(start, start + resource.len());
            let attribute_span = whole.at(span.end() + 1, span.end() + 1 + attribute.len());
            let attribute = Expression { kind: ExpressionKind::Text(attribute.into()), span: attribute_span };
            let resource = Name { text: resource.into(), span };
            return ExpressionKind::GetAtt { resource, attribute: Box::new(attribute) };
        }
        match call.argument.as_sequence() {
            Some([resource, attribute]) => match resource.as_str() {
                Some(text) => ExpressionKind::GetAtt {
                    resource: Name { text: text.into(), span: resource.span },
                    attribute: Box::new(self.expression(attribute, call.place)),
                },
                None => self.wrong(call, wanted),
            },
            _ => self.wrong(call, wanted),
        }
    }

    fn sub(&mut self, call: &Call<'_>) -> ExpressionKind {
        let wanted = "a text, or a list of a text and a map of variables";
        let (text, variables) = match call.argument.as_sequence() {
            None => (call.argument, &[][..]),
            Some([text]) => (text, &[][..]),
            Some([text, variables]) => match variables.as_mapping() {
                Some(variables) => (text, variables),
                None => return self.wrong(call, wanted),
            },
            Some(_) => return self.wrong(call, wanted),
        };
        let Some(template) = text.as_str() else { return self.wrong(call, wanted) };
        let variables =
            variables.iter().map(|(key, value)| (key.clone(), self.expression(value, call.place))).collect();
        match pieces(template, text.span, self.sources) {
            Ok(pieces) => ExpressionKind::Sub { pieces, variables, text: text.span },
            Err(problem) => self.report(*problem),
        }
    }

    fn join(&mut self, call: &Call<'_>) -> ExpressionKind {
        let wanted = "a delimiter and a list of values";
        match call.argument.as_sequence() {
            Some([delimiter, values]) => match text_or_empty(delimiter) {
                Some(delimiter) => {
                    let values = self.expression(values, call.place);
                    if values.as_text().is_some() {
                        return self.wrong(call, wanted);
                    }
                    ExpressionKind::Join { delimiter, values: Box::new(values) }
                }
                None => self.wrong(call, wanted),
            },
            _ => self.wrong(call, wanted),
        }
    }

    fn split(&mut self, call: &Call<'_>) -> ExpressionKind {
        let wanted = "a delimiter and a text";
        match call.argument.as_sequence() {
            Some([delimiter, text]) => match delimiter.as_str().filter(|delimiter| !delimiter.is_empty()) {
                Some(delimiter) => ExpressionKind::Split {
                    delimiter: delimiter.into(),
                    text: Box::new(self.expression(text, call.place)),
                },
                None => self.wrong(call, wanted),
            },
            _ => self.wrong(call, wanted),
        }
    }

    fn find_in_map(&mut self, call: &Call<'_>) -> ExpressionKind {
        let wanted = "the names of a mapping, a key of it and a key below that";
        let Some(items) = call.argument.as_sequence().filter(|items| matches!(items.len(), 3 | 4)) else {
            return self.wrong(call, wanted);
        };
        let default = match items.get(3) {
            Some(options) => match options.get("DefaultValue") {
                Some(default) => Some(self.expression(default, call.place)),
                None => return self.wrong(call, wanted),
            },
            None => None,
        };
        let [map, top, second] = [0, 1, 2].map(|index| self.expression(&items[index], call.place));
        ExpressionKind::FindInMap(Box::new(MapLookup { map, top, second, default }))
    }

    fn cidr(&mut self, call: &Call<'_>) -> ExpressionKind {
        let Some(mut items) = self.items(call, 2..=3, "an address block, a count and the host bits") else {
            return ExpressionKind::Invalid;
        };
        let bits = (items.len() == 3).then(|| items.pop().map(Box::new)).flatten();
        match (items.pop(), items.pop()) {
            (Some(count), Some(block)) => ExpressionKind::Cidr { block: Box::new(block), count: Box::new(count), bits },
            _ => ExpressionKind::Invalid,
        }
    }

    fn if_(&mut self, call: &Call<'_>) -> ExpressionKind {
        let wanted = "a condition's name, a value if it is true and one if it is false";
        let Some([condition, then, otherwise]) = call.argument.as_sequence() else {
            return self.wrong(call, wanted);
        };
        let Some(name) = condition.as_str() else { return self.wrong(call, wanted) };
        let condition = Name { text: name.into(), span: condition.span };
        let then = Box::new(self.expression(then, call.place));
        let otherwise = Box::new(self.expression(otherwise, call.place));
        ExpressionKind::If { condition, then, otherwise }
    }

    /// A list of so many expressions.
    fn items(
        &mut self,
        call: &Call<'_>,
        count: std::ops::RangeInclusive<usize>,
        wanted: &str,
    ) -> Option<Vec<Expression>> {
        match call.argument.as_sequence() {
            Some(items) if count.contains(&items.len()) => {
                Some(items.iter().map(|item| self.expression(item, call.place)).collect())
            }
            _ => {
                self.wrong(call, wanted);
                None
            }
        }
    }

    /// A list of exactly `N` expressions.
    fn arguments<const N: usize>(
        &mut self,
        call: &Call<'_>,
        count: std::ops::RangeInclusive<usize>,
        wanted: &str,
    ) -> Option<[Expression; N]> {
        self.items(call, count, wanted)?.try_into().ok()
    }

    fn name(&mut self, call: &Call<'_>, node: &Node) -> Option<Name> {
        match node.as_str().filter(|text| !text.is_empty()) {
            Some(text) => Some(Name { text: text.into(), span: node.span }),
            None => {
                self.wrong(call, "a name");
                None
            }
        }
    }

    fn wrong(&mut self, call: &Call<'_>, wanted: &str) -> ExpressionKind {
        let place = if call.argument.is_null() { call.span } else { call.argument.whole_span() };
        let found = match call.argument.as_sequence() {
            Some([]) => "an empty list".to_owned(),
            Some(items) => {
                format!("a list of {}", items.iter().map(Node::describe).collect::<Vec<_>>().join(", "))
            }
            None => call.argument.describe(),
        };
        let message = format!("`{}` takes {wanted}, not {found}", call.written);
        self.report(Diagnostic::error("VPC022", place, message))
    }
}

/// A function as it is written at a place.
struct Call<'n> {
    written: &'n str,
    span: Span,
    argument: &'n Node,
    place: Place,
}

/// A delimiter may be empty, and an unquoted empty one reads as nothing.
fn text_or_empty(node: &Node) -> Option<SmolStr> {
    if node.is_null() { Some(SmolStr::default()) } else { node.as_str().map(SmolStr::new) }
}

/// Cuts the text of `Fn::Sub`. `${!Literal}` stays as `${Literal}`; a `$` alone, and `${` that is never closed, are text.
fn pieces(text: &str, span: Span, sources: &Sources) -> Result<Vec<Piece>, Box<Diagnostic>> {
    let source = sources.file(span.file).text.get(span.range()).unwrap_or_default();
    let mut searched = 0;
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        plain.push_str(before);
        let Some((inside, following)) = after.split_once('}') else {
            plain.push_str("${");
            rest = after;
            continue;
        };
        rest = following;
        if let Some(literal) = inside.strip_prefix('!') {
            plain.push_str("${");
            plain.push_str(literal);
            plain.push('}');
            continue;
        }
        // The place in the source, which differs from the text's where quotes, escapes or a block's indentation stand.
        let written = format!("${{{inside}}}");
        let place = match source.get(searched..).and_then(|source| source.find(&written)) {
            Some(found) => {
                let start = span.start() + searched + found + 2;
                searched += found + written.len();
                span.at(start, start + inside.len())
            }
            None => span,
        };
        let name = inside.trim();
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, ':' | '.' | '_' | '-')) {
            let problem = Diagnostic::error("VPC022", place, format!("`{written}` does not name anything"));
            let help = format!("to keep it as it is, as in a shell script, write `${{!{inside}}}`");
            return Err(Box::new(problem.help(help)));
        }
        if !plain.is_empty() {
            pieces.push(Piece::Text(std::mem::take(&mut plain).into()));
        }
        pieces.push(match name.split_once('.') {
            Some((resource, attribute)) => Piece::GetAtt(Name { text: resource.into(), span: place }, attribute.into()),
            None => Piece::Ref(Name { text: name.into(), span: place }),
        });
    }
    plain.push_str(rest);
    if !plain.is_empty() || pieces.is_empty() {
        pieces.push(Piece::Text(plain.into()));
    }
    Ok(pieces)
}
