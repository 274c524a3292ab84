//! A member of a consumer group, driven by one loop.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use rdkafka::consumer::{Consumer, ConsumerGroupMetadata};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use tracing::{info, warn};

use super::consumer_events::Rebalance;
use super::error_text::Who;
use super::member::Member;
use super::polled::{CommittedOffset, GroupOptions, Polled};
use super::reporter::Reporter;
use super::settings::consumer_config;
use super::{CALL_TIMEOUT, Start, lookup};
use crate::{Context, Failure, Health, Reason};

/// The input is drained when nothing came for this long.
const DRAINED_AFTER: Duration = Duration::from_millis(5);
const CONCRETE: &str = "an offset is never logical here";

/// A static member of a consumer group that reads one topic.
///
/// Dropping it closes the client and waits for that at most 5 s.
pub struct GroupConsumer {
    member: Member,
    health: Health,
    /// What was assigned, and where each partition began.
    assigned: BTreeMap<i32, i64>,
    /// A partition's offset doesn't exist (any more): found by one poll, mended by the next.
    is_out_of_range: bool,
    /// Since when nothing came.
    quiet_since: Option<Instant>,
}

impl GroupConsumer {
    /// Creates the client and subscribes; waits for nothing.
    pub fn join(options: &GroupOptions<'_>, context: &Context) -> Result<Self, Failure> {
        let GroupOptions {
            topic,
            group,
            instance_id,
        } = *options;
        let who = Who {
            topic: topic.to_owned(),
            group: group.to_owned(),
            id: instance_id.to_owned(),
        };
        let reporter = Reporter::new(context, format!("consumer {instance_id}"), who);
        let member = Member::join(consumer_config(context, options), topic, reporter, context)?;
        context.health.client_waits_for(
            Reason::Assignment,
            &member.reporter.client,
            format!("waiting for an assignment of topic \"{topic}\" in group \"{group}\""),
        );
        let mut consumer = Self {
            member,
            health: context.health.clone(),
            assigned: BTreeMap::new(),
            is_out_of_range: false,
            quiet_since: None,
        };
        // So that its metrics show from now on that nothing is assigned.
        consumer.set_assigned(BTreeMap::new());
        Ok(consumer)
    }

