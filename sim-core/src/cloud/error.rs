//! A refused request: the code and sentence EC2 answers with, and the literal table of id codes.
//!
//! EC2 spells its id codes without a pattern (`InvalidVpcID.NotFound`, `InvalidRouteTableId.Malformed`,
//! `InvalidGroup.NotFound`), so every one is written out here and nowhere else. Where AWS documents a code but no sentence,
//! the sentence is ours; tests and scenarios match on the code.

use std::fmt;

use crate::id::ResourceKind;

/// An AWS error: a code from EC2's list and a message shaped like EC2's.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct ApiError {
    /// The code, as in `InvalidVpcID.NotFound`.
    pub code: &'static str,
    /// The sentence.
    pub message: String,
}

impl ApiError {
    /// An error with this code and message.
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> ApiError {
        ApiError { code, message: message.into() }
    }

    /// The text has not the shape of this kind's ids.
    pub(crate) fn malformed(kind: ResourceKind, text: &str) -> ApiError {
        ApiError::new(id_codes(kind).malformed, format!("Invalid id: \"{text}\" (expecting \"{}-...\")", kind.prefix()))
    }

    /// The caller sees no such thing.
    pub(crate) fn not_found(kind: ResourceKind, id: impl fmt::Display) -> ApiError {
        let codes = id_codes(kind);
        ApiError::new(codes.not_found, codes.sentence.replace("{}", &id.to_string()))
    }

    /// A parameter's value is not acceptable.
    pub(crate) fn invalid_value(message: impl Into<String>) -> ApiError {
        ApiError::new("InvalidParameterValue", message)
    }

    /// A required parameter, by its name in the EC2 wire protocol (`vpcId`), is not there.
    pub(crate) fn missing(parameter: &str) -> ApiError {
        ApiError::new("MissingParameter", format!("The request must contain the parameter {parameter}"))
    }

    /// Something else still depends on the thing to be deleted (DEL-1).
    pub(crate) fn dependency(noun: &str, id: impl fmt::Display) -> ApiError {
        ApiError::new("DependencyViolation", format!("The {noun} '{id}' has dependencies and cannot be deleted."))
    }

    /// AWS has this, vpcsim does not.
    pub(crate) fn not_simulated(what: &str) -> ApiError {
        ApiError::new("UnsupportedOperation", format!("{what} is not simulated by vpcsim."))
    }
}

/// What a `DryRun` request answers once everything has been checked; EC2 makes it an error.
pub(crate) fn permit(dry_run: bool) -> Result<(), ApiError> {
    if dry_run {
        return Err(ApiError::new("DryRunOperation", "Request would have succeeded, but DryRun flag is set."));
    }
    Ok(())
}

/// How EC2 refuses an id of one kind.
struct IdCodes {
    malformed: &'static str,
    not_found: &'static str,
    /// With `{}` where the id goes.
    sentence: &'static str,
}

