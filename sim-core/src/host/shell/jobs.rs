//! Jobs as a shell sees them: `wait`, `kill %1`, `jobs`, `pkill`, and `timeout`.

use std::pin::pin;

use super::builtin::duration;
use super::interpret::{Flow, Shell};
use crate::host::{JobId, Signal, Sys};

/// What timeout(1) ends with when time ran out.
const EXIT_TIMED_OUT: i32 = 124;

impl Shell {
    /// `wait`: for everything in the background, or for what is named.
    pub(super) async fn wait(&mut self, sys: &Sys, operands: &[String]) -> i32 {
        if operands.iter().all(|word| word.starts_with('-')) {
            for job in std::mem::take(&mut self.jobs) {
                sys.job_end(job).await;
                sys.forget_jobs(&[job]);
            }
            return 0;
        }
        let mut status = 0;
        for word in operands.iter().filter(|word| !word.starts_with('-')) {
            let Some(job) = self.job(word) else {
                self.complain(sys, &format!("wait: {word}: no such job"));
                status = 127;
                continue;
            };
            status = match sys.job_end(job).await {
                Some(exit) if self.jobs.contains(&job) => exit,
                _ => {
                    self.complain(sys, &format!("wait: pid {word} is not a child of this shell"));
                    127
                }
            };
        }
        status
    }

    /// `kill [-SIGNAL] PID|%JOB…`.
    pub(super) fn kill(&mut self, sys: &Sys, operands: &[String]) -> i32 {
        let (signal, targets) = match signal_and_targets(operands) {
            Ok(parsed) => parsed,
            Err(signal) => {
                self.complain(sys, &format!("kill: {signal}: invalid signal specification"));
                return 1;
            }
        };
        if targets.is_empty() {
            sys.eprint(
                "kill: usage: kill [-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]\n",
            );
            return 2;
        }
        let mut status = 0;
        for target in targets {
            let complaint = match self.job(target) {
                Some(job) if sys.send_signal(job, signal) => continue,
                None if target.starts_with('%') => format!("kill: {target}: no such job"),
                None => format!("kill: {target}: arguments must be process or job IDs"),
                Some(_) => format!("kill: ({target}) - No such process"),
            };
            self.complain(sys, &complaint);
            status = 1;
        }
        status
    }

    /// `killall NAME`, `pkill [-f] NAME`.
    pub(super) fn kill_by_name(&mut self, sys: &Sys, program: &str, operands: &[String]) -> i32 {
        let operands: Vec<String> =
            operands.iter().filter(|word| !matches!(word.as_str(), "-f" | "-x")).cloned().collect();
        let Ok((signal, names)) = signal_and_targets(&operands) else {
            sys.eprint(format!("{program}: unknown signal\n"));
            return 2;
        };
        let mut status = 1;
        for name in names {
            let found = sys.jobs_named(name);
            if found.is_empty() && program == "killall" {
                sys.eprint(format!("{name}: no process found\n"));
            }
            for job in found {
                sys.send_signal(job, signal);
                status = 0;
            }
        }
        status
    }

    /// `jobs`, without the text of the commands, which is not kept.
    pub(super) fn list_jobs(&self, sys: &Sys) -> i32 {
        for (number, job) in self.jobs.iter().enumerate() {
            if sys.job_runs(*job) {
                let mark = if number + 1 == self.jobs.len() { '+' } else { '-' };
                sys.print(format!("[{}]{mark}  Running                 (pid {job}) &\n", number + 1));
            }
        }
        0
    }

    /// The job that `%1`, `%%` or a process id names.
    fn job(&self, word: &str) -> Option<JobId> {
        match word.strip_prefix('%') {
            Some("" | "%" | "+") => self.jobs.last().copied(),
            Some(number) => self.jobs.get(number.parse::<usize>().ok()?.checked_sub(1)?).copied(),
            None => word.parse().ok().map(JobId::from_number),
        }
    }

    /// `timeout [-s SIGNAL] [-k LENGTH] [--preserve-status] LENGTH COMMAND`.
    pub(super) async fn timeout(&mut self, sys: &Sys, operands: &[String]) -> Flow {
        let mut signal = Signal::Terminate;
        let mut preserve = false;
        let mut words = operands.iter().map(String::as_str).peekable();
        while let Some(word) = words.next_if(|word| word.starts_with('-')) {
            let (name, attached) = word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
            match name {
                "-s" | "--signal" => match attached.or_else(|| words.next()).and_then(Signal::parse) {
                    Some(named) => signal = named,
                    None => return self.timeout_refuses(sys, "invalid signal"),
                },
                // Whoever does not hear the first signal has ended by it already.
                "-k" | "--kill-after" => drop(attached.or_else(|| words.next())),
                "--preserve-status" => preserve = true,
                "--foreground" | "-v" | "--verbose" | "-f" => {}
                short if short.starts_with("-k") => {}
                short => match short.strip_prefix("-s").and_then(Signal::parse) {
                    Some(named) => signal = named,
                    None => return self.timeout_refuses(sys, &format!("unrecognized option '{short}'")),
                },
            }
        }
        let Some(length) = words.next().and_then(duration) else {
            return self.timeout_refuses(sys, "invalid time interval");
        };
        let command: Vec<String> = words.map(str::to_owned).collect();
        if command.is_empty() {
            return self.timeout_refuses(sys, "missing operand");
        }
        let mut shell = self.child();
        let deadline = sys.now() + length;
        let mut timed_out = false;
        let status = sys
            .run_job("timeout", async |sys: Sys| {
                {
                    let mut body = pin!(shell.call(&sys, command));
                    if sys.before(Some(deadline), body.as_mut()).await.is_err() {
                        timed_out = true;
                        sys.send_signal(sys.job, signal);
                        body.await;
                    }
                }
                shell.final_status()
            })
            .await;
        self.rejoin(&shell);
        // coreutils' timeout does not hide that it had to kill.
        self.status = if timed_out && !preserve && signal != Signal::Kill { EXIT_TIMED_OUT } else { status };
        Flow::Next
    }

    fn timeout_refuses(&mut self, sys: &Sys, why: &str) -> Flow {
        sys.eprint(format!("timeout: {why}\nTry 'timeout --help' for more information.\n"));
        self.status = 125;
        Flow::Next
    }
}

/// `-9`, `-TERM`, `-s TERM`, then whom; the word when it is no signal.
fn signal_and_targets(operands: &[String]) -> Result<(Signal, Vec<&str>), &str> {
    let mut signal = Signal::Terminate;
    let mut words = operands.iter().map(String::as_str).peekable();
    while let Some(word) = words.next_if(|word| word.starts_with('-') && *word != "--") {
        let name = match word {
            "-s" | "-n" => words.next().unwrap_or_default(),
            attached => &attached[1..],
        };
        signal = Signal::parse(name).ok_or(name)?;
    }
    Ok((signal, words.filter(|word| *word != "--").collect()))
}
