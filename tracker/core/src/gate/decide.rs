//! The decision of a gate: one total function of what it sees and what is known. No clock, no store; a gate that is alone calls the same.
//!
//! GO is the absence of every reason to hold. All reasons are told; the first is the one that the driver reads.

use sealway_schemas::Time;
use sealway_schemas::gate::{
    AnswerFacts, CardSeen, Direction, Facts, GateNumbers, GateQuestion, GateView, Line, NoteFacts, NoteSeen, Papers, Plate, Reading,
    Reason, TransferFacts, UnitSeen,
};
use sealway_schemas::ids::iso6346_sum;
use sealway_schemas::movement::MovementState;

/// What a passage is to its transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passage {
    /// Out of the origin: a GO releases the transfer.
    Leaving,
    /// Into the destination.
    Reaching,
    /// Through any other place.
    Passing,
}

impl Passage {
    #[must_use]
    pub fn of(gate: &GateView, direction: Direction, transfer: &TransferFacts) -> Self {
        match direction {
            Direction::Outbound if gate.place == transfer.origin => Self::Leaving,
            Direction::Inbound if gate.place == transfer.destination => Self::Reaching,
            Direction::Inbound | Direction::Outbound => Self::Passing,
        }
    }

    /// In which the transfer may pass.
    #[must_use]
    pub fn states(self) -> &'static [MovementState] {
        match self {
            Self::Leaving => &[MovementState::Sealed, MovementState::Released],
            Self::Reaching => &[MovementState::Released, MovementState::InTransit, MovementState::Arrived],
            Self::Passing => &[MovementState::Released, MovementState::InTransit],
        }
    }
}

/// Every reason to hold; none is GO.
#[must_use]
pub fn decide(now: Time, question: &GateQuestion, facts: &Facts, numbers: &GateNumbers) -> Vec<Reason> {
    let truck = truck_of(question, &facts.card);
    let mut reasons = Vec::new();
    lane(now, question, facts, &mut reasons);
    card(now, question, &facts.card, &mut reasons);
    if truck.is_none() {
        reasons.push(Reason::NoVehicle {});
    }
    note(now, (question, truck.as_ref()), facts, &mut reasons);
    if let Some(transfer) = &facts.transfer {
        state(question, &facts.gate, transfer, &mut reasons);
        papers(&facts.gate, transfer, &mut reasons);
        unit(question.unit.as_ref(), &transfer.unit, &mut reasons);
        seal(now, question, (transfer, facts.answer.as_ref()), numbers, &mut reasons);
    }
    if let NoteSeen::Known(note) = &facts.note {
        weight(question, note, numbers.weight_permille(facts.gate.line), &mut reasons);
    }
    if let (Some(truck), Some(drawn)) = (truck, facts.inspection.as_ref().filter(|drawn| now <= drawn.until)) {
        reasons.push(Reason::Inspection { truck, until: drawn.until });
    }
    reasons
}

/// By its plate, or by the pass card where no plate was read.
#[must_use]
pub fn truck_of(question: &GateQuestion, card: &CardSeen) -> Option<Plate> {
    let of_card = || match card {
        CardSeen::Known { card, .. } => Some(card.truck.clone()),
        CardSeen::Absent | CardSeen::Forged => None,
    };
    question.truck.clone().or_else(of_card)
}

fn lane(now: Time, question: &GateQuestion, facts: &Facts, reasons: &mut Vec<Reason>) {
    if let Some(until) = facts.alone_until.filter(|until| now > *until) {
        reasons.push(Reason::SnapshotExpired { until });
    }
    if question.vehicles > 1 {
        reasons.push(Reason::Tailgating { vehicles: question.vehicles });
    }
    let elsewhere = facts.held.as_ref().filter(|held| held.gate != question.gate || held.lane != question.lane);
    if let Some(held) = elsewhere {
        reasons.push(Reason::LaneChanged { gate: held.gate.clone(), lane: held.lane, at: held.at });
    }
}

