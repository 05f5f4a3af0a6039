//! Logging: pretty or JSON on standard error. A storm of one cause folds into a counted line.

use crate::config::{Log, LogFormat};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tracing::callsite::Identifier;
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Filter, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

/// So many lines of one cause are written in one [`WINDOW`]; the rest are counted.
const LINES: u32 = 10;
const WINDOW: Duration = Duration::from_secs(5);

/// Starts logging for the process. A second call changes nothing.
pub(crate) fn start(log: &Log) {
    let storms = Storms::default();
    // The event router tells of every link at info; whoever wants to hear that names it.
    let quiet = if log.filter.contains("rumqttd") { "" } else { ",rumqttd=warn" };
    let filter = EnvFilter::try_new(format!("{}{quiet}", log.filter)).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = match log.format {
        LogFormat::Pretty => lines.with_target(false).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    let started = tracing_subscriber::registry().with(filter).with(lines.with_filter(storms.clone())).try_init();
    if started.is_ok() {
        std::thread::spawn(move || storms.tell());
    }
}

/// Counts the lines of each place in the code.
#[derive(Debug, Clone, Default)]
struct Storms(Arc<Mutex<HashMap<Identifier, Storm>>>);

#[derive(Debug)]
struct Storm {
    since: Instant,
    lines: u32,
    name: String,
}

impl Storms {
    /// Whether one more line of this cause is still written.
    fn let_pass(&self, cause: &'static Metadata<'static>, now: Instant) -> bool {
        let mut storms = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let storm = storms.entry(cause.callsite()).or_insert_with(|| Storm { since: now, lines: 0, name: place(cause) });
        storm.lines = storm.lines.saturating_add(1);
        storm.lines <= LINES
    }

    /// Ends the windows that are over; what was folded in each is returned.
    fn take_folded(&self, now: Instant) -> Vec<(String, u32)> {
        let mut storms = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let over = storms.extract_if(|_, storm| now.duration_since(storm.since) >= WINDOW);
        over.map(|(_, storm)| (storm.name, storm.lines.saturating_sub(LINES))).filter(|(_, folded)| *folded > 0).collect()
    }

    fn tell(&self) {
        loop {
            std::thread::sleep(WINDOW);
            for (cause, folded) in self.take_folded(Instant::now()) {
                tracing::warn!(cause, folded, "more lines of one cause were folded");
            }
        }
    }
}

fn place(cause: &Metadata<'_>) -> String {
    format!("{}:{}", cause.file().unwrap_or(cause.target()), cause.line().unwrap_or_default())
}

impl<S: Subscriber> Filter<S> for Storms {
    fn enabled(&self, _: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        true
    }

    fn event_enabled(&self, event: &Event<'_>, _: &Context<'_, S>) -> bool {
        self.let_pass(event.metadata(), Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing_subscriber::fmt::MakeWriter;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl<'a> MakeWriter<'a> for Lines {
        type Writer = Lines;

        fn make_writer(&'a self) -> Lines {
            self.clone()
        }
    }

    #[test]
    fn a_storm_of_one_cause_folds_into_a_count() {
        let (storms, lines) = (Storms::default(), Lines::default());
        let layer = tracing_subscriber::fmt::layer().with_writer(lines.clone()).with_filter(storms.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            for number in 0..1000 {
                tracing::warn!(number, "the same again");
            }
            tracing::warn!("another cause");
        });
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text.lines().count(), LINES as usize + 1, "{text}");
        let folded = storms.take_folded(Instant::now() + WINDOW);
        assert_eq!(folded.iter().map(|(_, count)| *count).collect::<Vec<_>>(), [1000 - LINES]);
    }
}
