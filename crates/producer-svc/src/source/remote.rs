//! Files in an object store.

use std::io::Cursor;
use std::ops::Range;
use std::sync::Arc;

use anyhow::{Context as _, Result, anyhow, bail};
use bytes::{Bytes, BytesMut};
use futures_util::TryStreamExt;
use object_store::path::Path;
use object_store::{
    Error, GetOptions, GetRange, ObjectMeta, ObjectStore, ObjectStoreExt, Result as StoreResult,
};
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use parquet::file::reader::{ChunkReader, Length};
use service_runtime::Shutdown;
use tokio::runtime::Handle;

use super::location::NOT_PARQUET;
use super::order;

/// Enough for the footer of most files.
const FOOTER_BYTES: u64 = 64 * 1024;
/// Bytes of one request: what fits a request's timeout over a slow line.
const REQUEST_BYTES: u64 = 8 * 1024 * 1024;

/// A bucket, read by a thread that may be told to stop meanwhile.
#[derive(Debug, Clone)]
pub(super) struct Bucket {
    pub(super) store: Arc<dyn ObjectStore>,
    pub(super) tokio: Handle,
    pub(super) shutdown: Shutdown,
}

impl Bucket {
    /// The object at `path` itself, or the objects below it, in order; `url` names
    /// `path` for messages.
    pub(super) fn list(&self, url: &str, path: &Path) -> Result<Vec<RemoteFile>> {
        let url = url.trim_end_matches('/');
        let context = || format!("producer.source: cannot list {url}");
        if !path.is_root() && self.exists(path).with_context(context)? {
            return Ok(vec![self.file(path.clone(), url.to_owned())]);
        }
        let objects = self.store.list(Some(path)).try_collect::<Vec<_>>();
        let objects = self.wait(objects).with_context(context)?;
        let mut files: Vec<_> = objects
            .into_iter()
            .filter_map(|object| {
                let below = relative(&object, path)?;
                Some(self.file(object.location, format!("{url}/{below}")))
            })
            .collect();
        if files.is_empty() {
            bail!(
                "producer.source: {url} holds no Parquet files (names that begin with _ or . don't count)"
            );
        }
        files.sort_by(|a, b| order::by_path(&a.name, &b.name));
        Ok(files)
    }

    fn exists(&self, path: &Path) -> Result<bool> {
        self.wait(async {
            match self.store.head(path).await {
                Ok(_) => Ok(true),
                Err(Error::NotFound { .. }) => Ok(false),
                Err(error) => Err(error),
            }
        })
    }

    fn file(&self, path: Path, name: String) -> RemoteFile {
        RemoteFile {
            bucket: self.clone(),
            path,
            name,
        }
    }

    fn wait<T>(&self, call: impl Future<Output = StoreResult<T>>) -> Result<T> {
        self.tokio.block_on(async {
            tokio::select! {
                result = call => result.map_err(|error| anyhow!(describe(&error))),
                () = self.shutdown.requested() => bail!("stopped"),
            }
        })
    }
}

/// The error on one line; of an S3 server's answer only the code.
fn describe(error: &Error) -> String {
    let text = error.to_string();
    let (what, answer) = text.split_once("<?xml").unwrap_or((&text, ""));
    let code = answer
        .split_once("<Code>")
        .and_then(|(_, rest)| rest.split_once("</Code>"));
    format!("{what}{}", code.map_or("", |(code, _)| code))
}

/// The object's path below the root; `None` for what isn't data: hidden names, and
/// the empty objects that stand for folders.
fn relative(object: &ObjectMeta, root: &Path) -> Option<String> {
    let parts: Vec<_> = object
        .location
        .prefix_match(root)?
        .map(|part| part.as_ref().to_owned())
        .collect();
    let is_folder = object.size == 0 && !parts.last()?.contains('.');
    let is_data = !is_folder && !parts.iter().any(|part| order::is_hidden(part));
    is_data.then(|| parts.join("/"))
}

/// An object that should be a Parquet file.
#[derive(Debug)]
pub(super) struct RemoteFile {
    bucket: Bucket,
    path: Path,
    name: String,
}

impl RemoteFile {
    /// The URL, for messages.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn read_footer(&self) -> Result<ParquetMetaData> {
        let mut reader = ParquetMetaDataReader::new();
        let (mut tail, size) = self.read_tail(FOOTER_BYTES)?;
        while let Err(error) = reader.try_parse_sized(&tail, size) {
            let ParquetError::NeedMoreData(needed) = error else {
                return Err(error).context(NOT_PARQUET);
            };
            (tail, _) = self.read_tail(needed as u64)?;
        }
        reader.finish().context(NOT_PARQUET)
    }

    /// The last `length` bytes, or all if there are less, and the object's size.
    fn read_tail(&self, length: u64) -> Result<(Bytes, u64)> {
        let options = GetOptions {
            range: Some(GetRange::Suffix(length)),
            ..GetOptions::default()
        };
        self.bucket.wait(async {
            let object = self.bucket.store.get_opts(&self.path, options).await?;
            let size = object.meta.size;
            Ok((object.bytes().await?, size))
        })
    }

    /// Reads a range into memory.
    pub(super) fn read(&self, range: Range<u64>) -> Result<FilePart> {
        // Grows as the bytes come: the range is what a footer claims.
        let mut bytes = BytesMut::new();
        let mut start = range.start;
        while start < range.end {
            let end = range.end.min(start + REQUEST_BYTES);
            let piece = self.bucket.store.get_range(&self.path, start..end);
            bytes.extend_from_slice(&self.bucket.wait(piece)?);
            start = end;
        }
        Ok(FilePart {
            start: range.start,
            bytes: bytes.freeze(),
        })
    }
}

/// A range of a file in memory, addressed as in the file.
pub(super) struct FilePart {
    start: u64,
    bytes: Bytes,
}

impl FilePart {
    fn offset(&self, position: u64) -> ParquetResult<usize> {
        position
            .checked_sub(self.start)
            .and_then(|offset| usize::try_from(offset).ok())
            .filter(|offset| *offset <= self.bytes.len())
            .ok_or_else(|| ParquetError::EOF(format!("byte {position} is outside the row group")))
    }
}

impl Length for FilePart {
    fn len(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }
}

impl ChunkReader for FilePart {
    type T = Cursor<Bytes>;

    fn get_read(&self, start: u64) -> ParquetResult<Self::T> {
        Ok(Cursor::new(self.bytes.slice(self.offset(start)?..)))
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        let begin = self.offset(start)?;
        let end = self.offset(start + length as u64)?;
        Ok(self.bytes.slice(begin..end))
    }
}

#[cfg(test)]
mod tests;
