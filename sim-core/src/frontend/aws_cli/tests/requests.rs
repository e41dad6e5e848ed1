//! Lines that are right, and the requests they stand for.

use super::*;

#[test]
fn the_peering_lab_is_typed() {
    check_requests(&[
        (
            "aws ec2 create-vpc-peering-connection --vpc-id vpc-1 --peer-vpc-id vpc-2",
            "CreateVpcPeeringConnection",
            json!({ "PeerVpcId": "vpc-2", "VpcId": "vpc-1" }),
        ),
        (
            "aws ec2 accept-vpc-peering-connection --vpc-peering-connection-id pcx-1",
            "AcceptVpcPeeringConnection",
            json!({ "VpcPeeringConnectionId": "pcx-1" }),
        ),
        (
            "aws ec2 create-route --route-table-id rtb-1 \\\n  --destination-cidr-block 10.42.0.0/16 \\\n  \
             --vpc-peering-connection-id pcx-1",
            "CreateRoute",
            json!({ "DestinationCidrBlock": "10.42.0.0/16", "VpcPeeringConnectionId": "pcx-1", "RouteTableId": "rtb-1" }),
        ),
        (
            "aws ec2 authorize-security-group-ingress --group-id sg-1 --protocol tcp --port 80 --cidr 0.0.0.0/0",
            "AuthorizeSecurityGroupIngress",
            json!({ "GroupId": "sg-1", "IpPermissions": [{
                "IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{ "CidrIp": "0.0.0.0/0" }],
            }] }),
        ),
        ("aws sts get-caller-identity", "GetCallerIdentity", json!({})),
    ]);
}

