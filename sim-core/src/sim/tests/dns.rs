//! Names, as programs of instances find them: every answer is a packet.

use serde_json::{Value, json};

use super::{Lab, Site};
use crate::engine::SimDuration;

mod dns64;
mod over_tcp;
mod resource_names;

/// A site whose VPC gives names, with one instance, which is not up yet.
struct Named {
    site: Site,
    instance: String,
}

impl Lab {
    fn attribute(&mut self, vpc: &str, name: &str, value: bool) {
        self.ok("ModifyVpcAttribute", json!({"VpcId": vpc, name: {"Value": value}}));
    }

    fn named(&mut self, block: &str, subnet: &str) -> Named {
        let site = self.site(block, subnet);
        self.attribute(&site.vpc, "EnableDnsHostnames", true);
        let instance = self.instance(&site.subnet, &site.group, json!({}));
        Named { site, instance }
    }

    fn private_name(&mut self, instance: &str) -> String {
        self.of(instance, "/PrivateDnsName")
    }

    fn public_name(&mut self, instance: &str) -> String {
        self.of(instance, "/PublicDnsName")
    }

    /// What `dig` finds, or its status.
    fn dig(&mut self, instance: &str, question: &str) -> String {
        self.drops.clear();
        let (text, exit) = self.run(instance, &format!("dig +tries=1 +time=1 {question}"));
        if exit != 0 {
            return format!("exit {exit} {}", self.drops.join(" ")).trim_end().to_owned();
        }
        digest(&text)
    }

    fn zone(&mut self, name: &str, vpc: Option<&str>) -> String {
        let mut request = json!({"Name": name, "CallerReference": format!("{name} {vpc:?}")});
        if let Some(vpc) = vpc {
            request["VPC"] = json!({"VPCRegion": "ap-northeast-2", "VPCId": vpc});
        }
        self.get("CreateHostedZone", request, "/HostedZone/Id")
    }

    fn record(&mut self, zone: &str, name: &str, kind: &str, value: &str) {
        let set = json!({"Name": name, "Type": kind, "TTL": 300, "ResourceRecords": [{"Value": value}]});
        self.change(zone, json!({"Action": "CREATE", "ResourceRecordSet": set}));
    }

    fn change(&mut self, zone: &str, change: Value) {
        self.ok("ChangeResourceRecordSets", json!({"HostedZoneId": zone, "ChangeBatch": {"Changes": [change]}}));
    }
}

/// The values of the answer section, or the status where there are none.
fn digest(text: &str) -> String {
    let answers = text.split(";; ANSWER SECTION:\n").nth(1).map(|rest| rest.split("\n\n").next().unwrap_or_default());
    // Name, TTL, class and type come before the value.
    let value = |line: &str| line.split_whitespace().skip(4).collect::<Vec<_>>().join(" ");
    let values: Vec<String> = answers.into_iter().flat_map(str::lines).map(value).collect();
    match values.is_empty() {
        true => text.split("status: ").nth(1).and_then(|rest| rest.split(',').next()).unwrap_or(text).to_owned(),
        false => values.join(" "),
    }
}

#[test]
fn the_resolver_answers_at_base_plus_two_and_at_link_local_addresses_dns_1_addr_13_addr_16() {
    let mut lab = Lab::new();
    let Named { instance, .. } = lab.named("10.0.0.0/16", "10.0.7.0/24");
    lab.boot();
    let (name, address) = (lab.private_name(&instance), lab.private(&instance));
    for server in ["", "@10.0.0.2", "@169.254.169.253", "@fd00:ec2::253"] {
        assert_eq!(lab.dig(&instance, &format!("{server} {name}")), address, "{server}");
    }
    // Every subnet's base plus two is reserved, and nobody answers there.
    assert_eq!(lab.dig(&instance, &format!("@10.0.7.2 {name}")), "exit 9");
    assert_eq!(lab.dig(&instance, &format!("+norecurse {name}")), "REFUSED", "recursive queries only");
    let (text, _) = lab.run(&instance, "cat /etc/resolv.conf");
    assert!(text.ends_with("nameserver 10.0.0.2\nsearch ap-northeast-2.compute.internal\n"), "{text}");
}

