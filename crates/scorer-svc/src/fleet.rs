//! The workers: started together, ended together.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::{self, JoinHandle};

use anyhow::{Context as _, anyhow};
use fraud_model::Model;
use service_runtime::kafka::{GroupConsumer, GroupOptions};
use service_runtime::{Context, Failure};

use crate::config::{DeliveryMode, Output, ScorerConfig};
use crate::dead_letter::DeadLetters;
use crate::delivery::{AtLeastOnce, Delivery, ExactlyOnce};
use crate::interruption::Interruption;
use crate::metrics::{Metrics, Tally};
use crate::pipeline::Pipeline;
use crate::producer::ProducerSettings;
use crate::results::Results;
use crate::stop_deadline::StopDeadline;
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
        let unsettled = Arc::new(AtomicU32::new(fleet.config.workers));
        let workers = (0..fleet.config.workers)
            .map(|number| start_thread(&fleet, number, &unsettled))
            .collect::<Result<Vec<_>, Failure>>()?;
        let mut result = Ok(());
        for worker in workers {
            let ended = worker
                .join()
                .unwrap_or_else(|_| Err(Failure::runtime(anyhow!("a worker panicked: this is a bug"))));
            result = result.and(ended);
        }
        result
    }

    /// One worker, from its start to its end.
    fn work(&self, number: u32, unsettled: &AtomicU32) -> Result<(), Failure> {
        let Some(worker) = self.worker(number)? else {
            return Ok(());
        };
        let consumer = worker.run()?;
        if unsettled.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.context.shutdown.settled();
        }
        consumer.close(self.context.config.service.shutdown_timeout / 4);
        Ok(())
    }

    /// `None`: the daemon is to stop before it has begun.
    fn worker(&self, number: u32) -> Result<Option<Worker>, Failure> {
        let id = self.config.worker_id(&self.context.host_name, number);
        let producer = ProducerSettings {
            context: self.context.clone(),
            topics: self.topics(),
            transaction: self.is_exactly_once().then(|| (id.clone(), self.config.transaction_timeout)),
        };
        let delivery = match self.delivery(producer) {
            Ok(delivery) => delivery,
            Err(Interruption::Fatal(failure)) => return Err(failure),
            Err(_) => return Ok(None),
        };
        let topics = &self.context.config.topics;
        let consumer = GroupConsumer::join(
            &GroupOptions {
                topic: &topics.transactions,
                group: &self.config.group,
                instance_id: &id,
            },
            &self.context,
        )?;
        Ok(Some(Worker::new(Parts {
            start: self.config.start().map_err(Failure::start)?,
            commit_interval: self.config.commit_interval,
            consumer,
            delivery,
            pipeline: self.pipeline()?,
            health: self.context.health.clone(),
            shutdown: self.context.shutdown.clone(),
        })))
    }
}
