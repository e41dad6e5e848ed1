//! The values that are written as one word: durations, shares, rates, moments, addresses, numbers.
//!
//! Plain scalars are typed by the core schema of YAML 1.2 (§10.3.2): `no` and `on` are text, `0x1f` is a number. A text
//! that is no word of the kind asked for is refused with an example of one that is.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde_json::{Number, Value, json};

use crate::engine::SimDuration;
use crate::frontend::spelling::nearest;
use crate::id::{AccountId, Region};

/// A kind of one-word value.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Scalar {
    /// Any text; a number or a boolean is taken as it was typed.
    Text,
    /// A whole number.
    Whole {
        /// The least that is right.
        min: i64,
        /// The greatest that is right.
        max: u64,
    },
    /// `true` or `false`.
    Boolean,
    /// One of some words.
    Word(&'static [&'static str]),
    /// `30s`, `1h30m`.
    Duration,
    /// `+40ms`: a duration on top.
    AddedDuration,
    /// `20%`.
    Share,
    /// `5Gbps`.
    Rate,
    /// `2024-01-01T00:00:00Z`.
    Moment,
    /// `ap-northeast-2`.
    Region,
    /// Twelve digits.
    Account,
    /// An IPv4 or IPv6 address.
    Address,
    /// An address block.
    Block,
}

/// What is wrong with a word.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Wrong {
    /// The diagnostic's code.
    pub code: &'static str,
    /// What is wrong, with the value.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

impl Scalar {
    /// The kind in words, as in "must be …".
    pub(super) fn describe(self) -> String {
        match self {
            Scalar::Text => "text".to_owned(),
            Scalar::Whole { min: 0, max: u64::MAX } => "a whole number".to_owned(),
            Scalar::Whole { min, max } => format!("a whole number from {min} to {max}"),
            Scalar::Boolean => "`true` or `false`".to_owned(),
            Scalar::Word(words) => alternatives(words),
            Scalar::Duration => "a duration such as `30s`".to_owned(),
            Scalar::AddedDuration => "an added duration such as `+40ms`".to_owned(),
            Scalar::Share => "a share such as `20%`".to_owned(),
            Scalar::Rate => "a bandwidth such as `5Gbps`".to_owned(),
            Scalar::Moment => "a moment such as `2024-01-01T00:00:00Z`".to_owned(),
            Scalar::Region => "an AWS Region such as `ap-northeast-2`".to_owned(),
            Scalar::Account => "an account of twelve digits".to_owned(),
            Scalar::Address => "an IP address".to_owned(),
            Scalar::Block => "an address block such as `10.0.0.0/16`".to_owned(),
        }
    }

    /// Whether a text is of the kind.
    pub(super) fn check(self, text: &str, quoted: bool) -> Result<(), Wrong> {
        let wrong = |code| Wrong { code, message: format!("`{text}` is not {}", self.describe()), help: None };
        let helped = |code, help: String| Wrong { help: Some(help), ..wrong(code) };
        match self {
            Scalar::Text => Ok(()),
            Scalar::Whole { .. } | Scalar::Boolean if quoted => {
                Err(helped("VPC042", format!("in quotes it is text; write {text} without them")))
            }
            Scalar::Whole { min, max } => match typed(text) {
                Value::Number(number) if in_range(&number, min, max) => Ok(()),
                _ => Err(wrong("VPC052")),
            },
            Scalar::Boolean => match (typed(text), text.to_ascii_lowercase().as_str()) {
                (Value::Bool(_), _) => Ok(()),
                (_, "yes" | "on") => Err(helped("VPC042", "in YAML 1.2 that is text; write `true`".to_owned())),
                (_, "no" | "off") => Err(helped("VPC042", "in YAML 1.2 that is text; write `false`".to_owned())),
                _ => Err(wrong("VPC042")),
            },
            Scalar::Word(words) if words.contains(&text) => Ok(()),
            Scalar::Word(words) => match nearest(text, words.iter().copied()) {
                Some(near) => Err(helped("VPC053", format!("did you mean `{near}`?"))),
                None => Err(wrong("VPC053")),
            },
            Scalar::Duration => duration(text).map(drop).map_err(|help| helped("VPC045", help)),
            Scalar::AddedDuration => {
                duration(text.strip_prefix('+').unwrap_or(text)).map(drop).map_err(|help| helped("VPC045", help))
            }
            Scalar::Share => share_per_million(text).map(drop).ok_or_else(|| wrong("VPC052")),
            Scalar::Rate => rate_bps(text).map(drop).ok_or_else(|| wrong("VPC052")),
            Scalar::Moment => moment(text).map(drop).ok_or_else(|| {
                helped("VPC065", "write the date, `T`, the time and `Z` (or an offset such as `+09:00`)".to_owned())
            }),
            Scalar::Region => text.parse::<Region>().map(drop).map_err(|unknown| Wrong {
                code: "VPC046",
                message: unknown.to_string(),
                help: nearest(text, Region::all().map(Region::name)).map(|near| format!("did you mean `{near}`?")),
            }),
            Scalar::Account => AccountId::parse(text).map(drop).ok_or_else(|| wrong("VPC047")),
            Scalar::Address => text.parse::<IpAddr>().map(drop).map_err(|_| wrong("VPC048")),
            Scalar::Block => text.parse::<ipnet::IpNet>().map(drop).map_err(|_| wrong("VPC048")),
        }
    }

