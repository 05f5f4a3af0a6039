//! Figures in the text format of Prometheus. No label holds a device, a party or a person: the page is open within the network.

use crate::state::Dashboard;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, header};
use sealway_tracker::outbox::Standing;
use sealway_tracker::series::SeriesState;
use sealway_tracker::{COMMIT_BOUNDS_US, TrackerMetrics};
use std::fmt::Write as _;
use std::sync::atomic::Ordering::Relaxed;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

const TEXT: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

pub(crate) fn routes() -> OpenApiRouter<Dashboard> {
    OpenApiRouter::new().routes(routes!(metrics))
}

/// Figures for Prometheus
#[utoipa::path(get, path = "/metrics", tag = "operation", security(()), responses((status = 200, body = String, content_type = "text/plain")))]
async fn metrics(State(dashboard): State<Dashboard>) -> ([(HeaderName, HeaderValue); 1], String) {
    let mut page = Exposition::default();
    let figures = dashboard.tracker.metrics();
    tracker(&mut page, &figures);
    evidence(&mut page, &figures);
    series(&mut page, &dashboard.tracker.series().state());
    if let Ok(standing) = dashboard.tracker.outbox().standing(None).await {
        outbox(&mut page, standing);
    }
    api(&mut page, &dashboard);
    if let Some(more) = &dashboard.more_figures {
        page.0.push_str(&more());
    }
    ([(header::CONTENT_TYPE, TEXT)], page.0)
}

#[derive(Default)]
struct Exposition(String);

impl Exposition {
    fn family(&mut self, name: &str, kind: &str, help: &str) -> &mut Self {
        // Writing into memory cannot fail.
        let _written = write!(self.0, "# HELP sealway_{name} {help}\n# TYPE sealway_{name} {kind}\n");
        self
    }

    fn sample(&mut self, name: &str, labels: &str, value: impl std::fmt::Display) -> &mut Self {
        let _written = writeln!(self.0, "sealway_{name}{labels} {value}");
        self
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.family(name, "counter", help).sample(name, "", value);
    }

    fn gauge(&mut self, name: &str, help: &str, value: u64) {
        self.family(name, "gauge", help).sample(name, "", value);
    }

    fn by<'a>(&mut self, name: &str, help: &str, label: &str, values: impl IntoIterator<Item = (&'a str, u64)>) {
        self.family(name, "counter", help);
        for (word, value) in values {
            self.sample(name, &format!("{{{label}=\"{word}\"}}"), value);
        }
    }
}

fn tracker(page: &mut Exposition, figures: &TrackerMetrics) {
    page.counter("reports_accepted_total", "Reports put into the evidence log.", figures.accepted);
    let outcomes = [
        ("duplicate", figures.duplicates),
        ("equivocation", figures.equivocations),
        ("prev-mismatch", figures.prev_mismatches),
        ("kept-hole", figures.kept_above_hole),
        ("late", figures.late),
    ];
    page.by("reports_out_of_order_total", "Reports that did not just follow the one before.", "outcome", outcomes);
    let refused = &figures.refused;
    let reasons = [
        ("malformed", refused.malformed),
        ("unknown-device", refused.unknown_device),
        ("unknown-key", refused.unknown_key),
        ("bad-signature", refused.bad_signature),
        ("revoked", refused.revoked),
    ];
    page.by("reports_refused_total", "Items that were not kept.", "reason", reasons);
    let unsigned = [("kept", figures.unsigned_kept), ("duplicate", figures.unsigned_duplicates), ("refused", figures.unsigned_refused)];
    page.by("unsigned_frames_total", "Frames of terminals, which nobody signed.", "result", unsigned);
    page.counter("hellos_total", "Hellos answered.", figures.hellos);
    page.by("logins_total", "Device logins.", "result", [("accepted", figures.logins), ("refused", figures.logins_refused)]);
    page.by("commands_total", "Commands of people.", "result", [("accepted", figures.commands), ("refused", figures.commands_refused)]);
    page.counter("acks_signed_total", "Signed acks.", figures.acks_signed);
    page.gauge("uploads_in_flight", "Uploads between socket and settlement.", figures.in_flight_uploads);
    page.gauge("devices", "Devices known.", figures.devices);
    page.gauge("registry_backlog", "Rows that the registry has yet to write.", figures.registry_backlog);
    page.gauge("strict_backlog", "Entries that the strict check has yet to see.", figures.strict_backlog);
    page.counter("strict_failed_total", "Reports that the strict check refused.", figures.strict_failed);
    page.counter("log_entries_total", "Entries of the evidence log.", figures.log_entries);
    page.counter("log_syncs_total", "Times that the evidence log was made durable.", figures.fsyncs);
    page.counter("snapshots_total", "Snapshots of the judge.", figures.snapshots);
    page.counter("verify_batches_total", "Batches of signatures.", figures.verify_batches);
    page.counter("verified_in_batches_total", "Signatures checked in batches.", figures.verified_in_batches);
    commit_latency(page, figures);
    let stages = [
        ("verify", figures.cpu_verify_ns),
        ("sequence", figures.cpu_sequence_ns),
        ("commit", figures.cpu_commit_ns),
        ("strict", figures.cpu_strict_ns),
    ];
    page.family("stage_cpu_seconds_total", "counter", "CPU time of each stage.");
    for (stage, ns) in stages {
        page.sample("stage_cpu_seconds_total", &format!("{{stage=\"{stage}\"}}"), seconds(u128::from(ns)));
    }
}

