//! The track as a drawing: the corridor, the way that the reports show, where reports are missing, and what happened where.

use super::words;
use crate::evidence::{Checked, DeviceStatement, Shown};
use sealway_schemas::report::Event;
use std::collections::BTreeMap;
use std::fmt::Write as _;

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 480.0;
const MARGIN: f64 = 36.0;
/// Degrees; a standing seal is not drawn as a journey across the page.
const SMALLEST: f64 = 0.002;
/// Marks of events at most: the timeline has all of them.
const MARKS: usize = 80;
const KM_OF_A_DEGREE: f64 = 111.32;

/// Longitude and latitude onto the drawing, north up, in the proportions of the middle latitude.
struct Plan {
    west: f64,
    north: f64,
    shrink: f64,
    scale: f64,
    left: f64,
    top: f64,
}

impl Plan {
    fn over(points: impl Iterator<Item = (f64, f64)>) -> Option<Self> {
        let mut bounds: Option<(f64, f64, f64, f64)> = None;
        for (lon, lat) in points {
            let (west, east, south, north) = bounds.unwrap_or((lon, lon, lat, lat));
            bounds = Some((west.min(lon), east.max(lon), south.min(lat), north.max(lat)));
        }
        let (west, east, south, north) = bounds?;
        let shrink = f64::midpoint(south, north).to_radians().cos();
        let (across, down) = (((east - west) * shrink).max(SMALLEST), (north - south).max(SMALLEST));
        let scale = ((WIDTH - 2.0 * MARGIN) / across).min((HEIGHT - 2.0 * MARGIN) / down);
        let (left, top) = ((WIDTH - (east - west) * shrink * scale) / 2.0, (HEIGHT - (north - south) * scale) / 2.0);
        Some(Self { west, north, shrink, scale, left, top })
    }

    fn at(&self, (lon, lat): (f64, f64)) -> (f64, f64) {
        (self.left + (lon - self.west) * self.shrink * self.scale, self.top + (self.north - lat) * self.scale)
    }

    fn line(&self, points: impl Iterator<Item = (f64, f64)>) -> String {
        let drawn = points.map(|point| self.at(point)).map(|(x, y)| format!("{x:.1},{y:.1}"));
        drawn.collect::<Vec<_>>().join(" ")
    }

    /// A round length of about a fifth of the drawing: kilometres, and its width.
    fn scale_bar(&self) -> (f64, f64) {
        let per_km = self.scale / KM_OF_A_DEGREE;
        let wanted = WIDTH / 5.0 / per_km;
        let power = 10_f64.powf(wanted.log10().floor());
        let km = [5.0, 2.0, 1.0].into_iter().map(|step| step * power).find(|km| *km <= wanted).unwrap_or(power);
        (km, km * per_km)
    }
}

pub(super) fn map(html: &mut String, checked: &Checked) {
    let reports = checked.devices.iter().flat_map(|device| device.reports.iter());
    let last = reports.clone().map(|report| report.t).max();
    let mut lines: BTreeMap<&str, &[(f64, f64)]> = BTreeMap::new();
    // The newest of those that began before the way was over; what was planned for later is no line of it.
    let mut versions: Vec<_> = checked.corridors.iter().filter(|version| last.is_none_or(|last| version.effective_from <= last)).collect();
    versions.sort_by_key(|version| version.effective_from);
    lines.extend(versions.into_iter().map(|version| (version.id.as_str(), version.line.as_slice())));
    let Some(plan) = Plan::over(reports.filter_map(Shown::place).chain(lines.values().copied().flatten().copied())) else { return };
    html.push_str("<h2>轨迹 Track</h2>\n<figure>\n");
    let _ = writeln!(html, "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"轨迹 track\">");
    for line in lines.values().filter(|line| !line.is_empty()) {
        let points = plan.line(line.iter().copied());
        let _ = writeln!(
            html,
            "<polyline points=\"{points}\" fill=\"none\" stroke=\"#d3dce5\" stroke-width=\"9\" stroke-linejoin=\"round\" stroke-linecap=\"round\"/>"
        );
    }
    for device in &checked.devices {
        way(html, &plan, device);
    }
    let mut marks = 0;
    for device in &checked.devices {
        marks += events(html, &plan, &device.reports, MARKS - marks);
    }
    ends(html, &plan, checked);
    furniture(html, &plan);
    html.push_str("</svg>\n");
    caption(html, checked);
    html.push_str("</figure>\n");
}

