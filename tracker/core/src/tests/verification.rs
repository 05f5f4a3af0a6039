//! Verification: what was counted is written off, what is missing is told, and an unsatisfactory end holds until it is looked at again.

use super::ledger::{accounts, declaration, go, goods, laden, missing, unsealed, verify, write_off};
use super::told;
use sealway_schemas::command::{Role, SealFound};
use sealway_schemas::ledger::{Account, Conclusion, LedgerStand, PostingView};
use sealway_schemas::movement::{Arrow, By, HoldReason, MovementState};
use sealway_schemas::record::{HeldView, VerificationView};
use serde_json::json;

#[test]
fn a_shortage_is_written_off_as_counted_and_what_is_missing_has_an_account_and_a_note() {
    let (mut bench, id) = unsealed();
    let mut found = verify(&id, "A5", Some("9"));
    (found["seal"], found["note"]) = (json!("damaged"), json!("one box empty"));
    bench.ok(Role::Customs, found);
    let view: VerificationView = told(&bench);
    assert_eq!((view.conclusion, view.seal, view.note.as_str()), (Conclusion::A5, SealFound::Damaged, "one box empty"));
    assert_eq!((view.lines[0].quantity.to_string(), view.by), ("9".to_owned(), By::User("customs-1".parse().unwrap())));
    bench.ok(Role::Customs, write_off(&id, None));
    assert_eq!((bench.state(&id), accounts(&bench)), (MovementState::WrittenOff, ["90", "0", "9"].map(str::to_owned)));
    let posting: PostingView = told(&bench);
    assert_eq!((posting.debit, posting.credit, posting.note.as_str()), (Account::Missing, Account::UnderWay, "counted"));
    let stand: LedgerStand = told(&bench);
    assert_eq!(stand.missing.to_string(), "1");
}

#[test]
fn a_shortage_that_was_found_again_comes_out_of_the_missing_by_a_counter_entry() {
    let (mut bench, id) = unsealed();
    bench.ok(Role::Customs, verify(&id, "A5", Some("9")));
    bench.ok(Role::Customs, write_off(&id, None));
    let written = bench.core.book().postings().find(|posting| posting.debit == Account::WrittenOff).unwrap().id;
    bench.ok(Role::Customs, json!({"type": "reverse-write-off", "posting": written, "reason": "the box was found"}));
    assert_eq!((missing(&bench), accounts(&bench)), ("0".to_owned(), ["90", "10", "0"].map(str::to_owned)));
    bench.ok(Role::Customs, verify(&id, "A1", None));
    assert_eq!((bench.state(&id), accounts(&bench)), (MovementState::WrittenOff, ["90", "0", "10"].map(str::to_owned)));
}

#[test]
fn nothing_that_was_found_is_written_off_as_nothing_and_is_all_missing() {
    let (mut bench, id) = unsealed();
    assert_eq!(bench.code(Role::Customs, verify(&id, "A1", Some("0"))), "conclusion");
    assert_eq!(bench.code(Role::Customs, verify(&id, "A1", Some("9"))), "conclusion", "a shortage is no satisfactory end");
    bench.ok(Role::Customs, verify(&id, "A5", Some("0")));
    bench.ok(Role::Customs, write_off(&id, None));
    assert_eq!((bench.state(&id), accounts(&bench)), (MovementState::WrittenOff, ["90", "0", "0"].map(str::to_owned)));
    assert_eq!(missing(&bench), "10");
}

#[test]
fn goods_that_no_stock_covers_end_without_a_posting() {
    let (mut bench, mut seal, id) = laden();
    bench.ok(Role::Carrier, declaration(&id, goods("101", "202")));
    bench.ok(Role::Customs, json!({"type": "lift-hold", "transfer": id, "reason": "papers follow"}));
    bench.seal_up(&mut seal);
    bench.drive(&mut seal, 0, 24);
    bench.report_arrival(&id);
    go(&mut bench, &id, &[Arrow::HandOver, Arrow::GrantUnsealing, Arrow::Unseal]);
    bench.ok(Role::Customs, verify(&id, "A1", None));
    assert_eq!((bench.state(&id), accounts(&bench)), (MovementState::WrittenOff, ["100", "0", "0"].map(str::to_owned)));
}

