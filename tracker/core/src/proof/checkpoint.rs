//! A checkpoint: the log's name, size and root as text (C2SP tlog-checkpoint). Signed, it is a promise about every entry so far.

use super::tree::Hash;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// `<origin>\n<size>\n<root in base64>\n`, then lines that this version does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Names the log; as a URL without a scheme: `sealway.example/log`.
    pub origin: String,
    pub size: u64,
    pub root: Hash,
}

/// A text that is no checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("checkpoint: {0}")]
pub struct NotACheckpoint(&'static str);

impl Checkpoint {
    /// The note's text.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root.as_bytes()))
    }

    pub fn parse(text: &str) -> Result<Self, NotACheckpoint> {
        let mut lines = text.strip_suffix('\n').ok_or(NotACheckpoint("does not end with a line feed"))?.split('\n');
        let origin = lines.next().filter(|origin| !origin.is_empty()).ok_or(NotACheckpoint("first line: expected the log's name"))?;
        let size = lines.next().and_then(|line| line.parse::<u64>().ok().filter(|size| size.to_string() == line));
        let size = size.ok_or(NotACheckpoint("second line: expected the size in decimal digits"))?;
        let root = lines.next().and_then(|line| STANDARD.decode(line).ok()?.try_into().ok());
        let root = root.ok_or(NotACheckpoint("third line: expected 32 bytes in base64"))?;
        Ok(Self { origin: origin.to_owned(), size, root: Hash::from_bytes(root) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_comes_back_from_its_text() {
        let checkpoint = Checkpoint { origin: "sealway.example/log".into(), size: 20_852_163, root: Hash::leaf(b"root") };
        let text = checkpoint.text();
        assert_eq!(text.lines().count(), 3);
        assert_eq!(Checkpoint::parse(&text), Ok(checkpoint.clone()));
        assert_eq!(Checkpoint::parse(&format!("{text}an extension\n")), Ok(checkpoint));
    }

    #[test]
    fn a_checkpoint_with_another_writing_of_its_numbers_is_none() {
        let root = "A".repeat(43) + "=";
        assert!(Checkpoint::parse(&format!("log\n7\n{root}\n")).is_ok());
        for wrong in [
            format!("log\n07\n{root}\n"),
            format!("log\n+7\n{root}\n"),
            format!("\n7\n{root}\n"),
            format!("log\n7\n{root}"),
            "log\n7\nAAAA\n".into(),
        ] {
            assert!(Checkpoint::parse(&wrong).is_err(), "{wrong:?}");
        }
    }
}
