//! A device's end of a serial line that is read for a while only, so that a platform that says nothing fails a test instead of stopping it.

use rustix::fs::OFlags;
use std::fs::File;
use std::io::{Error, ErrorKind, Read, Result, Write};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);
const AGAIN: Duration = Duration::from_millis(2);

#[derive(Debug)]
pub struct Patient(File);

impl Patient {
    /// The end itself is then one that never waits.
    #[must_use]
    pub fn new(end: &File) -> Self {
        let end = end.try_clone().unwrap();
        rustix::fs::fcntl_setfl(&end, OFlags::RDWR | OFlags::NONBLOCK).unwrap();
        Self(end)
    }

    fn wait<T>(&mut self, mut attempt: impl FnMut(&mut File) -> Result<T>) -> Result<T> {
        let began = Instant::now();
        loop {
            match attempt(&mut self.0) {
                Err(error) if error.kind() == ErrorKind::WouldBlock && began.elapsed() < PATIENCE => std::thread::sleep(AGAIN),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Err(Error::from(ErrorKind::TimedOut)),
                done => return done,
            }
        }
    }
}

impl Read for Patient {
    fn read(&mut self, into: &mut [u8]) -> Result<usize> {
        self.wait(|end| end.read(into))
    }
}

impl Write for Patient {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.wait(|end| end.write(bytes))
    }

    fn flush(&mut self) -> Result<()> {
        self.0.flush()
    }
}
