//! Same seed, same bytes; another seed, other ids and ports and the same verdicts.

use crate::program::{Folder, files_of, repository, stdout, vpcsim_in};

/// A run of the peering lab with captures in a folder of its own.
fn run(
    test: &str,
    arrange: impl FnOnce(&mut std::process::Command),
    more: &[&str],
) -> (String, Vec<(String, Vec<u8>)>) {
    let folder = Folder::new(test);
    let captures = folder.path().join("captures");
    let scenario = repository().canonicalize().expect("it exists").join("scenarios/vpc-peering");
    let mut args = vec!["run", scenario.to_str().expect("UTF-8"), "--captures", captures.to_str().expect("UTF-8")];
    args.extend(more);
    let mut command = vpcsim_in(folder.path(), &args);
    arrange(&mut command);
    let output = command.output().expect("it starts");
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    let text = stdout(&output).replace(captures.to_str().expect("UTF-8"), "CAPTURES");
    (text, files_of(&captures.join("vpc-peering")))
}

#[test]
fn the_same_seed_gives_the_same_bytes_wherever_and_whenever_it_runs() {
    let (text, captures) = run("same-seed-1", |_| (), &[]);
    assert!(captures.iter().any(|(name, bytes)| name == "all.pcapng" && bytes.len() > 1_000), "{captures:?}");
    let elsewhere = |command: &mut std::process::Command| {
        command
            .current_dir(std::env::temp_dir())
            .env("TZ", "Asia/Seoul")
            .env("LANG", "ko_KR.UTF-8")
            .env("HOME", "/nowhere");
    };
    assert_eq!(run("same-seed-2", elsewhere, &[]), (text, captures));
}

#[test]
fn another_seed_gives_other_ids_and_ports_and_the_same_verdicts() {
    let (text, captures) = run("seed-default", |_| (), &["-q"]);
    let (other_text, other_captures) = run("seed-7", |_| (), &["-q", "--seed", "7"]);
    let verdicts =
        |text: &str| text.lines().filter(|line| line.ends_with("   ok")).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(verdicts(&text).len(), 17);
    assert_eq!(verdicts(&text), verdicts(&other_text));
    let peering = |captures: &[(String, Vec<u8>)]| {
        captures.iter().map(|(name, _)| name.clone()).find(|name| name.starts_with("pcx-")).expect("the peering's")
    };
    assert_ne!(peering(&captures), peering(&other_captures));
    assert_ne!(captures, other_captures);
}

/// A visitor opens the committed captures without building anything; they are what a run writes.
#[test]
fn the_committed_captures_are_what_the_lab_writes() {
    let (_, captures) = run("committed", |_| (), &[]);
    assert!(
        captures == files_of(&repository().join("captures/vpc-peering")),
        "`vpcsim run vpc-peering` writes other captures than those committed in captures/vpc-peering"
    );
}

#[test]
fn classic_captures_hold_the_same_frames() {
    let (_, pcapng) = run("pcapng", |_| (), &["-q"]);
    let (_, pcap) = run("pcap", |_| (), &["-q", "--capture-format", "pcap"]);
    let names = |captures: &[(String, Vec<u8>)]| -> Vec<String> {
        captures.iter().filter_map(|(name, _)| Some(name.split_once(".pcap")?.0.to_owned())).collect()
    };
    assert_eq!(names(&pcapng), names(&pcap));
    assert!(pcap.iter().all(|(_, bytes)| bytes.starts_with(&[0x4d, 0x3c, 0xb2, 0xa1])), "nanosecond pcap");
}
