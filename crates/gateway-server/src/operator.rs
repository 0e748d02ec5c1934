//! Who runs an operator command, for the audit log.

/// The user of the operating system that runs this program: its name in `/etc/passwd`, else its number alone. Not from the
/// environment, which its user writes.
pub fn os_user() -> String {
    let uid = rustix::process::getuid().as_raw();
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    named(uid, &passwd)
}

fn named(uid: u32, passwd: &str) -> String {
    let name = passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next().filter(|name| !name.is_empty())?;
        (fields.nth(1)?.parse() == Ok(uid)).then_some(name)
    });
    name.map_or_else(|| format!("uid {uid}"), |name| format!("{name} (uid {uid})"))
}

/// Who is audited: the one that the command line names, as the user that ran it.
pub(crate) fn audited(named: Option<&str>, os_user: &str) -> String {
    named.map_or_else(|| os_user.to_owned(), |named| format!("{named}, as {os_user}"))
}

/// The audit log is read by people: something must be there, and not a book.
pub(crate) fn words(text: &str) -> Result<String, String> {
    let length = text.trim().chars().count();
    if (1..=MOST_CHARACTERS).contains(&length) && !text.chars().any(char::is_control) {
        Ok(text.trim().to_owned())
    } else {
        Err(format!("1 to {MOST_CHARACTERS} characters on one line"))
    }
}

const MOST_CHARACTERS: usize = 500;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_told_by_name_and_number() {
        let passwd =
            "root:x:0:0:root:/root:/bin/bash\n:x:7:7::/:\nbroken\ntanaka:x:1001:1001::/home/tanaka:\n";
        for (uid, told) in [(0, "root (uid 0)"), (1001, "tanaka (uid 1001)"), (7, "uid 7"), (100, "uid 100")]
        {
            assert_eq!(named(uid, passwd), told);
        }
        assert_eq!(audited(None, "uid 7"), "uid 7");
        assert_eq!(audited(Some("suzuki"), "uid 7"), "suzuki, as uid 7");
    }

    #[test]
    fn words_fit_a_line_of_the_log() {
        assert_eq!(words(" a b "), Ok("a b".to_owned()));
        for text in ["", " ", "a\nb", &"a".repeat(501)] {
            assert!(words(text).is_err(), "{text}");
        }
    }
}
