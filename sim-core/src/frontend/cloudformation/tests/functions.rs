//! What intrinsic functions evaluate to, and how a wrong call is refused.

use super::*;

/// The value of an output, or the problems.
fn value(expression: &str) -> String {
    let text = format!(
        "\
Parameters:
  Env: {{ Type: String, Default: prod }}
  Ports: {{ Type: CommaDelimitedList, Default: '80, 443' }}
  Size: {{ Type: Number, Default: 3 }}
  Ami: {{ Type: 'AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>', Default: {AMI_PARAMETER} }}
Mappings:
  Blocks: {{ prod: {{ vpc: 10.0.0.0/16, zones: [a, b] }}, test: {{ vpc: 10.1.0.0/16 }} }}
Conditions:
  IsProd: !Equals [!Ref Env, prod]
  IsTest: !Not [!Condition IsProd]
  Big: !And [!Condition IsProd, !Not [!Equals [!Ref Size, 3]]]
  Either: !Or [!Condition Big, {{ Condition: IsProd }}]
Resources:
  Vpc: {{ Type: AWS::EC2::VPC, Properties: {{ CidrBlock: 10.0.0.0/16 }} }}
  Web: {{ Type: AWS::EC2::Instance, Properties: {{ ImageId: !Ref Ami }} }}
  Eip: {{ Type: AWS::EC2::EIP }}
  Nlb: {{ Type: AWS::ElasticLoadBalancingV2::LoadBalancer }}
  Never: {{ Type: AWS::EC2::VPC, Condition: IsTest, Properties: {{ CidrBlock: 10.9.0.0/16 }} }}
Outputs:
  Result:
    Value: {expression}
"
    );
    let mut sources = Sources::default();
    let file = sources.add("template.yaml", text);
    let (template, problems) = Template::parse(&sources, file);
    let Some(template) = template else { return summary(&sources, &problems).replace("warning[VPC101]", "") };
    let (stack, problems) = deploy(&sources, template, &config(&[]), &mut Exports::default(), &mut Recorder::default());
    match stack.outputs.get("Result") {
        Some(output) => output.value.clone(),
        None => summary(&sources, &problems),
    }
}

