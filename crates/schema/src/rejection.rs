//! Why a message can't become a transaction, a score or a row.

use std::fmt;

/// The reason for a rejection; its text is a header value and a metric label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RejectionCode {
    /// Not one UTF-8 JSON object and nothing more.
    InvalidJson,
    /// A null value on the topic.
    Tombstone,
    /// A known field stands twice in the object.
    DuplicateField,
    /// A field that must be there is missing or null.
    MissingField,
    /// A field holds another JSON type than the contract's.
    WrongType,
    /// An integer outside the range of its field.
    OutOfRange,
    /// `ts` is missing, null or not a timestamp of the contract.
    InvalidTimestamp,
    /// `tx_fraud` is not a class of the model.
    InvalidLabel,
    /// A null or NaN feature that the pipeline's `handleInvalid` refuses.
    InvalidFeature,
    /// The broker refuses the message for its size.
    TooLarge,
}

impl RejectionCode {
    /// Every code, in the order of the contract.
    pub const ALL: [Self; 10] = [
        Self::InvalidJson,
        Self::Tombstone,
        Self::DuplicateField,
        Self::MissingField,
        Self::WrongType,
        Self::OutOfRange,
        Self::InvalidTimestamp,
        Self::InvalidLabel,
        Self::InvalidFeature,
        Self::TooLarge,
    ];

    /// The code with this name on the wire.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == name)
    }

    /// The name on the wire, such as `missing_field`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidJson => "invalid_json",
            Self::Tombstone => "tombstone",
            Self::DuplicateField => "duplicate_field",
            Self::MissingField => "missing_field",
            Self::WrongType => "wrong_type",
            Self::OutOfRange => "out_of_range",
            Self::InvalidTimestamp => "invalid_timestamp",
            Self::InvalidLabel => "invalid_label",
            Self::InvalidFeature => "invalid_feature",
            Self::TooLarge => "too_large",
        }
    }
}

impl fmt::Display for RejectionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A message that is refused, with the reason. It names fields, never values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Rejection {
    /// The machine-readable reason.
    pub code: RejectionCode,
    /// What is wrong, for a person; names the field, never its value.
    pub message: String,
}

impl Rejection {
    /// A rejection with its message.
    pub fn new(code: RejectionCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}
