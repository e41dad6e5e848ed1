//! Templates as other people write them: JSON, carriage returns, byte-order marks, the long forms of functions, odd
//! indentation, types that come later. All of them boot, with warnings for what is not simulated and for nothing else.

use crate::program::{Folder, stderr, stdout};

const BOOK_LAB: &str = include_str!("templates/book-lab.yaml");
const EVERY_FUNCTION: &str = include_str!("templates/every-function.json");

/// Runs `steps` around a template; answers what was printed and the first lines of what was warned of.
fn run(test: &str, file: &str, template: &str, parameters: &str, steps: &str) -> (String, Vec<String>) {
    let folder = Folder::new(&format!("template-{test}"));
    folder.write(file, template);
    folder.write(
        "scenario.yaml",
        format!("name: A template of theirs\ntemplate: {file}\nparameters: {{ {parameters} }}\nsteps:\n{steps}"),
    );
    let checked = folder.vpcsim(&["check", "scenario.yaml"]);
    assert_eq!(checked.status.code(), Some(0), "{test}: {}", stderr(&checked));
    let output = folder.vpcsim(&["run", "scenario.yaml", "--no-captures"]);
    assert_eq!(output.status.code(), Some(0), "{test}: {}{}", stdout(&output), stderr(&output));
    assert_eq!(stderr(&output), stderr(&checked), "{test}");
    let warnings = stderr(&output).lines().filter(|line| line.starts_with("warning")).map(str::to_owned).collect();
    (stdout(&output), warnings)
}

#[test]
fn a_lab_from_a_book_boots_and_says_what_comes_later() {
    let steps = "
  - on: Shop-1
    run: curl -s localhost
    expect: { stdout: { equals: <html><h1>Shop 1</h1></html> } }
  - name: what user data did
    on: Shop1
    run: |
      hostname
      cat /etc/ssh/sshd_config
      systemctl is-enabled httpd
    expect: { stdout: [ip-20-0-0-4, PasswordAuthentication yes, enabled] }
";
    let (text, warnings) = run("book", "lab.yaml", BOOK_LAB, "KeyName: my-key", steps);
    assert!(!text.contains("note:"), "nothing surprising is said of the user data: {text}");
    assert_eq!(
        warnings,
        [
            "TargetGroup is not simulated; `ShopTargets`",
            "LoadBalancer is not simulated; `ShopNLB`",
            "Listener is not simulated; `ShopListener`"
        ]
        .map(|what| format!("warning[VPC101]: AWS::ElasticLoadBalancingV2::{what} is accepted and does nothing"))
    );
}

#[test]
fn every_function_in_its_long_form_and_json_with_tabs() {
    let steps = r#"
  - run: aws ec2 describe-subnets --subnet-ids ${Subnet}
    expect: { json: { "Subnets[0].CidrBlock": 10.30.3.0/24, "Subnets[0].AvailabilityZone": ap-northeast-2b } }
  - run: aws ec2 describe-vpcs --vpc-ids ${Vpc}
    expect: { json: { "Vpcs[0].Tags[?Key=='Name'].Value | [0]": trial-main } }
  - run: aws ec2 describe-security-groups --group-ids ${Group}
    expect: { json: { "SecurityGroups[0].IpPermissions[].[FromPort, ToPort, IpRanges[0].CidrIp]": [[80, 443, 10.30.0.0/16]] } }
  - on: Web
    run: cat /tmp/subnet
    expect: { stdout: { equals: "${Subnet}" } }
"#;
    let (_, warnings) = run("functions", "lab.json", EVERY_FUNCTION, "", steps);
    assert_eq!(warnings, Vec::<String>::new());
    let crlf = EVERY_FUNCTION.replace('\n', "\r\n");
    run("functions-crlf", "lab.json", &crlf, "Environment: test", steps);
}

#[test]
fn carriage_returns_and_a_byte_order_mark_change_nothing() {
    let steps =
        "  - { on: Shop-1, run: curl -s localhost, expect: { stdout: { equals: <html><h1>Shop 1</h1></html> } } }\n";
    let plain = run("plain", "lab.yaml", BOOK_LAB, "KeyName: k", steps);
    let crlf = BOOK_LAB.replace('\n', "\r\n");
    let marked = format!("\u{feff}{BOOK_LAB}");
    for (test, template) in [("crlf", &crlf), ("mark", &marked)] {
        let (text, warnings) = run(test, "lab.yaml", template, "KeyName: k", steps);
        assert_eq!((&text, &warnings), (&plain.0, &plain.1), "{test}");
    }
}
