//! Backup and restore: nothing that a backup holds is lost, and seals learn what it lacks.

use crate::support::{START, Seal, World, config, still};
use sealway_schemas::command::{PublicDigest, Role};
use sealway_schemas::link::Verdict;
use sealway_schemas::{PhotoHash, Time};
use sealway_tracker::accounts::{Account, AccountLink, AccountsError};
use sealway_tracker::{AdmitRefusal, BackupError, TrackerConfig, backup, restore, verify};
use serde_json::json;
use std::path::Path;

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_platform_raises_its_generation_and_takes_again_what_it_lacks() {
    let (dir, room) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (copy, new) = (room.path().join("copy"), room.path().join("new"));
    let world = World::open(dir.path()).await;
    world.populate().await;
    let mut seal = Seal::new(1);
    world.enrol(&seal).await;
    world.send(1, seal.id, vec![(1, seal.periodic())]).await;
    world.settled().await;
    let copied = backup(dir.path(), &copy, &|_| {}).unwrap();
    assert_eq!(copied.entries, world.tracker.log().durable());
    let lost = seal.periodic();
    world.send(1, seal.id, vec![(2, lost.clone())]).await;
    world.settled().await;
    world.tracker.drain().await;

    let restored = restore(&copy, &TrackerConfig { data_dir: new.clone(), ..config(&new) }, &|_| {}).unwrap();
    assert_eq!((restored.copied.entries, restored.generation), (copied.entries, START / 1_000));
    let again = World::with(config(&new), START + 10).await;
    again.send(1, seal.id, vec![(1, seal.hello())]).await;
    let ack = again.ack(&seal).await;
    assert_eq!((ack.generation, ack.stored), (restored.generation, 1), "the seal hears what is lost");
    again.send(1, seal.id, vec![(2, lost)]).await;
    loop {
        let settled = again.settled().await;
        if settled.contains(&(2, Verdict::Stored)) {
            break;
        }
    }
    again.tracker.drain().await;
    assert_eq!(verify(config(&new), |_| {}).await.unwrap().found, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_restores_of_one_copy_are_two_generations() {
    let (dir, room) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let world = World::open(dir.path()).await;
    world.populate().await;
    world.tracker.drain().await;
    let [copy, one, other, third] = ["copy", "one", "other", "third"].map(|name| room.path().join(name));
    backup(dir.path(), &copy, &|_| {}).unwrap();
    let at = |dir: &Path, now| TrackerConfig { clock: still(now), ..config(dir) };
    let first = restore(&copy, &at(&one, START), &|_| {}).unwrap().generation;
    assert!(restore(&copy, &at(&other, START + 1_000), &|_| {}).unwrap().generation > first);
    let behind = restore(&one, &at(&third, 5_000), &|_| {}).unwrap().generation;
    assert_eq!(behind, first + 1, "above the copy's also where the clock is wrong");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_recorded_before_the_copys_end_is_worthless_after_a_restore() {
    let (dir, room) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let world = World::open(dir.path()).await;
    world.populate().await;
    let seal = Seal::new(1);
    world.enrol(&seal).await;
    world.pass_ms(5_000);
    world.ok(Role::Admin, json!({"type": "register-party", "party": "p", "role": "carrier", "name_zh": "某", "name_en": "P"})).await;
    world.tracker.drain().await;
    let (copy, new) = (room.path().join("copy"), room.path().join("new"));
    backup(dir.path(), &copy, &|_| {}).unwrap();
    restore(&copy, &config(&new), &|_| {}).unwrap();
    let again = World::with(config(&new), START + 6_000).await;
    let refused = again.tracker.admit_device(seal.id, seal.login(START + 4_000)).await;
    assert!(matches!(refused, Err(AdmitRefusal::Login(_))), "{refused:?}");
    assert!(again.tracker.admit_device(seal.id, seal.login(START + 6_000)).await.is_ok());
}

#[test]
fn a_backup_goes_into_an_empty_folder_and_comes_from_a_data_folder() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    assert!(matches!(backup(dir.path(), &other.path().join("b"), &|_| {}), Err(BackupError::NotOurs(_))));
    std::fs::create_dir(dir.path().join("log")).unwrap();
    std::fs::write(dir.path().join("platform.key"), "00").unwrap();
    std::fs::write(other.path().join("something"), "").unwrap();
    assert!(matches!(backup(dir.path(), other.path(), &|_| {}), Err(BackupError::NotEmpty(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_sign_in_with_is_in_the_backup_and_only_its_owner_reads_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let (dir, room) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (copy, new) = (room.path().join("copy"), room.path().join("new"));
    let world = World::open(dir.path()).await;
    let li = "li".parse().unwrap();
    let link = AccountLink { digest: PublicDigest::from_bytes([7; 32]), not_after: Time::from_ms(START), reset_second_factor: true };
    let kept = link.clone();
    let keep = move |account: &mut Account| {
        account.link = Some(kept);
        Ok::<_, AccountsError>(())
    };
    world.tracker.accounts().change(&li, keep).await.unwrap();
    world.tracker.drain().await;
    backup(dir.path(), &copy, &|_| {}).unwrap();
    restore(&copy, &config(&new), &|_| {}).unwrap();
    for folder in [&copy, &new] {
        let mode = std::fs::metadata(folder.join("accounts.json")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", folder.display());
    }
    let again = World::with(config(&new), START + 10).await;
    assert_eq!(again.tracker.accounts().of(&li).link, Some(link));
}

#[tokio::test(flavor = "multi_thread")]
async fn photos_are_in_the_backup_and_one_that_changed_there_is_named() {
    const PICTURE: &[u8] = b"\xFF\xD8\xFF\xE0 a seal that was hit";
    let (dir, room) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (copy, new) = (room.path().join("copy"), room.path().join("new"));
    let world = World::open(dir.path()).await;
    let photo = PhotoHash::of(PICTURE);
    world.tracker.photos().put(photo.clone(), PICTURE.to_vec()).await.unwrap();
    backup(dir.path(), &copy, &|_| {}).unwrap();
    world.tracker.drain().await;
    restore(&copy, &config(&new), &|_| {}).unwrap();
    let again = World::with(config(&new), START + 10).await;
    assert_eq!(again.tracker.photos().get(photo.clone()).await.unwrap().unwrap().bytes, PICTURE);
    again.tracker.drain().await;
    assert_eq!(verify(config(&new), |_| {}).await.unwrap().found, []);
    std::fs::write(new.join("photos").join(photo.as_str()), b"\xFF\xD8\xFF\xE0 another").unwrap();
    let found = verify(config(&new), |_| {}).await.unwrap().found;
    assert_eq!(found.iter().map(|found| found.file.clone()).collect::<Vec<_>>(), [format!("photos/{photo}")]);
}
