-- Until when a code is kept for the tokens that it may have given: the sweep looks at no row that stays.
ALTER TABLE codes ADD COLUMN keep_until INTEGER NOT NULL DEFAULT 0;
UPDATE codes SET keep_until = max(expires_at, coalesce((
    SELECT max(refresh_tokens.expires_at) FROM refresh_tokens
    WHERE refresh_tokens.municipality = codes.municipality AND refresh_tokens.code = codes.hash), 0));
DROP INDEX codes_by_end;
CREATE INDEX codes_by_end ON codes (keep_until);

-- What was stopped before a card was proven, which takes no card: the bound of a network counts it.
CREATE INDEX sign_ins_stopped_by_network ON sign_ins (municipality, network, number, state, proven_at)
    WHERE state IN ('burned', 'cancelled') AND proven_at IS NULL;

-- An agent's version is printable ASCII; an earlier gateway let every octet of ASCII pass.
UPDATE sign_ins SET agent_version = '' WHERE instr(CAST(agent_version AS BLOB), x'00') > 0;
