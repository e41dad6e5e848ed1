//! The life of a peering connection as a state table (PCX-2): who may do what in which state.

use super::*;

const HERE: &str = "ap-northeast-2";
const THERE: &str = "ap-northeast-1";
const ME: &str = "123456789012";
const YOU: &str = "210987654321";
const HOUR: SimDuration = SimDuration::from_secs(3_600);

/// A connection between two accounts, brought into a state.
fn connection(state: &str) -> (Bench, String) {
    let mut b = Bench::new();
    let mine = b.vpc("10.41.0.0/16");
    let block = if state == "failed" { "10.41.128.0/17" } else { "10.42.0.0/16" };
    let yours = b.by(YOU, HERE, |b| b.vpc(block));
    let id = b.get(
        "CreateVpcPeeringConnection",
        json!({"VpcId": mine, "PeerVpcId": yours, "PeerOwnerId": YOU}),
        "/VpcPeeringConnection/VpcPeeringConnectionId",
    );
    let answer = |b: &mut Bench, name: &str| b.by(YOU, HERE, |b| b.ok(name, json!({"VpcPeeringConnectionId": id})));
    if state != "initiating-request" {
        b.pass(SimDuration::from_millis(100));
    }
    match state {
        "initiating-request" | "pending-acceptance" | "failed" => {}
        "provisioning" => drop(answer(&mut b, "AcceptVpcPeeringConnection")),
        "active" | "deleted" => {
            answer(&mut b, "AcceptVpcPeeringConnection");
            b.pass(SimDuration::from_millis(100));
            if state == "deleted" {
                b.ok("DeleteVpcPeeringConnection", json!({"VpcPeeringConnectionId": id}));
            }
        }
        "rejected" => drop(answer(&mut b, "RejectVpcPeeringConnection")),
        "expired" => b.pass(SimDuration::from_secs(168 * 3_600) - SimDuration::from_millis(100)),
        other => panic!("no way to {other}"),
    }
    assert_eq!(b.peering_status(&id), state);
    (b, id)
}

#[test]
fn who_may_do_what_in_which_state_pcx_2_pcx_3() {
    let wrong = "InvalidStateTransition";
    let not_you = "OperationNotPermitted";
    // state, then by the requester: accept, reject, delete; then by the accepter: accept, reject, delete.
    for (state, requester, accepter) in [
        ("initiating-request", [not_you, not_you, wrong], [wrong, wrong, wrong]),
        ("pending-acceptance", [not_you, not_you, "ok"], ["ok", "ok", not_you]),
        ("provisioning", [not_you, not_you, wrong], [wrong, wrong, wrong]),
        ("active", [not_you, not_you, "ok"], [wrong, wrong, "ok"]),
        ("rejected", [not_you, not_you, wrong], [wrong, wrong, wrong]),
        ("expired", [not_you, not_you, wrong], [wrong, wrong, wrong]),
        ("deleted", [not_you, not_you, wrong], [wrong, wrong, wrong]),
        ("failed", [not_you, not_you, wrong], ["InvalidVpcPeeringConnectionID.NotFound"; 3]),
    ] {
        for (account, expected) in [(ME, requester), (YOU, accepter)] {
            for (verb, expected) in ["Accept", "Reject", "Delete"].into_iter().zip(expected) {
                let (mut b, id) = connection(state);
                let name = format!("{verb}VpcPeeringConnection");
                let code = b.by(account, HERE, |b| b.code(&name, json!({"VpcPeeringConnectionId": id})));
                assert_eq!(code, expected, "{verb} by {account} when {state}");
            }
        }
    }
}

#[test]
fn ended_connections_stay_visible_for_a_while_pcx_2() {
    // state, hours the requester sees it, hours the accepter does; the deleter here is the requester.
    for (state, requester, accepter) in [("failed", 2, 0), ("expired", 48, 48), ("rejected", 48, 2), ("deleted", 2, 48)]
    {
        for (account, hours) in [(ME, requester), (YOU, accepter)] {
            let (mut b, id) = connection(state);
            let seen = |b: &mut Bench| b.by(account, HERE, |b| b.peering_status(&id) == state);
            if hours > 0 {
                b.pass(SimDuration::from_nanos(HOUR.as_nanos() * hours - 1));
                assert!(seen(&mut b), "{account} still sees it {state}");
                b.pass(SimDuration::from_nanos(1));
            }
            assert!(!seen(&mut b), "{account} no longer sees it {state}");
        }
    }
}

