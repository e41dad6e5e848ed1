//! Instance metadata and the other services on an instance's own link, asked with the tools that people type.

use super::*;
use crate::cloud::tests::text;
use crate::trace::TraceEvent;

const BASE: &str = "http://169.254.169.254/latest";
const AMAZON_LINUX_2: &str = "resolve:ssm:/aws/service/ami-amazon-linux-latest/amzn2-ami-hvm-x86_64-gp2";

impl Lab {
    /// An instance of Amazon Linux 2, whose metadata service takes both versions, launched with these members.
    fn old_instance(&mut self, site: &Site, more: Value) -> String {
        let interface = json!({
            "DeviceIndex": 0, "SubnetId": site.subnet, "Groups": [site.group], "AssociatePublicIpAddress": true, "Ipv6AddressCount": 1,
        });
        let mut request = json!({
            "ImageId": AMAZON_LINUX_2, "InstanceType": "t2.micro", "KeyName": "lab", "MinCount": 1, "MaxCount": 1,
            "NetworkInterfaces": [interface],
        });
        for (name, value) in more.as_object().expect("further members are an object") {
            request[name] = value.clone();
        }
        self.get("RunInstances", request, "/Instances/0/InstanceId")
    }

    /// What is at a path of the metadata service.
    #[track_caller]
    fn metadata(&mut self, instance: &str, path: &str) -> String {
        let (text, exit) = self.run(instance, &format!("curl -s -f {BASE}/{path}"));
        assert!(exit == 0 || text.is_empty(), "{path}: {text}");
        if exit == 0 { text } else { format!("exit {exit}") }
    }

    /// The status of a request, written as curl's options and a path.
    fn status(&mut self, instance: &str, request: &str) -> String {
        let (options, path) = request.rsplit_once(' ').unwrap_or(("", request));
        self.run(instance, &format!("curl -s -o /dev/null -w '%{{http_code}}' {options} http://169.254.169.254{path}"))
            .0
    }

    fn token(&mut self, instance: &str, seconds: u32) -> String {
        let header = format!("X-aws-ec2-metadata-token-ttl-seconds: {seconds}");
        let (token, exit) = self.run(instance, &format!("curl -s -f -X PUT -H '{header}' {BASE}/api/token"));
        assert_eq!(exit, 0, "{token}");
        token
    }

    fn modify(&mut self, instance: &str, change: Value) {
        let mut request = json!({"InstanceId": instance});
        for (name, value) in change.as_object().expect("changes are an object") {
            request[name] = value.clone();
        }
        self.ok("ModifyInstanceMetadataOptions", request);
    }

    /// Types a line and answers with what it printed and everything that happened meanwhile.
    fn watched(&mut self, instance: &str, line: &str) -> (String, Vec<TraceEvent>) {
        self.world.watch_first_packet();
        let running = self.type_on(instance, line);
        let limit = self.world.now() + SimDuration::from_secs(300);
        let mut events = Vec::new();
        loop {
            let pause = self.world.wait_for(running, limit);
            let mut recording = Recording::default();
            self.world.take_trace(&mut recording);
            events.append(&mut recording.events);
            match pause {
                Pause::Done(finished) => return (printed(finished).0, events),
                Pause::Meanwhile => {}
                Pause::Limit => panic!("`{line}` does not end"),
            }
        }
    }
}

/// A site with an instance of Amazon Linux 2; all frames are seen.
fn lab() -> (Lab, Site, String) {
    let mut lab = Lab::with(|config| config.snap_length = Some(0));
    let site = lab.site("10.0.0.0/16", "10.0.1.0/24");
    let instance = lab.old_instance(&site, json!({}));
    lab.boot();
    (lab, site, instance)
}

#[test]
fn every_instance_reads_its_own_metadata_and_nobody_elses_imds_1() {
    let (mut lab, site, a) = lab();
    let b = lab.old_instance(&site, json!({}));
    lab.boot();
    for instance in [&a, &b] {
        assert_eq!(lab.metadata(instance, "meta-data/instance-id"), *instance);
    }
    let versions = lab.run(&a, "curl -s http://169.254.169.254/").0;
    assert!(versions.starts_with("1.0\n2007-01-19\n") && versions.ends_with("\nlatest"), "{versions}");
    assert_eq!(lab.run(&a, "curl -s http://169.254.169.254/2021-07-15/meta-data/instance-id").0, a);
    // Outside of AWS nobody has the address.
    assert_eq!(lab.outside("curl -s -m 2 http://169.254.169.254/").1, 28);
}

