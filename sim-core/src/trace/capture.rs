//! The observer that writes captures: one file for each capture point (network interface, gateway, Internet host) that saw a
//! packet, and `all` with one interface for each of them.
//!
//! A packet's `Seen` opens a record, and what happens to the packet at the same time belongs to it: the record is written when
//! the next `Seen` or the end comes, with the reason as its comment if the packet was dropped in between. Captures never change
//! a result, and the same events give the same bytes on every machine. What resources are called and how a drop is put
//! into words is asked of [`CaptureWords`], whoever runs the simulation.

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::capture_file::{CaptureError, CaptureFile, CaptureFormat, Record};
use super::file_name::FileNames;
use super::{Direction, DropReason, PacketId, Recording, Step, TraceEvent};
use crate::engine::SimTime;
use crate::id::ResourceId;

/// How many files are open at a time, `all` not counted: well below what systems allow a process (256 on macOS).
const MAX_OPEN: usize = 64;

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
#[derive(Debug, Default)]
pub(crate) struct Captures {
    files: Option<Files>,
    pending: Option<Pending>,
    /// A buffer to use again.
    spare: Vec<u8>,
    dropped: u64,
}

/// The record of the last `Seen`, waiting for its comment.
#[derive(Debug)]
struct Pending {
    time: SimTime,
    packet: PacketId,
    point: usize,
    direction: Direction,
    frame: Vec<u8>,
    comments: Vec<String>,
}

impl Captures {
    /// Captures below `folder`, which is made if need be. Virtual time 0 is `epoch_nanos` after 1970-01-01 00:00:00 UTC.
    ///
    /// # Errors
    /// The folder or the file `all` cannot be made.
    pub(crate) fn new(folder: &Path, format: CaptureFormat, epoch_nanos: u64) -> Result<Captures, CaptureError> {
        let files = Files::create(folder, format, Duration::from_nanos(epoch_nanos))?;
        Ok(Captures { files: Some(files), pending: None, spare: Vec::new(), dropped: 0 })
    }

    /// No captures.
    pub(crate) fn nowhere() -> Captures {
        Captures::default()
    }

    /// Takes the next event of a recording. For a drop that has a frame, answers the frame's number in `all`, counted from 1 as
    /// Wireshark does.
    ///
    /// # Errors
    /// A file cannot be written; nothing further should be observed.
    pub(crate) fn observe(
        &mut self,
        event: &TraceEvent,
        recording: &Recording,
        words: &dyn CaptureWords,
    ) -> Result<Option<u64>, CaptureError> {
        match &event.step {
            Step::Seen { point, direction, frame: Some(frame) } => {
                self.write_pending()?;
                if let Some(files) = &mut self.files {
                    let point = files.point(*point, words)?;
                    let mut copy = std::mem::take(&mut self.spare);
                    copy.clear();
                    copy.extend_from_slice(recording.bytes_of(*frame));
                    self.pending = Some(Pending {
                        time: event.time,
                        packet: event.packet,
                        point,
                        direction: *direction,
                        frame: copy,
                        comments: Vec::new(),
                    });
                }
                Ok(None)
            }
            Step::Dropped(reason) => {
                self.dropped += 1;
                let here = |pending: &&mut Pending| pending.packet == event.packet && pending.time == event.time;
                let (Some(pending), Some(files)) = (self.pending.as_mut().filter(here), &self.files) else {
                    return Ok(None);
                };
                pending.comments.push(format!("DROP {}: {}", reason.code, words.drop_sentence(event, reason)));
                Ok(Some(files.all.frames() + 1))
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
            | Step::Delivered { .. } => Ok(None),
        }
    }

    /// Writes what is left, removes the captures of an earlier run from the folder, and gives the new ones their names.
    ///
    /// # Errors
    /// A file cannot be written, removed or renamed.
    pub(crate) fn finish(mut self) -> Result<CaptureSummary, CaptureError> {
        self.write_pending()?;
        let summary = CaptureSummary { dropped: self.dropped, ..CaptureSummary::default() };
        match self.files.take() {
            Some(files) => files.finish(summary),
            None => Ok(summary),
        }
    }

    fn write_pending(&mut self) -> Result<(), CaptureError> {
        if let (Some(pending), Some(files)) = (self.pending.take(), &mut self.files) {
            files.write(&pending)?;
            self.spare = pending.frame;
        }
        Ok(())
    }
}

impl Drop for Captures {
    fn drop(&mut self) {
        if let Some(files) = self.files.take() {
            files.abandon();
        }
    }
}

/// The files of a folder.
#[derive(Debug)]
struct Files {
    folder: PathBuf,
    /// The folders that were made for this, the innermost first.
    made: Vec<PathBuf>,
    format: CaptureFormat,
    epoch: Duration,
    names: FileNames,
    all: CaptureFile,
    /// By capture point.
    points: Vec<CaptureFile>,
    numbers: BTreeMap<ResourceId, usize>,
    /// The points whose files may be open, the one written longest ago first.
    recent: VecDeque<usize>,
}

impl Files {
    fn create(folder: &Path, format: CaptureFormat, epoch: Duration) -> Result<Files, CaptureError> {
        let made = folder.ancestors().take_while(|above| !above.as_os_str().is_empty() && !above.exists());
        let made = made.map(Path::to_owned).collect();
        fs::create_dir_all(folder)
            .and_then(|()| remove(folder, &[".pcapng.part", ".pcap.part"]))
            .map_err(|error| CaptureError::new(folder, &error))?;
        let mut names = FileNames::default();
        let all = names.claim("all");
        let all = CaptureFile::create(file_path(folder, &all, format), format)?;
        Ok(Files {
            folder: folder.to_owned(),
            made,
            format,
            epoch,
            names,
            all,
            points: Vec::new(),
            numbers: BTreeMap::new(),
            recent: VecDeque::new(),
        })
    }