/// Solid where one report follows the other, dashed over counters that are missing.
fn way(html: &mut String, plan: &Plan, device: &DeviceStatement) {
    let mut run: Vec<(f64, f64)> = Vec::new();
    let mut last: Option<&Shown> = None;
    for report in device.reports.iter().filter(|report| report.place().is_some()) {
        let Some(place) = report.place() else { continue };
        let holed = last.is_some_and(|last| device.missing.iter().any(|hole| last.ctr < hole.from && hole.to < report.ctr));
        if holed {
            let from = run.last().copied();
            stroke(html, plan, &std::mem::take(&mut run), false);
            stroke(html, plan, &from.into_iter().chain([place]).collect::<Vec<_>>(), true);
        }
        run.push(place);
        last = Some(report);
    }
    stroke(html, plan, &run, false);
}

fn stroke(html: &mut String, plan: &Plan, points: &[(f64, f64)], missing: bool) {
    if points.len() < 2 {
        return;
    }
    let style =
        if missing { "stroke=\"#a8201a\" stroke-width=\"2\" stroke-dasharray=\"6 5\"" } else { "stroke=\"#0b5fa5\" stroke-width=\"2.5\"" };
    let line = plan.line(points.iter().copied());
    let _ = writeln!(html, "<polyline points=\"{line}\" fill=\"none\" {style} stroke-linejoin=\"round\"/>");
}

/// How many were drawn.
fn events(html: &mut String, plan: &Plan, reports: &[Shown], most: usize) -> usize {
    let told = reports.iter().filter(|report| report.event != Event::Periodic && report.place().is_some());
    let mut drawn = 0;
    for report in told.take(most) {
        let Some(place) = report.place() else { continue };
        let ((x, y), (zh, en)) = (plan.at(place), words::event(report.event));
        let colour = if words::alarming(report.event) { "#a8201a" } else { "#0b6b3a" };
        let _ = writeln!(
            html,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"5\" fill=\"#fff\" stroke=\"{colour}\" stroke-width=\"2.5\"><title>#{} {zh} {en} · {} UTC</title></circle>",
            report.ctr,
            report.made().utc()
        );
        drawn += 1;
    }
    drawn
}

fn ends(html: &mut String, plan: &Plan, checked: &Checked) {
    let placed = || checked.devices.iter().flat_map(|device| device.reports.iter()).filter(|report| report.place().is_some());
    for (report, zh, en, up) in [(placed().next(), "始", "start", -12.0), (placed().next_back(), "终", "end", 22.0)] {
        let Some((report, place)) = report.and_then(|report| Some((report, report.place()?))) else { continue };
        let (x, y) = plan.at(place);
        let anchor = if x > WIDTH / 2.0 { "end" } else { "start" };
        let _ = writeln!(html, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"#16202a\"/>");
        let _ = writeln!(
            html,
            "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{zh} {en} · #{} · {} UTC</text>",
            (y + up).clamp(14.0, HEIGHT - 8.0),
            report.ctr,
            report.made().utc()
        );
    }
}

fn furniture(html: &mut String, plan: &Plan) {
    let (km, width) = plan.scale_bar();
    let (x, y) = (MARGIN / 2.0, HEIGHT - 14.0);
    let _ = writeln!(html, "<path d=\"M{x} {:.1}v6h{width:.1}v-6\" fill=\"none\" stroke=\"#52606d\" stroke-width=\"1.5\"/>", y - 6.0);
    let _ = writeln!(html, "<text x=\"{:.1}\" y=\"{y}\">{km} km</text>", x + width + 6.0);
    let _ = writeln!(
        html,
        "<path d=\"M{0} 34l-6 12h12z\" fill=\"#52606d\"/><text x=\"{0}\" y=\"26\" text-anchor=\"middle\">北 N</text>",
        WIDTH - 26.0
    );
}

fn caption(html: &mut String, checked: &Checked) {
    let places: Vec<(f64, f64)> = checked.devices.iter().flat_map(|device| device.reports.iter()).filter_map(Shown::place).collect();
    let least = |of: fn(&(f64, f64)) -> f64| places.iter().map(of).fold(f64::INFINITY, f64::min);
    let most = |of: fn(&(f64, f64)) -> f64| places.iter().map(of).fold(f64::NEG_INFINITY, f64::max);
    html.push_str("<figcaption><span class=\"key\" style=\"background:#0b5fa5\"></span>报告所示路线 way that the reports show");
    html.push_str("<span class=\"key\" style=\"background:#d3dce5\"></span>走廊 corridor");
    html.push_str("<span class=\"key\" style=\"background:#a8201a\"></span>缺失或异常 missing or alarming");
    if !places.is_empty() {
        let (south, north) = (least(|place| place.1), most(|place| place.1));
        let (west, east) = (least(|place| place.0), most(|place| place.0));
        let _ = write!(html, "<br>{south:.4} – {north:.4}° N, {west:.4} – {east:.4}° E, WGS-84");
    }
    html.push_str("</figcaption>\n");
}
