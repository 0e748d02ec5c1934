//! Lookups while a list is being replaced by the next one, as the gateway does it: copied into the state folder,
//! verified, indexed, written, swapped.

use std::path::Path;
use std::time::Duration;

use crate::crl::asking::{Asked, Calm, nicely};
use crate::crl::lists::{Shape, anchors, make_one};
use crate::crl::sign_in::paths;
use crate::crl::timing::{Histogram, median, tell};
use crate::shelf::refreshed;
use crate::world::now;

/// Part `replace`.
pub(crate) fn run(folder: &Path, entries: u64, shape: Shape) {
    let (shared, mut refresher) = refreshed(&folder.join("replace"), None, &anchors(folder));
    refresher.take(&shape.list(folder), now()).expect("taken");
    let path = paths(folder, shape, vec![0]).remove(0);
    // The certificate's own point, and the whole authority; this list is of the latter.
    let point = path.crl_points().map(|point| point.id()).last().expect("a point");
    let asked = Asked { serials: shape.serials(), lists: vec![(point, 0..entries)] };
    let (mut calm, mut busy, mut rude) = (Calm::new(), Histogram::new(), Histogram::new());
    let (mut took, mut took_rudely) = (Vec::<Duration>::new(), Vec::<Duration>::new());
    let next = folder.join("next.crl");
    for number in 2..2 + ROUNDS {
        make_one(folder, entries, shape, number, &next);
        asked.alone_and_loaded(&shared, &mut calm);
        let nice = number % 2 == 0;
        let mut replace = || refresher.take(&next, now()).expect("taken");
        let (time, found) = asked.during(&shared, || if nice { nicely(replace) } else { replace() });
        let (took, times) = if nice { (&mut took, &mut busy) } else { (&mut took_rudely, &mut rude) };
        took.push(time);
        times.merge(&found);
    }
    calm.tell(&busy, &rude);
    tell("replace", median(took));
    tell("replace-rudely", median(took_rudely));
}

/// In turns as the gateway does it, and as if it did not give way.
const ROUNDS: u64 = 10;
