//! The card with the JPKI application selected, from SELECT to leaving it.

use madoguchi_iso7816::{Aid, CardTransaction, CommandApdu, ResponseApdu, StatusWord, TlvHeader};

use crate::{
    CardProfile, Command, JpkiCardError, ecdsa::signature_to_der, exchange::exchange, profile::SignatureForm,
};

/// A My Number card with its JPKI application selected.
///
/// Dropping it leaves the application, so that a verified PIN does not outlive it; [`JpkiCard::leave`] does the same
/// and tells whether it went well. Power the card down besides.
pub struct JpkiCard<T: CardTransaction> {
    pub(crate) transaction: T,
    pub(crate) profile: CardProfile,
    /// Tries left that the caller was told and may have a PIN verified upon; every VERIFY uses it up.
    pub(crate) told: Option<u8>,
    left: bool,
}

/// Which certificates a card carries, by its own account (EF 0008).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Availability {
    /// User-authentication certificate (利用者証明用電子証明書).
    pub auth: bool,
    /// Signature certificate (署名用電子証明書).
    pub sign: bool,
}

impl<T: CardTransaction> JpkiCard<T> {
    /// Selects the JPKI application and finds the kind of card among `profiles`, by the token's label.
    ///
    /// The issuer security domain is selected first, whatever it answers: that ends a login that another program
    /// may have left on the card. The first command after power-up may answer 6F00 once.
    pub fn select(transaction: T, profiles: &[CardProfile]) -> Result<Self, JpkiCardError<T::Error>> {
        // Dropped on the way out of an error, too. Nothing looks at the profile before it is known.
        let mut card = Self { transaction, profile: CardProfile::TODAY, told: None, left: false };
        card.enter()?;
        let mut label = [0; TOKEN_LABEL_OCTETS];
        card.select_ef(TOKEN_INFO)?;
        card.read_exactly(TOKEN_INFO, 0, &mut label)?;
        // Padded with spaces, as PKCS#11 has it.
        let label = label.trim_ascii_end();
        card.profile =
            *profiles.iter().find(|profile| profile.label().as_bytes() == label).ok_or_else(|| {
                let printable = label.iter().copied().filter(|octet| matches!(octet, b' '..=b'~'));
                JpkiCardError::UnsupportedToken { label: printable.map(char::from).collect() }
            })?;
        Ok(card)
    }

    /// What kind of card it is.
    pub fn profile(&self) -> &CardProfile {
        &self.profile
    }

    /// Which certificates the card says that it carries. A card without that file is taken to carry both: reading them tells.
    pub fn availability(&mut self) -> Result<Availability, JpkiCardError<T::Error>> {
        let availability = self.profile.files.availability;
        match self.select_ef(availability) {
            Ok(()) => {}
            Err(JpkiCardError::UnexpectedStatus { status: StatusWord::NotFound, .. }) => {
                return Ok(Availability { auth: true, sign: true });
            }
            Err(error) => return Err(error),
        }
        let mut octets = [0; 2];
        self.read_exactly(availability, 0, &mut octets)?;
        // 8F is present, 00 absent; only a clear no is a no.
        Ok(Availability { sign: octets[0] != 0x00, auth: octets[1] != 0x00 })
    }

    /// Reads the user-authentication certificate: its DER, without what fills the file after it. No PIN needed.
    pub fn read_auth_certificate(&mut self) -> Result<Vec<u8>, JpkiCardError<T::Error>> {
        let file = self.profile.files.auth_certificate;
        self.select_ef(file)?;
        let mut der = vec![0; CERTIFICATE_HEADER_OCTETS];
        self.read_exactly(file, 0, &mut der)?;
        // SEQUENCE with a length in two octets: every certificate has between 256 and 65,535.
        if !der.starts_with(&[0x30, 0x82]) || der[2] == 0x00 {
            return Err(JpkiCardError::NoCertificate);
        }
        let header = TlvHeader::read(&der, MAX_CERTIFICATE_OCTETS - CERTIFICATE_HEADER_OCTETS)
            .map_err(|_| JpkiCardError::CertificateTooLong { limit: MAX_CERTIFICATE_OCTETS })?;
        der.resize(header.total_octets(), 0);
        let mut offset = CERTIFICATE_HEADER_OCTETS;
        for block in der[CERTIFICATE_HEADER_OCTETS..].chunks_mut(READ_BLOCK_OCTETS) {
            self.read_exactly(file, offset, block)?;
            offset += block.len();
        }
        Ok(der)
    }

