//! A member of a consumer group, driven by one loop.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerGroupMetadata};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode as Code};
use rdkafka::message::BorrowedMessage;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use tracing::{info, warn};

use super::Start;
use super::consumer_events::{ConsumerEvents, Rebalance};
use super::error_text::Who;
use super::lookup;
use super::reporter::Reporter;
use super::settings::consumer_config;
use super::troubles::Kind;
use crate::{Context, Failure, Reason};

/// The input is drained when nothing came for this long.
const DRAINED_AFTER: Duration = Duration::from_millis(5);
/// The longest that one question to a broker may take; then it is asked again.
const CALL_TIMEOUT: Duration = Duration::from_secs(2);
/// Between two tries of what a broker didn't answer.
const RETRY_PAUSE: Duration = Duration::from_millis(500);
/// How long a consumer that is dropped without [`GroupConsumer::close`] may take.
const DROP_TIMEOUT: Duration = Duration::from_secs(5);

/// Who joins what.
#[derive(Debug, Clone, Copy)]
pub struct GroupOptions<'a> {
    /// The topic.
    pub topic: &'a str,
    /// The consumer group.
    pub group: &'a str,
    /// The static member's id, stable and unique for each replica and worker.
    pub instance_id: &'a str,
}

/// An offset that the group committed, with its metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommittedOffset {
    /// The next offset to read.
    pub offset: i64,
    /// What the committer wrote beside it.
    pub metadata: String,
}

/// What a poll brought.
#[derive(Debug)]
pub enum Polled<'a> {
    /// A message.
    Message(BorrowedMessage<'a>),
    /// The group gave us these partitions, perhaps none: answer with
    /// [`GroupConsumer::begin`].
    Assigned(Vec<i32>),
    /// The group takes these partitions back: settle or drop their work, then
    /// answer with [`GroupConsumer::release`].
    Revoked {
        /// All that we had.
        partitions: Vec<i32>,
        /// Another member may own them already: commit nothing.
        lost: bool,
    },
    /// Nothing came in time.
    Nothing,
}

/// A static member of a consumer group that reads one topic.
///
/// Dropping it closes the client and waits for that at most 5 s.
pub struct GroupConsumer {
    /// Taken only when the client is closed.
    client: Option<BaseConsumer<ConsumerEvents>>,
    context: Context,
    topic: String,
    /// What was assigned, and where each began.
    assigned: BTreeMap<i32, i64>,
    /// A partition's offset doesn't exist (any more): found by one poll, mended by the next.
    is_out_of_range: bool,
    /// Since when nothing came.
    quiet_since: Option<Instant>,
    close_timeout: Duration,
}

impl GroupConsumer {
    /// Creates the client and subscribes; waits for nothing.
    pub fn join(options: &GroupOptions<'_>, context: &Context) -> Result<Self, Failure> {
        let who = Who {
            topic: options.topic.to_owned(),
            group: options.group.to_owned(),
            id: options.instance_id.to_owned(),
        };
        let reporter = Reporter::new(context, format!("consumer {}", options.instance_id), who);
        let client: BaseConsumer<ConsumerEvents> = consumer_config(context, options)
            .create_with_context(ConsumerEvents::new(reporter))
            .context("cannot create the Kafka consumer")
            .map_err(Failure::start)?;
        client
            .subscribe(&[options.topic])
            .with_context(|| format!("cannot subscribe to topic \"{}\"", options.topic))
            .map_err(Failure::start)?;
        let consumer = Self {
            client: Some(client),
            context: context.clone(),
            topic: options.topic.to_owned(),
            assigned: BTreeMap::new(),
            is_out_of_range: false,
            quiet_since: None,
            close_timeout: DROP_TIMEOUT,
        };
        consumer.context.health.client_waits_for(
            Reason::Assignment,
            &consumer.reporter().client,
            format!(
                "waiting for an assignment of topic \"{}\" in group \"{}\"",
                options.topic, options.group
            ),
        );
        Ok(consumer)
    }

