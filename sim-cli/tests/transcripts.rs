//! What the shipped scenarios print, whole, in every format.

use std::fs;

use crate::golden;
use crate::program::{repository, stderr, stdout, vpcsim_in};

/// What a run of a shipped scenario prints.
fn printed(args: &[&str]) -> String {
    let output = vpcsim_in(&repository(), &[&["run", "--no-captures"], args].concat()).output().expect("it starts");
    assert_eq!(stderr(&output), "", "{args:?}");
    assert_eq!(output.status.code(), Some(0), "{args:?}");
    stdout(&output)
}

#[test]
fn every_shipped_lab_prints_what_it_always_printed() {
    let labs = fs::read_dir(repository().join("scenarios")).expect("labs ship");
    let mut names: Vec<_> = labs.map(|lab| lab.expect("a readable entry").file_name()).collect();
    names.sort();
    assert!(names.len() > 2, "they are found: {names:?}");
    for name in names {
        let name = name.to_str().expect("a plain name");
        golden::compare(&format!("{name}.txt"), &printed(&[name]));
    }
}

#[test]
fn a_lab_prints_in_every_format_what_it_always_printed() {
    for (file, args) in [
        ("vpc-peering.quiet.txt", &["vpc-peering", "-q"][..]),
        ("vpc-peering.verbose.txt", &["vpc-peering", "-v"]),
        ("vpc-peering.transcript.txt", &["vpc-peering", "--transcript-only"]),
        ("vpc-peering.junit.xml", &["vpc-peering", "--format", "junit"]),
        ("vpc-peering.tap", &["vpc-peering", "--format", "tap"]),
        ("vpc-peering.seed-7.quiet.txt", &["vpc-peering", "-q", "--seed", "7"]),
        ("transitive-peering.verbose.txt", &["transitive-peering", "-v"]),
        ("security-groups-and-acls.txt", &["security-groups-and-acls"]),
        ("inter-region-peering.txt", &["inter-region-peering"]),
        ("edge-to-edge.txt", &["edge-to-edge"]),
    ] {
        golden::compare(file, &printed(args));
    }
}

/// The answers of `aws` are in the text golden; here it is the shape that machines rely on.
#[test]
fn json_keeps_its_keys_and_its_verdicts() {
    let json: serde_json::Value = serde_json::from_str(&printed(&["vpc-peering", "--format", "json"])).expect("JSON");
    let mut paths = std::collections::BTreeSet::new();
    collect_paths(&json, String::new(), &mut paths);
    let mut text = paths.into_iter().collect::<Vec<_>>().join("\n");
    text.push_str("\n\n");
    for step in json["steps"].as_array().expect("steps") {
        let codes: Vec<_> =
            step["drops"].as_array().into_iter().flatten().map(|drop| drop["code"].to_string()).collect();
        text.push_str(&format!("{} {} {} {}\n", step["number"], step["ok"], step["title"], codes.join(" ")));
    }
    golden::compare("vpc-peering.json.txt", &text);
}

/// Every key with the type of its value, items of lists alike.
fn collect_paths(value: &serde_json::Value, path: String, paths: &mut std::collections::BTreeSet<String>) {
    use serde_json::Value;
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| collect_paths(value, format!("{path}.{key}"), paths)),
        Value::Array(items) => items.iter().for_each(|item| collect_paths(item, format!("{path}[]"), paths)),
        Value::Null => drop(paths.insert(format!("{path}: null"))),
        Value::Bool(_) => drop(paths.insert(format!("{path}: bool"))),
        Value::Number(_) => drop(paths.insert(format!("{path}: number"))),
        Value::String(_) => drop(paths.insert(format!("{path}: text"))),
    }
}
