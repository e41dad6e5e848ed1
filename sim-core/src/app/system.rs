//! Small programs about files, time and accounts: `ls`, `touch`, `mkdir`, `chmod`, `cp`, `rm`, `sleep`, `date`, `passwd`…

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::httpd::{Flavour, Site, serve};
use crate::host::{Sys, duration, file_name};

/// `ls`: names, one a line when nobody looks at a terminal, else beside each other.
pub(crate) async fn ls(sys: Sys, arguments: Vec<String>) -> i32 {
    let (flags, mut names): (Vec<&String>, Vec<&String>) =
        arguments[1..].iter().partition(|word| word.starts_with('-'));
    if let Some(flag) =
        flags.iter().find(|flag| !flag[1..].chars().all(|letter| matches!(letter, 'a' | 'A' | '1' | 'l' | 'h')))
    {
        return sys.not_simulated("ls", flag);
    }
    let here = ".".to_owned();
    if names.is_empty() {
        names.push(&here);
    }
    let long = flags.iter().any(|flag| flag.contains('l'));
    if long {
        sys.note("ls -l: modes, owners and times of files are not kept; all are shown alike");
    }
    let mut exit = 0;
    for name in names {
        let path = sys.path(name);
        if sys.files(|files| files.is_directory(&path)) {
            let hidden = flags.iter().any(|flag| flag.contains(['a', 'A']));
            let listed = sys.files(|files| files.list(&path));
            let listed: Vec<String> = listed.into_iter().filter(|name| hidden || !name.starts_with('.')).collect();
            if long {
                let rows: Vec<(String, String)> =
                    listed.into_iter().map(|name| (format!("{}/{name}", path.trim_end_matches('/')), name)).collect();
                print_long(&sys, &rows, Total::Shown);
                continue;
            }
            let separator =
                if sys.stdout_is_terminal() && !flags.iter().any(|flag| flag.contains('1')) { "  " } else { "\n" };
            if !listed.is_empty() {
                sys.print(listed.join(separator) + "\n");
            }
        } else if sys.files(|files| files.exists(&path)) {
            match long {
                true => print_long(&sys, &[(path, name.clone())], Total::Hidden),
                false => sys.print(format!("{name}\n")),
            }
        } else {
            sys.eprint(format!("ls: cannot access '{name}': No such file or directory\n"));
            exit = 2;
        }
    }
    exit
}

/// Whether the blocks of all are added up.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Total {
    Shown,
    Hidden,
}

/// Rows of `ls -l`, of paths and the names to show them by. What is not kept of a file is as for one that root made just now.
fn print_long(sys: &Sys, rows: &[(String, String)], total: Total) {
    const BLOCK: usize = 4_096;
    let sizes: Vec<Option<usize>> =
        rows.iter().map(|(path, _)| sys.files(|files| files.read(path).ok().map(<[u8]>::len))).collect();
    if total == Total::Shown {
        let blocks: usize = sizes.iter().map(|size| size.map_or(0, |size| size.div_ceil(BLOCK) * BLOCK / 1_024)).sum();
        sys.print(format!("total {blocks}\n"));
    }
    let now = Timestamp::from_nanosecond(sys.wall_clock()).unwrap_or_default().to_zoned(TimeZone::UTC);
    let now = jiff::fmt::strtime::format("%b %e %H:%M", &now).unwrap_or_default();
    let width = sizes.iter().map(|size| size.unwrap_or(BLOCK).to_string().len()).max().unwrap_or(1);
    for ((_, name), size) in rows.iter().zip(sizes) {
        let (mode, links, size) = match size {
            Some(size) => ("-rw-r--r--", 1, size),
            None => ("drwxr-xr-x", 2, BLOCK),
        };
        sys.print(format!("{mode} {links} root root {size:>width$} {now} {name}\n"));
    }
}

