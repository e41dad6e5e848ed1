//! What is said about mistakes, each at its place, all at once, and never with a panic.

use proptest::prelude::*;

use super::*;
use crate::frontend::diagnostic::Colour;

#[test]
fn mistakes_in_the_network_are_told_at_their_places() {
    for (text, expected) in [
        ("", "VPC005 1:1 the file is empty"),
        (
            "- a\n",
            "VPC042 1:1 a scenario must be a map, this is a list (the keys of a scenario are `name`, `description`, `region`, \
             `template`, `parameters`, `stacks`, `internet`, `on_premises`, `settings`, `steps`)",
        ),
        ("name: x\n", "VPC051 1:1 a scenario needs `template` or `stacks`"),
        (
            "template: template.yaml\nstacks: {a: {template: template.yaml}}\n",
            "VPC051 2:1 a scenario has only one of `template` or `stacks`",
        ),
        ("stacks: {}\n", "VPC051 1:9 `stacks` names no stack"),
        (
            "stacks: {a.b: {template: template.yaml}, b: {}}\n",
            "VPC068 1:10 `a.b` cannot be the name of a stack (use letters, digits, `-` and `_` only)\n\
             VPC043 1:45 a stack needs `template` (`template` is the CloudFormation template: a path, or the \
              template itself)",
        ),
        (
            "stacks: {a: {template: template.yaml}}\nparameters: {A: b}\n",
            "VPC043 2:1 `parameters` needs `template` beside it",
        ),
        (
            "template: templat.yaml\n",
            "VPC050 1:11 the template cannot be read (the path is relative to the folder of the scenario)",
        ),
        (
            "template: https://example.com/t.yaml\n",
            "VPC050 1:11 the template cannot be read (vpcsim works offline: download the template and write its path)",
        ),
        (
            "template: template.yaml\nregoin: ap-northeast-2\n",
            "VPC041 2:1 a scenario has no key `regoin` (did you mean `region`?)",
        ),
        (
            "template: template.yaml\nregion: ap-northeast-7\n",
            "VPC046 2:9 `region`: `ap-northeast-7` is not an AWS Region that vpcsim knows (did you mean \
             `ap-northeast-1`?)",
        ),
        (
            "template: template.yaml\nregion: !Ref AWS::Region\n",
            "VPC042 2:9 `region` must be an AWS Region such as `ap-northeast-2`, this is `!Ref` (tags belong in \
             templates; a scenario fills in `${name}`)",
        ),
        (
            "stacks: {a: {template: template.yaml, account: 12345}}\n",
            "VPC047 1:48 `account`: `12345` is not an account of twelve digits",
        ),
        ("template: template.yaml\nsteps:\n  run: ping\n", "VPC042 3:3 `steps` must be a list, this is a map"),
        ("template: template.yaml\nsteps:\n", "VPC042 2:6 `steps` must be a list, this is nothing"),
        (
            "template: template.yaml\ninternet: {a: {ip: 10.0.0.1}, b: {names: [-x]}, c: {ip: 1.2.3.400}}\n",
            "VPC048 2:20 10.0.0.1 is not a public address (198.51.100.0/24 and 203.0.113.0/24 are free for examples \
             (RFC 5737))\n\
             VPC043 2:34 an Internet host needs `ip` (`ip` is the host's public address)\n\
             VPC068 2:43 `-x` is not a DNS name (a name is labels of letters, digits and `-`, separated by dots)\n\
             VPC048 2:57 `ip`: `1.2.3.400` is not an IP address",
        ),
        (
            "template: template.yaml\ninternet: {a: {ip: 8.8.8.8, names: a.b}, b: {ip: 8.8.8.8, names: [A.b]}}\n",
            "VPC064 2:42 `a` and `b` both have the DNS name a.b\n\
             VPC064 2:50 `a` and `b` have the same address 8.8.8.8",
        ),
        (
            "template: template.yaml\ninternet: {a: {ip: 8.8.8.8, ports: [0, 80, 65536, '22']}}\n",
            "VPC052 2:37 an item of `ports`: `0` is not a whole number from 1 to 65535\n\
             VPC052 2:44 an item of `ports`: `65536` is not a whole number from 1 to 65535\n\
             VPC042 2:51 an item of `ports`: `22` is not a whole number from 1 to 65535 (in quotes it is text; \
              write 22 without them)",
        ),
        (
            "template: template.yaml\non_premises: {dc: {cidr: 192.168.0.0/16, hosts: {db: {ip: 192.168.0.5}}}}\n",
            "VPC140 2:15 the on-premises site `dc` is not simulated yet; nothing will reach it",
        ),
        (
            "template: template.yaml\non_premises: {dc: {cidr: 192.168.0.0, host: {}}}\n",
            "VPC140 2:15 the on-premises site `dc` is not simulated yet; nothing will reach it\n\
             VPC048 2:26 `cidr`: `192.168.0.0` is not an address block such as `10.0.0.0/16`\n\
             VPC041 2:39 an on-premises site has no key `host` (did you mean `hosts`?)",
        ),
        (
            "template: template.yaml\nsettings: {seed: -1, start: tomorrow, packages: mirorr, links: {same_az: \
             {loss: 0.1}}}\n",
            "VPC052 2:18 `seed`: `-1` is not a whole number\n\
             VPC065 2:29 `start`: `tomorrow` is not a moment such as `2024-01-01T00:00:00Z` (write the date, `T`, the time and `Z` (or an offset such as `+09:00`))\n\
             VPC053 2:49 `packages`: `mirorr` is not `mirror` or `preinstalled` (did you mean `mirror`?)\n\
             VPC052 2:81 `loss`: `0.1` is not a share such as `20%`",
        ),
        ("template: |\n  Resources: [\n", "VPC001 2:14 `[` is not closed"),
    ] {
        assert_eq!(problems(text), expected, "\n{text}");
    }
}

