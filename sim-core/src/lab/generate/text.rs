//! The texts: a template in JSON with one resource a line, since large layouts have many that are alike, and a scenario.
//!
//! Logical ids: `V3` is a VPC, `V3Subnet`, `V3Routes` and `V3Group` are its own, `V3I7` is an instance of it, `P3to5` a peering
//! connection, `V3to5` the route through it.

use std::fmt::{self, Display, Write};

use super::Layout;
use super::blocks::Blocks;
use super::flows::{Flows, Host, Lost, Stray};
use super::shape::{Peerings, Shape};
use crate::cloud::{Quota, Quotas};

/// How long the scenario waits for its flows: longer than any of them takes.
const FLOWS_TAKE: &str = "30s";

/// What serves the pages of a server, and is on every Amazon Linux.
const WEB_SERVER: &str =
    r"#!/bin/bash\nmkdir -p /srv/www && cd /srv/www\necho hello > index.html\npython3 -m http.server 80 &\n";

/// The template, and how many resources it declares.
pub(super) fn template(layout: &Layout, blocks: &Blocks, peerings: &Peerings, flows: &Flows) -> (String, usize) {
    let mut resources = Resources { text: String::new(), count: 0 };
    let _ = write_resources(&mut resources, layout, blocks, peerings, flows);
    let Resources { text: resources, count } = resources;
    let server = match flows.servers.is_empty() {
        true => String::new(),
        false => format!(",\n    \"WebServer\": {{\"Type\": \"String\", \"Default\": \"{WEB_SERVER}\"}}"),
    };
    let description = description(layout);
    let text = format!(
        r#"{{
  "AWSTemplateFormatVersion": "2010-09-09",
  "Description": "{description}",
  "Metadata": {{"MadeBy": "{layout}"}},
  "Parameters": {{
    "Ami": {{
      "Type": "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>",
      "Default": "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
    }}{server}
  }},
  "Resources": {{{resources}
  }}
}}
"#
    );
    (text, count)
}

/// What stands between the braces of `Resources`.
struct Resources {
    text: String,
    count: usize,
}

impl Resources {
    /// Writes a resource; the properties are without their braces.
    fn declare(&mut self, logical_id: impl Display, noun: &str, properties: fmt::Arguments<'_>) -> fmt::Result {
        let separator = if self.count == 0 { "" } else { "," };
        self.count += 1;
        write!(
            self.text,
            "{separator}\n    \"{logical_id}\": {{\"Type\": \"AWS::EC2::{noun}\", \"Properties\": {{{properties}}}}}"
        )
    }

    /// A route of one VPC to the block of another, through the peering connection with `via`.
    fn route(&mut self, from: u32, to: u32, via: u32, blocks: &Blocks) -> fmt::Result {
        let (f, t, block) = (from + 1, to + 1, blocks.vpc(to));
        let table = Ref(format_args!("V{f}Routes"));
        let peering = Ref(peering(from, via));
        self.declare(
            format_args!("V{f}to{t}"),
            "Route",
            format_args!(
                r#""RouteTableId": {table}, "DestinationCidrBlock": "{block}", "VpcPeeringConnectionId": {peering}"#
            ),
        )
    }
}

/// A reference to a logical id.
struct Ref<T>(T);

impl<T: Display> Display for Ref<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, r#"{{"Ref": "{}"}}"#, self.0)
    }
}

