//! Which requests a template becomes, and what AWS's refusals look like.

use super::*;

/// Two VPCs side by side, as the peering lab has them, with one of every simulated type.
const PEERING_LAB: &str = include_str!("peering_lab.yaml");

/// Each line: the line of the template that is the request's origin, the operation, its parameters.
const PEERING_LAB_REQUESTS: &str = r#" 32 CreateVpc {"CidrBlock":"10.41.0.0/16"}
 36 ModifyVpcAttribute {"VpcId":"vpc-1","EnableDnsSupport":{"Value":true}}
 37 ModifyVpcAttribute {"VpcId":"vpc-1","EnableDnsHostnames":{"Value":true}}
 41 CreateInternetGateway {}
 43 AttachInternetGateway {"InternetGatewayId":"igw-1","VpcId":"vpc-1"}
 48 CreateRouteTable {"VpcId":"vpc-1"}
 53 CreateRoute {"RouteTableId":"rtb-1","DestinationCidrBlock":"0.0.0.0/0","GatewayId":"igw-1"}
 60 CreateSubnet {"VpcId":"vpc-1","CidrBlock":"10.41.1.0/24","AvailabilityZone":"ap-northeast-2a"}
 66 ModifySubnetAttribute {"SubnetId":"subnet-1","MapPublicIpOnLaunch":{"Value":false}}
 67 AssociateRouteTable {"RouteTableId":"rtb-1","SubnetId":"subnet-1"}
 72 CreateSecurityGroup {"VpcId":"vpc-1","GroupName":"lab-WebGroup","Description":"web"}
 78 AuthorizeSecurityGroupIngress {"GroupId":"sg-1","IpPermissions":[{"IpProtocol":"tcp","FromPort":22,"ToPort":22,"IpRanges":[{"CidrIp":"0.0.0.0/0"}]}]}
 82 AuthorizeSecurityGroupIngress {"GroupId":"sg-1","IpPermissions":[{"IpProtocol":"icmp","FromPort":-1,"ToPort":-1,"IpRanges":[{"CidrIp":"0.0.0.0/0","Description":"ping"}]}]}
 84 RevokeSecurityGroupEgress {"GroupId":"sg-1","IpPermissions":[{"IpProtocol":"-1","IpRanges":[{"CidrIp":"0.0.0.0/0"}]}]}
 84 AuthorizeSecurityGroupEgress {"GroupId":"sg-1","IpPermissions":[{"IpProtocol":"-1","Ipv6Ranges":[{"CidrIpv6":"::/0"}]}]}
 13 RunInstances {"ImageId":"ami-0123","InstanceType":"t2.micro","KeyName":"lab","MinCount":1,"MaxCount":1,"UserData":"IyEvYmluL2Jhc2gKZWNobyBhcC1ub3J0aGVhc3QtMgo=","NetworkInterfaces":[{"DeviceIndex":0,"AssociatePublicIpAddress":true,"Groups":["sg-1"],"PrivateIpAddress":"10.41.1.100","SubnetId":"subnet-1"}]}
    settle
 86 AuthorizeSecurityGroupIngress {"GroupId":"sg-1","IpPermissions":[{"IpProtocol":"tcp","FromPort":80,"ToPort":80,"UserIdGroupPairs":[{"GroupId":"sg-1"}]}]}
 94 CreateVpc {"CidrBlock":"10.42.0.0/16"}
 98 CreateVpcPeeringConnection {"VpcId":"vpc-1","PeerVpcId":"vpc-2"}
    settle
 98 AcceptVpcPeeringConnection {"VpcPeeringConnectionId":"pcx-1"}
    settle