#[test]
fn functions_give_what_cloudformation_gives() {
    for (expression, expected) in [
        ("!Ref Env", "prod"),
        ("{ Ref: Env }", "prod"),
        ("!Ref Ami", "ami-0123"),
        ("!Ref Vpc", "vpc-1"),
        ("!Ref Eip", "198.51.100.7"),
        ("!GetAtt Eip.AllocationId", "eipalloc-1"),
        ("!GetAtt Web.PrivateIp", "10.0.0.10"),
        ("!GetAtt [Web, PublicIp]", "198.51.100.20"),
        ("{ 'Fn::GetAtt': [Web, PrivateIp] }", "10.0.0.10"),
        ("{ 'Fn::GetAtt': Web.PrivateIp }", "10.0.0.10"),
        ("!Select [0, !GetAtt Vpc.Ipv6CidrBlocks]", "2001:db8::/56"),
        ("!Sub '${Env}-${Vpc}-${Web.PrivateIp}'", "prod-vpc-1-10.0.0.10"),
        ("!Sub '${!Env} $Env $$ ${'", "${Env} $Env $$ ${"),
        ("!Sub ['${X}/${Env}', { X: !Ref Size }]", "3/prod"),
        ("{ 'Fn::Sub': 'at ${AWS::Region}' }", "at ap-northeast-2"),
        ("!Sub '${Ports}'", "80,443"),
        ("!Join ['', [a, !Ref Env, c]]", "aprodc"),
        ("!Join [':', !Ref Ports]", "80:443"),
        ("!Join ['-', [a, !Ref AWS::NoValue, b]]", "a-b"),
        ("!Select [1, !Ref Ports]", "443"),
        ("!Select ['1', [a, b]]", "b"),
        ("!Select [2, !Split ['.', a.b.c]]", "c"),
        ("!Join ['|', !Split [',', 'a,,b']]", "a||b"),
        ("!Join [',', !GetAZs '']", "ap-northeast-2a,ap-northeast-2b,ap-northeast-2c,ap-northeast-2d"),
        ("!Select [0, !GetAZs { Ref: 'AWS::Region' }]", "ap-northeast-2a"),
        ("!Select [1, !GetAZs us-west-1]", "us-west-1c"),
        ("!FindInMap [Blocks, !Ref Env, vpc]", "10.0.0.0/16"),
        ("!Select [1, !FindInMap [Blocks, prod, zones]]", "b"),
        ("!FindInMap [Blocks, test, zones, { DefaultValue: none }]", "none"),
        ("!Base64 abc", "YWJj"),
        ("!Base64 ab", "YWI="),
        ("!Base64 a", "YQ=="),
        ("!Base64 ''", ""),
        ("!Join [' ', !Cidr [10.0.0.0/16, 3, 8]]", "10.0.0.0/24 10.0.1.0/24 10.0.2.0/24"),
        ("!Select [2, !Cidr [!GetAtt Vpc.CidrBlock, 4, 6]]", "10.0.0.128/26"),
        ("!Select [1, !Cidr ['2001:db8::/56', 2, 64]]", "2001:db8:0:1::/64"),
        ("!If [IsProd, yes-it-is, !Ref Env]", "yes-it-is"),
        ("!If [IsTest, a, b]", "b"),
        ("!If [Big, a, b]", "b"),
        ("!If [Either, a, b]", "a"),
        ("!If [IsProd, ok, !Select [9, [a]]]", "ok"),
        ("!Ref AWS::AccountId", "123456789012"),
        ("!Ref AWS::StackName", "lab"),
        ("!Ref AWS::Partition", "aws"),
        ("!Ref AWS::URLSuffix", "amazonaws.com"),
        // What is not simulated is named by a placeholder.
        ("!GetAtt Nlb.DNSName", "Nlb.DNSName"),
        ("!Sub 'http://${Nlb.DNSName}/'", "http://Nlb.DNSName/"),
    ] {
        assert_eq!(value(expression), expected, "{expression}");
    }
}

