//! Incidents 途中异常: what the carrier says happened, the photos that it names, and the officer's word that ends it.

use super::TransferIx;
use crate::alert::Finding;
use crate::core::Core;
use crate::effect::{CommandRefusal, Effect};
use sealway_schemas::alert::AlertKind;
use sealway_schemas::movement::{Arrow, By, IncidentView};
use sealway_schemas::record::{Record, ReportedIncident, ResumedView};
use sealway_schemas::{PhotoHash, Time};

/// More than this nobody looks at.
const PHOTOS_LIMIT: usize = 8;

impl Core {
    pub(super) fn report_incident(
        &mut self,
        now: Time,
        ix: TransferIx,
        incident: IncidentView,
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        check_photos(&incident.photos)?;
        self.step(now, ix, Arrow::ReportIncident, incident.by.clone(), effects)?;
        if let Some(transfer) = self.transfers.get_mut(ix) {
            transfer.incidents += 1;
            transfer.incident = Some(incident);
        }
        self.tell_incident(now, ix, None, effects);
        self.tell_transfer(now, ix, effects);
        self.raise_on_transfer(now, ix, Finding::at(AlertKind::IncidentReported, now), effects);
        Ok(())
    }

    /// What a verdict on an alert made an incident was reported by nobody and has no record.
    pub(super) fn end_incident(&mut self, now: Time, ix: TransferIx, (note, by): (String, By), effects: &mut Vec<Effect>) {
        self.tell_incident(now, ix, Some(ResumedView { at: now, by, note }), effects);
        if let Some(transfer) = self.transfers.get_mut(ix) {
            transfer.incident = None;
        }
    }

    fn tell_incident(&self, now: Time, ix: TransferIx, resumed: Option<ResumedView>, effects: &mut Vec<Effect>) {
        let Some(transfer) = self.transfers.get(ix) else {
            return;
        };
        let Some(incident) = transfer.incident.clone() else {
            return;
        };
        let view = ReportedIncident { transfer: transfer.id.clone(), number: transfer.incidents, incident, resumed };
        self.tell_record(now, Record::of(&view, self.parties_of(Some(transfer), None)), effects);
    }
}

fn check_photos(photos: &[PhotoHash]) -> Result<(), CommandRefusal> {
    if photos.len() > PHOTOS_LIMIT {
        return Err(CommandRefusal::new("photos-limit", format!("{} photos, expected at most {PHOTOS_LIMIT}", photos.len())));
    }
    let twice = photos.iter().enumerate().find(|(at, photo)| photos.iter().take(*at).any(|before| before == *photo));
    match twice {
        Some((_, photo)) => Err(CommandRefusal::new("photo-twice", format!("photo {photo}: named twice, expected once"))),
        None => Ok(()),
    }
}
