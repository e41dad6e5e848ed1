//! Text tools: `echo`, `printf`, `sed`, `wc`, `cut`, `tr`, `sort`, `uniq`, `seq`; those that only pass text on are in `streams`.
//!
//! The forms that labs and user data use. An option beyond them is refused by name rather than ignored.

use super::options::{Options, Parsed};
use super::streams::{inputs, without_end};
use crate::host::{Sys, unescape};

/// `echo`.
pub(crate) async fn echo(sys: Sys, arguments: Vec<String>) -> i32 {
    let (mut newline, mut escapes, mut words) = (true, false, &arguments[1..]);
    while let Some((first, rest)) = words.split_first() {
        match first.as_str() {
            "-n" => newline = false,
            "-e" => escapes = true,
            "-E" => escapes = false,
            "-ne" | "-en" => (newline, escapes) = (false, true),
            _ => break,
        }
        words = rest;
    }
    let text = words.join(" ");
    let text = if escapes { unescape(&text) } else { text };
    sys.print(if newline { text + "\n" } else { text });
    0
}

/// `printf` with `%s`, `%d` and `%%`; the format is used again while arguments are left.
pub(crate) async fn printf(sys: Sys, arguments: Vec<String>) -> i32 {
    let Some(format) = arguments.get(1).map(|text| unescape(text)) else {
        sys.eprint("printf: usage: printf [-v var] format [arguments]\n");
        return 2;
    };
    let mut values = arguments[2..].iter();
    let mut result = String::new();
    loop {
        let left = values.len();
        let mut letters = format.chars();
        while let Some(letter) = letters.next() {
            if letter != '%' {
                result.push(letter);
                continue;
            }
            match letters.next() {
                Some('%') => result.push('%'),
                Some('s') => result.push_str(values.next().map_or("", String::as_str)),
                Some('d' | 'i') => result.push_str(values.next().map_or("0", String::as_str)),
                other => return sys.not_simulated("printf", &format!("%{}", other.unwrap_or(' '))),
            }
        }
        if values.len() == 0 || values.len() == left {
            break;
        }
    }
    sys.print(result);
    0
}

/// Flags out of `allowed` and operands; another flag is refused.
pub(super) fn operands(
    sys: &Sys,
    program: &str,
    arguments: &[String],
    allowed: &str,
) -> Result<(Vec<char>, Vec<String>), i32> {
    let (mut flags, mut names) = (Vec::new(), Vec::new());
    for parsed in Options::new(arguments, "") {
        match parsed {
            Parsed::Flag(letter) if allowed.contains(letter) => flags.push(letter),
            Parsed::Operand(name) => names.push(name.to_owned()),
            Parsed::Long(name) => return Err(sys.not_simulated(program, &format!("--{name}"))),
            Parsed::Flag(letter) | Parsed::Value(letter, _) | Parsed::Missing(letter) => {
                return Err(sys.not_simulated(program, &format!("-{letter}")));
            }
        }
    }
    Ok((flags, names))
}

/// In a basic regular expression the escaped brackets are the special ones (POSIX "Basic Regular Expressions" §9.3).
pub(super) fn basic_to_extended(pattern: &str) -> String {
    let mut result = String::new();
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some(special @ ('(' | ')' | '{' | '}' | '|' | '+' | '?')) => result.push(special),
                Some(other) => result.extend(['\\', other]),
                None => result.push_str("\\\\"),
            },
            '(' | ')' | '{' | '}' | '|' | '+' | '?' => result.extend(['\\', letter]),
            other => result.push(other),
        }
    }
    result
}

