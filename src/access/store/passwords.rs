//! Hashing of passwords: argon2id, a few at a time.
//!
//! One hash takes 19 MiB and tens of milliseconds. Two run at once, a queue waits, the rest is told
//! so at once: a storm of sign-ins must not take memory or cores from a dispatch. Of the places in the
//! queue one network gets only a part, so that strangers in one place lock nobody out elsewhere.

use std::sync::{Arc, OnceLock};

use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use tokio::sync::Semaphore;

use crate::access::peers::{PeerNetwork, Place, Places};
use crate::keys::random;

/// OWASP's floor: 19,456 KiB of memory, 2 passes, 1 lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Hashes at the same time.
const RUNNING_MAX: usize = 2;
/// Hashes that wait, at most.
const WAITING_MAX: usize = 32;
/// Of all these places, at most so many for one network: the people of one office who begin their
/// shift in the same quarter of a second.
pub const PLACES_EACH: usize = 8;
/// Longest password that is hashed, bytes; a longer one is wrong by itself.
const PASSWORD_BYTES_MAX: usize = 1_024;

/// Too many passwords are being hashed; try again soon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords are being checked")]
pub struct Overloaded;

/// The place where passwords are hashed.
#[derive(Clone, Debug)]
pub struct Passwords {
    running: Arc<Semaphore>,
    places: Arc<Places>,
    /// A hash that no password has, for names that nobody has.
    nobody: Arc<OnceLock<String>>,
}

fn hasher() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).expect("constants within bounds");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn hash_now(password: &[u8]) -> String {
    let salt = random::<16>();
    let hash = hasher().hash_password_with_salt(password, &salt);
    hash.expect("a bounded password and a salt of 16 bytes always hash").to_string()
}

impl Passwords {
    pub fn new() -> Self {
        Self {
            running: Arc::new(Semaphore::new(RUNNING_MAX)),
            places: Places::new("passwords", RUNNING_MAX + WAITING_MAX, PLACES_EACH),
            nobody: Arc::default(),
        }
    }

    /// A place in the queue, at once or not at all; without a network it is the operator's.
    pub fn admit(&self, network: Option<PeerNetwork>) -> Result<Place, Overloaded> {
        self.places.take(network).ok_or(Overloaded)
    }

    /// Hashes a password for keeping.
    pub async fn hash(&self, password: String) -> Result<String, Overloaded> {
        let place = self.admit(None)?;
        self.run(place, move || hash_now(password.as_bytes())).await
    }

    /// True when the password is the one of `hash`. Without a hash it takes as long and is false.
    pub async fn check(
        &self,
        place: Place,
        password: String,
        hash: Option<String>,
    ) -> Result<bool, Overloaded> {
        let nobody = Arc::clone(&self.nobody);
        self.run(place, move || {
            let known = hash.is_some();
            let hash =
                hash.unwrap_or_else(|| nobody.get_or_init(|| hash_now(&random::<32>())).clone());
            let fits = password.len() <= PASSWORD_BYTES_MAX;
            let password = if fits { password.as_bytes() } else { b"" };
            let right = hasher().verify_password(password, hash.as_str()).is_ok();
            known && fits && right
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        place: Place,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Overloaded> {
        let running = Arc::clone(&self.running);
        let turn = running.acquire_owned().await.map_err(|_closed| Overloaded)?;
        // Place and turn go along: a request that is given up still uses its core until it is done.
        let done = tokio::task::spawn_blocking(move || {
            let _held = (place, turn);
            work()
        });
        done.await.map_err(|_panicked| Overloaded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_recognised_and_no_other() {
        let passwords = Passwords::new();
        let hash = passwords.hash("correct horse".into()).await.expect("room");
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        let check = |word: &str, hash: Option<String>| {
            let place = passwords.admit(None).expect("room");
            passwords.check(place, word.to_owned(), hash)
        };
        assert_eq!(check("correct horse", Some(hash.clone())).await, Ok(true));
        assert_eq!(check("wrong horse", Some(hash.clone())).await, Ok(false));
        assert_eq!(check("correct horse", None).await, Ok(false));
        assert_eq!(check(&"x".repeat(2_000), Some(hash)).await, Ok(false));
    }

    #[tokio::test]
    async fn a_full_queue_refuses_at_once() {
        let passwords = Passwords::new();
        let network = |n| Some(PeerNetwork::V4([203, 0, n]));
        let places: Vec<_> =
            (0..34).map(|n| passwords.admit(network(n % 5)).expect("room")).collect();
        assert_eq!(passwords.admit(network(5)).err(), Some(Overloaded));
        assert_eq!(passwords.hash("x".into()).await, Err(Overloaded));
        drop(places);
        assert!(passwords.admit(network(5)).is_ok());
    }

    #[tokio::test]
    async fn one_network_leaves_places_for_the_others() {
        let passwords = Passwords::new();
        let (one, other) = (PeerNetwork::V4([203, 0, 113]), PeerNetwork::V4([198, 51, 100]));
        let mut held = Vec::new();
        while let Ok(place) = passwords.admit(Some(one)) {
            held.push(place);
        }
        assert_eq!(held.len(), PLACES_EACH);
        assert!(passwords.admit(Some(other)).is_ok());
        assert!(passwords.hash("x".into()).await.is_ok(), "nor is the operator shut out");
    }
}
