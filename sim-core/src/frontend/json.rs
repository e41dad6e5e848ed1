//! A JSON text as the same tree that the YAML reader makes of it, many times faster.
//!
//! JSON is a subset of YAML as far as templates go, so everything could go through the YAML parser. Large templates are
//! generated, and generators write JSON. This reader takes what is valid JSON (RFC 8259) and nothing else: where it meets
//! anything else, a key that occurs twice included, it gives up without a word, and the YAML reader says what is wrong.

use rustc_hash::FxHashSet;
use smol_str::SmolStr;

use super::diagnostic::Span;
use super::node::{Key, NESTING_LIMIT, Node, NodeKind, SeenKeys};
use crate::id::FileId;

/// The tree of a text that is one JSON object, or `None` if it is anything else.
pub(super) fn read(text: &str, file: FileId) -> Option<Node> {
    read_with(text, file, None)
}

/// The same, with the entries of a map in it handed out one by one; the tree has an empty map there. Where there is no tree,
/// what was handed out means nothing.
pub(super) fn read_apart(text: &str, file: FileId, apart: Apart<'_>) -> Option<Node> {
    read_with(text, file, Some(apart))
}

/// A map that may be too large to be kept.
pub(super) struct Apart<'v> {
    /// Its key in the outermost map.
    pub key: &'v str,
    /// Takes its entries.
    pub visit: &'v mut dyn FnMut(Key, Node),
}

fn read_with(text: &str, file: FileId, apart: Option<Apart<'_>>) -> Option<Node> {
    let mut reader = Reader { text, at: 0, file, depth: 0, entries: Vec::new(), items: Vec::new(), apart };
    reader.skip_blanks();
    if reader.peek() != Some(b'{') {
        return None;
    }
    let node = reader.value()?;
    reader.skip_blanks();
    (reader.at == text.len()).then_some(node)
}

struct Reader<'t, 'v> {
    text: &'t str,
    at: usize,
    file: FileId,
    depth: usize,
    /// The entries and items so far of all maps and lists that are open, the innermost last. Most have one or two: vectors
    /// that grow by themselves would be most of the memory, and of the work.
    entries: Vec<(Key, Node)>,
    items: Vec<Node>,
    apart: Option<Apart<'v>>,
}

impl Reader<'_, '_> {
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
        self.each_entry(|reader, key, value| {
            let is_new = seen.find(&key.text, &reader.entries[first..]).is_none();
            is_new.then(|| reader.entries.push((key, value)))
        })?;
        Some(self.entries.drain(first..).collect())
    }

    /// Hands out the entries of a map instead.
    fn entries_apart(&mut self) -> Option<()> {
        let mut seen = FxHashSet::default();
        self.each_entry(|reader, key, value| {
            let is_new = seen.insert(key.text.clone());
            let apart = reader.apart.as_mut().filter(|_| is_new)?;
            (apart.visit)(key, value);
            Some(())
        })
    }

    /// Reads the entries of a map, for as long as `take` takes them.
    fn each_entry(&mut self, mut take: impl FnMut(&mut Self, Key, Node) -> Option<()>) -> Option<()> {
        self.skip_blanks();
        if self.take(b'}') {
            return Some(());
        }
        loop {
            self.skip_blanks();
            let start = self.at;
            let key = Key { text: self.string()?, span: self.span(start) };
            self.skip_blanks();
            if !self.take(b':') {
                return None;
            }
            self.skip_blanks();
            let value = if self.is_apart(&key) { self.empty_value()? } else { self.value()? };
            take(self, key, value)?;
            self.skip_blanks();
            if self.take(b'}') {
                return Some(());
            }
            if !self.take(b',') {
                return None;
            }
        }
    }

    /// Whether what comes under this key is the map whose entries are handed out.
    fn is_apart(&self, key: &Key) -> bool {
        self.depth == 1 && self.peek() == Some(b'{') && self.apart.as_ref().is_some_and(|apart| apart.key == key.text)
    }

    /// That map, without its entries.
    fn empty_value(&mut self) -> Option<Node> {
        let start = self.at;
        self.within(Reader::entries_apart)?;
        Some(Node { kind: NodeKind::Mapping(Vec::new()), tag: None, span: self.span(start) })
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

    #[test]
    fn the_entries_of_one_map_are_handed_out() {
        let text = r#"{"a": {"x": 1}, "b": {"x": {"b": {}}, "y": []}, "c": {"b": {"x": 1}}}"#;
        let whole = read(text, FileId(0)).expect("it is JSON");
        let mut entries = Vec::new();
        let mut visit = |key, value| entries.push((key, value));
        let rest = read_apart(text, FileId(0), Apart { key: "b", visit: &mut visit }).expect("it is JSON");
        assert_eq!(whole.get("b").and_then(Node::as_mapping), Some(&entries[..]));
        assert_eq!(rest.get("b").and_then(Node::as_mapping), Some(&[][..]));
        for same in ["a", "c"] {
            assert_eq!(rest.entry(same), whole.entry(same));
        }
        assert_eq!(
            rest.entry("b").map(|(key, node)| (key, node.span)),
            whole.entry("b").map(|(key, node)| (key, node.span))
        );
        for wrong in [r#"{"b": {"x": 1, "x": 2}}"#, r#"{"b": {"x": 1}"#, r#"{"b": {}, "b": {}}"#] {
            assert_eq!(read_apart(wrong, FileId(0), Apart { key: "b", visit: &mut |_, _| {} }), None, "{wrong}");
        }
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
