//! Codes by time (TOTP, RFC 6238): HMAC-SHA-1, thirty seconds, six digits, which is what every authenticator knows. And codes for a person
//! whose device is gone, each good once.

use crate::state::random;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sealway_schemas::command::PublicDigest;
use sealway_schemas::{Time, UserId};
use sealway_tracker::accounts::{SecondFactor, Secret};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

const STEP_MS: u64 = 30_000;
const DIGITS: u32 = 6;
/// Steps that a device's clock may be off, either way.
const SKEW: u64 = 1;
const RECOVERY: usize = 10;
/// RFC 4648.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// A key of the length that RFC 4226 recommends, not confirmed yet.
pub(super) fn new_factor() -> SecondFactor {
    SecondFactor { key: Secret::new(random::<20>()), confirmed_at: None, spent_step: 0, recovery: Vec::new() }
}

/// As people type it where there is no camera.
pub(super) fn key_text(factor: &SecondFactor) -> String {
    base32(factor.key.expose())
}

/// What authenticators read from a QR code.
pub(super) fn uri(factor: &SecondFactor, user: &UserId) -> String {
    format!("otpauth://totp/Sealway:{user}?secret={}&issuer=Sealway&algorithm=SHA1&digits={DIGITS}&period=30", key_text(factor))
}

/// Takes a code of the device, once: neither it nor one before it is taken again.
pub(super) fn spend(factor: &mut SecondFactor, now: Time, code: &str) -> bool {
    let Some(number) = digits(code) else { return false };
    let step = now.as_ms() / STEP_MS;
    let open = (step.saturating_sub(SKEW)..=step + SKEW).filter(|step| *step > factor.spent_step);
    match open.into_iter().find(|step| at_step(factor.key.expose(), *step) == Some(number)) {
        Some(step) => {
            factor.spent_step = step;
            true
        }
        None => false,
    }
}

/// Takes a code of the device or one for a person without it.
pub(super) fn spend_any(factor: &mut SecondFactor, now: Time, code: &str) -> bool {
    let digest = recovery_digest(code);
    match factor.recovery.iter().position(|known| *known == digest) {
        Some(at) => {
            factor.recovery.remove(at);
            true
        }
        None => spend(factor, now, code),
    }
}

/// New codes instead of those before: as they are shown once, and as they are kept.
pub(super) fn new_recovery() -> (Vec<String>, Vec<PublicDigest>) {
    let shown: Vec<String> = (0..RECOVERY).map(|_| grouped(&base32(&random::<10>()).to_lowercase())).collect();
    let kept = shown.iter().map(|code| recovery_digest(code)).collect();
    (shown, kept)
}

fn grouped(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    characters.chunks(4).map(String::from_iter).collect::<Vec<_>>().join("-")
}

fn recovery_digest(code: &str) -> PublicDigest {
    let plain: String = code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    PublicDigest::from_bytes(Sha256::digest(plain.as_bytes()).into())
}

fn digits(code: &str) -> Option<u32> {
    let plain: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    (plain.len() == DIGITS as usize && plain.bytes().all(|byte| byte.is_ascii_digit())).then(|| plain.parse().ok())?
}

/// HOTP (RFC 4226, 5.3) of a step.
fn at_step(key: &[u8], step: u64) -> Option<u32> {
    let mut mac = Hmac::<Sha1>::new_from_slice(key).ok()?;
    mac.update(&step.to_be_bytes());
    let hash = mac.finalize().into_bytes();
    let offset = usize::from(hash.last()? & 0x0f);
    let word = hash.get(offset..offset + 4)?.try_into().ok()?;
    Some((u32::from_be_bytes(word) & 0x7fff_ffff) % 10_u32.pow(DIGITS))
}

/// Without the padding, which no authenticator wants. All of ours are whole groups of five bytes.
fn base32(bytes: &[u8]) -> String {
    let mut text = String::new();
    for group in bytes.chunks(5) {
        let word = group.iter().fold(0_u64, |word, byte| word << 8 | u64::from(*byte));
        for at in (0..8).rev() {
            let letter = BASE32.get((word >> (at * 5) & 31) as usize).copied().unwrap_or_default();
            text.push(char::from(letter));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn factor() -> SecondFactor {
        SecondFactor { key: Secret::new(*b"12345678901234567890"), confirmed_at: None, spent_step: 0, recovery: Vec::new() }
    }

    /// RFC 6238, appendix B, the last six of its eight digits.
    #[test]
    fn codes_are_those_of_the_rfc() {
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            let mut factor = factor();
            let now = Time::from_ms(seconds * 1000);
            assert!(spend(&mut factor, now, code), "{seconds}");
            assert_eq!(factor.spent_step, seconds / 30);
        }
    }

    #[test]
    fn a_code_is_taken_once_and_none_before_it_after_it() {
        let now = Time::from_ms(1_111_111_111_000);
        let mut factor = factor();
        assert!(spend(&mut factor, now, "050 471"));
        assert!(!spend(&mut factor, now, "050471"), "again");
        assert!(!spend(&mut factor, now, "081804"), "the one before");
        for wrong in ["", "05047", "0504711", "abcdef", "050472", "-50471"] {
            assert!(!spend(&mut factor, now.plus_ms(30_000), wrong), "{wrong:?}");
        }
    }

    #[test]
    fn a_clock_may_be_half_a_minute_off_and_no_more() {
        let at = |seconds: u64| Time::from_ms(seconds * 1000);
        for (seconds, taken) in [(1_111_111_049, false), (1_111_111_050, true), (1_111_111_139, true), (1_111_111_140, false)] {
            assert_eq!(spend(&mut factor(), at(seconds), "081804"), taken, "{seconds}");
        }
    }

    #[test]
    fn a_recovery_code_is_good_once_however_it_is_typed() {
        let (shown, kept) = new_recovery();
        let mut factor = SecondFactor { recovery: kept, ..factor() };
        let code = shown[3].to_uppercase().replace('-', " ");
        assert!(spend_any(&mut factor, Time::ZERO, &code));
        assert!(!spend_any(&mut factor, Time::ZERO, &code));
        assert_eq!((factor.recovery.len(), shown[3].len()), (RECOVERY - 1, 19));
        assert!(!spend(&mut factor, Time::ZERO, &shown[4]), "a device gives digits");
    }

    /// RFC 4648, 10.
    #[test]
    fn keys_are_written_in_base32() {
        assert_eq!(base32(b"fooba"), "MZXW6YTB");
        let li = "li".parse().unwrap();
        let expected = "otpauth://totp/Sealway:li?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Sealway&algorithm=SHA1&digits=6&period=30";
        assert_eq!(uri(&factor(), &li), expected);
    }
}
