//! A small world for tests: a topology in a few lines of text, a packet in one, and what became of it in one.
//!
//! ```text
//! vpc main 10.0.0.0/16 [fd00:1::/56] [10.1.0.0/16] [region eu-west-1]
//! subnet web main 10.0.1.0/24 [fd00:1:0:1::/64]     with a route table of its own, `rtb-web`, and the ACL `acl-main`
//! igw gw main
//! eigw out main
//! nat ngw web 10.0.1.5 [public 203.0.113.5] [10.0.1.6 …]     further addresses are secondary ones
//! peering ab main other [pending-acceptance|deleted]
//! route web 0.0.0.0/0 gw
//! table in main                                     a route table, `rtb-in`, that no subnet has
//! edge gw in                                        the gateway's own route table
//! group sg main                                     without any rule
//! allow sg ingress tcp/80 0.0.0.0/0                 also tcp/1-2, icmp, all, a group's name for the block
//! acl web ingress 100 deny tcp/80 0.0.0.0/0         the subnet gets the ACL `acl-web`
//! eni a web 10.0.1.10 [sg …] [public 203.0.113.7] [forwards] [stopped] [with other-eni] [type m8i.large] [idle TCP,STREAM,UDP]
//! log main|web|a                                    what passes in a VPC, in a subnet or at an interface is logged
//! allowance 100                                     of tracked flows for each instance; only as the first line
//! ```
//!
//! An interface without groups has `open-VPC`, which lets everything in and out. `drop X …` takes back a line.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::IpAddr;
use std::sync::Arc;

use etherparse::PacketBuilder;
use ipnet::IpNet;
use smallvec::smallvec;

use crate::cloud::*;
use crate::compile::Compiler;
use crate::dataplane::Flows;
use crate::dataplane::pipeline::{self, Entry, Hop, Next, Outcome, Transit};
use crate::dataplane::tables::{EniIndex, Interface, Tables};
use crate::engine::{SimDuration, SimTime};
use crate::id::*;
use crate::net::{BufferPool, Frame, Headers, MacAddr, Summary, fragment};
use crate::trace::{Detail, GroupDecision, PacketId, PacketTag, Purpose, Step, Trace, TraceEvent};

/// The small world.
pub(super) struct World {
    pub(super) cloud: Cloud,
    pub(super) compiler: Compiler,
    pub(super) tables: Tables,
    flows: Flows,
    pub(super) now: SimTime,
    /// The frame that a guest got last.
    pub(super) delivered: Option<Frame>,
    /// The frame that the Internet got last.
    pub(super) left: Option<Frame>,
    names: BTreeMap<String, ResourceId>,
    made: Vec<ResourceId>,
    packets: u64,
    /// How often the tables were compiled.
    rules: u64,
    /// Whether the way of every packet is told step by step.
    is_told: bool,
    /// Whether packets go on past what drops them.
    is_probing: bool,
    /// What anybody could observe of each hop: captures, drops, where the frame goes next and what is in it.
    seen: Vec<String>,
    ids: IdAllocator,
}

/// Checks what becomes of packets, one after the other, in one world.
#[track_caller]
pub(super) fn check(topology: &str, exchange: &[(&str, &str)]) {
    let mut world = World::new(topology);
    for (action, expected) in exchange {
        let account = world.act(action);
        assert_eq!(account, *expected, "\n  after: {action}\n    got: {account}\n");
    }
    let [told, untold] = [true, false].map(|is_told| {
        let mut world = World { is_told, ..World::new(topology) };
        for (action, _) in exchange {
            let times = if action.contains(": ") { 3 } else { 1 };
            (0..times).for_each(|_| drop(world.act(action)));
        }
        world.seen
    });
    assert_eq!(told, untold, "a packet that goes as others before it fares as if it were judged anew");
}

/// Checks what probes meet, one after the other, in one world.
#[track_caller]
pub(super) fn check_probes(topology: &str, exchange: &[(&str, &str)]) {
    let mut world = World { is_probing: true, ..World::new(topology) };
    for (action, expected) in exchange {
        let account = world.act(action);
        assert_eq!(account, *expected, "\n  after: {action}\n    got: {account}\n");
    }
}

impl World {
    pub(super) fn new(topology: &str) -> World {
        let mut world = World {
            cloud: Cloud::new(0),
            compiler: Compiler::default(),
            tables: Tables::default(),
            flows: Flows::default(),
            now: SimTime::ZERO,
            delivered: None,
            left: None,
            names: BTreeMap::new(),
            made: Vec::new(),
            packets: 0,
            rules: 0,
            is_told: true,
            is_probing: false,
            seen: Vec::new(),
            ids: IdAllocator::new(7),
        };
        for line in topology.lines().map(str::trim).filter(|line| !line.is_empty()) {
            world.declare(line);
        }
        world.compile();
        world
    }

