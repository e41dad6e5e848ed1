//! Flow logs as the API knows them (FL-1, FL-2, FL-9).

use super::*;

fn of_vpc(vpc: &str) -> Value {
    json!({"ResourceIds": [vpc], "ResourceType": "VPC", "TrafficType": "ALL", "LogDestinationType": "s3",
        "LogDestination": "arn:aws:s3:::lab-logs"})
}

fn with(mut request: Value, more: Value) -> Value {
    for (name, value) in more.as_object().expect("further members are an object") {
        request[name] = value.clone();
    }
    request
}

#[test]
fn a_flow_log_is_described_with_awss_members_in_awss_order_fl_1() {
    let mut b = Bench::new();
    let vpc = b.vpc("10.0.0.0/16");
    let tags = json!([{"ResourceType": "vpc-flow-log", "Tags": [{"Key": "Name", "Value": "lab"}]}]);
    let answer = b.ok("CreateFlowLogs", with(of_vpc(&vpc), json!({"TagSpecifications": tags, "ClientToken": "once"})));
    let id = text(&answer, "/FlowLogIds/0");
    assert!(id.starts_with("fl-") && id.len() == 20, "{id}");
    assert_eq!(answer, json!({"ClientToken": "once", "FlowLogIds": [id], "Unsuccessful": []}));
    let shown = b.ok("DescribeFlowLogs", json!({}));
    let expected = format!(
        r#"{{"FlowLogs":[{{"CreationTime":"2024-01-01T00:00:00+00:00","DeliverLogsStatus":"SUCCESS","FlowLogId":"{id}","FlowLogStatus":"ACTIVE","ResourceId":"{vpc}","TrafficType":"ALL","LogDestinationType":"s3","LogDestination":"arn:aws:s3:::lab-logs","LogFormat":"${{version}} ${{account-id}} ${{interface-id}} ${{srcaddr}} ${{dstaddr}} ${{srcport}} ${{dstport}} ${{protocol}} ${{packets}} ${{bytes}} ${{start}} ${{end}} ${{action}} ${{log-status}}","Tags":[{{"Key":"Name","Value":"lab"}}],"MaxAggregationInterval":600}}]}}"#
    );
    assert_eq!(shown.to_string(), expected);
    assert_eq!(b.ok("DeleteFlowLogs", json!({"FlowLogIds": [id]})), json!({"Unsuccessful": []}));
    assert_eq!(b.ok("DescribeFlowLogs", json!({})), json!({"FlowLogs": []}));
    assert_eq!(b.code("DeleteFlowLogs", json!({"FlowLogIds": [id]})), "InvalidFlowLogId.NotFound");
}

#[test]
fn a_request_makes_one_for_each_resource_and_filters_find_them() {
    let mut b = Bench::new();
    let vpc = b.vpc("10.0.0.0/16");
    let subnets = ["10.0.0.0/24", "10.0.1.0/24"].map(|block| b.subnet(&vpc, block));
    let of_subnets = json!({"ResourceIds": subnets, "ResourceType": "Subnet", "TrafficType": "REJECT",
        "LogGroupName": "lab", "DeliverLogsPermissionArn": "arn:aws:iam::123456789012:role/lab"});
    let made = b.ok("CreateFlowLogs", of_subnets);
    assert_eq!(made["FlowLogIds"].as_array().map(Vec::len), Some(2));
    let id = text(&made, "/FlowLogIds/1");
    b.ok("CreateFlowLogs", of_vpc(&vpc));
    b.ok("CreateTags", json!({"Resources": [id], "Tags": [{"Key": "Name", "Value": "second"}]}));
    for (name, value, found) in [
        ("resource-id", subnets[1].as_str(), 1),
        ("traffic-type", "REJECT", 2),
        ("traffic-type", "ACCEPT", 0),
        ("log-destination-type", "s3", 1),
        ("log-group-name", "lab", 2),
        ("deliver-log-status", "SUCCESS", 3),
        ("flow-log-id", &id, 1),
        ("tag:Name", "second", 1),
    ] {
        let shown = b.ok("DescribeFlowLogs", json!({"Filter": [{"Name": name, "Values": [value]}]}));
        assert_eq!(shown["FlowLogs"].as_array().map(Vec::len), Some(found), "{name} {value}");
    }
    assert_eq!(b.code("DescribeFlowLogs", json!({"Filter": [{"Name": "vpc-id"}]})), "InvalidParameterValue");
}

