//! The observer that writes captures: one file for each capture point (network interface, gateway, Internet host) that saw a
//! packet, and `all` with one interface for each of them.
//!
//! A packet's `Seen` is a record, and what happens to the packet at the same time belongs to it: if the packet is dropped before
//! the next `Seen`, the reason becomes the record's comment. Captures never change a result, and the same events give the same
//! bytes on every machine. What resources are called and how a drop is put into words is asked of [`CaptureWords`], whoever
//! runs the simulation, while the events are looked at; the frames themselves are only passed on, see [`CaptureWriter`].

use std::mem;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustc_hash::FxHashMap;

use super::capture_batch::{Batch, CapturedFrame};
use super::capture_file::{CaptureError, CaptureFormat, SnapLength};
use super::capture_folder::CaptureFolder;
use super::capture_writer::CaptureWriter;
use super::{DropReason, PacketId, Recording, Step, TraceEvent};
use crate::engine::SimTime;
use crate::id::ResourceId;

/// The names and sentences that captures are labelled with.
pub(crate) trait CaptureWords {
    /// What a capture point is called. Asked once for each point, when it first sees a packet.
    fn point(&self, id: ResourceId) -> CapturePoint;

    /// Why a packet was dropped: a sentence that follows the code in the packet's comment.
    fn drop_sentence(&self, event: &TraceEvent, reason: &DropReason) -> String;
}

/// What a capture point is called.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct CapturePoint {
    /// The file's name without its extension, as in `ljhVPC1-EC2-eth0`. Anything a user may write: it is made safe and unique.
    pub file: String,
    /// The interface's name in `all`, as in `ljhVPC1-EC2/eth0`.
    pub interface: String,
    /// A longer description: the id, the subnet. May be empty.
    pub description: String,
}

/// What was written.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct CaptureSummary {
    /// The file with every frame, if captures were written at all.
    pub all: Option<PathBuf>,
    /// How many frames it has.
    pub frames: u64,
    /// How many packets were dropped, captured or not.
    pub dropped: u64,
    /// The file of each capture point with the number of its frames, in the order in which they first saw a packet.
    pub points: Vec<(PathBuf, u64)>,
}

/// Writes captures from events, or only counts drops ([`Captures::nowhere`]).
///
/// Memory is bounded by the number of capture points; frames go to disk as they come. If a `Captures` is let go without
/// [`Captures::finish`], what an earlier run wrote is left as it was.
#[derive(Debug)]
pub(crate) struct Captures {
    writer: Option<CaptureWriter>,
    /// The first thing that went wrong; nothing is written after it.
    failure: Option<CaptureError>,
    /// The frames of the recording that is being looked at.
    batch: Batch,
    /// Whose the batch's last frame is.
    last: Option<(PacketId, SimTime)>,
    /// The capture points, by the order in which they first saw a packet.
    numbers: FxHashMap<ResourceId, u32>,
    /// How many frames there are, those of the batch among them.
    frames: u64,
    dropped: u64,
}

impl Captures {
    /// Captures below `folder`, which is made if need be. Virtual time 0 is `epoch_nanos` after 1970-01-01 00:00:00 UTC.
    ///
    /// # Errors
    /// The folder or the file `all` cannot be made.
    pub(crate) fn new(
        folder: &Path,
        format: CaptureFormat,
        snap_length: SnapLength,
        epoch_nanos: u64,
    ) -> Result<Captures, CaptureError> {
        let folder = CaptureFolder::create(folder, format, snap_length, Duration::from_nanos(epoch_nanos))?;
        Ok(Captures::with(Some(CaptureWriter::Here(Box::new(folder)))))
    }

    /// No captures.
    pub(crate) fn nowhere() -> Captures {
        Captures::with(None)
    }

    fn with(writer: Option<CaptureWriter>) -> Captures {
        Captures {
            writer,
            failure: None,
            batch: Batch::default(),
            last: None,
            numbers: FxHashMap::default(),
            frames: 0,
            dropped: 0,
        }
    }

    /// Looks at the next event of a recording. For a drop that has a frame, answers the frame's number in `all`, counted from 1
    /// as Wireshark does.
    pub(crate) fn observe(&mut self, event: &TraceEvent, words: &dyn CaptureWords) -> Option<u64> {
        match &event.step {
            Step::Seen { point, direction, frame: Some(bytes) } if self.writer.is_some() => {
                let point = self.number(*point, words);
                let frame = CapturedFrame {
                    time: event.time,
                    point,
                    direction: *direction,
                    bytes: *bytes,
                    comments: Vec::new(),
                };
                self.batch.frames.push(frame);
                self.frames += 1;
                self.last = Some((event.packet, event.time));
                None
            }
            Step::Dropped(reason) => {
                self.dropped += 1;
                if self.last != Some((event.packet, event.time)) {
                    return None;
                }
                let frame = self.batch.frames.last_mut()?;
                frame.comments.push(format!("DROP {}: {}", reason.code, words.drop_sentence(event, reason)));
                Some(self.frames)
            }
            Step::Seen { .. }
            | Step::Answered { .. }
            | Step::AddressChecked { .. }
            | Step::SecurityGroup { .. }
            | Step::NetworkAcl { .. }
            | Step::Route { .. }
            | Step::Vpc { .. }
            | Step::Gateway { .. }
            | Step::Translated { .. }
            | Step::Fragmented { .. }
            | Step::PortTranslated { .. }
            | Step::FlowLogged { .. }
            | Step::Delivered { .. }
            | Step::PassedOn { .. } => None,
        }
    }

    /// Has the frames of `recording` written, every event of which has been observed, and leaves other memory in its place. A
    /// recording ends between two events of the simulation, so that whatever comments a frame is in it too. What goes wrong is
    /// kept for [`Captures::finish`].
    pub(crate) fn write(&mut self, recording: &mut Recording) {
        self.last = None;
        if self.batch.frames.is_empty() {
            return;
        }
        mem::swap(recording, &mut self.batch.recording);
        match self.writer.take().map(|writer| writer.write(&mut self.batch)) {
            Some(Ok(writer)) => self.writer = Some(writer),
            Some(Err(error)) => self.failure = Some(error),
            None => {}
        }
        self.batch.clear();
        mem::swap(recording, &mut self.batch.recording);
    }

    /// Writes what is left, removes the captures of an earlier run from the folder, and gives the new ones their names.
    ///
    /// # Errors
    /// A file could not be written, or cannot be removed or renamed.
    pub(crate) fn finish(mut self) -> Result<CaptureSummary, CaptureError> {
        if let Some(error) = self.failure.take() {
            return Err(error);
        }
        let written = match self.writer.take() {
            Some(writer) => writer.finish()?.finish()?,
            None => CaptureSummary::default(),
        };
        Ok(CaptureSummary { dropped: self.dropped, ..written })
    }

    /// The number of a capture point, whose name is asked for when it is new.
    fn number(&mut self, id: ResourceId, words: &dyn CaptureWords) -> u32 {
        let next = u32::try_from(self.numbers.len()).expect("fewer capture points than a u32 counts");
        *self.numbers.entry(id).or_insert_with(|| {
            self.batch.points.push(words.point(id));
            next
        })
    }
}

impl Drop for Captures {
    fn drop(&mut self) {
        if let Some(writer) = self.writer.take() {
            // Waits for the thread, so that the folder is let go, and what it has written is gone, when this is.
            drop(writer.finish());
        }
    }
}

#[cfg(test)]
#[path = "capture_tests.rs"]
mod tests;