103 CreateRoute {"RouteTableId":"rtb-1","DestinationCidrBlock":"10.0.0.0/16","VpcPeeringConnectionId":"pcx-1"}
109 AllocateAddress {"Domain":"vpc"}
113 AssociateAddress {"AllocationId":"eipalloc-1","InstanceId":"i-1"}
114 CreateNetworkAcl {"VpcId":"vpc-1"}
118 CreateNetworkAclEntry {"NetworkAclId":"acl-1","RuleNumber":100,"RuleAction":"allow","CidrBlock":"0.0.0.0/0","PortRange":{"From":80,"To":80},"Protocol":"6","Egress":false}
127 ReplaceNetworkAclAssociation {"NetworkAclId":"acl-1","AssociationId":"aclassoc-0"}
132 CreateNetworkInterface {"SubnetId":"subnet-1","Groups":["sg-1"]}
137 ModifyNetworkInterfaceAttribute {"NetworkInterfaceId":"eni-1","SourceDestCheck":{"Value":false}}
138 AttachNetworkInterface {"DeviceIndex":1,"InstanceId":"i-1","NetworkInterfaceId":"eni-1"}"#;

#[test]
fn a_lab_becomes_requests_in_order_of_need_then_of_writing() {
    let mut recorder = Recorder::default();
    let (stack, problems) = deployed(PEERING_LAB, &[("KeyName", "lab")], &mut recorder);
    assert_eq!(problems, "");
    assert_eq!(recorder.lines.join("\n"), PEERING_LAB_REQUESTS);
    assert_eq!(stack.outputs["Web"], "http://198.51.100.20/");
    for (logical_id, physical_id) in [
        ("Vpc1", "vpc-1"),
        ("Default1", "rtb-1|0.0.0.0/0"),
        ("FromItself", "sgr-4"),
        ("Address", "198.51.100.7"),
        ("AclIn", "acl-1|100|ingress"),
    ] {
        assert_eq!(stack.resources[logical_id].physical_id, physical_id);
    }
    assert_eq!(stack.attribute(&mut recorder, "Instance1", "PrivateIp").as_deref(), Some("10.0.0.10"));
    assert_eq!(stack.attribute(&mut recorder, "Address", "AllocationId").as_deref(), Some("eipalloc-1"));
    assert_eq!(stack.attribute(&mut recorder, "Default1", "CidrBlock").as_deref(), Some("0.0.0.0/0"));
    assert_eq!(stack.attribute(&mut recorder, "Igw1Attachment", "AttachmentType").as_deref(), Some("IGW"));
    assert_eq!(
        stack.attribute(&mut recorder, "Interface", "SecondaryPrivateIpAddresses").as_deref(),
        Some("10.0.0.5,10.0.0.6")
    );
    assert_eq!(stack.attribute(&mut recorder, "Instance1", "PublicDnsName"), None);
    assert_eq!(stack.attribute(&mut recorder, "Nobody", "PrivateIp"), None);
    // The first line of the script, so that a remark about the script can name a line of the template.
    let script = stack.resources["Instance1"].user_data.expect("it has user data");
    assert!(PEERING_LAB[script.start()..].starts_with("#!/bin/bash"));
    assert!(stack.resources["Instance1"].attribute_names().contains(&"PublicIp"));
}

#[test]
fn json_and_carriage_returns_deploy_alike() {
    let json = r#"{
	"Resources": {
		"Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": {"Fn::Join": ["/", ["10.0.0.0", 16]]}}},
		"Net": {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.0.0.0/24"}}
	}
}"#;
    let yaml = "Resources:\r\n\r\n  Vpc:\r\n    Type: AWS::EC2::VPC\r\n    Properties: { CidrBlock: !Join [/, [10.0.0.0, 16]] }\r\n  Net:\r\n    Type: AWS::EC2::Subnet\r\n    Properties: { VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24 }\r\n";
    let mut requests = Vec::new();
    for text in [json, yaml] {
        let mut recorder = Recorder::default();
        let (_, problems) = deployed(text, &[], &mut recorder);
        assert_eq!(problems, "");
        requests.push(recorder.lines.iter().map(|line| line[4..].to_owned()).collect::<Vec<_>>());
    }
    assert_eq!(requests[0], requests[1]);
    assert_eq!(requests[0][0], r#"CreateVpc {"CidrBlock":"10.0.0.0/16"}"#);
}

