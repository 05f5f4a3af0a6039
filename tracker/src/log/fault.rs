//! Where a test makes the disk fail. The product runs with [`NoFaults`].

use std::fmt::Debug;
use std::io;

/// Asked before each call that the log's promise rests on.
pub trait DiskFaults: Debug + Send + Sync {
    fn before_write(&self, bytes: usize) -> io::Result<()>;

    fn before_sync(&self) -> io::Result<()>;

    fn before_preallocate(&self, bytes: u64) -> io::Result<()>;
}

#[derive(Debug, Clone, Copy, Default)]
pub struct NoFaults;

impl DiskFaults for NoFaults {
    fn before_write(&self, _bytes: usize) -> io::Result<()> {
        Ok(())
    }

    fn before_sync(&self) -> io::Result<()> {
        Ok(())
    }

    fn before_preallocate(&self, _bytes: u64) -> io::Result<()> {
        Ok(())
    }
}