#[test]
fn a_request_expires_after_seven_days_and_not_before_pcx_2() {
    let (mut b, id) = connection("pending-acceptance");
    let expiry = b.cloud.next_transition().expect("the expiry is scheduled");
    assert_eq!(expiry, SimTime::ZERO + SimDuration::from_secs(7 * 86_400));
    b.caller.now = SimTime::from_nanos(expiry.as_nanos() - 1);
    assert_eq!(b.peering_status(&id), "pending-acceptance");
    b.caller.now = expiry;
    assert_eq!(b.peering_status(&id), "expired");
    assert_eq!(b.cloud.next_transition(), None);
}

#[test]
fn an_accepted_request_never_expires() {
    let (mut b, id) = connection("active");
    assert_eq!(b.cloud.next_transition(), None);
    b.pass(SimDuration::from_secs(30 * 86_400));
    assert_eq!(b.peering_status(&id), "active");
}

#[test]
fn a_connection_between_regions_is_accepted_in_the_accepters_pcx_6() {
    let mut b = Bench::new();
    let mine = b.vpc("10.39.0.0/16");
    let far = b.by(ME, THERE, |b| b.vpc("172.31.0.0/16"));
    let request = json!({"VpcId": mine, "PeerVpcId": far, "PeerRegion": THERE});
    let id = b.get("CreateVpcPeeringConnection", request, "/VpcPeeringConnection/VpcPeeringConnectionId");
    b.pass(SimDuration::from_millis(100));
    let error = b.call("AcceptVpcPeeringConnection", json!({"VpcPeeringConnectionId": id})).expect_err("wrong Region");
    assert_eq!(error.code, "OperationNotPermitted");
    assert!(error.message.contains("must be accepted in region ap-northeast-1"), "{error}");
    b.by(ME, THERE, |b| b.ok("AcceptVpcPeeringConnection", json!({"VpcPeeringConnectionId": id})));
    b.pass(SimDuration::from_millis(100));
    assert_eq!(b.peering_status(&id), "active");
}

#[test]
fn one_connection_per_pair_at_a_time_pcx_11() {
    let mut b = Bench::new();
    let (one, two) = (b.vpc("10.41.0.0/16"), b.vpc("10.42.0.0/16"));
    let id = b.active_peering(&one, &two);
    for (vpc, peer) in [(&one, &two), (&two, &one)] {
        let code = b.code("CreateVpcPeeringConnection", json!({"VpcId": vpc, "PeerVpcId": peer}));
        assert_eq!(code, "VpcPeeringConnectionAlreadyExists");
    }
    b.ok("DeleteVpcPeeringConnection", json!({"VpcPeeringConnectionId": id}));
    let again = b.active_peering(&one, &two);
    assert_ne!(again, id);
}

#[test]
fn any_overlapping_block_makes_a_request_fail_pcx_4_pcx_12() {
    let mut b = Bench::new();
    let (one, two) = (b.vpc("10.41.0.0/16"), b.vpc("10.42.0.0/16"));
    b.ok("AssociateVpcCidrBlock", json!({"VpcId": one, "CidrBlock": "100.64.0.0/16"}));
    b.ok("AssociateVpcCidrBlock", json!({"VpcId": two, "CidrBlock": "100.64.3.0/24"}));
    let id = b.requested_peering(&one, &two);
    assert_eq!(b.peering_status(&id), "failed");
}

