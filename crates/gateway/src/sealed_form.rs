//! The hidden field of a form that belongs to a session: what its button does, sealed for one use. Together with the
//! cookie that it names it is also the CSRF token.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::rand::SecureRandom;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::cookie::FORM_SECONDS;
use crate::seal::{SealError, Sealer};

/// What a form carries from its page to its button.
pub(crate) trait SealedForm: Serialize + DeserializeOwned {
    /// Bound into the seal, so that no form stands in for another.
    const USE: &'static str;
}

#[derive(Serialize)]
struct Sealing<'a, T> {
    at: u64,
    form: &'a T,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Opened<T> {
    at: u64,
    form: T,
}

/// The value of the form's hidden field.
pub(crate) fn seal_form<T: SealedForm>(
    form: &T,
    sealer: &Sealer,
    random: &dyn SecureRandom,
    now: u64,
) -> Result<String, SealError> {
    // Unwrap safety: forms are structs of strings, numbers and enums.
    let plain = serde_json::to_vec(&Sealing { at: now, form }).expect("a form serialises");
    Ok(URL_SAFE_NO_PAD.encode(sealer.seal(random, T::USE, &plain)?))
}

/// Reads the field. `None`: not ours, another form's, changed, or too old.
pub(crate) fn open_form<T: SealedForm>(sealed: &str, sealer: &Sealer, now: u64) -> Option<T> {
    let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
    let plain = sealer.open(T::USE, &sealed)?;
    let opened: Opened<T> = serde_json::from_slice(&plain).ok()?;
    (now.saturating_sub(opened.at) <= FORM_SECONDS).then_some(opened.form)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::random;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct One(u8);
    impl SealedForm for One {
        const USE: &'static str = "one";
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Other(u8);
    impl SealedForm for Other {
        const USE: &'static str = "other";
    }

    #[test]
    fn a_form_is_read_for_its_use_in_its_time_unchanged() {
        let sealer = Sealer::new(&[1; 32]);
        let sealed = seal_form(&One(7), &sealer, random(), 1000).expect("sealed");
        assert_eq!(open_form(&sealed, &sealer, 1000 + FORM_SECONDS), Some(One(7)));
        assert_eq!(open_form::<One>(&sealed, &sealer, 1001 + FORM_SECONDS), None);
        assert_eq!(open_form::<Other>(&sealed, &sealer, 1000), None, "C4");
        assert_eq!(open_form::<One>(&sealed, &Sealer::new(&[2; 32]), 1000), None);
        assert_eq!(open_form::<One>(&sealed[1..], &sealer, 1000), None);
        assert_eq!(open_form::<One>("", &sealer, 1000), None);
    }
}