    /// The kind as a JSON Schema, for the values that a YAML reader makes of the text.
    pub(super) fn schema(self) -> Value {
        match self {
            Scalar::Text => json!({ "type": ["string", "number", "boolean"] }),
            Scalar::Whole { min, max } => json!({ "type": "integer", "minimum": min, "maximum": max }),
            Scalar::Boolean => json!({ "type": "boolean" }),
            Scalar::Word(words) => json!({ "enum": words }),
            Scalar::Duration => json!({ "type": "string", "pattern": format!("^({DURATION_PATTERN})+$") }),
            Scalar::AddedDuration => json!({ "type": "string", "pattern": format!("^\\+?({DURATION_PATTERN})+$") }),
            Scalar::Share => json!({ "type": "string", "pattern": "^(100|[0-9]{1,2}(\\.[0-9]{1,4})?)%$" }),
            Scalar::Rate => json!({ "type": "string", "pattern": "^[1-9][0-9]{0,8}(bps|kbps|Mbps|Gbps)$" }),
            Scalar::Moment => json!({ "type": "string", "format": "date-time" }),
            Scalar::Region => json!({ "enum": Region::all().map(Region::name).collect::<Vec<_>>() }),
            Scalar::Account => json!({ "anyOf": [
                { "type": "string", "pattern": "^[0-9]{12}$" },
                { "type": "integer", "minimum": 100_000_000_000_u64, "maximum": 999_999_999_999_u64 },
            ]}),
            Scalar::Address => json!({ "type": "string", "anyOf": [{ "format": "ipv4" }, { "format": "ipv6" }] }),
            Scalar::Block => json!({ "type": "string", "pattern": "^[0-9a-fA-F.:]+/[0-9]{1,3}$" }),
        }
    }
}

/// Units of time, longest name first where one begins another.
const UNITS: [(&str, u64); 7] = [
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
];

const DURATION_PATTERN: &str = "[0-9]+(\\.[0-9]+)?(ns|us|ms|s|m|h|d)";

