//! nameConstraints (RFC 5280 section 4.2.1.10) and the rules of section 6.1.3 (b), (c) and 6.1.4 (g).
//!
//! The permitted subtrees of a path are not intersected: each certificate's constraints are kept, and a name must
//! pass those of every one, which is the same and cannot grow. A constraint that is not processed refuses every
//! name of its form, and so does a name under a constraint that cannot be compared: nothing is ignored.
//!
//! emailAddress in the subject is a mail address whether or not there is a subjectAltName: RFC 5280 demands it only
//! without one, and a certificate must not get around a constraint by adding one. commonName is never a host name.

mod error;
mod host;
mod mailbox;
mod network;
mod subject;
mod subtree;
mod uri;

pub use error::NameConstraintError;

use std::net::IpAddr;

use crate::Name;
use crate::der::{DerError, Reader, tag};
use crate::general_name::{GeneralName, NameForm};
use crate::name_constraints::host::Host;
use crate::name_constraints::mailbox::{LocalPart, Mailbox};
use crate::name_constraints::subtree::Subtree;

/// The constraints that one CA certificate puts on the certificates below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NameConstraints {
    permitted: Vec<Subtree>,
    excluded: Vec<Subtree>,
}

impl NameConstraints {
    /// Reads the extension's value. At least one list, each with at least one subtree.
    pub(crate) fn read(value: &[u8]) -> Result<Self, DerError> {
        let mut outer = Reader::new(value);
        let mut reader = outer.sequence()?;
        outer.finish()?;
        let permitted = subtrees(reader.optional(tag::context_constructed(0))?.map(|tlv| tlv.content()))?;
        let excluded = subtrees(reader.optional(tag::context_constructed(1))?.map(|tlv| tlv.content()))?;
        reader.finish()?;
        if permitted.is_empty() && excluded.is_empty() {
            return Err(DerError::Truncated);
        }
        Ok(Self { permitted, excluded })
    }

    fn constrains(&self, form: NameForm) -> bool {
        self.permitted.iter().chain(&self.excluded).any(|subtree| subtree.form() == form)
    }

    /// Section 6.1.3 (b) and (c) for one name. Exclusion comes first: it is the more telling answer.
    fn judge(&self, name: &Candidate<'_>) -> Result<(), NameConstraintError> {
        let form = name.form();
        let of_form = |subtree: &&Subtree| subtree.form() == form;
        if self.permitted.iter().chain(&self.excluded).any(|subtree| *subtree == Subtree::Unsupported(form)) {
            return Err(NameConstraintError::Unsupported { form });
        }
        if self.excluded.iter().filter(of_form).any(|subtree| name.may_be_within(subtree)) {
            return Err(NameConstraintError::Excluded { form });
        }
        let mut permitted = self.permitted.iter().filter(of_form).peekable();
        if permitted.peek().is_some() && !permitted.any(|subtree| name.is_within(subtree)) {
            return Err(NameConstraintError::NotPermitted { form });
        }
        Ok(())
    }
}

fn subtrees(reader: Option<Reader<'_>>) -> Result<Vec<Subtree>, DerError> {
    let Some(mut reader) = reader else { return Ok(Vec::new()) };
    let mut all = vec![Subtree::read(&mut reader)?];
    while !reader.is_empty() {
        all.push(Subtree::read(&mut reader)?);
    }
    Ok(all)
}

/// The constraints of a path so far: permitted_subtrees and excluded_subtrees of section 6.1.2.
#[derive(Clone, Debug, Default)]
pub(crate) struct NameState<'a> {
    above: Vec<&'a NameConstraints>,
}

impl<'a> NameState<'a> {
    /// No constraint yet.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Section 6.1.4 (g).
    pub(crate) fn add(&mut self, constraints: &'a NameConstraints) {
        self.above.push(constraints);
    }

    /// How many comparisons [`Self::check`] makes at most: for the budget, before the work.
    pub(crate) fn cost(&self, subject: &Name, names: usize) -> u64 {
        if self.above.is_empty() {
            return 0;
        }
        let names = names.saturating_add(subject::email_addresses(subject).count()).saturating_add(1);
        let subtrees = self.above.iter().fold(0_usize, |sum, constraints| {
            sum.saturating_add(constraints.permitted.len()).saturating_add(constraints.excluded.len())
        });
        u64::try_from(names.saturating_mul(subtrees)).unwrap_or(u64::MAX)
    }

