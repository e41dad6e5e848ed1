//! The init system: `systemctl`, `service`, `chkconfig`.
//!
//! A service is started only if the package that brings it is installed. Web servers really serve, the ports of databases take
//! connections; other services only have a state.

use super::daemon::{self, Daemon};
use super::httpd::{Flavour, Site, serve};
use super::iptables;
use crate::host::{Profile, Service, Sys};

/// `systemctl VERB [--now] UNIT…`.
pub(crate) async fn systemctl(sys: Sys, arguments: Vec<String>) -> i32 {
    let now = arguments.iter().any(|word| word == "--now");
    let words: Vec<&str> = arguments[1..].iter().map(String::as_str).filter(|word| !word.starts_with('-')).collect();
    let Some((&verb, units)) = words.split_first() else { return sys.not_simulated("systemctl", "list-units") };
    if matches!(verb, "daemon-reload" | "reset-failed") {
        return 0;
    }
    let mut exit = 0;
    for unit in units {
        exit = control(&sys, verb, unit.trim_end_matches(".service"), now);
    }
    exit
}

/// `service UNIT VERB`.
pub(crate) async fn service(sys: Sys, arguments: Vec<String>) -> i32 {
    match arguments.get(1..).unwrap_or_default() {
        [unit, verb] if unit == "iptables" && verb == "save" && exists(&sys, unit) => iptables::save_service(&sys),
        [unit, verb] => {
            if sys.profile() == Profile::AmazonLinux2
                && matches!(verb.as_str(), "start" | "stop" | "restart" | "reload")
            {
                sys.print(format!("Redirecting to /bin/systemctl {verb} {unit}.service\n"));
            }
            control(&sys, verb, unit, false)
        }
        _ => {
            sys.eprint("Usage: service < option > | --status-all | [ service_name [ command | --full-restart ] ]\n");
            1
        }
    }
}

/// `chkconfig UNIT on|off`.
pub(crate) async fn chkconfig(sys: Sys, arguments: Vec<String>) -> i32 {
    let words: Vec<&str> = arguments[1..].iter().map(String::as_str).filter(|word| !word.starts_with('-')).collect();
    match words.as_slice() {
        [unit, "on"] => control(&sys, "enable", unit, false),
        [unit, "off"] => control(&sys, "disable", unit, false),
        _ => sys.not_simulated("chkconfig", words.first().copied().unwrap_or("--list")),
    }
}

fn control(sys: &Sys, verb: &str, unit: &str, now: bool) -> i32 {
    let unit = if unit == "ssh" { "sshd" } else { unit };
    if !exists(sys, unit) {
        let text = match verb {
            "enable" | "disable" => format!("Failed to {verb} unit: Unit file {unit}.service does not exist.\n"),
            "is-active" => {
                sys.print("inactive\n");
                return 3;
            }
            "is-enabled" => {
                sys.eprint(format!("Failed to get unit file state for {unit}.service: No such file or directory\n"));
                return 1;
            }
            "status" => format!("Unit {unit}.service could not be found.\n"),
            _ => format!("Failed to {verb} {unit}.service: Unit not found.\n"),
        };
        sys.eprint(text);
        return if verb == "status" { 4 } else { 5 };
    }
    let mut state = sys.service(unit);
    match verb {
        "start" => start(sys, unit),
        "stop" => stop(sys, unit),
        "restart" | "reload" | "try-restart" | "force-reload" | "reload-or-restart" => {
            // sshd reads its configuration again; nothing of it changes what a port probe sees.
            if unit == "sshd" {
                return 0;
            }
            stop(sys, unit);
            start(sys, unit)
        }
        "enable" | "disable" => {
            state.enabled = verb == "enable";
            sys.set_service(unit, state);
            match (now, verb) {
                (true, "enable") => start(sys, unit),
                (true, _) => stop(sys, unit),
                _ => 0,
            }
        }
        "is-active" => {
            sys.print(if state.running { "active\n" } else { "inactive\n" });
            if state.running { 0 } else { 3 }
        }
        "is-enabled" => {
            sys.print(if state.enabled { "enabled\n" } else { "disabled\n" });
            i32::from(!state.enabled)
        }
        "status" => {
            let (dot, active) = if state.running { ("●", "active (running)") } else { ("○", "inactive (dead)") };
            let enabled = if state.enabled { "enabled" } else { "disabled" };
            sys.print(format!(
                "{dot} {unit}.service - {}\n   Loaded: loaded (/usr/lib/systemd/system/{unit}.service; {enabled})\n   Active: {active}\n",
                describe(unit)
            ));
            if state.running { 0 } else { 3 }
        }
        other => {
            sys.eprint(format!("Unknown operation '{other}'.\n"));
            1
        }
    }
}

