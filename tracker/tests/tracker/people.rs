//! What people may see, and how soon.

use crate::support::{START, Seal, World};
use sealway_schemas::command::Role;
use sealway_schemas::down::{Challenge, Down};
use sealway_schemas::{PartyId, Time};
use sealway_tracker::{DeviceFilter, Page, Scope};
use serde_json::json;
use sha2::{Digest as _, Sha256};

fn party(name: &str) -> Scope {
    Scope::Party(name.parse::<PartyId>().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_party_sees_only_what_is_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::open(dir.path()).await;
    world.populate().await;
    world.enrol(&Seal::new(1)).await;
    let registry = world.tracker.registry();
    for (scope, devices, parties) in [(Scope::All, 1, 3), (party("silk-road"), 1, 1), (party("other-carrier"), 0, 1)] {
        let found = registry.devices(&scope, &DeviceFilter::default(), &Page::first(10)).await.unwrap();
        assert_eq!(found.len(), devices, "{scope:?}");
        assert_eq!(registry.device(&scope, &Seal::new(1).id).await.unwrap().is_some(), devices == 1);
        assert_eq!(registry.parties(&scope, &Page::first(10)).await.unwrap().len(), parties, "{scope:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_opens_until_it_is_revoked_or_past_its_time() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::open(dir.path()).await;
    world.populate().await;
    let user = json!({"type": "register-user", "user": "wang", "party": "silk-road", "role": "carrier", "name": "Wang"});
    world.ok(Role::Admin, user).await;
    for (token, not_after) in [("one", json!(null)), ("two", json!(START + 1_000))] {
        let digest = hex::encode(Sha256::digest(token.as_bytes()));
        world
            .ok(Role::Admin, json!({"type": "issue-token", "token": token, "user": "wang", "digest": digest, "not_after": not_after}))
            .await;
    }
    let registry = world.tracker.registry();
    let principal = registry.authenticate("one").await.unwrap().unwrap();
    assert_eq!((principal.user.as_str(), principal.role, principal.scope), ("wang", Role::Carrier, party("silk-road")));
    assert!(registry.authenticate("two").await.unwrap().is_some());
    assert!(registry.authenticate("three").await.unwrap().is_none());
    world.pass_ms(1_000);
    assert!(registry.authenticate("two").await.unwrap().is_none());
    world.ok(Role::Admin, json!({"type": "revoke-token", "token": "one"})).await;
    assert!(registry.authenticate("one").await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_goes_to_the_seal_signed_by_the_platform() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::open(dir.path()).await;
    world.populate().await;
    let seal = Seal::new(1);
    world.enrol(&seal).await;
    let body = json!({"type": "issue-challenge", "device": seal.id, "nonce": hex::encode([9; 16]), "not_after": START + 60_000});
    world.ok(Role::Customs, body).await;
    let (device, message) = world.published().await;
    let expected = Down::Challenge(Challenge { nonce: [9; 16], not_after: Time::from_ms(START + 60_000) });
    assert_eq!((device, world.opened(&seal, &message)), (seal.id, expected));
}
