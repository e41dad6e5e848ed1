//! Names that spell an instance's id.

use super::*;

/// An instance of a subnet, launched with these options.
fn launched(lab: &mut Lab, site: &Site, options: Value) -> String {
    let request = json!({
        "ImageId": crate::sim::tests::IMAGE, "MinCount": 1, "MaxCount": 1, "SubnetId": site.subnet,
        "SecurityGroupIds": [site.group], "Ipv6AddressCount": 1, "PrivateDnsNameOptions": options,
        "MetadataOptions": {"HttpTokens": "optional"},
    });
    lab.get("RunInstances", request, "/Instances/0/InstanceId")
}

#[test]
fn a_resource_name_has_the_records_that_are_switched_on_dns_4() {
    let mut lab = Lab::new();
    let Named { site, instance: asker } = lab.named("10.0.0.0/16", "10.0.0.0/24");
    let named = launched(&mut lab, &site, json!({"EnableResourceNameDnsARecord": true}));
    lab.boot();
    let name = format!("{named}.ap-northeast-2.compute.internal");
    let (v4, v6) = (lab.private(&named), lab.ipv6(&named));
    assert_eq!(lab.dig(&asker, &name), v4);
    assert_eq!(lab.dig(&asker, &format!("{name} AAAA")), "NOERROR", "there is a name and no such record");
    assert_eq!(lab.dig(&asker, &format!("{asker}.ap-northeast-2.compute.internal")), "NXDOMAIN", "off by default");
    assert_eq!(lab.dig(&asker, &format!("{named}.ec2.internal")), "NXDOMAIN", "another Region's domain");
    let ip_name = lab.private_name(&named);
    assert_eq!(lab.dig(&asker, &ip_name), v4, "the name of the address answers whatever is chosen");

    let on = json!({"InstanceId": named, "EnableResourceNameDnsAAAARecord": true});
    lab.ok("ModifyPrivateDnsNameOptions", on);
    assert_eq!(lab.dig(&asker, &format!("{name} AAAA")), v6);
    let off = json!({
        "InstanceId": named, "EnableResourceNameDnsARecord": false, "EnableResourceNameDnsAAAARecord": false,
    });
    lab.ok("ModifyPrivateDnsNameOptions", off);
    assert_eq!(lab.dig(&asker, &name), "NXDOMAIN");

    lab.ok("ModifyPrivateDnsNameOptions", json!({"InstanceId": named, "EnableResourceNameDnsARecord": true}));
    lab.ok("TerminateInstances", json!({"InstanceIds": [named]}));
    lab.pass(SimDuration::from_secs(30));
    assert_eq!(lab.dig(&asker, &name), "NXDOMAIN", "the name goes with its instance");
}

#[test]
fn the_host_name_follows_the_type_dns_4_imds_6() {
    let mut lab = Lab::new();
    let Named { site, instance } = lab.named("10.0.0.0/16", "10.0.0.0/24");
    lab.ok(
        "ModifySubnetAttribute",
        json!({"SubnetId": site.subnet, "PrivateDnsHostnameTypeOnLaunch": "resource-name"}),
    );
    lab.ok(
        "ModifySubnetAttribute",
        json!({"SubnetId": site.subnet, "EnableResourceNameDnsARecordOnLaunch": {"Value": true}}),
    );
    let by_id = launched(&mut lab, &site, json!({}));
    let by_address = launched(&mut lab, &site, json!({"HostnameType": "ip-name"}));
    lab.boot();
    let metadata = |lab: &mut Lab, from: &str, path: &str| {
        lab.run(from, &format!("curl -s http://169.254.169.254/latest/meta-data/{path}")).0
    };
    let full = format!("{by_id}.ap-northeast-2.compute.internal");
    assert_eq!(lab.private_name(&by_id), full);
    assert_eq!(lab.run(&by_id, "hostname").0, format!("{by_id}\n"));
    assert_eq!(metadata(&mut lab, &by_id, "hostname"), full);
    assert_eq!(metadata(&mut lab, &by_id, "local-hostname"), full);
    assert_eq!(lab.dig(&instance, &full), lab.private(&by_id));
    for earlier_or_otherwise in [&instance, &by_address] {
        let name = format!("ip-{}", lab.private(earlier_or_otherwise).replace('.', "-"));
        assert_eq!(lab.run(earlier_or_otherwise, "hostname").0, format!("{name}\n"));
        assert_eq!(lab.private_name(earlier_or_otherwise), format!("{name}.ap-northeast-2.compute.internal"));
    }
    // The type changes while an instance is stopped, and its host name with the next boot.
    let back = json!({"InstanceId": by_id, "PrivateDnsHostnameType": "ip-name"});
    assert_eq!(
        lab.call("ModifyPrivateDnsNameOptions", back.clone()).expect_err("it runs").code,
        "IncorrectInstanceState"
    );
    lab.stop(&by_id);
    lab.ok("ModifyPrivateDnsNameOptions", back);
    lab.start(&by_id);
    let name = format!("ip-{}", lab.private(&by_id).replace('.', "-"));
    assert_eq!(lab.run(&by_id, "hostname").0, format!("{name}\n"));
    assert_eq!(lab.private_name(&by_id), format!("{name}.ap-northeast-2.compute.internal"));
}

#[test]
fn the_resource_names_of_a_peer_are_known_as_its_other_private_names_dns_4_pcx_36() {
    let mut lab = Lab::new();
    let a = lab.named("10.0.0.0/16", "10.0.0.0/24");
    let (b, c) = (lab.named("10.1.0.0/16", "10.1.0.0/24"), lab.named("100.64.0.0/16", "100.64.0.0/24"));
    let options = json!({"EnableResourceNameDnsARecord": true});
    let private = launched(&mut lab, &b.site, options.clone());
    let shared = launched(&mut lab, &c.site, options);
    lab.boot();
    let name = |instance: &str| format!("{instance}.ap-northeast-2.compute.internal");
    assert_eq!(lab.dig(&a.instance, &name(&private)), "NXDOMAIN", "not without a peering connection");
    lab.peer(&a.site, &b.site);
    let peering = lab.peer(&a.site, &c.site);
    assert_eq!(lab.dig(&a.instance, &name(&private)), lab.private(&private));
    assert_eq!(lab.dig(&a.instance, &name(&shared)), "NXDOMAIN", "not an RFC 1918 block");
    let accepter = json!({"AllowDnsResolutionFromRemoteVpc": true});
    lab.ok(
        "ModifyVpcPeeringConnectionOptions",
        json!({"VpcPeeringConnectionId": peering, "AccepterPeeringConnectionOptions": accepter}),
    );
    assert_eq!(lab.dig(&a.instance, &name(&shared)), lab.private(&shared));
}
