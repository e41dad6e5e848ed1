//! `run:` as commands: one a line, unless the shell would read on.
//!
//! Lines stay together where a quote is open, a line ends in a backslash or in `&&`, `||`, `|`, a parenthesis or brace
//! is open, a here-document has not ended, or a compound command (`if`, `for`, `case`…) has not. The rules are those of
//! the POSIX shell language (Shell Command Language §2.2, §2.7.4, §2.9.4). What the commands mean is not known here.

use std::ops::Range;

use super::substitute::Text;
use crate::frontend::diagnostic::Span;

/// One command, as typed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Command {
    /// The command; more than one line where the shell reads on.
    pub text: Text,
    /// The place of its first line.
    pub span: Span,
}

impl Command {
    /// The first line, for titles.
    pub(crate) fn first_line(&self) -> &str {
        self.text.written().lines().next().unwrap_or_default()
    }
}

/// What was left open at the end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Unclosed {
    /// A quote.
    Quote(char),
    /// A here-document, with its delimiter.
    HereDocument(String),
}

/// The commands' places in the text, or what is left open and where it begins.
///
/// # Errors
/// A quote or a here-document that does not end: everything after it would be part of it, which nobody means.
pub(super) fn split(text: &str) -> Result<Vec<Range<usize>>, (Unclosed, Range<usize>)> {
    let mut scanner = Scanner { text, at: 0, parentheses: 0, compounds: 0, documents: Vec::new() };
    let mut commands = Vec::new();
    while scanner.at < text.len() {
        let start = scanner.at;
        let has_words = scanner.command()?;
        let end = start + text[start..scanner.at].trim_end().len();
        if has_words {
            let start = start + (text[start..end].len() - text[start..end].trim_start().len());
            commands.push(start..end);
        }
    }
    Ok(commands)
}

struct Scanner<'t> {
    text: &'t str,
    at: usize,
    /// How many parentheses are open.
    parentheses: usize,
    /// How many compound commands and braces are open.
    compounds: usize,
    /// The here-documents whose bodies follow this line.
    documents: Vec<HereDocument>,
}

struct HereDocument {
    delimiter: String,
    strips_tabs: bool,
    place: Range<usize>,
}

/// What the last word of a line says about the next line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// A command may begin: the start of a line, or after `;`, `&&`, `then`…
    CommandStart,
    /// A word of a command.
    Word,
    /// `&&`, `||` or `|`: a command must follow, on the next line if need be.
    Operator,
}