/// A duration as [`duration`] reads it: `7d`, `1h30m`, `250ms`.
pub(super) fn duration_in_words(length: SimDuration) -> String {
    const UNITS: [(u64, &str); 7] = [
        (86_400_000_000_000, "d"),
        (3_600_000_000_000, "h"),
        (60_000_000_000, "m"),
        (1_000_000_000, "s"),
        (1_000_000, "ms"),
        (1_000, "us"),
        (1, "ns"),
    ];
    let mut rest = length.as_nanos();
    let mut text = String::new();
    for (unit, name) in UNITS {
        if rest >= unit {
            text += &format!("{}{name}", rest / unit);
            rest %= unit;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

/// The length of `30s`, `1.5h`, `1h30m`.
///
/// # Errors
/// What to write instead.
pub(super) fn duration(text: &str) -> Result<SimDuration, String> {
    let example = || "write a number and a unit (ns, us, ms, s, m, h, d), as in `30s`, `250ms` or `1h30m`".to_owned();
    let mut rest = text;
    let mut total: u128 = 0;
    if rest.is_empty() {
        return Err(example());
    }
    while !rest.is_empty() {
        let number_end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(|| {
            if text.bytes().all(|byte| byte.is_ascii_digit()) {
                format!("a duration needs its unit: write `{text}s` for seconds")
            } else {
                example()
            }
        })?;
        let (number, tail) = rest.split_at(number_end);
        let unit_end = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit_end);
        let (_, nanos) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(example)?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
        if whole.is_empty() || fraction.is_empty() || fraction.len() > 9 || fraction.contains('.') {
            return Err(example());
        }
        let scale = 10u128.pow(fraction.len() as u32);
        let whole: u128 = whole.parse().map_err(|_| example())?;
        let fraction: u128 = fraction.parse().map_err(|_| example())?;
        let part = whole.checked_mul(u128::from(*nanos)).ok_or_else(example)?;
        total = total.saturating_add(part).saturating_add(fraction * u128::from(*nanos) / scale);
        rest = tail;
    }
    // A century is far beyond every time-out AWS has, and leaves room for sums in nanoseconds.
    const CENTURY: u128 = 36_525 * 86_400_000_000_000;
    match u64::try_from(total) {
        Ok(nanos) if total <= CENTURY => Ok(SimDuration::from_nanos(nanos)),
        _ => Err("the longest that vpcsim waits is a century".to_owned()),
    }
}

/// How many in a million `0.1%` is.
pub(super) fn share_per_million(text: &str) -> Option<u32> {
    let number = text.strip_suffix('%')?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str, most| (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole, 3) || !digits(fraction, 4) {
        return None;
    }
    let fraction = format!("{fraction:0<4}").parse::<u32>().ok()?;
    let share = whole.parse::<u32>().ok()? * 10_000 + fraction;
    (share <= 1_000_000).then_some(share)
}

/// How many bits per second `5Gbps` is.
pub(super) fn rate_bps(text: &str) -> Option<u64> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(unit_at);
    let factor: u64 = match unit {
        "bps" => 1,
        "kbps" => 1_000,
        "Mbps" => 1_000_000,
        "Gbps" => 1_000_000_000,
        _ => return None,
    };
    if number.len() > 9 || number.starts_with('0') {
        return None;
    }
    number.parse::<u64>().ok()?.checked_mul(factor)
}

/// A moment of the wall clock, in nanoseconds since the Unix epoch; from 1970 on, since captures count from there.
pub(super) fn moment(text: &str) -> Option<i64> {
    let moment = text.parse::<jiff::Timestamp>().ok()?;
    i64::try_from(moment.as_nanosecond()).ok().filter(|&nanos| nanos >= 0)
}

/// Why an address cannot be that of a host on the Internet; `None` if it can. The documentation blocks of RFC 5737 and
/// RFC 3849 are let in: they are the addresses that labs should use.
pub(super) fn why_not_public(ip: IpAddr) -> Option<&'static str> {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            match ip {
                _ if ip.is_private() => Some("it is private (RFC 1918)"),
                _ if a == 100 && b & 0xc0 == 64 => Some("it is shared address space (RFC 6598)"),
                _ if ip.is_loopback() => Some("it is a loopback address"),
                _ if ip.is_link_local() => Some("it is link-local (RFC 3927)"),
                _ if ip.is_multicast() || ip == Ipv4Addr::BROADCAST => Some("it is not unicast"),
                _ if a == 0 || a >= 240 => Some("it is reserved (RFC 1122, RFC 1112)"),
                _ => None,
            }
        }
        IpAddr::V6(ip) => match ip {
            _ if ip == Ipv6Addr::LOCALHOST || ip == Ipv6Addr::UNSPECIFIED => Some("it is not a host's"),
            _ if ip.is_unique_local() => Some("it is unique-local (RFC 4193)"),
            _ if ip.is_unicast_link_local() => Some("it is link-local"),
            _ if ip.is_multicast() => Some("it is not unicast"),
            _ => None,
        },
    }
}

/// A plain scalar by the core schema of YAML 1.2.
pub(super) fn typed(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    let radix = |prefix, base| text.strip_prefix(prefix).and_then(|digits: &str| whole_of_base(digits, base));
    if let Some(number) = radix("0x", 16).or_else(|| radix("0o", 8)) {
        return Value::Number(number.into());
    }
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        if let Ok(number) = text.trim_start_matches('+').parse::<u64>() {
            return Value::Number(number.into());
        }
        if let Ok(number) = text.parse::<i64>() {
            return Value::Number(number.into());
        }
    }
    // Rust's own reader takes `inf` and `nan` too, which JSON has no number for.
    let float_like = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && digits.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-'));
    let float = float_like.then(|| text.parse::<f64>().ok()).flatten().and_then(Number::from_f64);
    float.map_or_else(|| Value::String(text.to_owned()), Value::Number)
}

