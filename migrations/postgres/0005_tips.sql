-- Tips at volume: merged and split ones, secrets of sources that change, deliveries that grow old.

-- Where a tip was before a dispatcher split it off: a link is forwarded, never deleted. The link that
-- counts is in `tip_incident`. Looked up by tip.
CREATE TABLE tip_forward (
    tip           text COLLATE "C" NOT NULL,
    from_incident text COLLATE "C" NOT NULL,
    to_incident   text COLLATE "C" NOT NULL,
    moved_ms      bigint NOT NULL,
    PRIMARY KEY (tip, from_incident)
);

-- Secrets that a source had before, accepted until `until_ms`; they go with the next rotation after
-- that, or when the source is ended.
CREATE TABLE source_old_secret (
    court         text COLLATE "C" NOT NULL,
    name          text COLLATE "C" NOT NULL,
    secret_sealed bytea NOT NULL,
    until_ms      bigint NOT NULL,
    PRIMARY KEY (court, name, secret_sealed),
    FOREIGN KEY (court, name) REFERENCES source (court, name)
);

-- Sweeping out deliveries that are older than the promise of 30 days.
CREATE INDEX delivery_by_age ON delivery (received_ms);
