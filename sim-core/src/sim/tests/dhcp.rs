//! What instances are told when they boot, as `/etc/resolv.conf` shows it.

use super::*;

#[test]
fn a_booting_instance_is_told_of_its_vpcs_options_addr_19() {
    let mut lab = Lab::new();
    let site = lab.site("10.0.0.0/16", "10.0.1.0/24");
    let a = lab.instance(&site.subnet, &site.group, json!({}));
    lab.boot();
    let told = |lab: &mut Lab| lab.run(&a, "cat /etc/resolv.conf").0;
    assert_eq!(told(&mut lab), "nameserver 10.0.0.2\nsearch ap-northeast-2.compute.internal\n");
    let configurations = json!([
        {"Key": "domain-name", "Values": ["example.com"]}, {"Key": "domain-name-servers", "Values": ["10.0.9.9", "AmazonProvidedDNS"]},
    ]);
    let request = json!({"DhcpConfigurations": configurations});
    let options = lab.get("CreateDhcpOptions", request, "/DhcpOptions/DhcpOptionsId");
    lab.ok("AssociateDhcpOptions", json!({"DhcpOptionsId": options, "VpcId": site.vpc}));
    lab.stop(&a);
    lab.start(&a);
    assert_eq!(told(&mut lab), "nameserver 10.0.9.9\nnameserver 10.0.0.2\nsearch example.com\n");
    lab.ok("AssociateDhcpOptions", json!({"DhcpOptionsId": "default", "VpcId": site.vpc}));
    lab.stop(&a);
    lab.start(&a);
    assert_eq!(told(&mut lab), "");
}
