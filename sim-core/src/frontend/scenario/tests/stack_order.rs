//! In which order stacks are created.

use super::*;
use crate::frontend::diagnostic::any_error;

/// The stacks' names in the order of creation, or what stands in the way.
fn order(stacks: &str) -> String {
    let (sources, loaded) = load_text(&format!("stacks:\n{stacks}steps: [{{ run: aws ec2 describe-vpcs }}]\n"));
    let scenario = loaded.unwrap_or_else(|problems| panic!("{}", listed(&sources, &problems)));
    let templates = scenario.stacks.iter().map(|stack| {
        let (template, problems) = stack.template.parse(&sources);
        assert!(!any_error(&problems), "{}", listed(&sources, &problems));
        template.expect("it has no error")
    });
    let templates: Vec<_> = templates.collect();
    match order_stacks(&scenario.stacks, &templates, |_, _| None) {
        Ok(turns) => turns.iter().map(|turn| scenario.stacks[turn.stack].name.as_str()).collect::<Vec<_>>().join(" "),
        Err(problems) => listed(&sources, &problems),
    }
}

/// A stack with a VPC, an export, and a parameter.
fn stack(name: &str, parameter: &str, more: &str) -> String {
    format!(
        "  {name}:\n    parameters: {{ P: \"{parameter}\" }}\n    template:\n      Parameters: {{ P: {{ Type: String }} }}\n      \
         Resources: {{ Vpc: {{ Type: AWS::EC2::VPC, Properties: {{ CidrBlock: 10.0.0.0/16 }} }} }}\n      Outputs:\n        \
         {name}Out: {{ Value: x, Export: {{ Name: !Sub '${{AWS::StackName}}-x' }} }}\n{more}"
    )
}

#[test]
fn the_order_is_that_of_need_else_as_written() {
    let import = |of: &str| format!("        In: {{ Value: !ImportValue {of}-x }}\n");
    for (stacks, expected) in [
        ([stack("a", "x", ""), stack("b", "x", ""), stack("c", "x", "")], "a b c"),
        ([stack("a", "${c.Vpc}", ""), stack("b", "x", ""), stack("c", "x", "")], "b c a"),
        ([stack("a", "${cOut}", ""), stack("b", "${a.aOut}", ""), stack("c", "x", "")], "c a b"),
        ([stack("a", "x", &import("b")), stack("b", "x", &import("c")), stack("c", "x", "")], "c b a"),
        // What nobody exports is told by the import itself.
        ([stack("a", "x", &import("d")), stack("b", "x", ""), stack("c", "x", "")], "a b c"),
        // A name that is not there is told once the stack that it should be in is.
        ([stack("a", "${b.Vpx}", ""), stack("b", "x", ""), stack("c", "x", "")], "b a c"),
        // `$$` names nothing.
        ([stack("a", "$${c.Vpc}", ""), stack("b", "x", ""), stack("c", "x", "")], "a b c"),
    ] {
        assert_eq!(order(&stacks.concat()), expected, "{}", stacks.concat());
    }
}

#[test]
fn stacks_of_two_regions_share_no_exports() {
    let elsewhere = stack("b", "x", "").replace("    template:", "    region: us-east-1\n    template:");
    let importing = stack("a", "x", "        In: { Value: !ImportValue b-x }\n");
    assert_eq!(order(&format!("{importing}{elsewhere}")), "a b");
}

#[test]
fn a_circle_is_told_with_its_path() {
    let circle = [stack("a", "${b.Vpc}", ""), stack("b", "${c.cOut}", ""), stack("c", "${a.aOut}", "")].concat();
    assert_eq!(order(&circle), "VPC024 3:23 stacks depend on each other in a circle: a → b → c → a");
    let own = stack("a", "${a.Vpc}", "");
    assert_eq!(order(&own), "VPC024 3:23 stacks depend on each other in a circle: a → a");
}