#[test]
fn both_attributes_of_a_vpc_are_needed_for_names_dns_2() {
    let mut lab = Lab::new();
    let Named { site, instance } = lab.named("10.0.0.0/16", "10.0.0.0/24");
    let zone = lab.zone("lab.example", Some(&site.vpc));
    lab.record(&zone, "web.lab.example", "A", "10.0.0.99");
    lab.boot();
    let (private, public) = (lab.private_name(&instance), lab.public_name(&instance));
    let address = lab.private(&instance);
    for name in [&private, &public] {
        assert_eq!(lab.dig(&instance, name), address);
    }
    assert_eq!(lab.dig(&instance, "web.lab.example"), "10.0.0.99");
    lab.attribute(&site.vpc, "EnableDnsHostnames", false);
    for name in [private.as_str(), public.as_str(), "web.lab.example"] {
        assert_eq!(lab.dig(&instance, name), "NXDOMAIN", "{name}");
    }
    assert_eq!(lab.dig(&instance, "www.office.example"), "198.51.100.9", "public names are found all the same");
}

#[test]
fn without_dns_support_nobody_answers_dns_3() {
    let mut lab = Lab::new();
    let Named { site, instance } = lab.named("10.0.0.0/16", "10.0.0.0/24");
    lab.boot();
    assert_eq!(lab.dig(&instance, "www.office.example"), "198.51.100.9");
    lab.attribute(&site.vpc, "EnableDnsSupport", false);
    for server in ["@10.0.0.2", "@169.254.169.253"] {
        assert_eq!(lab.dig(&instance, &format!("{server} www.office.example")), "exit 9 NO_POSSIBLE_DESTINATION");
    }
    let (text, exit) = lab.run(&instance, "ping -c1 www.office.example");
    assert_eq!((text.as_str(), exit), ("ping: www.office.example: Temporary failure in name resolution\n", 2));
}

#[test]
fn a_public_name_means_the_private_address_inside_and_the_public_one_outside_dns_5() {
    let mut lab = Lab::new();
    let Named { instance, .. } = lab.named("10.0.0.0/16", "10.0.0.0/24");
    lab.boot();
    let (name, private, public) = (lab.public_name(&instance), lab.private(&instance), lab.public(&instance));
    assert_eq!(lab.dig(&instance, &name), private);
    let (text, exit) = lab.outside(&format!("dig {name}"));
    assert_eq!((digest(&text), exit), (public.clone(), 0));
    // A name server on the Internet knows nothing of the VPC.
    assert_eq!(lab.dig(&instance, &format!("@8.8.8.8 {name}")), public);
    assert_eq!(lab.dig(&instance, "ec2-203-0-113-77.ap-northeast-2.compute.amazonaws.com"), "NXDOMAIN");
}

