//! Templates that are wrong in every way, each with what is said about it; and texts that were never templates.

use proptest::prelude::*;

use super::*;
use crate::frontend::diagnostic::Span;

#[test]
fn each_kind_of_mistake_is_named_with_its_place() {
    let mut wrong = Vec::new();
    for (text, expected) in [
        ("[]", "error[VPC010] 1:1 a template is a map with the section `Resources`, not a list"),
        ("Description: x\n", "error[VPC010] 1:1 the template has no section `Resources`"),
        ("Resources: {}\n", "error[VPC010] 1:1 `Resources` declares no resource"),
        ("Resources: [a]\n", "error[VPC012] 1:12 `Resources` is a map, not a list"),
        (
            "AWSTemplateFormatVersion: 2010-09-10\nResources: { V: { Type: AWS::EC2::InternetGateway } }",
            "error[VPC012] 1:27 `AWSTemplateFormatVersion` is `2010-09-09`, not the text `2010-09-10`",
        ),
        (
            "Resorces: {}\nResources: { V: { Type: AWS::EC2::InternetGateway } }",
            "error[VPC011] 1:1 a template has no section `Resorces` (did you mean `Resources`?)",
        ),
        (
            "Transform: AWS::Serverless-2016-10-31\nResources: { V: { Type: AWS::EC2::InternetGateway } }",
            "error[VPC013] 1:1 `Transform` is not supported: macros run at AWS (write out what the transform makes of the template)",
        ),
        ("Resources: { V: { Properties: {} } }", "error[VPC026] 1:14 the resource `V` has no `Type`"),
        (
            "Resources: { V: AWS::EC2::VPC }",
            "error[VPC026] 1:17 the resource `V` is declared by a map with a `Type`, not the text `AWS::EC2::VPC`",
        ),
        (
            "Resources: { V: { Type: !Ref X } }",
            "error[VPC026] 1:25 `Type` is a text such as `AWS::EC2::VPC`, not `!Ref`",
        ),
        (
            "Resources: { My-V: { Type: AWS::EC2::InternetGateway } }",
            "error[VPC026] 1:14 the logical id `My-V` must be letters and digits only",
        ),
        (
            "Resources: { V: { Type: AWS::EC2::InternetGateway, DependOn: V } }",
            "error[VPC026] 1:52 a resource has no `DependOn` (did you mean `DependsOn`?)",
        ),
        (
            "Resources: { V: { Type: AWS::EC2::VPC, CidrBlock: 10.0.0.0/16 } }",
            "error[VPC026] 1:40 a resource has no `CidrBlock` (a property of the resource belongs under `Properties`)",
        ),
        (
            "Resources: { V: { Type: AWS::EC2::VPC, Properties: [a] } }",
            "error[VPC012] 1:52 `Properties` is a map, not a list",
        ),
        (
            "Resources: { V: { Type: AWS::EC2::VPC, Properties: { CidrBlok: 10.0.0.0/16 } } }",
            "warning[VPC102] 1:54 the resource `V` has no property `CidrBlok`; it is accepted and does nothing (did you mean `CidrBlock`?)",
        ),
        (
            "Resources: { V: { Type: AWS::EC2::VPC, Properties: { Ipv4NetmaskLength: 16 } } }",
            "warning[VPC103] 1:54 `Ipv4NetmaskLength` of the resource `V` is not simulated; it is accepted and does nothing",
        ),
        (
            "Resources: { V: { Type: AWS::EC2::VPC, CreationPolicy: {}, Properties: { CidrBlock: 10.0.0.0/16 } } }",
            "warning[VPC105] 1:40 the resource `V` is ready without the signals of its `CreationPolicy`",
        ),
        (
            "Resources: { S: { Type: AWS::EC2::Subnet, Properties: { CidrBlock: 10.0.0.0/24 } } }",
            "error[VPC028] 1:14 the resource `S` needs the property `VpcId`",
        ),
        (
            "Resources: { V: { Type: AWS::EC2::VPC, Properties: { EnableDnsSupport: maybe } } }",
            "error[VPC029] 1:72 `EnableDnsSupport` takes `true` or `false`, not `maybe`",
        ),
        (
            "Resources: { V: { Type: AWS::EC2::VPC, Properties: { CidrBlock: [10.0.0.0/16] } } }",
            "error[VPC029] 1:65 `CidrBlock` takes a text, not a list",
        ),
        (
            "Resources: { V: { Type: AWS::EC2::VPC, Properties: { CidrBlock: !GetAZs '' } } }",
            "error[VPC029] 1:65 `CidrBlock` takes a text, not a list; `!Select` takes one item of it",
        ),
        (
            "Resources: { I: { Type: AWS::EC2::Instance, Properties: { SecurityGroupIds: sg-1 } } }",
            "error[VPC029] 1:77 `SecurityGroupIds` takes a list, not `sg-1` (begin the item with `- `)",
        ),
        (
            "Resources: { G: { Type: AWS::EC2::SecurityGroup, Properties: { GroupDescription: g, SecurityGroupIngress: [{ IpProtocol: tcp, FromPort: http }] } } }",
            "error[VPC029] 1:137 `FromPort` takes a whole number, not `http`",
        ),
        (
            "Resources: { G: { Type: AWS::EC2::SecurityGroup, Properties: { GroupDescription: g, SecurityGroupIngress: [{ FromPort: 1 }] } } }",
            "error[VPC028] 1:108 an item of `SecurityGroupIngress` needs the property `IpProtocol`",
        ),
        (
            "Resources: { V: { Type: AWS::EC2::VPC, Properties: { Tags: [{ Key: a, Valeu: b, Value: c }] } } }",
            "warning[VPC102] 1:71 an item of `Tags` has no property `Valeu`; it is accepted and does nothing (did you mean `Value`?)",
        ),
        (
            "Resources: { V: { Type: AWS::EC2::InternetGateway, DependsOn: W } }",
            "error[VPC021] 1:63 no resource named `W` (did you mean `V`?)",
        ),
        (
            "Resources: { V: { Type: AWS::EC2::InternetGateway, DependsOn: V } }",
            "error[VPC024] 1:63 `V` depends on itself\nerror[VPC024] 1:63 resources depend on each other in a circle: V → V",
        ),
        (
            "Resources: { V: { Type: AWS::EC2::InternetGateway, Condition: C } }",
            "error[VPC021] 1:63 no condition named `C`",
        ),
        (
            "Conditions: { C: !Equals [!Ref V, a] }\nResources: { V: { Type: AWS::EC2::InternetGateway } }",
            "error[VPC021] 1:32 `V` is a resource, and conditions can use only parameters",
        ),
        (
            "Conditions: { C: !Ref AWS::Region }\nResources: { V: { Type: AWS::EC2::InternetGateway } }",
            "error[VPC022] 1:18 a condition is made of `Equals`, `And`, `Or`, `Not` and `Condition`",
        ),
        (
            "Conditions: { C: !Condition D, D: !Not [!Condition C] }\nResources: { V: { Type: AWS::EC2::InternetGateway } }",
            "error[VPC024] 1:29 conditions depend on each other in a circle: C → D → C",
        ),
        (
            "Parameters: { P: { Type: Sting } }\nResources: { V: { Type: AWS::EC2::InternetGateway } }",
            "error[VPC014] 1:26 the text `Sting` is not a parameter type (did you mean `String`?)",
        ),
        (
            "Parameters: { P: { Default: a } }\nResources: { V: { Type: AWS::EC2::InternetGateway } }",
            "error[VPC014] 1:15 the parameter `P` has no `Type`",
        ),
        (
            "Parameters: { P: { Type: Number, Default: a } }\nResources: { V: { Type: AWS::EC2::InternetGateway } }",
            "error[VPC014] 1:43 the default of `P` must be a number, not `a`",
        ),
        (
            "Mappings: { M: { a: { b: { c: d } } } }\nResources: { V: { Type: AWS::EC2::InternetGateway } }",
            "error[VPC012] 1:26 a mapping's value is a text or a list of texts, not a map",
        ),
        (
            "Resources: { V: { Type: AWS::EC2::InternetGateway } }\nOutputs: { O: { Valeu: a } }",
            "error[VPC012] 2:12 the output `O` has no `Value`\nerror[VPC012] 2:17 an output has no `Valeu` (did you mean `Value`?)",
        ),
        (
            "Rules: {}\nResources: { V: { Type: AWS::EC2::InternetGateway } }",
            "warning[VPC105] 1:1 `Rules` are accepted and not checked",
        ),
    ] {
        let found = check(text);
        if found != expected {
            wrong.push(format!("{text}\n   {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn all_mistakes_are_shown_at_once() {
    let text = "\
Resources:
  Net:
    Type: AWS::EC2::Subnet
    Properties:
      VpcId: !Ref Vcp
      CidrBlock: !Jion ['', [10.0.0.0, /24]]
      MapPublicIpOnLaunch: sometimes
  Vpc:
    Type: AWS::EC2::VPC
    Properties: { CidrBlock: 10.0.0.0/16 }
Output: {}
";
    let mut sources = Sources::default();
    let file = sources.add("lab/template.yaml", text);
    let (template, problems) = Template::parse(&sources, file);
    assert!(template.is_none());
    assert_eq!(
        rendered(&sources, &problems),
        "\
error[VPC021]: no parameter or resource named `Vcp`
 --> lab/template.yaml:5:19
  |
5 |       VpcId: !Ref Vcp
  |                   ^^^
  |
help: did you mean `Vpc`?

error[VPC020]: `!Jion` is not a CloudFormation function
 --> lab/template.yaml:6:18
  |
6 |       CidrBlock: !Jion ['', [10.0.0.0, /24]]
  |                  ^^^^^
  |
help: did you mean `!Join`?

error[VPC029]: `MapPublicIpOnLaunch` takes `true` or `false`, not `sometimes`
 --> lab/template.yaml:7:28
  |
7 |       MapPublicIpOnLaunch: sometimes
  |                            ^^^^^^^^^

error[VPC011]: a template has no section `Output`
  --> lab/template.yaml:11:1
   |
11 | Output: {}
   | ^^^^^^
   |
help: did you mean `Outputs`?"
    );
}

#[test]
fn a_circle_is_shown_with_its_whole_path() {
    let text = "\
Resources:
  A:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: a
      SecurityGroupIngress:
        - { IpProtocol: tcp, FromPort: 1, ToPort: 1, SourceSecurityGroupId: !Ref B }
  B:
    Type: AWS::EC2::SecurityGroup
    DependsOn: C
    Properties: { GroupDescription: b }
  C:
    Type: AWS::EC2::SecurityGroup
    Properties: { GroupDescription: !Sub 'like ${A.GroupId}' }
";
    let mut sources = Sources::default();
    let file = sources.add("template.yaml", text);
    let (_, problems) = Template::parse(&sources, file);
    assert_eq!(
        rendered(&sources, &problems),
        "\
error[VPC024]: resources depend on each other in a circle: A → B → C → A
  --> template.yaml:7:82
   |
 7 |         - { IpProtocol: tcp, FromPort: 1, ToPort: 1, SourceSecurityGroupId: !Ref B }
   |                                                                                  ^ `A` needs `B`
...
10 |     DependsOn: C
   |                - `B` needs `C`
...
14 |     Properties: { GroupDescription: !Sub 'like ${A.GroupId}' }
   |                                                  --------- `C` needs `A`"
    );
}

#[test]
fn a_wrong_value_points_at_both_files() {
    let mut sources = Sources::default();
    let template = "Parameters: { Size: { Type: Number } }\nResources: { V: { Type: AWS::EC2::InternetGateway } }\n";
    let file = sources.add("template.yaml", template);
    let scenario = sources.add("scenario.yaml", "parameters:\n  Size: big\n  Sise: 1\n");
    let place = |start, end| Some(Span::new(scenario, start, end));
    let given = |name: &str, value: &str, name_span, value_span| GivenParameter {
        name: name.to_owned(),
        value: value.to_owned(),
        name_span,
        value_span,
    };
    let parameters =
        vec![given("Size", "big", place(14, 18), place(20, 23)), given("Sise", "1", place(26, 30), place(32, 33))];
    let (template, _) = Template::parse(&sources, file);
    let template = template.expect("it has no error of its own");
    let config = StackConfig { parameters, ..config(&[]) };
    let (stack, problems) = deploy(&sources, template, &config, &mut Exports::default(), &mut Recorder::default());
    assert!(stack.resources.is_empty());
    assert_eq!(
        rendered(&sources, &problems),
        "\
error[VPC017]: the template of stack `lab` has no parameter `Sise`
 --> scenario.yaml:3:3
  |
3 |   Sise: 1
  |   ^^^^
  |
help: did you mean `Size`?

error[VPC016]: the parameter `Size` must be a number, not `big`
 --> scenario.yaml:2:9
  |
2 |   Size: big
  |         ^^^
  |
 ::: template.yaml:1:15
  |
1 | Parameters: { Size: { Type: Number } }
  |               ---- declared here"
    );
}

const LAB: &str = include_str!("peering_lab.yaml");

/// What happens to a text that somebody sends us: read, checked, deployed if possible, and every problem shown.
fn try_all(text: &str) {
    let mut sources = Sources::default();
    let file = sources.add("template.yaml", text);
    let (template, mut problems) = Template::parse(&sources, file);
    if let Some(template) = template {
        problems.extend(
            deploy(&sources, template, &config(&[("KeyName", "k")]), &mut Exports::default(), &mut Recorder::default())
                .1,
        );
    }
    for problem in problems {
        problem.render(&sources, Colour::Never);
    }
}

#[test]
fn a_template_cut_anywhere_does_not_panic() {
    for end in (0..LAB.len()).filter(|&end| LAB.is_char_boundary(end)).step_by(7) {
        try_all(&LAB[..end]);
    }
}

#[test]
fn the_deepest_template_that_is_read_can_be_deployed() {
    for (open, close) in [("!Join ['', [", "]]"), ("{ 'Fn::Base64': ", "}"), ("!If [C, 1, ", "]"), ("[", "]")] {
        for depth in [40, 90, 200] {
            let value = format!("{}x{}", open.repeat(depth), close.repeat(depth));
            try_all(&format!(
                "Conditions: {{ C: !Equals [1, 2] }}\nResources: {{ V: {{ Type: AWS::EC2::VPC, Properties: {{ CidrBlock: {value} }} }} }}\n"
            ));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_template_changed_anywhere_does_not_panic(
        at in 0..LAB.len(),
        removed in 0..40_usize,
        inserted in "(!Ref |!Sub |!GetAtt |!If |!Cidr |Fn::|\\$\\{|[-\\[\\]{}:,'\"&*#! \n\t~0-9A-Z서]){0,6}",
    ) {
        let start = LAB.floor_char_boundary(at);
        let end = LAB.floor_char_boundary((start + removed).min(LAB.len()));
        try_all(&format!("{}{inserted}{}", &LAB[..start], &LAB[end..]));
    }
}
