-- The audit log is a chain: a sealer gives each record its place, soon after it was written.
ALTER TABLE audit ADD COLUMN network TEXT;
ALTER TABLE audit ADD COLUMN network_salt BLOB;
ALTER TABLE audit ADD COLUMN network_digest BLOB;
-- From here on absent until it has a place.
ALTER TABLE audit ADD COLUMN format INTEGER;
ALTER TABLE audit ADD COLUMN position INTEGER;
-- Deleted with what it covers when a record is erased; its place, digest and hash stay.
ALTER TABLE audit ADD COLUMN salt BLOB;
ALTER TABLE audit ADD COLUMN content_digest BLOB;
ALTER TABLE audit ADD COLUMN hash BLOB;
CREATE UNIQUE INDEX audit_by_position ON audit (municipality, position) WHERE position IS NOT NULL;
CREATE INDEX audit_unsealed ON audit (municipality, number) WHERE position IS NULL;
CREATE INDEX audit_with_network ON audit (at) WHERE network IS NOT NULL;

CREATE TABLE audit_chains (
    municipality   TEXT NOT NULL PRIMARY KEY,
    -- Before the first record that is left. The statement that moved it there is signed.
    start_position INTEGER NOT NULL,
    start_hash     BLOB NOT NULL,
    start_signed   TEXT,
    -- The last record that has a place.
    position       INTEGER NOT NULL,
    hash           BLOB NOT NULL
) STRICT;

-- Signed statements of what the chain was.
CREATE TABLE audit_checkpoints (
    municipality TEXT NOT NULL,
    position     INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    signed       TEXT NOT NULL,
    PRIMARY KEY (municipality, position)
) STRICT;
CREATE INDEX audit_checkpoints_by_time ON audit_checkpoints (municipality, at);

-- Sign-ins that failed before a card was proven, by minute and code, until the minute is over and they are one record.
CREATE TABLE audit_failures (
    municipality TEXT NOT NULL,
    minute       INTEGER NOT NULL,
    code         TEXT NOT NULL,
    count        INTEGER NOT NULL,
    PRIMARY KEY (municipality, minute, code)
) STRICT;

-- The browser's address for the audit log, where the deployment keeps it.
ALTER TABLE sign_ins ADD COLUMN address TEXT;
