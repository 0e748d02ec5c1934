//! GeneralSubtree (RFC 5280 section 4.2.1.10).

use crate::Name;
use crate::der::{DerError, Reader, Tlv, integer, tag};
use crate::general_name::{GeneralName, NameForm, directory_name, ia5};
use crate::name_constraints::host::Host;
use crate::name_constraints::mailbox::MailSubtree;
use crate::name_constraints::network::Network;
use crate::name_constraints::uri::UriSubtree;

/// The base of a subtree; minimum is 0 and maximum absent, as the profile demands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Subtree {
    /// A name and everything below it; the empty name is above all.
    Directory(Name),
    /// A host and everything below it; without a host, all of them.
    Dns(Option<Host>),
    /// Mailboxes.
    Mail(MailSubtree),
    /// Hosts of URIs.
    Uri(UriSubtree),
    /// Addresses.
    Ip(Network),
    /// A form, or a base of it, that nobody says how to compare: no name of the form passes under it.
    Unsupported(NameForm),
}

impl Subtree {
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DerError> {
        let mut subtree = reader.sequence()?;
        let base = Self::base(subtree.read()?)?;
        if let Some(minimum) = subtree.optional(tag::context(0))? {
            return match integer(minimum.value)? {
                [0] => Err(DerError::Default),
                _ => Err(DerError::Integer),
            };
        }
        // What is left is a maximum, which the profile does not have.
        subtree.finish()?;
        Ok(base)
    }

    fn base(tlv: Tlv<'_>) -> Result<Self, DerError> {
        let text = || ia5(tlv.value).ok_or(DerError::String);
        Ok(match tlv.tag {
            // No mailbox and no URI says what an empty base means; for host names it means all of them.
            0x81 if tlv.value.is_empty() => Self::Unsupported(NameForm::Rfc822),
            0x81 => mail(text()?)?,
            0x82 if tlv.value.is_empty() => Self::Dns(None),
            0x82 => Self::Dns(Some(Host::read(text()?).ok_or(DerError::String)?)),
            0xa4 => Self::Directory(directory_name(tlv)?),
            0x86 if tlv.value.is_empty() => Self::Unsupported(NameForm::Uri),
            0x86 => Self::Uri(UriSubtree::read(text()?).ok_or(DerError::String)?),
            0x87 => Self::Ip(Network::read(tlv.value).ok_or(DerError::String)?),
            _ => Self::Unsupported(GeneralName::from_tlv(tlv)?.form()),
        })
    }

    /// The form of the names that it is about.
    pub(crate) fn form(&self) -> NameForm {
        match self {
            Self::Directory(_) => NameForm::Directory,
            Self::Dns(_) => NameForm::Dns,
            Self::Mail(_) => NameForm::Rfc822,
            Self::Uri(_) => NameForm::Uri,
            Self::Ip(_) => NameForm::Ip,
            Self::Unsupported(form) => *form,
        }
    }
}

/// Quoted local parts and address literals are right, but not compared.
fn mail(text: &str) -> Result<Subtree, DerError> {
    match MailSubtree::read(text) {
        Some(subtree) => Ok(Subtree::Mail(subtree)),
        None if text.contains(['"', '[']) => Ok(Subtree::Unsupported(NameForm::Rfc822)),
        None => Err(DerError::String),
    }
}