#[test]
fn options_may_be_written_in_every_way_argparse_takes() {
    let cidr = json!({ "CidrBlock": "10.0.0.0/16" });
    check_requests(&[
        ("aws ec2 create-vpc --cidr-block 10.0.0.0/16", "CreateVpc", cidr.clone()),
        ("aws ec2 create-vpc --cidr-block=10.0.0.0/16", "CreateVpc", cidr.clone()),
        ("aws ec2 create-vpc --cidr 10.0.0.0/16", "CreateVpc", cidr.clone()),
        ("aws --region us-east-1 ec2 --output text create-vpc --cidr-block 10.0.0.0/16", "CreateVpc", cidr),
        ("aws ec2 create-vpc --ipv4-netmask-length ' 20 '", "CreateVpc", json!({ "Ipv4NetmaskLength": 20 })),
        ("aws ec2 describe-vpcs --vpc-ids vpc-1 vpc-2", "DescribeVpcs", json!({ "VpcIds": ["vpc-1", "vpc-2"] })),
        (r#"aws ec2 describe-vpcs --vpc-ids '["vpc-1"]'"#, "DescribeVpcs", json!({ "VpcIds": ["vpc-1"] })),
        ("aws ec2 describe-vpcs --vpc-ids", "DescribeVpcs", json!({ "VpcIds": [] })),
        ("aws ec2 describe-vpcs --vpc-ids a --vpc-ids b", "DescribeVpcs", json!({ "VpcIds": ["b"] })),
        ("aws ec2 describe-vpcs --dry-run --no-dry-run", "DescribeVpcs", json!({ "DryRun": false })),
        ("aws ec2 describe-vpcs --no-dry-run --dry-run", "DescribeVpcs", json!({ "DryRun": true })),
        (
            "aws ec2 describe-vpcs --no-dry-run --max-results 7",
            "DescribeVpcs",
            json!({ "MaxResults": 7, "DryRun": false }),
        ),
    ]);
}

#[test]
fn global_options_stand_anywhere_on_the_line() {
    let invocation =
        call("aws ec2 describe-vpcs --query 'Vpcs[].VpcId' --profile lab --no-cli-pager --region eu-west-1");
    assert_eq!(invocation.region, "eu-west-1".parse().ok());
    assert_eq!(invocation.profile.as_deref(), Some("lab"));
    assert_eq!(invocation.output, OutputFormat::Json);
    assert!(invocation.query.is_some());
    assert!(invocation.warnings.is_empty());
}

#[test]
fn what_has_no_effect_is_said() {
    let line = "aws ec2 describe-vpcs --vpc-ids a --vpc-ids b --max-items 5 --endpoint-url http://localhost:4566";
    assert_eq!(
        call(line).warnings,
        [
            "--endpoint-url has no effect in a simulation",
            "--vpc-ids is given more than once; as the AWS CLI does, only the last one is used",
            "--max-items has no effect in a simulation",
        ]
    );
}

#[test]
fn structures_are_shorthand_or_json() {
    let tagged =
        json!({ "TagSpecifications": [{ "ResourceType": "vpc", "Tags": [{ "Key": "Name", "Value": "my vpc" }] }] });
    let filters = json!({ "Filters": [
        { "Name": "tag:Name", "Values": ["a", "b"] }, { "Name": "isDefault", "Values": ["true"] },
    ] });
    check_requests(&[
        (
            "aws ec2 create-vpc --tag-specifications 'ResourceType=vpc,Tags=[{Key=Name,Value=my vpc}]'",
            "CreateVpc",
            tagged.clone(),
        ),
        (
            r#"aws ec2 create-vpc --tag-specifications '[{"ResourceType":"vpc","Tags":[{"Key":"Name","Value":"my vpc"}]}]'"#,
            "CreateVpc",
            tagged.clone(),
        ),
        ("aws ec2 create-vpc --tag-spec ResourceType=vpc,Tags={Key=Name,Value='my vpc'}", "CreateVpc", tagged),
        (
            "aws ec2 describe-vpcs --filters Name=tag:Name,Values=a,b Name=isDefault,Values=true",
            "DescribeVpcs",
            filters.clone(),
        ),
        (
            r#"aws ec2 describe-vpcs --filters '{"Name":"tag:Name","Values":["a","b"]}' '{"Name":"isDefault","Values":["true"]}'"#,
            "DescribeVpcs",
            filters,
        ),
        (
            "aws ec2 create-tags --resources vpc-1 subnet-1 --tags Key=Name,Value=a Key=Env,Value=",
            "CreateTags",
            json!({ "Resources": ["vpc-1", "subnet-1"], "Tags": [{ "Key": "Name", "Value": "a" }, { "Key": "Env", "Value": "" }] }),
        ),
        (
            "aws ec2 create-tags --resources vpc-1 --tags 'Key=\"Name\",Value=\"it'\"'\"'s, ok\"'",
            "CreateTags",
            json!({ "Resources": ["vpc-1"], "Tags": [{ "Key": "Name", "Value": "it's, ok" }] }),
        ),
        (
            "aws ec2 run-instances --image-id ami-1 --metadata-options HttpTokens=required,HttpPutResponseHopLimit=2 \
             --monitoring Enabled=true",
            "RunInstances",
            json!({
                "ImageId": "ami-1", "MinCount": 1, "MaxCount": 1, "Monitoring": { "Enabled": true },
                "MetadataOptions": { "HttpTokens": "required", "HttpPutResponseHopLimit": 2 },
            }),
        ),
    ]);
}

#[test]
fn boolean_attributes_are_pairs_of_options() {
    let hostnames = |on: bool| json!({ "VpcId": "vpc-1", "EnableDnsHostnames": { "Value": on } });
    check_requests(&[
        ("aws ec2 modify-vpc-attribute --vpc-id vpc-1 --enable-dns-hostnames", "ModifyVpcAttribute", hostnames(true)),
        (
            r#"aws ec2 modify-vpc-attribute --vpc-id vpc-1 --enable-dns-hostnames '{"Value":true}'"#,
            "ModifyVpcAttribute",
            hostnames(true),
        ),
        (
            "aws ec2 modify-vpc-attribute --vpc-id vpc-1 --enable-dns-hostnames Value=false",
            "ModifyVpcAttribute",
            hostnames(false),
        ),
        (
            "aws ec2 modify-vpc-attribute --vpc-id vpc-1 --no-enable-dns-hostnames",
            "ModifyVpcAttribute",
            hostnames(false),
        ),
        (
            "aws ec2 modify-instance-attribute --instance-id i-1 --no-source-dest-check",
            "ModifyInstanceAttribute",
            json!({ "InstanceId": "i-1", "SourceDestCheck": { "Value": false } }),
        ),
        (
            "aws ec2 modify-instance-attribute --instance-id i-1 --instance-type t3.micro",
            "ModifyInstanceAttribute",
            json!({ "InstanceId": "i-1", "InstanceType": { "Value": "t3.micro" } }),
        ),
        (
            "aws ec2 modify-subnet-attribute --subnet-id subnet-1 --no-map-public-ip-on-launch",
            "ModifySubnetAttribute",
            json!({ "SubnetId": "subnet-1", "MapPublicIpOnLaunch": { "Value": false } }),
        ),
        (
            "aws ec2 modify-subnet-attribute --subnet-id subnet-1 --enable-resource-name-dns-aaaa-record-on-launch",
            "ModifySubnetAttribute",
            json!({ "SubnetId": "subnet-1", "EnableResourceNameDnsAAAARecordOnLaunch": { "Value": true } }),
        ),
        (
            "aws ec2 modify-private-dns-name-options --instance-id i-1 --private-dns-hostname-type resource-name \
             --no-enable-resource-name-dns-a-record",
            "ModifyPrivateDnsNameOptions",
            json!({
                "InstanceId": "i-1", "PrivateDnsHostnameType": "resource-name", "EnableResourceNameDnsARecord": false,
            }),
        ),
    ]);
}

#[test]
fn route_53_is_a_service_of_its_own() {
    check_requests(&[
        (
            "aws route53 associate-vpc-with-hosted-zone --hosted-zone-id Z1 --vpc VPCRegion=us-east-1,VPCId=vpc-1",
            "AssociateVPCWithHostedZone",
            json!({ "HostedZoneId": "Z1", "VPC": { "VPCRegion": "us-east-1", "VPCId": "vpc-1" } }),
        ),
        (
            r#"aws route53 change-resource-record-sets --hosted-zone-id Z1 --change-batch '{"Changes": [{"Action": "CREATE",
            "ResourceRecordSet": {"Name": "a.b", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "10.0.0.1"}]}}]}'"#,
            "ChangeResourceRecordSets",
            json!({ "HostedZoneId": "Z1", "ChangeBatch": { "Changes": [{ "Action": "CREATE", "ResourceRecordSet": {
                "Name": "a.b", "Type": "A", "TTL": 60, "ResourceRecords": [{ "Value": "10.0.0.1" }],
            } }] } }),
        ),
    ]);
}