#[test]
fn an_unsatisfactory_verification_writes_nothing_off() {
    let (mut bench, id) = unsealed();
    bench.ok(Role::Customs, verify(&id, "B1", None));
    assert_eq!(bench.refused(Role::Customs, &write_off(&id, None)).step.unwrap().missing, ["no-hold"]);
    assert_eq!(accounts(&bench), ["90", "10", "0"]);
}

#[test]
fn an_unsatisfactory_verification_holds_the_transfer_until_a_later_one_is_satisfied() {
    for conclusion in ["A1", "A2", "A5"] {
        let (mut bench, id) = unsealed();
        bench.ok(Role::Customs, verify(&id, "B1", None));
        assert_eq!((bench.transfer(&id).holds[0].reason, bench.transfer(&id).holds.len()), (HoldReason::Unsatisfactory, 1));
        bench.ok(Role::Customs, json!({"type": "hold-transfer", "transfer": id, "reason": "risk"}));
        let lift = json!({"type": "lift-hold", "transfer": id, "reason": "heard"});
        bench.ok(Role::Customs, lift.clone());
        let HeldView { hold, lifted, .. } = told(&bench);
        assert_eq!((hold.number, hold.reason), (2, HoldReason::Officer));
        let lifted = lifted.unwrap();
        assert_eq!((lifted.by, lifted.reason.as_str()), (By::User("customs-1".parse().unwrap()), "heard"));
        assert_eq!(bench.code(Role::Customs, lift), "not-satisfactory", "a word alone does not end it");
        bench.ok(Role::Customs, verify(&id, "B1", None));
        bench.ok(Role::Customs, verify(&id, conclusion, None));
        assert_eq!(bench.transfer(&id).holds, []);
        if conclusion == "A5" {
            bench.ok(Role::Customs, write_off(&id, None));
        }
        assert_eq!((bench.state(&id), accounts(&bench)), (MovementState::WrittenOff, ["90", "0", "10"].map(str::to_owned)));
    }
}

#[test]
fn each_officer_s_word_is_a_hold_of_its_own_and_one_word_lifts_them_all() {
    let (mut bench, _, id) = laden();
    let hold = |number: usize| json!({"type": "hold-transfer", "transfer": id, "reason": format!("reason {number}")});
    for number in 1..=16 {
        bench.ok(Role::Customs, hold(number));
    }
    let details: Vec<String> = bench.transfer(&id).holds.into_iter().map(|hold| hold.detail).collect();
    assert_eq!(details, (1..=16).map(|number| format!("reason {number}")).collect::<Vec<_>>());
    assert_eq!(bench.code(Role::Customs, hold(17)), "holds-limit");
    bench.ok(Role::Customs, json!({"type": "lift-hold", "transfer": id, "reason": "seen"}));
    assert_eq!(bench.transfer(&id).holds, []);
}

#[test]
fn minor_discrepancies_are_written_off_by_an_officer_and_in_parts() {
    let (mut bench, id) = unsealed();
    bench.ok(Role::Customs, verify(&id, "A5", Some("9")));
    assert_eq!((bench.state(&id), accounts(&bench)), (MovementState::Verified, ["90", "10", "0"].map(str::to_owned)));
    bench.ok(Role::Customs, write_off(&id, Some("4")));
    assert_eq!((bench.state(&id), accounts(&bench)), (MovementState::Verified, ["90", "6", "4"].map(str::to_owned)));
    assert_eq!(bench.code(Role::Customs, write_off(&id, Some("6"))), "verified-quantity", "one more than was counted");
    bench.ok(Role::Customs, write_off(&id, None));
    assert_eq!((bench.state(&id), accounts(&bench)), (MovementState::WrittenOff, ["90", "0", "9"].map(str::to_owned)));
    assert_eq!(missing(&bench), "1");
}
