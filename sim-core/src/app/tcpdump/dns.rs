//! A DNS message in tcpdump's short form (RFC 1035 §4): `16121+ A? web.lab.internal. (34)`, `16121 1/0/0 A 10.0.2.20 (50)`.

use std::net::{Ipv4Addr, Ipv6Addr};

/// How many pointers a name may follow.
const POINTERS_MAX: u32 = 16;

/// The message in one line; `None` when it is cut short.
pub(super) fn describe(message: &[u8]) -> Option<String> {
    let word = |at: usize| Some(u16::from_be_bytes([*message.get(at)?, *message.get(at + 1)?]));
    let (id, flags) = (word(0)?, word(2)?);
    let counts = [word(4)?, word(6)?, word(8)?, word(10)?];
    let [questions, answers, authorities, additional] = counts;
    let (question, mut at) = if questions > 0 { name(message, 12)? } else { (String::new(), 12) };
    let kind = if questions > 0 { word(at)? } else { 0 };
    at += if questions > 0 { 4 } else { 0 };
    let len = message.len();
    if flags & 0x8000 == 0 {
        let recursion = if flags & 0x0100 != 0 { "+" } else { "" };
        let edns = if additional > 0 { format!(" [{additional}au]") } else { String::new() };
        return Some(format!("{id}{recursion}{edns} {}? {question} ({len})", type_name(kind)));
    }
    let authoritative = if flags & 0x0400 != 0 { "*" } else { "" };
    let no_recursion = if flags & 0x0080 == 0 { "-" } else { "" };
    let cut = if flags & 0x0200 != 0 { "|" } else { "" };
    let status = match flags & 0xf {
        0 => "",
        1 => " FormErr",
        2 => " ServFail",
        3 => " NXDomain",
        4 => " NotImp",
        5 => " Refused",
        _ => " Resp?",
    };
    let mut records = Vec::new();
    for _ in 0..answers {
        let (_, after) = name(message, at)?;
        let (kind, size) = (word(after)?, usize::from(word(after + 8)?));
        let data = message.get(after + 10..after + 10 + size)?;
        let value = match (kind, data) {
            (1, &[a, b, c, d]) => format!(" {}", Ipv4Addr::new(a, b, c, d)),
            (28, data) => {
                <[u8; 16]>::try_from(data).map_or(String::new(), |octets| format!(" {}", Ipv6Addr::from(octets)))
            }
            (2 | 5 | 12, _) => format!(" {}", name(message, after + 10)?.0),
            _ => String::new(),
        };
        records.push(format!("{}{value}", type_name(kind)));
        at = after + 10 + size;
    }
    let list = if records.is_empty() { String::new() } else { format!(" {}", records.join(", ")) };
    Some(format!("{id}{status}{authoritative}{no_recursion}{cut} {answers}/{authorities}/{additional}{list} ({len})"))
}

/// A name and where it ends (RFC 1035 §4.1.4).
fn name(message: &[u8], mut at: usize) -> Option<(String, usize)> {
    let mut text = String::new();
    let mut end = None;
    let mut pointers = 0;
    loop {
        let len = usize::from(*message.get(at)?);
        if len == 0 {
            if text.is_empty() {
                text.push('.');
            }
            return Some((text, end.unwrap_or(at + 1)));
        }
        if len >= 0xc0 {
            pointers += 1;
            if pointers > POINTERS_MAX {
                return None;
            }
            end = end.or(Some(at + 2));
            at = (len & 0x3f) << 8 | usize::from(*message.get(at + 1)?);
            continue;
        }
        text.push_str(&String::from_utf8_lossy(message.get(at + 1..at + 1 + len)?));
        text.push('.');
        at += 1 + len;
    }
}

fn type_name(kind: u16) -> String {
    match kind {
        1 => "A",
        2 => "NS",
        5 => "CNAME",
        6 => "SOA",
        12 => "PTR",
        15 => "MX",
        16 => "TXT",
        28 => "AAAA",
        33 => "SRV",
        65 => "HTTPS",
        255 => "ANY",
        other => return format!("Type{other}"),
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_and_answers_are_told_as_tcpdump_tells_them() {
        let question = b"\x12\x34\x01\x00\0\x01\0\0\0\0\0\0\x03web\x03lab\0\0\x01\0\x01";
        assert_eq!(describe(question).as_deref(), Some("4660+ A? web.lab. (25)"));
        let mut answer = question.to_vec();
        answer[2..4].copy_from_slice(&[0x85, 0x80]);
        answer[7] = 1;
        answer.extend_from_slice(b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\x0a\0\x02\x14");
        assert_eq!(describe(&answer).as_deref(), Some("4660* 1/0/0 A 10.0.2.20 (41)"));
        let mut absent = question.to_vec();
        absent[2..4].copy_from_slice(&[0x81, 0x83]);
        assert_eq!(describe(&absent).as_deref(), Some("4660 NXDomain 0/0/0 (25)"));
        for len in 0..answer.len() {
            describe(&answer[..len]);
        }
    }
}
