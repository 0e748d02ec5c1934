//! Lookups while a list is being replaced by the next one, as the gateway does it: copied into the state folder,
//! verified, indexed, written, swapped.

use std::path::Path;
use std::time::Duration;

use crate::crl::asking::{Asked, Calm};
use crate::crl::lists::{Shape, anchors, make_one};
use crate::crl::sign_in::paths;
use crate::crl::timing::{Histogram, median, tell};
use crate::shelf::refreshed;

/// Part `replace`.
pub(crate) fn run(folder: &Path, entries: u64, shape: Shape) {
    let (shared, mut refresher) = refreshed(&folder.join("replace"), None, &anchors(folder));
    refresher.take(&shape.list(folder)).expect("taken");
    let path = paths(folder, shape, vec![0]).remove(0);
    // The certificate's own point, and the whole authority; this list is of the latter.
    let point = path.crl_points().map(|point| point.id()).last().expect("a point");
    let asked = Asked { serials: shape.serials(), lists: vec![(point, 0..entries)] };
    let (mut calm, mut busy, mut took) = (Calm::new(), Histogram::new(), Vec::<Duration>::new());
    let next = folder.join("next.crl");
    for number in 2..2 + ROUNDS {
        make_one(folder, entries, shape, number, &next);
        asked.alone_and_loaded(&shared, &mut calm);
        let (time, times) = asked.during(&shared, || refresher.take(&next).expect("taken"));
        took.push(time);
        busy.merge(&times);
    }
    calm.tell(&busy);
    tell("replace", median(took));
}

const ROUNDS: u64 = 5;
