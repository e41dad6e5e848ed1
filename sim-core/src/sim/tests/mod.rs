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

mod dhcp;
mod dns;
mod metadata;
mod services;
mod side_by_side;

const IMAGE: &str = "ami-0123456789abcdef0";

/// A world with somebody who makes requests and types commands.
struct Lab {
    world: World,
    /// The codes of the drops since they were last asked for.
    drops: Vec<&'static str>,
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
        Lab { world: World::on_ranks(config, transport), drops: Vec::new() }
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
            self.drops.extend(recording.events.iter().filter_map(|event| match &event.step {
                Step::Dropped(reason) => Some(reason.code.as_str()),
                _ => None,
            }));
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

#[test]
fn a_stopped_instance_keeps_its_disk_and_its_enabled_services_and_gets_another_public_address() {
    // IGW-9, ADDR-15, L2-10.
    let mut lab = Lab::new();
    let site = lab.site("10.0.0.0/16", "10.0.1.0/24");
    let client = lab.instance(&site.subnet, &site.group, json!({}));
    let server = lab.instance(&site.subnet, &site.group, json!({}));
    lab.boot();
    let (private, public) = (lab.private(&server), lab.public(&server));
    lab.run(&server, "sudo yum -y install httpd");
    lab.run(&server, "sudo systemctl start httpd");
    lab.run(&server, "echo kept > /var/www/html/index.html");
    assert_eq!(lab.run(&client, &format!("curl -s {private}")), ("kept\n".to_owned(), 0));

    lab.stop(&server);
    assert_eq!(lab.ping(&client, &private), "BAD_STATE");
    lab.start(&server);
    assert_eq!(lab.private(&server), private);
    assert_ne!(lab.public(&server), public);
    // The service was started by hand only: the machine answers, and nobody listens.
    assert_eq!(lab.ping(&client, &private), "pong");
    assert_eq!(lab.run(&client, &format!("curl -s {private}")).1, 7);

    lab.run(&server, "sudo systemctl enable --now httpd");
    lab.stop(&server);
    lab.start(&server);
    assert_eq!(lab.run(&client, &format!("curl -s {private}")), ("kept\n".to_owned(), 0));
}

#[test]
fn an_instance_stopped_before_it_is_up_runs_its_user_data_at_the_next_boot() {
    let mut lab = Lab::new();
    let site = lab.site("10.0.0.0/16", "10.0.1.0/24");
    // echo done > /tmp/mark
    let request = json!({
        "ImageId": IMAGE, "MinCount": 1, "MaxCount": 1, "SubnetId": site.subnet,
        "UserData": "IyEvYmluL2Jhc2gKZWNobyBkb25lID4+IC90bXAvbWFyawo=",
    });
    let id = lab.get("RunInstances", request, "/Instances/0/InstanceId");
    lab.pass(SimDuration::from_secs(15));
    lab.stop(&id);
    for boot in ["first", "second"] {
        lab.start(&id);
        assert_eq!(lab.run(&id, "cat /tmp/mark"), ("done\n".to_owned(), 0), "once only, seen after the {boot} boot");
        lab.stop(&id);
    }
}

#[test]
fn ipv6_within_a_subnet_between_subnets_and_over_a_peering() {
    // ADDR-10, RT-4, RT-5, PCX-29, L2-19.
    let mut lab = Lab::new();
    let (one, two) = (lab.site("10.1.0.0/16", "10.1.1.0/24"), lab.site("10.2.0.0/16", "10.2.1.0/24"));
    let second = lab.subnet(&one.vpc, "10.1.2.0/24", 1);
    let a = lab.instance(&one.subnet, &one.group, json!({}));
    let neighbor = lab.instance(&one.subnet, &one.group, json!({}));
    let beyond = lab.instance(&second, &one.group, json!({}));
    let far = lab.instance(&two.subnet, &two.group, json!({}));
    lab.boot();
    let addresses = [&neighbor, &beyond, &far].map(|instance| lab.ipv6(instance));
    let seen = addresses.each_ref().map(|address| lab.ping(&a, address));
    assert_eq!(seen.each_ref().map(String::as_str), ["pong", "pong", "NO_ROUTE_TO_DESTINATION"]);

    let peering = lab.peer(&one, &two);
    lab.route(&one.routes, "2000::/3", "VpcPeeringConnectionId", &peering);
    assert_eq!(lab.ping(&a, &addresses[2]), "NO_ROUTE_TO_DESTINATION", "the way back has no route yet");
    lab.route(&two.routes, "2000::/3", "VpcPeeringConnectionId", &peering);
    assert_eq!(lab.ping(&a, &addresses[2]), "pong");
    assert_eq!(lab.ping(&a, "2001:db8::1"), "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR");
}

#[test]
fn ipv6_goes_through_the_internet_gateway_untranslated() {
    // IGW-7, RT-5: 0.0.0.0/0 says nothing about IPv6.
    let mut lab = Lab::new();
    let (one, two) = (lab.site("10.1.0.0/16", "10.1.1.0/24"), lab.site("10.2.0.0/16", "10.2.1.0/24"));
    let a = lab.instance(&one.subnet, &one.group, json!({}));
    let b = lab.instance(&two.subnet, &two.group, json!({}));
    lab.boot();
    let address = lab.ipv6(&b);
    assert_eq!(lab.ping(&a, &address), "NO_ROUTE_TO_DESTINATION");
    lab.route(&one.routes, "::/0", "GatewayId", &one.gateway);
    lab.route(&two.routes, "::/0", "GatewayId", &two.gateway);
    assert_eq!(lab.ping(&a, &address), "pong");
}

#[test]
fn public_addresses_between_vpcs_within_one_and_from_outside() {
    // IGW-2, IGW-3, IGW-12, IGW-16.
    let mut lab = Lab::new();
    let (one, two) = (lab.site("10.1.0.0/16", "10.1.1.0/24"), lab.site("10.2.0.0/16", "10.2.1.0/24"));
    let a = lab.instance(&one.subnet, &one.group, json!({}));
    let beside = lab.instance(&one.subnet, &one.group, json!({}));
    let b = lab.instance(&two.subnet, &two.group, json!({}));
    lab.boot();
    for (to, name) in [(&b, "the other VPC"), (&beside, "the same VPC")] {
        let (private, public) = (lab.private(to), lab.public(to));
        assert_eq!(lab.ping(&a, &public), "pong", "{name}");
        if to == &b {
            assert_eq!(lab.ping(&a, &private), "IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS");
        }
    }
    assert_eq!(lab.ping(&a, "198.51.100.9"), "pong");
    assert_eq!(lab.run(&a, "curl -s 198.51.100.9"), ("<h1>outside</h1>\n".to_owned(), 0));
    let public = lab.public(&a);
    let (text, exit) = lab.outside(&format!("ping -c 1 {public}"));
    assert_eq!(exit, 0, "{text}");
    assert!(text.contains(&format!("from {public}: icmp_seq=1 ttl=57")), "{text}"); // 64 (L2-13) less the Internet (L2-16)
}

#[test]
fn an_elastic_address_takes_over_while_the_instance_runs() {
    // IGW-9, IGW-10.
    let mut lab = Lab::new();
    let site = lab.site("10.1.0.0/16", "10.1.1.0/24");
    let a = lab.instance(&site.subnet, &site.group, json!({}));
    lab.boot();
    let first = lab.public(&a);
    assert_eq!(lab.outside(&format!("ping -c 1 -W 1 {first}")).1, 0);
    let allocated = lab.ok("AllocateAddress", json!({}));
    let (elastic, allocation) = (allocated["PublicIp"].as_str().expect("text"), &allocated["AllocationId"]);
    let association =
        lab.get("AssociateAddress", json!({"AllocationId": allocation, "InstanceId": a}), "/AssociationId");
    assert_eq!(lab.outside(&format!("ping -c 1 -W 1 {elastic}")).1, 0);
    assert_eq!(lab.outside(&format!("ping -c 1 -W 1 {first}")).1, 1, "the automatic one is released");
    lab.stop(&a);
    lab.start(&a);
    assert_eq!(lab.public(&a), elastic, "an Elastic IP address stays over a stop");
    assert_eq!(lab.outside(&format!("ping -c 1 -W 1 {elastic}")).1, 0);
    lab.ok("DisassociateAddress", json!({"AssociationId": association}));
    assert_eq!(lab.outside(&format!("ping -c 1 -W 1 {elastic}")).1, 1);
    let next = lab.public(&a);
    assert_eq!(lab.outside(&format!("ping -c 1 -W 1 {next}")).1, 0, "a new automatic one takes its place");
}

#[test]
fn a_secondary_address_is_reached_once_the_guest_has_it() {
    // L2-9, L2-10.
    let mut lab = Lab::new();
    let site = lab.site("10.1.0.0/16", "10.1.1.0/24");
    let a = lab.instance(&site.subnet, &site.group, json!({}));
    let b = lab.instance(
        &site.subnet,
        &site.group,
        json!({"PrivateIpAddresses": [
            {"Primary": true, "PrivateIpAddress": "10.1.1.50"}, {"Primary": false, "PrivateIpAddress": "10.1.1.51"},
        ]}),
    );
    lab.boot();
    let eni = lab.of(&b, "/NetworkInterfaces/0/NetworkInterfaceId");
    assert_eq!(lab.ping(&a, "10.1.1.50"), "pong");
    assert_eq!(lab.ping(&a, "10.1.1.51"), "pong");
    lab.ok("AssignPrivateIpAddresses", json!({"NetworkInterfaceId": eni, "PrivateIpAddresses": ["10.1.1.52"]}));
    assert_ne!(lab.ping(&a, "10.1.1.52"), "pong");
    lab.stop(&b);
    lab.start(&b);
    assert_eq!(lab.ping(&a, "10.1.1.52"), "pong");
    lab.ok("UnassignPrivateIpAddresses", json!({"NetworkInterfaceId": eni, "PrivateIpAddresses": ["10.1.1.51"]}));
    assert_ne!(lab.ping(&a, "10.1.1.51"), "pong", "nobody owns it, so nobody answers ARP (L2-4)");
}

#[test]
fn a_rule_may_name_a_group_of_the_peer_vpc_while_the_peering_lasts() {
    // SG-8, SG-9, SG-12.
    let mut lab = Lab::new();
    let (one, two) = (lab.site("10.1.0.0/16", "10.1.1.0/24"), lab.site("10.2.0.0/16", "10.2.1.0/24"));
    let peering = lab.peer(&one, &two);
    lab.route(&one.routes, "10.2.0.0/16", "VpcPeeringConnectionId", &peering);
    lab.route(&two.routes, "10.1.0.0/16", "VpcPeeringConnectionId", &peering);
    let clients = lab.group(&one.vpc, "clients");
    let servers = lab.group(&two.vpc, "servers");
    let named = json!({"IpProtocol": "icmp", "FromPort": -1, "ToPort": -1, "UserIdGroupPairs": [{"GroupId": clients}]});
    lab.allow(&servers, named);
    let client = lab.instance(&one.subnet, &clients, json!({}));
    let stranger = lab.instance(&one.subnet, &one.group, json!({}));
    let server = lab.instance(&two.subnet, &servers, json!({}));
    lab.boot();
    let address = lab.private(&server);
    assert_eq!(lab.ping(&client, &address), "pong");
    assert_eq!(lab.ping(&stranger, &address), "ENI_SG_RULES_MISMATCH");
    let public = lab.public(&server);
    assert_eq!(lab.ping(&client, &public), "SG_REFERENCES_NOT_PRESERVED"); // SG-11
    lab.ok("DeleteVpcPeeringConnection", json!({"VpcPeeringConnectionId": peering}));
    assert_eq!(lab.ping(&client, &address), "BAD_STATE_ROUTE"); // RT-17
}

#[test]
fn an_attached_interface_is_used_from_the_next_boot_and_a_detached_one_is_dead_at_once() {
    // L2-10, RT-15.
    let mut lab = Lab::new();
    let site = lab.site("10.1.0.0/16", "10.1.1.0/24");
    let a = lab.instance(&site.subnet, &site.group, json!({}));
    let b = lab.instance(&site.subnet, &site.group, json!({}));
    lab.boot();
    let request = json!({"SubnetId": site.subnet, "PrivateIpAddress": "10.1.1.77", "Groups": [site.group]});
    let eni = lab.get("CreateNetworkInterface", request, "/NetworkInterface/NetworkInterfaceId");
    assert_eq!(lab.ping(&a, "10.1.1.77"), "BAD_STATE");
    let attach = json!({"NetworkInterfaceId": eni, "InstanceId": b, "DeviceIndex": 1});
    let attachment = lab.get("AttachNetworkInterface", attach.clone(), "/AttachmentId");
    assert_eq!(
        lab.call("AttachNetworkInterface", attach).expect_err("it is in use").code,
        "InvalidNetworkInterface.InUse"
    );
    let other =
        lab.get("CreateNetworkInterface", json!({"SubnetId": site.subnet}), "/NetworkInterface/NetworkInterfaceId");
    let attach = json!({"NetworkInterfaceId": other, "InstanceId": b, "DeviceIndex": 2});
    lab.ok("AttachNetworkInterface", attach);
    let notes = lab.world.take_notes();
    let told = |eni: &str| notes.iter().filter(|(_, note)| note.text.contains(eni)).count();
    assert_eq!([told(&eni), told(&other)], [1, 1], "{notes:?}");
    assert_eq!(lab.ping(&a, "10.1.1.77"), "BAD_STATE");
    lab.stop(&b);
    lab.start(&b);
    assert_eq!(lab.ping(&a, "10.1.1.77"), "pong");
    lab.ok("DetachNetworkInterface", json!({"AttachmentId": attachment}));
    assert_eq!(lab.ping(&a, "10.1.1.77"), "BAD_STATE");
    let first = lab.private(&b);
    assert_eq!(lab.ping(&a, &first), "pong", "the other interface goes on");
    lab.ok("DeleteNetworkInterface", json!({"NetworkInterfaceId": eni}));
    assert_ne!(lab.ping(&a, "10.1.1.77"), "pong");
    let primary = lab.of(&b, "/NetworkInterfaces/0/Attachment/AttachmentId");
    for (request, code) in [
        (json!({"AttachmentId": primary}), "OperationNotPermitted"),
        (json!({"AttachmentId": attachment}), "InvalidAttachmentID.NotFound"),
    ] {
        assert_eq!(lab.call("DetachNetworkInterface", request).expect_err("it cannot be").code, code);
    }
}

#[test]
fn whatever_goes_away_under_a_running_ping_only_loses_packets() {
    // Each row takes something away while frames are on their way; the ping goes on and ends.
    type Away = fn(&mut Lab, &Site, &str, &str);
    let rows: [(&str, Away); 6] = [
        ("the peering is deleted", |lab, _, peering, _| {
            lab.ok("DeleteVpcPeeringConnection", json!({"VpcPeeringConnectionId": peering}));
        }),
        ("the receiver is stopped", |lab, _, _, far| {
            lab.ok("StopInstances", json!({"InstanceIds": [far]}));
        }),
        ("the receiver is terminated", |lab, _, _, far| {
            lab.ok("TerminateInstances", json!({"InstanceIds": [far]}));
        }),
        ("the route back is deleted", |lab, two, _, _| {
            lab.ok("DeleteRoute", json!({"RouteTableId": two.routes, "DestinationCidrBlock": "10.1.0.0/16"}));
        }),
        ("the route back is retargeted", |lab, two, _, _| {
            lab.ok(
                "ReplaceRoute",
                json!({"RouteTableId": two.routes, "DestinationCidrBlock": "10.1.0.0/16", "GatewayId": two.gateway}),
            );
        }),
        ("the receiver's group is another", |lab, two, _, far| {
            let closed = lab.group(&two.vpc, "closed");
            lab.ok("ModifyInstanceAttribute", json!({"InstanceId": far, "Groups": [closed]}));
        }),
    ];
    for (name, take_away) in rows {
        // At several moments of a packet's way of 0.15 ms each way.
        for micros in [3, 40, 90, 160, 200, 290] {
            let mut lab = Lab::new();
            let (one, two) = (lab.site("10.1.0.0/16", "10.1.1.0/24"), lab.site("10.2.0.0/16", "10.2.1.0/24"));
            let peering = lab.peer(&one, &two);
            lab.route(&one.routes, "10.2.0.0/16", "VpcPeeringConnectionId", &peering);
            lab.route(&two.routes, "10.1.0.0/16", "VpcPeeringConnectionId", &peering);
            let near = lab.instance(&one.subnet, &one.group, json!({}));
            let far = lab.instance(&two.subnet, &two.group, json!({}));
            lab.boot();
            let address = lab.private(&far);
            assert_eq!(lab.ping(&near, &address), "pong");
            let running = lab.type_on(&near, &format!("ping -c 3 -i 20 -W 1 {address}"));
            lab.pass(SimDuration::from_secs(20) + SimDuration::from_micros(micros));
            take_away(&mut lab, &two, &peering, &far);
            let limit = lab.world.now() + SimDuration::from_secs(300);
            let finished = lab.drain(|world| world.wait_for(running, limit)).expect("the ping ends");
            let (text, _) = printed(finished);
            // A flow that is tracked outlives the loss of its rule (SG-14), as the last row shows.
            let received = if name == "the receiver's group is another" { ["3", "2"] } else { ["2", "1"] };
            let fits = received.iter().any(|count| text.contains(&format!("3 packets transmitted, {count} received")));
            assert!(fits, "{name} after {micros} µs:\n{text}");
        }
    }
}

#[test]
fn a_program_whose_instance_stops_is_gone_and_nobody_waits_for_it() {
    let mut lab = Lab::new();
    let site = lab.site("10.1.0.0/16", "10.1.1.0/24");
    let a = lab.instance(&site.subnet, &site.group, json!({}));
    lab.boot();
    let running = lab.type_on(&a, "sleep 1000");
    lab.stop(&a);
    let before = lab.world.now();
    assert!(lab.drain(|world| world.wait_for(running, SimTime::MAX)).is_none());
    assert_eq!(lab.world.now(), before);
    lab.start(&a);
    assert!(lab.drain(|world| world.wait_for(running, SimTime::MAX)).is_none(), "a new process has a new number");
    assert_eq!(lab.run(&a, "echo up"), ("up\n".to_owned(), 0));
}

#[test]
fn a_vpc_can_be_taken_down_piece_by_piece_and_its_addresses_used_again() {
    // DEL-1, DEL-2, DEL-3, IGW-11, IGW-15.
    let mut lab = Lab::new();
    let site = lab.site("10.1.0.0/16", "10.1.1.0/24");
    let a = lab.instance(&site.subnet, &site.group, json!({"PrivateIpAddress": "10.1.1.10"}));
    lab.boot();
    let public = lab.public(&a);
    let code =
        |lab: &mut Lab, name: &str, request: Value| lab.call(name, request).map_or_else(|error| error.code, |_| "ok");
    assert_eq!(code(&mut lab, "DeleteSubnet", json!({"SubnetId": site.subnet})), "DependencyViolation");
    let detach = json!({"InternetGatewayId": site.gateway, "VpcId": site.vpc});
    assert_eq!(code(&mut lab, "DetachInternetGateway", detach.clone()), "DependencyViolation");
    lab.ok("TerminateInstances", json!({"InstanceIds": [a]}));
    lab.pass(SimDuration::from_secs(30));
    assert_eq!(lab.outside(&format!("ping -c 1 -W 1 {public}")).1, 1);
    assert_eq!(
        code(&mut lab, "DeleteInternetGateway", json!({"InternetGatewayId": site.gateway})),
        "DependencyViolation"
    );
    for (name, request) in [
        ("DetachInternetGateway", detach),
        ("DeleteInternetGateway", json!({"InternetGatewayId": site.gateway})),
        ("DeleteSubnet", json!({"SubnetId": site.subnet})),
        ("DeleteSecurityGroup", json!({"GroupId": site.group})),
        ("DeleteVpc", json!({"VpcId": site.vpc})),
    ] {
        assert_eq!(code(&mut lab, name, request), "ok", "{name}");
    }
    let site = lab.site("10.1.0.0/16", "10.1.1.0/24");
    let b = lab.instance(&site.subnet, &site.group, json!({"PrivateIpAddress": "10.1.1.10"}));
    let c = lab.instance(&site.subnet, &site.group, json!({}));
    lab.boot();
    assert_eq!(lab.ping(&c, "10.1.1.10"), "pong");
    assert_ne!(a, b);
}

#[test]
fn what_a_vpc_routes_and_carries_without_being_asked() {
    // ADDR-8: a block that is added has its local route at once. MTU-1, MTU-2a. ADDR-16, L2-17, L2-18: the router and the
    // services behind link-local addresses say nothing.
    let mut lab = Lab::new();
    let site = lab.site("10.1.0.0/16", "10.1.1.0/24");
    lab.ok("AssociateVpcCidrBlock", json!({"VpcId": site.vpc, "CidrBlock": "10.9.0.0/16"}));
    let added = lab.subnet(&site.vpc, "10.9.1.0/24", 1);
    let a = lab.instance(&site.subnet, &site.group, json!({}));
    let b = lab.instance(&added, &site.group, json!({}));
    lab.boot();
    let address = lab.private(&b);
    assert!(address.starts_with("10.9.1."), "{address}");
    assert_eq!(lab.ping(&a, &address), "pong");
    for (size, exit) in [(8_973, 0), (8_974, 1)] {
        assert_eq!(lab.run(&a, &format!("ping -c 1 -W 1 -M do -s {size} {address}")).1, exit, "{size} bytes");
    }
    for silent in ["10.1.1.1", "10.1.0.2", "169.254.169.254"] {
        assert_eq!(lab.ping(&a, silent), "NO_POSSIBLE_DESTINATION", "{silent}");
    }
}

#[test]
fn no_order_of_comings_and_goings_upsets_the_world() {
    // Requests at random, right or wrong, while pings are under way: they are answered or refused, and two runs are one.
    let run = |seed: u64| {
        let mut chance = Stream::new(seed, "comings and goings");
        let mut pick = |bound: usize| (chance.next_u64() % bound as u64) as usize;
        let mut lab = Lab::new();
        let sites = [lab.site("10.1.0.0/16", "10.1.1.0/24"), lab.site("10.2.0.0/16", "10.2.1.0/24")];
        let (mut instances, mut interfaces, mut attachments) = (Vec::new(), Vec::new(), Vec::new());
        let (mut peerings, mut answers) = (vec![lab.peer(&sites[0], &sites[1])], Vec::new());
        for _ in 0..4 {
            instances.push(lab.instance(&sites[pick(2)].subnet, &sites[0].group, json!({"Groups": []})));
        }
        lab.boot();
        for _ in 0..120 {
            let site = &sites[pick(2)];
            let instance = instances[pick(instances.len())].clone();
            let peering = peerings[pick(peerings.len())].clone();
            let destination = ["10.1.0.0/16", "10.2.0.0/16", "0.0.0.0/0", "10.2.1.0/24"][pick(4)];
            let route = json!({"RouteTableId": site.routes, "DestinationCidrBlock": destination});
            let some = |list: &[String], at: usize| list.get(at % list.len().max(1)).cloned().unwrap_or_default();
            let (interface, attachment) = (some(&interfaces, pick(99)), some(&attachments, pick(99)));
            let (name, request) = match pick(18) {
                0 => ("StopInstances", json!({"InstanceIds": [instance]})),
                1..=3 => ("StartInstances", json!({"InstanceIds": [instance]})),
                4 => ("TerminateInstances", json!({"InstanceIds": [instance]})),
                5 => ("RunInstances", json!({"ImageId": IMAGE, "MinCount": 1, "MaxCount": 1, "SubnetId": site.subnet})),
                6 => ("CreateNetworkInterface", json!({"SubnetId": site.subnet})),
                7 | 8 => (
                    "AttachNetworkInterface",
                    json!({"NetworkInterfaceId": interface, "InstanceId": instance, "DeviceIndex": 1 + pick(3)}),
                ),
                9 => ("DetachNetworkInterface", json!({"AttachmentId": attachment})),
                10 => ("DeleteNetworkInterface", json!({"NetworkInterfaceId": interface})),
                11 => ("CreateRoute", with(&route, "VpcPeeringConnectionId", &peering)),
                12 => ("ReplaceRoute", with(&route, "NetworkInterfaceId", &interface)),
                13 => ("DeleteRoute", route),
                14 => ("DeleteVpcPeeringConnection", json!({"VpcPeeringConnectionId": peering})),
                15 => ("CreateVpcPeeringConnection", json!({"VpcId": sites[0].vpc, "PeerVpcId": sites[1].vpc})),
                16 => ("AcceptVpcPeeringConnection", json!({"VpcPeeringConnectionId": peering})),
                _ => ("DetachInternetGateway", json!({"InternetGatewayId": site.gateway, "VpcId": site.vpc})),
            };
            let answer = lab.call(name, request);
            let made = |pointer: &str| Some(answer.as_ref().ok()?.pointer(pointer)?.as_str()?.to_owned());
            instances.extend(made("/Instances/0/InstanceId"));
            interfaces.extend(made("/NetworkInterface/NetworkInterfaceId"));
            attachments.extend(made("/AttachmentId"));
            peerings.extend(made("/VpcPeeringConnection/VpcPeeringConnectionId"));
            answers.push(format!("{name} {:?}", answer.map(|_| ()).map_err(|error| error.code)));

            let (from, to) = (instances[pick(instances.len())].clone(), instances[pick(instances.len())].clone());
            let shown = lab.ok("DescribeInstances", json!({"InstanceIds": [to]}));
            let address = shown.pointer("/Reservations/0/Instances/0/PrivateIpAddress").and_then(Value::as_str);
            let guest = lab.world.instance_guest(from.parse().expect("an id"));
            if let (Some(address), Some(guest)) = (address, guest) {
                let _ = lab.world.start(guest, &format!("ping -c 2 -W 1 {address}"));
            }
            let length = [3_000, 90_000, 400_000_000, 15_000_000_000, 40_000_000_000][pick(5)];
            lab.pass(SimDuration::from_nanos(length));
        }
        (answers, lab.drops, lab.world.packet_hops())
    };
    for seed in 0..6 {
        assert_eq!(run(seed), run(seed), "seed {seed}");
    }
}

fn with(request: &Value, member: &str, value: &str) -> Value {
    let mut request = request.clone();
    request[member] = json!(value);
    request
}