#[test]
fn the_ipv6_address_answers_when_it_is_switched_on_imds_1() {
    let (mut lab, _, a) = lab();
    let ask = "curl -s -m 2 http://[fd00:ec2::254]/latest/meta-data/instance-id";
    lab.drops.clear();
    assert_eq!(lab.run(&a, ask).1, 28);
    assert!(lab.drops.contains(&"NO_POSSIBLE_DESTINATION"), "{:?}", lab.drops);
    lab.modify(&a, json!({"HttpProtocolIpv6": "enabled"}));
    assert_eq!(lab.run(&a, ask), (a.clone(), 0));
}

#[test]
fn a_token_opens_the_second_version_on_its_own_instance_only_imds_2() {
    let (mut lab, site, a) = lab();
    let b = lab.old_instance(&site, json!({}));
    lab.boot();
    assert_eq!(lab.metadata(&a, "meta-data/instance-type"), "t2.micro", "version 1 needs no token");
    let line = format!(
        "TOKEN=$(curl -s -X PUT {BASE}/api/token -H 'X-aws-ec2-metadata-token-ttl-seconds: 21600')\n\
         curl -s -H \"X-aws-ec2-metadata-token: $TOKEN\" {BASE}/meta-data/instance-id"
    );
    assert_eq!(lab.run(&a, &line), (a.clone(), 0));
    let token = lab.token(&a, 60);
    let with = format!("-H 'X-aws-ec2-metadata-token: {token}' /latest/meta-data/instance-id");
    assert_eq!(lab.status(&a, &with), "200");
    assert_eq!(lab.status(&b, &with), "401", "it works on its own instance only");
    let (head, _) = lab.run(&a, &format!("curl -s -i -H 'X-aws-ec2-metadata-token: {token}' {BASE}/meta-data/mac"));
    assert!(head.contains("X-Aws-Ec2-Metadata-Token-Ttl-Seconds: 60\r\n"), "{head}");
    lab.pass(SimDuration::from_secs(61));
    assert_eq!(lab.status(&a, &with), "401", "it lives as long as was asked for");
}

#[test]
fn each_refusal_has_its_status_imds_3() {
    let (mut lab, _, a) = lab();
    let ttl = |seconds: &str| format!("-H 'X-aws-ec2-metadata-token-ttl-seconds: {seconds}'");
    let good = ttl("60");
    for (request, status) in [
        (format!("-X PUT {good} /latest/api/token"), "200"),
        ("-X PUT /latest/api/token".to_owned(), "400"),
        (format!("-X PUT {} /latest/api/token", ttl("0")), "400"),
        (format!("-X PUT {} /latest/api/token", ttl("1")), "200"),
        (format!("-X PUT {} /latest/api/token", ttl("21600")), "200"),
        (format!("-X PUT {} /latest/api/token", ttl("21601")), "400"),
        (format!("-X PUT {} /latest/api/token", ttl("soon")), "400"),
        (format!("-X PUT {good} -H 'X-Forwarded-For: 10.0.0.1' /latest/api/token"), "403"),
        (format!("-X PUT {good} /2021-07-15/api/token"), "403"),
        ("/latest/api/token".to_owned(), "405"),
        (format!("-X PUT {good} /latest/meta-data/"), "405"),
        ("-X POST /latest/meta-data/".to_owned(), "405"),
        ("-X DELETE /latest/meta-data/mac".to_owned(), "405"),
        ("-I /latest/meta-data/mac".to_owned(), "200"),
        ("/latest/meta-data/nonsense".to_owned(), "404"),
        ("/later/meta-data/mac".to_owned(), "404"),
        ("/latest/meta-data/public-keys/0/.label".to_owned(), "404"),
        ("-H 'X-aws-ec2-metadata-token: nonsense' /latest/meta-data/mac".to_owned(), "401"),
    ] {
        assert_eq!(lab.status(&a, &request), status, "{request}");
    }
    lab.modify(&a, json!({"HttpTokens": "required"}));
    assert_eq!(lab.status(&a, "/latest/meta-data/mac"), "401");
    assert_eq!(lab.status(&a, "/latest/meta-data/nonsense"), "401");
    let (page, _) = lab.run(&a, &format!("curl -s {BASE}/meta-data/mac"));
    assert!(page.contains("<h1>401 - Unauthorized</h1>"), "{page}");
    let token = lab.token(&a, 60);
    assert_eq!(lab.status(&a, &format!("-H 'X-aws-ec2-metadata-token: {token}' /latest/meta-data/mac")), "200");
    lab.modify(&a, json!({"HttpEndpoint": "disabled"}));
    assert_eq!(lab.status(&a, &format!("-X PUT {good} /latest/api/token")), "403");
    assert_eq!(lab.status(&a, "/latest/meta-data/mac"), "403");
    lab.modify(&a, json!({"HttpEndpoint": "enabled", "HttpTokens": "optional"}));
    assert_eq!(lab.status(&a, "/latest/meta-data/mac"), "200");
}

