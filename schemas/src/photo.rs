//! Photos are named by what they are: a command says the hash, so that the signature over it covers every pixel; the bytes come after it.

use crate::ids::text_serde;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::str::FromStr;

/// SHA-256 of a photo's bytes as they were sent, 64 hex digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PhotoHash(String);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("photo {0:?}: expected its SHA-256, 64 of 0-9 and a-f")]
pub struct NotAPhotoHash(String);

impl PhotoHash {
    #[must_use]
    pub fn of(photo: &[u8]) -> Self {
        Self(hex::encode(Sha256::digest(photo)))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PhotoHash {
    type Err = NotAPhotoHash;

    fn from_str(text: &str) -> Result<Self, NotAPhotoHash> {
        let digits = text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if digits { Ok(Self(text.to_owned())) } else { Err(NotAPhotoHash(text.chars().take(64).collect())) }
    }
}

impl fmt::Display for PhotoHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

text_serde!(PhotoHash);

/// What a picture is by its first bytes, whatever its sender calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhotoFormat {
    Jpeg,
    Png,
    WebP,
}

impl PhotoFormat {
    /// Nothing where the bytes begin like none of these.
    #[must_use]
    pub fn of(photo: &[u8]) -> Option<Self> {
        if photo.starts_with(&[0xFF, 0xD8, 0xFF]) {
            return Some(Self::Jpeg);
        }
        if photo.starts_with(b"\x89PNG\r\n\x1a\n") {
            return Some(Self::Png);
        }
        let webp = photo.starts_with(b"RIFF") && photo.get(8..12) == Some(b"WEBP");
        webp.then_some(Self::WebP)
    }

    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::WebP => "image/webp",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_64_small_hex_digits() {
        let hash = PhotoHash::of(b"");
        assert_eq!(hash.as_str(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_eq!(hash.as_str().parse(), Ok(hash.clone()));
        for wrong in [
            "",
            "e3b0",
            &hash.as_str().to_uppercase(),
            &format!("{hash}0"),
            "../../../../../../../../../../../../../../../../../../etc/passwd-",
        ] {
            assert!(wrong.parse::<PhotoHash>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_photo_is_told_by_its_first_bytes() {
        for (bytes, expected) in [
            (&b"\xFF\xD8\xFF\xE0"[..], Some(PhotoFormat::Jpeg)),
            (b"\x89PNG\r\n\x1a\n", Some(PhotoFormat::Png)),
            (b"RIFF\0\0\0\0WEBPVP8 ", Some(PhotoFormat::WebP)),
            (b"RIFF\0\0\0\0WAVE", None),
            (b"<svg xmlns='http://www.w3.org/2000/svg'>", None),
            (b"", None),
        ] {
            assert_eq!(PhotoFormat::of(bytes), expected, "{bytes:?}");
        }
    }
}
