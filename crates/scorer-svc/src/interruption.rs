//! Why work at hand isn't done.

use service_runtime::Failure;

/// Why work can't be finished now, and so what becomes of it.
#[derive(Debug)]
pub(crate) enum Interruption {
    /// Something that passes: the work is undone and begins anew at the committed offsets.
    Retry(String),
    /// The broker refuses a record for its size: as [`Self::Retry`], at once, and without
    /// that record.
    TooLarge,
    /// The daemon stops and Kafka doesn't answer: the work is left to the next start.
    Stopping,
    /// The daemon can't go on.
    Fatal(Failure),
}

impl Interruption {
    /// What passes is no matter where all of the work is undone next.
    pub(crate) fn unless_it_passes(ended: Result<(), Self>) -> Result<(), Self> {
        match ended {
            Err(Self::Retry(_) | Self::TooLarge) => Ok(()),
            ended => ended,
        }
    }
}

impl From<Failure> for Interruption {
    fn from(failure: Failure) -> Self {
        Self::Fatal(failure)
    }
}