#[test]
fn resources_carry_their_own_tags_and_the_stack_s() {
    let mut recorder = Recorder::default();
    let text = "Resources: { V: { Type: AWS::EC2::VPC, Properties: { CidrBlock: 10.0.0.0/16, Tags: [{ Key: Name, Value: 7 }] } } }";
    let (stack, _) = deployed(text, &[], &mut recorder);
    assert_eq!(
        recorder.tags,
        [json!([{ "ResourceType": "vpc", "Tags": [
            { "Key": "Name", "Value": "7" },
            { "Key": "aws:cloudformation:stack-name", "Value": "lab" },
            { "Key": "aws:cloudformation:stack-id", "Value": stack.id },
            { "Key": "aws:cloudformation:logical-id", "Value": "V" },
        ] }])]
    );
    assert!(stack.id.starts_with("arn:aws:cloudformation:ap-northeast-2:123456789012:stack/lab/"), "{}", stack.id);
}

#[test]
fn a_group_without_egress_rules_keeps_the_default_sg_3() {
    for (egress, revoked) in [
        ("", false),
        (", SecurityGroupEgress: [{ IpProtocol: tcp, FromPort: 80, ToPort: 80, CidrIp: 10.0.0.0/8 }]", true),
    ] {
        let mut recorder = Recorder::default();
        let text = format!(
            "Resources: {{ G: {{ Type: AWS::EC2::SecurityGroup, Properties: {{ GroupDescription: g{egress} }} }} }}"
        );
        deployed(&text, &[], &mut recorder);
        let found = recorder.lines.iter().any(|line| line.contains("RevokeSecurityGroupEgress"));
        assert_eq!(found, revoked, "{egress}");
    }
}

#[test]
fn a_peering_accepts_itself_in_one_account_pcx_5() {
    let peering = |more: &str| {
        let mut recorder = Recorder::default();
        let text = format!(
            "Resources: {{ P: {{ Type: AWS::EC2::VPCPeeringConnection, Properties: {{ VpcId: vpc-a, PeerVpcId: vpc-b{more} }} }} }}"
        );
        let (_, problems) = deployed(&text, &[], &mut recorder);
        assert_eq!(problems, "");
        recorder.lines.into_iter().filter(|line| line.contains("Accept")).collect::<Vec<_>>()
    };
    let accepted = r#"AcceptVpcPeeringConnection {"VpcPeeringConnectionId":"pcx-1"}"#;
    assert_eq!(peering(""), [format!("  1 {accepted}")]);
    assert_eq!(peering(", PeerOwnerId: '123456789012'"), [format!("  1 {accepted}")]);
    assert_eq!(peering(", PeerRegion: us-east-1"), [format!("  1 123456789012 us-east-1 {accepted}")]);
    assert!(peering(", PeerOwnerId: '222222222222'").is_empty());
    assert_eq!(
        peering(", PeerOwnerId: '222222222222', PeerRoleArn: 'arn:aws:iam::222222222222:role/x'"),
        [format!("  1 222222222222 ap-northeast-2 {accepted}")]
    );
}

