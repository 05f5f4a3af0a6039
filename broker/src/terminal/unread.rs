//! What of a frame could not be read. Nothing is dropped because it looks wrong: the frame is kept as it came, what is good in it is told,
//! and each sighting that lacks something says what, as the bits of its sensor `/:unread`.

use sealway_schemas::report::Status;
use sealway_schemas::sensors::Sensors;
use sealway_schemas::terminal::Sighting;

pub(crate) const SENSOR: &str = "/:unread";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Unread(u8);

impl Unread {
    /// No day or no time of day; the sighting has that of its arrival.
    pub(crate) const TIME: u8 = 1;
    /// Not on Earth; the sighting has no fix.
    pub(crate) const POSITION: u8 = 2;
    /// No direction; the sighting's is 0.
    pub(crate) const COURSE: u8 = 4;
    /// Additional items, or other readings.
    pub(crate) const ITEMS: u8 = 8;
    /// All of it, or all that follows.
    pub(crate) const REST: u8 = 16;

    pub(crate) fn mark(&mut self, bit: u8) {
        self.0 |= bit;
    }

    /// The reading that tells it; `None` where everything was read.
    pub(crate) fn reading(self) -> Option<f64> {
        (self.0 != 0).then(|| f64::from(self.0))
    }

    /// The value, or none and a mark.
    pub(crate) fn or_mark<T>(&mut self, bit: u8, read: Option<T>) -> Option<T> {
        if read.is_none() {
            self.mark(bit);
        }
        read
    }
}

/// A sighting of which nothing could be read.
pub(crate) fn rest(status: Status) -> Sighting {
    let reading = (SENSOR.to_owned(), f64::from(Unread::REST));
    Sighting { status, sensors: Sensors::new([reading]).unwrap_or_default(), ..Sighting::default() }
}
