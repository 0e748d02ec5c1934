-- What was decided about a certificate stays decided: one row for what each source said.
CREATE TABLE kept_revocations (
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
    PRIMARY KEY (municipality, certificate, source)
) STRICT;
CREATE INDEX kept_revocations_by_signer ON kept_revocations (municipality, signer_key, kept_at);
CREATE INDEX kept_revocations_by_end ON kept_revocations (not_after);
