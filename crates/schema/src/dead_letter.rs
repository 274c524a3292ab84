//! Headers of a dead letter: Kafka Connect's names, with string values.

use crate::{Rejection, RejectionCode};

/// Where the message came from.
pub const TOPIC: &str = "__connect.errors.topic";
/// The partition, in decimal.
pub const PARTITION: &str = "__connect.errors.partition";
/// The offset, in decimal.
pub const OFFSET: &str = "__connect.errors.offset";
/// The [`Stage`] that refused it.
pub const STAGE: &str = "__connect.errors.stage";
/// The [`RejectionCode`].
pub const EXCEPTION_CLASS_NAME: &str = "__connect.errors.exception.class.name";
/// What is wrong, for a person.
pub const EXCEPTION_MESSAGE: &str = "__connect.errors.exception.message";
/// `true` where the value was left out because the broker refused its size. Follows
/// [`headers`].
pub const TRUNCATED: &str = "truncated";

/// The headers that say what is wrong with which message, in their order. They follow the
/// message's own, which may have the same names: [`TOPIC`]'s last one is the first of ours.
pub fn headers(
    topic: &str,
    partition: i32,
    offset: i64,
    stage: Stage,
    rejection: &Rejection,
) -> [(&'static str, String); 6] {
    [
        (TOPIC, topic.to_owned()),
        (PARTITION, partition.to_string()),
        (OFFSET, offset.to_string()),
        (STAGE, stage.as_str().to_owned()),
        (EXCEPTION_CLASS_NAME, rejection.code.as_str().to_owned()),
        (EXCEPTION_MESSAGE, rejection.message.clone()),
    ]
}

/// What is wrong with a message whose dead letter the broker refuses for its size too: the
/// letter goes without the value, which has `value_bytes`, under the code
/// [`RejectionCode::TooLarge`]. The message tells why it became a dead letter.
pub fn truncated(rejection: &Rejection, value_bytes: usize) -> Rejection {
    let Rejection { code, message } = rejection;
    if *code == RejectionCode::TooLarge {
        return rejection.clone();
    }
    Rejection::new(
        RejectionCode::TooLarge,
        format!(
            "the broker refuses its dead letter for its size, and the value has {value_bytes} bytes; \
             it was rejected as {code}: {message}"
        ),
    )
}

/// The step that refused a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// A transaction that isn't one (scorer).
    Parse,
    /// A transaction that the pipeline refuses (scorer).
    Score,
    /// A result that isn't one (sink).
    Read,
}

impl Stage {
    /// The value of the header.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Parse => "parse",
            Self::Score => "score",
            Self::Read => "read",
        }
    }
}