    /// Signs a digest, of the profile's hash, with the user-authentication key: RSASSA-PKCS1-v1_5 of 256 octets, or DER
    /// of an ECDSA signature. The PIN must be verified; without it the card answers 6982.
    ///
    /// The card signs whatever it is given. What the digest is of is the caller's to know: the agent signs nothing
    /// but a statement that it built itself.
    pub fn sign(&mut self, digest: &[u8]) -> Result<Vec<u8>, JpkiCardError<T::Error>> {
        let command = Command::ComputeDigitalSignature;
        let algorithm = self.profile.digest;
        let expected = algorithm.digest_octets();
        if digest.len() != expected {
            return Err(JpkiCardError::DigestLength { octets: digest.len(), expected });
        }
        let input = match self.profile.signature {
            SignatureForm::RsaPkcs1 { .. } => algorithm.digest_info(digest),
            SignatureForm::Ecdsa { .. } => digest.to_vec(),
        };
        self.select_ef(self.profile.files.auth_key)?;
        let apdu = CommandApdu::new(0x80, 0x2A, 0x00, CURRENT_EF)
            .with_data(&input)
            .map_err(|source| JpkiCardError::Command { command, source })?
            .with_le(0x00);
        let response = self.send(command, apdu)?;
        ok(command, response.status())?;
        let answer = response.data();
        match self.profile.signature {
            SignatureForm::RsaPkcs1 { modulus_octets } if answer.len() != modulus_octets => {
                let (octets, expected) = (answer.len(), modulus_octets);
                Err(JpkiCardError::UnexpectedLength { command, octets, expected })
            }
            SignatureForm::RsaPkcs1 { .. } => Ok(answer.to_vec()),
            SignatureForm::Ecdsa { coordinate_octets } => {
                signature_to_der(answer, coordinate_octets).ok_or(JpkiCardError::NoSignature)
            }
        }
    }

    /// Leaves the JPKI application by selecting the issuer security domain: a verified PIN is forgotten. With an error
    /// it may not be, and only loss of power is sure to do it.
    pub fn leave(mut self) -> Result<(), JpkiCardError<T::Error>> {
        // Not tried again when dropped: without an answer now, there is none then.
        self.left = true;
        self.forget()
    }

    /// Ends a login, by selecting the issuer security domain; once more when the card refuses, because it costs nothing.
    fn forget(&mut self) -> Result<(), JpkiCardError<T::Error>> {
        let command = Command::SelectIssuerSecurityDomain;
        let mut status = self.select_application(command, ISD_AID)?;
        if status != StatusWord::Ok {
            status = self.select_application(command, ISD_AID)?;
        }
        ok(command, status)
    }

    /// Selects the JPKI application by way of the issuer security domain, so that nothing verified before counts.
    pub(crate) fn enter(&mut self) -> Result<(), JpkiCardError<T::Error>> {
        self.select_application(Command::SelectIssuerSecurityDomain, ISD_AID)?;
        let status = self.select_application(Command::SelectJpki, JPKI_AID)?;
        match status {
            StatusWord::Ok => Ok(()),
            // What cards without the application answer to its name, or to SELECT by name at all.
            StatusWord::NotFound
            | StatusWord::FunctionNotSupported
            | StatusWord::IncorrectP1P2
            | StatusWord::InstructionNotSupported
            | StatusWord::ClassNotSupported => Err(JpkiCardError::NotMyNumberCard { status }),
            status => Err(JpkiCardError::UnexpectedStatus { command: Command::SelectJpki, status }),
        }
    }

