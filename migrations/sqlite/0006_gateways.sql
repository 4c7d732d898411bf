-- Machines that report the positions of many officers of one court (car trackers, radios). Only a
-- hash of the secret is kept. A revoked name comes back under a new identity.
CREATE TABLE gateway (
    id            TEXT    NOT NULL PRIMARY KEY,
    court         TEXT    NOT NULL REFERENCES court (id),
    name          TEXT    NOT NULL UNIQUE,
    -- Index of "whose secret is this".
    secret_sha256 BLOB    NOT NULL UNIQUE CHECK (length(secret_sha256) = 32),
    added_ms      INTEGER NOT NULL,
    revoked_ms    INTEGER
) STRICT, WITHOUT ROWID;
