//! `madoguchi crl index`.

use std::io::Write;
use std::sync::Arc;

use madoguchi_revocation::{CrlEvent, CrlObserver as _, Problem};
use serde_json::json;

use crate::crl::arguments::IndexArguments;
use crate::crl::parts::{Edge, refresher};
use crate::crl::tell::{Form, Teller};
use crate::crl::{CrlEnd, CrlUsage};

/// Takes each file in order. One that is refused disturbs no other.
pub(super) fn index(
    arguments: &IndexArguments,
    edge: &Edge,
    output: Box<dyn Write + Send>,
) -> Result<CrlEnd, CrlUsage> {
    let teller = Arc::new(Teller::new(if arguments.json { Form::Json } else { Form::Words }, output));
    let files = madoguchi_revocation::CrlFiles::default();
    let mut refresher = refresher(&arguments.target, files, edge, Arc::clone(&teller) as _)?;
    let now = edge.clock.now();
    let mut refused = 0_usize;
    // A delta may stand before its base.
    let mut waiting = Vec::new();
    for file in &arguments.files {
        match refresher.take(file, now) {
            Err(madoguchi_revocation::Error::DeltaWithoutBase) => waiting.push(file),
            Err(error) => {
                refused += 1;
                tell(&teller, &Problem::of_path(file, &error));
            }
            Ok(()) => {}
        }
    }
    for file in waiting {
        if let Err(error) = refresher.take(file, now) {
            refused += 1;
            tell(&teller, &Problem::of_path(file, &error));
        }
    }
    let partitions = refresher.shared().shelf().len();
    if arguments.json {
        teller.json(&json!({ "event": "done", "partitions": partitions, "refused": refused }));
    }
    Ok(if refused == 0 { CrlEnd::Done } else { CrlEnd::Refused })
}

fn tell(teller: &Teller<Box<dyn Write + Send>>, problem: &Problem) {
    teller.event(&CrlEvent::Refused { problem, moved_to: None });
}
