//! Gateway endpoints and prefix lists: requests, refusals and answers (GWE, RT, SG-29).

use super::*;
use crate::cloud::{CloudConfig, Quotas};

const S3: &str = "com.amazonaws.ap-northeast-2.s3";
const DYNAMODB: &str = "com.amazonaws.ap-northeast-2.dynamodb";
const S3_LIST: &str = "pl-78a54011";
const DYNAMODB_LIST: &str = "pl-48a54021";

fn endpoint(vpc: &str, service: &str, tables: &[&str]) -> Value {
    json!({"VpcId": vpc, "ServiceName": service, "RouteTableIds": tables})
}

/// The destinations and targets of a table's routes.
fn routes(b: &mut Bench, table: &str) -> Vec<String> {
    let shown = b.ok("DescribeRouteTables", json!({"RouteTableIds": [table]}));
    let routes = shown["RouteTables"][0]["Routes"].as_array().expect("a list").clone();
    routes
        .iter()
        .map(|route| {
            let destination = ["DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId"]
                .iter()
                .find_map(|name| route[*name].as_str());
            format!("{} {}", destination.expect("a destination"), route["GatewayId"].as_str().unwrap_or("-"))
        })
        .collect()
}

#[test]
fn an_endpoint_is_routes_that_come_and_go_with_its_tables_gwe_2() {
    // GWE-3.
    let mut b = Bench::new();
    let vpc = b.vpc("10.0.0.0/16");
    let (one, two) = (b.route_table(&vpc), b.route_table(&vpc));
    let created = b.ok("CreateVpcEndpoint", endpoint(&vpc, S3, &[&one]));
    let shown = &created["VpcEndpoint"];
    let id = text(shown, "/VpcEndpointId");
    assert!(id.starts_with("vpce-0"));
    for (member, value) in [
        ("VpcEndpointType", json!("Gateway")),
        ("State", json!("available")),
        ("ServiceName", json!(S3)),
        ("RouteTableIds", json!([one])),
        ("NetworkInterfaceIds", json!([])),
        ("SubnetIds", json!([])),
        ("Groups", json!([])),
        ("OwnerId", json!("123456789012")),
    ] {
        assert_eq!(shown[member], value, "{member}");
    }
    let route = format!("{S3_LIST} {id}");
    assert_eq!(routes(&mut b, &one), ["10.0.0.0/16 local", &route]);
    b.ok("ModifyVpcEndpoint", json!({"VpcEndpointId": id, "AddRouteTableIds": [two], "RemoveRouteTableIds": [one]}));
    assert_eq!(routes(&mut b, &one), ["10.0.0.0/16 local"]);
    assert_eq!(routes(&mut b, &two), ["10.0.0.0/16 local", &route]);
    let filters = json!([{"Name": "service-name", "Values": [S3]}, {"Name": "vpc-id", "Values": [vpc]}]);
    assert_eq!(b.get("DescribeVpcEndpoints", json!({"Filters": filters}), "/VpcEndpoints/0/RouteTableIds/0"), two);
    assert_eq!(b.ok("DeleteVpcEndpoints", json!({"VpcEndpointIds": [id]})), json!({"Unsuccessful": []}));
    assert_eq!(routes(&mut b, &two), ["10.0.0.0/16 local"]);
    let again = b.ok("DeleteVpcEndpoints", json!({"VpcEndpointIds": [id]}));
    assert_eq!(text(&again, "/Unsuccessful/0/Error/Code"), "InvalidVpcEndpointId.NotFound");
    assert_eq!(b.code("DescribeVpcEndpoints", json!({"VpcEndpointIds": [id]})), "InvalidVpcEndpointId.NotFound");
}