/// Each step stands on line 3, after `  - `.
#[test]
fn mistakes_in_steps_are_told_at_their_places() {
    for (step, expected) in [
        (
            "run: |\n      aws ec2 x\n      ping -c 1 10.0.0.1\n",
            "VPC144 5:7 `ping` does not run on the operator's workstation, where only `aws` does (say with `on` which \
             instance or host runs the step)",
        ),
        ("{on: laptop, run: ping -c 1 10.0.0.1}", ""),
        ("run: aws ec2 describe-vpcs", ""),
        ("run: chmod 400 lab.pem", ""),
        ("name: nothing", "VPC044 3:5 a step needs `run`, `wait`, `fault` or `wait_for`"),
        ("{run: aws, wait: 5s}", "VPC044 3:16 a step has only one of `run`, `wait`, `fault` or `wait_for`"),
        (
            "wait: 30",
            "VPC045 3:11 `wait`: `30` is not a duration such as `30s` (a duration needs its unit: write `30s` for \
             seconds)",
        ),
        (
            "wait: 5 parsecs",
            "VPC045 3:11 `wait`: `5 parsecs` is not a duration such as `30s` (write a number and a unit (ns, us, \
             ms, s, m, h, d), as in `30s`, `250ms` or `1h30m`)",
        ),
        ("{run: aws, backgruond: true}", "VPC041 3:16 a step has no key `backgruond` (did you mean `background`?)"),
        (
            "{run: aws, background: yes}",
            "VPC042 3:28 `background`: `yes` is not `true` or `false` (in YAML 1.2 that is text; write `true`)",
        ),
        ("run: [a, b]", "VPC042 3:10 `run` must be text, this is a list"),
        ("run: '# nothing'", "VPC044 3:10 `run` holds no command (write the commands as typed, one a line)"),
        (
            "run: 'echo \"it'",
            "VPC061 3:16 the quote \" is not closed (close it, or write `\\\"` for the character itself)",
        ),
        ("run: echo 'it", "VPC061 3:15 the quote ' is not closed (close it, or write `\\'` for the character itself)"),
        (
            "run: |\n      cat <<EOF\n       a\n       EOF",
            "VPC061 4:11 the here-document has no end: no line is `EOF` (write `EOF` on a line of its own, without \
             blanks before it)",
        ),
        (
            "{fault: {instance: a, down: true}}",
            "VPC063 3:6 faults are not simulated yet (leave the step out for now; `settings.links` can make links \
             slow or lossy)",
        ),
        (
            "{fault: {instance: a, az: b, donw: true}}",
            "VPC063 3:6 faults are not simulated yet (leave the step out for now; `settings.links` can make links \
             slow or lossy)\n\
             VPC044 3:27 a fault has only one of `link`, `instance`, `az` or `gateway`\n\
             VPC041 3:34 a fault has no key `donw` (did you mean `down`?)",
        ),
        (
            "wait_for: a",
            "VPC060 3:15 no earlier step is called `a` (`wait_for` takes the `name` of an earlier step in the \
             background)",
        ),
        (
            "{run: aws, save: {a.b: X, c: 'X['}}",
            "VPC068 3:23 `a.b` cannot be the name of a variable (use letters, digits, `-` and `_` only)\n\
             VPC056 3:35 this is not a JMESPath expression",
        ),
        (
            "{run: 'echo ${x:-y} ${'}",
            "VPC057 3:17 `x:-y` is not a name that vpcsim can fill in (write `$${x:-y}` to give the shell its own \
             `${x:-y}`)\n\
             VPC057 3:25 this `${` is not closed (write `$${` where the shell should see `${`)",
        ),
        (
            "{run: aws, expect: {dropped: NO_ROUTE_TO_DESTINATON}}",
            "VPC054 3:34 `NO_ROUTE_TO_DESTINATON` is not the reason of any drop (did you mean \
             `NO_ROUTE_TO_DESTINATION`?)",
        ),
        (
            "{run: aws, expect: {dropped: [none, ROUTE]}}",
            "VPC064 3:35 `none` stands alone: nothing was dropped (leave `none` out, or everything else)",
        ),
        (
            "{run: aws, expect: {dropped: []}}",
            "VPC064 3:34 this list names no reason (write `dropped: none` if nothing should be dropped)",
        ),
        (
            "{run: aws, expect: {dropped: {by: x}}}",
            "VPC043 3:34 `dropped` needs `reason` (`reason` is a code or a family)",
        ),
        ("{run: aws, expect: {dropped: ~}}", "VPC042 3:34 `dropped` must be text or a map or a list, this is nothing"),
        (
            "{run: aws, expect: {dropped: NLB_FLOW_EXPIRED}}",
            "VPC142 3:34 no packet is dropped for NLB_FLOW_EXPIRED yet: what it is about is not simulated (this \
             expectation will fail)",
        ),
        (
            "{run: aws, expect: {exit: '1', within: soon, stdout: {nott: a}}}",
            "VPC042 3:31 `exit`: `1` is not a whole number from 0 to 255 (in quotes it is text; write 1 without them)\n\
             VPC045 3:44 `within`: `soon` is not a duration such as `30s` (write a number and a unit (ns, us, ms, s, m, h, d), as in `30s`, `250ms` or `1h30m`)\n\
             VPC041 3:59 a text match has no key `nott` (did you mean `not`?)",
        ),
        (
            "{run: aws, expect: {stdout: [/(/, {not: a, equals: b}, '']}}",
            "VPC055 3:34 this is not a regular expression (a text between slashes is a regular expression; \
             brackets, `.` and `*` need a `\\`)\n\
             VPC043 3:48 a text match has only one of `not` or `equals`\n\
             VPC143 3:60 the empty text occurs in every output (write `{ equals: \"\" }` for an empty output)",
        ),
        (
            "{run: aws, expect: {json: {'a[': 1, b: !Ref x}}}",
            "VPC056 3:33 this is not a JMESPath expression\n\
             VPC042 3:44 an expected value must be a value without a tag, this is `!Ref` (tags belong in templates; \
              a scenario fills in `${name}`)",
        ),
        (
            "{wait: 5s, on: a, save: {x: Y}, expect: {stdout: x, dropped: none}}",
            "VPC141 3:16 `on` has no effect in a step that runs no command (leave it out, or move it to the step \
             whose command it is about)\n\
             VPC141 3:23 `save` has no effect in a step that runs no command (leave it out, or move it to the step whose command it is about)\n\
             VPC141 3:46 `stdout` has no effect in a step that runs no command (leave it out, or move it to the \
              step whose command it is about)",
        ),
        ("{run: aws, expect: {exit: 256}}", "VPC052 3:31 `exit`: `256` is not a whole number from 0 to 255"),
    ] {
        assert_eq!(problems(&with_steps(&format!("  - {step}\n"))), expected, "\n{step}");
    }
}

