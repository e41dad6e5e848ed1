//! Text tools: `echo`, `printf`, `cat`, `tee`, `grep`, `sed`, `head`, `tail`, `wc`, `cut`, `tr`, `sort`, `uniq`, `seq`.
//!
//! The forms that labs and user data use. An option beyond them is refused by name rather than ignored.

use super::options::{Options, Parsed};
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

/// The contents of the named files, or standard input when there are none (`-` is standard input).
pub(super) fn inputs(sys: &Sys, program: &str, names: &[String], exit: &mut i32) -> Vec<(String, String)> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if names.is_empty() {
        return vec![("-".to_owned(), text(&sys.stdin))];
    }
    let mut contents = Vec::new();
    for name in names {
        if name == "-" {
            contents.push((name.clone(), text(&sys.stdin)));
            continue;
        }
        match sys.read_file(name) {
            Ok(bytes) => contents.push((name.clone(), text(&bytes))),
            Err(error) => {
                sys.eprint(format!("{program}: {name}: {error}\n"));
                *exit = 1;
            }
        }
    }
    contents
}

/// `cat`.
pub(crate) async fn cat(sys: Sys, arguments: Vec<String>) -> i32 {
    let names: Vec<String> = match operands(&sys, "cat", &arguments, "") {
        Ok((_, names)) => names,
        Err(exit) => return exit,
    };
    let mut exit = 0;
    if names.is_empty() {
        sys.print(sys.stdin.as_ref());
    }
    for name in names {
        match sys.read_file(&name) {
            Ok(bytes) => sys.print(bytes),
            Err(error) => {
                sys.eprint(format!("cat: {name}: {error}\n"));
                exit = 1;
            }
        }
    }
    exit
}

