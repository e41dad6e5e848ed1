//! Frame buffers used again: last in, first out, so that the next frame finds its bytes still in the cache.
//!
//! Short and long ones are kept apart, and with the bytes they had: a flow gives back a full frame for each one it takes and an
//! acknowledgement for each acknowledgement, so neither has to be filled with zeros before it is written.

/// Buffers that are free.
#[derive(Debug, Default)]
pub(crate) struct BufferPool {
    short: Vec<Vec<u8>>,
    long: Vec<Vec<u8>>,
}

impl BufferPool {
    /// More free buffers of a kind than this are given back to the allocator.
    const LIMIT: usize = 4096;
    /// The longest of the short ones: what carries no bulk data.
    const SHORT: usize = 256;

    /// An empty buffer.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        let mut buffer = self.short.pop().unwrap_or_default();
        buffer.clear();
        buffer
    }

    /// A buffer of `len` bytes, all of which the caller writes: they are those of some earlier frame.
    pub(crate) fn take_filled(&mut self, len: usize) -> Vec<u8> {
        let mut buffer = self.kind(len).pop().unwrap_or_default();
        buffer.resize(len, 0);
        buffer
    }

    /// A buffer that carried as many bytes before, or nearly, if there is one.
    pub(crate) fn take_used(&mut self, len: usize) -> Option<Vec<u8>> {
        self.kind(len).pop()
    }

    /// Gives a buffer back.
    pub(crate) fn give(&mut self, buffer: Vec<u8>) {
        let kind = self.kind(buffer.len());
        if kind.len() < Self::LIMIT && buffer.capacity() > 0 {
            kind.push(buffer);
        }
    }

    fn kind(&mut self, len: usize) -> &mut Vec<Vec<u8>> {
        if len <= Self::SHORT { &mut self.short } else { &mut self.long }
    }
}