/// `touch`, `mkdir`, `chmod`, `chown`, `cp`, `mv`, `rm`, `rmdir`, `ln`.
pub(crate) async fn files(sys: Sys, arguments: Vec<String>) -> i32 {
    let program = file_name(&arguments[0]).to_owned();
    let (flags, names): (Vec<&String>, Vec<&String>) = arguments[1..].iter().partition(|word| word.starts_with('-'));
    let has = |letter: char| flags.iter().any(|flag| flag.contains(letter));
    if names.is_empty() {
        sys.eprint(format!("{program}: missing operand\n"));
        return 1;
    }
    let paths: Vec<String> = names.iter().map(|name| sys.path(name)).collect();
    let mut exit = 0;
    let mut failed = |what: String| {
        sys.eprint(format!("{program}: {what}\n"));
        exit = 1;
    };
    match program.as_str() {
        "touch" => {
            for (path, name) in paths.iter().zip(&names) {
                if let Err(error) = sys.files(|files| if files.exists(path) { Ok(()) } else { files.create(path) }) {
                    failed(format!("cannot touch '{name}': {error}"));
                }
            }
        }
        "mkdir" => {
            for (path, name) in paths.iter().zip(&names) {
                if has('p') {
                    sys.files(|files| files.make_directories(path));
                } else if let Err(error) = sys.files(|files| files.make_directory(path)) {
                    failed(format!("cannot create directory '{name}': {error}"));
                }
            }
        }
        "rm" | "rmdir" => {
            for (path, name) in paths.iter().zip(&names) {
                let recursive = has('r') || has('R') || program == "rmdir";
                match sys.files(|files| files.remove(path, recursive)) {
                    Err(_) if has('f') => {}
                    Err(error) => failed(format!("cannot remove '{name}': {error}")),
                    Ok(()) => {}
                }
            }
        }
        "cp" | "mv" | "ln" => {
            let (Some((target, sources)), true) = (paths.split_last(), paths.len() > 1) else {
                failed(format!("missing destination file operand after '{}'", names[0]));
                return exit;
            };
            for (source, name) in sources.iter().zip(&names) {
                let copied = sys.files(|files| files.copy(source, target));
                match copied {
                    Ok(()) if program == "mv" && source != target => {
                        let _ = sys.files(|files| files.remove(source, true));
                    }
                    Ok(()) => {}
                    Err(error) => failed(format!("cannot stat '{name}': {error}")),
                }
            }
        }
        // Modes and owners are not kept; only a missing file is worth a word.
        _ => {
            for (path, name) in paths.iter().zip(&names).skip(1) {
                if !sys.files(|files| files.exists(path)) {
                    failed(format!("cannot access '{name}': No such file or directory"));
                }
            }
        }
    }
    exit
}

/// `sleep`.
pub(crate) async fn sleep(sys: Sys, arguments: Vec<String>) -> i32 {
    for word in &arguments[1..] {
        match duration(word) {
            Some(length) => sys.sleep(length).await,
            None => {
                sys.eprint(format!("sleep: invalid time interval '{word}'\n"));
                return 1;
            }
        }
    }
    i32::from(arguments.len() == 1)
}

/// `date [-u] [+FORMAT]`, by the virtual clock, in UTC as EC2 images are.
pub(crate) async fn date(sys: Sys, arguments: Vec<String>) -> i32 {
    let mut format = "%a %b %e %H:%M:%S UTC %Y";
    for word in &arguments[1..] {
        match word.as_str() {
            "-u" | "--utc" => {}
            other => match other.strip_prefix('+') {
                Some(given) => format = given,
                None => return sys.not_simulated("date", other),
            },
        }
    }
    let Ok(now) = Timestamp::from_nanosecond(sys.wall_clock()) else {
        sys.eprint("date: time is out of range\n");
        return 1;
    };
    match jiff::fmt::strtime::format(format, &now.to_zoned(TimeZone::UTC)) {
        Ok(text) => {
            sys.print(format!("{text}\n"));
            0
        }
        Err(_) => sys.not_simulated("date", &format!("+{format}")),
    }
}