#[test]
fn an_image_flagged_for_version_2_needs_tokens_and_lets_them_go_two_hops_imds_4() {
    let (mut lab, site, old) = lab();
    let new = lab.instance(&site.subnet, &site.group, json!({}));
    lab.boot();
    assert_eq!(lab.status(&old, "/latest/meta-data/mac"), "200");
    assert_eq!(lab.status(&new, "/latest/meta-data/mac"), "401");
    let put = format!("curl -s -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' {BASE}/api/token");
    let ttl_of_token = |lab: &mut Lab, instance: &str| {
        let (_, events) = lab.watched(instance, &put);
        // The longest packet is the one with the token in it.
        let sent = events
            .iter()
            .filter_map(|event| event.headers.ip)
            .filter(|ip| ip.source == IpAddr::from([169, 254, 169, 254]));
        sent.max_by_key(|ip| ip.total_len).expect("there is an answer").ttl
    };
    assert_eq!(ttl_of_token(&mut lab, &old), 1);
    assert_eq!(ttl_of_token(&mut lab, &new), 2);
    lab.modify(&old, json!({"HttpPutResponseHopLimit": 64}));
    assert_eq!(ttl_of_token(&mut lab, &old), 64);
    for limit in [0, 65] {
        let request = json!({"InstanceId": old, "HttpPutResponseHopLimit": limit});
        let refusal = lab.call("ModifyInstanceMetadataOptions", request).expect_err("1 to 64");
        assert_eq!(refusal.code, "InvalidParameterValue");
    }
}

#[test]
fn directories_are_lists_without_a_newline_at_the_end_imds_5() {
    let (mut lab, _, a) = lab();
    let (text, _) = lab.run(&a, &format!("curl -s -i {BASE}/meta-data/placement/"));
    let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
    assert_eq!(body, "availability-zone\navailability-zone-id\nregion");
    assert!(head.contains("\r\nContent-Type: text/plain\r\n") && head.contains("\r\nServer: EC2ws\r\n"), "{head}");
    assert_eq!(lab.metadata(&a, "meta-data/network"), "interfaces/");
    assert_eq!(lab.metadata(&a, ""), "dynamic\nmeta-data");
    assert_eq!(lab.metadata(&a, "meta-data/public-keys/"), "0=lab");
    assert_eq!(lab.metadata(&a, "meta-data/public-keys/0/"), "openssh-key");
}

#[test]
fn the_top_of_the_tree_is_that_of_the_labs_imds_6() {
    let (mut lab, site, a) = lab();
    lab.ok("ModifyVpcAttribute", json!({"VpcId": site.vpc, "EnableDnsHostnames": {"Value": true}}));
    let top = lab.metadata(&a, "meta-data/");
    assert_eq!(
        top,
        "ami-id\nami-launch-index\nami-manifest-path\nblock-device-mapping/\nevents/\nhostname\nidentity-credentials/\n\
         instance-action\ninstance-id\ninstance-life-cycle\ninstance-type\nipv6\nlocal-hostname\nlocal-ipv4\nmac\n\
         managed-ssh-keys/\nmetrics/\nnetwork/\nplacement/\nprofile\npublic-hostname\npublic-ipv4\npublic-keys/\n\
         reservation-id\nsecurity-groups\nservices/"
    );
    let private = lab.private(&a);
    let name = format!("ip-{}.ap-northeast-2.compute.internal", private.replace('.', "-"));
    let image = lab.of(&a, "/ImageId");
    let reservation = lab.get("DescribeInstances", json!({"InstanceIds": [a]}), "/Reservations/0/ReservationId");
    let (public, ipv6) = (lab.public(&a), lab.ipv6(&a));
    for (path, value) in [
        ("ami-id", image.as_str()),
        ("ami-launch-index", "0"),
        ("hostname", &name),
        ("local-hostname", &name),
        ("local-ipv4", &private),
        ("public-ipv4", &public),
        ("ipv6", &ipv6),
        ("instance-id", &a),
        ("instance-life-cycle", "on-demand"),
        ("instance-action", "none"),
        ("reservation-id", &reservation),
        ("security-groups", "open"),
        ("events/maintenance/history", "[]"),
    ] {
        assert_eq!(lab.metadata(&a, &format!("meta-data/{path}")), value, "{path}");
    }
}

