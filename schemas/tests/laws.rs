//! Laws of the encoding: what is written is read back, and no bit of a signed report can be changed.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "helpers of tests, where a failure is a failed test")]

use ed25519_dalek::{Signature, Signer as _, SigningKey};
use proptest::prelude::*;
use sealway_schemas::cose::{Sign1, seal};
use sealway_schemas::down::{Ack, Challenge, Circle, Configure, Down, Grant, Range, Rekey, TreeHead};
use sealway_schemas::enrol::Enrolment;
use sealway_schemas::hello::Hello;
use sealway_schemas::login::Login;
use sealway_schemas::report::{Event, Fix, Gap, GapReason, Report, ReportDraft, Status};
use sealway_schemas::sensors::Sensors;
use sealway_schemas::{DeviceId, Digest, PublicKey, Time, aad};

const END: u64 = 1 << 53;

fn uint() -> impl Strategy<Value = u64> {
    prop_oneof![0_u64..300, 0_u64..70_000, 0..END, Just(END - 1)]
}

fn fix() -> impl Strategy<Value = Fix> {
    let place = (-900_000_000_i64..=900_000_000, -1_800_000_000_i64..=1_800_000_000);
    (place, uint(), uint(), 0_u64..3600, uint(), uint()).prop_map(
        |((lat_e7, lon_e7), accuracy_dm, speed_cm_s, heading_ddeg, satellites, cn0_ddbhz)| Fix {
            lat_e7,
            lon_e7,
            accuracy_dm,
            speed_cm_s,
            heading_ddeg,
            satellites,
            cn0_ddbhz,
        },
    )
}

fn reading() -> impl Strategy<Value = f64> {
    let float = prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL;
    let half = (-65_504_i32..65_504).prop_map(|n| f64::from(n) / 16.0);
    let single = prop::num::f32::NORMAL.prop_map(f64::from);
    prop_oneof![half, single, float].prop_filter("within the contract", |value| {
        value.fract() != 0.0 || (value.abs() < 9_007_199_254_740_992.0 && value.to_bits() != (-0.0_f64).to_bits())
    })
}

fn sensors() -> impl Strategy<Value = Sensors> {
    prop::collection::btree_map("[!-9;-~]{1,8}(:[!-9;-~]{1,8})?", reading(), 0..16).prop_map(|readings| Sensors::new(readings).unwrap())
}

fn event() -> impl Strategy<Value = Event> {
    use Event::*;
    let known = [Periodic, Sealed, OpenedByGrant, Opened, CableCut, Shock, Light, PowerOn, ChallengeAnswer, Gap, SelfTest];
    prop_oneof![4 => prop::sample::select(known.to_vec()), 1 => (20_u8..64).prop_map(Unknown)]
}

fn report() -> impl Strategy<Value = Report> {
    let head = (2..END, uint(), any::<[u8; 16]>(), uint(), event(), uint());
    let optional = (prop::option::of(fix()), prop::option::of(0_u8..=100), sensors(), prop::option::of(any::<[u8; 8]>()));
    (head, optional, any::<[u8; 32]>()).prop_map(|((ctr, epoch, prev, t, event, status), (fix, battery, sensors, heard), bytes)| {
        let mut draft = ReportDraft::new(ctr, epoch, Digest::from_bytes(prev), Time::from_ms(t), event);
        draft.status = Status::new(status).unwrap();
        (draft.fix, draft.battery, draft.sensors, draft.heard) = (fix, battery, sensors, heard);
        draft.epoch_key = (event == Event::Sealed).then(|| PublicKey::from_bytes(bytes));
        draft.reference = matches!(event, Event::OpenedByGrant | Event::ChallengeAnswer).then(|| bytes[..16].try_into().unwrap());
        draft.gap = (event == Event::Gap).then(|| Gap { from: 1 + (ctr - 1) / 2, to: ctr - 1, reason: GapReason::RingFull });
        draft.build().unwrap()
    })
}

fn ranges(limit: usize) -> impl Strategy<Value = Vec<(u64, u64)>> {
    prop::collection::vec((1_u64..50, 0_u64..50), 0..=limit)
}

fn above(stored: u64, steps: Vec<(u64, u64)>) -> Vec<Range> {
    let mut below = stored;
    let range = |(skip, len)| {
        let range = Range { from: below + skip, to: below + skip + len };
        below = range.to;
        range
    };
    steps.into_iter().map(range).collect()
}

