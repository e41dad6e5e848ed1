//! A YAML or JSON text as a tree that keeps every place, tag and quoting.
//!
//! JSON has a reader of its own that gives the same tree, since large templates are JSON. What a plain `80` or `true` means is
//! decided later, by the property it is given to, so scalars stay text here. Aliases and merge keys are refused, as
//! CloudFormation refuses them (User Guide, "CloudFormation template formats"). This file does not know what a template or a
//! scenario contains.

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError, StrInput};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::diagnostic::{Diagnostic, Sources, Span};
use super::json;
use crate::id::FileId;

/// How deep lists and maps may nest. Ours: AWS publishes no figure, and no template written by a person comes near.
pub(super) const NESTING_LIMIT: usize = 100;

/// A value in the text.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Node {
    /// The value.
    pub kind: NodeKind,
    /// A local tag, if there is one. Few values have one, and large templates none.
    pub tag: Option<Box<Tag>>,
    /// The value's place, without the tag.
    pub span: Span,
}

/// A local tag.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Tag {
    /// The name without its `!`, as in `Ref`.
    pub name: SmolStr,
    /// Its place.
    pub span: Span,
}

/// What a value is. Plain scalars stay text: whether `80` is a number is decided by the property it is given to.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum NodeKind {
    /// Nothing was written, or `null`/`~`.
    Null,
    /// A scalar; `quoted` when it was in quotes or a block.
    Scalar {
        /// The text.
        text: SmolStr,
        /// Whether it was in quotes or a block, so that `"no"` is never a boolean.
        quoted: bool,
    },
    /// A list.
    Sequence(Vec<Node>),
    /// A map in the order written. No key occurs twice: the reader refuses that.
    Mapping(Vec<(Key, Node)>),
}

/// A map's key.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Key {
    /// The text.
    pub text: SmolStr,
    /// Its place.
    pub span: Span,
}

/// Reads a text.
///
/// # Errors
/// Every problem found: wrong YAML, a key that occurs twice, an alias or merge key.
pub(crate) fn read(sources: &Sources, file: FileId) -> Result<Node, Vec<Diagnostic>> {
    let text = &sources.file(file).text;
    if let Some(node) = json::read(text, file) {
        return Ok(node);
    }
    // The parser does not see a byte order mark, and counts bytes from the first character it sees.
    let skipped = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let options = granit_parser::options! {
        flow_nesting_limit: NESTING_LIMIT,
        block_nesting_limit: NESTING_LIMIT,
        // A JSON key and its value may stand on one line of any length.
        simple_key_max_lookahead: 1 << 20,
    };
    let mut reader = Reader {
        text,
        skipped,
        file,
        parser: Parser::new_from_str_with_options(&text[skipped..], options),
        depth: 0,
        problems: Vec::new(),
    };
    match reader.document() {
        Ok(node) if reader.problems.is_empty() => Ok(node),
        _ => Err(reader.problems),
    }
}

/// Reads a JSON text as [`read`] does, but for the map under a `key` of the outermost one: its entries are handed out one by
/// one, so that they need not all be there at once, and the tree has an empty map there. `None` for any other text, wrong or
/// not; what was handed out means nothing then.
pub(crate) fn read_apart(sources: &Sources, file: FileId, key: &str, visit: &mut dyn FnMut(Key, Node)) -> Option<Node> {
    json::read_apart(&sources.file(file).text, file, json::Apart { key, visit })
}

impl Node {
    /// The text of an untagged scalar.
    pub(crate) fn as_str(&self) -> Option<&str> {
        match &self.kind {
            NodeKind::Scalar { text, .. } if self.tag.is_none() => Some(text),
            _ => None,
        }
    }

    /// The entries of an untagged map.
    pub(crate) fn as_mapping(&self) -> Option<&[(Key, Node)]> {
        match &self.kind {
            NodeKind::Mapping(entries) if self.tag.is_none() => Some(entries),
            _ => None,
        }
    }

    /// The items of an untagged list.
    pub(crate) fn as_sequence(&self) -> Option<&[Node]> {
        match &self.kind {
            NodeKind::Sequence(items) if self.tag.is_none() => Some(items),
            _ => None,
        }
    }