#[test]
fn blocks_added_to_a_peered_vpc_addr_9_pcx_33() {
    let mut b = Bench::new();
    let (one, two) = (b.vpc("10.41.0.0/16"), b.vpc("10.42.0.0/16"));
    let pending = b.requested_peering(&one, &two);
    let add = |vpc: &str, block: &str| json!({"VpcId": vpc, "CidrBlock": block});
    assert_eq!(b.code("AssociateVpcCidrBlock", add(&one, "10.50.0.0/16")), "InvalidParameterValue");
    assert_eq!(b.code("AssociateVpcCidrBlock", add(&two, "10.60.0.0/16")), "ok");
    assert_eq!(b.peering_status(&pending), "pending-acceptance");
    b.ok("AcceptVpcPeeringConnection", json!({"VpcPeeringConnectionId": pending}));
    b.pass(SimDuration::from_millis(100));
    assert_eq!(b.code("AssociateVpcCidrBlock", add(&one, "10.60.1.0/24")), "InvalidParameterValue");
    assert_eq!(b.code("AssociateVpcCidrBlock", add(&one, "10.50.0.0/16")), "ok");
    // The connection carries what the VPCs have now.
    let blocks: Vec<String> = b
        .cloud
        .peerings
        .values()
        .next()
        .expect("made before")
        .requester
        .ipv4_blocks
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(blocks, ["10.41.0.0/16", "10.50.0.0/16"]);
}

#[test]
fn an_accepters_new_block_that_overlaps_makes_a_pending_request_fail_addr_9() {
    let mut b = Bench::new();
    let (one, two) = (b.vpc("10.41.0.0/16"), b.vpc("10.42.0.0/16"));
    let id = b.requested_peering(&one, &two);
    b.ok("AssociateVpcCidrBlock", json!({"VpcId": two, "CidrBlock": "100.64.0.0/16"}));
    assert_eq!(b.peering_status(&id), "pending-acceptance");
    b.ok("AssociateVpcCidrBlock", json!({"VpcId": two, "CidrBlock": "10.41.128.0/20"}));
    assert_eq!(b.peering_status(&id), "failed");
}

#[test]
fn dns_resolution_needs_names_in_both_vpcs_and_an_active_connection_pcx_35() {
    let mut b = Bench::new();
    let (one, two) = (b.vpc("10.41.0.0/16"), b.vpc("10.42.0.0/16"));
    let id = b.requested_peering(&one, &two);
    let switch_on = json!({"VpcPeeringConnectionId": id,
        "RequesterPeeringConnectionOptions": {"AllowDnsResolutionFromRemoteVpc": true}});
    assert_eq!(b.code("ModifyVpcPeeringConnectionOptions", switch_on.clone()), "OperationNotPermitted");
    b.ok("AcceptVpcPeeringConnection", json!({"VpcPeeringConnectionId": id}));
    b.pass(SimDuration::from_millis(100));
    b.ok("ModifyVpcAttribute", json!({"VpcId": one, "EnableDnsHostnames": {"Value": true}}));
    let disabled = "InvalidVpcPeeringConnectionState.DnsHostnamesDisabled";
    assert_eq!(b.code("ModifyVpcPeeringConnectionOptions", switch_on.clone()), disabled);
    b.ok("ModifyVpcAttribute", json!({"VpcId": two, "EnableDnsHostnames": {"Value": true}}));
    b.ok("ModifyVpcPeeringConnectionOptions", switch_on);
    let peering = b.cloud.peerings.values().next().expect("made before");
    assert_eq!((peering.requester.allow_dns_resolution, peering.accepter.allow_dns_resolution), (true, false));
}

#[test]
fn each_side_has_its_own_tags_pcx_10() {
    let (mut b, id) = connection("active");
    let tag = |value: &str| json!({"Resources": [id], "Tags": [{"Key": "Name", "Value": value}]});
    b.ok("CreateTags", tag("mine"));
    b.by(YOU, HERE, |b| b.ok("CreateTags", tag("yours")));
    let shown =
        |b: &mut Bench| b.get("DescribeVpcPeeringConnections", json!({}), "/VpcPeeringConnections/0/Tags/0/Value");
    assert_eq!(shown(&mut b), "mine");
    assert_eq!(b.by(YOU, HERE, shown), "yours");
}
