//! An application (DF) and the files in it.

use madoguchi_iso7816::{Aid, StatusWord};

use crate::{pin::Pin, rsa::RsaKey};

/// An application and its files.
pub(crate) struct Application {
    pub(crate) aid: Aid,
    pub(crate) files: Vec<File>,
}

/// An elementary file. Its short EF identifier is its identifier: all of them fit five bits.
pub(crate) struct File {
    pub(crate) id: u16,
    pub(crate) content: Content,
}

/// What a file is.
pub(crate) enum Content {
    /// Octets to read, free or after the PIN in that file was verified.
    Transparent { octets: Vec<u8>, after: Option<u16> },
    /// Internal EF: a PIN.
    Pin(Pin),
    /// Internal EF: a private key, for use after the PIN in that file was verified.
    Key { key: RsaKey, after: u16 },
}

impl Application {
    pub(crate) fn file(&self, id: u16) -> Result<&File, StatusWord> {
        self.files.iter().find(|file| file.id == id).ok_or(StatusWord::NotFound)
    }

    pub(crate) fn pin(&self, id: u16) -> Option<&Pin> {
        self.files.iter().find_map(|file| match &file.content {
            Content::Pin(pin) if file.id == id => Some(pin),
            _ => None,
        })
    }

    pub(crate) fn pin_mut(&mut self, id: u16) -> Option<&mut Pin> {
        self.files.iter_mut().find_map(|file| match &mut file.content {
            Content::Pin(pin) if file.id == id => Some(pin),
            _ => None,
        })
    }

    /// Whether what the PIN in file `after` protects is open.
    pub(crate) fn is_open(&self, after: Option<u16>) -> bool {
        after.is_none_or(|id| self.pin(id).is_some_and(Pin::is_verified))
    }

    /// Every PIN is unverified again.
    pub(crate) fn forget(&mut self) {
        for file in &mut self.files {
            if let Content::Pin(pin) = &mut file.content {
                pin.forget();
            }
        }
    }
}
