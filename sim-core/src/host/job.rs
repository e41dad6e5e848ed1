//! Jobs: what runs in a shell, and the signals that end it (signal(7)).
//!
//! A program is a job of its own, and so is what a shell has left in the background; jobs know who started them, and a signal
//! reaches those below too, as it reaches a process group. A program that awaits [`Sys::unless_signalled`] hears a signal and ends as it
//! likes, at once; any other is ended where it stands.

use std::collections::BTreeMap;
use std::fmt;
use std::future::{Future, poll_fn};
use std::mem;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};

use super::executor::{Desk, Foreground};
use super::kernel::Kernel;
use super::{Program, Sys};

/// The number of the last job before the first that somebody starts: an instance that has booted has run some hundreds.
const FIRST: u32 = 2_100;

/// Names a job of one host; it is the process id that `$!` shows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct JobId(u32);

impl JobId {
    /// The job that a number names.
    pub(crate) const fn from_number(number: u32) -> JobId {
        JobId(number)
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What is sent to a job.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Signal {
    /// SIGPIPE: nobody reads what it writes.
    Pipe,
    /// SIGINT, Ctrl-C.
    Interrupt,
    /// SIGTERM.
    Terminate,
    /// SIGKILL: nobody hears it.
    Kill,
}

impl Signal {
    /// The exit status of a program that a signal has ended, as a shell shows it: 128 and the signal's number.
    pub(crate) const fn exit(self) -> i32 {
        match self {
            Signal::Interrupt => 130,
            Signal::Kill => 137,
            Signal::Pipe => 141,
            Signal::Terminate => 143,
        }
    }

    /// A signal by its name or number, as kill(1) and timeout(1) take them.
    pub(crate) fn parse(text: &str) -> Option<Signal> {
        match text.strip_prefix("SIG").unwrap_or(text) {
            "INT" | "2" => Some(Signal::Interrupt),
            "PIPE" | "13" => Some(Signal::Pipe),
            "KILL" | "9" => Some(Signal::Kill),
            "TERM" | "15" => Some(Signal::Terminate),
            _ => None,
        }
    }
}

/// The jobs of a host.
#[derive(Default)]
pub(super) struct Jobs {
    started: u32,
    jobs: BTreeMap<JobId, Job>,
}

struct Job {
    name: String,
    parent: Option<JobId>,
    signal: Option<Signal>,
    /// Whether there is a signal, for whoever runs the job: it looks at every turn.
    has_signal: Arc<AtomicBool>,
    /// How it ended, kept for whoever waits for it.
    exit: Option<i32>,
    /// Whether nobody will ask how it ended.
    forgotten: bool,
    waiting: Vec<Waker>,
}

impl Job {
    fn wake(&mut self) {
        self.waiting.drain(..).for_each(Waker::wake);
    }

    fn wait(&mut self, cx: &Context<'_>) {
        if !self.waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
            self.waiting.push(cx.waker().clone());
        }
    }
}

impl Kernel {
    /// A new job.
    pub(super) fn begin_job(&mut self, name: &str, parent: Option<JobId>) -> JobId {
        self.jobs.started += 1;
        let id = JobId(FIRST + self.jobs.started);
        let job = Job {
            name: name.to_owned(),
            parent,
            signal: None,
            has_signal: Arc::default(),
            exit: None,
            forgotten: false,
            waiting: Vec::new(),
        };
        self.jobs.jobs.insert(id, job);
        id
    }

    /// A job is over and nobody asks how it ended.
    pub(super) fn remove_job(&mut self, id: JobId) {
        self.jobs.jobs.remove(&id);
    }

    /// Sends a signal to a job and those below it; false when there is no such job.
    pub(super) fn signal_job(&mut self, id: JobId, signal: Signal) -> bool {
        if self.jobs.jobs.get(&id).is_none_or(|job| job.exit.is_some()) {
            return false;
        }
        let mut reached = vec![id];
        // A job is younger than the one it belongs to.
        for (&child, job) in self.jobs.jobs.range(id..) {
            if job.parent.is_some_and(|parent| reached.contains(&parent)) {
                reached.push(child);
            }
        }
        for id in reached {
            if let Some(job) = self.jobs.jobs.get_mut(&id) {
                job.signal = job.signal.max(Some(signal));
                job.has_signal.store(true, Ordering::Relaxed);
                job.wake();
            }
        }
        true
    }

    fn poll_signal(&mut self, id: JobId, cx: &Context<'_>) -> Poll<Signal> {
        match self.jobs.jobs.get_mut(&id) {
            Some(Job { signal: Some(signal), .. }) => Poll::Ready(*signal),
            Some(job) => {
                job.wait(cx);
                Poll::Pending
            }
            None => Poll::Pending,
        }
    }

    fn poll_job_end(&mut self, id: JobId, cx: &Context<'_>) -> Poll<Option<i32>> {
        match self.jobs.jobs.get_mut(&id) {
            Some(Job { exit: Some(exit), .. }) => Poll::Ready(Some(*exit)),
            Some(job) => {
                job.wait(cx);
                Poll::Pending
            }
            None => Poll::Ready(None),
        }
    }
}

/// A job that is over when this is let go of.
struct Running {
    desk: Desk,
    id: JobId,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.desk.with_if_laid(|kernel| kernel.remove_job(self.id));
    }
}

impl Sys {
    /// Runs something as a job of its own, in the foreground: its exit status, or that of the signal that has ended it.
    pub(crate) async fn run_job<F: Future<Output = i32>>(&self, name: &str, body: impl FnOnce(Sys) -> F) -> i32 {
        let id = self.kernel(|kernel| kernel.begin_job(name, Some(self.job)));
        let _running = Running { desk: self.desk, id };
        let sys = Sys { job: id, is_alone: false, ..self.clone() };
        sys.until_signalled(body(sys.clone())).await
    }

