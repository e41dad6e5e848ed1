//! Tags given where things are made, for every kind of thing that can have some.

use super::*;

#[test]
fn everything_that_can_be_tagged_takes_tags_where_it_is_made() {
    let mut b = Bench::new();
    let (vpc, other) = (b.vpc("10.0.0.0/16"), b.vpc("10.1.0.0/16"));
    let subnet = b.subnet(&vpc, "10.0.0.0/24");
    let group = b.group(&vpc, "web");
    let instance = json!({"ImageId": "ami-0123456789abcdef0", "InstanceType": "t3.micro", "SubnetId": subnet,
        "MinCount": 1, "MaxCount": 1});
    let options = json!({"DhcpConfigurations": [{"Key": "domain-name", "Values": ["corp.local"]}]});
    let list = json!({"PrefixListName": "x", "AddressFamily": "IPv4", "MaxEntries": 2});
    let rule = json!({"GroupId": group, "IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "CidrIp": "0.0.0.0/0"});
    let flow_log = json!({"ResourceType": "VPC", "ResourceIds": [vpc], "TrafficType": "ALL", "LogGroupName": "all",
        "DeliverLogsPermissionArn": "arn:aws:iam::123456789012:role/x"});
    let endpoint = json!({"VpcId": vpc, "ServiceName": "com.amazonaws.ap-northeast-2.s3"});
    let made = [
        ("vpc", "CreateVpc", json!({"CidrBlock": "10.9.0.0/16"}), "/Vpc/VpcId"),
        ("subnet", "CreateSubnet", json!({"VpcId": vpc, "CidrBlock": "10.0.1.0/24"}), "/Subnet/SubnetId"),
        ("route-table", "CreateRouteTable", json!({"VpcId": vpc}), "/RouteTable/RouteTableId"),
        ("internet-gateway", "CreateInternetGateway", json!({}), "/InternetGateway/InternetGatewayId"),
        (
            "egress-only-internet-gateway",
            "CreateEgressOnlyInternetGateway",
            json!({"VpcId": vpc}),
            "/EgressOnlyInternetGateway/EgressOnlyInternetGatewayId",
        ),
        (
            "natgateway",
            "CreateNatGateway",
            json!({"SubnetId": subnet, "ConnectivityType": "private"}),
            "/NatGateway/NatGatewayId",
        ),
        (
            "vpc-peering-connection",
            "CreateVpcPeeringConnection",
            json!({"VpcId": vpc, "PeerVpcId": other}),
            "/VpcPeeringConnection/VpcPeeringConnectionId",
        ),
        (
            "security-group",
            "CreateSecurityGroup",
            json!({"VpcId": vpc, "GroupName": "a", "Description": "a"}),
            "/GroupId",
        ),
        ("security-group-rule", "AuthorizeSecurityGroupIngress", rule, "/SecurityGroupRules/0/SecurityGroupRuleId"),
        ("network-acl", "CreateNetworkAcl", json!({"VpcId": vpc}), "/NetworkAcl/NetworkAclId"),
        (
            "network-interface",
            "CreateNetworkInterface",
            json!({"SubnetId": subnet}),
            "/NetworkInterface/NetworkInterfaceId",
        ),
        ("instance", "RunInstances", instance, "/Instances/0/InstanceId"),
        ("elastic-ip", "AllocateAddress", json!({}), "/AllocationId"),
        ("key-pair", "CreateKeyPair", json!({"KeyName": "k"}), "/KeyPairId"),
        ("prefix-list", "CreateManagedPrefixList", list, "/PrefixList/PrefixListId"),
        ("vpc-endpoint", "CreateVpcEndpoint", endpoint, "/VpcEndpoint/VpcEndpointId"),
        ("vpc-flow-log", "CreateFlowLogs", flow_log, "/FlowLogIds/0"),
        ("dhcp-options", "CreateDhcpOptions", options, "/DhcpOptions/DhcpOptionsId"),
    ];
    for (kind, operation, request, pointer) in made {
        let tagged = |kind: &str| {
            let mut tagged = request.clone();
            tagged["TagSpecifications"] = json!([{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": kind}]}]);
            tagged
        };
        let refusal = b.call(operation, tagged("carrier-gateway")).expect_err("this operation makes none");
        assert_eq!(
            refusal.message, "'carrier-gateway' is not a valid taggable resource type for this operation.",
            "{operation}"
        );
        let id = b.get(operation, tagged(kind), pointer);
        let filters = json!({"Filters": [{"Name": "resource-id", "Values": [id]}]});
        assert_eq!(
            b.ok("DescribeTags", filters)["Tags"],
            json!([{"Key": "Name", "ResourceId": id, "ResourceType": kind, "Value": kind}]),
            "{operation}"
        );
    }
}
