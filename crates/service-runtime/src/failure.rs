//! How a daemon ends when it doesn't end well.

use std::process::ExitCode;

use crate::error_line;

/// Why a daemon stops; its exit code follows from it.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// It can't start: configuration, model, input. Exit code 2.
    #[error("{}", error_line(.0))]
    Start(anyhow::Error),
    /// It can't go on: fenced, fatal, gave up. Exit code 1.
    #[error("{}", error_line(.0))]
    Runtime(anyhow::Error),
}

impl Failure {
    /// A failure to start.
    pub fn start(error: impl Into<anyhow::Error>) -> Self {
        Self::Start(error.into())
    }

    /// A failure while running.
    pub fn runtime(error: impl Into<anyhow::Error>) -> Self {
        Self::Runtime(error.into())
    }

    /// 2 for what can't start, 1 for what can't go on.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Start(_) => ExitCode::from(2),
            Self::Runtime(_) => ExitCode::from(1),
        }
    }
}
