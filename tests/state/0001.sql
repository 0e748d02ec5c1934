-- What the program of schema version 1 left after one sign-in. README.md says how it was made.
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
INSERT INTO accounts VALUES('midori',X'6ae59428a2dd3d6c1d57ac4ebb61e291521bc77a167fb77034212ab57d02336d',X'f9bb7ec33fa10a62202165d75aadba61',1795370720);
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
INSERT INTO sign_ins VALUES(1,'midori',X'1dfd0979fbf931c486ab1ec319bf9860',X'b868fc7063a5ee85399da6f89af32ae38774136151171a8e318cfa9c5d051d84',X'110b526acea49670b7eecbf0080a8afdab34c30713d488c4cea75a30266d1c6e',X'852c9f45735ff5e652da35806a4591908bd5f6629ad1a3330fe6010549f062fb','{"client_id":"kosodate","redirect_uri":"http://127.0.0.1:26851/callback","state":"rYk5Ij24glXtvHl6v4ZmRp2VuIPor5QWz2eenvhjVnc","nonce":"GKVsVtsOmM7N9V0rS1Y2ye_eUE9rK1RMmBJsOhSMMd4","scope":"openid","code_challenge":"3NQPy8-5Ay_ZuIJ1ocJAJzgOqyke4esM0KNHUPFkMTQ","prompt":[],"max_age":null,"acr_values":[],"ui_locales":[]}',X'3081f30c24e38199e383bce381b7e383bbe3818fe38289e3819220287375757075206b7572616765293081ca303713026a610c0ce381bfe381a9e3828ae5b8820c12e5ad90e882b2e381a6e6898be7b69ae3818d0c0fe382b5e382a4e383b3e382a4e383b3305d130a6a612d782d706c61696e0c11e381bfe381a9e3828ae5b88228e38197290c2be5ad90e882b228e38193e3819de381a029e381a6e381aee6898be7b69a28e381a6e381a4e381a529e3818d0c0fe382b5e382a4e383b3e382a4e383b330301302656e0c0b4d69646f726920436974790c144368696c64636172652070726f636564757265730c075369676e20696e','ja','-FLYTFiP82ANHpzadLCiW4ivfZKNodAQQGOXInm61Oo','completed',NULL,1795370719,1795370720,X'014f5d9d116f9f787a9eed771b521abcfec658c54f6c493bb0d9ec155c155536',X'c2fe050258445d0b6b24a4e6948f0165a8f7ec3bd056d766567494b0fd59cf76',0,'0.0.1',X'7622e8736466f7a1ce3802ec523141a566ab7a781d2aa8edc0ad45dd4d149d76',X'6ae59428a2dd3d6c1d57ac4ebb61e291521bc77a167fb77034212ab57d02336d',X'',1953125999,'{"crl":"good","crl_this_update":1795370718,"rule":"crl_good"}',1795370719,X'f9bb7ec33fa10a62202165d75aadba61',1);
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
INSERT INTO sessions VALUES('midori',X'a8f2f4dfe1c7a569365e4185ecb33add',X'b09ad3d1a86a1c4d7114ea7f228238275e76b1d5165aaafdd1be8b8c0358c754',X'1dfd0979fbf931c486ab1ec319bf9860',X'f9bb7ec33fa10a62202165d75aadba61',1795370719,0,X'85736b4fe1a157a2f49843da9cf4949f878d7c83b68ec7dcdfce85db7ab716478a7026f1707b01cb5d02cf2d68d65979091e7e81ab7be3ca19b1eb0de121704382f97e1703da24dfcfd92306a954c0350d6a8be7',1795374320);
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
INSERT INTO codes VALUES('midori',X'4bbc25656a0d43ce09a7270cf8c20f8770d114563916ecb71d762ec287aede62',X'1dfd0979fbf931c486ab1ec319bf9860',X'a8f2f4dfe1c7a569365e4185ecb33add',X'f9bb7ec33fa10a62202165d75aadba61',1795370719,'{"client_id":"kosodate","redirect_uri":"http://127.0.0.1:26851/callback","code_challenge":"3NQPy8-5Ay_ZuIJ1ocJAJzgOqyke4esM0KNHUPFkMTQ","nonce":"GKVsVtsOmM7N9V0rS1Y2ye_eUE9rK1RMmBJsOhSMMd4","scope":"openid"}',1,1795370780);
CREATE TABLE access_tokens (
    municipality TEXT NOT NULL,
    hash         BLOB NOT NULL,
    code         BLOB NOT NULL,
    expires_at   INTEGER NOT NULL,
    PRIMARY KEY (municipality, hash),
    FOREIGN KEY (municipality, code) REFERENCES codes (municipality, hash)
) STRICT;
INSERT INTO access_tokens VALUES('midori',X'439a1b48073c23adbb741da32cd751026834c4de9c46a46a050d6a92e100f62e',X'4bbc25656a0d43ce09a7270cf8c20f8770d114563916ecb71d762ec287aede62',1795371020);
CREATE TABLE secrets (
    municipality TEXT NOT NULL,
    purpose      TEXT NOT NULL,
    sealed       BLOB NOT NULL,
    PRIMARY KEY (municipality, purpose)
) STRICT;
INSERT INTO secrets VALUES('midori','account-key',X'd079757004f83c66e0b7a11f502abec4e5d661d5c17e03082e87faadb7423b37103485d504ecb7b3258c14ab6156bb6983d9069de790b9eb4379f2774c9083d2f3a7beb3e0842f397ef4074145f92536');
INSERT INTO secrets VALUES('midori','flow-seal',X'f2a7087cd9af8f35721bd8faca50d218ef5463bfbb3c08a72dfade6d323200ffe4f5923a5745ee6009331f0a72e624cf458cc6740ae7980b60b0e14e28825c78636c5a6cec6e9f2380b1950cc35b5291');
INSERT INTO secrets VALUES('midori','subject-salt',X'99aa360ad509c470ddcb865f632efa3e6813c0edcbd9f429e357fe898e2b8c84dd3479fceb2aaf2d90b5e6cae91ce4390442f4f8df2dc10f3c06976fa2ed498eb291b8b389551f0b8d2fdb5a55daf13c');
INSERT INTO secrets VALUES('midori','signing-key-es256',X'f488ff02d1760d4af974a78966b694fc2c8a4b7b11bf1531359f37397283cfbca5d637b18bb8d563f38f7e068f7cd4b521462718ef9a8c8bbceb41aa52da4cce8446606b8e51818a552fef1cc6a5aa7c394d4dbd998c6195de5b261bc613156abbed578496fc11765084ea405a81436df067ce648ed64e2ebf1ded66c3aa2c57e355103889f3d9d4eec69d1eda7b53a428182a0ebc7eccd9be5f5fb7871245917885933303aeb7e6cdfdccf111a40e09483e4fc8364d52d946a1');
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
INSERT INTO audit VALUES(1,1795370720,'midori','sign_in_completed',X'1dfd0979fbf931c486ab1ec319bf9860','kosodate',NULL,'{"crl":"good","crl_this_update":1795370718,"rule":"crl_good"}');
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
COMMIT;
PRAGMA application_id = 1298228335;
PRAGMA user_version = 1;
