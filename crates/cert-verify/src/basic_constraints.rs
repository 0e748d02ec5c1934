//! basicConstraints (RFC 5280 section 4.2.1.9).

use crate::certificate_policies::skip_certs;
use crate::der::{DerError, Reader, tag};

/// Whether the subject is a CA, and how many CAs may follow it in a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BasicConstraints {
    pub(crate) ca: bool,
    pub(crate) path_len: Option<u32>,
}

impl BasicConstraints {
    /// A path length belongs to a CA alone.
    pub(crate) fn from_value(value: &[u8]) -> Result<Self, DerError> {
        let mut outer = Reader::new(value);
        let mut reader = outer.sequence()?;
        outer.finish()?;
        let ca = reader.boolean_default_false(tag::BOOLEAN)?;
        let path_len = if ca && !reader.is_empty() { Some(skip_certs(reader.integer()?)?) } else { None };
        reader.finish()?;
        Ok(Self { ca, path_len })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ca_and_its_path_length() {
        let read = |value: &[u8]| BasicConstraints::from_value(value);
        assert_eq!(read(&[0x30, 0]), Ok(BasicConstraints { ca: false, path_len: None }));
        assert_eq!(read(&[0x30, 3, 1, 1, 0xff]), Ok(BasicConstraints { ca: true, path_len: None }));
        assert_eq!(
            read(&[0x30, 6, 1, 1, 0xff, 2, 1, 9]),
            Ok(BasicConstraints { ca: true, path_len: Some(9) })
        );
        assert_eq!(read(&[0x30, 3, 1, 1, 0]), Err(DerError::Default));
        assert_eq!(read(&[0x30, 3, 2, 1, 0]), Err(DerError::TrailingOctets));
        assert_eq!(read(&[0x30, 6, 1, 1, 0xff, 2, 1, 0xff]), Err(DerError::Integer));
    }
}
