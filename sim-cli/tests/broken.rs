//! Input that is wrong: what is said about it, all at once and with its place, and the exit status 2.
//!
//! Every file in `broken/templates` is the template of a trivial scenario, every file in `broken/scenarios` a scenario; what
//! `vpcsim check` says of it is the golden text of the same name. Some are accepted with warnings, as the text shows.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::golden;
use crate::program::{Folder, files_of, stderr, stdout};

/// A scenario around a template.
const AROUND: &str = "name: Around a template\ntemplate: template.yaml\nsteps:\n  - run: aws ec2 describe-vpcs\n";

/// How long anything may take, unoptimised, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

fn cases(folder: &str) -> Vec<(String, Vec<u8>)> {
    let files = files_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken").join(folder));
    files.into_iter().map(|(name, bytes)| (name.trim_end_matches(".yaml").to_owned(), bytes)).collect()
}

/// Checks `scenario.yaml`, holds that `run` agrees and leaves nothing behind, and answers what `check` said.
fn said_of(folder: &Folder, case: &str) -> String {
    let checked = folder.vpcsim(&["check", "scenario.yaml"]);
    let status = checked.status.code();
    assert!(matches!(status, Some(0 | 2)), "{case}: {status:?}\n{}", stderr(&checked));
    if status == Some(2) {
        let run = folder.vpcsim(&["run", "scenario.yaml"]);
        assert_eq!(run.status.code(), Some(2), "{case}");
        assert_eq!(stderr(&run), stderr(&checked), "{case}: `run` and `check` say the same");
        assert_eq!(stdout(&run), "", "{case}: nothing was run");
        assert!(!any_file(&folder.path().join("captures")), "{case}: nothing is written");
    }
    format!("{}{}exit {}\n", stderr(&checked), stdout(&checked), status.unwrap_or(-1))
}

/// Whether there is a file in the folder or below it.
fn any_file(folder: &Path) -> bool {
    std::fs::read_dir(folder)
        .is_ok_and(|entries| entries.flatten().any(|entry| entry.path().is_file() || any_file(&entry.path())))
}

#[test]
fn broken_templates_are_told_what_is_wrong() {
    for (case, template) in cases("templates") {
        let folder = Folder::new(&format!("broken-template-{case}"));
        folder.write("scenario.yaml", AROUND);
        folder.write("template.yaml", template);
        golden::compare(&format!("broken/templates/{case}.txt"), &said_of(&folder, &case));
    }
}

#[test]
fn broken_scenarios_are_told_what_is_wrong() {
    let template = include_str!("broken/good.template.yaml");
    for (case, scenario) in cases("scenarios") {
        let folder = Folder::new(&format!("broken-scenario-{case}"));
        folder.write("good.template.yaml", template);
        folder.write("scenario.yaml", scenario);
        golden::compare(&format!("broken/scenarios/{case}.txt"), &said_of(&folder, &case));
    }
}

/// What cannot be kept as a text file: bytes, folders, sizes.
#[test]
fn what_is_no_text_at_all_is_refused_in_one_sentence_and_soon() {
    let garbage: String = (0..10_000_000_u64)
        .map(|number| b"abc: -[]{}\n\"'&*!#|>%@ 0"[(number.wrapping_mul(2_654_435_761) >> 7) as usize % 23] as char)
        .collect();
    let flow = "[".repeat(100_000);
    let maps = "{a: ".repeat(50_000);
    for (case, bytes, sentence) in [
        ("binary", (0..=255).cycle().take(300_000).collect::<Vec<u8>>(), "it is not UTF-8 text"),
        ("empty", Vec::new(), "the file is empty"),
        ("blank", b"\n \n# nothing\n".to_vec(), "the file is empty"),
        ("ten megabytes of garbage", garbage.into_bytes(), "VPC0"),
        ("lists in lists", format!("Resources: {flow}").into_bytes(), "nest deeper than 100 levels"),
        ("maps in maps", format!("Resources: {maps}").into_bytes(), "nest deeper than 100 levels"),
        ("JSON lists in lists", format!("{{\"Resources\": {flow}").into_bytes(), "nest deeper than 100 levels"),
    ] {
        for broken in ["template.yaml", "scenario.yaml"] {
            let folder = Folder::new(&format!("no-text-{}-{broken}", case.replace(' ', "-")));
            folder.write("scenario.yaml", AROUND);
            folder.write(
                "template.yaml",
                "Resources: { Vpc: { Type: 'AWS::EC2::VPC', Properties: { CidrBlock: 10.0.0.0/16 } } }",
            );
            folder.write(broken, &bytes);
            let started = Instant::now();
            let said = said_of(&folder, case);
            assert!(started.elapsed() < PATIENCE, "{case}: {:?}", started.elapsed());
            assert!(said.contains(sentence) && said.ends_with("exit 2\n"), "{case} as {broken}: {said}");
            assert!(said.len() < 2_000, "{case} as {broken}: {} bytes are said", said.len());
        }
    }
}

#[test]
fn a_folder_is_no_template() {
    let folder = Folder::new("folder-as-template");
    folder.write("scenario.yaml", AROUND);
    folder.write("template.yaml/inside", "");
    let said = said_of(&folder, "folder");
    assert!(said.contains("`template.yaml`: it is a folder") && said.ends_with("exit 2\n"), "{said}");
}

#[test]
fn one_broken_scenario_does_not_keep_another_from_running() {
    let folder = Folder::new("broken-and-good");
    folder.write("labs/a/scenario.yaml", "steps: nothing");
    folder.write("labs/b/scenario.yaml", "template: { Resources: { Vpc: { Type: 'AWS::EC2::VPC', Properties: { CidrBlock: 10.0.0.0/16 } } } }\nsteps: [{ run: aws ec2 describe-vpcs }]\n");
    let output = folder.vpcsim(&["run", "labs"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stdout(&output).contains("1 step: 1 ok"), "{}", stdout(&output));
}

/// A mistake in the scenario does not hide those of its templates, nor is one told twice that two stacks share.
#[test]
fn the_mistakes_of_all_files_are_told_together() {
    let folder = Folder::new("all-files");
    let template =
        "Resources:\n  Net:\n    Type: AWS::EC2::Subnet\n    Properties: { VpcId: !Ref Vcp, CidrBlock: 10.0.0.0/24 }\n";
    folder.write("lab/template.yaml", template);
    folder.write(
        "lab/scenario.yaml",
        "name: x\nstacks: { a: { template: template.yaml }, b: { template: template.yaml } }\nsteps:\n  - runn: true\n",
    );
    let output = folder.vpcsim(&["check", "lab"]);
    assert_eq!(output.status.code(), Some(2));
    let said = stderr(&output);
    assert_eq!((said.matches("`runn`").count(), said.matches("`Vcp`").count()), (1, 1), "{said}");
}