fn commit_latency(page: &mut Exposition, figures: &TrackerMetrics) {
    page.family("commit_seconds", "histogram", "How long a commit of the evidence log takes.");
    let mut within = 0;
    for (bound_us, count) in COMMIT_BOUNDS_US.iter().zip(&figures.commit_latency) {
        within += count;
        let bound = seconds(u128::from(*bound_us) * 1000);
        page.sample("commit_seconds_bucket", &format!("{{le=\"{bound}\"}}"), within);
    }
    let all: u64 = figures.commit_latency.iter().sum();
    page.sample("commit_seconds_bucket", "{le=\"+Inf\"}", all);
    page.sample("commit_seconds_sum", "", seconds(u128::from(figures.commit_latency_sum_us) * 1000));
    page.sample("commit_seconds_count", "", all);
}

fn series(page: &mut Exposition, state: &SeriesState) {
    page.gauge("series_lag_entries", "Entries of the log that the time series has yet to look at.", state.lag);
    page.gauge(
        "series_failing",
        "1 while the time series cannot be written, or old days cannot be forgotten.",
        u64::from(state.failing_since.is_some()),
    );
    page.gauge("series_bytes", "Bytes of the embedded time series on the disk.", state.bytes);
    page.counter("series_points_total", "Points given to the time series.", state.points);
    page.counter("series_left_out_total", "Reports that no point could be made of.", state.left_out);
    page.counter("series_dead_letters_total", "Points that InfluxDB will never take.", state.dead_letters);
    page.counter("series_failures_total", "Attempts to write the time series, or to forget old days, that failed.", state.failures);
    page.counter("series_unanswered_total", "Questions that the time series could not answer.", state.unanswered);
}

fn outbox(page: &mut Exposition, standing: Standing) {
    page.gauge("webhook_events_pending", "Events that wait for their webhooks.", standing.pending);
    page.gauge("webhook_events_dead", "Events that webhooks did not take and that were given up.", standing.dead);
    page.counter("webhook_events_delivered_total", "Events that webhooks took.", standing.delivered);
    page.counter("webhook_events_missed_total", "Events that went because too many waited for a webhook.", standing.missed);
}

fn evidence(page: &mut Exposition, figures: &TrackerMetrics) {
    page.gauge("disk_full", "1 while the log waits for room on the disk.", u64::from(figures.disk_full));
    page.gauge("tree_size", "Entries under the newest signed checkpoint.", figures.tree_size);
    page.gauge("standby_entries", "Entries that a standby has on its disk; 0 without one.", figures.confirmed);
    page.gauge("scrub_entries", "Entries of this round that the scrub has looked at.", figures.scrubbed);
    page.counter("scrub_rounds_total", "Times that the scrub has looked through log and tree.", figures.scrub_rounds);
    page.counter("scrub_faults_total", "Faults that the scrub has found on the disk.", figures.scrub_faults);
}

fn api(page: &mut Exposition, dashboard: &Dashboard) {
    page.family("http_answers_total", "counter", "Answers of the API by the first digit of their status.");
    for (class, count) in dashboard.figures.by_class() {
        page.sample("http_answers_total", &format!("{{class=\"{class}xx\"}}"), count);
    }
    page.counter("events_sent_total", "Events sent to readers of the stream.", dashboard.figures.events_sent.load(Relaxed));
    page.counter("events_reset_total", "Readers told to load their lists anew.", dashboard.figures.events_reset.load(Relaxed));
}

/// Nanoseconds as seconds, exactly.
fn seconds(ns: u128) -> String {
    format!("{}.{:09}", ns / 1_000_000_000, ns % 1_000_000_000)
}
