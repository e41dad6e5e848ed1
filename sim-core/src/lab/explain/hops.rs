//! From what the trace tells of one packet to its hops, in the words of a report.

use std::iter;
use std::net::{IpAddr, SocketAddr};
use std::ops::Range;

use super::report::{HopReport, HopVerdict};
use crate::cloud::{AclAction, Cloud, GroupRule, PortRange, RulePeer, RuleProtocol};
use crate::id::{NetworkAclId, NetworkInterfaceId, Origin, ResourceId, ResourceKind, SecurityGroupId};
use crate::lab::drops;
use crate::lab::names::Names;
use crate::net::FlowKey;
use crate::trace::{CaptureWords as _, Direction, DropFamily, DropReason, GroupDecision, Step, TraceEvent};

/// The hops of a packet, from its events in order.
pub(super) fn hops(names: &Names<'_>, events: &[TraceEvent]) -> Vec<HopReport> {
    let mut telling = Telling { names, here: None, happened: true };
    let Some(lap) = going_round(events) else { return telling.all(events, 0..events.len()).collect() };
    let mut hops: Vec<HopReport> = telling.all(events, 0..lap.second).collect();
    hops.push(telling.going_round(&events[lap.second], lap.times));
    hops.extend(telling.all(events, lap.last + 1..events.len()));
    hops
}

/// A packet that instances send round among themselves: which event is the second time that one passes it on, which is the
/// last time that any of them does, and how often it is passed on in all.
struct Lap {
    second: usize,
    last: usize,
    times: usize,
}

/// Three times by one instance to one destination is a round; twice may be two legs of a way that passes it both times.
fn going_round(events: &[TraceEvent]) -> Option<Lap> {
    let passed_on = events.iter().enumerate().filter_map(|(place, event)| match (&event.step, &event.headers.ip) {
        (Step::PassedOn { by, .. }, Some(ip)) => Some((place, (*by, ip.destination))),
        _ => None,
    });
    let passed_on: Vec<_> = passed_on.collect();
    let times_before = |at: usize| passed_on[..at].iter().filter(|(_, who)| *who == passed_on[at].1).count();
    let (second, who) = (0..passed_on.len()).find(|at| times_before(*at) == 1).map(|at| passed_on[at])?;
    let is_round = passed_on.iter().filter(|(_, by)| *by == who).count() > 2;
    is_round.then(|| Lap { second, last: passed_on.last().map_or(second, |(place, _)| *place), times: passed_on.len() })
}

struct Telling<'n> {
    names: &'n Names<'n>,
    /// Where the packet was seen last, and which way it goes there.
    here: Option<(ResourceId, Direction)>,
    happened: bool,
}

