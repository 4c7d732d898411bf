//! Typed identities. Mixing two kinds of id must not compile.
//!
//! All but the court's are UUIDv7, so that they sort by the time they were made. The core makes none
//! by itself: the shell passes an [`IdSource`], which in tests and simulations is seeded.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::time::UnixMillis;

/// Gives the 80 random bits of a new id. The core never draws randomness itself.
pub trait IdSource {
    /// Returns ten fresh random bytes.
    fn random_bytes(&mut self) -> [u8; 10];
}

/// Builds the UUIDv7 of `at` from ten random bytes.
fn uuid_v7(at: UnixMillis, random: &[u8; 10]) -> Uuid {
    let millis = u64::try_from(at.0).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, random).into_uuid()
}

/// The text is no id of the wanted kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a valid id")]
pub struct InvalidId;

macro_rules! typed_ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// Makes a new id that sorts by `at` (milliseconds precise).
            pub fn new(at: UnixMillis, source: &mut dyn IdSource) -> Self {
                Self(uuid_v7(at, &source.random_bytes()))
            }

            /// When it was made, by the clock of its maker; meaningless for an id from elsewhere.
            #[must_use]
            pub fn made_at(self) -> UnixMillis {
                let [a, b, c, d, e, f, ..] = *self.0.as_bytes();
                UnixMillis(i64::from_be_bytes([0, 0, a, b, c, d, e, f]))
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0.as_hyphenated())
            }
        }
        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                // Only the hyphenated form, so that one id has one spelling in logs and URLs.
                if text.len() != 36 {
                    return Err(InvalidId);
                }
                Uuid::try_parse(text).map(Self).map_err(|_malformed| InvalidId)
            }
        }
    )*};
}

typed_ids! {
    /// An alarm shown at the command centre until a named person acknowledges it.
    AlarmId;
    /// An enforcement case (执行案件).
    CaseId;
    /// An enrolled handheld.
    DeviceId;
    /// A machine that reports the positions of many officers (网关).
    GatewayId;
    /// Something that officers are sent to (警情).
    IncidentId;
    /// One asking of one officer to take one incident.
    OfferId;
    /// An officer (执行干警), stable over shifts and devices.
    OfficerId;
    /// A report from outside that led, or will lead, to an incident (线索).
    TipId;
    /// A member of staff with a sign-in.
    UserId;
}

/// A court's short name, such as `changyuan`: 1–32 of `a-z 0-9 -`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CourtId(Arc<str>);

impl CourtId {
    /// Parses a court's short name.
    ///
    /// # Errors
    /// [`InvalidId`] when it is empty, longer than 32, or has other characters.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let fits = (1..=32).contains(&text.len());
        let clean = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if fits && clean { Ok(Self(text.into())) } else { Err(InvalidId) }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CourtId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl fmt::Debug for CourtId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CourtId({})", self.0)
    }
}
impl TryFrom<String> for CourtId {
    type Error = InvalidId;
    fn try_from(text: String) -> Result<Self, InvalidId> {
        Self::parse(&text)
    }
}
impl From<CourtId> for String {
    fn from(id: CourtId) -> Self {
        id.0.as_ref().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;
    impl IdSource for Fixed {
        fn random_bytes(&mut self) -> [u8; 10] {
            [7; 10]
        }
    }

    #[test]
    fn ids_are_version_7_and_sort_by_time() {
        let early = OfferId::new(UnixMillis(1_000), &mut Fixed);
        let late = OfferId::new(UnixMillis(2_000), &mut Fixed);
        assert_eq!(early.0.get_version_num(), 7);
        assert!(early < late);
        assert_eq!((early.made_at(), late.made_at()), (UnixMillis(1_000), UnixMillis(2_000)));
    }

    #[test]
    fn an_id_has_one_spelling() {
        let id = TipId::new(UnixMillis(5), &mut Fixed);
        assert_eq!(id.to_string().parse::<TipId>(), Ok(id));
        assert!(id.0.as_simple().to_string().parse::<TipId>().is_err());
        assert!("urn:uuid:x".parse::<TipId>().is_err());
    }

    #[test]
    fn a_court_name_is_short_and_plain() {
        assert!(CourtId::parse("changyuan").is_ok());
        for bad in ["", "Chang", "a b", "长垣", &"x".repeat(33)] {
            assert!(CourtId::parse(bad).is_err(), "{bad}");
        }
    }
}
