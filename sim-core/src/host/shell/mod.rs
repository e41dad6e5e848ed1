//! The shell of an instance: what a person types, and user data at first boot.
//!
//! `parser` reads text into a small tree (`ast`), `interpret` runs it, `pipeline` what stands between bars, `expand` expands words,
//! `arithmetic` calculates, `builtin` is what a shell does itself, `jobs` what it does about the background. Commands are read and
//! run one after the other, so that a syntax error stops a script where bash would stop it: what stands above has run. Good bash
//! that is not simulated is a note that names its line, and the lines around it run.

mod arithmetic;
mod ast;
mod builtin;
mod expand;
mod interpret;
mod jobs;
mod parser;
mod pipeline;
mod streams;
#[cfg(test)]
mod tests;

pub(crate) use builtin::duration;
pub(crate) use expand::unescape;
pub(super) use interpret::Shell;

use super::job::Signal;
use super::{Input, Sink, Sys};

/// Who reads the text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Mode {
    /// A login shell.
    Interactive,
    /// A script, with line numbers.
    Script,
}

/// Runs what a user types at the host's terminal, whose shell lives from one line to the next: variables, functions, the directory,
/// `$?` and jobs are still there. Ctrl-C ends a line, not the shell.
pub(super) async fn run_typed(sys: &Sys, text: &str) -> i32 {
    let mut shell = sys.login().unwrap_or_else(|| Shell::new(sys, Mode::Interactive));
    shell.begin_line();
    let before = shell.jobs.clone();
    shell.run_text(sys, text).await;
    let (running, ended): (Vec<_>, Vec<_>) = shell.jobs.iter().copied().partition(|job| sys.job_runs(*job));
    // A terminal would go on showing it; here nobody looks any longer.
    if running.iter().any(|job| !before.contains(job)) {
        sys.note(
            "what was left in the background runs on, and what it prints from now on is not shown; `wait` waits for it",
        );
    }
    let status = shell.final_status();
    if shell.exit.is_some() && sys.signal() != Some(Signal::Interrupt) {
        sys.forget_jobs(&shell.jobs);
        sys.set_login(None); // Whoever types next logs in anew.
    } else {
        sys.forget_jobs(&ended);
        shell.jobs = running;
        shell.status = status;
        sys.set_login(Some(shell));
    }
    status
}

/// Runs a command line or several in a shell of their own; gives the last status.
pub(super) async fn run(sys: &Sys, mode: Mode, text: &str) -> i32 {
    let mut shell = Shell::new(sys, mode);
    shell.run_text(sys, text).await;
    sys.forget_jobs(&shell.jobs);
    shell.final_status()
}

/// Runs user data as cloud-init does: a script with its `#!` line; anything else is said to be skipped.
pub(super) async fn run_user_data(sys: &Sys, text: &str) -> i32 {
    let text = text.trim_start_matches('\u{feff}');
    let first = text.lines().next().unwrap_or_default().trim();
    let skipped = match first {
        "" if text.trim().is_empty() => return 0,
        "#cloud-config" => "cloud-config",
        _ if first.starts_with("Content-Type:") || first.starts_with("MIME-Version:") => "MIME multi-part",
        _ if first.starts_with("<powershell>") || first.starts_with("<script>") => "Windows",
        _ if first.starts_with("#!") => {
            let interpreter = first.trim_start_matches("#!").trim();
            if !interpreter.split_whitespace().any(|word| word.ends_with("sh")) {
                let sys = Sys { line: Some(1), ..sys.clone() };
                sys.note(format!("user data for '{interpreter}' is not simulated; it was not run"));
                return 0;
            }
            return run(sys, Mode::Script, text).await;
        }
        // cloud-init ignores what it does not recognise, with a warning in its log.
        _ => "unrecognised (it does not begin with '#!')",
    };
    let sys = Sys { line: Some(1), ..sys.clone() };
    sys.note(format!("{skipped} user data is not simulated; nothing of it was run"));
    0
}

/// What a command line left that was run for somebody elsewhere.
pub(crate) struct Ran {
    pub(crate) exit: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
}

impl Sys {
    /// Runs a command line in a new login of `user`, without a terminal.
    pub(crate) async fn run_as(&self, user: &str, text: &str, stdin: &[u8]) -> Ran {
        let home = if user == "root" { "/root".to_owned() } else { format!("/home/{user}") };
        self.files(|files| files.make_directories(&home));
        let mut environment = (*self.environment).clone();
        let path = "/usr/local/bin:/usr/bin:/usr/sbin";
        for (name, value) in [("HOME", home.as_str()), ("USER", user), ("PATH", path), ("PWD", home.as_str())] {
            environment.insert(name.to_owned(), value.to_owned());
        }
        let (stdout, stderr) = (self.new_pipe(), self.new_pipe());
        let sys = Sys {
            stdin: Input::of(stdin),
            stdout: Sink::Pipe(stdout),
            stderr: Sink::Pipe(stderr),
            directory: home,
            environment: environment.into(),
            line: None,
            ..self.clone()
        };
        let body = async |sys: Sys| run(&sys, Mode::Interactive, text).await;
        let exit = sys.run_job("bash", body).await;
        Ran { exit, stdout: self.drain_pipe(stdout), stderr: self.drain_pipe(stderr) }
    }
}
