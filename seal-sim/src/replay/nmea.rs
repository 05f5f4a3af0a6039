//! NMEA 0183 as receivers speak it: RMC, GGA and GSV under any talker, everything else skipped.
//!
//! An own parser: two sentences decide, the mode field of RMC has to be obeyed, and positions go to 1e-7 degree without a
//! detour. A sentence begins at its `$`, whatever stands before it on the line, and counts with a right checksum only.

use super::{ReplayPoint, Summary};
use crate::number;
use sealway_schemas::report::Fix;

const KNOT_CM_S: f64 = 51.4444;
/// Error of one pseudorange, decimetres: times HDOP it is the accuracy.
const RANGE_ERROR_DM: f64 = 50.0;
/// Where the receiver gives no HDOP.
const UNKNOWN_HDOP: f64 = 2.0;
const SECOND_MS: u64 = 1_000;
const DAY_MS: u64 = 86_400_000;

/// What one epoch of the receiver said.
#[derive(Debug, Clone, Default)]
struct Epoch {
    time_of_day_ms: Option<u64>,
    rmc: Option<Rmc>,
    gga: Option<Gga>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Rmc {
    /// Days since 1970.
    day: Option<u64>,
    position: Option<(i64, i64)>,
    speed_cm_s: Option<u64>,
    heading_ddeg: Option<u64>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Gga {
    position: Option<(i64, i64)>,
    satellites: u64,
    hdop: Option<f64>,
}

#[derive(Default)]
struct Reader {
    summary: Summary,
    epoch: Epoch,
    day: Option<u64>,
    motion: (u64, u64),
    cn0_ddbhz: u64,
    snr: Vec<u64>,
    /// Those without a time wait for the first that has one.
    points: Vec<(Option<u64>, Option<Fix>)>,
}

pub(super) fn read(text: &str) -> (Vec<ReplayPoint>, Summary) {
    let mut reader = Reader::default();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let Some(start) = line.find('$') else { continue };
        match line.get(start + 1..).and_then(checked) {
            Some(sentence) => reader.take(sentence),
            None => reader.summary.bad_checksum += 1,
        }
    }
    reader.end_epoch();
    (timed(&reader.points), reader.summary)
}

/// The sentence between `$` and `*`, if the checksum is right.
fn checked(line: &str) -> Option<&str> {
    let (sentence, checksum) = line.trim_end().rsplit_once('*')?;
    let expected = u8::from_str_radix(checksum.get(..2)?, 16).ok()?;
    let found = sentence.bytes().fold(0, |sum, byte| sum ^ byte);
    (found == expected).then_some(sentence)
}

impl Reader {
    fn take(&mut self, sentence: &str) {
        let fields: Vec<&str> = sentence.split(',').collect();
        let kind = fields.first().copied().filter(|address| address.len() == 5).and_then(|address| address.get(2..));
        match kind {
            Some("RMC") => self.take_rmc(&fields),
            Some("GGA") => self.take_gga(&fields),
            Some("GSV") => self.take_gsv(&fields),
            _ => self.summary.skipped += 1,
        }
    }

    /// `$--RMC,time,status,lat,N,lon,E,knots,course,ddmmyy,variation,E,mode*hh`
    fn take_rmc(&mut self, fields: &[&str]) {
        let field = |at: usize| fields.get(at).copied().unwrap_or_default();
        self.summary.rmc += 1;
        let valid = field(2) == "A" && matches!(field(12), "" | "A" | "D" | "F" | "P" | "R");
        self.summary.rmc_void += usize::from(!valid);
        let decimal = |at| field(at).parse::<f64>().ok();
        let rmc = Rmc {
            day: day(field(9)),
            position: position(field(3), field(4), field(5), field(6)).filter(|_| valid),
            speed_cm_s: decimal(7).map(|knots| number::counted(knots * KNOT_CM_S)),
            heading_ddeg: decimal(8).map(number::heading_ddeg),
        };
        self.join(time_of_day(field(1)), |epoch| epoch.rmc.is_some());
        self.epoch.rmc = Some(rmc);
    }

    /// `$--GGA,time,lat,N,lon,E,quality,satellites,hdop,...*hh`
    fn take_gga(&mut self, fields: &[&str]) {
        let field = |at: usize| fields.get(at).copied().unwrap_or_default();
        self.summary.gga += 1;
        let valid = matches!(field(6), "1" | "2" | "3" | "4" | "5");
        self.summary.gga_no_fix += usize::from(!valid);
        let gga = Gga {
            position: position(field(2), field(3), field(4), field(5)).filter(|_| valid),
            satellites: field(7).parse().unwrap_or_default(),
            hdop: field(8).parse().ok().filter(|hdop: &f64| *hdop > 0.0),
        };
        self.join(time_of_day(field(1)), |epoch| epoch.gga.is_some());
        self.epoch.gga = Some(gga);
    }

