//! Names: how `${…}` is filled, and what can be said of names before the run.

use indexmap::IndexMap;
use smol_str::SmolStr;

use super::*;
use crate::frontend::diagnostic::Colour;

fn resource(logical_id: &str, role: Role, attributes: &[&'static str]) -> (SmolStr, DeclaredResource) {
    (logical_id.into(), DeclaredResource { role, attributes: attributes.into() })
}

fn instance(logical_id: &str, name_tag: &str) -> (SmolStr, DeclaredResource) {
    resource(logical_id, Role::Instance { name_tag: Some(name_tag.to_owned()) }, &["PrivateIp", "PublicIp"])
}

/// Two stacks; `VPC01` and `Bastion` are in both.
fn declared() -> Declared {
    let left_out = IndexMap::from([("Balancer".to_owned(), "AWS::ElasticLoadBalancingV2::LoadBalancer".to_owned())]);
    let stack = |name: &str, resources: Vec<_>| DeclaredStack {
        name: name.to_owned(),
        resources: resources.into_iter().collect(),
        left_out: left_out.clone(),
        outputs: Vec::new(),
    };
    Declared {
        stacks: vec![
            stack(
                "lab",
                vec![
                    resource("VPC01", Role::Other, &["CidrBlock"]),
                    resource("PublicRouteTable0102", Role::Other, &[]),
                    instance("Web1", "ljhVPC1-EC2"),
                    instance("Bastion", "bastion"),
                ],
            ),
            stack("office", vec![resource("VPC01", Role::Other, &["CidrBlock"]), instance("Bastion", "bastion")]),
        ],
    }
}

fn filled(text: &str, names: &mut dyn Names) -> String {
    let text = scenario(&with_steps(&format!("  - {{on: a, run: {text:?}}}\n")));
    match &text.steps[0].action {
        Action::Run { commands, .. } => commands[0].text.fill(names).expect("every name is known"),
        other => panic!("{other:?} runs nothing"),
    }
}

#[test]
fn only_names_in_braces_are_filled_and_two_dollars_are_one() {
    let mut names = Fixed(&[("pcx", "pcx-01"), ("Web1.PrivateIp", "10.0.0.5"), ("lab.VPC01", "vpc-01")]);
    for (text, expected) in [
        ("a ${pcx} b", "a pcx-01 b"),
        ("${pcx}${Web1.PrivateIp}/${lab.VPC01}", "pcx-0110.0.0.5/vpc-01"),
        ("for i in 1; do echo $i $? $(hostname) $1; done", "for i in 1; do echo $i $? $(hostname) $1; done"),
        ("echo $${HOME} $$", "echo ${HOME} $"),
        ("echo $$${pcx}", "echo $pcx-01"),
        ("echo 5$", "echo 5$"),
        ("a { b } $ {pcx}", "a { b } $ {pcx}"),
        ("서울 ${pcx}", "서울 pcx-01"),
    ] {
        assert_eq!(filled(text, &mut names), expected, "{text}");
    }
}

#[test]
fn a_saved_variable_comes_before_a_logical_id_before_an_attribute() {
    struct Stacks;
    impl StackNames for Stacks {
        fn stacks(&self) -> Vec<String> {
            vec!["lab".to_owned(), "office".to_owned()]
        }
        fn logical_ids(&self, _: &str) -> Vec<String> {
            vec!["VPC01".to_owned()]
        }
        fn physical_id(&self, stack: &str, logical_id: &str) -> Option<String> {
            let here = matches!((stack, logical_id), ("lab", "VPC01" | "VPC02") | ("office", "VPC01" | "lab"));
            here.then(|| format!("{stack}/{logical_id}"))
        }
        fn attribute(&mut self, stack: &str, logical_id: &str, attribute: &str) -> Option<String> {
            let known = self.physical_id(stack, logical_id)?;
            matches!(attribute, "Cidr" | "Endpoint.Address").then(|| format!("{known}#{attribute}"))
        }
    }
    let saved = IndexMap::from([("VPC02".to_owned(), "saved".to_owned())]);
    let mut stacks = Stacks;
    let mut scope = Scope { saved: &saved, stacks: &mut stacks };
    for (name, expected) in [
        ("VPC02", Ok("saved")),
        ("lab.VPC02", Ok("lab/VPC02")),
        ("VPC02.Cidr", Ok("lab/VPC02#Cidr")),
        ("office.VPC01.Endpoint.Address", Ok("office/VPC01#Endpoint.Address")),
        ("lab.Cidr", Ok("office/lab#Cidr")),
        ("VPC03", Err(NameProblem::Unknown)),
        ("lab.VPC03", Err(NameProblem::Unknown)),
        ("VPC02.Nothing", Err(NameProblem::Unknown)),
        ("VPC01", Err(NameProblem::Ambiguous(vec!["lab.VPC01".to_owned(), "office.VPC01".to_owned()]))),
        ("VPC01.Cidr", Err(NameProblem::Ambiguous(vec!["lab.VPC01.Cidr".to_owned(), "office.VPC01.Cidr".to_owned()]))),
    ] {
        assert_eq!(scope.resolve(name), expected.map(str::to_owned), "{name}");
    }
}

/// What is said before the run about names in these steps.
fn said(steps: &str) -> String {
    let text = format!(
        "template: template.yaml\ninternet: {{laptop: {{ip: 198.51.100.10}}}}\n\
         on_premises: {{dc: {{cidr: 192.168.0.0/16, hosts: {{db: {{ip: 192.168.0.5}}}}}}}}\nsteps:\n{steps}"
    );
    let (sources, loaded) = load_text(&text);
    listed(&sources, &check_names(&loaded.expect("it is right"), &declared()))
}

#[test]
fn unknown_names_are_told_before_the_run_with_the_nearest_ones() {
    for (steps, expected) in [
        ("  - run: aws x ${lab.VPC01} ${Web1} ${Web1.PrivateIp}\n", ""),
        (
            "  - run: aws x ${PublicRouteTable0103}\n",
            "VPC021 5:16 no resource or saved variable is named `PublicRouteTable0103` (did you mean \
             `${PublicRouteTable0102}`?)",
        ),
        (
            "  - run: |\n      aws x ${Web1}\n      aws y ${Web1.PrivateIP} ${Web1.Color}\n",
            "VPC021 7:13 no resource or saved variable is named `Web1.PrivateIP` (did you mean `${Web1.PrivateIp}`?)\n\
             VPC021 7:31 no resource or saved variable is named `Web1.Color` (write `$${Web1.Color}` if the shell should \
             see it; a step's `save` gives names)",
        ),
        (
            "  - run: aws x ${VPC01}\n",
            "VPC062 5:16 `VPC01` is in more than one stack (say which is meant: `${lab.VPC01}` or `${office.VPC01}`)",
        ),
        ("  - {run: aws x, save: {pcx: A}, expect: {path: ['${pcx}']}}\n  - run: aws y ${pcx}\n", ""),
        (
            "  - {run: 'aws x ${pcx}', save: {pcx: A}}\n",
            "VPC021 5:18 no resource or saved variable is named `pcx` (write `$${pcx}` if the shell should see it; a \
             step's `save` gives names)",
        ),
        (
            "  - {run: aws x, expect: {json: {'A[?B==`${Web2}`]': '${Web3}'}, dropped: {reason: ROUTE, by: \
             '${Web4}'}}}\n",
            "VPC021 5:42 no resource or saved variable is named `Web2` (did you mean `${Web1}`?)\n\
             VPC021 5:55 no resource or saved variable is named `Web3` (did you mean `${Web1}`?)\n\
             VPC021 5:96 no resource or saved variable is named `Web4` (did you mean `${Web1}`?)",
        ),
        (
            "  - run: aws x ${Balancer.DNSName}\n",
            "VPC063 5:16 `Balancer` is not simulated: it is an AWS::ElasticLoadBalancingV2::LoadBalancer",
        ),
        // What a step in the background saves is known once it is collected.
        (
            "  - {name: b, background: true, run: aws x, save: {v: A}}\n  - run: aws ${v}\n  - wait_for: b\n  - \
             run: aws ${v}\n",
            "VPC021 6:14 no resource or saved variable is named `v` (write `$${v}` if the shell should see it; a \
             step's \
             `save` gives names)",
        ),
    ] {
        assert_eq!(said(steps), expected, "\n{steps}");
    }
}

#[test]
fn commands_run_on_instances_and_hosts_that_exist() {
    for (on, expected) in [
        ("ljhVPC1-EC2", ""),
        ("Web1", ""),
        ("lab.Web1", ""),
        ("i-0123456789abcdef0", ""),
        ("laptop", ""),
        ("'${Web1}'", ""),
        ("ljhVPC1-EC3", "VPC059 6:9 no instance or host is called `ljhVPC1-EC3` (did you mean `ljhVPC1-EC2`?)"),
        (
            "nobody",
            "VPC059 6:9 no instance or host is called `nobody` (commands can run on `ljhVPC1-EC2`, `Web1`, `bastion`, \
             `Bastion`, `laptop`)",
        ),
        (
            "PublicRouteTable0102",
            "VPC059 6:9 `PublicRouteTable0102` is not an instance: commands cannot run on it (commands can run on \
             `ljhVPC1-EC2`, `Web1`, `bastion`, `Bastion`, `laptop`)",
        ),
        (
            "bastion",
            "VPC062 6:9 more than one instance is called `bastion` (say which is meant: `lab.Bastion` or \
             `office.Bastion`)",
        ),
        ("db", "VPC063 6:9 `db` is on the site `dc` (put the host under `internet` if a public address will do)"),
        // A command before may have made it.
        ("later", ""),
        (
            "late",
            "VPC059 6:9 no instance or host is called `late` (commands can run on `ljhVPC1-EC2`, `Web1`, `bastion`, \
             `Bastion`, `laptop`)",
        ),
    ] {
        let steps = format!("  - run: aws ec2 run-instances --tag Value=later\n  - on: {on}\n    run: hostname\n");
        assert_eq!(said(&steps), expected, "{on}");
    }
}

#[test]
fn an_unknown_name_is_shown_where_it_stands_in_the_command() {
    let text = with_steps("  - run: aws ec2 create-route --route-table-id ${PublicRouteTable0103} --x\n");
    let (sources, loaded) = load_text(&text);
    let problems = check_names(&loaded.expect("it is right"), &declared());
    assert_eq!(
        problems[0].render(&sources, Colour::Never),
        "\
error[VPC021]: no resource or saved variable is named `PublicRouteTable0103`
 --> lab/scenario.yaml:3:48
  |
3 |   - run: aws ec2 create-route --route-table-id ${PublicRouteTable0103} --x
  |                                                ^^^^^^^^^^^^^^^^^^^^^^^
  |
help: did you mean `${PublicRouteTable0102}`?"
    );
}
