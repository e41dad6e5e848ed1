//! S3 and DynamoDB as instances reach them: through the Internet gateway, and through gateway endpoints (GWE).

mod dynamodb;
mod tracking;

use std::net::SocketAddr;

use serde_json::json;

use super::*;
use crate::cloud::{AwsPrefixList, PublicService};
use crate::host::{Program, Programs, Sys};

/// A VPC with two subnets: `site.subnet` is public by its routes, `private` has a table with nothing but `local`.
struct Network {
    lab: Lab,
    site: Site,
    private: String,
    private_routes: String,
    public_host: String,
    private_host: String,
}

fn network() -> Network {
    network_of(Lab::with(|config| config.programs = Programs(with_probes)))
}

/// The usual programs, and two that no image has: one sends a datagram, the other keeps a connection open for ten seconds
/// between two requests.
fn with_probes(name: &str) -> Option<Program> {
    async fn datagram(sys: Sys, arguments: Vec<String>) -> i32 {
        let to = SocketAddr::new(arguments[1].parse().expect("an address"), 53);
        sys.udp_bind(0).and_then(|socket| socket.send_to(b"anybody?", to)).map_or(1, |()| 0)
    }
    async fn hold(sys: Sys, arguments: Vec<String>) -> i32 {
        let to = SocketAddr::new(arguments[1].parse().expect("an address"), 80);
        let Ok(stream) = sys.tcp_connect(to).await else { return 1 };
        for when in ["first", "second"] {
            let exchange = async {
                stream.write_all(b"GET / HTTP/1.1\r\nHost: s3\r\n\r\n").await?;
                stream.read(&mut [0; 4096]).await
            };
            match exchange.await {
                Ok(_) => sys.print(format!("{when}: answered\n")),
                Err(errno) => sys.print(format!("{when}: {errno}\n")),
            }
            sys.sleep(SimDuration::from_secs(10)).await;
        }
        0
    }
    match name {
        "datagram" => Some(|sys, arguments| Box::pin(datagram(sys, arguments))),
        "hold" => Some(|sys, arguments| Box::pin(hold(sys, arguments))),
        _ => app::programs().find(name),
    }
}

fn network_of(mut lab: Lab) -> Network {
    let site = lab.site("10.0.0.0/16", "10.0.0.0/24");
    let private = lab.subnet(&site.vpc, "10.0.1.0/24", 1);
    let private_routes = lab.get("CreateRouteTable", json!({"VpcId": site.vpc}), "/RouteTable/RouteTableId");
    lab.ok("AssociateRouteTable", json!({"RouteTableId": private_routes, "SubnetId": private}));
    let public_host = lab.instance(&site.subnet, &site.group, json!({}));
    let private_host = lab.instance(&private, &site.group, json!({"AssociatePublicIpAddress": false}));
    lab.boot();
    Network { lab, site, private, private_routes, public_host, private_host }
}

impl Network {
    /// A gateway endpoint with a route in each of these tables.
    fn endpoint(&mut self, service: &str, tables: &[&str]) -> String {
        let request = json!({
            "VpcId": self.site.vpc, "ServiceName": format!("com.amazonaws.ap-northeast-2.{service}"), "RouteTableIds": tables,
        });
        self.lab.get("CreateVpcEndpoint", request, "/VpcEndpoint/VpcEndpointId")
    }
}

const S3: &str = "s3.ap-northeast-2.amazonaws.com";
const STATUS: &str = "curl -s -m 5 -o /dev/null -w '%{http_code}' http://";

fn s3_address() -> String {
    PublicService::S3.addresses_in(Region::DEFAULT)[0].to_string()
}

#[test]
fn only_the_public_host_reaches_s3_until_both_tables_are_associated_gwe_16() {
    // GWE-2, GWE-8, GWE-15, IGW-14, L2-16.
    let mut n = network();
    let (public_host, private_host) = (n.public_host.clone(), n.private_host.clone());
    let (text, exit) = n.lab.run(&public_host, &format!("ping -c 1 {S3}"));
    assert!(exit == 0 && text.contains("ttl=57"), "{text}");
    assert_eq!(n.lab.ping(&private_host, S3), "NO_ROUTE_TO_DESTINATION");
    let main = n.site.routes.clone();
    let private = n.private_routes.clone();
    n.endpoint("s3", &[&main, &private]);
    for host in [&public_host, &private_host] {
        let (text, exit) = n.lab.run(host, &format!("ping -c 1 {S3}"));
        assert!(exit == 0 && text.contains("ttl=57"), "{text}");
    }
    assert_eq!(
        n.lab.ping(&private_host, "198.51.100.9"),
        "NO_ROUTE_TO_DESTINATION",
        "nothing else has become reachable"
    );
}

