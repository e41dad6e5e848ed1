//! What stacks give each other.

use super::super::StackOutput;
use super::*;

const NET: &str = "\
Resources:
  Vpc: { Type: AWS::EC2::VPC, Properties: { CidrBlock: 10.0.0.0/16 } }
Outputs:
  VpcId: { Description: the network, Value: !Ref Vpc, Export: { Name: !Sub '${AWS::StackName}-VpcId' } }
";

const APP: &str = "\
Parameters: { Net: { Type: String, Default: net } }
Resources:
  Subnet:
    Type: AWS::EC2::Subnet
    Properties: { VpcId: !ImportValue { 'Fn::Sub': '${Net}-VpcId' }, CidrBlock: 10.0.1.0/24 }
";

/// Deploys templates as stacks of these names, accounts and Regions, and says what is wrong with each.
fn deployed_in_order(stacks: &[(&str, AccountId, Region, &str)]) -> (Recorder, Vec<Stack>, String) {
    let (mut recorder, mut exports, mut sources) = (Recorder::default(), Exports::default(), Sources::default());
    let (mut made, mut said) = (Vec::new(), Vec::new());
    for (name, account, region, text) in stacks {
        let file = sources.add(format!("{name}.yaml"), *text);
        let (template, mut problems) = Template::parse(&sources, file);
        if let Some(template) = template {
            let config = StackConfig { name: (*name).to_owned(), account: *account, region: *region, ..config(&[]) };
            let (stack, found) = deploy(&sources, template, &config, &mut exports, &mut recorder);
            problems.extend(found);
            made.push(stack);
        }
        if !problems.is_empty() {
            said.push(format!("{name}: {}", summary(&sources, &problems)));
        }
    }
    (recorder, made, said.join("\n"))
}

fn in_one_place(stacks: &[(&str, &str)]) -> String {
    let stacks: Vec<(&str, AccountId, Region, &str)> =
        stacks.iter().map(|&(name, text)| (name, AccountId::DEFAULT, Region::DEFAULT, text)).collect();
    deployed_in_order(&stacks).2
}

#[test]
fn an_export_of_one_stack_is_imported_by_another() {
    let here = (AccountId::DEFAULT, Region::DEFAULT);
    let (recorder, stacks, said) = deployed_in_order(&[("net", here.0, here.1, NET), ("app", here.0, here.1, APP)]);
    assert_eq!(said, "");
    assert!(recorder.lines.iter().any(|line| line.contains("CreateSubnet") && line.contains("vpc-1")));
    assert_eq!(
        stacks[0].outputs["VpcId"],
        StackOutput {
            value: "vpc-1".to_owned(),
            description: Some("the network".to_owned()),
            export: Some("net-VpcId".to_owned()),
        }
    );
}

#[test]
fn exports_are_those_of_one_account_and_region() {
    let (account, region) = (AccountId::DEFAULT, Region::DEFAULT);
    let other = AccountId::parse("111111111111").expect("twelve digits");
    let tokyo: Region = "ap-northeast-1".parse().expect("a Region");
    for (account, region) in [(other, region), (account, tokyo)] {
        let net = ("net", AccountId::DEFAULT, Region::DEFAULT, NET);
        let (_, _, said) = deployed_in_order(&[net, ("app", account, region, APP)]);
        assert_eq!(
            said,
            "app: error[VPC030] 5:52 No export named net-VpcId found (another stack of the same account and Region must have \
             an output with this `Export`)"
        );
        // Nor is a name taken there.
        let again = ("net", account, region, NET);
        assert_eq!(deployed_in_order(&[net, again, ("app", account, region, APP)]).2, "");
    }
}

#[test]
fn refusals_are_worded_as_cloudformation_words_them() {
    for (template, expected) in [
        (
            "Resources: {V: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: !ImportValue net-VpcID}}}",
            "b: error[VPC030] 1:77 No export named net-VpcID found (did you mean `net-VpcId`?)",
        ),
        (
            "Resources: {V: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: 10.0.0.0/16}}}\n\
             Outputs: {O: {Value: x, Export: {Name: net-VpcId}}}",
            "b: error[VPC030] 2:40 Export with name net-VpcId is already exported by stack net",
        ),
        (
            "Resources: {V: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: 10.0.0.0/16}}}\n\
             Outputs: {O: {Value: x, Export: {Name: a_b}}}",
            "b: error[VPC030] 2:40 Template format error: Output O is malformed. The Name field of every Export member must \
             be specified as part of the template and consist only of alphanumeric characters, colons, or hyphens.",
        ),
        (
            "Resources: {V: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: 10.0.0.0/16}}}\n\
             Outputs: {O: {Value: x, Export: {Name: !Ref V}}}",
            "b: error[VPC022] 2:45 the name of an export must not depend on any resources, imported values, or Fn::GetAZs",
        ),
        (
            "Resources: {V: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: 10.0.0.0/16}}}\n\
             Outputs: {O: {Value: !ImportValue {'Fn::Sub': '${V}-x'}}}",
            "b: error[VPC022] 2:50 the name of an import must not depend on any resources, imported values, or Fn::GetAZs",
        ),
        (
            "Resources: {V: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: 10.0.0.0/16}}}\n\
             Outputs: {O: {Value: x, Export: net-VpcId}}",
            "b: error[VPC012] 2:25 the `Export` of the output `O` has no `Name`",
        ),
        (
            "Conditions: {C: !Equals [!ImportValue a, b]}\n\
             Resources: {V: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: 10.0.0.0/16}}}",
            "b: error[VPC020] 1:26 `!ImportValue` cannot be used under `Conditions`",
        ),
    ] {
        assert_eq!(in_one_place(&[("net", NET), ("b", template)]), expected, "{template}");
    }
}

#[test]
fn what_is_imported_from_something_not_simulated_is_left_out_too() {
    let net = "\
Resources:
  Balancer: { Type: AWS::ElasticLoadBalancingV2::LoadBalancer }
  Vpc: { Type: AWS::EC2::VPC, Properties: { CidrBlock: 10.0.0.0/16 } }
Outputs: { Id: { Value: !Ref Balancer, Export: { Name: net-VpcId } } }
";
    let said = in_one_place(&[("net", net), ("app", APP)]);
    let expected =
        "warning[VPC104] 5:19 `Subnet` is not created: its `VpcId` comes from `net.Balancer`, which is not simulated";
    assert!(said.contains(expected), "{said}");
}
