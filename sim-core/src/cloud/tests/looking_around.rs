//! What people look up before they build: images, instance types, key pairs, parameters, account attributes.

use super::*;

#[test]
fn images_are_found_by_name_owner_and_id() {
    let mut b = Bench::new();
    let latest = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64";
    let named = b.get("GetParameter", json!({"Name": latest}), "/Parameter/Value");
    let filters = json!([
        {"Name": "name", "Values": ["al2023-ami-2023.*-x86_64"]},
        {"Name": "architecture", "Values": ["x86_64"]},
    ]);
    let found = b.ok("DescribeImages", json!({"Owners": ["amazon"], "Filters": filters}));
    let ids: Vec<String> =
        found["Images"].as_array().expect("a list").iter().map(|image| text(image, "/ImageId")).collect();
    assert!(ids.contains(&named), "{named} is not among {ids:?}");
    let count = |b: &mut Bench, request: Value| b.ok("DescribeImages", request)["Images"].as_array().map(Vec::len);
    assert_eq!(count(&mut b, json!({"Owners": ["099720109477"]})), Some(3), "Canonical's");
    assert_eq!(count(&mut b, json!({"Owners": ["self"]})), Some(0));
    // As with RunInstances, any other well-formed id is an image.
    let any = json!({"ImageIds": ["ami-0123456789abcdef0"]});
    assert_eq!(b.get("DescribeImages", any, "/Images/0/Name"), "al2023-ami");
    for (request, code) in [
        (json!({"ImageIds": ["ami-xyz"]}), "InvalidAMIID.Malformed"),
        (json!({"Filters": [{"Name": "colour", "Values": ["red"]}]}), "InvalidParameterValue"),
        (json!({"DryRun": true}), "DryRunOperation"),
    ] {
        assert_eq!(b.code("DescribeImages", request.clone()), code, "{request}");
    }
}

#[test]
fn parameters_that_are_none_are_told_apart() {
    let mut b = Bench::new();
    let known = "/aws/service/canonical/ubuntu/server/22.04/stable/current/amd64/hvm/ebs-gp2/ami-id";
    let answer = b.ok("GetParameters", json!({"Names": [known, "/my/own"]}));
    assert_eq!(answer["Parameters"][0]["DataType"], "aws:ec2:image");
    assert_eq!(answer["InvalidParameters"], json!(["/my/own"]));
    assert_eq!(b.code("GetParameter", json!({"Name": "/my/own"})), "ParameterNotFound");
}

#[test]
fn instance_types_are_those_of_ec2() {
    let mut b = Bench::new();
    let shown = b.ok("DescribeInstanceTypes", json!({"InstanceTypes": ["t3.micro", "t2.micro", "m5.metal"]}));
    let shown: Vec<(String, Option<&str>)> = shown["InstanceTypes"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|shown| (text(shown, "/InstanceType"), shown["Hypervisor"].as_str()))
        .collect();
    let expected = [("m5.metal", None), ("t2.micro", Some("xen")), ("t3.micro", Some("nitro"))];
    assert_eq!(shown, expected.map(|(name, hypervisor)| (name.to_owned(), hypervisor)));
    let error = b.call("DescribeInstanceTypes", json!({"InstanceTypes": ["t3.bogus"]})).expect_err("there is none");
    assert_eq!(error.code, "InvalidInstanceType");
    let filters = json!({"Filters": [{"Name": "instance-type", "Values": ["t3.*"]}]});
    assert_eq!(b.ok("DescribeInstanceTypes", filters)["InstanceTypes"].as_array().map(Vec::len), Some(7));
    let vpc = b.vpc("10.0.0.0/16");
    let subnet = b.subnet(&vpc, "10.0.0.0/24");
    let launch = json!({"ImageId": "ami-0123456789abcdef0", "InstanceType": "t3.bogus", "SubnetId": subnet});
    let error = b.call("RunInstances", launch).expect_err("there is no such type");
    assert_eq!(
        (error.code, error.message.as_str()),
        ("InvalidParameterValue", "Invalid value 't3.bogus' for InstanceType.")
    );
}

