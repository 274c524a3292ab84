//! The faults, by name.

use crate::daemons::Victim;

/// What comes over the stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The process ends by itself at a place in its code, as `kill -9` would end it.
    Abort(Place),
    /// `kill -9` at any moment.
    Kill(Victim),
    /// SIGTERM, and a new start.
    Restart(Victim),
    /// The scorer dies, and what is visible is compared with what is committed.
    Atomicity,
    /// A process sleeps past its session, another one takes its partitions, and then it
    /// wakes up.
    Zombie(Victim),
    /// As above, and the other one has the same id.
    Twin(Victim),
    /// A process sleeps until the broker aborts its transaction, and nobody else comes.
    TransactionTimeout,
    /// The model takes longer than a member of the group may (`max.poll.interval.ms`).
    SlowModel,
    /// A second process joins and leaves, every two seconds.
    Rebalances(Victim),
    /// `kill -9` and a new start.
    KillBroker,
    /// The broker sleeps.
    FreezeBroker,
    /// Everything takes longer.
    SlowNetwork,
    /// Some connections take longer than others, so that requests overtake each other.
    UnevenNetwork,
    /// All connections break, again and again.
    CutNetwork,
    /// Requests arrive, and their answers don't.
    LostAnswers,
    /// No connection for some seconds.
    NoNetwork,
    /// Files can't grow.
    FullDisk,
    /// S3 refuses everything with 503.
    BucketRefuses,
    /// S3 refuses everything with 403, as when a key has expired.
    BucketForbids,
    /// S3 takes its time.
    SlowBucket,
    /// S3 does what it is asked for, and its answers don't arrive.
    BucketLosesAnswers,
    /// S3 is away.
    NoBucket,
}

/// A place in a daemon's code at which it can end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) victim: Victim,
    /// As the daemon calls it.
    pub(crate) failpoint: &'static str,
    /// How often the daemon may come by before, at most.
    pub(crate) passes: u32,
    /// For people.
    name: &'static str,
}

const fn scorer(failpoint: &'static str, passes: u32, name: &'static str) -> Fault {
    Fault::Abort(Place {
        victim: Victim::Scorer,
        failpoint,
        passes,
        name,
    })
}

const fn sink(failpoint: &'static str, passes: u32, name: &'static str) -> Fault {
    Fault::Abort(Place {
        victim: Victim::Sink,
        failpoint,
        passes,
        name,
    })
}

const ALL: [Fault; 37] = [
    scorer("scorer_after_poll", 1000, "scorer aborts after a poll"),
    scorer("scorer_after_begin", 10, "scorer aborts after begin"),
    scorer(
        "scorer_mid_produce",
        1000,
        "scorer aborts while it produces",
    ),
    scorer(
        "scorer_before_offsets",
        10,
        "scorer aborts before it sends offsets",
    ),
    scorer(
        "scorer_before_commit",
        10,
        "scorer aborts after it sent offsets, at the commit",
    ),
    scorer("scorer_after_commit", 10, "scorer aborts after the commit"),
    sink("sink_mid_write", 20, "sink aborts in the middle of a file"),
    sink(
        "sink_after_write",
        5,
        "sink aborts after a file is written, before it has its name",
    ),
    sink(
        "sink_after_publish",
        5,
        "sink aborts after a file has its name, before the commit",
    ),
    sink("sink_after_commit", 5, "sink aborts after the commit"),
    Fault::Kill(Victim::Scorer),
    Fault::Kill(Victim::Sink),
    Fault::Restart(Victim::Scorer),
    Fault::Restart(Victim::Sink),
    Fault::Atomicity,
    Fault::Zombie(Victim::Scorer),
    Fault::Zombie(Victim::Sink),
    Fault::Twin(Victim::Scorer),
    Fault::Twin(Victim::Sink),
    Fault::SlowModel,
    Fault::TransactionTimeout,
    Fault::Rebalances(Victim::Scorer),
    Fault::KillBroker,
    Fault::FreezeBroker,
    Fault::SlowNetwork,
    Fault::UnevenNetwork,
    Fault::CutNetwork,
    Fault::LostAnswers,
    Fault::NoNetwork,
    Fault::FullDisk,
    Fault::Abort(Place {
        victim: Victim::BucketSink,
        failpoint: "sink_after_publish",
        passes: 5,
        name: "S3 sink aborts after the PUT, before the commit",
    }),
    Fault::Kill(Victim::BucketSink),
    Fault::BucketRefuses,
    Fault::BucketForbids,
    Fault::SlowBucket,
    Fault::BucketLosesAnswers,
    Fault::NoBucket,
];

/// All of them.
pub(crate) fn all() -> Vec<Fault> {
    ALL.to_vec()
}

impl Fault {
    /// For people.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Abort(place) => place.name.to_owned(),
            Self::Kill(victim) => format!("{} killed (-9) at any moment", victim.name()),
            Self::Restart(victim) => format!("{} stopped by SIGTERM", victim.name()),
            Self::Atomicity => "scorer killed: visible if and only if committed".to_owned(),
            Self::Zombie(victim) => {
                format!("{} frozen, another takes over, it wakes up", victim.name())
            }
            Self::Twin(victim) => {
                format!(
                    "{} frozen, one with its id takes over, it wakes up",
                    victim.name()
                )
            }
            Self::TransactionTimeout => "scorer frozen until its transaction times out".to_owned(),
            Self::Rebalances(victim) => {
                format!("a second {} joins or leaves every 2 s", victim.name())
            }
            Self::KillBroker => "broker killed (-9) and started again".to_owned(),
            Self::FreezeBroker => "broker frozen for 3 s".to_owned(),
            Self::SlowNetwork => "network: 100 ms each way".to_owned(),
            Self::UnevenNetwork => "network: every other connection is 1 s late".to_owned(),
            Self::CutNetwork => "network: all connections cut, five times".to_owned(),
            Self::LostAnswers => "network: answers are lost for 2 s".to_owned(),
            Self::NoNetwork => "network: none for 5 s".to_owned(),
            Self::FullDisk => "sink's files can't grow".to_owned(),
            Self::SlowModel => "scorer stuck beyond max.poll.interval.ms".to_owned(),
            Self::BucketRefuses => "S3 answers 503 for 4 s".to_owned(),
            Self::BucketForbids => "S3 answers 403 for 4 s".to_owned(),
            Self::SlowBucket => "S3: 1 s each way".to_owned(),
            Self::BucketLosesAnswers => {
                "S3: answers, such as a PUT's 200, are lost for 4 s".to_owned()
            }
            Self::NoBucket => "S3: no connection for 4 s".to_owned(),
        }
    }

    /// Whether there has to be a sink that writes to S3.
    pub(crate) fn needs_bucket(&self) -> bool {
        match self {
            Self::Abort(place) => place.victim == Victim::BucketSink,
            Self::Kill(victim) => *victim == Victim::BucketSink,
            Self::BucketRefuses
            | Self::BucketForbids
            | Self::SlowBucket
            | Self::BucketLosesAnswers
            | Self::NoBucket => true,
            _ => false,
        }
    }

    /// Whether it takes seconds only.
    pub(crate) fn is_quick(&self) -> bool {
        let is_short = matches!(self, Self::Abort(_) | Self::Kill(_) | Self::Atomicity);
        is_short && !self.needs_bucket()
    }
}
