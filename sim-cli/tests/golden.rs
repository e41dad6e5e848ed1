//! Texts that are compared as a whole with a file below `tests/golden/`.
//!
//! `UPDATE_GOLDEN=1 cargo test -p sim-cli` writes the files anew; what changed is then reviewed as behaviour. They are never
//! edited by hand.

use std::fs;
use std::path::Path;

/// Compares `actual` with the golden file of this name, or writes the file.
pub(crate) fn compare(name: &str, actual: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some_and(|value| value == "1") {
        fs::create_dir_all(file.parent().expect("below tests")).expect("writable");
        fs::write(&file, actual).expect("writable");
        return;
    }
    let golden = fs::read_to_string(&file).unwrap_or_default();
    let Some(line) = first_difference(&golden, actual) else { return };
    let at = |text: &str| text.lines().nth(line).unwrap_or("(the end)").to_owned();
    panic!(
        "{name} differs from line {} on; UPDATE_GOLDEN=1 takes the new text over\n  golden: {}\n  actual: {}\n\n{actual}",
        line + 1,
        at(&golden),
        at(actual)
    );
}

/// The number of the first line that differs.
fn first_difference(golden: &str, actual: &str) -> Option<usize> {
    if golden == actual {
        return None;
    }
    let same = golden.split('\n').zip(actual.split('\n')).take_while(|(golden, actual)| golden == actual).count();
    Some(same)
}
