//! What is printed: the three formats, as the AWS CLI printed them, and what stands on the error output.

use super::*;

#[track_caller]
fn check_output(answer: &Value, table: &[(&str, &str)]) {
    for (options, stdout) in table {
        let printed = printed(options, answer);
        assert_eq!(printed.stderr, "", "{options}");
        assert_eq!(printed.exit, 0, "{options}");
        assert!(printed.stdout == *stdout, "{options}:\n{}expected:\n{stdout}", printed.stdout);
    }
}

#[test]
fn json_keeps_the_order_of_the_answer_and_indents_by_four() {
    check_output(
        &json!({ "Vpc": { "VpcId": "vpc-1", "Tags": [], "IsDefault": false, "Name": "웹 \"a\"\t", "A": {} } }),
        &[
            (
                "",
                "{\n    \"Vpc\": {\n        \"VpcId\": \"vpc-1\",\n        \"Tags\": [],\n        \"IsDefault\": false,\n        \
                 \"Name\": \"웹 \\\"a\\\"\\t\",\n        \"A\": {}\n    }\n}\n",
            ),
            ("--query Vpc.VpcId", "\"vpc-1\"\n"),
            ("--query Vpc.Nothing", "null\n"),
            ("--query 'Vpc.{Z:VpcId,B:IsDefault}'", "{\n    \"Z\": \"vpc-1\",\n    \"B\": false\n}\n"),
            ("--query 'length(Vpc.Tags)'", "0\n"),
            ("--output off", ""),
        ],
    );
}

#[test]
fn an_empty_answer_prints_nothing() {
    check_output(&json!({}), &[("", ""), ("--output text", ""), ("--output table", "")]);
}

#[test]
fn text_is_tab_separated_with_sections() {
    check_output(
        &two_vpcs(),
        &[
            (
                "--output text",
                "VPCS\t10.41.0.0/16\tFalse\tvpc-041\n\
                 CIDRBLOCKASSOCIATIONSET\t10.41.0.0/16\n\
                 CIDRBLOCKSTATE\tassociated\n\
                 TAGS\tName\tVPC 41\n\
                 VPCS\t10.42.0.0/16\tTrue\tvpc-042\n",
            ),
            ("--output text --query 'Vpcs[].VpcId'", "vpc-041\tvpc-042\n"),
            ("--output text --query 'Vpcs[].[VpcId,IsDefault,Nothing]'", "vpc-041\tFalse\tNone\nvpc-042\tTrue\tNone\n"),
            ("--output text --query 'Vpcs[0].VpcId'", "vpc-041\n"),
            ("--output text --query 'Vpcs[9].VpcId'", "None\n"),
            ("--output text --query 'Vpcs[?VpcId==`x`]'", ""),
            ("--output text --query 'Vpcs[].{Z:VpcId,A:CidrBlock}'", "10.41.0.0/16\tvpc-041\n10.42.0.0/16\tvpc-042\n"),
            ("--output text --query 'Vpcs[].[VpcId,Tags[].Value]'", "vpc-041\nVPC 41\nvpc-042\tNone\n"),
        ],
    );
}

#[test]
fn a_table_is_drawn_as_the_cli_draws_it() {
    check_output(&two_vpcs(), &TABLES);
}

#[test]
fn a_table_wider_than_the_terminal_stands_upright() {
    check_output(
        &json!({ "S": [{ "a": "x".repeat(50), "b": "y".repeat(50), "c": [1] }] }),
        &[("--output table", UPRIGHT)],
    );
}

#[test]
fn wide_letters_take_two_columns_in_a_table() {
    check_output(
        &json!({ "Tags": [{ "Key": "Name", "Value": "웹 서버" }, { "Key": "b", "Value": "c" }] }),
        &[("--output table", WIDE)],
    );
}

#[test]
fn rows_of_different_lengths_make_no_table() {
    let printed = printed("--output table", &json!({ "A": [[1, 2], [3]] }));
    assert_eq!((printed.exit, printed.stdout.as_str()), (255, ""));
    assert_eq!(printed.stderr, "\nRow should have 2 elements, instead it has 1\n");
}

#[test]
fn a_refused_request_exits_with_254_after_our_warnings() {
    let invocation = call("aws ec2 delete-vpc --vpc-id vpc-1 --debug");
    let refused =
        crate::cloud::ApiError::new("DependencyViolation", "The vpc 'vpc-1' has dependencies and cannot be deleted.");
    assert_eq!(
        invocation.print(&Err(refused)),
        Printed {
            exit: 254,
            stdout: String::new(),
            stderr:
                "vpcsim: --debug has no effect in a simulation\n\nAn error occurred (DependencyViolation) when calling \
                     the DeleteVpc operation: The vpc 'vpc-1' has dependencies and cannot be deleted.\n"
                    .to_owned(),
        }
    );
}