#[test]
fn one_security_group_rule_has_short_options() {
    let rule = |permission: Value| json!({ "GroupId": "sg-1", "IpPermissions": [permission] });
    for (options, permission) in [
        ("--protocol tcp --port 0-65535", json!({ "IpProtocol": "tcp", "FromPort": 0, "ToPort": 65535 })),
        ("--protocol icmp --port -1", json!({ "IpProtocol": "icmp", "FromPort": -1, "ToPort": -1 })),
        ("--protocol icmp --port 8-0", json!({ "IpProtocol": "icmp", "FromPort": 8, "ToPort": 0 })),
        ("--protocol all", json!({ "IpProtocol": "-1" })),
        ("--protocol -1 --port all", json!({ "IpProtocol": "-1", "FromPort": -1, "ToPort": -1 })),
        ("--protocol 50", json!({ "IpProtocol": "50" })),
        (
            "--protocol udp --source-group sg-2 --group-owner 111122223333",
            json!({ "IpProtocol": "udp", "UserIdGroupPairs": [{ "GroupId": "sg-2", "UserId": "111122223333" }] }),
        ),
        ("--source-group web", json!({ "UserIdGroupPairs": [{ "GroupName": "web" }] })),
        (
            "--ip-permissions 'IpProtocol=tcp,FromPort=22,ToPort=22,IpRanges=[{CidrIp=10.0.0.0/8,Description=\"a, b\"}]'",
            json!({ "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22,
                    "IpRanges": [{ "CidrIp": "10.0.0.0/8", "Description": "a, b" }] }),
        ),
    ] {
        for (command, operation) in [
            ("authorize-security-group-ingress", "AuthorizeSecurityGroupIngress"),
            ("revoke-security-group-egress", "RevokeSecurityGroupEgress"),
        ] {
            let line = format!("aws ec2 {command} --group-id sg-1 {options}");
            let invocation = call(&line);
            assert_eq!((invocation.operation, invocation.parameters), (operation, rule(permission.clone())), "{line}");
        }
    }
}