#[test]
fn what_is_not_simulated_is_named_and_takes_along_only_what_needs_it() {
    let text = "\
Resources:
  Hub:
    Type: AWS::EC2::TransitGateway
    Properties: { SubnetId: !Ref Net }
  Net:
    Type: AWS::EC2::Subnet
    Properties: { VpcId: vpc-a, CidrBlock: 10.0.0.0/24 }
  Private:
    Type: AWS::EC2::Route
    Properties: { RouteTableId: rtb-a, DestinationCidrBlock: 0.0.0.0/0, TransitGatewayId: !Ref Hub }
  Web:
    Type: AWS::EC2::Instance
    DependsOn: Hub
    Properties:
      SubnetId: !Ref Net
      IamInstanceProfile: !Ref Role
      UserData: !Base64 { 'Fn::Sub': '${Role.Arn}' }
      Tags: [{ Key: via, Value: !Ref Hub }]
  Role: { Type: AWS::IAM::InstanceProfile }
  Odd: { Type: AWS::EC2::Vpc }
";
    assert_eq!(
        check(text),
        "\
warning[VPC101] 3:11 AWS::EC2::TransitGateway is not simulated; `Hub` is accepted and does nothing
warning[VPC101] 19:17 AWS::IAM::InstanceProfile is not simulated; `Role` is accepted and does nothing
warning[VPC101] 20:16 AWS::EC2::Vpc is not simulated; `Odd` is accepted and does nothing (did you mean `AWS::EC2::VPC`?)"
    );
    let mut recorder = Recorder::default();
    let (stack, problems) = deployed(text, &[], &mut recorder);
    assert_eq!(
        problems,
        "warning[VPC104] 10:73 `Private` is not created: its `TransitGatewayId` comes from `Hub` (AWS::EC2::TransitGateway), which is not simulated"
    );
    assert_eq!(stack.resources.keys().collect::<Vec<_>>(), ["Net", "Web"]);
    assert_eq!(stack.left_out.keys().collect::<Vec<_>>(), ["Hub", "Private", "Role", "Odd"]);
}

#[test]
fn a_refusal_of_aws_stands_under_the_line_that_caused_it() {
    let text = "\
Resources:
  Vpc:
    Type: AWS::EC2::VPC
    Properties: { CidrBlock: 10.0.0.0/16 }
  Net:
    Type: AWS::EC2::Subnet
    Properties:
      VpcId: !Ref Vpc
      CidrBlock: 10.1.0.0/24
  Web:
    Type: AWS::EC2::Instance
    Properties: { SubnetId: !Ref Net }
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: g
      SecurityGroupIngress:
        - { IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 0.0.0.0/0 }
        - { IpProtocol: tcp, FromPort: 90, ToPort: 80, CidrIp: 0.0.0.0/0 }
Outputs:
  Ip: { Value: !GetAtt Web.PrivateIp }
  Id: { Value: !Ref Vpc }
";
    let mut sources = Sources::default();
    let file = sources.add("template.yaml", text);
    let (template, _) = Template::parse(&sources, file);
    let refusals = vec![
        ("CreateSubnet", "10.1.0.0", ApiError::new("InvalidSubnet.Range", "The CIDR '10.1.0.0/24' is invalid.")),
        (
            "AuthorizeSecurityGroupIngress",
            "90",
            ApiError::new("InvalidParameterValue", "Invalid TCP port range (90-80)"),
        ),
    ];
    let mut recorder = Recorder { refusals, ..Recorder::default() };
    let (stack, problems) =
        deploy(&sources, template.expect("it has no error of its own"), &config(&[]), &mut recorder);
    assert_eq!(
        rendered(&sources, &problems),
        "\
error[VPC030]: AWS refuses `Net` (AWS::EC2::Subnet): The CIDR '10.1.0.0/24' is invalid.
 --> template.yaml:9:18
  |
9 |       CidrBlock: 10.1.0.0/24
  |                  ^^^^^^^^^^^ InvalidSubnet.Range
  |
help: a subnet's block is a /16 to a /28 that lies inside one of its VPC's blocks

error[VPC030]: AWS refuses `Group` (AWS::EC2::SecurityGroup): Invalid TCP port range (90-80)
  --> template.yaml:19:11
   |
19 |         - { IpProtocol: tcp, FromPort: 90, ToPort: 80, CidrIp: 0.0.0.0/0 }
   |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ InvalidParameterValue"
    );
    assert_eq!(stack.resources.keys().collect::<Vec<_>>(), ["Vpc"]);
    assert_eq!(stack.outputs.keys().collect::<Vec<_>>(), ["Id"]);
}

