//! The bundle as a page that people read, in Chinese and English. Made of what was checked and of nothing else, so a verifier makes it
//! again and compares.

mod custody;
mod track;
mod words;

use super::devices::{DeviceStatement, Shown};
use super::verify::{Checked, Verdict};
use sealway_schemas::report::Event;
use std::fmt::Write as _;

const STYLE: &str = include_str!("style.css");

/// HTML without anything from elsewhere: no script, no address.
#[must_use]
pub fn page(checked: &Checked) -> String {
    let mut html = String::with_capacity(64 * 1024);
    let title = format!("{} · 关途 Sealway", checked.transfer);
    // Writing into memory cannot fail.
    let _ = writeln!(html, "<!doctype html>\n<html lang=\"zh\">\n<head><meta charset=\"utf-8\">");
    let _ = writeln!(html, "<meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title>");
    let _ = writeln!(html, "<style>{STYLE}</style></head>\n<body>");
    summary(&mut html, checked);
    facts(&mut html, checked);
    track::map(&mut html, checked);
    custody::timeline(&mut html, checked);
    checked.devices.iter().for_each(|device| statement(&mut html, device));
    meaning(&mut html, checked);
    html.push_str("</body>\n</html>\n");
    html
}

fn summary(html: &mut String, checked: &Checked) {
    let (class, zh, en) = words::verdict(checked.verdict);
    let _ = writeln!(html, "<header><p class=\"kicker\">关途 Sealway · 监管证据 Evidence of custody</p>");
    let _ = writeln!(html, "<h1>转关 Transfer {}</h1></header>", checked.transfer);
    let (zh_meaning, en_meaning) = words::meaning(checked.verdict);
    let _ = writeln!(html, "<section class=\"verdict {class}\"><p>结论 Verdict</p><strong>{zh} · {en}</strong>");
    let _ = writeln!(html, "<p>{zh_meaning}</p><p lang=\"en\">{en_meaning}</p></section>");
    if checked.reasons.is_empty() {
        return;
    }
    html.push_str("<h2>理由 Reasons</h2>\n<ul class=\"reasons\">\n");
    for reason in &checked.reasons {
        let (class, ..) = words::verdict(reason.verdict);
        let entry = reason.entry.map_or_else(String::new, |entry| format!("条目 entry {entry} · "));
        let _ = writeln!(
            html,
            "<li class=\"{class}\">{entry}{}<br><span lang=\"en\">{}</span></li>",
            escaped(&reason.zh),
            escaped(&reason.text)
        );
    }
    html.push_str("</ul>\n");
}

fn facts(html: &mut String, checked: &Checked) {
    html.push_str("<h2>概要 Summary</h2>\n<table class=\"facts\">\n");
    let mut fact = |name: &str, value: String| {
        let _ = writeln!(html, "<tr><th>{name}</th><td>{value}</td></tr>");
    };
    if let Some(declared) = &checked.declared {
        fact("承运人 Carrier", escaped(&declared.carrier));
        fact("载货单元 Cargo unit", escaped(&declared.unit));
        fact("起运地 → 目的地 From → to", format!("{} → {}", escaped(&declared.origin), escaped(&declared.destination)));
        fact("申报 Declared", format!("{} UTC · 条目 entry {}", declared.at.utc(), declared.entry));
        for version in &checked.corridors {
            let width = version.width_m.map_or_else(String::new, |width| format!(" · ±{width} m"));
            let (id, from) = (escaped(&version.id), version.effective_from.utc());
            let text = format!("{id} · 版本 version: 条目 entry {} · {from} UTC 起生效 in force from{width}", version.entry);
            fact("走廊 Corridor", text);
        }
    }
    let reports: usize = checked.devices.iter().map(|device| device.reports.len()).sum();
    fact("关锁报告 Seal reports", reports.to_string());
    let entries = format!("{} / {} · <code>{}</code>", checked.entries, checked.size, escaped(&checked.log));
    fact("日志条目 Entries shown / in the log", entries);
    if let Some(older) = checked.grown_from {
        let text = format!("{older} 条时的日志经见证联署，此后只增不改 cosigned at {older} entries, only grown since");
        fact("较早检查点 Older checkpoint", text);
    }
    html.push_str("</table>\n");
}

