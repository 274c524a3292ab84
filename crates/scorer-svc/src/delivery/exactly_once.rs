//! One Kafka transaction for results, dead letters and offsets.

use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::producer::Producer as _;
use rdkafka::{Offset, TopicPartitionList};
use service_runtime::kafka::GroupConsumer;

use super::Positions;
use super::transactor::{Call, Transactor};
use crate::interruption::Interruption;
use crate::producer::{Producer, ProducerSettings};

/// Commits work as a transaction of the consumer group's member (KIP-447).
///
/// librdkafka speaks the first version of the transaction protocol, in which a
/// delayed request of one transaction can take effect in the next one of the same
/// producer epoch (KIP-890). So a producer that saw a connection break, a request
/// time out or a call end without a clear answer begins no other transaction: a
/// new one takes its place, whose higher epoch makes the broker refuse stragglers.
pub(crate) struct ExactlyOnce {
    settings: ProducerSettings,
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
        source_topic: String,
    ) -> Result<Self, Interruption> {
        let (producer, transactor) = initialized(&settings)?;
        Ok(Self {
            settings,
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
        self.producer.serve_events();
        if self.must_be_renewed() {
            self.renew()?;
            return Err(Interruption::Retry(
                "a connection was lost, so the producer was made anew".to_owned(),
            ));
        }
        let begun = self.producer.client().begin_transaction();
        self.check(begun)?;
        self.is_open = true;
        Ok(())
    }

    pub(super) fn settle(
        &mut self,
        positions: &Positions,
        consumer: &mut GroupConsumer,
    ) -> Result<(), Interruption> {
        // Anew for every transaction: each rebalance changes it.
        let Some(group) = consumer.group_metadata() else {
            return Err(Interruption::Retry(
                "the group has no place for this member now".to_owned(),
            ));
        };
        let offsets = self.offsets(positions);
        let committed = self
            .transactor
            .call(Call::Commit { offsets, group }, &self.producer)?;
        self.check(committed)?;
        self.is_open = false;
        Ok(())
    }

    pub(super) fn undo(&mut self) -> Result<(), Interruption> {
        if !self.is_open {
            return Ok(());
        }
        if !self.must_be_renewed() {
            let aborted = self.transactor.call(Call::Abort, &self.producer)?;
            match self.check(aborted) {
                Ok(()) => {
                    self.is_open = false;
                    self.producer.forget_failure();
                    return Ok(());
                }
                Err(Interruption::Retry(_) | Interruption::TooLarge) => {}
                Err(interruption) => return Err(interruption),
            }
        }
        self.renew()
    }

    fn must_be_renewed(&self) -> bool {
        self.is_broken || self.producer.is_disturbed()
    }

    /// Makes the producer anew, which ends the transaction of the old one.
    fn renew(&mut self) -> Result<(), Interruption> {
        let (producer, transactor) = initialized(&self.settings)?;
        self.producer = producer;
        self.transactor = transactor;
        self.is_open = false;
        self.is_broken = false;
        Ok(())
    }

    fn check(&mut self, answer: KafkaResult<()>) -> Result<(), Interruption> {
        let Err(error) = answer else { return Ok(()) };
        let is_clear = matches!(&error, KafkaError::Transaction(error) if error.txn_requires_abort());
        self.is_broken |= !is_clear;
        Err(self.producer.interruption(&error))
    }

    fn offsets(&self, positions: &Positions) -> TopicPartitionList {
        let mut offsets = TopicPartitionList::with_capacity(positions.len());
        for (partition, offset) in positions {
            offsets
                .add_partition_offset(&self.source_topic, *partition, Offset::Offset(*offset))
                .expect("an offset of the topic is valid");
        }
        offsets
    }
}

/// A producer that may begin transactions. Passing trouble is waited out.
fn initialized(settings: &ProducerSettings) -> Result<(Producer, Transactor), Interruption> {
    loop {
        let producer = settings.create()?;
        let transactor = Transactor::start(producer.client().clone());
        match transactor.call(Call::Init, &producer)? {
            Ok(()) => return Ok((producer, transactor)),
            Err(error) => settings.wait_after(&producer, &error)?,
        }
    }
}
