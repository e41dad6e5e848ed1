//! An awk program's words (POSIX "awk", Lexical Conventions).

use super::Refusal;

/// A word of the program.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Token {
    Number(f64),
    Text(String),
    Regex(String),
    /// A name, and whether a bracket follows at once, as in a call.
    Name(String, Called),
    Sign(&'static str),
    NewLine,
}

/// Whether a name stands directly before `(`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Called {
    Yes,
    No,
}

/// Longer ones first.
const SIGNS: &[&str] = &[
    "**=", "&&", "||", "==", "!=", "<=", ">=", ">>", "++", "--", "+=", "-=", "*=", "/=", "%=", "^=", "!~", "**", "{",
    "}", "(", ")", "[", "]", ";", ",", "+", "-", "*", "/", "%", "^", "!", "<", ">", "|", "?", ":", "~", "$", "=",
];

/// Reads a whole program; each word with the byte at which it begins.
pub(super) fn read(source: &str) -> Result<Vec<(usize, Token)>, Refusal> {
    let mut words: Vec<(usize, Token)> = Vec::new();
    let mut at = 0;
    while let Some(letter) = source[at..].chars().next() {
        let rest = &source[at..];
        let began = at;
        let token = match letter {
            '\n' => {
                at += 1;
                Token::NewLine
            }
            ' ' | '\t' | '\r' => {
                at += 1;
                continue;
            }
            '\\' if rest.starts_with("\\\n") => {
                at += 2;
                continue;
            }
            '#' => {
                at += rest.find('\n').unwrap_or(rest.len());
                continue;
            }
            '"' => {
                let (text, len) = quoted(rest, '"').ok_or(Refusal::Syntax(began))?;
                at += len;
                Token::Text(unescape(&text))
            }
            '/' if !words.last().is_some_and(|(_, token)| is_operand(token)) => {
                let (text, len) = quoted(rest, '/').ok_or(Refusal::Syntax(began))?;
                at += len;
                Token::Regex(text.replace("\\/", "/"))
            }
            '0'..='9' | '.' => {
                let len = number_len(rest);
                at += len;
                Token::Number(rest[..len].parse().map_err(|_| Refusal::Syntax(began))?)
            }
            _ if letter.is_ascii_alphabetic() || letter == '_' => {
                let len = rest.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
                let len = len.unwrap_or(rest.len());
                at += len;
                let called = if source[at..].starts_with('(') { Called::Yes } else { Called::No };
                Token::Name(rest[..len].to_owned(), called)
            }
            _ => {
                let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign)).ok_or(Refusal::Syntax(began))?;
                at += sign.len();
                Token::Sign(sign)
            }
        };
        words.push((began, token));
    }
    Ok(words)
}

/// Whether a `/` behind it divides.
fn is_operand(token: &Token) -> bool {
    match token {
        Token::Number(_) | Token::Text(_) | Token::Regex(_) => true,
        Token::Name(name, _) => !matches!(name.as_str(), "print" | "printf" | "in" | "return" | "else" | "do" | "exit"),
        Token::Sign(sign) => matches!(*sign, ")" | "]" | "++" | "--" | "$"),
        Token::NewLine => false,
    }
}

/// What stands between two delimiters, escapes as they are, and how long it is with them.
fn quoted(text: &str, delimiter: char) -> Option<(String, usize)> {
    let mut letters = text.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => drop(letters.next()),
            '\n' => return None,
            _ if letter == delimiter => return Some((text[1..at].to_owned(), at + 1)),
            _ => {}
        }
    }
    None
}

fn number_len(text: &str) -> usize {
    let digits = |text: &str| text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let mut len = digits(text);
    if text[len..].starts_with('.') {
        len += 1;
        len += digits(&text[len..]);
    }
    if let Some(exponent) = text[len..].strip_prefix(['e', 'E']) {
        let unsigned = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        if digits(unsigned) > 0 {
            len += 1 + exponent.len() - unsigned.len() + digits(unsigned);
        }
    }
    len
}

/// Escapes of a string; one that awk does not know keeps its backslash, for a regular expression made of it.
pub(super) fn unescape(text: &str) -> String {
    let mut result = String::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            result.push(letter);
            continue;
        }
        match letters.next() {
            Some('n') => result.push('\n'),
            Some('t') => result.push('\t'),
            Some('r') => result.push('\r'),
            Some('\\') => result.push('\\'),
            Some('"') => result.push('"'),
            Some('/') => result.push('/'),
            Some(other) => result.extend(['\\', other]),
            None => result.push('\\'),
        }
    }
    result
}
