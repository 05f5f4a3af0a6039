//! Places and corridors.

use crate::core::Core;
use crate::corridor::Corridor;
use crate::effect::{CommandRefusal, Effect, Row};
use crate::feature::GeometryRefusal;
use crate::place::Place;
use sealway_schemas::command::WorldCommand;

impl From<GeometryRefusal> for CommandRefusal {
    fn from(refusal: GeometryRefusal) -> Self {
        Self::new(refusal.code(), refusal.to_string())
    }
}

impl Core {
    pub(super) fn world_command(&mut self, command: &WorldCommand, effects: &mut Vec<Effect>) -> Result<(), CommandRefusal> {
        match command {
            WorldCommand::PutPlace { feature } => self.put_place(feature, effects),
            WorldCommand::PutCorridor { feature } => self.put_corridor(feature, effects),
        }
    }

    fn put_place(&mut self, feature: &serde_json::Value, effects: &mut Vec<Effect>) -> Result<(), CommandRefusal> {
        let place = Place::parse(&feature.to_string())?;
        if let Some(district) = place.district() {
            self.expect_district(district)?;
        }
        let view = place.view();
        self.atlas.put_place(place)?;
        effects.push(Effect::Row(Box::new(Row::Place(view))));
        Ok(())
    }

    fn put_corridor(&mut self, feature: &serde_json::Value, effects: &mut Vec<Effect>) -> Result<(), CommandRefusal> {
        let corridor = Corridor::parse(&feature.to_string())?;
        let view = corridor.view();
        if let Some(known) = self.atlas.corridor(corridor.id())
            && (known.from() != corridor.from() || known.to() != corridor.to())
        {
            let detail = format!("corridor {}: runs from {} to {}, expected the same places", known.id(), known.from(), known.to());
            return Err(CommandRefusal::new("corridor-places-fixed", detail));
        }
        self.atlas.put_corridor(corridor)?;
        effects.push(Effect::Row(Box::new(Row::Corridor(view))));
        Ok(())
    }
}