#[test]
fn conditions_leave_resources_and_outputs_out() {
    let text = "\
Parameters: { Two: { Type: String, Default: 'no', AllowedValues: ['yes', 'no'] } }
Conditions: { Second: !Condition Wanted, Wanted: !Equals [!Ref Two, 'yes'] }
Resources:
  A: { Type: AWS::EC2::VPC, Properties: { CidrBlock: 10.0.0.0/16 } }
  B: { Type: AWS::EC2::VPC, Condition: Second, DependsOn: A, Properties: { CidrBlock: 10.1.0.0/16 } }
Outputs:
  B: { Condition: Second, Value: !Ref B }
";
    for (two, expected) in [("yes", &["A", "B"][..]), ("no", &["A"])] {
        let (stack, problems) = deployed(text, &[("Two", two)], &mut Recorder::default());
        assert_eq!(problems, "");
        assert_eq!(stack.resources.keys().collect::<Vec<_>>(), expected);
        assert_eq!(stack.outputs.len(), expected.len() - 1);
    }
}

#[test]
fn parameters_are_held_to_their_constraints() {
    let text = "\
Parameters:
  Key: { Type: 'AWS::EC2::KeyPair::KeyName' }
  Size: { Type: Number, Default: 2, MinValue: 1, MaxValue: 4 }
  Env: { Type: String, Default: prod, AllowedValues: [prod, test], ConstraintDescription: prod or test }
  Block: { Type: String, Default: 10.0.0.0/16, AllowedPattern: '[0-9./]+', MaxLength: 12 }
  Ids: { Type: 'List<AWS::EC2::Subnet::Id>', Default: 'subnet-a,subnet-b' }
  Ami: { Type: 'AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>', Default: /aws/service/ami-amazon-linux-latest/amzn2-ami-hvm-x86_64-gp2 }
Resources:
  Vpc: { Type: AWS::EC2::VPC, Properties: { CidrBlock: !Ref Block } }
";
    for (given, expected) in [
        (&[("Key", "any-name")][..], ""),
        (&[("Key", "k"), ("Size", "4"), ("Env", "test")], ""),
        (
            &[],
            "error[VPC015] 2:3 the parameter `Key` of stack `lab` has no default, and no value is given (give it one under the stack's `parameters`, as in `{ Key: … }`)",
        ),
        (&[("Key", "k"), ("Size", "5")], "error[VPC016] - the parameter `Size` is more than `MaxValue`: `5`"),
        (&[("Key", "k"), ("Size", "0")], "error[VPC016] - the parameter `Size` is less than `MinValue`: `0`"),
        (&[("Key", "k"), ("Size", "two")], "error[VPC016] - the parameter `Size` must be a number, not `two`"),
        (
            &[("Key", "k"), ("Env", "Prod")],
            "error[VPC016] - the parameter `Env` must be one of `prod` or `test`, not `Prod` (prod or test)",
        ),
        (
            &[("Key", "k"), ("Block", "10.0.0.0/16x")],
            "error[VPC016] - the parameter `Block` must match the pattern `[0-9./]+`, not be `10.0.0.0/16x`",
        ),
        (
            &[("Key", "k"), ("Block", "100.100.0.0/16")],
            "error[VPC016] - the parameter `Block` is longer than `MaxLength`: `100.100.0.0/16`",
        ),
        (
            &[("Key", "k"), ("Ami", "/aws/none")],
            "error[VPC016] - the parameter `Ami` names no SSM parameter of ap-northeast-2 that vpcsim knows: `/aws/none`",
        ),
        (
            &[("Key", "k"), ("Sise", "1")],
            "error[VPC017] - the template of stack `lab` has no parameter `Sise` (did you mean `Size`?)",
        ),
    ] {
        let (_, problems) = deployed(text, given, &mut Recorder::default());
        assert_eq!(problems, expected, "{given:?}");
    }
}

