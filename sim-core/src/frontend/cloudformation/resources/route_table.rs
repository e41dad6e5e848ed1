//! AWS::EC2::RouteTable, AWS::EC2::Route, AWS::EC2::SubnetRouteTableAssociation and
//! AWS::EC2::GatewayRouteTableAssociation.

use serde_json::Value as Json;

use super::super::schema::{Kind, TAGS, optional, required};
use super::creation::text_at;
use super::{ApiError, Attribute, Created, Creation, ResourceType, Source, id};

pub(super) static ROUTE_TABLE: ResourceType = ResourceType {
    name: "AWS::EC2::RouteTable",
    properties: &[required("VpcId", Kind::Text), optional("Tags", TAGS)],
    attributes: &[id("RouteTableId")],
    create: create_table,
};

pub(super) static ROUTE: ResourceType = ResourceType {
    name: "AWS::EC2::Route",
    properties: &[
        required("RouteTableId", Kind::Text),
        optional("DestinationCidrBlock", Kind::Text),
        optional("DestinationIpv6CidrBlock", Kind::Text),
        optional("DestinationPrefixListId", Kind::Text),
        optional("CarrierGatewayId", Kind::Text),
        optional("CoreNetworkArn", Kind::Text),
        optional("EgressOnlyInternetGatewayId", Kind::Text),
        optional("GatewayId", Kind::Text),
        optional("InstanceId", Kind::Text),
        optional("LocalGatewayId", Kind::Text),
        optional("NatGatewayId", Kind::Text),
        optional("NetworkInterfaceId", Kind::Text),
        optional("TransitGatewayId", Kind::Text),
        optional("VpcEndpointId", Kind::Text),
        optional("VpcPeeringConnectionId", Kind::Text),
    ],
    attributes: &[Attribute { name: "CidrBlock", source: Source::IdPart(1) }],
    create: create_route,
};

pub(super) static SUBNET_ROUTE_TABLE_ASSOCIATION: ResourceType = ResourceType {
    name: "AWS::EC2::SubnetRouteTableAssociation",
    properties: &[required("RouteTableId", Kind::Text), required("SubnetId", Kind::Text)],
    attributes: &[id("Id")],
    create: associate,
};

pub(super) static GATEWAY_ROUTE_TABLE_ASSOCIATION: ResourceType = ResourceType {
    name: "AWS::EC2::GatewayRouteTableAssociation",
    properties: &[required("RouteTableId", Kind::Text), required("GatewayId", Kind::Text)],
    attributes: &[id("AssociationId")],
    create: associate_gateway,
};

fn create_table(creation: &mut Creation<'_>) -> Result<Created, ApiError> {
    let mut request = creation.pick(&["VpcId"]);
    request.insert("TagSpecifications".to_owned(), creation.tag_specifications("route-table"));
    let answer = creation.call("CreateRouteTable", Json::Object(request))?;
    Ok(Created::new(text_at(&answer, "/RouteTable/RouteTableId")?))
}

fn create_route(creation: &mut Creation<'_>) -> Result<Created, ApiError> {
    let destinations = ["DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId"];
    let destination = destinations.iter().find_map(|name| creation.text(name)).unwrap_or_default();
    let table = creation.text("RouteTableId").unwrap_or_default();
    let physical_id = format!("{table}|{destination}");
    let request = creation.all();
    creation.call("CreateRoute", Json::Object(request))?;
    Ok(Created::new(physical_id))
}

fn associate_gateway(creation: &mut Creation<'_>) -> Result<Created, ApiError> {
    let gateway = creation.text("GatewayId").unwrap_or_default().to_owned();
    let request = creation.pick(&["RouteTableId", "GatewayId"]);
    let answer = creation.call("AssociateRouteTable", Json::Object(request))?;
    let association = text_at(&answer, "/AssociationId")?;
    Ok(Created { physical_id: gateway.into(), id: Some(association.into()) })
}

fn associate(creation: &mut Creation<'_>) -> Result<Created, ApiError> {
    let request = creation.pick(&["RouteTableId", "SubnetId"]);
    let answer = creation.call("AssociateRouteTable", Json::Object(request))?;
    Ok(Created::new(text_at(&answer, "/AssociationId")?))
}