/// `sed` with `s///` and `/pattern/d`, one or several, `-i`, `-e`, `-E`, `-n` with `p`.
pub(crate) async fn sed(sys: Sys, arguments: Vec<String>) -> i32 {
    let (mut scripts, mut names) = (Vec::new(), Vec::new());
    let (mut in_place, mut extended, mut quiet) = (false, false, false);
    for parsed in Options::new(&arguments, "e") {
        match parsed {
            Parsed::Flag('i') | Parsed::Long("in-place") => in_place = true,
            Parsed::Flag('E' | 'r') => extended = true,
            Parsed::Flag('n') => quiet = true,
            Parsed::Value('e', script) => scripts.push(script.to_owned()),
            Parsed::Operand(word) => names.push(word.to_owned()),
            // `-i.bak`: the letters of a suffix come as flags, and the copy is not kept.
            Parsed::Flag(_) if in_place => {}
            Parsed::Long(name) => return sys.not_simulated("sed", &format!("--{name}")),
            Parsed::Flag(letter) | Parsed::Value(letter, _) | Parsed::Missing(letter) => {
                return sys.not_simulated("sed", &format!("-{letter}"));
            }
        }
    }
    if scripts.is_empty() {
        if names.is_empty() {
            sys.eprint("Usage: sed [OPTION]... {script-only-if-no-other-script} [input-file]...\n");
            return 1;
        }
        scripts.push(names.remove(0));
    }
    let mut edits = Vec::new();
    for script in &scripts {
        match Edit::parse(script, extended) {
            Some(parsed) => edits.push(parsed),
            None => return sys.not_simulated("sed", script),
        }
    }
    let mut exit = 0;
    for (name, mut text) in inputs(&sys, "sed", &names, &mut exit) {
        let mut kept = String::new();
        while let Some(line) = text.line().await {
            let edited = edit_line(&edits, &line, quiet);
            if in_place { kept.push_str(&edited) } else { sys.print(edited) }
        }
        if in_place {
            let path = sys.path(&name);
            sys.files(|files| files.write(&path, kept.as_bytes()));
        }
    }
    if exit != 0 { 2 } else { 0 }
}

enum Edit {
    Substitute { pattern: regex_lite::Regex, replacement: String, everywhere: bool, print: bool },
    Delete(regex_lite::Regex),
    Print(regex_lite::Regex),
}

impl Edit {
    fn parse(script: &str, extended: bool) -> Option<Edit> {
        let script = script.trim();
        let regex = |pattern: &str, flags: &str| {
            let pattern = if extended { pattern.to_owned() } else { basic_to_extended(pattern) };
            regex_lite::RegexBuilder::new(&pattern).case_insensitive(flags.contains(['i', 'I'])).build().ok()
        };
        if let Some(rest) = script.strip_prefix('s') {
            let delimiter = rest.chars().next().filter(|letter| !letter.is_alphanumeric())?;
            let parts = split_unescaped(&rest[delimiter.len_utf8()..], delimiter);
            let [pattern, replacement, flags] = parts.as_slice() else { return None };
            if !flags.chars().all(|flag| matches!(flag, 'g' | 'i' | 'I' | 'p')) {
                return None;
            }
            return Some(Edit::Substitute {
                pattern: regex(pattern, flags)?,
                replacement: replacement.clone(),
                everywhere: flags.contains('g'),
                print: flags.contains('p'),
            });
        }
        let rest = script.strip_prefix('/')?;
        let parts = split_unescaped(rest, '/');
        match parts.as_slice() {
            [pattern, verb] if verb == "d" => Some(Edit::Delete(regex(pattern, "")?)),
            [pattern, verb] if verb == "p" => Some(Edit::Print(regex(pattern, "")?)),
            _ => None,
        }
    }
}

fn split_unescaped(text: &str, delimiter: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        let part = parts.last_mut().expect("there is one from the start");
        if letter == '\\' {
            match letters.next() {
                Some(escaped) if escaped == delimiter => part.push(escaped),
                Some(other) => part.extend(['\\', other]),
                None => part.push('\\'),
            }
        } else if letter == delimiter {
            parts.push(String::new());
        } else {
            part.push(letter);
        }
    }
    parts
}

fn edit_line(edits: &[Edit], line: &str, quiet: bool) -> String {
    let (mut text, end) = match line.strip_suffix('\n') {
        Some(text) => (text.to_owned(), "\n"),
        None => (line.to_owned(), ""),
    };
    let mut printed = String::new();
    for edit in edits {
        match edit {
            Edit::Delete(pattern) => {
                if pattern.is_match(&text) {
                    return printed;
                }
            }
            Edit::Print(pattern) => {
                if pattern.is_match(&text) {
                    printed.push_str(&format!("{text}\n"));
                }
            }
            Edit::Substitute { pattern, replacement, everywhere, print } => {
                let limit = if *everywhere { 0 } else { 1 };
                let hit = pattern.is_match(&text);
                let replace = |found: &regex_lite::Captures<'_>| substitute(replacement, found);
                text = pattern.replacen(&text, limit, replace).into_owned();
                if *print && hit {
                    printed.push_str(&format!("{text}\n"));
                }
            }
        }
    }
    if quiet { printed } else { printed + &text + end }
}