#[test]
fn network_acl_entries_take_protocol_names_and_a_direction() {
    check_requests(&[
        (
            "aws ec2 create-network-acl-entry --network-acl-id acl-1 --ingress --rule-number 100 --protocol tcp \
             --port-range From=80,To=443 --cidr-block 0.0.0.0/0 --rule-action allow",
            "CreateNetworkAclEntry",
            json!({
                "NetworkAclId": "acl-1", "RuleNumber": 100, "Protocol": "6", "RuleAction": "allow", "Egress": false,
                "CidrBlock": "0.0.0.0/0", "PortRange": { "From": 80, "To": 443 },
            }),
        ),
        (
            "aws ec2 delete-network-acl-entry --network-acl-id acl-1 --egress --rule-number 100",
            "DeleteNetworkAclEntry",
            json!({ "NetworkAclId": "acl-1", "RuleNumber": 100, "Egress": true }),
        ),
    ]);
}

#[test]
fn run_instances_puts_addresses_into_the_first_interface() {
    check_requests(&[
        (
            "aws ec2 run-instances --image-id ami-1 --count 1:3 --associate-public-ip-address --subnet-id subnet-1 \
             --security-group-ids sg-1 --private-ip-address 10.0.0.5 --user-data '#!/bin/bash'",
            "RunInstances",
            json!({
                "ImageId": "ami-1", "UserData": "IyEvYmluL2Jhc2g=", "MinCount": 1, "MaxCount": 3,
                "NetworkInterfaces": [{
                    "DeviceIndex": 0, "AssociatePublicIpAddress": true, "SubnetId": "subnet-1", "Groups": ["sg-1"],
                    "PrivateIpAddresses": [{ "PrivateIpAddress": "10.0.0.5", "Primary": true }],
                }],
            }),
        ),
        (
            "aws ec2 run-instances --image-id ami-1 --private-ip-address 10.0.0.5 --subnet-id subnet-1 --count 2",
            "RunInstances",
            json!({ "ImageId": "ami-1", "SubnetId": "subnet-1", "PrivateIpAddress": "10.0.0.5", "MinCount": 2, "MaxCount": 2 }),
        ),
        (
            "aws ec2 run-instances --image-id ami-1 --secondary-private-ip-addresses 10.0.0.6 --subnet-id subnet-1",
            "RunInstances",
            json!({
                "ImageId": "ami-1", "MinCount": 1, "MaxCount": 1,
                "NetworkInterfaces": [{
                    "DeviceIndex": 0, "SubnetId": "subnet-1",
                    "PrivateIpAddresses": [{ "PrivateIpAddress": "10.0.0.6", "Primary": false }],
                }],
            }),
        ),
    ]);
}

#[test]
fn a_whole_request_may_be_given_as_json_and_options_win() {
    check_requests(&[(
        r#"aws ec2 create-subnet --cli-input-json '{"VpcId":"vpc-9","CidrBlock":"10.0.0.0/24"}' --vpc-id vpc-1"#,
        "CreateSubnet",
        json!({ "VpcId": "vpc-1", "CidrBlock": "10.0.0.0/24" }),
    )]);
}
