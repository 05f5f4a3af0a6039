//! The places of those who have not yet said who they are. Nobody waits for a place: who comes takes the place of the one who has stood
//! there longest, first of his own address, so that thousands of silent connections stop none that speaks.

use super::turnstile::network;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

#[derive(Debug)]
pub(crate) struct Porch {
    places: usize,
    /// Of these, for one address.
    share: usize,
    standing: Mutex<Standing>,
}

#[derive(Debug, Default)]
struct Standing {
    next: u64,
    all: BTreeMap<u64, (IpAddr, Arc<Notify>)>,
    by_address: HashMap<IpAddr, BTreeSet<u64>>,
}

/// A place on the porch, given back when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    porch: Arc<Porch>,
    number: u64,
    sent_away: Arc<Notify>,
}

impl Porch {
    pub(crate) fn new(places: usize, share: usize) -> Self {
        Self { places, share, standing: Mutex::default() }
    }

    pub(crate) fn enter(self: &Arc<Self>, address: IpAddr) -> Place {
        let address = network(address);
        let mut standing = self.standing();
        let own = standing.by_address.get(&address).filter(|own| own.len() >= self.share).and_then(|own| own.first().copied());
        let longest = own.or_else(|| standing.all.keys().next().copied().filter(|_| standing.all.len() >= self.places));
        if let Some((_, bell)) = longest.and_then(|number| standing.leave(number)) {
            bell.notify_one();
        }
        let number = standing.next;
        standing.next += 1;
        let sent_away = Arc::new(Notify::new());
        standing.all.insert(number, (address, Arc::clone(&sent_away)));
        standing.by_address.entry(address).or_default().insert(number);
        drop(standing);
        Place { porch: Arc::clone(self), number, sent_away }
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Standing {
    fn leave(&mut self, number: u64) -> Option<(IpAddr, Arc<Notify>)> {
        let (address, bell) = self.all.remove(&number)?;
        if let Some(own) = self.by_address.get_mut(&address) {
            own.remove(&number);
            if own.is_empty() {
                self.by_address.remove(&address);
            }
        }
        Some((address, bell))
    }
}

impl Place {
    /// Resolves when another needs this place.
    pub(crate) async fn sent_away(&self) {
        self.sent_away.notified().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.porch.standing().leave(self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Waker};

    fn is_sent_away(place: &Place) -> bool {
        pin!(place.sent_away()).poll(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    fn from(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn who_comes_takes_the_place_of_the_one_who_has_stood_there_longest() {
        let porch = Arc::new(Porch::new(3, 3));
        let places: Vec<Place> = (0..5).map(|number| porch.enter(from(number))).collect();
        assert_eq!(places.iter().map(is_sent_away).collect::<Vec<_>>(), [true, true, false, false, false]);
        assert_eq!(porch.standing().all.len(), 3);
    }

    #[test]
    fn an_address_above_its_share_sends_its_own_away_and_nobody_elses() {
        let porch = Arc::new(Porch::new(10, 2));
        let honest = porch.enter(from(1));
        let storm: Vec<Place> = (0..20).map(|_| porch.enter(from(2))).collect();
        assert!(!is_sent_away(&honest));
        assert_eq!(storm.iter().filter(|place| is_sent_away(place)).count(), 18);
        drop((storm, honest));
        let standing = porch.standing();
        assert!(standing.all.is_empty() && standing.by_address.is_empty());
    }
}
