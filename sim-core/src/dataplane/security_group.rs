//! Security groups: allow rules only, the union of all attached groups, stateful (SG-1, SG-5 to SG-9, SG-13 to SG-24).
//!
//! Order of questions: does the packet belong to a tracked flow, or is it an error about one; if not, does a rule admit it; and
//! if so, is the new flow tracked. A TCP or UDP flow that both directions' rules leave open to the whole world is not (SG-17), unless
//! it leaves through a gateway whose flows always are (SG-19).

use std::net::IpAddr;

use super::conntrack::{Flows, Known, RulePlace, is_tcp_open};
use super::route_table;
use super::tables::{EndpointTracking, GroupRule, GroupTable, Interface, Peer, RouteState, Slot, Target, VpcIndex};
use crate::engine::SimTime;
use crate::net::{FlowKey, Frame, IpHeader, Transport, protocol};
use crate::trace::{Decider, Direction, DropCode, DropReason, GroupDecision, Leg};

/// Judges a packet at an interface, and remembers the flow it opens. Also answers which way the packet goes in its flow, as
/// far as the interface knows.
pub(crate) fn judge(
    at: &Interface<'_>,
    flows: &mut Flows,
    now: SimTime,
    direction: Direction,
    frame: &Frame,
    ip: &IpHeader,
    rules: u64,
) -> (Leg, Result<GroupDecision, DropReason>) {
    let tracked = flows.of_mut(at.eni.index);
    tracked.set_timeouts(at.eni.timeouts());
    if ip.is_icmp_error() {
        // SG-20: related to a tracked flow. The packet spoken of went the other way.
        if FlowKey::quoted(frame).is_some_and(|about| tracked.knows(now, opposite(direction), about)) {
            return (Leg::Forward, Ok(GroupDecision::Tracked));
        }
        return (Leg::Forward, find_rule(at, direction, ip).map(|found| decision(at, direction, found.place)));
    }
    let (leg, known) = tracked.find(now, direction, ip, rules);
    let judged = match known {
        Known::Tracked => Ok(GroupDecision::Tracked),
        Known::Admitted(place) => Ok(decision(at, direction, place)),
        Known::Nothing => admit_by_rule(at, flows, now, direction, ip, leg, rules),
    };
    (leg, judged)
}

fn admit_by_rule(
    at: &Interface<'_>,
    flows: &mut Flows,
    now: SimTime,
    direction: Direction,
    ip: &IpHeader,
    leg: Leg,
    rules: u64,
) -> Result<GroupDecision, DropReason> {
    let found = find_rule(at, direction, ip)?;
    let is_reply = !found.is_untracked && is_reply_of_untracked(at, direction, ip);
    if (found.is_untracked || is_reply) && !is_always_tracked(at, direction, ip) {
        let opened_by = if is_reply || leg == Leg::Return { opposite(direction) } else { direction };
        flows.of_mut(at.eni.index).admit(now, direction, ip, opened_by, rules, found.place);
    } else {
        check_allowance(at, flows, now, direction, ip)?;
        flows.of_mut(at.eni.index).open(now, direction, ip);
    }
    Ok(decision(at, direction, found.place))
}

/// SG-19: what goes out through a NAT gateway (NAT-15), an egress-only gateway (EIGW-2) or DynamoDB's gateway endpoint is tracked
/// whatever the rules say. It is asked when a flow would go untracked, and again when the tables have changed.
fn is_always_tracked(at: &Interface<'_>, direction: Direction, ip: &IpHeader) -> bool {
    if direction == Direction::Ingress {
        return false;
    }
    let route = route_table::of(at).routes.lookup(ip.destination).map(|(_, route)| route.state);
    match route {
        Some(RouteState::Active(Target::NatGateway(_) | Target::EgressOnlyGateway(_))) => true,
        Some(RouteState::Active(Target::Endpoint(endpoint))) => {
            let service = at.tables.endpoint(endpoint).service;
            at.tables.service(service).tracking == EndpointTracking::Always
        }
        _ => false,
    }
}

