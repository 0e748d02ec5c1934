-- What the program of schema version 7 left after one sign-in. README.md says how it was made.
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE accounts (
    municipality TEXT NOT NULL,
    lookup       BLOB NOT NULL,
    id           BLOB NOT NULL,
    created_at   INTEGER NOT NULL, relinked_at INTEGER,
    PRIMARY KEY (municipality, lookup),
    UNIQUE (municipality, id)
) STRICT;
INSERT INTO accounts VALUES('midori',X'5072d10655f6e635c2e63798c842e4ea06cb12a3b1b498cdfcae819876771b1b',X'af0d30bf0a171faedc837b8b7d2f21b6',1795369369,NULL);
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
    answered             INTEGER NOT NULL DEFAULT 0, certificate BLOB, revocation_source TEXT,
    UNIQUE (municipality, id),
    UNIQUE (municipality, ticket_hash)
) STRICT;
INSERT INTO sign_ins VALUES(1,'midori',X'd01b06fd11f95eda951037e33895abe7',X'5bc79b2889491ee939e8ddbc3bdba1834f51f99c3c83e9ceb284e55b3af99c34',X'5dc9b77592058c6f4ef194b9484d2a3e2d78eb33684ddd927482607e1d26dd81',X'89859f89dc6d0cfcbaa14b03dc9138da5e881ea928fe95d98cac61e1ac8ba4f3','{"client_id":"kosodate","redirect_uri":"http://127.0.0.1:26831/callback","state":"Jzk7AjeegfcGPBstU-lZJNkCr0VbAqgnA57uluMvQVM","nonce":"iHnt2L5wnG0zSxKCZu4YubNpwsQDtm7i8kVET_6gJCk","scope":"openid","code_challenge":"7Z9Bd7yNHdhmFXwuYU8Gpy_zcmEfJirLPmrI6-L_w_s","prompt":[],"max_age":null,"acr_values":[],"acr":"urn:madoguchi:acr:card-pin","ui_locales":[],"hinted_sub":null,"dpop_jkt":null,"pushed":null}',X'3081f70c28e38289e38280e381ade383bbe3818ae3828be3818ce38293202872616d756e65206f727567616e293081ca303713026a610c0ce381bfe381a9e3828ae5b8820c12e5ad90e882b2e381a6e6898be7b69ae3818d0c0fe382b5e382a4e383b3e382a4e383b3305d130a6a612d782d706c61696e0c11e381bfe381a9e3828ae5b88228e38197290c2be5ad90e882b228e38193e3819de381a029e381a6e381aee6898be7b69a28e381a6e381a4e381a529e3818d0c0fe382b5e382a4e383b3e382a4e383b330301302656e0c0b4d69646f726920436974790c144368696c64636172652070726f636564757265730c075369676e20696e','ja','M5C-4kF-EeS82Tx2nFnRC78wz9NcskKberbZp5KSFcc','completed',NULL,1795369368,1795369369,X'b54567a4cf43948746fbd2be9e45602012f83cb67e5304a4042406d897585e9a',X'e11090c7fd146cfecec81764454f6d2fa214f6b1dc0a8d7d6d98dd6b34675b1c',0,'0.0.1',X'0400c99630e6239f34e3660dfd82c2ac304b670ebfa8fb83dad74d8f74b7fde9',X'5072d10655f6e635c2e63798c842e4ea06cb12a3b1b498cdfcae819876771b1b',X'',1953125999,'{"rule":"ocsp_and_crl_good","source":"ocsp+crl","ocsp":{"says":"good","this_update":1795369368,"next_update":1795369968,"produced_at":1795369368},"crl":{"says":"good","this_update":1795369367,"next_update":1795455767}}',1795369368,X'af0d30bf0a171faedc837b8b7d2f21b6',1,NULL,'ocsp+crl');
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
INSERT INTO codes VALUES('midori',X'6791d0438eea8e48cbc3cec1b5cae993d6d19ce03d1f65bce9a48a219fdd0521',X'd01b06fd11f95eda951037e33895abe7',X'd4381e0984301a142679bd0c8eed0471',X'af0d30bf0a171faedc837b8b7d2f21b6',1795369368,'{"client_id":"kosodate","redirect_uri":"http://127.0.0.1:26831/callback","code_challenge":"7Z9Bd7yNHdhmFXwuYU8Gpy_zcmEfJirLPmrI6-L_w_s","nonce":"iHnt2L5wnG0zSxKCZu4YubNpwsQDtm7i8kVET_6gJCk","scope":"openid","acr":"urn:madoguchi:acr:card-pin"}',1,1795369429);
CREATE TABLE access_tokens (
    municipality TEXT NOT NULL,
    hash         BLOB NOT NULL,
    code         BLOB NOT NULL,
    expires_at   INTEGER NOT NULL, jkt BLOB,
    PRIMARY KEY (municipality, hash),
    FOREIGN KEY (municipality, code) REFERENCES codes (municipality, hash)
) STRICT;
INSERT INTO access_tokens VALUES('midori',X'3a80ed66fc09705d8eeda3ab888fa41a8bd3fad4ce89465d0df86b187ce2adc5',X'6791d0438eea8e48cbc3cec1b5cae993d6d19ce03d1f65bce9a48a219fdd0521',1795369669,NULL);
CREATE TABLE secrets (
    municipality TEXT NOT NULL,
    purpose      TEXT NOT NULL,
    sealed       BLOB NOT NULL,
    PRIMARY KEY (municipality, purpose)
) STRICT;
INSERT INTO secrets VALUES('midori','account-key',X'c5d99c17050519b315c465145516d4010837af143bedd22df1e9dc1d5d24344546875447014e775e2a687fc70e9035e589d51f6bb492482eff1c990dcd937b3ba3b6387284c9cca985fb09b33cb4dcea');
INSERT INTO secrets VALUES('midori','flow-seal',X'0cf0f5df6c8abfed8218f4044424c059341a8a9a5d1618242f6349a4f9799787bc6e94b51b9e3d440e6747e746fbb100476ad85f18aae786046e539a157b336587eb8deede86faf4221a2d578917b0de');
INSERT INTO secrets VALUES('midori','subject-salt',X'4d77139572908580c8e6dfe9330ceaeb2a0f5ba22ccc1ab7abd439467e321a3ccca12eed32195c889b60fc211c8e6773ec910fa7dc868de1febf1b6908fdb0bc71989e47255a0d2e18cffb83090b2b07');
INSERT INTO secrets VALUES('midori','signing-key-seal',X'eac6ba671a973562e8d9e086340e721393fadef31b253dddc738a063d5ac6f47efb29c0454cb1d37beb754b9106f880e96f35b8a4bb17e587e8501a79e5c18feee0cebba5e9156c109c6c731aa8a4456');
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
INSERT INTO audit VALUES(1,1795369369,'midori','sign_in_completed',X'd01b06fd11f95eda951037e33895abe7','kosodate',NULL,'{"rule":"ocsp_and_crl_good","source":"ocsp+crl","ocsp":{"says":"good","this_update":1795369368,"next_update":1795369968,"produced_at":1795369368},"crl":{"says":"good","this_update":1795369367,"next_update":1795455767}}');
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
CREATE TABLE registry (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    version  INTEGER NOT NULL
) STRICT;
INSERT INTO registry VALUES(1,2);
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
CREATE TABLE registration_tokens (
    municipality TEXT NOT NULL,
    hash         BLOB NOT NULL,
    profile      TEXT NOT NULL,
    expires_at   INTEGER NOT NULL,
    PRIMARY KEY (municipality, hash)
) STRICT;
CREATE TABLE replays (
    municipality TEXT NOT NULL,
    kind         TEXT NOT NULL,
    key          BLOB NOT NULL,
    until        INTEGER NOT NULL,
    PRIMARY KEY (municipality, kind, key)
) STRICT;
CREATE TABLE pushed_requests (
    municipality TEXT NOT NULL,
    -- SHA-256 of the reference in the request_uri.
    hash         BLOB NOT NULL,
    request      TEXT NOT NULL,
    expires_at   INTEGER NOT NULL,
    finished     INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (municipality, hash)
) STRICT;
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
INSERT INTO sessions VALUES('midori',X'd4381e0984301a142679bd0c8eed0471',X'de887efe6b1c529b60c7eb5ad80d876a269c5170fc1eb7ef99791acee78d02b5',X'd01b06fd11f95eda951037e33895abe7','kosodate',X'af0d30bf0a171faedc837b8b7d2f21b6',1795369368,0,X'748d62b744243d59599fd3b4c3e00bd60a8aa531c906222f606fa9a05953427b3874e9c57cb908164862d5328f00d2f4bf6f1b4a0307ed9f15f0e436049d297b02c608fab6049a5f12d9cd460a5a6c90cfdd20a571f7dc15c766e148e67f34cebb10c7f40e1d8eaa1248bd9a32785469107986eff97b93c6f7b8e3575bc94b121a60753c3a5c450b1ee2c6e1c4bdd05ebe9467576bc1e8a80dff3dcabd','ocsp+crl',1795369368,X'd4381e0984301a142679bd0c8eed0471',X'9c2ef62edf3d245db6234437ac21ceaaa5828427f65aa4ff5adebb095c3894a8',1795370269,NULL,1795412569);
CREATE TABLE session_clients (
    municipality TEXT NOT NULL,
    sid          BLOB NOT NULL,
    client_id    TEXT NOT NULL,
    first_at     INTEGER NOT NULL,
    last_at      INTEGER NOT NULL,
    PRIMARY KEY (municipality, sid, client_id),
    FOREIGN KEY (municipality, sid) REFERENCES sessions (municipality, sid) ON DELETE CASCADE
) STRICT;
INSERT INTO session_clients VALUES('midori',X'd4381e0984301a142679bd0c8eed0471','kosodate',1795369369,1795369369);
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
CREATE TABLE logout_services (
    municipality TEXT NOT NULL,
    client_id    TEXT NOT NULL,
    next_at      INTEGER NOT NULL,
    -- The lowest is served first, and has the highest then.
    turn         INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (municipality, client_id)
) STRICT;
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
INSERT INTO signing_keys VALUES(1,'midori','vJvhULUM6J48hdkLgezDxabC05Yk36TdEYABaahV3f0','ES256','active',X'87ea84c9d1df3b02f470c4aa6ef743a8a07e5db24f58fb86df7a133f0ce39b6f06ec1084c9b04a21eb408891c0833b618b0fe9cad0162199e8592600468c1c4b367c7a6120836c359b59b4d37140a3a140241989be09c7ae1a9ed8ead7b75630fcb3ed510bf262c0e40ecce4ec7c05f6d0e8584fb68a965fb5f022459293769f4fe98ac5df340ff8a06f1cd2b6dc0b913ffd47ad06c7952aee9f3ce178c43469bf08631232fdfc86e446bc9836a16169f0275a7db496770d9139',1795369368,1795369368,1795369368,NULL,NULL);
INSERT INTO signing_keys VALUES(2,'midori','863j5S5usjBmeasiypFjEAn5mHNtdN9rbX1f6FSSxNI','RS256','active',X'0c088bba9628e8bae0785c1ef923a5af86a5e78811a77ce131a4614d5e78df0d34cdf05008ca2f8e66e7ca80e641ccaacdc77f9fcbb5813c64787b7ede971f8bffe167dca07e537820db0b84384eea9cf5a65b119d23fd7484eb035b2e8348f82f6969b415794af0e1ea1eb97f0f30dbee5d61c281882979b3941cf8bf8969c3dda01729641376f104a17b51bd0e366bedde55be408aab356da2edfd10d6be33c758ac119cb8de1b807f9eab14bc8db4c0e331502986ee7f7e0d83e07460059b60503ba574ea14ef0bebbb2910569b41c1c65896107842df26a8b70f01bcd9790e7aa029014afa341a5295df6d887d944efa2fd59218768ee87842d0599a01620da2cf6fc76d57b5393542a08bc1d9dc377e8f8fd263331c897586b99be069e15d95b2410948f351beec48062f3c68662475d370c27c75b5539b1556c1c87921ef200d462816206348daff5eace07b0da82fef316a1c4c7c948e5b75762ba03277cd7dc3d8accd99676966b8c116d4bb78a74884b97739027d0ba38e79a47c5828dbfec3d57b8150920452f803caeee062bf12b6a94b502afc32002bd9d88cc1be9ba359084ea01dbd801d66c9c39f2a3c3f2c127b622ba5415770afa0d2b68df5abbe00a6d0b640994d25586e63959c3ded85450a0fda1583b25b7ed28f3aa80afdaa2b43a8fdfc9f2d85eb830cec4a3b2fcf16de2af0625e184f04f212d602d8175d52dcc8d96bf73d6ac44a5e02429bcab40053821ac25cc584809e4189525d41b22734c48fb869c5ce6e77316face35a55f9c5e61429bbfc2338ecb2c5ac97da2b236bc3cd4033cacc07ffcd63f8afb9e56e01f936805281ef42c1a063155317367a6d3262f667f5fefd3000eebbcdec98424fda15ee27ed4a9c5e5231266ad543c49542bdfd946c744c9cc64cbebcce09e19ab79051f77889b746277974c0ada6abb4b7a3370e1a083348c975f4e577e9ba0642ccac1550e74600bde38d255a1f6b8f8fddea79d74dde02c3088d9abc89684775396e76d4486e60874d4b39b3de8e5f64fcfef77906f2fff279f8c6a0f6b855428497584b79d87ab9df80a2176155119a80e01b9238cbbf3c817d16972054c0d4b16a68326fc5f2f3882f46a09d6b68f85fb2f8045c99c3d36d1169654b0451b7d555fdcc7d4f51a8e7779927f9b2ec3a599493a36dffb38013e518dab30610babf75f7eef7558eb5d0dbe92d139b343ffca273a7468becf6b78c169353a1ce8f0ae5c06524ec49f3bb8cecdabf69692209be6a4d4afa722b6c8d7783d51baba6441b25610ea2bf301a448fb17a0107b379e57e9f1a38afe150f64f8f93a68b15f3f8ae23118d7abba5a707a6cb5d9897cd818d62583d26036d73e590e069da9d4fecc9ad03bb327b1779e778b1b2db0881bd4be7df6e932a4d2af03912222696ada4f24a3c8a3e9137eb5c3c59266aa7e2b8a39765e3bcf975730ac5e9b52ab2cd830a04e3994d4dbbe7ed7f72f8c3125bca9c032ae37264e5c722d0ac68dffe9ca20262770249e6a69e4891ee54e94701d42d371280e46d567f7f501a5de95c71973f4438e57e08e12af77ec74041ba28ea54ccafcb067b161a7c770853d4ffbc95be637cefef67897f98fac7c4a77cc2b57cfda282edd9b5875bd82f60c7681256b28487f142483aab2543e7ee43b95c2455c2e93cb5e4a6d6bf694f744c901cf4a267fdc9f4b1290cfb2bb6ddff01ba9b129f09b732b7f6342c02f3baf1b386003aaecc5540df16fed7545dd234f2e9aadffd8527341d3bff2737',1795369368,1795369368,1795369368,NULL,NULL);
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
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('audit',1);
CREATE INDEX sign_ins_by_browser ON sign_ins (municipality, browser_hash, state, expires_at);
CREATE INDEX sign_ins_by_network ON sign_ins (municipality, network, state, expires_at);
CREATE INDEX sign_ins_by_state ON sign_ins (municipality, state, expires_at);
CREATE INDEX sign_ins_by_end ON sign_ins (expires_at);
CREATE INDEX codes_by_session ON codes (municipality, sid);
CREATE INDEX codes_by_end ON codes (expires_at);
CREATE INDEX access_tokens_by_code ON access_tokens (municipality, code);
CREATE INDEX access_tokens_by_end ON access_tokens (expires_at);
CREATE INDEX audit_by_municipality ON audit (municipality, number);
CREATE INDEX kept_revocations_by_signer ON kept_revocations (municipality, signer_key, kept_at);
CREATE INDEX kept_revocations_by_end ON kept_revocations (not_after);
CREATE INDEX kept_revocations_by_sign_in ON kept_revocations (municipality, sign_in) WHERE sign_in IS NOT NULL;
CREATE INDEX audit_by_sign_in ON audit (municipality, sign_in) WHERE sign_in IS NOT NULL;
CREATE INDEX registration_tokens_by_end ON registration_tokens (expires_at);
CREATE INDEX replays_by_end ON replays (until);
CREATE INDEX pushed_requests_by_end ON pushed_requests (expires_at);
CREATE INDEX sessions_by_account ON sessions (municipality, account);
CREATE INDEX sessions_by_browser ON sessions (municipality, browser);
CREATE INDEX sessions_by_end ON sessions (expires_at);
CREATE INDEX logout_deliveries_by_service ON logout_deliveries (municipality, client_id, next_at);
CREATE INDEX logout_deliveries_held ON logout_deliveries (municipality, client_id, next_at) WHERE held = 1;
CREATE INDEX logout_deliveries_by_end ON logout_deliveries (expires_at);
CREATE INDEX relink_orders_by_end ON relink_orders (expires_at);
CREATE UNIQUE INDEX signing_keys_active ON signing_keys (municipality, alg) WHERE state = 'active';
CREATE INDEX signing_keys_by_end ON signing_keys (published_until) WHERE state = 'retired';
CREATE INDEX refresh_tokens_by_code ON refresh_tokens (municipality, code);
CREATE INDEX refresh_tokens_by_end ON refresh_tokens (expires_at);
COMMIT;
PRAGMA application_id = 1298228335;
PRAGMA user_version = 7;