impl Telling<'_> {
    /// What some of the events add, in order.
    fn all(&mut self, events: &[TraceEvent], some: Range<usize>) -> impl Iterator<Item = HopReport> {
        some.filter_map(|place| self.hop(&events[place], events.get(place + 1)))
    }

    /// What an event adds, given the one that follows it.
    fn hop(&mut self, event: &TraceEvent, next: Option<&TraceEvent>) -> Option<HopReport> {
        let Telling { names, .. } = *self;
        let ip = event.headers.ip.as_ref()?;
        Some(match &event.step {
            Step::Seen { point, direction, .. } => {
                self.here = Some((*point, *direction));
                if point.kind() != ResourceKind::InternetHost || *direction == Direction::Ingress {
                    return None;
                }
                self.line(*point, "sent to the Internet".to_owned(), HopVerdict::Pass, None)
            }
            Step::Vpc { .. } | Step::FlowLogged { .. } => return None,
            Step::Answered { service } => {
                let (point, _) = self.here?;
                self.line(point, format!("{service}: the VPC itself answers"), HopVerdict::Delivered, None)
            }
            Step::AddressChecked { interface } => {
                let id = ResourceId::from(*interface);
                let checks = names.cloud.network_interfaces.get(interface).is_none_or(|eni| eni.source_dest_check);
                let text = match self.here {
                    _ if !checks => "source/destination check is off".to_owned(),
                    Some((_, Direction::Egress)) => format!("source {} is its own", ip.source),
                    _ => format!("destination {} is its own", ip.destination),
                };
                self.line(id, text, HopVerdict::Pass, names.cloud.origin(id).into())
            }
            Step::SecurityGroup { interface, direction, decision } => self.group(*interface, *direction, decision)?,
            Step::NetworkAcl { acl, direction, rule, .. } => {
                let (text, origin) = self.acl_rule(*acl, *direction, *rule);
                self.line((*acl).into(), text, HopVerdict::Pass, origin)
            }
            Step::Route { table, destination, target, origin } => {
                let target = match target.kind() {
                    ResourceKind::Vpc => "local".to_owned(),
                    _ => label(names, *target),
                };
                let text = format!("{destination} → {target}");
                self.line((*table).into(), text, HopVerdict::Pass, Some(*origin))
            }
            Step::Gateway { gateway } => {
                let text = match gateway.kind() {
                    ResourceKind::VpcPeeringConnection => {
                        format!("active; {} is in the peer's blocks", ip.destination)
                    }
                    _ => "attached".to_owned(),
                };
                self.line(*gateway, text, HopVerdict::Pass, None)
            }
            Step::Translated { gateway, from, to } => {
                let field = if ip.source == *to { "source" } else { "destination" };
                self.line(*gateway, format!("{field} {from} → {to}"), HopVerdict::Rewrite, None)
            }
            Step::PortTranslated { gateway, from, to } => {
                let text = format!("{} → {}", SocketAddr::from(*from), SocketAddr::from(*to));
                self.line(*gateway, text, HopVerdict::Rewrite, None)
            }
            Step::Fragmented { gateway, limit_bytes } => {
                let text = format!("{} bytes are cut into fragments of {limit_bytes} at most", ip.total_len);
                self.line(*gateway, text, HopVerdict::Rewrite, None)
            }
            Step::Delivered { to } => {
                let (text, verdict) = match is_anothers(self.names.cloud, *to, ip.destination) {
                    _ if next.is_some() => ("to the instance", HopVerdict::Pass),
                    true => ("delivered, though not its own; it has not passed it on", HopVerdict::Delivered),
                    false => ("delivered", HopVerdict::Delivered),
                };
                self.line(*to, text.to_owned(), verdict, None)
            }
            Step::PassedOn { by, from } => {
                let changes = translations(from, &FlowKey::of(ip));
                let verdict = if changes.is_empty() { HopVerdict::Pass } else { HopVerdict::Rewrite };
                self.instance(
                    *by,
                    iter::once("forwards".to_owned()).chain(changes).collect::<Vec<_>>().join("; "),
                    verdict,
                )
            }
            Step::Dropped(reason) => {
                let text = reason.sentence(&event.headers, &|id| names.display(id));
                let mut hop = self.line(reason.by, text, HopVerdict::Drop(reason.code), Some(reason.origin));
                hop.details = self.rules_tried(reason);
                self.happened = false;
                hop
            }
        })
    }

    /// What an instance did that has an interface.
    fn instance(&self, interface: ResourceId, text: String, verdict: HopVerdict) -> HopReport {
        let id = self.names.owner(interface);
        let label = match (id.kind(), self.names.display(id)) {
            (ResourceKind::Instance, name) if name == id.to_string() => format!("instance {}", id.short()),
            (ResourceKind::Instance, name) => format!("instance {name} ({})", id.short()),
            _ => label(self.names, id),
        };
        HopReport { label, ..self.line(id, text, verdict, None) }
    }

    /// The second time that an instance passes a packet on.
    fn going_round(&mut self, event: &TraceEvent, times: usize) -> HopReport {
        let (by, ttl) = match (&event.step, &event.headers.ip) {
            (Step::PassedOn { by, .. }, Some(ip)) => (*by, ip.ttl),
            _ => unreachable!("a lap begins where a packet is passed on"),
        };
        let text =
            format!("forwards it again, TTL {ttl}: it goes round, and instances forward it {times} times in all");
        self.instance(by, text, HopVerdict::Pass)
    }

    fn line(&self, id: ResourceId, text: String, verdict: HopVerdict, origin: Option<Origin>) -> HopReport {
        HopReport {
            component: self.names.component(id),
            label: label(self.names, id),
            text,
            details: Vec::new(),
            verdict,
            happened: self.happened,
            source: drops::source(self.names, origin.unwrap_or(Origin::Aws), id),
        }
    }

    fn group(
        &self,
        interface: NetworkInterfaceId,
        direction: Direction,
        decision: &GroupDecision,
    ) -> Option<HopReport> {
        let way = rule_way(direction);
        Some(match decision {
            GroupDecision::Rule { group, number, origin } => {
                let rule = self.group_rules(*group, direction).get(usize::from(*number) - 1);
                let rule = rule.map_or_else(String::new, |rule| format!(": {}", self.rule_text(rule, direction)));
                self.line((*group).into(), format!("{way} rule {number}{rule}"), HopVerdict::Pass, Some(*origin))
            }
            GroupDecision::Tracked => {
                let eni = self.names.cloud.network_interfaces.get(&interface)?;
                let id = eni.groups.first().map_or_else(|| interface.into(), |group| ResourceId::from(*group));
                self.line(id, format!("{way}: part of a tracked flow"), HopVerdict::Pass, None)
            }
        })
    }

    fn group_rules(&self, group: SecurityGroupId, direction: Direction) -> &[GroupRule] {
        self.names.cloud.security_groups.get(&group).map_or(&[], |group| match direction {
            Direction::Ingress => &group.ingress,
            Direction::Egress => &group.egress,
        })
    }

    fn rule_text(&self, rule: &GroupRule, direction: Direction) -> String {
        let peer = match &rule.peer {
            RulePeer::Ipv4(block) => block.to_string(),
            RulePeer::Ipv6(block) => block.to_string(),
            RulePeer::Group { group, .. } => label(self.names, (*group).into()),
            RulePeer::PrefixList(list) => list.to_string(),
        };
        let preposition = if direction == Direction::Ingress { "from" } else { "to" };
        format!("{} {preposition} {peer}", service(rule.protocol))
    }

    /// A rule of an ACL, and where it was written.
    fn acl_rule(&self, acl: NetworkAclId, direction: Direction, number: u16) -> (String, Option<Origin>) {
        let way = rule_way(direction);
        let entries = self.names.cloud.network_acls.get(&acl).map(|acl| match direction {
            Direction::Ingress => &acl.inbound,
            Direction::Egress => &acl.outbound,
        });
        let entry = entries.and_then(|entries| entries.iter().find(|entry| entry.number == number));
        let Some(entry) = entry else { return (format!("{way} rule {number}"), None) };
        let action = match entry.action {
            AclAction::Allow => "allow",
            AclAction::Deny => "deny",
        };
        let preposition = if direction == Direction::Ingress { "from" } else { "to" };
        let text = format!("{way} rule {number}: {action} {} {preposition} {}", service(entry.protocol), entry.block);
        (text, Some(entry.origin))
    }

    /// For a drop by security groups: what all groups of the interface would have let through.
    fn rules_tried(&self, reason: &DropReason) -> Vec<String> {
        let (DropFamily::SecurityGroup, Some(direction)) = (reason.code.family(), reason.direction) else {
            return Vec::new();
        };
        let interface = self.here.and_then(|(point, _)| NetworkInterfaceId::try_from(point).ok());
        let Some(eni) = interface.and_then(|id| self.names.cloud.network_interfaces.get(&id)) else {
            return Vec::new();
        };
        let rules = eni.groups.iter().flat_map(|group| self.group_rules(*group, direction));
        let rules: Vec<String> = rules.map(|rule| self.rule_text(rule, direction)).collect();
        if rules.is_empty() { Vec::new() } else { vec![format!("rules tried: {}", rules.join("; "))] }
    }
}

