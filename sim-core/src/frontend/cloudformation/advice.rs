//! What to do about a refusal: AWS's sentences rarely say, so a template's author is told here what the code means.
//!
//! Advice is about writing templates; the rules themselves are the control plane's.

/// What to do about a refusal with this code, where more can be said than AWS does.
pub(super) fn on(code: &str) -> Option<&'static str> {
    Some(match code {
        "InvalidVpc.Range" => "a VPC's IPv4 block is a /16 to a /28", // ADDR-1
        "InvalidSubnet.Range" => "a subnet's block is a /16 to a /28 that lies inside one of its VPC's blocks", // ADDR-11
        "InvalidSubnet.Conflict" => "blocks of a VPC's subnets must not overlap", // ADDR-11
        "InvalidIPAddress.InUse" => "give each interface an address of its own, or leave the choice to AWS",
        "InsufficientFreeAddressesInSubnet" => "five addresses of each subnet are AWS's own; make the subnet larger", // ADDR-12
        "RouteAlreadyExists" => "a table has one route for a destination; AWS makes those for the VPC's own blocks", // RT-12
        "Gateway.NotAttached" => {
            "attach the Internet gateway first, and say so with `DependsOn` on the `AWS::EC2::VPCGatewayAttachment`"
        }
        "Resource.AlreadyAssociated" => "a VPC has one Internet gateway, and a gateway one VPC", // IGW-1
        "NotStabilized" => {
            "a public NAT gateway needs an Elastic IP address that nothing else uses, and its VPC an Internet gateway: say so with \
             `DependsOn` on the `AWS::EC2::VPCGatewayAttachment`"
        }
        "VPCIdNotSpecified" => "there are no default VPCs here: give the instance a `SubnetId`",
        "InvalidPermission.Duplicate" => "leave out the rule that is there twice", // SG-31
        "InvalidGroup.Duplicate" => "names of security groups are unique in a VPC", // SG-30
        "InvalidGroup.Reserved" => "`default` is the name of the group that each VPC has",
        "NetworkAclEntryAlreadyExists" => "each rule of a network ACL has a number of its own in its direction", // ACL-14
        "VpcPeeringConnectionAlreadyExists" => "two VPCs have one peering connection at a time", // PCX-11
        _ if code.ends_with("LimitExceeded") => {
            "`settings.quotas` of the scenario raises a quota, as AWS does on request"
        }
        _ => return None,
    })
}
