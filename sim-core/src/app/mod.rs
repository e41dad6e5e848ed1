//! Programs of an instance: one file each, straight-line code over a [`Sys`](crate::host::Sys), and the table in which the
//! instance's shell looks their names up.
//!
//! A program knows sockets, files and a clock. It does not know AWS, the fabric, or how its output will be shown; texts
//! that differ between images come from the [`Profile`](crate::host::Profile).

mod address_echo;
mod arp;
mod awk;
mod aws_service;
mod curl;
mod daemon;
mod dev_tcp;
mod dhclient;
mod dns;
mod ec2_metadata;
mod endpoint_policy;
mod hostname;
mod http;
mod httpd;
mod ip;
mod iperf3;
mod iptables;
mod metadata;
mod mtr;
mod nc;
mod ntpdate;
mod options;
mod outside;
mod package_mirror;
mod packages;
mod ping;
mod probe;
mod resolve;
mod services;
mod sockets;
mod ssh;
mod streams;
mod sysctl;
mod system;
mod tcpdump;
mod telnet;
#[cfg(test)]
mod tests;
mod text;
mod time_server;
mod traceroute;
mod truncate;
mod wget;

use crate::host::{DEV_TCP, LEASE_RENEWAL, Program, Programs};

/// Wraps an `async fn(Sys, Vec<String>) -> i32` as a [`Program`].
macro_rules! program {
    ($main:path) => {{
        let program: Program = |sys, arguments| Box::pin($main(sys, arguments));
        program
    }};
}

/// What answers on a host outside AWS. No shell can type this name.
pub(crate) const OUTSIDE_SERVER: &str = "(outside server)";
/// Sends one packet for an explanation. Not a command that an instance has.
pub(crate) const PROBE: &str = "(probe)";
pub(crate) use outside::ROOT as OUTSIDE_ROOT;

/// Says from which address it was asked. No shell can type this name.
pub(crate) const ADDRESS_ECHO: &str = "(address echo)";

/// What a public service of AWS runs. No shell can type this name.
pub(crate) const AWS_SERVICE: &str = "(AWS service)";
pub(crate) use aws_service::POLICY as ENDPOINT_POLICY;

/// The instance metadata service, which a host of the platform runs.
pub(crate) const METADATA_SERVER: &str = "(metadata server)";
/// Where it has its files.
pub(crate) use metadata::ROOT as METADATA_ROOT;
pub(crate) use metadata::SETTINGS as METADATA_SETTINGS;

/// The time service, which a host of the platform runs.
pub(crate) const TIME_SERVER: &str = "(time server)";

/// Takes a resolver's questions over TCP: on a host of the platform, and on public resolvers.
pub(crate) const RESOLVER_FRONT: &str = "(resolver over TCP)";
/// Whom it asks.
pub(crate) use dns::front::UPSTREAM as RESOLVER_UPSTREAM;

/// The programs of the platform's own hosts: no shell, no SSH server, one service each.
pub(crate) fn platform() -> Programs {
    Programs(|name| match name {
        METADATA_SERVER => Some(program!(metadata::main)),
        TIME_SERVER => Some(program!(time_server::main)),
        RESOLVER_FRONT => Some(program!(dns::front::main)),
        _ => None,
    })
}

/// All programs.
pub(crate) fn programs() -> Programs {
    Programs(find)
}

fn find(name: &str) -> Option<Program> {
    let name = name.rsplit('/').next().unwrap_or(name);
    Some(match name {
        "ping" | "ping6" => program!(ping::main),
        "curl" => program!(curl::main),
        "ssh" => program!(ssh::main),
        "traceroute" | "traceroute6" => program!(traceroute::main),
        "mtr" => program!(mtr::main),
        "tracepath" | "tracepath6" => program!(traceroute::path::main),
        "tcpdump" => program!(tcpdump::main),
        "arp" => program!(arp::main),
        "ss" => program!(sockets::ss),
        "netstat" => program!(sockets::netstat),
        DEV_TCP => program!(dev_tcp::main),
        "dhclient" => program!(dhclient::main),
        "networkctl" => program!(dhclient::networkctl),
        LEASE_RENEWAL => program!(dhclient::renewal),
        "wget" => program!(wget::main),
        "nc" | "ncat" | "netcat" => program!(nc::main),
        "telnet" => program!(telnet::main),
        "ntpdate" => program!(ntpdate::main),
        "dig" => program!(dns::dig::main),
        "host" => program!(dns::host::main),
        "nslookup" => program!(dns::nslookup::main),
        "getent" => program!(dns::getent::main),
        "iperf3" => program!(iperf3::main),
        "ip" => program!(ip::main),
        "ifconfig" => program!(ip::ifconfig),
        "route" => program!(ip::route::route),
        "ec2-metadata" => program!(ec2_metadata::main),
        "hostname" => program!(hostname::main),
        "hostnamectl" => program!(hostname::control),
        "sshd" => program!(ssh::server::main),
        OUTSIDE_SERVER => program!(outside::main),
        "iptables" | "ip6tables" => program!(iptables::main),
        "iptables-save" | "ip6tables-save" => program!(iptables::save),
        "iptables-restore" | "ip6tables-restore" => program!(iptables::restore),
        "nft" => program!(iptables::nft),
        "sysctl" => program!(sysctl::main),
        ADDRESS_ECHO => program!(address_echo::main),
        AWS_SERVICE => program!(aws_service::main),
        PROBE => program!(probe::main),
        RESOLVER_FRONT => program!(dns::front::main),
        "systemctl" => program!(services::systemctl),
        "service" => program!(services::service),
        "chkconfig" => program!(services::chkconfig),
        "yum" | "dnf" | "apt-get" | "apt" => program!(packages::main),
        "amazon-linux-extras" => program!(packages::extras),
        "awk" | "gawk" => program!(awk::main),
        "echo" => program!(text::echo),
        "printf" => program!(text::printf),
        "cat" => program!(streams::cat),
        "tee" => program!(streams::tee),
        "grep" | "egrep" | "fgrep" => program!(streams::grep),
        "yes" => program!(streams::yes),
        "sed" => program!(text::sed),
        "head" => program!(streams::head),
        "tail" => program!(streams::tail),
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
        "reboot" | "shutdown" | "poweroff" | "halt" => program!(system::power),
        "whoami" | "id" | "uname" => program!(system::about),
        "python" | "python3" => program!(system::python),
        _ => return None,
    })
}
