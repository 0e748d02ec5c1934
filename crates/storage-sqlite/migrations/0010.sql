-- A sign-in changes its state four times: what is indexed by a state that it leaves is written anew each time.
DROP INDEX sign_ins_by_browser;
DROP INDEX sign_ins_by_end;
DROP INDEX sign_ins_by_network;
DROP INDEX sign_ins_by_state;
CREATE INDEX sign_ins_by_browser ON sign_ins (municipality, browser_hash);
CREATE INDEX sign_ins_by_start ON sign_ins (created_at);
-- Those that may still go on, over or not.
CREATE INDEX sign_ins_open ON sign_ins (municipality, expires_at, state)
    WHERE state IN ('started', 'claimed', 'proven');
CREATE INDEX sign_ins_open_by_network ON sign_ins (municipality, network, expires_at, state)
    WHERE state IN ('started', 'claimed', 'proven');