    /// Waits for the next event at most `timeout`. Transient trouble is logged
    /// once a minute, told to the health and waited out; fatal trouble is an error.
    /// An offset that retention took moves to the low watermark, with a warning
    /// and `fraud_kafka_skipped_offsets_total`.
    pub fn poll(&mut self, timeout: Duration) -> Result<Polled<'_>, Failure> {
        if std::mem::take(&mut self.is_out_of_range) {
            self.move_into_range()?;
        }
        // Before any message: an assignment that is made anew fetches on, and a group
        // that waits for its partitions must not wait for the end of the input.
        if let Some(rebalance) = self.next_rebalance() {
            return Ok(rebalance);
        }
        let started = Instant::now();
        let client = self.client.as_ref().expect(OPEN);
        let events = client.context();
        match client.poll(timeout) {
            Some(Ok(message)) => {
                self.quiet_since = None;
                return Ok(Polled::Message(message));
            }
            Some(Err(KafkaError::MessageConsumption(Code::AutoOffsetReset))) => {
                self.is_out_of_range = true;
            }
            Some(Err(error)) => events.reporter.judge(client.client(), &error)?,
            None => {}
        }
        self.quiet_since.get_or_insert(started);
        Ok(self.next_rebalance().unwrap_or(Polled::Nothing))
    }

    fn next_rebalance(&self) -> Option<Polled<'static>> {
        Some(match self.client().context().next_rebalance()? {
            Rebalance::Assigned(partitions) => Polled::Assigned(partitions),
            Rebalance::Revoked { lost } => Polled::Revoked {
                partitions: self.assigned.keys().copied().collect(),
                lost,
            },
        })
    }

    /// What the group committed for these partitions; waits for the broker.
    /// `None`: the wish to stop came first. `None` in the map: nothing committed.
    pub fn committed(
        &mut self,
        partitions: &[i32],
    ) -> Result<Option<BTreeMap<i32, Option<CommittedOffset>>>, Failure> {
        self.ask(|client, topic| lookup::committed(client, topic, partitions, CALL_TIMEOUT))
    }

    /// Where `start` means these partitions to begin; waits for the broker, and
    /// says so at INFO. `None`: the wish to stop came first.
    pub fn resolve(
        &mut self,
        start: &Start,
        partitions: &[i32],
    ) -> Result<Option<BTreeMap<i32, i64>>, Failure> {
        if partitions.is_empty() {
            return Ok(Some(BTreeMap::new()));
        }
        let resolved = self
            .ask(|client, topic| lookup::resolve(client, topic, start, partitions, CALL_TIMEOUT))?;
        if let Some(offsets) = &resolved {
            info!(topic = self.topic, %start, ?offsets, "no committed offset: beginning at start");
        }
        Ok(resolved)
    }

    /// Completes an assignment: fetching begins at these offsets.
    pub fn begin(&mut self, positions: &BTreeMap<i32, i64>) -> Result<(), Failure> {
        self.client()
            .assign(&self.list(positions))
            .context("cannot begin the assignment")
            .map_err(Failure::runtime)?;
        self.set_assigned(positions.clone());
        self.reporter()
            .metrics
            .rebalances
            .with_label_values(&[&self.reporter().who.group])
            .inc();
        self.reporter()
            .troubles
            .resolve(&self.reporter().client, Kind::Access);
        self.context
            .health
            .client_resolved(Reason::Assignment, &self.reporter().client);
        info!(topic = self.topic, offsets = ?positions, "assigned");
        Ok(())
    }

    /// Completes a revocation.
    pub fn release(&mut self) -> Result<(), Failure> {
        info!(topic = self.topic, partitions = ?self.assigned.keys(), "revoked");
        self.client()
            .unassign()
            .context("cannot give the partitions back")
            .map_err(Failure::runtime)?;
        self.set_assigned(BTreeMap::new());
        Ok(())
    }

    /// Goes back (or on) to these offsets; messages that were fetched for
    /// others are dropped.
    pub fn seek(&mut self, positions: &BTreeMap<i32, i64>) -> Result<(), Failure> {
        let mut all = self.positions()?;
        all.extend(
            positions
                .iter()
                .filter(|(partition, _)| self.assigned.contains_key(partition)),
        );
        self.assign_anew(all)
    }

    /// Stops fetching from all partitions; polls still bring rebalances. A new
    /// assignment isn't paused.
    pub fn pause(&mut self) -> Result<(), Failure> {
        let list = self.list(&self.assigned);
        self.client().pause(&list).context("cannot pause reading").map_err(Failure::runtime)
    }

    /// Fetches again from where [`Self::pause`] stopped.
    pub fn resume(&mut self) -> Result<(), Failure> {
        let list = self.list(&self.assigned);
        self.client().resume(&list).context("cannot resume reading").map_err(Failure::runtime)
    }

    /// Commits and waits for the answer, however long the broker is away. `Ok(false)`: a
    /// rebalance (or the wish to stop, with no broker) came between and nothing was committed.
    pub fn commit(&mut self, offsets: &BTreeMap<i32, CommittedOffset>) -> Result<bool, Failure> {
        let mut list = TopicPartitionList::with_capacity(offsets.len());
        for (&partition, committed) in offsets {
            let mut element = list.add_partition(&self.topic, partition);
            element
                .set_offset(Offset::Offset(committed.offset))
                .expect(CONCRETE);
            element.set_metadata(committed.metadata.as_str());
        }
        loop {
            match self.client().commit(&list, CommitMode::Sync) {
                Ok(()) => {
                    self.reporter().answered();
                    return Ok(true);
                }
                Err(KafkaError::ConsumerCommit(code)) if is_superseded(code) => return Ok(false),
                Err(error) => self.reporter().judge(self.client().client(), &error)?,
            }
            if self.context.shutdown.wait_timeout(RETRY_PAUSE) {
                return Ok(false);
            }
        }
    }

    /// Whether nothing came for 5 ms: not one empty poll, because a fetch may be under way.
    pub fn is_drained(&self) -> bool {
        self.quiet_since
            .is_some_and(|since| since.elapsed() >= DRAINED_AFTER)
    }

    /// For `send_offsets_to_transaction`; read it anew for every transaction.
    pub fn group_metadata(&self) -> Option<ConsumerGroupMetadata> {
        self.client().group_metadata()
    }

    /// Closes the client without waiting for more than `timeout`. A static member
    /// doesn't leave its group: its partitions wait for it until the session ends.
    pub fn close(mut self, timeout: Duration) {
        self.close_timeout = timeout;
    }

    fn client(&self) -> &BaseConsumer<ConsumerEvents> {
        self.client.as_ref().expect(OPEN)
    }

    fn reporter(&self) -> &Reporter {
        &self.client.as_ref().expect(OPEN).context().reporter
    }

    /// Asks until a broker answers or the daemon is to stop.
    fn ask<T>(
        &self,
        question: impl Fn(&BaseConsumer<ConsumerEvents>, &str) -> KafkaResult<T>,
    ) -> Result<Option<T>, Failure> {
        loop {
            match question(self.client(), &self.topic) {
                Ok(answer) => {
                    self.reporter().answered();
                    return Ok(Some(answer));
                }
                Err(error) => self.reporter().judge(self.client().client(), &error)?,
            }
            if self.context.shutdown.wait_timeout(RETRY_PAUSE) {
                return Ok(None);
            }
        }
    }

    /// Where each assigned partition stands: behind the last message that a poll
    /// returned, or where it began.
    fn positions(&self) -> Result<BTreeMap<i32, i64>, Failure> {
        let list = self
            .client()
            .position()
            .context("cannot read the positions")
            .map_err(Failure::runtime)?;
        let mut positions = self.assigned.clone();
        for element in list.elements() {
            if let Offset::Offset(position) = element.offset() {
                positions.insert(element.partition(), position);
            }
        }
        Ok(positions)
    }

    /// Moves what stands outside of its log to the low watermark, and says so.
    fn move_into_range(&mut self) -> Result<(), Failure> {
        let mut positions = self.positions()?;
        for (&partition, position) in &mut positions {
            let watermarks =
                self.ask(|client, topic| client.fetch_watermarks(topic, partition, CALL_TIMEOUT))?;
            let Some((low, high)) = watermarks else {
                return Ok(());
            };
            if (low..=high).contains(position) {
                continue;
            }
            let skipped = (low - *position).max(0);
            warn!(
                topic = self.topic,
                partition,
                offset = *position,
                low,
                high,
                skipped,
                "the offset no longer exists: going on at the lowest one that does"
            );
            let label = partition.to_string();
            let counter = self
                .reporter()
                .metrics
                .skipped_offsets
                .with_label_values(&[&self.topic, &label]);
            counter.inc_by(skipped.unsigned_abs());
            *position = low;
        }
        self.assign_anew(positions)
    }

    /// Replaces all positions. A partition whose offset was out of range fetches no more
    /// and can't be sought; and one call for all needs no answer for each.
    fn assign_anew(&mut self, positions: BTreeMap<i32, i64>) -> Result<(), Failure> {
        self.client()
            .assign(&self.list(&positions))
            .context("cannot seek")
            .map_err(Failure::runtime)?;
        self.assigned = positions;
        Ok(())
    }

    fn list(&self, positions: &BTreeMap<i32, i64>) -> TopicPartitionList {
        let mut list = TopicPartitionList::with_capacity(positions.len());
        for (&partition, &offset) in positions {
            list.add_partition_offset(&self.topic, partition, Offset::Offset(offset))
                .expect(CONCRETE);
        }
        list
    }

    fn set_assigned(&mut self, positions: BTreeMap<i32, i64>) {
        let Reporter { metrics, who, .. } = self.reporter();
        let gone: Vec<i32> = self.assigned.keys().copied().collect();
        metrics.forget_lag(&who.group, &self.topic, &gone);
        let gauge = metrics
            .assigned_partitions
            .with_label_values(&[&who.group, &self.topic]);
        gauge.add(count(&positions) - count(&self.assigned));
        self.assigned = positions;
    }
}

