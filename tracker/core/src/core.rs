//! The judge as one value: inputs in, effects out. It has no clock, no store and no randomness, so a replay of the log makes it again.

use crate::alert::AlertBook;
use crate::atlas::{Atlas, Near};
use crate::cargo::Cargos;
use crate::command::{Asked, Receipts};
use crate::custody::{Grants, Questions};
use crate::device::{Device, DeviceIx, Devices};
use crate::effect::{Effect, LoginRefusal};
use crate::exchange::Webhooks;
use crate::gate::{Figures, Gates};
use crate::geometry::Position;
use crate::input::Input;
use crate::ledger::Ledgers;
use crate::order::{AckState, Past};
use crate::policy::Policy;
use crate::registry::{KnownKeys, Registry};
use crate::signing::Signing;
use crate::terminal::Terminals;
use crate::timer::Timers;
use crate::transfer::{StandingOrders, Transfers};
use sealway_schemas::down::Ack;
use sealway_schemas::entry::Entry;
use sealway_schemas::hello::Hello;
use sealway_schemas::succession::Succession;
use sealway_schemas::{DeviceId, PublicKey, Time};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// A hello that names a generation of this and above is not believed: acks and entries carry numbers below 2^53, and one dishonest seal
/// must not use them up for all.
const HEARD_LIMIT: u64 = 1 << 52;

/// The whole state. Snapshots are its serde form (postcard).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Core {
    pub(crate) policy: Policy,
    pub(crate) generation: u64,
    /// The platform's keys after its first.
    pub(crate) platform_keys: Vec<PublicKey>,
    pub(crate) registry: Registry,
    pub(crate) signing: Signing,
    pub(crate) keys: KnownKeys,
    pub(crate) atlas: Atlas,
    pub(crate) devices: Devices,
    pub(crate) transfers: Transfers,
    pub(crate) orders: StandingOrders,
    pub(crate) grants: Grants,
    pub(crate) questions: Questions,
    pub(crate) alerts: AlertBook,
    pub(crate) timers: Timers,
    pub(crate) receipts: Receipts,
    pub(crate) ledgers: Ledgers,
    pub(crate) terminals: Terminals,
    pub(crate) webhooks: Webhooks,
    pub(crate) cargos: Cargos,
    pub(crate) gates: Gates,
    pub(crate) figures: Figures,
}

impl Default for Core {
    fn default() -> Self {
        Self::with_policy(Policy::default())
    }
}

impl Core {
    #[must_use]
    pub fn with_policy(policy: Policy) -> Self {
        Self {
            policy,
            generation: 1,
            platform_keys: Vec::new(),
            registry: Registry::default(),
            signing: Signing::default(),
            keys: KnownKeys::default(),
            atlas: Atlas::default(),
            devices: Devices::default(),
            transfers: Transfers::default(),
            orders: StandingOrders::default(),
            grants: Grants::default(),
            questions: Questions::default(),
            alerts: AlertBook::default(),
            timers: Timers::default(),
            receipts: Receipts::default(),
            ledgers: Ledgers::default(),
            terminals: Terminals::default(),
            webhooks: Webhooks::default(),
            cargos: Cargos::default(),
            gates: Gates::default(),
            figures: Figures::default(),
        }
    }

    /// Takes one input. `now` never goes back. Deadlines up to `now` fire first, each at its own time, so it does not matter how
    /// often time is told. Effects are added to `effects`, in the order in which they are due.
    pub fn handle(&mut self, now: Time, input: Input, past: &dyn Past, effects: &mut Vec<Effect>) {
        let before = effects.len();
        self.fire_until(now, effects);
        match input {
            Input::Report(report) => self.take_report(now, report, past, effects),
            Input::Login { device, t } => self.take_login(now, device, t, effects),
            Input::Hello { device, hello } => self.take_hello(now, device, hello, effects),
            Input::Command { by, key, body, signature } => self.take_command(now, Asked { by, key, body, signature }, effects),
            Input::StrictFailed { device, ctr, digest } => self.take_strict_failed(now, device, ctr, digest, effects),
            Input::StateLost { device, stored, hi } => self.take_state_lost(now, device, (stored, hi), effects),
            Input::Generation(number) => self.take_generation(now, number, effects),
            Input::Refusals(refusals) => effects.push(Effect::Append(Entry::Refusals { at: now, refusals })),
            Input::Policy(policy) => self.take_policy(now, policy, effects),
            Input::Rekey(succession) => self.take_rekey(now, succession, effects),
            Input::Unsigned(frame) => self.take_unsigned(now, frame, effects),
            Input::Tick => {}
        }
        self.tell_webhooks(before, effects);
    }

