//! The front's counters in the text format of Prometheus, for `/metrics`.

use sealway_broker::{EventRouter, Front};
use std::fmt::Write as _;
use std::sync::Arc;

pub(crate) fn text(front: &Arc<Front>, router: &EventRouter) -> String {
    let counters = front.counters();
    let events = router.counters();
    let mut out = String::new();
    let gauges = [("open", counters.open), ("half_open", counters.half_open), ("listeners", counters.listeners)];
    for (name, value) in gauges {
        line(&mut out, "gauge", &format!("sealway_front_connections_{name}"), value);
    }
    let counts = [
        ("accepted_total", counters.accepted),
        ("admitted_total", counters.admitted),
        ("taken_over_total", counters.taken_over),
        ("published_total", counters.published),
        ("published_bytes_total", counters.published_bytes),
        ("uploads_total", counters.uploads),
        ("pubacks_total", counters.pubacks),
        ("puback_writes_total", counters.puback_writes),
        ("downs_sent_total", counters.downs_sent),
        ("acks_superseded_total", counters.acks_superseded),
        ("events_sent_total", counters.events_sent),
        ("events_routed_total", events.published),
        ("events_shed_total", events.shed),
    ];
    for (name, value) in counts {
        line(&mut out, "counter", &format!("sealway_front_{name}"), value);
    }
    line(&mut out, "gauge", "sealway_front_event_router_alive", u64::from(events.alive));
    out.push_str("# TYPE sealway_front_refused_total counter\n");
    for (reason, count) in counters.refused {
        // Writing into a text cannot fail.
        let _written = writeln!(out, "sealway_front_refused_total{{reason=\"{reason}\"}} {count}");
    }
    out
}

fn line(out: &mut String, kind: &str, name: &str, value: u64) {
    // Writing into a text cannot fail.
    let _written = writeln!(out, "# TYPE {name} {kind}\n{name} {value}");
}
