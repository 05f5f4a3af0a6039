//! Guessing tokens at the session's door: a few wrong ones per address, then waiting. The table is bounded.

use sealway_schemas::Time;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

const ATTEMPTS: u64 = 10;
const REFILL_MS: u64 = 6_000;
const ADDRESSES: usize = 4096;

/// Attempts left, as the time at which all of them are back.
#[derive(Debug, Default)]
pub(crate) struct Throttle(Mutex<HashMap<IpAddr, Time>>);

impl Throttle {
    /// Takes one attempt, or says after how many seconds there is one.
    pub(crate) fn take(&self, now: Time, from: IpAddr) -> Result<(), u64> {
        let mut full_at = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let from = network(from);
        let known = full_at.get(&from).copied().unwrap_or(now).max(now);
        let spent_ms = known.since(now);
        let allowed_ms = (ATTEMPTS - 1) * REFILL_MS;
        if spent_ms > allowed_ms {
            return Err((spent_ms - allowed_ms).div_ceil(1000));
        }
        if full_at.len() >= ADDRESSES && !full_at.contains_key(&from) {
            make_room(&mut full_at, now);
        }
        full_at.insert(from, known.plus_ms(REFILL_MS));
        Ok(())
    }

    /// Gives an attempt back: the token was good.
    pub(crate) fn give_back(&self, from: IpAddr) {
        let mut full_at = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = full_at.get_mut(&network(from)) {
            *at = at.minus_ms(REFILL_MS);
        }
    }
}

/// Forgets who has waited long enough; failing that, who has the least to wait.
fn make_room(full_at: &mut HashMap<IpAddr, Time>, now: Time) {
    full_at.retain(|_, at| *at > now);
    if full_at.len() < ADDRESSES {
        return;
    }
    if let Some(least) = full_at.iter().min_by_key(|(_, at)| **at).map(|(from, _)| *from) {
        full_at.remove(&least);
    }
}

/// One customer of IPv6 has a /64.
fn network(from: IpAddr) -> IpAddr {
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
        let throttle = Throttle::default();
        for _ in 0..ATTEMPTS {
            assert_eq!(throttle.take(NOW, HERE), Ok(()));
        }
        assert_eq!(throttle.take(NOW, HERE), Err(6));
        assert_eq!(throttle.take(NOW.plus_ms(6_000), HERE), Ok(()));
        assert!(throttle.take(NOW.plus_ms(6_000), HERE).is_err());
    }

    #[test]
    fn a_good_token_costs_nothing() {
        let throttle = Throttle::default();
        for _ in 0..100 {
            assert_eq!(throttle.take(NOW, HERE), Ok(()));
            throttle.give_back(HERE);
        }
    }

    #[test]
    fn a_whole_network_is_one_address_and_the_table_does_not_grow() {
        let throttle = Throttle::default();
        for host in 0..ATTEMPTS {
            let from = IpAddr::V6(Ipv6Addr::from((0x2001_0db8_u128 << 96) | u128::from(host)));
            assert_eq!(throttle.take(NOW, from), Ok(()));
        }
        let next = IpAddr::V6(Ipv6Addr::from((0x2001_0db8_u128 << 96) | 0xffff));
        assert!(throttle.take(NOW, next).is_err());
        for number in 0..10_000_u32 {
            let _taken = throttle.take(NOW, IpAddr::V4(number.into()));
        }
        assert!(throttle.0.lock().unwrap().len() <= ADDRESSES);
        assert!(throttle.take(NOW, next).is_err(), "the flood must not free the one who waits");
    }
}
