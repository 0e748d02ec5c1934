//! The card with the JPKI application selected, from SELECT to leaving it.

use madoguchi_iso7816::{Aid, CardTransaction, CommandApdu, ResponseApdu, StatusWord, TlvHeader};

use crate::{Command, DigestAlgorithm, JpkiCardError, Pin, exchange::exchange};

/// A My Number card with its JPKI application selected.
///
/// Dropping it leaves the application, so that a verified PIN does not outlive it; [`JpkiCard::leave`] does the same
/// and tells whether it went well. Power the card down besides.
pub struct JpkiCard<T: CardTransaction> {
    transaction: T,
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

/// What the card made of a PIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerifyOutcome {
    /// It was right; the card has all its tries again and will sign.
    Verified,
    /// It was wrong.
    Wrong {
        /// Tries left, at least one.
        tries_left: u8,
    },
    /// No tries are left, by this PIN or by ones before it. The town office sets a new PIN.
    Blocked,
}

impl<T: CardTransaction> JpkiCard<T> {
    /// Selects the JPKI application and checks that the token is a My Number card.
    ///
    /// The issuer security domain is selected first, whatever it answers: that ends a login that another program
    /// may have left on the card. The first command after power-up may answer 6F00 once.
    pub fn select(transaction: T) -> Result<Self, JpkiCardError<T::Error>> {
        let mut card = Self { transaction, left: false };
        card.select_application(Command::SelectIssuerSecurityDomain, ISD_AID)?;
        let status = card.select_application(Command::SelectJpki, JPKI_AID)?;
        match status {
            StatusWord::Ok => {}
            // What cards without the application answer to its name, or to SELECT by name at all.
            StatusWord::NotFound
            | StatusWord::FunctionNotSupported
            | StatusWord::IncorrectP1P2
            | StatusWord::InstructionNotSupported
            | StatusWord::ClassNotSupported => return Err(JpkiCardError::NotMyNumberCard { status }),
            status => return Err(JpkiCardError::UnexpectedStatus { command: Command::SelectJpki, status }),
        }
        let mut label = [0; TOKEN_LABEL_OCTETS];
        card.select_ef(TOKEN_INFO)?;
        card.read_exactly(TOKEN_INFO, 0, &mut label)?;
        // Padded with spaces, as PKCS#11 has it.
        let label = label.trim_ascii_end();
        if label != MY_NUMBER_CARD_LABEL {
            let label =
                label.iter().copied().filter(|octet| matches!(octet, b' '..=b'~')).map(char::from).collect();
            return Err(JpkiCardError::UnsupportedToken { label });
        }
        Ok(card)
    }

    /// Which certificates the card says that it carries. A card without that file is taken to carry both: reading them tells.
    pub fn availability(&mut self) -> Result<Availability, JpkiCardError<T::Error>> {
        match self.select_ef(AVAILABILITY) {
            Ok(()) => {}
            Err(JpkiCardError::UnexpectedStatus { status: StatusWord::NotFound, .. }) => {
                return Ok(Availability { auth: true, sign: true });
            }
            Err(error) => return Err(error),
        }
        let mut octets = [0; 2];
        self.read_exactly(AVAILABILITY, 0, &mut octets)?;
        // 8F is present, 00 absent; only a clear no is a no.
        Ok(Availability { sign: octets[0] != 0x00, auth: octets[1] != 0x00 })
    }

    /// Reads the user-authentication certificate: its DER, without what fills the file after it. No PIN needed.
    pub fn read_auth_certificate(&mut self) -> Result<Vec<u8>, JpkiCardError<T::Error>> {
        self.select_ef(AUTH_CERTIFICATE)?;
        let mut der = vec![0; CERTIFICATE_HEADER_OCTETS];
        self.read_exactly(AUTH_CERTIFICATE, 0, &mut der)?;
        // SEQUENCE with a length in two octets: every certificate has between 256 and 65,535.
        if !der.starts_with(&[0x30, 0x82]) {
            return Err(JpkiCardError::NoCertificate);
        }
        let header = TlvHeader::read(&der, MAX_CERTIFICATE_OCTETS - CERTIFICATE_HEADER_OCTETS)
            .map_err(|_| JpkiCardError::CertificateTooLong { limit: MAX_CERTIFICATE_OCTETS })?;
        der.resize(header.total_octets(), 0);
        let mut offset = CERTIFICATE_HEADER_OCTETS;
        for block in der[CERTIFICATE_HEADER_OCTETS..].chunks_mut(READ_BLOCK_OCTETS) {
            self.read_exactly(AUTH_CERTIFICATE, offset, block)?;
            offset += block.len();
        }
        Ok(der)
    }

