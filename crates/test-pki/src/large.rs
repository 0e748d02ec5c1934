//! `crl --size`: large lists of made-up entries.

use std::{ops::Range, path::PathBuf, time::Duration};

use madoguchi_test_pki::{BulkEntries, BulkSerials, Error, TestPki, divided};
use ring::rand::SystemRandom;
use rustls_pki_types::UnixTime;
use serde_json::{Value, json};

use crate::arguments::Large;

/// Makes the lists; what to tell about them, as text and as JSON.
pub(crate) fn make(
    pki: &TestPki,
    large: &Large,
    number: u64,
    (this_update, validity): (UnixTime, Duration),
    random: &SystemRandom,
) -> Result<(String, Value), Error> {
    let serials = BulkSerials { length: large.serial_octets, seed: large.seed };
    let (removed, all) = (0..large.removed, large.first..large.first + large.size);
    let numbers = (number, large.delta_base);
    let make = |municipality: Option<&str>, revoked: Range<u64>, path: PathBuf| {
        let (reasons, order) = (large.reasons, large.order);
        let bulk = BulkEntries { serials, revoked, removed: removed.clone(), reasons, order };
        let list = pki.large_crl(municipality, bulk, numbers, this_update, validity)?;
        list.save(pki.auth_ca_key(), random, &path)?;
        Ok(path)
    };
    let files = match large.partitions {
        None => vec![make(large.municipality.as_deref(), all.clone(), large.out.clone())?],
        Some(count) => {
            std::fs::create_dir_all(&large.out)
                .map_err(|source| Error::Io { path: large.out.clone(), source })?;
            let mut files = Vec::new();
            for (municipality, revoked) in divided(all.clone(), usize::from(count)) {
                let path = large.out.join(format!("{}.crl", municipality.code));
                files.push(make(Some(municipality.code), revoked, path)?);
            }
            files
        }
    };
    let some = |indices: Range<u64>| -> Vec<String> {
        indices.take(EXAMPLES).map(|index| serials.at(index).to_string()).collect()
    };
    let text: Vec<_> = files.iter().map(|file| file.display().to_string()).collect();
    let value = json!({"files": files, "number": number, "entries": large.size, "listed": some(all.clone()),
        "not_listed": some(all.end.max(removed.end)..u64::MAX), "removed": some(removed.clone())});
    Ok((text.join("\n"), value))
}

/// So many serial numbers are told.
const EXAMPLES: usize = 5;
