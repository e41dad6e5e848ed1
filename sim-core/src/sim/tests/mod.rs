//! Whole labs, from the request to the terminal: resources are made as a user makes them, and what is judged is what a user
//! sees printed, and why packets were lost.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::Ipv6Net;
use serde_json::{Value, json};

use super::boot::Packages;
use super::links::LinkSettings;
use super::ranks::Transport;
use super::world::{InternetHostConfig, Pause, World, WorldConfig};
use crate::app;
use crate::cloud::{ApiError, Caller, Quotas};
use crate::engine::{SimDuration, SimTime, Stream};
use crate::host::{Finished, Output};
use crate::id::{AccountId, Origin, Region};
use crate::trace::{Detail, Recording, Step};

mod addresses;
mod comings_and_goings;
mod dhcp;
mod dns;
mod instances;
mod interfaces;
mod ipv6_only;
mod metadata;
mod routing;
mod services;
mod side_by_side;
mod traceroute;
mod well_known;

const IMAGE: &str = "ami-0123456789abcdef0";

/// A world with somebody who makes requests and types commands.
struct Lab {
    world: World,
    /// The codes of the drops since they were last asked for.
    drops: Vec<&'static str>,
    /// What was said of them.
    reasons: Vec<String>,
}

/// A VPC with a subnet, both ways open to the Internet and to everybody.
struct Site {
    vpc: String,
    subnet: String,
    routes: String,
    group: String,
    gateway: String,
}

