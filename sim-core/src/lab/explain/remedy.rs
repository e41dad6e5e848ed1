//! What would let a packet and its answer through – said only when it is certain.
//!
//! It is certain when a probe, which goes on past every drop, came all the way there and back, and each of its drops has one
//! thing that would have let exactly this packet through: a rule, or a route to a gateway that then carried the probe.

use ipnet::IpNet;

use crate::id::{ResourceId, ResourceKind};
use crate::lab::names::Names;
use crate::trace::{Decider, DropCode, DropReason, Step, TraceEvent};

/// What to change, all of it together; empty where that is not certain.
pub(super) fn remedies(names: &Names<'_>, there: &[TraceEvent], back: &[TraceEvent]) -> Vec<String> {
    // At an instance on the way it may have been lost, or passed on and lost then.
    let arrives = |events: &[TraceEvent]| {
        let is_an_end = |event: &&TraceEvent| {
            matches!(event.step, Step::Delivered { .. } | Step::PassedOn { .. } | Step::Dropped(_))
        };
        let last = events.iter().rev().find(is_an_end);
        last.is_some_and(|event| matches!(event.step, Step::Delivered { .. }))
    };
    if !arrives(there) || !arrives(back) {
        return Vec::new();
    }
    let of_each = [there, back].into_iter().flat_map(|events| {
        (1..).zip(events).filter_map(move |(next, event)| match &event.step {
            Step::Dropped(reason) => Some(remedy(names, event, reason, &events[next..])),
            _ => None,
        })
    });
    of_each.collect::<Option<Vec<_>>>().unwrap_or_default()
}

/// What undoes one drop, given what the probe met after it.
fn remedy(names: &Names<'_>, event: &TraceEvent, reason: &DropReason, after: &[TraceEvent]) -> Option<String> {
    let name = |id: ResourceId| names.display(id);
    let table = match (reason.code, &reason.decider) {
        (DropCode::NoRouteToDestination, _) => reason.by,
        (DropCode::IgwDestinationAddressNotInRfc1918Egress, Decider::Route { table, .. }) => (*table).into(),
        _ => return reason.hint(event.leg, &event.headers, &name),
    };
    let destination = event.headers.ip?.destination;
    let gateway = after.iter().find_map(|event| match event.step {
        Step::Seen { point, .. } => Some(point),
        _ => None,
    })?;
    let block = match gateway.kind() {
        ResourceKind::VpcPeeringConnection => {
            let entered = after.iter().find_map(|event| match event.step {
                Step::Vpc { vpc } => Some(vpc),
                _ => None,
            })?;
            let vpc = names.cloud.vpcs.get(&entered)?;
            let ipv4 = vpc.ipv4_blocks.iter().map(|(_, block)| IpNet::V4(*block));
            let mut blocks = ipv4.chain(vpc.ipv6_blocks.iter().map(|(_, block)| IpNet::V6(*block)));
            blocks.find(|block| block.contains(&destination))?.to_string()
        }
        ResourceKind::InternetGateway if destination.is_ipv4() => "0.0.0.0/0".to_owned(),
        ResourceKind::InternetGateway => "::/0".to_owned(),
        ResourceKind::NatGateway if destination.is_ipv6() => "64:ff9b::/96".to_owned(), // NAT-19
        _ => return None,
    };
    Some(format!("add a route for {block} to {} in {}", name(gateway), name(table)))
}
