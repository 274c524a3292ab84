//! An encoded file in memory.

use std::io::{self, Write};

use bytes::Bytes;

/// Large enough for few parts, small enough to waste little.
const CHUNK_BYTES: usize = 1024 * 1024;

/// A growing file. It never moves what it holds, so it takes as much memory as
/// it is long, where a `Vec` takes up to three times that while it grows.
#[derive(Debug, Default)]
pub(crate) struct Chunks {
    full: Vec<Bytes>,
    last: Vec<u8>,
}

impl Chunks {
    /// Bytes of memory.
    pub(crate) fn memory(&self) -> usize {
        self.full.len() * CHUNK_BYTES + self.last.capacity()
    }

    /// The file, in order.
    pub(crate) fn into_parts(mut self) -> Vec<Bytes> {
        self.full.push(self.last.into());
        self.full
    }
}

impl Write for Chunks {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let length = buffer.len().min(CHUNK_BYTES - self.last.len());
        self.last.extend_from_slice(&buffer[..length]);
        if self.last.len() == CHUNK_BYTES {
            self.full.push(std::mem::take(&mut self.last).into());
        }
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_the_file() {
        let mut chunks = Chunks::default();
        let file: Vec<u8> = (0..CHUNK_BYTES * 2 + 17).map(|i| (i % 251) as u8).collect();
        for piece in file.chunks(100_003) {
            chunks.write_all(piece).unwrap();
        }
        assert!(chunks.memory() <= 3 * CHUNK_BYTES);
        assert_eq!(chunks.into_parts().concat(), file);
    }
}
