-- Snapshots of states: a cache, which can be emptied at any time. They hold nothing personal: `kept`
-- names the journal's records that do, and those are read (or are forgotten) as always.

-- Looked up by primary key only. `record_hash` is the hash of the stream's record `seq`: a snapshot of
-- another history is not used. `mac` is made with a key that is not in the database, so that nobody
-- changes a state here who could not change the journal unseen either.
CREATE TABLE snapshot (
    stream      TEXT    NOT NULL PRIMARY KEY,
    seq         INTEGER NOT NULL CHECK (seq >= 1),
    shape       INTEGER NOT NULL,
    fold        INTEGER NOT NULL,
    kept        TEXT    NOT NULL,
    body        BLOB    NOT NULL,
    record_hash BLOB    NOT NULL CHECK (length(record_hash) = 32),
    mac         BLOB    NOT NULL CHECK (length(mac) = 32)
) STRICT, WITHOUT ROWID;
