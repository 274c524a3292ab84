//! What the tests stand on.

pub(crate) mod fixtures;
pub(crate) mod model_stores;
pub(crate) mod python;
pub(crate) mod result_rows;
pub(crate) mod stream;

use std::time::Duration;

pub(crate) use stream::Stream;

/// How long a test waits for something that must come. Generous: it is the time of a
/// failure, not of a success.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);
