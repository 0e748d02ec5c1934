-- Bounds on what a client may leave here, tokens that are worth less than their code, and cards whose account moved.

-- Whose request it is. Those of before are over within two minutes.
ALTER TABLE pushed_requests ADD COLUMN client_id TEXT NOT NULL DEFAULT '';
CREATE INDEX pushed_requests_waiting ON pushed_requests (municipality, client_id, expires_at) WHERE finished = 0;

-- Where it is less than what the code was granted.
ALTER TABLE access_tokens ADD COLUMN scope TEXT;

-- Cards whose account was linked to another card. Whoever has one is another account now, and is told so.
CREATE TABLE moved_cards (
    municipality TEXT NOT NULL,
    lookup       BLOB NOT NULL,
    moved_at     INTEGER NOT NULL,
    PRIMARY KEY (municipality, lookup)
) STRICT;
ALTER TABLE sessions ADD COLUMN moved_at INTEGER;
