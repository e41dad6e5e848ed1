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

/// The programs that have been woken, in the order in which they were started.
#[derive(Default)]
struct ReadyList {
    /// Whether `tasks` has any, to be asked without taking the lock.
    any: AtomicBool,
    tasks: Mutex<Vec<u64>>,
}

impl ReadyList {
    fn insert(&self, id: u64) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(place) = tasks.binary_search(&id) {
            tasks.insert(place, id);
        }
        self.any.store(true, Ordering::Relaxed);
    }

    /// Takes the first that was not started before `from`.
    fn take(&self, from: u64) -> Option<u64> {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        let place = tasks.partition_point(|&id| id < from);
        let id = (place < tasks.len()).then(|| tasks.remove(place));
        self.any.store(!tasks.is_empty(), Ordering::Relaxed);
        id
    }
}

/// Puts its task on the list.
struct Bell {
    id: u64,
    ready: Arc<ReadyList>,
}

impl Wake for Bell {
    fn wake(self: Arc<Bell>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Bell>) {
        self.ready.insert(self.id);
    }
}

struct Running {
    task: Task,
    waker: Waker,
}

/// The programs of one host.
#[derive(Default)]
pub(super) struct Executor {
    pub(super) desk: Desk,
    next: u64,
    tasks: BTreeMap<u64, Running>,
    ready: Arc<ReadyList>,
}

impl Executor {
    pub(super) fn spawn(&mut self, task: Task) -> u64 {
        self.next += 1;
        let waker = Waker::from(Arc::new(Bell { id: self.next, ready: Arc::clone(&self.ready) }));
        self.tasks.insert(self.next, Running { task, waker });
        self.ready.insert(self.next);
        self.next
    }

    /// Ends a task where it stands; what it holds (sockets, pipes) is let go with the kernel at hand.
    pub(super) fn end(&mut self, id: u64, kernel: Box<Kernel>) -> Box<Kernel> {
        self.desk.lay(kernel);
        drop(self.tasks.remove(&id));
        self.desk.take().expect("the kernel was laid above and a task cannot take it")
    }

    /// Whether a program waits to be polled.
    pub(super) fn has_ready(&self) -> bool {
        self.ready.any.load(Ordering::Relaxed)
    }

    /// Polls every program that is ready, once, and those they start.
    pub(super) fn poll(&mut self, kernel: Box<Kernel>) -> Box<Kernel> {
        if !self.has_ready() {
            return kernel;
        }
        self.desk.lay(kernel);
        let mut after = 0;
        loop {
            while self.has_ready()
                && let Some(id) = self.ready.take(after)
            {
                after = id + 1;
                // It may have ended since it was woken.
                let Some(running) = self.tasks.get_mut(&id) else { continue };
                if running.task.as_mut().poll(&mut Context::from_waker(&running.waker)).is_ready() {
                    self.tasks.remove(&id);
                }
            }
            let mut kernel = self.desk.take().expect("the kernel was laid above and programs cannot take it");
            if kernel.spawned.is_empty() {
                return kernel;
            }
            for task in std::mem::take(&mut kernel.spawned) {
                self.spawn(task);
            }
            self.desk.lay(kernel);
        }
    }
}
