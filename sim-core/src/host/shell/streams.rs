//! Where a shell's own output goes: `exec > file`, and `exec > >(tee file) 2>&1`, the first line of much user data.
//!
//! A substituted process that writes what it reads elsewhere is a sink like any other: nothing has to run beside the shell. That
//! is so for `tee`, also with `| logger` behind it, and for no other command.

use std::sync::Arc;

use super::ast::{CommandKind, Script};
use super::interpret::Shell;
use crate::host::{Sink, Sys};

/// What `exec` has made of the streams a shell was started with: each with what stands for it now.
#[derive(Clone, Default)]
pub(super) struct Streams {
    stdout: Vec<(Sink, Sink)>,
    stderr: Vec<(Sink, Sink)>,
}

impl Streams {
    /// Gives a command the streams of its shell. Those of a pipe or a redirection around it are its own.
    pub(super) fn apply(&self, sys: &mut Sys) {
        for (stream, replaced) in [(&mut sys.stdout, &self.stdout), (&mut sys.stderr, &self.stderr)] {
            if let Some((_, now)) = replaced.iter().find(|(before, _)| before == stream) {
                stream.clone_from(now);
            }
        }
    }

    /// From now on what went to the sinks of `before` goes to those of `sys`.
    pub(super) fn replace(&mut self, before: (Sink, Sink), sys: &Sys) {
        for (replaced, before, after) in
            [(&mut self.stdout, before.0, &sys.stdout), (&mut self.stderr, before.1, &sys.stderr)]
        {
            if before == *after {
                continue;
            }
            for (_, now) in replaced.iter_mut().filter(|(_, now)| *now == before) {
                now.clone_from(after);
            }
            if replaced.iter().all(|(known, _)| *known != before) {
                replaced.push((before, after.clone()));
            }
        }
    }
}

impl Shell {
    /// The sink that a substituted process is; `None` when it is more than `tee` and `logger`.
    pub(super) async fn command_sink(&mut self, sys: &Sys, script: &Script) -> Option<Sink> {
        let [item] = script.0.as_slice() else { return None };
        if !item.rest.is_empty() || item.first.negated {
            return None;
        }
        let (mut sinks, mut goes_on) = (Vec::new(), true);
        for command in &item.first.commands {
            let CommandKind::Simple { words, .. } = &command.kind else { return None };
            let words = self.fields(sys, words).await;
            match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
                ["tee", files @ ..] if goes_on && command.redirections.is_empty() => {
                    let appends = files.iter().any(|word| matches!(*word, "-a" | "--append" | "-ai" | "-ia"));
                    for name in files.iter().filter(|word| !word.starts_with('-')) {
                        sinks.extend(self.open(sys, name, appends));
                    }
                }
                ["logger", ..] if goes_on => {
                    sys.note("logger: the journal is not simulated; what it is given is not kept");
                    goes_on = false;
                }
                _ => return None,
            }
        }
        if goes_on {
            sinks.push(sys.stdout.clone());
        }
        Some(Sink::Several(Arc::from(sinks)))
    }
}
