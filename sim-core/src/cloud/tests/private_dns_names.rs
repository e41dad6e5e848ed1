//! How instances are named: what subnets, launches and instances say of it, and what is refused.

use super::*;

fn shown(b: &mut Bench, instance: &str) -> Value {
    b.ok("DescribeInstances", json!({"InstanceIds": [instance]}))["Reservations"][0]["Instances"][0].clone()
}

#[test]
fn a_launch_takes_its_names_from_the_subnet_unless_it_says_otherwise_dns_4() {
    let mut b = Bench::new();
    let vpc = b.vpc("10.0.0.0/16");
    let subnet = b.subnet(&vpc, "10.0.1.0/24");
    let options = |b: &mut Bench| {
        b.ok("DescribeSubnets", json!({"SubnetIds": [subnet]}))["Subnets"][0]["PrivateDnsNameOptionsOnLaunch"].clone()
    };
    let named = |kind: &str, a: bool| json!({"HostnameType": kind, "EnableResourceNameDnsARecord": a, "EnableResourceNameDnsAAAARecord": false});
    assert_eq!(options(&mut b), named("ip-name", false));
    let first = b.instance(&subnet, json!({}));
    for change in [
        json!({"PrivateDnsHostnameTypeOnLaunch": "resource-name"}),
        json!({"EnableResourceNameDnsARecordOnLaunch": {"Value": true}}),
    ] {
        let mut request = change;
        request["SubnetId"] = json!(subnet);
        b.ok("ModifySubnetAttribute", request);
    }
    assert_eq!(options(&mut b), named("resource-name", true));
    let second = b.instance(&subnet, json!({}));
    let third = b.instance(&subnet, json!({"PrivateDnsNameOptions": {"HostnameType": "ip-name"}}));
    for (instance, kind, a) in [(&first, "ip-name", false), (&second, "resource-name", true), (&third, "ip-name", true)]
    {
        let shown = shown(&mut b, instance);
        assert_eq!(shown["PrivateDnsNameOptions"], named(kind, a));
        let name = match kind {
            "ip-name" => format!("ip-{}", text(&shown, "/PrivateIpAddress").replace('.', "-")),
            _ => instance.clone(),
        };
        let name = format!("{name}.ap-northeast-2.compute.internal");
        assert_eq!(shown["PrivateDnsName"], json!(name));
        assert_eq!(shown["NetworkInterfaces"][0]["PrivateDnsName"], json!(name));
    }
    let filters = json!([{"Name": "private-dns-name-options.hostname-type", "Values": ["resource-name"]}]);
    let found = b.ok("DescribeInstances", json!({"Filters": filters}));
    assert_eq!(found["Reservations"].as_array().map(Vec::len), Some(1));
    let filters = json!([{"Name": "private-dns-name", "Values": [format!("{second}.*")]}]);
    let found = b.ok("DescribeInstances", json!({"Filters": filters}));
    assert_eq!(found["Reservations"][0]["Instances"][0]["InstanceId"], json!(second));
}

#[test]
fn what_an_instance_cannot_be_called_is_refused_dns_4() {
    let mut b = Bench::new();
    let vpc = b.vpc("10.0.0.0/16");
    let subnet = b.subnet(&vpc, "10.0.1.0/24");
    let instance = b.instance(&subnet, json!({}));
    let mut modify = |member: &str, value: Value| {
        b.code("ModifyPrivateDnsNameOptions", json!({"InstanceId": instance, member: value}))
    };
    assert_eq!(modify("PrivateDnsHostnameType", json!("resource-name")), "IncorrectInstanceState");
    assert_eq!(modify("PrivateDnsHostnameType", json!("ip-name")), "ok", "it is that already");
    assert_eq!(modify("PrivateDnsHostnameType", json!("nick-name")), "InvalidParameterValue");
    assert_eq!(modify("EnableResourceNameDnsARecord", json!(true)), "ok");
    assert_eq!(modify("EnableResourceNameDnsAAAARecord", json!(true)), "InvalidParameterValue", "no IPv6 block");
    let unknown = json!({"InstanceId": "i-00000000000000001"});
    assert_eq!(b.code("ModifyPrivateDnsNameOptions", unknown), "InvalidInstanceID.NotFound");

    let mut subnet_attribute = |change: Value| {
        let mut request = change;
        request["SubnetId"] = json!(subnet);
        b.code("ModifySubnetAttribute", request)
    };
    let on = json!({"Value": true});
    assert_eq!(subnet_attribute(json!({"EnableResourceNameDnsAAAARecordOnLaunch": on})), "InvalidParameterValue");
    assert_eq!(subnet_attribute(json!({"PrivateDnsHostnameTypeOnLaunch": "name"})), "InvalidParameterValue");
    let two = json!({"EnableResourceNameDnsARecordOnLaunch": on, "MapPublicIpOnLaunch": on});
    assert_eq!(subnet_attribute(two), "InvalidParameterCombination", "one attribute at a time");
    assert_eq!(subnet_attribute(json!({})), "MissingParameter");
}
