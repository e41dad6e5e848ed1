//! Values that stand in files: `file://` and `fileb://`.

use super::*;

#[test]
fn a_value_is_read_from_the_file_it_names() {
    check_requests(&[
        (
            "aws ec2 modify-vpc-endpoint --vpc-endpoint-id vpce-1 --policy-document file://policy.json",
            "ModifyVpcEndpoint",
            json!({ "VpcEndpointId": "vpce-1", "PolicyDocument": "{\"Statement\": []}" }),
        ),
        (
            "aws ec2 create-tags --resources vpc-1 --tags file://tags.json",
            "CreateTags",
            json!({ "Resources": ["vpc-1"], "Tags": [{ "Key": "Name", "Value": "x" }] }),
        ),
        (
            "aws ec2 import-key-pair --key-name lab --public-key-material fileb://key.pub",
            "ImportKeyPair",
            json!({ "KeyName": "lab", "PublicKeyMaterial": "c3NoLXJzYSBBQUFBIGxhYg==" }),
        ),
    ]);
    let run = call("aws ec2 run-instances --image-id ami-1 --user-data file://key.pub");
    assert_eq!(run.parameters["UserData"], "c3NoLXJzYSBBQUFBIGxhYg==");
}

#[test]
fn a_file_that_cannot_be_read_is_refused_as_the_cli_does() {
    for (line, message) in [
        (
            "aws ec2 create-tags --resources vpc-1 --tags file://none.json",
            "Error parsing parameter '--tags': Unable to load paramfile file://none.json: [Errno 2] No such file or \
             directory: 'none.json'",
        ),
        (
            "aws ec2 create-tags --resources vpc-1 --tags file://bytes",
            "Error parsing parameter '--tags': Unable to load paramfile (file://bytes), text contents could not be \
             decoded.  If this is a binary file, please use the fileb:// prefix instead of the file:// prefix.",
        ),
        (
            "aws ec2 create-vpc --cli-input-json file://none",
            "Error parsing parameter '--cli-input-json': Unable to load paramfile file://none: [Errno 2] No such file or \
             directory: 'none'",
        ),
    ] {
        let refused = refusal(line);
        assert_eq!((refused.exit, refused.stderr.trim()), (252, message), "{line}");
    }
    // One of several words names no file.
    let two = call("aws ec2 describe-vpcs --vpc-ids file://none vpc-1");
    assert_eq!(two.parameters["VpcIds"], json!(["file://none", "vpc-1"]));
}
