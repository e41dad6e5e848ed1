//! Hosted zones of Route 53 (DNS-6, DNS-7): private ones, which answer the VPCs associated with them, and public ones.
//!
//! Route 53 is one service for all Regions: a zone belongs to an account. Its records are in `record_set.rs`.
//!
//! Differs from AWS: a change is in force at once, though its answer says `PENDING` as there; delegation sets, tags and query
//! logs are not simulated, and a public zone is found without its domain being registered.

use serde_json::Value;

use super::answer::{Answer, Object};
use super::record_set::RecordSet;
use super::request::{members, requests};
use super::{ApiError, Caller, Cloud};
use crate::id::*;
use crate::net::dns::{DomainName, RecordType};

/// A hosted zone.
#[derive(Clone, Debug)]
pub(crate) struct HostedZone {
    pub(crate) id: HostedZoneId,
    pub(crate) name: DomainName,
    pub(crate) owner: AccountId,
    pub(crate) caller_reference: String,
    pub(crate) comment: Option<String>,
    pub(crate) is_private: bool,
    /// The VPCs that a private zone answers (DNS-7). A VPC that is deleted stays in the list, as on AWS.
    pub(crate) vpcs: Vec<VpcId>,
    /// VPCs of other accounts that may be associated with it.
    pub(crate) authorized: Vec<VpcId>,
    /// In Route 53's order: by the labels of the names from the last to the first, then by type.
    pub(crate) record_sets: Vec<RecordSet>,
}

members! {
    /// A VPC in a request.
    ZoneVpc {
        #[serde(rename = "VPCRegion")]
        region: String,
        #[serde(rename = "VPCId")]
        id: String,
    }
    /// What a zone is made with besides its name.
    HostedZoneConfig { comment: Option<String>, private_zone: bool, }
}

requests! {
    /// Makes a zone: a private one if a VPC is given.
    CreateHostedZone {
        name: String,
        #[serde(rename = "VPC")]
        vpc: Option<ZoneVpc>,
        caller_reference: String,
        hosted_zone_config: HostedZoneConfig,
    }
    /// Shows a zone.
    GetHostedZone { id: String, }
    /// Deletes a zone that holds nothing but its own NS and SOA records.
    DeleteHostedZone { id: String, }
    /// Lists the account's zones.
    ListHostedZones { marker: Option<String>, max_items: Option<String>, hosted_zone_type: Option<String>, }
    /// Lists the account's zones by name, from a name on.
    ListHostedZonesByName {
        #[serde(rename = "DNSName")]
        dns_name: Option<String>,
        hosted_zone_id: Option<String>,
        max_items: Option<String>,
    }
    /// Lists the private zones that a VPC is associated with.
    ListHostedZonesByVPC {
        #[serde(rename = "VPCId")]
        vpc_id: String,
        #[serde(rename = "VPCRegion")]
        vpc_region: String,
        max_items: Option<String>,
        next_token: Option<String>,
    }
    /// Lets a private zone answer one more VPC.
    AssociateVPCWithHostedZone {
        hosted_zone_id: String,
        #[serde(rename = "VPC")]
        vpc: ZoneVpc,
        comment: Option<String>,
    }
    /// Takes a VPC from a private zone; the last one stays.
    DisassociateVPCFromHostedZone {
        hosted_zone_id: String,
        #[serde(rename = "VPC")]
        vpc: ZoneVpc,
        comment: Option<String>,
    }
    /// Lets a VPC of another account be associated with a private zone, by that account.
    CreateVPCAssociationAuthorization {
        hosted_zone_id: String,
        #[serde(rename = "VPC")]
        vpc: ZoneVpc,
    }
}

impl HostedZone {
    /// The name servers that the zone's NS records give. Those of private zones are the same for all.
    fn name_servers(&self) -> Vec<String> {
        let group = if self.is_private { 0 } else { self.id.group() };
        let endings = [("co.uk", 1536), ("com", 0), ("org", 1024), ("net", 512)];
        endings.map(|(ending, base)| format!("ns-{}.awsdns-{:02}.{ending}.", base + group, group / 8)).to_vec()
    }

    /// The records that come with a zone and cannot be taken from it.
    fn own_records(&self) -> [RecordSet; 2] {
        let servers = self.name_servers();
        let soa = format!("{} awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400", servers[0]);
        [
            RecordSet::of_values(&self.name, RecordType::Ns, 172_800, &servers),
            RecordSet::of_values(&self.name, RecordType::Soa, 900, &[soa]),
        ]
    }

