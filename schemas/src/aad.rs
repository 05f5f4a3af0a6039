//! The external additional data of each message kind: with another one the signature does not verify.

use crate::DeviceId;

#[must_use]
pub fn up(device: &DeviceId) -> String {
    let mut text = String::new();
    write_up(device, &mut text);
    text
}

/// The same into a text that is used again.
pub fn write_up(device: &DeviceId, out: &mut String) {
    out.push_str("sealway/v1/up/");
    out.push_str(device.as_str());
}

#[must_use]
pub fn hello(device: &DeviceId) -> String {
    format!("sealway/v1/hello/{device}")
}

#[must_use]
pub fn down(device: &DeviceId) -> String {
    format!("sealway/v1/down/{device}")
}

#[must_use]
pub fn login(device: &DeviceId) -> String {
    format!("sealway/v1/login/{device}")
}

#[must_use]
pub fn enrol(device: &DeviceId) -> String {
    format!("sealway/v1/enrol/{device}")
}
