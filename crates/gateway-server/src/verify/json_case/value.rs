//! The values of a case that serde's own readers would first keep whole.

use std::fmt;
use std::marker::PhantomData;
use std::path::PathBuf;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::verify::material::MAX_OBJECTS;

/// A path, or the octets themselves in base64.
#[derive(Debug)]
pub(super) enum JsonFile {
    Path(PathBuf),
    Octets(String),
}

/// A list of which no more is kept than a case may have.
#[derive(Debug)]
pub(super) struct Several<T>(Vec<T>);

impl<T> Several<T> {
    /// None when there were too many.
    pub(super) fn into_vec(self) -> Option<Vec<T>> {
        (self.0.len() <= MAX_OBJECTS).then_some(self.0)
    }
}

impl<'de> Deserialize<'de> for JsonFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FileVisitor)
    }
}

struct FileVisitor;

impl<'de> Visitor<'de> for FileVisitor {
    type Value = JsonFile;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a path, or {\"der\": base64}")
    }

    fn visit_str<E: Error>(self, path: &str) -> Result<JsonFile, E> {
        Ok(JsonFile::Path(PathBuf::from(path)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<JsonFile, A::Error> {
        let mut der: Option<String> = None;
        while let Some(key) = map.next_key::<String>()? {
            if key != "der" {
                map.next_value::<IgnoredAny>()?;
            } else if der.replace(map.next_value()?).is_some() {
                return Err(A::Error::duplicate_field("der"));
            }
        }
        der.map(JsonFile::Octets).ok_or_else(|| A::Error::missing_field("der"))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Several<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(SeveralVisitor(PhantomData))
    }
}

struct SeveralVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for SeveralVisitor<T> {
    type Value = Several<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Several<T>, A::Error> {
        let mut kept = Vec::new();
        // One more than may be, to know that there are too many.
        while kept.len() <= MAX_OBJECTS {
            match list.next_element()? {
                Some(value) => kept.push(value),
                None => return Ok(Several(kept)),
            }
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Several(kept))
    }
}
