//! `sealway device`: the fleet of a running platform, over its API. Keys never come here: a device proves its own through a program
//! that speaks to it.

mod arguments;
mod import;
mod label;
mod prove;
mod remote;

use crate::say::say;
pub(crate) use arguments::DeviceCommand;
use arguments::{Enrol, Label, List, Rotate};
use remote::Remote;
use sealway_schemas::DeviceId;
use serde_json::{Value, json};

pub(crate) fn run(command: &DeviceCommand) -> anyhow::Result<()> {
    match command {
        DeviceCommand::Enrol(arguments) => enrol(arguments),
        DeviceCommand::Rotate(arguments) => rotate(arguments),
        DeviceCommand::Revoke(arguments) => revoke(&Remote::new(&arguments.platform)?, &arguments.device, &arguments.reason),
        DeviceCommand::List(arguments) => list(arguments),
        DeviceCommand::Errors(arguments) => errors(&Remote::new(&arguments.platform)?, &arguments.device),
        DeviceCommand::Import(arguments) => import::run(arguments),
        DeviceCommand::Label(arguments) => write_label(arguments),
        DeviceCommand::Connections(platform) => connections(&Remote::new(platform)?),
        DeviceCommand::Disconnect(arguments) => {
            Remote::new(&arguments.platform)?.delete(&format!("/connections/{}", arguments.session)).map(drop)
        }
    }
}

fn enrol(arguments: &Enrol) -> anyhow::Result<()> {
    let remote = Remote::new(&arguments.platform)?;
    let enrolled = prove::enrol(&remote, &arguments.prover, &arguments.device, arguments.owner.as_ref())?;
    say!("{} enrolled; platform key {}", arguments.device, field(&enrolled, "platform_key"));
    Ok(())
}

fn rotate(arguments: &Rotate) -> anyhow::Result<()> {
    let remote = Remote::new(&arguments.platform)?;
    let owner = field(&remote.get(&format!("/devices/{}", arguments.device))?, "owner").parse()?;
    revoke(&remote, &arguments.device, &arguments.reason)?;
    let enrolled = prove::enrol(&remote, &arguments.prover, &arguments.device, Some(&owner))?;
    say!("{} enrolled with a new key; platform key {}", arguments.device, field(&enrolled, "platform_key"));
    Ok(())
}

fn revoke(remote: &Remote, device: &DeviceId, reason: &str) -> anyhow::Result<()> {
    remote.post(&format!("/devices/{device}/revoke"), &json!({ "reason": reason }))?;
    say!("{device} revoked");
    Ok(())
}

fn list(arguments: &List) -> anyhow::Result<()> {
    let owner = arguments.owner.as_ref().map(|owner| format!("?owner={owner}")).unwrap_or_default();
    Remote::new(&arguments.platform)?.each(&format!("/devices{owner}"), |device| {
        let state = if device.get("revoked_at").is_some_and(|at| !at.is_null()) { "revoked" } else { "enrolled" };
        say!("{}\t{}\t{state}", field(device, "id"), field(device, "owner"));
        Ok(())
    })
}

fn errors(remote: &Remote, device: &DeviceId) -> anyhow::Result<()> {
    let told = remote.get(&format!("/devices/{device}/errors"))?;
    for error in told.get("items").and_then(Value::as_array).into_iter().flatten() {
        let times = error.get("times").and_then(Value::as_u64).unwrap_or_default();
        say!("{}\t{}\t{times} times\t{}", field(error, "last_at"), field(error, "code"), field(error, "detail"));
    }
    Ok(())
}

fn write_label(arguments: &Label) -> anyhow::Result<()> {
    Ok(std::fs::write(&arguments.output, label::svg(&arguments.device)?)?)
}

fn connections(remote: &Remote) -> anyhow::Result<()> {
    remote.each("/connections", |connection| {
        let session = connection.get("session").and_then(Value::as_u64).unwrap_or_default();
        let who = ["device", "user"].map(|name| field(connection, name)).concat();
        let tls = if connection.get("tls").and_then(Value::as_bool) == Some(true) { "TLS" } else { "plain" };
        say!(
            "{session}\t{who}\t{}\tMQTT {}\t{tls}\t{}",
            field(connection, "peer"),
            field(connection, "version"),
            field(connection, "since")
        );
        Ok(())
    })
}

/// A field as text; empty where it is none.
fn field(object: &Value, name: &str) -> String {
    match object.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_)) | None => String::new(),
    }
}
