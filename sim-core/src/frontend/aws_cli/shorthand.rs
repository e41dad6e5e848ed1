//! The AWS CLI's shorthand for structures and lists of them: `Key=Name,Value=web`, `Values=a,b`, `Tags=[{Key=a,Value=b}]`.
//!
//! The grammar is that of the AWS CLI user guide ("Using shorthand syntax with the AWS CLI") and, where the guide is
//! silent (quotes, escaped commas, the comma that may start a list element or the next key), of the CLI's behaviour. It
//! yields text only; `unpack` gives the text its kinds.
//!
//! ```text
//! parameter = keyval *( "," keyval )
//! keyval    = key "=" [ values ]
//! values    = first-value *( "," second-value ) / list / hash
//! list      = "[" [ element *( "," element ) ] "]"
//! hash      = "{" [ key "=" element *( "," key "=" element ) ] "}"
//! element   = list / hash / first-value
//! value     = 'single quoted' / "double quoted" / bare, where `\,` is a comma
//! ```

use serde_json::{Map, Value};

/// How deep lists and hashes may be nested. EC2's deepest structure needs four; the bound keeps the stack safe.
const MAX_DEPTH: usize = 32;

/// Reads one shorthand word.
///
/// # Errors
/// What was expected and what was found, with the place below the text, as the CLI prints it.
pub(crate) fn parse(text: &str) -> Result<Value, String> {
    let mut parser = Parser { letters: text.chars().collect(), at: 0, depth: 0 };
    parser.parameter().map(Value::Object)
}

struct Parser {
    letters: Vec<char>,
    at: usize,
    depth: usize,
}

type Parsed<T> = Result<T, String>;

impl Parser {
    fn parameter(&mut self) -> Parsed<Map<String, Value>> {
        let mut parameters = Map::new();
        loop {
            let start = self.at;
            let (key, value) = self.key_value()?;
            if parameters.contains_key(&key) {
                return Err(format!(
                    "Second instance of key \"{key}\" encountered for input:\n{}\nThis is often because there is a \
                     preceding \",\" instead of a space.",
                    self.location(start)
                ));
            }
            parameters.insert(key, value);
            if self.at >= self.letters.len() {
                return Ok(parameters);
            }
            self.expect_spaced(',')?;
        }
    }

    fn key_value(&mut self) -> Parsed<(String, Value)> {
        let key = self.key();
        self.assignment()?;
        let value = match self.current() {
            None => Value::String(String::new()),
            Some('[') => self.list()?,
            Some('{') => self.hash()?,
            Some(_) => self.comma_separated()?,
        };
        Ok((key, value))
    }

    fn key(&mut self) -> String {
        let start = self.at;
        while self.current().is_some_and(|letter| letter.is_ascii_alphanumeric() || "-_.#/:".contains(letter)) {
            self.at += 1;
        }
        self.letters[start..self.at].iter().collect()
    }

    /// `=`, or `@=`, which would read a value that begins with `file://` from that file.
    fn assignment(&mut self) -> Parsed<()> {
        self.skip_spaces();
        let may_name_a_file = self.current() == Some('@');
        if may_name_a_file {
            self.at += 1;
        }
        self.expect_spaced('=')?;
        let names_a_file = |scheme: &str| self.letters[self.at..].iter().copied().take(scheme.len()).eq(scheme.chars());
        if may_name_a_file && (names_a_file("file://") || names_a_file("fileb://")) {
            return Err("vpcsim reads no files here; write the value itself".to_owned());
        }
        Ok(())
    }

    /// One value or several. Whether what follows a comma is another value or the next key shows only at its `=`: then
    /// the parser goes back to that comma.
    fn comma_separated(&mut self) -> Parsed<Value> {
        let first = self.first_value()?;
        self.skip_spaces();
        if self.current() != Some(',') {
            return Ok(Value::String(first));
        }
        self.expect_spaced(',')?;
        let mut values = vec![Value::String(first)];
        loop {
            let attempt = self.second_value().and_then(|value| {
                self.skip_spaces();
                let is_last = self.current().is_none();
                if !is_last {
                    self.expect_spaced(',')?;
                }
                Ok((value, is_last))
            });
            match attempt {
                Ok((value, is_last)) => {
                    values.push(Value::String(value));
                    if is_last {
                        break;
                    }
                }
                Err(error) if self.current().is_none() => return Err(error),
                Err(_) => {
                    while self.current() != Some(',') {
                        self.at = self.at.checked_sub(1).expect("a comma was read before this value");
                    }
                    break;
                }
            }
        }
        Ok(if values.len() == 1 { values.remove(0) } else { Value::Array(values) })
    }

    fn list(&mut self) -> Parsed<Value> {
        self.deeper()?;
        self.expect_spaced('[')?;
        let mut values = Vec::new();
        while self.current() != Some(']') {
            values.push(self.element()?);
            self.separator(']')?;
        }
        self.at += 1;
        self.depth -= 1;
        Ok(Value::Array(values))
    }

