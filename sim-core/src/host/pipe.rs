//! Pipes, and what a program reads (pipe(7)).
//!
//! The commands of a pipeline run side by side, and a pipe between two of them holds [`CAPACITY`] bytes. Programs write without
//! waiting; one that is ahead by that much is not run until its reader has caught up, which comes to the same as a write() that
//! blocks. What writes to a pipe that nobody reads any longer is sent SIGPIPE.
//!
//! Both ends are let go of when the command ends that holds them. `Differs from AWS:` what it has left in the background does not
//! keep them open, so that a server which a pipeline starts does not keep that pipeline from ending.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use super::executor::Desk;
use super::job::JobId;
use super::kernel::Kernel;
use super::{Signal, Sink, Sys};

/// Linux's: sixteen pages.
const CAPACITY: usize = 65_536;

/// A pipe as the kernel keeps it.
pub(super) struct Pipe {
    bytes: VecDeque<u8>,
    /// Whether somebody can still write.
    is_written: bool,
    /// Whether somebody can still read.
    is_read: bool,
    /// Whether it is full at some time. One that is read when all is over takes everything.
    is_bounded: bool,
    /// Who waits for bytes, for room, or for an end to be closed.
    waiting: Vec<Waker>,
}

impl Pipe {
    fn new(is_bounded: bool) -> Pipe {
        Pipe { bytes: VecDeque::new(), is_written: true, is_read: true, is_bounded, waiting: Vec::new() }
    }

    fn wake(&mut self) {
        self.waiting.drain(..).for_each(Waker::wake);
    }

    fn wait(&mut self, cx: &Context<'_>) {
        if !self.waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
            self.waiting.push(cx.waker().clone());
        }
    }
}

/// How much a reader takes at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Amount {
    /// What there is.
    Some,
    /// Up to the end of the line.
    Line,
}

impl Amount {
    /// So many of these bytes, if more may come; `None` to wait for them.
    fn of(self, bytes: &VecDeque<u8>, more: bool) -> Option<usize> {
        let end = bytes.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
        match (self, end) {
            (Amount::Line, Some(end)) => Some(end),
            // A line that is longer than the pipe comes in parts.
            (Amount::Line, None) if more && bytes.len() < CAPACITY => None,
            (Amount::Some, _) if more && bytes.is_empty() => None,
            _ => Some(bytes.len()),
        }
    }
}

/// What a program reads.
#[derive(Clone)]
pub(crate) enum Input {
    /// Bytes that are there from the start – of a file, of a here-document – and how many of them have been read.
    Bytes(Arc<[u8]>, Arc<AtomicUsize>),
    /// A pipe.
    Pipe(u32),
}

impl Input {
    /// These bytes.
    pub(crate) fn of(bytes: impl Into<Arc<[u8]>>) -> Input {
        Input::Bytes(bytes.into(), Arc::default())
    }
}

/// An end of a pipe; letting go of it closes it.
pub(super) struct PipeEnd {
    desk: Desk,
    pub(super) id: u32,
    is_for_reading: bool,
}

impl Drop for PipeEnd {
    fn drop(&mut self) {
        self.desk.with_if_laid(|kernel| {
            let Some(pipe) = kernel.pipes.get_mut(&self.id) else { return };
            let end = if self.is_for_reading { &mut pipe.is_read } else { &mut pipe.is_written };
            *end = false;
            pipe.wake();
            if !pipe.is_read && !pipe.is_written {
                kernel.pipes.remove(&self.id);
            }
        });
    }
}

impl Kernel {
    fn new_pipe(&mut self, is_bounded: bool) -> u32 {
        self.next_pipe += 1;
        self.pipes.insert(self.next_pipe, Pipe::new(is_bounded));
        self.next_pipe
    }

    /// A program of a job writes to a pipe.
    pub(super) fn write_pipe(&mut self, id: u32, bytes: &[u8], writer: JobId) {
        match self.pipes.get_mut(&id) {
            _ if bytes.is_empty() => {}
            Some(pipe) if pipe.is_read => {
                pipe.bytes.extend(bytes);
                pipe.wake();
            }
            Some(_) => {
                self.signal_job(writer, Signal::Pipe);
            }
            // Somebody is left who writes where nobody is any longer.
            None => {}
        }
    }

