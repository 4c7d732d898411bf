//! Randomness for ids.

use tiande_actors::ports::Ids;
use tiande_core::ids::IdSource;

/// Draws from the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct IdEntropy;

impl IdSource for IdEntropy {
    fn random_bytes(&mut self) -> [u8; 10] {
        let mut bytes = [0; 10];
        getrandom::fill(&mut bytes).expect("the operating system gives randomness");
        bytes
    }
}

impl Ids for IdEntropy {
    fn source(&self) -> Box<dyn IdSource> {
        Box::new(Self)
    }
}
