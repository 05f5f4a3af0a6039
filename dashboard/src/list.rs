//! Lists go by page; `next` is what `after` has to be for the next one.

use crate::problem::Problem;
use axum::http::StatusCode;
use sealway_tracker::Page;
use serde::{Deserialize, Serialize};
use std::fmt::Display;
use utoipa::{IntoParams, ToSchema};

const LIMIT: u32 = 500;
const LIMIT_DEFAULT: u32 = 100;

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct List<T> {
    items: Vec<T>,
    /// Absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

impl<T> List<T> {
    pub(crate) fn new(items: Vec<T>, next: Option<String>) -> Self {
        Self { items, next }
    }

    pub(crate) fn into_parts(self) -> (Vec<T>, Option<String>) {
        (self.items, self.next)
    }

    pub(crate) fn map<U>(self, to: impl FnMut(T) -> U) -> List<U> {
        List { items: self.items.into_iter().map(to).collect(), next: self.next }
    }
}

/// Which page of a list whose rows are told apart by numbers
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Numbered {
    /// `next` of the page before.
    after: Option<u64>,
    /// 1 to 500.
    limit: Option<u32>,
}

impl Numbered {
    pub(crate) fn page<K>(self, key: impl FnOnce(u64) -> K) -> Result<Page<K>, Problem> {
        page(self.after.map(key), self.limit)
    }
}

/// One row more is asked for than is given, to know whether there are more.
pub(crate) fn page<K>(after: Option<K>, limit: Option<u32>) -> Result<Page<K>, Problem> {
    let limit = limit.unwrap_or(LIMIT_DEFAULT);
    if (1..=LIMIT).contains(&limit) {
        return Ok(Page { after, limit: limit + 1 });
    }
    Err(Problem::new(StatusCode::BAD_REQUEST, "query-invalid", format!("limit: {limit}, expected 1 to {LIMIT}")))
}

pub(crate) fn cut<T, K: Display>(mut items: Vec<T>, asked: u32, key: impl Fn(&T) -> K) -> List<T> {
    let limit = asked.saturating_sub(1) as usize;
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(|last| key(last).to_string());
    List { items, next }
}