    /// The value under a key of an untagged map.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|(_, value)| value)
    }

    /// A key of an untagged map, with its value.
    pub(crate) fn entry(&self, key: &str) -> Option<(&Key, &Node)> {
        self.as_mapping()?.iter().find(|(found, _)| found.text == key).map(|(key, value)| (key, value))
    }

    /// Whether nothing was written here.
    pub(crate) fn is_null(&self) -> bool {
        matches!(self.kind, NodeKind::Null) && self.tag.is_none()
    }

    /// The place of the tag, if there is one, and the value.
    pub(crate) fn whole_span(&self) -> Span {
        match &self.tag {
            Some(tag) => self.span.at(tag.span.start().min(self.span.start()), self.span.end()),
            None => self.span,
        }
    }

    /// What this is, for a sentence: "a list", "the text `tcp`", "`!Ref`".
    pub(crate) fn describe(&self) -> String {
        if let Some(tag) = &self.tag {
            return format!("`!{}`", tag.name);
        }
        match &self.kind {
            NodeKind::Null => "nothing".to_owned(),
            NodeKind::Scalar { text, .. } if text.is_empty() => "an empty text".to_owned(),
            NodeKind::Scalar { text, quoted: false } if text.parse::<f64>().is_ok() => format!("the number `{text}`"),
            NodeKind::Scalar { text, .. } => match text.lines().next() {
                Some(first) if first.len() == text.len() && first.chars().count() <= 40 => format!("the text `{text}`"),
                _ => "a text".to_owned(),
            },
            NodeKind::Sequence(_) => "a list".to_owned(),
            NodeKind::Mapping(_) => "a map".to_owned(),
        }
    }
}

/// The parser cannot go on; why is already among the problems.
struct Abandoned;

struct Reader<'t> {
    text: &'t str,
    skipped: usize,
    file: FileId,
    parser: Parser<'t, StrInput<'t>>,
    depth: usize,
    problems: Vec<Diagnostic>,
}

impl<'t> Reader<'t> {
    fn document(&mut self) -> Result<Node, Abandoned> {
        loop {
            let (event, place) = self.next()?;
            match event {
                Event::StreamEnd => {
                    let span = self.span(place);
                    return self.abandon(
                        Diagnostic::error("VPC005", span, "the file is empty").label("expected a map, found nothing"),
                    );
                }
                Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd => {}
                event => {
                    let node = self.node(event, place)?;
                    self.end_of_stream()?;
                    return Ok(node);
                }
            }
        }
    }

    fn end_of_stream(&mut self) -> Result<(), Abandoned> {
        loop {
            let (event, place) = self.next()?;
            match event {
                Event::StreamEnd => return Ok(()),
                Event::DocumentStart(..) => {
                    let span = self.span(place);
                    return self.abandon(
                        Diagnostic::error("VPC004", span, "a second YAML document begins here")
                            .label("only one is read")
                            .help("put it into a file of its own"),
                    );
                }
                _ => {}
            }
        }
    }