    /// Whether a set of records is one that came with the zone.
    pub(super) fn owns(&self, name: &DomainName, record_type: RecordType) -> bool {
        *name == self.name && matches!(record_type, RecordType::Ns | RecordType::Soa)
    }

    fn describe(&self) -> Object {
        let config =
            Object::new().optional_text("Comment", self.comment.as_ref()).value("PrivateZone", self.is_private);
        Object::new()
            .text("Id", format!("/hostedzone/{}", self.id.name()))
            .text("Name", &self.name)
            .text("CallerReference", &self.caller_reference)
            .value("Config", config)
            .value("ResourceRecordSetCount", self.record_sets.len())
    }

    fn delegation_set(&self) -> Object {
        Object::new().list("NameServers", self.name_servers().iter().map(|server| server.trim_end_matches('.')))
    }
}

fn no_such_zone(text: &str) -> ApiError {
    let id = text.trim_start_matches("/hostedzone/");
    ApiError::new("NoSuchHostedZone", format!("No hosted zone found with ID: {id}"))
}

impl Cloud {
    /// The caller's zone of this id.
    pub(super) fn zone(&self, caller: &Caller, text: &str) -> Result<&HostedZone, ApiError> {
        let zone = HostedZoneId::parse_name(text).and_then(|id| self.hosted_zones.get(&id));
        zone.filter(|zone| zone.owner == caller.account).ok_or_else(|| no_such_zone(text))
    }

    /// The caller's VPC that a request about a zone names.
    fn zone_vpc(&self, caller: &Caller, vpc: &ZoneVpc) -> Result<VpcId, ApiError> {
        let id = vpc.id.parse::<VpcId>().ok();
        let found = id.and_then(|id| self.vpcs.get(&id));
        let there = found.filter(|found| found.owner == caller.account && found.region.name() == vpc.region);
        there.map(|found| found.id).ok_or_else(|| {
            ApiError::new(
                "InvalidVPCId",
                format!(
                    "The VPC: {} in region {} that you provided is not authorized to make the association.",
                    vpc.id, vpc.region
                ),
            )
        })
    }

    /// A VPC has one zone of a name: which of two would answer?
    fn check_conflict(&self, vpc: VpcId, name: &DomainName) -> Result<(), ApiError> {
        let other = self.hosted_zones.values().find(|zone| zone.vpcs.contains(&vpc) && zone.name == *name);
        other.map_or(Ok(()), |zone| {
            Err(ApiError::new(
                "ConflictingDomainExists",
                format!(
                    "The VPC {vpc} in region {} has already been associated with the hosted zone {} with the same domain name.",
                    self.vpcs[&vpc].region,
                    zone.id.name()
                ),
            ))
        })
    }

    /// What Route 53 says of a change that it has taken.
    pub(super) fn change_info(&mut self, caller: &Caller, comment: Option<&String>) -> Object {
        self.changes_given += 1;
        Object::new()
            .text("Id", format!("/change/C{:020X}", self.changes_given))
            .text("Status", "PENDING")
            .text("SubmittedAt", self.timestamp(caller.now))
            .optional_text("Comment", comment)
    }

    pub(crate) fn create_hosted_zone(&mut self, caller: &Caller, request: CreateHostedZone) -> Answer {
        let name: Option<DomainName> = request.name.parse().ok().filter(|name: &DomainName| !name.as_str().is_empty());
        let name = name.ok_or_else(|| ApiError::new("InvalidDomainName", format!("{} is not valid.", request.name)))?;
        if self
            .hosted_zones
            .values()
            .any(|zone| zone.owner == caller.account && zone.caller_reference == request.caller_reference)
        {
            return Err(ApiError::new(
                "HostedZoneAlreadyExists",
                "A hosted zone has already been created with the specified caller reference.",
            ));
        }
        if request.vpc.is_none() && request.hosted_zone_config.private_zone {
            return Err(ApiError::new(
                "InvalidInput",
                "When you're creating a private hosted zone, you must specify a VPC.",
            ));
        }
        let vpc = request.vpc.as_ref().map(|vpc| self.zone_vpc(caller, vpc)).transpose()?;
        if let Some(vpc) = vpc {
            self.check_conflict(vpc, &name)?;
        }
        let mut zone = HostedZone {
            id: self.ids.next(),
            name,
            owner: caller.account,
            caller_reference: request.caller_reference,
            comment: request.hosted_zone_config.comment,
            is_private: vpc.is_some(),
            vpcs: vpc.into_iter().collect(),
            authorized: Vec::new(),
            record_sets: Vec::new(),
        };
        zone.record_sets.extend(zone.own_records());
        let delegation = (!zone.is_private).then(|| zone.delegation_set());
        let answer = Object::new().value("HostedZone", zone.describe());
        let location = format!("https://route53.amazonaws.com/2013-04-01/hostedzone/{}", zone.id.name());
        self.touch(zone.id);
        self.hosted_zones.insert(zone.id, zone);
        Ok(answer
            .value("ChangeInfo", self.change_info(caller, None))
            .optional("DelegationSet", delegation)
            .optional("VPC", vpc.map(|vpc| self.describe_zone_vpc(vpc)))
            .text("Location", location)
            .into())
    }