impl Lab {
    fn new() -> Lab {
        Lab::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut WorldConfig)) -> Lab {
        Lab::on_ranks(change, None)
    }

    fn on_ranks(change: impl FnOnce(&mut WorldConfig), transport: Option<Box<dyn Transport>>) -> Lab {
        let host = |name: &str, address: [u8; 4]| InternetHostConfig {
            name: name.to_owned(),
            address: IpAddr::from(address),
            names: vec![format!("www.{name}.example").parse().expect("a name")],
            http: Some("<h1>outside</h1>\n".to_owned()),
            ports: Vec::new(),
        };
        let mut config = WorldConfig {
            seed: 11,
            epoch_nanos: 0,
            links: LinkSettings::default(),
            quotas: Quotas::default(),
            internet: vec![host("office", [198, 51, 100, 9])],
            programs: app::programs(),
            packages: Packages::Preinstalled,
            detail: Detail::Stages,
            snap_length: None,
            threads: 1,
        };
        change(&mut config);
        Lab { world: World::on_ranks(config, transport), drops: Vec::new(), reasons: Vec::new() }
    }

    fn call(&mut self, name: &str, parameters: Value) -> Result<Value, ApiError> {
        let caller = Caller {
            account: AccountId::DEFAULT,
            region: Region::DEFAULT,
            now: self.world.now(),
            origin: Origin::Step(1),
        };
        self.world.call(&caller, name, parameters)
    }

    #[track_caller]
    fn ok(&mut self, name: &str, parameters: Value) -> Value {
        self.call(name, parameters.clone()).unwrap_or_else(|error| panic!("{name} {parameters}: {error}"))
    }

    #[track_caller]
    fn get(&mut self, name: &str, parameters: Value, pointer: &str) -> String {
        let answer = self.ok(name, parameters);
        let value = answer.pointer(pointer).unwrap_or_else(|| panic!("nothing at {pointer} of {answer:#}"));
        value.as_str().map_or_else(|| value.to_string(), str::to_owned)
    }

    fn pass(&mut self, length: SimDuration) {
        let until = self.world.now() + length;
        self.drain(|world| world.run_until(until));
    }

    fn boot(&mut self) {
        self.drain(|world| world.run_until_booted(SimTime::MAX)).expect("user data comes to an end");
    }

    fn drain<T>(&mut self, mut run: impl FnMut(&mut World) -> Pause<T>) -> Option<T> {
        loop {
            let pause = run(&mut self.world);
            let mut recording = Recording::default();
            self.world.take_trace(&mut recording);
            for event in &recording.events {
                if let Step::Dropped(reason) = &event.step {
                    self.drops.push(reason.code.as_str());
                    self.reasons.push(reason.sentence(&event.headers, &|id| id.to_string()));
                }
            }
            match pause {
                Pause::Done(value) => return Some(value),
                Pause::Limit => return None,
                Pause::Meanwhile => {}
            }
        }
    }

    fn site(&mut self, block: &str, subnet_block: &str) -> Site {
        let created = self.ok("CreateVpc", json!({"CidrBlock": block, "AmazonProvidedIpv6CidrBlock": true}));
        let vpc = created["Vpc"]["VpcId"].as_str().expect("an id").to_owned();
        let gateway = self.get("CreateInternetGateway", json!({}), "/InternetGateway/InternetGatewayId");
        self.ok("AttachInternetGateway", json!({"InternetGatewayId": gateway, "VpcId": vpc}));
        let filters = json!([{"Name": "vpc-id", "Values": [vpc]}]);
        let routes = self.get("DescribeRouteTables", json!({"Filters": filters}), "/RouteTables/0/RouteTableId");
        self.route(&routes, "0.0.0.0/0", "GatewayId", &gateway);
        let group = self.group(&vpc, "open");
        self.allow(
            &group,
            json!({"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}], "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}),
        );
        let subnet = self.subnet(&vpc, subnet_block, 0);
        Site { vpc, subnet, routes, group, gateway }
    }

    /// A NAT gateway in a public subnet of its own, to which the site's default route leads from now on. It is available when
    /// [`boot`](Self::boot) returns.
    fn nat_gateway(&mut self, site: &Site, block: &str) -> String {
        let subnet = self.subnet(&site.vpc, block, 9);
        let table = self.get("CreateRouteTable", json!({"VpcId": site.vpc}), "/RouteTable/RouteTableId");
        self.ok("AssociateRouteTable", json!({"RouteTableId": table, "SubnetId": subnet}));
        self.route(&table, "0.0.0.0/0", "GatewayId", &site.gateway);
        let allocation = self.get("AllocateAddress", json!({}), "/AllocationId");
        let request = json!({"SubnetId": subnet, "AllocationId": allocation});
        let gateway = self.get("CreateNatGateway", request, "/NatGateway/NatGatewayId");
        let route = json!({"RouteTableId": site.routes, "DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": gateway});
        self.ok("ReplaceRoute", route);
        gateway
    }

    /// A subnet with a /64 of the VPC's IPv6 block, by number.
    fn subnet(&mut self, vpc: &str, block: &str, number: u8) -> String {
        let blocks =
            self.get("DescribeVpcs", json!({"VpcIds": [vpc]}), "/Vpcs/0/Ipv6CidrBlockAssociationSet/0/Ipv6CidrBlock");
        let block_of_vpc: Ipv6Net = blocks.parse().expect("a block");
        let ipv6 = Ipv6Addr::from_bits(block_of_vpc.network().to_bits() | u128::from(number) << 64);
        let ipv6 = format!("{ipv6}/64");
        self.get(
            "CreateSubnet",
            json!({"VpcId": vpc, "CidrBlock": block, "Ipv6CidrBlock": ipv6, "AvailabilityZone": "ap-northeast-2a"}),
            "/Subnet/SubnetId",
        )
    }

    fn group(&mut self, vpc: &str, name: &str) -> String {
        self.get("CreateSecurityGroup", json!({"VpcId": vpc, "GroupName": name, "Description": name}), "/GroupId")
    }

    fn allow(&mut self, group: &str, permission: Value) {
        self.ok("AuthorizeSecurityGroupIngress", json!({"GroupId": group, "IpPermissions": [permission]}));
    }

    fn route(&mut self, table: &str, destination: &str, kind: &str, target: &str) {
        let member = if destination.contains(':') { "DestinationIpv6CidrBlock" } else { "DestinationCidrBlock" };
        self.ok("CreateRoute", json!({"RouteTableId": table, member: destination, kind: target}));
    }

    /// A launched instance with a public and an IPv6 address; it is up when [`boot`](Self::boot) returns.
    fn instance(&mut self, subnet: &str, group: &str, more: Value) -> String {
        let mut interface = json!({
            "DeviceIndex": 0, "SubnetId": subnet, "Groups": [group], "AssociatePublicIpAddress": true, "Ipv6AddressCount": 1,
        });
        for (name, value) in more.as_object().expect("further members are an object") {
            interface[name] = value.clone();
        }
        self.get(
            "RunInstances",
            json!({"ImageId": IMAGE, "MinCount": 1, "MaxCount": 1, "NetworkInterfaces": [interface]}),
            "/Instances/0/InstanceId",
        )
    }

    #[track_caller]
    fn of(&mut self, instance: &str, pointer: &str) -> String {
        let pointer = format!("/Reservations/0/Instances/0{pointer}");
        self.get("DescribeInstances", json!({"InstanceIds": [instance]}), &pointer)
    }

    fn private(&mut self, instance: &str) -> String {
        self.of(instance, "/PrivateIpAddress")
    }

    fn public(&mut self, instance: &str) -> String {
        self.of(instance, "/PublicIpAddress")
    }

    fn ipv6(&mut self, instance: &str) -> String {
        self.of(instance, "/NetworkInterfaces/0/Ipv6Addresses/0/Ipv6Address")
    }

    fn stop(&mut self, instance: &str) {
        self.ok("StopInstances", json!({"InstanceIds": [instance]}));
        self.pass(SimDuration::from_secs(30));
    }

    fn start(&mut self, instance: &str) {
        self.ok("StartInstances", json!({"InstanceIds": [instance]}));
        self.boot();
    }

    fn peer(&mut self, a: &Site, b: &Site) -> String {
        let id = self.get(
            "CreateVpcPeeringConnection",
            json!({"VpcId": a.vpc, "PeerVpcId": b.vpc}),
            "/VpcPeeringConnection/VpcPeeringConnectionId",
        );
        self.pass(SimDuration::from_secs(1));
        self.ok("AcceptVpcPeeringConnection", json!({"VpcPeeringConnectionId": id}));
        self.pass(SimDuration::from_secs(1));
        id
    }

    /// Types a line on an instance and waits; what it printed and its exit status.
    fn run(&mut self, instance: &str, line: &str) -> (String, i32) {
        let running = self.type_on(instance, line);
        let limit = self.world.now() + SimDuration::from_secs(300);
        let finished = self.drain(|world| world.wait_for(running, limit));
        printed(finished.unwrap_or_else(|| panic!("`{line}` does not end")))
    }

    fn type_on(&mut self, instance: &str, line: &str) -> super::world::Running {
        let id = instance.parse().expect("an instance's id");
        let guest = self.world.instance_guest(id).expect("the instance has booted once");
        self.world.start(guest, line).unwrap_or_else(|| panic!("{instance} does not run"))
    }

    /// What became of one ping: `pong`, or the codes of the packets that were lost.
    fn ping(&mut self, from: &str, to: &str) -> String {
        self.drops.clear();
        let (text, exit) = self.run(from, &format!("ping -c 1 -W 1 {to}"));
        match exit {
            0 => "pong".to_owned(),
            _ if self.drops.is_empty() => text,
            _ => self.drops.join(" "),
        }
    }

    /// A ping from the host on the Internet.
    fn outside(&mut self, line: &str) -> (String, i32) {
        let guest = self.world.internet_hosts()[0].index;
        let running = self.world.start(guest, line).expect("hosts outside are always up");
        let limit = self.world.now() + SimDuration::from_secs(300);
        printed(self.drain(|world| world.wait_for(running, limit)).expect("it ends"))
    }
}

fn printed(finished: Finished) -> (String, i32) {
    let text = finished.terminal.iter().map(|(_, bytes): &(Output, Vec<u8>)| String::from_utf8_lossy(bytes)).collect();
    (text, finished.exit)
}
