//! The command line itself: verbs, flags, help, exit statuses, colours, pipes.

use std::process::Stdio;

use crate::program::{Folder, stderr, stdout};

#[test]
fn without_arguments_it_shows_a_worked_example() {
    let output = Folder::new("no-arguments").vpcsim(&[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("vpcsim run scenarios/vpc-peering"), "{}", stderr(&output));
}

#[test]
fn help_is_an_answer_for_every_verb_with_an_example() {
    let folder = Folder::new("help");
    for args in [
        &["--help"][..],
        &["run", "--help"],
        &["check", "--help"],
        &["generate", "--help"],
        &["bench", "--help"],
        &["errors", "--help"],
    ] {
        let output = folder.vpcsim(args);
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        assert!(stdout(&output).contains("Example:\n  vpcsim "), "{args:?}: {}", stdout(&output));
        assert_eq!(stderr(&output), "");
    }
}

#[test]
fn one_piece_of_a_benchmark_counts_its_packet_hops() {
    let folder = Folder::new("bench");
    let output = folder.vpcsim(&["bench", "ping", "--once", "25"]);
    let hops = stdout(&output).strip_suffix(" packet-hops\n").and_then(|count| count.parse::<u64>().ok());
    // An echo and its answer take four hops each; ARP may add some.
    assert!(hops.is_some_and(|hops| (200..220).contains(&hops)), "{}{}", stdout(&output), stderr(&output));
    for args in [&["bench", "--once", "25"][..], &["bench", "queue", "--once", "25"]] {
        let output = folder.vpcsim(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(stderr(&output).starts_with("error: --once "), "{}", stderr(&output));
    }
}

#[test]
fn a_typing_error_in_a_verb_is_met_with_the_right_one() {
    let output = Folder::new("typo").vpcsim(&["chekc", "lab"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("'check'"), "{}", stderr(&output));
    let output = Folder::new("verb").vpcsim(&["scenarios/vpc-peering"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("help: the verbs are run, check, "), "{}", stderr(&output));
}

#[test]
fn nothing_to_run_is_exit_2_and_says_what_there_is() {
    let folder = Folder::new("nothing");
    folder.write("scenarios/vpc-peering/scenario.yaml", "");
    folder.write("scenarios/transitive-peering/scenario.yaml", "");
    for args in [&["run"][..], &["run", "vpc-pering"], &["check", "vpc-pering"]] {
        let output = folder.vpcsim(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert_eq!(stdout(&output), "", "{args:?}");
        let talk = stderr(&output);
        assert!(talk.starts_with("error: "), "{talk}");
        assert!(talk.contains("help: ./scenarios has transitive-peering, vpc-peering\n"), "{talk}");
    }
}

#[test]
fn contradicting_flags_are_refused() {
    let folder = Folder::new("flags");
    folder.write("lab.yaml", "");
    for args in [
        &["run", "lab", "-q", "-v"][..],
        &["run", "lab", "--transcript-only", "--format", "json"],
        &["run", "lab", "--report", "xml=x"],
        &["run", "lab", "--format", "yaml"],
        &["run", "lab", "--seed", "-1"],
    ] {
        assert_eq!(folder.vpcsim(args).status.code(), Some(2), "{args:?}");
    }
}

#[test]
fn an_output_that_cannot_be_written_is_said_before_anything_runs() {
    let folder = Folder::new("output");
    folder.write("lab.yaml", "");
    let output = folder.vpcsim(&["run", "lab", "--report", "junit=no/such/folder/lab.xml"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("no/such/folder/lab.xml"), "{}", stderr(&output));
}

#[test]
fn the_schema_is_json() {
    let output = Folder::new("schema").vpcsim(&["schema"]);
    assert_eq!(output.status.code(), Some(0));
    let schema: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
}

#[test]
fn errors_explains_a_drop_code_in_any_case_and_refuses_an_unknown_one() {
    let folder = Folder::new("errors");
    let output = folder.vpcsim(&["errors", "pcx_requires_address_in_vpc_cidr"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(stdout(&output).contains("Peering is not transitive"), "{}", stdout(&output));
    assert!(stdout(&output).lines().all(|line| line.chars().count() <= 100), "{}", stdout(&output));
    let output = folder.vpcsim(&["errors", "nacl"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(stdout(&output).starts_with("NACL   a family of codes"), "{}", stdout(&output));
    assert!(stdout(&output).contains("  SUBNET_ACL_RESTRICTION\n"), "{}", stdout(&output));
    assert!(!stdout(&output).contains("MTU_EXCEEDED"), "{}", stdout(&output));
    let output = folder.vpcsim(&["errors", "VPC999"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stdout(&folder.vpcsim(&["errors"])).contains("  MTU_EXCEEDED\n"));
}

#[test]
fn no_color_wins_even_where_colours_are_forced() {
    let folder = Folder::new("colour");
    let coloured = |variables: &[(&str, &str)]| {
        let mut command = folder.command(&["--help"]);
        let output = command.envs(variables.iter().copied()).output().expect("the program starts");
        output.stdout.contains(&0x1b)
    };
    assert!(!coloured(&[]), "a pipe is no terminal");
    assert!(coloured(&[("CLICOLOR_FORCE", "1")]));
    assert!(!coloured(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child = Folder::new("pipe")
        .command(&["errors"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("the program ends");
    assert_eq!(stderr(&output), "");
    assert_eq!(output.status.code(), Some(0));
}
