//! A tap on the host's interfaces, as tcpdump's packet socket is one (packet(7)): every frame that comes or goes, as it is on
//! the wire. It costs nothing while nobody taps.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::task::{Context, Poll, Waker};

use super::Sys;
use super::executor::Desk;
use super::kernel::Kernel;
use super::socket::{SocketId, wait};
use crate::engine::SimTime;

/// Frames that wait to be read; what comes then is dropped and counted (tcpdump's buffer holds about so many).
const WAITING_MAX: usize = 4_096;

/// A frame that crossed an interface.
#[derive(Clone, Debug)]
pub(crate) struct TappedFrame {
    /// When.
    pub(crate) at: SimTime,
    /// At which interface.
    pub(crate) interface: usize,
    /// Whether the host sent it.
    pub(crate) outgoing: bool,
    /// The frame, from its Ethernet header on.
    pub(crate) bytes: Vec<u8>,
}

/// A tap as the kernel keeps it.
pub(super) struct Tap {
    id: SocketId,
    /// All of them when it does not say.
    interface: Option<usize>,
    waiting: VecDeque<TappedFrame>,
    dropped: usize,
    waker: Option<Waker>,
}

impl Kernel {
    /// Shows a frame to whoever taps.
    pub(super) fn show_frame(&mut self, interface: usize, outgoing: bool, frame: &[u8]) {
        let at = self.now;
        for tap in self.taps.iter_mut().filter(|tap| tap.interface.is_none_or(|only| only == interface)) {
            if tap.waiting.len() == WAITING_MAX {
                tap.dropped += 1;
                continue;
            }
            tap.waiting.push_back(TappedFrame { at, interface, outgoing, bytes: frame.to_vec() });
            if let Some(waker) = tap.waker.take() {
                waker.wake();
            }
        }
    }

    fn poll_tap(&mut self, id: SocketId, cx: &Context<'_>) -> Poll<TappedFrame> {
        let Some(tap) = self.taps.iter_mut().find(|tap| tap.id == id) else { return Poll::Pending };
        match tap.waiting.pop_front() {
            Some(frame) => Poll::Ready(frame),
            None => {
                wait(&mut tap.waker, cx);
                Poll::Pending
            }
        }
    }
}

/// A tap; letting go of it closes it.
pub(crate) struct TapSocket {
    desk: Desk,
    id: SocketId,
}

impl TapSocket {
    /// The next frame.
    pub(crate) async fn next(&self) -> TappedFrame {
        poll_fn(|cx| self.desk.with(|kernel| kernel.poll_tap(self.id, cx))).await
    }

    /// How many frames found no room.
    pub(crate) fn dropped(&self) -> usize {
        self.desk.with(|kernel| kernel.taps.iter().find(|tap| tap.id == self.id).map_or(0, |tap| tap.dropped))
    }
}

impl Drop for TapSocket {
    fn drop(&mut self) {
        self.desk.with_if_laid(|kernel| kernel.taps.retain(|tap| tap.id != self.id));
    }
}

impl Sys {
    /// Taps an interface, or all of them.
    pub(crate) fn tap(&self, interface: Option<usize>) -> TapSocket {
        let id = self.kernel(|kernel| {
            let id = kernel.sockets.next_id();
            kernel.taps.push(Tap { id, interface, waiting: VecDeque::new(), dropped: 0, waker: None });
            id
        });
        TapSocket { desk: self.desk, id }
    }
}
