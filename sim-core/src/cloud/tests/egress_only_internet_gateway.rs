//! Egress-only Internet gateways as the API knows them (EIGW-1, RT-15, RT-19).

use super::*;

fn gateway(b: &mut Bench, vpc: &str) -> String {
    let pointer = "/EgressOnlyInternetGateway/EgressOnlyInternetGatewayId";
    b.get("CreateEgressOnlyInternetGateway", json!({"VpcId": vpc}), pointer)
}

#[test]
fn one_of_a_vpc_and_five_of_a_region_eigw_1() {
    let mut b = Bench::new();
    b.cloud.config.quotas.set("vpcs-per-region", 9).expect("a quota");
    let vpcs: Vec<_> = (0..6).map(|number| b.vpc(&format!("10.{number}.0.0/16"))).collect();
    let first = gateway(&mut b, &vpcs[0]);
    let refused = "EgressOnlyInternetGatewayLimitExceeded";
    assert_eq!(b.code("CreateEgressOnlyInternetGateway", json!({"VpcId": vpcs[0]})), refused);
    for vpc in &vpcs[1..5] {
        gateway(&mut b, vpc);
    }
    assert_eq!(b.code("CreateEgressOnlyInternetGateway", json!({"VpcId": vpcs[5]})), refused);
    let shown = b.ok("DescribeEgressOnlyInternetGateways", json!({"EgressOnlyInternetGatewayIds": [first]}));
    assert_eq!(
        shown,
        json!({"EgressOnlyInternetGateways": [
            {"Attachments": [{"State": "attached", "VpcId": vpcs[0]}], "EgressOnlyInternetGatewayId": first}]})
    );
    let request = json!({"EgressOnlyInternetGatewayId": first});
    assert_eq!(b.ok("DeleteEgressOnlyInternetGateway", request.clone()), json!({"ReturnCode": true}));
    assert_eq!(b.code("DeleteEgressOnlyInternetGateway", request), "InvalidEgressOnlyInternetGatewayId.NotFound");
    gateway(&mut b, &vpcs[5]);
}

#[test]
fn its_routes_are_for_ipv6_and_stay_as_blackholes_rt_15_rt_19_rt_20() {
    let mut b = Bench::new();
    let (vpc, other) = (b.vpc("10.0.0.0/16"), b.vpc("10.1.0.0/16"));
    let (table, elsewhere) = (b.route_table(&vpc), b.route_table(&other));
    let id = gateway(&mut b, &vpc);
    let route = |table: &str, member: &str, destination: &str| json!({"RouteTableId": table, member: destination, "EgressOnlyInternetGatewayId": id});
    for (request, code) in [
        (route(&table, "DestinationCidrBlock", "0.0.0.0/0"), "InvalidParameterValue"),
        (route(&elsewhere, "DestinationIpv6CidrBlock", "::/0"), "InvalidParameterValue"),
        (route(&table, "DestinationIpv6CidrBlock", "::/0"), "ok"),
    ] {
        assert_eq!(b.code("CreateRoute", request.clone()), code, "{request}");
    }
    let state = |b: &mut Bench| {
        b.get("DescribeRouteTables", json!({"RouteTableIds": [table]}), "/RouteTables/0/Routes/1/State")
    };
    assert_eq!(state(&mut b), "active");
    assert_eq!(b.code("DeleteVpc", json!({"VpcId": vpc})), "DependencyViolation");
    b.ok("DeleteEgressOnlyInternetGateway", json!({"EgressOnlyInternetGatewayId": id}));
    assert_eq!(state(&mut b), "blackhole");
}

#[test]
fn a_vpc_is_deleted_after_its_gateway_del_3() {
    let mut b = Bench::new();
    let vpc = b.vpc("10.0.0.0/16");
    let id = gateway(&mut b, &vpc);
    assert_eq!(b.code("DeleteVpc", json!({"VpcId": vpc})), "DependencyViolation");
    b.ok("DeleteEgressOnlyInternetGateway", json!({"EgressOnlyInternetGatewayId": id}));
    assert_eq!(b.code("DeleteVpc", json!({"VpcId": vpc})), "ok");
}