    /// The value that begins with this event.
    fn node(&mut self, event: Event<'t>, place: granit_parser::Span) -> Result<Node, Abandoned> {
        let span = self.span(place);
        let tag_span = place.tag_span().map(|tag| self.span(tag));
        let tag = |reader: &mut Reader<'t>, tag: &granit_parser::Tag| reader.tag(tag, tag_span.unwrap_or(span));
        match event {
            Event::Scalar(text, style, _, written) => {
                let tag = written.as_deref().and_then(|written| tag(self, written));
                let as_text = written.as_deref().is_some_and(|tag| tag.core_suffix() == Some("str"));
                let quoted = style != ScalarStyle::Plain || as_text;
                let kind = match &*text {
                    "" | "~" | "null" | "Null" | "NULL" if !quoted => NodeKind::Null,
                    _ => NodeKind::Scalar { text: text.into(), quoted },
                };
                Ok(Node { kind, tag, span })
            }
            Event::SequenceStart(_, _, written) => {
                let tag = written.as_deref().and_then(|written| tag(self, written));
                self.descend(span)?;
                let mut items: Vec<Node> = Vec::new();
                let end = loop {
                    let (event, place) = self.next()?;
                    if event == Event::SequenceEnd {
                        break self.span(place).end();
                    }
                    items.push(self.node(event, place)?);
                };
                self.depth -= 1;
                let span = self.enclosing(span, items.last().map(|item| item.span.end()), end);
                Ok(Node { kind: NodeKind::Sequence(items), tag, span })
            }
            Event::MappingStart(_, _, written) => {
                let tag = written.as_deref().and_then(|written| tag(self, written));
                self.descend(span)?;
                let mut entries: Vec<(Key, Node)> = Vec::new();
                let mut seen = SeenKeys::default();
                let end = loop {
                    let (event, place) = self.next()?;
                    if event == Event::MappingEnd {
                        break self.span(place).end();
                    }
                    let key = self.node(event, place)?;
                    let key = self.key(key, &entries, &mut seen);
                    let (event, place) = self.next()?;
                    let found = self.problems.len();
                    let value = self.node(event, place)?;
                    match key {
                        Some(key) => entries.push((key, value)),
                        // A key that cannot stand takes its value with it: one complaint is enough.
                        None => self.problems.truncate(found),
                    }
                };
                self.depth -= 1;
                let span = self.enclosing(span, entries.last().map(|(_, value)| value.span.end()), end);
                Ok(Node { kind: NodeKind::Mapping(entries), tag, span })
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                self.problems.push(
                    Diagnostic::error("VPC003", span, "YAML aliases are not supported, as in CloudFormation")
                        .label("an alias")
                        .help("write the value out here"),
                );
                Ok(Node { kind: NodeKind::Null, tag: None, span })
            }
            // Comments and anchors are presentation; the others cannot stand where a value is expected.
            _ => {
                let (event, place) = self.next()?;
                self.node(event, place)
            }
        }
    }

    /// A key that may stand beside these, or none after a complaint.
    fn key(&mut self, node: Node, beside: &[(Key, Node)], seen: &mut SeenKeys) -> Option<Key> {
        let problem = match node.kind {
            _ if node.tag.is_some() => Diagnostic::error("VPC007", node.whole_span(), "a key cannot have a tag"),
            NodeKind::Scalar { text, quoted } => {
                if text == "<<" && !quoted {
                    Diagnostic::error("VPC003", node.span, "YAML merge keys are not supported, as in CloudFormation")
                        .help("write the merged keys out here")
                } else if let Some(first) = seen.find(&text, beside) {
                    Diagnostic::error("VPC002", node.span, format!("the key `{text}` occurs twice in one map"))
                        .label("second time")
                        .related(first, "first time")
                } else {
                    return Some(Key { text, span: node.span });
                }
            }
            NodeKind::Null => Diagnostic::error("VPC007", node.span, "a key is missing before `:`"),
            NodeKind::Sequence(_) | NodeKind::Mapping(_) => {
                Diagnostic::error("VPC007", node.span, "a key must be a text, not a list or a map")
            }
        };
        self.problems.push(problem);
        None
    }

    /// A local tag; the core schema's `!!str` only says that the scalar is a text.
    fn tag(&mut self, tag: &granit_parser::Tag, span: Span) -> Option<Box<Tag>> {
        match (tag.handle(), tag.suffix()) {
            ("!", name) if !name.is_empty() => Some(Box::new(Tag { name: name.into(), span })),
            _ if tag.core_suffix() == Some("str") => None,
            _ => {
                let written = self.text.get(span.range()).unwrap_or_default();
                self.problems.push(
                    Diagnostic::error("VPC008", span, format!("the YAML tag `{written}` is not supported"))
                        .help("leave it out: the property decides what kind of value it takes"),
                );
                None
            }
        }
    }

    fn descend(&mut self, span: Span) -> Result<(), Abandoned> {
        self.depth += 1;
        if self.depth > NESTING_LIMIT {
            return self.abandon(too_deep(span));
        }
        Ok(())
    }

