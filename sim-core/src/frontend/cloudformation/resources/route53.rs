//! AWS::Route53::HostedZone, AWS::Route53::RecordSet and AWS::Route53::RecordSetGroup.

use serde_json::{Map, Value as Json, json};

use super::super::schema::{Kind, Property, missing, optional, required, unseen};
use super::creation::text_at;
use super::{ApiError, Created, Creation, ResourceType, id};
use crate::frontend::diagnostic::Span;

const VPC: Kind = Kind::Object(&[required("VPCId", Kind::Text), required("VPCRegion", Kind::Text)]);

const ALIAS_TARGET: Kind = Kind::Object(&[
    required("DNSName", Kind::Text),
    required("HostedZoneId", Kind::Text),
    optional("EvaluateTargetHealth", Kind::Boolean),
]);

/// What a record set holds, wherever it is written.
const RECORD: [Property; 14] = [
    required("Name", Kind::Text),
    required("Type", Kind::Text),
    optional("TTL", Kind::Integer),
    optional("ResourceRecords", Kind::List(&Kind::Text)),
    optional("AliasTarget", ALIAS_TARGET),
    missing("SetIdentifier"),
    missing("Weight"),
    missing("Region"),
    missing("Failover"),
    missing("GeoLocation"),
    missing("GeoProximityLocation"),
    missing("MultiValueAnswer"),
    missing("HealthCheckId"),
    missing("CidrRoutingConfig"),
];

static RECORD_SET_PROPERTIES: [Property; 17] =
    with_record([optional("HostedZoneId", Kind::Text), optional("HostedZoneName", Kind::Text), unseen("Comment")]);

const GROUP_RECORD: [Property; 17] = with_record([unseen("HostedZoneId"), unseen("HostedZoneName"), unseen("Comment")]);

/// The fields of a record set, and three more.
const fn with_record(more: [Property; 3]) -> [Property; 17] {
    let mut all = [more[0]; 17];
    let mut at = 0;
    while at < RECORD.len() {
        all[at] = RECORD[at];
        at += 1;
    }
    [all[RECORD.len()], all[RECORD.len() + 1], all[RECORD.len() + 2]] = more;
    all
}

pub(super) static HOSTED_ZONE: ResourceType = ResourceType {
    name: "AWS::Route53::HostedZone",
    properties: &[
        required("Name", Kind::Text),
        optional("VPCs", Kind::List(&VPC)),
        optional("HostedZoneConfig", Kind::Object(&[optional("Comment", Kind::FreeText)])),
        unseen("HostedZoneTags"),
        unseen("QueryLoggingConfig"),
        unseen("HostedZoneFeatures"),
    ],
    attributes: &[id("Id")],
    create: create_zone,
};

pub(super) static RECORD_SET: ResourceType = ResourceType {
    name: "AWS::Route53::RecordSet",
    properties: &RECORD_SET_PROPERTIES,
    attributes: &[],
    create: create_record,
};

pub(super) static RECORD_SET_GROUP: ResourceType = ResourceType {
    name: "AWS::Route53::RecordSetGroup",
    properties: &[
        optional("HostedZoneId", Kind::Text),
        optional("HostedZoneName", Kind::Text),
        optional("RecordSets", Kind::List(&Kind::Object(&GROUP_RECORD))),
        unseen("Comment"),
    ],
    attributes: &[id("Id")],
    create: create_group,
};

/// Route 53 takes one VPC with a new zone; CloudFormation adds the others.
fn create_zone(creation: &mut Creation<'_>) -> Result<Created, ApiError> {
    let vpcs = creation.items("VPCs");
    let mut request = creation.pick(&["Name", "HostedZoneConfig"]);
    request.insert("CallerReference".to_owned(), json!(format!("{}/{}", creation.stack_id, creation.logical_id)));
    if let Some((first, _)) = vpcs.first() {
        request.insert("VPC".to_owned(), first.clone());
    }
    let answer = creation.call("CreateHostedZone", Json::Object(request))?;
    let zone = text_at(&answer, "/HostedZone/Id")?.trim_start_matches("/hostedzone/").to_owned();
    for (vpc, place) in vpcs.into_iter().skip(1) {
        creation.call_at(place, "AssociateVPCWithHostedZone", json!({ "HostedZoneId": zone, "VPC": vpc }))?;
    }
    Ok(Created::new(zone))
}

/// `Ref` of a record set is its name.
fn create_record(creation: &mut Creation<'_>) -> Result<Created, ApiError> {
    let zone = zone_of(creation)?;
    let names: Vec<&str> = RECORD.iter().map(|field| field.name).collect();
    let record = creation.pick(&names);
    let name = creation.text("Name").unwrap_or_default().to_owned();
    change(creation, &zone, vec![(record, creation.span)])?;
    Ok(Created::new(name))
}

fn create_group(creation: &mut Creation<'_>) -> Result<Created, ApiError> {
    let zone = zone_of(creation)?;
    let records = creation.items("RecordSets").into_iter();
    let records = records.filter_map(|(record, place)| Some((record.as_object()?.clone(), place))).collect();
    change(creation, &zone, records)?;
    Ok(Created::new(format!("{}-{}", creation.stack_name, creation.logical_id)))
}

/// The zone's id: given, or found by its name.
fn zone_of(creation: &mut Creation<'_>) -> Result<String, ApiError> {
    if let Some(zone) = creation.text("HostedZoneId") {
        return Ok(zone.to_owned());
    }
    let Some(name) = creation.text("HostedZoneName").map(str::to_owned) else {
        return Err(ApiError::new("InvalidInput", "Either HostedZoneId or HostedZoneName must be given."));
    };
    let answer = creation.call("ListHostedZonesByName", json!({ "DNSName": name, "MaxItems": "1" }))?;
    let zone = answer.pointer("/HostedZones/0").filter(|zone| {
        let found = zone.pointer("/Name").and_then(Json::as_str).unwrap_or_default();
        found.trim_end_matches('.').eq_ignore_ascii_case(name.trim_end_matches('.'))
    });
    let id = zone.and_then(|zone| zone.pointer("/Id")).and_then(Json::as_str);
    id.map(str::to_owned).ok_or_else(|| ApiError::new("InvalidInput", format!("No hosted zones named {name} found")))
}

/// Makes the records one by one, so that a refusal points at the one that was wrong.
fn change(creation: &mut Creation<'_>, zone: &str, records: Vec<(Map<String, Json>, Span)>) -> Result<(), ApiError> {
    for (mut record, place) in records {
        if let Some(Json::Array(values)) = record.get_mut("ResourceRecords") {
            values.iter_mut().for_each(|value| *value = json!({ "Value": value.clone() }));
        }
        let changes = json!([{ "Action": "CREATE", "ResourceRecordSet": record }]);
        let request = json!({ "HostedZoneId": zone, "ChangeBatch": { "Changes": changes } });
        creation.call_at(place, "ChangeResourceRecordSets", request)?;
    }
    Ok(())
}
