//! The workers: started together, ended together.

use std::sync::Arc;
use std::thread::{self, JoinHandle};

use anyhow::{Context as _, anyhow};
use fraud_model::Model;
use service_runtime::kafka::{GroupConsumer, GroupOptions};
use service_runtime::{Context, Failure, Reason};

use crate::config::{DeliveryMode, Output, ScorerConfig};
use crate::dead_letter::DeadLetters;
use crate::delivery::{AtLeastOnce, Delivery, ExactlyOnce};
use crate::interruption::Interruption;
use crate::metrics::{Metrics, Tally};
use crate::pipeline::Pipeline;
use crate::producer::{ProducerSettings, TransactionSettings};
use crate::results::Results;
use crate::worker::{Parts, Worker};

/// All that the workers share.
pub(crate) struct Fleet {
    pub(crate) config: ScorerConfig,
    pub(crate) context: Context,
    pub(crate) model: Arc<Model>,
    pub(crate) metrics: Metrics,
}

impl Fleet {
    /// Runs the workers until the daemon stops; the first failure stops it.
    pub(crate) fn run(self) -> Result<(), Failure> {
        let fleet = Arc::new(self);
        // Its offsets are committed with its results or after them.
        fleet.context.shutdown.nothing_to_lose();
        let workers = (0..fleet.config.workers)
            .map(|number| start_thread(&fleet, number))
            .collect::<Result<Vec<_>, Failure>>()?;
        let mut result = Ok(());
        for worker in workers {
            let ended = worker.join().unwrap_or_else(|_| {
                Err(Failure::runtime(anyhow!(
                    "a worker panicked: this is a bug"
                )))
            });
            result = result.and(ended);
        }
        result
    }

    /// One worker, from its start to its end.
    fn work(&self, number: u32) -> Result<(), Failure> {
        let Some(worker) = self.worker(number)? else {
            return Ok(());
        };
        let consumer = worker.run()?;
        consumer.close(self.context.config.service.shutdown_timeout / 4);
        Ok(())
    }

    /// `None`: the daemon is to stop before it has begun.
    fn worker(&self, number: u32) -> Result<Option<Worker>, Failure> {
        let id = self.config.worker_id(number);
        // First the producer: the transaction of a former life must end before
        // the consumer asks for committed offsets.
        let delivery = match self.delivery(&id) {
            Ok(delivery) => delivery,
            Err(Interruption::Fatal(failure)) => return Err(failure),
            Err(_) => return Ok(None),
        };
        let consumer = GroupConsumer::join(
            &GroupOptions {
                topic: &self.context.config.topics.transactions,
                group: &self.config.group,
                instance_id: &id,
            },
            &self.context,
        )?;
        // From here on the consumer says what is waited for.
        self.context.health.resolved(Reason::Starting);
        Ok(Some(Worker::new(Parts {
            // For as long as the process lives.
            name: format!("worker-{number}").leak(),
            start: self.config.start().map_err(Failure::start)?,
            commit_interval: self.config.commit_interval,
            consumer,
            delivery,
            pipeline: self.pipeline()?,
            health: self.context.health.clone(),
            shutdown: self.context.shutdown.clone(),
        })))
    }

    fn delivery(&self, id: &str) -> Result<Delivery, Interruption> {
        let topics = &self.context.config.topics;
        let dead_letters = topics.transactions_dead_letter.clone();
        let settings = |results: Option<&String>| {
            let topics = results.into_iter().cloned().chain([dead_letters.clone()]);
            ProducerSettings::new(&self.context, id, topics.collect())
        };
        match (self.config.output, self.config.delivery) {
            // What was printed can't be aborted.
            (Output::Console, _) => AtLeastOnce::start(settings(None))
                .map(|delivery| Delivery::AtLeastOnce(Box::new(delivery))),
            (Output::Kafka, DeliveryMode::AtLeastOnce) => {
                AtLeastOnce::start(settings(Some(&topics.results)))
                    .map(|delivery| Delivery::AtLeastOnce(Box::new(delivery)))
            }
            (Output::Kafka, DeliveryMode::ExactlyOnce) => {
                let transactions = TransactionSettings {
                    id: id.to_owned(),
                    timeout: self.config.transaction_timeout,
                    remedy: "raise scorer.transaction_timeout",
                };
                ExactlyOnce::start(
                    settings(Some(&topics.results)),
                    transactions,
                    topics.transactions.clone(),
                )
                .map(|delivery| Delivery::ExactlyOnce(Box::new(delivery)))
            }
        }
    }

    fn pipeline(&self) -> Result<Pipeline, Failure> {
        let topics = &self.context.config.topics;
        let results = match self.config.output {
            Output::Console => Results::to_console(self.model.transaction_schema())?,
            Output::Kafka => {
                let model = self.config.headers.then(|| self.model.identity().header());
                Results::to_topic(topics.results.clone(), model)
            }
        };
        let tally = Tally::new(
            &self.metrics,
            self.model.classes(),
            self.config.positive_class as usize,
        );
        let dead_letters = DeadLetters {
            source_topic: topics.transactions.clone(),
            topic: topics.transactions_dead_letter.clone(),
        };
        Ok(Pipeline::new(&self.model, tally, results, dead_letters))
    }
}

fn start_thread(
    fleet: &Arc<Fleet>,
    number: u32,
) -> Result<JoinHandle<Result<(), Failure>>, Failure> {
    let fleet = Arc::clone(fleet);
    thread::Builder::new()
        .name(format!("worker-{number}"))
        .spawn(move || {
            let ended = fleet.work(number);
            // One that ends, ends all: the others hold no more than it did.
            fleet.context.shutdown.request();
            ended
        })
        .context("cannot start a worker")
        .map_err(Failure::start)
}
