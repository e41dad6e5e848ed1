//! What the lab of flow logs writes beside its captures, whole.

use std::fs;
use std::path::Path;

use crate::golden;
use crate::program::{Folder, files_of, repository, stdout};

/// The flow logs of a run of the scenario at a path, each under its file's name.
fn flow_logs(folder: &Folder, scenario: &Path, threads: &str) -> String {
    let captures = format!("captures-{threads}");
    let scenario = scenario.to_str().expect("UTF-8");
    let output = folder.vpcsim(&["run", scenario, "-q", "--threads", threads, "--captures", &captures]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    let below = files_below(&folder.path().join(captures));
    let logs = below.iter().filter(|(name, _)| name.ends_with(".log"));
    let text: String = logs.map(|(name, bytes)| format!("{name}\n{}\n", String::from_utf8_lossy(bytes))).collect();
    let named = stdout(&output).lines().filter(|line| line.contains(".log   ")).count();
    assert_eq!(named, text.matches(".log\n").count(), "the report names them\n{}", stdout(&output));
    text
}

/// The files of the one folder of captures that there is.
fn files_below(captures: &Path) -> Vec<(String, Vec<u8>)> {
    let folders: Vec<_> =
        fs::read_dir(captures).expect("written").map(|entry| entry.expect("readable").path()).collect();
    let [folder] = &folders[..] else { panic!("{folders:?}") };
    files_of(folder)
}

/// A group that refuses a question is one REJECT, an ACL that refuses the answer an ACCEPT and a REJECT; what AWS answers
/// itself is in no record.
#[test]
fn the_lab_shows_who_refused_what_fl_1_fl_5_fl_6_fl_9() {
    let lab = repository().canonicalize().expect("it exists").join("scenarios/flow-logs");
    golden::compare("flow-logs.records.txt", &flow_logs(&Folder::new("flow-logs"), &lab, "1"));
}

/// The peering lab with a flow log of both VPCs: two partitions, and traffic between them.
#[test]
fn records_do_not_depend_on_the_number_of_threads() {
    let folder = Folder::new("flow-logs-threads");
    let lab = repository().join("scenarios/vpc-peering");
    let scenario = fs::read_to_string(lab.join("scenario.yaml")).expect("it ships");
    let begin = "steps:\n  - run: >-\n      aws ec2 create-flow-logs --resource-type VPC --resource-ids ${VPC01} ${VPC02}\n      \
                 --traffic-type ALL --log-destination-type s3 --log-destination arn:aws:s3:::lab\n      \
                 --max-aggregation-interval 60\n";
    folder.write("lab/scenario.yaml", scenario.replacen("steps:\n", begin, 1));
    folder.write("lab/template.yaml", fs::read(lab.join("template.yaml")).expect("it ships"));
    let lab = folder.path().join("lab");
    let (one, two) = (flow_logs(&folder, &lab, "1"), flow_logs(&folder, &lab, "2"));
    assert!(one.contains(" ACCEPT OK\n") && one.contains(" REJECT OK\n"), "{one}");
    assert_eq!(one, two);
}
