//! What each list and each response does for the answer about one certificate, for a watcher. Asked beside the
//! judgement and by a budget of its own, so that the verdict is the same whether somebody watches or not.

use crate::judge::revocation::{Revocations, is_about_others};
use crate::ocsp::Asked;
use crate::{Budget, Certificate, CrlSeen, OcspAnswer, OcspError, VerifiedChain};

/// One source, and what it does.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SourceSeen {
    /// A revocation list.
    Crl {
        /// Its place among the lists, from 0.
        index: usize,
        /// What it is and does.
        seen: CrlSeen,
    },
    /// An OCSP response.
    Ocsp {
        /// Its place among the responses, from 0.
        index: usize,
        /// What it says about the certificate; none when it is about others.
        said: Option<Result<OcspAnswer, OcspError>>,
    },
}

impl<'a> Revocations<'a> {
    /// What everything that is offered does for one certificate of a path.
    pub(super) fn sources(
        &self,
        certificate: &Certificate,
        issuer: &Certificate,
        chain: &VerifiedChain<'a>,
        mut budget: Budget,
    ) -> Vec<SourceSeen> {
        let beside = self.lists.beside();
        let (_, lists) = beside.seen(certificate, issuer, chain, &mut budget);
        let mut all: Vec<SourceSeen> =
            lists.into_iter().enumerate().map(|(index, seen)| SourceSeen::Crl { index, seen }).collect();
        let asked = Asked::new(certificate, issuer.public_key(), &mut budget);
        for (index, response) in self.responses.iter().enumerate() {
            let said = match (&asked, response) {
                (_, Err(error)) | (Err(error), _) => Some(Err(error.clone())),
                (Ok(asked), Ok(response)) => match is_about_others(response, asked, &mut budget) {
                    Ok(true) => None,
                    Ok(false) => {
                        Some(self.response(response, &beside, certificate, issuer, chain, &mut budget))
                    }
                    Err(error) => Some(Err(error)),
                },
            };
            all.push(SourceSeen::Ocsp { index, said });
        }
        all
    }
}
