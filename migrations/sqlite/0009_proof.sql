-- What each court signed at the end of a day: the root over its records since the root before, and the
-- root over all its roots so far. Rows are only ever inserted; what was signed and handed out is not
-- changed. The same stands in DATA/checkpoints/<court>.roots, outside the database.
CREATE TABLE day_root (
    court          TEXT    NOT NULL,
    number         INTEGER NOT NULL CHECK (number >= 1),
    day            TEXT    NOT NULL,
    first_position INTEGER NOT NULL,
    last_position  INTEGER NOT NULL CHECK (last_position >= first_position - 1),
    size           INTEGER NOT NULL CHECK (size >= 0),
    root           BLOB    NOT NULL CHECK (length(root) = 32),
    at_ms          INTEGER NOT NULL,
    log_root       BLOB    NOT NULL CHECK (length(log_root) = 32),
    signature      BLOB    NOT NULL CHECK (length(signature) = 64),
    -- Of each block of the tree: position of its first leaf, and its hash. Last, because it may be long.
    blocks         BLOB    NOT NULL,
    UNIQUE (court, number)
) STRICT;
-- Which root covers a position. Roots over nothing end where the one before ended, so the first is it.
CREATE INDEX day_root_by_last ON day_root (court, last_position, number);
