//! No line and no answer makes the reader or the printer panic.

use proptest::prelude::*;

use super::*;

proptest! {
    /// Pieces of lines that are right, put together wrongly, and letters that mean something to one of the readers.
    #[test]
    fn no_line_panics(pieces in proptest::collection::vec(piece(), 0..12)) {
        let line = pieces.concat();
        let _ = split_line(&line);
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        for words in [&words[..], &["aws", "ec2"].map(str::to_owned).into_iter().chain(words.clone()).collect::<Vec<_>>()] {
            if let Ok(Command::Call(invocation)) = Command::parse(words, &files) {
                let _ = invocation.print(&Ok(two_vpcs()));
            }
        }
    }

    #[test]
    fn no_answer_panics_in_any_format(answer in answer(), format in prop_oneof![Just("json"), Just("text"), Just("table")]) {
        let _ = printed(&format!("--output {format}"), &answer);
        let _ = printed(&format!("--output {format} --query '*.*[]'"), &answer);
    }
}

/// Bars separate the pieces.
const PIECES: &str = "aws |ec2 |create-vpc |describe-vpcs |run-instances |create-tags |wait |vpc-available |\
    authorize-security-group-ingress |modify-vpc-attribute |--resources |--tags |--filters |--query |--output |text |\
    table |--enable-dns-hostnames |--port |--count |--network-interfaces |--ip-permissions |--cli-input-json |--vpc-id |\
    --image-id |Key=|Value=|[{|}]|,|=|'|\"|\\|\\,|1|-1| |\n|{\"Value\":true}|Vpcs[].VpcId|`|é웹|--|-|@=|FromPort=";

fn piece() -> impl Strategy<Value = String> {
    let known: Vec<&'static str> = PIECES.split('|').collect();
    prop_oneof![4 => proptest::sample::select(known).prop_map(str::to_owned), 1 => "\\PC{0,4}"]
}

fn answer() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i8>().prop_map(Value::from),
        "\\PC{0,60}".prop_map(Value::from)
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("[A-C]{0,2}", inner, 0..4).prop_map(|map| map.into_iter().collect()),
        ]
    })
}
