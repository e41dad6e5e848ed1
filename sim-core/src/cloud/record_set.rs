//! The records of a hosted zone: changing and listing them.
//!
//! A batch is carried out whole or not at all, as on AWS.
//!
//! Differs from AWS: routing policies (weighted, latency, failover and so on), health checks and record types that no program
//! here asks for are refused.

use super::answer::{Answer, Object};
use super::hosted_zone::{HostedZone, items, labels_from_the_end};
use super::request::{members, requests};
use super::{ApiError, Caller, Cloud};
use crate::net::dns::{DomainName, RecordData, RecordType};

/// All records of one name and type.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct RecordSet {
    pub(crate) name: DomainName,
    pub(crate) record_type: RecordType,
    pub(crate) values: RecordValues,
}

/// What a set holds.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum RecordValues {
    /// Values, and for how many seconds they may be remembered.
    Values { ttl: u32, values: Vec<RecordData> },
    /// What another name has.
    Alias { zone: String, target: DomainName, evaluate_health: bool },
}

members! {
    /// One value.
    ResourceRecord { value: String, }
    /// Whose records an alias has.
    AliasTarget {
        hosted_zone_id: String,
        #[serde(rename = "DNSName")]
        dns_name: String,
        evaluate_target_health: bool,
    }
    /// A set of records in a request.
    ResourceRecordSet {
        name: String,
        r#type: String,
        #[serde(rename = "TTL")]
        ttl: Option<u32>,
        resource_records: Option<Vec<ResourceRecord>>,
        alias_target: Option<AliasTarget>,
        set_identifier: Option<String>,
        weight: Option<u64>,
        region: Option<String>,
        failover: Option<String>,
        multi_value_answer: Option<bool>,
        health_check_id: Option<String>,
    }
    /// One change of a batch.
    Change { action: String, resource_record_set: ResourceRecordSet, }
    /// Changes that are made together.
    ChangeBatch { comment: Option<String>, changes: Vec<Change>, }
}

requests! {
    /// Creates, deletes and replaces records.
    ChangeResourceRecordSets { hosted_zone_id: String, change_batch: ChangeBatch, }
    /// Lists the records of a zone, from a name on.
    ListResourceRecordSets {
        hosted_zone_id: String,
        start_record_name: Option<String>,
        start_record_type: Option<String>,
        max_items: Option<String>,
    }
}

fn invalid(problem: impl std::fmt::Display) -> ApiError {
    ApiError::new("InvalidChangeBatch", format!("[{problem}]"))
}

