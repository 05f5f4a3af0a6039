//! Text frames: an unlocking, and the question what time it is.

use super::ACCURACY_DM;
use super::digits::{of_text, time};
use crate::terminal::Fault;
use sealway_schemas::report::{Event, Fix, Status};
use sealway_schemas::sensors::Sensors;
use sealway_schemas::terminal::{CallSign, Sighting};

/// Unlocking by the fixed password, and by a password of the moment.
const FIXED_PASSWORD: u16 = 4;
const PASSING_PASSWORD: u16 = 6;
/// Result of an unlocking.
const OPENED: u16 = 1;
/// Field with the frame's number.
const NUMBER: usize = 16;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Text {
    Unlocking {
        sighting: Box<Sighting>,
        answer: String,
    },
    AsksTime,
    /// An unlocking of which no more can be read than its number, for the answer.
    Unread {
        answer: String,
    },
    /// Of another kind: its frame is kept, and nothing in it is read.
    Other,
}

/// What stands between the parentheses.
pub(super) fn read(content: &[u8]) -> Result<(CallSign, Text), Fault> {
    let fields: Vec<&str> = std::str::from_utf8(content).map_err(|_| Fault::Malformed)?.split(',').collect();
    let [number, kind, ..] = fields.as_slice() else { return Err(Fault::Malformed) };
    let call_sign = of_text(number).and_then(|_| number.trim_start_matches('0').parse().ok()).ok_or(Fault::Malformed)?;
    let text = match *kind {
        "P45" => unlocking(&fields).unwrap_or_else(|| Text::Unread { answer: answer(&fields).unwrap_or_default() }),
        "P22" => Text::AsksTime,
        _ => Text::Other,
    };
    Ok((call_sign, text))
}

fn unlocking(fields: &[&str]) -> Option<Text> {
    let [_, _, date, clock, lat, ns, lon, ew, located, speed, heading, event, status, _card, check, wrong, ..] = fields else {
        return None;
    };
    if date.len() != 6 || clock.len() != 6 {
        return None;
    }
    let t = time(&of_text(&format!("{date}{clock}"))?)?;
    let fix = if *located == "A" { Some(fix((lat, *ns == "S"), (lon, *ew == "W"), (speed, heading))?) } else { None };
    let (event, status) = (event.parse::<u16>().ok()?, status.parse::<u16>().ok()?);
    let refused = (event == PASSING_PASSWORD && status == 0) || (event == FIXED_PASSWORD && *check == "0");
    // No grant of this platform opened it.
    let told = if refused { Some(Event::WrongCredential) } else { (status == OPENED).then_some(Event::Opened) };
    let wrong = wrong.parse::<u16>().ok()?;
    let readings = [("/:lock-event", event), ("/:unlock-result", status), ("/:wrong-passwords", wrong)];
    let sighting = Sighting {
        t,
        fix,
        status: Status::default(),
        lock: None,
        battery: None,
        sensors: Sensors::new(readings.map(|(name, value)| (name.to_owned(), f64::from(value)))).ok()?,
        event: told,
    };
    Some(Text::Unlocking { sighting: Box::new(sighting), answer: answer(fields)? })
}

/// `None` where the frame tells no number.
fn answer(fields: &[&str]) -> Option<String> {
    fields.get(NUMBER).and_then(|number| number.parse::<u16>().ok()).map(|number| format!("(P69,0,{number})"))
}

fn fix((lat, south): (&str, bool), (lon, west): (&str, bool), (speed, heading): (&str, &str)) -> Option<Fix> {
    let km_h = decimal(speed, 2)?;
    let heading = heading.parse::<u64>().ok().filter(|heading| *heading <= 360)?;
    let degrees = |text: &str, limit: i64, negative: bool| {
        let e7 = i64::try_from(decimal(text, 7)?).ok().filter(|e7| *e7 <= limit)?;
        Some(if negative { -e7 } else { e7 })
    };
    Some(Fix {
        lat_e7: degrees(lat, 900_000_000, south)?,
        lon_e7: degrees(lon, 1_800_000_000, west)?,
        accuracy_dm: ACCURACY_DM,
        // A hundredth of km/h is 1000 cm in 3600 s.
        speed_cm_s: km_h * 1_000 / 3_600,
        heading_ddeg: (heading % 360) * 10,
        satellites: 0,
        cn0_ddbhz: 0,
    })
}

