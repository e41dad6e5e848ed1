//! File names from names that users gave: a scenario's `name`, an instance's `Name` tag.
//!
//! The result is one path component that every common file system takes: no separators, no hidden or special names, none of
//! the device names that Windows reserves (Microsoft, "Naming Files, Paths, and Namespaces"), no two that differ by case
//! only. Letters and digits of any script stay. This file knows no directories.

use std::collections::BTreeSet;

/// Leaves room for an extension and `.part` within the 255 bytes that file systems allow.
const MAX_BYTES: usize = 120;

/// The folder of a scenario's captures: `VPC peering` → `vpc-peering`.
pub(crate) fn folder_name(scenario: &str) -> String {
    safe_file_name(&scenario.to_lowercase())
}

/// A name that is safe as a file's: `my/../evil` → `my_.._evil`. White space becomes a dash, so that nobody need quote it.
pub(super) fn safe_file_name(name: &str) -> String {
    let mut safe = String::new();
    for character in name.trim().chars() {
        let character = match character {
            '-' | '_' | '.' => character,
            _ if character.is_alphanumeric() => character,
            _ if character.is_whitespace() => '-',
            _ => '_',
        };
        if safe.len() + character.len_utf8() > MAX_BYTES {
            break;
        }
        safe.push(character);
    }
    // A dot in front hides the file, or names the directory itself; a dash looks like an option to `tshark -r *`.
    if safe.starts_with(['.', '-']) {
        safe.replace_range(..1, "_");
    }
    // Windows drops a dot at the end.
    if safe.ends_with('.') {
        safe.replace_range(safe.len() - 1.., "_");
    }
    if safe.is_empty() || is_reserved(&safe) {
        safe.insert(0, '_');
    }
    safe
}

/// Hands out safe names, no two the same.
#[derive(Debug, Default)]
pub(crate) struct FileNames {
    /// In lower case: two names that differ by case only are one file on Windows and macOS.
    taken: BTreeSet<String>,
}

impl FileNames {
    /// The name made safe, with `-2`, `-3`… behind it where it is taken.
    pub(crate) fn claim(&mut self, name: &str) -> String {
        let safe = safe_file_name(name);
        let mut candidate = safe.clone();
        let mut count = 1_u32;
        while !self.taken.insert(candidate.to_lowercase()) {
            count += 1;
            candidate = format!("{safe}-{count}");
        }
        candidate
    }
}

/// Whether Windows takes the name for a device, whatever its case and extension: `NUL`, `com1`, `aux.txt`.
fn is_reserved(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().to_lowercase();
    match stem.strip_suffix(|last: char| last.is_ascii_digit()) {
        Some(port) => matches!(port, "com" | "lpt"),
        None => matches!(stem.as_str(), "con" | "prn" | "aux" | "nul"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_given_by_users_become_one_harmless_path_component() {
        let cases = [
            ("ljhVPC1-EC2", "ljhVPC1-EC2"),
            ("ljhVPC1-EC2-eth0", "ljhVPC1-EC2-eth0"),
            ("web server 1", "web-server-1"),
            ("my/../evil", "my_.._evil"),
            ("..", "__"),
            (".", "_"),
            ("", "_"),
            ("   ", "_"),
            (".profile", "_profile"),
            ("-rf", "_rf"),
            ("C:\\windows", "C__windows"),
            ("a\nb\0c", "a-b_c"),
            ("trailing.", "trailing_"),
            ("nul", "_nul"),
            ("CON", "_CON"),
            ("com1", "_com1"),
            ("aux.pcapng", "_aux.pcapng"),
            ("console", "console"),
            ("com", "com"),
            ("com10", "com10"),
            ("웹서버", "웹서버"),
            ("a:b*c?", "a_b_c_"),
        ];
        for (name, safe) in cases {
            assert_eq!(safe_file_name(name), safe, "{name:?}");
        }
    }

    #[test]
    fn a_long_name_is_cut_between_characters() {
        let safe = safe_file_name(&"웹".repeat(100));
        assert_eq!(safe, "웹".repeat(MAX_BYTES / 3));
    }

    #[test]
    fn the_folder_of_a_scenario_is_in_lower_case() {
        assert_eq!(folder_name("VPC peering"), "vpc-peering");
        assert_eq!(folder_name("../../etc"), "_._.._etc");
    }

    #[test]
    fn no_two_names_are_the_same_even_where_case_does_not_count() {
        let mut names = FileNames::default();
        assert_eq!(names.claim("web"), "web");
        assert_eq!(names.claim("Web"), "Web-2");
        assert_eq!(names.claim("web"), "web-3");
        assert_eq!(names.claim("web-2"), "web-2-2");
    }
}