/// Flags out of `allowed` and operands; another flag is refused.
fn operands(sys: &Sys, program: &str, arguments: &[String], allowed: &str) -> Result<(Vec<char>, Vec<String>), i32> {
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

/// `tee`.
pub(crate) async fn tee(sys: Sys, arguments: Vec<String>) -> i32 {
    let (flags, names) = match operands(&sys, "tee", &arguments, "ai") {
        Ok(parsed) => parsed,
        Err(exit) => return exit,
    };
    let mut exit = 0;
    sys.print(sys.stdin.as_ref());
    for name in names.iter().filter(|name| *name != "/dev/null") {
        let path = sys.path(name);
        let written = sys.files(|files| {
            let opened = if flags.contains(&'a') { files.open_for_append(&path) } else { files.create(&path) };
            opened.map(|()| files.append(&path, &sys.stdin))
        });
        if let Err(error) = written {
            sys.eprint(format!("tee: {name}: {error}\n"));
            exit = 1;
        }
    }
    exit
}

/// `grep`.
pub(crate) async fn grep(sys: Sys, arguments: Vec<String>) -> i32 {
    let (flags, mut names) = match operands(&sys, "grep", &arguments, "icvqEoFwns") {
        Ok(parsed) => parsed,
        Err(exit) => return exit,
    };
    if names.is_empty() {
        sys.eprint("Usage: grep [OPTION]... PATTERN [FILE]...\n");
        return 2;
    }
    let has = |flag: char| flags.contains(&flag);
    let mut pattern = names.remove(0);
    if has('F') {
        pattern = regex_lite::escape(&pattern);
    } else if !has('E') {
        pattern = basic_to_extended(&pattern);
    }
    if has('w') {
        pattern = format!(r"\b(?:{pattern})\b");
    }
    let Ok(regex) = regex_lite::RegexBuilder::new(&pattern).case_insensitive(has('i')).build() else {
        sys.eprint("grep: Invalid regular expression\n");
        return 2;
    };
    let mut exit = 0;
    let (mut found, several) = (0, names.len() > 1);
    for (name, text) in inputs(&sys, "grep", &names, &mut exit) {
        for (number, line) in text.lines().enumerate().filter(|(_, line)| regex.is_match(line) != has('v')) {
            found += 1;
            if has('q') || has('c') {
                continue;
            }
            let number = if has('n') { format!("{}:", number + 1) } else { String::new() };
            let name = if several { format!("{name}:") } else { String::new() };
            if has('o') {
                for part in regex.find_iter(line) {
                    sys.print(format!("{name}{number}{}\n", part.as_str()));
                }
            } else {
                sys.print(format!("{name}{number}{line}\n"));
            }
        }
    }
    if has('c') {
        sys.print(format!("{found}\n"));
    }
    match (found, exit) {
        (1.., _) => 0,
        (_, 0) => 1,
        _ => 2,
    }
}

/// In a basic regular expression the escaped brackets are the special ones (POSIX "Basic Regular Expressions" §9.3).
fn basic_to_extended(pattern: &str) -> String {
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
    for (name, text) in inputs(&sys, "sed", &names, &mut exit) {
        let result: String = text.split_inclusive('\n').map(|line| edit_line(&edits, line, quiet)).collect();
        if in_place {
            let path = sys.path(&name);
            sys.files(|files| files.write(&path, result.as_bytes()));
        } else {
            sys.print(result);
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

/// `head` and `tail`, by lines.
pub(crate) async fn ends(sys: Sys, arguments: Vec<String>) -> i32 {
    let program = arguments[0].clone();
    let (mut count, mut names) = (10usize, Vec::new());
    // `-5` is `-n 5`.
    let arguments: Vec<String> = arguments
        .iter()
        .map(|word| match word.strip_prefix('-') {
            Some(digits) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => format!("-n{digits}"),
            _ => word.clone(),
        })
        .collect();
    for parsed in Options::new(&arguments, "n") {
        match parsed {
            Parsed::Value('n', value) => match value.parse() {
                Ok(value) => count = value,
                Err(_) => return sys.not_simulated(&program, &format!("-n {value}")),
            },
            Parsed::Operand(name) => names.push(name.to_owned()),
            Parsed::Long(name) => return sys.not_simulated(&program, &format!("--{name}")),
            Parsed::Flag(letter) | Parsed::Value(letter, _) | Parsed::Missing(letter) => {
                return sys.not_simulated(&program, &format!("-{letter}"));
            }
        }
    }
    let mut exit = 0;
    for (_, text) in inputs(&sys, &program, &names, &mut exit) {
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let shown = if program.ends_with("head") {
            &lines[..count.min(lines.len())]
        } else {
            &lines[lines.len().saturating_sub(count)..]
        };
        sys.print(shown.concat());
    }
    exit
}

/// `wc`.
pub(crate) async fn wc(sys: Sys, arguments: Vec<String>) -> i32 {
    let (flags, names) = match operands(&sys, "wc", &arguments, "lwcm") {
        Ok(parsed) => parsed,
        Err(exit) => return exit,
    };
    let mut exit = 0;
    for (name, text) in inputs(&sys, "wc", &names, &mut exit) {
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
    for (_, text) in inputs(&sys, "cut", &names, &mut exit) {
        for line in text.lines() {
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
    let text = String::from_utf8_lossy(&sys.stdin).into_owned();
    let from = letters(sets.first().map_or("", String::as_str));
    let result: String = match (flags.as_slice(), sets.get(1)) {
        (['d'], None) => text.chars().filter(|letter| !from.contains(letter)).collect(),
        (['s'], None) => {
            let mut last = None;
            text.chars().filter(|&letter| last.replace(letter) != Some(letter) || !from.contains(&letter)).collect()
        }
        ([], Some(to)) => {
            let to = letters(to);
            let map = |letter: char| {
                let at = from.iter().position(|&other| other == letter);
                at.and_then(|at| to.get(at).or(to.last())).copied().unwrap_or(letter)
            };
            text.chars().map(map).collect()
        }
        _ => return sys.not_simulated("tr", "this combination of sets"),
    };
    sys.print(result);
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
    let texts = inputs(&sys, &arguments[0], &names, &mut exit);
    let mut lines: Vec<&str> = texts.iter().flat_map(|(_, text)| text.lines()).collect();
    if !unique_only {
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
    }
    if unique_only || flags.contains(&'u') {
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
