//! The daemons as they are started here.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use local_stack::DaemonCommand;

/// Who is hurt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Victim {
    Scorer,
    Sink,
    /// The one that writes to S3.
    BucketSink,
}

impl Victim {
    /// For people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Scorer => "scorer",
            Self::Sink => "sink",
            Self::BucketSink => "S3 sink",
        }
    }

    /// Its consumer group and the topic that it reads.
    pub(crate) fn group(self) -> (&'static str, &'static str) {
        match self {
            Self::Scorer => ("fraud-scorer", "transactions"),
            Self::Sink => ("fraud-results-sink", "results"),
            Self::BucketSink => ("fraud-results-sink-s3", "results"),
        }
    }
}

/// Where the daemons run: the broker's address for them, and a folder.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    pub(crate) broker: String,
    pub(crate) folder: PathBuf,
    /// The S3 sink's way to its bucket, if there is one.
    pub(crate) bucket: Option<SocketAddr>,
}

impl Site {
    /// The Parquet data set that is sent.
    pub(crate) fn source(&self) -> PathBuf {
        self.folder.join("source")
    }

    /// Where the sink writes.
    pub(crate) fn results(&self) -> PathBuf {
        self.folder.join("results")
    }

    /// The producer, sending so many transactions a second.
    pub(crate) fn producer(&self, rate: u32) -> DaemonCommand {
        self.daemon("producer-svc")
            .set("producer.source", self.source())
            .set("producer.rate", rate.to_string())
    }

    /// The replica of the scorer or the sink that is called `id`.
    pub(crate) fn replica(&self, victim: Victim, id: &str) -> DaemonCommand {
        match victim {
            Victim::Scorer => self.scorer(id),
            Victim::Sink => self.sink(id).set("sink.parquet", self.results()),
            Victim::BucketSink => self.bucket_sink(id),
        }
    }

    fn scorer(&self, id: &str) -> DaemonCommand {
        let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/models/random-forest");
        self.daemon("scorer-svc")
            .set("scorer.model", model)
            .set("scorer.transactional_id", id)
            .set("scorer.transaction_timeout", "5s")
    }

    /// Small files, so that much is published. A file that can't grow is an error to it,
    /// not a deadly signal.
    fn sink(&self, id: &str) -> DaemonCommand {
        self.daemon("results-sink-svc")
            .set("sink.instance_id", id)
            .set("sink.max_rows", "300")
            .set("sink.max_age", "1s")
            .under(&["sh", "-c", "trap '' XFSZ; exec \"$0\" \"$@\""])
    }

    /// Fewer and larger files: the server for tests is slow.
    fn bucket_sink(&self, id: &str) -> DaemonCommand {
        let bucket = self.bucket.map(|address| format!("http://{address}"));
        self.sink(id)
            .set("sink.group", Victim::BucketSink.group().0)
            .set("sink.parquet", "s3://bucket/results")
            .set("sink.max_rows", "3000")
            .set("object_store.endpoint", bucket.unwrap_or_default())
            .set("object_store.region", "us-east-1")
            .set("object_store.access_key_id", "id")
            .set("object_store.secret_access_key", "secret")
            .set("object_store.put_timeout", "5s")
    }

    fn daemon(&self, binary: &str) -> DaemonCommand {
        DaemonCommand::new(binary)
            .set("kafka.bootstrap_servers", &self.broker)
            .set("kafka.session_timeout", "3s")
    }
}
