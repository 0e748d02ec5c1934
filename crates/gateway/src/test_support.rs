//! What unit tests share.

use ring::rand::SystemRandom;

/// Real randomness: no test depends on its values.
#[expect(clippy::disallowed_methods, reason = "tests have no edge to take it from")]
pub(crate) fn random() -> &'static SystemRandom {
    static RANDOM: std::sync::LazyLock<SystemRandom> = std::sync::LazyLock::new(SystemRandom::new);
    &RANDOM
}
