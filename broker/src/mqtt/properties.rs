//! Properties of MQTT 5, which every packet but CONNECT lets be judged here one by one.

use crate::Refusal;
use mqtt_protocol_core::mqtt::packet::{Properties, PropertiesParse, Property};

/// Judges each of them; none stands twice but what a user named himself. `bytes` begin with their length.
pub(crate) fn judge(bytes: &[u8], judge: impl Fn(&Property) -> Result<(), Refusal>) -> Result<(), Refusal> {
    if bytes == [0] {
        return Ok(());
    }
    let (properties, _) = Properties::parse(bytes).map_err(|_| Refusal::MalformedPacket)?;
    let mut seen = Vec::new();
    for property in &properties {
        judge(property)?;
        if matches!(property, Property::UserProperty(_)) {
            continue;
        }
        let kind = std::mem::discriminant(property);
        if seen.contains(&kind) {
            return Err(Refusal::Properties);
        }
        seen.push(kind);
    }
    Ok(())
}
