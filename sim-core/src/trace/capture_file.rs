//! One capture file on disk, in pcapng (draft-ietf-opsawg-pcapng) or in the classic pcap format.
//!
//! The bytes depend on nothing but what is written: no wall clock, no operating system, no path, and always little-endian,
//! so that the same run gives the same file on every machine. What is written is kept until there is enough of it for the disk
//! or until it is asked for; it goes to `<name>.part`, which becomes `<name>` when the file is finished. This file knows frames
//! and names, and nothing of events or drops.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use pcap_file::pcap::{PcapHeader, PcapTsResolution, PcapWriter};
use pcap_file::pcapng::blocks::interface_description::{
    InterfaceDescriptionBlock, InterfaceDescriptionOption, InterfaceTsResolution,
};
use pcap_file::pcapng::blocks::section_header::{SectionHeaderBlock, SectionHeaderOption};
use pcap_file::pcapng::{PcapNgBlock, PcapNgWriter};
use pcap_file::{DataLink, Endianness};

use super::Direction;
use super::enhanced_packet;

/// What the section header names as the capturing application.
const APPLICATION: &str = concat!("vpcsim ", env!("CARGO_PKG_VERSION"));

/// An option's length is 16 bits; a text from the user is cut well before that.
const MAX_TEXT_BYTES: usize = 4_096;

/// The format of capture files.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum CaptureFormat {
    /// pcapng: several interfaces with names, and a comment on each lost packet.
    #[default]
    Pcapng,
    /// Classic pcap with nanoseconds, for tools that read nothing else. It has no place for names and comments.
    Pcap,
}

impl CaptureFormat {
    /// The files' extension, which is also the format's name on the command line.
    pub fn extension(self) -> &'static str {
        match self {
            CaptureFormat::Pcapng => "pcapng",
            CaptureFormat::Pcap => "pcap",
        }
    }
}

/// How many bytes of each frame are captured.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct SnapLength(u32);

impl SnapLength {
    /// The largest, which is also how the formats say that frames are whole: it is tcpdump's and Wireshark's largest, and no IP
    /// packet with its Ethernet header is longer.
    pub const WHOLE: SnapLength = SnapLength(262_144);

    /// Keeps so many bytes; 0 means all, as for tcpdump's `-s`.
    pub fn new(bytes: u32) -> SnapLength {
        match bytes {
            0 => SnapLength::WHOLE,
            _ => SnapLength(bytes.min(SnapLength::WHOLE.0)),
        }
    }

    /// The number of bytes.
    pub fn bytes(self) -> u32 {
        self.0
    }
}

impl Default for SnapLength {
    fn default() -> SnapLength {
        SnapLength::WHOLE
    }
}

/// A capture file cannot be written.
#[derive(Debug)]
pub struct CaptureError {
    /// The file or folder.
    pub path: PathBuf,
    /// What was wrong, with its causes.
    pub reason: String,
}

impl CaptureError {
    pub(crate) fn new(path: &Path, error: &dyn Error) -> CaptureError {
        // The texts of `pcap-file` name a field and leave the cause to `source`.
        let mut reason = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            let text = error.to_string();
            if !reason.ends_with(&text) {
                reason = format!("{reason}: {text}");
            }
            cause = error.source();
        }
        CaptureError { path: path.to_owned(), reason }
    }
}

impl fmt::Display for CaptureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot write the captures to `{}`: {}", self.path.display(), self.reason)
    }
}

impl Error for CaptureError {}

/// A frame as it is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record<'a> {
    /// Since 1970-01-01 00:00:00 UTC.
    pub(crate) time: Duration,
    /// The interface's number, in the order of [`CaptureFile::add_interface`].
    pub(crate) interface: u32,
    pub(crate) direction: Direction,
    /// As much of the frame as is kept.
    pub(crate) frame: &'a [u8],
    /// The frame's length on the wire.
    pub(crate) wire_len: u32,
    pub(crate) comments: &'a [String],
}

/// A capture file that is being written.
pub(crate) struct CaptureFile {
    path: PathBuf,
    /// What is not on disk yet.
    kept: Kept,
    part: Option<File>,
    frames: u64,
}

enum Kept {
    /// The library's writer, so that it holds what the file says of its interfaces.
    Pcapng(PcapNgWriter<Vec<u8>>),
    Pcap(Vec<u8>),
}

impl Kept {
    fn bytes(&self) -> &Vec<u8> {
        match self {
            Kept::Pcapng(writer) => writer.get_ref(),
            Kept::Pcap(bytes) => bytes,
        }
    }

    fn bytes_mut(&mut self) -> &mut Vec<u8> {
        match self {
            Kept::Pcapng(writer) => writer.get_mut(),
            Kept::Pcap(bytes) => bytes,
        }
    }
}