    /// When [`Core::handle`] is due at the latest, if nothing else comes.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Time> {
        self.timers.next()
    }

    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// What a platform that was restored to this state at `now` calls itself. One above the copy's would be given again by the next restore
    /// of the same copy, and a seal would believe stored what only the first had; a device needs it higher, not next.
    #[must_use]
    pub fn generation_after(&self, now: Time) -> u64 {
        self.generation.saturating_add(1).max(now.as_ms() / 1_000)
    }

    /// The keys that took over from the platform's first one, in their order.
    #[must_use]
    pub fn platform_keys(&self) -> &[PublicKey] {
        &self.platform_keys
    }

    /// Whether a login with this `t` may be accepted. Its signature is another question.
    pub fn login_allowed(&self, device: &DeviceId, t: Time) -> Result<(), LoginRefusal> {
        let known = self.devices.by_id(device).ok_or(LoginRefusal::UnknownDevice(*device))?;
        if known.revoked_at.is_some() {
            return Err(LoginRefusal::Revoked(*device));
        }
        if t > known.login_t { Ok(()) } else { Err(LoginRefusal::Replayed { device: *device, t, last: known.login_t }) }
    }

    /// The ack's content: what of the device's reports is stored. `None` for an unknown device.
    #[must_use]
    pub fn ack(&self, device: &DeviceId, now: Time) -> Option<Ack> {
        let position = self.devices.by_id(device)?.cursor.position();
        Some(self.ack_of(position, now))
    }

    /// The same after a report `ctr` whose key is not known: it asks for what lies below, where the key may be.
    #[must_use]
    pub fn ack_below(&self, device: &DeviceId, ctr: u64, now: Time) -> Option<Ack> {
        let position = self.devices.by_id(device)?.cursor.missed_unknown(ctr);
        Some(self.ack_of(position, now))
    }

    fn ack_of(&self, position: AckState, now: Time) -> Ack {
        Ack {
            generation: self.generation,
            stored: position.stored,
            // Nothing is in a second failure domain yet.
            released: 0,
            ranges: position.ranges,
            wants: position.wants,
            t: now,
            tree: None,
        }
    }

    /// Places and corridors around a point, nearest first.
    #[must_use]
    pub fn near(&self, at: Position, radius_m: f64) -> Near<'_> {
        self.atlas.near(at, radius_m)
    }

    #[must_use]
    pub fn atlas(&self) -> &Atlas {
        &self.atlas
    }

    /// The keys of every device that is not revoked: identity key, then epoch keys. What a restarted verify worker needs.
    pub fn keys(&self) -> impl Iterator<Item = (DeviceId, PublicKey, Vec<PublicKey>)> + '_ {
        let active = self.devices.iter().filter(|device| device.revoked_at.is_none());
        active.map(|device| (device.id, device.cursor.identity(), device.cursor.epoch_keys().to_vec()))
    }

    /// SHA-256 of the whole state: equal for a state that was replayed.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 32] {
        let bytes = postcard::to_stdvec(self).unwrap_or_default();
        Sha256::digest(&bytes).into()
    }

    pub(crate) fn device_ix(&self, id: &DeviceId) -> Option<DeviceIx> {
        self.devices.find(id)
    }

    pub(crate) fn active_device(&self, id: &DeviceId) -> Option<&Device> {
        self.devices.by_id(id).filter(|device| device.revoked_at.is_none())
    }

    fn take_login(&mut self, now: Time, device: DeviceId, t: Time, effects: &mut Vec<Effect>) {
        if let Err(refusal) = self.login_allowed(&device, t) {
            effects.push(Effect::LoginRefused { device, refusal });
            return;
        }
        if let Some(known) = self.devices.find(&device).and_then(|ix| self.devices.get_mut(ix)) {
            known.login_t = t;
            effects.push(Effect::Append(Entry::Login { at: now, device, t }));
        }
    }

    /// A hello changes no device's state. One from a newer generation means that this platform stands on an older copy.
    fn take_hello(&mut self, now: Time, device: DeviceId, hello: Hello, effects: &mut Vec<Effect>) {
        let Some(known) = self.active_device(&device) else {
            return;
        };
        let stored = known.cursor.stored();
        if (self.generation + 1..HEARD_LIMIT).contains(&hello.generation) {
            self.take_generation(now, hello.generation + 1, effects);
        } else if hello.hi < stored {
            self.take_state_lost(now, device, (stored, hello.hi), effects);
        }
        effects.push(Effect::Ack(device));
        self.tell_again(now, device, effects);
    }

    /// What came before was judged by the numbers of its own time, and a replay does the same.
    fn take_policy(&mut self, now: Time, policy: Policy, effects: &mut Vec<Effect>) {
        self.policy = policy;
        effects.push(Effect::Append(Entry::Policy { at: now, numbers: policy.to_json() }));
    }

    /// In their order, each once.
    fn take_rekey(&mut self, now: Time, succession: Succession, effects: &mut Vec<Effect>) {
        if succession.seq == self.platform_keys.len() as u64 + 1 {
            self.platform_keys.push(succession.public_key);
            effects.push(Effect::Append(Entry::Rekey { at: now, succession }));
        }
    }

    fn take_generation(&mut self, now: Time, number: u64, effects: &mut Vec<Effect>) {
        if number > self.generation {
            self.generation = number;
            // What the copy lacks may have been recorded: a login has to be later than what it holds.
            self.devices.iter_mut().for_each(|device| device.login_t = device.login_t.max(now));
            effects.push(Effect::Append(Entry::Generation { at: now, number }));
        }
    }
}