fn statement(html: &mut String, device: &DeviceStatement) {
    let _ = writeln!(html, "<h2>关锁 Seal {}</h2>", device.device);
    let key = device.public_key.map_or_else(String::new, |key| key.to_string());
    let closed = device.reports.iter().filter(|report| report.closed).count();
    let _ = writeln!(html, "<table class=\"facts\">\n<tr><th>登记公钥 Enrolled key</th><td><code>{key}</code></td></tr>");
    let range = format!("#{} – #{}", device.first_ctr, device.last_ctr);
    let _ = writeln!(html, "<tr><th>报告 Reports</th><td>{range} · {} · 闭锁 closed {closed}</td></tr>", device.reports.len());
    let proved = device.reports.iter().filter(|report| report.not_before.is_some()).count();
    let widest = device.reports.iter().filter_map(|report| Some(report.not_after.since(report.not_before?))).max();
    let widest = widest.map_or_else(String::new, |ms| format!(" · 最宽 widest {}", words::duration(ms)));
    let _ = writeln!(html, "<tr><th>证实时间窗 Proven time window</th><td>{proved} / {}{widest}</td></tr>\n</table>", device.reports.len());
    if device.missing.is_empty() {
        let _ = writeln!(
            html,
            "<p class=\"statement genuine\">计数 {range} 连续，每份报告都含前一份的摘要：无一遗漏，无一插入。<br>\
             <span lang=\"en\">Counters {range} are contiguous and each report names the digest of the one before: \
             nothing was left out and nothing was put in.</span></p>"
        );
    }
    for hole in &device.missing {
        let (zh, en) = if hole.declared {
            ("关锁签名声明已丢失", "the seal signed that it lost them")
        } else {
            ("无人说明", "unexplained")
        };
        let _ = writeln!(html, "<p class=\"statement incomplete\">缺失 Missing #{} – #{}：{zh} · {en}</p>", hole.from, hole.to);
    }
    windows(html, &device.reports);
}

/// When each report that is more than routine was made, as far as it is proved.
fn windows(html: &mut String, reports: &[Shown]) {
    let told: Vec<&Shown> = reports.iter().filter(|report| report.event != Event::Periodic).collect();
    if told.is_empty() {
        return;
    }
    html.push_str("<table>\n<tr><th>报告 Report</th><th>事件 Event</th><th>不早于 Not before</th><th>不晚于 Not after</th><th>关锁时钟 Seal's clock</th></tr>\n");
    for report in told {
        let before = report.not_before.map_or_else(|| "–".to_owned(), sealway_schemas::Time::utc);
        let (zh, en) = words::event(report.event);
        let _ = writeln!(
            html,
            "<tr><td>#{} · 会话 epoch {}</td><td>{zh} {en}</td><td>{before}</td><td>{}</td><td>{}</td></tr>",
            report.ctr,
            report.epoch,
            report.not_after.utc(),
            report.t.utc()
        );
    }
    html.push_str("</table>\n");
}

fn meaning(html: &mut String, checked: &Checked) {
    html.push_str("<h2>如何解读 How to read this</h2>\n<dl>\n");
    for verdict in [Verdict::Genuine, Verdict::Incomplete, Verdict::Forged] {
        let (class, zh, en) = words::verdict(verdict);
        let (zh_meaning, en_meaning) = words::meaning(verdict);
        let _ = writeln!(html, "<dt class=\"{class}\">{zh} · {en}</dt><dd>{zh_meaning}<br><span lang=\"en\">{en_meaning}</span></dd>");
    }
    for (zh, en, zh_text, en_text) in words::TERMS {
        let _ = writeln!(html, "<dt>{zh} · {en}</dt><dd>{zh_text}<br><span lang=\"en\">{en_text}</span></dd>");
    }
    html.push_str("</dl>\n");
    let _ = writeln!(
        html,
        "<p class=\"foot\">本页由证据内容生成；结论应以自行核验为准 This page is made of the evidence; believe your own check: \
         <code>sealway evidence verify {}.zip --trust root.pub</code></p>",
        checked.transfer
    );
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_wrote_is_shown_and_never_obeyed() {
        assert_eq!(escaped("<script>\"'&"), "&lt;script&gt;&quot;&#39;&amp;");
    }
}
