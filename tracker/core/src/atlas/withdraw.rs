//! Taking back what is planned: only before its time, and only where no corridor rests on it.

use super::{Atlas, Drawn, Put, Subject, Version, within};
use crate::corridor::Corridor;
use crate::effect::DrawnVersion;
use crate::feature::GeometryRefusal;
use crate::place::Place;
use sealway_schemas::Time;

impl<T> Drawn<T> {
    fn put_back(&mut self, version: Version<T>) {
        self.versions.put(version.put.from, version);
    }
}

impl Atlas {
    /// Takes a version back that is not in force yet. `None`: there is none for that time.
    pub(crate) fn withdraw(&mut self, subject: &Subject, from: Time) -> Result<Option<DrawnVersion>, GeometryRefusal> {
        let drawn = match subject {
            Subject::Place(id) => {
                let Some(known) = self.places.get_mut(id) else { return Ok(None) };
                let Some(version) = known.versions.remove(from) else { return Ok(None) };
                let span = (from, known.versions.until(from));
                if let Some(stranded) = self.corridors.values().find_map(|corridor| self.stranded(corridor, span)) {
                    let refusal = needed(subject, stranded);
                    self.places.entry(id.clone()).or_default().put_back(version);
                    return Err(refusal);
                }
                self.places.retain(|_, known| !known.versions.is_empty());
                told(subject, &version.put, Place::feature(&version.drawn))
            }
            Subject::Corridor(id) => {
                let Some(known) = self.corridors.get_mut(id) else { return Ok(None) };
                let Some(version) = known.versions.remove(from) else { return Ok(None) };
                let span = (from, known.versions.until(from));
                if let Some(stranded) = self.corridors.get(id).and_then(|corridor| self.stranded(corridor, span)) {
                    let refusal = needed(subject, stranded);
                    self.corridors.entry(id.clone()).or_default().put_back(version);
                    return Err(refusal);
                }
                self.corridors.retain(|_, known| !known.versions.is_empty());
                told(subject, &version.put, Corridor::feature(&version.drawn))
            }
        };
        self.withdrawn.insert((subject.clone(), from));
        Ok(Some(drawn))
    }

    /// Of a corridor the first version in the span that does not touch its places, as they are then.
    fn stranded<'a>(&self, corridor: &'a Drawn<Corridor>, span: (Time, Option<Time>)) -> Option<&'a Corridor> {
        let (_, first) = corridor.at(span.0)?;
        let places = [first.from(), first.to()].into_iter().filter_map(|end| self.places.get(end)).flat_map(Drawn::starts);
        within(span, corridor.starts().chain(places)).into_iter().find_map(|t| {
            let drawn = corridor.begun_by(t)?;
            let place = |id| self.places.get(id).and_then(|place| place.begun_by(t));
            let touches = place(drawn.from()).zip(place(drawn.to())).is_some_and(|(from, to)| drawn.check_touches(from, to).is_ok());
            (!touches).then_some(drawn)
        })
    }

    /// Versions of this place or corridor that are in force later than `now`, beside the one for `from`.
    pub(crate) fn planned(&self, subject: &Subject, now: Time, from: Time) -> usize {
        let (planned, replaced) = match subject {
            Subject::Place(id) => self.places.get(id).map_or((0, false), |known| (known.versions.after(now), known.versions.has(from))),
            Subject::Corridor(id) => {
                self.corridors.get(id).map_or((0, false), |known| (known.versions.after(now), known.versions.has(from)))
            }
        };
        planned - usize::from(replaced && from > now)
    }

    /// What was taken back and not put again since: tables that were behind the log may have it still.
    pub fn withdrawn(&self) -> impl Iterator<Item = &(Subject, Time)> {
        self.withdrawn.iter()
    }
}

fn told(subject: &Subject, put: &Put, feature: &str) -> DrawnVersion {
    DrawnVersion::new(subject.clone(), put, feature.to_owned())
}

fn needed(subject: &Subject, corridor: &Corridor) -> GeometryRefusal {
    GeometryRefusal::Needed { what: subject.kind(), id: subject.id().to_owned(), corridor: corridor.id().to_string() }
}
