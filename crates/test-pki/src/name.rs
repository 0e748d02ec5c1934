//! Distinguished names (RFC 5280 section 4.1.2.4): country as PrintableString, everything else as UTF8String,
//! one attribute in each RDN, as JPKI writes them.

use crate::{Error, der, oid};

/// A distinguished name, encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(Vec<u8>);

impl Name {
    /// A name of attributes in the given order, each an attribute type in dotted form and its value.
    pub fn new(attributes: &[(&str, &str)]) -> Result<Self, Error> {
        let mut rdns = Vec::new();
        for (kind, value) in attributes {
            let text = if *kind == oid::COUNTRY_NAME {
                der::printable_string(value)
            } else {
                der::utf8_string(value)
            };
            rdns.extend(der::set_of_one(&der::sequence(&[&der::oid(kind)?, &text])));
        }
        Ok(Self(der::sequence(&[&rdns])))
    }

    /// The `Name`, DER.
    pub fn as_der(&self) -> &[u8] {
        &self.0
    }

    /// As `GeneralName` of the form directoryName; explicit, because `Name` is a CHOICE.
    pub(crate) fn general_name(&self) -> Vec<u8> {
        der::context(4, &self.0)
    }
}