/// Whether the instance may track one more flow (SG-25). Its interfaces share what it may track.
fn check_allowance(
    at: &Interface<'_>,
    flows: &mut Flows,
    now: SimTime,
    direction: Direction,
    ip: &IpHeader,
) -> Result<(), DropReason> {
    let allowance = at.tables.tracked_flows as usize;
    if flows.tracked_by(at.eni.of_its_instance(), now, allowance) < allowance
        || flows.of_mut(at.eni.index).has_tracked(direction, ip)
    {
        return Ok(());
    }
    Err(DropReason {
        code: DropCode::ConntrackAllowanceExceeded,
        by: at.eni.id.into(),
        direction: Some(direction),
        decider: Decider::Resource,
        origin: at.eni.origin,
    })
}

/// A rule by its place, as the trace tells it.
fn decision(at: &Interface<'_>, direction: Direction, place: RulePlace) -> GroupDecision {
    let group = group(at, at.eni.groups[usize::from(place.group)]);
    let origin = group.rules(direction)[usize::from(place.rule)].origin;
    GroupDecision::Rule { group: group.id, number: place.rule + 1, origin }
}

/// A rule that admits a packet.
struct Found {
    place: RulePlace,
    /// SG-17.
    is_untracked: bool,
}

/// The first rule of the attached groups, in their order, that admits the packet.
fn find_rule(at: &Interface<'_>, direction: Direction, ip: &IpHeader) -> Result<Found, DropReason> {
    let peer = peer_address(direction, ip);
    let is_open_back = opens_all_ports(at, opposite(direction), ip);
    let mut first = None;
    for (group, number) in groups(at).zip(0..) {
        for (rule, place) in group.rules(direction).iter().zip(0..) {
            if !(admits(at, rule, direction, ip) && rule.protocol.matches(ip)) {
                continue;
            }
            let place = *first.get_or_insert(RulePlace { group: number, rule: place });
            if !is_open_back {
                return Ok(Found { place, is_untracked: false });
            }
            // Any rule that is open to the world makes the flow untracked, so the later ones count too.
            if is_open(rule, peer) {
                return Ok(Found { place, is_untracked: true });
            }
        }
    }
    match first {
        Some(place) => Ok(Found { place, is_untracked: false }),
        None => Err(refusal(at, direction, ip)),
    }
}

/// Whether a packet goes the answering way in a flow that is not tracked because the *other* direction's rules left it open.
/// It must not become tracked as if its sender had opened the flow, or the flow would survive the removal of its rule (SG-14).
fn is_reply_of_untracked(at: &Interface<'_>, direction: Direction, ip: &IpHeader) -> bool {
    if is_tcp_open(ip) || !opens_all_ports(at, direction, ip) {
        return false;
    }
    let Some(back) = turned_round(ip) else { return false };
    let peer = peer_address(opposite(direction), &back);
    groups(at)
        .flat_map(|group| group.rules(opposite(direction)))
        .any(|rule| is_open(rule, peer) && rule.protocol.matches(&back))
}

/// Whether a rule of this direction is open to the world on all ports of the packet's protocol and family (SG-17).
fn opens_all_ports(at: &Interface<'_>, direction: Direction, ip: &IpHeader) -> bool {
    // SG-16, SG-22: only TCP and UDP are ever untracked.
    matches!(ip.protocol, protocol::TCP | protocol::UDP)
        && groups(at)
            .flat_map(|group| group.rules(direction))
            .any(|rule| is_open(rule, ip.source) && rule.protocol.takes_all_ports(ip.protocol))
}

fn is_open(rule: &GroupRule, family: IpAddr) -> bool {
    matches!(&rule.peer, Peer::Block(block) if block.is_everything(family))
}

fn admits(at: &Interface<'_>, rule: &GroupRule, direction: Direction, ip: &IpHeader) -> bool {
    let peer = peer_address(direction, ip);
    match &rule.peer {
        Peer::Block(block) => block.contains(peer),
        Peer::Group { vpc, group } => {
            at.tables.is_member(*vpc, *group, peer) && !is_led_by_middlebox(at, *vpc, direction, ip)
        }
        Peer::PrefixList(blocks) => blocks.iter().any(|block| block.contains(peer)),
        Peer::StaleGroup => false,
    }
}

