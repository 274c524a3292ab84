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

/// Whether a stage leaves rows out, as one with `handleInvalid=skip` does, whoever
/// reads what it writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Filter {
    /// It doesn't.
    None,
    /// By the values that it reads (`na.drop` of its inputs).
    ByInputs,
    /// By what it makes of them (`na.drop` of its output).
    ByOutput,
}

impl Filter {
    pub(crate) fn of(stage: &SavedStage) -> Result<Self, ModelError> {
        Ok(match stage.text("handleInvalid")?.as_deref() {
            Some("skip") if stage.short_class() == "VectorIndexerModel" => Self::ByOutput,
            Some("skip") => Self::ByInputs,
            _ => Self::None,
        })
    }
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