    /// Section 6.1.3 (b) and (c): the subject, the mail addresses in it, and every name of subjectAltName. Whether
    /// the certificate is self-issued and not the last is the caller's to know; such a certificate is not checked.
    pub(crate) fn check(
        &self,
        subject: &Name,
        names: impl IntoIterator<Item = GeneralName>,
    ) -> Result<(), NameConstraintError> {
        if self.above.is_empty() {
            return Ok(());
        }
        if !subject.is_empty() {
            self.judge(NameForm::Directory, || Some(Candidate::Directory(subject)))?;
        }
        for address in subject::email_addresses(subject) {
            let mailbox =
                || Mailbox::read(address?).map(|mailbox| Candidate::Mail(mailbox, LocalPart::CaseIgnored));
            self.judge(NameForm::Rfc822, mailbox)?;
        }
        names.into_iter().try_for_each(|name| {
            self.international_mail(&name)?;
            self.judge(name.form(), || Candidate::of(&name))
        })
    }

    /// RFC 9598 section 6: constraints on rfc822Name are about SmtpUTF8Mailbox, too. Such mailboxes are not compared
    /// here, and what is not compared is refused.
    fn international_mail(&self, name: &GeneralName) -> Result<(), NameConstraintError> {
        let form = NameForm::Rfc822;
        if name.is_smtp_utf8_mailbox() && self.above.iter().any(|constraints| constraints.constrains(form)) {
            return Err(NameConstraintError::Unsupported { form });
        }
        Ok(())
    }

    /// A name is read only when its form is constrained: elsewhere its text is nobody's business here.
    fn judge<'n>(
        &self,
        form: NameForm,
        read: impl FnOnce() -> Option<Candidate<'n>>,
    ) -> Result<(), NameConstraintError> {
        let mut constraining =
            self.above.iter().filter(|constraints| constraints.constrains(form)).peekable();
        if constraining.peek().is_none() {
            return Ok(());
        }
        let name = read().ok_or(NameConstraintError::Malformed { form })?;
        constraining.try_for_each(|constraints| constraints.judge(&name))
    }
}

/// A name in the shape in which it is compared.
enum Candidate<'a> {
    Directory(&'a Name),
    Dns(Host),
    Mail(Mailbox, LocalPart),
    Uri(Host),
    Ip(&'a IpAddr),
    /// A form without rules of comparison.
    Opaque(NameForm),
}

impl<'a> Candidate<'a> {
    fn of(name: &'a GeneralName) -> Option<Self> {
        Some(match name {
            GeneralName::Directory(name) => Self::Directory(name),
            GeneralName::Dns(text) => Self::Dns(Host::read_pattern(text)?),
            GeneralName::Rfc822(text) => Self::Mail(Mailbox::read(text)?, LocalPart::CaseMatters),
            GeneralName::Uri(text) => Self::Uri(uri::host(text)?),
            GeneralName::Ip(address) => Self::Ip(address),
            other => Self::Opaque(other.form()),
        })
    }

    fn form(&self) -> NameForm {
        match self {
            Self::Directory(_) => NameForm::Directory,
            Self::Dns(_) => NameForm::Dns,
            Self::Mail(..) => NameForm::Rfc822,
            Self::Uri(_) => NameForm::Uri,
            Self::Ip(_) => NameForm::Ip,
            Self::Opaque(form) => *form,
        }
    }

    /// Whether everything that the name stands for lies in a permitted subtree.
    fn is_within(&self, subtree: &Subtree) -> bool {
        match (self, subtree) {
            (Self::Directory(name), Subtree::Directory(base)) => name.normal().starts_with(base.normal()),
            (Self::Dns(_), Subtree::Dns(None)) => true,
            (Self::Dns(host), Subtree::Dns(Some(base))) => host.is_within(base),
            (Self::Mail(mailbox, _), Subtree::Mail(base)) => base.contains(mailbox, LocalPart::CaseMatters),
            (Self::Uri(host), Subtree::Uri(base)) => base.contains(host),
            (Self::Ip(address), Subtree::Ip(network)) => network.contains(address),
            _ => false,
        }
    }

    /// Whether anything that the name stands for lies in an excluded subtree.
    fn may_be_within(&self, subtree: &Subtree) -> bool {
        match (self, subtree) {
            (Self::Dns(host), Subtree::Dns(Some(base))) => host.may_be_within(base),
            (Self::Mail(mailbox, compare), Subtree::Mail(base)) => base.contains(mailbox, *compare),
            _ => self.is_within(subtree),
        }
    }
}

#[cfg(test)]
mod tests;