/// Whether routes lead packets between the interface and a member of a group by an appliance, which is not that member: then
/// the member is not recognised (EDGE-8, SG-11).
fn is_led_by_middlebox(at: &Interface<'_>, vpc: VpcIndex, direction: Direction, ip: &IpHeader) -> bool {
    let member = || at.tables.interface(at.tables.vpc(vpc).owner_of(ip.source)?.index);
    let sender = if direction == Direction::Egress { Some(*at) } else { member() };
    let Some(sender) = sender.filter(|sender| !sender.subnet.contains(ip.destination)) else { return false };
    let route = route_table::of(&sender).routes.lookup(ip.destination).map(|(_, route)| route.state);
    match route {
        Some(RouteState::Active(Target::Eni(appliance))) => {
            sender.vpc.owner_of(ip.destination).is_none_or(|owner| owner.index != appliance)
        }
        _ => false,
    }
}

/// Why nothing admitted the packet. A rule that all but matched says more than "no rule" (SG-11, SG-12).
fn refusal(at: &Interface<'_>, direction: Direction, ip: &IpHeader) -> DropReason {
    let address = peer_address(direction, ip);
    // `find_rule` has passed over a member that shows its own address, so an appliance stands between.
    let is_led = |peer: &Peer| matches!(peer, Peer::Group { vpc, group } if at.tables.is_member(*vpc, *group, address));
    let is_public = |peer: &Peer| matches!(peer, Peer::Group { vpc, group } if at.tables.is_public_of_member(*vpc, *group, address));
    let is_stale = |peer: &Peer| matches!(peer, Peer::StaleGroup);
    let all_but_matched = |is_wanted: &dyn Fn(&Peer) -> bool| {
        groups(at).find_map(|group| {
            let mut rules = group.rules(direction).iter();
            rules.find(|rule| is_wanted(&rule.peer) && rule.protocol.matches(ip)).map(|rule| (group, rule))
        })
    };
    for (is_wanted, code, decider) in [
        (&is_led as &dyn Fn(&Peer) -> bool, DropCode::SgReferencesNotPreserved, Decider::Address(address)),
        (&is_public, DropCode::SgReferencesNotPreserved, Decider::NoMatch),
        (&is_stale, DropCode::UnknownPeeredSgs, Decider::NoMatch),
    ] {
        if let Some((group, rule)) = all_but_matched(is_wanted) {
            return DropReason { code, by: group.id.into(), direction: Some(direction), decider, origin: rule.origin };
        }
    }
    let has_rules = groups(at).any(|group| !group.rules(direction).is_empty());
    let code = if has_rules { DropCode::EniSgRulesMismatch } else { DropCode::SgHasNoRules };
    reason(at, code, direction)
}

/// A drop in the name of the interface's first group; of the interface, should it have none.
fn reason(at: &Interface<'_>, code: DropCode, direction: Direction) -> DropReason {
    let (by, origin) = match groups(at).next() {
        Some(group) => (group.id.into(), group.origin),
        None => (at.eni.id.into(), at.eni.origin),
    };
    DropReason { code, by, direction: Some(direction), decider: Decider::NoMatch, origin }
}

fn groups<'t>(at: &Interface<'t>) -> impl Iterator<Item = &'t GroupTable> {
    let at = *at;
    at.eni.groups.iter().map(move |slot| group(&at, *slot))
}

fn group<'t>(at: &Interface<'t>, slot: Slot) -> &'t GroupTable {
    &at.vpc.security_groups[slot.0 as usize]
}

fn peer_address(direction: Direction, ip: &IpHeader) -> IpAddr {
    if direction == Direction::Egress { ip.destination } else { ip.source }
}

fn opposite(direction: Direction) -> Direction {
    match direction {
        Direction::Ingress => Direction::Egress,
        Direction::Egress => Direction::Ingress,
    }
}

/// The header as a packet the other way would have it.
fn turned_round(ip: &IpHeader) -> Option<IpHeader> {
    let transport = match ip.transport {
        Transport::Tcp { source, destination, flags } => {
            Transport::Tcp { source: destination, destination: source, flags }
        }
        Transport::Udp { source, destination } => Transport::Udp { source: destination, destination: source },
        Transport::Icmp { .. } | Transport::Fragment | Transport::Other => return None,
    };
    Some(IpHeader { source: ip.destination, destination: ip.source, transport, ..*ip })
}
