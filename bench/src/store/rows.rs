//! What fills a store: rows in the shape of those that a login left there, by the same SQL in both databases.

/// Rows of one table, each a copy of the table's own first row but for some columns.
pub(crate) struct Rows {
    pub(crate) table: &'static str,
    /// How many of them for one login.
    pub(crate) each: u64,
    /// Which columns differ where there are such, and how: `i` is the row's number, `t` the row that it is like.
    pub(crate) differing: &'static [(&'static str, &'static str)],
}

/// Residents who have an account.
pub(crate) const ACCOUNTS: Rows = Rows {
    table: "accounts",
    each: 1,
    differing: &[
        ("lookup", "octets('lookup', i, length(t.lookup))"),
        ("id", "octets('account', i, length(t.id))"),
    ],
};

/// What is left of a login with PAR, `private_key_jwt` and DPoP after its session: ten rows.
pub(crate) const EXPIRED: [Rows; 7] = [
    Rows {
        table: "sign_ins",
        each: 1,
        differing: &[
            ("id", "octets('sign-in', i, length(t.id))"),
            ("browser_hash", "octets('browser', i, length(t.browser_hash))"),
            ("ticket_hash", "octets('ticket', i, length(t.ticket_hash))"),
            ("return_verifier_hash", "octets('verifier', i, length(t.return_verifier_hash))"),
            ("claim_secret_hash", "octets('claim', i, length(t.claim_secret_hash))"),
            ("finish_hash", "octets('finish', i, length(t.finish_hash))"),
            ("account_lookup", "octets('lookup', i % :accounts, length(t.account_lookup))"),
            ("account", "octets('account', i % :accounts, length(t.account))"),
            ("created_at", EXPIRY),
            ("proven_at", EXPIRY),
            ("expires_at", EXPIRY),
        ],
    },
    Rows {
        table: "sessions",
        each: 1,
        differing: &[
            ("sid", "octets('sid', i, length(t.sid))"),
            ("id_hash", "octets('session', i, length(t.id_hash))"),
            ("sign_in", "octets('sign-in', i, length(t.sign_in))"),
            ("account", "octets('account', i % :accounts, length(t.account))"),
            ("browser", "octets('sid', i, length(t.browser))"),
            ("browser_hash", "octets('browser', i, length(t.browser_hash))"),
            ("auth_time", EXPIRY),
            ("expires_at", EXPIRY),
        ],
    },
    Rows { table: "session_clients", each: 1, differing: &[("sid", "octets('sid', i, length(t.sid))")] },
    Rows {
        table: "codes",
        each: 1,
        differing: &[
            ("hash", "octets('code', i, length(t.hash))"),
            ("sign_in", "octets('sign-in', i, length(t.sign_in))"),
            ("sid", "octets('sid', i, length(t.sid))"),
            ("account", "octets('account', i % :accounts, length(t.account))"),
            ("auth_time", EXPIRY),
            ("expires_at", EXPIRY),
            ("keep_until", EXPIRY),
        ],
    },
    Rows {
        table: "access_tokens",
        each: 1,
        differing: &[
            ("hash", "octets('token', i, length(t.hash))"),
            ("code", "octets('code', i, length(t.code))"),
            ("expires_at", EXPIRY),
        ],
    },
    Rows {
        table: "pushed_requests",
        each: 1,
        differing: &[("hash", "octets('pushed', i, length(t.hash))"), ("expires_at", EXPIRY)],
    },
    // The assertion and the proof, at the pushed request and at the token endpoint.
    Rows {
        table: "replays",
        each: 4,
        differing: &[("key", "octets('replay', i, length(t.key))"), ("until", EXPIRY)],
    },
];

/// Rows of `EXPIRED` for one login.
pub(crate) const ROWS_OF_A_LOGIN: u64 = 10;

impl Rows {
    /// One statement that writes them; `series` is the database's way to count from 0 to `count`.
    pub(crate) fn insert(&self, columns: &[String], series: &str, accounts: u64, now: u64) -> String {
        let values = columns.iter().map(|column| {
            let differing = self.differing.iter().find(|(name, _)| name == column);
            differing.map_or_else(|| format!("t.{column}"), |(_, how)| (*how).to_owned())
        });
        let values: Vec<String> = values.collect();
        let values =
            values.join(", ").replace(":accounts", &accounts.to_string()).replace(":now", &now.to_string());
        let (table, columns) = (self.table, columns.join(", "));
        let whole = if table == "sign_ins" { " WHERE state = 'completed'" } else { "" };
        format!(
            "INSERT INTO {table} ({columns}) SELECT {values} FROM {series}, (SELECT * FROM {table}{whole} LIMIT 1) AS t"
        )
    }
}

/// Over for two hours and more, a thousand in a second.
const EXPIRY: &str = "(:now - 7200 - i / 1000)";
