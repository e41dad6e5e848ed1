//! The requests of the AWS operations served, as `operations.model` describes them: which members an operation's input
//! has, of which kind, and which are required.
//!
//! The table comes from botocore's service models (its head names version and licence); `operations.py` makes it. It
//! knows nothing of answers, defaults, enumerations or ranges: those are checked in `cloud`, as EC2 checks them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Every operation and structure of the table.
#[derive(Debug)]
pub(crate) struct Model {
    operations: Vec<Operation>,
    structures: BTreeMap<&'static str, Vec<Member>>,
}

/// An operation and its input.
#[derive(Debug)]
pub(crate) struct Operation {
    /// The service as typed after `aws`, as in `ec2`.
    pub(crate) service: &'static str,
    /// AWS's name, as in `CreateVpc`.
    pub(crate) name: &'static str,
    /// The name as typed, as in `create-vpc`.
    pub(crate) command: String,
    /// The members of the input, in the model's order.
    pub(crate) members: Vec<Member>,
}

/// One member of an input or of a structure.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Member {
    /// AWS's name, as in `CidrBlock`.
    pub(crate) name: &'static str,
    /// What it holds.
    pub(crate) kind: Kind,
    /// Whether a request without it is refused before it is sent.
    pub(crate) required: bool,
}

/// What a member holds.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Kind {
    String,
    Integer,
    Float,
    Boolean,
    /// Bytes, which the CLI takes as text in Base64.
    Blob,
    /// A time, which EC2 takes as text.
    Timestamp,
    List(Box<Kind>),
    /// A structure of the table, by name.
    Structure(&'static str),
}

impl Model {
    /// The table, read on first use.
    pub(crate) fn get() -> &'static Model {
        static MODEL: LazyLock<Model> = LazyLock::new(|| Model::read(include_str!("operations.model")));
        &MODEL
    }

    fn read(table: &'static str) -> Model {
        let mut model = Model { operations: Vec::new(), structures: BTreeMap::new() };
        let mut service = "";
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let mut words = line.split(' ');
            let (Some(keyword), Some(name)) = (words.next(), words.next()) else { continue };
            let members = words.map(Member::read).collect();
            match keyword {
                "service" => service = name,
                "op" => model.operations.push(Operation { service, name, command: kebab_case(name), members }),
                _ => drop(model.structures.insert(name, members)),
            }
        }
        model
    }

    /// The operations of a service, in the table's order.
    pub(crate) fn operations(&self, service: &str) -> impl Iterator<Item = &Operation> + Clone {
        self.operations.iter().filter(move |operation| operation.service == service)
    }

    /// An operation by AWS's name.
    pub(crate) fn operation(&self, service: &str, name: &str) -> Option<&Operation> {
        self.operations(service).find(|operation| operation.name == name)
    }

    /// The services, in the table's order.
    pub(crate) fn services(&self) -> Vec<&'static str> {
        let mut services: Vec<_> = self.operations.iter().map(|operation| operation.service).collect();
        services.dedup();
        services
    }

    /// The members of a structure.
    pub(crate) fn structure(&self, name: &str) -> &[Member] {
        self.structures.get(name).expect("a test reads every structure that the table names")
    }

    /// Whether a structure holds nothing but one `Value` of this kind, as EC2's attribute values do.
    pub(crate) fn is_attribute_of(&self, kind: &Kind, value: &Kind) -> bool {
        match kind {
            Kind::Structure(name) => {
                matches!(self.structure(name), [only] if only.name == "Value" && only.kind == *value)
            }
            _ => false,
        }
    }
}

impl Operation {
    /// Whether the input has this member.
    pub(crate) fn has(&self, member: &str) -> bool {
        self.members.iter().any(|candidate| candidate.name == member)
    }
}

impl Member {
    fn read(word: &'static str) -> Member {
        let (name, kind) = word.split_once(':').unwrap_or((word, "string"));
        Member { name: name.trim_end_matches('!'), kind: Kind::read(kind), required: name.ends_with('!') }
    }
}

impl Kind {
    fn read(text: &'static str) -> Kind {
        match text {
            "string" => Kind::String,
            "integer" | "long" => Kind::Integer,
            "float" | "double" => Kind::Float,
            "boolean" => Kind::Boolean,
            "blob" => Kind::Blob,
            "timestamp" => Kind::Timestamp,
            _ => match text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
                Some(element) => Kind::List(Box::new(Kind::read(element))),
                None => Kind::Structure(text),
            },
        }
    }

    /// Whether the kind is neither a list nor a structure.
    pub(crate) fn is_scalar(&self) -> bool {
        !matches!(self, Kind::List(_) | Kind::Structure(_))
    }
}

/// The option or command for an AWS name, as botocore's `xform_name` makes it: `EnableDns64` → `enable-dns64`,
/// `EnableResourceNameDnsAAAARecord` → `enable-resource-name-dns-aaaa-record`.
pub(crate) fn kebab_case(name: &str) -> String {
    let letters = name.as_bytes();
    let mut text = String::with_capacity(name.len() + 8);
    for (at, letter) in name.char_indices() {
        let is_capital = |at: usize| letters[at].is_ascii_uppercase();
        let is_plural = letters[at + 1..] == *b"s";
        let ends_acronym = !is_plural && letters.get(at + 1).is_some_and(u8::is_ascii_lowercase);
        let starts_word = at > 0 && is_capital(at) && (!is_capital(at - 1) || ends_acronym);
        if starts_word {
            text.push('-');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_structure_that_is_named_is_in_the_table() {
        fn visit(model: &Model, kind: &Kind) {
            match kind {
                Kind::List(element) => visit(model, element),
                Kind::Structure(name) => assert!(model.structures.contains_key(name), "no structure {name}"),
                _ => {}
            }
        }
        let model = Model::get();
        let inputs = model.operations.iter().map(|operation| &operation.members);
        for member in inputs.chain(model.structures.values()).flatten() {
            visit(model, &member.kind);
        }
        assert!(model.operations.len() > 70);
    }

    #[test]
    fn the_head_of_the_table_names_its_licence() {
        assert!(include_str!("operations.model").starts_with('#'));
        assert!(include_str!("operations.model").contains("Apache License, Version 2.0"));
    }

    #[test]
    fn names_become_options_as_botocore_makes_them() {
        for (name, option) in [
            ("VpcId", "vpc-id"),
            ("Ipv6CidrBlock", "ipv6-cidr-block"),
            ("EnableDns64", "enable-dns64"),
            ("AmazonProvidedIpv6CidrBlock", "amazon-provided-ipv6-cidr-block"),
            ("EnableResourceNameDnsARecord", "enable-resource-name-dns-a-record"),
            ("EnableResourceNameDnsAAAARecord", "enable-resource-name-dns-aaaa-record"),
            ("UserIdGroupPairs", "user-id-group-pairs"),
            ("DescribeVpcs", "describe-vpcs"),
            ("TargetGroupARNs", "target-group-arns"),
        ] {
            assert_eq!(kebab_case(name), option);
        }
    }

    #[test]
    fn required_members_and_kinds_are_read() {
        let model = Model::get();
        let create_subnet = model.operation("ec2", "CreateSubnet").expect("served");
        let member = |name: &str| create_subnet.members.iter().find(|member| member.name == name).expect("a member");
        assert!(member("VpcId").required);
        assert!(!member("CidrBlock").required);
        assert_eq!(member("TagSpecifications").kind, Kind::List(Box::new(Kind::Structure("TagSpecification"))));
        assert!(model.operation("sts", "GetCallerIdentity").is_some());
        assert!(model.operation("sts", "CreateVpc").is_none());
    }
}