#[test]
fn the_routes_of_an_endpoint_are_not_the_tables_own_gwe_3() {
    // RT-19.
    let mut b = Bench::new();
    let vpc = b.vpc("10.0.0.0/16");
    let igw = b.attached_igw(&vpc);
    let (table, other) = (b.route_table(&vpc), b.route_table(&vpc));
    let id = b.get("CreateVpcEndpoint", endpoint(&vpc, S3, &[&table]), "/VpcEndpoint/VpcEndpointId");
    let listed = json!({"RouteTableId": table, "DestinationPrefixListId": S3_LIST});
    let with = |target: &str, value: &str| {
        let mut request = listed.clone();
        request[target] = value.into();
        request
    };
    for (name, parameters, expected) in [
        ("DeleteRoute", listed.clone(), "InvalidParameterValue"),
        ("ReplaceRoute", with("GatewayId", &igw), "InvalidParameterValue"),
        ("CreateRoute", with("GatewayId", &igw), "RouteAlreadyExists"),
        (
            "CreateRoute",
            json!({"RouteTableId": other, "DestinationPrefixListId": S3_LIST, "VpcEndpointId": id}),
            "RouteNotSupported",
        ),
        (
            "CreateRoute",
            json!({"RouteTableId": other, "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": id}),
            "RouteNotSupported",
        ),
        ("CreateRoute", json!({"RouteTableId": other, "DestinationPrefixListId": S3_LIST, "GatewayId": igw}), "ok"),
        (
            "CreateRoute",
            json!({"RouteTableId": other, "DestinationPrefixListId": "pl-00000000", "GatewayId": igw}),
            "InvalidPrefixListID.NotFound",
        ),
        (
            "ReplaceRoute",
            json!({"RouteTableId": other, "DestinationPrefixListId": DYNAMODB_LIST, "GatewayId": igw}),
            "InvalidParameterValue",
        ),
        (
            "DeleteRoute",
            json!({"RouteTableId": other, "DestinationPrefixListId": DYNAMODB_LIST}),
            "InvalidRoute.NotFound",
        ),
        ("DeleteRoute", json!({"RouteTableId": other, "DestinationPrefixListId": S3_LIST}), "ok"),
    ] {
        assert_eq!(b.code(name, parameters.clone()), expected, "{name} {parameters}");
    }
}

#[test]
fn a_table_has_one_endpoint_route_for_a_service_gwe_4() {
    let mut b = Bench::new();
    let vpc = b.vpc("10.0.0.0/16");
    let (one, two) = (b.route_table(&vpc), b.route_table(&vpc));
    b.ok("CreateVpcEndpoint", endpoint(&vpc, S3, &[&one]));
    assert_eq!(b.code("CreateVpcEndpoint", endpoint(&vpc, S3, &[&one])), "RouteAlreadyExists");
    let second = b.get("CreateVpcEndpoint", endpoint(&vpc, S3, &[&two]), "/VpcEndpoint/VpcEndpointId");
    let request = json!({"VpcEndpointId": second, "AddRouteTableIds": [one]});
    assert_eq!(b.code("ModifyVpcEndpoint", request), "RouteAlreadyExists");
    b.ok("CreateVpcEndpoint", endpoint(&vpc, "com.amazonaws.ap-northeast-2.dynamodb", &[&one]));
    assert_eq!(routes(&mut b, &one).len(), 3);
}

