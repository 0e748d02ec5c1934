//! An application (DF) and the files in it.

use madoguchi_iso7816::{Aid, StatusWord};

use crate::{key::SigningKey, pin::Pin};

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
    /// Octets to read.
    Transparent { octets: Vec<u8>, access: Access },
    /// Records to read, numbered from 1.
    Records { records: Vec<Vec<u8>>, access: Access },
    /// Internal EF: a PIN.
    Pin(Pin),
    /// Internal EF: a private key, for use after the PIN in that file was verified. Empty when no certificate was
    /// issued.
    Key { key: Option<SigningKey>, after: u16 },
    /// Internal EF of which nothing more is known.
    Internal,
}

/// Who may read a file.
#[derive(Clone, Copy)]
pub(crate) enum Access {
    Free,
    /// After one of the PINs in these files was verified.
    After(&'static [u16]),
    /// Nobody that is known.
    Never,
}

impl File {
    pub(crate) fn transparent(id: u16, octets: Vec<u8>, access: Access) -> Self {
        Self { id, content: Content::Transparent { octets, access } }
    }

    pub(crate) fn records(id: u16, records: Vec<Vec<u8>>, access: Access) -> Self {
        Self { id, content: Content::Records { records, access } }
    }

    pub(crate) fn pin(id: u16, pin: Pin) -> Self {
        Self { id, content: Content::Pin(pin) }
    }

    pub(crate) fn internal(id: u16) -> Self {
        Self { id, content: Content::Internal }
    }
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

    pub(crate) fn is_verified(&self, id: u16) -> bool {
        self.pin(id).is_some_and(Pin::is_verified)
    }

    /// Refuses to read what is not open.
    pub(crate) fn check_access(&self, access: Access) -> Result<(), StatusWord> {
        let open = match access {
            Access::Free => true,
            Access::After(pins) => pins.iter().any(|id| self.is_verified(*id)),
            Access::Never => false,
        };
        if open { Ok(()) } else { Err(StatusWord::SecurityStatusNotSatisfied) }
    }

    /// Every PIN is unverified again.
    pub(crate) fn forget(&mut self) {
        self.pins_mut().for_each(Pin::forget);
    }

    pub(crate) fn pins_mut(&mut self) -> impl Iterator<Item = &mut Pin> {
        self.files.iter_mut().filter_map(|file| match &mut file.content {
            Content::Pin(pin) => Some(pin),
            _ => None,
        })
    }
}
