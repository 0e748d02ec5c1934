//! The certificates that are offered. One that cannot be used is put aside: another may do.

use crate::judge::{Case, Profile, Watch};
use crate::{Anchor, Certificate, Error};

pub(super) struct Offered {
    pub(super) anchors: Vec<Anchor>,
    pub(super) pool: Vec<Certificate>,
    /// The first anchor that cannot be used, if none can.
    pub(super) anchor_refused: Option<Error>,
    /// The first certificate that does not read.
    pub(super) intermediate_refused: Option<Error>,
}

impl Offered {
    pub(super) fn read(case: &Case, watch: &mut dyn Watch) -> Self {
        let (mut anchors, mut pool) = (Vec::new(), Vec::new());
        let (mut anchor_refused, mut intermediate_refused) = (None, None);
        for (index, der) in case.anchors.iter().enumerate() {
            match anchor(der, case.profile) {
                Ok(anchor) => anchors.push(anchor),
                Err(error) => {
                    watch.put_aside("anchor", index, &error);
                    anchor_refused.get_or_insert(error);
                }
            }
        }
        for (index, der) in case.intermediates.iter().enumerate() {
            match Certificate::parse_from_anywhere(der) {
                Ok(certificate) => pool.push(certificate),
                Err(error) => {
                    watch.put_aside("intermediate", index, &error);
                    intermediate_refused.get_or_insert(error);
                }
            }
        }
        let anchor_refused = anchor_refused.filter(|_| anchors.is_empty());
        Self { anchors, pool, anchor_refused, intermediate_refused }
    }
}

fn anchor(der: &[u8], profile: Profile) -> Result<Anchor, Error> {
    match profile {
        Profile::Rfc5280 => Certificate::parse_from_anywhere(der).map(Anchor::of_others),
        Profile::JpkiAuth => Anchor::new(der),
    }
}