/// What the packet filter of an instance that forwards has made of a packet's addresses and ports.
fn translations(came: &FlowKey, leaves: &FlowKey) -> Vec<String> {
    let source = |flow: &FlowKey| SocketAddr::new(flow.source, flow.source_port);
    let destination = |flow: &FlowKey| SocketAddr::new(flow.destination, flow.destination_port);
    let text = |field: &str, from: SocketAddr, to: SocketAddr| match from.port() == to.port() {
        _ if from == to => None,
        true => Some(format!("{field} {} → {}", from.ip(), to.ip())),
        false => Some(format!("{field} {from} → {to}")),
    };
    let changes =
        [text("source", source(came), source(leaves)), text("destination", destination(came), destination(leaves))];
    changes.into_iter().flatten().collect()
}

/// A component in few words: what kind of thing, its name, the start of its id.
pub(in crate::lab) fn label(names: &Names<'_>, id: ResourceId) -> String {
    let name = names.display(id);
    match id.kind() {
        ResourceKind::InternetHost => name,
        ResourceKind::NetworkInterface => format!("{} ({})", names.point(id).interface, id.short()),
        _ if name == id.to_string() => id.short(),
        kind => format!("{} {name} ({})", kind.prefix(), id.short()),
    }
}

fn rule_way(direction: Direction) -> &'static str {
    if direction == Direction::Ingress { "in" } else { "out" }
}

/// What a rule lets through, as rules are spoken of: `tcp/80`, `udp/1-1024`, `icmp`, `all`.
fn service(protocol: RuleProtocol) -> String {
    let ports = |name: &str, range: PortRange| match range {
        PortRange::ALL => name.to_owned(),
        PortRange { from, to } if from == to => format!("{name}/{from}"),
        PortRange { from, to } => format!("{name}/{from}-{to}"),
    };
    let icmp =
        |name: &str, kind: Option<u8>| kind.map_or_else(|| name.to_owned(), |kind| format!("{name} type {kind}"));
    match protocol {
        RuleProtocol::All => "all".to_owned(),
        RuleProtocol::Tcp(range) => ports("tcp", range),
        RuleProtocol::Udp(range) => ports("udp", range),
        RuleProtocol::Icmp { kind, .. } => icmp("icmp", kind),
        RuleProtocol::Icmpv6 { kind, .. } => icmp("icmpv6", kind),
        RuleProtocol::Other(number) => format!("protocol {number}"),
    }
}

/// Whether an interface got a packet for somebody else: its instance is a router.
pub(super) fn is_anothers(cloud: &Cloud, to: ResourceId, destination: IpAddr) -> bool {
    let eni = NetworkInterfaceId::try_from(to).ok().and_then(|id| cloud.network_interfaces.get(&id));
    eni.is_some_and(|eni| match destination {
        IpAddr::V4(address) => !eni.ipv4.iter().any(|own| own.address == address),
        IpAddr::V6(address) => !address.is_multicast() && !eni.ipv6.contains(&address),
    })
}
