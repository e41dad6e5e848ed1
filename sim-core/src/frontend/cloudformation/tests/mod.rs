//! Tests of the whole room, in the user's words: a template in, diagnostics or requests out.
//!
//! The control plane is a recorder that hands out ids and believes everything, except what a test tells it to refuse.

mod broken;
mod deployed;
mod exports;
mod functions;
mod gateways;

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::{Exports, GivenParameter, Stack, StackConfig, Template, deploy};
use crate::cloud::{ApiError, RunInstances};
use crate::engine::SimDuration;
use crate::frontend::Api;
use crate::frontend::diagnostic::{Colour, Diagnostic, Sources};
use crate::id::{AccountId, Origin, Region};

const AMI_PARAMETER: &str = "/aws/service/ami-amazon-linux-latest/amzn2-ami-hvm-x86_64-gp2";

/// Records requests as lines of text and answers with the least that EC2 would.
#[derive(Default)]
struct Recorder {
    lines: Vec<String>,
    given: BTreeMap<&'static str, u32>,
    /// Operation, a text its parameters contain, and the refusal.
    refusals: Vec<(&'static str, &'static str, ApiError)>,
    tags: Vec<Json>,
}

impl Recorder {
    fn id(&mut self, prefix: &'static str) -> String {
        let count = self.given.entry(prefix).or_default();
        *count += 1;
        format!("{prefix}-{count}")
    }
}

