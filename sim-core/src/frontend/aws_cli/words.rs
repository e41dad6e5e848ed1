//! A typed text as words, each with its place: what the operator's shell does before `aws` runs.
//!
//! Quoting is POSIX's (Shell Command Language, §2.2): single quotes, double quotes, backslash, line continuation, and `#`
//! comments. Everything else a shell can do – variables, `$(…)`, pipes, redirections, `&&` – is refused with its place,
//! because only `aws` runs on the workstation.
//!
//! Braces and `*` stay as typed. Differs from AWS: bash would expand an unquoted `[{Key=Name,Value=a}]`; the examples in
//! the AWS CLI's own reference leave it unquoted, so it is taken as meant.

use std::ops::Range;

/// A word and the bytes of the text it was written in, quotes included.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Word {
    /// The word as the command sees it.
    pub(crate) text: String,
    /// Where it was written.
    pub(crate) span: Range<usize>,
}

/// The text is not what can be typed here.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct WordError {
    /// What is wrong.
    pub(crate) message: String,
    /// Where.
    pub(crate) span: Range<usize>,
}

/// The words of one command. A text without any gives none.
///
/// # Errors
/// When there are several commands, or what only a shell could do.
pub(crate) fn split_line(text: &str) -> Result<Vec<Word>, WordError> {
    let mut commands = split_commands(text)?;
    if commands.len() > 1 {
        let second = &commands[1][0];
        return Err(refuse("one command was expected here", second.span.clone()));
    }
    Ok(commands.pop().unwrap_or_default())
}

/// The commands of a text, one a line, each with at least one word.
///
/// # Errors
/// An open quote, or what only a shell could do.
pub(crate) fn split_commands(text: &str) -> Result<Vec<Vec<Word>>, WordError> {
    let mut scanner = Scanner { text, at: 0 };
    let mut commands = Vec::new();
    let mut words = Vec::new();
    while let Some(letter) = scanner.peek() {
        match letter {
            '\n' => {
                scanner.take();
                if !words.is_empty() {
                    commands.push(std::mem::take(&mut words));
                }
            }
            ' ' | '\t' | '\r' => drop(scanner.take()),
            '\\' if scanner.continues_line() => scanner.skip_continuation(),
            '#' => scanner.skip_comment(),
            _ => words.push(scanner.word()?),
        }
    }
    if !words.is_empty() {
        commands.push(words);
    }
    Ok(commands)
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl Scanner<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn take(&mut self) -> Option<char> {
        let letter = self.peek()?;
        self.at += letter.len_utf8();
        Some(letter)
    }

    fn continues_line(&self) -> bool {
        self.rest().starts_with("\\\n") || self.rest().starts_with("\\\r\n")
    }

    fn skip_continuation(&mut self) {
        self.at += if self.rest().starts_with("\\\n") { 2 } else { 3 };
    }

    fn skip_comment(&mut self) {
        self.at += self.rest().find('\n').unwrap_or(self.rest().len());
    }

    fn word(&mut self) -> Result<Word, WordError> {
        let start = self.at;
        let mut text = String::new();
        while let Some(letter) = self.peek() {
            let place = self.at..self.at + letter.len_utf8();
            match letter {
                ' ' | '\t' | '\r' | '\n' => break,
                '\'' => self.single_quoted(&mut text)?,
                '"' => self.double_quoted(&mut text)?,
                '\\' if self.continues_line() => self.skip_continuation(),
                '\\' => {
                    self.take();
                    text.push(self.take().unwrap_or('\\'));
                }
                '$' | '`' => self.expansion(&mut text)?,
                '|' => return Err(refuse("a pipe needs a shell; only `aws` runs on the workstation", place)),
                '>' | '<' => {
                    return Err(refuse("redirection needs a shell; only `aws` runs on the workstation", place));
                }
                '&' | ';' => return Err(refuse("write each command on a line of its own", place)),
                '(' | ')' => {
                    return Err(refuse("an unquoted parenthesis needs a shell; put the word in quotes", place));
                }
                _ => text.extend(self.take()),
            }
        }
        Ok(Word { text, span: start..self.at })
    }

    fn single_quoted(&mut self, text: &mut String) -> Result<(), WordError> {
        let open = self.at;
        self.take();
        match self.rest().find('\'') {
            Some(length) => {
                text.push_str(&self.rest()[..length]);
                self.at += length + 1;
                Ok(())
            }
            None => Err(refuse("this quote is never closed", open..open + 1)),
        }
    }

    fn double_quoted(&mut self, text: &mut String) -> Result<(), WordError> {
        let open = self.at;
        self.take();
        loop {
            match self.peek() {
                None => return Err(refuse("this quote is never closed", open..open + 1)),
                Some('"') => {
                    self.take();
                    return Ok(());
                }
                Some('\\') if self.continues_line() => self.skip_continuation(),
                Some('\\') => {
                    self.take();
                    // Within double quotes a backslash quotes only these (POSIX §2.2.3); else it stays.
                    match self.peek() {
                        Some(letter @ ('"' | '\\' | '$' | '`')) => {
                            self.take();
                            text.push(letter);
                        }
                        _ => text.push('\\'),
                    }
                }
                Some('$' | '`') => self.expansion(text)?,
                Some(letter) => {
                    self.take();
                    text.push(letter);
                }
            }
        }
    }

    /// A dollar that expands nothing is a dollar; all else only a shell could answer.
    fn expansion(&mut self, text: &mut String) -> Result<(), WordError> {
        let place = self.at..self.at + 1;
        let sign = self.take();
        if sign == Some('`') {
            return Err(refuse("a backtick runs a command in a shell; put a JMESPath literal in single quotes", place));
        }
        match self.peek() {
            Some('(') => Err(refuse("`$(…)` needs a shell; `save:` keeps a value for later steps", place)),
            Some(next) if next.is_ascii_alphanumeric() || "{_@*#?!$-".contains(next) => {
                Err(refuse("there are no shell variables here; `${name}` is a value of the scenario", place))
            }
            _ => {
                text.push('$');
                Ok(())
            }
        }
    }
}