fn id_codes(kind: ResourceKind) -> IdCodes {
    let (malformed, not_found, sentence) = match kind {
        ResourceKind::Vpc => ("InvalidVpcID.Malformed", "InvalidVpcID.NotFound", "The vpc ID '{}' does not exist"),
        ResourceKind::VpcCidrAssociation => (
            "InvalidVpcCidrBlockAssociationID.Malformed",
            "InvalidVpcCidrBlockAssociationID.NotFound",
            "The vpc CIDR block association ID '{}' does not exist",
        ),
        ResourceKind::Subnet => {
            ("InvalidSubnetId.Malformed", "InvalidSubnetID.NotFound", "The subnet ID '{}' does not exist")
        }
        ResourceKind::RouteTable => {
            ("InvalidRouteTableId.Malformed", "InvalidRouteTableID.NotFound", "The routeTable ID '{}' does not exist")
        }
        ResourceKind::RouteTableAssociation | ResourceKind::NetworkAclAssociation | ResourceKind::Association => (
            "InvalidAssociationID.Malformed",
            "InvalidAssociationID.NotFound",
            "The association ID '{}' does not exist",
        ),
        ResourceKind::InternetGateway => (
            "InvalidInternetGatewayId.Malformed",
            "InvalidInternetGatewayID.NotFound",
            "The internetGateway ID '{}' does not exist",
        ),
        ResourceKind::VpcPeeringConnection => (
            "InvalidVpcPeeringConnectionId.Malformed",
            "InvalidVpcPeeringConnectionID.NotFound",
            "The vpcPeeringConnection ID '{}' does not exist",
        ),
        ResourceKind::SecurityGroup => {
            ("InvalidGroupId.Malformed", "InvalidGroup.NotFound", "The security group '{}' does not exist")
        }
        ResourceKind::SecurityGroupRule => (
            "InvalidSecurityGroupRuleId.Malformed",
            "InvalidSecurityGroupRuleId.NotFound",
            "The security group rule ID '{}' does not exist",
        ),
        ResourceKind::NetworkAcl => {
            ("InvalidNetworkAclId.Malformed", "InvalidNetworkAclID.NotFound", "The networkAcl ID '{}' does not exist")
        }
        ResourceKind::NetworkInterface => (
            "InvalidNetworkInterfaceId.Malformed",
            "InvalidNetworkInterfaceID.NotFound",
            "The networkInterface ID '{}' does not exist",
        ),
        ResourceKind::Instance => {
            ("InvalidInstanceID.Malformed", "InvalidInstanceID.NotFound", "The instance ID '{}' does not exist")
        }
        ResourceKind::Image => {
            ("InvalidAMIID.Malformed", "InvalidAMIID.NotFound", "The image id '[{}]' does not exist")
        }
        ResourceKind::KeyPair => {
            ("InvalidKeyPair.Format", "InvalidKeyPair.NotFound", "The key pair '{}' does not exist")
        }
        ResourceKind::Allocation => {
            ("InvalidElasticIpID.Malformed", "InvalidAllocationID.NotFound", "The allocation ID '{}' does not exist")
        }
        ResourceKind::NatGateway => ("NatGatewayMalformed", "NatGatewayNotFound", "The Nat Gateway {} was not found"),
        ResourceKind::EgressOnlyInternetGateway => (
            "InvalidEgressOnlyInternetGatewayId.Malformed",
            "InvalidEgressOnlyInternetGatewayId.NotFound",
            "The egressOnlyInternetGateway ID '{}' does not exist",
        ),
        ResourceKind::TransitGateway => (
            "InvalidTransitGatewayID.Malformed",
            "InvalidTransitGatewayID.NotFound",
            "The transitGateway ID '{}' does not exist",
        ),
        ResourceKind::VpcEndpoint => (
            "InvalidVpcEndpointId.Malformed",
            "InvalidVpcEndpointId.NotFound",
            "The VpcEndPoint ID '{}' does not exist",
        ),
        ResourceKind::VpnGateway => {
            ("InvalidGatewayID.Malformed", "InvalidGatewayID.NotFound", "The gateway ID '{}' does not exist")
        }
        ResourceKind::PrefixList => {
            ("InvalidPrefixListID.Malformed", "InvalidPrefixListID.NotFound", "The prefix list ID '{}' does not exist")
        }
        ResourceKind::DhcpOptions => {
            ("InvalidDhcpOptionsId.Malformed", "InvalidDhcpOptionID.NotFound", "The dhcpOption ID '{}' does not exist")
        }
        ResourceKind::EniAttachment => {
            ("InvalidAttachmentID.Malformed", "InvalidAttachmentID.NotFound", "The attachment ID '{}' does not exist")
        }
        ResourceKind::FlowLog => (
            "InvalidFlowLogId.Malformed",
            "InvalidFlowLogId.NotFound",
            "These flow log ids in the input list are not found: [TotalCount: 1] {}",
        ),
        ResourceKind::HostedZone => ("InvalidInput", "NoSuchHostedZone", "No hosted zone found with ID: {}"),
        ResourceKind::SubnetCidrAssociation | ResourceKind::Reservation | ResourceKind::InternetHost => {
            ("InvalidID", "InvalidID", "The ID '{}' is not valid")
        }
    };
    IdCodes { malformed, not_found, sentence }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({}) {}", self.code, self.message)
    }
}

impl std::error::Error for ApiError {}
