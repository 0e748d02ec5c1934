//! Files of a case, and how much of them is read.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use madoguchi_cert_verify::Case;

use crate::verify::pem;

/// What a file is given for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Anchor,
    Intermediate,
    Crl,
    Ocsp,
}

impl Kind {
    fn label(self) -> &'static str {
        match self {
            Self::Anchor | Self::Intermediate => pem::CERTIFICATE,
            Self::Crl => pem::CRL,
            Self::Ocsp => pem::OCSP_RESPONSE,
        }
    }
}

/// Why a case cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum CaseError {
    /// The file cannot be read.
    #[error("{path}: {source}")]
    File {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// The files are too large.
    #[error("{path}: the files have more than {MAX_OCTETS} octets together")]
    TooLarge { path: PathBuf },
    /// Too many objects.
    #[error("more than {MAX_OBJECTS} certificates, revocation lists, OCSP responses or policies")]
    TooMany,
    /// PEM, but not of what was expected.
    #[error("{place}: PEM without {label}")]
    NoSuchPem { place: String, label: &'static str },
    /// PEM that does not read.
    #[error("{place}: {reason}")]
    Pem { place: String, reason: pem::PemError },
    /// A value of a batch's case.
    #[error("{key}: {reason}")]
    Value { key: &'static str, reason: String },
    /// A line that is no JSON object.
    #[error("not a case: {reason}")]
    Json { reason: String },
    /// The line is too long.
    #[error("the line is longer than {limit} octets")]
    LineTooLong { limit: usize },
    /// A fault of this program's.
    #[error("a fault of this program's; standard error says more")]
    Internal,
}

impl CaseError {
    /// The stable name of the error.
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::File { .. } => "file_unreadable",
            Self::TooLarge { .. } => "file_too_large",
            Self::TooMany => "too_many_objects",
            Self::NoSuchPem { .. } | Self::Pem { .. } => "pem_invalid",
            Self::Value { .. } => "value_invalid",
            Self::Json { .. } => "case_invalid",
            Self::LineTooLong { .. } => "line_too_long",
            Self::Internal => "internal",
        }
    }
}

/// What was read so far.
#[derive(Debug, Default)]
pub(super) struct Material {
    case: Case,
    objects: usize,
    octets: u64,
    regular_files_only: bool,
}

impl Material {
    /// For whoever names files without being asked what a pipe or a terminal has for them.
    pub(super) fn of_regular_files() -> Self {
        Self { regular_files_only: true, ..Self::default() }
    }

    /// The octets of a file.
    pub(super) fn file(&mut self, path: &Path) -> Result<Vec<u8>, CaseError> {
        let failed = |source| CaseError::File { path: path.to_owned(), source };
        let left = MAX_OCTETS.saturating_sub(self.octets);
        let mut octets = Vec::new();
        // Before it is opened: a pipe that nobody writes to is waited for there.
        if self.regular_files_only {
            let metadata = path.metadata().map_err(failed)?;
            if !metadata.is_file() {
                return Err(failed(std::io::Error::other("not a regular file")));
            }
            // What a kernel shows as a regular file, such as its log, has no length, and some of it is waited for.
            if metadata.len() == 0 {
                return Ok(octets);
            }
        }
        let file = File::open(path).map_err(failed)?;
        file.take(left.saturating_add(1)).read_to_end(&mut octets).map_err(failed)?;
        let length = u64::try_from(octets.len()).unwrap_or(u64::MAX);
        if length > left {
            return Err(CaseError::TooLarge { path: path.to_owned() });
        }
        self.octets = self.octets.saturating_add(length);
        Ok(octets)
    }

    /// The certificate to judge. Others after it in the same file may help.
    pub(super) fn target(&mut self, octets: Vec<u8>, place: &Path) -> Result<(), CaseError> {
        let mut all = self.objects(Kind::Intermediate, octets, place)?.into_iter();
        self.case.target = all.next().unwrap_or_default();
        self.case.intermediates.extend(all);
        Ok(())
    }

    /// Whatever else.
    pub(super) fn add(&mut self, kind: Kind, octets: Vec<u8>, place: &Path) -> Result<(), CaseError> {
        let all = self.objects(kind, octets, place)?;
        match kind {
            Kind::Anchor => self.case.anchors.extend(all),
            Kind::Intermediate => self.case.intermediates.extend(all),
            Kind::Crl => self.case.crls.extend(all),
            Kind::Ocsp => self.case.ocsp.extend(all),
        }
        Ok(())
    }

    /// The case, with everything but the files as absent values have it.
    pub(super) fn into_case(self) -> Case {
        self.case
    }

    /// One object in DER, or all of PEM. What is neither is taken for DER, and refused as such by whoever reads it.
    fn objects(&mut self, kind: Kind, octets: Vec<u8>, place: &Path) -> Result<Vec<Vec<u8>>, CaseError> {
        let place = || place.display().to_string();
        let all = if pem::is_pem(&octets) {
            let label = kind.label();
            let all =
                pem::objects(&octets, label).map_err(|reason| CaseError::Pem { place: place(), reason })?;
            if all.is_empty() {
                return Err(CaseError::NoSuchPem { place: place(), label });
            }
            all
        } else {
            vec![octets]
        };
        self.objects = self.objects.saturating_add(all.len());
        if self.objects > MAX_OBJECTS { Err(CaseError::TooMany) } else { Ok(all) }
    }
}

/// Of all files of a case: two lists of ten million entries have less.
const MAX_OCTETS: u64 = 1024 * 1024 * 1024;
/// Every root of a browser and a cloud of intermediates.
pub(super) const MAX_OBJECTS: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_without_a_length_are_not_read() {
        let path = Path::new("/proc/self/status");
        assert!(!Material::default().file(path).expect("what the kernel says").is_empty());
        assert!(Material::of_regular_files().file(path).expect("an empty file").is_empty());
    }
}