fn refuse(message: &str, span: Range<usize>) -> WordError {
    WordError { message: message.to_owned(), span }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        split_line(text).expect("one command").into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn words_are_split_as_a_posix_shell_splits_them() {
        for (line, expected) in [
            ("aws ec2  describe-vpcs", &["aws", "ec2", "describe-vpcs"][..]),
            ("aws \\\n  ec2 \\\r\n describe-vpcs\n", &["aws", "ec2", "describe-vpcs"]),
            (r#"a 'b c' "d e""#, &["a", "b c", "d e"]),
            (r#"'{"Value":true}'"#, &[r#"{"Value":true}"#]),
            (r#""{\"Value\":true}""#, &[r#"{"Value":true}"#]),
            (r#"a'b'"c"d"#, &["abcd"]),
            (r#"a\ b \'c\'"#, &["a b", "'c'"]),
            (r#""a\nb" 'a\nb'"#, &[r"a\nb", r"a\nb"]),
            (r#"'' """#, &["", ""]),
            ("a # the rest", &["a"]),
            ("a#b", &["a#b"]),
            ("# nothing", &[]),
            ("--tags [{Key=a,Value=b}]", &["--tags", "[{Key=a,Value=b}]"]),
            ("'Vpcs[?IsDefault==`false`]'", &["Vpcs[?IsDefault==`false`]"]),
            ("\"a\\`b\\`\" a$ '$x'", &["a`b`", "a$", "$x"]),
            ("'one\ntwo'", &["one\ntwo"]),
        ] {
            assert_eq!(words(line), expected, "{line}");
        }
    }

    #[test]
    fn a_word_knows_where_it_was_written() {
        let line = "aws 'ec2 x' --a=\"b\"";
        let spans: Vec<&str> = split_line(line).expect("words").into_iter().map(|word| &line[word.span]).collect();
        assert_eq!(spans, ["aws", "'ec2 x'", "--a=\"b\""]);
    }

    #[test]
    fn several_lines_are_several_commands() {
        let commands = split_commands("aws a\n\n# no\naws b \\\n c\n").expect("two commands");
        assert_eq!(commands.iter().map(Vec::len).collect::<Vec<_>>(), [2, 3]);
        assert!(split_line("aws a\naws b").is_err());
    }

    #[test]
    fn what_only_a_shell_can_do_is_refused_with_its_place() {
        for (line, place, message) in [
            ("aws a | jq .", 6..7, "pipe"),
            ("aws a > f", 6..7, "redirection"),
            ("aws $(date)", 4..5, "`save:`"),
            ("aws `date`", 4..5, "backtick"),
            ("aws \"`date`\"", 5..6, "backtick"),
            ("aws $HOME", 4..5, "variables"),
            ("aws a && aws b", 6..7, "line of its own"),
            ("aws a; aws b", 5..6, "line of its own"),
            ("aws length(x)", 10..11, "parenthesis"),
            ("aws 'a", 4..5, "never closed"),
            ("aws \"a", 4..5, "never closed"),
        ] {
            let error = split_commands(line).expect_err(line);
            assert_eq!(error.span, place, "{line}");
            assert!(error.message.contains(message), "{line}: {}", error.message);
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_quoted_comes_out_as_it_was(text in "[^\r]{0,20}") {
            let single = format!("'{}'", text.replace('\'', r"'\''"));
            proptest::prop_assert_eq!(words(&format!("aws {single} x")), ["aws", &text, "x"]);
            let escaped: String = text.chars().flat_map(|letter| match letter {
                '"' | '\\' | '$' | '`' => vec!['\\', letter],
                _ => vec![letter],
            }).collect();
            proptest::prop_assert_eq!(words(&format!("aws \"{escaped}\" x")), ["aws", &text, "x"]);
        }
    }
}
