//! The enhanced packet block, pcapng's record of one frame (draft-ietf-opsawg-pcapng §4.3).
//!
//! ```text
//!   0                   1                   2                   3
//!   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//!  +---------------------------------------------------------------+
//!  |                    Block Type = 0x00000006                    |
//!  |                      Block Total Length                       |
//!  |                         Interface ID                          |
//!  |                       Timestamp (High)                        |
//!  |                        Timestamp (Low)                        |
//!  |                    Captured Packet Length                     |
//!  |                    Original Packet Length                     |
//!  /              Packet Data, padded to 32 bits                   /
//!  /    Options: code, length, value padded to 32 bits; end (0, 0) /
//!  |                      Block Total Length                       |
//!  +---------------------------------------------------------------+
//! ```
//!
//! It is the one block that is written for every frame, and so the one that is written here: `pcap-file`, which writes the
//! others and reads this one in the tests, writes each block twice (the first time to learn its length) and wants its options
//! on the heap. With a snap length of 128 that costs more than the disk does.

use std::io;

use super::Direction;
use super::capture_file::{Record, cut};

const BLOCK_TYPE: u32 = 6;

/// Type, total length, interface, timestamp, captured and original length.
const HEAD_BYTES: usize = 7 * 4;

const OPTION_END: u16 = 0;
const OPTION_COMMENT: u16 = 1;
const OPTION_FLAGS: u16 = 2;

/// Appends a frame's block: data, direction, comments. The times are nanoseconds, as the interfaces say.
///
/// # Errors
/// The time is later than a block can say.
pub(super) fn append(to: &mut Vec<u8>, record: &Record<'_>) -> io::Result<()> {
    let nanos = u64::try_from(record.time.as_nanos())
        .map_err(|_| io::Error::other("pcapng cannot say a time after 2554-07-21 in nanoseconds"))?;
    let kept = u32::try_from(record.frame.len()).expect("cut to a snap length");
    let flags: u32 = match record.direction {
        Direction::Ingress => 1,
        Direction::Egress => 2,
    };
    let start = to.len();
    let mut head = [0; HEAD_BYTES];
    // The length is put in below, when it is known.
    let fields = [BLOCK_TYPE, 0, record.interface, (nanos >> 32) as u32, nanos as u32, kept, record.wire_len];
    for (place, field) in head.chunks_exact_mut(4).zip(fields) {
        place.copy_from_slice(&field.to_le_bytes());
    }
    to.extend_from_slice(&head);
    append_padded(to, record.frame);
    append_option(to, OPTION_FLAGS, &flags.to_le_bytes());
    for comment in record.comments {
        append_option(to, OPTION_COMMENT, cut(comment).as_bytes());
    }
    append_option(to, OPTION_END, &[]);
    let length = u32::try_from(to.len() - start + 4).expect("a frame and a few short texts").to_le_bytes();
    to.extend_from_slice(&length);
    to[start + 4..start + 8].copy_from_slice(&length);
    Ok(())
}

fn append_option(to: &mut Vec<u8>, code: u16, value: &[u8]) {
    let length = u16::try_from(value.len()).expect("texts are cut before");
    to.extend_from_slice(&code.to_le_bytes());
    to.extend_from_slice(&length.to_le_bytes());
    append_padded(to, value);
}

fn append_padded(to: &mut Vec<u8>, bytes: &[u8]) {
    to.extend_from_slice(bytes);
    let padding = bytes.len().next_multiple_of(4) - bytes.len();
    to.extend_from_slice(&[0; 3][..padding]);
}
