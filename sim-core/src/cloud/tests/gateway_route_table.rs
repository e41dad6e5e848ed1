//! Gateway route tables as the API knows them (EDGE-1 to EDGE-4).

use super::*;

/// A VPC with an Internet gateway, a subnet, a route table of nobody's and an interface.
struct Edge {
    b: Bench,
    vpc: String,
    gateway: String,
    table: String,
    interface: String,
}

fn edge() -> Edge {
    let mut b = Bench::new();
    let vpc = b.vpc("10.0.0.0/16");
    let gateway = b.attached_igw(&vpc);
    let subnet = b.subnet(&vpc, "10.0.1.0/24");
    let table = b.get("CreateRouteTable", json!({"VpcId": vpc}), "/RouteTable/RouteTableId");
    let interface =
        b.get("CreateNetworkInterface", json!({"SubnetId": subnet}), "/NetworkInterface/NetworkInterfaceId");
    Edge { b, vpc, gateway, table, interface }
}

impl Edge {
    fn associate(&mut self) -> &'static str {
        self.b.code("AssociateRouteTable", json!({"RouteTableId": self.table, "GatewayId": self.gateway}))
    }

    fn route(&mut self, destination: &str, target: &str, id: &str) -> &'static str {
        let request = json!({"RouteTableId": self.table, "DestinationCidrBlock": destination, target: id});
        self.b.code("CreateRoute", request)
    }
}

#[test]
fn a_table_is_associated_with_an_internet_gateway_and_freed_again_edge_1() {
    let mut it = edge();
    let request = json!({"RouteTableId": it.table, "GatewayId": it.gateway});
    let association = it.b.get("AssociateRouteTable", request, "/AssociationId");
    let shown = it.b.ok("DescribeRouteTables", json!({"RouteTableIds": [it.table]}))["RouteTables"][0].take();
    assert_eq!(shown["Associations"][0]["GatewayId"], json!(it.gateway));
    assert_eq!(shown["Associations"][0]["Main"], json!(false));
    assert_eq!(it.b.code("DeleteRouteTable", json!({"RouteTableId": it.table})), "DependencyViolation");
    let other = it.b.get("CreateRouteTable", json!({"VpcId": it.vpc}), "/RouteTable/RouteTableId");
    let request = json!({"RouteTableId": other, "GatewayId": it.gateway});
    assert_eq!(it.b.code("AssociateRouteTable", request), "Resource.AlreadyAssociated");
    assert_eq!(it.b.code("DisassociateRouteTable", json!({"AssociationId": association})), "ok");
    assert_eq!(it.b.code("DeleteRouteTable", json!({"RouteTableId": it.table})), "ok");
}

#[test]
fn its_routes_lead_to_interfaces_for_the_vpcs_own_addresses_edge_2_edge_3() {
    let mut it = edge();
    assert_eq!(it.associate(), "ok");
    let (interface, gateway) = (it.interface.clone(), it.gateway.clone());
    assert_eq!(it.route("10.0.1.0/24", "NetworkInterfaceId", &interface), "ok");
    assert_eq!(
        it.route("10.0.1.0/25", "NetworkInterfaceId", &interface),
        "InvalidParameterValue",
        "not a whole subnet"
    );
    assert_eq!(it.route("0.0.0.0/0", "NetworkInterfaceId", &interface), "InvalidParameterValue");
    assert_eq!(it.route("10.0.0.0/8", "NetworkInterfaceId", &interface), "InvalidParameterValue", "wider");
    assert_eq!(it.route("0.0.0.0/0", "GatewayId", &gateway), "InvalidParameterValue");
    let endpoint =
        json!({"VpcId": it.vpc, "ServiceName": "com.amazonaws.ap-northeast-2.s3", "RouteTableIds": [it.table]});
    assert_eq!(it.b.code("CreateVpcEndpoint", endpoint), "InvalidParameterValue", "a prefix list");
    let local =
        json!({"RouteTableId": it.table, "DestinationCidrBlock": "10.0.0.0/16", "NetworkInterfaceId": interface});
    assert_eq!(it.b.code("ReplaceRoute", local), "ok", "the whole VPC, by the local route");
}

#[test]
fn a_table_with_other_routes_and_the_main_table_are_refused_edge_4() {
    let mut it = edge();
    let gateway = it.gateway.clone();
    assert_eq!(it.route("0.0.0.0/0", "GatewayId", &gateway), "ok");
    assert_eq!(it.associate(), "InvalidParameterValue");
    let tables = it.b.ok(
        "DescribeRouteTables",
        json!({"Filters": [{"Name": "association.main", "Values": ["true"]},
        {"Name": "vpc-id", "Values": [it.vpc]}]}),
    );
    let main = text(&tables, "/RouteTables/0/RouteTableId");
    let request = json!({"RouteTableId": main, "GatewayId": it.gateway});
    assert_eq!(it.b.code("AssociateRouteTable", request), "InvalidParameterValue");
    let fresh = it.b.get("CreateRouteTable", json!({"VpcId": it.vpc}), "/RouteTable/RouteTableId");
    let request = json!({"RouteTableId": fresh, "GatewayId": it.gateway});
    assert_eq!(it.b.code("AssociateRouteTable", request), "ok");
    let association = text(&tables, "/RouteTables/0/Associations/0/RouteTableAssociationId");
    let request = json!({"AssociationId": association, "RouteTableId": fresh});
    assert_eq!(it.b.code("ReplaceRouteTableAssociation", request), "InvalidParameterValue");
}
