//! VPC flow logs (FL-1, FL-2, FL-9): what is logged, how, and where to. The records are made from packets, elsewhere.
//!
//! Differs from AWS: nothing is delivered to CloudWatch Logs, S3 or Firehose, and no log group, bucket or role is looked for; the
//! records are written beside the captures.

use serde_json::{Value, json};

use super::answer::{Answer, Object, just};
use super::describe::{Described, Filter, FilterTable, many, one};
use super::error::permit;
use super::flow_log_format::FlowLogFormat;
use super::instance_type::is_nitro;
use super::lookup::Resource;
use super::records::Records;
use super::request::{members, requests};
use super::tag::TagSpecification;
use super::{ApiError, Caller, Cloud, NetworkInterface, Subnet, Tags, Vpc};
use crate::engine::SimTime;
use crate::id::*;

/// A flow log. It never changes (FL-9).
#[derive(Clone, Debug)]
pub(crate) struct FlowLog {
    pub(crate) id: FlowLogId,
    pub(crate) owner: AccountId,
    pub(crate) region: Region,
    /// A VPC, a subnet or a network interface.
    pub(crate) resource: ResourceId,
    pub(crate) traffic: TrafficType,
    pub(crate) destination: Destination,
    pub(crate) format: FlowLogFormat,
    /// How long packets are added up to one record at most (FL-2).
    pub(crate) aggregation_seconds: u32,
    /// The role that delivers.
    pub(crate) role: Option<String>,
    pub(crate) created: SimTime,
    pub(crate) tags: Tags,
    pub(crate) origin: Origin,
}

/// Which traffic is logged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum TrafficType {
    Accept,
    Reject,
    All,
}

impl TrafficType {
    /// As requests and answers have it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            TrafficType::Accept => "ACCEPT",
            TrafficType::Reject => "REJECT",
            TrafficType::All => "ALL",
        }
    }
}

/// Where AWS would deliver to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Destination {
    /// A log group of CloudWatch Logs.
    LogGroup(String),
    /// An S3 bucket, by its ARN.
    Bucket(String),
    /// A Firehose stream, by its ARN.
    Firehose(String),
}

members! {
    /// How files in S3 are laid out.
    DestinationOptionsRequest {
        file_format: Option<String>,
        hive_compatible_partitions: Option<bool>,
        per_hour_partition: Option<bool>,
    }
}

requests! {
    /// Starts to log the traffic of VPCs, subnets or interfaces.
    CreateFlowLogs {
        resource_ids: Vec<String>,
        resource_type: String,
        traffic_type: Option<String>,
        log_destination_type: Option<String>,
        log_destination: Option<String>,
        log_group_name: Option<String>,
        log_format: Option<String>,
        deliver_logs_permission_arn: Option<String>,
        deliver_cross_account_role: Option<String>,
        max_aggregation_interval: Option<u32>,
        destination_options: Option<DestinationOptionsRequest>,
        tag_specifications: Vec<TagSpecification>,
        client_token: Option<String>,
    }
    /// Lists flow logs.
    DescribeFlowLogs {
        filter: Vec<Filter>,
        flow_log_ids: Vec<String>,
        max_results: Option<u32>,
        next_token: Option<String>,
    }
    /// Stops logging. What has been written stays.
    DeleteFlowLogs { flow_log_ids: Vec<String>, }
}

impl Resource for FlowLog {
    type Id = FlowLogId;

    fn table(cloud: &Cloud) -> &Records<FlowLogId, FlowLog> {
        &cloud.flow_logs
    }

    fn home(&self, _: &Cloud) -> (AccountId, Region) {
        (self.owner, self.region)
    }

    fn tags<'a>(&'a self, _: &'a Cloud, _: &Caller) -> &'a Tags {
        &self.tags
    }
}

impl Destination {
    fn kind(&self) -> &'static str {
        match self {
            Destination::LogGroup(_) => "cloud-watch-logs",
            Destination::Bucket(_) => "s3",
            Destination::Firehose(_) => "kinesis-data-firehose",
        }
    }

    fn log_group(&self) -> Option<&str> {
        match self {
            Destination::LogGroup(name) => Some(name),
            Destination::Bucket(_) | Destination::Firehose(_) => None,
        }
    }

    fn arn(&self) -> Option<&str> {
        match self {
            Destination::LogGroup(_) => None,
            Destination::Bucket(arn) | Destination::Firehose(arn) => Some(arn),
        }
    }
}

impl Described for FlowLog {
    const FILTERS: FilterTable<FlowLog> = &[
        ("deliver-log-status", |_, _| one("SUCCESS")),
        ("log-destination-type", |log, _| one(log.destination.kind())),
        ("flow-log-id", |log, _| one(log.id)),
        ("log-group-name", |log, _| many(log.destination.log_group())),
        ("resource-id", |log, _| one(log.resource)),
        ("traffic-type", |log, _| one(log.traffic.as_str())),
    ];

