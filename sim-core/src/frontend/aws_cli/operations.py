#!/usr/bin/env python3
"""Writes operations.model from botocore's service models: `python3 operations.py > operations.model`.

Needs the `botocore` package only when the table is made again. To serve one more operation, add its name below.
"""

import botocore.session

OPERATIONS = {
    "ec2": """
        CreateVpc DeleteVpc DescribeVpcs ModifyVpcAttribute DescribeVpcAttribute
        AssociateVpcCidrBlock DisassociateVpcCidrBlock CreateDefaultVpc CreateDefaultSubnet
        CreateDhcpOptions DeleteDhcpOptions DescribeDhcpOptions AssociateDhcpOptions
        CreateSubnet DeleteSubnet DescribeSubnets ModifySubnetAttribute
        AssociateSubnetCidrBlock DisassociateSubnetCidrBlock
        CreateRouteTable DeleteRouteTable DescribeRouteTables
        AssociateRouteTable DisassociateRouteTable ReplaceRouteTableAssociation
        CreateRoute ReplaceRoute DeleteRoute
        CreateInternetGateway DeleteInternetGateway AttachInternetGateway DetachInternetGateway
        DescribeInternetGateways
        CreateNatGateway DeleteNatGateway DescribeNatGateways
        AssignPrivateNatGatewayAddress UnassignPrivateNatGatewayAddress
        AssociateNatGatewayAddress DisassociateNatGatewayAddress
        CreateEgressOnlyInternetGateway DeleteEgressOnlyInternetGateway DescribeEgressOnlyInternetGateways
        CreateVpcPeeringConnection AcceptVpcPeeringConnection RejectVpcPeeringConnection
        DeleteVpcPeeringConnection DescribeVpcPeeringConnections ModifyVpcPeeringConnectionOptions
        CreateSecurityGroup DeleteSecurityGroup DescribeSecurityGroups DescribeSecurityGroupRules
        AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress
        RevokeSecurityGroupIngress RevokeSecurityGroupEgress ModifySecurityGroupRules
        UpdateSecurityGroupRuleDescriptionsIngress UpdateSecurityGroupRuleDescriptionsEgress
        DescribeStaleSecurityGroups DescribeSecurityGroupReferences GetSecurityGroupsForVpc
        CreateNetworkAcl DeleteNetworkAcl DescribeNetworkAcls
        CreateNetworkAclEntry ReplaceNetworkAclEntry DeleteNetworkAclEntry ReplaceNetworkAclAssociation
        CreateNetworkInterface DeleteNetworkInterface DescribeNetworkInterfaces
        ModifyNetworkInterfaceAttribute DescribeNetworkInterfaceAttribute ResetNetworkInterfaceAttribute
        AttachNetworkInterface DetachNetworkInterface
        AssignPrivateIpAddresses UnassignPrivateIpAddresses
        AssignIpv6Addresses UnassignIpv6Addresses
        RunInstances DescribeInstances DescribeInstanceStatus StartInstances StopInstances
        TerminateInstances RebootInstances ModifyInstanceAttribute ModifyInstanceMetadataOptions
        DescribeInstanceAttribute ModifyPrivateDnsNameOptions
        AllocateAddress AssociateAddress DisassociateAddress ReleaseAddress DescribeAddresses
        CreateTags DeleteTags DescribeTags
        DescribeAvailabilityZones DescribeRegions DescribeAccountAttributes
        CreateKeyPair ImportKeyPair DeleteKeyPair DescribeKeyPairs DescribeImages DescribeInstanceTypes
        CreateVpcEndpoint ModifyVpcEndpoint DeleteVpcEndpoints DescribeVpcEndpoints DescribeVpcEndpointServices
        CreateManagedPrefixList ModifyManagedPrefixList DeleteManagedPrefixList DescribeManagedPrefixLists
        GetManagedPrefixListEntries GetManagedPrefixListAssociations DescribePrefixLists
        CreateFlowLogs DescribeFlowLogs DeleteFlowLogs
    """,
    "route53": """
        CreateHostedZone GetHostedZone DeleteHostedZone
        ListHostedZones ListHostedZonesByName ListHostedZonesByVPC
        AssociateVPCWithHostedZone DisassociateVPCFromHostedZone CreateVPCAssociationAuthorization
        ChangeResourceRecordSets ListResourceRecordSets
    """,
    "sts": "GetCallerIdentity",
    "ssm": "GetParameter GetParameters",
    "cloudformation": "DescribeStacks DescribeStackResources ListExports",
}

HEAD = """\
# The requests of the AWS operations that vpcsim serves: names, kinds and which members are required.
# Derived from the service models of botocore {version}, Copyright Amazon.com, Inc. or its affiliates,
# licensed under the Apache License, Version 2.0 (https://www.apache.org/licenses/LICENSE-2.0).
# Made by operations.py; documentation, wire names, enumerations and answers are left out.
#
#   service NAME                the operations that follow belong to this service
#   op NAME MEMBER:KIND ...     an operation and its input; `!` after a member means required
#   struct NAME MEMBER:KIND ... a structure, shared by all that name it
#   KIND is string, integer, long, double, float, boolean, blob, timestamp, a structure's name, or [KIND] for a list
"""

SCALARS = {"string", "integer", "long", "double", "float", "boolean", "blob", "timestamp"}


def kind(shape, pending):
    if shape.type_name in SCALARS:
        return shape.type_name
    if shape.type_name == "list":
        return f"[{kind(shape.member, pending)}]"
    assert shape.type_name == "structure", shape
    pending.append(shape)
    return shape.name


def members(shape, pending):
    required = set(shape.required_members)
    for name, member in shape.members.items():
        yield f"{name}{'!' if name in required else ''}:{kind(member, pending)}"


def main():
    print(HEAD.format(version=botocore.__version__))
    session = botocore.session.get_session()
    structs = {}
    for service, names in OPERATIONS.items():
        model = session.get_service_model(service)
        print("service", service)
        pending = []
        for name in names.split():
            shape = model.operation_model(name).input_shape
            print("op", name, *members(shape, pending))
        print()
        while pending:
            shape = pending.pop()
            if shape.name not in structs:
                structs[shape.name] = None
                structs[shape.name] = " ".join(["struct", shape.name, *members(shape, pending)])
    for name in sorted(structs):
        print(structs[name])


main()
