//! Package managers: `yum`, `dnf`, `apt-get`, `apt`, `amazon-linux-extras`, `rpm`.
//!
//! `Differs from AWS:` an installation always succeeds and takes some seconds of simulated time, without asking a mirror;
//! what it brings is what the simulator has: a web server's document root and service. What it prints is shorter
//! than the real thing.

use crate::engine::SimDuration;
use crate::host::{Profile, Sys};

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
    let words: Vec<&str> = arguments[1..].iter().map(String::as_str).filter(|word| !word.starts_with('-')).collect();
    match words.as_slice() {
        ["install" | "reinstall" | "localinstall" | "groupinstall", packages @ ..] => install(&sys, packages).await,
        ["update" | "upgrade" | "makecache" | "check-update" | "clean" | "dist-upgrade" | "autoremove", ..] => {
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
            install(&sys, &packages).await
        }
        ["enable" | "disable", ..] => 0,
        _ => sys.not_simulated("amazon-linux-extras", words.first().copied().unwrap_or("list")),
    }
}

async fn install(sys: &Sys, packages: &[&str]) -> i32 {
    for package in packages {
        if sys.is_installed(package) {
            sys.print(format!("Package {package} already installed and latest version\n"));
            continue;
        }
        sys.sleep(INSTALLATION).await;
        sys.install(package);
        bring(sys, package);
        sys.print(format!("Installed: {package}\n"));
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
