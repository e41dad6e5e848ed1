//! What names come to in several Regions, asked of the tables themselves.

use serde_json::{Value, json};

use crate::cloud::tests::Bench;
use crate::compile::Compiler;
use crate::dataplane::resolver::View;
use crate::dataplane::tables::Tables;
use crate::engine::SimDuration;
use crate::net::dns::{Message, RecordType};

/// A VPC that gives names, with one interface.
fn vpc(b: &mut Bench, block: &str, address: &str) -> String {
    let vpc = b.vpc(block);
    b.ok("ModifyVpcAttribute", json!({"VpcId": vpc, "EnableDnsHostnames": {"Value": true}}));
    let subnet = b.subnet(&vpc, block);
    b.ok("CreateNetworkInterface", json!({"SubnetId": subnet, "PrivateIpAddress": address}));
    vpc
}

/// The first value of an answer, or its code.
fn asked(b: &mut Bench, vpc: &str, name: &str, record_type: RecordType) -> String {
    let (mut compiler, mut tables) = (Compiler::default(), Tables::default());
    let everything: Vec<_> = super::incremental::everything(&b.cloud);
    compiler.compile(&b.cloud, &everything, &mut tables);
    let index = compiler.vpc_index(vpc.parse().expect("an id")).expect("it was compiled");
    let at = tables.interfaces().find(|at| at.vpc_index == index).expect("the VPC has an interface");
    let query = Message::query(1, name.parse().expect("a name"), record_type);
    let answer = View::of_interface(&at).answer(&query);
    let value = answer.answers.last().map(|record| record.data.to_string());
    value.unwrap_or_else(|| answer.code.as_str().to_owned())
}

fn in_region<T>(b: &mut Bench, region: &str, act: impl FnOnce(&mut Bench) -> T) -> T {
    let before = b.caller.region;
    b.caller.region = region.parse().expect("a Region");
    let made = act(b);
    b.caller.region = before;
    made
}

fn peer(b: &mut Bench, vpc: &str, peer: &str, region: &str) -> String {
    let request = json!({"VpcId": vpc, "PeerVpcId": peer, "PeerRegion": region});
    let answer: Value = b.ok("CreateVpcPeeringConnection", request);
    let id = answer["VpcPeeringConnection"]["VpcPeeringConnectionId"].as_str().expect("an id").to_owned();
    b.pass(SimDuration::from_secs(1));
    in_region(b, region, |b| b.ok("AcceptVpcPeeringConnection", json!({"VpcPeeringConnectionId": id})));
    b.pass(SimDuration::from_secs(1));
    id
}

#[test]
fn private_names_have_the_form_of_their_region_dns_4() {
    let mut b = Bench::new();
    let seoul = vpc(&mut b, "10.0.0.0/24", "10.0.0.9");
    let virginia = in_region(&mut b, "us-east-1", |b| vpc(b, "10.1.0.0/24", "10.1.0.9"));
    let mut ask = |vpc: &str, name: &str| asked(&mut b, vpc, name, RecordType::A);
    assert_eq!(ask(&seoul, "ip-10-0-0-9.ap-northeast-2.compute.internal"), "10.0.0.9");
    assert_eq!(ask(&virginia, "ip-10-1-0-9.ec2.internal"), "10.1.0.9");
    for (vpc, wrong) in [
        (&seoul, "ip-10-0-0-9.ec2.internal"),
        (&seoul, "ip-10-0-0-8.ap-northeast-2.compute.internal"),
        (&seoul, "ip-10-0-0-9.ap-northeast-1.compute.internal"),
        (&virginia, "ip-10-1-0-9.us-east-1.compute.internal"),
    ] {
        assert_eq!(ask(vpc, wrong), "NXDOMAIN", "{wrong}");
    }
    assert_eq!(asked(&mut b, &seoul, "ip-10-0-0-9.ap-northeast-2.compute.internal", RecordType::Aaaa), "NOERROR");
}

#[test]
fn private_names_of_a_peer_in_another_region_need_the_option_pcx_36() {
    let mut b = Bench::new();
    let seoul = vpc(&mut b, "10.0.0.0/24", "10.0.0.9");
    let tokyo = in_region(&mut b, "ap-northeast-1", |b| vpc(b, "10.1.0.0/24", "10.1.0.9"));
    let peering = peer(&mut b, &seoul, &tokyo, "ap-northeast-1");
    let name = "ip-10-1-0-9.ap-northeast-1.compute.internal";
    let backwards = "9.0.1.10.in-addr.arpa";
    assert_eq!(asked(&mut b, &seoul, name, RecordType::A), "NXDOMAIN");
    assert_eq!(asked(&mut b, &seoul, backwards, RecordType::Ptr), "NXDOMAIN");
    in_region(&mut b, "ap-northeast-1", |b| {
        let options = json!({"AllowDnsResolutionFromRemoteVpc": true});
        let request = json!({"VpcPeeringConnectionId": peering, "AccepterPeeringConnectionOptions": options});
        b.ok("ModifyVpcPeeringConnectionOptions", request)
    });
    assert_eq!(asked(&mut b, &seoul, name, RecordType::A), "10.1.0.9");
    assert_eq!(asked(&mut b, &seoul, backwards, RecordType::Ptr), format!("{name}."));
    assert_eq!(asked(&mut b, &tokyo, "ip-10-0-0-9.ap-northeast-2.compute.internal", RecordType::A), "NXDOMAIN");
}

#[test]
fn a_chain_of_aliases_that_does_not_end_is_a_failure() {
    let mut b = Bench::new();
    let seoul = vpc(&mut b, "10.0.0.0/24", "10.0.0.9");
    let in_seoul = json!({"VPCRegion": "ap-northeast-2", "VPCId": seoul});
    let answer: Value = b.ok("CreateHostedZone", json!({"Name": "x", "CallerReference": "1", "VPC": in_seoul}));
    let zone = answer["HostedZone"]["Id"].as_str().expect("an id").to_owned();
    for (name, target) in [("a.x", "b.x"), ("b.x", "a.x")] {
        let set = json!({"Name": name, "Type": "CNAME", "TTL": 1, "ResourceRecords": [{"Value": target}]});
        let changes = json!([{"Action": "CREATE", "ResourceRecordSet": set}]);
        b.ok("ChangeResourceRecordSets", json!({"HostedZoneId": zone, "ChangeBatch": {"Changes": changes}}));
        let alias = json!({"HostedZoneId": zone, "DNSName": target.replace('x', "y.x"), "EvaluateTargetHealth": false});
        let set = json!({"Name": name.replace('x', "y.x"), "Type": "A", "AliasTarget": alias});
        let changes = json!([{"Action": "CREATE", "ResourceRecordSet": set}]);
        b.ok("ChangeResourceRecordSets", json!({"HostedZoneId": zone, "ChangeBatch": {"Changes": changes}}));
    }
    assert_eq!(asked(&mut b, &seoul, "a.x", RecordType::A), "SERVFAIL");
    assert_eq!(asked(&mut b, &seoul, "a.x", RecordType::Cname), "b.x.");
    assert_eq!(asked(&mut b, &seoul, "a.y.x", RecordType::A), "NOERROR");
}