#[test]
fn amazon_dns_is_not_filtered_and_other_servers_are_sg_26_sg_27_acl_12_dns_9() {
    let mut lab = Lab::new();
    let Named { site, instance } = lab.named("10.0.0.0/16", "10.0.0.0/24");
    lab.boot();
    assert_eq!(lab.dig(&instance, "@1.1.1.1 www.office.example"), "198.51.100.9");
    let everything = json!({"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]});
    lab.ok("RevokeSecurityGroupEgress", json!({"GroupId": site.group, "IpPermissions": [everything]}));
    assert_eq!(lab.dig(&instance, "@1.1.1.1 www.office.example"), "exit 9 ENI_SG_RULES_MISMATCH");
    assert_eq!(lab.dig(&instance, "www.office.example"), "198.51.100.9");
    lab.ok("AuthorizeSecurityGroupEgress", json!({"GroupId": site.group, "IpPermissions": [everything]}));
    let filters = json!([{"Name": "vpc-id", "Values": [site.vpc]}]);
    let acl = lab.get("DescribeNetworkAcls", json!({"Filters": filters}), "/NetworkAcls/0/NetworkAclId");
    for egress in [true, false] {
        lab.ok("DeleteNetworkAclEntry", json!({"NetworkAclId": acl, "RuleNumber": 100, "Egress": egress}));
    }
    assert_eq!(lab.dig(&instance, "@1.1.1.1 www.office.example"), "exit 9 SUBNET_ACL_RESTRICTION");
    assert_eq!(lab.dig(&instance, "www.office.example"), "198.51.100.9");
}

#[test]
fn an_interface_has_1024_questions_a_second_dns_8() {
    let mut lab = Lab::new();
    let Named { instance, .. } = lab.named("10.0.0.0/16", "10.0.0.0/24");
    lab.boot();
    lab.drops.clear();
    let ask = "dig +short +tries=1 +time=1 www.office.example > /dev/null || echo lost";
    let (text, _) = lab.run(&instance, &format!("for i in $(seq 1026); do {ask}; done"));
    assert_eq!((text.as_str(), lab.drops.as_slice()), ("lost\n", &["RATE_LIMIT_EXCEEDED"][..]));
}

#[test]
fn a_peers_public_names_are_private_with_the_option_only_pcx_34() {
    let mut lab = Lab::new();
    let (a, b) = (lab.named("10.0.0.0/16", "10.0.0.0/24"), lab.named("10.1.0.0/16", "10.1.0.0/24"));
    lab.boot();
    let peering = lab.peer(&a.site, &b.site);
    let (name, private, public) = (lab.public_name(&b.instance), lab.private(&b.instance), lab.public(&b.instance));
    assert_eq!(lab.dig(&a.instance, &name), public);
    let side = |side: &str, allow: bool| json!({"VpcPeeringConnectionId": peering, side: {"AllowDnsResolutionFromRemoteVpc": allow}});
    // Each side has a switch for its own names.
    lab.ok("ModifyVpcPeeringConnectionOptions", side("RequesterPeeringConnectionOptions", true));
    assert_eq!(lab.dig(&a.instance, &name), public);
    lab.ok("ModifyVpcPeeringConnectionOptions", side("AccepterPeeringConnectionOptions", true));
    assert_eq!(lab.dig(&a.instance, &name), private);
    lab.ok("DeleteVpcPeeringConnection", json!({"VpcPeeringConnectionId": peering}));
    assert_eq!(lab.dig(&a.instance, &name), public);
}

#[test]
fn the_option_needs_names_on_both_sides_to_have_effect_pcx_35() {
    let mut lab = Lab::new();
    let (a, b) = (lab.named("10.0.0.0/16", "10.0.0.0/24"), lab.named("10.1.0.0/16", "10.1.0.0/24"));
    lab.boot();
    let peering = lab.peer(&a.site, &b.site);
    let (name, private, public) = (lab.public_name(&b.instance), lab.private(&b.instance), lab.public(&b.instance));
    let options = json!({"AllowDnsResolutionFromRemoteVpc": true});
    lab.ok(
        "ModifyVpcPeeringConnectionOptions",
        json!({
            "VpcPeeringConnectionId": peering, "AccepterPeeringConnectionOptions": options,
        }),
    );
    assert_eq!(lab.dig(&a.instance, &name), private);
    lab.attribute(&a.site.vpc, "EnableDnsHostnames", false);
    assert_eq!(lab.dig(&a.instance, &name), public);
    lab.attribute(&a.site.vpc, "EnableDnsHostnames", true);
    lab.attribute(&b.site.vpc, "EnableDnsHostnames", false);
    assert_eq!(lab.dig(&a.instance, &name), "NXDOMAIN", "the instance has no public name any more (DNS-2)");
}

#[test]
fn private_names_of_a_peer_depend_on_its_block_pcx_36() {
    let mut lab = Lab::new();
    let a = lab.named("10.0.0.0/16", "10.0.0.0/24");
    let (b, c) = (lab.named("10.1.0.0/16", "10.1.0.0/24"), lab.named("100.64.0.0/16", "100.64.0.0/24"));
    lab.boot();
    let (private, shared) = (lab.private_name(&b.instance), lab.private_name(&c.instance));
    assert_eq!(lab.dig(&a.instance, &private), "NXDOMAIN", "not without a peering connection");
    lab.peer(&a.site, &b.site);
    let peering = lab.peer(&a.site, &c.site);
    assert_eq!(lab.dig(&a.instance, &private), lab.private(&b.instance));
    assert_eq!(lab.dig(&a.instance, &shared), "NXDOMAIN", "not an RFC 1918 block");
    let options = json!({"AllowDnsResolutionFromRemoteVpc": true});
    lab.ok(
        "ModifyVpcPeeringConnectionOptions",
        json!({
            "VpcPeeringConnectionId": peering, "AccepterPeeringConnectionOptions": options,
        }),
    );
    assert_eq!(lab.dig(&a.instance, &shared), lab.private(&c.instance));
    assert_eq!(lab.dig(&b.instance, &shared), "NXDOMAIN", "peering is not transitive");
}

#[test]
fn the_resolver_of_a_peer_is_out_of_reach_pcx_25_dns_10() {
    let mut lab = Lab::new();
    let (a, b) = (lab.named("10.0.0.0/16", "10.0.0.0/24"), lab.named("10.1.0.0/16", "10.1.0.0/24"));
    lab.boot();
    let peering = lab.peer(&a.site, &b.site);
    lab.route(&a.site.routes, "10.1.0.0/16", "VpcPeeringConnectionId", &peering);
    lab.route(&b.site.routes, "10.0.0.0/16", "VpcPeeringConnectionId", &peering);
    let to = lab.private(&b.instance);
    assert_eq!(lab.ping(&a.instance, &to), "pong");
    assert_eq!(lab.dig(&a.instance, "@10.1.0.2 www.office.example"), "exit 9 NO_POSSIBLE_DESTINATION");
    assert_eq!(lab.dig(&b.instance, "@10.1.0.2 www.office.example"), "198.51.100.9");
}

#[test]
fn a_private_zone_answers_for_its_names_and_hides_public_ones_dns_6() {
    let mut lab = Lab::new();
    let Named { site, instance } = lab.named("10.0.0.0/16", "10.0.0.0/24");
    let public = lab.zone("shop.example", None);
    lab.record(&public, "www.shop.example", "A", "198.51.100.9");
    lab.record(&public, "mail.shop.example", "A", "198.51.100.9");
    lab.boot();
    assert_eq!(lab.dig(&instance, "www.shop.example"), "198.51.100.9");
    let zone = lab.zone("shop.example", Some(&site.vpc));
    for (name, kind, value) in [
        ("www.shop.example", "A", "10.0.0.50"),
        ("www.shop.example", "AAAA", "2001:db8::50"),
        ("shop.example", "MX", "10 mx.shop.example."),
        ("note.shop.example", "TXT", "\"two words\""),
        ("alias.shop.example", "CNAME", "www.shop.example."),
        ("away.shop.example", "CNAME", "www.office.example."),
        ("*.wild.shop.example", "A", "10.0.0.60"),
        ("deep.er.shop.example", "A", "10.0.0.70"),
    ] {
        lab.record(&zone, name, kind, value);
    }
    let alias = json!({"HostedZoneId": zone, "DNSName": "www.shop.example.", "EvaluateTargetHealth": false});
    let set = json!({"Name": "shop.example", "Type": "A", "AliasTarget": alias});
    lab.change(&zone, json!({"Action": "UPSERT", "ResourceRecordSet": set}));
    for (question, answer) in [
        ("www.shop.example", "10.0.0.50"),
        ("WWW.Shop.EXAMPLE", "10.0.0.50"),
        ("www.shop.example AAAA", "2001:db8::50"),
        ("www.shop.example ANY", "10.0.0.50 2001:db8::50"),
        ("shop.example MX", "10 mx.shop.example."),
        ("-t TXT note.shop.example", "\"two words\""),
        ("alias.shop.example", "www.shop.example. 10.0.0.50"),
        ("alias.shop.example CNAME", "www.shop.example."),
        ("away.shop.example", "www.office.example. 198.51.100.9"),
        ("shop.example", "10.0.0.50"),
        ("a.wild.shop.example", "10.0.0.60"),
        // NODATA: the name is there, the type is not.
        ("www.shop.example MX", "NOERROR"),
        ("note.shop.example", "NOERROR"),
        ("er.shop.example", "NOERROR"),
        // NXDOMAIN: no fallback to the public zone.
        ("mail.shop.example", "NXDOMAIN"),
        ("nosuch.er.shop.example", "NXDOMAIN"),
    ] {
        assert_eq!(lab.dig(&instance, question), answer, "{question}");
    }
    // Of two zones the more specific one answers, and it alone.
    let inner = lab.zone("er.shop.example", Some(&site.vpc));
    lab.record(&inner, "x.er.shop.example", "A", "10.0.0.80");
    assert_eq!(lab.dig(&instance, "x.er.shop.example"), "10.0.0.80");
    assert_eq!(lab.dig(&instance, "deep.er.shop.example"), "NXDOMAIN");
}

#[test]
fn a_private_zone_is_seen_by_its_vpcs_alone_dns_7() {
    let mut lab = Lab::new();
    let (a, b) = (lab.named("10.0.0.0/16", "10.0.0.0/24"), lab.named("10.1.0.0/16", "10.1.0.0/24"));
    let zone = lab.zone("lab.example", Some(&a.site.vpc));
    lab.record(&zone, "db.lab.example", "A", "10.0.0.99");
    lab.boot();
    lab.peer(&a.site, &b.site);
    assert_eq!(lab.dig(&a.instance, "db.lab.example"), "10.0.0.99");
    assert_eq!(lab.dig(&b.instance, "db.lab.example"), "NXDOMAIN", "a peer is not associated");
    assert_eq!(digest(&lab.outside("dig db.lab.example").0), "NXDOMAIN");
    let vpc = json!({"VPCRegion": "ap-northeast-2", "VPCId": b.site.vpc});
    lab.ok("AssociateVPCWithHostedZone", json!({"HostedZoneId": zone, "VPC": vpc}));
    assert_eq!(lab.dig(&b.instance, "db.lab.example"), "10.0.0.99");
    lab.ok("DisassociateVPCFromHostedZone", json!({"HostedZoneId": zone, "VPC": vpc}));
    assert_eq!(lab.dig(&b.instance, "db.lab.example"), "NXDOMAIN");
}

#[test]
fn addresses_of_the_vpc_and_its_peers_have_names_backwards_dns_11() {
    let mut lab = Lab::new();
    let (a, b) = (lab.named("10.0.0.0/16", "10.0.0.0/24"), lab.named("10.1.0.0/16", "10.1.0.0/24"));
    lab.boot();
    let (own, other) = (lab.private(&a.instance), lab.private(&b.instance));
    let (own_name, other_name) = (lab.private_name(&a.instance), lab.private_name(&b.instance));
    assert_eq!(lab.dig(&a.instance, &format!("-x {own}")), format!("{own_name}."));
    assert_eq!(lab.dig(&a.instance, &format!("-x {other}")), "NXDOMAIN");
    lab.peer(&a.site, &b.site);
    assert_eq!(lab.dig(&a.instance, &format!("-x {other}")), format!("{other_name}."));
    assert_eq!(lab.dig(&a.instance, "-x 10.0.0.200"), "NXDOMAIN", "nobody has it");
    let (public, public_name) = (lab.public(&b.instance), lab.public_name(&b.instance));
    assert_eq!(lab.dig(&a.instance, &format!("-x {public}")), format!("{public_name}."));
}

#[test]
fn services_of_aws_have_public_addresses_igw_14_gwe_7() {
    let mut lab = Lab::new();
    let Named { instance, .. } = lab.named("10.0.0.0/16", "10.0.0.0/24");
    lab.boot();
    for service in ["s3", "dynamodb", "ec2", "cloudformation"] {
        let address = lab.dig(&instance, &format!("{service}.ap-northeast-2.amazonaws.com"));
        for address in address.split(' ') {
            let address: std::net::Ipv4Addr = address.parse().expect("an address");
            assert!(!address.is_private(), "{service} {address}");
        }
    }
    let mut addresses_of = |name: &str| {
        let mut addresses: Vec<String> = lab.dig(&instance, name).split(' ').map(str::to_owned).collect();
        addresses.sort();
        addresses
    };
    let bucket = addresses_of("amazonlinux-2-repos-ap-northeast-2.s3.dualstack.ap-northeast-2.amazonaws.com");
    assert_eq!(bucket, addresses_of("s3.ap-northeast-2.amazonaws.com"), "in another order");
    assert_eq!(lab.dig(&instance, &format!("-x {}", bucket[0])), "s3.ap-northeast-2.amazonaws.com.");
    assert_eq!(lab.dig(&instance, "cloudforamtion.ap-northeast-2.amazonaws.com"), "NXDOMAIN");
}

#[test]
fn names_of_networks_outside_aws_are_not_found_without_endpoints_r53_5() {
    let mut lab = Lab::new();
    let Named { instance, .. } = lab.named("10.0.0.0/16", "10.0.0.0/24");
    lab.boot();
    assert_eq!(lab.dig(&instance, "server.corp.internal"), "NXDOMAIN");
}

#[test]
fn programs_find_hosts_by_name() {
    let mut lab = Lab::new();
    let Named { site, instance } = lab.named("10.0.0.0/16", "10.0.0.0/24");
    let zone = lab.zone("lab.example", Some(&site.vpc));
    lab.boot();
    let (address, name) = (lab.private(&instance), lab.private_name(&instance));
    lab.record(&zone, "me.lab.example", "A", &address);
    lab.record(&zone, "other.lab.example", "CNAME", "me.lab.example.");
    let short = name.split('.').next().expect("a label").to_owned();
    for (line, expected, exit) in [
        ("getent hosts me.lab.example", format!("{address:<15} me.lab.example\n"), 0),
        ("getent hosts nosuch.lab.example", String::new(), 2),
        ("host me.lab.example", format!("me.lab.example has address {address}\n"), 0),
        (
            "host other.lab.example",
            format!("other.lab.example is an alias for me.lab.example.\nme.lab.example has address {address}\n"),
            0,
        ),
        ("host nosuch.lab.example", "Host nosuch.lab.example not found: 3(NXDOMAIN)\n".to_owned(), 1),
        (
            "host 10.0.0.77",
            "Host 77.0.0.10.in-addr.arpa not found: 3(NXDOMAIN)\n".to_owned(),
            1,
        ),
        (
            "nslookup me.lab.example",
            format!(
                "Server:\t\t10.0.0.2\nAddress:\t10.0.0.2#53\n\nNon-authoritative answer:\nName:\tme.lab.example\n\
                 Address: {address}\n\n"
            ),
            0,
        ),
        (
            "nslookup nosuch.lab.example 169.254.169.253",
            "Server:\t\t169.254.169.253\nAddress:\t169.254.169.253#53\n\n** server can't find nosuch.lab.example: NXDOMAIN\n\n"
                .to_owned(),
            1,
        ),
        ("dig +short other.lab.example", format!("me.lab.example.\n{address}\n"), 0),
        ("dig +short nosuch.lab.example", String::new(), 0),
        (
            "dig +noall +answer me.lab.example",
            format!("me.lab.example.\t\t300\tIN\tA\t{address}\n"),
            0,
        ),
        ("dig @nosuch.invalid x", "dig: couldn't get address for 'nosuch.invalid': not found\n".to_owned(), 1),
        ("ping -c1 nosuch.invalid", "ping: nosuch.invalid: Name or service not known\n".to_owned(), 2),
        ("ping -6 -c1 me.lab.example", "ping: me.lab.example: No address associated with hostname\n".to_owned(), 2),
        ("curl nosuch.invalid", "curl: (6) Could not resolve host: nosuch.invalid\n".to_owned(), 6),
        ("curl -s www.office.example", "<h1>outside</h1>\n".to_owned(), 0),
    ] {
        assert_eq!(lab.run(&instance, line), (expected, exit), "{line}");
    }
    // The search list makes short names whole, and a reply is shown under the name that its address has.
    let (text, exit) = lab.run(&instance, &format!("ping -c1 {short}.ap-northeast-2.compute.internal"));
    assert!(text.contains(&format!("bytes from {name} ({address})")), "{text}");
    assert_eq!(exit, 0);
    let (text, _) = lab.run(&instance, "ping -c1 other.lab.example");
    assert!(text.starts_with(&format!("PING me.lab.example ({address})")), "{text}");
    let other = lab.instance(&site.subnet, &site.group, json!({}));
    lab.boot();
    let (text, exit) = lab.run(&other, &format!("getent hosts {short}"));
    assert_eq!((text, exit), (format!("{address:<15} {name}\n"), 0));
}

#[test]
fn a_zone_that_is_deleted_answers_no_more() {
    let mut lab = Lab::new();
    let Named { site, instance } = lab.named("10.0.0.0/16", "10.0.0.0/24");
    let zone = lab.zone("lab.example", Some(&site.vpc));
    lab.record(&zone, "db.lab.example", "A", "10.0.0.99");
    lab.boot();
    assert_eq!(lab.dig(&instance, "db.lab.example"), "10.0.0.99");
    let values = json!([{"Value": "10.0.0.99"}]);
    let set = json!({"Name": "db.lab.example", "Type": "A", "TTL": 300, "ResourceRecords": values});
    lab.change(&zone, json!({"Action": "DELETE", "ResourceRecordSet": set}));
    assert_eq!(lab.dig(&instance, "db.lab.example"), "NXDOMAIN");
    lab.ok("DeleteHostedZone", json!({"Id": zone}));
    lab.pass(SimDuration::from_secs(1));
    assert_eq!(lab.dig(&instance, "lab.example SOA"), "NXDOMAIN");
}
