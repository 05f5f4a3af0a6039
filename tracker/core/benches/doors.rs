//! What a report costs at each door, in nanoseconds: `cargo bench -p sealway-core`.

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey, verify_batch};
use sealway_core::keyring::Keyring;
use sealway_core::order::{Cursor, Past};
use sealway_core::verify::{UnverifiedReport, VerifiedReport};
use sealway_schemas::cose::{Sign1, seal};
use sealway_schemas::enrol::Enrolment;
use sealway_schemas::report::{Event, Fix, ReportDraft, Status};
use sealway_schemas::{DeviceId, Digest, PublicKey, Time, aad};
use std::hint::black_box;
use std::time::{Duration, Instant};

const DEVICES: usize = 512;
const EACH: usize = 16;
const ROUNDS: usize = 5;

struct Nothing;

impl Past for Nothing {
    fn versions(&self, _: &DeviceId, _: u64) -> Vec<Digest> {
        Vec::new()
    }
}

struct Seal {
    device: DeviceId,
    identity: SigningKey,
    epoch_key: SigningKey,
    ctr: u64,
    prev: Digest,
}

fn public(key: &SigningKey) -> PublicKey {
    PublicKey::from_bytes(key.verifying_key().to_bytes())
}

impl Seal {
    fn new(number: usize) -> Result<Self, Box<dyn std::error::Error>> {
        let mut seed = [1; 32];
        seed.iter_mut().zip(number.to_le_bytes()).for_each(|(to, from)| *to = from);
        let identity = SigningKey::from_bytes(&seed);
        let epoch_key = SigningKey::from_bytes(&seed.map(|byte| !byte));
        Ok(Self { device: format!("BENCH-{number:05}").parse()?, identity, epoch_key, ctr: 0, prev: Digest::ZERO })
    }

    fn write(&mut self, event: Event) -> Result<UnverifiedReport, Box<dyn std::error::Error>> {
        self.ctr += 1;
        let mut draft = ReportDraft::new(self.ctr, 1, self.prev, Time::from_ms(1_790_000_000_000 + self.ctr * 30_000), event);
        draft.status = Status::new(0b1_0010_0111)?;
        let (lat_e7, lon_e7) = (342_500_000, 1_089_500_000);
        draft.fix = Some(Fix { lat_e7, lon_e7, accuracy_dm: 40, speed_cm_s: 1800, heading_ddeg: 900, satellites: 11, cn0_ddbhz: 380 });
        draft.battery = Some(83);
        draft.epoch_key = (event == Event::Sealed).then(|| public(&self.epoch_key));
        let key = if event == Event::Sealed { &self.identity } else { &self.epoch_key };
        let payload = draft.build()?.encode();
        let bytes = seal(&payload, &aad::up(&self.device), public(key).key_id(), |message| key.sign(message).to_bytes());
        self.prev = Digest::of(&bytes);
        Ok(UnverifiedReport::decode(self.device, bytes.into())?)
    }
}

/// The quickest piece counts: others may want the same core.
fn time<P, T>(what: &str, each: usize, pieces: &[P], mut run: impl FnMut(&P) -> T) {
    let mut best = Duration::MAX;
    for piece in std::iter::repeat_n(pieces, ROUNDS).flatten() {
        let began = Instant::now();
        black_box(run(piece));
        best = best.min(began.elapsed());
    }
    println!("{what:<44} {:>8} ns per report", best.as_nanos() / each.max(1) as u128);
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut seals = (0..DEVICES).map(Seal::new).collect::<Result<Vec<_>, _>>()?;
    let mut keyring = Keyring::default();
    let mut cursors = Vec::new();
    for seal in &mut seals {
        keyring.enrol(seal.device, public(&seal.identity))?;
        let enrolment = Enrolment { challenge: [0; 32], next_ctr: 1, prev: Digest::ZERO, epoch: 0 };
        let mut cursor = Cursor::start(public(&seal.identity), &enrolment);
        let sealed = keyring.screen_strict(vec![seal.write(Event::Sealed)?]).into_iter().flatten();
        for report in sealed {
            cursor.order(Time::ZERO, report, &Nothing, &|_| false);
        }
        cursors.push(cursor);
    }
    // Round robin: a batch holds each device once.
    let mut reports = Vec::new();
    for _ in 0..EACH {
        for seal in &mut seals {
            reports.push(seal.write(Event::Periodic)?);
        }
    }
    measure(&reports, &ready(&reports, &seals), &mut keyring, &cursors);
    Ok(())
}