fn start(sys: &Sys, unit: &str) -> i32 {
    let mut state = sys.service(unit);
    if state.running {
        return 0;
    }
    state = Service { generation: state.generation + 1, running: true, ..state };
    if let Some((flavour, root)) = web_server(sys, unit) {
        if sys.listening_ports().contains(&80) {
            return cannot_start(sys, unit);
        }
        sys.set_service(unit, state);
        let service = Some((unit.to_owned(), state.generation));
        sys.spawn(serve(sys.clone(), Site { flavour, root: root.to_owned(), port: 80, service }));
    } else if let Some(daemon) = Daemon::of_unit(unit) {
        let Ok(listener) = sys.tcp_listen(daemon.port) else { return cannot_start(sys, unit) };
        sys.set_service(unit, state);
        let (task, name) = (sys.clone(), unit.to_owned());
        let lives = move || task.service(&name).running && task.service(&name).generation == state.generation;
        sys.spawn(daemon::serve(sys.clone(), listener, lives));
        sys.note(format!("port {} of '{unit}' takes connections; what it would say is not simulated", daemon.port));
    } else if unit == "iptables" {
        sys.set_service(unit, state);
        iptables::start_service(sys);
    } else {
        sys.set_service(unit, state);
        if unit != "sshd" {
            sys.note(format!("the service '{unit}' counts as started; what it would do is not simulated"));
        }
    }
    0
}

fn cannot_start(sys: &Sys, unit: &str) -> i32 {
    sys.eprint(format!(
        "Job for {unit}.service failed because the control process exited with error code.\n\
         See \"systemctl status {unit}.service\" and \"journalctl -xe\" for details.\n"
    ));
    1
}

/// Debian's packages start what they bring.
pub(super) fn start_packaged(sys: &Sys, package: &str) {
    let unit = package.trim_end_matches("-server");
    if exists(sys, unit) && (web_server(sys, unit).is_some() || Daemon::of_unit(unit).is_some()) {
        control(sys, "enable", unit, true);
    }
}

fn stop(sys: &Sys, unit: &str) -> i32 {
    let state = sys.service(unit);
    sys.set_service(unit, Service { running: false, ..state });
    if unit == "iptables" {
        iptables::stop_service(sys);
    }
    let port = web_server(sys, unit).map(|_| 80).or_else(|| Some(Daemon::of_unit(unit)?.port));
    if let Some(port) = port.filter(|_| state.running) {
        // The server itself ends when it next runs; the port is free at once, so that a restart finds it so.
        sys.stop_listening(port);
    }
    0
}

fn web_server(sys: &Sys, unit: &str) -> Option<(Flavour, &'static str)> {
    match unit {
        "httpd" | "apache2" => Some((Flavour::Apache, "/var/www/html")),
        "nginx" if sys.profile() == Profile::Ubuntu => Some((Flavour::Nginx, "/var/www/html")),
        "nginx" => Some((Flavour::Nginx, "/usr/share/nginx/html")),
        _ => None,
    }
}

fn exists(sys: &Sys, unit: &str) -> bool {
    match unit {
        "sshd" | "crond" | "rsyslog" | "chronyd" | "amazon-ssm-agent" | "network" | "systemd-networkd" => true,
        "iptables" => sys.is_installed("iptables-services"),
        unit => {
            Daemon::of_unit(unit).is_some_and(|daemon| daemon.is_installed(sys))
                || sys.is_installed(unit)
                || sys.is_installed(unit.trim_end_matches('d'))
                || sys.is_installed(&format!("{unit}-server"))
        }
    }
}

fn describe(unit: &str) -> &str {
    match unit {
        "httpd" | "apache2" => "The Apache HTTP Server",
        "nginx" => "The nginx HTTP and reverse proxy server",
        "sshd" => "OpenSSH server daemon",
        "iptables" => "IPv4 firewall with iptables",
        other => Daemon::of_unit(other).map_or(other, |daemon| daemon.description),
    }
}