#[test]
fn an_attribute_that_cannot_be_read_is_said_so() {
    let text = "Resources: { W: { Type: AWS::EC2::Instance } }\nOutputs: { Ip: { Value: !GetAtt W.PrivateIp } }\n";
    let refusals = vec![("DescribeInstances", "i-1", ApiError::new("InvalidInstanceID.NotFound", "no such instance"))];
    let (_, problems) = deployed(text, &[], &mut Recorder { refusals, ..Recorder::default() });
    assert_eq!(
        problems,
        "error[VPC030] 2:25 AWS refuses to describe `W`: (InvalidInstanceID.NotFound) no such instance"
    );
}

#[test]
fn endpoints_and_prefix_lists_become_requests_and_endpoints_of_other_types_are_left_out() {
    // GWE-1, GWE-13, SG-28, RT-19.
    let template = "Resources:
  Vpc: { Type: AWS::EC2::VPC, Properties: { CidrBlock: 10.0.0.0/16 } }
  Routes: { Type: AWS::EC2::RouteTable, Properties: { VpcId: !Ref Vpc } }
  Endpoint:
    Type: AWS::EC2::VPCEndpoint
    Properties:
      VpcId: !Ref Vpc
      ServiceName: !Sub com.amazonaws.${AWS::Region}.s3
      RouteTableIds: [!Ref Routes]
      PolicyDocument: { Version: '2012-10-17', Statement: [{ Effect: Allow, Principal: '*', Action: '*', Resource: '*' }] }
  Offices:
    Type: AWS::EC2::PrefixList
    Properties: { PrefixListName: offices, AddressFamily: IPv4, Entries: [{ Cidr: 198.51.100.0/24, Description: Seoul }] }
  ToOffices:
    Type: AWS::EC2::Route
    Properties: { RouteTableId: !Ref Routes, DestinationPrefixListId: !GetAtt Offices.PrefixListId, GatewayId: igw-1 }
  Tables:
    Type: AWS::EC2::VPCEndpoint
    Properties:
      VpcId: !Ref Vpc
      ServiceName: !Sub com.amazonaws.${AWS::Region}.dynamodb
      IpAddressType: dualstack
      DnsOptions: { DnsRecordIpType: service-defined }
  Private:
    Type: AWS::EC2::VPCEndpoint
    Properties: { VpcId: !Ref Vpc, ServiceName: !Sub 'com.amazonaws.${AWS::Region}.ssm', VpcEndpointType: Interface }
";
    let mut recorder = Recorder::default();
    let (stack, problems) = deployed(template, &[], &mut recorder);
    let told = check(template);
    assert!(told.contains("AWS::EC2::VPCEndpoint of the type Interface is not simulated"), "{told}");
    assert_eq!(problems, "");
    assert_eq!(stack.resources["Endpoint"].physical_id, "vpce-1");
    assert_eq!(stack.left_out["Private"], "AWS::EC2::VPCEndpoint");
    let requests: Vec<&str> = recorder.lines.iter().map(|line| line[4..].trim_start()).collect();
    for expected in [
        r#"CreateVpcEndpoint {"VpcId":"vpc-1","ServiceName":"com.amazonaws.ap-northeast-2.s3","RouteTableIds":["rtb-1"],"PolicyDocument":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"*\",\"Resource\":\"*\"}]}"}"#,
        r#"CreateVpcEndpoint {"VpcId":"vpc-1","ServiceName":"com.amazonaws.ap-northeast-2.dynamodb","IpAddressType":"dualstack","DnsOptions":{"DnsRecordIpType":"service-defined"}}"#,
        r#"CreateManagedPrefixList {"PrefixListName":"offices","AddressFamily":"IPv4","Entries":[{"Cidr":"198.51.100.0/24","Description":"Seoul"}],"MaxEntries":1}"#,
        r#"CreateRoute {"RouteTableId":"rtb-1","DestinationPrefixListId":"pl-1","GatewayId":"igw-1"}"#,
    ] {
        assert!(requests.contains(&expected), "{expected}\n{}", requests.join("\n"));
    }
}
