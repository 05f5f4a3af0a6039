//! The bundle as a page that people read, in Chinese and English. Made of what was checked and of nothing else, so a verifier makes it
//! again and compares.

use super::devices::{DeviceStatement, Shown};
use super::verify::{Checked, Verdict};
use sealway_schemas::report::Event;
use std::fmt::Write as _;

const STYLE: &str = "body{font:15px/1.5 system-ui,'Noto Sans CJK SC',sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;color:#16202a}\
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}table{border-collapse:collapse;width:100%}\
th,td{text-align:left;padding:.25rem .5rem;border-bottom:1px solid #d5dde5;vertical-align:top}\
.genuine{color:#0b6b3a}.incomplete{color:#8a5a00}.forged{color:#a8201a}svg{width:100%;height:20rem;background:#f3f6f9}\
code{font-size:.85em;word-break:break-all}";

/// HTML without anything from elsewhere: no script, no address.
#[must_use]
pub fn page(checked: &Checked) -> String {
    let mut html = String::with_capacity(16 * 1024);
    let title = format!("{} · 关途 Sealway", checked.transfer);
    // Writing into memory cannot fail.
    let _ = write!(
        html,
        "<!doctype html>\n<html lang=\"zh\">\n<head><meta charset=\"utf-8\"><title>{title}</title><style>{STYLE}</style></head>\n<body>\n"
    );
    summary(&mut html, checked);
    decisions(&mut html, checked);
    checked.devices.iter().for_each(|device| statement(&mut html, device));
    html.push_str("</body>\n</html>\n");
    html
}

fn summary(html: &mut String, checked: &Checked) {
    let (class, zh, en) = match checked.verdict {
        Verdict::Genuine => ("genuine", "真实完整", "genuine"),
        Verdict::Incomplete => ("incomplete", "不完整", "incomplete"),
        Verdict::Forged => ("forged", "伪造", "forged"),
    };
    let _ = writeln!(html, "<h1>转关 Transfer {}</h1>", checked.transfer);
    let _ = writeln!(html, "<p>结论 Verdict: <strong class=\"{class}\">{zh} · {en}</strong></p>");
    let _ = writeln!(
        html,
        "<p>日志 Log <code>{}</code>，条目 entries {}。用信任根核验 check with the trust root: \
         <code>sealway evidence verify FILE --trust ROOT</code></p>",
        escaped(&checked.log),
        checked.size
    );
    if !checked.reasons.is_empty() {
        html.push_str("<ul>\n");
        for reason in &checked.reasons {
            let _ = writeln!(html, "<li>{}</li>", escaped(&reason.to_string()));
        }
        html.push_str("</ul>\n");
    }
}

fn decisions(html: &mut String, checked: &Checked) {
    html.push_str("<h2>监管时间线 Custody timeline</h2>\n<table>\n<tr><th>条目 Entry</th><th>时间 Time (UTC)</th><th>何人 Who</th><th>何事 What</th><th>签名 Signature</th></tr>\n");
    let mut rows: Vec<(u64, String)> = checked.decisions.iter().map(|decision| (decision.entry, decision_row(decision))).collect();
    for device in &checked.devices {
        let told = device.reports.iter().filter(|report| report.event != Event::Periodic);
        rows.extend(told.map(|report| (report.entry, report_row(device, report))));
    }
    rows.sort();
    rows.iter().for_each(|(_, row)| html.push_str(row));
    html.push_str("</table>\n");
}

fn decision_row(decision: &super::people::Signed) -> String {
    let signature = decision.signed_by.as_ref().map_or_else(|| "平台见证 platform".to_owned(), |key| format!("<code>{key}</code>"));
    format!(
        "<tr><td>{}</td><td>{}</td><td>{} · {}</td><td>{} <code>{}</code></td><td>{signature}</td></tr>\n",
        decision.entry,
        decision.at.utc(),
        escaped(decision.user.as_str()),
        escaped(&decision.party),
        escaped(&decision.command),
        escaped(&decision.subject),
    )
}