    /// Runs a program in the foreground, as a job of its own: its exit status.
    pub(super) async fn run_program(&self, name: &str, program: Program, arguments: Vec<String>) -> i32 {
        if !self.is_alone {
            return self.run_job(name, |sys| program(sys, arguments)).await;
        }
        let (sys, name) = (self.clone(), name.to_owned());
        let body = Box::pin(async move { sys.run_job(&name, |sys| program(sys, arguments)).await });
        self.kernel(|kernel| kernel.foreground = Foreground::Begins(body));
        poll_fn(|_| self.kernel(|kernel| kernel.foreground.take_exit())).await
    }

    /// Starts a job in the background; its exit status is there for [`job_end`](Self::job_end).
    pub(super) fn start_job<F>(&self, name: &str, body: impl FnOnce(Sys) -> F) -> JobId
    where
        F: Future<Output = i32> + Send + 'static,
    {
        let id = self.kernel(|kernel| kernel.begin_job(name, None));
        let sys = Sys { job: id, is_alone: false, ..self.clone() };
        let body = body(sys.clone());
        self.spawn(async move {
            let exit = sys.until_signalled(body).await;
            sys.kernel(|kernel| match kernel.jobs.jobs.get_mut(&id) {
                Some(job) if !job.forgotten => {
                    job.exit = Some(exit);
                    job.wake();
                }
                _ => kernel.remove_job(id),
            });
        });
        id
    }

    /// Runs something until it ends by itself or has been sent a signal that it did not hear.
    async fn until_signalled(&self, body: impl Future<Output = i32>) -> i32 {
        let mut body = pin!(body);
        let flag = self.kernel(|kernel| kernel.jobs.jobs.get(&self.job).map(|job| Arc::clone(&job.has_signal)));
        let mut asked = false;
        poll_fn(|cx| {
            let look = |cx: &Context<'_>| self.kernel(|kernel| kernel.poll_signal(self.job, cx));
            let has_signal = flag.as_ref().is_some_and(|flag| flag.load(Ordering::Relaxed));
            if has_signal && look(cx) == Poll::Ready(Signal::Kill) {
                return Poll::Ready(Signal::Kill.exit());
            }
            // Whoever has filled its pipe stands still in its write() until there is room.
            if !self.is_ahead(cx)
                && let Poll::Ready(exit) = body.as_mut().poll(cx)
            {
                // The last write may have been one that nobody ends by himself.
                let broken = self.signal() == Some(Signal::Pipe);
                return Poll::Ready(if broken { Signal::Pipe.exit() } else { exit });
            }
            if has_signal || !mem::replace(&mut asked, true) {
                return look(cx).map(Signal::exit);
            }
            Poll::Pending
        })
        .await
    }

    /// Waits for something, or for a signal to this program. One that awaits this ends at once when it has heard one.
    pub(crate) async fn unless_signalled<T>(&self, future: impl Future<Output = T>) -> Result<T, Signal> {
        let mut future = pin!(future);
        poll_fn(|cx| match future.as_mut().poll(cx) {
            Poll::Ready(value) => Poll::Ready(Ok(value)),
            Poll::Pending => self.kernel(|kernel| kernel.poll_signal(self.job, cx)).map(Err),
        })
        .await
    }

    /// The signal that this job has been sent.
    pub(super) fn signal(&self) -> Option<Signal> {
        self.kernel(|kernel| kernel.jobs.jobs.get(&self.job).and_then(|job| job.signal))
    }

    /// A Ctrl-C has been dealt with by whoever ran in the foreground.
    pub(super) fn forget_interrupt(&self) {
        self.kernel(|kernel| {
            let job = kernel.jobs.jobs.get_mut(&self.job).filter(|job| job.signal == Some(Signal::Interrupt));
            if let Some(job) = job {
                job.signal = None;
                job.has_signal.store(false, Ordering::Relaxed);
            }
        });
    }

    /// Whether a job has not ended yet.
    pub(super) fn job_runs(&self, id: JobId) -> bool {
        self.kernel(|kernel| kernel.jobs.jobs.get(&id).is_some_and(|job| job.exit.is_none()))
    }

    /// Sends a signal to a job; false when there is none of that number.
    pub(crate) fn send_signal(&self, id: JobId, signal: Signal) -> bool {
        self.kernel(|kernel| kernel.signal_job(id, signal))
    }

    /// The jobs that run a program of this name.
    pub(super) fn jobs_named(&self, name: &str) -> Vec<JobId> {
        self.kernel(|kernel| {
            let named = kernel.jobs.jobs.iter().filter(|(_, job)| job.name == name && job.exit.is_none());
            named.map(|(&id, _)| id).collect()
        })
    }

    /// Waits for a job's end: its exit status, or `None` when nothing is known of it.
    pub(super) async fn job_end(&self, id: JobId) -> Option<i32> {
        poll_fn(|cx| self.kernel(|kernel| kernel.poll_job_end(id, cx))).await
    }

    /// Nobody will ask how these jobs ended.
    pub(super) fn forget_jobs(&self, ids: &[JobId]) {
        self.kernel(|kernel| {
            for id in ids {
                match kernel.jobs.jobs.get_mut(id) {
                    Some(job) if job.exit.is_none() => job.forgotten = true,
                    _ => kernel.remove_job(*id),
                }
            }
        });
    }
}