    /// Compiles everything there is and was. The records are written by hand here, so the cloud has not noted what it touched.
    pub(super) fn compile(&mut self) {
        self.cloud.index_peerings();
        self.compiler.compile(&self.cloud, &self.all(), &mut self.tables);
        self.rules += 1;
    }

    /// All that was ever made, in that order.
    pub(super) fn all(&self) -> Vec<ResourceId> {
        self.made.clone()
    }

    pub(super) fn id<I: TypedId + TryFrom<ResourceId, Error = MalformedId>>(&self, name: &str) -> I {
        let id = *self.names.get(name).unwrap_or_else(|| panic!("nothing is called {name}"));
        I::try_from(id).unwrap_or_else(|_| panic!("{name} is something else"))
    }

    pub(super) fn name(&self, id: ResourceId) -> String {
        let found = self.names.iter().find(|(_, named)| **named == id);
        found.map_or_else(|| id.to_string(), |(name, _)| name.clone())
    }

    fn fresh<I: TypedId>(&mut self, name: &str) -> I {
        let id: I = self.ids.next();
        self.names.insert(name.to_owned(), id.into());
        self.made.push(id.into());
        id
    }

    /// Sends a packet, lets time pass (`wait 30s`), or changes the topology (any line of it).
    pub(super) fn act(&mut self, action: &str) -> String {
        if let Some(seconds) = action.strip_prefix("wait ") {
            let seconds = seconds.trim_end_matches('s').parse().expect("seconds");
            self.now += SimDuration::from_secs(seconds);
            return String::new();
        }
        match action.split_once(": ") {
            Some((sender, packet)) => self.send(sender, packet),
            None => {
                self.declare(action);
                self.compile();
                String::new()
            }
        }
    }

