//! Scenarios as users write them: what they mean, what is said about their mistakes, and what is judged of a run.

mod deployed;
mod judging;
mod loading;
mod mistakes;
mod naming;
mod schema;
mod stack_order;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use super::*;
use crate::frontend::diagnostic::Sources;

/// The example that the format's description gives, word by word.
const EXAMPLE: &str = r#"
name: VPC peering
description: Two VPCs that cannot talk, until they are peered, routed and let in.
region: ap-northeast-2              # default region of the stacks below
stacks:                             # one or more; a single one may be written as `template:` at top level
  lab:
    template: template.yaml         # path relative to this file, or the template itself, inline
    parameters: { KeyName: lab }
    region: ap-northeast-2          # optional
    account: "111111111111"         # optional; default 123456789012
internet:                           # optional: hosts outside AWS
  laptop: { ip: 198.51.100.10 }
  example: { ip: 203.0.113.80, names: [www.example.com], http: "<h1>example</h1>" }
settings:                           # optional, all of them
  seed: 7                           # jitter, ids, ports, ISNs: same seed, same bytes
  start: 2024-01-01T00:00:00Z       # wall clock at virtual time 0, as captures show it
steps:
  - name: VPC1 cannot ping VPC2
    on: ljhVPC1-EC2
    run: ping -c 1 10.42.1.100
    expect: { exit: 1, stdout: 100% packet loss, dropped: IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS }

  - name: ask for a peering connection
    run: aws ec2 create-vpc-peering-connection --vpc-id ${VPC01} --peer-vpc-id ${VPC02}
    save: { pcx: VpcPeeringConnection.VpcPeeringConnectionId }
    expect: { json: { VpcPeeringConnection.Status.Code: initiating-request } }

  - run: aws ec2 accept-vpc-peering-connection --vpc-peering-connection-id ${pcx}
  - run: |                          # several lines are several commands, run in order
      aws ec2 create-route --route-table-id ${PublicRouteTable0101} --destination-cidr-block 10.42.0.0/16 --vpc-peering-connection-id ${pcx}
      aws ec2 create-route --route-table-id ${PublicRouteTable0102} --destination-cidr-block 10.41.0.0/16 --vpc-peering-connection-id ${pcx}

  - name: VPC1 pings VPC2
    on: ljhVPC1-EC2
    run: ping -c 1 10.42.1.100
    expect:
      stdout: [ "1 received", "ttl=255" ]
      path: [ ljhVPC1-EC2, VPC01, "${pcx}", VPC02, ljhVPC2-EC2 ]

  - wait: 7d                        # lets virtual time pass
"#;

const TEMPLATE: &str = "Resources: { Vpc: { Type: \"AWS::EC2::VPC\", Properties: { CidrBlock: 10.0.0.0/16 } } }\n";

/// Steps below the least that every scenario needs.
fn with_steps(steps: &str) -> String {
    format!("template: template.yaml\nsteps:\n{steps}")
}

/// Loads `lab/scenario.yaml` from a disk that holds it and two templates.
fn load_text(text: &str) -> (Sources, Result<Scenario, Vec<Diagnostic>>) {
    let files = BTreeMap::from([
        (Path::new("lab/scenario.yaml"), text),
        (Path::new("lab/template.yaml"), TEMPLATE),
        (Path::new("lab/nets/other.yaml"), TEMPLATE),
    ]);
    let mut sources = Sources::default();
    let mut read = |path: &Path| match files.get(path) {
        Some(text) => Ok((*text).to_owned()),
        None if path == Path::new("lab") => Err(io::Error::from(io::ErrorKind::IsADirectory)),
        None => Err(io::Error::from(io::ErrorKind::NotFound)),
    };
    let loaded = load(&mut sources, Path::new("lab"), &mut read);
    (sources, loaded)
}

/// A scenario that must be right.
fn scenario(text: &str) -> Scenario {
    let (sources, loaded) = load_text(text);
    loaded.unwrap_or_else(|problems| panic!("{text}\n{}", listed(&sources, &problems)))
}

/// What is said about a scenario, one problem a line.
fn problems(text: &str) -> String {
    let (sources, loaded) = load_text(text);
    let problems = match loaded {
        Ok(scenario) => scenario.warnings,
        Err(problems) => problems,
    };
    listed(&sources, &problems)
}

/// Code, line and column, message and help of each problem.
fn listed(sources: &Sources, problems: &[Diagnostic]) -> String {
    let line = |problem: &Diagnostic| {
        let (line, column) = problem.span.map_or((0, 0), |span| sources.line_column(span));
        let help = problem.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
        format!("{} {line}:{column} {}{help}", problem.code, problem.message)
    };
    problems.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Names with fixed values.
struct Fixed(&'static [(&'static str, &'static str)]);

impl Names for Fixed {
    fn resolve(&mut self, name: &str) -> Result<String, NameProblem> {
        let found = self.0.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned()).ok_or(NameProblem::Unknown)
    }

    fn known(&mut self) -> Vec<String> {
        self.0.iter().map(|(name, _)| (*name).to_owned()).collect()
    }
}
