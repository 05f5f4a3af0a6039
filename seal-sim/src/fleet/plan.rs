//! Who drives where. The same world, size and seed give the same fleet.

use super::units;
use crate::chance::{Chance, secret};
use crate::device::Device;
use crate::fraud::Fraud;
use crate::journey::Route;
use crate::keys::KeyPair;
use crate::world::{Corridor, Mode, World, WorldError};
use sealway_schemas::ids::NotAnId;
use sealway_schemas::{CorridorId, DeviceId, PlaceId, PublicKey};

/// East of the Tian Shan and north of the Qilian: where a train is alone for hours.
const GOBI_LON: std::ops::Range<f64> = 89.5..96.0;

/// A fleet of this size has all frauds, a smaller one the first three.
const ALL_FRAUDS: usize = 48;
const CHEATS: usize = 5;

/// Why there is no fleet.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    #[error(transparent)]
    World(#[from] WorldError),
    #[error(transparent)]
    Name(#[from] NotAnId),
    #[error("{0} devices, expected 1 to 100000")]
    Size(usize),
}

/// One device with its cargo and its way.
#[derive(Debug, Clone)]
pub struct PlannedDevice {
    pub id: DeviceId,
    /// Container number, ULD or truck.
    pub unit: String,
    pub mode: Mode,
    pub corridor: CorridorId,
    pub origin: PlaceId,
    pub destination: PlaceId,
    /// Metres along the corridor at the start.
    pub start_m: f64,
    pub fraud: Option<Fraud>,
    pub(super) way: Corridor,
    identity: KeyPair,
    secret_of: Seed,
}

/// What a key is made of again; never shown.
#[derive(Clone)]
struct Seed([u8; 32]);

impl std::fmt::Debug for Seed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl PlannedDevice {
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        self.identity.public()
    }

    /// The device's proof over the platform's enrolment challenge.
    #[must_use]
    pub fn enrolment(&self, challenge: [u8; 32]) -> Vec<u8> {
        self.device(1).enrolment(challenge)
    }

    pub(super) fn device(&self, ring: usize) -> Device {
        Device::new(self.id, self.secret_of.0, ring)
    }
}

/// A fleet before it starts.
#[derive(Debug, Clone)]
pub struct FleetPlan {
    devices: Vec<PlannedDevice>,
    seed: u64,
}

impl FleetPlan {
    /// Plans a fleet from the texts of two GeoJSON FeatureCollections. From four devices on, the modes mix; from six on, three
    /// of them cheat: one opened in the Gobi, one off its road, one cloned at sea. From 48 on there are two more: a cable cut on a
    /// railway in the east, and a spoofed receiver in an aeroplane.
    pub fn new(corridors: &str, places: &str, devices: usize, seed: u64) -> Result<Self, PlanError> {
        if !(1..=100_000).contains(&devices) {
            return Err(PlanError::Size(devices));
        }
        let world = World::parse(corridors, places)?;
        let mut plan = Self { devices: Vec::with_capacity(devices), seed };
        let mut chance = Chance::named(seed, "plan");
        let frauds = if devices >= 6 { plan.cheats(&world)? } else { Vec::new() };
        plan.devices.extend(frauds.into_iter().take(if devices >= ALL_FRAUDS { CHEATS } else { 3 }));
        let ways = shared_out(&world);
        for index in plan.devices.len()..devices {
            let Some(corridor) = ways.get(index % ways.len().max(1)) else { break };
            let share = chance.between(0.04, 0.86);
            let start_m = Route::new(&corridor.line).length_m() * share;
            plan.devices.push(planned(index, seed, corridor, start_m, None)?);
        }
        Ok(plan)
    }

