//! Enquiries: opened, answered and closed by name; whatever the carrier says, cargo that stays out is recovered.

use super::seal::Seal;
use super::{Bench, told};
use sealway_schemas::TransferId;
use sealway_schemas::command::{IncidentKind, Role};
use sealway_schemas::event::AlertKind;
use sealway_schemas::movement::{By, HoldReason, Punctuality};
use sealway_schemas::record::{EnquiryStanding, EnquiryView};
use serde_json::{Value, json};

const DAY_S: u64 = 86_400;

fn open(id: &TransferId) -> Value {
    json!({"type": "open-enquiry", "transfer": id, "reason": "the truck was seen elsewhere"})
}

fn reply(id: &TransferId, text: &str) -> Value {
    json!({"type": "reply-enquiry", "transfer": id, "reply": text})
}

fn close(id: &TransferId, accepted: bool) -> Value {
    json!({"type": "close-enquiry", "transfer": id, "accepted": accepted, "note": "papers seen"})
}

fn under_way() -> (Bench, Seal, TransferId) {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.released(&mut seal);
    bench.drive(&mut seal, 0, 5);
    (bench, seal, id)
}

fn punctuality(bench: &Bench, id: &TransferId) -> Punctuality {
    bench.transfer(id).punctuality
}

/// No arrival until the clock opens an enquiry.
fn enquired() -> (Bench, Seal, TransferId) {
    let (mut bench, seal, id) = under_way();
    let due = bench.transfer(&id).due.unwrap();
    bench.wait_s(due.since(bench.now) / 1000 + 1);
    bench.wait_s(7 * DAY_S);
    assert_eq!(punctuality(&bench, &id), Punctuality::Enquiry);
    (bench, seal, id)
}

#[test]
fn an_officer_opens_an_enquiry_and_lets_the_clock_go_on() {
    let (mut bench, mut seal, id) = under_way();
    assert_eq!(bench.code(Role::Carrier, open(&id)), "role-forbids");
    assert_eq!(bench.code(Role::Customs, close(&id, true)), "no-enquiry");
    bench.ok(Role::Customs, open(&id));
    let view: EnquiryView = told(&bench);
    assert_eq!((view.number, view.standing, view.opened_at), (1, EnquiryStanding::Open, bench.now));
    assert_eq!((view.reason.as_str(), view.by), ("the truck was seen elsewhere", By::User("customs-1".parse().unwrap())));
    assert_eq!(bench.code(Role::Customs, open(&id)), "enquiry-open");
    bench.ok(Role::Carrier, reply(&id, "a detour"));
    let view: EnquiryView = told(&bench);
    assert_eq!((view.standing, view.reply.as_deref()), (EnquiryStanding::Replied, Some("a detour")));
    bench.ok(Role::Customs, close(&id, true));
    let view: EnquiryView = told(&bench);
    assert_eq!((view.standing, view.note.as_deref()), (EnquiryStanding::Accepted, Some("papers seen")));
    assert_eq!(punctuality(&bench, &id), Punctuality::OnTime);
    let due = bench.transfer(&id).due.unwrap();
    bench.wait_s(due.since(bench.now) / 1000 + 1);
    assert_eq!(punctuality(&bench, &id), Punctuality::Overdue, "the limit is still the limit");
    bench.drive(&mut seal, 6, 24);
    bench.report_arrival(&id);
    assert_eq!(bench.code(Role::Customs, open(&id)), "not-under-way");
    assert_eq!(bench.replayed().fingerprint(), bench.core.fingerprint());
}

#[test]
fn a_reply_that_is_not_accepted_goes_to_recovery_and_comes_back_by_an_officers_word() {
    let (mut bench, _, id) = enquired();
    let view: EnquiryView = told(&bench);
    assert_eq!((view.by, view.standing), (By::Clock, EnquiryStanding::Open));
    bench.ok(Role::Carrier, reply(&id, "the bridge was closed"));
    bench.ok(Role::Customs, close(&id, false));
    assert_eq!((punctuality(&bench, &id), bench.transfer(&id).holds[0].reason), (Punctuality::Recovery, HoldReason::Recovery));
    assert_eq!(bench.code(Role::Customs, close(&id, false)), "no-enquiry");
    bench.ok(Role::Carrier, reply(&id, "here are the photos"));
    bench.ok(Role::Customs, close(&id, true));
    assert_eq!((punctuality(&bench, &id), bench.transfer(&id).holds), (Punctuality::Overdue, Vec::new()));
    assert_eq!(bench.alert_kinds().into_iter().filter(|kind| *kind == AlertKind::Overdue).count(), 1, "one overdue, told once");
    assert_eq!(bench.replayed().fingerprint(), bench.core.fingerprint());
}

#[test]
fn accepted_replies_do_not_stop_the_clock_of_cargo_that_never_comes() {
    let (mut bench, _, id) = enquired();
    bench.ok(Role::Carrier, reply(&id, "soon"));
    bench.ok(Role::Customs, close(&id, true));
    bench.wait_s(7 * DAY_S);
    let view: EnquiryView = told(&bench);
    assert_eq!((view.number, view.standing, punctuality(&bench, &id)), (2, EnquiryStanding::Open, Punctuality::Enquiry));
    bench.wait_s(27 * DAY_S);
    bench.ok(Role::Carrier, reply(&id, "very soon"));
    bench.wait_s(27 * DAY_S);
    bench.ok(Role::Carrier, reply(&id, "tomorrow"));
    bench.wait_s(DAY_S);
    let view: EnquiryView = told(&bench);
    assert_eq!((view.standing, view.reply.as_deref()), (EnquiryStanding::Lapsed, Some("tomorrow")));
    assert_eq!((punctuality(&bench, &id), bench.transfer(&id).holds[0].by.clone()), (Punctuality::Recovery, By::Clock));
    assert_eq!(bench.replayed().fingerprint(), bench.core.fingerprint());
}

#[test]
fn an_enquiry_ends_when_the_cargo_arrives() {
    let (mut bench, mut seal, id) = enquired();
    bench.drive(&mut seal, 6, 24);
    bench.report_arrival(&id);
    let view: EnquiryView = told(&bench);
    assert_eq!((view.standing, punctuality(&bench, &id)), (EnquiryStanding::Ended, Punctuality::Late));
    assert_eq!(bench.code(Role::Carrier, reply(&id, "here it is")), "no-enquiry");
}

#[test]
fn what_the_carrier_reported_is_seen_while_it_is_an_incident() {
    let (mut bench, mut seal, id) = under_way();
    bench.ok(Role::Carrier, json!({"type": "report-incident", "transfer": id, "kind": "accident", "note": "in the ditch"}));
    let incident = bench.transfer(&id).incident.unwrap();
    assert_eq!((incident.kind, incident.note.as_str(), incident.at), (IncidentKind::Accident, "in the ditch", bench.now));
    assert_eq!(incident.by, By::User("carrier-1".parse().unwrap()));
    bench.report_at(&mut seal, 5.0);
    bench.ok(Role::Customs, json!({"type": "resume-transfer", "transfer": id, "note": "towed out"}));
    assert_eq!(bench.transfer(&id).incident, None);
    assert_eq!(bench.replayed().fingerprint(), bench.core.fingerprint());
}