fn measure(reports: &[UnverifiedReport], batches: &[Ready], keyring: &mut Keyring, cursors: &[Cursor]) {
    println!("{} reports of {} bytes, {DEVICES} devices", reports.len(), reports.first().map_or(0, |report| report.bytes().len()));
    let mut coins = |bytes: &mut [u8]| bytes.iter_mut().zip(1..).for_each(|(byte, number): (_, u8)| *byte = number.wrapping_mul(151));
    let mut by_device = reports.to_vec();
    by_device.sort_by_key(|report| (*report.device(), report.unverified().ctr()));
    let (mixed, alike, single) = (pieces(reports, 256), pieces(&by_device, 256), pieces(reports, 1));

    let decode = |one: &UnverifiedReport| UnverifiedReport::decode(*one.device(), one.bytes().clone()).is_ok();
    time("decode", 256, &mixed, |piece| piece.iter().all(decode));
    time("digest", 256, &mixed, |piece| piece.iter().any(|report| Digest::of(report.bytes()) == Digest::ZERO));
    time("ed25519-dalek verify_batch of 256", 256, batches, dalek);
    time("screen, 256 of one report per device", 256, &mixed, |piece| keyring.screen(piece.clone(), &mut coins));
    time("screen, 256 of 16 reports per device", 256, &alike, |piece| keyring.screen(piece.clone(), &mut coins));
    time("strict", 1, &single, |piece| keyring.screen_strict(piece.clone()));

    let verified: Vec<VerifiedReport> = keyring.screen_strict(reports.to_vec()).into_iter().flatten().collect();
    let turns: Vec<(usize, &[VerifiedReport])> = verified.chunks(DEVICES).enumerate().collect();
    time("copy of a report (in the next figure too)", DEVICES, &turns, |(_, turn)| turn.to_vec());
    let mut standing = Vec::new();
    time("order", DEVICES, &turns, |(number, turn)| {
        if *number == 0 {
            standing = cursors.to_vec();
        }
        for (cursor, report) in standing.iter_mut().zip(*turn) {
            black_box(cursor.order(Time::ZERO, report.clone(), &Nothing, &|_| false));
        }
    });
}

fn pieces(of: &[UnverifiedReport], size: usize) -> Vec<Vec<UnverifiedReport>> {
    of.chunks(size).map(<[UnverifiedReport]>::to_vec).collect()
}

/// What the library's own batch takes.
struct Ready {
    messages: Vec<Vec<u8>>,
    signatures: Vec<Signature>,
    keys: Vec<VerifyingKey>,
}

fn ready(reports: &[UnverifiedReport], seals: &[Seal]) -> Vec<Ready> {
    let batch = |(number, chunk): (usize, &[UnverifiedReport])| {
        let mut ready = Ready { messages: Vec::new(), signatures: Vec::new(), keys: Vec::new() };
        for (report, seal) in chunk.iter().zip(seals.iter().cycle().skip(number * 256)) {
            let Ok(signed) = Sign1::parse(report.bytes()) else { continue };
            let mut message = Vec::new();
            signed.to_be_signed(&aad::up(report.device()), &mut message);
            ready.messages.push(message);
            ready.signatures.push(Signature::from_bytes(signed.signature()));
            ready.keys.push(seal.epoch_key.verifying_key());
        }
        ready
    };
    reports.chunks(256).enumerate().map(batch).collect()
}

fn dalek(batch: &Ready) -> bool {
    let messages: Vec<&[u8]> = batch.messages.iter().map(Vec::as_slice).collect();
    verify_batch(&messages, &batch.signatures, &batch.keys).is_ok()
}
