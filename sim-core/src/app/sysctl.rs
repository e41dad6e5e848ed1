//! `sysctl` (sysctl(8)): kernel parameters, of which the simulator has those about forwarding.

use super::options::{Options, Parsed};
use crate::host::{Sys, UnknownParameter, assign_parameter, load_parameters, read_parameter};

/// What a line asks for.
enum Source {
    /// Its operands.
    Operands,
    /// The files of the system.
    System,
    /// These files, or `/etc/sysctl.conf`.
    Files,
}

/// `sysctl [-n] [-q] [-w] [-p [FILE…]] [--system] [NAME[=VALUE]…]`.
pub(crate) async fn main(sys: Sys, arguments: Vec<String>) -> i32 {
    let (mut quiet, mut bare, mut source, mut operands) = (false, false, Source::Operands, Vec::new());
    for parsed in Options::new(&arguments, "") {
        match parsed {
            Parsed::Flag('w' | 'e') => {}
            Parsed::Flag('q') => quiet = true,
            Parsed::Flag('n') => bare = true,
            Parsed::Flag('p') => source = Source::Files,
            Parsed::Long("system") => source = Source::System,
            Parsed::Long(long) => match long.strip_prefix("load=") {
                Some(path) => {
                    source = Source::Files;
                    operands.push(path);
                }
                None if long == "load" => source = Source::Files,
                None => return sys.not_simulated("sysctl", &format!("--{long}")),
            },
            Parsed::Flag(letter) | Parsed::Value(letter, _) | Parsed::Missing(letter) => {
                return sys.not_simulated("sysctl", &format!("-{letter}"));
            }
            Parsed::Operand(operand) => operands.push(operand),
        }
    }
    let mut exit = 0;
    let assign = |key: &str, value: &str| match sys.files(|files| assign_parameter(files, key, value)) {
        Ok(()) if quiet => {}
        Ok(()) if bare => sys.print(format!("{value}\n")),
        Ok(()) => sys.print(format!("{key} = {value}\n")),
        // The kernel would take it; nothing here would be different.
        Err(UnknownParameter) => {
            sys.note(format!("sysctl: the parameter '{key}' is not simulated; setting it does nothing"));
        }
    };
    match source {
        Source::Operands => {
            for operand in operands {
                match operand.split_once('=') {
                    Some((key, value)) => assign(key.trim(), value.trim()),
                    None => match sys.files(|files| read_parameter(files, operand)) {
                        Ok(value) if bare => sys.print(format!("{value}\n")),
                        Ok(value) => sys.print(format!("{operand} = {value}\n")),
                        Err(UnknownParameter) => {
                            sys.eprint(format!("vpcsim: sysctl: the parameter '{operand}' is not simulated\n"));
                            sys.note(format!("sysctl: the parameter '{operand}' is not simulated"));
                            exit = 255;
                        }
                    },
                }
            }
        }
        Source::System | Source::Files => {
            let is_system = matches!(source, Source::System);
            let mut paths: Vec<String> = operands.into_iter().map(str::to_owned).collect();
            if is_system {
                let names = sys.files(|files| files.list("/etc/sysctl.d"));
                let names = names.into_iter().filter(|name| name.ends_with(".conf"));
                paths = names.map(|name| format!("/etc/sysctl.d/{name}")).collect();
            }
            if is_system || paths.is_empty() {
                paths.push("/etc/sysctl.conf".to_owned());
            }
            for path in paths {
                match sys.read_file(&path) {
                    Ok(bytes) => {
                        if is_system {
                            sys.print(format!("* Applying {path} ...\n"));
                        }
                        for (key, value) in load_parameters(&String::from_utf8_lossy(&bytes)) {
                            assign(key, value);
                        }
                    }
                    Err(_) if is_system => {}
                    Err(error) => {
                        sys.eprint(format!("sysctl: cannot open \"{path}\": {error}\n"));
                        exit = 1;
                    }
                }
            }
        }
    }
    exit
}