#[test]
fn s3_of_the_region_is_six_tenths_of_a_millisecond_away_lat_4() {
    let mut n = network();
    let host = n.public_host.clone();
    let table = n.site.routes.clone();
    for through in ["the Internet gateway", "an endpoint"] {
        let (text, _) = n.lab.run(&host, &format!("ping -c 20 -i 0.2 {S3}"));
        let times: Vec<f64> =
            text.lines().filter_map(|line| line.split("time=").nth(1)?.split(' ').next()?.parse().ok()).collect();
        assert_eq!(times.len(), 20, "{text}");
        assert!(times.iter().all(|time| (0.59..=0.70).contains(time)), "by {through}: {times:?}");
        if through == "the Internet gateway" {
            n.endpoint("s3", &[&table]);
        }
    }
}

#[test]
fn a_security_group_may_let_out_to_a_prefix_list_alone_sg_28() {
    // GWE-12.
    let mut n = network();
    let (group, host) = (n.site.group.clone(), n.public_host.clone());
    let all = json!({"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]});
    n.lab.ok("RevokeSecurityGroupEgress", json!({"GroupId": group, "IpPermissions": [all]}));
    assert_eq!(n.lab.ping(&host, S3), "ENI_SG_RULES_MISMATCH");
    let list = AwsPrefixList::S3.id_in(Region::DEFAULT).to_string();
    let rule = json!({"IpProtocol": "-1", "PrefixListIds": [{"PrefixListId": list}]});
    n.lab.ok("AuthorizeSecurityGroupEgress", json!({"GroupId": group, "IpPermissions": [rule]}));
    assert_eq!(n.lab.ping(&host, S3), "pong");
    assert_eq!(n.lab.ping(&host, "198.51.100.9"), "ENI_SG_RULES_MISMATCH");
    assert_eq!(n.lab.ping(&host, "dynamodb.ap-northeast-2.amazonaws.com"), "ENI_SG_RULES_MISMATCH");
}

#[test]
fn a_customers_list_that_changes_changes_the_rules_and_routes_that_name_it_sg_28() {
    // RT-10, RT-19.
    let mut n = network();
    let (group, host) = (n.site.group.clone(), n.private_host.clone());
    let entry = json!([{"Cidr": "198.51.100.0/24"}]);
    let list = n.lab.get(
        "CreateManagedPrefixList",
        json!({"PrefixListName": "office", "AddressFamily": "IPv4", "MaxEntries": 5, "Entries": entry}),
        "/PrefixList/PrefixListId",
    );
    let host_public = n.public_host.clone();
    let all = json!({"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]});
    n.lab.ok("RevokeSecurityGroupEgress", json!({"GroupId": group, "IpPermissions": [all]}));
    let rule = json!({"IpProtocol": "-1", "PrefixListIds": [{"PrefixListId": list}]});
    n.lab.ok("AuthorizeSecurityGroupEgress", json!({"GroupId": group, "IpPermissions": [rule]}));
    assert_eq!(n.lab.ping(&host_public, "198.51.100.9"), "pong");
    assert_eq!(n.lab.ping(&host, "198.51.100.9"), "NO_ROUTE_TO_DESTINATION");
    n.lab.ok(
        "CreateRoute",
        json!({"RouteTableId": n.private_routes, "DestinationPrefixListId": list, "GatewayId": n.site.gateway}),
    );
    assert_eq!(
        n.lab.ping(&host, "198.51.100.9"),
        "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS",
        "the list's route leads there"
    );
    let change = json!({"PrefixListId": list, "CurrentVersion": 1, "RemoveEntries": entry, "AddEntries": [{"Cidr": "203.0.113.0/24"}]});
    n.lab.ok("ModifyManagedPrefixList", change);
    assert_eq!(n.lab.ping(&host_public, "198.51.100.9"), "ENI_SG_RULES_MISMATCH");
    assert_eq!(n.lab.ping(&host, "203.0.113.1"), "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS");
}

#[test]
fn a_static_route_as_long_as_a_listed_range_or_longer_beats_the_endpoint_gwe_6() {
    // RT-6, RT-7, RT-10.
    let mut n = network();
    let (host, table) = (n.private_host.clone(), n.private_routes.clone());
    n.endpoint("s3", &[&table]);
    let address = s3_address();
    let range = PublicService::S3.ranges_in(Region::DEFAULT)[1];
    let inside =
        format!("{}/24", ipnet::Ipv4Net::new(address.parse().expect("an address"), 24).expect("a length").network());
    let around = format!("{}/16", ipnet::Ipv4Net::new(range.network(), 16).expect("a length").network());
    assert_eq!(n.lab.ping(&host, &address), "pong");
    for (destination, expected) in [
        (around, "pong"),
        (range.to_string(), "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS"),
        (inside, "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS"),
    ] {
        let route = json!({"RouteTableId": table, "DestinationCidrBlock": destination, "GatewayId": n.site.gateway});
        n.lab.ok("CreateRoute", route);
        assert_eq!(n.lab.ping(&host, &address), expected, "{destination}");
        n.lab.ok("DeleteRoute", json!({"RouteTableId": table, "DestinationCidrBlock": destination}));
        assert_eq!(n.lab.ping(&host, &address), "pong");
    }
}

#[test]
fn s3_of_another_region_does_not_go_by_the_endpoint_gwe_5() {
    // GWE-1.
    let mut n = network();
    let (public_host, private_host) = (n.public_host.clone(), n.private_host.clone());
    let (main, private) = (n.site.routes.clone(), n.private_routes.clone());
    n.endpoint("s3", &[&main, &private]);
    // Tokyo's S3 is there as soon as somebody has a VPC in Tokyo.
    let caller = Caller {
        account: AccountId::DEFAULT,
        region: "ap-northeast-1".parse().expect("a Region"),
        now: SimTime::ZERO,
        origin: Origin::Step(1),
    };
    n.lab.world.call(&caller, "CreateVpc", json!({"CidrBlock": "10.9.0.0/16"})).expect("it is made");
    let tokyo = "s3.ap-northeast-1.amazonaws.com";
    assert_eq!(n.lab.ping(&private_host, tokyo), "NO_ROUTE_TO_DESTINATION");
    let (text, exit) = n.lab.run(&public_host, &format!("ping -c 1 {tokyo}"));
    assert_eq!(exit, 0, "{text}");
    let time: f64 = text.split("time=").nth(1).and_then(|rest| rest.split(' ').next()?.parse().ok()).expect("a time");
    assert!((35.0..36.0).contains(&time), "Tokyo is 35 ms away (LAT-6): {time}");
}

#[test]
fn an_endpoint_carries_tcp_and_ping_and_nothing_else_gwe_15() {
    let mut n = network();
    let (host, table) = (n.private_host.clone(), n.private_routes.clone());
    n.endpoint("s3", &[&table]);
    assert_eq!(n.lab.ping(&host, S3), "pong");
    assert_eq!(n.lab.run(&host, &format!("{STATUS}{S3}/")), ("307".to_owned(), 0));
    n.lab.drops.clear();
    n.lab.run(&host, &format!("datagram {}", s3_address()));
    n.lab.pass(SimDuration::from_secs(1));
    assert_eq!(n.lab.drops, ["VPCE_GATEWAY_PROTOCOL_RESTRICTION"]);
    n.lab.drops.clear();
    n.lab.run(&host, &format!("curl -s -m 1 http://{}:81/", s3_address()));
    assert!(n.lab.drops.is_empty(), "a closed port refuses, the endpoint does not: {:?}", n.lab.drops);
}

#[test]
fn an_address_in_the_list_where_nothing_answers_is_lost_beyond_the_endpoint_gwe_5() {
    let mut n = network();
    let (host, table) = (n.private_host.clone(), n.private_routes.clone());
    n.endpoint("s3", &[&table]);
    let range = PublicService::S3.ranges_in(Region::DEFAULT)[1];
    let nobody = std::net::Ipv4Addr::from(u32::from(range.network()) + 9);
    assert_eq!(n.lab.ping(&host, &nobody.to_string()), "INTERNET_NO_SUCH_HOST");
}

#[test]
fn two_vpcs_with_the_same_addresses_use_s3_at_once_gwe_8() {
    let mut n = network();
    let (host, table) = (n.private_host.clone(), n.private_routes.clone());
    n.endpoint("s3", &[&table]);
    let mut other = network_of(n.lab);
    let (other_host, other_table) = (other.private_host.clone(), other.private_routes.clone());
    other.endpoint("s3", &[&other_table]);
    assert_eq!(other.lab.private(&host), other.lab.private(&other_host), "the same private address in both");
    for host in [&host, &other_host] {
        assert_eq!(other.lab.run(host, &format!("{STATUS}{S3}/")), ("307".to_owned(), 0));
    }
    assert_ne!(other.private, n.private);
}

#[test]
fn what_comes_from_a_peer_does_not_get_to_the_endpoint_gwe_11() {
    // PCX-21.
    let mut n = network();
    let peer = n.lab.site("10.2.0.0/16", "10.2.1.0/24");
    let far = n.lab.instance(&peer.subnet, &peer.group, json!({}));
    n.lab.boot();
    let (main, private) = (n.site.routes.clone(), n.private_routes.clone());
    n.endpoint("s3", &[&main, &private]);
    let peering = n.lab.peer(&n.site, &peer);
    n.lab.route(&main, "10.2.0.0/16", "VpcPeeringConnectionId", &peering);
    let range = PublicService::S3.ranges_in(Region::DEFAULT)[1].to_string();
    assert_eq!(n.lab.ping(&far, &s3_address()), "pong", "by its own Internet gateway");
    n.lab.route(&peer.routes, &range, "VpcPeeringConnectionId", &peering);
    assert_eq!(n.lab.ping(&far, &s3_address()), "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR");
    let host = n.private_host.clone();
    assert_eq!(n.lab.ping(&host, &s3_address()), "pong", "the VPC's own hosts get there");
}

#[test]
fn a_policy_that_denies_is_a_403_of_the_service_and_no_lost_packet_gwe_10() {
    let mut n = network();
    let (host, public_host) = (n.private_host.clone(), n.public_host.clone());
    let table = n.private_routes.clone();
    let endpoint = n.endpoint("s3", &[&table]);
    let repository =
        "amazonlinux-2-repos-ap-northeast-2.s3.ap-northeast-2.amazonaws.com/2/core/latest/x86_64/mirror.list";
    let statuses = |n: &mut Network, host: &str| {
        [&format!("{S3}/"), repository].map(|url| n.lab.run(host, &format!("{STATUS}{url}")).0)
    };
    assert_eq!(statuses(&mut n, &host), ["307", "200"]);
    let only_photos = r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::photos/*"}]}"#;
    n.lab.ok("ModifyVpcEndpoint", json!({"VpcEndpointId": endpoint, "PolicyDocument": only_photos}));
    n.lab.drops.clear();
    assert_eq!(statuses(&mut n, &host), ["403", "403"]);
    assert_eq!(n.lab.ping(&host, S3), "pong", "ping asks for nothing that a policy knows");
    assert_eq!(statuses(&mut n, &public_host), ["307", "200"], "who goes by the Internet gateway meets no policy");
    assert!(n.lab.drops.is_empty(), "{:?}", n.lab.drops);
    n.lab.ok("ModifyVpcEndpoint", json!({"VpcEndpointId": endpoint, "ResetPolicy": true}));
    assert_eq!(statuses(&mut n, &host), ["307", "200"]);
}

#[test]
fn creating_an_endpoint_cuts_open_connections_to_the_service_gwe_9() {
    // A connection is kept open by a server that answers each request; the second request goes another way than the first.
    let mut n = network();
    let (host, main) = (n.public_host.clone(), n.site.routes.clone());
    let running = n.lab.type_on(&host, &format!("hold {}", s3_address()));
    n.lab.pass(SimDuration::from_secs(5));
    n.endpoint("s3", &[&main]);
    let limit = n.lab.world.now() + SimDuration::from_secs(60);
    let (text, _) = printed(n.lab.drain(|world| world.wait_for(running, limit)).expect("it ends"));
    assert_eq!(text, "first: answered\nsecond: Connection reset by peer\n");
}

#[test]
fn yum_needs_a_way_to_the_regions_s3_and_an_endpoint_is_enough_gwe_7() {
    let mut n = network_of(Lab::with(|config| config.packages = Packages::Mirror));
    let (host, public_host, table) = (n.private_host.clone(), n.public_host.clone(), n.private_routes.clone());
    let (text, exit) = n.lab.run(&host, "sudo yum install -y httpd");
    assert_eq!(exit, 1, "{text}");
    assert!(text.contains("Error: Unable to find a match: httpd"), "{text}");
    let notes = n.lab.world.take_notes();
    assert!(notes.iter().any(|(_, note)| note.text.contains("no way to the package mirror")), "{notes:?}");
    assert_ne!(n.lab.run(&host, "sudo systemctl start httpd").1, 0, "nothing was installed");
    assert_eq!(n.lab.run(&public_host, "sudo yum install -y httpd").1, 0, "the Internet gateway is a way");
    n.endpoint("s3", &[&table]);
    assert_eq!(n.lab.run(&host, "sudo yum install -y httpd && sudo systemctl start httpd").1, 0);

    // The way alone does not do: the service's name has to be found.
    let vpc = n.site.vpc.clone();
    n.lab.ok("ModifyVpcAttribute", json!({"VpcId": vpc, "EnableDnsSupport": {"Value": false}}));
    assert_eq!(n.lab.run(&host, "curl -s s3.ap-northeast-2.amazonaws.com").1, 6);
}
