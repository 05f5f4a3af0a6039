//! Topics of the contract, matched exactly.

use crate::{DeviceId, PartyId, TransferId};

const SEAL: &str = "seal/v1/";
pub const EVENTS: &str = "events/v1/";

#[must_use]
pub fn up(device: &DeviceId) -> String {
    format!("{SEAL}{device}/up")
}

#[must_use]
pub fn down(device: &DeviceId) -> String {
    format!("{SEAL}{device}/down")
}

/// Where an event of `party`'s `transfer` is published. `kind` is kebab-case.
#[must_use]
pub fn event(party: &PartyId, transfer: Option<&TransferId>, kind: &str) -> String {
    let transfer = transfer.map_or("-", TransferId::as_str);
    format!("{EVENTS}{party}/{transfer}/{kind}")
}

/// A device topic as a client names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceTopic {
    Up(DeviceId),
    Down(DeviceId),
}

impl DeviceTopic {
    /// `None` for anything that is not exactly a device's `up` or `down`.
    #[must_use]
    pub fn parse(topic: &str) -> Option<Self> {
        let (device, leaf) = topic.strip_prefix(SEAL)?.split_once('/')?;
        let device = device.parse().ok()?;
        match leaf {
            "up" => Some(Self::Up(device)),
            "down" => Some(Self::Down(device)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_topic_is_a_device_topic() {
        let seal: DeviceId = "XA-7Q2K".parse().unwrap();
        assert_eq!(DeviceTopic::parse(&up(&seal)), Some(DeviceTopic::Up(seal)));
        assert_eq!(DeviceTopic::parse(&down(&seal)), Some(DeviceTopic::Down(seal)));
        for bad in [
            "seal/v1/XA-7Q2K/up/",
            "seal/v1/+/up",
            "seal/v1/#",
            "/seal/v1/XA-7Q2K/up",
            "seal/v1/xa-7q2k/up",
            "$share/g/seal/v1/XA-7Q2K/down",
        ] {
            assert_eq!(DeviceTopic::parse(bad), None, "{bad}");
        }
    }
}
