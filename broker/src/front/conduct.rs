//! What a device has earned: how many of its messages may be with the tracker at once, and when the front has had enough of it.
//!
//! A garbage signature costs the platform what a good one costs. So a new connection begins with a few messages, each stored one doubles
//! that, and one that held nothing acceptable takes it down to a single message: whoever sends garbage waits for each answer. A message
//! may hold 32 reports, so bytes count too.

use crate::Refusal;

/// Messages with the tracker before anything of this connection was stored.
const FIRST: usize = 4;
/// Payload bytes for each message of the window; a single message may have more.
const BYTES: usize = 1_024;
/// Messages in a row that came to nothing. An honest device may send a few above a hole that it has to fill first.
const IN_VAIN: u16 = 32;

#[derive(Debug)]
pub(crate) struct Conduct {
    window: usize,
    max: usize,
    in_vain: u16,
}

impl Conduct {
    pub(crate) fn new(max: usize) -> Self {
        Self { window: FIRST.min(max), max, in_vain: 0 }
    }

    /// Whether one more message may go to the tracker, where so many are already, and so many bytes with it.
    pub(crate) fn allows(&self, messages: usize, bytes: usize) -> bool {
        messages == 0 || messages < self.window && bytes <= self.window * BYTES
    }

    pub(crate) fn stored(&mut self) {
        self.window = (self.window * 2).min(self.max);
        self.in_vain = 0;
    }

    pub(crate) fn nothing_acceptable(&mut self) -> Result<(), Refusal> {
        self.window = 1;
        self.in_vain()
    }

    /// A rule was broken and told, and the connection lives.
    pub(crate) fn in_vain(&mut self) -> Result<(), Refusal> {
        self.in_vain += 1;
        if self.in_vain >= IN_VAIN { Err(Refusal::InVain) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_earns_its_window_and_loses_it_at_once() {
        let mut conduct = Conduct::new(64);
        let allowed = |conduct: &Conduct| (0..100).take_while(|messages| conduct.allows(*messages, 1)).count();
        let mut windows = vec![allowed(&conduct)];
        for _ in 0..5 {
            conduct.stored();
            windows.push(allowed(&conduct));
        }
        assert_eq!(windows, [4, 8, 16, 32, 64, 64]);
        assert_eq!(conduct.nothing_acceptable(), Ok(()));
        assert_eq!(allowed(&conduct), 1);
        assert_eq!(allowed(&Conduct::new(2)), 2);
    }

    #[test]
    fn a_message_full_of_reports_takes_the_place_of_many_but_is_never_too_large() {
        let conduct = Conduct::new(64);
        assert!(conduct.allows(0, 16 * 1_024));
        assert!(!conduct.allows(1, 16 * 1_024 + 1));
        assert!(conduct.allows(3, 4 * 250) && !conduct.allows(4, 5 * 250));
    }

    #[test]
    fn the_front_has_enough_of_garbage_in_a_row_and_forgives_what_lies_between_good_ones() {
        let mut conduct = Conduct::new(64);
        for _ in 0..10 * IN_VAIN {
            assert_eq!(conduct.nothing_acceptable(), Ok(()));
            conduct.stored();
        }
        let told: Vec<_> = (0..IN_VAIN).map(|_| conduct.nothing_acceptable()).collect();
        assert_eq!(told.iter().filter(|told| told.is_ok()).count(), usize::from(IN_VAIN) - 1);
        assert_eq!(told.last(), Some(&Err(Refusal::InVain)));
    }
}
