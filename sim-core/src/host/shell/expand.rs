//! Word expansion (POSIX "Shell Command Language" §2.6): parameters, command substitution, arithmetic, field splitting,
//! file names, and the patterns they share with `case` and `[[`.

use super::ast::{End, Otherwise, Parameter, Piece, Word};
use super::interpret::{Shell, Step};
use crate::host::{JobId, Sink, Sys};

/// A value longer than this is cut: a script may double a variable for ever.
const VALUE_MAX: usize = 1 << 20;

impl Shell {
    /// The fields that words expand to.
    pub(super) async fn fields(&mut self, sys: &Sys, words: &[Word]) -> Vec<String> {
        let mut fields = Vec::new();
        for word in words {
            self.split(sys, word, &mut fields).await;
        }
        fields
    }

    /// A word that is not split: an assignment, a file name, a here-document.
    pub(super) fn text<'a>(&'a mut self, sys: &'a Sys, word: &'a Word) -> Step<'a, String> {
        Box::pin(async move {
            let mut text = String::new();
            for piece in &word.0 {
                text.push_str(&self.value(sys, piece).await);
                text.truncate(floor_char_boundary(&text, VALUE_MAX));
            }
            text
        })
    }

    /// A pattern, where what was quoted stands for itself.
    pub(super) async fn pattern(&mut self, sys: &Sys, word: &Word) -> String {
        let mut pattern = String::new();
        for piece in &word.0 {
            let value = self.value(sys, piece).await;
            let literal = matches!(
                piece,
                Piece::Quoted(_) | Piece::Parameter { quoted: true, .. } | Piece::Command { quoted: true, .. }
            );
            pattern.push_str(&if literal { escape_pattern(&value) } else { value });
        }
        pattern
    }

    async fn split(&mut self, sys: &Sys, word: &Word, fields: &mut Vec<String>) {
        // A field with the pattern it would be as a file name, where quoted characters are escaped.
        let mut current: Option<(String, String)> = None;
        let mut finished: Vec<(String, String)> = Vec::new();
        for piece in &word.0 {
            let value = self.value(sys, piece).await;
            let (splits, literal) = match piece {
                Piece::Text(_) => (false, false),
                Piece::Quoted(_) | Piece::Home => (false, true),
                Piece::Parameter { quoted, .. } | Piece::Command { quoted, .. } => (!quoted, *quoted),
                Piece::Arithmetic { .. } => (false, true),
            };
            if !splits {
                let (text, pattern) = current.get_or_insert_default();
                text.push_str(&value);
                pattern.push_str(&if literal { escape_pattern(&value) } else { value });
                continue;
            }
            if value.starts_with(char::is_whitespace) {
                finished.extend(current.take());
            }
            for (index, part) in value.split_whitespace().enumerate() {
                if index > 0 {
                    finished.extend(current.take());
                }
                let (text, pattern) = current.get_or_insert_default();
                text.push_str(part);
                pattern.push_str(part);
            }
            if value.ends_with(char::is_whitespace) {
                finished.extend(current.take());
            }
        }
        finished.extend(current);
        for (text, pattern) in finished {
            let names = if has_pattern(&pattern) { file_names(sys, &pattern) } else { Vec::new() };
            if names.is_empty() { fields.push(text) } else { fields.extend(names) }
        }
    }

    fn value<'a>(&'a mut self, sys: &'a Sys, piece: &'a Piece) -> Step<'a, String> {
        Box::pin(async move {
            match piece {
                Piece::Text(text) | Piece::Quoted(text) => text.clone(),
                Piece::Home => self.variable("HOME").unwrap_or_else(|| "/root".to_owned()),
                Piece::Parameter { parameter, otherwise, .. } => self.parameter(sys, parameter, otherwise).await,
                Piece::Command { script, .. } => {
                    let pipe = sys.new_pipe();
                    let mut inside = self.child();
                    let sys = Sys { stdout: Sink::Pipe(pipe), ..sys.clone() };
                    inside.run(&sys, script).await;
                    self.rejoin(&inside);
                    self.status = inside.final_status();
                    let output = sys.drain_pipe(pipe);
                    String::from_utf8_lossy(&output).trim_end_matches('\n').to_owned()
                }
                Piece::Arithmetic { expression } => {
                    self.arithmetic(sys, expression).await.unwrap_or_default().to_string()
                }
            }
        })
    }

    /// Calculates an expression after expanding it; `None` when it cannot be.
    pub(super) async fn arithmetic(&mut self, sys: &Sys, expression: &Word) -> Option<i64> {
        let text = self.text(sys, expression).await;
        let value = super::arithmetic::evaluate(self, &text);
        if value.is_none() {
            sys.note(format!("the arithmetic expression '{text}' is not understood; it counts as 0"));
        }
        value
    }

    async fn parameter(&mut self, sys: &Sys, parameter: &Parameter, otherwise: &Otherwise) -> String {
        let value = match parameter {
            Parameter::Variable(name) if name == "RANDOM" => Some((sys.random() & 0x7fff).to_string()),
            Parameter::Variable(name) => self.variable(name),
            Parameter::Positional(number) => self.positional.get(number - 1).cloned(),
            Parameter::All => Some(self.positional.join(" ")),
            Parameter::Count => Some(self.positional.len().to_string()),
            Parameter::Status => Some(self.status.to_string()),
            Parameter::ProcessId => Some("1".to_owned()),
            Parameter::LastJob => self.jobs.last().map(JobId::to_string),
            Parameter::ShellName => Some("bash".to_owned()),
        };
        let counts = |also_if_empty: bool| value.as_ref().is_some_and(|value| !also_if_empty || !value.is_empty());
        match otherwise {
            Otherwise::Value => value.unwrap_or_default(),
            Otherwise::Default { also_if_empty, .. } if counts(*also_if_empty) => value.unwrap_or_default(),
            Otherwise::Default { word, .. } => self.text(sys, word).await,
            Otherwise::Assign { also_if_empty, .. } if counts(*also_if_empty) => value.unwrap_or_default(),
            Otherwise::Assign { word, .. } => {
                let text = self.text(sys, word).await;
                if let Parameter::Variable(name) = parameter {
                    self.set_variable(name, text.clone());
                }
                text
            }
            Otherwise::Alternative { word, also_if_empty } if counts(*also_if_empty) => self.text(sys, word).await,
            Otherwise::Alternative { .. } => String::new(),
            Otherwise::Length => value.unwrap_or_default().chars().count().to_string(),
            Otherwise::Remove { pattern, end, longest } => {
                let pattern = self.pattern(sys, pattern).await;
                remove(&value.unwrap_or_default(), &pattern, *end, *longest)
            }
        }
    }
}

