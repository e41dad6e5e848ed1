//! Kernel parameters: files below `/proc/sys`, as sysctl(8) and a redirection write them.
//!
//! The kernel knows more of them than the simulator, which has those that decide whether a guest forwards. The others can be
//! neither read nor written, so that nobody believes in them.

use super::files::FileSystem;

/// Whether IPv4 packets for others are passed on.
pub(super) const IPV4_FORWARDING: &str = "/proc/sys/net/ipv4/ip_forward";
/// Whether IPv6 packets for others are passed on.
pub(super) const IPV6_FORWARDING: &str = "/proc/sys/net/ipv6/conf/all/forwarding";

/// Where the kernel keeps them.
const ROOT: &str = "/proc/sys";
/// What there is, and its value when the kernel has booted.
const DEFAULTS: [(&str, &[u8]); 2] = [(IPV4_FORWARDING, b"0\n"), (IPV6_FORWARDING, b"0\n")];

/// A parameter that the simulator does not have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct UnknownParameter;

/// What the kernel and systemd-sysctl do at boot: default values, and then what the files in `/etc` say.
pub(super) fn boot(files: &mut FileSystem) {
    for (path, value) in DEFAULTS {
        files.write(path, value);
    }
    files.make_directories("/etc/sysctl.d");
    let names = files.list("/etc/sysctl.d").into_iter().filter(|name| name.ends_with(".conf"));
    let paths = names.map(|name| format!("/etc/sysctl.d/{name}")).chain(["/etc/sysctl.conf".to_owned()]);
    for path in paths.collect::<Vec<_>>() {
        let text = files.read(&path).map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        for (key, value) in load_parameters(&text.unwrap_or_default()) {
            // What the simulator does not have was said when somebody typed it.
            let _ = assign_parameter(files, key, value);
        }
    }
}

/// The assignments in a file as sysctl.conf(5) has it.
pub(crate) fn load_parameters(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';']));
    lines.filter_map(|line| line.split_once('=')).map(|(key, value)| (key.trim().trim_start_matches('-'), value.trim()))
}

/// A parameter's value. Its name has dots or slashes.
pub(crate) fn read_parameter(files: &FileSystem, key: &str) -> Result<String, UnknownParameter> {
    let bytes = files.read(&path_of(key)?).map_err(|_| UnknownParameter)?;
    Ok(String::from_utf8_lossy(bytes).trim().to_owned())
}

/// Sets a parameter.
pub(crate) fn assign_parameter(files: &mut FileSystem, key: &str, value: &str) -> Result<(), UnknownParameter> {
    files.write(&path_of(key)?, format!("{value}\n").as_bytes());
    Ok(())
}

fn path_of(key: &str) -> Result<String, UnknownParameter> {
    let path = format!("{ROOT}/{}", key.replace('.', "/"));
    DEFAULTS.iter().any(|(known, _)| *known == path).then_some(path).ok_or(UnknownParameter)
}
