//! NMEA 0183: bytes to lines, lines to sentences (crate `nmea`), sentences to epochs, an epoch to one sighting.
//!
//! | sentence | gives |
//! |---|---|
//! | RMC | time, date, position, speed, course; status V or mode E, M, N, S is no fix |
//! | GGA | time, position, satellites, dilution; quality 0, 6, 7, 8 is no fix |
//! | GSA | no fix where every one of an epoch says so; dilution |
//! | GSV | carrier to noise, of GPS (GP), BeiDou (BD, GB) and every other constellation |
//! | ZDA | date, for receivers that leave it out of RMC |
//!
//! Other sentences, also those of makers, are left out. The crate's own state machine is not used: it can be brought to panic.

use crate::terminal::Fault;
use bytes::{Bytes, BytesMut};
use chrono::{NaiveDate, NaiveTime};
use nmea::ParseResult;
use nmea::sentences::{FaaMode, FixType, GgaData, GsaData, GsvData, RmcData, ZdaData, gsa::GsaMode2, rmc::RmcStatusOfFix};
use sealway_schemas::Time;
use sealway_schemas::report::Fix;
use sealway_schemas::terminal::Sighting;
use std::collections::BTreeMap;

/// The standard has 82; some receivers say more. A receiver that is heard at another speed may never end a line.
const LINE_LIMIT: usize = 128;
/// Of the sentences of an epoch.
const EPOCH_LIMIT: usize = 4_096;
const DAY_MS: i64 = 86_400_000;
/// A receiver's error at a dilution of 1, in decimetres, and where it tells no dilution.
const DILUTED_DM: f32 = 50.0;
const ACCURACY_DM: u64 = 150;
/// A knot in cm/h.
const KNOT_CM_H: f64 = 185_200.0;

/// What the bytes that were read come to.
#[derive(Debug, Clone, PartialEq)]
pub enum NmeaStep {
    /// A sentence that is used.
    Read,
    /// A sentence that is not.
    Other,
    Fault(Fault),
    Epoch(Epoch),
}

/// What a receiver said of one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Epoch {
    /// Its sentences as they came.
    pub raw: Bytes,
    pub sighting: Sighting,
}

/// Reads a receiver's line.
#[derive(Debug, Default)]
pub struct NmeaReader {
    line: BytesMut,
    /// The line is too long, and its rest is left out; that was told, and is told again each time that as much came without an end.
    dropping: bool,
    open: Open,
    date: Option<(NaiveDate, NaiveTime)>,
    /// Of each constellation's newest cycle.
    in_view: BTreeMap<[u8; 2], Vec<f32>>,
}

/// The epoch that is being told.
#[derive(Debug, Default)]
struct Open {
    raw: BytesMut,
    time: Option<NaiveTime>,
    rmc: Option<RmcData>,
    gga: Option<GgaData>,
    dilution: Option<f32>,
    /// Sentences of satellites in use, and those that say "no fix".
    in_use: u32,
    without_fix: u32,
}

impl NmeaReader {
    pub fn read(&mut self, bytes: &[u8]) -> Vec<NmeaStep> {
        let mut steps = Vec::new();
        for byte in bytes {
            match byte {
                b'\r' | b'\n' => self.end_line(&mut steps),
                // The end of the line before it was lost.
                b'$' if !self.line.is_empty() => {
                    self.end_line(&mut steps);
                    self.line.extend_from_slice(b"$");
                }
                byte => {
                    if self.line.len() >= LINE_LIMIT {
                        self.line.clear();
                        self.dropping = true;
                        steps.push(NmeaStep::Fault(Fault::TooLong));
                    }
                    self.line.extend_from_slice(&[*byte]);
                }
            }
        }
        steps
    }

    /// The line is silent: the epoch is over.
    pub fn pause(&mut self) -> Option<Epoch> {
        let open = std::mem::take(&mut self.open);
        self.close(open)
    }

    fn end_line(&mut self, steps: &mut Vec<NmeaStep>) {
        let line = self.line.split();
        if !std::mem::take(&mut self.dropping) && !line.is_empty() {
            self.take_line(&line, steps);
        }
    }

