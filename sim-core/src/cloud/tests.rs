//! Tests of the room as a whole: requests as their front ends make them, and the codes and answers they get.

mod attachment;
mod default_vpc;
mod deletion;
mod dhcp_options;
mod egress_only_internet_gateway;
mod endpoints;
mod flow_log;
mod gateway_route_table;
mod hosted_zones;
mod ipv6;
mod ipv6_only;
mod lab;
mod life_cycle;
mod looking_around;
mod nat_gateway;
mod private_dns_names;
pub(crate) mod property;
mod refusals;
mod rules;
mod tags;

use serde_json::{Value, json};

use super::{ApiError, Caller, Cloud, Operation};
use crate::engine::{SimDuration, SimTime};
use crate::id::*;

/// A cloud with its clock, and names for what was made.
pub(crate) struct Bench {
    pub(crate) cloud: Cloud,
    pub(crate) caller: Caller,
}

impl Bench {
    pub(crate) fn new() -> Bench {
        Bench {
            cloud: Cloud::new(7),
            caller: Caller {
                account: AccountId::DEFAULT,
                region: Region::DEFAULT,
                now: SimTime::ZERO,
                origin: Origin::Step(1),
            },
        }
    }

    pub(crate) fn call(&mut self, name: &str, parameters: Value) -> Result<Value, ApiError> {
        let operation = Operation::from_value(name, parameters).unwrap_or_else(|error| panic!("{error}"));
        self.cloud.apply(&self.caller, operation)
    }

    /// A request that is right.
    #[track_caller]
    pub(crate) fn ok(&mut self, name: &str, parameters: Value) -> Value {
        self.call(name, parameters.clone()).unwrap_or_else(|error| panic!("{name} {parameters}: {error}"))
    }

    /// The text at a pointer of the answer to a request that is right.
    #[track_caller]
    pub(crate) fn get(&mut self, name: &str, parameters: Value, pointer: &str) -> String {
        let answer = self.ok(name, parameters);
        text(&answer, pointer)
    }

    /// The code of a refusal, or `ok`.
    pub(super) fn code(&mut self, name: &str, parameters: Value) -> &'static str {
        self.call(name, parameters).map_or_else(|error| error.code, |_| "ok")
    }

    pub(crate) fn pass(&mut self, length: SimDuration) {
        self.caller.now += length;
        self.cloud.advance(self.caller.now);
    }

    /// The same cloud, asked by another account or in another Region.
    pub(super) fn by<T>(&mut self, account: &str, region: &str, ask: impl FnOnce(&mut Bench) -> T) -> T {
        let before = self.caller;
        self.caller.account = AccountId::parse(account).expect("12 digits");
        self.caller.region = region.parse().expect("a Region");
        let answer = ask(self);
        let now = self.caller.now;
        self.caller = Caller { now, ..before };
        answer
    }

    #[track_caller]
    pub(crate) fn vpc(&mut self, block: &str) -> String {
        self.get("CreateVpc", json!({"CidrBlock": block}), "/Vpc/VpcId")
    }

    #[track_caller]
    pub(crate) fn subnet(&mut self, vpc: &str, block: &str) -> String {
        self.get("CreateSubnet", json!({"VpcId": vpc, "CidrBlock": block}), "/Subnet/SubnetId")
    }

    #[track_caller]
    pub(super) fn attached_igw(&mut self, vpc: &str) -> String {
        let igw = self.get("CreateInternetGateway", json!({}), "/InternetGateway/InternetGatewayId");
        self.ok("AttachInternetGateway", json!({"InternetGatewayId": igw, "VpcId": vpc}));
        igw
    }

    #[track_caller]
    pub(super) fn route_table(&mut self, vpc: &str) -> String {
        self.get("CreateRouteTable", json!({"VpcId": vpc}), "/RouteTable/RouteTableId")
    }

    #[track_caller]
    pub(super) fn group(&mut self, vpc: &str, name: &str) -> String {
        self.get("CreateSecurityGroup", json!({"VpcId": vpc, "GroupName": name, "Description": name}), "/GroupId")
    }

    /// A connection that waits for an answer.
    #[track_caller]
    pub(super) fn requested_peering(&mut self, vpc: &str, peer: &str) -> String {
        let id = self.get(
            "CreateVpcPeeringConnection",
            json!({"VpcId": vpc, "PeerVpcId": peer}),
            "/VpcPeeringConnection/VpcPeeringConnectionId",
        );
        self.pass(SimDuration::from_millis(100));
        id
    }

    #[track_caller]
    pub(super) fn active_peering(&mut self, vpc: &str, peer: &str) -> String {
        let id = self.requested_peering(vpc, peer);
        self.ok("AcceptVpcPeeringConnection", json!({"VpcPeeringConnectionId": id}));
        self.pass(SimDuration::from_millis(100));
        id
    }

    #[track_caller]
    pub(super) fn instance(&mut self, subnet: &str, more: Value) -> String {
        let mut request = json!({"ImageId": "ami-0123456789abcdef0", "InstanceType": "t3.micro", "SubnetId": subnet});
        for (name, value) in more.as_object().expect("further members are an object") {
            request[name] = value.clone();
        }
        let id = self.get("RunInstances", request, "/Instances/0/InstanceId");
        self.pass(SimDuration::from_secs(10));
        id
    }

    pub(super) fn peering_status(&mut self, id: &str) -> String {
        let request = json!({"VpcPeeringConnectionIds": [id]});
        match self.call("DescribeVpcPeeringConnections", request) {
            Ok(answer) => text(&answer, "/VpcPeeringConnections/0/Status/Code"),
            Err(error) => error.code.to_owned(),
        }
    }
}

#[track_caller]
pub(crate) fn text(answer: &Value, pointer: &str) -> String {
    match answer.pointer(pointer) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => panic!("nothing at {pointer} of {answer:#}"),
    }
}
