//! Certificate, CRL and statement verification as pure functions
