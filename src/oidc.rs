//! Asks the provider at which people sign in.

use crate::config::Config;
use crate::outbound;
use sealway_dashboard::{Dashboard, Outside, OutsideAnswer, OutsideRequest};

/// Documents and keys of a provider are small.
const ANSWER_BYTES: u64 = 1024 * 1024;

/// By HTTPS, or to this machine.
#[derive(Debug)]
struct Ask(ureq::Agent);

/// With the provider of the configuration, if there is one.
pub(crate) fn dashboard(config: &Config, dashboard: Dashboard) -> anyhow::Result<Dashboard> {
    let Some(rules) = config.http.oidc.clone() else { return Ok(dashboard) };
    Ok(dashboard.with_oidc(rules, Ask(outbound::agent(config.authority.as_deref())?)))
}

impl Outside for Ask {
    fn ask(&self, request: OutsideRequest) -> Result<OutsideAnswer, String> {
        let uri = request.uri().to_string();
        // The provider names addresses of its own: they are no less private than the one that was configured.
        outbound::expect_private(&uri).map_err(|error| error.to_string())?;
        let (mut parts, mut body) = self.0.run(request).map_err(|error| format!("{uri}: {error}"))?.into_parts();
        parts.extensions.clear();
        let bytes = body.with_config().limit(ANSWER_BYTES).read_to_vec().map_err(|error| format!("{uri}: {error}"))?;
        Ok(OutsideAnswer::from_parts(parts, bytes))
    }
}
