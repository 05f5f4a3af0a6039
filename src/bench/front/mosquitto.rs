//! Debian's mosquitto in a folder of its own.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PROGRAMS: [&str; 2] = ["mosquitto", "/usr/sbin/mosquitto"];
const START: Duration = Duration::from_secs(10);

/// A server that ends with this value.
pub(super) struct Mosquitto {
    child: Child,
    pub(super) address: SocketAddr,
}

impl Mosquitto {
    /// `None` where it is not installed.
    pub(super) fn start(folder: &Path, persistence: bool) -> anyhow::Result<Option<Self>> {
        // Let go of at once: nothing else on this machine asks for a port of that number in between.
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let config = folder.join("mosquitto.conf");
        let text = format!(
            "listener {} 127.0.0.1\nallow_anonymous true\nmax_inflight_messages 1000\npersistence {persistence}\n\
             persistence_location {}/\nautosave_on_changes true\nautosave_interval 1\nlog_type error\nuser root\n",
            address.port(),
            folder.display()
        );
        std::fs::write(&config, text)?;
        let spawned = PROGRAMS.iter().find_map(|program| Command::new(program).arg("-c").arg(&config).stderr(Stdio::null()).spawn().ok());
        let Some(child) = spawned else { return Ok(None) };
        let started = Self { child, address };
        let until = Instant::now() + START;
        while TcpStream::connect(address).is_err() {
            anyhow::ensure!(Instant::now() < until, "mosquitto does not listen on {address} within {START:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(Some(started))
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
