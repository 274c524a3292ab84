//! A consumer whose messages come many at a time.
//!
//! `rdkafka` asks librdkafka for one event after the other, and a message is one. The
//! call for batches brings a thousand at once, at a fraction of the cost. Its traps:
//!
//! - It takes whatever is in its queue, and answers a rebalance of itself where it meets
//!   one. So messages have a queue of their own, to which the queues of the assigned
//!   partitions are forwarded; all other events stay with `rdkafka`'s consumer.
//! - It waits until the batch is full, for as long as it may wait at all. So it waits for
//!   one message, and takes the others that are there.
//! - It counts messages, not bytes: a batch is as long as the last one's messages make it.
//! - It takes an error for a message: the position moves past the offset that it is about,
//!   which is where reading goes on in truth.
//! - Two calls at a time aren't supported: `&mut self`.
//! - What was taken doesn't change with the assignment: it is dropped here.

#![expect(unsafe_code, reason = "rdkafka has no call for batches")]

use std::collections::{BTreeMap, VecDeque};
use std::ffi::CString;
use std::ptr::{self, NonNull};
use std::time::{Duration, Instant};

use rdkafka::bindings::{
    rd_kafka_consume_batch_queue, rd_kafka_message_t, rd_kafka_queue_destroy,
    rd_kafka_queue_forward, rd_kafka_queue_get_partition, rd_kafka_queue_new, rd_kafka_queue_t,
};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaResult;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::consumer_events::ConsumerEvents;
use super::fetched_message::FetchedMessage;

/// The most messages of a batch.
const BATCH: usize = 1000;
/// About as many bytes: what was taken doesn't count any more for librdkafka, which fetches
/// as much again.
const BATCH_BYTES: usize = 1 << 20;
/// While messages are waited for, other events are looked at this often.
const LOOK_AROUND: Duration = Duration::from_millis(20);
/// While an assignment is all that is waited for.
const SHORT_LOOK_AROUND: Duration = Duration::from_millis(5);

/// A consumer, and the messages that it has brought. In the order in which they must go.
pub(super) struct BatchConsumer {
    fetched: VecDeque<FetchedMessage<'static>>,
    /// The offset of an error, where it was the last that came of a partition.
    failed: BTreeMap<i32, i64>,
    partitions: Vec<Queue>,
    messages: Queue,
    /// How many messages to take at once.
    batch: usize,
    is_assigned: bool,
    is_paused: bool,
    client: BaseConsumer<ConsumerEvents>,
}

impl BatchConsumer {
    /// Of a consumer without an assignment.
    pub(super) fn new(client: BaseConsumer<ConsumerEvents>) -> Self {
        // SAFETY: the client lives longer than the queue.
        let messages = unsafe { Queue::own(rd_kafka_queue_new(client.client().native_ptr())) };
        Self {
            fetched: VecDeque::with_capacity(BATCH),
            failed: BTreeMap::new(),
            partitions: Vec::new(),
            messages: messages.expect("librdkafka makes a queue for every client"),
            batch: 1,
            is_assigned: false,
            is_paused: false,
            client,
        }
    }

    /// The client, for everything but messages and the assignment.
    pub(super) fn client(&self) -> &BaseConsumer<ConsumerEvents> {
        &self.client
    }