    fn hash(&mut self) -> Parsed<Value> {
        self.deeper()?;
        self.expect_spaced('{')?;
        let mut members = Map::new();
        while self.current() != Some('}') {
            let key = self.key();
            self.assignment()?;
            let value = self.element()?;
            self.separator('}')?;
            members.insert(key, value);
        }
        self.at += 1;
        self.depth -= 1;
        Ok(Value::Object(members))
    }

    fn element(&mut self) -> Parsed<Value> {
        match self.current() {
            Some('[') => self.list(),
            Some('{') => self.hash(),
            _ => self.first_value().map(Value::String),
        }
    }

    /// Between two elements: a comma, unless the list ends here.
    fn separator(&mut self, end: char) -> Parsed<()> {
        self.skip_spaces();
        if self.current() != Some(end) {
            self.expect(',')?;
            self.skip_spaces();
        }
        Ok(())
    }

    /// A value that may be empty and may hold `=`, as in `Value=a=b`.
    fn first_value(&mut self) -> Parsed<String> {
        match self.current() {
            Some(quote @ ('\'' | '"')) => self.quoted(quote),
            _ => Ok(self.bare(|letter| !matches!(letter, '"' | '\'' | ',' | ']' | '}')).unwrap_or_default()),
        }
    }

    /// A value after a comma: not empty, and its `=` would make it a key.
    fn second_value(&mut self) -> Parsed<String> {
        match self.current() {
            Some(quote @ ('\'' | '"')) => self.quoted(quote),
            _ => match self.bare(|letter| !matches!(letter, '"' | '\'' | ',' | '=')) {
                Some(value) => Ok(value),
                None => Err(self.expected("<second>", "<none>".to_owned())),
            },
        }
    }

    /// An unquoted value: its first letter is stricter than those that follow, and `\,` is a comma.
    fn bare(&mut self, follows: impl Fn(char) -> bool) -> Option<String> {
        let starts = |letter: char| letter > ' ' && !matches!(letter, '"' | '\'' | ',' | '=' | '[' | '{');
        let start = self.at;
        if !self.escaped_comma() {
            self.current().filter(|letter| starts(*letter))?;
            self.at += 1;
        }
        loop {
            if self.escaped_comma() {
                continue;
            }
            match self.current() {
                Some(letter) if follows(letter) => self.at += 1,
                _ => break,
            }
        }
        let text: String = self.letters[start..self.at].iter().collect();
        Some(text.replace("\\,", ",").trim_end().to_owned())
    }

    fn escaped_comma(&mut self) -> bool {
        let escaped = self.letters[self.at..].starts_with(&['\\', ',']);
        if escaped {
            self.at += 2;
        }
        escaped
    }

    /// A quoted value: only its own quote and the backslash are escaped in it.
    fn quoted(&mut self, quote: char) -> Parsed<String> {
        let start = self.at + 1;
        let mut end = start;
        loop {
            match self.letters.get(end) {
                None => {
                    let name = if quote == '"' { "<double quoted>" } else { "<singled quoted>" };
                    return Err(self.expected(name, "<none>".to_owned()));
                }
                Some('\\') if self.letters.get(end + 1) == Some(&quote) && self.closes_after(end + 2, quote) => {
                    end += 2
                }
                Some(letter) if *letter == quote => break,
                Some(_) => end += 1,
            }
        }
        let text: String = self.letters[start..end].iter().collect();
        self.at = end + 1;
        Ok(text.replace(&format!("\\{quote}"), &quote.to_string()).replace("\\\\", "\\"))
    }

    /// Whether the quote is still closed later. `'a\'` is read as `a\`, because otherwise nothing closes it.
    fn closes_after(&self, from: usize, quote: char) -> bool {
        self.letters.iter().skip(from).any(|letter| *letter == quote)
    }

