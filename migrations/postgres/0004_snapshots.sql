-- What stands in migrations/sqlite/0004_snapshots.sql, for PostgreSQL. Snapshots of states: a cache,
-- which can be emptied at any time. They hold nothing personal: `kept` names the journal's records
-- that do, and those are read (or are forgotten) as always.

-- Looked up by primary key only. `record_hash` is the hash of the stream's record `seq`: a snapshot of
-- another history is not used. `mac` is made with a key that is not in the database, so that nobody
-- changes a state here who could not change the journal unseen either.
CREATE TABLE snapshot (
    stream      text COLLATE "C" NOT NULL PRIMARY KEY,
    seq         bigint NOT NULL CHECK (seq >= 1),
    shape       bigint NOT NULL,
    fold        bigint NOT NULL,
    kept        text COLLATE "C" NOT NULL,
    body        bytea NOT NULL,
    record_hash bytea NOT NULL CHECK (octet_length(record_hash) = 32),
    mac         bytea NOT NULL CHECK (octet_length(mac) = 32)
);
