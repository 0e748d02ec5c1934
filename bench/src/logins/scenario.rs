//! What a login is made of.

/// How services and servers speak.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    /// What ID tokens are signed with.
    pub(crate) alg: &'static str,
    /// FAPI 2.0: pushed requests, `private_key_jwt`, DPoP. Otherwise a secret, and the request in the browser.
    pub(crate) fapi: bool,
    /// Logins at once.
    pub(crate) at_once: usize,
}

pub(crate) const SCENARIOS: [Scenario; 4] = [
    Scenario { name: "L1", what: "client_secret_basic, PKCE, ES256", alg: "ES256", fapi: false, at_once: 16 },
    Scenario { name: "L1-64", what: "the same, 64 at once", alg: "ES256", fapi: false, at_once: 64 },
    Scenario { name: "L3", what: "client_secret_basic, PKCE, RS256", alg: "RS256", fapi: false, at_once: 16 },
    Scenario {
        name: "L4",
        what: "PAR, private_key_jwt, PKCE, DPoP, ES256",
        alg: "ES256",
        fapi: true,
        at_once: 16,
    },
];