fn card(now: Time, question: &GateQuestion, seen: &CardSeen, reasons: &mut Vec<Reason>) {
    let (card, revoked) = match seen {
        CardSeen::Absent => return,
        CardSeen::Forged => return reasons.push(Reason::CardForged {}),
        CardSeen::Known { card, revoked } => (card, *revoked),
    };
    if revoked {
        reasons.push(Reason::CardRevoked { card: card.card.clone() });
    }
    if now < card.not_before || now > card.not_after {
        let (not_before, not_after) = (card.not_before, card.not_after);
        reasons.push(Reason::CardOutOfTime { card: card.card.clone(), not_before, not_after });
    }
    if let Some(seen) = question.truck.as_ref().filter(|seen| **seen != card.truck) {
        reasons.push(Reason::CardOtherTruck { card: card.card.clone(), truck: card.truck.clone(), seen: seen.clone() });
    }
}

fn note(now: Time, (question, truck): (&GateQuestion, Option<&Plate>), facts: &Facts, reasons: &mut Vec<Reason>) {
    let known = match &facts.note {
        NoteSeen::Missing => return reasons.push(Reason::NoteMissing {}),
        NoteSeen::Unknown(note) => return reasons.push(Reason::NoteUnknown { note: note.clone() }),
        NoteSeen::Known(known) => known,
    };
    let note = known.note.clone();
    if let Some(used) = &known.used {
        reasons.push(Reason::NoteReused { note: note.clone(), gate: used.gate.clone(), at: used.at });
    }
    if known.revoked {
        reasons.push(Reason::NoteRevoked { note: note.clone() });
    }
    if let Some(not_after) = known.not_after.filter(|not_after| now > *not_after) {
        reasons.push(Reason::NoteExpired { note: note.clone(), not_after });
    }
    if let Some(seen) = truck.filter(|seen| **seen != known.truck) {
        reasons.push(Reason::NoteOtherTruck { note: note.clone(), truck: known.truck.clone(), seen: seen.clone() });
    }
    if known.direction != question.direction {
        reasons.push(Reason::NoteOtherDirection { note: note.clone(), direction: known.direction });
    }
    if known.place != facts.gate.place {
        reasons.push(Reason::NoteOtherPlace { note: note.clone(), place: known.place.clone() });
    } else if let Some(gate) = known.gate.as_ref().filter(|gate| **gate != facts.gate.gate) {
        reasons.push(Reason::NoteOtherGate { note: note.clone(), gate: gate.clone() });
    }
    if let Some(transfer) = facts.transfer.as_ref().filter(|transfer| transfer.unit != known.unit) {
        reasons.push(Reason::NoteOtherUnit { note, unit: known.unit.clone(), expected: transfer.unit.clone() });
    }
    if let CardSeen::Known { card, .. } = &facts.card {
        let covered = |line: &&sealway_schemas::gate::CardGoods| {
            card.goods.iter().any(|may| may.goods == line.goods && may.unit == line.unit && may.quantity >= line.quantity)
        };
        let beyond = known.goods.iter().filter(|line| !covered(line));
        reasons.extend(beyond.map(|line| Reason::CardOtherGoods { card: card.card.clone(), goods: line.goods.clone() }));
    }
}

fn state(question: &GateQuestion, gate: &GateView, transfer: &TransferFacts, reasons: &mut Vec<Reason>) {
    let id = &transfer.transfer;
    let expected = Passage::of(gate, question.direction, transfer).states();
    if !expected.contains(&transfer.state) {
        reasons.push(Reason::TransferState { transfer: id.clone(), state: transfer.state, expected: expected.to_vec() });
    }
    reasons.extend(transfer.holds.iter().map(|hold| Reason::TransferHeld { transfer: id.clone(), hold: *hold }));
    if !transfer.whole {
        reasons.push(Reason::CustodyHole { transfer: id.clone(), seal: transfer.seal });
    }
    let red = |red: &sealway_schemas::gate::RedAlert| Reason::RedAlert { transfer: id.clone(), alert: red.alert, kind: red.kind };
    reasons.extend(transfer.red.iter().map(red));
}

