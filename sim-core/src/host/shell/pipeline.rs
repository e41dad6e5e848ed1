//! Pipelines: all commands of one run at once, each in a subshell and a job of its own, connected by pipes.

use std::future::{Future, poll_fn};
use std::mem;
use std::pin::Pin;
use std::task::Poll;

use super::ast::Command;
use super::interpret::{Flow, Shell};
use crate::host::{Input, Sink, Sys};

/// A command of a pipeline, to its exit status.
type Stage<'a> = Pin<Box<dyn Future<Output = i32> + Send + 'a>>;

impl Shell {
    /// Runs commands side by side, each reading what the one before it writes. The status is that of the last; with `pipefail` of the
    /// last that failed.
    pub(super) async fn run_stages(&mut self, sys: &Sys, commands: &[Command]) -> Flow {
        let mut shells: Vec<Shell> = commands.iter().map(|_| self.child()).collect();
        let mut stages: Vec<Stage<'_>> = Vec::with_capacity(commands.len());
        let mut reads = None;
        for (number, (command, shell)) in (1..).zip(commands.iter().zip(&mut shells)) {
            let (writes, next) = if number < commands.len() { Some(sys.pipe()).unzip() } else { (None, None) };
            let end = mem::replace(&mut reads, next);
            let stdin = end.as_ref().map_or_else(|| sys.stdin.clone(), |end| Input::Pipe(end.id));
            let stdout = writes.as_ref().map_or_else(|| sys.stdout.clone(), |end| Sink::Pipe(end.id));
            let part = Sys { stdin, stdout, ..sys.clone() };
            stages.push(Box::pin(async move {
                let run = async |sys: Sys| {
                    shell.run_command(&sys, command).await;
                    shell.final_status()
                };
                let exit = part.run_job("bash", run).await;
                drop((end, writes));
                exit
            }));
        }
        let statuses = all(stages).await;
        let before = self.steps;
        self.steps += shells.iter().map(|shell| shell.steps.saturating_sub(before)).sum::<u32>();
        let failed = statuses.iter().rev().copied().find(|status| *status != 0);
        let last = statuses.last().copied().unwrap_or_default();
        self.status = if self.pipe_fail { failed.unwrap_or(last) } else { last };
        // A signal reaches all of them. Who reads from one that was ended by it may have come to an end of its own just before.
        match sys.signal() {
            Some(signal) if statuses.contains(&signal.exit()) => {
                self.status = signal.exit();
                self.end_by_signal(sys)
            }
            _ => self.after_program(sys),
        }
    }
}

/// Runs all of them, from left to right whenever one of them was woken.
async fn all(stages: Vec<Stage<'_>>) -> Vec<i32> {
    let mut stages: Vec<Result<i32, Stage<'_>>> = stages.into_iter().map(Err).collect();
    poll_fn(|cx| {
        for place in &mut stages {
            if let Err(stage) = place
                && let Poll::Ready(exit) = stage.as_mut().poll(cx)
            {
                *place = Ok(exit);
            }
        }
        let statuses = stages.iter().map(|stage| stage.as_ref().ok().copied());
        statuses.collect::<Option<Vec<i32>>>().map_or(Poll::Pending, Poll::Ready)
    })
    .await
}
