//! A deterministic, single-threaded executor for the programs of one host.
//!
//! A program is a future. It reaches its host through a [`Desk`]: the host lays its kernel there before it polls a program and
//! takes it back afterwards, so that there is one owner at any moment and nothing is shared while the host sleeps. Ready
//! programs run in the order in which they were started, never in the order in which they were woken.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Wake, Waker};

use super::kernel::Kernel;

/// A program on its way.
pub(super) type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Where the kernel lies while programs run.
#[derive(Clone, Default)]
pub(super) struct Desk(Arc<Mutex<Option<Box<Kernel>>>>);

impl Desk {
    fn lay(&self, kernel: Box<Kernel>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(kernel);
    }

    fn take(&self) -> Option<Box<Kernel>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Uses the kernel for a moment.
    ///
    /// # Panics
    /// When the host is not running: a program is polled by its host and by nobody else.
    pub(super) fn with<R>(&self, f: impl FnOnce(&mut Kernel) -> R) -> R {
        let mut guard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        f(guard.as_mut().expect("a program is polled only while its host has laid its kernel on the desk"))
    }

    /// As [`with`](Self::with), for what is let go of when the whole host is: then there is nothing left to tell.
    pub(super) fn with_if_laid(&self, f: impl FnOnce(&mut Kernel)) {
        if let Some(kernel) = self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            f(kernel);
        }
    }
}

struct Ready(AtomicBool);

impl Wake for Ready {
    fn wake(self: Arc<Ready>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

struct Running {
    task: Task,
    ready: Arc<Ready>,
}

/// The programs of one host.
#[derive(Default)]
pub(super) struct Executor {
    pub(super) desk: Desk,
    next: u64,
    tasks: BTreeMap<u64, Running>,
}

impl Executor {
    pub(super) fn spawn(&mut self, task: Task) -> u64 {
        self.next += 1;
        self.tasks.insert(self.next, Running { task, ready: Arc::new(Ready(AtomicBool::new(true))) });
        self.next
    }

    /// Ends a task where it stands; what it holds (sockets, pipes) is let go with the kernel at hand.
    pub(super) fn end(&mut self, id: u64, kernel: Box<Kernel>) -> Box<Kernel> {
        self.desk.lay(kernel);
        drop(self.tasks.remove(&id));
        self.desk.take().expect("the kernel was laid above and a task cannot take it")
    }

    /// Polls every program that is ready, once, and those they start; says whether there was any.
    pub(super) fn poll(&mut self, kernel: Box<Kernel>) -> (Box<Kernel>, bool) {
        self.desk.lay(kernel);
        let mut polled = false;
        let mut after = 0;
        while let Some((&id, running)) =
            self.tasks.range_mut(after..).find(|(_, running)| running.ready.0.swap(false, Ordering::Relaxed))
        {
            polled = true;
            after = id + 1;
            let waker = Waker::from(Arc::clone(&running.ready));
            if running.task.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
                self.tasks.remove(&id);
            }
            for task in self.desk.with(|kernel| std::mem::take(&mut kernel.spawned)) {
                self.spawn(task);
            }
        }
        let kernel = self.desk.take().expect("the kernel was laid above and programs cannot take it");
        (kernel, polled)
    }
}