#[test]
fn what_a_step_waits_for_must_run_in_the_background_and_once() {
    let steps = "  - {name: quick, run: aws}\n  - {name: slow, run: aws, background: true}\n  - wait_for: slow\n  - \
     wait_for: slow\n  \
                 - wait_for: quick\n  - wait_for: slwo\n";
    assert_eq!(
        problems(&with_steps(steps)),
        "VPC060 6:15 `slow` has been waited for already\n\
         VPC060 7:15 `quick` does not run in the background (add `background: true` to it)\n\
         VPC060 8:15 no earlier step is called `slwo` (did you mean `slow`?)"
    );
}

#[test]
fn a_problem_is_shown_with_its_line_and_a_caret() {
    let (sources, loaded) =
        load_text(&with_steps("  - name: routes\n    run: |\n      aws ec2 x ${A}\n      aws ec2 y ${A b}\n"));
    let shown: Vec<String> = loaded
        .expect_err("a name has no blanks")
        .iter()
        .map(|problem| problem.render(&sources, Colour::Never))
        .collect();
    assert_eq!(
        shown.join("\n"),
        "\
error[VPC057]: `A b` is not a name that vpcsim can fill in
 --> lab/scenario.yaml:6:17
  |
6 |       aws ec2 y ${A b}
  |                 ^^^^^^ a name is letters, digits, `_` and `-`, with dots between its parts
  |
help: write `$${A b}` to give the shell its own `${A b}`"
    );
}

