//! From the two files of a list and its index to answers, as after a restart; the files are in the page cache.

use std::hint::black_box;
use std::path::Path;

use madoguchi_revocation::IndexedCrl;

use crate::crl::lists::{Shape, anchors};
use crate::crl::timing::{median, tell, timed};
use crate::shelf::refreshed;
use crate::world::now;

/// Part `restart`.
pub(crate) fn run(folder: &Path, entries: u64, shape: Shape) {
    let (path, index) = shape.saved(folder);
    let anchors = anchors(folder);
    let times: Vec<_> = (0..ROUNDS)
        .map(|_| {
            let (time, crl) = timed(|| {
                let crl = IndexedCrl::open(&path, &index, &anchors).expect("an index");
                let found = crl.find(shape.serials().at(entries / 2).octets()).expect("sound").is_some();
                assert!(found, "listed");
                crl
            });
            black_box(crl);
            time
        })
        .collect();
    tell("slowest", times.iter().max().expect("rounds").as_secs_f64());
    tell("open", median(times));

    // With all that a gateway does at its start.
    let state = folder.join("restart");
    refreshed(&state, None, &anchors).1.take(&path, now()).expect("taken");
    let times = (0..ROUNDS).map(|_| {
        let (time, (shared, refresher)) = timed(|| refreshed(&state, None, &anchors));
        assert_eq!(shared.shelf().len(), 1);
        drop(refresher);
        time
    });
    tell("gateway", median(times.collect()));
}

const ROUNDS: usize = 15;
