-- What the program of schema version 3 left after one sign-in. README.md says how it was made.
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE accounts (
    municipality TEXT NOT NULL,
    lookup       BLOB NOT NULL,
    id           BLOB NOT NULL,
    created_at   INTEGER NOT NULL,
    PRIMARY KEY (municipality, lookup),
    UNIQUE (municipality, id)
) STRICT;
INSERT INTO accounts VALUES('midori',X'ab0c8d9b5f62fcfee76995093f431e6534ef689946776f79cb48ec01c63df3d6',X'841d0d2d6147233c58af53436e1fe7f2',1795369366);
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
    answered             INTEGER NOT NULL DEFAULT 0, certificate BLOB,
    UNIQUE (municipality, id),
    UNIQUE (municipality, ticket_hash)
) STRICT;
INSERT INTO sign_ins VALUES(1,'midori',X'ed7f4dc0e6c616918fd690e348e5d4de',X'b5e18ff5152740600aedfafcadf5f289637d80cbd704e0bbac47bb640c3dcd4a',X'e1d8af4aae1bf0245b86c544b53fe649a2037030ed5de8a1d578c299e3dc9795',X'35424c8ab7c91470354812724de31264a25f4cf23c7ea411e887a37bd55387d7','{"client_id":"kosodate","redirect_uri":"http://127.0.0.1:26811/callback","state":"encSooATC4FdMf8n0sAwrTQBuX3bZfTECYNT0WcX6Ck","nonce":"8vwdu72O97jWv79b7jya9bsJP0MLbdsds9z0DzqYW2Y","scope":"openid","code_challenge":"2mbl5mkRiIwhx-iGnGO0VYfoWDnD7jv62cJUVXs5mm0","prompt":[],"max_age":null,"acr_values":[],"ui_locales":[]}',X'3081f60c27e38199e3818de383bce383bbe38182e38198e38195e38184202873756b696920616a69736169293081ca303713026a610c0ce381bfe381a9e3828ae5b8820c12e5ad90e882b2e381a6e6898be7b69ae3818d0c0fe382b5e382a4e383b3e382a4e383b3305d130a6a612d782d706c61696e0c11e381bfe381a9e3828ae5b88228e38197290c2be5ad90e882b228e38193e3819de381a029e381a6e381aee6898be7b69a28e381a6e381a4e381a529e3818d0c0fe382b5e382a4e383b3e382a4e383b330301302656e0c0b4d69646f726920436974790c144368696c64636172652070726f636564757265730c075369676e20696e','ja','OBBCQIc4rH8O37l_pOOivzgEt3J-ckLvpRMhauUYD64','completed',NULL,1795369365,1795369366,X'dbf7ee24d1fbf846d1f7e8a611b1a768bdf3163590a68d777321682e47415cd6',X'a7527745e6de0d268e82f4fce767e89501fb6b350c976532001b809fe36720e1',0,'0.0.1',X'2d829a6911d391dabd028aad7153d237dc67bb916948d062fbaf93cc3c79781d',X'ab0c8d9b5f62fcfee76995093f431e6534ef689946776f79cb48ec01c63df3d6',X'',1953125999,'{"rule":"ocsp_and_crl_good","source":"ocsp+crl","ocsp":{"says":"good","this_update":1795369365,"next_update":1795369965,"produced_at":1795369365},"crl":{"says":"good","this_update":1795369364,"next_update":1795455764}}',1795369365,X'841d0d2d6147233c58af53436e1fe7f2',1,NULL);
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
INSERT INTO sessions VALUES('midori',X'd6f02b5d2830b2c580b5ed2d349057ef',X'652a7cc21d973695ba332d9106f0f196a12a60329ba7c0553a4ecb8c20fa7597',X'ed7f4dc0e6c616918fd690e348e5d4de',X'841d0d2d6147233c58af53436e1fe7f2',1795369365,0,X'4256432b6f3b1c3cbcea23310e6d2ff4ae0cb5817f997a45f2a9fed1ae2270ff53368b76f6ea82757cc1eeacc6fd55d701726a4f73887133938a9705dda733d0566061117e897bb90e6204ad7730ff77bbed059309cf7e1c8cab1f92599a52828f91207dfbe47eb65fa16fa860e9b562de468e49acbd2f539f71f77d41795e4758ae7211e0ebd1ffb617a38b9e556995d10cc3bb944e147c1c92aa80ea',1795372966);
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
INSERT INTO codes VALUES('midori',X'eac186247804a36411e3bd8e3069ea82b8a8bfda19af9bb0a0a1242d5afb43b5',X'ed7f4dc0e6c616918fd690e348e5d4de',X'd6f02b5d2830b2c580b5ed2d349057ef',X'841d0d2d6147233c58af53436e1fe7f2',1795369365,'{"client_id":"kosodate","redirect_uri":"http://127.0.0.1:26811/callback","code_challenge":"2mbl5mkRiIwhx-iGnGO0VYfoWDnD7jv62cJUVXs5mm0","nonce":"8vwdu72O97jWv79b7jya9bsJP0MLbdsds9z0DzqYW2Y","scope":"openid"}',1,1795369426);
CREATE TABLE access_tokens (
    municipality TEXT NOT NULL,
    hash         BLOB NOT NULL,
    code         BLOB NOT NULL,
    expires_at   INTEGER NOT NULL,
    PRIMARY KEY (municipality, hash),
    FOREIGN KEY (municipality, code) REFERENCES codes (municipality, hash)
) STRICT;
INSERT INTO access_tokens VALUES('midori',X'bef3b54ee0a873dce3854e4b03417f19f34f69f1e38e72e5a8733e952e986493',X'eac186247804a36411e3bd8e3069ea82b8a8bfda19af9bb0a0a1242d5afb43b5',1795369666);
CREATE TABLE secrets (
    municipality TEXT NOT NULL,
    purpose      TEXT NOT NULL,
    sealed       BLOB NOT NULL,
    PRIMARY KEY (municipality, purpose)
) STRICT;
INSERT INTO secrets VALUES('midori','account-key',X'bf9a1958d96b3471e644f2f6fc1c045a91220a108eb609663d77729384b3cffff84344c8b05ba5406b5a0f82d044168a13d1655b794e6677f14c2d5e112e92e2162cfad756e279b156fb5670fb02a054');
INSERT INTO secrets VALUES('midori','flow-seal',X'41e96d7136e5daabf6a9787caa3a2db97ccfc44fc57ed25b5f3a9511c5fa92fd2c1dae741146d5fc26fbab5fecf3eccc17b48810b68134fbdd54505d207e1d53e12c9bcf0e2701cae62fd18ed7d72e16');
INSERT INTO secrets VALUES('midori','subject-salt',X'76e285d97c506973af68514c58e15f952876466c6adb886d41b31f3dba9c6e8c43a58daa4a52c29748f2ed2f22ef599db5654b6012051fbdaf1b13f0e1761c8b178dc93f254c29f22dff9c9aecd00420');
INSERT INTO secrets VALUES('midori','signing-key-es256',X'2903936d77f12d3c914863f25dd78786aad4ce1a669dd25dd5a7a942873dc3588e2050f81ea2143b0789675cf4ee4752968bf78d7342a383ad17e2f749cbfb45ea2766d0ecc2858a4f1240e2dd17594bcc7724e7150718e1af6b3a7e7a4000d26dd9190640bdaf3807a2c630a59abb826e673d9b6e6bd042edfc7344f7718910f87056cd867acac85095ccd1041af09ffe1d85aa19c5778c0b0dcde5d2a76d8d38dced2b01cd074a43a7794cd0507b5be45443b44780aaa49c60');
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
INSERT INTO audit VALUES(1,1795369366,'midori','sign_in_completed',X'ed7f4dc0e6c616918fd690e348e5d4de','kosodate',NULL,'{"rule":"ocsp_and_crl_good","source":"ocsp+crl","ocsp":{"says":"good","this_update":1795369365,"next_update":1795369965,"produced_at":1795369365},"crl":{"says":"good","this_update":1795369364,"next_update":1795455764}}');
CREATE TABLE IF NOT EXISTS "kept_revocations" (
    municipality TEXT NOT NULL,
    -- A keyed hash over issuer key and serial number.
    certificate  BLOB NOT NULL,
    source       TEXT NOT NULL CHECK (source IN ('crl', 'ocsp')),
    -- SHA-256 of the SubjectPublicKeyInfo of whoever signed it.
    signer_key   BLOB NOT NULL,
    -- The name that RFC 5280 gives it.
    reason       TEXT NOT NULL,
    revoked_at   INTEGER NOT NULL,
    this_update  INTEGER NOT NULL,
    next_update  INTEGER,
    produced_at  INTEGER,
    kept_at      INTEGER NOT NULL,
    not_after    INTEGER NOT NULL,
    -- The sign-in, or the session's sign-in, that found it.
    sign_in      BLOB,
    PRIMARY KEY (municipality, certificate, source, signer_key)
) STRICT;
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('audit',1);
CREATE INDEX sign_ins_by_browser ON sign_ins (municipality, browser_hash, state, expires_at);
CREATE INDEX sign_ins_by_network ON sign_ins (municipality, network, state, expires_at);
CREATE INDEX sign_ins_by_state ON sign_ins (municipality, state, expires_at);
CREATE INDEX sign_ins_by_end ON sign_ins (expires_at);
CREATE INDEX sessions_by_account ON sessions (municipality, account);
CREATE INDEX sessions_by_end ON sessions (expires_at);
CREATE INDEX codes_by_session ON codes (municipality, sid);
CREATE INDEX codes_by_end ON codes (expires_at);
CREATE INDEX access_tokens_by_code ON access_tokens (municipality, code);
CREATE INDEX access_tokens_by_end ON access_tokens (expires_at);
CREATE INDEX audit_by_municipality ON audit (municipality, number);
CREATE INDEX kept_revocations_by_signer ON kept_revocations (municipality, signer_key, kept_at);
CREATE INDEX kept_revocations_by_end ON kept_revocations (not_after);
CREATE INDEX kept_revocations_by_sign_in ON kept_revocations (municipality, sign_in) WHERE sign_in IS NOT NULL;
CREATE INDEX audit_by_sign_in ON audit (municipality, sign_in) WHERE sign_in IS NOT NULL;
COMMIT;
PRAGMA application_id = 1298228335;
PRAGMA user_version = 3;