    fn next(&mut self) -> Result<(Event<'t>, granit_parser::Span), Abandoned> {
        match self.parser.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => {
                let problem = self.syntax_error(&error);
                self.abandon(problem)
            }
            None => {
                let end = self.text.len();
                let span = Span::new(self.file, end, end);
                self.abandon(Diagnostic::error("VPC001", span, "the file ends in the middle of a value"))
            }
        }
    }

    fn abandon<T>(&mut self, problem: Diagnostic) -> Result<T, Abandoned> {
        self.problems.push(problem);
        Err(Abandoned)
    }

    fn syntax_error(&self, error: &ScanError) -> Diagnostic {
        let start = self.floor(error.marker().byte_offset().unwrap_or(0) + self.skipped);
        let width = self.text[start..].chars().next().filter(|c| !matches!(c, '\r' | '\n')).map_or(0, char::len_utf8);
        let span = Span::new(self.file, start, start + width);
        if *error.kind() == ErrorKind::RecursionLimitExceeded {
            return too_deep(span);
        }
        let (message, help) = explain(error.kind());
        let problem = Diagnostic::error("VPC001", span, message);
        match help {
            Some(help) => problem.help(help),
            None => problem,
        }
    }

    /// Our span for the parser's; the file's offsets count the byte order mark.
    fn span(&self, place: granit_parser::Span) -> Span {
        let start = place.start.byte_offset().unwrap_or(0) + self.skipped;
        let end = place.end.byte_offset().unwrap_or(0) + self.skipped;
        let start = self.floor(start);
        Span::new(self.file, start, self.floor(end).max(start))
    }

    /// The nearest character boundary at or before an offset, inside the text.
    fn floor(&self, offset: usize) -> usize {
        self.text.floor_char_boundary(offset)
    }

    /// A list's or map's place: to its closing bracket, or to its last value where indentation closes it.
    fn enclosing(&self, opening: Span, last: Option<usize>, closing: usize) -> Span {
        let flow = self.text[opening.start()..].starts_with(['[', '{']);
        let end = if flow { closing } else { last.unwrap_or(opening.end()) };
        opening.at(opening.start(), end.max(opening.start()))
    }
}

/// Finds a key among those of a map that is being read. Small maps are searched; a template's resources may be hundreds of
/// thousands, which are looked up.
#[derive(Default)]
pub(super) struct SeenKeys(FxHashMap<SmolStr, Span>);

impl SeenKeys {
    const SMALL: usize = 16;

    /// The place of this key, if it is among the `entries` so far.
    pub(super) fn find(&mut self, text: &str, entries: &[(Key, Node)]) -> Option<Span> {
        if entries.len() <= SeenKeys::SMALL {
            return entries.iter().find(|(key, _)| key.text == text).map(|(key, _)| key.span);
        }
        let unknown = &entries[self.0.len()..];
        self.0.extend(unknown.iter().map(|(key, _)| (key.text.clone(), key.span)));
        self.0.get(text).copied()
    }
}

fn too_deep(span: Span) -> Diagnostic {
    Diagnostic::error("VPC006", span, format!("lists and maps nest deeper than {NESTING_LIMIT} levels"))
}

/// Words for a syntax error, and what to do about it where that is certain.
fn explain(kind: &ErrorKind) -> (String, Option<&'static str>) {
    let text = match kind {
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabAtBlockScalarStart => {
            return ("a tab is used for indentation, which YAML does not allow".into(), Some("indent with spaces"));
        }
        ErrorKind::UnclosedQuotedScalar => "a quoted text is not closed",
        ErrorKind::InvalidQuotedScalarIndent => "a quoted text is not closed, or its next line is not indented",
        ErrorKind::UnclosedFlowCollection { open } => return (format!("`{open}` is not closed"), None),
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
            return (format!("`{open}` is closed by `{close}`"), None);
        }
        ErrorKind::MisplacedFlowCollectionEnd => "a closing bracket without its opening one",
        ErrorKind::ExpectedFlowMappingSeparator | ErrorKind::UnexpectedEofFlowMapping => "expected `,` or `}`",
        ErrorKind::ExpectedFlowSequenceSeparator | ErrorKind::UnexpectedEofFlowSequence => "expected `,` or `]`",
        ErrorKind::ExpectedBlockMappingKey => "expected a key at this indentation",
        ErrorKind::ExpectedBlockSequenceEntry => "expected `-` at this indentation",
        ErrorKind::SimpleKeyExpected => "expected `:` after this key",
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => {
            return (
                "a `:` is not allowed here".into(),
                Some("put the text in quotes if the colon belongs to it, or check the indentation"),
            );
        }
        ErrorKind::InvalidIndentation => "the indentation fits no open list or map",
        ErrorKind::UnknownAnchor => "YAML aliases are not supported, and this one names nothing",
        ErrorKind::UnexpectedCharacter { character } => {
            return (
                format!("a value cannot begin with `{}`", character.escape_default()),
                Some("put the text in quotes"),
            );
        }
        ErrorKind::UnknownQuotedScalarEscape => "this escape does not exist in a double-quoted text",
        other => return (format!("not valid YAML: {}", words(&format!("{other:?}"))), None),
    };
    (text.to_owned(), None)
}