impl Api for Recorder {
    fn call(
        &mut self,
        account: AccountId,
        region: Region,
        origin: Origin,
        operation: &str,
        mut parameters: Json,
    ) -> Result<Json, ApiError> {
        let written = parameters.to_string();
        let refusal = self.refusals.iter().find(|(name, text, _)| *name == operation && written.contains(text));
        if let Some((.., error)) = refusal {
            return Err(error.clone());
        }
        if let Some(specifications) = parameters.as_object_mut().and_then(|all| all.remove("TagSpecifications")) {
            self.tags.push(specifications);
        }
        if !operation.starts_with("Describe") {
            let line = match origin {
                Origin::Template { line, .. } => line,
                other => panic!("{operation} came from {other:?}"),
            };
            let whose = match (account == AccountId::DEFAULT, region == Region::DEFAULT) {
                (true, true) => String::new(),
                _ => format!("{account} {region} "),
            };
            self.lines.push(format!("{line:>3} {whose}{operation} {parameters}"));
        }
        let answer = match operation {
            "CreateVpc" => json!({ "Vpc": { "VpcId": self.id("vpc") } }),
            "CreateSubnet" => json!({ "Subnet": { "SubnetId": self.id("subnet") } }),
            "CreateInternetGateway" => json!({ "InternetGateway": { "InternetGatewayId": self.id("igw") } }),
            "CreateRouteTable" => json!({ "RouteTable": { "RouteTableId": self.id("rtb") } }),
            "AssociateRouteTable" => json!({ "AssociationId": self.id("rtbassoc") }),
            "CreateSecurityGroup" => json!({ "GroupId": self.id("sg") }),
            // A group comes with a rule for IPv6 where its VPC has a block.
            "DescribeSecurityGroups" if self.lines.iter().any(|line| line.contains("vpc-dual")) => {
                let open = json!({ "IpProtocol": "-1", "Ipv6Ranges": [{ "CidrIpv6": "::/0" }] });
                json!({ "SecurityGroups": [{ "IpPermissionsEgress": [open] }] })
            }
            "AuthorizeSecurityGroupIngress" | "AuthorizeSecurityGroupEgress" => {
                json!({ "SecurityGroupRules": [{ "SecurityGroupRuleId": self.id("sgr") }] })
            }
            "RunInstances" => json!({ "Instances": [{ "InstanceId": self.id("i") }] }),
            "AllocateAddress" => json!({ "AllocationId": self.id("eipalloc"), "PublicIp": "198.51.100.7" }),
            "AssociateAddress" => json!({ "AssociationId": self.id("eipassoc") }),
            "CreateNetworkInterface" => json!({ "NetworkInterface": { "NetworkInterfaceId": self.id("eni") } }),
            "AttachNetworkInterface" => json!({ "AttachmentId": self.id("eni-attach") }),
            "CreateVpcPeeringConnection" => {
                json!({ "VpcPeeringConnection": { "VpcPeeringConnectionId": self.id("pcx") } })
            }
            "CreateVpcEndpoint" => json!({ "VpcEndpoint": { "VpcEndpointId": self.id("vpce") } }),
            "CreateManagedPrefixList" => json!({ "PrefixList": { "PrefixListId": self.id("pl") } }),
            "CreateNetworkAcl" => json!({ "NetworkAcl": { "NetworkAclId": self.id("acl") } }),
            "ReplaceNetworkAclAssociation" => json!({ "NewAssociationId": self.id("aclassoc") }),
            "AssociateVpcCidrBlock" => {
                json!({ "CidrBlockAssociation": { "AssociationId": self.id("vpc-cidr-assoc") } })
            }
            "AssociateSubnetCidrBlock" => {
                json!({ "Ipv6CidrBlockAssociation": { "AssociationId": self.id("subnet-cidr-assoc") } })
            }
            "CreateEgressOnlyInternetGateway" => {
                json!({ "EgressOnlyInternetGateway": { "EgressOnlyInternetGatewayId": self.id("eigw") } })
            }
            "CreateFlowLogs" => json!({ "FlowLogIds": [self.id("fl")] }),
            "CreateNatGateway" => json!({ "NatGateway": { "NatGatewayId": self.id("nat") } }),
            // Pending when one looks for the first time.
            "DescribeNatGateways" => {
                let state = if self.id("look") == "look-1" { "pending" } else { "available" };
                json!({ "NatGateways": [{ "State": state,
                    "NatGatewayAddresses": [{ "NetworkInterfaceId": "eni-9" }] }] })
            }
            "DescribeInstances" => json!({ "Reservations": [{ "Instances": [{
                "PrivateIpAddress": "10.0.0.10", "PublicIpAddress": "198.51.100.20" }] }] }),
            "DescribeVpcs" => json!({ "Vpcs": [{
                "CidrBlock": "10.0.0.0/16",
                "Ipv6CidrBlockAssociationSet": [{ "Ipv6CidrBlock": "2001:db8::/56" }],
            }] }),
            "DescribeNetworkInterfaces" => json!({ "NetworkInterfaces": [{ "PrivateIpAddresses": [
                { "PrivateIpAddress": "10.0.0.4" }, { "PrivateIpAddress": "10.0.0.5" }, { "PrivateIpAddress": "10.0.0.6" },
            ] }] }),
            "DescribeVpcPeeringConnections" => {
                json!({ "VpcPeeringConnections": [{ "Status": { "Code": "pending-acceptance" } }] })
            }
            "DescribeNetworkAcls" => json!({ "NetworkAcls": [{
                "Associations": [
                    { "SubnetId": "subnet-9", "NetworkAclAssociationId": "aclassoc-9" },
                    { "SubnetId": "subnet-1", "NetworkAclAssociationId": "aclassoc-0" },
                ],
            }] }),
            _ => json!({}),
        };
        Ok(answer)
    }

    fn launch(
        &mut self,
        account: AccountId,
        region: Region,
        origin: Origin,
        request: RunInstances,
    ) -> Result<String, ApiError> {
        let answer = self.call(account, region, origin, "RunInstances", written(&request))?;
        Ok(answer["Instances"][0]["InstanceId"].as_str().expect("the recorder says so").to_owned())
    }

    fn settle(&mut self) {
        self.lines.push("    settle".to_owned());
    }

    fn wait(&mut self, time: SimDuration) {
        self.lines.push(format!("    wait {} s", time.as_secs()));
    }
}

