-- Which certificate a sign-in was about, for an operator who has a complaint and the sign-in's id: its keyed hash, where it
-- was refused as revoked or on hold, for as long as the sign-in is kept or what it found.
ALTER TABLE sign_ins ADD COLUMN certificate BLOB;
-- What was decided about a certificate stays decided: one row for what each signer said, so that what one gave that is
-- disbelieved later goes without taking along what another one said.
CREATE TABLE kept_by_signers (
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
INSERT INTO kept_by_signers (municipality, certificate, source, signer_key, reason, revoked_at, this_update, next_update,
                             produced_at, kept_at, not_after)
    SELECT municipality, certificate, source, signer_key, reason, revoked_at, this_update, next_update,
           produced_at, kept_at, not_after FROM kept_revocations;
DROP TABLE kept_revocations;
ALTER TABLE kept_by_signers RENAME TO kept_revocations;
CREATE INDEX kept_revocations_by_signer ON kept_revocations (municipality, signer_key, kept_at);
CREATE INDEX kept_revocations_by_end ON kept_revocations (not_after);
CREATE INDEX kept_revocations_by_sign_in ON kept_revocations (municipality, sign_in) WHERE sign_in IS NOT NULL;
CREATE INDEX audit_by_sign_in ON audit (municipality, sign_in) WHERE sign_in IS NOT NULL;
