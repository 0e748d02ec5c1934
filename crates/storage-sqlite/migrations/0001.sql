-- Times are seconds since 1970-01-01T00:00:00Z. Secrets are here only as SHA-256, or sealed.
-- Every key begins with the municipality: nothing of one is found, or collides, in another.

CREATE TABLE accounts (
    municipality TEXT NOT NULL,
    lookup       BLOB NOT NULL,
    id           BLOB NOT NULL,
    created_at   INTEGER NOT NULL,
    PRIMARY KEY (municipality, lookup),
    UNIQUE (municipality, id)
) STRICT;

CREATE TABLE sign_ins (
    number               INTEGER PRIMARY KEY,
    municipality         TEXT NOT NULL,
    id                   BLOB NOT NULL,
    browser_hash         BLOB NOT NULL,
    ticket_hash          BLOB NOT NULL,
    nonce                BLOB NOT NULL,
    request              TEXT NOT NULL,
    display              BLOB NOT NULL,
    lang                 TEXT NOT NULL,
    network              TEXT NOT NULL,
    -- Running out of time is not written: expires_at says it.
    state                TEXT NOT NULL
                         CHECK (state IN ('started', 'claimed', 'proven', 'completed', 'cancelled', 'burned')),
    code                 TEXT CHECK ((code IS NOT NULL) = (state IN ('cancelled', 'burned'))),
    created_at           INTEGER NOT NULL,
    -- Of an open state: when it ends by itself. Of another: when it was reached.
    expires_at           INTEGER NOT NULL,
    return_verifier_hash BLOB,
    claim_secret_hash    BLOB,
    counter              INTEGER,
    agent_version        TEXT,
    finish_hash          BLOB,
    account_lookup       BLOB,
    holder_sealed        BLOB,
    not_after            INTEGER,
    evidence             TEXT,
    proven_at            INTEGER,
    account              BLOB,
    answered             INTEGER NOT NULL DEFAULT 0,
    UNIQUE (municipality, id),
    UNIQUE (municipality, ticket_hash)
) STRICT;
CREATE INDEX sign_ins_by_browser ON sign_ins (municipality, browser_hash, state, expires_at);
CREATE INDEX sign_ins_by_network ON sign_ins (municipality, network, state, expires_at);
CREATE INDEX sign_ins_by_state ON sign_ins (municipality, state, expires_at);
CREATE INDEX sign_ins_by_end ON sign_ins (expires_at);

-- An ended session is deleted, and what it held with it.
CREATE TABLE sessions (
    municipality  TEXT NOT NULL,
    sid           BLOB NOT NULL,
    id_hash       BLOB NOT NULL,
    sign_in       BLOB NOT NULL,
    account       BLOB NOT NULL,
    auth_time     INTEGER NOT NULL,
    counter       INTEGER NOT NULL,
    holder_sealed BLOB NOT NULL,
    expires_at    INTEGER NOT NULL,
    PRIMARY KEY (municipality, sid),
    UNIQUE (municipality, id_hash),
    UNIQUE (municipality, sign_in),
    FOREIGN KEY (municipality, account) REFERENCES accounts (municipality, id)
) STRICT;
CREATE INDEX sessions_by_account ON sessions (municipality, account);
CREATE INDEX sessions_by_end ON sessions (expires_at);

-- A code outlives its session: a second use must still be seen.
CREATE TABLE codes (
    municipality TEXT NOT NULL,
    hash         BLOB NOT NULL,
    sign_in      BLOB NOT NULL,
    sid          BLOB NOT NULL,
    account      BLOB NOT NULL,
    auth_time    INTEGER NOT NULL,
    code_grant   TEXT NOT NULL,
    used         INTEGER NOT NULL DEFAULT 0,
    expires_at   INTEGER NOT NULL,
    PRIMARY KEY (municipality, hash)
) STRICT;
CREATE INDEX codes_by_session ON codes (municipality, sid);
CREATE INDEX codes_by_end ON codes (expires_at);

-- A revoked token is deleted.
CREATE TABLE access_tokens (
    municipality TEXT NOT NULL,
    hash         BLOB NOT NULL,
    code         BLOB NOT NULL,
    expires_at   INTEGER NOT NULL,
    PRIMARY KEY (municipality, hash),
    FOREIGN KEY (municipality, code) REFERENCES codes (municipality, hash)
) STRICT;
CREATE INDEX access_tokens_by_code ON access_tokens (municipality, code);
CREATE INDEX access_tokens_by_end ON access_tokens (expires_at);

CREATE TABLE secrets (
    municipality TEXT NOT NULL,
    purpose      TEXT NOT NULL,
    sealed       BLOB NOT NULL,
    PRIMARY KEY (municipality, purpose)
) STRICT;

-- Append-only; a number is never given twice.
CREATE TABLE audit (
    number       INTEGER PRIMARY KEY AUTOINCREMENT,
    at           INTEGER NOT NULL,
    municipality TEXT NOT NULL,
    kind         TEXT NOT NULL,
    sign_in      BLOB,
    client_id    TEXT,
    code         TEXT,
    evidence     TEXT
) STRICT;
CREATE INDEX audit_by_municipality ON audit (municipality, number);