#[test]
fn an_interface_is_told_by_its_mac_address_imds_7() {
    let (mut lab, site, a) = lab();
    let mac = lab.metadata(&a, "meta-data/mac");
    assert_eq!(mac, lab.of(&a, "/NetworkInterfaces/0/MacAddress"));
    let base = format!("meta-data/network/interfaces/macs/{mac}");
    assert_eq!(lab.metadata(&a, "meta-data/network/interfaces/macs/"), format!("{mac}/"));
    let (private, public, ipv6) = (lab.private(&a), lab.public(&a), lab.ipv6(&a));
    let eni = lab.of(&a, "/NetworkInterfaces/0/NetworkInterfaceId");
    for (name, value) in [
        ("device-number", "0"),
        ("interface-id", eni.as_str()),
        ("local-ipv4s", &private),
        ("mac", &mac),
        ("owner-id", "123456789012"),
        ("public-ipv4s", &public),
        ("ipv4-associations/", &public),
        ("security-groups", "open"),
        ("security-group-ids", &site.group),
        ("subnet-id", &site.subnet),
        ("subnet-ipv4-cidr-block", "10.0.1.0/24"),
        ("vpc-id", &site.vpc),
        ("vpc-ipv4-cidr-block", "10.0.0.0/16"),
        ("ipv6s", &ipv6),
        ("public-hostname", "exit 22"),
    ] {
        assert_eq!(lab.metadata(&a, &format!("{base}/{name}")), value, "{name}");
    }
    assert_eq!(lab.metadata(&a, &format!("{base}/ipv4-associations/{public}")), private);
    // What is told is what is true at the moment.
    lab.ok("AssociateVpcCidrBlock", json!({"VpcId": site.vpc, "CidrBlock": "10.1.0.0/16"}));
    assert_eq!(lab.metadata(&a, &format!("{base}/vpc-ipv4-cidr-blocks")), "10.0.0.0/16\n10.1.0.0/16");
}

#[test]
fn every_interface_of_an_instance_asks_and_is_told_of_imds_7() {
    let mut lab = Lab::new();
    let site = lab.site("10.0.0.0/16", "10.0.1.0/24");
    let specification = |index: u16| json!({"DeviceIndex": index, "SubnetId": site.subnet, "Groups": [site.group]});
    let request = json!({
        "ImageId": AMAZON_LINUX_2, "MinCount": 1, "MaxCount": 1, "NetworkInterfaces": [specification(0), specification(1)],
    });
    let a = lab.get("RunInstances", request, "/Instances/0/InstanceId");
    lab.boot();
    let macs = lab.metadata(&a, "meta-data/network/interfaces/macs/");
    assert_eq!(macs.lines().count(), 2, "{macs}");
    let second = lab.of(&a, "/NetworkInterfaces/1/MacAddress");
    assert_eq!(lab.metadata(&a, &format!("meta-data/network/interfaces/macs/{second}/device-number")), "1");
}

#[test]
fn where_it_runs_and_who_may_log_in_imds_8() {
    let (mut lab, _, a) = lab();
    for (path, value) in [
        ("placement/availability-zone", "ap-northeast-2a"),
        ("placement/availability-zone-id", "apne2-az1"),
        ("placement/region", "ap-northeast-2"),
        ("placement/group-name", "exit 22"),
        ("services/domain", "amazonaws.com"),
        ("services/partition", "aws"),
    ] {
        assert_eq!(lab.metadata(&a, &format!("meta-data/{path}")), value, "{path}");
    }
    assert!(lab.metadata(&a, "meta-data/public-keys/0/openssh-key").starts_with("ssh-rsa "));
}

