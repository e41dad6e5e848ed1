//! Endpoint policies: what of IAM's policy language a request without a signature can be judged by (GWE-10).
//!
//! A statement counts when its principal, action, resource and all its conditions match; one that denies beats those that
//! allow, and what no statement allows is denied. Conditions know `aws:sourceVpce`, `aws:sourceVpc`, `aws:VpcSourceIp`, and
//! `aws:SourceIp`, which has no value behind an endpoint.

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::Value;

/// A policy.
pub(super) struct Policy(Vec<Value>);

/// What a policy is asked about.
pub(super) struct Request<'a> {
    /// As in `s3:GetObject`.
    pub(super) action: &'a str,
    pub(super) resource: &'a str,
    pub(super) endpoint: &'a str,
    pub(super) vpc: &'a str,
    /// The private address that the request came from (GWE-8).
    pub(super) client: Option<IpAddr>,
}

impl Policy {
    /// The policy in a JSON text.
    pub(super) fn read(text: &[u8]) -> Option<Policy> {
        let policy: Value = serde_json::from_slice(text).ok()?;
        Some(Policy(items(&policy["Statement"]).to_vec()))
    }

    /// Whether a request is allowed; `unknown` is told of conditions that mean nothing here.
    pub(super) fn allows(&self, request: &Request<'_>, unknown: impl Fn(&str)) -> bool {
        let mut allowed = false;
        for statement in self.0.iter().filter(|statement| matches(statement, request, &unknown)) {
            match statement["Effect"].as_str() {
                Some("Deny") => return false,
                Some("Allow") => allowed = true,
                _ => {}
            }
        }
        allowed
    }
}

fn matches(statement: &Value, request: &Request<'_>, unknown: &impl Fn(&str)) -> bool {
    let one_of = |name: &str, text: &str, is_caseless: bool| {
        items(&statement[name]).iter().filter_map(Value::as_str).any(|pattern| like(pattern, text, is_caseless))
    };
    // Whoever signs nothing is nobody in particular.
    let is_meant = statement.get("Principal").is_none_or(|principal| {
        let anybody = |value: &Value| items(value).iter().any(|item| item.as_str() == Some("*"));
        anybody(principal) || anybody(&principal["AWS"])
    });
    let action = if statement.get("NotAction").is_some() {
        !one_of("NotAction", request.action, true)
    } else {
        one_of("Action", request.action, true)
    };
    let resource = if statement.get("NotResource").is_some() {
        !one_of("NotResource", request.resource, false)
    } else {
        one_of("Resource", request.resource, false)
    };
    is_meant && action && resource && conditions(statement, request, unknown)
}

fn conditions(statement: &Value, request: &Request<'_>, unknown: &impl Fn(&str)) -> bool {
    let Some(operators) = statement["Condition"].as_object() else { return true };
    operators.iter().all(|(operator, keys)| {
        let Some(keys) = keys.as_object() else { return false };
        keys.iter().all(|(key, wanted)| holds(operator, key, items(wanted), request, unknown))
    })
}

/// One condition: whether any of the wanted values fits. One about a key that has no value holds only if it is negated.
fn holds(operator: &str, key: &str, wanted: &[Value], request: &Request<'_>, unknown: &impl Fn(&str)) -> bool {
    let value = match key.to_ascii_lowercase().as_str() {
        "aws:sourcevpce" => Some(request.endpoint.to_owned()),
        "aws:sourcevpc" => Some(request.vpc.to_owned()),
        "aws:vpcsourceip" => request.client.map(|client| client.to_string()),
        "aws:sourceip" => None,
        _ => {
            unknown(&format!("the condition key {key}"));
            return false;
        }
    };
    let any = |fits: &dyn Fn(&str, &str) -> bool| {
        value.as_deref().is_some_and(|value| wanted.iter().filter_map(Value::as_str).any(|wanted| fits(wanted, value)))
    };
    let equals = |wanted: &str, value: &str| wanted == value;
    let alike = |wanted: &str, value: &str| like(wanted, value, false);
    let lies_in = |wanted: &str, value: &str| {
        let block = wanted.parse::<IpNet>().or_else(|_| wanted.parse::<IpAddr>().map(IpNet::from));
        matches!((block, value.parse::<IpAddr>()), (Ok(block), Ok(value)) if block.contains(&value))
    };
    match operator {
        "StringEquals" => any(&equals),
        "StringNotEquals" => !any(&equals),
        "StringLike" => any(&alike),
        "StringNotLike" => !any(&alike),
        "IpAddress" => any(&lies_in),
        "NotIpAddress" => !any(&lies_in),
        _ => {
            unknown(&format!("the condition operator {operator}"));
            false
        }
    }
}

