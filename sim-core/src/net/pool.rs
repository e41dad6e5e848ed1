//! Frame buffers used again: last in, first out, so that the next frame finds its bytes still in the cache.

/// Buffers that are free.
#[derive(Debug, Default)]
pub(crate) struct BufferPool {
    free: Vec<Vec<u8>>,
}

impl BufferPool {
    /// More free buffers than this are given back to the allocator.
    const LIMIT: usize = 4096;

    /// An empty buffer.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        self.free.pop().unwrap_or_default()
    }

    /// A buffer that was used before, if there is one.
    pub(crate) fn take_used(&mut self) -> Option<Vec<u8>> {
        self.free.pop()
    }

    /// Gives a buffer back.
    pub(crate) fn give(&mut self, mut buffer: Vec<u8>) {
        if self.free.len() < Self::LIMIT && buffer.capacity() > 0 {
            buffer.clear();
            self.free.push(buffer);
        }
    }
}