impl CaptureFile {
    /// Begins a file. What another run left at `path` stays until [`CaptureFile::publish`].
    pub(crate) fn create(
        path: PathBuf,
        format: CaptureFormat,
        snap_length: SnapLength,
    ) -> Result<CaptureFile, CaptureError> {
        let part = File::create(part_path(&path)).map_err(|error| CaptureError::new(&path, &error))?;
        let kept = match format {
            CaptureFormat::Pcapng => {
                let section = SectionHeaderBlock {
                    endianness: Endianness::Little,
                    options: vec![SectionHeaderOption::UserApplication(Cow::Borrowed(APPLICATION))],
                    ..SectionHeaderBlock::default()
                };
                PcapNgWriter::with_section_header(Vec::new(), section)
                    .map(Kept::Pcapng)
                    .map_err(|error| CaptureError::new(&path, &error))?
            }
            CaptureFormat::Pcap => {
                let header = PcapHeader {
                    snaplen: snap_length.bytes(),
                    datalink: DataLink::ETHERNET,
                    ts_resolution: PcapTsResolution::NanoSecond,
                    endianness: Endianness::Little,
                    ..PcapHeader::default()
                };
                PcapWriter::with_header(Vec::new(), header)
                    .map(|writer| Kept::Pcap(writer.into_inner()))
                    .map_err(|error| CaptureError::new(&path, &error))?
            }
        };
        Ok(CaptureFile { path, kept, part: Some(part), frames: 0 })
    }

    /// Declares one more interface. pcapng lets interfaces come between packets.
    pub(crate) fn add_interface(
        &mut self,
        name: &str,
        description: &str,
        snap_length: SnapLength,
    ) -> Result<(), CaptureError> {
        let Kept::Pcapng(writer) = &mut self.kept else { return Ok(()) };
        let mut options = vec![InterfaceDescriptionOption::IfName(Cow::Borrowed(cut(name)))];
        if !description.is_empty() {
            options.push(InterfaceDescriptionOption::IfDescription(Cow::Borrowed(cut(description))));
        }
        // Without it readers take the times for microseconds.
        options.push(InterfaceDescriptionOption::IfTsResol(InterfaceTsResolution::NANO));
        // The same for every interface of every file: tcpdump refuses a file whose interfaces differ in it.
        let snaplen = snap_length.bytes();
        let block = InterfaceDescriptionBlock { linktype: DataLink::ETHERNET, snaplen, options };
        writer.write_block(&block.into_block()).map_err(|error| CaptureError::new(&self.path, &error))?;
        Ok(())
    }

    /// Adds a frame.
    pub(crate) fn write(&mut self, record: &Record<'_>) -> Result<(), CaptureError> {
        match &mut self.kept {
            Kept::Pcapng(writer) => enhanced_packet::append(writer.get_mut(), record),
            Kept::Pcap(bytes) => append_pcap_record(bytes, record),
        }
        .map_err(|error| CaptureError::new(&self.path, &error))?;
        self.frames += 1;
        Ok(())
    }

    /// How many bytes are not on disk yet.
    pub(crate) fn kept(&self) -> usize {
        self.kept.bytes().len()
    }

    /// How much memory is set aside for what is not on disk yet.
    pub(crate) fn reserved(&self) -> usize {
        self.kept.bytes().capacity()
    }

    /// Brings what is kept to disk, and opens the file for that where it was closed.
    pub(crate) fn flush(&mut self) -> Result<(), CaptureError> {
        let bytes = self.kept.bytes_mut();
        let part = match self.part.take() {
            Some(part) => Ok(part),
            None => OpenOptions::new().append(true).open(part_path(&self.path)),
        };
        let part = part.and_then(|mut part| part.write_all(bytes).map(|()| part));
        self.part = Some(part.map_err(|error| CaptureError::new(&self.path, &error))?);
        bytes.clear();
        Ok(())
    }

    /// Gives the memory back that was set aside; nothing may be kept in it any more.
    pub(crate) fn release(&mut self) {
        debug_assert_eq!(self.kept(), 0, "flushed before");
        *self.kept.bytes_mut() = Vec::new();
    }

    /// Gives the file handle back. For runs with more capture points than a process may have files.
    pub(crate) fn close(&mut self) {
        self.part = None;
    }

    /// Gives the file its name, once everything is on disk.
    pub(crate) fn publish(&mut self) -> Result<(PathBuf, u64), CaptureError> {
        fs::rename(part_path(&self.path), &self.path).map_err(|error| CaptureError::new(&self.path, &error))?;
        Ok((self.path.clone(), self.frames))
    }

    /// Removes what was written, as far as that is possible.
    pub(crate) fn abandon(&mut self) {
        self.close();
        let _ = fs::remove_file(part_path(&self.path));
    }
}

impl fmt::Debug for CaptureFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CaptureFile").field("path", &self.path).field("frames", &self.frames).finish_non_exhaustive()
    }
}

/// Where a file is while it is written.
fn part_path(finished: &Path) -> PathBuf {
    let mut name = finished.as_os_str().to_owned();
    name.push(".part");
    PathBuf::from(name)
}

/// A record of the classic format: seconds, nanoseconds, length here, length on the wire, data.
fn append_pcap_record(to: &mut Vec<u8>, record: &Record<'_>) -> io::Result<()> {
    let seconds = u32::try_from(record.time.as_secs())
        .map_err(|_| io::Error::other("the classic pcap format cannot say a time after 2106-02-07; use pcapng"))?;
    let length = u32::try_from(record.frame.len()).expect("cut to a snap length");
    for field in [seconds, record.time.subsec_nanos(), length, record.wire_len] {
        to.extend_from_slice(&field.to_le_bytes());
    }
    to.extend_from_slice(record.frame);
    Ok(())
}

/// A text that fits an option, cut between characters.
pub(super) fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_TEXT_BYTES)]
}
