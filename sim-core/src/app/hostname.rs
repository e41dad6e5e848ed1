//! `hostname` and `hostnamectl`.

use super::dns::ResolvConf;
use super::options::{Options, Parsed};
use super::resolve::{Family, look_up};
use crate::host::Sys;

/// `hostname`.
pub(crate) async fn main(sys: Sys, arguments: Vec<String>) -> i32 {
    let name = sys.hostname();
    // One option says it all.
    if let Some(parsed) = Options::new(&arguments, "F").next() {
        match parsed {
            Parsed::Flag('I') => {
                let all = sys.interfaces().into_iter().flat_map(|(_, addresses)| addresses).map(|(address, _)| address);
                let shown = all.filter(|address| !address.is_loopback() && !address.to_string().starts_with("fe80"));
                let line: String = shown.map(|address| format!("{address} ")).collect();
                sys.print(format!("{line}\n"));
                return 0;
            }
            Parsed::Flag('i') => {
                let own = sys.interfaces().into_iter().flat_map(|(_, addresses)| addresses);
                let own = own.map(|(address, _)| address).find(|address| !address.is_loopback());
                sys.print(format!("{}\n", own.map(|address| address.to_string()).unwrap_or_default()));
                return 0;
            }
            Parsed::Flag('f' | 'A') | Parsed::Long("fqdn" | "long" | "all-fqdns") => {
                sys.print(format!("{}\n", full_name(&sys, &name).await));
                return 0;
            }
            Parsed::Flag('d') | Parsed::Long("domain") => {
                let full = full_name(&sys, &name).await;
                sys.print(format!("{}\n", full.split_once('.').map_or("", |(_, domain)| domain)));
                return 0;
            }
            Parsed::Flag('s') | Parsed::Long("short") => {
                sys.print(format!("{}\n", name.split('.').next().unwrap_or_default()));
                return 0;
            }
            Parsed::Operand(new) => {
                sys.set_hostname(new);
                return 0;
            }
            Parsed::Flag(letter) | Parsed::Value(letter, _) | Parsed::Missing(letter) => {
                return sys.not_simulated("hostname", &format!("-{letter}"));
            }
            Parsed::Long(long) => return sys.not_simulated("hostname", &format!("--{long}")),
        }
    }
    sys.print(format!("{name}\n"));
    0
}

/// The name with its domain, if the DNS knows it so; else the name alone, as nss-myhostname has it.
async fn full_name(sys: &Sys, name: &str) -> String {
    if name.contains('.') {
        return name.to_owned();
    }
    for domain in ResolvConf::of(sys).search {
        let full = format!("{name}.{}", domain.as_str());
        if let Ok(resolved) = look_up(sys, &full, Family::Any).await {
            return resolved.canonical.trim_end_matches('.').to_owned();
        }
    }
    name.to_owned()
}

/// `hostnamectl`.
pub(crate) async fn control(sys: Sys, arguments: Vec<String>) -> i32 {
    let words: Vec<&str> = arguments[1..].iter().map(String::as_str).filter(|word| !word.starts_with("--")).collect();
    match words.as_slice() {
        ["set-hostname" | "hostname", name] => {
            sys.set_hostname(name);
            0
        }
        [] | ["status"] => {
            sys.print(format!("   Static hostname: {}\n", sys.hostname()));
            0
        }
        ["hostname"] => {
            sys.print(format!("{}\n", sys.hostname()));
            0
        }
        [verb, ..] => {
            sys.eprint(format!("Unknown operation {verb}.\n"));
            1
        }
    }
}
