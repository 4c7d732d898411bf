//! The code of a node, such as `T01`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A letter, two digits, perhaps one more letter: `A01`, `B01X`. Four bytes, because it is part of
/// each deadline's identity and there are millions of deadlines.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct NodeCode([u8; 4]);

/// The text is no node's code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a node's code such as T01 or B01X")]
pub struct InvalidNodeCode;

impl NodeCode {
    /// Its letters and digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let used = self.0.iter().take_while(|byte| **byte != 0).count();
        // Only ASCII was let in.
        self.0.get(..used).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }
}

impl FromStr for NodeCode {
    type Err = InvalidNodeCode;
    fn from_str(text: &str) -> Result<Self, InvalidNodeCode> {
        match *text.as_bytes() {
            [letter @ b'A'..=b'Z', tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => {
                Ok(Self([letter, tens, ones, 0]))
            }
            [letter @ b'A'..=b'Z', tens @ b'0'..=b'9', ones @ b'0'..=b'9', more @ b'A'..=b'Z'] => {
                Ok(Self([letter, tens, ones, more]))
            }
            _ => Err(InvalidNodeCode),
        }
    }
}

impl fmt::Display for NodeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for NodeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TryFrom<String> for NodeCode {
    type Error = InvalidNodeCode;
    fn try_from(text: String) -> Result<Self, InvalidNodeCode> {
        text.parse()
    }
}

impl From<NodeCode> for String {
    fn from(code: NodeCode) -> Self {
        code.as_str().to_owned()
    }
}