#[test]
fn endpoints_are_for_two_services_of_the_vpcs_own_region_gwe_1() {
    let mut b = Bench::new();
    let vpc = b.vpc("10.0.0.0/16");
    for (service, expected) in [
        (S3, "ok"),
        ("com.amazonaws.ap-northeast-2.dynamodb", "ok"),
        ("com.amazonaws.ap-northeast-1.s3", "InvalidServiceName"),
        ("com.amazonaws.ap-northeast-2.sqs", "InvalidServiceName"),
        ("", "MissingParameter"),
    ] {
        assert_eq!(b.code("CreateVpcEndpoint", endpoint(&vpc, service, &[])), expected, "{service}");
    }
    let other = b.vpc("10.1.0.0/16");
    let foreign = b.route_table(&other);
    for (members, expected) in [
        (json!({"VpcEndpointType": "Interface"}), "UnsupportedOperation"),
        (json!({"VpcEndpointType": "GatewayLoadBalancer"}), "UnsupportedOperation"),
        (json!({"VpcEndpointType": "Backdoor"}), "InvalidVpcEndpointType"),
        (json!({"SubnetIds": ["subnet-1"]}), "InvalidParameter"), // GWE-2
        (json!({"RouteTableIds": [foreign]}), "InvalidParameterValue"),
        (json!({"RouteTableIds": ["rtb-0123456789abcdef0"]}), "InvalidRouteTableID.NotFound"),
        (json!({"VpcId": "vpc-0123456789abcdef0"}), "InvalidVpcID.NotFound"),
        (json!({"PolicyDocument": "allow everything"}), "InvalidPolicyDocument"),
        (json!({"PolicyDocument": r#"{"Statement":[{"Effect":"Maybe"}]}"#}), "InvalidPolicyDocument"),
        (json!({"PolicyDocument": r#"{"Statement":[{"Effect":"Deny"}]}"#}), "ok"),
        (json!({"DryRun": true}), "DryRunOperation"),
    ] {
        let mut request = endpoint(&vpc, S3, &[]);
        for (name, value) in members.as_object().expect("members") {
            request[name] = value.clone();
        }
        assert_eq!(b.code("CreateVpcEndpoint", request), expected, "{members}");
    }
    let services = b.ok("DescribeVpcEndpointServices", json!({}));
    assert_eq!(services["ServiceNames"], json!(["com.amazonaws.ap-northeast-2.dynamodb", S3]));
    assert_eq!(
        b.code("DescribeVpcEndpointServices", json!({"ServiceNames": ["com.amazonaws.ap-northeast-2.sqs"]})),
        "InvalidServiceName"
    );
}

/// A subnet of both families whose table is `table`.
fn dual_stack_subnet(b: &mut Bench, vpc: &str, table: &str) -> String {
    let of_vpc = b.get("DescribeVpcs", json!({}), "/Vpcs/0/Ipv6CidrBlockAssociationSet/0/Ipv6CidrBlock");
    let subnet = b.get(
        "CreateSubnet",
        json!({"VpcId": vpc, "CidrBlock": "10.0.6.0/24", "Ipv6CidrBlock": of_vpc.replace("/56", "/64")}),
        "/Subnet/SubnetId",
    );
    b.ok("AssociateRouteTable", json!({"RouteTableId": table, "SubnetId": subnet}));
    subnet
}

#[test]
fn an_endpoint_for_dynamodb_has_an_address_type_and_one_for_s3_ipv4_only_gwe_13() {
    let mut b = Bench::new();
    let vpc = b.vpc("10.0.0.0/16");
    b.ok("ModifyVpcAttribute", json!({"VpcId": vpc, "EnableDnsHostnames": {"Value": true}}));
    for (service, members, expected) in [
        (S3, json!({"IpAddressType": "ipv4"}), "ok"),
        (S3, json!({"IpAddressType": "dualstack"}), "InvalidParameter"),
        (S3, json!({"IpAddressType": "ipv6"}), "InvalidParameter"),
        (S3, json!({"IpAddressType": "ipx"}), "InvalidParameterValue"),
        (DYNAMODB, json!({"IpAddressType": "ipv4"}), "ok"),
        (DYNAMODB, json!({"IpAddressType": "dualstack"}), "ok"),
        (DYNAMODB, json!({"IpAddressType": "ipv6"}), "ok"),
        // The service's names keep the records they have.
        (DYNAMODB, json!({"DnsOptions": {"DnsRecordIpType": "service-defined"}}), "ok"),
        (DYNAMODB, json!({"DnsOptions": {"DnsRecordIpType": "ipv4"}}), "InvalidParameter"),
        (
            DYNAMODB,
            json!({"IpAddressType": "dualstack", "DnsOptions": {"DnsRecordIpType": "ipv6"}}),
            "InvalidParameter",
        ),
        (S3, json!({"DnsOptions": {"DnsRecordIpType": "ipv4"}}), "ok"),
        (S3, json!({"DnsOptions": {"DnsRecordIpType": "dualstack"}}), "InvalidParameter"),
        (S3, json!({"DnsOptions": {"DnsRecordIpType": "mx"}}), "InvalidParameterValue"),
        (S3, json!({"DnsOptions": {"PrivateDnsOnlyForInboundResolverEndpoint": true}}), "InvalidParameter"),
    ] {
        let mut request = endpoint(&vpc, service, &[]);
        for (name, value) in members.as_object().expect("members") {
            request[name] = value.clone();
        }
        assert_eq!(b.code("CreateVpcEndpoint", request), expected, "{service} {members}");
    }
    let newest = b.ok("DescribeVpcEndpoints", json!({"Filters": [{"Name": "service-name", "Values": [S3]}]}));
    assert_eq!(newest["VpcEndpoints"][1]["DnsOptions"], json!({"DnsRecordIpType": "ipv4"}));
    let id = text(&newest, "/VpcEndpoints/0/VpcEndpointId");
    b.ok("ModifyVpcAttribute", json!({"VpcId": vpc, "EnableDnsHostnames": {"Value": false}}));
    for (kind, expected) in [("ipv4", "InvalidParameter"), ("service-defined", "ok")] {
        let modify = json!({"VpcEndpointId": id, "DnsOptions": {"DnsRecordIpType": kind}});
        assert_eq!(b.code("ModifyVpcEndpoint", modify), expected, "without DNS hostnames: {kind}");
    }
    let supporting = |family: &str| json!({"Filters": [{"Name": "supported-ip-address-types", "Values": [family]}]});
    assert_eq!(b.ok("DescribeVpcEndpointServices", supporting("ipv6"))["ServiceNames"], json!([DYNAMODB]));
    assert_eq!(b.ok("DescribeVpcEndpointServices", supporting("ipv4"))["ServiceNames"], json!([DYNAMODB, S3]));
}

#[test]
fn a_dual_stack_endpoint_is_a_route_for_each_family_gwe_13() {
    // GWE-2, GWE-4.
    let mut b = Bench::new();
    let vpc =
        b.get("CreateVpc", json!({"CidrBlock": "10.0.0.0/16", "AmazonProvidedIpv6CidrBlock": true}), "/Vpc/VpcId");
    let (one, two) = (b.route_table(&vpc), b.route_table(&vpc));
    dual_stack_subnet(&mut b, &vpc, &one);
    let ipv6_list = b.get(
        "DescribeManagedPrefixLists",
        json!({"Filters": [{"Name": "prefix-list-name", "Values": ["*.ipv6.dynamodb"]}]}),
        "/PrefixLists/0/PrefixListId",
    );
    let id = b.get(
        "CreateVpcEndpoint",
        json!({"VpcId": vpc, "ServiceName": DYNAMODB, "RouteTableIds": [one, two], "IpAddressType": "dualstack"}),
        "/VpcEndpoint/VpcEndpointId",
    );
    let of_lists = |b: &mut Bench, table: &str| {
        let shown = routes(b, table).into_iter();
        shown.filter_map(|route| Some(route.strip_suffix(&id)?.trim_end().to_owned())).collect::<Vec<_>>()
    };
    for table in [&one, &two] {
        assert_eq!(of_lists(&mut b, table), [DYNAMODB_LIST, &ipv6_list]);
    }
    let taken = json!({"VpcId": vpc, "ServiceName": DYNAMODB, "RouteTableIds": [one], "IpAddressType": "ipv6"});
    assert_eq!(b.code("CreateVpcEndpoint", taken), "RouteAlreadyExists");
    let shown =
        b.ok("DescribeVpcEndpoints", json!({"Filters": [{"Name": "ip-address-type", "Values": ["dualstack"]}]}));
    assert_eq!(shown["VpcEndpoints"][0]["IpAddressType"], "dualstack");
    assert_eq!(shown["VpcEndpoints"][0]["DnsOptions"], json!({"DnsRecordIpType": "service-defined"}));

    // The table that it leaves has neither route any more, the one it stays in has those of the new type.
    b.ok("ModifyVpcEndpoint", json!({"VpcEndpointId": id, "IpAddressType": "ipv4", "RemoveRouteTableIds": [two]}));
    assert_eq!(of_lists(&mut b, &one), [DYNAMODB_LIST]);
    assert_eq!(of_lists(&mut b, &two), [] as [&str; 0]);
    let own = json!({"RouteTableId": one, "DestinationPrefixListId": ipv6_list, "GatewayId": b.attached_igw(&vpc)});
    b.ok("CreateRoute", own);
    let modify = json!({"VpcEndpointId": id, "IpAddressType": "dualstack"});
    assert_eq!(b.code("ModifyVpcEndpoint", modify.clone()), "RouteAlreadyExists");
    assert_eq!(of_lists(&mut b, &one), [DYNAMODB_LIST], "nothing has changed");
    b.ok("DeleteRoute", json!({"RouteTableId": one, "DestinationPrefixListId": ipv6_list}));
    b.ok("ModifyVpcEndpoint", modify);
    assert_eq!(of_lists(&mut b, &one), [DYNAMODB_LIST, &ipv6_list]);
    b.ok("DeleteVpcEndpoints", json!({"VpcEndpointIds": [id]}));
    assert_eq!(of_lists(&mut b, &one), [] as [&str; 0]);
}

#[test]
fn subnets_must_have_the_families_that_an_endpoint_carries_gwe_13() {
    let mut b = Bench::new();
    let vpc =
        b.get("CreateVpc", json!({"CidrBlock": "10.0.0.0/16", "AmazonProvidedIpv6CidrBlock": true}), "/Vpc/VpcId");
    let table = b.route_table(&vpc);
    let both = dual_stack_subnet(&mut b, &vpc, &table);
    let main = b.get(
        "DescribeRouteTables",
        json!({"Filters": [{"Name": "association.main", "Values": ["true"]}]}),
        "/RouteTables/0/RouteTableId",
    );
    let only_v4 = b.subnet(&vpc, "10.0.7.0/24");
    let native = b.route_table(&vpc);
    let of_vpc = b.get("DescribeVpcs", json!({}), "/Vpcs/0/Ipv6CidrBlockAssociationSet/0/Ipv6CidrBlock");
    let block = of_vpc.replace("00::/56", "01::/64");
    let request = json!({"VpcId": vpc, "Ipv6CidrBlock": block, "Ipv6Native": true});
    let only_v6 = b.get("CreateSubnet", request, "/Subnet/SubnetId");
    b.ok("AssociateRouteTable", json!({"RouteTableId": native, "SubnetId": only_v6}));
    let asks = |table: &str, kind: &str| json!({"VpcId": vpc, "ServiceName": DYNAMODB, "RouteTableIds": [table], "IpAddressType": kind, "DryRun": true});
    for (table, kind, expected) in [
        (&table, "ipv4", "DryRunOperation"),
        (&table, "dualstack", "DryRunOperation"),
        (&table, "ipv6", "InvalidParameter"), // Its subnet has IPv4 addresses too.
        (&native, "ipv6", "DryRunOperation"),
        (&native, "dualstack", "InvalidParameter"),
        (&main, "ipv4", "DryRunOperation"),
        (&main, "dualstack", "InvalidParameter"), // The other subnet is there by default (RT-2).
    ] {
        assert_eq!(b.code("CreateVpcEndpoint", asks(table, kind)), expected, "{kind}");
    }
    let id = b.get("CreateVpcEndpoint", endpoint(&vpc, DYNAMODB, &[&table]), "/VpcEndpoint/VpcEndpointId");
    b.ok("AssociateRouteTable", json!({"RouteTableId": table, "SubnetId": only_v4}));
    let modify = json!({"VpcEndpointId": id, "IpAddressType": "dualstack"});
    assert_eq!(b.code("ModifyVpcEndpoint", modify.clone()), "InvalidParameter");
    b.ok("DeleteSubnet", json!({"SubnetId": only_v4}));
    b.ok("ModifyVpcEndpoint", modify);
    assert_ne!(both, only_v4);
}

#[test]
fn a_region_has_twenty_endpoints_gwe_14() {
    let mut b = Bench::new();
    let vpc = b.vpc("10.0.0.0/16");
    for _ in 0..20 {
        b.ok("CreateVpcEndpoint", endpoint(&vpc, S3, &[]));
    }
    assert_eq!(b.code("CreateVpcEndpoint", endpoint(&vpc, S3, &[])), "VpcEndpointLimitExceeded");
}

#[test]
fn a_policy_is_full_access_until_one_is_given_and_again_when_reset_gwe_10() {
    let mut b = Bench::new();
    let vpc = b.vpc("10.0.0.0/16");
    let id = b.get("CreateVpcEndpoint", endpoint(&vpc, S3, &[]), "/VpcEndpoint/VpcEndpointId");
    let policy = |b: &mut Bench| b.get("DescribeVpcEndpoints", json!({}), "/VpcEndpoints/0/PolicyDocument");
    let full = policy(&mut b);
    assert!(full.contains(r#""Action":"*""#), "{full}");
    let own = r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*"}]}"#;
    b.ok("ModifyVpcEndpoint", json!({"VpcEndpointId": id, "PolicyDocument": own}));
    assert_eq!(policy(&mut b), own);
    b.ok("ModifyVpcEndpoint", json!({"VpcEndpointId": id, "ResetPolicy": true}));
    assert_eq!(policy(&mut b), full);
}

#[test]
fn a_vpc_with_an_endpoint_is_not_deleted_and_a_table_takes_its_route_with_it_del_3() {
    let mut b = Bench::new();
    let vpc = b.vpc("10.0.0.0/16");
    let table = b.route_table(&vpc);
    let id = b.get("CreateVpcEndpoint", endpoint(&vpc, S3, &[&table]), "/VpcEndpoint/VpcEndpointId");
    b.ok("DeleteRouteTable", json!({"RouteTableId": table}));
    assert_eq!(b.ok("DescribeVpcEndpoints", json!({}))["VpcEndpoints"][0]["RouteTableIds"], json!([]));
    assert_eq!(b.code("DeleteVpc", json!({"VpcId": vpc})), "DependencyViolation");
    b.ok("DeleteVpcEndpoints", json!({"VpcEndpointIds": [id]}));
    b.ok("DeleteVpc", json!({"VpcId": vpc}));
}

#[test]
fn the_lists_of_aws_are_there_to_be_named_and_not_to_be_changed_id_2() {
    let mut b = Bench::new();
    let lists = b.ok("DescribePrefixLists", json!({}));
    assert_eq!(text(&lists, "/PrefixLists/1/PrefixListId"), S3_LIST);
    assert_eq!(text(&lists, "/PrefixLists/1/PrefixListName"), S3);
    assert_eq!(text(&lists, "/PrefixLists/2/PrefixListName"), "com.amazonaws.ap-northeast-2.ipv6.dynamodb");
    let ipv6 = json!({"PrefixListId": text(&lists, "/PrefixLists/2/PrefixListId")});
    let entries = b.ok("GetManagedPrefixListEntries", ipv6);
    assert!(text(&entries, "/Entries/0/Cidr").contains(':'), "GWE-13: {entries}");
    let of_ipv6 = json!([{"Name": "prefix-list-name", "Values": ["*.ipv6.*"]}]);
    assert_eq!(
        b.get("DescribeManagedPrefixLists", json!({"Filters": of_ipv6}), "/PrefixLists/0/AddressFamily"),
        "IPv6"
    );
    let entries = b.ok("GetManagedPrefixListEntries", json!({"PrefixListId": S3_LIST}));
    assert_eq!(entries["Entries"].as_array().map(Vec::len), lists["PrefixLists"][1]["Cidrs"].as_array().map(Vec::len));
    let named = json!([{"Name": "prefix-list-name", "Values": ["*.s3"]}]);
    assert_eq!(b.get("DescribeManagedPrefixLists", json!({"Filters": named}), "/PrefixLists/0/OwnerId"), "AWS");
    assert_eq!(b.code("DeleteManagedPrefixList", json!({"PrefixListId": S3_LIST})), "OperationNotPermitted");
    b.by("123456789012", "ap-northeast-1", |b| {
        // The id means something else there: Tokyo's DynamoDB.
        let shown = b.ok("DescribePrefixLists", json!({"PrefixListIds": [S3_LIST]}));
        assert_eq!(text(&shown, "/PrefixLists/0/PrefixListName"), "com.amazonaws.ap-northeast-1.dynamodb");
        assert_eq!(
            b.code("DescribePrefixLists", json!({"PrefixListIds": [DYNAMODB_LIST]})),
            "InvalidPrefixListID.NotFound"
        );
    });
}

fn list(name: &str, size: u32, blocks: &[&str]) -> Value {
    let entries: Vec<Value> = blocks.iter().map(|block| json!({"Cidr": block})).collect();
    json!({"PrefixListName": name, "AddressFamily": "IPv4", "MaxEntries": size, "Entries": entries})
}

#[test]
fn a_customers_list_has_versions_a_size_and_users_del_6() {
    let mut b = Bench::new();
    let id = b.get("CreateManagedPrefixList", list("offices", 2, &["198.51.100.7/24"]), "/PrefixList/PrefixListId");
    assert_eq!(b.get("GetManagedPrefixListEntries", json!({"PrefixListId": id}), "/Entries/0/Cidr"), "198.51.100.0/24");
    let change = |members: Value| {
        let mut request = json!({"PrefixListId": id});
        for (name, value) in members.as_object().expect("members") {
            request[name] = value.clone();
        }
        request
    };
    for (members, expected) in [
        (json!({"AddEntries": [{"Cidr": "203.0.113.0/24"}]}), "MissingParameter"),
        (json!({"CurrentVersion": 2, "AddEntries": [{"Cidr": "203.0.113.0/24"}]}), "PrefixListVersionMismatch"),
        (json!({"CurrentVersion": 1, "AddEntries": [{"Cidr": "2001:db8::/32"}]}), "InvalidParameterValue"),
        (json!({"CurrentVersion": 1, "RemoveEntries": [{"Cidr": "192.0.2.0/24"}]}), "InvalidParameterValue"),
        (json!({"CurrentVersion": 1, "AddEntries": [{"Cidr": "203.0.113.0/24"}]}), "ok"),
        (json!({"CurrentVersion": 2, "AddEntries": [{"Cidr": "192.0.2.0/24"}]}), "PrefixListMaxEntriesExceeded"),
        (json!({"MaxEntries": 1}), "PrefixListMaxEntriesExceeded"),
        (json!({"MaxEntries": 3}), "ok"),
        (json!({"CurrentVersion": 2, "AddEntries": [{"Cidr": "192.0.2.0/24"}]}), "ok"),
    ] {
        assert_eq!(b.code("ModifyManagedPrefixList", change(members.clone())), expected, "{members}");
    }
    let vpc = b.vpc("10.0.0.0/16");
    let group = b.group(&vpc, "g");
    let rule = json!({"GroupId": group, "IpPermissions": [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "PrefixListIds": [{"PrefixListId": id}]}]});
    b.ok("AuthorizeSecurityGroupIngress", rule.clone());
    assert_eq!(
        b.get("GetManagedPrefixListAssociations", json!({"PrefixListId": id}), "/PrefixListAssociations/0/ResourceId"),
        group
    );
    assert_eq!(b.code("DeleteManagedPrefixList", json!({"PrefixListId": id})), "ResourceInUse");
    b.ok("RevokeSecurityGroupIngress", rule);
    b.ok("DeleteManagedPrefixList", json!({"PrefixListId": id}));
    assert_eq!(b.code("GetManagedPrefixListEntries", json!({"PrefixListId": id})), "InvalidPrefixListID.NotFound");
}

#[test]
fn a_list_that_holds_link_local_ranges_is_no_routes_destination_rt_14() {
    let mut b = Bench::new();
    let vpc = b.vpc("10.0.0.0/16");
    let igw = b.attached_igw(&vpc);
    let table = b.route_table(&vpc);
    for (name, block, expected) in
        [("inside", "169.254.169.0/24", "InvalidParameterValue"), ("around", "169.254.0.0/16", "ok")]
    {
        let id = b.get("CreateManagedPrefixList", list(name, 1, &[block]), "/PrefixList/PrefixListId");
        let route = json!({"RouteTableId": table, "DestinationPrefixListId": id, "GatewayId": igw});
        assert_eq!(b.code("CreateRoute", route), expected, "{block}");
    }
}

#[test]
fn a_list_counts_as_its_size_among_a_tables_routes_rt_23() {
    let mut quotas = Quotas::default();
    quotas.set("routes-per-route-table", 10).expect("a quota");
    let mut b = Bench { cloud: Cloud::with_config(CloudConfig { quotas, ..CloudConfig::default() }), ..Bench::new() };
    let vpc = b.vpc("10.0.0.0/16");
    let igw = b.attached_igw(&vpc);
    let table = b.route_table(&vpc);
    let (large, small) = (list("large", 9, &[]), list("small", 2, &[]));
    let [large, small] = [large, small].map(|list| b.get("CreateManagedPrefixList", list, "/PrefixList/PrefixListId"));
    let route = |list: &str| json!({"RouteTableId": table, "DestinationPrefixListId": list, "GatewayId": igw});
    let block = |block: &str| json!({"RouteTableId": table, "DestinationCidrBlock": block, "GatewayId": igw});
    assert_eq!(b.code("CreateRoute", route(&large)), "ok");
    assert_eq!(b.code("CreateRoute", route(&small)), "RouteLimitExceeded");
    assert_eq!(b.code("CreateRoute", block("0.0.0.0/0")), "ok");
    assert_eq!(b.code("CreateRoute", block("192.0.2.0/24")), "RouteLimitExceeded");
    assert_eq!(b.code("CreateRoute", route(&large)), "RouteAlreadyExists"); // RT-12
}

#[test]
fn a_customers_list_counts_as_its_size_among_a_groups_rules_and_awss_as_one_sg_29() {
    let mut b = Bench::new();
    let vpc = b.vpc("10.0.0.0/16");
    let group = b.group(&vpc, "g");
    let large = b.get("CreateManagedPrefixList", list("large", 59, &["198.51.100.0/24"]), "/PrefixList/PrefixListId");
    let rule = |list: &str, port: u16| json!({"GroupId": group, "IpPermissions": [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "PrefixListIds": [{"PrefixListId": list}]}]});
    assert_eq!(b.code("AuthorizeSecurityGroupIngress", rule(&large, 22)), "ok");
    assert_eq!(b.code("AuthorizeSecurityGroupIngress", rule(&large, 80)), "RulesPerSecurityGroupLimitExceeded");
    assert_eq!(b.code("AuthorizeSecurityGroupIngress", rule(S3_LIST, 443)), "ok");
    assert_eq!(b.code("AuthorizeSecurityGroupIngress", rule(DYNAMODB_LIST, 443)), "RulesPerSecurityGroupLimitExceeded");
    assert_eq!(b.code("AuthorizeSecurityGroupIngress", rule("pl-00000000", 443)), "InvalidPrefixListID.NotFound"); // SG-28
}