/// One value or a list of them.
fn items(value: &Value) -> &[Value] {
    match value {
        Value::Null => &[],
        Value::Array(items) => items,
        one => std::slice::from_ref(one),
    }
}

/// Whether a text is like a pattern in which `*` stands for any text and `?` for any one character.
fn like(pattern: &str, text: &str, is_caseless: bool) -> bool {
    let fold = |text: &str| if is_caseless { text.to_ascii_lowercase() } else { text.to_owned() };
    let (pattern, text) = (fold(pattern), fold(text));
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    // Where to go on when what follows the last star does not fit.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(&c) if c == b'?' || c == text[t] => (p, t) = (p + 1, t + 1),
            _ => {
                let Some((star_p, star_t)) = star else { return false };
                star = Some((star_p, star_t + 1));
                (p, t) = (star_p + 1, star_t + 1);
            }
        }
    }
    pattern[p..].iter().all(|&c| c == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(policy: &str, action: &str, resource: &str) -> bool {
        let policy = Policy::read(policy.as_bytes()).expect("a policy");
        let client = Some("10.0.1.20".parse().expect("an address"));
        let request = Request { action, resource, endpoint: "vpce-1", vpc: "vpc-1", client };
        policy.allows(&request, |what| panic!("{what}"))
    }

    #[test]
    fn a_policy_allows_what_a_statement_allows_and_none_denies_gwe_10() {
        let everything = r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#;
        assert!(allows(everything, "s3:GetObject", "arn:aws:s3:::a/b"));
        let one_bucket = r#"{"Statement":{"Effect":"Allow","Principal":{"AWS":"*"},"Action":["S3:Get*"],
            "Resource":["arn:aws:s3:::a","arn:aws:s3:::a/*"]}}"#;
        assert!(allows(one_bucket, "s3:GetObject", "arn:aws:s3:::a/b"));
        assert!(!allows(one_bucket, "s3:PutObject", "arn:aws:s3:::a/b"));
        assert!(!allows(one_bucket, "s3:GetObject", "arn:aws:s3:::b/b"));
        let denied = r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"},
            {"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::secret/*"}]}"#;
        assert!(allows(denied, "s3:GetObject", "arn:aws:s3:::open/x"));
        assert!(!allows(denied, "s3:GetObject", "arn:aws:s3:::secret/x"));
        let somebody =
            r#"{"Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::1:root"},"Action":"*","Resource":"*"}}"#;
        assert!(!allows(somebody, "s3:GetObject", "arn:aws:s3:::a/b"));
    }

    #[test]
    fn conditions_know_the_endpoint_and_the_private_address_and_no_public_one_gwe_10() {
        let with = |condition: &str| {
            format!(
                r#"{{"Statement":{{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{condition}}}}}"#
            )
        };
        for (condition, expected) in [
            (r#"{"StringEquals":{"aws:sourceVpce":"vpce-1"}}"#, true),
            (r#"{"StringEquals":{"aws:sourceVpce":"vpce-2"}}"#, false),
            (r#"{"StringNotEquals":{"aws:sourceVpc":["vpc-2","vpc-3"]}}"#, true),
            (r#"{"StringLike":{"aws:SourceVpc":"vpc-?"}}"#, true),
            (r#"{"IpAddress":{"aws:VpcSourceIp":"10.0.1.0/24"}}"#, true),
            (r#"{"IpAddress":{"aws:VpcSourceIp":"10.0.2.0/24"}}"#, false),
            (r#"{"IpAddress":{"aws:SourceIp":"10.0.1.0/24"}}"#, false),
            (r#"{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}}"#, false),
            (r#"{"NotIpAddress":{"aws:SourceIp":"10.0.1.0/24"}}"#, true),
        ] {
            assert_eq!(allows(&with(condition), "s3:GetObject", "*"), expected, "{condition}");
        }
    }
}
