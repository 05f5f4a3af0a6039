//! Other systems: which webhooks there are, and what each is told. Who sends it, and when, is the driver's business.

use crate::command::Asking;
use crate::core::Core;
use crate::effect::{CommandRefusal, Effect, Outbound, Told, event_id};
use crate::registry::Registry;
use sealway_schemas::command::ExchangeCommand;
use sealway_schemas::event::{Change, Event};
use sealway_schemas::record::{Record, WebhookView};
use sealway_schemas::{PartyId, Time, WebhookId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

const URL_LIMIT: usize = 2_000;
/// Of one party, at a time.
const WEBHOOKS_OF_ONE: usize = 16;
const SCHEME: &str = "https://";

/// Also those that were removed: their numbers are never given again.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Webhooks(BTreeMap<WebhookId, Webhook>);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Webhook {
    view: WebhookView,
    /// The number of the newest event that it was told.
    told: u64,
}

impl Webhook {
    fn stands(&self) -> bool {
        self.view.removed_at.is_none()
    }

    fn hears(&self, event: &Event, registry: &Registry) -> bool {
        let kind = event.change.kind();
        self.stands()
            && self.view.kinds.iter().any(|known| known == kind)
            && (event.visible_to.contains(&self.view.party) || sees_all(&self.view.party, registry))
    }
}

/// A party of the whole country, in a role that sees what is everybody's.
fn sees_all(party: &PartyId, registry: &Registry) -> bool {
    registry.party_by_id(party).is_some_and(|party| party.role.sees_all() && party.district.is_none())
}

impl Core {
    pub(crate) fn exchange_command(
        &mut self,
        now: Time,
        asking: &Asking<'_>,
        command: ExchangeCommand,
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        match command {
            ExchangeCommand::PutWebhook { webhook: id, party, url, kinds } => {
                let put_by = asking.by.user.clone();
                let view = WebhookView { id, party, url, kinds, put_at: now, put_by, removed_at: None };
                self.put_webhook(now, asking, view, effects)
            }
            ExchangeCommand::RemoveWebhook { webhook } => self.remove_webhook(now, asking, &webhook, effects),
        }
    }

    fn put_webhook(&mut self, now: Time, asking: &Asking<'_>, view: WebhookView, effects: &mut Vec<Effect>) -> Result<(), CommandRefusal> {
        let WebhookView { id, party, url, .. } = &view;
        let known = self.webhooks.0.get(id);
        let owner = known.map_or(party, |known| &known.view.party);
        asking.check(&format!("webhook {id}"), Some(owner))?;
        asking.check(&format!("webhook {id}"), Some(party))?;
        if self.registry.find_party(party).is_none() {
            return Err(CommandRefusal::new("unknown-party", format!("party {party}: expected one that is registered")));
        }
        if owner != party {
            let detail = format!("webhook {id}: belongs to {owner}, expected that party, not {party}");
            return Err(CommandRefusal::new("webhook-party-fixed", detail));
        }
        check_url(url)?;
        check_kinds(&view.kinds)?;
        let others = self.webhooks.0.values().filter(|other| other.stands() && other.view.party == *party && other.view.id != *id).count();
        if others >= WEBHOOKS_OF_ONE {
            let detail = format!("party {party}: has {others} webhooks, expected at most {WEBHOOKS_OF_ONE}");
            return Err(CommandRefusal::new("too-many-webhooks", detail));
        }
        let told = known.map_or(0, |known| known.told);
        effects.push(Effect::Outbox(Box::new(Outbound::Webhook { webhook: id.clone(), url: url.clone() })));
        self.tell_record(now, Record::of(&view, vec![party.clone()]), effects);
        self.webhooks.0.insert(view.id.clone(), Webhook { view, told });
        Ok(())
    }

    fn remove_webhook(&mut self, now: Time, asking: &Asking<'_>, id: &WebhookId, effects: &mut Vec<Effect>) -> Result<(), CommandRefusal> {
        let known = self.webhooks.0.get_mut(id).filter(|known| known.stands());
        let unknown = || CommandRefusal::new("unknown-webhook", format!("webhook {id}: expected one that was put and not removed"));
        let known = known.ok_or_else(unknown)?;
        asking.check(&format!("webhook {id}"), Some(&known.view.party))?;
        known.view.removed_at = Some(now);
        effects.push(Effect::Outbox(Box::new(Outbound::Removed { webhook: id.clone(), upto: known.told })));
        let record = Record::of(&known.view, vec![known.view.party.clone()]);
        self.tell_record(now, record, effects);
        Ok(())
    }

