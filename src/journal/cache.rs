//! A bounded map that forgets what was not asked for lately.
//!
//! Two generations instead of a list of uses: what is asked for moves to the young one; when that is
//! full it becomes the old one, and the old one is dropped. Cheap, and never above its bound.
//!
//! **Not here:** anything that must not be lost; a cache may forget at any moment.

use std::collections::HashMap;
use std::hash::Hash;

/// The map. Holds at most twice `half` entries.
#[derive(Debug)]
pub struct BoundedCache<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    half: usize,
}

impl<K: Eq + Hash + Clone, V: Clone> BoundedCache<K, V> {
    /// An empty cache for at most `capacity` entries.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), half: (capacity / 2).max(1) }
    }

    /// The value of `key`, if it is remembered.
    pub fn get(&mut self, key: &K) -> Option<V> {
        if let Some(value) = self.young.get(key) {
            return Some(value.clone());
        }
        let (key, value) = self.old.remove_entry(key)?;
        self.insert(key, value.clone());
        Some(value)
    }

    /// Remembers a value.
    pub fn insert(&mut self, key: K, value: V) {
        if self.young.len() >= self.half && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        self.old.remove(&key);
        self.young.insert(key, value);
    }

    /// Forgets a key.
    pub fn remove(&mut self, key: &K) {
        self.young.remove(key);
        self.old.remove(key);
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }

    /// True when there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_never_grows_above_its_bound_and_keeps_what_is_used() {
        let mut cache = BoundedCache::new(10);
        cache.insert(0, 0);
        for key in 1..1_000 {
            cache.insert(key, key);
            assert_eq!(cache.get(&0), Some(0));
            assert!(cache.len() <= 10);
        }
        assert_eq!(cache.get(&1), None);
    }

    #[test]
    fn a_removed_key_is_gone_from_both_generations() {
        let mut cache = BoundedCache::new(4);
        for key in 0..3 {
            cache.insert(key, "x");
        }
        cache.remove(&0);
        cache.remove(&2);
        assert_eq!((cache.get(&0), cache.get(&1), cache.get(&2)), (None, Some("x"), None));
    }
}
