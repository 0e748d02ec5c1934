-- Signing keys, refresh tokens, and tokens that are bound to a key (RFC 9449).
CREATE TABLE signing_keys (
    number          INTEGER PRIMARY KEY,
    municipality    TEXT NOT NULL,
    -- The thumbprint of the public part (RFC 7638): a key has one algorithm, so it stands here once.
    kid             TEXT NOT NULL,
    alg             TEXT NOT NULL,
    state           TEXT NOT NULL CHECK (state IN ('new', 'published', 'active', 'retired', 'revoked')),
    -- Deleted when it is revoked; the row stays, so that the key never comes back.
    sealed          BLOB,
    made_at         INTEGER NOT NULL,
    published_at    INTEGER,
    active_at       INTEGER,
    ended_at        INTEGER,
    published_until INTEGER,
    UNIQUE (municipality, kid),
    CHECK ((sealed IS NULL) = (state = 'revoked')),
    CHECK ((published_until IS NOT NULL) = (state = 'retired'))
) STRICT;
CREATE UNIQUE INDEX signing_keys_active ON signing_keys (municipality, alg) WHERE state = 'active';
CREATE INDEX signing_keys_by_end ON signing_keys (published_until) WHERE state = 'retired';

-- The thumbprint of the key that the token is bound to.
ALTER TABLE access_tokens ADD COLUMN jkt BLOB;

-- Refresh tokens of a code. They live as long as its session.
CREATE TABLE refresh_tokens (
    municipality TEXT NOT NULL,
    hash         BLOB NOT NULL,
    code         BLOB NOT NULL,
    jkt          BLOB,
    -- The one that it was given for.
    parent       BLOB,
    -- When it gave another one, or was put aside for one.
    used_at      INTEGER,
    -- It was given out and nobody came with it: another one was given in its place.
    put_aside    INTEGER NOT NULL DEFAULT 0,
    expires_at   INTEGER NOT NULL,
    PRIMARY KEY (municipality, hash),
    FOREIGN KEY (municipality, code) REFERENCES codes (municipality, hash)
) STRICT;
CREATE INDEX refresh_tokens_by_code ON refresh_tokens (municipality, code);
CREATE INDEX refresh_tokens_by_end ON refresh_tokens (expires_at);