    fn poll_pipe(&mut self, id: u32, amount: Amount, cx: &Context<'_>) -> Poll<Vec<u8>> {
        let Some(pipe) = self.pipes.get_mut(&id) else { return Poll::Ready(Vec::new()) };
        let Some(len) = amount.of(&pipe.bytes, pipe.is_written) else {
            pipe.wait(cx);
            return Poll::Pending;
        };
        let taken = pipe.bytes.drain(..len).collect();
        pipe.wake();
        Poll::Ready(taken)
    }

    /// Whether a pipe takes more; who asks is woken when it does.
    fn has_room(&mut self, id: u32, cx: &Context<'_>) -> bool {
        let Some(pipe) = self.pipes.get_mut(&id) else { return true };
        let is_full = pipe.is_bounded && pipe.is_read && pipe.bytes.len() >= CAPACITY;
        if is_full {
            pipe.wait(cx);
        }
        !is_full
    }
}

/// Standard input.
impl Sys {
    /// Whether it reads from anything but a terminal at which nobody types.
    pub(crate) fn is_given_input(&self) -> bool {
        match &self.stdin {
            Input::Bytes(bytes, _) => !bytes.is_empty(),
            Input::Pipe(_) => true,
        }
    }

    /// What there is to read, as soon as there is something; nothing at the end.
    pub(crate) async fn read_some(&self) -> Vec<u8> {
        self.read_input(Amount::Some).await
    }

    /// The next line, its end included; nothing at the end.
    pub(crate) async fn read_line(&self) -> Option<Vec<u8>> {
        let line = self.read_input(Amount::Line).await;
        (!line.is_empty()).then_some(line)
    }

    /// All that there is to read, when the end has come.
    pub(crate) async fn read_all(&self) -> Vec<u8> {
        let mut all = self.read_some().await;
        loop {
            match self.read_some().await {
                more if more.is_empty() => return all,
                more => all.extend(more),
            }
        }
    }

    async fn read_input(&self, amount: Amount) -> Vec<u8> {
        match &self.stdin {
            Input::Bytes(bytes, read) => {
                let rest = &bytes[read.load(Ordering::Relaxed)..];
                let line = || rest.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
                let len = if amount == Amount::Line { line() } else { None }.unwrap_or(rest.len());
                read.fetch_add(len, Ordering::Relaxed);
                rest[..len].to_vec()
            }
            Input::Pipe(id) => poll_fn(|cx| self.kernel(|kernel| kernel.poll_pipe(*id, amount, cx))).await,
        }
    }
}

/// Pipes.
impl Sys {
    /// A new pipe to write to, which takes everything; [`drain_pipe`](Self::drain_pipe) reads it.
    pub(crate) fn new_pipe(&self) -> u32 {
        self.kernel(|kernel| kernel.new_pipe(false))
    }

    /// All that was written to a pipe; the pipe is gone afterwards.
    pub(crate) fn drain_pipe(&self, id: u32) -> Vec<u8> {
        self.kernel(|kernel| kernel.pipes.remove(&id).map(|pipe| pipe.bytes.into()).unwrap_or_default())
    }

    /// A pipe between two programs: the end to write to, and the end to read from.
    pub(super) fn pipe(&self) -> (PipeEnd, PipeEnd) {
        let id = self.kernel(|kernel| kernel.new_pipe(true));
        let end = |is_for_reading| PipeEnd { desk: self.desk, id, is_for_reading };
        (end(false), end(true))
    }

    /// Whether standard output is a pipe.
    pub(crate) fn stdout_is_pipe(&self) -> bool {
        matches!(self.stdout, Sink::Pipe(_))
    }

    /// Whether whoever reads standard output is behind, so that this program has to wait.
    pub(super) fn is_ahead(&self, cx: &Context<'_>) -> bool {
        match self.stdout {
            Sink::Pipe(id) => self.kernel(|kernel| !kernel.has_room(id, cx)),
            _ => false,
        }
    }

    /// Waits until nobody reads standard output any longer; for ever if it is no pipe.
    pub(crate) async fn stdout_closed(&self) {
        poll_fn(|cx| match self.stdout {
            Sink::Pipe(id) => self.kernel(|kernel| match kernel.pipes.get_mut(&id) {
                Some(pipe) if pipe.is_read => {
                    pipe.wait(cx);
                    Poll::Pending
                }
                _ => Poll::Ready(()),
            }),
            _ => Poll::Pending,
        })
        .await;
    }

    /// Lets others have their turn, and those who read what was written.
    pub(crate) async fn give_way(&self) {
        let mut has_waited = false;
        poll_fn(|cx| {
            if mem::replace(&mut has_waited, true) {
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }
}
