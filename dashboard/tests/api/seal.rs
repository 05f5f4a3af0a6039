//! A seal with a real key: it proves itself, and signs reports.

use ed25519_dalek::{Signer as _, SigningKey};
use sealway_schemas::enrol::Enrolment;
use sealway_schemas::report::{Event, Fix, ReportDraft};
use sealway_schemas::{DeviceId, Digest, PublicKey, Time, aad, cose};
use serde_json::{Value, json};

pub(crate) struct Seal {
    pub(crate) id: DeviceId,
    key: SigningKey,
    ctr: u64,
    prev: Digest,
}

impl Seal {
    pub(crate) fn new(id: &str, secret: u8) -> Self {
        Self { id: id.parse().unwrap(), key: SigningKey::from_bytes(&[secret; 32]), ctr: 0, prev: Digest::ZERO }
    }

    pub(crate) fn public(&self) -> PublicKey {
        PublicKey::from_bytes(self.key.verifying_key().to_bytes())
    }

    fn sign(&self, payload: &[u8], aad: &str) -> Vec<u8> {
        cose::seal(payload, aad, self.public().key_id(), |message| self.key.sign(message).to_bytes())
    }

    pub(crate) fn proof(&self, challenge: [u8; 32]) -> String {
        let enrolment = Enrolment { challenge, next_ctr: 1, prev: Digest::ZERO, epoch: 0 };
        hex::encode(self.sign(&enrolment.encode(), &aad::enrol(&self.id)))
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
        let fix = Fix {
            lat_e7: 343_500_000,
            lon_e7: 1_089_500_000,
            accuracy_dm: 50,
            speed_cm_s: 0,
            heading_ddeg: 0,
            satellites: 9,
            cn0_ddbhz: 400,
        };
        let draft = ReportDraft { fix: Some(fix), battery: Some(80), ..ReportDraft::new(self.ctr, 0, self.prev, t, event) };
        let bytes = self.sign(&draft.build().unwrap().encode(), &aad::up(&self.id));
        self.prev = Digest::of(&bytes);
        bytes
    }
}
