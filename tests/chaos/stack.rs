//! The whole stack under load.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use local_stack::{
    Broker, BrokerOptions, Daemon, DaemonCommand, Message, Proxy, TOPICS, Topic, committed_offsets,
    create_topics, end_offsets, send, wait_until,
};

use crate::bucket::Bucket;
use crate::checker::{Checker, Findings};
use crate::daemons::{Site, Victim};
use crate::deck::Fault;
use crate::options::Options;
use crate::progress::{Mark, Partitions, Results};

/// More than one, so that order and partitioning matter.
const PARTITIONS: i32 = 4;
/// How long anything but a recovery may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);
/// After a fault, work goes on within this time: longer than the transaction's and the
/// session's timeouts, a rebalance and a loaded machine together.
const GOES_ON_WITHIN: Duration = Duration::from_secs(30);
/// Customers make about two transactions a day.
const DAYS: u64 = 20;

/// A broker behind a proxy, the daemons, and who watches them.
pub(crate) struct Stack {
    pub(crate) broker: Broker,
    /// The daemons' way to the broker.
    pub(crate) proxy: Proxy,
    pub(crate) site: Site,
    pub(crate) scorer: Daemon,
    pub(crate) sink: Daemon,
    /// Where the S3 sink writes, if there is one.
    pub(crate) bucket: Option<Bucket>,
    bucket_sink: Option<Daemon>,
    producer: Daemon,
    pub(crate) checker: Checker,
    results: Arc<Results>,
    broken: u64,
    _folder: tempfile::TempDir,
}

