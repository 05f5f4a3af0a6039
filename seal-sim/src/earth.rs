//! Distances on a sphere. A seal's route needs metres within half a percent, not a geodesist's.

use crate::number;
use sealway_schemas::report::Fix;
use serde::{Deserialize, Serialize};

/// Mean radius (IUGG), metres.
const RADIUS_M: f64 = 6_371_008.8;

/// WGS-84 degrees.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Point {
    pub lat: f64,
    pub lon: f64,
}

impl Point {
    #[must_use]
    pub fn of(fix: &Fix) -> Self {
        Self { lat: fix.lat(), lon: fix.lon() }
    }

    #[must_use]
    pub fn distance_m(self, other: Self) -> f64 {
        let (a, b) = (self.lat.to_radians(), other.lat.to_radians());
        let half_lat = ((b - a) / 2.0).sin();
        let half_lon = ((other.lon - self.lon).to_radians() / 2.0).sin();
        let chord = half_lat * half_lat + a.cos() * b.cos() * half_lon * half_lon;
        2.0 * RADIUS_M * chord.sqrt().min(1.0).asin()
    }

    /// Degrees clockwise from north, 0 up to 360.
    #[must_use]
    pub fn bearing_to(self, other: Self) -> f64 {
        let (a, b) = (self.lat.to_radians(), other.lat.to_radians());
        let east = (other.lon - self.lon).to_radians();
        let x = a.cos() * b.sin() - a.sin() * b.cos() * east.cos();
        (east.sin() * b.cos()).atan2(x).to_degrees().rem_euclid(360.0)
    }

    /// The point `metres` away in the direction `bearing` (degrees).
    #[must_use]
    pub fn moved(self, bearing: f64, metres: f64) -> Self {
        let (lat, angle, turn) = (self.lat.to_radians(), metres / RADIUS_M, bearing.to_radians());
        let new_lat = (lat.sin() * angle.cos() + lat.cos() * angle.sin() * turn.cos()).asin();
        let east = (turn.sin() * angle.sin() * lat.cos()).atan2(angle.cos() - lat.sin() * new_lat.sin());
        let lon = (self.lon + east.to_degrees() + 540.0).rem_euclid(360.0) - 180.0;
        Self { lat: new_lat.to_degrees(), lon }
    }

    /// 1e-7 degree, as a fix holds it.
    #[must_use]
    pub fn e7(self) -> (i64, i64) {
        (number::rounded(self.lat * 1e7), number::rounded(self.lon * 1e7))
    }

    /// Between two points of one segment, `share` 0 to 1. Straight in degrees, as GeoJSON draws it.
    #[must_use]
    pub fn towards(self, other: Self, share: f64) -> Self {
        Self { lat: self.lat + (other.lat - self.lat) * share, lon: self.lon + (other.lon - self.lon) * share }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_degree_of_latitude_is_111_km() {
        let xian = Point { lat: 34.0, lon: 109.0 };
        let north = Point { lat: 35.0, lon: 109.0 };
        assert!((xian.distance_m(north) - 111_195.0).abs() < 10.0);
        assert!(xian.bearing_to(north).abs() < 1e-6);
    }

    #[test]
    fn moving_away_and_measuring_give_the_same_distance() {
        let start = Point { lat: 43.5, lon: 91.0 };
        for bearing in [0.0, 77.0, 181.0, 300.0] {
            let end = start.moved(bearing, 12_345.0);
            assert!((start.distance_m(end) - 12_345.0).abs() < 0.5);
            assert!((start.bearing_to(end) - bearing).abs() < 0.01);
        }
    }
}
