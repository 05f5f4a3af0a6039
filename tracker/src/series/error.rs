//! What can go wrong with a series. None of it holds intake up: the series lags, and the log has everything.

use std::path::{Path, PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum SeriesError {
    #[error("series file {}: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error("series file {} is damaged: {what}; sealway rebuild --series makes it again from the log", path.display())]
    Damaged { path: PathBuf, what: &'static str },
    /// Sending it again changes nothing.
    #[error("{url} answered {status}: {message}")]
    Refused { url: String, status: u16, message: String },
    #[error("{url} cannot be reached: {message}")]
    Unreachable { url: String, message: String },
    #[error("{url} answered what is no answer: {message}")]
    Answer { url: String, message: String },
    #[error("the series has stopped")]
    Stopped,
}

impl SeriesError {
    pub(super) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }

    pub(super) fn damaged(path: &Path, what: &'static str) -> Self {
        Self::Damaged { path: path.to_owned(), what }
    }
}
