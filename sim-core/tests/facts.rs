//! Every fact about AWS that this program is meant to show has a test that names it, or a line in `FACTS.md` that says what is
//! missing. Names are those of the code: `RT-15` in a test's text, `_rt_15` at the end of its name.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::layers::rust_files;

/// The sections, and the number of the last fact of each.
const SECTIONS: &[(&str, u32)] = &[
    ("L2", 22),
    ("MTU", 13),
    ("ADDR", 20),
    ("RT", 30),
    ("EDGE", 8),
    ("IGW", 16),
    ("EIGW", 2),
    ("NAT", 21),
    ("NATI", 2),
    ("SG", 33),
    ("ACL", 19),
    ("PCX", 47),
    ("GWE", 16),
    ("DNS", 11),
    ("IMDS", 11),
    ("FL", 9),
    ("DEL", 7),
    ("DVPC", 2),
];

#[test]
fn every_fact_is_tested_or_listed_as_missing() {
    let crate_root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut tested = BTreeSet::new();
    for root in [crate_root.join("src"), crate_root.join("tests"), crate_root.join("../sim-cli")] {
        for file in rust_files(&root) {
            if !file.ends_with("tests/facts.rs") {
                tested.extend(facts_in(&test_code(&file)));
            }
        }
    }
    let page = fs::read_to_string(crate_root.join("FACTS.md")).expect("the page is there");
    let listed: BTreeMap<_, _> = page.lines().filter_map(row).collect();

    let mut wrong = Vec::new();
    for &(section, last) in SECTIONS {
        for number in 1..=last {
            let fact = (section.to_owned(), number);
            match (tested.contains(&fact), listed.contains_key(&fact)) {
                (false, false) => wrong.push(format!("{section}-{number} has neither a test nor a line in FACTS.md")),
                (true, true) if listed[&fact] == State::Missing => {
                    wrong.push(format!("{section}-{number} is listed as missing, and a test names it"));
                }
                _ => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What the page says of a fact.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Missing,
    /// Some of it, and the rest is said to be missing.
    Partly,
}

/// `| RT-8 | missing | why |`: a row of the page's tables.
fn row(line: &str) -> Option<((String, u32), State)> {
    let mut cells = line.strip_prefix("| ")?.split(" | ");
    let fact = facts_in(cells.next()?).pop()?;
    match cells.next()? {
        "partly" => Some((fact, State::Partly)),
        _ => Some((fact, State::Missing)),
    }
}

/// What only tests read: whole files of tests, and what follows `#[cfg(test)]` in others.
fn test_code(file: &Path) -> String {
    let text = fs::read_to_string(file).expect("readable source");
    let is_test = file.components().any(|part| part.as_os_str().to_string_lossy().contains("test"));
    if is_test { text } else { text.split_once("#[cfg(test)]").map(|(_, tests)| tests.to_owned()).unwrap_or_default() }
}

/// The facts that a text names.
fn facts_in(text: &str) -> Vec<(String, u32)> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_');
    words.flat_map(|word| in_word(word, '-').chain(in_word(word, '_')).collect::<Vec<_>>()).collect()
}

/// `RT-15`, or each of `…_rt_15_rt_16`.
fn in_word(word: &str, between: char) -> impl Iterator<Item = (String, u32)> {
    let parts: Vec<&str> = word.split(between).collect();
    let pairs: Vec<_> = parts.windows(2).filter_map(|pair| fact(pair[0], pair[1], between == '_')).collect();
    pairs.into_iter()
}

fn fact(section: &str, number: &str, lower: bool) -> Option<(String, u32)> {
    let digits = number.trim_end_matches(|c: char| c.is_ascii_lowercase());
    let number = digits.parse().ok()?;
    SECTIONS
        .iter()
        .find(|(name, _)| if lower { name.to_lowercase() == section } else { *name == section })
        .map(|(name, _)| ((*name).to_owned(), number))
}
