//! A flow log's file: lines are added to it as windows close, and it gets its name when the run is over. It is closed in between,
//! so that no number of interfaces needs more open files than one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::capture_file::CaptureError;

const EXTENSION: &str = ".log";
const PART: &str = ".log.part";

/// A file under way.
#[derive(Debug)]
pub(super) struct FlowLogFile {
    path: PathBuf,
    part: PathBuf,
    lines: u64,
}

impl FlowLogFile {
    /// A file of this name, without its extension, that begins with a line of headings or with nothing.
    pub(super) fn create(folder: &Path, name: &str, headings: Option<&str>) -> Result<FlowLogFile, CaptureError> {
        let file = FlowLogFile {
            path: folder.join(format!("{name}{EXTENSION}")),
            part: folder.join(format!("{name}{PART}")),
            lines: 0,
        };
        let headings = headings.map(|headings| format!("{headings}\n")).unwrap_or_default();
        let written = File::create(&file.part).and_then(|mut part| part.write_all(headings.as_bytes()));
        written.map_err(|error| CaptureError::new(&file.part, &error))?;
        Ok(file)
    }

    /// Adds lines.
    pub(super) fn append(&mut self, text: &str) -> Result<(), CaptureError> {
        self.lines += text.lines().count() as u64;
        let part = OpenOptions::new().append(true).open(&self.part);
        part.and_then(|mut part| part.write_all(text.as_bytes())).map_err(|error| CaptureError::new(&self.part, &error))
    }

    /// How many records it has.
    pub(super) fn lines(&self) -> u64 {
        self.lines
    }

    /// Gives the file its name. Answers where it is and how many records it has.
    pub(super) fn publish(&self) -> Result<(PathBuf, u64), CaptureError> {
        fs::rename(&self.part, &self.path).map_err(|error| CaptureError::new(&self.path, &error))?;
        Ok((self.path.clone(), self.lines))
    }

    /// Removes what was written.
    pub(super) fn abandon(&self) {
        let _ = fs::remove_file(&self.part); // It may never have been made.
    }
}

/// Removes the flow logs of an earlier run from a folder, and nothing else. Ids have a shape that nobody else's files have.
pub(super) fn remove_former(folder: &Path) -> Result<(), CaptureError> {
    let remove = || -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let is_ours = name.starts_with("fl-") && name.contains("_eni-") && name.ends_with(EXTENSION);
            if is_ours && entry.file_type()?.is_file() {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    };
    remove().map_err(|error| CaptureError::new(folder, &error))
}