impl Stack {
    /// Starts everything, and waits until results come.
    pub(crate) fn start(options: &Options, seed: u64) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let (broker, proxy) = Broker::start_behind_proxy(BrokerOptions::default())?;
        let has_bucket = options.deck(0).iter().any(Fault::needs_bucket);
        let bucket = has_bucket.then(Bucket::start).transpose()?;
        let site = Site {
            bucket: bucket.as_ref().map(|bucket| bucket.proxy.address()),
            broker: proxy.address().to_string(),
            folder: folder.path().to_owned(),
            delivery: options.delivery.clone(),
        };
        create_topics(
            &broker.address(),
            &TOPICS.map(|name| Topic::new(name, PARTITIONS)),
        )?;
        simulate(&site, options, seed)?;
        let mut stack = Self {
            checker: Checker::start(&broker.address(), &site, bucket.as_ref())?,
            results: Results::watch(&broker.address(), PARTITIONS)?,
            scorer: site.replica(Victim::Scorer, "scorer").start()?,
            sink: site.replica(Victim::Sink, "sink").start()?,
            bucket_sink: has_bucket
                .then(|| {
                    site.replica(Victim::BucketSink, Victim::BucketSink.name())
                        .start()
                })
                .transpose()?,
            producer: site.producer(options.rate).start()?,
            bucket,
            broken: 0,
            broker,
            proxy,
            site,
            _folder: folder,
        };
        stack.scorer.wait_until_ready(PATIENCE)?;
        stack.sink.wait_until_ready(PATIENCE)?;
        let mark = stack.mark()?;
        for victim in stack.victims() {
            stack.wait_beyond(&mark, victim)?;
        }
        Ok(stack)
    }

    /// Transactions on the topic.
    pub(crate) fn sent(&self) -> Result<u64> {
        let ends = end_offsets(&self.broker.address(), "transactions")?;
        Ok(ends.values().sum::<i64>().unsigned_abs())
    }

    /// Sends a transaction that becomes a dead letter.
    pub(crate) fn send_broken(&mut self) -> Result<()> {
        let key = format!("broken-{}", self.broken);
        self.broken += 1;
        send(
            &self.broker.address(),
            "transactions",
            &[Message::new(key.as_bytes(), b"{")],
        )
    }

    /// All that may be hurt.
    fn victims(&self) -> Vec<Victim> {
        let bucket_sink = self.bucket_sink.as_ref().map(|_| Victim::BucketSink);
        [Victim::Scorer, Victim::Sink]
            .into_iter()
            .chain(bucket_sink)
            .collect()
    }

    /// The process that is hurt.
    pub(crate) fn victim(&mut self, victim: Victim) -> &mut Daemon {
        match victim {
            Victim::Scorer => &mut self.scorer,
            Victim::Sink => &mut self.sink,
            Victim::BucketSink => self
                .bucket_sink
                .as_mut()
                .expect("its faults are in the deck"),
        }
    }

    /// How the one that is hurt is started.
    pub(crate) fn command(&self, victim: Victim) -> DaemonCommand {
        self.site.replica(victim, victim.name())
    }

    /// An error if one has ended that should run.
    pub(crate) fn check_alive(&mut self) -> Result<()> {
        for victim in self.victims() {
            let daemon = self.victim(victim);
            let status = daemon.exit_status()?;
            ensure!(
                status.is_none(),
                "{} ended:\n{}",
                daemon.name(),
                daemon.stderr()
            );
        }
        let status = self.producer.exit_status()?;
        ensure!(
            status.is_none(),
            "the load ended before the faults did:\n{}",
            self.producer.stderr()
        );
        Ok(())
    }

    /// The present moment.
    pub(crate) fn mark(&self) -> Result<Mark> {
        Mark::now(&self.site.results(), self.bucket_commits()?)
    }

    /// What the S3 sink has committed.
    fn bucket_commits(&self) -> Result<Partitions> {
        match self.bucket_sink {
            Some(_) => self.committed(Victim::BucketSink),
            None => Ok(Partitions::new()),
        }
    }

    fn committed(&self, victim: Victim) -> Result<Partitions> {
        let (group, topic) = victim.group();
        committed_offsets(&self.broker.address(), group, topic)
    }

    /// Waits until all partitions go on, and tells how long after the mark that was.
    pub(crate) fn wait_beyond(&mut self, mark: &Mark, victim: Victim) -> Result<Duration> {
        let result_files = self.site.results();
        let what = format!("{}'s work to go on", victim.name());
        wait_until(&what, GOES_ON_WITHIN, || match victim {
            Victim::Scorer => Ok(self.results.are_newer_than(mark.milliseconds)),
            Victim::Sink => mark.is_passed_by_files(&result_files),
            Victim::BucketSink => Ok(mark.is_passed_by_commits(&self.bucket_commits()?)),
        })
        .with_context(|| {
            let (scorer, sink) = (self.scorer.stderr(), self.sink.stderr());
            format!("the scorer said:\n{scorer}the sink said:\n{sink}")
        })?;
        Ok(mark.at.elapsed())
    }

    /// Ends the load, waits until all of it is through, and stops the daemons.
    pub(crate) fn settle(&mut self) -> Result<()> {
        stop(&mut self.producer)?;
        let sent = self.sent()?;
        // What is missing then is for the checker to tell.
        let transactions = end_offsets(&self.broker.address(), "transactions")?;
        let _ = wait_until("all results", PATIENCE, || {
            Ok(self.results.transactions() + self.broken >= sent
                && self.committed(Victim::Scorer)? == transactions)
        });
        let _ = wait_until("all files", PATIENCE, || {
            let ends = self.results.ends();
            let sinks = self
                .victims()
                .into_iter()
                .filter(|victim| *victim != Victim::Scorer);
            for sink in sinks {
                if self.committed(sink)? != ends {
                    return Ok(false);
                }
            }
            Ok(true)
        });
        for victim in self.victims() {
            stop(self.victim(victim))?;
        }
        Ok(())
    }

    /// What is wrong after the end.
    pub(crate) fn check(&mut self) -> Result<Findings> {
        self.checker.check()
    }
}

/// Stops it as an operator does; it must end well.
pub(crate) fn stop(daemon: &mut Daemon) -> Result<()> {
    let status = daemon.terminate(PATIENCE)?;
    ensure!(
        status.success(),
        "{} ended with {status}:\n{}",
        daemon.name(),
        daemon.stderr()
    );
    Ok(())
}

/// Makes a data set that lasts longer than the faults.
fn simulate(site: &Site, options: &Options, seed: u64) -> Result<()> {
    let rows = u64::from(options.rate) * 200 + options.transactions * 3 / 2;
    let customers = (rows / DAYS / 2).to_string();
    let days = DAYS.to_string();
    let seed = (seed % 1000).to_string();
    let options = [
        ["--customers", &customers],
        ["--terminals", "1000"],
        ["--days", &days],
        ["--seed", &seed],
    ];
    local_stack::simulate(&site.source(), options.as_flattened(), PATIENCE * 3)
}
