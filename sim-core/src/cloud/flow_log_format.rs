//! The format of a flow log's records: which fields, in which order (FL-1).
//!
//! The fields are those of versions 2 to 5. A later version's field is AWS's too, but not simulated.

use super::ApiError;

/// The fields of a record unless the request names others (FL-1).
const DEFAULT: &str = "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} \
    ${packets} ${bytes} ${start} ${end} ${action} ${log-status}";

/// Fields that a format may name, by the version that brought them.
const FIELDS: &[(u8, &[&str])] = &[
    (
        2,
        &[
            "version",
            "account-id",
            "interface-id",
            "srcaddr",
            "dstaddr",
            "srcport",
            "dstport",
            "protocol",
            "packets",
            "bytes",
            "start",
            "end",
            "action",
            "log-status",
        ],
    ),
    (3, &["vpc-id", "subnet-id", "instance-id", "tcp-flags", "type", "pkt-srcaddr", "pkt-dstaddr"]),
    (4, &["region", "az-id", "sublocation-type", "sublocation-id"]),
    (5, &["pkt-src-aws-service", "pkt-dst-aws-service", "flow-direction", "traffic-path"]),
];

/// Fields of later versions.
const LATER: &[&str] = &[
    "ecs-cluster-arn",
    "ecs-cluster-name",
    "ecs-container-instance-arn",
    "ecs-container-instance-id",
    "ecs-container-id",
    "ecs-second-container-id",
    "ecs-service-name",
    "ecs-task-definition-arn",
    "ecs-task-arn",
    "ecs-task-id",
    "reject-reason",
    "resource-id",
    "encryption-status",
];

/// A record's fields, by name and in order. There is at least one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct FlowLogFormat {
    fields: Vec<&'static str>,
}

impl FlowLogFormat {
    /// The format that a request asks for: fields as `${name}`, with spaces between them.
    pub(super) fn requested(format: Option<&str>) -> Result<FlowLogFormat, ApiError> {
        let fields = format.unwrap_or(DEFAULT).split_whitespace().map(field).collect::<Result<Vec<_>, _>>()?;
        if fields.is_empty() {
            return Err(ApiError::new("InvalidParameter", "LogFormat must name at least one field."));
        }
        Ok(FlowLogFormat { fields })
    }

    /// The fields' names.
    pub(crate) fn fields(&self) -> &[&'static str] {
        &self.fields
    }

    /// The highest version among the fields.
    pub(crate) fn version(&self) -> u8 {
        let has_any = |names: &[&str]| self.fields.iter().any(|field| names.contains(field));
        FIELDS.iter().rev().find(|(_, names)| has_any(names)).map_or(2, |(version, _)| *version)
    }

    /// The format as requests and answers have it.
    pub(super) fn text(&self) -> String {
        self.fields.iter().map(|field| format!("${{{field}}}")).collect::<Vec<_>>().join(" ")
    }
}

fn field(word: &str) -> Result<&'static str, ApiError> {
    let name = word.strip_prefix("${").and_then(|word| word.strip_suffix('}'));
    let known = || FIELDS.iter().flat_map(|(_, names)| *names);
    if let Some(later) = name.filter(|name| LATER.contains(name)) {
        return Err(ApiError::not_simulated(&format!("The flow log field {later}")));
    }
    name.and_then(|name| known().find(|field| **field == name))
        .copied()
        .ok_or_else(|| ApiError::new("InvalidParameter", format!("Unknown fields provided: {word}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(format: &str) -> u8 {
        FlowLogFormat::requested(Some(format)).expect("fields of AWS's").version()
    }

    #[test]
    fn the_default_has_the_fields_of_version_2_in_order_fl_1() {
        let format = FlowLogFormat::requested(None).expect("AWS's own");
        assert_eq!(format.fields(), FIELDS[0].1);
        assert_eq!((format.version(), format.text()), (2, DEFAULT.to_owned()));
    }

    #[test]
    fn a_format_of_ones_own_has_the_highest_version_of_its_fields_fl_1() {
        assert_eq!(version("${srcaddr} ${dstaddr}"), 2);
        assert_eq!(version("${tcp-flags} ${srcaddr}"), 3);
        assert_eq!(version("${az-id} ${vpc-id} ${version}"), 4);
        assert_eq!(version("${flow-direction}"), 5);
    }

    #[test]
    fn what_is_no_field_is_refused_by_name() {
        for (format, code, named) in [
            ("${srcaddr} ${destaddr}", "InvalidParameter", "${destaddr}"),
            ("srcaddr", "InvalidParameter", "srcaddr"),
            ("${srcaddr},${dstaddr}", "InvalidParameter", "${srcaddr},${dstaddr}"),
            (" ", "InvalidParameter", "LogFormat"),
            ("${version} ${reject-reason}", "UnsupportedOperation", "reject-reason"),
        ] {
            let error = FlowLogFormat::requested(Some(format)).expect_err(format);
            assert_eq!(error.code, code, "{format}");
            assert!(error.message.contains(named), "{error}");
        }
    }
}
