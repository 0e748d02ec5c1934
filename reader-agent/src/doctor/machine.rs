//! The program and the computer.

use std::fs;

use super::{About, Finding, State};

pub(super) fn examine() -> Finding {
    let system = fs::read_to_string("/etc/os-release").ok().and_then(|text| pretty_name(&text));
    let values = [
        ("version", env!("CARGO_PKG_VERSION").to_owned()),
        ("system", system.unwrap_or_else(|| std::env::consts::OS.to_owned())),
        ("machine", std::env::consts::ARCH.to_owned()),
    ];
    Finding::new(About::Agent, State::Ok, "agent_version", &values)
}

/// `PRETTY_NAME` of os-release(5).
fn pretty_name(text: &str) -> Option<String> {
    let value = text.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
    Some(value.trim_matches(|c| c == '"' || c == '\'').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_name_is_read() {
        let text = "ID=debian\nPRETTY_NAME=\"Debian GNU/Linux 13 (trixie)\"\n";
        assert_eq!(pretty_name(text).as_deref(), Some("Debian GNU/Linux 13 (trixie)"));
        assert_eq!(pretty_name("ID=debian\n"), None);
    }
}
