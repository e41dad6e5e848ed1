//! Hosted zones of Route 53 and their records: what is refused, and what is answered.

use super::*;

fn zone(b: &mut Bench, name: &str, vpc: Option<&str>) -> String {
    let mut request = json!({"Name": name, "CallerReference": format!("{name} {vpc:?}")});
    if let Some(vpc) = vpc {
        request["VPC"] = in_seoul(vpc);
    }
    b.get("CreateHostedZone", request, "/HostedZone/Id")
}

fn in_seoul(vpc: &str) -> Value {
    json!({"VPCRegion": "ap-northeast-2", "VPCId": vpc})
}

fn change(zone: &str, action: &str, name: &str, kind: &str, values: &[&str]) -> Value {
    let values: Vec<Value> = values.iter().map(|value| json!({"Value": value})).collect();
    let set = json!({"Name": name, "Type": kind, "TTL": 60, "ResourceRecords": values});
    json!({"HostedZoneId": zone, "ChangeBatch": {"Changes": [{"Action": action, "ResourceRecordSet": set}]}})
}

#[test]
fn a_zone_comes_with_its_own_records_and_is_deleted_when_it_holds_no_others() {
    let mut b = Bench::new();
    let vpc = b.vpc("10.0.0.0/16");
    let answer =
        b.ok("CreateHostedZone", json!({"Name": "Lab.Example", "CallerReference": "1", "VPC": in_seoul(&vpc)}));
    let zone = text(&answer, "/HostedZone/Id");
    assert!(zone.starts_with("/hostedzone/Z"), "{zone}");
    assert_eq!(text(&answer, "/HostedZone/Name"), "lab.example.");
    assert_eq!(answer["HostedZone"]["Config"], json!({"PrivateZone": true}));
    assert_eq!(text(&answer, "/ChangeInfo/Status"), "PENDING");
    assert_eq!((&answer["VPC"], answer.get("DelegationSet")), (&in_seoul(&vpc), None));
    let sets = b.ok("ListResourceRecordSets", json!({"HostedZoneId": zone}));
    let types: Vec<String> = (0..2).map(|at| text(&sets, &format!("/ResourceRecordSets/{at}/Type"))).collect();
    assert_eq!(types, ["NS", "SOA"]);
    b.ok("ChangeResourceRecordSets", change(&zone, "CREATE", "b.lab.example", "A", &["10.0.0.1"]));
    b.ok("ChangeResourceRecordSets", change(&zone, "UPSERT", "*.lab.example", "TXT", &["\"x\""]));
    let sets = b.ok("ListResourceRecordSets", json!({"HostedZoneId": zone.trim_start_matches("/hostedzone/")}));
    assert_eq!(text(&sets, "/ResourceRecordSets/2/Name"), "\\052.lab.example.");
    assert_eq!(
        sets["ResourceRecordSets"][3],
        json!({"Name": "b.lab.example.", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "10.0.0.1"}]})
    );
    assert_eq!(b.code("DeleteHostedZone", json!({"Id": zone})), "HostedZoneNotEmpty");
    b.ok("ChangeResourceRecordSets", change(&zone, "DELETE", "b.lab.example", "A", &["10.0.0.1"]));
    b.ok("ChangeResourceRecordSets", change(&zone, "DELETE", "\\052.lab.example", "TXT", &["\"x\""]));
    b.ok("DeleteHostedZone", json!({"Id": zone}));
    assert_eq!(b.code("GetHostedZone", json!({"Id": zone})), "NoSuchHostedZone");
}

#[test]
fn zones_that_are_wrong_are_refused() {
    let mut b = Bench::new();
    let (one, two) = (b.vpc("10.0.0.0/16"), b.vpc("10.1.0.0/16"));
    let private = zone(&mut b, "lab.example", Some(&one));
    let public = zone(&mut b, "lab.example", None);
    let other = zone(&mut b, "lab.example", Some(&two));
    let with = |zone: &str, vpc: &str| json!({"HostedZoneId": zone, "VPC": in_seoul(vpc)});
    let elsewhere = json!({"VPCRegion": "ap-northeast-1", "VPCId": one});
    for (name, request, code) in [
        ("CreateHostedZone", json!({"Name": "a..b", "CallerReference": "2"}), "InvalidDomainName"),
        ("CreateHostedZone", json!({"Name": "b", "CallerReference": "lab.example None"}), "HostedZoneAlreadyExists"),
        ("CreateHostedZone", json!({"Name": "b", "CallerReference": "3", "VPC": elsewhere}), "InvalidVPCId"),
        (
            "CreateHostedZone",
            json!({"Name": "b", "CallerReference": "3", "HostedZoneConfig": {"PrivateZone": true}}),
            "InvalidInput",
        ),
        (
            "CreateHostedZone",
            json!({"Name": "lab.example", "CallerReference": "3", "VPC": in_seoul(&one)}),
            "ConflictingDomainExists",
        ),
        ("AssociateVPCWithHostedZone", with(&private, &two), "ConflictingDomainExists"),
        ("AssociateVPCWithHostedZone", with(&public, &two), "PublicZoneVPCAssociation"),
        ("AssociateVPCWithHostedZone", with("Z00000000000000000000", &two), "NoSuchHostedZone"),
        ("DisassociateVPCFromHostedZone", with(&private, &two), "VPCAssociationNotFound"),
        ("DisassociateVPCFromHostedZone", with(&other, &two), "LastVPCAssociation"),
        ("GetHostedZone", json!({"Id": "nonsense"}), "NoSuchHostedZone"),
    ] {
        assert_eq!(b.code(name, request.clone()), code, "{name} {request}");
    }
    let listed = b.ok("ListHostedZonesByName", json!({"DNSName": "lab.example", "MaxItems": "2"}));
    assert_eq!((listed["HostedZones"].as_array().map(Vec::len), &listed["IsTruncated"]), (Some(2), &json!(true)));
    let of_vpc = b.ok("ListHostedZonesByVPC", json!({"VPCId": one, "VPCRegion": "ap-northeast-2"}));
    assert_eq!(of_vpc["HostedZoneSummaries"].as_array().map(Vec::len), Some(1));
    let shown = b.ok("GetHostedZone", json!({"Id": public}));
    assert_eq!(shown["DelegationSet"]["NameServers"].as_array().map(Vec::len), Some(4));
}