    /// Selects an application by its full name; once more after 6F00.
    fn select_application(
        &mut self,
        command: Command,
        aid: Aid,
    ) -> Result<StatusWord, JpkiCardError<T::Error>> {
        let mut status = self.select_by(command, 0x04, aid.as_octets())?;
        if status == StatusWord::NoDiagnosis {
            status = self.select_by(command, 0x04, aid.as_octets())?;
        }
        Ok(status)
    }

    pub(crate) fn select_ef(&mut self, id: u16) -> Result<(), JpkiCardError<T::Error>> {
        let command = Command::SelectEf(id);
        let status = self.select_by(command, 0x02, &id.to_be_bytes())?;
        ok(command, status)
    }

    /// SELECT, first occurrence, no answer wanted.
    fn select_by(
        &mut self,
        command: Command,
        p1: u8,
        name: &[u8],
    ) -> Result<StatusWord, JpkiCardError<T::Error>> {
        let apdu = CommandApdu::new(0x00, 0xA4, p1, 0x0C)
            .with_data(name)
            .map_err(|source| JpkiCardError::Command { command, source })?;
        Ok(self.send(command, apdu)?.status())
    }

    /// READ BINARY of the current EF: the whole block or an error. Files are under 32 KiB, blocks under 256 octets.
    fn read_exactly(
        &mut self,
        id: u16,
        offset: usize,
        block: &mut [u8],
    ) -> Result<(), JpkiCardError<T::Error>> {
        let command = Command::ReadBinary(id);
        let expected = block.len();
        let too_long = JpkiCardError::CertificateTooLong { limit: MAX_CERTIFICATE_OCTETS };
        let (Ok(offset), Ok(le)) = (u16::try_from(offset), u8::try_from(expected)) else {
            return Err(too_long);
        };
        let [high, low] = offset.to_be_bytes();
        let response = self.send(command, CommandApdu::new(0x00, 0xB0, high, low).with_le(le))?;
        ok(command, response.status())?;
        if response.data().len() != expected {
            return Err(JpkiCardError::UnexpectedLength { command, octets: response.data().len(), expected });
        }
        block.copy_from_slice(response.data());
        Ok(())
    }

    fn send(&mut self, command: Command, apdu: CommandApdu) -> Result<ResponseApdu, JpkiCardError<T::Error>> {
        exchange(&mut self.transaction, apdu).map_err(|source| JpkiCardError::Transport { command, source })
    }
}

impl<T: CardTransaction> Drop for JpkiCard<T> {
    fn drop(&mut self) {
        if !self.left {
            // Whoever drops a card in use has an error of their own to tell.
            let _ = self.forget();
        }
    }
}

fn ok<E: std::error::Error + 'static>(command: Command, status: StatusWord) -> Result<(), JpkiCardError<E>> {
    match status {
        StatusWord::Ok => Ok(()),
        status => Err(JpkiCardError::UnexpectedStatus { command, status }),
    }
}

const fn aid(octets: &[u8]) -> Aid {
    match Aid::new(octets) {
        Ok(aid) => aid,
        Err(_) => panic!("an AID has 5 to 16 octets"),
    }
}

const JPKI_AID: Aid = aid(&[0xD3, 0x92, 0xF0, 0x00, 0x26, 0x01, 0x00, 0x00, 0x00, 0x01]);
/// GlobalPlatform issuer security domain.
const ISD_AID: Aid = aid(&[0xA0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00]);

const TOKEN_INFO: u16 = 0x0006;
/// P2 of VERIFY and COMPUTE DIGITAL SIGNATURE.
pub(crate) const CURRENT_EF: u8 = 0x80;

const TOKEN_LABEL_OCTETS: usize = 32;
const CERTIFICATE_HEADER_OCTETS: usize = 4;
/// Known certificates have 1,600 octets.
const MAX_CERTIFICATE_OCTETS: usize = 4096;
/// Some readers are happier with less than 256.
const READ_BLOCK_OCTETS: usize = 0xE0;
