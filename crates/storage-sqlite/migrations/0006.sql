-- Sessions answer further requests of their browser. Those of the version before lived an hour at most and knew
-- neither their services nor their evidence: they end here, and residents show their card again.
ALTER TABLE sign_ins ADD COLUMN revocation_source TEXT;
UPDATE sign_ins SET revocation_source = json_extract(evidence, '$.source') WHERE account_lookup IS NOT NULL;

DROP TABLE sessions;
-- An ended session is deleted, and what it held with it.
CREATE TABLE sessions (
    municipality          TEXT NOT NULL,
    sid                   BLOB NOT NULL,
    id_hash               BLOB NOT NULL,
    sign_in               BLOB NOT NULL,
    -- The service for which the card was shown.
    client_id             TEXT NOT NULL,
    account               BLOB NOT NULL,
    auth_time             INTEGER NOT NULL,
    counter               INTEGER NOT NULL,
    holder_sealed         BLOB NOT NULL,
    revocation_source     TEXT NOT NULL,
    revocation_checked_at INTEGER NOT NULL,
    -- The first session of this account in this browser: those that follow it end together with it.
    browser               BLOB NOT NULL,
    -- Only the newest of them answers further requests, and never one of a counter.
    browser_hash          BLOB,
    idle_until            INTEGER,
    -- The account was linked to another card, and this is the first session that says so.
    relinked_at           INTEGER,
    expires_at            INTEGER NOT NULL,
    PRIMARY KEY (municipality, sid),
    UNIQUE (municipality, id_hash),
    UNIQUE (municipality, browser_hash),
    UNIQUE (municipality, sign_in),
    CHECK ((browser_hash IS NULL) = (idle_until IS NULL)),
    CHECK (NOT (counter AND browser_hash IS NOT NULL)),
    FOREIGN KEY (municipality, account) REFERENCES accounts (municipality, id)
) STRICT;
CREATE INDEX sessions_by_account ON sessions (municipality, account);
CREATE INDEX sessions_by_browser ON sessions (municipality, browser);
CREATE INDEX sessions_by_end ON sessions (expires_at);

-- The services that a session answered.
CREATE TABLE session_clients (
    municipality TEXT NOT NULL,
    sid          BLOB NOT NULL,
    client_id    TEXT NOT NULL,
    first_at     INTEGER NOT NULL,
    last_at      INTEGER NOT NULL,
    PRIMARY KEY (municipality, sid, client_id),
    FOREIGN KEY (municipality, sid) REFERENCES sessions (municipality, sid) ON DELETE CASCADE
) STRICT;

-- What services have yet to be told about sessions that ended.
CREATE TABLE logout_deliveries (
    number       INTEGER PRIMARY KEY AUTOINCREMENT,
    municipality TEXT NOT NULL,
    client_id    TEXT NOT NULL,
    account      BLOB NOT NULL,
    sid          BLOB NOT NULL,
    tries        INTEGER NOT NULL DEFAULT 0,
    -- Somebody took it and has not said what became of it. It holds a place of its service until next_at.
    held         INTEGER NOT NULL DEFAULT 0,
    next_at      INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX logout_deliveries_by_service ON logout_deliveries (municipality, client_id, next_at);
CREATE INDEX logout_deliveries_held ON logout_deliveries (municipality, client_id, next_at) WHERE held = 1;
CREATE INDEX logout_deliveries_by_end ON logout_deliveries (expires_at);

-- The services of these. One that does not answer is left alone until its time.
CREATE TABLE logout_services (
    municipality TEXT NOT NULL,
    client_id    TEXT NOT NULL,
    next_at      INTEGER NOT NULL,
    -- The lowest is served first, and has the highest then.
    turn         INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (municipality, client_id)
) STRICT;

-- When the account was linked to another card, until a sign-in has said so.
ALTER TABLE accounts ADD COLUMN relinked_at INTEGER;

-- One operator opened an order to link an account to another card; another one has yet to confirm it.
CREATE TABLE relink_orders (
    municipality TEXT NOT NULL,
    id           BLOB NOT NULL,
    old_lookup   BLOB NOT NULL,
    new_lookup   BLOB NOT NULL,
    opened_by    TEXT NOT NULL,
    opened_as    TEXT NOT NULL,
    reason       TEXT NOT NULL,
    opened_at    INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    PRIMARY KEY (municipality, id),
    UNIQUE (municipality, old_lookup),
    UNIQUE (municipality, new_lookup)
) STRICT;
CREATE INDEX relink_orders_by_end ON relink_orders (expires_at);
