-- Which certificate a sign-in was about, for an operator who has a complaint and the sign-in's id: its keyed hash, where it
-- was refused as revoked or on hold, for as long as the sign-in is kept or what it found.
ALTER TABLE sign_ins ADD COLUMN certificate BLOB;
-- The sign-in, or the session's sign-in, that found it.
ALTER TABLE kept_revocations ADD COLUMN sign_in BLOB;
CREATE INDEX kept_revocations_by_sign_in ON kept_revocations (municipality, sign_in) WHERE sign_in IS NOT NULL;
CREATE INDEX audit_by_sign_in ON audit (municipality, sign_in) WHERE sign_in IS NOT NULL;
