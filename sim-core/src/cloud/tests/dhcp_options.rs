//! Sets of DHCP options, as they are made, given to VPCs, shown and refused.

use super::*;

fn options(key: &str, values: &[&str]) -> Value {
    json!({"DhcpConfigurations": [{"Key": key, "Values": values}]})
}

#[test]
fn every_region_has_a_default_set_addr_19() {
    let mut b = Bench::new();
    let vpc = b.vpc("10.0.0.0/16");
    let id = b.get("DescribeVpcs", json!({"VpcIds": [vpc]}), "/Vpcs/0/DhcpOptionsId");
    let shown = b.ok("DescribeDhcpOptions", json!({"DhcpOptionsIds": [id]}));
    let configurations = &shown["DhcpOptions"][0]["DhcpConfigurations"];
    assert_eq!(
        *configurations,
        json!([
            {"Key": "domain-name", "Values": [{"Value": "ap-northeast-2.compute.internal"}]},
            {"Key": "domain-name-servers", "Values": [{"Value": "AmazonProvidedDNS"}]},
        ])
    );
}

#[test]
fn a_set_that_a_vpc_has_is_not_deleted() {
    let mut b = Bench::new();
    let vpc = b.vpc("10.0.0.0/16");
    let id = b.get("CreateDhcpOptions", options("ntp-servers", &["169.254.169.123"]), "/DhcpOptions/DhcpOptionsId");
    b.ok("AssociateDhcpOptions", json!({"DhcpOptionsId": id, "VpcId": vpc}));
    assert_eq!(b.get("DescribeVpcs", json!({"VpcIds": [vpc]}), "/Vpcs/0/DhcpOptionsId"), id);
    assert_eq!(b.code("DeleteDhcpOptions", json!({"DhcpOptionsId": id})), "DependencyViolation");
    b.ok("AssociateDhcpOptions", json!({"DhcpOptionsId": "default", "VpcId": vpc}));
    assert_eq!(b.get("DescribeVpcs", json!({"VpcIds": [vpc]}), "/Vpcs/0/DhcpOptionsId"), "default");
    b.ok("DeleteDhcpOptions", json!({"DhcpOptionsId": id}));
    assert_eq!(b.code("DeleteDhcpOptions", json!({"DhcpOptionsId": id})), "InvalidDhcpOptionID.NotFound");
}

#[test]
fn what_is_no_option_is_refused() {
    let mut b = Bench::new();
    for (key, values, code) in [
        ("domain-name-servers", &["10.0.0.2", "AmazonProvidedDNS"][..], "ok"),
        ("domain-name-servers", &["10.0.0.2, 10.0.0.3"], "ok"),
        ("domain-name-servers", &["1.1.1.1", "1.1.1.2", "1.1.1.3", "1.1.1.4", "1.1.1.5"], "InvalidParameterValue"),
        ("domain-name-servers", &["somewhere"], "InvalidParameterValue"),
        ("domain-name-servers", &[], "InvalidParameterValue"),
        ("netbios-node-type", &["2"], "ok"),
        ("netbios-node-type", &["3"], "InvalidParameterValue"),
        ("router", &["10.0.0.1"], "InvalidParameterValue"),
    ] {
        assert_eq!(b.code("CreateDhcpOptions", options(key, values)), code, "{key} {values:?}");
    }
    assert_eq!(b.code("CreateDhcpOptions", json!({})), "MissingParameter");
}