/// A launch under AWS's member names, as far as the tests ask for it.
fn written(request: &RunInstances) -> Json {
    let interfaces = request.network_interfaces.iter().map(|interface| {
        given(json!({
            "DeviceIndex": interface.device_index,
            "AssociatePublicIpAddress": interface.associate_public_ip_address,
            "Groups": interface.groups,
            "PrivateIpAddress": interface.private_ip_address,
            "SubnetId": interface.subnet_id,
        }))
    });
    let tags = request.tag_specifications.iter().map(|specification| {
        let tags = specification.tags.iter().map(|tag| json!({ "Key": tag.key, "Value": tag.value }));
        json!({ "ResourceType": specification.resource_type, "Tags": tags.collect::<Vec<_>>() })
    });
    let names = request.private_dns_name_options.as_ref().map(|names| {
        given(json!({
            "HostnameType": names.hostname_type,
            "EnableResourceNameDnsARecord": names.a_record,
            "EnableResourceNameDnsAAAARecord": names.aaaa_record,
        }))
    });
    given(json!({
        "ImageId": request.image_id,
        "InstanceType": request.instance_type,
        "KeyName": request.key_name,
        "MinCount": request.min_count,
        "MaxCount": request.max_count,
        "SubnetId": request.subnet_id,
        "UserData": request.user_data,
        "NetworkInterfaces": interfaces.collect::<Vec<_>>(),
        "TagSpecifications": tags.collect::<Vec<_>>(),
        "PrivateDnsNameOptions": names,
    }))
}

/// The members that say something.
fn given(mut object: Json) -> Json {
    let members = object.as_object_mut().expect("a request is an object");
    members.retain(|_, value| !value.is_null() && value.as_array().is_none_or(|items| !items.is_empty()));
    object
}

fn config(parameters: &[(&str, &str)]) -> StackConfig {
    StackConfig {
        name: "lab".to_owned(),
        region: Region::DEFAULT,
        account: AccountId::DEFAULT,
        parameters: parameters
            .iter()
            .map(|(name, value)| GivenParameter {
                name: (*name).to_owned(),
                value: (*value).to_owned(),
                name_span: None,
                value_span: None,
            })
            .collect(),
        ssm: |_, name| (name == AMI_PARAMETER).then(|| "ami-0123".to_owned()),
    }
}

fn rendered(sources: &Sources, problems: &[Diagnostic]) -> String {
    problems.iter().map(|problem| problem.render(sources, Colour::Never)).collect::<Vec<_>>().join("\n\n")
}

/// Each problem as its first line with the place: `error[VPC021] 3:9 no resource named …`, then the help.
fn summary(sources: &Sources, problems: &[Diagnostic]) -> String {
    let lines = problems.iter().map(|problem| {
        let shown = problem.render(sources, Colour::Never);
        let (code, message) =
            shown.lines().next().and_then(|first| first.split_once(": ")).expect("a title has a code and a message");
        let place = problem.span.map_or("-".to_owned(), |span| {
            let (line, column) = sources.line_column(span);
            format!("{line}:{column}")
        });
        let help = problem.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
        format!("{code} {place} {message}{help}")
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// What `vpcsim check` would say about a template.
fn check(text: &str) -> String {
    let mut sources = Sources::default();
    let file = sources.add("template.yaml", text);
    let (_, problems) = Template::parse(&sources, file);
    summary(&sources, &problems)
}

/// Deploys a template that has no errors of its own.
fn deployed(text: &str, parameters: &[(&str, &str)], recorder: &mut Recorder) -> (Stack, String) {
    let mut sources = Sources::default();
    let file = sources.add("template.yaml", text);
    let (template, problems) = Template::parse(&sources, file);
    let template = template.unwrap_or_else(|| panic!("{}", rendered(&sources, &problems)));
    let (stack, problems) = deploy(&sources, template, &config(parameters), &mut Exports::default(), recorder);
    (stack, summary(&sources, &problems))
}
