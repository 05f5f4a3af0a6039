//! Serial lines whose other end is in the test's hand: pseudo terminals behind a path that can be unplugged.

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Where lines are plugged in: its path is a link to whatever pseudo terminal is there.
#[derive(Debug)]
pub struct Socket {
    folder: tempfile::TempDir,
}

impl Default for Socket {
    fn default() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }
}

impl Socket {
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("ttyUSB0")
    }

    /// The device's end of a line that is now plugged in.
    #[must_use]
    pub fn plug(&self) -> Plug {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let mut raw = rustix::termios::tcgetattr(&master).unwrap();
        raw.make_raw();
        rustix::termios::tcsetattr(&master, rustix::termios::OptionalActions::Now, &raw).unwrap();
        let link = self.path();
        drop(std::fs::remove_file(&link));
        std::os::unix::fs::symlink(Path::new(name.to_str().unwrap()), &link).unwrap();
        Plug { device: File::from(master), link }
    }
}

/// Dropping it unplugs the line.
#[derive(Debug)]
pub struct Plug {
    pub device: File,
    link: PathBuf,
}

impl Plug {
    pub fn say(&mut self, bytes: &[u8]) {
        self.device.write_all(bytes).unwrap();
    }

    /// The speed that the platform's end has set.
    #[must_use]
    pub fn baud(&self) -> u32 {
        rustix::termios::tcgetattr(&self.device).unwrap().output_speed()
    }
}

impl Drop for Plug {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.link));
    }
}