    /// `$--GSV,sentences,number,satellites,[id,elevation,azimuth,C/N0]*hh`
    fn take_gsv(&mut self, fields: &[&str]) {
        self.summary.skipped += 1;
        let strengths = fields.iter().skip(7).step_by(4);
        self.snr.extend(strengths.filter_map(|text| text.parse::<u64>().ok()).filter(|strength| *strength > 0));
    }

    /// Goes on with the epoch that stands, or ends it and begins the next.
    fn join(&mut self, time_of_day_ms: Option<u64>, taken: impl Fn(&Epoch) -> bool) {
        let begun = self.epoch.rmc.is_some() || self.epoch.gga.is_some();
        if begun && (self.epoch.time_of_day_ms != time_of_day_ms || taken(&self.epoch)) {
            self.end_epoch();
        }
        self.epoch.time_of_day_ms = time_of_day_ms;
    }

    fn end_epoch(&mut self) {
        let epoch = std::mem::take(&mut self.epoch);
        if epoch.rmc.is_none() && epoch.gga.is_none() {
            return;
        }
        if let Some(rmc) = epoch.rmc {
            self.day = rmc.day.or(self.day);
            self.motion = (rmc.speed_cm_s.unwrap_or(self.motion.0), rmc.heading_ddeg.unwrap_or(self.motion.1));
        }
        let strengths = std::mem::take(&mut self.snr);
        if !strengths.is_empty() {
            self.cn0_ddbhz = strengths.iter().sum::<u64>() * 10 / strengths.len() as u64;
        }
        let t_ms = self.day.zip(epoch.time_of_day_ms).map(|(day, time)| day * DAY_MS + time);
        self.points.push((t_ms, self.fix(&epoch)));
    }

