//! The capture files of a run: one for each capture point, and `all`, in a folder.
//!
//! However many capture points there are, memory and open files are bounded: what a file keeps goes to disk when it is worth a
//! write, and everything does when all files together keep too much. An earlier run's captures stay until these are complete.

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::capture::{CapturePoint, CaptureSummary};
use super::capture_batch::Batch;
use super::capture_file::{CaptureError, CaptureFile, CaptureFormat, Record, SnapLength};
use super::file_name::FileNames;

/// How many files are open at a time, `all` not counted: well below what systems allow a process (256 on macOS).
pub(super) const MAX_OPEN: usize = 64;

/// What a file keeps before it is written: enough that the system call costs little beside the copy.
const WRITE_BYTES: usize = 64 * 1024;

/// What all capture points' files may set aside together: enough for some hundred busy ones.
pub(super) const RESERVED_BYTES: usize = 16 * 1024 * 1024;

/// The files of a folder. Let go before [`CaptureFolder::finish`] they are removed.
#[derive(Debug)]
pub(super) struct CaptureFolder {
    path: PathBuf,
    /// The folders that were made for this, the innermost first.
    made: Vec<PathBuf>,
    format: CaptureFormat,
    snap_length: SnapLength,
    /// Wall-clock time at virtual time 0.
    epoch: Duration,
    names: FileNames,
    all: CaptureFile,
    /// By capture point.
    points: Vec<CaptureFile>,
    /// The points whose files may be open, the one written longest ago first.
    recent: VecDeque<usize>,
    /// The memory set aside by the points' files.
    reserved: usize,
    finished: bool,
}

impl CaptureFolder {
    /// Begins captures in the folder `path`, which is made if need be.
    ///
    /// # Errors
    /// The folder or the file `all` cannot be made.
    pub(super) fn create(
        path: &Path,
        format: CaptureFormat,
        snap_length: SnapLength,
        epoch: Duration,
    ) -> Result<CaptureFolder, CaptureError> {
        let made = path.ancestors().take_while(|above| !above.as_os_str().is_empty() && !above.exists());
        let made = made.map(Path::to_owned).collect();
        fs::create_dir_all(path)
            .and_then(|()| remove(path, &[".pcapng.part", ".pcap.part"]))
            .map_err(|error| CaptureError::new(path, &error))?;
        let mut names = FileNames::default();
        let all = names.claim("all");
        let all = CaptureFile::create(file_path(path, &all, format), format, snap_length)?;
        Ok(CaptureFolder {
            path: path.to_owned(),
            made,
            format,
            snap_length,
            epoch,
            names,
            all,
            points: Vec::new(),
            recent: VecDeque::new(),
            reserved: 0,
            finished: false,
        })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the frames of a batch, each to its point's file and to `all`.
    ///
    /// # Errors
    /// A file cannot be written; nothing further should be.
    pub(super) fn write(&mut self, batch: &Batch) -> Result<(), CaptureError> {
        let mut new_points = batch.points.iter();
        for frame in &batch.frames {
            let number = frame.point as usize;
            if number == self.points.len() {
                self.add_point(new_points.next().expect("a point comes with its first frame"))?;
            }
            let record = Record {
                time: self.epoch + Duration::from_nanos(frame.time.as_nanos()),
                interface: 0,
                direction: frame.direction,
                frame: batch.recording.bytes_of(frame.bytes),
                wire_len: frame.bytes.wire_len,
                comments: &frame.comments,
            };
            self.write_to_point(number, &record)?;
            self.all.write(&Record { interface: frame.point, ..record })?;
            if self.all.kept() >= WRITE_BYTES {
                self.all.flush()?;
            }
        }
        Ok(())
    }

    /// Begins the file of the next capture point. Its number is also its interface's in `all`.
    fn add_point(&mut self, CapturePoint { file, interface, description }: &CapturePoint) -> Result<(), CaptureError> {
        let path = file_path(&self.path, &self.names.claim(file), self.format);
        self.about_to_open(self.points.len());
        let mut point = CaptureFile::create(path, self.format, self.snap_length)?;
        point.add_interface(interface, description, self.snap_length)?;
        self.reserved += point.reserved();
        self.points.push(point);
        self.all.add_interface(interface, description, self.snap_length)
    }

    fn write_to_point(&mut self, number: usize, record: &Record<'_>) -> Result<(), CaptureError> {
        let point = &mut self.points[number];
        let reserved = point.reserved();
        point.write(record)?;
        self.reserved += point.reserved() - reserved;
        if point.kept() >= WRITE_BYTES {
            self.about_to_open(number);
            self.points[number].flush()?;
        }
        if self.reserved > RESERVED_BYTES {
            self.flush_points()?;
        }
        Ok(())
    }

    /// Brings to disk what the points' files keep, and gives the memory back.
    fn flush_points(&mut self) -> Result<(), CaptureError> {
        for number in 0..self.points.len() {
            if self.points[number].kept() > 0 {
                self.about_to_open(number);
                self.points[number].flush()?;
            }
            self.points[number].release();
        }
        self.reserved = 0;
        Ok(())
    }

    /// Notes that a point's file is about to be open, and closes another if there are too many.
    fn about_to_open(&mut self, number: usize) {
        if let Some(at) = self.recent.iter().rposition(|&recent| recent == number) {
            self.recent.remove(at);
        } else if self.recent.len() == MAX_OPEN
            && let Some(oldest) = self.recent.pop_front()
        {
            self.points[oldest].close();
        }
        self.recent.push_back(number);
    }

    /// Writes what is left, removes the captures of an earlier run from the folder, and gives the new ones their names.
    ///
    /// # Errors
    /// A file cannot be written, removed or renamed.
    pub(super) fn finish(mut self) -> Result<CaptureSummary, CaptureError> {
        self.flush_points()?;
        self.all.flush()?;
        self.points.iter_mut().for_each(CaptureFile::close);
        self.all.close();
        // In either format, and also where a capture point sees nothing any more and so has no file.
        remove(&self.path, &[".pcapng", ".pcap"]).map_err(|error| CaptureError::new(&self.path, &error))?;
        let (all, frames) = self.all.publish()?;
        let points = self.points.iter_mut().map(CaptureFile::publish).collect::<Result<_, _>>()?;
        self.finished = true;
        Ok(CaptureSummary { all: Some(all), frames, points, ..CaptureSummary::default() })
    }
}

impl Drop for CaptureFolder {
    fn drop(&mut self) {
        if self.finished {
            return;
        }
        self.all.abandon();
        self.points.iter_mut().for_each(CaptureFile::abandon);
        for folder in &self.made {
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
