//! Result files in an S3 bucket.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::TryStreamExt;
use object_store::path::Path;
use object_store::{
    Error, GetOptions, GetRange, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaDataReader;
use service_runtime::Shutdown;
use tokio::runtime::Handle;
use tracing::debug;

use super::{Created, Probed, StoreError, is_malformed};
use crate::file_name::{FileDate, FileName};
use crate::file_summary::FileSummary;

/// Enough for the footer of any file of ours.
const FOOTER_BYTES: u64 = 64 * 1024;
/// For everything but uploads.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);

/// A prefix in a bucket of a store that honours `If-None-Match: *`: one PUT creates
/// a complete object, or none where the key exists.
pub(crate) struct S3Store {
    pub(crate) client: Arc<dyn ObjectStore>,
    pub(crate) prefix: Path,
    /// Bucket and prefix, for people.
    pub(crate) url: String,
    /// Names this instance's probe.
    pub(crate) instance_id: String,
    /// The longest that one upload may take.
    pub(crate) put_timeout: Duration,
    pub(crate) tokio: Handle,
    pub(crate) shutdown: Shutdown,
    /// How long any call may still take after the wish to stop.
    pub(crate) stop_grace: Duration,
}

impl S3Store {
    /// Creates an object twice: the second time must fail.
    pub(super) fn prepare(&self) -> Result<Probed, StoreError> {
        let key = self
            .prefix
            .clone()
            .join("_tmp")
            .join(format!("{}+probe", self.instance_id));
        let deadline = Instant::now() + CALL_TIMEOUT;
        let create = || self.put(&key, &[Bytes::from_static(b"probe")], deadline);
        create()?;
        let again = create()?;
        if let Err(error) = self.wait(deadline, "delete", &key, self.client.delete(&key)) {
            // Whoever may only create leaves it; the next probe meets it and is content.
            debug!("{error}");
        }
        match again {
            Created::NameTaken => Ok(Probed::Reliable),
            Created::New => Ok(Probed::Unreliable(format!(
                "the object store of {} ignores If-None-Match: * and replaces objects",
                self.url
            ))),
        }
    }

    pub(super) fn create(
        &self,
        name: &FileName,
        parts: &[Bytes],
        deadline: Instant,
    ) -> Result<Created, StoreError> {
        let deadline = deadline.min(Instant::now() + self.put_timeout);
        self.put(&self.key(name), parts, deadline)
    }

    pub(super) fn list(&self, since: Option<FileDate>) -> Result<Vec<FileName>, StoreError> {
        // Every key of a folder is greater than the folder's name, and "unknown"
        // is greater than every date.
        let listed = match since {
            Some(since) if since != FileDate::UNKNOWN => {
                let offset = self.prefix.clone().join(since.folder());
                self.client.list_with_offset(Some(&self.prefix), &offset)
            }
            _ => self.client.list(Some(&self.prefix)),
        };
        let objects = listed.try_collect::<Vec<_>>();
        let deadline = Instant::now() + CALL_TIMEOUT;
        let objects = self.wait(deadline, "list", &self.prefix, objects)?;
        let names = objects.iter().filter_map(|object| {
            let mut parts = object.location.prefix_match(&self.prefix)?;
            let (folder, file) = (parts.next()?, parts.next()?);
            let is_deeper = parts.next().is_some();
            let name = FileName::parse(&format!("{}/{}", folder.as_ref(), file.as_ref()));
            name.filter(|_| !is_deeper)
        });
        Ok(names.collect())
    }

    pub(super) fn summary(&self, name: &FileName) -> Result<Option<FileSummary>, StoreError> {
        let key = self.key(name);
        let (mut tail, size) = self.tail(&key, FOOTER_BYTES)?;
        let mut reader = ParquetMetaDataReader::new();
        loop {
            match reader.try_parse_sized(&tail, size) {
                Ok(()) => break,
                Err(ParquetError::NeedMoreData(needed)) => {
                    (tail, _) = self.tail(&key, needed as u64)?;
                }
                Err(error) if is_malformed(&error) => return Ok(None),
                Err(error) => return Err(self.failed("read", &key, &error)),
            }
        }
        let footer = reader.finish().ok();
        Ok(footer.and_then(|footer| FileSummary::from_footer(&footer)))
    }

    /// The object's full name, for people.
    pub(super) fn describe(&self, name: &FileName) -> String {
        format!("{}/{name}", self.url)
    }

    fn key(&self, name: &FileName) -> Path {
        self.prefix
            .clone()
            .join(name.date.folder())
            .join(name.base())
    }

    /// One conditional PUT. A retry after an answer that was lost meets its own
    /// object; so the caller always compares what is there.
    fn put(&self, key: &Path, parts: &[Bytes], deadline: Instant) -> Result<Created, StoreError> {
        let payload: PutPayload = parts.iter().cloned().collect();
        let options = PutOptions::from(PutMode::Create);
        let put = async {
            match self.client.put_opts(key, payload, options).await {
                Ok(_) => Ok(Created::New),
                Err(Error::AlreadyExists { .. }) => Ok(Created::NameTaken),
                Err(error) => Err(error),
            }
        };
        self.wait(deadline, "write", key, put)
    }

    /// The last `length` bytes of an object, or all of it, and its size.
    fn tail(&self, key: &Path, length: u64) -> Result<(Bytes, u64), StoreError> {
        let options = GetOptions {
            range: Some(GetRange::Suffix(length)),
            ..GetOptions::default()
        };
        let get = async {
            let object = self.client.get_opts(key, options).await?;
            let size = object.meta.size;
            Ok((object.bytes().await?, size))
        };
        self.wait(Instant::now() + CALL_TIMEOUT, "read", key, get)
    }

    fn wait<T>(
        &self,
        deadline: Instant,
        verb: &str,
        key: &Path,
        call: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, StoreError> {
        let answer = self.tokio.block_on(async {
            tokio::select! {
                answer = call => Some(answer),
                () = tokio::time::sleep_until(deadline.into()) => None,
                () = self.stop_grace_passed() => None,
            }
        });
        match answer {
            Some(answer) => answer.map_err(|error| self.failed(verb, key, &error)),
            None => Err(StoreError(format!(
                "cannot {verb} {key} in {}: no answer in time",
                self.url
            ))),
        }
    }

    async fn stop_grace_passed(&self) {
        self.shutdown.requested().await;
        tokio::time::sleep(self.stop_grace).await;
    }

    fn failed(&self, verb: &str, key: &Path, error: &dyn std::error::Error) -> StoreError {
        StoreError(format!("cannot {verb} {key} in {}: {error}", self.url))
    }
}

#[cfg(test)]
mod tests;