/// A decimal number without a sign, in units of its `places`th decimal; what is beyond is cut off.
fn decimal(text: &str, places: usize) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 6 || !digits(whole) || !digits(fraction) {
        return None;
    }
    let padded: String = fraction.chars().chain(std::iter::repeat('0')).take(places).collect();
    format!("{whole}{padded}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) const UNLOCKING: &str = "7010100014,P45,010926,083005,34.341570,N,108.940175,E,A,12.50,90,2,1,0002012104,0,0,3";

    #[test]
    fn an_unlocking_is_kept_and_acknowledged_by_its_number() {
        let (call_sign, Text::Unlocking { sighting, answer }) = read(UNLOCKING.as_bytes()).unwrap() else { panic!("an unlocking") };
        assert_eq!((call_sign.as_str(), answer.as_str()), ("7010100014", "(P69,0,3)"));
        let fix = sighting.fix.unwrap();
        assert_eq!((fix.lat_e7, fix.lon_e7, fix.speed_cm_s, fix.heading_ddeg), (343_415_700, 1_089_401_750, 347, 900));
        assert_eq!((sighting.t.map(sealway_schemas::Time::as_ms), sighting.event()), (Some(1_788_251_405_000), Event::Opened));
    }

    #[test]
    fn an_unlocking_that_failed_opens_nothing() {
        let text = UNLOCKING.replace(",2,1,0002012104", ",2,0,0002012104");
        let (_, Text::Unlocking { sighting, .. }) = read(text.as_bytes()).unwrap() else { panic!("an unlocking") };
        assert_eq!(sighting.event(), Event::Periodic);
    }

    #[test]
    fn an_unlocking_that_cannot_be_read_is_answered_where_it_tells_its_number() {
        for (text, answer) in [
            (UNLOCKING.replace("34.341570", "91.0"), "(P69,0,3)"),
            (UNLOCKING.replace("34.34", "-34.34"), "(P69,0,3)"),
            (UNLOCKING.replace("010926", "320926"), "(P69,0,3)"),
            ("7,P45,1".to_owned(), ""),
        ] {
            assert_eq!(read(text.as_bytes()).unwrap().1, Text::Unread { answer: answer.to_owned() }, "{text}");
        }
    }

    #[test]
    fn a_wrong_password_is_a_wrong_credential() {
        for (from, to) in [(",2,1,0002012104,0,0,3", ",6,0,0,0,1,3"), (",2,1,0002012104,0,0,3", ",4,1,0,0,1,3")] {
            let text = UNLOCKING.replace(from, to);
            let (_, Text::Unlocking { sighting, .. }) = read(text.as_bytes()).unwrap() else { panic!("an unlocking") };
            assert_eq!(sighting.event(), Event::WrongCredential, "{text}");
        }
    }

    #[test]
    fn a_text_that_is_not_as_it_says_is_refused() {
        for bad in ["", "7010100014", "70101x,P22", "0,P22"] {
            assert_eq!(read(bad.as_bytes()), Err(Fault::Malformed), "{bad}");
        }
        assert_eq!(read(&[0xFF, b',', 0xFE]), Err(Fault::Malformed));
        let (_, Text::Unlocking { sighting, .. }) = read(UNLOCKING.replace("E,A", "E,V").as_bytes()).unwrap() else {
            panic!("an unlocking")
        };
        assert_eq!(sighting.fix, None);
        assert_eq!(read(b"7010100014,P43,0").unwrap().1, Text::Other);
    }
}