fn write_resources(
    resources: &mut Resources,
    layout: &Layout,
    blocks: &Blocks,
    peerings: &Peerings,
    flows: &Flows,
) -> fmt::Result {
    let rules = ingress_rules(blocks);
    for vpc in 0..layout.vpcs {
        let (v, block, subnet) = (vpc + 1, blocks.vpc(vpc), blocks.subnet(vpc));
        let (vpc_ref, subnet_ref) = (Ref(format!("V{v}")), Ref(format!("V{v}Subnet")));
        let (routes_ref, group_ref) = (Ref(format!("V{v}Routes")), Ref(format!("V{v}Group")));
        // Every Region has at least two zones.
        let zone = vpc % 2;
        resources.declare(format_args!("V{v}"), "VPC", format_args!(r#""CidrBlock": "{block}""#))?;
        resources.declare(
            format_args!("V{v}Subnet"),
            "Subnet",
            format_args!(
                r#""VpcId": {vpc_ref}, "CidrBlock": "{subnet}", "AvailabilityZone": {{"Fn::Select": [{zone}, {{"Fn::GetAZs": ""}}]}}"#
            ),
        )?;
        resources.declare(format_args!("V{v}Routes"), "RouteTable", format_args!(r#""VpcId": {vpc_ref}"#))?;
        resources.declare(
            format_args!("V{v}Association"),
            "SubnetRouteTableAssociation",
            format_args!(r#""SubnetId": {subnet_ref}, "RouteTableId": {routes_ref}"#),
        )?;
        resources.declare(
            format_args!("V{v}Group"),
            "SecurityGroup",
            format_args!(
                r#""GroupDescription": "ping and the web from our own networks", "VpcId": {vpc_ref}, "SecurityGroupIngress": [{rules}]"#
            ),
        )?;
        for number in 0..layout.instances {
            let host = Host { vpc, number };
            let server = match flows.servers.contains(&host) {
                true => r#", "UserData": {"Fn::Base64": {"Ref": "WebServer"}}"#,
                false => "",
            };
            resources.declare(
                host,
                "Instance",
                format_args!(
                    r#""ImageId": {{"Ref": "Ami"}}, "SubnetId": {subnet_ref}, "SecurityGroupIds": [{group_ref}]{server}"#
                ),
            )?;
        }
    }
    for &(one, other) in &peerings.pairs {
        let (own, peer) = (Ref(format!("V{}", one + 1)), Ref(format!("V{}", other + 1)));
        resources.declare(
            peering(one, other),
            "VPCPeeringConnection",
            format_args!(r#""VpcId": {own}, "PeerVpcId": {peer}"#),
        )?;
        resources.route(one, other, other, blocks)?;
        resources.route(other, one, one, blocks)?;
    }
    for stray in flows.strays.iter().filter(|stray| stray.lost == Lost::NoTransit) {
        resources.route(stray.from.vpc, stray.to.vpc, stray.via, blocks)?;
    }
    Ok(())
}

/// The logical id of the peering connection of two VPCs.
fn peering(one: u32, other: u32) -> String {
    format!("P{}to{}", one.min(other) + 1, one.max(other) + 1)
}

/// The ingress rules of every group: what the flows need, from the ranges that all VPCs are cut from.
fn ingress_rules(blocks: &Blocks) -> String {
    let rules = blocks.ranges().iter().map(|range| {
        format!(
            r#"{{"IpProtocol": "icmp", "FromPort": -1, "ToPort": -1, "CidrIp": "{range}"}}, {{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "CidrIp": "{range}"}}"#
        )
    });
    rules.collect::<Vec<_>>().join(", ")
}

/// The scenario.
pub(super) fn scenario(layout: &Layout, peerings: &Peerings, flows: &Flows) -> String {
    let mut text = String::new();
    let _ = write_scenario(&mut text, layout, peerings, flows);
    text
}

fn write_scenario(text: &mut String, layout: &Layout, peerings: &Peerings, flows: &Flows) -> fmt::Result {
    writeln!(text, "# Made by `{layout}`.")?;
    writeln!(text, "name: {}", layout.name())?;
    writeln!(text, "description: {}", description(layout))?;
    writeln!(text, "template: template.json")?;
    // The VPCs have no way to the package mirror: what the web servers install is there already.
    writeln!(text, "settings:\n  seed: {}\n  packages: preinstalled", layout.seed)?;
    let quotas: Vec<String> = quotas(layout, peerings, flows)
        .into_iter()
        .filter(|(quota, needed)| *needed > u64::from(Quotas::default().get(*quota)))
        .map(|(quota, needed)| format!("    {}: {needed}\n", quota.name()))
        .collect();
    if !quotas.is_empty() {
        write!(text, "  quotas:\n{}", quotas.concat())?;
    }
    writeln!(text, "steps:")?;
    writeln!(text, "  - name: every VPC is there")?;
    writeln!(text, "    run: aws ec2 describe-vpcs --query 'length(Vpcs)'")?;
    writeln!(text, "    expect: {{stdout: {{equals: \"{}\"}}}}", layout.vpcs)?;
    for stray in &flows.strays {
        write_stray(text, stray)?;
    }
    for flow in &flows.flows {
        let command = flow.kind.command(&address(flow.to));
        writeln!(
            text,
            "  - {{on: {}, run: \"{command}\", background: true, expect: {{stdout: {}}}}}",
            flow.from,
            flow.kind.output()
        )?;
    }
    if !flows.flows.is_empty() {
        writeln!(text, "  - wait: {FLOWS_TAKE} # and what ran in the background is judged")?;
    }
    Ok(())
}

/// Peering is not transitive: two VPCs that are peered with a third cannot reach each other through it.
fn write_stray(text: &mut String, stray: &Stray) -> fmt::Result {
    let Stray { from, via, to, lost } = *stray;
    let v = from.vpc + 1;
    let (reason, by) = match lost {
        Lost::NoRoute => ("NO_ROUTE_TO_DESTINATION", format!("V{v}Routes")),
        Lost::NoTransit => ("PCX_REQUIRES_ADDRESS_IN_VPC_CIDR", peering(from.vpc, via)),
    };
    writeln!(text, "  - name: V{v} does not reach V{} through V{}", to.vpc + 1, via + 1)?;
    writeln!(text, "    on: {from}")?;
    writeln!(text, "    run: ping -c 1 {}", address(to))?;
    writeln!(text, "    expect: {{exit: 1, dropped: {{reason: {reason}, by: {by}}}}}")
}

/// What stands for the address of an instance in a command.
fn address(host: Host) -> String {
    format!("${{{host}.PrivateIp}}")
}

fn description(layout: &Layout) -> String {
    let Layout { vpcs, instances, shape, .. } = layout;
    let s = |count: u32| if count == 1 { "" } else { "s" };
    let (vpc_s, instance_s) = (s(*vpcs), s(*instances));
    let graph = if *shape == Shape::Random { "random graph".to_owned() } else { shape.to_string() };
    format!("{vpcs} VPC{vpc_s} of {instances} instance{instance_s}, peered as a {graph}")
}

/// How much of each quota the layout needs.
fn quotas(layout: &Layout, peerings: &Peerings, flows: &Flows) -> Vec<(Quota, u64)> {
    let vpcs = u64::from(layout.vpcs);
    // The local route, one to each peer, and those of strays.
    let routes = 1 + peerings.most() + flows.strays.len();
    vec![
        (Quota::VpcsPerRegion, vpcs),
        // Every VPC has a default group besides its own.
        (Quota::SecurityGroupsPerRegion, 2 * vpcs),
        (Quota::InterfacesPerRegion, vpcs * u64::from(layout.instances)),
        (Quota::RoutesPerRouteTable, routes as u64),
        (Quota::PeeringsPerVpc, peerings.most() as u64),
    ]
}
