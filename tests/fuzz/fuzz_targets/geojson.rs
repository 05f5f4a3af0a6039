//! What a person drew or exported: a place or a corridor that was taken is taken again as it is kept, and answers for any position.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sealway_core::corridor::Corridor;
use sealway_core::geometry::Position;
use sealway_core::place::Place;

const SOMEWHERE: [Position; 3] = [Position { lat: 34.3, lon: 108.9 }, Position { lat: -80.0, lon: 180.0 }, Position { lat: 0.0, lon: 0.0 }];

fuzz_target!(|feature: &str| {
    if let Ok(place) = Place::parse(feature) {
        let again = Place::parse(place.feature()).unwrap();
        assert_eq!((again.id(), again.polygon()), (place.id(), place.polygon()));
        for at in SOMEWHERE {
            assert!(place.metres_to_edge(at) >= 0.0);
            assert_eq!(again.contains(at), place.contains(at));
        }
    }
    if let Ok(corridor) = Corridor::parse(feature) {
        let again = Corridor::parse(corridor.feature()).unwrap();
        assert_eq!((again.id(), again.line()), (corridor.id(), corridor.line()));
        for at in SOMEWHERE {
            let along = corridor.locate(at, Some(1));
            assert!(along.distance_m >= 0.0 && (0.0..=corridor.length_km()).contains(&along.progress_km), "{along:?}");
        }
    }
});