    /// Addresses the events among the effects from `before` on.
    pub(crate) fn tell_webhooks(&mut self, before: usize, effects: &mut Vec<Effect>) {
        if self.webhooks.0.is_empty() {
            return;
        }
        let mut told = Vec::new();
        for effect in effects.iter().skip(before) {
            let Effect::Event(event) = effect else { continue };
            for (id, webhook) in self.webhooks.0.iter_mut().filter(|(_, webhook)| webhook.hears(event, &self.registry)) {
                let Some(body) = body(&event_id(id, webhook.told + 1), event) else { continue };
                webhook.told += 1;
                let event = Told { webhook: id.clone(), number: webhook.told, at: event.at, kind: event.change.kind(), body };
                told.push(Effect::Outbox(Box::new(Outbound::Event(event))));
            }
        }
        effects.append(&mut told);
    }
}

/// `None` never happens: a change's fields all have a form in JSON.
fn body(id: &str, event: &Event) -> Option<String> {
    let data = match &event.change {
        Change::Position(position) => serde_json::to_value(position),
        Change::Movement(transfer) => serde_json::to_value(transfer),
        Change::Alert(alert) => serde_json::to_value(alert),
        Change::Device(device) => serde_json::to_value(device),
        Change::Record(record) => serde_json::to_value(record),
    };
    let kind = event.change.kind();
    Some(json!({"id": id, "type": kind, "timestamp": event.at.rfc3339(), "data": data.ok()?}).to_string())
}

/// As far as a text shows it. Where the name leads is looked at when something is sent.
fn check_url(url: &str) -> Result<(), CommandRefusal> {
    let refused = |why: &str| {
        let shown: String = url.chars().take(80).collect();
        Err(CommandRefusal::new("webhook-url", format!("url {shown:?}: {why}, expected https://<host>[:<port>]/...")))
    };
    if url.len() > URL_LIMIT {
        return refused(&format!("{} characters, at most {URL_LIMIT}", url.len()));
    }
    let Some(rest) = url.strip_prefix(SCHEME) else {
        return refused("another scheme");
    };
    if !url.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') || url.contains('#') {
        return refused("a space, a backslash, a fragment or a character beyond ASCII");
    }
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    if authority.contains('@') {
        return refused("a user in it");
    }
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse::<u16>().ok().filter(|port| *port > 0)),
        Some(_) | None => (authority, Some(443)),
    };
    if port.is_none() {
        return refused("a port that is none");
    }
    let literal = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let named = !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-');
    if named || literal.is_some_and(|text| text.parse::<core::net::Ipv6Addr>().is_ok()) { Ok(()) } else { refused("no host") }
}

fn check_kinds(kinds: &[String]) -> Result<(), CommandRefusal> {
    let known = Change::TOLD_BY_WEBHOOK;
    let once = kinds.iter().enumerate().all(|(at, kind)| kinds.iter().skip(at + 1).all(|other| other != kind));
    if !kinds.is_empty() && once && kinds.iter().all(|kind| known.contains(&kind.as_str())) {
        return Ok(());
    }
    let shown: String = format!("{kinds:?}").chars().take(200).collect();
    Err(CommandRefusal::new("webhook-kinds", format!("kinds {shown}: expected some of {}, each once", known.join(", "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_address_by_https_is_taken() {
        for good in ["https://erp.example/hook?x=1", "https://erp.example:8443", "https://[2001:db8::1]/a", "https://192.0.2.1:9/"] {
            assert_eq!(check_url(good), Ok(()), "{good}");
        }
        for bad in [
            "http://erp.example/",
            "https://",
            "https:///path",
            "https://user:secret@erp.example/",
            "https://erp.example:0/",
            "https://erp.example:99999/",
            "https://erp.example/#part",
            "https://erp.example\\@127.0.0.1/",
            "https://例.example/",
            "https://[::1/",
            "https://a b/",
            &format!("https://erp.example/{}", "x".repeat(2_000)),
        ] {
            assert_eq!(check_url(bad).unwrap_err().code, "webhook-url", "{bad}");
        }
    }
}