    fn take_line(&mut self, line: &[u8], steps: &mut Vec<NmeaStep>) {
        let Some(sentence) = std::str::from_utf8(line).ok().filter(|line| line.is_ascii()) else {
            return steps.push(NmeaStep::Fault(Fault::Garbage));
        };
        if !sentence.starts_with('$') {
            return steps.push(NmeaStep::Fault(Fault::Garbage));
        }
        if let Err(fault) = check(sentence) {
            return steps.push(NmeaStep::Fault(fault));
        }
        let known = matches!(sentence.get(3..6), Some("RMC" | "GGA" | "GSA" | "GSV" | "ZDA"));
        if !known || sentence.starts_with("$P") {
            return steps.push(NmeaStep::Other);
        }
        match nmea::parse_str(sentence) {
            Ok(parsed) => {
                self.take(parsed, sentence, steps);
                steps.push(NmeaStep::Read);
            }
            Err(_) => steps.push(NmeaStep::Fault(Fault::Malformed)),
        }
    }

    fn take(&mut self, parsed: ParseResult, sentence: &str, steps: &mut Vec<NmeaStep>) {
        match parsed {
            ParseResult::RMC(rmc) => {
                // Before the epoch that it ends is told: that one may have had no date yet.
                if let (Some(date), Some(time)) = (rmc.fix_date, rmc.fix_time) {
                    self.date = Some((date, time));
                }
                self.turn(rmc.fix_time, self.open.rmc.is_some(), steps);
                self.open.rmc = Some(rmc);
            }
            ParseResult::GGA(gga) => {
                self.turn(gga.fix_time, self.open.gga.is_some(), steps);
                self.open.dilution = gga.hdop.or(self.open.dilution);
                self.open.gga = Some(gga);
            }
            ParseResult::GSA(gsa) => self.take_in_use(&gsa),
            ParseResult::GSV(gsv) => self.take_in_view(&gsv, sentence),
            ParseResult::ZDA(zda) => self.take_date(&zda),
            _ => return,
        }
        if self.open.raw.len() + sentence.len() + 2 <= EPOCH_LIMIT {
            self.open.raw.extend_from_slice(sentence.as_bytes());
            self.open.raw.extend_from_slice(b"\r\n");
        }
    }

    /// A sentence of another time, or of a kind that was told, begins the next epoch.
    fn turn(&mut self, time: Option<NaiveTime>, told: bool, steps: &mut Vec<NmeaStep>) {
        let other = matches!((self.open.time, time), (Some(open), Some(time)) if open != time);
        if other || told {
            let open = std::mem::take(&mut self.open);
            steps.extend(self.close(open).map(NmeaStep::Epoch));
        }
        self.open.time = self.open.time.or(time);
    }

    fn take_in_use(&mut self, gsa: &GsaData) {
        self.open.in_use += 1;
        self.open.without_fix += u32::from(gsa.mode2 == GsaMode2::NoFix);
        self.open.dilution = self.open.dilution.or(gsa.hdop);
    }

    fn take_in_view(&mut self, gsv: &GsvData, sentence: &str) {
        let Some([a, b]) = sentence.as_bytes().get(1..3).and_then(|talker| talker.first_chunk()).copied() else { return };
        let heard = self.in_view.entry([a, b]).or_default();
        if gsv.sentence_num <= 1 {
            heard.clear();
        }
        // A cycle has at most nine sentences of four.
        if heard.len() < 36 {
            heard.extend(gsv.sats_info.iter().flatten().filter_map(nmea::Satellite::snr).filter(|snr| *snr > 0.0));
        }
    }

    fn take_date(&mut self, zda: &ZdaData) {
        if let (Some(date), Some(time)) = (zda.utc_date(), zda.utc_time) {
            self.date = Some((date, time));
        }
    }

    fn close(&mut self, open: Open) -> Option<Epoch> {
        if open.rmc.is_none() && open.gga.is_none() {
            return None;
        }
        let t = open.time.and_then(|time| self.moment(time));
        let fix = open.fix().and_then(|(lat, lon)| self.fix(&open, lat, lon));
        let raw = open.raw.freeze();
        Some(Epoch { raw, sighting: Sighting { t, fix, ..Sighting::default() } })
    }

    /// A GGA has no date: it is that of the last RMC or ZDA, or the day after or before it where midnight lies between them.
    fn moment(&self, time: NaiveTime) -> Option<Time> {
        let (date, of) = self.date?;
        let midnight = date.signed_duration_since(NaiveDate::from_ymd_opt(1970, 1, 1)?).num_days() * DAY_MS;
        let of_day = |time: NaiveTime| time.signed_duration_since(NaiveTime::MIN).num_milliseconds();
        let ahead = of_day(time) - of_day(of);
        let days = i64::from(ahead < -DAY_MS / 2) - i64::from(ahead > DAY_MS / 2);
        u64::try_from(midnight + days * DAY_MS + of_day(time)).ok().map(Time::from_ms)
    }

