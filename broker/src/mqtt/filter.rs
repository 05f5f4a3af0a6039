//! Topic filters that a listener may ask for: within its own scope, and well formed.

use crate::{EventScope, Refusal};
use sealway_schemas::topics::EVENTS;

const FILTER_MAX: usize = 256;

/// A filter below `events/v1/`, inside the scope that it was parsed for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EventFilter(String);

impl EventFilter {
    pub(crate) fn parse(text: &str, scope: &EventScope) -> Result<Self, Refusal> {
        if text.starts_with("$share/") {
            return Err(Refusal::SharedSubscription);
        }
        if text.len() > FILTER_MAX || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Refusal::TopicFilter);
        }
        let mut levels = text.split('/').peekable();
        while let Some(level) = levels.next() {
            let well_formed = match level {
                "#" => levels.peek().is_none(),
                "+" => true,
                _ => !level.contains(['+', '#']),
            };
            if !well_formed {
                return Err(Refusal::TopicFilter);
            }
        }
        let (party, _) =
            text.strip_prefix(EVENTS).map(|rest| rest.split_once('/').unwrap_or((rest, ""))).ok_or(Refusal::ForeignSubscription)?;
        match scope {
            EventScope::All => Ok(Self(text.to_owned())),
            EventScope::Party(own) if own.as_str() == party => Ok(Self(text.to_owned())),
            EventScope::Party(_) => Err(Refusal::ForeignSubscription),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// MQTT matching, section 4.7: `+` is one level, `#` the rest and the parent too.
    pub(crate) fn matches(&self, topic: &str) -> bool {
        let mut levels = topic.split('/');
        for filter in self.0.split('/') {
            match (filter, levels.next()) {
                ("#", _) => return true,
                ("+", Some(_)) => {}
                (filter, Some(level)) if filter == level => {}
                _ => return false,
            }
        }
        levels.next().is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own() -> EventScope {
        EventScope::Party("lian-yun".parse().unwrap())
    }

    #[test]
    fn a_listener_asks_only_within_its_party() {
        for good in ["events/v1/lian-yun/#", "events/v1/lian-yun/+/opened", "events/v1/lian-yun/26CN/opened", "events/v1/lian-yun"] {
            assert!(EventFilter::parse(good, &own()).is_ok(), "{good}");
        }
        for (bad, refusal) in [
            ("events/v1/#", Refusal::ForeignSubscription),
            ("events/v1/+/x/opened", Refusal::ForeignSubscription),
            ("events/v1/lian-yun2/#", Refusal::ForeignSubscription),
            ("events/+/lian-yun/#", Refusal::ForeignSubscription),
            ("#", Refusal::ForeignSubscription),
            ("/events/v1/lian-yun/#", Refusal::ForeignSubscription),
            ("seal/v1/XA-7Q2K/up", Refusal::ForeignSubscription),
            ("$SYS/#", Refusal::ForeignSubscription),
            ("$share/g/events/v1/lian-yun/#", Refusal::SharedSubscription),
            ("events/v1/lian-yun/#/x", Refusal::TopicFilter),
            ("events/v1/lian-yun/a+", Refusal::TopicFilter),
            ("events/v1/lian-yun#", Refusal::TopicFilter),
            ("events/v1/关/#", Refusal::TopicFilter),
        ] {
            assert_eq!(EventFilter::parse(bad, &own()), Err(refusal), "{bad}");
        }
    }

    #[test]
    fn customs_ask_for_every_party_but_for_nothing_beside_events() {
        for good in ["events/v1/#", "events/v1/+/+/opened", "events/v1/lian-yun/#"] {
            assert!(EventFilter::parse(good, &EventScope::All).is_ok(), "{good}");
        }
        for bad in ["events/#", "#", "seal/v1/#", "+/v1/#"] {
            assert_eq!(EventFilter::parse(bad, &EventScope::All), Err(Refusal::ForeignSubscription), "{bad}");
        }
    }

    #[test]
    fn a_filter_matches_as_the_standard_says() {
        let topic = "events/v1/lian-yun/26CN/opened";
        for (filter, expected) in [
            ("events/v1/#", true),
            ("events/v1/lian-yun/26CN/opened", true),
            ("events/v1/lian-yun/26CN/opened/#", true),
            ("events/v1/+/+/opened", true),
            ("events/v1/+/opened", false),
            ("events/v1/lian-yun/+", false),
            ("events/v1/lian-yun/26CN/opened/+", false),
            ("events/v1/lian-yun/26CN/closed", false),
        ] {
            assert_eq!(EventFilter::parse(filter, &EventScope::All).unwrap().matches(topic), expected, "{filter}");
        }
    }
}
