//! Distances on the ground. A fix is measured in a plane around itself: a cosine and a few multiplications, exact enough near it.

use sealway_schemas::report::Fix;

/// Mean radius (IUGG), metres.
const EARTH_M: f64 = 6_371_008.8;
const METRES_PER_DEGREE: f64 = EARTH_M * std::f64::consts::PI / 180.0;

/// WGS-84, degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Position {
    pub lat: f64,
    pub lon: f64,
}

impl Position {
    #[must_use]
    pub fn of(fix: &Fix) -> Self {
        Self { lat: fix.lat(), lon: fix.lon() }
    }

    /// Great-circle distance.
    #[must_use]
    pub fn metres_to(self, other: Self) -> f64 {
        let (lat_a, lat_b) = (self.lat.to_radians(), other.lat.to_radians());
        let (half_lat, half_lon) = ((lat_b - lat_a) / 2.0, (other.lon - self.lon).to_radians() / 2.0);
        let chord = half_lat.sin().powi(2) + lat_a.cos() * lat_b.cos() * half_lon.sin().powi(2);
        2.0 * EARTH_M * chord.sqrt().min(1.0).asin()
    }

    /// The point at `share` (0 to 1) of the straight line to `other`.
    #[must_use]
    pub fn towards(self, other: Self, share: f64) -> Self {
        Self { lat: self.lat + (other.lat - self.lat) * share, lon: self.lon + (other.lon - self.lon) * share }
    }
}

/// A plane that touches the ground at its origin; metres east and north.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plane {
    origin: Position,
    metres_per_lon: f64,
}

/// Nearest point of a piece of line to a plane's origin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Foot {
    pub(crate) metres_squared: f64,
    /// 0 at the piece's start, 1 at its end.
    pub(crate) share: f64,
}

impl Plane {
    pub(crate) fn around(origin: Position) -> Self {
        Self { origin, metres_per_lon: METRES_PER_DEGREE * origin.lat.to_radians().cos() }
    }

    fn metres(self, at: Position) -> (f64, f64) {
        ((at.lon - self.origin.lon) * self.metres_per_lon, (at.lat - self.origin.lat) * METRES_PER_DEGREE)
    }

    pub(crate) fn foot(self, from: Position, to: Position) -> Foot {
        let ((x, y), (to_x, to_y)) = (self.metres(from), self.metres(to));
        let (east, north) = (to_x - x, to_y - y);
        let length_squared = east * east + north * north;
        let share = if length_squared > 0.0 { (-(x * east + y * north) / length_squared).clamp(0.0, 1.0) } else { 0.0 };
        let (x, y) = (x + share * east, y + share * north);
        Foot { metres_squared: x * x + y * y, share }
    }
}

/// South-west and north-east corners.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    pub min: Position,
    pub max: Position,
}

impl Bounds {
    /// `None` of no points.
    #[must_use]
    pub fn of(points: impl IntoIterator<Item = Position>) -> Option<Self> {
        points.into_iter().fold(None, |bounds, at| {
            let Self { min, max } = bounds.unwrap_or(Self { min: at, max: at });
            Some(Self {
                min: Position { lat: min.lat.min(at.lat), lon: min.lon.min(at.lon) },
                max: Position { lat: max.lat.max(at.lat), lon: max.lon.max(at.lon) },
            })
        })
    }

    #[must_use]
    pub fn holds(&self, at: Position) -> bool {
        (self.min.lat..=self.max.lat).contains(&at.lat) && (self.min.lon..=self.max.lon).contains(&at.lon)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const XIAN: Position = Position { lat: 34.3416, lon: 108.9398 };

    #[test]
    fn a_degree_of_latitude_is_111_km() {
        let north = Position { lat: XIAN.lat + 1.0, lon: XIAN.lon };
        assert!((XIAN.metres_to(north) - 111_195.0).abs() < 1.0, "{}", XIAN.metres_to(north));
    }

    #[test]
    fn near_a_fix_the_plane_agrees_with_the_sphere() {
        let corner = Position { lat: XIAN.lat + 0.02, lon: XIAN.lon + 0.03 };
        let foot = Plane::around(XIAN).foot(corner, corner);
        let sphere = XIAN.metres_to(corner);
        assert!((foot.metres_squared.sqrt() - sphere).abs() < sphere * 0.001);
    }

    #[test]
    fn the_foot_lies_between_the_ends() {
        let (west, east) = (Position { lat: XIAN.lat + 0.01, lon: 108.0 }, Position { lat: XIAN.lat + 0.01, lon: 110.0 });
        let foot = Plane::around(XIAN).foot(west, east);
        assert!((foot.share - 0.4699).abs() < 0.001, "{foot:?}");
        let behind = Plane::around(XIAN).foot(east, Position { lat: east.lat, lon: 111.0 });
        assert!(behind.share.abs() < f64::EPSILON);
    }
}
