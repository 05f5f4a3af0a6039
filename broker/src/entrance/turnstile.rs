//! How often somebody may come. Everybody has a bucket that fills by itself; who finds it empty is put off, each time for twice as
//! long, until he has been quiet for a while. The table is bounded: what it forgets under a flood is still held by the limit of all.

use crate::config::Rate;
use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

const FIRST: Duration = Duration::from_secs(1);
/// 64 s.
const DOUBLINGS: u32 = 6;
/// Quiet for so long after having been put off, one begins anew.
const QUIET: Duration = Duration::from_secs(300);
const LANES: usize = 65_536;

/// A bucket, as the moment at which it will be full.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bucket(Instant);

impl Bucket {
    pub(crate) fn full(now: Instant) -> Self {
        Self(now)
    }

    /// Takes `cost`, or nothing where there is not so much in it.
    pub(crate) fn take(&mut self, now: Instant, rate: Rate, cost: u32) -> bool {
        let after = self.0.max(now) + rate.time_for(cost);
        let enough = after <= now + rate.time_for(rate.burst);
        if enough {
            self.0 = after;
        }
        enough
    }

    /// Takes `cost`, or all that is in it.
    fn spill(&mut self, now: Instant, rate: Rate, cost: u32) {
        self.0 = (self.0.max(now) + rate.time_for(cost)).min(now + rate.time_for(rate.burst));
    }
}

#[derive(Debug)]
struct Lane {
    bucket: Bucket,
    until: Instant,
    times: u32,
    /// Was let in since the table knows him.
    known: bool,
}

impl Lane {
    fn put_off(&mut self, now: Instant) {
        if now > self.until + QUIET {
            self.times = 0;
        }
        self.until = now + FIRST * 2_u32.pow(self.times);
        self.times = (self.times + 1).min(DOUBLINGS);
    }

    fn is_idle(&self, now: Instant) -> bool {
        self.bucket.0 <= now && now > self.until + QUIET
    }
}

#[derive(Debug)]
pub(crate) struct Turnstile<K> {
    rate: Rate,
    lanes: Mutex<HashMap<K, Lane>>,
}

impl<K: Hash + Eq> Turnstile<K> {
    pub(crate) fn new(rate: Rate) -> Self {
        Self { rate, lanes: Mutex::default() }
    }

    /// False: come later. While one is put off, coming again costs nothing and changes nothing.
    pub(crate) fn pass(&self, now: Instant, who: K, cost: u32) -> bool {
        let mut lanes = self.lanes();
        let lane = lane(&mut lanes, now, who);
        if now < lane.until {
            return false;
        }
        let passes = lane.bucket.take(now, self.rate, cost);
        if !passes {
            lane.put_off(now);
        }
        passes
    }

    /// What he did costs more than his coming did.
    pub(crate) fn charge(&self, now: Instant, who: K, cost: u32) {
        lane(&mut self.lanes(), now, who).bucket.spill(now, self.rate, cost);
    }

    pub(crate) fn is_put_off(&self, now: Instant, who: &K) -> bool {
        self.lanes().get(who).is_some_and(|lane| now < lane.until)
    }

    pub(crate) fn put_off(&self, now: Instant, who: K) {
        lane(&mut self.lanes(), now, who).put_off(now);
    }

    pub(crate) fn remember(&self, now: Instant, who: K) {
        lane(&mut self.lanes(), now, who).known = true;
    }

    pub(crate) fn knows(&self, who: &K) -> bool {
        self.lanes().get(who).is_some_and(|lane| lane.known)
    }

    fn lanes(&self) -> MutexGuard<'_, HashMap<K, Lane>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn lane<K: Hash + Eq>(lanes: &mut HashMap<K, Lane>, now: Instant, who: K) -> &mut Lane {
    if lanes.len() >= LANES && !lanes.contains_key(&who) {
        make_room(lanes, now);
    }
    lanes.entry(who).or_insert_with(|| Lane { bucket: Bucket::full(now), until: now, times: 0, known: false })
}

/// Forgets who is quiet and nobody; then whoever is not put off; failing that, all.
fn make_room<K: Hash + Eq>(lanes: &mut HashMap<K, Lane>, now: Instant) {
    lanes.retain(|_, lane| lane.known || !lane.is_idle(now));
    if lanes.len() >= LANES / 2 {
        lanes.retain(|_, lane| now < lane.until);
    }
    if lanes.len() >= LANES / 2 {
        lanes.clear();
    }
}

/// Who counts as one: an address of IPv4, or the /64 that one customer of IPv6 has.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from(u128::from(address) & !u128::from(u64::MAX))),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { burst: 10, per_second: 2 };

    fn passes(turnstile: &Turnstile<u32>, now: Instant, times: usize) -> usize {
        (0..times).filter(|_| turnstile.pass(now, 1, 1)).count()
    }

    #[test]
    fn a_burst_passes_and_then_only_as_many_as_the_rate_says() {
        let (turnstile, begin) = (Turnstile::new(RATE), Instant::now());
        assert_eq!(passes(&turnstile, begin, 10), 10);
        for second in 1..100 {
            assert_eq!(passes(&turnstile, begin + Duration::from_secs(second), 2), 2);
        }
    }

    #[test]
    fn who_storms_is_put_off_for_longer_each_time_and_others_are_not() {
        let (turnstile, mut now) = (Turnstile::new(RATE), Instant::now());
        let mut waits = Vec::new();
        for _ in 0..8 {
            while turnstile.pass(now, 1, 1) {}
            let put_off = now;
            while !turnstile.pass(now, 1, 1) {
                now += Duration::from_millis(500);
            }
            waits.push((now - put_off).as_secs());
            assert!(turnstile.pass(now, 2, 1));
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 64]);
        now += QUIET * 2;
        while turnstile.pass(now, 1, 1) {}
        assert!(turnstile.pass(now + FIRST, 1, 1), "after a quiet while it begins anew");
    }

    #[test]
    fn a_misdeed_costs_more_than_coming() {
        let (turnstile, now) = (Turnstile::new(RATE), Instant::now());
        turnstile.charge(now, 1, 7);
        assert_eq!(passes(&turnstile, now, 10), 3);
    }

    #[test]
    fn a_flood_of_addresses_does_not_fill_memory_and_frees_nobody_who_was_put_off() {
        let (turnstile, now) = (Turnstile::new(RATE), Instant::now());
        turnstile.put_off(now, 1);
        for who in 2..200_000 {
            turnstile.pass(now, who, 1);
        }
        assert!(turnstile.lanes().len() <= LANES);
        assert!(!turnstile.pass(now, 1, 1));
    }

    #[test]
    fn one_customer_of_ipv6_is_one_address() {
        let network_of = |text: &str| network(text.parse().unwrap());
        assert_eq!(network_of("2001:db8:1:2:3::4"), network_of("2001:db8:1:2:ffff::1"));
        assert_ne!(network_of("2001:db8:1:2::1"), network_of("2001:db8:1:3::1"));
        assert_eq!(network_of("::ffff:10.0.0.1"), network_of("10.0.0.1"));
    }
}