    /// Tries left of the user-authentication PIN; none left means blocked. Costs nothing.
    ///
    /// It does not tell whether the PIN is verified now: the card answers the same either way.
    pub fn tries_left(&mut self) -> Result<u8, JpkiCardError<T::Error>> {
        let command = Command::QueryTries;
        self.select_ef(AUTH_PIN)?;
        let query = || CommandApdu::new(0x00, 0x20, 0x00, CURRENT_EF);
        let mut status = self.send(command, query())?.status();
        if status == StatusWord::WrongLength {
            // Some readers' drivers want a fifth octet. An Le, not an Lc: there is no PIN in it that could be wrong.
            status = self.send(command, query().with_le(0x00))?.status();
        }
        match status {
            StatusWord::TriesLeft(tries) => Ok(tries),
            StatusWord::AuthenticationMethodBlocked | StatusWord::ReferenceDataNotUsable => Ok(0),
            status => Err(JpkiCardError::UnexpectedStatus { command, status }),
        }
    }

    /// Verifies the user-authentication PIN: exactly one VERIFY, and the PIN is gone after it. With an error other than
    /// [`JpkiCardError::PossiblyConsumed`] or an unexpected status of VERIFY itself, the card has not seen the PIN.
    pub fn verify_pin(&mut self, pin: Pin) -> Result<VerifyOutcome, JpkiCardError<T::Error>> {
        let command = Command::Verify;
        self.select_ef(AUTH_PIN)?;
        let apdu = CommandApdu::new(0x00, 0x20, 0x00, CURRENT_EF)
            .with_data(pin.as_octets())
            .map_err(|source| JpkiCardError::Command { command, source })?;
        drop(pin);
        // Not by `exchange`, which may send a command twice.
        let response = self.transaction.transmit(&apdu);
        drop(apdu);
        match response.map_err(|source| JpkiCardError::PossiblyConsumed { source })?.status() {
            StatusWord::Ok => Ok(VerifyOutcome::Verified),
            StatusWord::TriesLeft(0)
            | StatusWord::AuthenticationMethodBlocked
            | StatusWord::ReferenceDataNotUsable => Ok(VerifyOutcome::Blocked),
            StatusWord::TriesLeft(tries_left) => Ok(VerifyOutcome::Wrong { tries_left }),
            status => Err(JpkiCardError::UnexpectedStatus { command, status }),
        }
    }

    /// Signs a digest with the user-authentication key: RSASSA-PKCS1-v1_5, 256 octets. The PIN must be verified;
    /// without it the card answers 6982.
    ///
    /// The card signs whatever it is given. What the digest is of is the caller's to know: the agent signs nothing
    /// but a statement that it built itself.
    pub fn sign(
        &mut self,
        algorithm: DigestAlgorithm,
        digest: &[u8],
    ) -> Result<Vec<u8>, JpkiCardError<T::Error>> {
        let command = Command::ComputeDigitalSignature;
        if digest.len() != algorithm.digest_octets() {
            let expected = algorithm.digest_octets();
            return Err(JpkiCardError::DigestLength { octets: digest.len(), expected });
        }
        self.select_ef(AUTH_KEY)?;
        let apdu = CommandApdu::new(0x80, 0x2A, 0x00, CURRENT_EF)
            .with_data(&algorithm.digest_info(digest))
            .map_err(|source| JpkiCardError::Command { command, source })?
            .with_le(0x00);
        let response = self.send(command, apdu)?;
        ok(command, response.status())?;
        if response.data().len() != SIGNATURE_OCTETS {
            let (octets, expected) = (response.data().len(), SIGNATURE_OCTETS);
            return Err(JpkiCardError::UnexpectedLength { command, octets, expected });
        }
        Ok(response.data().to_vec())
    }

    /// Leaves the JPKI application by selecting the issuer security domain, whatever it answers: a verified PIN is
    /// forgotten.
    pub fn leave(mut self) -> Result<(), JpkiCardError<T::Error>> {
        // Not tried again when dropped: without an answer now, there is none then.
        self.left = true;
        self.select_application(Command::SelectIssuerSecurityDomain, ISD_AID).map(|_| ())
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

    fn select_ef(&mut self, id: u16) -> Result<(), JpkiCardError<T::Error>> {
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
            let _ = self.select_application(Command::SelectIssuerSecurityDomain, ISD_AID);
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
const AVAILABILITY: u16 = 0x0008;
const AUTH_CERTIFICATE: u16 = 0x000A;
const AUTH_KEY: u16 = 0x0017;
const AUTH_PIN: u16 = 0x0018;
/// P2 of VERIFY and COMPUTE DIGITAL SIGNATURE.
const CURRENT_EF: u8 = 0x80;

const TOKEN_LABEL_OCTETS: usize = 32;
const MY_NUMBER_CARD_LABEL: &[u8] = b"JPKIAPICCTOKEN2";
const CERTIFICATE_HEADER_OCTETS: usize = 4;
/// Known certificates have 1,600 octets.
const MAX_CERTIFICATE_OCTETS: usize = 4096;
/// Some readers are happier with less than 256.
const READ_BLOCK_OCTETS: usize = 0xE0;
/// RSA-2048.
const SIGNATURE_OCTETS: usize = 256;