    fn declare(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["vpc", name, block, ref rest @ ..] => self.vpc(name, block, rest),
            ["subnet", name, vpc, block, ref rest @ ..] => self.subnet(name, vpc, block, rest.first().copied()),
            ["igw", name, vpc] => {
                let (id, vpc) = (self.fresh(name), self.id(vpc));
                let (owner, region) = (AccountId::DEFAULT, self.cloud.vpcs[&vpc].region);
                let gateway = InternetGateway {
                    id,
                    owner,
                    region,
                    attached: Some(vpc),
                    route_table: None,
                    tags: Tags::default(),
                    origin: Origin::Aws,
                };
                self.cloud.internet_gateways.insert(id, gateway);
            }
            ["eigw", name, vpc] => {
                let (id, vpc) = (self.fresh(name), self.id(vpc));
                let (owner, region) = (AccountId::DEFAULT, self.cloud.vpcs[&vpc].region);
                let gateway =
                    EgressOnlyInternetGateway { id, owner, region, vpc, tags: Tags::default(), origin: Origin::Aws };
                self.cloud.egress_only_internet_gateways.insert(id, gateway);
            }
            ["drop", "eigw", name] => {
                let id: EgressOnlyInternetGatewayId = self.id(name);
                self.cloud.egress_only_internet_gateways.remove(&id);
            }
            ["nat", name, subnet, address, ref rest @ ..] => self.nat_gateway(name, subnet, address, rest),
            ["drop", "nat", name] => {
                let id: NatGatewayId = self.id(name);
                self.cloud.nat_gateways[&id].state = NatGatewayState::Deleting { until: SimTime::MAX };
            }
            ["table", name, vpc] => {
                let vpc = self.id(vpc);
                self.route_table(&format!("rtb-{name}"), vpc);
            }
            ["edge", gateway, table] => {
                let (gateway, table): (InternetGatewayId, _) = (self.id(gateway), self.id(&format!("rtb-{table}")));
                self.cloud.internet_gateways[&gateway].route_table = Some((self.ids.next(), table));
            }
            ["drop", "igw", name] => {
                let id: InternetGatewayId = self.id(name);
                self.cloud.internet_gateways[&id].attached = None;
            }
            ["peering", name, a, b, ref status @ ..] => self.peering(name, a, b, status.first().copied()),
            ["route", subnet, destination, target] => {
                let route = Route {
                    destination: destination.parse().expect("a prefix"),
                    target: self.route_target(target),
                    origin: Origin::Aws,
                };
                let table: RouteTableId = self.id(&format!("rtb-{subnet}"));
                self.cloud.route_tables[&table].routes.push(route);
            }
            ["group", name, vpc] => {
                let vpc = self.id(vpc);
                self.group(name, vpc);
            }
            ["allow", group, direction, service, peer] => {
                let rule = self.group_rule(service, peer);
                self.rules(group, direction).push(rule);
            }
            ["drop", "rules", group, direction] => self.rules(group, direction).clear(),
            ["drop", "group", group] => {
                let id: SecurityGroupId = self.id(group);
                self.cloud.security_groups.remove(&id);
            }
            ["acl", subnet, direction, number, action, service, block] => {
                self.acl_entry(subnet, direction, number, action, service, block);
            }
            ["log", resource] => self.flow_log(resource),
            ["eni", name, subnet, address, ref rest @ ..] => self.eni(name, subnet, address, rest),
            ["allowance", flows] => {
                let mut quotas = Quotas::default();
                quotas.set("tracked-connections-per-instance", flows.parse().expect("a number")).expect("its name");
                self.cloud = Cloud::with_config(CloudConfig { quotas, ..CloudConfig::default() });
            }
            _ => panic!("not understood: {line}"),
        }
    }

    fn vpc(&mut self, name: &str, block: &str, rest: &[&str]) {
        let id: VpcId = self.fresh(name);
        let acl = self.acl(&format!("acl-{name}"), id);
        for family in ["0.0.0.0/0", "::/0"] {
            let inbound = &mut self.cloud.network_acls[&acl].inbound;
            inbound.push(acl_entry(100 + inbound.len() as u16, "all", family, AclAction::Allow));
            let outbound = &mut self.cloud.network_acls[&acl].outbound;
            outbound.push(acl_entry(100 + outbound.len() as u16, "all", family, AclAction::Allow));
        }
        let main = self.route_table(&format!("rtb-{name}"), id);
        let open = self.group(&format!("open-{name}"), id);
        for family in ["0.0.0.0/0", "::/0"] {
            let rule = self.group_rule("all", family);
            let group = &mut self.cloud.security_groups[&open];
            group.ingress.push(rule.clone());
            group.egress.push(rule);
        }
        let (mut region, mut ipv6_blocks) = (Region::DEFAULT, Vec::new());
        let mut ipv4_blocks = vec![(self.ids.next(), block.parse().expect("an IPv4 block"))];
        let mut words = rest.iter();
        while let Some(&word) = words.next() {
            match word {
                "region" => region = words.next().expect("a name after `region`").parse().expect("a Region"),
                _ => match word.parse().expect("a block") {
                    IpNet::V4(block) => ipv4_blocks.push((self.ids.next(), block)),
                    IpNet::V6(block) => ipv6_blocks.push((self.ids.next(), block)),
                },
            }
        }
        let vpc = Vpc {
            id,
            owner: AccountId::DEFAULT,
            region,
            ipv4_blocks,
            ipv6_blocks,
            instance_tenancy: "default".to_owned(),
            enable_dns_support: true,
            enable_dns_hostnames: false,
            is_default: false,
            main_route_table: main,
            default_security_group: open,
            default_network_acl: acl,
            dhcp_options: Some(self.ids.next()),
            tags: Tags::default(),
            origin: Origin::Aws,
        };
        self.cloud.vpcs.insert(id, vpc);
    }

    fn subnet(&mut self, name: &str, vpc: &str, block: &str, ipv6_block: Option<&str>) {
        let (id, vpc): (SubnetId, VpcId) = (self.fresh(name), self.id(vpc));
        let table = self.route_table(&format!("rtb-{name}"), vpc);
        let record = &self.cloud.vpcs[&vpc];
        let zone = record.region.zones().next().expect("every Region has zones");
        let subnet = Subnet {
            id,
            vpc,
            zone,
            ipv4_block: block.parse().expect("an IPv4 block"),
            ipv6_block: ipv6_block.map(|block| (self.ids.next(), block.parse().expect("an IPv6 block"))),
            map_public_ip_on_launch: false,
            assign_ipv6_on_creation: false,
            name_options_on_launch: PrivateDnsNameOptions::DEFAULT,
            is_default: false,
            route_table: Some((self.ids.next(), table)),
            network_acl: (self.ids.next(), record.default_network_acl),
            tags: Tags::default(),
            origin: Origin::Aws,
        };
        self.cloud.subnets.insert(id, subnet);
    }

    fn route_table(&mut self, name: &str, vpc: VpcId) -> RouteTableId {
        let id = self.fresh(name);
        let table = RouteTable {
            id,
            vpc,
            main: None,
            routes: Vec::new(),
            prefix_list_routes: Vec::new(),
            tags: Tags::default(),
            origin: Origin::Aws,
        };
        self.cloud.route_tables.insert(id, table);
        id
    }

    fn group(&mut self, name: &str, vpc: VpcId) -> SecurityGroupId {
        let id = self.fresh(name);
        let group = SecurityGroup {
            id,
            name: name.to_owned(),
            description: String::new(),
            vpc,
            owner: AccountId::DEFAULT,
            ingress: Vec::new(),
            egress: Vec::new(),
            tags: Tags::default(),
            origin: Origin::Aws,
        };
        self.cloud.security_groups.insert(id, group);
        id
    }

    fn flow_log(&mut self, resource: &str) {
        let id = self.names[resource];
        let resource_type = match id.kind() {
            ResourceKind::Vpc => "VPC",
            ResourceKind::Subnet => "Subnet",
            _ => "NetworkInterface",
        };
        let request = serde_json::json!({
            "ResourceIds": [id.to_string()], "ResourceType": resource_type, "TrafficType": "ALL",
            "LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::lab",
        });
        let caller =
            Caller { account: AccountId::DEFAULT, region: Region::DEFAULT, now: self.now, origin: Origin::Aws };
        let operation = Operation::from_value("CreateFlowLogs", request).expect("well-formed");
        self.cloud.apply(&caller, operation).expect("the resource is there");
    }

    fn rules(&mut self, group: &str, direction: &str) -> &mut Vec<GroupRule> {
        let id: SecurityGroupId = self.id(group);
        let group = &mut self.cloud.security_groups[&id];
        if direction == "ingress" { &mut group.ingress } else { &mut group.egress }
    }

    fn group_rule(&mut self, service: &str, peer: &str) -> GroupRule {
        let peer = match peer.parse() {
            Ok(IpNet::V4(net)) => RulePeer::Ipv4(net),
            Ok(IpNet::V6(net)) => RulePeer::Ipv6(net),
            Err(_) => RulePeer::Group { group: self.id(peer), owner: AccountId::DEFAULT },
        };
        GroupRule { id: self.ids.next(), protocol: protocol(service), peer, description: None, origin: Origin::Aws }
    }

    fn acl(&mut self, name: &str, vpc: VpcId) -> NetworkAclId {
        let id = self.fresh(name);
        let acl = NetworkAcl {
            id,
            vpc,
            is_default: false,
            inbound: Vec::new(),
            outbound: Vec::new(),
            tags: Tags::default(),
            origin: Origin::Aws,
        };
        self.cloud.network_acls.insert(id, acl);
        id
    }

    fn acl_entry(&mut self, subnet: &str, direction: &str, number: &str, action: &str, service: &str, block: &str) {
        let name = format!("acl-{subnet}");
        let subnet: SubnetId = self.id(subnet);
        if !self.names.contains_key(&name) {
            let vpc = self.cloud.subnets[&subnet].vpc;
            self.acl(&name, vpc);
        }
        let acl: NetworkAclId = self.id(&name);
        self.cloud.subnets[&subnet].network_acl.1 = acl;
        let action = if action == "allow" { AclAction::Allow } else { AclAction::Deny };
        let entry = acl_entry(number.parse().expect("a number"), service, block, action);
        let record = &mut self.cloud.network_acls[&acl];
        if direction == "ingress" { record.inbound.push(entry) } else { record.outbound.push(entry) }
    }

    fn peering(&mut self, name: &str, a: &str, b: &str, status: Option<&str>) {
        let status = match status {
            None => PeeringStatus::Active,
            Some("pending-acceptance") => PeeringStatus::PendingAcceptance,
            Some("deleted") => PeeringStatus::Deleted { since: self.now, by: AccountId::DEFAULT },
            Some(other) => panic!("no such status: {other}"),
        };
        let id = match self.names.get(name) {
            Some(_) => self.id(name),
            None => self.fresh(name),
        };
        let side = |vpc: VpcId| PeeringSide {
            vpc,
            owner: AccountId::DEFAULT,
            region: self.cloud.vpcs[&vpc].region,
            ipv4_blocks: Vec::new(),
            ipv6_blocks: Vec::new(),
            allow_dns_resolution: false,
        };
        let peering = VpcPeeringConnection {
            id,
            requester: side(self.id(a)),
            accepter: side(self.id(b)),
            status,
            expires: SimTime::MAX,
            tags: Tags::default(),
            origin: Origin::Aws,
        };
        self.cloud.peerings.insert(id, peering);
    }

    fn route_target(&self, name: &str) -> RouteTarget {
        match self.names[name].kind() {
            ResourceKind::InternetGateway => RouteTarget::InternetGateway(self.id(name)),
            ResourceKind::VpcPeeringConnection => RouteTarget::Peering(self.id(name)),
            ResourceKind::NatGateway => RouteTarget::NatGateway(self.id(name)),
            ResourceKind::EgressOnlyInternetGateway => RouteTarget::EgressOnlyInternetGateway(self.id(name)),
            _ => RouteTarget::NetworkInterface(self.id(name)),
        }
    }

    fn eni(&mut self, name: &str, subnet: &str, address: &str, rest: &[&str]) {
        let (id, subnet): (NetworkInterfaceId, SubnetId) = (self.fresh(name), self.id(subnet));
        let vpc = self.cloud.subnets[&subnet].vpc;
        let (mut groups, mut public, mut state) = (Vec::new(), None, InstanceState::Running);
        let (mut source_dest_check, mut ipv6) = (true, Vec::new());
        let (mut beside, mut instance_type, mut connection_tracking) =
            (None, "t3.micro", ConnectionTracking::default());
        let mut words = rest.iter();
        while let Some(&word) = words.next() {
            match word {
                "public" => {
                    let address = words.next().expect("an address after `public`").parse().expect("an address");
                    public = Some(PublicAddress::Auto(address));
                }
                "forwards" => source_dest_check = false,
                "with" => beside = Some(self.id(words.next().expect("an interface after `with`"))),
                "type" => instance_type = words.next().expect("a type after `type`"),
                "idle" => connection_tracking = idle_timeouts(words.next().expect("time-outs after `idle`")),
                "stopped" => state = InstanceState::Stopped,
                _ => match word.parse() {
                    Ok(address) => ipv6.push(address),
                    Err(_) => groups.push(self.id(word)),
                },
            }
        }
        if groups.is_empty() {
            groups.push(self.cloud.vpcs[&vpc].default_security_group);
        }
        let other = beside.map(|eni: NetworkInterfaceId| &self.cloud.network_interfaces[&eni]);
        let instance = match other.and_then(|other| other.attachment.as_ref()) {
            Some(attachment) => attachment.instance,
            None => self.ids.next(),
        };
        let eni = NetworkInterface {
            id,
            subnet,
            vpc,
            owner: AccountId::DEFAULT,
            mac: MacAddr::local(self.cloud.network_interfaces.len() as u64 + 1),
            ipv4: smallvec![PrivateAddress { address: address.parse().expect("an address"), public }],
            ipv6,
            groups: groups.into(),
            source_dest_check,
            connection_tracking,
            attachment: Some(Attachment {
                id: self.ids.next(),
                instance,
                device_index: 0,
                delete_on_termination: true,
            }),
            requester: None,
            description: Box::default(),
            tags: Tags::default(),
            origin: Origin::Aws,
        };
        self.cloud.network_interfaces.insert(id, eni);
        if beside.is_some() {
            self.cloud.instances[&instance].interfaces.push(id);
            return;
        }
        let image = Image { id: self.ids.next(), name: "al2".into(), family: ImageFamily::AmazonLinux2 };
        let launch = Launch {
            reservation: self.ids.next(),
            owner: AccountId::DEFAULT,
            image,
            instance_type: instance_type.into(),
            key_name: None,
            user_data: None,
        };
        let record = Instance {
            id: instance,
            launch: Arc::new(launch),
            launch_index: 0,
            state,
            zone: self.cloud.subnets[&subnet].zone,
            subnet,
            vpc,
            interfaces: smallvec![id],
            launched: SimTime::ZERO,
            metadata_options: MetadataOptions::of_image(ImageFamily::AmazonLinux2),
            name_options: PrivateDnsNameOptions::DEFAULT,
            tags: Tags::default(),
            origin: Origin::Aws,
        };
        self.cloud.instances.insert(instance, record);
    }

    fn nat_gateway(&mut self, name: &str, subnet: &str, address: &str, rest: &[&str]) {
        let (id, subnet): (NatGatewayId, SubnetId) = (self.fresh(name), self.id(subnet));
        let interface: NetworkInterfaceId = self.fresh(&format!("eni-{name}"));
        let record = &self.cloud.subnets[&subnet];
        let (vpc, zone) = (record.vpc, record.zone);
        let private = |address: &str, public| PrivateAddress { address: address.parse().expect("an address"), public };
        let (public, secondary) = match rest {
            ["public", public, secondary @ ..] => (Some(public.parse().expect("an address")), secondary),
            secondary => (None, secondary),
        };
        let primary = private(address, public.map(PublicAddress::Auto));
        let ipv4 = std::iter::once(primary).chain(secondary.iter().map(|address| private(address, None))).collect();
        let eni = NetworkInterface {
            connection_tracking: ConnectionTracking::default(),
            id: interface,
            subnet,
            vpc,
            owner: AccountId::DEFAULT,
            mac: MacAddr::local(self.cloud.network_interfaces.len() as u64 + 1),
            ipv4,
            ipv6: Vec::new(),
            groups: smallvec![],
            source_dest_check: false,
            attachment: None,
            requester: Some(Requester::NatGateway(id)),
            description: Box::default(),
            tags: Tags::default(),
            origin: Origin::Aws,
        };
        let gateway = NatGateway {
            id,
            owner: AccountId::DEFAULT,
            zone,
            vpc,
            subnet,
            connectivity: if public.is_some() { Connectivity::Public } else { Connectivity::Private },
            state: NatGatewayState::Available,
            created: SimTime::ZERO,
            deleted: None,
            interface: Some(interface),
            addresses: Vec::new(),
            tags: Tags::default(),
            origin: Origin::Aws,
        };
        self.cloud.network_interfaces.insert(interface, eni);
        self.cloud.nat_gateways.insert(id, gateway);
    }

    /// Sends a packet from an interface, or from `internet`: `tcp 10.0.1.10:40000 > 10.0.2.10:80 SYN`, `udp …`,
    /// `icmp 10.0.1.10 > 10.0.2.10` (an echo), `icmp-reply …`. A last word such as `8000B` is the payload's size, with
    /// `-DF` the IPv4 packet may be cut, `ttl=1` is its TTL.
    fn send(&mut self, sender: &str, packet: &str) -> String {
        let bytes = build(packet);
        self.send_bytes(sender, bytes)
    }

    /// Sends a frame as a guest would: to the neighbour's MAC address where there is one, else to the router's.
    pub(super) fn send_bytes(&mut self, sender: &str, bytes: Vec<u8>) -> String {
        self.packets += 1;
        let packet = self.tag();
        let mut frame = Frame::new(bytes);
        let destination = frame.headers.ip.expect("tests send IP").destination;
        let (next, entry) = if sender == "internet" {
            let vpc = self.tables.internet_gateway_of(destination).expect("somebody has the address");
            (Next::InternetGatewayIn(vpc), Entry::InternetGateway(vpc))
        } else {
            let eni = self.compiler.eni_index(self.id(sender)).expect("compiled");
            let at = self.tables.interface(eni).expect("compiled");
            let neighbor = at.vpc.owner_of(destination).filter(|owner| owner.subnet == at.eni.subnet);
            let destination_mac = neighbor.map_or(at.subnet.router_mac, |owner| owner.mac);
            crate::net::rewrite_macs(&mut frame, at.eni.mac, destination_mac);
            return self.leave(eni, Transit::new(frame, packet, Entry::Interface(eni)));
        };
        let mut account = Vec::new();
        self.follow(next, Transit::new(frame, packet, entry), &mut account);
        account.join(" | ")
    }

    /// Sends a frame exactly as it is.
    pub(super) fn send_raw(&mut self, sender: &str, bytes: Vec<u8>) -> String {
        self.packets += 1;
        let eni = self.compiler.eni_index(self.id(sender)).expect("compiled");
        let entry = Entry::Interface(eni);
        self.leave(eni, Transit::new(Frame::new(bytes), self.tag(), entry))
    }

    /// Sends a packet of an interface's from a later hop on, as if the world had changed while it was on its way there.
    pub(super) fn send_from(&mut self, next: Next, entry: Entry, packet: &str) -> String {
        self.packets += 1;
        let transit = Transit::new(Frame::new(build(packet)), self.tag(), entry);
        let mut account = Vec::new();
        self.follow(next, transit, &mut account);
        account.join(" | ")
    }

    /// An interface with its surroundings.
    pub(super) fn at(&self, eni: &str) -> Interface<'_> {
        let index = self.compiler.eni_index(self.id(eni)).expect("compiled");
        self.tables.interface(index).expect("compiled")
    }

    fn tag(&self) -> PacketTag {
        PacketTag { marked: self.is_told, ..PacketTag::new(PacketId(self.packets)) }
    }

    fn leave(&mut self, eni: EniIndex, transit: Transit) -> String {
        let mut account = Vec::new();
        self.hop(transit, &mut account, |hop, transit| pipeline::leave_eni(hop, eni, transit));
        account.join(" | ")
    }

    fn follow(&mut self, next: Next, transit: Transit, account: &mut Vec<String>) {
        match next {
            Next::Guest(eni) => {
                let at = self.tables.interface(eni).expect("just delivered");
                assert_eq!(transit.frame.headers.destination_mac, at.eni.mac, "delivered to its MAC address");
                self.delivered = Some(transit.frame);
            }
            Next::PublicService(_) | Next::BehindEndpoint(_) => {
                account.push(format!("service sees {}", Summary(&transit.frame.headers)));
            }
            Next::EndpointOut(endpoint) => {
                self.hop(transit, account, |hop, transit| pipeline::leave_endpoint(hop, endpoint, transit))
            }
            Next::EndpointIn(endpoint) => {
                self.hop(transit, account, |hop, transit| pipeline::enter_endpoint(hop, endpoint, transit))
            }
            Next::Internet => {
                account.push(format!("internet sees {}", Summary(&transit.frame.headers)));
                self.left = Some(transit.frame);
            }
            Next::Eni(eni) => self.hop(transit, account, |hop, transit| pipeline::arrive_eni(hop, eni, transit)),
            Next::Peering(peering) => {
                self.hop(transit, account, |hop, transit| pipeline::cross_peering(hop, peering, transit))
            }
            Next::EgressOnlyGateway(vpc) => {
                self.hop(transit, account, |hop, transit| pipeline::leave_egress_only_gateway(hop, vpc, transit))
            }
            Next::InternetGatewayOut(vpc) => {
                self.hop(transit, account, |hop, transit| pipeline::leave_internet_gateway(hop, vpc, transit))
            }
            Next::InternetGatewayIn(vpc) => {
                self.hop(transit, account, |hop, transit| pipeline::enter_internet_gateway(hop, vpc, transit))
            }
        }
    }

    fn hop(
        &mut self,
        mut transit: Transit,
        account: &mut Vec<String>,
        stage: impl Fn(&mut Hop<'_>, &mut Transit) -> Outcome + Copy,
    ) {
        let detail = if self.is_told { Detail::Stages } else { Detail::Drops };
        let mut trace = Trace::new(detail, Some(u32::MAX));
        if self.is_probing {
            trace.watch(Vec::new(), Purpose::Probe);
        }
        let before = transit.packet.id;
        let hop = &mut Hop {
            now: self.now,
            tables: &self.tables,
            rules: self.rules,
            flows: &mut self.flows,
            trace: &mut trace,
        };
        let outcome = stage(hop, &mut transit);
        account.extend(trace.recording().events.iter().filter_map(|event| self.line(event)));
        let observed = trace
            .recording()
            .events
            .iter()
            .filter(|event| matches!(event.step, Step::Seen { .. } | Step::FlowLogged { .. } | Step::Dropped(_)));
        self.seen.extend(observed.map(|event| format!("{:?} {:?} {:?}", event.leg, event.headers, event.step)));
        self.seen.push(format!("{outcome:?} {:?} {:?}", transit.entry, transit.frame));
        let next = match outcome {
            Outcome::Forward(next) => next,
            Outcome::Fragment(limit) => {
                for piece in fragment(&transit.frame.bytes, limit, &mut BufferPool::default()).into_iter().flatten() {
                    self.hop(Transit { frame: Frame::new(piece), ..transit.clone() }, account, stage);
                }
                return;
            }
            Outcome::Platform(..) | Outcome::Dhcp(_) | Outcome::Consumed => return,
        };
        if transit.packet.id != before {
            account.push(format!("reply {}", Summary(&transit.frame.headers)));
        }
        assert_eq!(Headers::parse(&transit.frame.bytes), Ok(transit.frame.headers), "the view is kept true");
        self.follow(next, transit, account);
    }

    fn line(&self, event: &TraceEvent) -> Option<String> {
        let name = |id: ResourceId| self.name(id);
        Some(match &event.step {
            Step::Seen { point, frame, .. } => {
                assert!(frame.is_some(), "captures have bytes");
                format!("at {}", name(*point))
            }
            Step::Answered { service } => format!("{service} answers"),
            Step::AddressChecked { .. } => return None,
            Step::SecurityGroup { decision: GroupDecision::Tracked, .. } => "tracked".to_owned(),
            Step::SecurityGroup { decision: GroupDecision::Rule { group, number, .. }, .. } => {
                format!("{} rule {number}", name((*group).into()))
            }
            Step::NetworkAcl { acl, rule, .. } => format!("{} rule {rule}", name((*acl).into())),
            Step::Route { destination, target, .. } => format!("{destination} to {}", name(*target)),
            Step::Vpc { vpc } => format!("in {}", name((*vpc).into())),
            Step::Gateway { .. } => return None,
            Step::Translated { from, to, .. } => format!("{from} becomes {to}"),
            Step::Fragmented { limit_bytes, .. } => format!("cut to {limit_bytes} bytes"),
            Step::PortTranslated { from: (from, from_port), to: (to, to_port), .. } => {
                format!("{from}:{from_port} becomes {to}:{to_port}")
            }
            Step::FlowLogged { interface, own, direction, action } => {
                format!("{} logs {action:?} {direction:?} of {own}", name((*interface).into()))
            }
            Step::Delivered { .. } => "delivered".to_owned(),
            Step::Dropped(reason) => {
                let mut text = format!("{} by {}: ", reason.code, name(reason.by));
                let _ = write!(text, "{}", reason.sentence(&event.headers, &name));
                text
            }
        })
    }
}

