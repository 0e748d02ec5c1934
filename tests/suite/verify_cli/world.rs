//! An authority of our own with a CA below it and one certificate, its lists and responses, and the program.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::Duration;

use madoguchi_test_pki::{
    CRL_SIGN, CertificateBuilder, CrlBuilder, CrlEntry, DIGITAL_SIGNATURE, Extension, KEY_CERT_SIGN, KeyKind,
    Name, OcspCertId, OcspResponderId, OcspResponseBuilder, OcspSingle, OcspStatus, PrivateKey,
    RevocationReason, Serial,
};
use madoguchi_tests::town::random;
use madoguchi_tests::verify::program;
use rustls_pki_types::UnixTime;
use serde_json::Value;

/// 2026-11-22T09:00:00Z.
pub(super) const NOW: u64 = 1_795_338_000;
pub(super) const AT: &str = "2026-11-22T18:00:00+09:00";
pub(super) const DAY: u64 = 24 * 60 * 60;

pub(super) fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

/// Whoever has a name and a key.
pub(super) struct Holder {
    pub(super) name: Name,
    pub(super) key: PrivateKey,
}

impl Holder {
    pub(super) fn new(common_name: &str) -> Self {
        let name = Name::new(&[("2.5.4.3", common_name)]).expect("a name");
        Self { name, key: PrivateKey::generate(KeyKind::P256, random()).expect("a key") }
    }

    /// A certificate for `subject`, valid a year around [`NOW`].
    pub(super) fn certify(&self, subject: &Self, serial: u64, ca: bool, more: Vec<Extension>) -> Vec<u8> {
        let builder = self.builder(subject, serial, ca, more);
        builder.sign(&self.key, random()).expect("signed")
    }

    /// An authority's own certificate that ended then.
    pub(super) fn certify_until(&self, not_after: u64) -> Vec<u8> {
        let right = self.builder(self, 1, true, Vec::new());
        let builder = CertificateBuilder { not_before: at(0), not_after: at(not_after), ..right };
        builder.sign(&self.key, random()).expect("signed")
    }

    fn builder(&self, subject: &Self, serial: u64, ca: bool, more: Vec<Extension>) -> CertificateBuilder {
        let usage = if ca { KEY_CERT_SIGN | CRL_SIGN } else { DIGITAL_SIGNATURE };
        let mut extensions = vec![
            Extension::subject_key_identifier(subject.key.public_key()),
            Extension::authority_key_identifier_of_key(self.key.public_key()),
            Extension::key_usage(usage),
        ];
        extensions.extend(ca.then(Extension::basic_constraints_ca));
        extensions.extend(more);
        CertificateBuilder {
            serial: number(serial),
            issuer: self.name.clone(),
            not_before: at(NOW - 180 * DAY),
            not_after: at(NOW + 180 * DAY),
            subject: subject.name.clone(),
            subject_public_key_info: subject.key.subject_public_key_info().expect("a key"),
            extensions,
        }
    }

    /// A list of a day ago, due in six days.
    pub(super) fn list(&self, revoked: &[(u64, RevocationReason)]) -> Vec<u8> {
        self.list_of(NOW - DAY, NOW + 6 * DAY, revoked).sign(&self.key, random()).expect("signed")
    }

    pub(super) fn list_of(&self, this: u64, next: u64, revoked: &[(u64, RevocationReason)]) -> CrlBuilder {
        let entry = |(serial, reason): &(u64, RevocationReason)| CrlEntry {
            serial: number(*serial),
            revoked_at: at(NOW - 2 * DAY),
            reason: *reason,
            extensions: Vec::new(),
        };
        CrlBuilder {
            version: Some(1),
            issuer: self.name.clone(),
            this_update: at(this),
            next_update: Some(at(next)),
            entries: revoked.iter().map(entry).collect(),
            extensions: vec![
                Extension::authority_key_identifier_of_key(self.key.public_key()),
                Extension::crl_number(1),
            ],
        }
    }

    /// What this issuer itself says by OCSP about a certificate of its own.
    pub(super) fn response(&self, serial: u64, status: OcspStatus) -> Vec<u8> {
        self.statement(self, Vec::new(), serial, status)
    }

