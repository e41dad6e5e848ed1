//! One capture file on disk, in pcapng (draft-ietf-opsawg-pcapng) or in the classic pcap format.
//!
//! The bytes depend on nothing but what is written: no wall clock, no operating system, no path, and always little-endian,
//! so that the same run gives the same file on every machine. Frames go to `<name>.part`, which becomes `<name>` when the file
//! is finished. This file knows frames and names, and nothing of events or drops.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use pcap_file::pcap::{PcapHeader, PcapTsResolution, PcapWriter};
use pcap_file::pcapng::blocks::enhanced_packet::{EnhancedPacketBlock, EnhancedPacketOption};
use pcap_file::pcapng::blocks::interface_description::{
    InterfaceDescriptionBlock, InterfaceDescriptionOption, InterfaceTsResolution,
};
use pcap_file::pcapng::blocks::opt_common::CommonOption;
use pcap_file::pcapng::blocks::section_header::{SectionHeaderBlock, SectionHeaderOption};
use pcap_file::pcapng::{PcapNgBlock, PcapNgWriter};
use pcap_file::{DataLink, Endianness};

use super::Direction;

/// What the section header names as the capturing application.
const APPLICATION: &str = concat!("vpcsim ", env!("CARGO_PKG_VERSION"));

/// The same for every interface of every file: tcpdump refuses a file whose interfaces differ in it. Larger than any IP
/// packet with its Ethernet header, so nothing is ever cut.
pub(super) const SNAPLEN: u32 = 262_144;

/// An option's length is 16 bits; a text from the user is cut well before that.
const MAX_TEXT_BYTES: usize = 4_096;

const BUFFER_BYTES: usize = 64 * 1024;

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
    /// By the number that [`CaptureFile::add_interface`] gave.
    pub(crate) interface: u32,
    pub(crate) direction: Direction,
    pub(crate) frame: &'a [u8],
    pub(crate) comments: &'a [String],
}

/// A capture file that is being written.
pub(crate) struct CaptureFile {
    path: PathBuf,
    writer: Writer,
    interfaces: u32,
    frames: u64,
}

enum Writer {
    Pcapng(PcapNgWriter<PartFile>),
    /// After the file's header. `PcapWriter` would not lend the file, which [`CaptureFile::close`] needs.
    Pcap(PartFile),
}

impl CaptureFile {
    /// Begins a file. What another run left at `path` stays until [`CaptureFile::finish`].
    pub(crate) fn create(path: PathBuf, format: CaptureFormat) -> Result<CaptureFile, CaptureError> {
        let part = PartFile::create(&path).map_err(|error| CaptureError::new(&path, &error))?;
        let writer = match format {
            CaptureFormat::Pcapng => {
                let section = SectionHeaderBlock {
                    endianness: Endianness::Little,
                    options: vec![SectionHeaderOption::UserApplication(Cow::Borrowed(APPLICATION))],
                    ..SectionHeaderBlock::default()
                };
                PcapNgWriter::with_section_header(part, section)
                    .map(Writer::Pcapng)
                    .map_err(|error| CaptureError::new(&path, &error))?
            }
            CaptureFormat::Pcap => {
                let header = PcapHeader {
                    snaplen: SNAPLEN,
                    datalink: DataLink::ETHERNET,
                    ts_resolution: PcapTsResolution::NanoSecond,
                    endianness: Endianness::Little,
                    ..PcapHeader::default()
                };
                let writer = PcapWriter::with_header(part, header).map_err(|error| CaptureError::new(&path, &error))?;
                Writer::Pcap(writer.into_inner())
            }
        };
        Ok(CaptureFile { path, writer, interfaces: 0, frames: 0 })
    }

    /// Declares one more interface and gives its number. pcapng lets interfaces come between packets.
    pub(crate) fn add_interface(&mut self, name: &str, description: &str) -> Result<u32, CaptureError> {
        if let Writer::Pcapng(writer) = &mut self.writer {
            let mut options = vec![InterfaceDescriptionOption::IfName(Cow::Borrowed(cut(name)))];
            if !description.is_empty() {
                options.push(InterfaceDescriptionOption::IfDescription(Cow::Borrowed(cut(description))));
            }
            // Without it readers take the times for microseconds.
            options.push(InterfaceDescriptionOption::IfTsResol(InterfaceTsResolution::NANO));
            let block = InterfaceDescriptionBlock { linktype: DataLink::ETHERNET, snaplen: SNAPLEN, options };
            writer.write_block(&block.into_block()).map_err(|error| CaptureError::new(&self.path, &error))?;
        }
        self.interfaces += 1;
        Ok(self.interfaces - 1)
    }