#[test]
fn there_is_no_public_address_to_tell_of_where_there_is_none_imds_9() {
    let (mut lab, site, a) = lab();
    let public = lab.public(&a);
    assert_eq!(lab.metadata(&a, "meta-data/public-ipv4"), public);
    assert_eq!(lab.metadata(&a, "meta-data/public-hostname"), "exit 22", "the VPC gives no names");
    lab.ok("ModifyVpcAttribute", json!({"VpcId": site.vpc, "EnableDnsHostnames": {"Value": true}}));
    let name = format!("ec2-{}.ap-northeast-2.compute.amazonaws.com", public.replace('.', "-"));
    assert_eq!(lab.metadata(&a, "meta-data/public-hostname"), name);
    let inside = json!({
        "NetworkInterfaces": [{"DeviceIndex": 0, "SubnetId": site.subnet, "AssociatePublicIpAddress": false}],
    });
    let b = lab.old_instance(&site, inside);
    lab.boot();
    for path in ["meta-data/public-ipv4", "meta-data/public-hostname"] {
        assert_eq!(lab.metadata(&b, path), "exit 22");
    }
    // IGW-9, IGW-10: the address that comes with a start, and an Elastic one.
    lab.stop(&a);
    lab.start(&a);
    let next = lab.public(&a);
    assert_ne!(next, public);
    assert_eq!(lab.metadata(&a, "meta-data/public-ipv4"), next);
    let allocated = lab.ok("AllocateAddress", json!({}));
    lab.ok("AssociateAddress", json!({"AllocationId": allocated["AllocationId"], "InstanceId": a}));
    assert_eq!(lab.metadata(&a, "meta-data/public-ipv4"), text(&allocated, "/PublicIp"));
}