/// `60,60,30`: TCP established, UDP stream, other UDP, in seconds.
fn idle_timeouts(text: &str) -> ConnectionTracking {
    let mut seconds = text.split(',').map(|number| number.parse().expect("seconds"));
    let asked = ConnectionTrackingSpecification {
        tcp_established_timeout: seconds.next(),
        udp_stream_timeout: seconds.next(),
        udp_timeout: seconds.next(),
    };
    ConnectionTracking::requested(Some(&asked)).expect("in their ranges")
}

fn protocol(service: &str) -> RuleProtocol {
    let (name, ports) = service.split_once('/').unwrap_or((service, "0-65535"));
    let (from, to) = ports.split_once('-').unwrap_or((ports, ports));
    let number = |text: &str| text.parse().expect("a port or type");
    match name {
        "all" => RuleProtocol::All,
        "tcp" => RuleProtocol::Tcp(PortRange { from: number(from), to: number(to) }),
        "udp" => RuleProtocol::Udp(PortRange { from: number(from), to: number(to) }),
        "icmp" if service == "icmp" => RuleProtocol::Icmp { kind: None, code: None },
        "icmp" => RuleProtocol::Icmp { kind: Some(number(from) as u8), code: None },
        other => RuleProtocol::Other(other.parse().expect("a protocol number")),
    }
}

