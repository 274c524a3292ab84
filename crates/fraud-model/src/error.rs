//! Why a model can't be loaded.

use std::io;
use std::path::{Path, PathBuf};

/// Why a model can't be loaded: names the file or the stage and what would do.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// A file or folder can't be read.
    #[error("{}{error}", place(path))]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// A file or folder isn't what Spark writes.
    #[error("{}{problem}", place(path))]
    Invalid {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The scores depend on a stage that can't be computed here.
    #[error("stage {uid} is a {class}, which isn't supported; {reason}; supported are {supported}")]
    UnsupportedStage {
        /// The stage's uid.
        uid: String,
        /// Its class as Spark names it.
        class: String,
        /// Why it can't be left out.
        reason: String,
        /// The classes that can be loaded.
        supported: String,
    },
    /// A stage is of a supported class, but as configured it can't be used.
    #[error("stage {uid} ({class}): {problem}")]
    Stage {
        /// The stage's uid.
        uid: String,
        /// Its class without the package.
        class: String,
        /// What is wrong and what would do.
        problem: String,
    },
}

impl ModelError {
    /// The error with paths inside `folder` as seen from there: for a folder that is
    /// named beside the error, or that nobody knows.
    #[must_use]
    pub fn seen_from(mut self, folder: &Path) -> Self {
        if let Self::Io { path, .. } | Self::Invalid { path, .. } = &mut self
            && let Ok(inside) = path.strip_prefix(folder)
        {
            *path = inside.to_owned();
        }
        self
    }

    pub(crate) fn io(path: &Path, error: io::Error) -> Self {
        Self::Io {
            path: path.to_owned(),
            error,
        }
    }

    pub(crate) fn invalid(path: &Path, problem: impl Into<String>) -> Self {
        Self::Invalid {
            path: path.to_owned(),
            problem: problem.into(),
        }
    }
}

/// What a message begins with that is about a file, or about the folder at hand.
fn place(path: &Path) -> String {
    match path.as_os_str().is_empty() {
        true => String::new(),
        false => format!("{}: ", path.display()),
    }
}