impl Drop for GroupConsumer {
    fn drop(&mut self) {
        self.set_assigned(BTreeMap::new());
        self.context
            .health
            .client_resolved(Reason::Assignment, &self.reporter().client);
        let client = self.client.take().expect(OPEN);
        client.context().closing.store(true, Ordering::Release);
        let (done, is_done) = mpsc::channel();
        // librdkafka's close may hang for ever; then the thread ends with the process.
        let closer = thread::Builder::new()
            .name("close-consumer".to_owned())
            .spawn(move || {
                drop(client);
                // Nobody listens once the time is up.
                let _ = done.send(());
            });
        let is_closed = closer.is_ok() && is_done.recv_timeout(self.close_timeout).is_ok();
        if !is_closed {
            warn!(topic = self.topic, timeout = ?self.close_timeout, "the Kafka consumer did not close in time");
        }
    }
}

const OPEN: &str = "the client lives until the consumer is dropped";
const CONCRETE: &str = "an offset is never logical here";

fn count(positions: &BTreeMap<i32, i64>) -> i64 {
    i64::try_from(positions.len()).unwrap_or(i64::MAX)
}

/// The group went on without us: the offsets are for whoever owns the partitions now.
fn is_superseded(code: Code) -> bool {
    matches!(
        code,
        Code::IllegalGeneration
            | Code::UnknownMemberId
            | Code::RebalanceInProgress
            | Code::AssignmentLost
    )
}
