//! Seals with real keys, honest and not, and the bytes that they say.

use base64::Engine as _;
use sealway_schemas::enrol::Enrolment;
use sealway_schemas::login::Login;
use sealway_schemas::report::{Event, ReportDraft};
use sealway_schemas::{DeviceId, Digest, Time, aad, topics};
use sealway_seal_sim::chance::secret;
use sealway_seal_sim::keys::KeyPair;
use sealway_seal_sim::mqtt;
use sealway_tests::Api;
use serde_json::json;
use std::time::{SystemTime, UNIX_EPOCH};

pub(crate) struct Seal {
    pub(crate) id: DeviceId,
    key: KeyPair,
    ctr: u64,
    prev: Digest,
    last_login: u64,
}

fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis().try_into().unwrap()
}

impl Seal {
    /// Makes a seal and has it enrolled.
    pub(crate) fn enrolled(name: &str, owner: &Api) -> Self {
        let id: DeviceId = name.parse().unwrap();
        let key = KeyPair::from_secret(secret(7, "attack", name));
        let challenge = owner.post("/api/v1/devices/enrolment-challenges", &json!({ "device": id })).ok();
        let challenge = challenge["challenge"].as_str().unwrap();
        let bytes: [u8; 32] = std::array::from_fn(|at| u8::from_str_radix(&challenge[2 * at..2 * at + 2], 16).unwrap());
        let enrolment = Enrolment { challenge: bytes, next_ctr: 1, prev: Digest::ZERO, epoch: 0 };
        let proof: String = key.seal(&enrolment.encode(), &aad::enrol(&id)).iter().map(|byte| format!("{byte:02x}")).collect();
        let asked = json!({ "device": id, "public_key": key.public(), "challenge": challenge, "proof": proof });
        let _enrolled = owner.post("/api/v1/devices", &asked).ok();
        Self { id, key, ctr: 0, prev: Digest::ZERO, last_login: 0 }
    }

    pub(crate) fn password(&mut self) -> String {
        self.last_login = now_ms().max(self.last_login + 1);
        let login = Login { t: Time::from_ms(self.last_login), nonce: [9; 16] };
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(self.key.seal(&login.encode(), &aad::login(&self.id)))
    }

    pub(crate) fn connect(&mut self) -> Vec<u8> {
        let password = self.password();
        let mut out = Vec::new();
        mqtt::connect(self.id.as_str(), &password, 60, &mut out);
        out
    }

    /// The next report, as a PUBLISH.
    pub(crate) fn report(&mut self, ticket: u16) -> Vec<u8> {
        self.ctr += 1;
        let draft = ReportDraft::new(self.ctr, 0, self.prev, Time::from_ms(now_ms()), Event::Periodic);
        let bytes = self.key.seal(&draft.build().unwrap().encode(), &aad::up(&self.id));
        self.prev = Digest::of(&bytes);
        self.publish(ticket, &bytes)
    }

    /// Well formed, of the right key id, and signed by nobody.
    pub(crate) fn forged(&self, ctr: u64) -> Vec<u8> {
        let draft = ReportDraft::new(ctr, 0, Digest::ZERO, Time::from_ms(now_ms()), Event::Periodic);
        let mut bytes = self.key.seal(&draft.build().unwrap().encode(), &aad::up(&self.id));
        // Canonical, so that the platform has to do the whole equation.
        let at = bytes.len() - 40;
        bytes[at] ^= 1;
        bytes
    }

    pub(crate) fn publish(&self, ticket: u16, payload: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        mqtt::publish_once(&topics::up(&self.id), ticket, payload, &mut out);
        out
    }
}