impl ResourceRecordSet {
    /// The set that the request means.
    fn read(&self, zone: &HostedZone) -> Result<RecordSet, ApiError> {
        let policies = [
            ("SetIdentifier", self.set_identifier.is_some()),
            ("Weight", self.weight.is_some()),
            ("Region", self.region.is_some()),
            ("Failover", self.failover.is_some()),
            ("MultiValueAnswer", self.multi_value_answer.is_some()),
            ("HealthCheckId", self.health_check_id.is_some()),
        ];
        if let Some((policy, _)) = policies.iter().find(|(_, is_given)| *is_given) {
            return Err(ApiError::not_simulated(&format!("{policy} of a resource record set")));
        }
        let text = self.name.replace("\\052", "*");
        let name: DomainName = text.parse().map_err(|_| invalid(format!("Invalid DNS name '{}'", self.name)))?;
        if !name.is_within(&zone.name) {
            return Err(invalid(format!("RRSet with DNS name {name} is not permitted in zone {}", zone.name)));
        }
        let record_type = RecordType::parse(&self.r#type)
            .filter(|it| *it != RecordType::Any)
            .ok_or_else(|| ApiError::not_simulated(&format!("the record type {}", self.r#type)))?;
        let values = match (&self.alias_target, &self.resource_records, self.ttl) {
            (Some(alias), None, None) => RecordValues::Alias {
                zone: alias.hosted_zone_id.clone(),
                target: alias
                    .dns_name
                    .parse()
                    .map_err(|_| invalid(format!("Invalid DNS name '{}'", alias.dns_name)))?,
                evaluate_health: alias.evaluate_target_health,
            },
            (None, Some(records), Some(ttl)) if !records.is_empty() => {
                let values =
                    records.iter().map(|record| value(record_type, &record.value)).collect::<Result<_, _>>()?;
                RecordValues::Values { ttl, values }
            }
            _ => {
                return Err(ApiError::new(
                    "InvalidInput",
                    "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or \
                     TrafficPolicyInstanceId], but found none or more than one in Change with [Action, ResourceRecordSet]",
                ));
            }
        };
        Ok(RecordSet { name, record_type, values })
    }
}

fn value(record_type: RecordType, text: &str) -> Result<RecordData, ApiError> {
    RecordData::parse(record_type, text).ok_or_else(|| {
        let kind = record_type.as_str();
        invalid(format!("Invalid Resource Record: '{text}' is not a valid value of a record of type {kind}"))
    })
}

impl RecordSet {
    /// A set of AWS's own.
    pub(super) fn of_values(name: &DomainName, record_type: RecordType, ttl: u32, values: &[String]) -> RecordSet {
        let values = values.iter().filter_map(|value| RecordData::parse(record_type, value)).collect();
        RecordSet { name: name.clone(), record_type, values: RecordValues::Values { ttl, values } }
    }

    /// `name='…', type='A'`, as errors have it.
    fn label(&self) -> String {
        format!("[name='{}', type='{}']", self.name, self.record_type.as_str())
    }

    fn describe(&self) -> Object {
        let name = self.name.to_string().replace('*', "\\052");
        let object = Object::new().text("Name", name).text("Type", self.record_type.as_str());
        match &self.values {
            RecordValues::Values { ttl, values } => {
                let values = values.iter().map(|value| Object::new().text("Value", value));
                object.value("TTL", *ttl).list("ResourceRecords", values)
            }
            RecordValues::Alias { zone, target, evaluate_health } => {
                let alias = Object::new()
                    .text("HostedZoneId", zone)
                    .text("DNSName", target)
                    .value("EvaluateTargetHealth", *evaluate_health);
                object.value("AliasTarget", alias)
            }
        }
    }
}

/// The zone's sets after one change.
fn change(zone: &HostedZone, sets: &mut Vec<RecordSet>, action: &str, set: RecordSet) -> Result<(), ApiError> {
    let same = |other: &RecordSet| other.name == set.name && other.record_type == set.record_type;
    let at = sets.iter().position(same);
    match (action, at) {
        ("DELETE", _) if zone.owns(&set.name, set.record_type) => {
            let kind = set.record_type.as_str();
            return Err(invalid(format!("A HostedZone must contain its own {kind} record")));
        }
        ("DELETE", None) => {
            return Err(invalid(format!("Tried to delete resource record set {} but it was not found", set.label())));
        }
        ("DELETE", Some(at)) if sets[at] != set => {
            return Err(invalid(format!(
                "Tried to delete resource record set {} but the values provided do not match the current values",
                set.label()
            )));
        }
        ("DELETE", Some(at)) => {
            sets.remove(at);
            return Ok(());
        }
        ("CREATE", Some(_)) => {
            return Err(invalid(format!("Tried to create resource record set {} but it already exists", set.label())));
        }
        ("CREATE" | "UPSERT", _) => {}
        _ => return Err(ApiError::new("InvalidInput", format!("{action} is not a valid value for Action."))),
    }
    // RFC 1034 §3.6.2: a CNAME stands alone.
    let is_cname = set.record_type == RecordType::Cname;
    if is_cname && set.name == zone.name {
        return Err(invalid(format!(
            "RRSet of type CNAME with DNS name {} is not permitted at apex in zone {}",
            set.name, zone.name
        )));
    }
    let conflicts = |other: &&RecordSet| {
        other.name == set.name && !same(other) && (is_cname || other.record_type == RecordType::Cname)
    };
    if let Some(other) = sets.iter().find(conflicts) {
        return Err(invalid(format!(
            "RRSet of type {} with DNS name {} is not permitted because a conflicting RRSet of type {} with the same DNS \
             name already exists in zone {}",
            set.record_type.as_str(),
            set.name,
            other.record_type.as_str(),
            zone.name
        )));
    }
    match at {
        Some(at) => sets[at] = set,
        None => sets.push(set),
    }
    Ok(())
}

/// The record sets of a zone by Route 53's order.
fn sort(sets: &mut [RecordSet]) {
    sets.sort_by_cached_key(|set| (labels_from_the_end(&set.name), set.record_type.as_str()));
}

impl Cloud {
    pub(crate) fn change_resource_record_sets(&mut self, caller: &Caller, request: ChangeResourceRecordSets) -> Answer {
        let zone = self.zone(caller, &request.hosted_zone_id)?;
        let mut sets = zone.record_sets.clone();
        for Change { action, resource_record_set } in &request.change_batch.changes {
            change(zone, &mut sets, action, resource_record_set.read(zone)?)?;
        }
        sort(&mut sets);
        let id = zone.id;
        self.hosted_zones[&id].record_sets = sets;
        self.touch(id);
        Ok(Object::new().value("ChangeInfo", self.change_info(caller, request.change_batch.comment.as_ref())).into())
    }

    pub(crate) fn list_resource_record_sets(&mut self, caller: &Caller, request: ListResourceRecordSets) -> Answer {
        let zone = self.zone(caller, &request.hosted_zone_id)?;
        let from: Option<DomainName> = request.start_record_name.as_deref().and_then(|name| name.parse().ok());
        let start = (from.as_ref().map(labels_from_the_end).unwrap_or_default(), request.start_record_type);
        let most = items(request.max_items.as_deref())?;
        let later = |set: &&RecordSet| {
            let (labels, first_type) = (labels_from_the_end(&set.name), start.1.as_deref().unwrap_or_default());
            labels > start.0 || (labels == start.0 && set.record_type.as_str() >= first_type)
        };
        let sets = zone.record_sets.iter().filter(later).take(most).map(RecordSet::describe);
        Ok(Object::new().list("ResourceRecordSets", sets).into())
    }
}
