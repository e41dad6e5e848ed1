//! Instance types: which there are, and what Describe says of them.
//!
//! The table has names only, from the EC2 API's own list. Differs from AWS: every Region and zone has every type, and of what
//! DescribeInstanceTypes tells there is what makes a difference here. How many interfaces and addresses a type takes, its processors
//! and its memory are not simulated and left out.

use std::sync::LazyLock;

use rustc_hash::FxHashSet;
use serde_json::Value;

use super::answer::{Answer, Object, just};
use super::describe::{Filter, check_filter, matches_wildcard};
use super::error::permit;
use super::request::requests;
use super::{ApiError, Caller, Cloud};

/// Families of instance types that run on Xen; all others are built on the Nitro System. None will join them.
const XEN_FAMILIES: &[&str] = &[
    "c1", "c3", "c4", "cc1", "cc2", "cg1", "cr1", "d2", "f1", "g2", "g3", "g3s", "h1", "hi1", "hs1", "i2", "i3", "m1",
    "m2", "m3", "m4", "p2", "p3", "r3", "r4", "t1", "t2", "x1", "x1e",
];

requests! {
    /// Lists instance types.
    DescribeInstanceTypes {
        instance_types: Vec<String>,
        filters: Vec<Filter>,
        max_results: Option<u32>,
        next_token: Option<String>,
    }
}

/// Every type in the table's order, and the same to look one up.
struct Table {
    names: Vec<String>,
    known: FxHashSet<String>,
}

fn table() -> &'static Table {
    static TABLE: LazyLock<Table> = LazyLock::new(|| {
        let lines = include_str!("instance_types.model").lines().filter(|line| !line.starts_with('#'));
        let names = lines.flat_map(|line| {
            let mut words = line.split(' ');
            let family = words.next().unwrap_or_default();
            words.map(move |size| format!("{family}.{size}"))
        });
        let names: Vec<String> = names.collect();
        let known = names.iter().cloned().collect();
        Table { names, known }
    });
    &TABLE
}

/// Refuses the name of a type that there is not.
pub(crate) fn check_instance_type(name: &str) -> Result<(), ApiError> {
    if table().known.contains(name) {
        return Ok(());
    }
    Err(ApiError::invalid_value(format!("Invalid value '{name}' for InstanceType.")))
}

/// Whether a type is built on the Nitro System.
pub(crate) fn is_nitro(instance_type: &str) -> bool {
    let (family, _) = instance_type.split_once('.').unwrap_or((instance_type, ""));
    !XEN_FAMILIES.contains(&family) || is_bare_metal(instance_type)
}

fn is_bare_metal(instance_type: &str) -> bool {
    instance_type.split_once('.').is_some_and(|(_, size)| size.starts_with("metal"))
}

/// What runs beneath a type, if anything does.
fn hypervisor(instance_type: &str) -> Option<&'static str> {
    if is_bare_metal(instance_type) {
        return None;
    }
    Some(if is_nitro(instance_type) { "nitro" } else { "xen" })
}

impl Cloud {
    pub(crate) fn describe_instance_types(&mut self, _: &Caller, request: DescribeInstanceTypes) -> Answer {
        for filter in &request.filters {
            check_filter(["instance-type", "bare-metal", "hypervisor"], filter)?;
        }
        let unknown: Vec<&str> =
            request.instance_types.iter().filter(|name| !table().known.contains(*name)).map(String::as_str).collect();
        if !unknown.is_empty() {
            return Err(ApiError::new(
                "InvalidInstanceType",
                format!("The following supplied instance types do not exist: [{}]", unknown.join(", ")),
            ));
        }
        permit(request.dry_run)?;
        let passes = |name: &str, filter: &Filter| {
            let value = match filter.name.as_str() {
                "instance-type" => name,
                "bare-metal" => {
                    if is_bare_metal(name) {
                        "true"
                    } else {
                        "false"
                    }
                }
                _ => hypervisor(name).unwrap_or_default(),
            };
            filter.values.iter().any(|pattern| matches_wildcard(pattern, value))
        };
        let asked = |name: &String| request.instance_types.is_empty() || request.instance_types.contains(name);
        let found = table().names.iter().filter(|name| asked(name));
        let found = found.filter(|name| request.filters.iter().all(|filter| passes(name, filter)));
        let shown = found.map(|name| {
            Value::from(
                Object::new()
                    .text("InstanceType", name)
                    .value("BareMetal", is_bare_metal(name))
                    .optional_text("Hypervisor", hypervisor(name))
                    .value("NetworkInfo", Object::new().value("Ipv6Supported", true)),
            )
        });
        just("InstanceTypes", shown.collect::<Vec<_>>())
    }
}