    /// Handles one event, if there is any, and waits for the next message at most
    /// `timeout`. The message lives no longer than `self`, which the caller must see to.
    pub(super) fn poll<'a>(
        &mut self,
        timeout: Duration,
    ) -> Option<KafkaResult<FetchedMessage<'a>>> {
        if self.has_fetched() {
            return self.next();
        }
        let deadline = Instant::now() + timeout;
        loop {
            if let Some(event) = self.client.poll(Duration::ZERO) {
                let error = event.err();
                return Some(Err(error.expect("messages have a queue of their own")));
            }
            if self.client.context().has_rebalance() {
                return None;
            }
            let look_around = if self.is_assigned {
                LOOK_AROUND
            } else {
                SHORT_LOOK_AROUND
            };
            let wait = deadline.saturating_duration_since(Instant::now());
            self.fetch(wait.min(look_around));
            if self.has_fetched() {
                return self.next();
            }
            if wait <= look_around {
                return None;
            }
        }
    }

    fn next<'a>(&mut self) -> Option<KafkaResult<FetchedMessage<'a>>> {
        self.fetched.pop_front().map(FetchedMessage::into_result)
    }

    /// Reads these partitions from these offsets on, and no others.
    pub(super) fn assign(&mut self, topic: &str, list: &TopicPartitionList) -> KafkaResult<()> {
        self.fetched.clear();
        self.failed.clear();
        self.is_paused = false;
        let topic = CString::new(topic)?;
        let client = self.client.client().native_ptr();
        let elements = list.elements();
        let numbers = elements.iter().map(|element| element.partition());
        // SAFETY: the client lives longer than the queues; the name ends with a NUL.
        let queues = numbers.map(|number| unsafe {
            Queue::own(rd_kafka_queue_get_partition(client, topic.as_ptr(), number))
        });
        self.partitions = queues
            .collect::<Option<_>>()
            .expect("partitions have queues");
        self.forward();
        self.is_assigned = true;
        self.client.assign(list)
    }

    /// Reads nothing any more.
    pub(super) fn unassign(&mut self) -> KafkaResult<()> {
        self.fetched.clear();
        self.failed.clear();
        self.partitions.clear();
        self.is_assigned = false;
        self.client.unassign()
    }

    /// Drops what was fetched of these partitions, for reading goes on elsewhere in them.
    pub(super) fn forget(&mut self, partitions: &BTreeMap<i32, i64>) {
        self.fetched
            .retain(|message| !partitions.contains_key(&message.partition()));
        self.failed
            .retain(|partition, _| !partitions.contains_key(partition));
    }

    /// Whether something is fetched that [`Self::poll`] may return now.
    pub(super) fn has_fetched(&self) -> bool {
        !self.is_paused && !self.fetched.is_empty()
    }

    /// Where reading goes on in each partition: behind the last message that was returned.
    /// Those of which none was have no position.
    pub(super) fn positions(&self) -> KafkaResult<BTreeMap<i32, i64>> {
        let mut positions = BTreeMap::new();
        for element in self.client.position()?.elements() {
            if let Offset::Offset(position) = element.offset() {
                positions.insert(element.partition(), position);
            }
        }
        positions.extend(&self.failed);
        let messages = self.fetched.iter().filter(|message| !message.is_error());
        positions.extend(
            messages
                .rev()
                .map(|message| (message.partition(), message.offset())),
        );
        Ok(positions)
    }

    /// Whether librdkafka's own positions are wrong, so that it mustn't go on from them.
    pub(super) fn is_misplaced(&self) -> bool {
        !self.failed.is_empty()
    }

    /// Fetches nothing, and returns nothing that is fetched, until
    /// [`Self::resume`] or the next assignment.
    pub(super) fn pause(&mut self, list: &TopicPartitionList) -> KafkaResult<()> {
        self.is_paused = true;
        self.client.pause(list)
    }

    /// Goes on.
    pub(super) fn resume(&mut self, list: &TopicPartitionList) -> KafkaResult<()> {
        self.is_paused = false;
        self.client.resume(list)
    }

    /// Takes what is there, or waits for one message.
    fn fetch(&mut self, timeout: Duration) {
        if self.take(Duration::ZERO, self.batch) == 0 && !timeout.is_zero() {
            self.forward();
            if self.take(timeout, 1) > 0 {
                self.take(Duration::ZERO, self.batch);
            }
        }
    }

    fn take(&mut self, timeout: Duration, most: usize) -> usize {
        let mut batch = [ptr::null_mut::<rd_kafka_message_t>(); BATCH];
        // Less than a millisecond is one: to wait for nothing would be to spin.
        let timeout = i32::try_from(timeout.as_micros().div_ceil(1000)).unwrap_or(i32::MAX);
        // SAFETY: the queue lives, nobody else takes from it, and the array has room for
        // the most messages, which are ours after this.
        let count = unsafe {
            rd_kafka_consume_batch_queue(
                self.messages.0.as_ptr(),
                timeout,
                batch.as_mut_ptr(),
                most.min(BATCH),
            )
        };
        // An error is said to be possible, and librdkafka gives none.
        let count = usize::try_from(count).unwrap_or(0);
        let mut bytes = 0;
        for message in batch[..count]
            .iter()
            .filter_map(|&message| NonNull::new(message))
        {
            // SAFETY: it is ours and nobody else's; `self` drops it before its client.
            let message = unsafe { FetchedMessage::own(message) };
            bytes += message.size();
            if message.is_error() && message.offset() >= 0 {
                self.failed.insert(message.partition(), message.offset());
            } else if !self.failed.is_empty() {
                self.failed.remove(&message.partition());
            }
            self.fetched.push_back(message);
        }
        if let Some(average) = bytes.checked_div(count) {
            self.batch = (BATCH_BYTES / average.max(1)).clamp(1, BATCH);
        }
        count
    }

    /// A partition whose reading stops, as at an assignment anew, loses the link from its
    /// queue, and that happens later and on another thread. So it is made again before
    /// each wait; what lies in the partition's own queue moves over.
    fn forward(&self) {
        for partition in &self.partitions {
            // SAFETY: both queues live.
            unsafe { rd_kafka_queue_forward(partition.0.as_ptr(), self.messages.0.as_ptr()) };
        }
    }
}

/// A queue of a client that lives longer.
struct Queue(NonNull<rd_kafka_queue_t>);

// SAFETY: librdkafka's queues have locks of their own.
unsafe impl Send for Queue {}

impl Queue {
    /// # Safety
    /// The queue is ours, and its client lives longer.
    unsafe fn own(queue: *mut rd_kafka_queue_t) -> Option<Self> {
        NonNull::new(queue).map(Self)
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        // SAFETY: it is ours, and nobody has it after this.
        unsafe { rd_kafka_queue_destroy(self.0.as_ptr()) };
    }
}
