-- Machines that report the positions of many officers of one court (car trackers, radios). Only a
-- hash of the secret is kept. A revoked name comes back under a new identity.
CREATE TABLE gateway (
    id            text COLLATE "C" NOT NULL PRIMARY KEY,
    court         text COLLATE "C" NOT NULL REFERENCES court (id),
    name          text COLLATE "C" NOT NULL UNIQUE,
    -- Index of "whose secret is this".
    secret_sha256 bytea NOT NULL UNIQUE CHECK (octet_length(secret_sha256) = 32),
    added_ms      bigint NOT NULL,
    revoked_ms    bigint
);
