//! The doors: which courts there are, and who may come in by which door.
//!
//! Plain look-ups and changes on the journal's database: reads through its readers, changes through
//! its one writer. Secrets go in hashed, or sealed where the server needs them again.
//!
//! **Not here:** HTTP, cookies, and what somebody may do once inside (`tiande_core::access`).

mod browsers;
mod courts;
mod devices;
mod draws;
mod gateways;
mod known_devices;
mod known_sources;
mod passwords;
mod portal;
mod rotation;
mod sessions;
mod staff;
mod tries;

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tiande_actors::ports::clock::Clock;
use tokio::time::timeout;

use super::peers::Places;
use crate::journal::{Store, StoreFault};
use crate::keys::{MasterKey, Sealer};

pub use self::browsers::{Browser, KNOWN_MS};
pub use self::courts::Source;
pub use self::devices::{DeviceRow, Enrolment};
pub use self::gateways::{GatewayListed, GatewayRow, SECRET_PREFIX};
pub use self::passwords::Overloaded;
pub use self::portal::PortalSession;
pub use self::rotation::NotRotated;
pub use self::sessions::SignInFault;
pub use self::staff::{NewStaff, StaffSession};

use self::known_devices::KnownDevices;
use self::known_sources::KnownSources;
use self::passwords::Passwords;

/// Enrolments at once: each is a few look-ups and, for a good code, one write. Few enough that they
/// never take a good part of the writer's queue of errands.
const ENROLMENTS_MAX: usize = 32;
/// Of these, at most so many for one network: an office that hands out its handhelds.
const ENROLMENTS_EACH: usize = 12;

/// Limit of one read.
const READ_LIMIT: Duration = Duration::from_secs(5);

/// Something at the doors failed; nothing was changed unless it says that this is not known.
#[derive(Debug, thiserror::Error)]
pub enum DoorFault {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreFault),
    /// Too many passwords are being hashed.
    #[error(transparent)]
    Overloaded(#[from] Overloaded),
}

/// Courts, sources, devices, staff.
pub struct Doors {
    journal: Arc<Store>,
    clock: Arc<dyn Clock>,
    /// Seals secrets of sources.
    secrets: Sealer,
    /// Key of the hashes that stand for officers' names.
    officer_names: [u8; 32],
    /// Key of the hashes that stand for names typed at sign-in.
    typed_names: [u8; 32],
    /// Key of the tokens by which browsers are known again.
    known_browsers: [u8; 32],
    passwords: Passwords,
    enrolments: Arc<Places>,
    known_sources: KnownSources,
    known_devices: KnownDevices,
}

impl fmt::Debug for Doors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Doors(…)")
    }
}

impl Doors {
    /// Doors on the database of `journal`, with keys made of `master`.
    #[must_use]
    pub fn new(journal: Arc<Store>, clock: Arc<dyn Clock>, master: Arc<MasterKey>) -> Self {
        Self {
            journal,
            clock,
            secrets: Sealer::new(&master.derive("secrets of tip sources")),
            officer_names: master.derive("look-up of officers by name"),
            typed_names: master.derive("names typed at sign-in"),
            known_browsers: master.derive("browsers that are known"),
            passwords: Passwords::new(),
            enrolments: Places::new("enrolments", ENROLMENTS_MAX, ENROLMENTS_EACH),
            known_sources: KnownSources::default(),
            known_devices: KnownDevices::default(),
        }
    }
}

/// Runs a read within its limit.
async fn read<T>(attempt: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, StoreFault> {
    match timeout(READ_LIMIT, attempt).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(StoreFault::Read(Some(error))),
        Err(_elapsed) => Err(StoreFault::Read(None)),
    }
}

/// Parses a stored text.
fn parsed<T: std::str::FromStr>(what: &'static str, text: &str) -> Result<T, StoreFault> {
    text.parse().map_err(|_| StoreFault::Unreadable(what))
}

/// Parses a stored court.
fn court_of(text: &str) -> Result<tiande_core::ids::CourtId, StoreFault> {
    tiande_core::ids::CourtId::parse(text).map_err(|_| StoreFault::Unreadable("a court's id"))
}

/// Like [`parsed`], inside a job of the writer.
fn parsed_in_job<T: std::str::FromStr>(text: &str) -> Result<T, sqlx::Error> {
    text.parse().map_err(|_| sqlx::Error::Decode("the store holds something unreadable".into()))
}

#[cfg(test)]
#[path = "store/tests.rs"]
mod tests;