/// Escapes of `$'…'` and `echo -e`.
pub(crate) fn unescape(text: &str) -> String {
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
            Some('e') => result.push('\x1b'),
            Some('0') => result.push('\0'),
            Some('\\') => result.push('\\'),
            Some('\'') => result.push('\''),
            Some('"') => result.push('"'),
            Some(other) => result.extend(['\\', other]),
            None => result.push('\\'),
        }
    }
    result
}

/// Whether a whole text fits a pattern of `*`, `?`, `[…]` and `\`.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // Where the last star was, and how much of the text it has taken.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if pattern.get(p) == Some(&'*') {
            star = Some((p + 1, t));
            p += 1;
        } else if let Some(next) = one(&pattern, p, text[t]) {
            (p, t) = (next, t + 1);
        } else if let Some((after, taken)) = star {
            star = Some((after, taken + 1));
            (p, t) = (after, taken + 1);
        } else {
            return false;
        }
    }
    pattern[p.min(pattern.len())..].iter().all(|&letter| letter == '*')
}

/// Where the pattern goes on if its element at `at` takes `letter`.
fn one(pattern: &[char], at: usize, letter: char) -> Option<usize> {
    match *pattern.get(at)? {
        '?' => Some(at + 1),
        '\\' if at + 1 < pattern.len() => (pattern[at + 1] == letter).then_some(at + 2),
        '[' => {
            let (negated, start) = match pattern.get(at + 1) {
                Some('!' | '^') => (true, at + 2),
                _ => (false, at + 1),
            };
            let Some(end) = (start + 1..pattern.len()).find(|&end| pattern[end] == ']') else {
                return (letter == '[').then_some(at + 1);
            };
            let set = &pattern[start..end];
            let range = set.windows(3).any(|range| range[1] == '-' && (range[0]..=range[2]).contains(&letter));
            ((range || set.contains(&letter)) != negated).then_some(end + 1)
        }
        other => (other == letter).then_some(at + 1),
    }
}