    /// Writes a frame.
    pub(crate) fn write(&mut self, record: Record<'_>) -> Result<(), CaptureError> {
        let data = &record.frame[..record.frame.len().min(SNAPLEN as usize)];
        let original_len = u32::try_from(record.frame.len()).unwrap_or(u32::MAX);
        match &mut self.writer {
            Writer::Pcapng(writer) => {
                let flags = match record.direction {
                    Direction::Ingress => 1,
                    Direction::Egress => 2,
                };
                let mut options = vec![EnhancedPacketOption::Flags(flags)];
                let comments = record.comments.iter();
                options.extend(
                    comments.map(|comment| {
                        EnhancedPacketOption::Common(CommonOption::Comment(Cow::Borrowed(cut(comment))))
                    }),
                );
                let block = EnhancedPacketBlock {
                    interface_id: record.interface,
                    timestamp: record.time,
                    original_len,
                    data: Cow::Borrowed(data),
                    options,
                };
                writer.write_block(&block.into_block()).map_err(|error| CaptureError::new(&self.path, &error))?;
            }
            Writer::Pcap(part) => {
                write_pcap_record(part, record.time, original_len, data)
                    .map_err(|error| CaptureError::new(&self.path, &error))?;
            }
        }
        self.frames += 1;
        Ok(())
    }

    /// How many frames there are so far.
    pub(crate) fn frames(&self) -> u64 {
        self.frames
    }

    /// Gives the file handle back; the next write opens the file again. For runs with more capture points than a process may
    /// have files.
    pub(crate) fn close(&mut self) -> Result<(), CaptureError> {
        let part = match &mut self.writer {
            Writer::Pcapng(writer) => writer.get_mut(),
            Writer::Pcap(part) => part,
        };
        part.close().map_err(|error| CaptureError::new(&self.path, &error))
    }

    /// Writes the rest and gives the file its name.
    pub(crate) fn finish(self) -> Result<(PathBuf, u64), CaptureError> {
        let mut part = match self.writer {
            Writer::Pcapng(writer) => writer.into_inner(),
            Writer::Pcap(part) => part,
        };
        part.close()
            .and_then(|()| fs::rename(&part.path, &self.path))
            .map_err(|error| CaptureError::new(&self.path, &error))?;
        Ok((self.path, self.frames))
    }

    /// Removes what was written, as far as that is possible.
    pub(crate) fn abandon(self) {
        let _ = fs::remove_file(part_path(&self.path));
    }
}

impl fmt::Debug for CaptureFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CaptureFile").field("path", &self.path).field("frames", &self.frames).finish_non_exhaustive()
    }
}

/// `<name>.part`: buffered, and opened again after it was closed.
struct PartFile {
    path: PathBuf,
    open: Option<BufWriter<File>>,
}

impl PartFile {
    fn create(finished: &Path) -> io::Result<PartFile> {
        let path = part_path(finished);
        let file = File::create(&path)?;
        Ok(PartFile { path, open: Some(BufWriter::with_capacity(BUFFER_BYTES, file)) })
    }

    fn opened(&mut self) -> io::Result<&mut BufWriter<File>> {
        let file = match self.open.take() {
            Some(file) => file,
            None => BufWriter::with_capacity(BUFFER_BYTES, OpenOptions::new().append(true).open(&self.path)?),
        };
        Ok(self.open.insert(file))
    }

    fn close(&mut self) -> io::Result<()> {
        self.open.take().map_or(Ok(()), |mut file| file.flush())
    }
}

impl Write for PartFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.opened()?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.opened()?.flush()
    }
}

/// Where a file is while it is written.
fn part_path(finished: &Path) -> PathBuf {
    let mut name = finished.as_os_str().to_owned();
    name.push(".part");
    PathBuf::from(name)
}

/// A record of the classic format: seconds, nanoseconds, length here, length on the wire, data.
fn write_pcap_record(to: &mut impl Write, time: Duration, original_len: u32, data: &[u8]) -> io::Result<()> {
    let seconds = u32::try_from(time.as_secs())
        .map_err(|_| io::Error::other("the classic pcap format cannot say a time after 2106-02-07; use pcapng"))?;
    let length = u32::try_from(data.len()).expect("cut to SNAPLEN");
    for field in [seconds, time.subsec_nanos(), length, original_len] {
        to.write_all(&field.to_le_bytes())?;
    }
    to.write_all(data)
}

/// A text that fits an option, cut between characters.
fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_TEXT_BYTES)]
}
