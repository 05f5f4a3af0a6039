//! InfluxDB as the store: lines go to `/api/v2/write` and, where the server does not know it, to `/write`; questions are InfluxQL at `/query`,
//! the one read API that 1.x, 2.x and 3 Core all serve.
//!
//! | server | tested with | writes | reads |
//! |---|---|---|---|
//! | InfluxDB 1.6.7 | Debian's `influxdb`, with and without login | `/write` | contract suite, restart, outage |
//! | VictoriaMetrics | Debian's `victoria-metrics` | `/api/v2/write` | no InfluxQL there |
//! | InfluxDB 1.8, 2.x, 3 Core | untested: not to be had where the tests run | `/api/v2/write` | `/query`; 2.x needs a DBRP mapping for the bucket |
//!
//! A bucket (a database in 1.x) has to be there; its retention should be without end, since the platform itself forgets whole days where
//! `series.keep_days` is set: by `DELETE` in 1.x, by `/api/v2/delete` in 2.x, and keeps their hours
//! as measurement `report_1h`. 3 Core cannot delete: there `keep_days` stays unset, and the table's own retention has to do it.
//!
//! `sealway rebuild --series` deletes both measurements first. A server that cannot delete keeps what is not of this log; the log's own
//! points take the places of their former ones. Where a platform finds at its start that the log is another one, nothing is deleted either.
//!
//! The crate `influxdb2` carries the lines where no TLS is needed, that is on this machine. It shows no headers, so the seconds of a
//! `Retry-After` are asked for with an empty write; and it brings an old TLS library, so over TLS the program's own client carries them.

mod answer;
mod hours;
mod http;
mod reader;
mod writer;

use super::query::{Bucket, Count, Crossing, Field, Span, Track};
use super::{Point, PointTime, SeriesError};
use crate::config::Clock;
use http::Http;
use sealway_schemas::{DeviceId, Time};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use writer::Writer;

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

#[derive(Debug, Clone)]
pub struct InfluxConfig {
    /// Without a path.
    pub url: String,
    pub login: Login,
    pub org: String,
    /// Database of 1.x.
    pub bucket: String,
    pub api: Api,
    /// Knows whom to believe over TLS and how long to wait.
    pub agent: ureq::Agent,
}

impl PartialEq for InfluxConfig {
    fn eq(&self, other: &Self) -> bool {
        let own = (&self.url, &self.login, &self.org, &self.bucket, self.api);
        own == (&other.url, &other.login, &other.org, &other.bucket, other.api)
    }
}

impl Eq for InfluxConfig {}

/// How the server is doing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InfluxHealth {
    pub writes: u64,
    pub retries: u64,
    /// Lines that the server will never take; the newest of them.
    pub dead_letters: u64,
    pub last_dead_letter: Option<String>,
    /// Since when nothing is written, and why.
    pub failing: Option<(Time, String)>,
}

#[derive(Debug)]
pub struct Influx {
    http: Http,
    writer: Writer,
    pub(super) unanswered: AtomicU64,
}

impl Influx {
    /// Needs a tokio runtime.
    pub fn open(config: &InfluxConfig, clock: Arc<dyn Clock>) -> Result<Self, SeriesError> {
        let http = Http::new(config)?;
        Ok(Self { writer: Writer::start(http.clone(), clock), http, unanswered: AtomicU64::new(0) })
    }

    #[must_use]
    pub fn health(&self) -> InfluxHealth {
        self.writer.health()
    }

    pub(super) async fn append(&self, points: Vec<Point>) -> Result<(), SeriesError> {
        self.writer.append(&points).await
    }

    pub(super) async fn settle(&self) -> Result<(), SeriesError> {
        self.writer.settle().await
    }

    /// Forgets everything of every log, where the server can.
    pub(super) async fn clear(&self) -> Result<(), SeriesError> {
        for measurement in ["report", "report_1h"] {
            match self.http.forget(measurement, PointTime::END).await {
                Err(error @ (SeriesError::Refused { .. } | SeriesError::Answer { .. })) => {
                    tracing::warn!(%error, measurement, "not deleted; the log's points take the places of their former ones, and others stay");
                }
                forgotten => forgotten?,
            }
        }
        Ok(())
    }

    /// Lets writes that cannot be done end.
    pub(super) fn end(&self) {
        self.writer.end();
    }

    pub(super) async fn track(&self, device: &DeviceId, span: Span, at_most: usize) -> Result<Track, SeriesError> {
        reader::track(&self.http, device, span, at_most).await
    }

    pub(super) async fn downsample(&self, device: &DeviceId, field: Field, span: Span, at_most: usize) -> Result<Vec<Bucket>, SeriesError> {
        reader::downsample(&self.http, device, field, span, at_most).await
    }

    pub(super) async fn counts(&self, device: &DeviceId, span: Span, at_most: usize) -> Result<Vec<Count>, SeriesError> {
        reader::counts(&self.http, device, span, at_most).await
    }

    pub(super) async fn crossings(&self, device: &DeviceId, span: Span, at_most: usize) -> Result<Vec<Crossing>, SeriesError> {
        reader::crossings(&self.http, device, span, at_most).await
    }

    pub(super) async fn expire(&self, before: Time) -> Result<(), SeriesError> {
        // What is on its way to the server is not in the hours that it tells, and would go with the day.
        self.writer.settle().await?;
        while let Some(made) = hours::of_the_first_day(&self.http, before).await? {
            for (lines, count) in made.lines {
                self.writer.put(lines, count).await?;
            }
            self.writer.settle().await?;
            self.http.forget("report", made.end).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