    /// A void RMC says that there is none, whatever GGA repeats.
    fn fix(&self, epoch: &Epoch) -> Option<Fix> {
        let (lat_e7, lon_e7) = match (epoch.rmc, epoch.gga) {
            (Some(rmc), _) => rmc.position?,
            (None, gga) => gga?.position?,
        };
        let gga = epoch.gga.unwrap_or_default();
        Some(Fix {
            lat_e7,
            lon_e7,
            accuracy_dm: number::counted(gga.hdop.unwrap_or(UNKNOWN_HDOP) * RANGE_ERROR_DM),
            speed_cm_s: self.motion.0,
            heading_ddeg: self.motion.1,
            satellites: gga.satellites,
            cn0_ddbhz: self.cn0_ddbhz,
        })
    }
}

/// Moments without a time: a second each, up to the first that has one, or on from the last that had.
fn timed(points: &[(Option<u64>, Option<Fix>)]) -> Vec<ReplayPoint> {
    let untimed = points.iter().take_while(|(t_ms, _)| t_ms.is_none()).count() as u64;
    let first = points.iter().find_map(|(t_ms, _)| *t_ms).unwrap_or_default();
    let mut last = first.saturating_sub((untimed + 1) * SECOND_MS);
    let mut all = Vec::with_capacity(points.len());
    for (t_ms, fix) in points {
        last = t_ms.unwrap_or(last + SECOND_MS);
        all.push(ReplayPoint { t_ms: last, timed: t_ms.is_some(), fix: *fix });
    }
    all
}

/// `hhmmss` with decimals, as milliseconds of the day.
fn time_of_day(text: &str) -> Option<u64> {
    let two = |at: usize| text.get(at..at + 2).and_then(|digits| digits.parse::<u64>().ok());
    let (hours, minutes, seconds) = (two(0)?, two(2)?, two(4)?);
    let fraction = match text.get(6..)?.strip_prefix('.') {
        Some(digits) => number::counted(format!("0.{digits}").parse::<f64>().ok()? * 1000.0),
        None => 0,
    };
    (hours < 24 && minutes < 60 && seconds <= 60).then_some(((hours * 60 + minutes) * 60 + seconds) * SECOND_MS + fraction)
}

/// `ddmmyy` as days since 1970. Years up to 79 are of this century.
fn day(text: &str) -> Option<u64> {
    let two = |at: usize| text.get(at..at + 2).and_then(|digits| digits.parse::<u64>().ok());
    let (day, month, year) = (two(0)?, two(2)?, two(4)?);
    if text.len() != 6 || !(1..=31).contains(&day) || !(1..=12).contains(&month) {
        return None;
    }
    let year = if year < 80 { 2000 + year } else { 1900 + year };
    // Days from civil (Hinnant), for years after 1970: the year begins in March.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let of_year = (153 * month + 2) / 5 + day - 1;
    Some(year * 365 + year / 4 - year / 100 + year / 400 + of_year - 719_468)
}

/// `ddmm.mmmm,N,dddmm.mmmm,E` in 1e-7 degree.
fn position(lat: &str, north: &str, lon: &str, east: &str) -> Option<(i64, i64)> {
    let lat = angle(lat, 2, 90)? * sign(north, "N", "S")?;
    let lon = angle(lon, 3, 180)? * sign(east, "E", "W")?;
    Some((lat, lon))
}

fn sign(text: &str, positive: &str, negative: &str) -> Option<i64> {
    if text == positive {
        Some(1)
    } else if text == negative {
        Some(-1)
    } else {
        None
    }
}

fn angle(text: &str, degree_digits: usize, limit: i64) -> Option<i64> {
    let degrees: i64 = text.get(..degree_digits)?.parse().ok()?;
    let minutes: f64 = text.get(degree_digits..)?.parse().ok().filter(|minutes| (0.0..60.0).contains(minutes))?;
    let angle = degrees * 10_000_000 + number::rounded(minutes * 1e7 / 60.0);
    (angle <= limit * 10_000_000).then_some(angle)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(sentence: &str) -> String {
        format!("${sentence}*{:02X}\r\n", sentence.bytes().fold(0, |sum, byte| sum ^ byte))
    }

    #[test]
    fn sentences_of_one_time_become_one_moment() {
        let log = line("GPRMC,094737,A,5251.0093,N,00518.8170,E,5.6,230.5,200818,1.4,E,A")
            + &line("GPGGA,094737,5251.0085,N,00518.8151,E,1,12,0.60,-4,M,46.8,M,,");
        let (points, summary) = read(&log);
        assert_eq!((points.len(), summary.rmc, summary.gga), (1, 1, 1));
        let fix = points[0].fix.unwrap();
        assert_eq!((fix.lat_e7, fix.lon_e7), (528_501_550, 53_136_167));
        assert_eq!((fix.speed_cm_s, fix.heading_ddeg, fix.satellites, fix.accuracy_dm), (288, 2305, 12, 30));
        assert_eq!(points[0].t_ms, 1_534_758_457_000);
    }

    #[test]
    fn status_v_and_modes_e_m_s_are_no_fix() {
        for (status, mode) in [("V", "A"), ("A", "E"), ("A", "M"), ("A", "S"), ("A", "N")] {
            let (points, summary) = read(&line(&format!("GNRMC,094737,{status},5251.0093,N,00518.8170,E,5.6,230.5,200818,,,{mode}")));
            assert_eq!((points[0].fix, summary.rmc_void), (None, 1), "{status} {mode}");
        }
    }

    #[test]
    fn a_wrong_checksum_an_unknown_sentence_and_a_comment_are_skipped() {
        let log =
            "# $GPRMC in a comment\n$GPRMC,094737,A,5251.0093,N,00518.8170,E,5.6,230.5,200818,,,A*00\n".to_owned() + &line("PSRF103,0");
        let (points, summary) = read(&log);
        assert_eq!((points.len(), summary.bad_checksum, summary.skipped), (0, 1, 1));
    }

    #[test]
    fn a_clock_that_goes_back_is_kept_as_it_is() {
        let rmc = |time| line(&format!("INRMC,{time},A,4426.1192,N,07140.5202,W,5.2,79.3,160906,15.8,W"));
        let (points, _) = read(&(rmc("194124") + &rmc("194111")));
        assert_eq!(points[0].t_ms - points[1].t_ms, 13_000);
        assert_eq!(points[0].fix.unwrap().lon_e7, -716_753_367);
    }

    #[test]
    fn moments_before_the_first_time_lie_a_second_apart_before_it() {
        let log =
            line("GPRMC,,V,,,,,,,,,,N") + &line("GPRMC,,V,,,,,,,,,,N") + &line("GPRMC,000010,A,0000.0000,N,00000.0000,E,,,010170,,,A");
        let (points, _) = read(&log);
        assert_eq!(points.iter().map(|point| point.timed).collect::<Vec<_>>(), [false, false, true]);
        assert!(points[0].t_ms + 1_000 == points[1].t_ms && points[1].t_ms < points[2].t_ms);
    }
}