    fn describe_zone_vpc(&self, vpc: VpcId) -> Object {
        let region = self.vpcs.get(&vpc).map(|vpc| vpc.region);
        Object::new().optional_text("VPCRegion", region).text("VPCId", vpc)
    }

    pub(crate) fn get_hosted_zone(&mut self, caller: &Caller, request: GetHostedZone) -> Answer {
        let zone = self.zone(caller, &request.id)?;
        let delegation = (!zone.is_private).then(|| zone.delegation_set());
        Ok(Object::new()
            .value("HostedZone", zone.describe())
            .optional("DelegationSet", delegation)
            .optional_list("VPCs", zone.vpcs.iter().map(|vpc| self.describe_zone_vpc(*vpc)))
            .into())
    }

    pub(crate) fn delete_hosted_zone(&mut self, caller: &Caller, request: DeleteHostedZone) -> Answer {
        let zone = self.zone(caller, &request.id)?;
        if zone.record_sets.iter().any(|set| !zone.owns(&set.name, set.record_type)) {
            return Err(ApiError::new(
                "HostedZoneNotEmpty",
                "The specified hosted zone contains non-required resource record sets and so cannot be deleted.",
            ));
        }
        let id = zone.id;
        self.hosted_zones.remove(&id);
        self.touch(id);
        Ok(Object::new().value("ChangeInfo", self.change_info(caller, None)).into())
    }

    pub(crate) fn list_hosted_zones(&mut self, caller: &Caller, request: ListHostedZones) -> Answer {
        let private_only = match request.hosted_zone_type.as_deref() {
            None => false,
            Some("PrivateHostedZone") => true,
            Some(other) => {
                return Err(ApiError::new("InvalidInput", format!("{other} is not a valid value for HostedZoneType.")));
            }
        };
        let zones = self.hosted_zones.values().filter(|zone| zone.owner == caller.account);
        let zones = zones.filter(|zone| zone.is_private || !private_only).map(HostedZone::describe);
        Ok(Object::new().list("HostedZones", zones).into())
    }

    pub(crate) fn list_hosted_zones_by_name(&mut self, caller: &Caller, request: ListHostedZonesByName) -> Answer {
        let from: Option<DomainName> = request.dns_name.as_deref().and_then(|name| name.parse().ok());
        let mut zones: Vec<&HostedZone> =
            self.hosted_zones.values().filter(|zone| zone.owner == caller.account).collect();
        zones.sort_by_key(|zone| labels_from_the_end(&zone.name));
        let start = from.as_ref().map(labels_from_the_end).unwrap_or_default();
        let most = items(request.max_items.as_deref())?;
        let mut zones = zones.into_iter().filter(|zone| labels_from_the_end(&zone.name) >= start);
        let shown: Vec<Value> = zones.by_ref().take(most).map(|zone| zone.describe().into()).collect();
        let next = zones.next();
        Ok(Object::new()
            .list("HostedZones", shown)
            .optional_text("DNSName", request.dns_name.as_ref())
            .optional_text("HostedZoneId", request.hosted_zone_id.as_ref())
            .value("IsTruncated", next.is_some())
            .optional_text("NextDNSName", next.map(|zone| &zone.name))
            .optional_text("NextHostedZoneId", next.map(|zone| zone.id.name()))
            .text("MaxItems", most)
            .into())
    }

    pub(crate) fn list_hosted_zones_by_vpc(&mut self, caller: &Caller, request: ListHostedZonesByVPC) -> Answer {
        let vpc = self.zone_vpc(caller, &ZoneVpc { region: request.vpc_region, id: request.vpc_id })?;
        let zones = self.hosted_zones.values().filter(|zone| zone.vpcs.contains(&vpc)).map(|zone| {
            Object::new()
                .text("HostedZoneId", zone.id.name())
                .text("Name", &zone.name)
                .value("Owner", Object::new().text("OwningAccount", zone.owner))
        });
        let answer = Object::new().list("HostedZoneSummaries", zones);
        Ok(answer.text("MaxItems", items(request.max_items.as_deref())?).into())
    }

