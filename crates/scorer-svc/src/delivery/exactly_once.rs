//! One Kafka transaction for results, dead letters and offsets.

use std::time::Duration;

use rdkafka::error::KafkaResult;
use rdkafka::producer::Producer as _;
use rdkafka::{Offset, TopicPartitionList};
use service_runtime::failpoint;
use service_runtime::kafka::{self, GroupConsumer};

use super::Positions;
use super::transactor::{Call, Transactor};
use crate::interruption::Interruption;
use crate::producer::{Producer, ProducerSettings, TransactionSettings};

/// Commits work as a transaction of the consumer group's member (KIP-447).
///
/// librdkafka speaks the first version of the transaction protocol, in which a
/// delayed request of one transaction can take effect in the next one of the same
/// producer epoch (KIP-890). So a producer that saw a connection break, a request
/// time out or a transaction fail begins no other one: a new producer takes its
/// place, whose higher epoch makes the broker refuse stragglers.
pub(crate) struct ExactlyOnce {
    settings: ProducerSettings,
    transactions: TransactionSettings,
    source_topic: String,
    producer: Producer,
    transactor: Transactor,
    is_open: bool,
    is_broken: bool,
}

impl ExactlyOnce {
    /// Fences the producer of a former life and ends its transaction, so that its
    /// offsets are settled before anyone asks for them; waits for the broker.
    pub(crate) fn start(
        settings: ProducerSettings,
        transactions: TransactionSettings,
        source_topic: String,
    ) -> Result<Self, Interruption> {
        let (producer, transactor) = initialize(&settings, &transactions)?;
        Ok(Self {
            settings,
            transactions,
            source_topic,
            producer,
            transactor,
            is_open: false,
            is_broken: false,
        })
    }

    pub(super) fn producer(&self) -> &Producer {
        &self.producer
    }

    pub(super) fn begin(&mut self) -> Result<(), Interruption> {
        if self.must_be_renewed() {
            self.renew()?;
            return Err(Interruption::Retry(
                "a connection was lost since the last transaction".to_owned(),
            ));
        }
        let begun = self.producer.client().begin_transaction();
        self.check(begun)?;
        failpoint("scorer_after_begin");
        self.producer
            .set_transaction_timeout(Some(self.transactions.timeout));
        self.is_open = true;
        Ok(())
    }

    pub(super) fn settle(
        &mut self,
        positions: &Positions,
        consumer: &GroupConsumer,
    ) -> Result<(), Interruption> {
        // Anew for every transaction: each rebalance changes it.
        let Some(group) = consumer.group_metadata() else {
            return Err(Interruption::Retry(
                "the consumer is no member of its group now".to_owned(),
            ));
        };
        let offsets = self.offsets(positions);
        self.transactor.start_call(Call::Commit { offsets, group });
        Ok(())
    }

    pub(super) fn is_settled(
        &mut self,
        wait: Duration,
        consumer: &GroupConsumer,
    ) -> Result<bool, Interruption> {
        let Some(committed) = self.transactor.answer(wait, &self.producer)? else {
            return Ok(false);
        };
        self.check(committed)?;
        failpoint("scorer_after_commit");
        consumer.offsets_were_committed();
        self.producer.acknowledged();
        self.close();
        Ok(true)
    }

    pub(super) fn undo(&mut self) -> Result<(), Interruption> {
        if self.is_open && self.producer.has_refusals() {
            // The abort is done when the new producer comes, and all of the refused
            // batches are known.
            let _ = self.transactor.call(Call::Abort, &self.producer)?;
            self.producer.learn_refusals();
        }
        if self.must_be_renewed() {
            return self.renew();
        }
        if !self.is_open {
            return Ok(());
        }
        let aborted = self.transactor.call(Call::Abort, &self.producer)?;
        match self.check(aborted) {
            Err(Interruption::Retry(_) | Interruption::TooLarge) => self.renew(),
            Err(interruption) => Err(interruption),
            Ok(()) => {
                self.close();
                Ok(())
            }
        }
    }

    fn close(&mut self) {
        self.producer.set_transaction_timeout(None);
        self.is_open = false;
    }

    fn must_be_renewed(&self) -> bool {
        self.is_broken || self.producer.disturbances() > 0 || self.producer.is_lost()
    }

    /// Makes the producer anew, which ends the transaction of the old one.
    fn renew(&mut self) -> Result<(), Interruption> {
        self.producer.check_fatal()?;
        let (producer, transactor) = initialize(&self.settings, &self.transactions)?;
        // In this order: the old thread is the last to hold the old client, and
        // waits for its end in our stead.
        self.producer = producer;
        self.transactor = transactor;
        self.is_open = false;
        self.is_broken = false;
        Ok(())
    }

    fn check(&mut self, answer: KafkaResult<()>) -> Result<(), Interruption> {
        let Err(error) = answer else { return Ok(()) };
        self.is_broken = true;
        Err(self.producer.interruption(error))
    }

    fn offsets(&self, positions: &Positions) -> TopicPartitionList {
        let mut offsets = TopicPartitionList::with_capacity(positions.len());
        for (partition, offset) in positions {
            offsets
                .add_partition_offset(&self.source_topic, *partition, Offset::Offset(*offset))
                .expect("an offset of a message is valid");
        }
        offsets
    }
}

/// A producer that may begin transactions. Passing trouble is waited out, with a
/// new producer each time.
fn initialize(
    settings: &ProducerSettings,
    transactions: &TransactionSettings,
) -> Result<(Producer, Transactor), Interruption> {
    loop {
        let producer = settings.create(Some(transactions))?;
        let transactor = Transactor::start(&producer);
        let Err(error) = transactor.call(Call::Init, &producer)? else {
            kafka::may_use_id(producer.client());
            return Ok((producer, transactor));
        };
        if let Interruption::Fatal(failure) = producer.interruption(error) {
            return Err(failure.into());
        }
        settings.pause()?;
    }
}
