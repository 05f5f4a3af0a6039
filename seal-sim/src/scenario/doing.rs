//! What every play does: the people's commands in their order, and a seal that keeps what it cannot send.

use super::platform::Platform;
use super::play::{Play, Step};
use crate::chance::secret;
use crate::device::Heard;
use sealway_schemas::command::{Command, CustodyCommand, DeviceCommand, SealFound, Signer, TransferCommand};
use sealway_schemas::down::Circle;
use sealway_schemas::report::Event;
use sealway_schemas::{Time, UserId};

/// Payloads that one turn of a connection sends at most.
const PAYLOADS: u16 = 400;
const GRANT_RADIUS_M: u64 = 50;
const CHALLENGE_MS: u64 = 60_000;
const GRANT_MS: u64 = 3_600_000;

impl Play {
    /// Sends a command and notes what became of it.
    pub(super) fn ask(&mut self, at: Time, by: &Signer, command: impl Into<Command>, platform: &mut dyn Platform) {
        let command: Command = command.into();
        let step = self.tally.steps.entry(command.kind()).or_default();
        let Ok(body) = serde_json::to_value(&command) else { return };
        match platform.command(at, by, &body) {
            Ok(_) => step.taken += 1,
            Err(refusal) => *step = Step { refused: step.refused + 1, why: Some(refusal.to_string()), taken: step.taken },
        }
    }

    pub(super) fn carrier_desk(&self) -> Signer {
        Signer { user: self.operator.user.clone(), party: self.carrier.clone(), role: sealway_schemas::command::Role::Carrier }
    }

    pub(super) fn declare(&mut self, at: Time, platform: &mut dyn Platform) {
        let carrier = self.carrier_desk();
        let challenge = secret(self.cast.seed, "challenge", self.device.id().as_str());
        let enrol = DeviceCommand::EnrolDevice {
            device: self.device.id(),
            owner: self.carrier.clone(),
            public_key: self.device.public_key(),
            challenge: hex::encode(challenge),
            proof: hex::encode(self.device.enrolment(challenge)),
        };
        self.ask(at, &carrier, enrol, platform);
        self.device.trust(platform.key());
        let declare = TransferCommand::DeclareTransfer {
            transfer: self.transfer.clone(),
            carrier: self.carrier.clone(),
            unit: self.unit.clone(),
            seal: self.device.id(),
            origin: self.cast.corridor.from.clone(),
            destination: self.cast.corridor.to.clone(),
            corridor: self.cast.corridor.id.clone(),
        };
        self.ask(at, &carrier, declare, platform);
        if self.splits() {
            self.declare_cargo(at, platform);
        }
        let accept = TransferCommand::AcceptTransfer { transfer: self.transfer.clone() };
        let customs = self.customs.clone();
        self.ask(at, &customs, accept, platform);
    }

    pub(super) fn countersign(&mut self, at: Time, platform: &mut dyn Platform) {
        let (transfer, seal, epoch) = (self.transfer.clone(), self.device.id(), self.device.epoch());
        let customs = self.customs.clone();
        self.ask(at, &customs, TransferCommand::CountersignSeal { transfer, seal, epoch }, platform);
    }

    pub(super) fn release(&mut self, at: Time, platform: &mut dyn Platform) {
        let (transfer, customs) = (self.transfer.clone(), self.customs.clone());
        self.ask(at, &customs, TransferCommand::ReleaseTransfer { transfer, reason: "papers and seal seen".to_owned() }, platform);
    }

    pub(super) fn report_arrival(&mut self, at: Time, platform: &mut dyn Platform) {
        let (transfer, place) = (self.transfer.clone(), self.cast.corridor.to.clone());
        let operator = self.operator.clone();
        self.ask(at, &operator, CustodyCommand::ReportArrival { transfer, place }, platform);
        self.report(at, Event::Periodic, platform);
    }

    /// The operator asks the seal whether it is here; it answers at once when it hears.
    pub(super) fn challenge(&mut self, at: Time, purpose: &str, platform: &mut dyn Platform) {
        let nonce = self.sixteen(purpose);
        let operator = self.operator.clone();
        let ask =
            CustodyCommand::IssueChallenge { device: self.device.id(), nonce: hex::encode(nonce), not_after: at.plus_ms(CHALLENGE_MS) };
        self.ask(at, &operator, ask, platform);
        self.report(at, Event::Periodic, platform);
    }

    pub(super) fn hand_over(&mut self, at: Time, platform: &mut dyn Platform) {
        let (transfer, place) = (self.transfer.clone(), self.cast.corridor.to.clone());
        let operator = self.operator.clone();
        self.ask(at, &operator, CustodyCommand::HandOver { transfer, place }, platform);
    }

