//! For tests: a clock by hand, seeded ids, an in-memory journal.
