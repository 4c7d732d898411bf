-- Tips at volume: merged and split ones, secrets of sources that change, deliveries that grow old.

-- Where a tip was before a dispatcher split it off: a link is forwarded, never deleted. The link that
-- counts is in `tip_incident`. Looked up by tip.
CREATE TABLE tip_forward (
    tip           TEXT    NOT NULL,
    from_incident TEXT    NOT NULL,
    to_incident   TEXT    NOT NULL,
    moved_ms      INTEGER NOT NULL,
    PRIMARY KEY (tip, from_incident)
) STRICT, WITHOUT ROWID;

-- Secrets that a source had before, accepted until `until_ms`; they go with the next rotation after
-- that, or when the source is ended.
CREATE TABLE source_old_secret (
    court         TEXT    NOT NULL,
    name          TEXT    NOT NULL,
    secret_sealed BLOB    NOT NULL,
    until_ms      INTEGER NOT NULL,
    PRIMARY KEY (court, name, secret_sealed),
    FOREIGN KEY (court, name) REFERENCES source (court, name)
) STRICT, WITHOUT ROWID;

-- Sweeping out deliveries that are older than the promise of 30 days.
CREATE INDEX delivery_by_age ON delivery (received_ms);