#[test]
fn no_rule_filters_it_and_no_route_carries_it_imds_10_sg_26_acl_12() {
    let (mut lab, site, a) = lab();
    // A group without rules, an ACL without rules, a table without routes.
    let group = lab.group(&site.vpc, "closed");
    let all = json!({"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]});
    lab.ok("RevokeSecurityGroupEgress", json!({"GroupId": group, "IpPermissions": [all]}));
    lab.ok("ModifyInstanceAttribute", json!({"InstanceId": a, "Groups": [group]}));
    let acl = lab.get("CreateNetworkAcl", json!({"VpcId": site.vpc}), "/NetworkAcl/NetworkAclId");
    let filters = json!([{"Name": "association.subnet-id", "Values": [site.subnet]}]);
    let association = lab.get(
        "DescribeNetworkAcls",
        json!({"Filters": filters}),
        "/NetworkAcls/0/Associations/0/NetworkAclAssociationId",
    );
    lab.ok("ReplaceNetworkAclAssociation", json!({"AssociationId": association, "NetworkAclId": acl}));
    lab.ok("DeleteRoute", json!({"RouteTableId": site.routes, "DestinationCidrBlock": "0.0.0.0/0"}));
    let (text, events) = lab.watched(&a, &format!("curl -s {BASE}/meta-data/instance-id"));
    assert_eq!(text, a);
    let judged = events.iter().filter(|event| {
        let step = &event.step;
        matches!(
            step,
            Step::SecurityGroup { .. }
                | Step::NetworkAcl { .. }
                | Step::Route { .. }
                | Step::Vpc { .. }
                | Step::Dropped(_)
        )
    });
    assert_eq!(judged.count(), 0, "{events:?}");
    assert!(events.iter().any(|event| matches!(event.step, Step::Answered { .. })));
    // The group does hold for everything else.
    assert_eq!(lab.ping(&a, "198.51.100.9"), "ENI_SG_RULES_MISMATCH");
}

#[test]
fn user_data_and_the_identity_document_imds_11() {
    let (mut lab, site, a) = lab();
    assert_eq!(lab.metadata(&a, "user-data"), "exit 22");
    // #!/bin/bash, echo done > /tmp/mark
    let b = lab.old_instance(&site, json!({"UserData": "IyEvYmluL2Jhc2gKZWNobyBkb25lID4+IC90bXAvbWFyawo="}));
    lab.boot();
    assert_eq!(lab.metadata(&b, "user-data"), "#!/bin/bash\necho done >> /tmp/mark\n");
    assert_eq!(lab.metadata(&b, ""), "dynamic\nmeta-data\nuser-data");
    let document = lab.metadata(&b, "dynamic/instance-identity/document");
    let read: Value = serde_json::from_str(&document).expect("JSON");
    let private = lab.private(&b);
    for (member, value) in [
        ("instanceId", json!(b)),
        ("region", json!("ap-northeast-2")),
        ("availabilityZone", json!("ap-northeast-2a")),
        ("privateIp", json!(private)),
        ("accountId", json!("123456789012")),
        ("kernelId", Value::Null),
    ] {
        assert_eq!(read[member], value, "{member}");
    }
    assert!(document.starts_with("{\n  \"accountId\" : \"123456789012\",\n"), "{document}");
}

#[test]
fn tags_are_shown_when_that_is_switched_on() {
    let (mut lab, site, _) = lab();
    let a = lab.old_instance(
        &site,
        json!({
            "MetadataOptions": {"InstanceMetadataTags": "enabled"},
            "TagSpecifications": [{"ResourceType": "instance", "Tags": [
                {"Key": "Name", "Value": "web server"}, {"Key": "not a path", "Value": "x"},
            ]}],
        }),
    );
    lab.boot();
    assert_eq!(lab.metadata(&a, "meta-data/tags/instance/"), "Name");
    assert_eq!(lab.metadata(&a, "meta-data/tags/instance/Name"), "web server");
    lab.modify(&a, json!({"InstanceMetadataTags": "disabled"}));
    assert_eq!(lab.metadata(&a, "meta-data/tags/instance/Name"), "exit 22");
}

#[test]
fn link_local_addresses_lead_nowhere_else_addr_16() {
    let (mut lab, _, a) = lab();
    for line in [
        "curl -s -m 1 http://169.254.169.254:81/",
        "curl -s -m 1 http://169.254.169.123/",
        "curl -s -m 1 http://169.254.170.2/",
        "ping -c 1 -W 1 169.254.169.254",
    ] {
        lab.drops.clear();
        assert_ne!(lab.run(&a, line).1, 0, "{line}");
        assert!(!lab.drops.is_empty() && lab.drops.iter().all(|code| *code == "NO_POSSIBLE_DESTINATION"), "{line}");
    }
}

#[test]
fn the_tool_of_amazon_linux_asks_with_a_token() {
    let (mut lab, _, a) = lab();
    lab.modify(&a, json!({"HttpTokens": "required"}));
    let private = lab.private(&a);
    assert_eq!(lab.run(&a, "ec2-metadata -i").0, format!("instance-id: {a}\n"));
    assert_eq!(
        lab.run(&a, "ec2-metadata --availability-zone -o -p").0,
        format!("placement: ap-northeast-2a\nlocal-ipv4: {private}\npublic-hostname: not available\n")
    );
    assert_eq!(lab.run(&a, "ec2-metadata --quiet -o").0, format!("{private}\n"));
    let (keys, _) = lab.run(&a, "ec2-metadata -u");
    assert!(keys.starts_with("public-keys: \nkeyname:lab\nindex:0\nformat:openssh-key\nkey:"), "{keys}");
    let (all, exit) = lab.run(&a, "ec2-metadata");
    assert!(exit == 0 && all.starts_with("ami-id: ami-") && all.ends_with("tags: \nnot available\n"), "{all}");
    lab.modify(&a, json!({"HttpEndpoint": "disabled"}));
    let (text, exit) = lab.run(&a, "ec2-metadata -i");
    assert!(exit == 1 && text.starts_with("[ERROR] Could not get IMDSv2 token."), "{text}");
}

#[test]
fn the_time_service_answers_both_families_addr_16() {
    let (mut lab, _, a) = lab();
    for address in ["169.254.169.123", "fd00:ec2::123"] {
        let (text, exit) = lab.run(&a, &format!("ntpdate -q {address}"));
        let first = format!("server {address}, stratum 3, offset ");
        assert!(exit == 0 && text.starts_with(&first) && text.contains(" ntpdate["), "{text}");
        let offset: f64 = text[first.len()..].split(',').next().expect("a number").parse().expect("a number");
        assert!(offset.abs() < 1e-4, "{text}");
    }
    let (text, exit) = lab.run(&a, "ntpdate -q 169.254.169.254");
    assert!(exit == 1 && text.ends_with("no server suitable for synchronization found\n"), "{text}");
}

#[test]
fn its_service_goes_with_the_instance_and_comes_again() {
    let (mut lab, _, a) = lab();
    let token = lab.token(&a, 21_600);
    lab.stop(&a);
    lab.start(&a);
    assert_eq!(lab.metadata(&a, "meta-data/instance-id"), a);
    // The service keeps no tokens, so it has lost none.
    assert_eq!(lab.status(&a, &format!("-H 'X-aws-ec2-metadata-token: {token}' /latest/meta-data/mac")), "200");
}