/// `InvalidBlockScalarIndent` as "invalid block scalar indent", for the errors too rare to deserve words of their own.
fn words(name: &str) -> String {
    let mut text = String::new();
    for c in name.chars().take_while(|c| c.is_ascii_alphanumeric()) {
        if c.is_ascii_uppercase() && !text.is_empty() {
            text.push(' ');
        }
        text.push(c.to_ascii_lowercase());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::diagnostic::Colour;
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Result<Node, String> {
        let mut sources = Sources::default();
        let file = sources.add("t.yaml", text);
        read(&sources, file).map_err(|problems| {
            problems.iter().map(|problem| problem.render(&sources, Colour::Never)).collect::<Vec<_>>().join("\n")
        })
    }

    /// The tree in one line: `"x"` quoted, `x` plain, `~` null, with tags.
    fn shape(node: &Node) -> String {
        let tag = node.tag.as_ref().map(|tag| format!("!{} ", tag.name)).unwrap_or_default();
        tag + &match &node.kind {
            NodeKind::Null => "~".to_owned(),
            NodeKind::Scalar { text, quoted: true } => format!("{text:?}"),
            NodeKind::Scalar { text, quoted: false } => text.to_string(),
            NodeKind::Sequence(items) => format!("[{}]", items.iter().map(shape).collect::<Vec<_>>().join(", ")),
            NodeKind::Mapping(entries) => {
                let entries: Vec<_> =
                    entries.iter().map(|(key, value)| format!("{}: {}", key.text, shape(value))).collect();
                format!("{{{}}}", entries.join(", "))
            }
        }
    }

    #[test]
    fn values_keep_their_tags_and_quotes() {
        for (text, expected) in [
            ("a: 80\nb: '80'\nc: \"x\\ty\"", "{a: 80, b: \"80\", c: \"x\\ty\"}"),
            ("a:\nb: ~\nc: null\nd: ''", "{a: ~, b: ~, c: ~, d: \"\"}"),
            ("v: !Ref X\nw: !GetAtt A.B", "{v: !Ref X, w: !GetAtt A.B}"),
            ("v: !Select [ 0, !GetAZs '' ]", "{v: !Select [0, !GetAZs \"\"]}"),
            ("v:\n  Fn::Base64:\n    !Sub |\n      a\n      b\n", "{v: {Fn::Base64: !Sub \"a\\nb\\n\"}}"),
            ("v: !Ref", "{v: !Ref ~}"),
            ("a : x", "{a: x}"),
            ("\u{feff}a: 서울\nb: 1", "{a: 서울, b: 1}"),
            ("a: |\r\n  x\r\n  y\r\nb: z\r\n", "{a: \"x\\ny\\n\", b: z}"),
            ("{\n\t\"a\": [1, \"b\"],\n\t\"c\": null\n}", "{a: [1, \"b\"], c: ~}"),
            ("a: !!str 80", "{a: \"80\"}"),
            ("# only\n---\na: 1\n...\n", "{a: 1}"),
        ] {
            assert_eq!(parse(text).map(|node| shape(&node)).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn places_are_byte_exact() {
        let text = "\u{feff}서울: &x\n  - !Sub '${A}'\n  - {b: 1}\nz: 2\n";
        let mut sources = Sources::default();
        let file = sources.add("t.yaml", text);
        let node = read(&sources, file).expect("it is valid");
        let of = |span: Span| &text[span.range()];
        let list = node.get("서울").expect("it is there");
        let items = list.as_sequence().expect("a list");
        assert_eq!(of(items[0].span), "'${A}'");
        assert_eq!(of(items[0].whole_span()), "!Sub '${A}'");
        assert_eq!(of(items[1].span), "{b: 1}");
        assert_eq!(of(node.entry("z").expect("it is there").0.span), "z");
        assert_eq!(sources.line_column(items[1].span), (3, 5));
    }

    #[test]
    fn wrong_texts_are_refused_with_their_place() {
        for (text, expected) in [
            ("a: 1\nb: 2\na: 3\n", "error[VPC002]: the key `a` occurs twice in one map"),
            ("a: &x 1\nb: *x\n", "error[VPC003]: YAML aliases"),
            ("a: &x {c: 1}\nb:\n  <<: *x\n", "error[VPC003]: YAML merge keys"),
            ("a: 1\n---\nb: 2\n", "error[VPC004]: a second YAML document"),
            ("", "error[VPC005]: the file is empty"),
            ("# nothing\n", "error[VPC005]: the file is empty"),
            ("[a]: 1\n", "error[VPC007]: a key must be a text"),
            ("? \n: 1\n", "error[VPC007]: a key is missing"),
            ("a: !!binary x\n", "error[VPC008]: the YAML tag `!!binary`"),
            ("a:\n\tb: 1\n", "error[VPC001]: a tab is used for indentation"),
            ("a: [1, 2\n", "error[VPC001]: "),
            ("a: 'x\n", "error[VPC001]: a quoted text is not closed"),
            ("a: b: c\n", "error[VPC001]: a `:` is not allowed here"),
            ("a: *nowhere\n", "error[VPC001]: YAML aliases are not supported"),
            ("a: {b]\n", "error[VPC001]: "),
            ("a: @x\n", "error[VPC001]: a value cannot begin with `@`"),
        ] {
            let problem = parse(text).expect_err(text);
            assert!(problem.starts_with(expected), "{text:?} gave {problem}");
            assert!(problem.contains("--> t.yaml:"), "{text:?} has no place: {problem}");
        }
    }

    #[test]
    fn deep_nesting_is_refused_and_does_not_overflow() {
        for (open, close) in [("[", "]"), ("{a: ", "}")] {
            let deep = open.repeat(5_000) + &close.repeat(5_000);
            assert!(parse(&deep).expect_err("too deep").starts_with("error[VPC006]"), "{open}");
            let fine = open.repeat(NESTING_LIMIT - 1) + "1" + &close.repeat(NESTING_LIMIT - 1);
            assert!(parse(&fine).is_ok(), "{open}");
        }
        let block: String = (0..5_000).map(|level| " ".repeat(level % 300) + "- \n").collect();
        let _ = parse(&block);
    }

    #[test]
    fn a_duplicate_is_reported_with_both_places() {
        assert_eq!(
            parse("a: 1\nb: 2\na: 3\n").expect_err("a key twice"),
            "\
error[VPC002]: the key `a` occurs twice in one map
 --> t.yaml:3:1
  |
1 | a: 1
  | - first time
2 | b: 2
3 | a: 3
  | ^ second time"
        );
    }

    #[test]
    fn a_duplicate_is_found_in_a_large_map_too() {
        let large: String = (0..100).map(|number| format!("k{number}: x\n")).collect();
        assert!(parse(&large).is_ok());
        let problem = parse(&(large + "k99: x\nk3: x\n")).expect_err("two keys twice");
        for (line, key) in [(101, "k99"), (102, "k3")] {
            assert!(
                problem.contains(&format!("the key `{key}` occurs twice in one map\n   --> t.yaml:{line}:1")),
                "{problem}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[-a:{}\\[\\]!&*|>'\"#,?%@ \t\r\n~0서\u{feff}]{0,60}") {
            let _ = parse(&text);
        }
    }
}