fn report_row(device: &DeviceStatement, report: &Shown) -> String {
    format!(
        "<tr><td>{}</td><td>{}</td><td>关锁 seal {}</td><td>{} · #{}</td><td>Ed25519</td></tr>\n",
        report.entry,
        report.not_after.utc(),
        device.device,
        event(report.event),
        report.ctr,
    )
}

fn statement(html: &mut String, device: &DeviceStatement) {
    let _ = writeln!(html, "<h2>关锁 Seal {}</h2>", device.device);
    let key = device.public_key.map_or_else(String::new, |key| key.to_string());
    let _ = writeln!(html, "<p>公钥 Key <code>{key}</code></p>");
    let closed = device.reports.iter().filter(|report| report.closed).count();
    let _ = writeln!(
        html,
        "<p>报告 Reports #{} – #{}：{}，其中闭锁 closed {closed}。</p>",
        device.first_ctr,
        device.last_ctr,
        device.reports.len()
    );
    if device.missing.is_empty() {
        html.push_str("<p class=\"genuine\">计数连续，无一遗漏。 Counters are contiguous: nothing was left out.</p>\n");
    }
    for hole in &device.missing {
        let _ = writeln!(html, "<p class=\"incomplete\">缺失 Missing #{} – #{}</p>", hole.from, hole.to);
    }
    track(html, &device.reports);
}

/// The positions as a line, north up, in the proportions of their latitude.
fn track(html: &mut String, reports: &[Shown]) {
    let points: Vec<(f64, f64)> = reports.iter().filter_map(|report| Some((report.lon?, report.lat?))).collect();
    let bounds = points.iter().fold((f64::MAX, f64::MIN, f64::MAX, f64::MIN), |(west, east, south, north), (lon, lat)| {
        (west.min(*lon), east.max(*lon), south.min(*lat), north.max(*lat))
    });
    let (west, east, south, north) = bounds;
    if points.len() < 2 {
        return;
    }
    let shrink = f64::midpoint(south, north).to_radians().cos();
    let (width, height) = (((east - west) * shrink).max(0.001), (north - south).max(0.001));
    let line: Vec<String> = points.iter().map(|(lon, lat)| format!("{:.4},{:.4}", (lon - west) * shrink, north - lat)).collect();
    let _ = writeln!(
        html,
        "<svg viewBox=\"0 0 {width:.4} {height:.4}\" role=\"img\" aria-label=\"轨迹 track\"><polyline points=\"{}\" fill=\"none\" \
         stroke=\"#0b5fa5\" stroke-width=\"2\" vector-effect=\"non-scaling-stroke\"/></svg>\n\
         <p>{south:.4} – {north:.4} N, {west:.4} – {east:.4} E</p>",
        line.join(" ")
    );
}

fn event(event: Event) -> &'static str {
    match event {
        Event::Periodic => "定时 periodic",
        Event::Sealed => "施封 sealed",
        Event::OpenedByGrant => "许可解封 opened by grant",
        Event::Opened => "开锁 opened",
        Event::CableCut => "剪缆 cable cut",
        Event::HousingOpened => "拆壳 housing opened",
        Event::MotorStuck => "电机卡滞 motor stuck",
        Event::Shock => "震动 shock",
        Event::Light => "光照 light",
        Event::MountLost => "脱离 mount lost",
        Event::LowBattery => "低电 low battery",
        Event::FixLost => "失去定位 fix lost",
        Event::Jammed => "干扰 jammed",
        Event::ZoneEntered => "进区 zone entered",
        Event::ZoneLeft => "出区 zone left",
        Event::PowerOn => "上电 power on",
        Event::ChallengeAnswer => "应答 challenge answer",
        Event::Gap => "断链声明 gap",
        Event::WrongCredential => "凭证错误 wrong credential",
        Event::SelfTest => "自检 self test",
        Event::Unknown(_) => "未知 unknown",
    }
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