/// `&` and `\1` in a replacement.
fn substitute(replacement: &str, found: &regex_lite::Captures<'_>) -> String {
    let group = |number: usize| found.get(number).map_or("", |part| part.as_str());
    let mut result = String::new();
    let mut letters = replacement.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '&' => result.push_str(group(0)),
            '\\' => match letters.next() {
                Some('n') => result.push('\n'),
                Some('t') => result.push('\t'),
                Some(digit) if digit.is_ascii_digit() => result.push_str(group(digit as usize - '0' as usize)),
                Some(other) => result.push(other),
                None => {}
            },
            other => result.push(other),
        }
    }
    result
}

/// `wc`.
pub(crate) async fn wc(sys: Sys, arguments: Vec<String>) -> i32 {
    let (flags, names) = match operands(&sys, "wc", &arguments, "lwcm") {
        Ok(parsed) => parsed,
        Err(exit) => return exit,
    };
    let mut exit = 0;
    for (name, text) in inputs(&sys, "wc", &names, &mut exit) {
        let text = text.all().await;
        let counts = [('l', text.matches('\n').count()), ('w', text.split_whitespace().count()), ('c', text.len())];
        let wanted =
            |letter: char| flags.is_empty() || flags.contains(&letter) || (letter == 'c' && flags.contains(&'m'));
        let shown: Vec<String> =
            counts.iter().filter(|(letter, _)| wanted(*letter)).map(|(_, count)| count.to_string()).collect();
        let name = if name == "-" { String::new() } else { format!(" {name}") };
        let line = if shown.len() == 1 {
            shown.concat()
        } else {
            shown.iter().map(|count| format!("{count:>7}")).collect::<Vec<_>>().join(" ")
        };
        sys.print(format!("{line}{name}\n"));
    }
    exit
}

/// `cut -d X -f N[,M]` and `cut -c N-M`.
pub(crate) async fn cut(sys: Sys, arguments: Vec<String>) -> i32 {
    let (mut delimiter, mut list, mut by_letter, mut names) = ("\t".to_owned(), None, false, Vec::new());
    for parsed in Options::new(&arguments, "dfc") {
        match parsed {
            Parsed::Value('d', value) => delimiter = value.to_owned(),
            Parsed::Value(letter @ ('f' | 'c'), value) => (list, by_letter) = (ranges(value), letter == 'c'),
            Parsed::Operand(name) => names.push(name.to_owned()),
            Parsed::Long(name) => return sys.not_simulated("cut", &format!("--{name}")),
            Parsed::Flag(letter) | Parsed::Value(letter, _) | Parsed::Missing(letter) => {
                return sys.not_simulated("cut", &format!("-{letter}"));
            }
        }
    }
    let Some(list) = list else {
        sys.eprint("cut: you must specify a list of bytes, characters, or fields\n");
        return 1;
    };
    let wanted = |number: usize| list.iter().any(|range| range.contains(&number));
    let mut exit = 0;
    for (_, mut text) in inputs(&sys, "cut", &names, &mut exit) {
        while let Some(line) = text.line().await {
            let line = without_end(&line);
            let shown = if by_letter {
                line.chars().enumerate().filter(|(index, _)| wanted(index + 1)).map(|(_, letter)| letter).collect()
            } else if line.contains(&delimiter) {
                let fields = line.split(delimiter.as_str()).enumerate().filter(|(index, _)| wanted(index + 1));
                fields.map(|(_, field)| field).collect::<Vec<_>>().join(&delimiter)
            } else {
                line.to_owned()
            };
            sys.print(format!("{shown}\n"));
        }
    }
    exit
}

fn ranges(list: &str) -> Option<Vec<std::ops::RangeInclusive<usize>>> {
    let bound = |text: &str, open: usize| if text.is_empty() { Some(open) } else { text.parse().ok() };
    let range = |part: &str| match part.split_once('-') {
        Some((start, end)) => Some(bound(start, 1)?..=bound(end, usize::MAX)?),
        None => part.parse().ok().map(|number| number..=number),
    };
    list.split(',').map(range).collect()
}

