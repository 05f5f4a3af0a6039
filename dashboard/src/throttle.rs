//! Guessing at the session's door: a few wrong attempts per address and per account, then waiting. The tables are bounded.

use sealway_schemas::Time;
use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};

const ATTEMPTS: u64 = 10;
const KEYS: usize = 4096;

/// Attempts left, as the time at which all of them are back.
#[derive(Debug)]
pub(crate) struct Throttle<K> {
    refill_ms: u64,
    full_at: Mutex<HashMap<K, Time>>,
}

impl<K: Clone + Eq + Hash> Throttle<K> {
    /// One attempt comes back in `refill_ms`.
    pub(crate) fn new(refill_ms: u64) -> Self {
        Self { refill_ms, full_at: Mutex::default() }
    }

    /// Takes one attempt, or says after how many seconds there is one.
    pub(crate) fn take(&self, now: Time, key: &K) -> Result<(), u64> {
        let mut full_at = self.lock();
        let known = full_at.get(key).copied().unwrap_or(now).max(now);
        let spent_ms = known.since(now);
        let allowed_ms = (ATTEMPTS - 1) * self.refill_ms;
        if spent_ms > allowed_ms {
            return Err((spent_ms - allowed_ms).div_ceil(1000));
        }
        if full_at.len() >= KEYS && !full_at.contains_key(key) {
            make_room(&mut full_at, now);
        }
        full_at.insert(key.clone(), known.plus_ms(self.refill_ms));
        Ok(())
    }

    /// Gives an attempt back: it was a good one.
    pub(crate) fn give_back(&self, key: &K) {
        if let Some(at) = self.lock().get_mut(key) {
            *at = at.minus_ms(self.refill_ms);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, Time>> {
        self.full_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forgets who has waited long enough; failing that, who has the least to wait.
fn make_room<K: Clone + Eq + Hash>(full_at: &mut HashMap<K, Time>, now: Time) {
    full_at.retain(|_, at| *at > now);
    if full_at.len() < KEYS {
        return;
    }
    if let Some(least) = full_at.iter().min_by_key(|(_, at)| **at).map(|(key, _)| key.clone()) {
        full_at.remove(&least);
    }
}

/// One customer of IPv6 has a /64.
pub(crate) fn network(from: IpAddr) -> IpAddr {
    match from.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from(u128::from(address) & !u128::from(u64::MAX))),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
    const NOW: Time = Time::from_ms(1_800_000_000_000);

    #[test]
    fn after_ten_wrong_tokens_an_address_waits_for_each_further_one() {
        let throttle = Throttle::new(6_000);
        for _ in 0..ATTEMPTS {
            assert_eq!(throttle.take(NOW, &HERE), Ok(()));
        }
        assert_eq!(throttle.take(NOW, &HERE), Err(6));
        assert_eq!(throttle.take(NOW.plus_ms(6_000), &HERE), Ok(()));
        assert!(throttle.take(NOW.plus_ms(6_000), &HERE).is_err());
    }

    #[test]
    fn a_good_token_costs_nothing() {
        let throttle = Throttle::new(6_000);
        for _ in 0..100 {
            assert_eq!(throttle.take(NOW, &HERE), Ok(()));
            throttle.give_back(&HERE);
        }
    }

    #[test]
    fn a_whole_network_is_one_address_and_the_table_does_not_grow() {
        let throttle = Throttle::new(6_000);
        for host in 0..ATTEMPTS {
            let from = IpAddr::V6(Ipv6Addr::from((0x2001_0db8_u128 << 96) | u128::from(host)));
            assert_eq!(throttle.take(NOW, &network(from)), Ok(()));
        }
        let next = IpAddr::V6(Ipv6Addr::from((0x2001_0db8_u128 << 96) | 0xffff));
        assert!(throttle.take(NOW, &network(next)).is_err());
        for number in 0..10_000_u32 {
            let _taken = throttle.take(NOW, &IpAddr::V4(number.into()));
        }
        assert!(throttle.lock().len() <= KEYS);
        assert!(throttle.take(NOW, &network(next)).is_err(), "the flood must not free the one who waits");
    }
}