fn ack() -> impl Strategy<Value = Down> {
    (1..END, 0..END / 2, uint(), ranges(8), ranges(4), uint(), prop::option::of((uint(), any::<[u8; 32]>()))).prop_map(
        |(generation, stored, released, held, wanted, t, tree)| {
            Down::Ack(Ack {
                generation,
                stored,
                released: released.min(stored),
                ranges: above(stored, held),
                wants: above(stored, wanted),
                t: Time::from_ms(t),
                tree: tree.map(|(size, root)| TreeHead { size, root }),
            })
        },
    )
}

fn grant() -> impl Strategy<Value = Down> {
    let circle = (-900_000_000_i64..=900_000_000, -1_800_000_000_i64..=1_800_000_000, uint());
    (any::<[u8; 16]>(), uint(), circle, uint(), uint(), "[a-z关长é ]{1,16}").prop_map(
        |(id, epoch, (lat_e7, lon_e7, radius_m), one, other, name)| {
            Down::Grant(Grant {
                id,
                epoch,
                circle: Circle { lat_e7, lon_e7, radius_m },
                not_before: Time::from_ms(one.min(other)),
                not_after: Time::from_ms(one.max(other)),
                authorised_by: name,
            })
        },
    )
}

fn down() -> impl Strategy<Value = Down> {
    let challenge = (any::<[u8; 16]>(), uint()).prop_map(|(nonce, t)| Down::Challenge(Challenge { nonce, not_after: Time::from_ms(t) }));
    let configure = (uint(), prop::option::of(uint()), prop::option::of(uint()))
        .prop_map(|(seq, period_s, moving_period_s)| Down::Configure(Configure { seq, period_s, moving_period_s }));
    let rekey = (uint(), any::<[u8; 32]>()).prop_map(|(seq, key)| Down::Rekey(Rekey { seq, public_key: PublicKey::from_bytes(key) }));
    prop_oneof![ack(), grant(), challenge, configure, rekey]
}

proptest! {
    #[test]
    fn a_report_that_is_written_is_read_back(report in report()) {
        prop_assert_eq!(Report::decode(&report.encode()), Ok(report));
    }

    #[test]
    fn a_down_message_that_is_written_is_read_back(down in down()) {
        prop_assert_eq!(Down::decode(&down.encode()), Ok(down));
    }

    #[test]
    fn a_hello_a_login_and_an_enrolment_are_read_back(
        numbers in [uint(), uint(), uint(), uint(), uint()], nonce in any::<[u8; 16]>(), challenge in any::<[u8; 32]>(),
    ) {
        let [hi, epoch, generation, released, t] = numbers;
        let hello = Hello { lo: hi / 2 + 1, hi, epoch, generation, released, login_t: t };
        prop_assert_eq!(Hello::decode(&hello.encode()), Ok(hello));
        let login = Login { t: Time::from_ms(t), nonce };
        prop_assert_eq!(Login::decode(&login.encode()), Ok(login));
        let enrolment = Enrolment { challenge, next_ctr: hi.max(1), prev: Digest::from_bytes(nonce), epoch };
        prop_assert_eq!(Enrolment::decode(&enrolment.encode()), Ok(enrolment));
    }

    #[test]
    fn whatever_is_read_was_written_in_the_one_permitted_way(report in report(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut payload = report.encode();
        let at = at.index(payload.len());
        payload[at] = byte;
        if let Ok(read) = Report::decode(&payload) {
            prop_assert_eq!(read.encode(), payload);
        }
    }

    #[test]
    fn a_report_with_any_bit_flipped_on_the_way_is_refused(report in report(), at in any::<prop::sample::Index>()) {
        let device: DeviceId = "XA-7Q2K".parse().unwrap();
        let key = SigningKey::from_bytes(&[7; 32]);
        let public = PublicKey::from_bytes(key.verifying_key().to_bytes());
        let mut message = seal(&report.encode(), &aad::up(&device), public.key_id(), |bytes| key.sign(bytes).to_bytes());
        let accepted = |message: &[u8]| {
            let Ok(signed) = Sign1::parse(message) else { return false };
            let mut bytes = Vec::new();
            signed.to_be_signed(&aad::up(&device), &mut bytes);
            let signature = Signature::from_bytes(signed.signature());
            signed.key_id() == public.key_id() && key.verifying_key().verify_strict(&bytes, &signature).is_ok()
        };
        prop_assert!(accepted(&message));
        let bit = at.index(message.len() * 8);
        message[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(!accepted(&message), "bit {}", bit);
    }

    #[test]
    fn bytes_of_any_kind_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let _items = sealway_schemas::up::split(&bytes);
        let _report = Report::parse(&bytes);
        let _down = Down::decode(&bytes);
        let _entry = sealway_schemas::entry::Entry::decode(&bytes);
    }
}
