//! Packet ids of QoS 1 messages that a client was sent and has not acknowledged.

use crate::Refusal;

#[derive(Debug)]
pub(crate) struct Outstanding {
    ids: Vec<u16>,
    last: u16,
    max: usize,
}

impl Outstanding {
    /// At most `max` at a time, and no more than the client takes.
    pub(crate) fn new(receive_maximum: u16, max: usize) -> Self {
        Self { ids: Vec::new(), last: 0, max: usize::from(receive_maximum).min(max) }
    }

    pub(crate) fn room(&self) -> usize {
        self.max.saturating_sub(self.ids.len())
    }

    /// A packet id: never 0, never one that is outstanding. These are few, so the search ends soon.
    pub(crate) fn issue(&mut self) -> u16 {
        loop {
            self.last = self.last.checked_add(1).unwrap_or(1);
            if !self.ids.contains(&self.last) {
                self.ids.push(self.last);
                return self.last;
            }
        }
    }

    pub(crate) fn acknowledged(&mut self, id: u16) -> Result<(), Refusal> {
        let at = self.ids.iter().position(|outstanding| *outstanding == id).ok_or(Refusal::UnknownAcknowledgement)?;
        self.ids.swap_remove(at);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_never_0_and_never_twice_outstanding() {
        let mut outstanding = Outstanding::new(u16::MAX, 16);
        let held = outstanding.issue();
        for _ in 0..200_000 {
            let id = outstanding.issue();
            assert!(id != 0 && id != held);
            outstanding.acknowledged(id).unwrap();
        }
        assert_eq!(outstanding.room(), 15);
        assert_eq!(outstanding.acknowledged(held), Ok(()));
        assert_eq!(outstanding.acknowledged(held), Err(Refusal::UnknownAcknowledgement));
    }

    #[test]
    fn a_client_that_takes_fewer_is_sent_no_more() {
        assert_eq!(Outstanding::new(3, 16).room(), 3);
    }
}
