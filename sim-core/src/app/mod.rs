//! Programs of an instance: one file each, straight-line code over a [`Sys`](crate::host::Sys), and the table in which the
//! instance's shell looks their names up.
//!
//! A program knows sockets, files and a clock. It does not know AWS, the fabric, or how its output will be shown; texts
//! that differ between images come from the [`Profile`](crate::host::Profile).

mod curl;
mod hostname;
mod httpd;
mod ip;
mod iperf3;
mod iptables;
mod options;
mod outside;
mod packages;
mod ping;
mod resolve;
mod services;
mod sshd;
mod sysctl;
mod system;
#[cfg(test)]
mod tests;
mod text;
mod truncate;

use crate::host::{Program, Programs};

/// Wraps an `async fn(Sys, Vec<String>) -> i32` as a [`Program`].
macro_rules! program {
    ($main:path) => {{
        let program: Program = |sys, arguments| Box::pin($main(sys, arguments));
        program
    }};
}

/// What answers on a host outside AWS. No shell can type this name.
pub(crate) const OUTSIDE_SERVER: &str = "(outside server)";
pub(crate) use outside::ROOT as OUTSIDE_ROOT;

/// All programs.
pub(crate) fn programs() -> Programs {
    Programs(find)
}

fn find(name: &str) -> Option<Program> {
    let name = name.rsplit('/').next().unwrap_or(name);
    Some(match name {
        "ping" | "ping6" => program!(ping::main),
        "curl" => program!(curl::main),
        "iperf3" => program!(iperf3::main),
        "ip" => program!(ip::main),
        "ifconfig" => program!(ip::ifconfig),
        "hostname" => program!(hostname::main),
        "hostnamectl" => program!(hostname::control),
        "sshd" => program!(sshd::main),
        OUTSIDE_SERVER => program!(outside::main),
        "iptables" | "ip6tables" => program!(iptables::main),
        "iptables-save" | "ip6tables-save" => program!(iptables::save),
        "iptables-restore" | "ip6tables-restore" => program!(iptables::restore),
        "nft" => program!(iptables::nft),
        "sysctl" => program!(sysctl::main),
        "systemctl" => program!(services::systemctl),
        "service" => program!(services::service),
        "chkconfig" => program!(services::chkconfig),
        "yum" | "dnf" | "apt-get" | "apt" => program!(packages::main),
        "amazon-linux-extras" => program!(packages::extras),
        "echo" => program!(text::echo),
        "printf" => program!(text::printf),
        "cat" => program!(text::cat),
        "tee" => program!(text::tee),
        "grep" | "egrep" | "fgrep" => program!(text::grep),
        "sed" => program!(text::sed),
        "head" | "tail" => program!(text::ends),
        "wc" => program!(text::wc),
        "cut" => program!(text::cut),
        "tr" => program!(text::tr),
        "sort" | "uniq" => program!(text::sort),
        "seq" => program!(text::seq),
        "ls" => program!(system::ls),
        "touch" | "mkdir" | "rmdir" | "chmod" | "chown" | "chgrp" | "cp" | "mv" | "rm" | "ln" => {
            program!(system::files)
        }
        "truncate" => program!(truncate::main),
        "sleep" => program!(system::sleep),
        "date" => program!(system::date),
        "passwd" | "chpasswd" | "useradd" | "adduser" | "usermod" | "groupadd" => program!(system::accounts),
        "whoami" | "id" | "uname" => program!(system::about),
        "python" | "python3" => program!(system::python),
        _ => return None,
    })
}