#[test]
fn what_ec2_refuses_of_a_flow_log_fl_2_fl_9() {
    let mut b = Bench::new();
    let vpc = b.vpc("10.0.0.0/16");
    let role = json!("arn:aws:iam::123456789012:role/lab");
    b.ok("CreateFlowLogs", of_vpc(&vpc));
    let elsewhere = b.by("210987654321", "ap-northeast-2", |b| b.vpc("10.1.0.0/16"));
    for (more, code) in [
        (json!({}), "FlowLogAlreadyExists"),
        (json!({"ResourceIds": []}), "MissingParameter"),
        (json!({"ResourceIds": ["vpc-0123456789abcdef0"]}), "InvalidVpcID.NotFound"),
        // A peer VPC of another account.
        (json!({"ResourceIds": [elsewhere]}), "InvalidVpcID.NotFound"),
        (json!({"ResourceType": "Subnet"}), "InvalidSubnetId.Malformed"),
        (json!({"ResourceType": "TransitGateway"}), "UnsupportedOperation"),
        (json!({"ResourceType": "Vpc"}), "InvalidParameterValue"),
        (json!({"TrafficType": "accept"}), "InvalidParameterValue"),
        (json!({"TrafficType": null}), "MissingParameter"),
        (json!({"MaxAggregationInterval": 61}), "InvalidParameter"),
        (json!({"LogFormat": "${srcadr}"}), "InvalidParameter"),
        (json!({"LogDestination": null}), "InvalidParameter"),
        (json!({"LogGroupName": "lab"}), "InvalidParameter"),
        (json!({"DeliverLogsPermissionArn": role}), "InvalidParameter"),
        (json!({"DeliverCrossAccountRole": role}), "InvalidParameter"),
        (json!({"LogDestinationType": "cloud-watch-logs", "LogGroupName": "lab"}), "InvalidParameter"),
        (json!({"LogDestinationType": "cloud-watch-logs", "DeliverLogsPermissionArn": role}), "InvalidParameter"),
        (json!({"LogDestinationType": "sqs"}), "InvalidParameterValue"),
        (json!({"DestinationOptions": {"FileFormat": "parquet"}}), "UnsupportedOperation"),
        (json!({"DestinationOptions": {"FileFormat": "csv"}}), "InvalidParameterValue"),
        (json!({"TrafficType": "REJECT", "DryRun": true}), "DryRunOperation"),
        (json!({"TrafficType": "REJECT", "DestinationOptions": {"PerHourPartition": true}}), "ok"),
        (json!({"MaxAggregationInterval": 60, "LogDestination": "arn:aws:s3:::other"}), "ok"),
    ] {
        assert_eq!(b.code("CreateFlowLogs", with(of_vpc(&vpc), more.clone())), code, "{more}");
    }
    assert!(Operation::from_value("ModifyFlowLogs", json!({})).is_err(), "there is no way to change one");
}

#[test]
fn a_nitro_instance_is_logged_by_the_minute_whatever_was_asked_for_fl_2() {
    let mut b = Bench::new();
    let vpc = b.vpc("10.0.0.0/16");
    let subnet = b.subnet(&vpc, "10.0.0.0/24");
    b.ok("CreateFlowLogs", of_vpc(&vpc));
    b.ok("CreateFlowLogs", with(of_vpc(&vpc), json!({"TrafficType": "REJECT", "MaxAggregationInterval": 60})));
    for (instance_type, seconds) in
        [("t3.micro", [60, 60]), ("t2.micro", [600, 60]), ("i3.large", [600, 60]), ("i3.metal", [60, 60])]
    {
        let instance: InstanceId = b.instance(&subnet, json!({"InstanceType": instance_type})).parse().expect("an id");
        let interface = &b.cloud.network_interfaces[&b.cloud.instances[&instance].interfaces[0]];
        let windows: Vec<_> = b.cloud.flow_logs.values().map(|log| log.window_seconds(&b.cloud, interface)).collect();
        assert_eq!(windows, seconds, "{instance_type}");
    }
}
