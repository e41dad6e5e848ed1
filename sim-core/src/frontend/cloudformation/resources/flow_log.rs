//! AWS::EC2::FlowLog.

use serde_json::{Value as Json, json};

use super::super::schema::{Kind, Property, TAGS, optional, required};
use super::creation::text_at;
use super::{ApiError, Created, Creation, ResourceType, id};

const DESTINATION_OPTIONS: &[Property] = &[
    optional("FileFormat", Kind::Text),
    optional("HiveCompatiblePartitions", Kind::Boolean),
    optional("PerHourPartition", Kind::Boolean),
];

pub(super) static FLOW_LOG: ResourceType = ResourceType {
    name: "AWS::EC2::FlowLog",
    properties: &[
        required("ResourceId", Kind::Text),
        required("ResourceType", Kind::Text),
        optional("TrafficType", Kind::Text),
        // What these name is not looked for, so they may be made of anything: a bucket that is not simulated, too.
        optional("LogDestinationType", Kind::Text),
        optional("LogDestination", Kind::FreeText),
        optional("LogGroupName", Kind::FreeText),
        optional("DeliverLogsPermissionArn", Kind::FreeText),
        optional("DeliverCrossAccountRole", Kind::FreeText),
        optional("LogFormat", Kind::Text),
        optional("MaxAggregationInterval", Kind::Integer),
        optional("DestinationOptions", Kind::Object(DESTINATION_OPTIONS)),
        optional("Tags", TAGS),
    ],
    attributes: &[id("Id")],
    create,
};

fn create(creation: &mut Creation<'_>) -> Result<Created, ApiError> {
    let mut request = creation.pick(&[
        "ResourceType",
        "TrafficType",
        "LogDestinationType",
        "LogDestination",
        "LogGroupName",
        "DeliverLogsPermissionArn",
        "DeliverCrossAccountRole",
        "LogFormat",
        "MaxAggregationInterval",
        "DestinationOptions",
    ]);
    request.insert("ResourceIds".to_owned(), json!([creation.get("ResourceId")]));
    request.insert("TagSpecifications".to_owned(), creation.tag_specifications("vpc-flow-log"));
    let answer = creation.call("CreateFlowLogs", Json::Object(request))?;
    Ok(Created::new(text_at(&answer, "/FlowLogIds/0")?))
}
