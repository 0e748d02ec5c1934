-- Municipalities can be disabled, and have a logo on their pages.
ALTER TABLE municipalities ADD COLUMN disabled INTEGER NOT NULL DEFAULT 0;
-- A PNG of at most 64 KiB, and its SHA-256, by which nodes see that it is another.
ALTER TABLE municipalities ADD COLUMN logo BLOB;
ALTER TABLE municipalities ADD COLUMN logo_sha256 BLOB;