/// `passwd --stdin`, `chpasswd`, `useradd`, `usermod`, `groupadd`: accounts have no meaning here beyond their words.
pub(crate) async fn accounts(sys: Sys, arguments: Vec<String>) -> i32 {
    let operand = arguments[1..].iter().rfind(|word| !word.starts_with('-'));
    if arguments[0] == "chpasswd" || arguments.iter().any(|word| word == "--stdin") {
        sys.read_all().await;
    }
    match (arguments[0].as_str(), operand) {
        ("passwd", user) => {
            let user = user.map_or("root", String::as_str);
            sys.print(format!(
                "Changing password for user {user}.\npasswd: all authentication tokens updated successfully.\n"
            ));
        }
        ("useradd" | "adduser", Some(user)) => {
            let line = format!("{user}:x:1001:1001::/home/{user}:/bin/bash\n");
            sys.files(|files| {
                files.append("/etc/passwd", line.as_bytes());
                files.make_directories(&format!("/home/{user}"));
            });
        }
        _ => {}
    }
    0
}

/// `reboot`, `shutdown`, `poweroff`, `halt`: what they ask for is the control plane's to do, which a guest does not reach here.
pub(crate) async fn power(sys: Sys, arguments: Vec<String>) -> i32 {
    let program = file_name(&arguments[0]);
    let has = |flag: &str| arguments[1..].iter().any(|word| word == flag);
    let reboots = program == "reboot" || has("-r") || has("--reboot");
    let request = if reboots { "reboot-instances" } else { "stop-instances" };
    sys.eprint(format!("vpcsim: {program}: not simulated from within an instance\n"));
    sys.note(format!("{program}: an instance cannot switch itself off here; use `aws ec2 {request}`"));
    1
}

/// `whoami`, `id`, `uname`, `uptime`.
pub(crate) async fn about(sys: Sys, arguments: Vec<String>) -> i32 {
    let user = sys.environment.get("USER").cloned().unwrap_or_else(|| "root".to_owned());
    match (arguments[0].as_str(), arguments.get(1).map(String::as_str)) {
        ("whoami", _) => sys.print(format!("{user}\n")),
        ("id", Some("-u")) => sys.print(if user == "root" { "0\n" } else { "1000\n" }),
        ("id", None) => {
            let number = if user == "root" { 0 } else { 1000 };
            sys.print(format!("uid={number}({user}) gid={number}({user}) groups={number}({user})\n"));
        }
        ("uname", None | Some("-s")) => sys.print("Linux\n"),
        ("uname", Some("-n")) => sys.print(format!("{}\n", sys.hostname())),
        ("uname", Some("-m")) => sys.print("x86_64\n"),
        (name, Some(option)) => return sys.not_simulated(name, option),
        (name, None) => return sys.not_simulated(name, "no option"),
    }
    0
}

/// `python3 -m http.server [PORT]`, until the host goes down.
pub(crate) async fn python(sys: Sys, arguments: Vec<String>) -> i32 {
    let words: Vec<&str> = arguments[1..].iter().map(String::as_str).collect();
    let port = match words.as_slice() {
        ["-m", "http.server" | "SimpleHTTPServer"] => Some(8000),
        ["-m", "http.server" | "SimpleHTTPServer", port] => port.parse().ok(),
        _ => None,
    };
    let Some(port) = port.filter(|&port| port > 0) else {
        sys.note(format!("'{}' is not simulated; only 'python3 -m http.server PORT' is", arguments.join(" ")));
        sys.eprint("vpcsim: python3: this program is not simulated\n");
        return 2;
    };
    if sys.listening_ports().contains(&port) {
        sys.eprint("OSError: [Errno 98] Address already in use\n");
        return 1;
    }
    let root = sys.directory.trim_end_matches('/').to_owned();
    serve(sys, Site { flavour: Flavour::Python, root, port, service: None }).await;
    0
}