    fn deeper(&mut self) -> Parsed<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(format!("more than {MAX_DEPTH} lists within lists for input:\n{}", self.location(self.at)));
        }
        Ok(())
    }

    fn current(&self) -> Option<char> {
        self.letters.get(self.at).copied()
    }

    fn skip_spaces(&mut self) {
        while self.current().is_some_and(|letter| letter.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    fn expect_spaced(&mut self, wanted: char) -> Parsed<()> {
        self.skip_spaces();
        self.expect(wanted)?;
        self.skip_spaces();
        Ok(())
    }

    fn expect(&mut self, wanted: char) -> Parsed<()> {
        match self.current() {
            Some(letter) if letter == wanted => {
                self.at += 1;
                Ok(())
            }
            Some(letter) => Err(self.expected(wanted, letter.to_string())),
            None => Err(self.expected(wanted, "EOF".to_owned())),
        }
    }

    fn expected(&self, wanted: impl std::fmt::Display, found: String) -> String {
        format!("Expected: '{wanted}', received: '{found}' for input:\n{}", self.location(self.at))
    }

    /// The text with a caret below the place; what follows the place's own line comes after the caret.
    fn location(&self, at: usize) -> String {
        let line_end = self.letters[at..].iter().position(|letter| *letter == '\n').map(|length| at + length);
        let line_start = self.letters[..at].iter().rposition(|letter| *letter == '\n').map_or(0, |newline| newline + 1);
        let (consumed, remaining) = self.letters.split_at(line_end.unwrap_or(self.letters.len()));
        let text = |letters: &[char]| letters.iter().collect::<String>();
        format!("{}\n{}^{}", text(consumed), " ".repeat(at - line_start), text(remaining))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn shorthand_is_read_as_the_cli_reads_it() {
        for (text, expected) in [
            ("Key=Name,Value=web", json!({"Key": "Name", "Value": "web"})),
            ("Key=Name,Value=", json!({"Key": "Name", "Value": ""})),
            ("Key=Name,Value=a b ", json!({"Key": "Name", "Value": "a b"})),
            ("Key=Name, Value = web", json!({"Key": "Name", "Value": "web"})),
            ("Name=vpc-id,Values=vpc-1,vpc-2", json!({"Name": "vpc-id", "Values": ["vpc-1", "vpc-2"]})),
            ("Values=a,b,Name=x", json!({"Values": ["a", "b"], "Name": "x"})),
            ("A=1,2,B=3", json!({"A": ["1", "2"], "B": "3"})),
            ("Name=tag:Name,Values=*web*", json!({"Name": "tag:Name", "Values": "*web*"})),
            (
                "ResourceType=vpc,Tags=[{Key=Name,Value=a},{Key=Env,Value=b}]",
                json!({"ResourceType": "vpc", "Tags": [{"Key": "Name", "Value": "a"}, {"Key": "Env", "Value": "b"}]}),
            ),
            ("a={b=c,d=[e,f]}", json!({"a": {"b": "c", "d": ["e", "f"]}})),
            ("a=[]", json!({"a": []})),
            ("a={}", json!({"a": {}})),
            ("a=[b,]", json!({"a": ["b"]})),
            ("a=b=c", json!({"a": "b=c"})),
            (r#"a="b,c""#, json!({"a": "b,c"})),
            ("a='b,c',d=e", json!({"a": "b,c", "d": "e"})),
            (r"a='it\\'s'", json!({"a": r"it\'s"})),
            (r"a='it\'s'", json!({"a": "it's"})),
            (r"a='b\'", json!({"a": r"b\"})),
            (r#"a="q\"q\\""#, json!({"a": "q\"q\\"})),
            (r"a=b\,c", json!({"a": "b,c"})),
            (r"a=\,c", json!({"a": ",c"})),
            ("a=b,\"c,d\"", json!({"a": ["b", "c,d"]})),
            ("a/b.c:d#e=1", json!({"a/b.c:d#e": "1"})),
            ("Value=한국", json!({"Value": "한국"})),
            ("a=]", json!({"a": "]"})),
        ] {
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn a_mistake_is_shown_with_a_caret() {
        for (text, expected) in [
            ("Key", "Expected: '=', received: 'EOF' for input:\nKey\n   ^"),
            ("", "Expected: '=', received: 'EOF' for input:\n\n^"),
            ("a==b", "Expected: ',', received: '=' for input:\na==b\n  ^"),
            ("a=[b", "Expected: ',', received: 'EOF' for input:\na=[b\n    ^"),
            ("a=x]", "Expected: ',', received: ']' for input:\na=x]\n   ^"),
            ("a={b}", "Expected: '=', received: '}' for input:\na={b}\n    ^"),
            ("a={b=}", "Expected: ',', received: 'EOF' for input:\na={b=}\n      ^"),
            ("a='b", "Expected: '<singled quoted>', received: '<none>' for input:\na='b\n  ^"),
            ("a=b,", "Expected: '<second>', received: '<none>' for input:\na=b,\n    ^"),
            ("a=b,\nc==d", "Expected: ',', received: '=' for input:\na=b,\nc==d\n  ^"),
            (
                "a=b,a=c",
                "Second instance of key \"a\" encountered for input:\na=b,a=c\n    ^\nThis is often because there is \
                 a preceding \",\" instead of a space.",
            ),
        ] {
            assert_eq!(parse(text), Err(expected.to_owned()), "{text}");
        }
    }

    #[test]
    fn lists_without_end_are_refused() {
        assert!(parse(&format!("a={}", "[".repeat(100_000))).is_err());
    }

    #[test]
    fn a_value_is_not_read_from_a_file() {
        assert!(parse("Value@=file://page.html").is_err());
        assert_eq!(parse("Value@=plain"), Ok(json!({"Value": "plain"})));
    }
}
