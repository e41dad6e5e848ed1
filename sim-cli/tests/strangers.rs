//! Files as strangers would have them: cut off, with letters changed, lines swapped and texts repeated. Nothing panics, nothing
//! takes long, and what is wrong is said.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use sim_core::lab::check;

use crate::program::Folder;

const TEMPLATE: &str = include_str!("../../scenarios/vpc-peering/template.yaml");
const SCENARIO: &str = include_str!("../../scenarios/vpc-peering/scenario.yaml");

/// How long one check may take, unoptimised, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(5);

/// Numbers that look random and are the same every time (Knuth's multiplier).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % limit.max(1)
    }
}

/// A text with one or several mishaps.
fn mutated(text: &str, numbers: &mut Numbers) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for _ in 0..=numbers.below(3) {
        let (one, other) = (numbers.below(lines.len()), numbers.below(lines.len()));
        match numbers.below(8) {
            0 => drop(lines.remove(one)),
            1 => lines.swap(one, other),
            2 => lines.insert(one, lines[other].clone()),
            3 => lines[one].insert_str(0, "  "),
            4 => lines[one] = lines[one].trim_start().to_owned(),
            5 => lines[one] = lines[one].replace(": ", ":"),
            6 => {
                let stray = [
                    "{",
                    "]",
                    "'",
                    "\"",
                    "!Ref ",
                    "&a ",
                    "*a",
                    "${",
                    "\t",
                    "|",
                    "- ",
                    "\u{0}",
                    "é",
                    "%",
                    "-1",
                    "99999999999999999999",
                ];
                let places: Vec<usize> = lines[one].char_indices().map(|(at, _)| at).collect();
                let at = places.get(numbers.below(places.len())).copied().unwrap_or(0);
                lines[one].insert_str(at, stray[numbers.below(stray.len())]);
            }
            _ => {
                let words: Vec<&str> = text.split_whitespace().collect();
                let (old, new) = (words[numbers.below(words.len())], words[numbers.below(words.len())]);
                lines[one] = lines[one].replace(old, new);
            }
        }
    }
    lines.join("\n")
}

/// Checks the scenario; a panic or slowness is reported with what caused it.
fn holds(folder: &Folder, template: &str, scenario: &str) -> bool {
    folder.write("template.yaml", template);
    folder.write("scenario.yaml", scenario);
    let started = Instant::now();
    let problems = catch_unwind(AssertUnwindSafe(|| check(&folder.path().join("scenario.yaml"))));
    let Ok(problems) = problems else { panic!("a panic on\n--- template\n{template}\n--- scenario\n{scenario}") };
    assert!(started.elapsed() < PATIENCE, "{:?} on\n{template}\n{scenario}", started.elapsed());
    assert!(problems.iter().all(|problem| !problem.plain.is_empty()));
    problems.is_empty()
}

#[test]
fn files_cut_off_anywhere_never_panic() {
    let folder = Folder::new("cut-off");
    for part in 0..60 {
        let cut = |text: &str| text.chars().take(text.chars().count() * part / 60).collect::<String>();
        assert!(!holds(&folder, &cut(TEMPLATE), SCENARIO), "{part} of 60 parts of the template are no whole");
        holds(&folder, TEMPLATE, &cut(SCENARIO));
    }
}

#[test]
fn mutated_files_never_panic() {
    let folder = Folder::new("mutated");
    let mut numbers = Numbers(41);
    let mut refused = 0;
    for _ in 0..150 {
        refused += usize::from(!holds(&folder, &mutated(TEMPLATE, &mut numbers), SCENARIO));
        refused += usize::from(!holds(&folder, TEMPLATE, &mutated(SCENARIO, &mut numbers)));
    }
    assert!(refused > 100, "only {refused} of 300 mutations were noticed");
}
