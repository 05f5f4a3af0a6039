//! Further sensors of a report: SenML unit (RFC 8428) and optional label in the name, `Cel`, `lx:door`, `m/s2`.

use crate::Malformed;
use crate::cbor::{Number, Strict};
use crate::writer::Writer;
use serde::Serialize;

const NAME_LIMIT: usize = 32;
const COUNT_LIMIT: u64 = 16;
/// Integral values stay within this, so that every reader holds them exactly.
const INT_LIMIT: f64 = 9_007_199_254_740_991.0;

/// A sensor's reading in the unit that its name begins with.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sensor {
    name: String,
    value: f64,
}

impl Sensor {
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    #[must_use]
    pub fn value(&self) -> f64 {
        self.value
    }
}

/// At most 16 readings with distinct names, in the order of the deterministic encoding.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(transparent)]
pub struct Sensors(Vec<Sensor>);

impl Sensors {
    /// Takes readings in any order. `-0` and values that are not finite are refused.
    pub fn new(readings: impl IntoIterator<Item = (String, f64)>) -> Result<Self, Malformed> {
        let mut sensors: Vec<Sensor> = readings.into_iter().map(|(name, value)| Sensor { name, value }).collect();
        for sensor in &sensors {
            check_name(&sensor.name)?;
            let fits = sensor.value.is_finite() && (sensor.value.fract() != 0.0 || sensor.value.abs() <= INT_LIMIT);
            if !fits || (sensor.value == 0.0 && sensor.value.is_sign_negative()) {
                return Err(Malformed::Field { field: "sensor", expected: "a finite number, integral ones within +-(2^53 - 1)" });
            }
        }
        sensors.sort_by(|a, b| order(&a.name).cmp(&order(&b.name)));
        if sensors.windows(2).any(|pair| matches!(pair, [a, b] if a.name == b.name)) {
            return Err(Malformed::Field { field: "sensor", expected: "each name once" });
        }
        if sensors.len() as u64 > COUNT_LIMIT {
            return Err(COUNT);
        }
        Ok(Self(sensors))
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Sensor> {
        self.0.iter()
    }

    pub(crate) fn decode(reader: &mut Strict<'_>) -> Result<Self, Malformed> {
        let count = reader.map("sensors")?;
        if !(1..=COUNT_LIMIT).contains(&count) {
            return Err(COUNT);
        }
        let mut sensors: Vec<Sensor> = Vec::new();
        for _ in 0..count {
            let name = reader.text("sensor name")?;
            check_name(name)?;
            if sensors.last().is_some_and(|last| order(&last.name) >= order(name)) {
                return Err(Malformed::NotDeterministic);
            }
            #[expect(clippy::cast_precision_loss, reason = "ints are within 2^53")]
            let value = match reader.number("sensor")? {
                Number::Int(value) => value as f64,
                Number::Float(value) => value,
            };
            sensors.push(Sensor { name: name.to_owned(), value });
        }
        Ok(Self(sensors))
    }

    pub(crate) fn encode(&self, writer: &mut Writer) {
        writer.map(self.0.len());
        for sensor in &self.0 {
            writer.text(&sensor.name).number(sensor.value);
        }
    }
}

const COUNT: Malformed = Malformed::Field { field: "sensors", expected: "1 to 16 of them" };

/// Deterministic order of text keys: shorter first, then by bytes.
fn order(name: &str) -> (usize, &[u8]) {
    (name.len(), name.as_bytes())
}

fn check_name(name: &str) -> Result<(), Malformed> {
    let part = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic() && b != b':');
    let parts = match name.split_once(':') {
        Some((unit, label)) => part(unit) && part(label),
        None => part(name),
    };
    if parts && name.len() <= NAME_LIMIT {
        Ok(())
    } else {
        Err(Malformed::Field { field: "sensor name", expected: "`unit` or `unit:label`, 1 to 32 of '!' to '~'" })
    }
}
