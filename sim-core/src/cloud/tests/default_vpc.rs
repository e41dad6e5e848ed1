//! Default VPCs (DVPC-1, DVPC-2) and what is implied by a request that names no place.

use super::*;

fn shown(b: &mut Bench, name: &str, list: &str) -> Vec<Value> {
    b.ok(name, json!({}))[list].as_array().expect("a list").clone()
}

#[test]
fn a_default_vpc_has_a_public_subnet_in_every_zone_dvpc_1() {
    let mut b = Bench::new();
    let vpc = b.ok("CreateDefaultVpc", json!({}))["Vpc"].clone();
    assert_eq!((&vpc["CidrBlock"], &vpc["IsDefault"]), (&json!("172.31.0.0/16"), &json!(true)));
    let subnets = shown(&mut b, "DescribeSubnets", "Subnets");
    let blocks: Vec<(&str, &str)> = subnets
        .iter()
        .map(|subnet| {
            (subnet["AvailabilityZone"].as_str().expect("a zone"), subnet["CidrBlock"].as_str().expect("a block"))
        })
        .collect();
    assert_eq!(
        blocks,
        [
            ("ap-northeast-2a", "172.31.0.0/20"),
            ("ap-northeast-2b", "172.31.16.0/20"),
            ("ap-northeast-2c", "172.31.32.0/20"),
            ("ap-northeast-2d", "172.31.48.0/20"),
        ]
    );
    for subnet in &subnets {
        assert_eq!(subnet["DefaultForAz"], true);
        assert_eq!(subnet["MapPublicIpOnLaunch"], true);
        assert_eq!(subnet["AvailableIpAddressCount"], 4091); // ADDR-12
    }
    for attribute in ["enableDnsHostnames", "enableDnsSupport"] {
        let answer = b.ok("DescribeVpcAttribute", json!({"VpcId": vpc["VpcId"], "Attribute": attribute}));
        assert!(answer.to_string().contains(r#""Value":true"#), "{answer}");
    }
    let gateway = &shown(&mut b, "DescribeInternetGateways", "InternetGateways")[0]["InternetGatewayId"].clone();
    let table = &shown(&mut b, "DescribeRouteTables", "RouteTables")[0];
    assert_eq!(table["Associations"][0]["Main"], true);
    let default = table["Routes"].as_array().expect("routes").iter().find(|route| route["GatewayId"] == *gateway);
    assert_eq!(default.expect("a default route")["DestinationCidrBlock"], "0.0.0.0/0");

    assert_eq!(b.code("CreateDefaultVpc", json!({})), "DefaultVpcAlreadyExists");
    // Another Region and another account have their own.
    assert_eq!(b.by("123456789012", "ap-northeast-1", |b| b.code("CreateDefaultVpc", json!({}))), "ok");
    assert_eq!(b.by("210987654321", "ap-northeast-2", |b| b.code("CreateDefaultVpc", json!({}))), "ok");
}

#[test]
fn a_launch_without_a_subnet_goes_to_the_default_one_dvpc_1() {
    let mut b = Bench::new();
    let launch = |more: Value| {
        let mut request = json!({"ImageId": "ami-0123456789abcdef0"});
        request.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        request
    };
    let group = json!({"GroupName": "web", "Description": "web"});
    assert_eq!(b.code("RunInstances", launch(json!({}))), "VPCIdNotSpecified");
    assert_eq!(b.code("CreateSecurityGroup", group.clone()), "VPCIdNotSpecified");
    b.ok("CreateDefaultVpc", json!({}));
    let made = b.ok("RunInstances", launch(json!({})));
    assert_eq!(made["Instances"][0]["Placement"]["AvailabilityZone"], "ap-northeast-2a");
    assert_eq!(made["Instances"][0]["PrivateIpAddress"], "172.31.0.4");
    let id = text(&made, "/Instances/0/InstanceId");
    let public = "/Reservations/0/Instances/0/PublicIpAddress";
    b.get("DescribeInstances", json!({"InstanceIds": [id]}), public); // IGW-8
    // A zone and a group by its name.
    b.ok("CreateSecurityGroup", group);
    let made = b.ok(
        "RunInstances",
        launch(json!({"Placement": {"AvailabilityZone": "ap-northeast-2c"}, "SecurityGroups": ["web"]})),
    );
    assert_eq!(made["Instances"][0]["PrivateIpAddress"], "172.31.32.4");
    assert_eq!(made["Instances"][0]["SecurityGroups"][0]["GroupName"], "web");
    assert_eq!(b.code("RunInstances", launch(json!({"SecurityGroups": ["db"]}))), "InvalidGroup.NotFound");
    let elsewhere = launch(json!({"Placement": {"AvailabilityZone": "us-east-1a"}}));
    assert_eq!(b.code("RunInstances", elsewhere), "InvalidInput");
    let rule = json!({"GroupName": "web", "IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "CidrIp": "0.0.0.0/0"});
    assert_eq!(b.code("AuthorizeSecurityGroupIngress", rule), "ok");
    assert_eq!(b.code("DescribeSecurityGroups", json!({"GroupNames": ["web"]})), "ok");
    assert_eq!(b.code("DescribeSecurityGroups", json!({"GroupNames": ["db"]})), "InvalidGroup.NotFound");
}

#[test]
fn another_subnet_of_the_default_vpc_gives_no_public_addresses_dvpc_2() {
    let mut b = Bench::new();
    let vpc = b.get("CreateDefaultVpc", json!({}), "/Vpc/VpcId");
    let own = b.subnet(&vpc, "172.31.128.0/20");
    let id = b.instance(&own, json!({}));
    let instance = b.ok("DescribeInstances", json!({"InstanceIds": [id]}))["Reservations"][0]["Instances"][0].clone();
    assert_eq!(instance.get("PublicIpAddress"), None);
    let flags = b.ok("DescribeSubnets", json!({"SubnetIds": [own]}))["Subnets"][0].clone();
    assert_eq!((&flags["DefaultForAz"], &flags["MapPublicIpOnLaunch"]), (&json!(false), &json!(false)));
}

#[test]
fn a_default_subnet_can_be_made_again_dvpc_1() {
    let mut b = Bench::new();
    let zone = |zone: &str| json!({"AvailabilityZone": zone});
    assert_eq!(b.code("CreateDefaultSubnet", zone("ap-northeast-2b")), "DefaultVpcDoesNotExist");
    b.ok("CreateDefaultVpc", json!({}));
    assert_eq!(b.code("CreateDefaultSubnet", zone("ap-northeast-2b")), "DefaultSubnetAlreadyExistsInAvailabilityZone");
    assert_eq!(b.code("CreateDefaultSubnet", zone("ap-northeast-2z")), "InvalidParameterValue");
    let default = json!({"Filters": [{"Name": "default-for-az", "Values": ["true"]}, {"Name": "availability-zone",
        "Values": ["ap-northeast-2b"]}]});
    let subnet = b.get("DescribeSubnets", default, "/Subnets/0/SubnetId");
    b.ok("DeleteSubnet", json!({"SubnetId": subnet}));
    let made = b.ok("CreateDefaultSubnet", zone("ap-northeast-2b"));
    assert_eq!(made["Subnet"]["CidrBlock"], "172.31.16.0/20");
    assert_eq!(made["Subnet"]["MapPublicIpOnLaunch"], true);
}

#[test]
fn a_quota_in_the_way_leaves_nothing_half_made() {
    let mut quotas = crate::cloud::Quotas::default();
    quotas.set("internet-gateways-per-region", 0).expect("its name");
    let mut b = Bench::new();
    b.cloud = Cloud::with_config(crate::cloud::CloudConfig { quotas, ..crate::cloud::CloudConfig::default() });
    assert_eq!(b.code("CreateDefaultVpc", json!({})), "InternetGatewayLimitExceeded");
    assert_eq!(b.cloud.vpcs.len(), 0);
}
