-- Authorization requests that services pushed (RFC 9126) and that wait for their browser.
CREATE TABLE pushed_requests (
    municipality TEXT NOT NULL,
    -- SHA-256 of the reference in the request_uri.
    hash         BLOB NOT NULL,
    request      TEXT NOT NULL,
    expires_at   INTEGER NOT NULL,
    finished     INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (municipality, hash)
) STRICT;
CREATE INDEX pushed_requests_by_end ON pushed_requests (expires_at);