    fn describe(&self, cloud: &Cloud, _: &Caller) -> Value {
        Object::new()
            .text("CreationTime", cloud.timestamp(self.created))
            .optional_text("DeliverLogsPermissionArn", self.role.as_ref())
            .text("DeliverLogsStatus", "SUCCESS")
            .text("FlowLogId", self.id)
            .text("FlowLogStatus", "ACTIVE")
            .optional_text("LogGroupName", self.destination.log_group())
            .text("ResourceId", self.resource)
            .text("TrafficType", self.traffic.as_str())
            .text("LogDestinationType", self.destination.kind())
            .optional_text("LogDestination", self.destination.arn())
            .text("LogFormat", self.format.text())
            .list("Tags", self.tags.describe())
            .value("MaxAggregationInterval", self.aggregation_seconds)
            .into()
    }
}

impl FlowLog {
    /// Whether it logs what passes an interface.
    pub(crate) fn covers(&self, interface: &NetworkInterface) -> bool {
        let of_interface: [ResourceId; 3] = [interface.id.into(), interface.subnet.into(), interface.vpc.into()];
        of_interface.contains(&self.resource)
    }

    /// Whether its files begin with the names of the fields, as AWS's in S3 do.
    pub(crate) fn has_headings(&self) -> bool {
        matches!(self.destination, Destination::Bucket(_))
    }

    /// How long packets of an interface are added up: on a Nitro instance a minute, whatever was asked for (FL-2).
    pub(crate) fn window_seconds(&self, cloud: &Cloud, interface: &NetworkInterface) -> u32 {
        let attachment = interface.attachment.as_ref();
        let instance = attachment.and_then(|attachment| cloud.instances.get(&attachment.instance));
        let is_nitro = instance.is_some_and(|instance| is_nitro(&instance.launch.instance_type));
        if is_nitro { self.aggregation_seconds.min(60) } else { self.aggregation_seconds }
    }
}

impl Cloud {
    pub(crate) fn create_flow_logs(&mut self, caller: &Caller, request: CreateFlowLogs) -> Answer {
        if request.resource_ids.is_empty() {
            return Err(ApiError::missing("ResourceId"));
        }
        let resources = self.logged_resources(caller, &request)?;
        let traffic = match request.traffic_type.as_deref() {
            Some("ACCEPT") => TrafficType::Accept,
            Some("REJECT") => TrafficType::Reject,
            Some("ALL") => TrafficType::All,
            None => return Err(ApiError::missing("TrafficType")),
            Some(other) => return Err(ApiError::invalid_value(format!("Invalid traffic type: {other}"))),
        };
        let destination = destination(&request)?;
        let format = FlowLogFormat::requested(request.log_format.as_deref())?;
        let aggregation_seconds = request.max_aggregation_interval.unwrap_or(600);
        if !matches!(aggregation_seconds, 60 | 600) {
            return Err(invalid("Invalid Flow Log Max Aggregation Interval"));
        }
        let is_same = |log: &FlowLog, resource| {
            log.resource == resource && log.traffic == traffic && log.destination == destination
        };
        if self.flow_logs.values().any(|log| resources.iter().any(|resource| is_same(log, *resource))) {
            return Err(ApiError::new(
                "FlowLogAlreadyExists",
                "Error. There is an existing Flow Log with the same configuration and log destination.",
            ));
        }
        let tags = Tags::requested(&request.tag_specifications, ResourceKind::FlowLog, &[])?;
        permit(request.dry_run)?;
        let mut ids = Vec::new();
        for resource in resources {
            let id: FlowLogId = self.ids.next();
            let log = FlowLog {
                id,
                owner: caller.account,
                region: caller.region,
                resource,
                traffic,
                destination: destination.clone(),
                format: format.clone(),
                aggregation_seconds,
                role: request.deliver_logs_permission_arn.clone(),
                created: caller.now,
                tags: tags.clone(),
                origin: caller.origin,
            };
            self.touch_logged(&log);
            self.flow_logs.insert(id, log);
            ids.push(id.to_string());
        }
        let token = request.client_token.unwrap_or_default();
        Ok(json!({ "ClientToken": token, "FlowLogIds": ids, "Unsuccessful": [] }))
    }

    pub(crate) fn describe_flow_logs(&mut self, caller: &Caller, request: DescribeFlowLogs) -> Answer {
        permit(request.dry_run)?;
        just("FlowLogs", self.described::<FlowLog>(caller, &request.flow_log_ids, &request.filter)?)
    }