#[test]
fn a_stopped_instance_is_given_another_type() {
    let mut b = Bench::new();
    let vpc = b.vpc("10.0.0.0/16");
    let subnet = b.subnet(&vpc, "10.0.0.0/24");
    let id = b.instance(&subnet, json!({}));
    let change = |to: &str| json!({"InstanceId": id, "InstanceType": {"Value": to}});
    assert_eq!(b.code("ModifyInstanceAttribute", change("t3.large")), "IncorrectInstanceState");
    b.ok("StopInstances", json!({"InstanceIds": [id]}));
    b.pass(SimDuration::from_secs(120));
    assert_eq!(b.code("ModifyInstanceAttribute", change("t3.bogus")), "InvalidParameterValue");
    b.ok("ModifyInstanceAttribute", change("t3.large"));
    let asked = json!({"InstanceId": id, "Attribute": "instanceType"});
    assert_eq!(b.get("DescribeInstanceAttribute", asked, "/InstanceType/Value"), "t3.large");
    let both = json!({"InstanceId": id, "InstanceType": {"Value": "t3.nano"}, "SourceDestCheck": {"Value": false}});
    assert_eq!(b.code("ModifyInstanceAttribute", both), "InvalidParameterCombination");
}

#[test]
fn a_parameter_that_is_not_simulated_is_told_by_its_name() {
    let error = Operation::from_value("ModifyInstanceAttribute", json!({"InstanceId": "i-1", "EbsOptimized": {}}));
    let error = error.expect_err("it is not simulated").to_string();
    assert_eq!(error, "the parameter EbsOptimized of ModifyInstanceAttribute is not simulated");
}

#[test]
fn key_pairs_are_brought_and_forgotten() {
    let mut b = Bench::new();
    // "ssh-ed25519 AAAA lab"
    let key = json!({"KeyName": "lab", "PublicKeyMaterial": "c3NoLWVkMjU1MTkgQUFBQSBsYWI="});
    let id = b.get("ImportKeyPair", key.clone(), "/KeyPairId");
    assert_eq!(b.get("DescribeKeyPairs", json!({"KeyNames": ["lab"]}), "/KeyPairs/0/KeyType"), "ed25519");
    assert_eq!(b.code("ImportKeyPair", key), "InvalidKeyPair.Duplicate");
    let wrong = json!({"KeyName": "other", "PublicKeyMaterial": "eA=="});
    assert_eq!(b.code("ImportKeyPair", wrong), "InvalidKey.Format");
    assert_eq!(b.ok("DeleteKeyPair", json!({"KeyName": "lab"})), json!({"Return": true, "KeyPairId": id}));
    assert_eq!(b.code("DescribeKeyPairs", json!({"KeyNames": ["lab"]})), "InvalidKeyPair.NotFound");
    assert_eq!(b.ok("DeleteKeyPair", json!({"KeyName": "lab"})), json!({"Return": true}), "that there is none is fine");
    assert_eq!(b.code("DeleteKeyPair", json!({"KeyPairId": id})), "InvalidKeyPair.NotFound");
    assert_eq!(b.code("DeleteKeyPair", json!({})), "MissingParameter");
}

#[test]
fn account_attributes_know_the_default_vpc() {
    let mut b = Bench::new();
    let asked = json!({"AttributeNames": ["default-vpc"]});
    let pointer = "/AccountAttributes/0/AttributeValues/0/AttributeValue";
    assert_eq!(b.get("DescribeAccountAttributes", asked.clone(), pointer), "none");
    let vpc = b.get("CreateDefaultVpc", json!({}), "/Vpc/VpcId");
    assert_eq!(b.get("DescribeAccountAttributes", asked, pointer), vpc);
    let all = b.ok("DescribeAccountAttributes", json!({}));
    assert!(all["AccountAttributes"].as_array().is_some_and(|all| all.len() > 3), "{all}");
    let unknown = json!({"AttributeNames": ["colour"]});
    assert_eq!(b.code("DescribeAccountAttributes", unknown), "InvalidParameterValue");
}
