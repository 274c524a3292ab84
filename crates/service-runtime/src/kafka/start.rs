//! Where to begin without a committed offset.

use std::str::FromStr;

use crate::ConfigError;

/// `start` of `[scorer]` and `[sink]`: `earliest`, `latest`, an RFC 3339 time,
/// or Spark's offsets `{"transactions":{"0":123}}` (-2 earliest, -1 latest).
#[derive(Debug, Clone, PartialEq)]
pub struct Start {}

impl FromStr for Start {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let _ = text;
        unimplemented!()
    }
}