/// `tr SET1 SET2`, `tr -d SET`, `tr -s SET`.
pub(crate) async fn tr(sys: Sys, arguments: Vec<String>) -> i32 {
    let (flags, sets) = match operands(&sys, "tr", &arguments, "ds") {
        Ok(parsed) => parsed,
        Err(exit) => return exit,
    };
    let from = letters(sets.first().map_or("", String::as_str));
    let to = sets.get(1).map(|to| letters(to));
    if !matches!((flags.as_slice(), &to), (['d' | 's'], None) | ([], Some(_))) {
        return sys.not_simulated("tr", "this combination of sets");
    }
    let mut last = None;
    while let Some(line) = sys.read_line().await {
        let line = String::from_utf8_lossy(&line).into_owned();
        let result: String = match &to {
            None if flags.contains(&'d') => line.chars().filter(|letter| !from.contains(letter)).collect(),
            None => {
                line.chars().filter(|&letter| last.replace(letter) != Some(letter) || !from.contains(&letter)).collect()
            }
            Some(to) => {
                let map = |letter: char| {
                    let at = from.iter().position(|&other| other == letter);
                    at.and_then(|at| to.get(at).or(to.last())).copied().unwrap_or(letter)
                };
                line.chars().map(map).collect()
            }
        };
        sys.print(result);
    }
    0
}

fn letters(set: &str) -> Vec<char> {
    match set {
        "[:lower:]" => return ('a'..='z').collect(),
        "[:upper:]" => return ('A'..='Z').collect(),
        "[:digit:]" => return ('0'..='9').collect(),
        "[:space:]" => return vec![' ', '\t', '\n', '\r'],
        _ => {}
    }
    let set: Vec<char> = unescape(set).chars().collect();
    let mut result = Vec::new();
    let mut at = 0;
    while at < set.len() {
        if at + 2 < set.len() && set[at + 1] == '-' {
            result.extend(set[at]..=set[at + 2]);
            at += 3;
        } else {
            result.push(set[at]);
            at += 1;
        }
    }
    result
}

/// `sort` (`-n -r -u`) and `uniq`.
pub(crate) async fn sort(sys: Sys, arguments: Vec<String>) -> i32 {
    let unique_only = arguments[0].ends_with("uniq");
    let (flags, names) = match operands(&sys, &arguments[0], &arguments, if unique_only { "" } else { "nru" }) {
        Ok(parsed) => parsed,
        Err(exit) => return exit,
    };
    let mut exit = 0;
    if unique_only {
        let mut last = None;
        for (_, mut text) in inputs(&sys, &arguments[0], &names, &mut exit) {
            while let Some(line) = text.line().await {
                let line = without_end(&line).to_owned();
                if last.as_ref() != Some(&line) {
                    sys.print(format!("{line}\n"));
                    last = Some(line);
                }
            }
        }
        return exit;
    }
    let mut texts = Vec::new();
    for (_, text) in inputs(&sys, &arguments[0], &names, &mut exit) {
        texts.push(text.all().await);
    }
    let mut lines: Vec<&str> = texts.iter().flat_map(|text| text.lines()).collect();
    if flags.contains(&'n') {
        let number = |line: &str| {
            let digits: String = line.trim().chars().take_while(|c| c.is_ascii_digit() || *c == '-').collect();
            digits.parse::<i64>().unwrap_or(0)
        };
        lines.sort_by_key(|line| number(line));
    } else {
        lines.sort_unstable();
    }
    if flags.contains(&'r') {
        lines.reverse();
    }
    if flags.contains(&'u') {
        lines.dedup();
    }
    sys.print(lines.iter().map(|line| format!("{line}\n")).collect::<String>());
    exit
}

/// `seq`.
pub(crate) async fn seq(sys: Sys, arguments: Vec<String>) -> i32 {
    let numbers: Option<Vec<i64>> = arguments[1..].iter().map(|word| word.parse().ok()).collect();
    let (first, step, last) = match numbers.as_deref() {
        Some([last]) => (1, 1, *last),
        Some([first, last]) => (*first, 1, *last),
        Some([first, step, last]) if *step != 0 => (*first, *step, *last),
        _ => return sys.not_simulated("seq", &arguments[1..].join(" ")),
    };
    const LINES_MAX: usize = 100_000;
    let next = |number: &i64| number.checked_add(step);
    let inside = |number: &i64| if step > 0 { *number <= last } else { *number >= last };
    let lines = std::iter::successors(Some(first), next).take_while(inside).take(LINES_MAX);
    sys.print(lines.map(|number| format!("{number}\n")).collect::<String>());
    0
}
