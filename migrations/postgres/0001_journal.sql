-- What stands in migrations/sqlite/0001_journal.sql, for PostgreSQL. Texts compare byte by byte,
-- whatever the database's own collation, so that both stores have the same order.
--
-- The journal: one row is one event in its envelope. Rows are only ever inserted. A chained record
-- cannot be changed later, so the envelope is complete from the first migration.

-- `position` is dense from 1 and is the order of the hash chain.
-- UNIQUE (stream, seq) is the index of every read of a stream and the last word on I25.
CREATE TABLE journal (
    position       bigint PRIMARY KEY,
    court          text COLLATE "C" NOT NULL,
    stream         text COLLATE "C" NOT NULL,
    seq            bigint NOT NULL CHECK (seq >= 1),
    epoch          bigint NOT NULL,
    kind           text COLLATE "C" NOT NULL,
    schema_version bigint NOT NULL,
    at_ms          bigint NOT NULL,
    by_json        text COLLATE "C" NOT NULL,
    why            text COLLATE "C",
    hash_alg       text COLLATE "C" NOT NULL CHECK (hash_alg IN ('sha256', 'sm3')),
    prev_hash      bytea NOT NULL CHECK (octet_length(prev_hash) = 32),
    hash           bytea NOT NULL CHECK (octet_length(hash) = 32),
    subject        bytea,
    body           bytea NOT NULL,
    sealed         bytea,
    UNIQUE (stream, seq)
);

-- One data key per person or thing, wrapped by the master key. Deleting a row forgets that person:
-- what is sealed under the key stays in the chain, and nobody can read it any more (I36).
CREATE TABLE subject_key (
    subject    bytea NOT NULL PRIMARY KEY CHECK (octet_length(subject) = 16),
    wrapped    bytea NOT NULL,
    created_ms bigint NOT NULL
);

-- One row for each time a server took ownership. `epoch` stands in every journal row written since.
-- `hash_alg` of the first row rules the whole database; `master_id` tells whether the master key
-- file is still the one that the data keys are wrapped with.
CREATE TABLE boot (
    epoch     bigint PRIMARY KEY,
    opened_ms bigint NOT NULL,
    hash_alg  text COLLATE "C" NOT NULL CHECK (hash_alg IN ('sha256', 'sm3')),
    master_id bytea NOT NULL
);

-- Who may write, one row for ever. A server that takes over puts its epoch here; each transaction
-- that writes counts `commits` up where `epoch` is still its own, and is rolled back where it is not:
-- so a server that was paused and replaced cannot write (I24), and one that lost its connection can
-- see whether its last transaction was committed. SQLite has the lock of the data folder instead.
-- Found by primary key; half-empty pages keep the new versions of the row where the old one is.
CREATE TABLE owner (
    id      bigint NOT NULL PRIMARY KEY CHECK (id = 1),
    epoch   bigint NOT NULL,
    commits bigint NOT NULL
) WITH (fillfactor = 50);
INSERT INTO owner (id, epoch, commits) VALUES (1, 0, 0);
