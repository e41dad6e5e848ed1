//! NAT gateways, egress-only gateways, what a dual-stack VPC is made of, and how its instances are named.

use super::*;

#[test]
fn a_nat_gateway_is_waited_for_before_its_routes_are_made_nat_16() {
    let text = "\
Resources:
  Address: { Type: AWS::EC2::EIP }
  Nat:
    Type: AWS::EC2::NatGateway
    Properties:
      SubnetId: subnet-a
      AllocationId: !GetAtt Address.AllocationId
      MaxDrainDurationSeconds: 60
  Default:
    Type: AWS::EC2::Route
    Properties: { RouteTableId: rtb-a, DestinationCidrBlock: 0.0.0.0/0, NatGatewayId: !Ref Nat }
";
    let mut recorder = Recorder::default();
    let (stack, problems) = deployed(text, &[], &mut recorder);
    assert_eq!(problems, "");
    assert_eq!(
        recorder.lines,
        [
            "  2 AllocateAddress {}",
            "  3 CreateNatGateway {\"SubnetId\":\"subnet-a\",\"AllocationId\":\"eipalloc-1\"}",
            "    wait 15 s",
            "  9 CreateRoute {\"RouteTableId\":\"rtb-a\",\"DestinationCidrBlock\":\"0.0.0.0/0\",\"NatGatewayId\":\"nat-1\"}",
        ]
    );
    assert_eq!(stack.attribute(&mut recorder, "Nat", "NatGatewayId").as_deref(), Some("nat-1"));
    assert_eq!(stack.attribute(&mut recorder, "Nat", "EniId").as_deref(), Some("eni-9"));
}

#[test]
fn a_dual_stack_vpc_is_built_from_a_template_eigw_1() {
    let text = "\
Resources:
  Vpc: { Type: AWS::EC2::VPC, Properties: { CidrBlock: 10.0.0.0/16 } }
  Block: { Type: AWS::EC2::VPCCidrBlock, Properties: { VpcId: !Ref Vpc, AmazonProvidedIpv6CidrBlock: true } }
  Net: { Type: AWS::EC2::Subnet, Properties: { VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24 } }
  NetBlock:
    Type: AWS::EC2::SubnetCidrBlock
    DependsOn: Block
    Properties:
      SubnetId: !Ref Net
      Ipv6CidrBlock: !Select [1, !Cidr [!Select [0, !GetAtt Vpc.Ipv6CidrBlocks], 2, 64]]
  Out: { Type: AWS::EC2::EgressOnlyInternetGateway, Properties: { VpcId: !Ref Vpc } }
  Default:
    Type: AWS::EC2::Route
    Properties: { RouteTableId: rtb-a, DestinationIpv6CidrBlock: '::/0', EgressOnlyInternetGatewayId: !Ref Out }
";
    let mut recorder = Recorder::default();
    let (stack, problems) = deployed(text, &[], &mut recorder);
    assert_eq!(problems, "");
    assert_eq!(
        recorder.lines,
        [
            "  2 CreateVpc {\"CidrBlock\":\"10.0.0.0/16\"}",
            "  3 AssociateVpcCidrBlock {\"VpcId\":\"vpc-1\",\"AmazonProvidedIpv6CidrBlock\":true}",
            "    settle",
            "  4 CreateSubnet {\"VpcId\":\"vpc-1\",\"CidrBlock\":\"10.0.0.0/24\"}",
            "  5 AssociateSubnetCidrBlock {\"SubnetId\":\"subnet-1\",\"Ipv6CidrBlock\":\"2001:db8:0:1::/64\"}",
            " 11 CreateEgressOnlyInternetGateway {\"VpcId\":\"vpc-1\"}",
            " 12 CreateRoute {\"RouteTableId\":\"rtb-a\",\"DestinationIpv6CidrBlock\":\"::/0\",\"EgressOnlyInternetGatewayId\":\"eigw-1\"}",
        ]
    );
    assert_eq!(stack.attribute(&mut recorder, "Out", "Id").as_deref(), Some("eigw-1"));
}