/// At the border the passage is filed and papers may follow; into the hinterland goods go only with papers that agree.
fn papers(gate: &GateView, transfer: &TransferFacts, reasons: &mut Vec<Reason>) {
    let transfer_id = || transfer.transfer.clone();
    match (gate.line, transfer.papers) {
        (Line::Border, Papers::Undeclared) | (Line::Border | Line::Hinterland, Papers::Agree) => {}
        (Line::Hinterland, Papers::Undeclared) => reasons.push(Reason::GoodsUndeclared { transfer: transfer_id() }),
        (Line::Border | Line::Hinterland, Papers::Differ) => reasons.push(Reason::GoodsDiffer { transfer: transfer_id() }),
    }
}

/// Another number accuses somebody only where it was surely read: typed, or with a check digit that a misreading would break.
fn unit(seen: Option<&UnitSeen>, expected: &str, reasons: &mut Vec<Reason>) {
    let Some(UnitSeen { number, reading }) = seen else {
        return reasons.push(Reason::UnitMissing {});
    };
    if number == expected {
        return;
    }
    let sure = match (check_digit_holds(number), reading) {
        (Some(holds), Reading::Ocr | Reading::Typed) => holds,
        (None, Reading::Typed) => check_digit_holds(expected).is_none(),
        (None, Reading::Ocr) => false,
    };
    let seen = number.clone();
    reasons.push(if sure { Reason::WrongUnit { expected: expected.to_owned(), seen } } else { Reason::UnitUnreadable { seen } });
}

/// `None` where the number has not the shape of a container's (ISO 6346).
fn check_digit_holds(number: &str) -> Option<bool> {
    let shape = number.len() == 11
        && number.bytes().enumerate().all(|(at, byte)| if at < 4 { byte.is_ascii_uppercase() } else { byte.is_ascii_digit() });
    let (body, given) = number.split_at_checked(10).filter(|_| shape)?;
    Some(iso6346_sum(body).is_some_and(|digit| digit.to_string() == given))
}

fn seal(
    now: Time,
    question: &GateQuestion,
    (transfer, answer): (&TransferFacts, Option<&AnswerFacts>),
    numbers: &GateNumbers,
    reasons: &mut Vec<Reason>,
) {
    let seal = transfer.seal;
    if let Some(seen) = question.seal.filter(|seen| *seen != seal) {
        reasons.push(Reason::WrongSeal { expected: seal, seen });
    }
    if !transfer.bound {
        reasons.push(Reason::SealUnbound { seal, unit: transfer.unit.clone() });
    }
    let Some(answer) = answer.filter(|answer| now.since(answer.at) <= numbers.answer_fresh_ms) else {
        return reasons.push(Reason::SealSilent { seal });
    };
    if !answer.closed {
        reasons.push(Reason::SealOpen { seal });
    }
    if let Some(expected) = transfer.epoch.filter(|expected| *expected != answer.epoch) {
        reasons.push(Reason::SealOtherEpoch { seal, epoch: answer.epoch, expected });
    }
    if let Some(metres) = answer.beyond_m.filter(|metres| *metres > numbers.place_slack_m) {
        reasons.push(Reason::SealElsewhere { seal, metres });
    }
}

fn weight(question: &GateQuestion, note: &NoteFacts, permille: u32, reasons: &mut Vec<Reason>) {
    let declared = note.gross_kg;
    let Some(measured) = question.weight_kg else {
        return reasons.push(Reason::WeightMissing {});
    };
    let off = u128::from(measured.thousandths().abs_diff(declared.thousandths()));
    if off * 1000 > u128::from(declared.thousandths()) * u128::from(permille) {
        reasons.push(Reason::WeightOff { measured, declared, permille });
    }
}
