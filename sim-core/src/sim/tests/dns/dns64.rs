//! DNS64: IPv6 addresses made up for names that have none (NAT-19, RFC 6147).

use super::*;

impl Lab {
    fn dns64(&mut self, subnet: &str, value: bool) {
        self.ok("ModifySubnetAttribute", json!({"SubnetId": subnet, "EnableDns64": {"Value": value}}));
    }
}

#[test]
fn a_name_with_ipv4_alone_gets_an_address_of_the_well_known_prefix_nat_19() {
    let mut lab = Lab::new();
    let Named { site, instance } = lab.named("10.0.0.0/16", "10.0.7.0/24");
    let other_subnet = lab.subnet(&site.vpc, "10.0.8.0/24", 8);
    let neighbor = lab.instance(&other_subnet, &site.group, json!({}));
    lab.boot();
    let question = "AAAA www.office.example";
    assert_eq!(lab.dig(&instance, question), "NOERROR", "without it there is none");
    lab.dns64(&site.subnet, true);
    for server in ["", "@10.0.0.2", "@169.254.169.253", "@fd00:ec2::253"] {
        for transport in ["", "+tcp"] {
            let asked = lab.dig(&instance, &format!("{transport} {server} {question}"));
            assert_eq!(asked, "64:ff9b::c633:6409", "{transport} {server}");
        }
    }
    // Private addresses too: NAT64 leads to hosts of the VPC.
    let own = lab.private_name(&instance);
    let made_up = lab.dig(&instance, &format!("AAAA {own}"));
    assert!(made_up.starts_with("64:ff9b::a00:7"), "{made_up}");
    // Nobody else is told so, and nothing else is made up.
    assert_eq!(lab.dig(&neighbor, question), "NOERROR", "it is the subnet's");
    assert_eq!(lab.dig(&instance, "@8.8.8.8 AAAA www.office.example"), "NOERROR", "it is the Resolver's");
    assert_eq!(lab.dig(&instance, "A www.office.example"), "198.51.100.9");
    assert_eq!(lab.dig(&instance, "MX www.office.example"), "NOERROR");
    assert_eq!(lab.dig(&instance, "AAAA nobody.office.example"), "NXDOMAIN");
    lab.dns64(&site.subnet, false);
    assert_eq!(lab.dig(&instance, question), "NOERROR");
}

#[test]
fn what_has_an_ipv6_address_keeps_it_and_aliases_are_followed_nat_19() {
    let mut lab = Lab::new();
    let Named { site, instance } = lab.named("10.0.0.0/16", "10.0.7.0/24");
    let zone = lab.zone("lab.example", Some(&site.vpc));
    lab.record(&zone, "both.lab.example", "A", "10.0.7.9");
    lab.record(&zone, "both.lab.example", "AAAA", "2001:db8::9");
    lab.record(&zone, "old.lab.example", "A", "10.0.7.9");
    lab.record(&zone, "mapped.lab.example", "A", "10.0.7.9");
    lab.record(&zone, "mapped.lab.example", "AAAA", "::ffff:10.0.7.9");
    lab.record(&zone, "www.lab.example", "CNAME", "old.lab.example");
    lab.record(&zone, "away.lab.example", "CNAME", "www.office.example");
    lab.record(&zone, "text.lab.example", "TXT", "\"words\"");
    lab.boot();
    lab.dns64(&site.subnet, true);
    for (name, expected) in [
        ("both.lab.example", "2001:db8::9"),
        ("old.lab.example", "64:ff9b::a00:709"),
        ("mapped.lab.example", "64:ff9b::a00:709"), // RFC 6147 §5.1.4
        ("www.lab.example", "old.lab.example. 64:ff9b::a00:709"),
        ("away.lab.example", "www.office.example. 64:ff9b::c633:6409"),
        ("text.lab.example", "NOERROR"),
        ("nobody.lab.example", "NXDOMAIN"),
    ] {
        assert_eq!(lab.dig(&instance, &format!("AAAA {name}")), expected, "{name}");
    }
    let (text, _) = lab.run(&instance, "dig AAAA old.lab.example");
    assert!(text.contains("old.lab.example.\t300\tIN\tAAAA\t64:ff9b::a00:709\n"), "{text}");
}
