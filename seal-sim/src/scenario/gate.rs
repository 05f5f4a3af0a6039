//! At the gate of the origin: a release note, an answer of the seal, a question; and what somebody does there who wants to get by.

use super::deed::Deed;
use super::platform::Platform;
use super::play::{Play, Twin};
use crate::fleet::units;
use sealway_schemas::command::GateCommand;
use sealway_schemas::gate::{Direction, GateQuestion, Line, Plate, Reading, UnitSeen};
use sealway_schemas::ids::NotAnId;
use sealway_schemas::ledger::{Quantity, Reference};
use sealway_schemas::{DeviceId, GateId, PlaceId, Time};

/// Of truck, unit and goods, declared and weighed.
const GROSS_KG: Quantity = Quantity::from_thousandths(31_400_000);
/// Another unit, and another truck, have numbers that no play has.
const ANOTHER: u64 = 500_000;

/// The two gates of a place.
pub(super) fn gates(place: &PlaceId) -> Result<Vec<GateCommand>, NotAnId> {
    let gate = |side: Side| -> Result<GateCommand, NotAnId> {
        Ok(GateCommand::PutGate {
            gate: side.of(place)?,
            place: place.clone(),
            name_zh: side.name_zh().to_owned(),
            name_en: side.name_en().to_owned(),
            line: Line::Border,
            lanes: 4,
            directions: vec![Direction::Inbound, Direction::Outbound],
            public_key: None,
        })
    };
    [Side::South, Side::North].into_iter().map(gate).collect()
}

#[derive(Debug, Clone, Copy)]
enum Side {
    South,
    North,
}

impl Side {
    fn of(self, place: &PlaceId) -> Result<GateId, NotAnId> {
        match self {
            Self::South => format!("{place}-south").parse(),
            Self::North => format!("{place}-north").parse(),
        }
    }

    fn name_zh(self) -> &'static str {
        match self {
            Self::South => "南卡口",
            Self::North => "北卡口",
        }
    }

    fn name_en(self) -> &'static str {
        match self {
            Self::South => "South gate",
            Self::North => "North gate",
        }
    }
}

/// What the gate sees of the truck.
struct Seen {
    number: u8,
    side: Side,
    lane: u8,
    unit: UnitSeen,
    /// Some gates have no reader for it.
    seal: Option<DeviceId>,
    weight_kg: Option<Quantity>,
    truck: Plate,
}

impl Play {
    /// Out of the origin, with a release note.
    pub(super) fn pass_gate(&mut self, at: Time, platform: &mut dyn Platform) {
        self.tally.done_at.get_or_insert(at);
        let (Ok(note), Ok(truck)) = (self.note(), plate(self.cast.number)) else { return };
        let issue = GateCommand::IssueReleaseNote {
            note,
            transfer: self.transfer.clone(),
            truck: truck.clone(),
            unit: self.unit.clone(),
            direction: Direction::Outbound,
            place: self.cast.corridor.from.clone(),
            gate: None,
            gross_kg: GROSS_KG,
            not_after: None,
            goods: Vec::new(),
        };
        let customs = self.customs.clone();
        self.ask(at, &customs, issue, platform);
        self.challenge(at, "gate", platform);
        let own = UnitSeen { number: self.unit.clone(), reading: Reading::Typed };
        let seen =
            Seen { number: 1, side: Side::South, lane: 1, unit: own, seal: Some(self.device.id()), weight_kg: Some(GROSS_KG), truck };
        match self.conduct.twin {
            Twin::Dishonest => self.get_by(at, seen, platform),
            Twin::Honest => self.pass_honestly(at, seen, platform),
        }
    }

