//! Custody in time: a bar that shows when the seal was closed, and everything that seals and people said, in the log's order.

use super::{escaped, words};
use crate::evidence::{Checked, DeviceStatement, Shown, Signed};
use sealway_schemas::Time;
use sealway_schemas::report::Event;
use std::fmt::Write as _;

const WIDTH: f64 = 960.0;
const LEFT: f64 = 110.0;
const ROW: f64 = 34.0;
const TICKS: u32 = 5;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stretch {
    Closed,
    Open,
    Missing,
}

impl Stretch {
    fn colour(self) -> &'static str {
        match self {
            Self::Closed => "#2f9e6b",
            Self::Open => "#e3a23c",
            Self::Missing => "#d9534f",
        }
    }
}

pub(super) fn timeline(html: &mut String, checked: &Checked) {
    html.push_str("<h2>监管时间线 Custody timeline</h2>\n");
    bars(html, checked);
    html.push_str(
        "<table>\n<tr><th>条目 Entry</th><th>进入日志 Logged (UTC)</th><th>何人 Who</th><th>何事 What</th><th>签名 Signature</th></tr>\n",
    );
    let mut rows: Vec<(u64, String)> = checked.decisions.iter().map(|decision| (decision.entry, decision_row(decision))).collect();
    for device in &checked.devices {
        let told = device.reports.iter().filter(|report| report.event != Event::Periodic);
        rows.extend(told.map(|report| (report.entry, report_row(device, report))));
    }
    rows.sort();
    rows.iter().for_each(|(_, row)| html.push_str(row));
    html.push_str("</table>\n");
}

/// One bar for each seal, all on one scale of time.
fn bars(html: &mut String, checked: &Checked) {
    let times = || checked.devices.iter().flat_map(|device| device.reports.iter()).map(Shown::made);
    let (Some(from), Some(to)) = (times().min(), times().max()) else { return };
    let span = scaled(to.since(from)).max(1.0);
    let x = |at: Time| LEFT + scaled(at.since(from)) / span * (WIDTH - LEFT - 20.0);
    let mut height = 24.0;
    let mut drawn = String::new();
    for device in &checked.devices {
        let _ = writeln!(drawn, "<text x=\"6\" y=\"{:.0}\">{}</text>", height + 15.0, device.device);
        for (stretch, begin, end) in stretches(device) {
            let (left, width) = (x(begin), (x(end) - x(begin)).max(1.0));
            let colour = stretch.colour();
            let _ = writeln!(drawn, "<rect x=\"{left:.1}\" y=\"{height:.0}\" width=\"{width:.1}\" height=\"20\" fill=\"{colour}\"/>");
        }
        for report in device.reports.iter().filter(|report| words::alarming(report.event)) {
            let (at, (zh, en)) = (x(report.made()), words::event(report.event));
            let _ = writeln!(
                drawn,
                "<path d=\"M{at:.1} {:.0}l-4 -7h8z\" fill=\"#a8201a\"><title>#{} {zh} {en}</title></path>",
                height, report.ctr
            );
        }
        height += ROW;
    }
    for tick in 0..=TICKS {
        let at = from.plus_ms(to.since(from) * u64::from(tick) / u64::from(TICKS));
        let anchor = if tick == TICKS { "end" } else { "middle" };
        let text = if tick == 0 || tick == TICKS { at.utc() } else { at.utc().get(5..16).unwrap_or_default().to_owned() };
        let anchor = if tick == 0 { "start" } else { anchor };
        let _ = writeln!(drawn, "<path d=\"M{:.1} {:.0}v5\" stroke=\"#52606d\"/>", x(at), height - 6.0);
        let _ = writeln!(drawn, "<text x=\"{:.1}\" y=\"{:.0}\" text-anchor=\"{anchor}\">{text}</text>", x(at), height + 14.0);
    }
    let _ = writeln!(
        html,
        "<figure>\n<svg viewBox=\"0 0 {WIDTH} {:.0}\" role=\"img\" aria-label=\"监管 custody\">\n{drawn}</svg>",
        height + 24.0
    );
    let key = |colour: Stretch, text: &str| format!("<span class=\"key\" style=\"background:{}\"></span>{text}", colour.colour());
    let _ = writeln!(
        html,
        "<figcaption>{}{}{} · UTC</figcaption>\n</figure>",
        key(Stretch::Closed, "闭锁 closed"),
        key(Stretch::Open, "未闭锁 not closed"),
        key(Stretch::Missing, "缺少报告 reports missing")
    );
}

#[expect(clippy::cast_precision_loss, reason = "a drawing")]
fn scaled(ms: u64) -> f64 {
    ms as f64
}

/// From one report to the next the seal is taken to be as the first one said; neighbours of one kind are drawn as one.
fn stretches(device: &DeviceStatement) -> Vec<(Stretch, Time, Time)> {
    let mut stretches: Vec<(Stretch, Time, Time)> = Vec::new();
    for (report, next) in device.reports.iter().zip(device.reports.iter().skip(1)) {
        let (begin, end) = (report.made(), next.made().max(report.made()));
        let stretch = match (next.ctr > report.ctr + 1, report.closed) {
            (true, _) => Stretch::Missing,
            (false, true) => Stretch::Closed,
            (false, false) => Stretch::Open,
        };
        match stretches.last_mut() {
            Some((last, _, until)) if *last == stretch => *until = end.max(*until),
            _ => stretches.push((stretch, begin, end)),
        }
    }
    stretches
}

fn decision_row(decision: &Signed) -> String {
    let signature = match &decision.signed_by {
        Some(key) => format!("本人密钥 own key <code>{key}</code>"),
        None => "平台见证 platform".to_owned(),
    };
    format!(
        "<tr class=\"person\"><td>{}</td><td>{}</td><td>{} · {}</td><td>{} {} <code>{}</code></td><td>{signature}</td></tr>\n",
        decision.entry,
        decision.at.utc(),
        escaped(decision.user.as_str()),
        escaped(&decision.party),
        words::command(&decision.command),
        escaped(&decision.command),
        escaped(&decision.subject),
    )
}

fn report_row(device: &DeviceStatement, report: &Shown) -> String {
    let (zh, en) = words::event(report.event);
    let class = if words::alarming(report.event) { "alarm" } else { "device" };
    format!(
        "<tr class=\"{class}\"><td>{}</td><td>{}</td><td>关锁 seal {}</td><td>{zh} {en} · #{}</td><td>关锁密钥 seal's key</td></tr>\n",
        report.entry,
        report.not_after.utc(),
        device.device,
        report.ctr,
    )
}
