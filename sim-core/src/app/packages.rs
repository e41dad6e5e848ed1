//! Package managers: `yum`, `dnf`, `apt-get`, `apt`, `amazon-linux-extras`.
//!
//! Whatever is to be fetched needs a way to the package mirror: each command opens a TCP connection to it first, and fails as the
//! real tool does when there is none. A scenario may do without (`packages: preinstalled`).
//!
//! `Differs from AWS:` what goes over the connection is not simulated; an installation takes some seconds of simulated time and
//! brings what the simulator has: a web server's document root and service. What is printed is shorter than the real thing.

use crate::engine::SimDuration;
use crate::host::{Profile, Sys};

use super::package_mirror::{self, Tool};
use super::services;

/// How long an installation takes, for each package. Nobody publishes such a number; seconds are what labs see.
const INSTALLATION: SimDuration = SimDuration::from_secs(4);
/// How long refreshing the lists takes.
const REFRESH: SimDuration = SimDuration::from_secs(3);

/// `yum`, `dnf`, `apt-get`, `apt`.
pub(crate) async fn main(sys: Sys, arguments: Vec<String>) -> i32 {
    let manager = arguments[0].as_str();
    let debian = manager.starts_with("apt");
    if debian != (sys.profile() == Profile::Ubuntu) {
        sys.eprint(format!("bash: {manager}: command not found\n"));
        return 127;
    }
    let tool = match sys.profile() {
        Profile::Ubuntu => Tool::Apt,
        Profile::AmazonLinux2 => Tool::Yum,
        _ => Tool::Dnf,
    };
    let words: Vec<&str> = arguments[1..].iter().map(String::as_str).filter(|word| !word.starts_with('-')).collect();
    match words.as_slice() {
        ["install" | "reinstall" | "localinstall" | "groupinstall", packages @ ..] => {
            install(&sys, tool, packages).await
        }
        ["clean" | "autoremove", ..] => {
            sys.sleep(REFRESH).await;
            0
        }
        ["update" | "upgrade" | "makecache" | "check-update" | "dist-upgrade", ..] => {
            if let Err(exit) = package_mirror::reach_for_lists(&sys, tool).await {
                return exit;
            }
            sys.sleep(REFRESH).await;
            if !debian {
                sys.print("No packages marked for update\n");
            }
            0
        }
        ["remove" | "erase" | "purge", ..] => sys.not_simulated(manager, words[0]),
        ["list" | "info" | "search" | "repolist", ..] => sys.not_simulated(manager, words[0]),
        [] => {
            sys.eprint(format!("{manager}: You need to give some command\n"));
            1
        }
        [other, ..] => {
            sys.eprint(format!("No such command: {other}.\n"));
            1
        }
    }
}

/// `amazon-linux-extras`.
pub(crate) async fn extras(sys: Sys, arguments: Vec<String>) -> i32 {
    let words: Vec<&str> = arguments[1..].iter().map(String::as_str).filter(|word| !word.starts_with('-')).collect();
    match words.as_slice() {
        ["install", topics @ ..] => {
            let packages: Vec<&str> = topics
                .iter()
                .map(|topic| {
                    topic.split('=').next().unwrap_or(topic).trim_end_matches(|c: char| c.is_ascii_digit() || c == '.')
                })
                .collect();
            install(&sys, Tool::Extras, &packages).await
        }
        ["enable" | "disable", ..] => 0,
        _ => sys.not_simulated("amazon-linux-extras", words.first().copied().unwrap_or("list")),
    }
}

async fn install(sys: &Sys, tool: Tool, packages: &[&str]) -> i32 {
    let is_new = |package: &&&str| !sys.is_installed(package);
    let missing: Vec<&str> = packages.iter().filter(is_new).copied().collect();
    if !missing.is_empty()
        && let Err(exit) = package_mirror::reach_for_packages(sys, tool, &missing).await
    {
        return exit;
    }
    for package in packages {
        if sys.is_installed(package) {
            sys.print(format!("Package {package} already installed and latest version\n"));
            continue;
        }
        sys.sleep(INSTALLATION).await;
        sys.install(package);
        bring(sys, package);
        sys.print(format!("Installed: {package}\n"));
        if tool == Tool::Apt {
            services::start_packaged(sys, package);
        }
    }
    sys.print("Complete!\n");
    0
}

/// The files a package brings, as far as anything here looks at them.
fn bring(sys: &Sys, package: &str) {
    sys.files(|files| match package {
        "iptables-services" => files.write("/etc/sysconfig/iptables", super::iptables::PACKAGED.as_bytes()),
        "httpd" => files.make_directories("/var/www/html"),
        "apache2" => files.write(
            "/var/www/html/index.html",
            b"<!DOCTYPE html>\n<html><head><title>Apache2 Ubuntu Default Page: It works</title></head>\n<body><h1>It works!</h1></body></html>\n",
        ),
        "nginx" => {
            let page = b"<!DOCTYPE html>\n<html>\n<head>\n<title>Welcome to nginx!</title>\n</head>\n<body>\n<h1>Welcome to nginx!</h1>\n</body>\n</html>\n";
            files.write("/usr/share/nginx/html/index.html", page);
            // Debian's package serves another directory.
            files.write("/var/www/html/index.nginx-debian.html", page);
        }
        _ => {}
    });
}
