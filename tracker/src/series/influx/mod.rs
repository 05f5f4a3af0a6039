//! InfluxDB 1.8 and later, 2.x, 3 Core, and what speaks like them.

use super::query::{Bucket, Count, Crossing, Field, Span, Track};
use super::{Point, SeriesError};
use sealway_schemas::{DeviceId, Time};
use std::fmt;

/// Which write call the server takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Api {
    /// `/api/v2/write`, and where the server does not know it, `/write`.
    #[default]
    Auto,
    V1,
    V2,
}

#[derive(Clone, PartialEq, Eq)]
pub enum Login {
    None,
    Token(String),
    User { name: String, password: String },
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Token(_) => "Token(***)",
            Self::User { .. } => "User(***)",
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InfluxConfig {
    /// Without a path.
    pub url: String,
    pub login: Login,
    pub org: String,
    /// Database of 1.x.
    pub bucket: String,
    pub api: Api,
}
