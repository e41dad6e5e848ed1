//! `truncate` (GNU coreutils): files of a wanted size, as for a download to measure with.
//!
//! Differs from AWS: a file holds its bytes in memory, so that it cannot be larger than [`SIZE_MAX`]; a real one is sparse.

use super::options::{Options, Parsed};
use crate::host::Sys;

/// Largest file. What is larger is refused as by a file system at its own limit (EFBIG).
const SIZE_MAX: u64 = 1 << 30;

/// How a file's size changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Size {
    To(u64),
    By { grow: bool, bytes: u64 },
}

/// `truncate [-c] -s SIZE FILE…`.
pub(crate) async fn main(sys: Sys, arguments: Vec<String>) -> i32 {
    let (mut size, mut names, mut create) = (None, Vec::new(), true);
    let mut options = Options::new(&arguments, "sr");
    while let Some(option) = options.next() {
        let value = match option {
            Parsed::Operand(name) => {
                names.push(name);
                continue;
            }
            Parsed::Flag('c') | Parsed::Long("no-create") => {
                create = false;
                continue;
            }
            Parsed::Value('s', value) => value,
            Parsed::Long("size") => options.take_word().unwrap_or_default(),
            Parsed::Long(long) if long.starts_with("size=") => &long["size=".len()..],
            Parsed::Missing(letter) => {
                sys.eprint(format!("truncate: option requires an argument -- '{letter}'\n"));
                return 1;
            }
            Parsed::Flag(letter) | Parsed::Value(letter, _) => {
                return sys.not_simulated("truncate", &format!("-{letter}"));
            }
            Parsed::Long(long) => return sys.not_simulated("truncate", &format!("--{long}")),
        };
        if value.starts_with(['<', '>', '/', '%']) {
            return sys.not_simulated("truncate", &format!("-s {value}"));
        }
        size = parse(value);
        if size.is_none() {
            sys.eprint(format!("truncate: Invalid number: '{value}'\n"));
            return 1;
        }
    }
    let Some(size) = size else {
        sys.eprint("truncate: you must specify either '--size' or '--reference'\n");
        return 1;
    };
    if names.is_empty() {
        sys.eprint("truncate: missing file operand\n");
        return 1;
    }
    let mut exit = 0;
    for name in names {
        if let Err(problem) = resize(&sys, name, size, create) {
            sys.eprint(format!("truncate: {problem}\n"));
            exit = 1;
        }
    }
    exit
}

fn resize(sys: &Sys, name: &str, size: Size, create: bool) -> Result<(), String> {
    let path = sys.path(name);
    sys.files(|files| {
        if !files.exists(&path) && !create {
            return Ok(());
        }
        let cannot_open = |error| format!("cannot open '{name}' for writing: {error}");
        files.open_for_append(&path).map_err(cannot_open)?;
        let now = files.read(&path).map_err(cannot_open)?.len() as u64;
        let wanted = match size {
            Size::To(bytes) => bytes,
            Size::By { grow: true, bytes } => now.saturating_add(bytes),
            Size::By { grow: false, bytes } => now.saturating_sub(bytes),
        };
        if wanted > SIZE_MAX {
            return Err(format!("failed to truncate '{name}' at {wanted} bytes: File too large"));
        }
        files.resize(&path, wanted as usize);
        Ok(())
    })
}

/// A size: a sign to change by it, a number, and a unit (`K`, `KiB` = 1024; `KB` = 1000; up to `T`).
fn parse(text: &str) -> Option<Size> {
    let (sign, rest) = match text.as_bytes().first()? {
        b'+' => (Some(true), &text[1..]),
        b'-' => (Some(false), &text[1..]),
        _ => (None, text),
    };
    let digits = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
    let (number, unit) = rest.split_at(digits);
    let number: u64 = number.parse().ok()?;
    let (letter, base) = match unit {
        "" => ("", 1),
        _ => match unit.get(1..)? {
            "" | "iB" => (&unit[..1], 1024),
            "B" => (&unit[..1], 1000),
            _ => return None,
        },
    };
    let power = if letter.is_empty() { 0 } else { "KMGT".find(&letter.to_ascii_uppercase())? as u32 + 1 };
    let bytes = number.checked_mul(u64::pow(base, power))?;
    Some(match sign {
        None => Size::To(bytes),
        Some(grow) => Size::By { grow, bytes },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_coreutils_does() {
        for (text, size) in [
            ("0", Some(Size::To(0))),
            ("10K", Some(Size::To(10 << 10))),
            ("10KB", Some(Size::To(10_000))),
            ("3MiB", Some(Size::To(3 << 20))),
            ("1g", Some(Size::To(1 << 30))),
            ("+5", Some(Size::By { grow: true, bytes: 5 })),
            ("-1K", Some(Size::By { grow: false, bytes: 1024 })),
            ("K", None),
            ("5X", None),
            ("5Kb", None),
            ("é", None),
            ("5é", None),
            ("", None),
            ("99999999999T", None),
        ] {
            assert_eq!(parse(text), size, "{text}");
        }
    }
}