    fn fix(&self, open: &Open, lat: f64, lon: f64) -> Option<Fix> {
        let rmc = open.rmc.as_ref();
        let course = rmc.and_then(|rmc| rmc.true_course).filter(|course| (0.0..=360.0).contains(course));
        let knots = rmc.and_then(|rmc| rmc.speed_over_ground).filter(|knots| (0.0..=100_000.0).contains(knots));
        let satellites = open.gga.as_ref().and_then(|gga| gga.fix_satellites);
        let accuracy = open.dilution.filter(|dilution| (0.01..1_000.0).contains(dilution));
        Some(Fix {
            lat_e7: e7(lat, 90.0)?,
            lon_e7: e7(lon, 180.0)?,
            accuracy_dm: accuracy.map_or(ACCURACY_DM, |dilution| whole(f64::from(dilution * DILUTED_DM))),
            speed_cm_s: knots.map_or(0, |knots| whole(f64::from(knots) * KNOT_CM_H / 3_600.0)),
            heading_ddeg: course.map_or(0, |course| whole(f64::from(course) * 10.0)) % 3_600,
            satellites: satellites.unwrap_or_default().into(),
            cn0_ddbhz: self.carrier_to_noise(),
        })
    }

    /// Mean over the satellites that are heard, in tenths of dB-Hz; 0 where none is told.
    fn carrier_to_noise(&self) -> u64 {
        let heard = self.in_view.values().flatten();
        let (sum, count) = heard.fold((0.0, 0_u32), |(sum, count), snr| (sum + f64::from(*snr), count + 1));
        if count == 0 { 0 } else { whole(sum * 10.0 / f64::from(count)) }
    }
}

impl Open {
    /// Where the receiver was, if every sentence of the epoch agrees that it knows.
    fn fix(&self) -> Option<(f64, f64)> {
        if self.in_use > 0 && self.in_use == self.without_fix {
            return None;
        }
        let by_rmc = self.rmc.as_ref().map(|rmc| located(rmc).then(|| rmc.lat.zip(rmc.lon)).flatten());
        let by_gga = self.gga.as_ref().map(|gga| {
            let valid = gga.fix_type.is_some_and(FixType::is_valid);
            valid.then(|| gga.latitude.zip(gga.longitude)).flatten()
        });
        match (by_rmc, by_gga) {
            (Some(at), None) | (None, Some(at)) => at,
            (Some(at), Some(again)) => at.filter(|_| again.is_some()),
            (None, None) => None,
        }
    }
}

fn located(rmc: &RmcData) -> bool {
    let status = match rmc.status_of_fix {
        RmcStatusOfFix::Autonomous | RmcStatusOfFix::Differential => true,
        RmcStatusOfFix::Invalid => false,
    };
    let mode = match rmc.faa_mode {
        None | Some(FaaMode::Autonomous | FaaMode::Differential | FaaMode::FloatRtk | FaaMode::FixedRtk | FaaMode::Precise) => true,
        Some(FaaMode::Caution | FaaMode::Estimated | FaaMode::Manual | FaaMode::DataNotValid | FaaMode::Simulator | FaaMode::Unsafe) => {
            false
        }
    };
    status && mode
}

/// The two digits behind the asterisk against the sentence; the crate would take a sentence's first asterisk and what follows.
fn check(sentence: &str) -> Result<(), Fault> {
    let (content, digits) = sentence.get(1..).and_then(|content| content.rsplit_once('*')).ok_or(Fault::Malformed)?;
    let told = u8::from_str_radix(digits, 16).ok().filter(|_| digits.len() == 2).ok_or(Fault::Malformed)?;
    let sum = content.bytes().fold(0, |sum, byte| sum ^ byte);
    if sum == told { Ok(()) } else { Err(Fault::Checksum) }
}

#[expect(clippy::cast_possible_truncation, reason = "degrees within 180")]
fn e7(degrees: f64, limit: f64) -> Option<i64> {
    (degrees.abs() <= limit).then(|| (degrees * 1e7).round() as i64)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "callers give what is small and not negative")]