#[test]
fn a_function_without_a_result_says_why() {
    let mut wrong = Vec::new();
    for (expression, expected) in [
        ("!Select [2, [a, b]]", "error[VPC025] 21:21 the list has 2 items, so there is no 2"),
        ("!Select [x, [a, b]]", "error[VPC022] 21:21 the index of `Fn::Select` is a whole number from 0, not `x`"),
        (
            "!FindInMap [Blocks, stage, vpc]",
            "error[VPC025] 21:32 there is no key `stage` for `Blocks.stage.vpc` under `Mappings`",
        ),
        (
            "!FindInMap [Blocks, prod, igw]",
            "error[VPC025] 21:38 there is no key `igw` for `Blocks.prod.igw` under `Mappings`",
        ),
        ("!Select [0, !Cidr [10.0.0.0/24, 4, 8]]", "error[VPC025] 21:24 4 blocks of /24 do not fit into 10.0.0.0/24"),
        ("!Select [0, !Cidr [10.0.0.0/24, 4, 33]]", "error[VPC022] 21:47 expected a number from 1 to 31, not `33`"),
        (
            "!Select [0, !Cidr [nonsense, 4, 8]]",
            "error[VPC022] 21:31 `Fn::Cidr` takes an address block, not `nonsense`",
        ),
        ("!Select [0, !GetAZs mars-1]", "error[VPC025] 21:32 `mars-1` is not an AWS Region that vpcsim knows"),
        ("!Ref Ports", "error[VPC012] 21:12 the output `Result` must be a text, not a list"),
        ("!Ref Never", "error[VPC021] 21:17 `Never` is not created, because its condition `IsTest` is false"),
    ] {
        let found = value(expression);
        if found != expected {
            wrong.push(format!("{expression}\n   {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_wrong_call_is_refused_at_its_place() {
    let mut wrong = Vec::new();
    for (expression, expected) in [
        ("!Ref", "error[VPC022] 21:12 `!Ref` takes a name, not nothing"),
        ("!Ref [a]", "error[VPC022] 21:17 `!Ref` takes a name, not a list of the text `a`"),
        (
            "!GetAtt Web",
            "error[VPC022] 21:20 `!GetAtt` takes `Resource.Attribute`, or a list of the two, not the text `Web`",
        ),
        (
            "!Join [',']",
            "error[VPC022] 21:18 `!Join` takes a delimiter and a list of values, not a list of the text `,`",
        ),
        (
            "!Join [',', text]",
            "error[VPC022] 21:18 `!Join` takes a delimiter and a list of values, not a list of the text `,`, the text `text`",
        ),
        ("!Select [0]", "error[VPC022] 21:20 `!Select` takes an index and a list, not a list of the number `0`"),
        (
            "!Split ['', a]",
            "error[VPC022] 21:19 `!Split` takes a delimiter and a text, not a list of an empty text, the text `a`",
        ),
        (
            "!If [IsProd, a]",
            "error[VPC022] 21:16 `!If` takes a condition's name, a value if it is true and one if it is false, not a list of the text `IsProd`, the text `a`",
        ),
        (
            "!FindInMap [Blocks]",
            "error[VPC022] 21:23 `!FindInMap` takes the names of a mapping, a key of it and a key below that, not a list of the text `Blocks`",
        ),
        (
            "!Sub '${Env Name}'",
            "error[VPC022] 21:20 `${Env Name}` does not name anything (to keep it as it is, as in a shell script, write `${!Env Name}`)",
        ),
        ("{ Ref: Env, Other: x }", "error[VPC022] 21:14 `Ref` must be the only key of its map"),
        ("!Rf Env", "error[VPC020] 21:12 `!Rf` is not a CloudFormation function (did you mean `!Ref`?)"),
        (
            "{ 'Fn::GetAz': '' }",
            "error[VPC020] 21:14 `Fn::GetAz` is not a CloudFormation function (did you mean `Fn::GetAZs`?)",
        ),
        ("!Banana x", "error[VPC020] 21:12 `!Banana` is not a CloudFormation function"),
        (
            "!Equals [a, b]",
            "error[VPC020] 21:12 `!Equals` can be used only under `Conditions` (name the condition there, and choose by it with `!If [Name, value, other]`)",
        ),
        (
            "!ImportValue net",
            "error[VPC030] 21:25 No export named net found (another stack of the same account and Region must have an output with this `Export`)",
        ),
        (
            "!Transform { Name: x }",
            "error[VPC013] 21:12 `!Transform` is not supported by vpcsim (write out what it stands for)",
        ),
        ("!If [IsPrd, a, b]", "error[VPC021] 21:17 no condition named `IsPrd` (did you mean `IsProd`?)"),
        ("!Ref Vcp", "error[VPC021] 21:17 no parameter or resource named `Vcp` (did you mean `Vpc`?)"),
        ("!Ref AWS::Regin", "error[VPC021] 21:17 no pseudo parameter named `AWS::Regin` (did you mean `AWS::Region`?)"),
        ("!Sub 'x ${Wob.PrivateIp}'", "error[VPC021] 21:22 no resource named `Wob` (did you mean `Web`?)"),
        (
            "!GetAtt Web.PrivateIP4",
            "error[VPC023] 21:24 AWS::EC2::Instance has no attribute `PrivateIP4` (did you mean `PrivateIp`?)",
        ),
        ("!FindInMap [Block, a, b]", "error[VPC021] 21:24 no mapping named `Block` (did you mean `Blocks`?)"),
        ("~", "error[VPC033] 21:12 a value is missing here (`!Ref AWS::NoValue` leaves a property out)"),
    ] {
        let found = value(expression);
        let errors: Vec<&str> = found.lines().filter(|line| line.starts_with("error")).collect();
        if errors != [expected] {
            wrong.push(format!("{expression}\n   {}", errors.join("\n   ")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