    /// The same by a responder with a certificate.
    pub(super) fn response_by(
        &self,
        by: &Self,
        certificate: Vec<u8>,
        serial: u64,
        status: OcspStatus,
    ) -> Vec<u8> {
        self.statement(by, vec![certificate], serial, status)
    }

    fn statement(&self, by: &Self, certificates: Vec<Vec<u8>>, serial: u64, status: OcspStatus) -> Vec<u8> {
        let name = self.name.as_der();
        let single = OcspSingle {
            cert_id: OcspCertId::sha1(name, self.key.public_key(), number(serial).to_der()),
            status,
            this_update: at(NOW - 60),
            next_update: Some(at(NOW + DAY)),
            extensions: Vec::new(),
        };
        let builder = OcspResponseBuilder {
            response_type: "1.3.6.1.5.5.7.48.1.1".to_owned(),
            version: None,
            responder: OcspResponderId::of_key(&by.key),
            produced_at: at(NOW - 60),
            singles: vec![single],
            extensions: Vec::new(),
            algorithm: None,
            certificates,
        };
        builder.sign(&by.key, random()).expect("signed")
    }
}

fn number(serial: u64) -> Serial {
    Serial::new(serial).expect("not zero")
}

/// root → CA (number 2) → end (number 3), with files.
pub(super) struct World {
    pub(super) root: Holder,
    pub(super) ca: Holder,
    pub(super) end: Holder,
    folder: tempfile::TempDir,
}

impl World {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (root, ca, end) = (Holder::new("root"), Holder::new("CA"), Holder::new("end"));
        let world = Self { root, ca, end, folder };
        let (root, ca, end) = (&world.root, &world.ca, &world.end);
        world.file("root", &root.certify(root, 1, true, Vec::new()));
        world.file("ca", &root.certify(ca, 2, true, Vec::new()));
        world.file("end", &ca.certify(end, 3, false, Vec::new()));
        world
    }

    /// Writes a file and answers its path.
    pub(super) fn file(&self, name: &str, octets: &[u8]) -> String {
        std::fs::write(self.path(name), octets).expect("written");
        self.path(name).display().to_string()
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn octets(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).expect("a file")
    }

    /// The program in the world's folder, with path and moment right, and these arguments beside.
    pub(super) fn verify(&self, more: &[&str]) -> Judged {
        self.run(&[&["--at", AT, "--anchor", "root", "--intermediate", "ca", "end"], more].concat())
    }

    /// The program in the world's folder with these arguments alone.
    pub(super) fn run(&self, arguments: &[&str]) -> Judged {
        let mut command = Command::new(program());
        command.current_dir(self.folder.path()).arg("verify").args(arguments);
        Judged::of(command.output().expect("madoguchi runs; cargo build --workspace --bins"))
    }
}

/// How the program ended.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) exit: i32,
    pub(super) answer: Value,
    pub(super) errors: String,
}

impl Judged {
    fn of(output: Output) -> Self {
        let text = String::from_utf8(output.stdout).expect("text");
        assert!(text.lines().count() <= 1 && (text.is_empty() || text.ends_with('\n')), "one line: {text}");
        Self {
            exit: output.status.code().expect("no signal"),
            answer: if text.is_empty() { Value::Null } else { serde_json::from_str(&text).expect("JSON") },
            errors: String::from_utf8(output.stderr).expect("text"),
        }
    }

    /// Verdict and error.
    pub(super) fn is(&self, verdict: &str, error: Option<&str>) {
        assert_eq!(
            (self.answer["verdict"].as_str(), self.answer["error"].as_str()),
            (Some(verdict), error),
            "{self:?}"
        );
        let keys: Vec<&String> = self.answer.as_object().expect("an object").keys().collect();
        assert_eq!(keys, ["detail", "error", "verdict"]);
        let exit = match verdict {
            "accepted" => 0,
            "rejected" => 1,
            _ => 3,
        };
        assert_eq!(self.exit, exit, "{self:?}");
    }

    pub(super) fn says(&self, part: &str) {
        assert!(
            self.answer["detail"].as_str().is_some_and(|detail| detail.contains(part)),
            "{part}: {self:?}"
        );
    }
}
