//! From an assignment to the positions at which reading begins.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::producer::Producer as _;
use service_runtime::kafka::{CommittedOffset, GroupConsumer, Start};
use service_runtime::{Failure, Reason};

use crate::chain::{ChainEnd, Resume, resume};
use crate::chain_ends::{ChainError, chain_ends};
use crate::file_format::FileFormat;
use crate::intake::Intake;
use crate::outage::Trouble;
use crate::partition::{FileOptions, PartitionWork};
use crate::store::Store;

/// How long to wait for the cluster's id.
const CLUSTER_ID_TIMEOUT: Duration = Duration::from_secs(5);

/// The partitions that the group gave us, until reading has begun.
pub(crate) struct Assignment {
    topic: String,
    start: Start,
    requested: Option<Vec<i32>>,
}

/// Why reading hasn't begun.
#[derive(Debug)]
pub(crate) enum AssignmentError {
    /// To be tried again.
    Trouble(Trouble),
    Failure(Failure),
}

impl From<Failure> for AssignmentError {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<ChainError> for AssignmentError {
    fn from(error: ChainError) -> Self {
        match error {
            ChainError::Store(error) => Self::Trouble(Trouble {
                reason: Reason::Storage,
                text: error.to_string(),
            }),
            ChainError::Failure(failure) => Self::Failure(failure),
        }
    }
}

impl Assignment {
    pub(crate) fn new(topic: String, start: Start) -> Self {
        Self {
            topic,
            start,
            requested: None,
        }
    }

    /// The group gave us these partitions.
    pub(crate) fn request(&mut self, partitions: Vec<i32>) {
        self.requested = Some(partitions);
    }

    /// The group takes them back.
    pub(crate) fn cancel(&mut self) {
        self.requested = None;
    }

    /// Whether reading has still to begin.
    pub(crate) fn is_requested(&self) -> bool {
        self.requested.is_some()
    }

    /// Finds out where to go on, and begins; not if the wish to stop comes first.
    pub(crate) fn complete(
        &mut self,
        consumer: &mut GroupConsumer,
        intake: &mut Intake,
        store: Option<&Store>,
    ) -> Result<(), AssignmentError> {
        let Some(partitions) = &self.requested else {
            return Ok(());
        };
        let Some(committed) = consumer.committed(partitions)? else {
            return Ok(());
        };
        let ends = match store {
            Some(store) => chain_ends(store, self.file_options(intake)?, &committed)?,
            None => BTreeMap::new(),
        };
        let resumes = resumes(&committed, &ends);
        let Some(positions) = self.positions(consumer, &resumes)? else {
            return Ok(());
        };
        intake.partitions = resumes
            .iter()
            .map(|(&partition, resume)| {
                let end = ends.get(&partition).cloned();
                (partition, PartitionWork::new(partition, end, resume))
            })
            .collect();
        consumer.begin(&positions)?;
        self.requested = None;
        Ok(())
    }

    /// Known from the first assignment on: the cluster's id comes from the broker.
    fn file_options<'a>(&self, intake: &'a mut Intake) -> Result<&'a FileOptions, AssignmentError> {
        if intake.file_options.is_none() {
            let client = intake.dead_letters.producer().client();
            let cluster_id = client.fetch_cluster_id(CLUSTER_ID_TIMEOUT);
            intake.file_options = Some(FileOptions {
                format: FileFormat::new(),
                topic: self.topic.clone(),
                cluster_id: cluster_id.ok_or_else(unknown_cluster)?,
            });
        }
        Ok(intake
            .file_options
            .as_ref()
            .expect("it was filled in just above"))
    }

    /// `None`: the wish to stop came first.
    fn positions(
        &self,
        consumer: &mut GroupConsumer,
        resumes: &BTreeMap<i32, Resume>,
    ) -> Result<Option<BTreeMap<i32, i64>>, Failure> {
        let known = resumes
            .iter()
            .filter_map(|(&partition, resume)| Some((partition, resume.position?)));
        let mut positions: BTreeMap<i32, i64> = known.collect();
        let unknown: Vec<i32> = resumes
            .keys()
            .copied()
            .filter(|partition| !positions.contains_key(partition))
            .collect();
        let started = consumer.resolve(&self.start, &unknown)?;
        Ok(started.map(|started| {
            positions.extend(started);
            positions
        }))
    }
}

fn resumes(
    committed: &BTreeMap<i32, Option<CommittedOffset>>,
    ends: &BTreeMap<i32, ChainEnd>,
) -> BTreeMap<i32, Resume> {
    committed
        .iter()
        .map(|(&partition, committed)| {
            (partition, resume(committed.as_ref(), ends.get(&partition)))
        })
        .collect()
}

fn unknown_cluster() -> AssignmentError {
    AssignmentError::Trouble(Trouble {
        reason: Reason::Kafka,
        text: "the brokers don't tell the id of their cluster".to_owned(),
    })
}
