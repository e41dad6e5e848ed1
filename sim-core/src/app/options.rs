//! Command-line options as getopt(3) reads them: bundles (`-qn`), values beside or behind (`-c1`, `-c 1`), operands anywhere
//! among them, `--` to end them.

/// One thing on a command line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Parsed<'a> {
    /// A letter without a value.
    Flag(char),
    /// A letter with its value.
    Value(char, &'a str),
    /// A letter whose value is not there.
    Missing(char),
    /// `--name` or `--name=value`, as written after the dashes.
    Long(&'a str),
    /// Anything else.
    Operand(&'a str),
}

/// Reads a command line, program name first.
pub(crate) struct Options<'a> {
    words: std::slice::Iter<'a, String>,
    with_value: &'static str,
    bundle: &'a str,
    ended: bool,
}

impl<'a> Options<'a> {
    /// `with_value` are the letters that take a value.
    pub(crate) fn new(arguments: &'a [String], with_value: &'static str) -> Options<'a> {
        Options { words: arguments.get(1..).unwrap_or_default().iter(), with_value, bundle: "", ended: false }
    }

    /// Words that have not been looked at.
    pub(crate) fn remaining(&self) -> usize {
        self.words.len()
    }

    /// The next word as it stands: the value of a long option.
    pub(crate) fn take_word(&mut self) -> Option<&'a str> {
        self.words.next().map(String::as_str)
    }
}

impl<'a> Iterator for Options<'a> {
    type Item = Parsed<'a>;

    fn next(&mut self) -> Option<Parsed<'a>> {
        if self.bundle.is_empty() {
            let word = self.words.next()?;
            if self.ended || word == "-" || !word.starts_with('-') {
                return Some(Parsed::Operand(word));
            }
            if word == "--" {
                self.ended = true;
                return self.next();
            }
            if let Some(long) = word.strip_prefix("--") {
                return Some(Parsed::Long(long));
            }
            self.bundle = &word[1..];
        }
        let letter = self.bundle.chars().next()?;
        let rest = &self.bundle[letter.len_utf8()..];
        if !self.with_value.contains(letter) {
            self.bundle = rest;
            return Some(Parsed::Flag(letter));
        }
        self.bundle = "";
        let value = if rest.is_empty() { self.words.next().map(String::as_str) } else { Some(rest) };
        Some(value.map_or(Parsed::Missing(letter), |value| Parsed::Value(letter, value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_bundle_and_mix_with_operands() {
        let words = ["ping", "10.0.0.1", "-qc3", "-w", "5", "--x=y", "--", "-n"].map(str::to_owned);
        let parsed: Vec<_> = Options::new(&words, "cw").collect();
        assert_eq!(
            parsed,
            [
                Parsed::Operand("10.0.0.1"),
                Parsed::Flag('q'),
                Parsed::Value('c', "3"),
                Parsed::Value('w', "5"),
                Parsed::Long("x=y"),
                Parsed::Operand("-n"),
            ]
        );
        let words = ["ping", "-c"].map(str::to_owned);
        assert_eq!(Options::new(&words, "c").collect::<Vec<_>>(), [Parsed::Missing('c')]);
    }
}