    pub(super) fn grant(&mut self, at: Time, platform: &mut dyn Platform) {
        let Some(end) = self.cast.corridor.line.last() else { return };
        let (lat_e7, lon_e7) = end.e7();
        let customs = self.customs.clone();
        let grant = CustodyCommand::IssueGrant {
            grant: hex::encode(self.sixteen("grant")),
            device: self.device.id(),
            epoch: self.device.epoch(),
            circle: Circle { lat_e7, lon_e7, radius_m: GRANT_RADIUS_M },
            not_before: at,
            not_after: at.plus_ms(GRANT_MS),
            authorised_by: customs.user.to_string(),
        };
        self.ask(at, &customs, grant, platform);
        self.report(at, Event::Periodic, platform);
        if self.device.holds_grant() {
            return;
        }
        // The circle reaches over the fence, which asks for a second officer.
        let (grant, device, second) = (hex::encode(self.sixteen("grant")), self.device.id(), self.second_officer.clone());
        self.ask(at, &second, CustodyCommand::CountersignGrant { grant, device }, platform);
        self.report(at, Event::Periodic, platform);
    }

    /// Opens by the grant. A seal that was opened before has nothing to open.
    pub(super) fn unseal(&mut self, at: Time, platform: &mut dyn Platform) {
        let uptime_ms = self.look(at);
        self.tally.unsealed += u64::from(self.device.open_by_grant(uptime_ms).is_ok());
        self.deliver(at, platform);
        if self.splits() {
            self.split(at, platform);
        }
        let (transfer, customs) = (self.transfer.clone(), self.customs.clone());
        self.ask(
            at,
            &customs,
            CustodyCommand::VerifyTransfer {
                transfer,
                conclusion: self.conclusion(),
                verified: Vec::new(),
                seal: SealFound::Intact,
                note: "counted".to_owned(),
            },
            platform,
        );
    }

    pub(super) fn seal(&mut self, at: Time, platform: &mut dyn Platform) {
        let uptime_ms = self.look(at);
        let name = format!("{}/{}", self.device.id(), self.device.epoch() + 1);
        let epoch_secret = secret(self.cast.seed, "epoch", &name);
        self.tally.made += u64::from(self.device.seal(uptime_ms, epoch_secret).is_ok());
        self.deliver(at, platform);
    }

    /// Makes a report, and sends it where there is a network.
    pub(super) fn report(&mut self, at: Time, event: Event, platform: &mut dyn Platform) {
        self.make(at, event);
        self.deliver(at, platform);
    }

    pub(super) fn make(&mut self, at: Time, event: Event) {
        let uptime_ms = self.look(at);
        self.tally.made += u64::from(self.device.report(uptime_ms, event).is_ok());
    }

    pub(super) fn look(&mut self, at: Time) -> u64 {
        let uptime_ms = self.uptime_ms(at);
        let observation = self.way.look(at);
        self.device.observe(uptime_ms, observation);
        uptime_ms
    }

    pub(super) fn uptime_ms(&self, at: Time) -> u64 {
        at.since(self.booted_at)
    }

    /// Everything that waits goes out, and what comes back is heard.
    pub(super) fn deliver(&mut self, at: Time, platform: &mut dyn Platform) {
        if !self.way.online(at) || self.replaced() {
            self.device.disconnected();
            self.connected = false;
            return;
        }
        if !self.connected {
            self.connect(at, platform);
        }
        let id = self.device.id();
        for ticket in 1..PAYLOADS {
            self.hear(at, platform);
            let Some(payload) = self.device.next_payload(ticket) else { return };
            let published = platform.publish(at, &id, &payload);
            self.tally.duplicates += published.duplicates;
            self.tally.refused += published.refused;
            self.device.settled(ticket);
        }
    }

    pub(super) fn connect(&mut self, at: Time, platform: &mut dyn Platform) {
        let id = self.device.id();
        self.password = self.device.login(at, self.sixteen("login"));
        self.tally.logins_refused += u64::from(!platform.login(at, &id, &self.password));
        let hello = self.device.connected();
        platform.hello(at, &id, &hello);
        self.connected = true;
    }

    fn hear(&mut self, at: Time, platform: &mut dyn Platform) {
        let uptime_ms = self.uptime_ms(at);
        for message in platform.downs(at, &self.device.id()) {
            if let Heard::Answered(_) = self.device.hear(uptime_ms, &message) {
                self.tally.challenges_answered += 1;
            }
        }
    }

    fn sixteen(&self, purpose: &str) -> [u8; 16] {
        let bytes = secret(self.cast.seed, purpose, self.device.id().as_str());
        bytes.first_chunk().copied().unwrap_or_default()
    }
}

/// A person of the play.
pub(super) fn person(user: &str, party: &str, role: sealway_schemas::command::Role) -> Result<Signer, sealway_schemas::ids::NotAnId> {
    let user: UserId = user.parse()?;
    Ok(Signer { user, party: party.parse()?, role })
}
