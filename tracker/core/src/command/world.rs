//! Places and corridors, each in versions: one is in force at once, or planned for a time to come.

use super::Asking;
use crate::alert::expect_length;
use crate::atlas::{Put, Subject};
use crate::core::Core;
use crate::corridor::Corridor;
use crate::effect::{CommandRefusal, DrawnVersion, Effect, Row};
use crate::feature::{GeometryRefusal, check_size};
use crate::place::Place;
use sealway_schemas::Time;
use sealway_schemas::command::WorldCommand;
use sealway_schemas::record::{Record, WithdrawnVersionView};
use serde_json::Value;

/// Five years: a date further off is a slip of the hand.
const AHEAD_LIMIT_MS: u64 = 5 * 366 * 86_400_000;

impl From<GeometryRefusal> for CommandRefusal {
    fn from(refusal: GeometryRefusal) -> Self {
        Self::new(refusal.code(), refusal.to_string())
    }
}

impl Core {
    pub(super) fn world_command(
        &mut self,
        now: Time,
        asking: &Asking<'_>,
        command: &WorldCommand,
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        match command {
            WorldCommand::PutPlace { feature, effective_from } => self.put_place(feature, put(now, asking, *effective_from)?, effects),
            WorldCommand::PutCorridor { feature, effective_from } => {
                self.put_corridor(feature, put(now, asking, *effective_from)?, effects)
            }
            WorldCommand::WithdrawPlaceVersion { place, effective_from, reason } => {
                self.withdraw_version(now, asking, (Subject::Place(place.clone()), *effective_from, reason), effects)
            }
            WorldCommand::WithdrawCorridorVersion { corridor, effective_from, reason } => {
                self.withdraw_version(now, asking, (Subject::Corridor(corridor.clone()), *effective_from, reason), effects)
            }
        }
    }

    fn put_place(&mut self, feature: &Value, put: Put, effects: &mut Vec<Effect>) -> Result<(), CommandRefusal> {
        let place = Place::parse(&self.feature_text(feature)?)?;
        if let Some(district) = place.district() {
            self.expect_district(district)?;
        }
        let (subject, feature) = (Subject::Place(place.id().clone()), place.feature().to_owned());
        self.expect_planning_room(&subject, &put)?;
        self.atlas.put_place(place, put.clone())?;
        self.tell_version(subject, put, feature, effects);
        Ok(())
    }

    fn put_corridor(&mut self, feature: &Value, put: Put, effects: &mut Vec<Effect>) -> Result<(), CommandRefusal> {
        let corridor = Corridor::parse(&self.feature_text(feature)?)?;
        if let Some((_, known)) = self.atlas.corridor_at(corridor.id(), put.from)
            && (known.from() != corridor.from() || known.to() != corridor.to())
        {
            let detail = format!("corridor {}: runs from {} to {}, expected the same places", known.id(), known.from(), known.to());
            return Err(CommandRefusal::new("corridor-places-fixed", detail));
        }
        let (subject, feature) = (Subject::Corridor(corridor.id().clone()), corridor.feature().to_owned());
        self.expect_planning_room(&subject, &put)?;
        self.atlas.put_corridor(corridor, put.clone())?;
        self.tell_version(subject, put, feature, effects);
        Ok(())
    }

    /// As it will be kept.
    fn feature_text(&self, feature: &Value) -> Result<String, GeometryRefusal> {
        let text = feature.to_string();
        check_size(&text, usize::try_from(self.policy.feature_bytes).unwrap_or(usize::MAX))?;
        Ok(text)
    }

    /// For one more planned version, unless it is in force at once.
    fn expect_planning_room(&self, subject: &Subject, put: &Put) -> Result<(), CommandRefusal> {
        let (planned, limit) = (self.atlas.planned(subject, put.at, put.from), self.policy.planned_versions);
        if put.from <= put.at || u32::try_from(planned).is_ok_and(|planned| planned < limit) {
            return Ok(());
        }
        let (kind, id) = (subject.kind(), subject.id());
        let detail = format!("{kind} {id}: {planned} versions are planned, expected fewer than {limit}: withdraw one first");
        Err(CommandRefusal::new("planned-versions", detail))
    }

    /// 撤回: a planned version will not come into force.
    fn withdraw_version(
        &mut self,
        now: Time,
        asking: &Asking<'_>,
        (subject, from, reason): (Subject, Time, &str),
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        expect_length("reason", reason)?;
        let named = format!("{} {}, version of {from}", subject.kind(), subject.id());
        if from <= now {
            let detail = format!("{named}: its time came, expected one that is planned; put another version instead");
            return Err(CommandRefusal::new("version-in-force", detail));
        }
        let unknown = || CommandRefusal::new("unknown-version", format!("{named}: expected one that is planned"));
        let DrawnVersion { view, .. } = self.atlas.withdraw(&subject, from)?.ok_or_else(unknown)?;
        self.timers.forget_for_world(from, &subject);
        let (kind, id) = (subject.kind().to_owned(), subject.id().to_owned());
        let view = WithdrawnVersionView { kind, id, version: view, at: now, by: asking.signer(), reason: reason.to_owned() };
        effects.push(Effect::Row(Box::new(Row::Withdrawn(subject, from))));
        self.tell_record(now, Record::of(&view, Vec::new()), effects);
        Ok(())
    }

    /// What is planned waits for its time.
    fn tell_version(&mut self, subject: Subject, put: Put, feature: String, effects: &mut Vec<Effect>) {
        if put.from > put.at {
            self.timers.set_for_world(put.from, subject.clone());
        } else {
            self.tell_in_force(&subject, effects);
        }
        effects.push(Effect::Row(Box::new(Row::Version(DrawnVersion::new(subject, &put, feature)))));
    }

    /// A planned version's time has come.
    pub(crate) fn version_due(&mut self, at: Time, subject: &Subject, effects: &mut Vec<Effect>) {
        self.atlas.begin(subject, at);
        self.tell_in_force(subject, effects);
    }

    fn tell_in_force(&self, subject: &Subject, effects: &mut Vec<Effect>) {
        let row = match subject {
            Subject::Place(id) => self.place(id).map(Row::Place),
            Subject::Corridor(id) => self.corridor(id).map(Row::Corridor),
        };
        effects.extend(row.map(|row| Effect::Row(Box::new(row))));
    }
}

/// A version for the past would judge anew what was judged.
fn put(now: Time, asking: &Asking<'_>, effective_from: Option<Time>) -> Result<Put, CommandRefusal> {
    let from = effective_from.unwrap_or(now);
    if from < now || from.since(now) > AHEAD_LIMIT_MS {
        let detail = format!("effective_from {from}: expected a time from {now} on, within five years");
        return Err(CommandRefusal::new("effective-from", detail));
    }
    Ok(Put { at: now, by: asking.signer(), from })
}