impl Scanner<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    /// Goes past one command and its newline. Says whether there was more than blanks and comments.
    fn command(&mut self) -> Result<bool, (Unclosed, Range<usize>)> {
        let mut before = Before::CommandStart;
        let mut has_words = false;
        while let Some(c) = self.peek() {
            match c {
                '\n' => {
                    self.at += 1;
                    self.here_documents()?;
                    if self.parentheses + self.compounds == 0 && before != Before::Operator {
                        break;
                    }
                    if before != Before::Operator {
                        before = Before::CommandStart;
                    }
                }
                ' ' | '\t' | '\r' => self.at += 1,
                '\\' if self.rest().starts_with("\\\n") => self.at += 2,
                '\\' if self.rest().starts_with("\\\r\n") => self.at += 3,
                '#' => self.at += self.rest().find('\n').unwrap_or(self.rest().len()),
                ';' => {
                    self.at += 1;
                    before = Before::CommandStart;
                    has_words = true;
                }
                '&' | '|' => {
                    let run = self.rest().len() - self.rest().trim_start_matches(c).len();
                    self.at += run;
                    before = if c == '&' && run == 1 { Before::CommandStart } else { Before::Operator };
                    has_words = true;
                }
                '(' => {
                    self.at += 1;
                    self.parentheses += 1;
                    before = Before::CommandStart;
                    has_words = true;
                }
                ')' => {
                    self.at += 1;
                    // A function's body follows `()`, a command the pattern of a `case`; nothing else follows but
                    // operators.
                    before = Before::CommandStart;
                    self.parentheses = self.parentheses.saturating_sub(1);
                    has_words = true;
                }
                '<' | '>' => {
                    self.redirection()?;
                    has_words = true;
                    before = Before::Word;
                }
                _ => {
                    let start = self.at;
                    self.word()?;
                    let word = &self.text[start..self.at];
                    before = self.weigh(word, before);
                    has_words = true;
                }
            }
        }
        if let Some(document) = self.documents.pop() {
            return Err((Unclosed::HereDocument(document.delimiter), document.place));
        }
        // A compound command left open at the end of the text is the shell's to complain about.
        Ok(has_words)
    }

    /// Counts compound commands: `if … fi`, `for … do … done`, `case … esac`, `{ … }`.
    fn weigh(&mut self, word: &str, before: Before) -> Before {
        if before == Before::Word && !matches!(word, "do" | "then") {
            return Before::Word;
        }
        match word {
            "if" | "case" | "while" | "until" | "for" | "{" => self.compounds += 1,
            "fi" | "esac" | "done" | "}" => self.compounds = self.compounds.saturating_sub(1),
            _ => {}
        }
        match word {
            "if" | "while" | "until" | "{" | "then" | "else" | "elif" | "do" | "!" => Before::CommandStart,
            _ if word.ends_with("()") => Before::CommandStart,
            _ => Before::Word,
        }
    }

    /// Goes past one word, with its quotes and `$( )`.
    fn word(&mut self) -> Result<(), (Unclosed, Range<usize>)> {
        let from = self.at;
        while let Some(c) = self.peek() {
            match c {
                ' ' | '\t' | '\r' | '\n' | ';' | '&' | '|' | '<' | '>' | ')' => break,
                '(' if self.at == from => break,
                '(' => {
                    // Part of `$( )`, `name()` or an array: its contents are words of their own, quotes included.
                    self.parenthesised()?;
                }
                '\'' | '"' => self.quoted(c)?,
                '\\' => self.at += 1 + self.rest()[1..].chars().next().map_or(0, char::len_utf8),
                _ => self.at += c.len_utf8(),
            }
        }
        Ok(())
    }

    /// Goes past `( … )` to the parenthesis that closes it, or to the end.
    fn parenthesised(&mut self) -> Result<(), (Unclosed, Range<usize>)> {
        let mut open = 0usize;
        while let Some(c) = self.peek() {
            match c {
                '\'' | '"' => {
                    self.quoted(c)?;
                    continue;
                }
                '\\' => {
                    self.at += 1 + self.rest()[1..].chars().next().map_or(0, char::len_utf8);
                    continue;
                }
                '(' => open += 1,
                ')' => open -= 1,
                _ => {}
            }
            self.at += c.len_utf8();
            if open == 0 {
                break;
            }
        }
        Ok(())
    }

    /// Goes past a quoted text.
    fn quoted(&mut self, quote: char) -> Result<(), (Unclosed, Range<usize>)> {
        let start = self.at;
        self.at += 1;
        while let Some(c) = self.peek() {
            match c {
                _ if c == quote => {
                    self.at += 1;
                    return Ok(());
                }
                '\\' if quote == '"' => self.at += 1 + self.rest()[1..].chars().next().map_or(0, char::len_utf8),
                // A `$( )` within double quotes has quotes of its own.
                '$' if quote == '"' && self.rest().starts_with("$(") => {
                    self.at += 1;
                    self.parenthesised()?;
                }
                _ => self.at += c.len_utf8(),
            }
        }
        Err((Unclosed::Quote(quote), start..start + 1))
    }

    /// Goes past `<`, `>` and their relatives; remembers the delimiter of a here-document.
    fn redirection(&mut self) -> Result<(), (Unclosed, Range<usize>)> {
        let start = self.at;
        let is_document = self.rest().starts_with("<<") && !self.rest().starts_with("<<<");
        let run = self.rest().len() - self.rest().trim_start_matches(['<', '>']).len();
        self.at += if is_document { 2 } else { run };
        if self.rest().starts_with('&') {
            self.at += 1;
        }
        if !is_document {
            return Ok(());
        }
        let strips_tabs = self.rest().starts_with('-');
        self.at += usize::from(strips_tabs);
        self.at += self.rest().len() - self.rest().trim_start_matches([' ', '\t']).len();
        let word = self.at;
        self.word()?;
        let delimiter = self.text[word..self.at].replace(['\'', '"', '\\'], "");
        self.documents.push(HereDocument { delimiter, strips_tabs, place: start..self.at });
        Ok(())
    }

    /// Goes past the bodies of the here-documents that the line before has opened.
    fn here_documents(&mut self) -> Result<(), (Unclosed, Range<usize>)> {
        for document in std::mem::take(&mut self.documents) {
            loop {
                if self.at >= self.text.len() {
                    return Err((Unclosed::HereDocument(document.delimiter), document.place));
                }
                let length = self.rest().find('\n').map_or(self.rest().len(), |found| found + 1);
                let line = self.rest()[..length].trim_end_matches(['\n', '\r']);
                let line = if document.strips_tabs { line.trim_start_matches('\t') } else { line };
                let ends = line == document.delimiter;
                self.at += length;
                if ends {
                    break;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commands(text: &str) -> Vec<&str> {
        split(text).expect("everything is closed").into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn a_line_is_a_command_unless_the_shell_would_read_on() {
        for (text, expected) in [
            ("ping -c 1 10.42.1.100", &["ping -c 1 10.42.1.100"][..]),
            ("a\nb\n", &["a", "b"]),
            ("a\r\nb\r\n", &["a", "b"]),
            ("\n  a  \n\n# a comment, isn't it\n b\n", &["a", "b"]),
            ("a # isn't it\nb", &["a # isn't it", "b"]),
            ("echo a#b 'c\nd'\ne", &["echo a#b 'c\nd'", "e"]),
            ("echo \"a\n$(echo \"b\n\")\"\nc", &["echo \"a\n$(echo \"b\n\")\"", "c"]),
            ("aws ec2 create-route \\\n  --x y\nb", &["aws ec2 create-route \\\n  --x y", "b"]),
            ("a &&\nb ||\n\nc |\nd\ne", &["a &&\nb ||\n\nc |\nd", "e"]),
            ("a &\nb", &["a &", "b"]),
            ("cat <<EOF > f\nit's\nEOF\nb", &["cat <<EOF > f\nit's\nEOF", "b"]),
            ("cat <<-'E F'\n\tx\n\tE F\nb", &["cat <<-'E F'\n\tx\n\tE F", "b"]),
            ("cat <<< 'a'\nb", &["cat <<< 'a'", "b"]),
            ("a <<X <<Y\nX\nb\nY\nc", &["a <<X <<Y\nX\nb\nY", "c"]),
            ("for i in 1 2; do\n  ping $i\ndone\nb", &["for i in 1 2; do\n  ping $i\ndone", "b"]),
            ("for i in 1 2\ndo\n  x\ndone\nb", &["for i in 1 2\ndo\n  x\ndone", "b"]),
            ("if a; then\n b\nelse\n c\nfi\nd", &["if a; then\n b\nelse\n c\nfi", "d"]),
            ("while true; do\n if a; then b; fi\ndone\nd", &["while true; do\n if a; then b; fi\ndone", "d"]),
            ("f() {\n a\n}\nb", &["f() {\n a\n}", "b"]),
            ("case $x in\na) if b; then\nc\nfi;;\nesac\nd", &["case $x in\na) if b; then\nc\nfi;;\nesac", "d"]),
            ("f () {\n a\n}\nb", &["f () {\n a\n}", "b"]),
            ("(\na\n)\nb", &["(\na\n)", "b"]),
            ("echo if for done\nb", &["echo if for done", "b"]),
            ("echo $(a\nb)\nc", &["echo $(a\nb)", "c"]),
            ("a 2>&1\nb", &["a 2>&1", "b"]),
            ("", &[]),
            ("# only a comment\n", &[]),
        ] {
            assert_eq!(commands(text), expected, "{text:?}");
        }
    }

    #[test]
    fn what_is_left_open_is_told_with_its_place() {
        for (text, unclosed, place) in [
            ("echo 'a\nb", Unclosed::Quote('\''), 5..6),
            ("echo it's\nb", Unclosed::Quote('\''), 7..8),
            ("a\necho \"b", Unclosed::Quote('"'), 7..8),
            ("cat <<EOF", Unclosed::HereDocument("EOF".to_owned()), 4..9),
            ("cat <<EOF\na\n", Unclosed::HereDocument("EOF".to_owned()), 4..9),
        ] {
            assert_eq!(split(text), Err((unclosed, place)), "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_split_or_refused(text in "[a-c '\"\\\\\n<>|&;(){}#$EOF-]{0,40}|(if|do|done|fi|for|\\{|\\}|<<E|E|\n| |;){0,20}") {
            if let Ok(ranges) = split(&text) {
                for range in ranges {
                    proptest::prop_assert!(!text[range].trim().is_empty());
                }
            }
        }
    }
}