/// Each as the AWS CLI printed it for [`two_vpcs`].
const TABLES: [(&str, &str); 4] = [
    (
        "--output table",
        "\
--------------------------------------------
|               DescribeVpcs               |
+------------------------------------------+
||                  Vpcs                  ||
|+--------------+-------------+-----------+|
||   CidrBlock  |  IsDefault  |   VpcId   ||
|+--------------+-------------+-----------+|
||  10.41.0.0/16|  False      |  vpc-041  ||
|+--------------+-------------+-----------+|
|||        CidrBlockAssociationSet       |||
||+--------------------------------------+||
|||               CidrBlock              |||
||+--------------------------------------+||
|||  10.41.0.0/16                        |||
||+--------------------------------------+||
||||           CidrBlockState           ||||
|||+-------------+----------------------+|||
||||  State      |  associated          ||||
|||+-------------+----------------------+|||
|||                 Tags                 |||
||+----------------+---------------------+||
|||       Key      |        Value        |||
||+----------------+---------------------+||
|||  Name          |  VPC 41             |||
||+----------------+---------------------+||
||                  Vpcs                  ||
|+--------------+-------------+-----------+|
||   CidrBlock  |  IsDefault  |   VpcId   ||
|+--------------+-------------+-----------+|
||  10.42.0.0/16|  True       |  vpc-042  ||
|+--------------+-------------+-----------+|
",
    ),
    (
        "--output table --query 'Vpcs[].{ID:VpcId,CIDR:CidrBlock}'",
        "\
-----------------------------
|       DescribeVpcs        |
+---------------+-----------+
|     CIDR      |    ID     |
+---------------+-----------+
|  10.41.0.0/16 |  vpc-041  |
|  10.42.0.0/16 |  vpc-042  |
+---------------+-----------+
",
    ),
    (
        "--output table --query 'Vpcs[].VpcId'",
        "\
--------------
|DescribeVpcs|
+------------+
|  vpc-041   |
|  vpc-042   |
+------------+
",
    ),
    (
        "--output table --query 'Vpcs[0].{ID:VpcId}'",
        "\
-------------------
|  DescribeVpcs   |
+-----+-----------+
|  ID |  vpc-041  |
+-----+-----------+
",
    ),
];

const UPRIGHT: &str = "\
---------------------------------------------------------------
|                        DescribeVpcs                         |
+-------------------------------------------------------------+
||                             S                             ||
|+---+-------------------------------------------------------+|
||  a|  xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx   ||
||  b|  yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy   ||
|+---+-------------------------------------------------------+|
|||                            c                            |||
||+---------------------------------------------------------+||
|||  1                                                      |||
||+---------------------------------------------------------+||
";

const WIDE: &str = "\
-----------------------
|    DescribeVpcs     |
+---------------------+
||       Tags        ||
|+-------+-----------+|
||  Key  |   Value   ||
|+-------+-----------+|
||  Name |  웹 서버  ||
||  b    |  c        ||
|+-------+-----------+|
";

#[test]
fn yaml_is_blocks_with_sorted_keys() {
    assert_eq!(
        printed("--output yaml", &two_vpcs()).stdout,
        "\
Vpcs:
- CidrBlock: 10.41.0.0/16
  CidrBlockAssociationSet:
  - CidrBlock: 10.41.0.0/16
    CidrBlockState:
      State: associated
  IsDefault: false
  Tags:
  - Key: Name
    Value: VPC 41
  VpcId: vpc-041
- CidrBlock: 10.42.0.0/16
  CidrBlockAssociationSet: []
  IsDefault: true
  VpcId: vpc-042
"
    );
    let answer = json!({ "Texts": ["2024-01-01T00:00:00+00:00", "true", "12", "1.5", "", "a: b", "it's", "-1", "::/0",
        "a\nb", "12:34", "fe80::1", "-x", "10.0.0.1"], "Number": 5, "Map": {} });
    assert_eq!(
        printed("--output yaml", &answer).stdout,
        "\
Map: {}
Number: 5
Texts:
- '2024-01-01T00:00:00+00:00'
- 'true'
- '12'
- '1.5'
- ''
- 'a: b'
- it's
- '-1'
- ::/0
- \"a\\nb\"
- 12:34
- fe80::1
- -x
- 10.0.0.1
"
    );
    assert_eq!(printed("--output yaml --query Vpcs[].VpcId", &two_vpcs()).stdout, "- vpc-041\n- vpc-042\n");
    assert_eq!(printed("--output yaml --query Vpcs[0].VpcId", &two_vpcs()).stdout, "vpc-041\n...\n");
    assert_eq!(printed("--output yaml", &json!({})).stdout, "");
}