    pub(crate) fn delete_flow_logs(&mut self, caller: &Caller, request: DeleteFlowLogs) -> Answer {
        if request.flow_log_ids.is_empty() {
            return Err(ApiError::missing("FlowLogId"));
        }
        let found = request.flow_log_ids.iter().map(|id| self.find::<FlowLog>(caller, id).map(|log| log.id));
        let ids = found.collect::<Result<Vec<_>, _>>()?;
        permit(request.dry_run)?;
        for id in ids {
            if let Some(log) = self.flow_logs.remove(&id) {
                self.touch_logged(&log);
            }
        }
        just("Unsuccessful", Vec::<Value>::new())
    }

    /// Whether anything logs what passes an interface.
    pub(crate) fn is_logged(&self, interface: &NetworkInterface) -> bool {
        self.flow_logs.values().any(|log| log.covers(interface))
    }

    /// Notes that what a flow log covers is logged from now on, or not any more.
    fn touch_logged(&mut self, log: &FlowLog) {
        let covered = self.network_interfaces.values().filter(|interface| log.covers(interface));
        for id in covered.map(|interface| interface.id).collect::<Vec<_>>() {
            self.touch(id);
        }
    }

    /// What a request wants logged: the caller's own only, so a peer VPC of another account is not found (FL-9).
    fn logged_resources(&self, caller: &Caller, request: &CreateFlowLogs) -> Result<Vec<ResourceId>, ApiError> {
        let ids = request.resource_ids.iter();
        match request.resource_type.as_str() {
            "VPC" => ids.map(|id| Ok(self.find::<Vpc>(caller, id)?.id.into())).collect(),
            "Subnet" => ids.map(|id| Ok(self.find::<Subnet>(caller, id)?.id.into())).collect(),
            "NetworkInterface" => ids.map(|id| Ok(self.find::<NetworkInterface>(caller, id)?.id.into())).collect(),
            "" => Err(ApiError::missing("ResourceType")),
            other @ ("TransitGateway" | "TransitGatewayAttachment" | "RegionalNatGateway") => {
                Err(ApiError::not_simulated(&format!("A flow log of a {other}")))
            }
            other => Err(ApiError::invalid_value(format!("Invalid resource type: {other}"))),
        }
    }
}

fn destination(request: &CreateFlowLogs) -> Result<Destination, ApiError> {
    let (arn, group) = (request.log_destination.clone(), request.log_group_name.clone());
    let file_format = request.destination_options.as_ref().and_then(|options| options.file_format.as_deref());
    let kind = request.log_destination_type.as_deref().unwrap_or("cloud-watch-logs");
    if arn.is_none() && group.is_none() {
        return Err(invalid("LogDestination can't be empty if LogGroupName is not provided."));
    }
    if kind != "cloud-watch-logs" && group.is_some() {
        return Err(invalid("LogDestination type must be cloud-watch-logs if LogGroupName is provided."));
    }
    if request.deliver_cross_account_role.is_some() && kind != "kinesis-data-firehose" {
        return Err(invalid(format!("DeliverCrossAccountRole is not applicable for {kind} delivery")));
    }
    let arn = arn.unwrap_or_default();
    match (kind, file_format) {
        ("cloud-watch-logs" | "kinesis-data-firehose", Some(_)) => {
            Err(invalid(format!("DestinationOptions is not applicable for {kind} delivery")))
        }
        ("cloud-watch-logs", None) if request.deliver_logs_permission_arn.is_none() => {
            Err(invalid("DeliverLogsPermissionArn can't be empty if LogDestinationType is cloud-watch-logs."))
        }
        ("cloud-watch-logs", None) => {
            let of_arn = || arn.split_once(":log-group:").map(|(_, name)| name.trim_end_matches(":*").to_owned());
            let name =
                group.or_else(of_arn).ok_or_else(|| invalid(format!("LogDestination: {arn} is not a log group")))?;
            Ok(Destination::LogGroup(name))
        }
        ("s3", _) if request.deliver_logs_permission_arn.is_some() => {
            Err(invalid("DeliverLogsPermissionArn is not applicable for s3 delivery"))
        }
        ("s3", Some("parquet")) => Err(ApiError::not_simulated("A flow log in Parquet files")),
        ("s3", None | Some("plain-text")) => Ok(Destination::Bucket(arn)),
        ("s3", Some(other)) => Err(ApiError::invalid_value(format!("Invalid file format: {other}"))),
        ("kinesis-data-firehose", None) => Ok(Destination::Firehose(arn)),
        (other, _) => Err(ApiError::invalid_value(format!("Invalid log destination type: {other}"))),
    }
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameter", message)
}
