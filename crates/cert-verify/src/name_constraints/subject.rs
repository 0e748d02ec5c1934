//! Mail addresses in a distinguished name (RFC 5280 section 4.1.2.6, PKCS#9 emailAddress).

use crate::Name;
use crate::der::{Reader, tag};
use crate::general_name::ia5;

/// The values of every emailAddress attribute; none inside for a value that is no IA5String.
pub(crate) fn email_addresses(name: &Name) -> impl Iterator<Item = Option<&str>> {
    let mut rdns = Reader::new(name.der()).sequence().unwrap_or(Reader::new(&[]));
    let rdns = std::iter::from_fn(move || rdns.expect(tag::SET).ok());
    let attributes = rdns.flat_map(|rdn| {
        let mut attributes = rdn.content();
        std::iter::from_fn(move || attributes.sequence().ok())
    });
    attributes.filter_map(|mut attribute| {
        if attribute.object_identifier().ok()? != EMAIL_ADDRESS {
            return None;
        }
        Some(attribute.expect(tag::IA5_STRING).ok().and_then(|value| ia5(value.value)))
    })
}

/// emailAddress, 1.2.840.113549.1.9.1.
const EMAIL_ADDRESS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1];
