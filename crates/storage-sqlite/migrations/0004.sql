-- Municipalities and clients that operators register beside those of the configuration file.

-- Every change of what nodes read into memory counts this up.
CREATE TABLE registry (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    version  INTEGER NOT NULL
) STRICT;
INSERT INTO registry (only_row, version) VALUES (1, 0);

CREATE TABLE municipalities (
    id       TEXT NOT NULL PRIMARY KEY,
    origin   TEXT NOT NULL UNIQUE,
    -- Texts by language, JSON.
    name     TEXT NOT NULL,
    accent   TEXT,
    added_at INTEGER NOT NULL
) STRICT;

CREATE TABLE clients (
    municipality  TEXT NOT NULL,
    id            TEXT NOT NULL,
    -- Counts the changes: a change names the version that it was made from.
    version       INTEGER NOT NULL,
    -- JSON; secrets are in it as SHA-256. NULL once removed: the row stays, so that an id is never given twice.
    registration  TEXT,
    registered_at INTEGER NOT NULL,
    changed_at    INTEGER NOT NULL,
    PRIMARY KEY (municipality, id)
) STRICT;

-- Initial access tokens (RFC 7591 section 3), each for one registration.
CREATE TABLE registration_tokens (
    municipality TEXT NOT NULL,
    hash         BLOB NOT NULL,
    profile      TEXT NOT NULL,
    expires_at   INTEGER NOT NULL,
    PRIMARY KEY (municipality, hash)
) STRICT;
CREATE INDEX registration_tokens_by_end ON registration_tokens (expires_at);

-- What was used and works once: kept until it is refused for its age.
CREATE TABLE replays (
    municipality TEXT NOT NULL,
    kind         TEXT NOT NULL,
    key          BLOB NOT NULL,
    until        INTEGER NOT NULL,
    PRIMARY KEY (municipality, kind, key)
) STRICT;
CREATE INDEX replays_by_end ON replays (until);
