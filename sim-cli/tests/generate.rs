//! `vpcsim generate`: what it writes can be run, and it takes care of what is there already.

use crate::program::{Folder, stderr, stdout};

#[test]
fn what_it_writes_can_be_checked_and_run() {
    let folder = Folder::new("generate");
    let args = ["generate", "--vpcs", "6", "--instances", "2", "--shape", "random", "--flows", "3", "--seed", "5"];
    let output = folder.vpcsim(&args);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).starts_with("random-6x2: 6 VPCs, 12 instances, "), "{}", stdout(&output));
    assert!(stdout(&output).ends_with("\nvpcsim run random-6x2\n"), "{}", stdout(&output));
    let output = folder.vpcsim(&["check", "random-6x2", "--deny", "warnings"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let output = folder.vpcsim(&["run", "random-6x2", "-q", "--no-captures"]);
    assert_eq!(output.status.code(), Some(0), "{}\n{}", stdout(&output), stderr(&output));
}

#[test]
fn it_overwrites_a_scenario_only_when_told_to() {
    let folder = Folder::new("generate-force");
    folder.write("lab/scenario.yaml", "mine");
    let args = ["generate", "--vpcs", "2", "--instances", "1", "--out", "lab"];
    let output = folder.vpcsim(&args);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).starts_with("error: lab/scenario.yaml is there already\nhelp: "), "{}", stderr(&output));
    let read = || std::fs::read_to_string(folder.path().join("lab/scenario.yaml")).expect("it is there");
    assert_eq!(read(), "mine");
    assert!(!folder.path().join("lab/template.json").exists());
    let forced: Vec<&str> = args.into_iter().chain(["--force"]).collect();
    assert_eq!(folder.vpcsim(&forced).status.code(), Some(0));
    assert!(read().starts_with("# Made by `vpcsim generate --vpcs 2 "), "{}", read());
}

#[test]
fn a_template_larger_than_aws_takes_is_said_to_be() {
    let folder = Folder::new("generate-large");
    let output = folder.vpcsim(&["generate", "--vpcs", "100", "--instances", "1"]);
    assert!(stdout(&output).contains("AWS takes 500 resources a template"), "{}", stdout(&output));
}

#[test]
fn mistakes_are_exit_2_and_write_nothing() {
    let folder = Folder::new("generate-mistakes");
    for (vpcs, instances, more, complaint) in [
        ("0", "1", &[][..], "at least one VPC"),
        ("1", "70000", &[], "a VPC is a /16 at most"),
        ("2000", "60000", &[], "2000 VPCs as large as /16 do not fit"),
        ("1", "1", &["--flows", "1"], "nobody to talk to"),
        ("2", "1", &["--shape", "ring"], "star, mesh, chain, random"),
        ("-1", "1", &[], "'-1'"),
    ] {
        let args: Vec<&str> =
            ["generate", "--vpcs", vpcs, "--instances", instances].iter().chain(more).copied().collect();
        let output = folder.vpcsim(&args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(stderr(&output).contains(complaint), "{args:?}: {}", stderr(&output));
    }
    assert_eq!(std::fs::read_dir(folder.path()).expect("readable").count(), 0);
}