    pub(crate) fn associate_vpc_with_hosted_zone(
        &mut self,
        caller: &Caller,
        request: AssociateVPCWithHostedZone,
    ) -> Answer {
        let vpc = self.zone_vpc(caller, &request.vpc)?;
        // The owner of the VPC asks, and in another account it has to be allowed to.
        let zone = HostedZoneId::parse_name(&request.hosted_zone_id).and_then(|id| self.hosted_zones.get(&id));
        let zone = zone.ok_or_else(|| no_such_zone(&request.hosted_zone_id))?;
        if zone.owner != caller.account && !zone.authorized.contains(&vpc) {
            return Err(ApiError::new(
                "NotAuthorizedException",
                format!("The VPC: {vpc} has not authorized to associate with your hosted zone."),
            ));
        }
        if !zone.is_private {
            return Err(public_zone());
        }
        self.check_conflict(vpc, &zone.name)?;
        let id = zone.id;
        self.hosted_zones[&id].vpcs.push(vpc);
        self.touch(id);
        Ok(Object::new().value("ChangeInfo", self.change_info(caller, request.comment.as_ref())).into())
    }

    pub(crate) fn disassociate_vpc_from_hosted_zone(
        &mut self,
        caller: &Caller,
        request: DisassociateVPCFromHostedZone,
    ) -> Answer {
        let vpc = request.vpc.id.parse::<VpcId>().ok();
        let id = HostedZoneId::parse_name(&request.hosted_zone_id);
        let zone = id.and_then(|id| self.hosted_zones.get(&id));
        let zone = zone.ok_or_else(|| no_such_zone(&request.hosted_zone_id))?;
        let Some(at) = zone.vpcs.iter().position(|it| Some(*it) == vpc) else {
            return Err(ApiError::new(
                "VPCAssociationNotFound",
                format!("The VPC {} and hosted zone {} are not associated.", request.vpc.id, zone.id.name()),
            ));
        };
        let owns_vpc = vpc.and_then(|vpc| self.vpcs.get(&vpc)).is_some_and(|vpc| vpc.owner == caller.account);
        if zone.owner != caller.account && !owns_vpc {
            return Err(no_such_zone(&request.hosted_zone_id));
        }
        if zone.vpcs.len() == 1 {
            return Err(ApiError::new(
                "LastVPCAssociation",
                "The VPC that you are trying to disassociate from the hosted zone is the last one; a private hosted zone must \
                 be associated with at least one VPC.",
            ));
        }
        let id = zone.id;
        self.hosted_zones[&id].vpcs.remove(at);
        self.touch(id);
        Ok(Object::new().value("ChangeInfo", self.change_info(caller, request.comment.as_ref())).into())
    }

    pub(crate) fn create_vpc_association_authorization(
        &mut self,
        caller: &Caller,
        request: CreateVPCAssociationAuthorization,
    ) -> Answer {
        let zone = self.zone(caller, &request.hosted_zone_id)?;
        if !zone.is_private {
            return Err(public_zone());
        }
        let id = zone.id;
        let vpc: VpcId = request.vpc.id.parse().map_err(|_| {
            ApiError::new("InvalidVPCId", format!("The VPC ID '{}' is not a valid one.", request.vpc.id))
        })?;
        let zone = &mut self.hosted_zones[&id];
        if !zone.authorized.contains(&vpc) {
            zone.authorized.push(vpc);
        }
        Ok(Object::new().text("HostedZoneId", id.name()).value("VPC", self.describe_zone_vpc(vpc)).into())
    }
}

fn public_zone() -> ApiError {
    ApiError::new("PublicZoneVPCAssociation", "You're trying to associate a VPC with a public hosted zone.")
}

/// The labels of a name from the last to the first: Route 53's order.
pub(super) fn labels_from_the_end(name: &DomainName) -> Vec<String> {
    name.as_str().rsplit('.').filter(|label| !label.is_empty()).map(str::to_owned).collect()
}

/// How many items an answer may have.
pub(super) fn items(most: Option<&str>) -> Result<usize, ApiError> {
    most.map_or(Ok(100), |text| {
        text.parse().map_err(|_| ApiError::new("InvalidInput", format!("{text} is not a valid value for MaxItems.")))
    })
}
