//! The numbers that the judge decides by. They belong to the state: a rebuilt state is equal under equal numbers.

use bytes::Bytes;
use sealway_schemas::alert::Severity;
use serde::{Deserialize, Serialize};

/// In the log each change is an entry, so that nothing is ever judged by numbers of another time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// A seal under way is expected to speak this often, or as often as it was seen to where that is slower.
    pub period_ms: u64,
    /// The slowest period that a seal may get the platform used to.
    pub period_limit_ms: u64,
    /// A hole in the counters may be filled within this time.
    pub resend_window_ms: u64,
    /// A fix with a larger accuracy (1 sigma) places nothing.
    pub accuracy_limit_m: f64,
    /// Metres outside the origin's edge, beside the fix's accuracy, from which a seal has left.
    pub departure_m: f64,
    /// A deviation ends inside this share of the half width.
    pub return_share: f64,
    /// Kilometres back from the furthest point that count as reversed.
    pub reverse_km: f64,
    /// Standing on the road outside every place for longer is a check.
    pub stop_limit_ms: u64,
    /// A seal that is countersigned was heard within this time.
    pub seal_fresh_ms: u64,
    /// A seal's answer to a challenge counts so long from its arrival.
    pub answer_fresh_ms: u64,
    /// Beside what the way takes, from release to arrival.
    pub limit_slack_ms: u64,
    /// From the limit to the enquiry.
    pub enquiry_ms: u64,
    /// From the enquiry to recovery.
    pub reply_ms: u64,
    /// From the unsealing to the results of the verification.
    pub results_ms: u64,
    /// A device's clock is off when live reports arrive further than this from its time.
    pub clock_off_ms: u64,
    /// From an alert's opening to an officer's word that he has seen it, by its severity.
    pub respond_red_ms: u64,
    pub respond_amber_ms: u64,
    pub respond_grey_ms: u64,
    pub battery_low_percent: u8,
    pub battery_well_percent: u8,
    /// An accepted command's key is remembered this long.
    pub idempotency_ms: u64,
    /// By which a declared weight may be off from the ledger's, per thousand.
    pub ledger_weight_permille: u32,
    /// By which a weighbridge may be off from a release note, per thousand, at a gate of each line.
    pub gate_border_weight_permille: u32,
    pub gate_hinterland_weight_permille: u32,
    /// Metres outside a gate's place from which a seal may still answer.
    pub gate_slack_m: u32,
    /// A truck that was drawn for inspection stays drawn.
    pub gate_inspection_ms: u64,
    /// A truck that was held has to come back to its lane within this time; then it is forgotten.
    pub gate_lane_ms: u64,
    /// A gate decides alone so long.
    pub gate_alone_ms: u64,
    /// A decision is known by its number so long, so that it can be filed late and once.
    pub gate_decision_ms: u64,
    /// A place or a corridor that is put is at most so long, bytes of its JSON: every version is kept for ever. The longest line that is
    /// allowed has room, and the longest of the real corridors thirty times.
    #[serde(default = "unlimited")]
    pub feature_bytes: u32,
    /// So many versions of one place or corridor are planned at a time.
    #[serde(default = "unlimited")]
    pub planned_versions: u32,
}

/// What was put before there was such a limit stays.
fn unlimited() -> u32 {
    u32::MAX
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            period_ms: 300_000,
            period_limit_ms: 900_000,
            resend_window_ms: 600_000,
            accuracy_limit_m: 200.0,
            departure_m: 50.0,
            return_share: 0.8,
            reverse_km: 3.0,
            stop_limit_ms: 1_800_000,
            seal_fresh_ms: 600_000,
            answer_fresh_ms: 300_000,
            limit_slack_ms: 4 * 3_600_000,
            enquiry_ms: 7 * 86_400_000,
            reply_ms: 28 * 86_400_000,
            results_ms: 3 * 86_400_000,
            clock_off_ms: 300_000,
            respond_red_ms: 300_000,
            respond_amber_ms: 1_800_000,
            respond_grey_ms: 8 * 3_600_000,
            battery_low_percent: 15,
            battery_well_percent: 20,
            idempotency_ms: 86_400_000,
            ledger_weight_permille: 50,
            gate_border_weight_permille: 50,
            gate_hinterland_weight_permille: 30,
            gate_slack_m: 500,
            gate_inspection_ms: 86_400_000,
            gate_lane_ms: 3_600_000,
            gate_alone_ms: 4 * 3_600_000,
            gate_decision_ms: 7 * 86_400_000,
            feature_bytes: 256 * 1024,
            planned_versions: 32,
        }
    }
}

/// The text is no policy of this version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("policy: {0}")]
pub struct PolicyFault(String);

impl Policy {
    #[must_use]
    pub fn respond_ms(&self, severity: Severity) -> u64 {
        match severity {
            Severity::Red => self.respond_red_ms,
            Severity::Amber => self.respond_amber_ms,
            Severity::Grey => self.respond_grey_ms,
        }
    }

    /// As the log keeps it.
    #[must_use]
    pub fn to_json(&self) -> Bytes {
        serde_json::to_vec(self).map(Bytes::from).unwrap_or_default()
    }

    pub fn from_json(json: &[u8]) -> Result<Self, PolicyFault> {
        serde_json::from_slice(json).map_err(|error| PolicyFault(error.to_string()))
    }
}