#[test]
fn a_scenario_that_is_not_there_is_told_without_a_place() {
    let mut sources = Sources::default();
    let mut read = |_: &Path| Err(io::Error::from(io::ErrorKind::NotFound));
    let problems = load(&mut sources, Path::new("labs/nowhere.yaml"), &mut read).expect_err("there is no file");
    assert_eq!(
        listed(&sources, &problems),
        "VPC040 0:0 the scenario `labs/nowhere.yaml` cannot be read: there is no such file (give a file, a folder \
         with a \
         `scenario.yaml`, or the name of a folder below `scenarios`)"
    );
}

proptest! {
    #[test]
    fn a_scenario_cut_short_is_loaded_or_refused(cut in 0..EXAMPLE.len()) {
        let _ = load_text(&EXAMPLE[..EXAMPLE.floor_char_boundary(cut)]);
    }

    #[test]
    fn a_mutated_scenario_is_loaded_or_refused(
        edits in prop::collection::vec((0..EXAMPLE.len(), "[-{}\\[\\]:,'\"|>!&*$#%/~ \n\ta0서]{0,4}"), 1..8)
    ) {
        let mut text = EXAMPLE.to_owned();
        for (at, with) in edits {
            let at = text.floor_char_boundary(at.min(text.len()));
            let end = text.floor_char_boundary((at + 3).min(text.len()));
            text.replace_range(at..end.max(at), &with);
        }
        let (sources, loaded) = load_text(&text);
        if let Err(problems) = loaded {
            prop_assert!(!problems.is_empty());
            for problem in problems {
                let _ = problem.render(&sources, Colour::Never);
            }
        }
    }
}
