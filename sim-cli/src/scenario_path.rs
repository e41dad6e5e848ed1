//! From what is typed after `run` or `check` to scenario files: a file, a folder, or a name below `./scenarios`.

use std::fs;
use std::path::{Path, PathBuf};

/// A scenario's file within its folder.
const FILE_NAME: &str = "scenario.yaml";

/// Where names are looked up.
const SCENARIOS: &str = "scenarios";

/// The scenario files that the words name, in the order typed; a folder of scenarios gives them by name.
///
/// # Errors
/// One sentence with advice for every word that names nothing, or for no word at all.
pub(crate) fn resolve(words: &[String]) -> Result<Vec<PathBuf>, Vec<String>> {
    if words.is_empty() {
        return Err(vec![format!("nothing to run: name a scenario file, a folder or a name{}", known_names())]);
    }
    let mut files = Vec::new();
    let mut complaints = Vec::new();
    for word in words {
        match resolve_one(word) {
            Ok(found) => files.extend(found),
            Err(complaint) => complaints.push(complaint),
        }
    }
    if complaints.is_empty() { Ok(files) } else { Err(complaints) }
}

fn resolve_one(word: &str) -> Result<Vec<PathBuf>, String> {
    let candidates = [PathBuf::from(word), Path::new(SCENARIOS).join(word), PathBuf::from(format!("{word}.yaml"))];
    let Some(found) = candidates.iter().find(|path| path.exists()) else {
        return Err(format!(
            "there is no scenario `{word}`: neither a file or folder of that name, nor `{SCENARIOS}/{word}`, nor `{word}.yaml`{}",
            known_names()
        ));
    };
    if !found.is_dir() {
        return Ok(vec![found.clone()]);
    }
    let scenario = found.join(FILE_NAME);
    if scenario.is_file() {
        return Ok(vec![scenario]);
    }
    let scenarios: Vec<PathBuf> = scenario_names(found).iter().map(|name| found.join(name).join(FILE_NAME)).collect();
    if scenarios.is_empty() {
        return Err(format!("nothing to run: neither `{}` nor a folder below it has a {FILE_NAME}", found.display()));
    }
    Ok(scenarios)
}

/// The folders in `folder` that have a scenario, by name.
fn scenario_names(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> = entries
        .flatten()
        .filter(|entry| entry.path().join(FILE_NAME).is_file())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    names
}

/// A second line that says what there is.
fn known_names() -> String {
    let names = scenario_names(Path::new(SCENARIOS));
    match names.as_slice() {
        [] => String::new(),
        names => format!("\nhelp: ./{SCENARIOS} has {}", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with the given files that is gone after the test.
    struct Folder(PathBuf);

    impl Folder {
        fn new(test: &str, files: &[&str]) -> Folder {
            let root = std::env::temp_dir().join(format!("vpcsim-paths-{}-{test}", std::process::id()));
            for file in files {
                let path = root.join(file);
                fs::create_dir_all(path.parent().expect("below the root")).expect("writable");
                fs::write(path, "").expect("writable");
            }
            Folder(root)
        }

        fn resolve(&self, path: &str) -> Result<Vec<PathBuf>, Vec<String>> {
            let found = resolve(&[self.0.join(path).to_string_lossy().into_owned()])?;
            Ok(found.iter().map(|path| path.strip_prefix(&self.0).expect("below the root").to_owned()).collect())
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_word_is_a_file_a_folder_a_folder_of_folders_or_a_file_without_its_extension() {
        let folder =
            Folder::new("words", &["labs/b/scenario.yaml", "labs/a/scenario.yaml", "labs/c/other.yaml", "x.yaml"]);
        let file = |path: &str| PathBuf::from(path);
        assert_eq!(folder.resolve("x.yaml"), Ok(vec![file("x.yaml")]));
        assert_eq!(folder.resolve("x"), Ok(vec![file("x.yaml")]));
        assert_eq!(folder.resolve("labs/a"), Ok(vec![file("labs/a/scenario.yaml")]));
        assert_eq!(folder.resolve("labs"), Ok(vec![file("labs/a/scenario.yaml"), file("labs/b/scenario.yaml")]));
    }

    #[test]
    fn what_names_nothing_is_said_for_every_word() {
        let folder = Folder::new("nothing", &["empty/readme"]);
        let complaints = folder.resolve("empty").expect_err("there is no scenario in it");
        assert!(complaints[0].starts_with("nothing to run"), "{complaints:?}");
        let words = ["no-such-lab".to_owned(), "neither-this".to_owned()];
        let complaints = resolve(&words).expect_err("there are no such scenarios");
        assert_eq!(complaints.len(), 2);
        assert!(complaints[0].contains("`no-such-lab`"), "{complaints:?}");
        assert!(resolve(&[]).expect_err("nothing was named")[0].starts_with("nothing to run"));
    }
}