    fn get_by(&mut self, at: Time, seen: Seen, platform: &mut dyn Platform) {
        match self.conduct.deed {
            Some(Deed::WrongUnit) => {
                let unit = UnitSeen { number: units::container(self.cast.number + ANOTHER), reading: Reading::Ocr };
                self.show(at, &Seen { unit, ..seen }, platform);
            }
            // The seal of another unit.
            Some(Deed::WrongSeal) => {
                let seal = format!("SC-{:06}", self.cast.number + ANOTHER).parse().ok();
                self.show(at, &Seen { seal, ..seen }, platform);
            }
            Some(Deed::NoteTwice) => {
                self.show(at, &seen, platform);
                let Ok(truck) = plate(self.cast.number + ANOTHER) else { return };
                self.show(at, &Seen { number: 2, side: Side::North, truck, ..seen }, platform);
            }
            Some(Deed::LaneChanged) => {
                self.show(at, &Seen { weight_kg: None, truck: seen.truck.clone(), unit: seen.unit.clone(), ..seen }, platform);
                self.show(at, &Seen { number: 2, lane: 2, ..seen }, platform);
            }
            Some(Deed::Tailgated) => {
                self.show(at, &seen, platform);
                self.barrier(at, 2, platform);
            }
            _ => {}
        }
    }

    fn pass_honestly(&mut self, at: Time, seen: Seen, platform: &mut dyn Platform) {
        match self.conduct.deed {
            // The camera takes one digit for another.
            Some(Deed::WrongUnit) => {
                let unit = UnitSeen { number: misread(&self.unit), reading: Reading::Ocr };
                self.show(at, &Seen { unit, truck: seen.truck.clone(), ..seen }, platform);
                self.show(at, &Seen { number: 2, ..seen }, platform);
            }
            // The gate's reader has none of it.
            Some(Deed::WrongSeal) => self.show(at, &Seen { seal: None, ..seen }, platform),
            // The line broke, and the gate asks again.
            Some(Deed::NoteTwice) => {
                self.show(at, &seen, platform);
                self.show(at, &seen, platform);
            }
            // Onto the scales first.
            Some(Deed::LaneChanged) => {
                self.show(at, &Seen { weight_kg: None, truck: seen.truck.clone(), unit: seen.unit.clone(), ..seen }, platform);
                self.show(at, &Seen { number: 2, ..seen }, platform);
            }
            _ => {
                self.show(at, &seen, platform);
                self.barrier(at, 1, platform);
            }
        }
    }

    fn show(&mut self, at: Time, seen: &Seen, platform: &mut dyn Platform) {
        let (Ok(decision), Ok(note)) = (self.decision(seen.number), self.note()) else { return };
        let Ok(gate) = seen.side.of(&self.cast.corridor.from) else { return };
        let question = GateQuestion {
            decision,
            gate,
            lane: seen.lane,
            direction: Direction::Outbound,
            truck: Some(seen.truck.clone()),
            card: None,
            unit: Some(seen.unit.clone()),
            seal: seen.seal,
            weight_kg: seen.weight_kg,
            note: Some(note),
            vehicles: 1,
        };
        let operator = self.operator.clone();
        self.ask(at, &operator, GateCommand::AskGate { question }, platform);
    }

    fn barrier(&mut self, at: Time, vehicles: u8, platform: &mut dyn Platform) {
        let (Ok(decision), Ok(gate)) = (self.decision(1), Side::South.of(&self.cast.corridor.from)) else { return };
        let operator = self.operator.clone();
        let cycle = decision.clone();
        let report = GateCommand::ReportBarrier { gate, cycle, lane: 1, decision: Some(decision), vehicles, plates: Vec::new() };
        self.ask(at, &operator, report, platform);
    }

    fn note(&self) -> Result<Reference, sealway_schemas::ledger::NotAValue> {
        format!("N-{}", self.device.id()).parse()
    }

    fn decision(&self, number: u8) -> Result<Reference, sealway_schemas::ledger::NotAValue> {
        format!("D-{}-{number}", self.device.id()).parse()
    }
}

fn plate(number: u64) -> Result<Plate, NotAnId> {
    format!("陕A{number:06}").parse()
}

/// With another last digit, or for a number without a check digit with a letter more.
fn misread(unit: &str) -> String {
    let mut seen = unit.to_owned();
    match seen.pop() {
        Some('9') => seen.push('0'),
        Some(last @ '0'..='8') => seen.push(char::from_digit(last.to_digit(10).unwrap_or_default() + 1, 10).unwrap_or('0')),
        Some(last) => seen.extend([last, 'X']),
        None => {}
    }
    seen
}
