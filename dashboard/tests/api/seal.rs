//! A seal with a real key: it proves itself, and signs reports.

use ed25519_dalek::{Signer as _, SigningKey};
use sealway_schemas::enrol::Enrolment;
use sealway_schemas::report::{Event, Fix, ReportDraft, Status};
use sealway_schemas::{DeviceId, Digest, PublicKey, Time, aad, cose};
use serde_json::{Value, json};

pub(crate) struct Seal {
    pub(crate) id: DeviceId,
    key: SigningKey,
    ctr: u64,
    prev: Digest,
    epoch: u64,
    epoch_key: SigningKey,
    /// Degrees: longitude, latitude.
    pub(crate) at: (f64, f64),
    pub(crate) status: u64,
    /// The nonce of the question that it answers.
    pub(crate) reference: Option<[u8; 16]>,
}

impl Seal {
    pub(crate) fn new(id: &str, secret: u8) -> Self {
        Self {
            id: id.parse().unwrap(),
            key: SigningKey::from_bytes(&[secret; 32]),
            ctr: 0,
            prev: Digest::ZERO,
            epoch: 0,
            epoch_key: SigningKey::from_bytes(&[0; 32]),
            at: (108.95, 34.35),
            status: 0,
            reference: None,
        }
    }

    pub(crate) fn public(&self) -> PublicKey {
        public(&self.key)
    }

    pub(crate) fn proof(&self, challenge: [u8; 32]) -> String {
        let enrolment = Enrolment { challenge, next_ctr: 1, prev: Digest::ZERO, epoch: 0 };
        hex::encode(sign(&self.key, &enrolment.encode(), &aad::enrol(&self.id)))
    }

    /// The body of an enrolment.
    pub(crate) fn enrolment(&self, challenge: &Value) -> Value {
        let mut bytes = [0; 32];
        hex::decode_to_slice(challenge.as_str().unwrap(), &mut bytes).unwrap();
        json!({"device": self.id, "public_key": self.public(), "challenge": challenge, "proof": self.proof(bytes)})
    }

    /// The next report, made at `t`.
    pub(crate) fn report(&mut self, t: Time, event: Event) -> Vec<u8> {
        self.ctr += 1;
        let epoch_key = (event == Event::Sealed).then(|| {
            self.epoch += 1;
            self.epoch_key = SigningKey::from_bytes(&[100 + u8::try_from(self.epoch).unwrap(); 32]);
            public(&self.epoch_key)
        });
        let fix = Fix {
            lat_e7: e7(self.at.1),
            lon_e7: e7(self.at.0),
            accuracy_dm: 50,
            speed_cm_s: 0,
            heading_ddeg: 0,
            satellites: 9,
            cn0_ddbhz: 400,
        };
        let draft = ReportDraft {
            fix: Some(fix),
            epoch_key,
            battery: Some(80),
            reference: self.reference.filter(|_| event == Event::ChallengeAnswer),
            status: Status::new(self.status).unwrap(),
            ..ReportDraft::new(self.ctr, self.epoch, self.prev, t, event)
        };
        let by_epoch = self.status & Status::EPOCH_KEY_HELD != 0 && event != Event::Sealed;
        let key = if by_epoch { &self.epoch_key } else { &self.key };
        let bytes = sign(key, &draft.build().unwrap().encode(), &aad::up(&self.id));
        self.prev = Digest::of(&bytes);
        bytes
    }
}

fn public(key: &SigningKey) -> PublicKey {
    PublicKey::from_bytes(key.verifying_key().to_bytes())
}

fn sign(key: &SigningKey, payload: &[u8], aad: &str) -> Vec<u8> {
    cose::seal(payload, aad, public(key).key_id(), |message| key.sign(message).to_bytes())
}

#[expect(clippy::cast_possible_truncation, reason = "degrees")]
fn e7(degrees: f64) -> i64 {
    (degrees * 1e7).round() as i64
}