#[test]
fn records_that_are_wrong_are_refused_and_a_batch_is_all_or_nothing() {
    let mut b = Bench::new();
    let vpc = b.vpc("10.0.0.0/16");
    let zone = zone(&mut b, "lab.example", Some(&vpc));
    b.ok("ChangeResourceRecordSets", change(&zone, "CREATE", "a.lab.example", "A", &["10.0.0.1"]));
    for (action, name, kind, value, code) in [
        ("CREATE", "a.lab.example", "A", "10.0.0.2", "InvalidChangeBatch"),
        ("UPSERT", "a.lab.example", "A", "10.0.0.2", "ok"),
        ("UPSERT", "a.lab.example", "A", "10.0.0", "InvalidChangeBatch"),
        ("UPSERT", "a.other.example", "A", "10.0.0.2", "InvalidChangeBatch"),
        ("UPSERT", "a.lab.example", "CNAME", "b.lab.example", "InvalidChangeBatch"),
        ("UPSERT", "lab.example", "CNAME", "b.lab.example", "InvalidChangeBatch"),
        ("DELETE", "a.lab.example", "A", "10.0.0.1", "InvalidChangeBatch"),
        ("DELETE", "b.lab.example", "A", "10.0.0.1", "InvalidChangeBatch"),
        ("DELETE", "lab.example", "NS", "a.b.", "InvalidChangeBatch"),
        ("REPLACE", "a.lab.example", "A", "10.0.0.1", "InvalidInput"),
        ("UPSERT", "a.lab.example", "CAA", "0 issue \"x\"", "UnsupportedOperation"),
    ] {
        let request = change(&zone, action, name, kind, &[value]);
        assert_eq!(b.code("ChangeResourceRecordSets", request), code, "{action} {name} {kind} {value}");
    }
    let mut batch = change(&zone, "CREATE", "c.lab.example", "A", &["10.0.0.3"]);
    let wrong = change(&zone, "CREATE", "c.lab.example", "A", &["10.0.0.4"])["ChangeBatch"]["Changes"][0].clone();
    batch["ChangeBatch"]["Changes"].as_array_mut().expect("a list").push(wrong);
    assert_eq!(b.code("ChangeResourceRecordSets", batch), "InvalidChangeBatch");
    let sets = b.ok("ListResourceRecordSets", json!({"HostedZoneId": zone, "StartRecordName": "c.lab.example"}));
    assert_eq!(sets["ResourceRecordSets"], json!([]));
}

#[test]
fn a_vpc_of_another_account_is_associated_by_its_owner_once_it_may() {
    let mut b = Bench::new();
    let own = b.vpc("10.0.0.0/16");
    let zone = zone(&mut b, "lab.example", Some(&own));
    let (account, region) = ("222233334444", "ap-northeast-2");
    let theirs = b.by(account, region, |b| b.vpc("10.1.0.0/16"));
    let request = json!({"HostedZoneId": zone, "VPC": in_seoul(&theirs)});
    assert_eq!(b.code("AssociateVPCWithHostedZone", request.clone()), "InvalidVPCId");
    let code = b.by(account, region, |b| b.code("AssociateVPCWithHostedZone", request.clone()));
    assert_eq!(code, "NotAuthorizedException");
    b.ok("CreateVPCAssociationAuthorization", request.clone());
    b.by(account, region, |b| b.ok("AssociateVPCWithHostedZone", request.clone()));
    assert_eq!(b.by(account, region, |b| b.code("GetHostedZone", json!({"Id": zone}))), "NoSuchHostedZone");
    b.by(account, region, |b| b.ok("DisassociateVPCFromHostedZone", request));
}
