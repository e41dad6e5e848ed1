//! The one-way rule between rooms, as `ARCHITECTURE.md` has it, read from the `crate::` paths of the source itself.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What each room may use, besides itself.
const MAY_USE: &[(&str, &[&str])] = &[
    ("flat", &[]),
    ("engine", &["flat"]),
    ("id", &["engine", "flat"]),
    ("net", &["flat"]),
    ("trace", &["engine", "flat", "id", "net"]),
    ("bench", &["app", "cloud", "engine", "host", "id", "net", "sim", "trace"]),
    ("cloud", &["engine", "id", "net"]),
    ("dataplane", &["engine", "flat", "id", "net", "trace"]),
    ("compile", &["cloud", "dataplane", "id", "net"]),
    ("host", &["engine", "flat", "net"]),
    ("app", &["engine", "host", "net"]),
    ("sim", &["app", "cloud", "compile", "dataplane", "engine", "flat", "host", "id", "net", "trace"]),
    ("frontend", &["cloud", "engine", "id", "trace"]),
    ("lab", &["app", "cloud", "engine", "frontend", "host", "id", "net", "sim", "trace"]),
];

#[test]
fn rooms_use_only_what_lies_below_them() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let allowed: BTreeMap<_, _> = MAY_USE.iter().copied().collect();
    let mut wrong = Vec::new();
    let mut seen = 0;
    for room in fs::read_dir(&source).expect("the crate has sources") {
        let path = room.expect("a readable folder").path();
        let name = path.file_stem().expect("a named file").to_string_lossy().into_owned();
        if name == "lib" {
            continue;
        }
        let Some(may_use) = allowed.get(name.as_str()) else {
            wrong.push(format!("{name} is a room that the map does not have"));
            continue;
        };
        for file in rust_files(&path) {
            let text = fs::read_to_string(&file).expect("readable source");
            // Test modules may build what they need from any room.
            let product = text.split("#[cfg(test)]").next().unwrap_or_default();
            let is_test = file.components().any(|part| part.as_os_str().to_string_lossy().contains("test"));
            for (at, _) in product.match_indices("crate::").filter(|_| !is_test) {
                let used: String =
                    product[at + "crate::".len()..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                seen += 1;
                if used != name && !may_use.contains(&used.as_str()) && allowed.contains_key(used.as_str()) {
                    wrong.push(format!("{} uses {used}", file.strip_prefix(&source).unwrap_or(&file).display()));
                }
            }
        }
    }
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen > 100, "the paths are found at all: {seen}");
}

pub(crate) fn rust_files(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let entries = fs::read_dir(path).expect("a readable folder");
    let mut files: Vec<_> = entries.flat_map(|entry| rust_files(&entry.expect("a readable entry").path())).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "rs"));
    files.sort();
    files
}