fn whole(value: f64) -> u64 {
    value.round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sentence(content: &str) -> String {
        let sum = content.bytes().fold(0, |sum, byte| sum ^ byte);
        format!("${content}*{sum:02X}\r\n")
    }

    const RMC: &str = "GNRMC,083005.00,A,3420.4942,N,10856.4105,E,20.0,90.0,010926,,,A";
    const GGA: &str = "GNGGA,083005.00,3420.4942,N,10856.4105,E,1,09,1.2,400.0,M,0.0,M,,";

    fn epochs(contents: &[&str]) -> Vec<Sighting> {
        let mut reader = NmeaReader::default();
        let text: String = contents.iter().map(|content| sentence(content)).collect();
        let steps = reader.read(text.as_bytes());
        let closed = steps.into_iter().filter_map(|step| if let NmeaStep::Epoch(epoch) = step { Some(epoch.sighting) } else { None });
        closed.chain(reader.pause().map(|epoch| epoch.sighting)).collect()
    }

    #[test]
    fn an_epoch_is_one_sighting_in_the_contracts_units() {
        let gsv = "GPGSV,1,1,02,03,40,083,42,17,17,308,38";
        let [sighting] = epochs(&[GGA, "GNGSA,A,3,03,17,,,,,,,,,,,2.0,1.2,1.6", gsv, RMC]).try_into().unwrap();
        let fix = sighting.fix.unwrap();
        assert_eq!((fix.lat_e7, fix.lon_e7, fix.satellites), (343_415_700, 1_089_401_750, 9));
        assert_eq!((fix.speed_cm_s, fix.heading_ddeg, fix.accuracy_dm, fix.cn0_ddbhz), (1_029, 900, 60, 400));
        assert_eq!(sighting.t, Some(Time::from_ms(1_788_251_405_000)));
    }

    #[test]
    fn beidou_speaks_as_bd_and_as_gb() {
        for talker in ["BD", "GB"] {
            let contents = [RMC, GGA].map(|content| content.replace("GN", talker));
            let gsv = format!("{talker}GSV,1,1,01,07,40,083,45");
            let [sighting] = epochs(&[&contents[0], &contents[1], &gsv]).try_into().unwrap();
            assert_eq!(sighting.fix.map(|fix| fix.cn0_ddbhz), Some(450), "{talker}");
        }
    }

    #[test]
    fn what_is_no_fix_is_no_fix() {
        for (rmc, gga) in [
            (RMC.replace(",A,34", ",V,34"), GGA.to_owned()),
            (RMC.replace(",,,A", ",,,E"), GGA.to_owned()),
            (RMC.replace(",,,A", ",,,M"), GGA.to_owned()),
            (RMC.replace(",,,A", ",,,S"), GGA.to_owned()),
            (RMC.replace(",,,A", ",,,N"), GGA.to_owned()),
            (RMC.to_owned(), GGA.replace(",E,1,09", ",E,0,00")),
            (RMC.to_owned(), GGA.replace(",E,1,09", ",E,6,09")),
            (RMC.to_owned(), GGA.replace(",E,1,09", ",E,8,09")),
        ] {
            let [sighting] = epochs(&[&gga, &rmc]).try_into().unwrap();
            assert_eq!(sighting.fix, None, "{rmc} {gga}");
        }
        let [sighting] = epochs(&["GNGSA,A,1,,,,,,,,,,,,,99.9,99.9,99.9", GGA, RMC]).try_into().unwrap();
        assert_eq!(sighting.fix, None);
    }

    #[test]
    fn another_time_is_another_epoch_and_midnight_is_another_day() {
        let late = RMC.replace("083005.00", "235959.00");
        let early = GGA.replace("083005.00", "000000.00");
        let next = RMC.replace("083005.00", "000001.00").replace("010926", "020926");
        let times: Vec<_> = epochs(&[&late, &early, &next]).into_iter().map(|sighting| sighting.t.unwrap().as_ms()).collect();
        assert_eq!(times, [1_788_307_199_000, 1_788_307_200_000, 1_788_307_201_000]);
    }

    #[test]
    fn what_was_told_before_the_first_date_is_of_the_day_that_it_tells() {
        let first = GGA.replace("083005.00", "083004.00");
        let times: Vec<_> = epochs(&[&first, RMC]).into_iter().map(|sighting| sighting.t.unwrap().as_ms()).collect();
        assert_eq!(times, [1_788_251_404_000, 1_788_251_405_000]);
        let before = GGA.replace("083005.00", "235959.00");
        let after = RMC.replace("083005.00", "000000.00").replace("010926", "020926");
        let times: Vec<_> = epochs(&[&before, &after]).into_iter().map(|sighting| sighting.t.unwrap().as_ms()).collect();
        assert_eq!(times, [1_788_307_199_000, 1_788_307_200_000]);
    }

    #[test]
    fn a_date_comes_from_zda_where_rmc_has_none() {
        let undated = RMC.replace("010926", "");
        assert_eq!(epochs(&[&undated])[0].t, None);
        let [sighting] = epochs(&["GNZDA,083005.00,01,09,2026,00,00", &undated]).try_into().unwrap();
        assert_eq!(sighting.t, Some(Time::from_ms(1_788_251_405_000)));
    }

    #[test]
    fn half_lines_garbage_and_wrong_sums_are_counted_and_cost_nothing_else() {
        let good = sentence(RMC);
        let half = &good[..30];
        let wrong = good.replace("3420", "3421");
        let text = [half.as_bytes(), good.as_bytes(), &[0xF3, 0x80, 0x00, b'\n'], wrong.as_bytes(), &[b'x'; 500], b"\r\n", good.as_bytes()]
            .concat();
        let mut reader = NmeaReader::default();
        let faults: Vec<Fault> =
            reader.read(&text).into_iter().filter_map(|step| if let NmeaStep::Fault(fault) = step { Some(fault) } else { None }).collect();
        assert_eq!(faults, [Fault::Malformed, Fault::Garbage, Fault::Checksum, Fault::TooLong, Fault::TooLong, Fault::TooLong]);
        assert!(reader.pause().unwrap().sighting.fix.is_some());
    }

    #[test]
    fn noise_that_never_ends_a_line_is_told_again_and_again_however_it_comes() {
        let noise = [0xE6; 20 * LINE_LIMIT + 1];
        let told = |piece: usize| {
            let mut reader = NmeaReader::default();
            let steps: Vec<NmeaStep> = noise.chunks(piece).flat_map(|bytes| reader.read(bytes)).collect();
            assert!(steps.iter().all(|step| *step == NmeaStep::Fault(Fault::TooLong)), "{steps:?}");
            // What follows the next end of a line is read.
            assert_eq!(reader.read(["\r\n", &sentence(RMC)].concat().as_bytes()), [NmeaStep::Read]);
            steps.len()
        };
        assert_eq!([1, 7, 4_096].map(told), [20, 20, 20]);
    }

    #[test]
    fn sentences_of_makers_and_other_kinds_are_left_out() {
        let mut reader = NmeaReader::default();
        let steps = reader.read([sentence("PQGSV,1,1,01,07,40,083,45"), sentence("GPVTG,,T,,M,,N,,K,N")].concat().as_bytes());
        assert_eq!(steps, [NmeaStep::Other, NmeaStep::Other]);
    }

    proptest! {
        #[test]
        fn no_bytes_stop_the_reader(bytes in proptest::collection::vec(prop_oneof![Just(b'$'), Just(b'*'), Just(b','), Just(b'\n'), 0x20_u8..0x7F, any::<u8>()], 0..2000)) {
            let mut reader = NmeaReader::default();
            let _steps = reader.read(&bytes);
            let _epoch = reader.pause();
            prop_assert!(reader.line.len() <= LINE_LIMIT);
        }

        #[test]
        fn no_field_of_a_sentence_stops_the_reader(kind in prop_oneof![Just("RMC"), Just("GGA"), Just("GSA"), Just("GSV"), Just("ZDA")], fields in "[0-9.,ANSEWVM-]{0,90}") {
            let mut reader = NmeaReader::default();
            let _steps = reader.read(sentence(&format!("GP{kind},{fields}")).as_bytes());
            let _epoch = reader.pause();
        }

        #[test]
        fn a_line_is_read_the_same_however_it_is_cut(cut in 0_usize..140) {
            let text = [sentence(GGA), sentence(RMC)].concat();
            let cut = cut.min(text.len());
            let mut whole = NmeaReader::default();
            whole.read(text.as_bytes());
            let mut parts = NmeaReader::default();
            parts.read(&text.as_bytes()[..cut]);
            parts.read(&text.as_bytes()[cut..]);
            prop_assert_eq!(whole.pause(), parts.pause());
        }
    }
}
