//! What the simulation hands to whoever writes captures: the frames of one recording, with everything that is written about
//! them. It needs no cloud to be understood, so that another thread can; its memory comes back and is used again.

use super::capture::CapturePoint;
use super::recording::KeptFrame;
use super::{Direction, Recording};
use crate::engine::SimTime;

/// The frames of a recording, in the order in which they are written.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// Has the bytes.
    pub(super) recording: Recording,
    pub(super) frames: Vec<CapturedFrame>,
    /// The capture points that are new, in the order of their numbers.
    pub(super) points: Vec<CapturePoint>,
}

impl Batch {
    /// Forgets everything and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.recording.clear();
        self.frames.clear();
        self.points.clear();
    }
}

/// A frame at a capture point.
#[derive(Debug)]
pub(super) struct CapturedFrame {
    pub(super) time: SimTime,
    /// The capture point's number: they are counted from 0, in the order in which they first saw a packet.
    pub(super) point: u32,
    pub(super) direction: Direction,
    /// Within the batch's recording.
    pub(super) bytes: KeptFrame,
    pub(super) comments: Vec<String>,
}