fn has_pattern(pattern: &str) -> bool {
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => drop(letters.next()),
            '*' | '?' | '[' => return true,
            _ => {}
        }
    }
    false
}

fn escape_pattern(text: &str) -> String {
    text.chars()
        .flat_map(|letter| matches!(letter, '*' | '?' | '[' | '\\').then_some('\\').into_iter().chain([letter]))
        .collect()
}

/// File names that fit; only the last part of a path may be a pattern.
fn file_names(sys: &Sys, pattern: &str) -> Vec<String> {
    let (directory, name) =
        pattern.rsplit_once('/').map_or((None, pattern), |(directory, name)| (Some(directory), name));
    let place = match directory {
        None => sys.directory.clone(),
        Some("") => "/".to_owned(),
        Some(directory) => sys.path(directory),
    };
    let names = sys.files(|files| files.list(&place)).into_iter();
    let fitting = names.filter(|found| matches(name, found) && (!found.starts_with('.') || name.starts_with('.')));
    match directory {
        None => fitting.collect(),
        Some(directory) => fitting.map(|found| format!("{directory}/{found}")).collect(),
    }
}

fn remove(value: &str, pattern: &str, end: End, longest: bool) -> String {
    let mut cuts: Vec<usize> = value.char_indices().map(|(at, _)| at).chain([value.len()]).collect();
    // The prefix grows with the cut, the suffix shrinks with it.
    if longest == (end == End::Prefix) {
        cuts.reverse();
    }
    let found = cuts.into_iter().find(|&cut| match end {
        End::Prefix => matches(pattern, &value[..cut]),
        End::Suffix => matches(pattern, &value[cut..]),
    });
    match (found, end) {
        (Some(cut), End::Prefix) => value[cut..].to_owned(),
        (Some(cut), End::Suffix) => value[..cut].to_owned(),
        (None, _) => value.to_owned(),
    }
}

fn floor_char_boundary(text: &str, most: usize) -> usize {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_case() {
        for (pattern, text, fits) in [
            ("*.html", "index.html", true),
            ("*.html", "index.htm", false),
            ("a*b*c", "axxbyybc", true),
            ("a*b*c", "axxbyyb", false),
            ("[a-c]?", "bz", true),
            ("[!a-c]?", "bz", false),
            ("\\*", "*", true),
            ("\\*", "x", false),
            ("", "", true),
            ("[", "[", true),
        ] {
            assert_eq!(matches(pattern, text), fits, "{pattern} and {text}");
        }
    }

    #[test]
    fn prefixes_and_suffixes_are_removed() {
        for (pattern, end, longest, rest) in [
            ("*/", End::Prefix, false, "b/c.d"),
            ("*/", End::Prefix, true, "c.d"),
            ("/*", End::Suffix, false, "a/b"),
            ("/*", End::Suffix, true, "a"),
            ("x", End::Suffix, true, "a/b/c.d"),
        ] {
            assert_eq!(remove("a/b/c.d", pattern, end, longest), rest, "{pattern}");
        }
    }
}
