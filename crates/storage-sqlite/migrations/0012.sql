-- Sign-ins of the first versions did not name their source: there was one, the lists.
UPDATE sign_ins SET revocation_source = 'crl' WHERE account_lookup IS NOT NULL AND revocation_source IS NULL;
