-- The journal: one row is one event in its envelope. Rows are only ever inserted. A chained record
-- cannot be changed later, so the envelope is complete from the first migration.

-- `position` is dense from 1 and is the order of the hash chain.
-- UNIQUE (stream, seq) is the index of every read of a stream and the last word on I25.
CREATE TABLE journal (
    position       INTEGER PRIMARY KEY,
    court          TEXT    NOT NULL,
    stream         TEXT    NOT NULL,
    seq            INTEGER NOT NULL CHECK (seq >= 1),
    epoch          INTEGER NOT NULL,
    kind           TEXT    NOT NULL,
    schema_version INTEGER NOT NULL,
    at_ms          INTEGER NOT NULL,
    by_json        TEXT    NOT NULL,
    why            TEXT,
    hash_alg       TEXT    NOT NULL CHECK (hash_alg IN ('sha256', 'sm3')),
    prev_hash      BLOB    NOT NULL CHECK (length(prev_hash) = 32),
    hash           BLOB    NOT NULL CHECK (length(hash) = 32),
    subject        BLOB,
    body           BLOB    NOT NULL,
    sealed         BLOB,
    UNIQUE (stream, seq)
) STRICT;

-- One data key per person or thing, wrapped by the master key. Deleting a row forgets that person:
-- what is sealed under the key stays in the chain, and nobody can read it any more (I36).
CREATE TABLE subject_key (
    subject    BLOB    NOT NULL PRIMARY KEY CHECK (length(subject) = 16),
    wrapped    BLOB    NOT NULL,
    created_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- One row for each time a server took ownership. `epoch` stands in every journal row written since.
-- `hash_alg` of the first row rules the whole database; `master_id` tells whether the master key
-- file is still the one that the data keys are wrapped with.
CREATE TABLE boot (
    epoch     INTEGER PRIMARY KEY,
    opened_ms INTEGER NOT NULL,
    hash_alg  TEXT    NOT NULL CHECK (hash_alg IN ('sha256', 'sm3')),
    master_id BLOB    NOT NULL
) STRICT;
