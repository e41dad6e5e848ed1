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

mod journey;

use std::collections::BTreeMap;
use std::sync::Arc;

use ipnet::IpNet;
use smallvec::smallvec;

pub(super) use self::journey::build;
use crate::cloud::*;
use crate::compile::Compiler;
use crate::dataplane::Flows;
use crate::dataplane::tables::Tables;
use crate::engine::{SimDuration, SimTime};
use crate::id::*;
use crate::net::{Frame, MacAddr};

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
    let mut world = World::probing(topology);
    for (action, expected) in exchange {
        let account = world.act(action);
        assert_eq!(account, *expected, "\n  after: {action}\n    got: {account}\n");
    }
}

impl World {
    /// One whose packets go on past what drops them.
    pub(super) fn probing(topology: &str) -> World {
        World { is_probing: true, ..World::new(topology) }
    }

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
            ipv4_block: Some(block.parse().expect("an IPv4 block")),
            ipv6_block: ipv6_block.map(|block| (self.ids.next(), block.parse().expect("an IPv6 block"))),
            map_public_ip_on_launch: false,
            assign_ipv6_on_creation: false,
            enable_dns64: false,
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

    /// Gives a NAT gateway a further address.
    pub(super) fn add_nat_address(&mut self, name: &str, address: &str) {
        let id: NetworkInterfaceId = self.id(&format!("eni-{name}"));
        let address = PrivateAddress { address: address.parse().expect("an address"), public: None };
        self.cloud.network_interfaces[&id].ipv4.push(address);
        self.compile();
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
