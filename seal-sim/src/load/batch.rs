//! The peer of the ratio: how fast these very signatures can be checked with nothing else to do.

use super::prepare::Load;
use crate::number;
use ed25519_dalek::{Signature, VerifyingKey};
use sealway_schemas::aad;
use sealway_schemas::cose::Sign1;
use std::time::{Duration, Instant};

const BATCH: usize = 256;
/// Enough batches that no cache holds them all.
const BATCHES_PER_THREAD: usize = 32;

struct Batch {
    messages: Vec<Vec<u8>>,
    signatures: Vec<Signature>,
    keys: Vec<VerifyingKey>,
}

/// Signatures checked per second by all cores together, in batches of 256 over the load's own reports. Keys are decompressed
/// and messages laid out before the clock starts: the bare rate, which nothing that also reads and writes can reach.
#[must_use]
pub fn batch_verify_rate(load: &Load, time: Duration) -> f64 {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let batches = batches(load, threads * BATCHES_PER_THREAD);
    let started = Instant::now();
    let checked: u64 = std::thread::scope(|scope| {
        let share = batches.len().div_ceil(threads).max(1);
        let threads: Vec<_> = batches.chunks(share).map(|own| scope.spawn(move || check_until(own, started + time))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or_default()).sum()
    });
    number::float(checked) / started.elapsed().as_secs_f64()
}

fn check_until(batches: &[Batch], until: Instant) -> u64 {
    let mut checked = 0;
    for batch in batches.iter().cycle() {
        if Instant::now() >= until {
            break;
        }
        let messages: Vec<&[u8]> = batch.messages.iter().map(Vec::as_slice).collect();
        if ed25519_dalek::verify_batch(&messages, &batch.signatures, &batch.keys).is_ok() {
            checked += batch.messages.len() as u64;
        }
    }
    checked
}

/// One report of each device in turn, as a platform sees them: a batch seldom has two of one device.
fn batches(load: &Load, wanted: usize) -> Vec<Batch> {
    let visits = load.visits();
    let per_visit = (wanted * BATCH).div_ceil(visits.len().max(1));
    let mut signed: Vec<(Vec<u8>, Signature, VerifyingKey)> = Vec::with_capacity(wanted * BATCH);
    for visit in visits {
        let aad = aad::up(&visit.device);
        let Ok(key) = VerifyingKey::from_bytes(visit.identity.public().as_bytes()) else { continue };
        for message in visit.reports().take(per_visit).filter_map(|report| Sign1::parse(report).ok()) {
            let mut bytes = Vec::with_capacity(256);
            message.to_be_signed(&aad, &mut bytes);
            signed.push((bytes, Signature::from_bytes(message.signature()), key));
        }
        if signed.len() >= wanted * BATCH {
            break;
        }
    }
    let stride = signed.len().div_ceil(BATCH).max(1);
    let pick = |start: usize| {
        let own = signed.iter().skip(start).step_by(stride);
        Batch {
            messages: own.clone().map(|(message, _, _)| message.clone()).collect(),
            signatures: own.clone().map(|(_, signature, _)| *signature).collect(),
            keys: own.map(|(_, _, key)| *key).collect(),
        }
    };
    (0..stride).map(pick).collect()
}
