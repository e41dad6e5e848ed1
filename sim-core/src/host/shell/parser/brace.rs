//! Brace expansion (bash manual §3.5.1): `a{b,c}`, `{1..3}`, `{01..10}`, `{a..e..2}`.
//!
//! It comes before all other expansions and knows nothing of what the pieces of a word mean: those are carried along whole.

use super::super::ast::{Piece, Word};
use super::DEPTH_MAX;

/// How many words one may make.
const WORDS_MAX: usize = 10_000;
/// How much text, counted as words times the length of what was written.
const TEXT_MAX: usize = 1 << 22;

/// A part of a word that braces do not look into, or a character that may be one.
#[derive(Clone)]
enum Atom {
    Letter(char),
    Piece(Piece),
}

/// The words that one stands for, itself if it has no braces; `None` when they are too many. `length` is how long it is as
/// written.
pub(super) fn expand(word: &Word, length: usize) -> Option<Vec<Word>> {
    let has_braces = word.0.iter().any(|piece| matches!(piece, Piece::Text(text) if text.contains('{')));
    if !has_braces {
        return Some(vec![word.clone()]);
    }
    let mut atoms = Vec::new();
    for piece in &word.0 {
        match piece {
            Piece::Text(text) => atoms.extend(text.chars().map(Atom::Letter)),
            other => atoms.push(Atom::Piece(other.clone())),
        }
    }
    let braces = Braces { closing: closing_braces(&atoms), atoms, most: WORDS_MAX.min(TEXT_MAX / length.max(1)) };
    let words = braces.expand(0, braces.atoms.len(), 0)?;
    Some(words.into_iter().map(word_of).collect())
}

struct Braces {
    atoms: Vec<Atom>,
    /// Where the brace that opens at an index is closed.
    closing: Vec<Option<usize>>,
    most: usize,
}

impl Braces {
    fn expand(&self, start: usize, end: usize, depth: usize) -> Option<Vec<Vec<Atom>>> {
        if depth > DEPTH_MAX {
            return None;
        }
        let mut words = vec![Vec::new()];
        let mut at = start;
        while at < end {
            let alternatives = match self.closing[at] {
                Some(close) => self.alternatives(at + 1, close, depth)?.map(|alternatives| (alternatives, close)),
                None => None,
            };
            let Some((alternatives, close)) = alternatives else {
                for word in &mut words {
                    word.push(self.atoms[at].clone());
                }
                at += 1;
                continue;
            };
            if words.len() * alternatives.len() > self.most {
                return None;
            }
            let joined = words.iter().flat_map(|word| {
                alternatives.iter().map(move |tail| word.iter().chain(tail).cloned().collect::<Vec<_>>())
            });
            words = joined.collect();
            at = close + 1;
        }
        Some(words)
    }

    /// What stands between two braces; the inner `None` when the braces are only characters.
    #[expect(clippy::option_option, reason = "too many, none, or some alternatives")]
    fn alternatives(&self, start: usize, end: usize, depth: usize) -> Option<Option<Vec<Vec<Atom>>>> {
        let mut commas = Vec::new();
        let mut at = start;
        while at < end {
            match (&self.atoms[at], self.closing[at]) {
                (_, Some(close)) => at = close,
                (Atom::Letter(','), None) => commas.push(at),
                _ => {}
            }
            at += 1;
        }
        if commas.is_empty() {
            return self.sequence(start, end);
        }
        let mut alternatives = Vec::new();
        let mut from = start;
        for to in commas.into_iter().chain([end]) {
            alternatives.extend(self.expand(from, to, depth + 1)?);
            if alternatives.len() > self.most {
                return None;
            }
            from = to + 1;
        }
        Some(Some(alternatives))
    }

    /// `1..3`, `a..e..2`.
    #[expect(clippy::option_option, reason = "too many, none, or some alternatives")]
    fn sequence(&self, start: usize, end: usize) -> Option<Option<Vec<Vec<Atom>>>> {
        let letters = self.atoms[start..end].iter().map(|atom| match atom {
            Atom::Letter(letter) => Some(*letter),
            Atom::Piece(_) => None,
        });
        let Some(text) = letters.collect::<Option<String>>() else { return Some(None) };
        let parts: Vec<&str> = text.split("..").collect();
        let (first, last, step) = match parts.as_slice() {
            [first, last] => (*first, *last, 1),
            [first, last, step] => match step.parse::<i64>() {
                Ok(step) => (*first, *last, step.unsigned_abs().max(1)),
                Err(_) => return Some(None),
            },
            _ => return Some(None),
        };
        let atoms = |text: String| text.chars().map(Atom::Letter).collect::<Vec<_>>();
        if let (Ok(from), Ok(to)) = (first.parse::<i64>(), last.parse::<i64>()) {
            let padded = [first, last].iter().any(|text| {
                let digits = text.trim_start_matches('-');
                digits.len() > 1 && digits.starts_with('0')
            });
            let width = if padded { first.len().max(last.len()) } else { 0 };
            let numbers = self.numbers(from, to, step)?;
            return Some(Some(numbers.map(|number| atoms(format!("{number:0width$}"))).collect()));
        }
        match (single_letter(first), single_letter(last)) {
            (Some(from), Some(to)) => {
                let codes = self.numbers(i64::from(from), i64::from(to), step)?;
                let letters = codes.filter_map(|code| u8::try_from(code).ok()).map(char::from);
                Some(Some(letters.map(|letter| vec![Atom::Letter(letter)]).collect()))
            }
            _ => Some(None),
        }
    }

    fn numbers(&self, from: i64, to: i64, step: u64) -> Option<impl Iterator<Item = i64>> {
        let last = from.abs_diff(to) / step;
        if last >= self.most as u64 {
            return None;
        }
        let upwards = from <= to;
        Some((0..=last).map(move |index| {
            let distance = index * step;
            if upwards { from.wrapping_add_unsigned(distance) } else { from.wrapping_sub_unsigned(distance) }
        }))
    }
}

fn single_letter(text: &str) -> Option<u8> {
    match text.as_bytes() {
        [letter] if letter.is_ascii_alphabetic() => Some(*letter),
        _ => None,
    }
}

fn closing_braces(atoms: &[Atom]) -> Vec<Option<usize>> {
    let mut closing = vec![None; atoms.len()];
    let mut open = Vec::new();
    for (at, atom) in atoms.iter().enumerate() {
        match atom {
            Atom::Letter('{') => open.push(at),
            Atom::Letter('}') => {
                if let Some(opened) = open.pop() {
                    let opened: usize = opened;
                    closing[opened] = Some(at);
                }
            }
            _ => {}
        }
    }
    closing
}

fn word_of(atoms: Vec<Atom>) -> Word {
    let mut word = Word::default();
    for atom in atoms {
        match atom {
            Atom::Letter(letter) => word.push_text(letter),
            Atom::Piece(piece) => word.0.push(piece),
        }
    }
    word
}