    /// The number of a capture point, which is also its interface's number in `all`.
    fn point(&mut self, id: ResourceId, words: &dyn CaptureWords) -> Result<usize, CaptureError> {
        if let Some(&number) = self.numbers.get(&id) {
            return Ok(number);
        }
        let CapturePoint { file, interface, description } = words.point(id);
        let path = file_path(&self.folder, &self.names.claim(&file), self.format);
        let number = self.points.len();
        self.touch(number)?;
        let mut point = CaptureFile::create(path, self.format)?;
        point.add_interface(&interface, &description)?;
        self.all.add_interface(&interface, &description)?;
        self.points.push(point);
        self.numbers.insert(id, number);
        Ok(number)
    }

    fn write(&mut self, pending: &Pending) -> Result<(), CaptureError> {
        self.touch(pending.point)?;
        let record = Record {
            time: self.epoch + Duration::from_nanos(pending.time.as_nanos()),
            interface: 0,
            direction: pending.direction,
            frame: &pending.frame,
            comments: &pending.comments,
        };
        self.points[pending.point].write(record)?;
        let interface = u32::try_from(pending.point).expect("fewer capture points than a u32 counts");
        self.all.write(Record { interface, ..record })
    }

    /// Notes that a point's file is about to be open, and closes another if there are too many.
    fn touch(&mut self, number: usize) -> Result<(), CaptureError> {
        if self.recent.back() == Some(&number) {
            return Ok(());
        }
        if let Some(at) = self.recent.iter().position(|&recent| recent == number) {
            self.recent.remove(at);
        } else if self.recent.len() == MAX_OPEN
            && let Some(oldest) = self.recent.pop_front()
        {
            self.points[oldest].close()?;
        }
        self.recent.push_back(number);
        Ok(())
    }

    fn finish(self, mut summary: CaptureSummary) -> Result<CaptureSummary, CaptureError> {
        // In either format, and also where a capture point sees nothing any more and so has no file.
        remove(&self.folder, &[".pcapng", ".pcap"]).map_err(|error| CaptureError::new(&self.folder, &error))?;
        let (all, frames) = self.all.finish()?;
        summary.all = Some(all);
        summary.frames = frames;
        summary.points = self.points.into_iter().map(CaptureFile::finish).collect::<Result<_, _>>()?;
        Ok(summary)
    }

    fn abandon(self) {
        self.all.abandon();
        self.points.into_iter().for_each(CaptureFile::abandon);
        for folder in self.made {
            let _ = fs::remove_dir(folder); // Fails, as it should, where somebody put something into it meanwhile.
        }
    }
}

fn file_path(folder: &Path, name: &str, format: CaptureFormat) -> PathBuf {
    folder.join(format!("{name}.{}", format.extension()))
}

/// Removes the files whose names end so: what an earlier run left. Nothing else in the folder is touched.
fn remove(folder: &Path, endings: &[&str]) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let ours = endings.iter().any(|ending| name.as_encoded_bytes().ends_with(ending.as_bytes()));
        if ours && entry.file_type()?.is_file() {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "capture_tests.rs"]
mod tests;