fn acl_entry(number: u16, service: &str, block: &str, action: AclAction) -> AclEntry {
    let block = block.parse().expect("a prefix");
    AclEntry { number, protocol: protocol(service), block, action, origin: Origin::Aws }
}

/// A packet from its line of text.
pub(super) fn build(packet: &str) -> Vec<u8> {
    let words: Vec<&str> = packet.split_whitespace().collect();
    let [kind, source, ">", destination, options @ ..] = &words[..] else { panic!("not a packet: {packet}") };
    let (source, source_port) = endpoint(source);
    let (destination, destination_port) = endpoint(destination);
    let size = options.iter().find_map(|word| word.strip_suffix('B')).map_or(0, |size| size.parse().expect("bytes"));
    let ttl = options.iter().find_map(|word| word.strip_prefix("ttl="));
    let payload = vec![0; size];
    let ethernet = PacketBuilder::ethernet2([0; 6], [0; 6]);
    let ip = match (source, destination) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            let mut header = etherparse::Ipv4Header {
                source: source.octets(),
                destination: destination.octets(),
                time_to_live: ttl.map_or(255, |ttl| ttl.parse().expect("a TTL")),
                ..Default::default()
            };
            header.dont_fragment = !options.contains(&"-DF");
            ethernet.ip(etherparse::IpHeaders::Ipv4(header, Default::default()))
        }
        (IpAddr::V6(source), IpAddr::V6(destination)) => ethernet.ipv6(source.octets(), destination.octets(), 255),
        _ => panic!("one family: {packet}"),
    };
    let mut bytes = Vec::new();
    match *kind {
        "tcp" => {
            let mut tcp = ip.tcp(source_port, destination_port, 1, 1000);
            for flag in options {
                tcp = match *flag {
                    "SYN" => tcp.syn(),
                    "ACK" => tcp.ack(1),
                    "FIN" => tcp.fin(),
                    "RST" => tcp.rst(),
                    _ => tcp,
                };
            }
            tcp.write(&mut bytes, &payload)
        }
        "udp" => ip.udp(source_port, destination_port).write(&mut bytes, &payload),
        "icmp" if source.is_ipv4() => ip.icmpv4_echo_request(9, 1).write(&mut bytes, &payload),
        "icmp-reply" if source.is_ipv4() => ip.icmpv4_echo_reply(9, 1).write(&mut bytes, &payload),
        "icmp" => ip.icmpv6_echo_request(9, 1).write(&mut bytes, &payload),
        "icmp-reply" => ip.icmpv6_echo_reply(9, 1).write(&mut bytes, &payload),
        "gre" => ip.write(&mut bytes, etherparse::IpNumber::GRE, &payload),
        other => panic!("no such packet: {other}"),
    }
    .expect("a vector takes everything");
    bytes
}

/// `10.0.1.10:80`, `[fd00::1]:80`, or an address alone.
fn endpoint(text: &str) -> (IpAddr, u16) {
    match text.parse::<std::net::SocketAddr>() {
        Ok(socket) => (socket.ip(), socket.port()),
        Err(_) => (text.parse().expect("an address"), 0),
    }
}
