//! A JSON text as the same tree that the YAML reader makes of it, many times faster.
//!
//! JSON is a subset of YAML as far as templates go, so everything could go through the YAML parser. Large templates are
//! generated, and generators write JSON. This reader takes what is valid JSON (RFC 8259) and nothing else: where it meets
//! anything else, a key that occurs twice included, it gives up without a word, and the YAML reader says what is wrong.

use smol_str::SmolStr;

use super::diagnostic::Span;
use super::node::{Key, NESTING_LIMIT, Node, NodeKind, SeenKeys};
use crate::id::FileId;

/// The tree of a text that is one JSON object, or `None` if it is anything else.
pub(super) fn read(text: &str, file: FileId) -> Option<Node> {
    let mut reader = Reader { text, at: 0, file, depth: 0, entries: Vec::new(), items: Vec::new() };
    reader.skip_blanks();
    if reader.peek() != Some(b'{') {
        return None;
    }
    let node = reader.value()?;
    reader.skip_blanks();
    (reader.at == text.len()).then_some(node)
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    file: FileId,
    depth: usize,
    /// The entries and items so far of all maps and lists that are open, the innermost last. Most have one or two: vectors
    /// that grow by themselves would be most of the memory, and of the work.
    entries: Vec<(Key, Node)>,
    items: Vec<Node>,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    /// Takes this byte if it is next.
    fn take(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn span(&self, start: usize) -> Span {
        Span::new(self.file, start, self.at)
    }

    fn value(&mut self) -> Option<Node> {
        let start = self.at;
        let kind = match self.peek()? {
            b'{' => NodeKind::Mapping(self.within(Reader::entries)?),
            b'[' => NodeKind::Sequence(self.within(Reader::items)?),
            b'"' => NodeKind::Scalar { text: self.string()?, quoted: true },
            _ => self.word()?,
        };
        Some(Node { kind, tag: None, span: self.span(start) })
    }

    /// Reads what is between brackets.
    fn within<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        self.at += 1;
        self.depth += 1;
        let found = (self.depth <= NESTING_LIMIT).then(|| read(self)).flatten();
        self.depth -= 1;
        found
    }

    fn entries(&mut self) -> Option<Vec<(Key, Node)>> {
        let first = self.entries.len();
        let mut seen = SeenKeys::default();
        self.skip_blanks();
        if self.take(b'}') {
            return Some(Vec::new());
        }
        loop {
            self.skip_blanks();
            let start = self.at;
            let key = Key { text: self.string()?, span: self.span(start) };
            if seen.find(&key.text, &self.entries[first..]).is_some() {
                return None;
            }
            self.skip_blanks();
            if !self.take(b':') {
                return None;
            }
            self.skip_blanks();
            let value = self.value()?;
            self.entries.push((key, value));
            self.skip_blanks();
            if self.take(b'}') {
                return Some(self.entries.drain(first..).collect());
            }
            if !self.take(b',') {
                return None;
            }
        }
    }

    fn items(&mut self) -> Option<Vec<Node>> {
        let first = self.items.len();
        self.skip_blanks();
        if self.take(b']') {
            return Some(Vec::new());
        }
        loop {
            self.skip_blanks();
            let item = self.value()?;
            self.items.push(item);
            self.skip_blanks();
            if self.take(b']') {
                return Some(self.items.drain(first..).collect());
            }
            if !self.take(b',') {
                return None;
            }
        }
    }

    /// A text in quotes. Escapes other than the short ones are left to the YAML reader.
    fn string(&mut self) -> Option<SmolStr> {
        if !self.take(b'"') {
            return None;
        }
        let mut text = String::new();
        loop {
            let rest = &self.text.as_bytes()[self.at..];
            let length = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20))?;
            let plain = &self.text[self.at..self.at + length];
            self.at += length + 1;
            match rest[length] {
                b'"' if text.is_empty() => return Some(plain.into()),
                b'"' => {
                    text.push_str(plain);
                    return Some(text.into());
                }
                b'\\' => {
                    text.push_str(plain);
                    text.push(match self.peek()? {
                        b'n' => '\n',
                        b't' => '\t',
                        b'r' => '\r',
                        byte @ (b'"' | b'\\' | b'/') => char::from(byte),
                        _ => return None,
                    });
                    self.at += 1;
                }
                _ => return None,
            }
        }
    }

    /// A number, `true`, `false` or `null`; numbers stay text here.
    fn word(&mut self) -> Option<NodeKind> {
        let rest = &self.text[self.at..];
        let length =
            rest.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '+' | '.')).unwrap_or(rest.len());
        let word = &rest[..length];
        self.at += length;
        match word {
            "null" => Some(NodeKind::Null),
            "true" | "false" => Some(NodeKind::Scalar { text: word.into(), quoted: false }),
            _ => serde_json::from_str::<serde_json::Number>(word)
                .ok()
                .map(|_| NodeKind::Scalar { text: word.into(), quoted: false }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::diagnostic::Sources;
    use super::super::node;
    use super::*;
    use proptest::prelude::*;

    /// What both readers make of a text; the YAML reader is kept from using this one by a comment in front.
    fn both(text: &str) -> (Option<Node>, Result<Node, String>) {
        const COMMENT: &str = "# YAML\n";
        let mut sources = Sources::default();
        let file = sources.add("t.yaml", format!("{COMMENT}{text}"));
        let padded = format!("{}{text}", " ".repeat(COMMENT.len()));
        let yaml = node::read(&sources, file).map_err(|problems| format!("{problems:?}"));
        (read(&padded, file), yaml)
    }

    #[test]
    fn it_makes_the_tree_that_the_yaml_reader_makes() {
        for text in [
            "{}",
            r#"{"a": [1, -2.5e3, true, null, "80", ""], "b": {"c": [], "d": {}}}"#,
            "{\n\t\"서울\" : \"x\\n\\\"y\\\\ \\/\\t\" }\n",
            r#"{"Fn::Base64": {"Ref": "A"}, "<<": "b"}"#,
        ] {
            let (json, yaml) = both(text);
            assert_eq!(json.map(Ok), Some(yaml), "{text}");
        }
    }

    #[test]
    fn it_leaves_what_is_not_json_to_the_yaml_reader() {
        for text in [
            "",
            "[1]",
            "a: 1",
            "{a: 1}",
            r#"{"a": 1,}"#,
            r#"{"a": 1} x"#,
            r#"{"a": 1, "a": 2}"#,
            r#"{"a": "\u0041"}"#,
            r#"{"a": 01}"#,
            r#"{"a": !Ref b}"#,
            r#"{"a": "b"#,
            "{\"a\": \"b\nc\"}",
        ] {
            assert_eq!(both(text).0, None, "{text}");
        }
        let deep = "{\"a\":".repeat(5_000);
        assert_eq!(read(&deep, FileId(0)), None);
    }

    proptest! {
        #[test]
        fn what_it_reads_is_what_the_yaml_reader_reads(text in r#"\{("[ab:#]{0,2}" ?: ?(1|-?0\.5|true|null|"[ -~]{0,6}"|\[("x"|2)?\]|\{\})(,\n?)?){0,4}\}"#) {
            let (json, yaml) = both(&text);
            if let Some(json) = json {
                prop_assert_eq!(Ok(json), yaml);
            }
        }
    }
}