    #[must_use]
    pub fn devices(&self) -> &[PlannedDevice] {
        &self.devices
    }

    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    fn cheats(&self, world: &World) -> Result<Vec<PlannedDevice>, PlanError> {
        let gobi = world.corridors.iter().find_map(|way| (way.mode == Mode::Rail).then(|| gobi_m(way)).flatten().map(|m| (way, m)));
        let longest = |mode| {
            let ways = world.corridors.iter().filter(move |way| way.mode == mode);
            ways.map(|way| (way, Route::new(&way.line).length_m())).max_by(|a, b| a.1.total_cmp(&b.1))
        };
        let road = longest(Mode::Road).map(|(way, length)| (way, length * 0.25));
        let sea = longest(Mode::Sea).map(|(way, length)| (way, length * 0.45));
        let east = world.corridors.iter().find(|way| way.mode == Mode::Rail && Some(&way.id) != gobi.map(|(way, _)| &way.id));
        let rail = east.map(|way| (way, Route::new(&way.line).length_m() * 0.55));
        let air = longest(Mode::Air).map(|(way, length)| (way, length * 0.2));
        let cheats: [_; CHEATS] =
            [(gobi, Fraud::Opened), (road, Fraud::Deviation), (sea, Fraud::Clone), (rail, Fraud::CableCut), (air, Fraud::Jump)];
        let found = cheats.into_iter().filter_map(|(place, fraud)| place.map(|(way, start_m)| (way, start_m, fraud)));
        found.enumerate().map(|(index, (way, start_m, fraud))| planned(index, self.seed, way, start_m, Some(fraud))).collect()
    }
}

/// Where a railway has come into the Gobi.
fn gobi_m(way: &Corridor) -> Option<f64> {
    let route = Route::new(&way.line);
    let steps = 400_u32;
    let along = (0..steps).map(|step| route.length_m() * f64::from(step) / f64::from(steps));
    along.into_iter().find(|m| {
        let (point, _) = route.at(*m);
        GOBI_LON.contains(&point.lon) && (41.0..46.0).contains(&point.lat)
    })
}

/// The modes in turn, and within each the corridors in turn: rail and road get half and a quarter, sea and air the rest.
fn shared_out(world: &World) -> Vec<&Corridor> {
    const TURNS: [Mode; 8] = [Mode::Rail, Mode::Road, Mode::Rail, Mode::Sea, Mode::Rail, Mode::Road, Mode::Rail, Mode::Air];
    let of = |mode| world.corridors.iter().filter(|way| way.mode == mode).collect::<Vec<_>>();
    let by_mode: Vec<(Mode, Vec<&Corridor>)> = Mode::ALL.into_iter().map(|mode| (mode, of(mode))).collect();
    let mut taken = [0_usize; Mode::ALL.len()];
    let mut ways = Vec::new();
    for mode in TURNS.into_iter().cycle().take(TURNS.len() * world.corridors.len()) {
        let turn = by_mode.iter().zip(taken.iter_mut()).find(|((of, _), _)| *of == mode);
        let Some(((_, corridors), taken)) = turn else { continue };
        if let Some(way) = corridors.get(*taken % corridors.len().max(1)) {
            ways.push(*way);
            *taken += 1;
        }
    }
    ways
}

fn planned(index: usize, seed: u64, way: &Corridor, start_m: f64, fraud: Option<Fraud>) -> Result<PlannedDevice, PlanError> {
    let serial = index as u64 + 1;
    let id: DeviceId = format!("SW-{}-{serial:05}", letter(way.mode)).parse()?;
    let unit = match way.mode {
        Mode::Rail | Mode::Sea => units::container(seed % 1_000 * 1_000 + serial),
        Mode::Air => units::uld(serial),
        Mode::Road if index.is_multiple_of(3) => units::loose(serial),
        Mode::Road => units::container(seed % 1_000 * 1_000 + serial),
    };
    let identity_secret = secret(seed, "identity", id.as_str());
    Ok(PlannedDevice {
        id,
        unit,
        mode: way.mode,
        corridor: way.id.clone(),
        origin: way.from.clone(),
        destination: way.to.clone(),
        start_m,
        fraud,
        way: way.clone(),
        identity: KeyPair::from_secret(identity_secret),
        secret_of: Seed(identity_secret),
    })
}

fn letter(mode: Mode) -> char {
    match mode {
        Mode::Rail => 'R',
        Mode::Road => 'T',
        Mode::Sea => 'S',
        Mode::Air => 'A',
    }
}