    /// Waits for the next event at most `timeout`. Transient trouble is logged
    /// once a minute, told to the health and waited out; fatal trouble is an error.
    /// An offset that retention took moves to the low watermark, with a warning
    /// and `fraud_kafka_skipped_offsets_total`.
    pub fn poll(&mut self, timeout: Duration) -> Result<Polled<'_>, Failure> {
        if self.member.must_rejoin() {
            self.member.rejoin()?;
            if !self.assigned.is_empty() {
                return Ok(self.revoked(true));
            }
        }
        // Before any message: an assignment that is made anew fetches on, and a group
        // that waits for its partitions must not wait for the end of the input.
        if let Some(rebalance) = self.next_rebalance() {
            return Ok(rebalance);
        }
        if std::mem::take(&mut self.is_out_of_range) {
            self.move_into_range()?;
        }
        let started = (!self.has_next()).then(Instant::now);
        match self.member.messages().poll(timeout) {
            Some(Ok(message)) => {
                self.quiet_since = None;
                return Ok(Polled::Message(message));
            }
            Some(Err(KafkaError::MessageConsumption(Code::AutoOffsetReset))) => {
                self.is_out_of_range = true;
            }
            Some(Err(error)) => self.member.judge(&error)?,
            None => {}
        }
        self.quiet_since = self.quiet_since.or(started);
        Ok(self.next_rebalance().unwrap_or(Polled::Nothing))
    }

    /// Whether the next poll needs not wait for its message.
    pub fn has_next(&self) -> bool {
        self.member.has_fetched()
    }

    /// What the group committed for these partitions; waits for the broker.
    /// `None`: the wish to stop or a rebalance came first, so poll on.
    /// `None` in the map: nothing committed.
    pub fn committed(
        &mut self,
        partitions: &[i32],
    ) -> Result<Option<BTreeMap<i32, Option<CommittedOffset>>>, Failure> {
        self.member
            .ask(|client, topic| lookup::committed(client, topic, partitions, CALL_TIMEOUT))
    }

    /// Where `start` means these partitions to begin; waits for the broker, and
    /// says so at INFO. `None`: the wish to stop or a rebalance came first, so poll on.
    pub fn resolve(
        &mut self,
        start: &Start,
        partitions: &[i32],
    ) -> Result<Option<BTreeMap<i32, i64>>, Failure> {
        if partitions.is_empty() {
            return Ok(Some(BTreeMap::new()));
        }
        if matches!(start, Start::Offsets(_)) {
            let exist = self
                .member
                .ask(|client, topic| lookup::partitions(client, topic, CALL_TIMEOUT))?;
            let Some(exist) = exist else { return Ok(None) };
            start
                .check_partitions(&self.member.topic, &exist)
                .map_err(Failure::start)?;
        }
        let resolved = self
            .member
            .ask(|client, topic| lookup::resolve(client, topic, start, partitions, CALL_TIMEOUT))?;
        if let Some(offsets) = &resolved {
            info!(topic = self.member.topic, %start, ?offsets, "nothing committed yet: beginning at start");
        }
        Ok(resolved)
    }

    /// Completes an assignment: fetching begins at these offsets.
    pub fn begin(&mut self, positions: &BTreeMap<i32, i64>) -> Result<(), Failure> {
        self.assign(positions.clone())?;
        let reporter = &self.member.reporter;
        reporter
            .metrics
            .rebalances
            .with_label_values(&[&reporter.who.group])
            .inc();
        reporter.assigned();
        self.health
            .client_resolved(Reason::Assignment, &reporter.client);
        info!(topic = self.member.topic, offsets = ?positions, "assigned");
        Ok(())
    }

    /// Completes a revocation.
    pub fn release(&mut self) -> Result<(), Failure> {
        info!(topic = self.member.topic, partitions = ?self.assigned.keys(), "revoked");
        // librdkafka keeps a pause beyond the assignment, for when the partition comes back.
        self.resume()?;
        self.member
            .messages()
            .unassign()
            .context("cannot give the partitions back")
            .map_err(Failure::runtime)?;
        self.set_assigned(BTreeMap::new());
        self.is_out_of_range = false;
        Ok(())
    }

    /// Goes back (or on) to these offsets; messages that were fetched for others are
    /// dropped. Whether a paused partition stays so is left open.
    pub fn seek(&mut self, positions: &BTreeMap<i32, i64>) -> Result<(), Failure> {
        if self.member.client().context().has_rebalance() {
            // The next poll hands it over: the partitions begin anew, here or elsewhere.
            return Ok(());
        }
        let positions: BTreeMap<i32, i64> = positions
            .iter()
            .filter(|(partition, _)| self.assigned.contains_key(partition))
            .map(|(&partition, &offset)| (partition, offset))
            .collect();
        if positions.is_empty() {
            return Ok(());
        }
        // An assignment would do it too. But two of them within milliseconds, as when a
        // revocation follows, end librdkafka 2.12 with a failed assertion (rktp_started).
        self.member.messages().forget(&positions);
        let is_sought = self
            .member
            .client()
            .seek_partitions(self.list(&positions), CALL_TIMEOUT)
            .is_ok_and(|list| list.elements().iter().all(|sought| sought.error().is_ok()));
        if is_sought {
            return Ok(());
        }
        let mut all = self.positions()?;
        all.extend(positions);
        self.reposition(all)
    }

    /// Stops fetching from all partitions; polls still bring rebalances. A new
    /// assignment isn't paused.
    pub fn pause(&mut self) -> Result<(), Failure> {
        let list = self.list(&self.assigned);
        let paused = self.member.messages().pause(&list);
        paused
            .context("cannot pause reading")
            .map_err(Failure::runtime)
    }

    /// Fetches again from where [`Self::pause`] stopped.
    pub fn resume(&mut self) -> Result<(), Failure> {
        if self.member.messages().is_misplaced() {
            let positions = self.positions()?;
            return self.reposition(positions);
        }
        let list = self.list(&self.assigned);
        let resumed = self.member.messages().resume(&list);
        resumed
            .context("cannot resume reading")
            .map_err(Failure::runtime)
    }

    /// Commits and waits for the answer, however long the broker is away. `Ok(false)`:
    /// nothing is known to be committed, because a rebalance came between (then the next
    /// poll tells) or the wish to stop while no broker answers.
    pub fn commit(&mut self, offsets: &BTreeMap<i32, CommittedOffset>) -> Result<bool, Failure> {
        let mut list = TopicPartitionList::with_capacity(offsets.len());
        for (&partition, committed) in offsets {
            let mut element = list.add_partition(&self.member.topic, partition);
            element
                .set_offset(Offset::Offset(committed.offset))
                .expect(CONCRETE);
            element.set_metadata(committed.metadata.as_str());
        }
        if offsets.is_empty() {
            Ok(true)
        } else {
            self.member.commit(&list)
        }
    }

    /// A producer's transaction committed offsets of ours: so the group takes them.
    pub fn offsets_were_committed(&self) {
        self.member.reporter.may_use_id();
    }

    /// Whether nothing came for 5 ms: not one empty poll, because a fetch may be under way.
    pub fn is_drained(&self) -> bool {
        self.quiet_since
            .is_some_and(|since| since.elapsed() >= DRAINED_AFTER)
    }

    /// For `send_offsets_to_transaction`; read it anew for every transaction.
    pub fn group_metadata(&self) -> Option<ConsumerGroupMetadata> {
        self.member.client().group_metadata()
    }

    /// Closes the client without waiting for more than `timeout`. A static member
    /// doesn't leave its group: its partitions wait for it until the session ends.
    pub fn close(mut self, timeout: Duration) {
        self.member.close_timeout = timeout;
    }

    fn next_rebalance(&self) -> Option<Polled<'static>> {
        Some(match self.member.client().context().next_rebalance()? {
            Rebalance::Assigned(partitions) => Polled::Assigned(partitions),
            Rebalance::Revoked { lost } => self.revoked(lost),
        })
    }

    fn revoked(&self, lost: bool) -> Polled<'static> {
        Polled::Revoked {
            partitions: self.assigned.keys().copied().collect(),
            lost,
        }
    }

    /// Where each assigned partition stands: behind the last message that a poll
    /// returned, or where it began.
    fn positions(&self) -> Result<BTreeMap<i32, i64>, Failure> {
        let known = self
            .member
            .positions()
            .context("cannot read the positions")
            .map_err(Failure::runtime)?;
        let mut positions = self.assigned.clone();
        positions.extend(known);
        Ok(positions)
    }

    /// Moves what stands outside of its log to the low watermark, and says so.
    fn move_into_range(&mut self) -> Result<(), Failure> {
        let mut positions = self.positions()?;
        for (&partition, position) in &mut positions {
            let watermarks = self
                .member
                .ask(|client, topic| client.fetch_watermarks(topic, partition, CALL_TIMEOUT))?;
            let Some((low, high)) = watermarks else {
                return Ok(());
            };
            if (low..=high).contains(position) {
                continue;
            }
            let skipped = (low - *position).max(0);
            warn!(
                topic = self.member.topic,
                partition,
                offset = *position,
                low,
                high,
                skipped,
                "the offset does not exist (any more): going on at the lowest one that does"
            );
            let skipped_offsets = &self.member.reporter.metrics.skipped_offsets;
            skipped_offsets
                .with_label_values(&[self.member.topic.as_str(), &partition.to_string()])
                .inc_by(skipped.unsigned_abs());
            *position = low;
        }
        self.reposition(positions)
    }

    /// Assigns the same partitions at other positions: a partition that doesn't fetch, as
    /// one whose offset was out of range, can't be sought.
    fn reposition(&mut self, positions: BTreeMap<i32, i64>) -> Result<(), Failure> {
        if self.member.client().assignment_lost() {
            // The revocation is about to be polled; an assignment would hide that it is lost.
            return Ok(());
        }
        self.assign(positions)
    }

    fn assign(&mut self, positions: BTreeMap<i32, i64>) -> Result<(), Failure> {
        let list = self.list(&positions);
        let assigned = self.member.assign(&list);
        assigned
            .context("cannot set the positions")
            .map_err(Failure::runtime)?;
        self.set_assigned(positions);
        Ok(())
    }

    fn list(&self, positions: &BTreeMap<i32, i64>) -> TopicPartitionList {
        let mut list = TopicPartitionList::with_capacity(positions.len());
        for (&partition, &offset) in positions {
            list.add_partition_offset(&self.member.topic, partition, Offset::Offset(offset))
                .expect(CONCRETE);
        }
        list
    }

    fn set_assigned(&mut self, positions: BTreeMap<i32, i64>) {
        let Reporter { metrics, who, .. } = &*self.member.reporter;
        let gone = self
            .assigned
            .keys()
            .filter(|partition| !positions.contains_key(partition));
        metrics.forget_lag(&who.group, &who.topic, gone);
        metrics.expect_skips(&who.topic, positions.keys());
        let gauge = metrics
            .assigned_partitions
            .with_label_values(&[&who.group, &who.topic]);
        gauge.add(count(&positions) - count(&self.assigned));
        self.assigned = positions;
    }
}

impl Drop for GroupConsumer {
    fn drop(&mut self) {
        self.set_assigned(BTreeMap::new());
        self.health
            .client_resolved(Reason::Assignment, &self.member.reporter.client);
    }
}

fn count(positions: &BTreeMap<i32, i64>) -> i64 {
    i64::try_from(positions.len()).unwrap_or(i64::MAX)
}