#[test]
fn an_ipv6_only_subnet_with_dns64_is_built_from_a_template_nat_19() {
    let text = "\
Resources:
  Net:
    Type: AWS::EC2::Subnet
    Properties: { VpcId: vpc-a, Ipv6CidrBlock: '2001:db8::/64', Ipv6Native: true, EnableDns64: true }
  Way:
    Type: AWS::EC2::Route
    Properties: { RouteTableId: rtb-a, DestinationIpv6CidrBlock: '64:ff9b::/96', NatGatewayId: nat-a }
";
    let mut recorder = Recorder::default();
    let (_, problems) = deployed(text, &[], &mut recorder);
    assert_eq!(problems, "");
    assert_eq!(
        recorder.lines,
        [
            "  2 CreateSubnet {\"VpcId\":\"vpc-a\",\"Ipv6CidrBlock\":\"2001:db8::/64\",\"Ipv6Native\":true}",
            "  4 ModifySubnetAttribute {\"SubnetId\":\"subnet-1\",\"EnableDns64\":{\"Value\":true}}",
            "  5 CreateRoute {\"RouteTableId\":\"rtb-a\",\"DestinationIpv6CidrBlock\":\"64:ff9b::/96\",\"NatGatewayId\":\"nat-a\"}",
        ]
    );
}

#[test]
fn subnets_and_instances_say_how_instances_are_named_dns_4() {
    let text = "\
Resources:
  Net:
    Type: AWS::EC2::Subnet
    Properties:
      VpcId: vpc-a
      CidrBlock: 10.0.0.0/24
      PrivateDnsNameOptionsOnLaunch: { HostnameType: resource-name, EnableResourceNameDnsARecord: true }
  Web:
    Type: AWS::EC2::Instance
    Properties:
      ImageId: ami-1
      SubnetId: !Ref Net
      PrivateDnsNameOptions: { HostnameType: ip-name, EnableResourceNameDnsAAAARecord: false }
";
    let mut recorder = Recorder::default();
    let (_, problems) = deployed(text, &[], &mut recorder);
    assert_eq!(problems, "");
    assert_eq!(
        recorder.lines,
        [
            "  2 CreateSubnet {\"VpcId\":\"vpc-a\",\"CidrBlock\":\"10.0.0.0/24\"}",
            "  7 ModifySubnetAttribute {\"SubnetId\":\"subnet-1\",\"PrivateDnsHostnameTypeOnLaunch\":\"resource-name\"}",
            "  7 ModifySubnetAttribute {\"SubnetId\":\"subnet-1\",\"EnableResourceNameDnsARecordOnLaunch\":{\"Value\":true}}",
            "  8 RunInstances {\"ImageId\":\"ami-1\",\"MinCount\":1,\"MaxCount\":1,\"SubnetId\":\"subnet-1\",\
             \"PrivateDnsNameOptions\":{\"HostnameType\":\"ip-name\",\"EnableResourceNameDnsAAAARecord\":false}}",
            "    settle",
        ]
    );
}

#[test]
fn a_flow_log_needs_no_bucket_that_is_there_fl_1() {
    let text = "\
Resources:
  Bucket: { Type: AWS::S3::Bucket }
  Vpc: { Type: AWS::EC2::VPC, Properties: { CidrBlock: 10.0.0.0/16 } }
  Log:
    Type: AWS::EC2::FlowLog
    Properties:
      ResourceType: VPC
      ResourceId: !Ref Vpc
      TrafficType: ALL
      MaxAggregationInterval: '60'
      LogDestinationType: s3
      LogDestination: !GetAtt Bucket.Arn
      LogFormat: '${srcaddr} ${dstaddr}'
";
    let mut recorder = Recorder::default();
    let (stack, problems) = deployed(text, &[], &mut recorder);
    assert_eq!(problems, "");
    let [_, made] = &recorder.lines[..] else { panic!("{:?}", recorder.lines) };
    let request = "  4 CreateFlowLogs {\"ResourceType\":\"VPC\",\"TrafficType\":\"ALL\",\"LogDestinationType\":\"s3\",";
    assert!(made.starts_with(request), "{made}");
    assert!(made.ends_with("\"MaxAggregationInterval\":60,\"ResourceIds\":[\"vpc-1\"]}"), "{made}");
    assert_eq!(stack.attribute(&mut recorder, "Log", "Id").as_deref(), Some("fl-1"));
}

#[test]
fn egress_rules_of_a_template_replace_the_default_one_for_ipv6_too_sg_3() {
    let text = "\
Resources:
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: web
      VpcId: vpc-dual
      SecurityGroupEgress:
        - { IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 0.0.0.0/0 }
";
    let mut recorder = Recorder::default();
    let (_, problems) = deployed(text, &[], &mut recorder);
    assert_eq!(problems, "");
    let revoked = recorder.lines.iter().find(|line| line.contains("RevokeSecurityGroupEgress"));
    let revoked = revoked.expect("the default rules go");
    assert!(revoked.contains("\"CidrIp\":\"0.0.0.0/0\"") && revoked.contains("\"CidrIpv6\":\"::/0\""), "{revoked}");
}