/// Digits only: the standard library also takes a sign.
fn whole_of_base(digits: &str, base: u32) -> Option<u64> {
    digits.chars().all(|c| c.is_digit(base)).then(|| u64::from_str_radix(digits, base).ok()).flatten()
}

/// Whether a number is whole and within bounds.
fn in_range(number: &Number, min: i64, max: u64) -> bool {
    match (number.as_u64(), number.as_i64()) {
        (Some(number), _) => number <= max && (min <= 0 || number >= min.unsigned_abs()),
        (None, Some(number)) => number >= min,
        (None, None) => false,
    }
}

/// "`a`, `b` or `c`".
pub(super) fn alternatives(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [only] => format!("`{only}`"),
        [most @ .., last] => {
            format!("{} or `{last}`", most.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_printed_as_people_write_them() {
        for text in ["30s", "5m", "7d", "6d23h", "250ms", "150us", "1h30m", "1s500ms", "1d1h1m1s1ms1us1ns", "0s"] {
            assert_eq!(duration(text).map(duration_in_words).as_deref(), Ok(text));
        }
        assert_eq!(duration("90m").map(duration_in_words).as_deref(), Ok("1h30m"));
    }

    #[test]
    fn durations_have_units() {
        let nanos = |text| duration(text).map(SimDuration::as_nanos).ok();
        for (text, expected) in [
            ("30s", Some(30_000_000_000)),
            ("5m", Some(300_000_000_000)),
            ("7d", Some(604_800_000_000_000)),
            ("250ms", Some(250_000_000)),
            ("150us", Some(150_000)),
            ("1h30m", Some(5_400_000_000_000)),
            ("1.5s", Some(1_500_000_000)),
            ("0s", Some(0)),
            ("100y", None),
            ("30", None),
            ("s", None),
            ("", None),
            ("-5s", None),
            ("1.s", None),
            ("1..5s", None),
            ("5 s", None),
            ("36525d", Some(3_155_760_000_000_000_000)),
            ("36526d", None),
            ("99999999999999999999999999999999999999999d", None),
        ] {
            assert_eq!(nanos(text), expected, "{text}");
        }
    }

    #[test]
    fn plain_scalars_follow_the_core_schema() {
        for (text, expected) in [
            ("80", json!(80)),
            ("-1", json!(-1)),
            ("+7", json!(7)),
            ("0x1f", json!(31)),
            ("0o17", json!(15)),
            ("0777", json!(777)),
            ("1.5", json!(1.5)),
            ("1e3", json!(1000.0)),
            ("true", json!(true)),
            ("~", json!(null)),
            ("no", json!("no")),
            ("on", json!("on")),
            ("inf", json!("inf")),
            ("nan", json!("nan")),
            ("0x-1", json!("0x-1")),
            ("10.42.0.0/16", json!("10.42.0.0/16")),
            ("2024-01-01", json!("2024-01-01")),
        ] {
            assert_eq!(typed(text), expected, "{text}");
        }
    }

    #[test]
    fn shares_and_rates() {
        assert_eq!(share_per_million("20%"), Some(200_000));
        assert_eq!(share_per_million("0.1%"), Some(1_000));
        assert_eq!(share_per_million("100%"), Some(1_000_000));
        assert_eq!(share_per_million("100.1%"), None);
        assert_eq!(share_per_million("20"), None);
        assert_eq!(rate_bps("5Gbps"), Some(5_000_000_000));
        assert_eq!(rate_bps("5gbps"), None);
        assert_eq!(rate_bps("0bps"), None);
    }

    #[test]
    fn hosts_on_the_internet_have_public_addresses() {
        for (ip, public) in [
            ("198.51.100.10", true),
            ("203.0.113.80", true),
            ("8.8.8.8", true),
            ("10.0.0.1", false),
            ("172.16.0.1", false),
            ("172.32.0.1", true),
            ("192.168.1.1", false),
            ("100.64.0.1", false),
            ("100.128.0.1", true),
            ("127.0.0.1", false),
            ("169.254.169.254", false),
            ("224.0.0.1", false),
            ("0.0.0.0", false),
            ("240.0.0.1", false),
            ("2001:db8::1", true),
            ("fd00::1", false),
            ("fe80::1", false),
        ] {
            assert_eq!(why_not_public(ip.parse().expect("an address")).is_none(), public, "{ip}");
        }
    }
}
