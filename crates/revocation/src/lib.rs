//! Where revocation information comes from, and what it says about a certificate
