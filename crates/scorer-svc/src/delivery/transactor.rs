//! The thread of a producer's blocking transaction calls.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use rdkafka::TopicPartitionList;
use rdkafka::consumer::ConsumerGroupMetadata;
use rdkafka::error::KafkaResult;
use rdkafka::producer::Producer as _;
use rdkafka::util::Timeout;
use service_runtime::failpoint;
use service_runtime::kafka::{Producer as Client, flush};

use crate::interruption::Interruption;
use crate::producer::{self, FailedDelivery, Producer};

/// How often the waiting side looks at the clock.
const LOOK_AROUND: Duration = Duration::from_millis(50);

/// A call that waits for the broker as long as it takes.
pub(super) enum Call {
    /// Fences older producers of the same id and ends their transactions.
    Init,
    /// Commits the messages sent since the begin, and these offsets of the group.
    Commit {
        /// The next offset of each partition.
        offsets: TopicPartitionList,
        /// The member, so that a group that has moved on refuses it.
        group: ConsumerGroupMetadata,
    },
    /// Aborts the messages sent since the begin.
    Abort,
}

/// Makes the calls on a thread of its own: they can't be interrupted, and whoever
/// waits for one must be able to leave.
pub(super) struct Transactor {
    calls: Sender<Call>,
    answers: Receiver<KafkaResult<()>>,
}

impl Transactor {
    /// Starts the thread; it ends after its last call once this is dropped.
    pub(super) fn start(producer: &Producer) -> Self {
        let client = producer.client().clone();
        let failed = producer.failed().clone();
        let (calls, incoming) = mpsc::channel();
        let (outgoing, answers) = mpsc::channel();
        thread::Builder::new()
            .name("transactions".to_owned())
            .spawn(move || serve(&client, &failed, &incoming, &outgoing))
            .expect("the system can start a thread");
        Self { calls, answers }
    }

    /// Makes the call and waits for its answer. After an [`Interruption`] the call
    /// is still under way: this must not be used again.
    pub(super) fn call(
        &self,
        call: Call,
        producer: &Producer,
    ) -> Result<KafkaResult<()>, Interruption> {
        self.start_call(call);
        loop {
            if let Some(answer) = self.answer(LOOK_AROUND, producer)? {
                return Ok(answer);
            }
        }
    }

    /// Begins the call. No other may follow before its [`Self::answer`].
    pub(super) fn start_call(&self, call: Call) {
        self.calls
            .send(call)
            .expect("the thread lives as long as the channel");
    }

    /// The answer, if it comes within `wait`.
    pub(super) fn answer(
        &self,
        wait: Duration,
        producer: &Producer,
    ) -> Result<Option<KafkaResult<()>>, Interruption> {
        match self.answers.recv_timeout(wait) {
            Ok(answer) => Ok(Some(answer)),
            Err(RecvTimeoutError::Timeout) => producer.check_deadline().map(|()| None),
            Err(RecvTimeoutError::Disconnected) => {
                panic!("the thread of the transaction calls has died")
            }
        }
    }
}

fn serve(
    client: &Client,
    failed: &FailedDelivery,
    calls: &Receiver<Call>,
    answers: &Sender<KafkaResult<()>>,
) {
    for call in calls {
        let answer = match call {
            Call::Init => client.init_transactions(Timeout::Never),
            Call::Commit { offsets, group } => commit(client, failed, &offsets, &group),
            Call::Abort => client.abort_transaction(Timeout::Never),
        };
        if answers.send(answer).is_err() {
            return;
        }
    }
}

fn commit(
    client: &Client,
    failed: &FailedDelivery,
    offsets: &TopicPartitionList,
    group: &ConsumerGroupMetadata,
) -> KafkaResult<()> {
    // commit_transaction would do it too, 100 ms at a time. Once the transaction has
    // failed nothing is sent any more, and the next call says so.
    let is_disturbed = || client.client().context().disturbances() > 0;
    while client.in_flight_count() > 0 && !failed.is_any() && !is_disturbed() {
        flush(client, producer::LOOK_AROUND);
    }
    failpoint("scorer_before_offsets");
    // Not while messages are under way: where the broker refuses their partitions meanwhile,
    // librdkafka 2.12 may abort a transaction that the broker never saw, which ends the client.
    client.send_offsets_to_transaction(offsets, group, Timeout::Never)?;
    failpoint("scorer_before_commit");
    client.commit_transaction(Timeout::Never)
}
