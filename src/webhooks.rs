//! Carries what webhooks are told.

use crate::config::Config;
use crate::outbound;
use sealway_tracker::outbox::{Answer, Courier, Parcel};
use std::sync::Arc;

/// By HTTPS, to addresses that were looked at.
#[derive(Debug)]
pub(crate) struct Post(ureq::Agent);

impl Post {
    pub(crate) fn by(config: &Config) -> anyhow::Result<Arc<dyn Courier>> {
        let allowed = &config.webhooks.allow_private;
        if !allowed.is_empty() {
            let networks = allowed.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            tracing::warn!(networks, "DANGER: webhooks may reach networks that are not public");
        }
        Ok(Arc::new(Self(outbound::agent_for_strangers(config.authority.as_deref(), allowed)?)))
    }
}

impl Courier for Post {
    /// The answer's body is nobody's business and is not read.
    fn post(&self, parcel: &Parcel) -> Result<Answer, String> {
        let request = self.0.post(&parcel.url);
        let request = parcel.headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
        let answer = request.send(&parcel.body).map_err(|error| error.to_string())?;
        let retry_after = answer.headers().get("retry-after").and_then(|value| value.to_str().ok());
        let seconds = retry_after.and_then(|text| text.trim().parse::<u64>().ok());
        Ok(Answer { status: answer.status().as_u16(), retry_after_ms: seconds.map(|seconds| seconds.saturating_mul(1_000)) })
    }
}
