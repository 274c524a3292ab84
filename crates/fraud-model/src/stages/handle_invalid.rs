//! `handleInvalid`, which many of Spark's stages share.

use super::Fact;
use crate::ModelError;
use crate::saved::SavedStage;
use crate::table::Outcomes;

/// Spark's `handleInvalid`: what becomes of a value that a stage can't use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HandleInvalid {
    /// Refuse the row.
    Error,
    /// Leave the row out.
    Skip,
    /// Keep it as the stage defines.
    Keep,
}

impl HandleInvalid {
    pub(super) fn load(stage: &SavedStage) -> Result<Self, ModelError> {
        match stage.text("handleInvalid")?.as_deref() {
            None | Some("error") => Ok(Self::Error),
            Some("skip") => Ok(Self::Skip),
            Some("keep") => Ok(Self::Keep),
            Some(other) => Err(stage.error(format!("handleInvalid {other:?} is unknown"))),
        }
    }

    /// Refuses a row or leaves it out; `false` where it is to be kept.
    pub(super) fn excludes(
        self,
        outcomes: &mut Outcomes<'_>,
        row: usize,
        message: impl FnOnce() -> String,
    ) -> bool {
        match self {
            Self::Error => outcomes.reject(row, message),
            Self::Skip => outcomes.skip(row),
            Self::Keep => return false,
        }
        true
    }

    pub(super) fn fact(self) -> Fact {
        let name = match self {
            Self::Error => "error",
            Self::Skip => "skip",
            Self::Keep => "keep",
        };
        ("handleInvalid", name.to_owned())
    }
}
