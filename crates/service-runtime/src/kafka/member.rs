//! The client of a group consumer: made, asked with patience, closed with a deadline.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode as Code};
use rdkafka::topic_partition_list::TopicPartitionList;
use tracing::warn;

use super::batch_consumer::BatchConsumer;
use super::consumer_events::ConsumerEvents;
use super::reporter::Reporter;
use super::{CALL_TIMEOUT, RETRY_PAUSE};
use crate::{Context, Failure};

/// How long a consumer that is dropped without `close` may take.
const DROP_TIMEOUT: Duration = Duration::from_secs(5);
const OPEN: &str = "the client lives until the member is dropped";

/// A static member of a consumer group.
pub(super) struct Member {
    /// Taken only when the client is closed.
    client: Option<BatchConsumer>,
    config: ClientConfig,
    pub(super) topic: String,
    pub(super) reporter: Arc<Reporter>,
    context: Context,
    must_rejoin: Cell<bool>,
    pub(super) close_timeout: Duration,
}

impl Member {
    pub(super) fn join(
        config: ClientConfig,
        topic: &str,
        reporter: Reporter,
        context: &Context,
    ) -> Result<Self, Failure> {
        let reporter = Arc::new(reporter);
        let client = subscribe(&config, topic, &reporter).map_err(Failure::start)?;
        Ok(Self {
            client: Some(client),
            config,
            topic: topic.to_owned(),
            reporter,
            context: context.clone(),
            must_rejoin: Cell::new(false),
            close_timeout: DROP_TIMEOUT,
        })
    }

    pub(super) fn client(&self) -> &BaseConsumer<ConsumerEvents> {
        self.client.as_ref().expect(OPEN).client()
    }

    /// The client with its messages and its assignment.
    pub(super) fn messages(&mut self) -> &mut BatchConsumer {
        self.client.as_mut().expect(OPEN)
    }

    /// Reads the topic's partitions from these offsets on, and no others.
    pub(super) fn assign(&mut self, list: &TopicPartitionList) -> KafkaResult<()> {
        let client = self.client.as_mut().expect(OPEN);
        client.assign(&self.topic, list)
    }

    /// Whether something is fetched that wasn't returned yet.
    pub(super) fn has_fetched(&self) -> bool {
        self.client.as_ref().expect(OPEN).has_fetched()
    }

    /// Where reading goes on in each partition of which a message was returned.
    pub(super) fn positions(&self) -> KafkaResult<BTreeMap<i32, i64>> {
        self.client.as_ref().expect(OPEN).positions()
    }

    /// Whether [`Self::rejoin`] is due.
    pub(super) fn must_rejoin(&self) -> bool {
        self.must_rejoin.get()
    }

    /// Replaces the client; what was assigned to it is lost.
    pub(super) fn rejoin(&mut self) -> Result<(), Failure> {
        warn!(topic = self.topic, "joining the group anew after an outage");
        self.must_rejoin.set(false);
        self.close();
        self.client =
            Some(subscribe(&self.config, &self.topic, &self.reporter).map_err(Failure::runtime)?);
        Ok(())
    }

    /// After a call or an event failed: `Ok` if going on may help.
    pub(super) fn judge(&self, error: &KafkaError) -> Result<(), Failure> {
        let client = self.client().client();
        if self.reporter.may_have_fenced_itself() && is_fenced(self.client()) {
            self.must_rejoin.set(true);
            return Ok(());
        }
        self.reporter.judge(client, error).map(|_| ())
    }

    /// Asks until a broker answers; `None` if the daemon is to stop or this member has
    /// to join anew.
    pub(super) fn ask<T>(
        &self,
        question: impl Fn(&BaseConsumer<ConsumerEvents>, &str) -> KafkaResult<T>,
    ) -> Result<Option<T>, Failure> {
        loop {
            match question(self.client(), &self.topic) {
                Ok(answer) => {
                    self.reporter.answered();
                    return Ok(Some(answer));
                }
                Err(error) => self.judge(&error)?,
            }
            if self.must_rejoin() || self.context.shutdown.wait_timeout(RETRY_PAUSE) {
                return Ok(None);
            }
        }
    }

    /// Commits and waits for the answer; `false` if the partitions are no longer ours or
    /// the daemon is to stop while no broker answers.
    pub(super) fn commit(&self, offsets: &TopicPartitionList) -> Result<bool, Failure> {
        let mut started = Instant::now();
        // librdkafka forgets the member's id when its session times out. A commit that
        // is sent after that looks to the broker as if another process had our id.
        while !self.client().assignment_lost() {
            let answer = self.say_if_slow(|| self.client().commit(offsets, CommitMode::Sync));
            if started.elapsed() >= self.context.config.kafka.session_timeout / 2 {
                self.reporter.expect_session_timeout();
            }
            match answer {
                Ok(()) => {
                    self.reporter.answered();
                    self.reporter.may_use_id();
                    return Ok(true);
                }
                Err(KafkaError::ConsumerCommit(code)) if is_superseded(code) => return Ok(false),
                Err(error) => self.judge(&error)?,
            }
            if self.must_rejoin() || self.context.shutdown.wait_timeout(RETRY_PAUSE) {
                return Ok(false);
            }
            started = Instant::now();
        }
        Ok(false)
    }

    /// While a call blocks, the client's events aren't served: so that no broker answers
    /// is said from outside.
    fn say_if_slow<T>(&self, call: impl FnOnce() -> T) -> T {
        let reporter = Arc::clone(&self.reporter);
        let watcher = self.context.tokio.spawn(async move {
            loop {
                tokio::time::sleep(CALL_TIMEOUT).await;
                reporter.no_answer();
            }
        });
        let result = call();
        watcher.abort();
        result
    }

    /// Closes the client; librdkafka's close may hang for ever, then its thread ends with
    /// the process.
    fn close(&mut self) {
        let Some(client) = self.client.take() else {
            return;
        };
        client
            .client()
            .context()
            .closing
            .store(true, Ordering::Release);
        let (done, is_done) = mpsc::channel();
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

impl Drop for Member {
    fn drop(&mut self) {
        self.close();
    }
}

fn subscribe(
    config: &ClientConfig,
    topic: &str,
    reporter: &Arc<Reporter>,
) -> anyhow::Result<BatchConsumer> {
    let events = ConsumerEvents::new(Arc::clone(reporter));
    let client: BaseConsumer<ConsumerEvents> = config
        .create_with_context(events)
        .context("cannot create the Kafka consumer")?;
    client
        .subscribe(&[topic])
        .with_context(|| format!("cannot subscribe to topic \"{topic}\""))?;
    Ok(BatchConsumer::new(client))
}

fn is_fenced(client: &BaseConsumer<ConsumerEvents>) -> bool {
    matches!(
        client.client().fatal_error(),
        Some((Code::FencedInstanceId, _))
    )
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
