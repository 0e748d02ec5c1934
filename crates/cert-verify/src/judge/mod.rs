//! One certificate, judged whole by whatever somebody offers: path and revocation under a profile. This is what
//! `madoguchi verify` answers.
//!
//! Every path to an anchor is tried, likeliest first, until one holds of which nothing is revoked: a path with a
//! revoked CA does not condemn a certificate that has another one. The verdict is about the best path:
//!
//! - *rejected*: no path holds; or a certificate of the path is revoked; or its responder does not know it; or
//!   revocation had to be shown and what was offered about a certificate is refused (forged, malformed, by somebody
//!   who may not say it).
//! - *undetermined*: a path holds, revocation had to be shown, and for one of its certificates nothing that was
//!   offered speaks about it at that time.
//! - *accepted*: everything else. When revocation did not have to be shown, the detail says for which certificates it
//!   was not.

mod case;
mod explain;
mod judgement;
mod offered;
mod revocation;
mod sources;

pub use case::{Case, Profile};
pub use explain::Watch;
pub use judgement::{Judgement, Outcome};
pub use sources::SourceSeen;

use rustls_pki_types::UnixTime;

use crate::jpki_auth::is_for_user_authentication;
use crate::judge::explain::Shared;
use crate::judge::judgement::is_open;
use crate::judge::offered::Offered;
use crate::judge::revocation::Revocations;
use crate::path::{Check, Observer};
use crate::{
    Budget, CrlChecker, Error, OfferedCrls, PathError, PathPolicy, Place, VerifiedChain, verify_chain_where,
};

/// Judges a case at `now`, with at most so much work.
pub fn judge(case: &Case, now: UnixTime, budget: &mut Budget, watch: &mut dyn Watch) -> Judgement {
    let (policy, target) = match case.required_policy().and_then(|policy| Ok((policy, case.target()?))) {
        Ok(read) => read,
        Err(error) => {
            watch.put_aside("target", 0, &error);
            return Judgement::unreadable(&error);
        }
    };
    let offered = Offered::read(case, watch);
    let lists = OfferedCrls::read(case.crls.iter().map(Vec::as_slice), case.profile.crl_settings());
    for (index, refusal) in lists.refusals().enumerate() {
        if let Some(error) = refusal {
            watch.put_aside("revocation list", index, error);
        }
    }
    let revocations = Revocations {
        lists: CrlChecker::new(&lists, &offered.pool, now),
        responses: Revocations::read_responses(&case.ocsp, watch),
        profile: case.profile,
        required: case.require_revocation,
        now,
    };
    let shared = Shared::new(watch);
    let mut answered = Vec::new();
    let mut telling = Telling::default();
    let found = verify_chain_where(
        &target,
        &offered.pool,
        &offered.anchors,
        &case.path_settings(),
        now,
        budget,
        &mut &shared,
        &mut |chain, budget| {
            if let Some(policy) = &policy {
                suits(chain, policy, &shared)?;
            }
            answered = revocations.ask(chain, &shared, budget).inspect_err(|error| telling.note(error))?;
            Ok(())
        },
    );
    match found {
        Ok(chain) => Judgement::accepted(&chain, &answered),
        Err(error) => Judgement::refused(&telling.most(error), &offered),
    }
}

/// What revocation has said about the paths that hold, whatever their order.
#[derive(Default)]
struct Telling {
    /// The target itself is revoked.
    revoked: Option<PathError>,
    /// Nothing is wrong with a path, but whether a certificate of it is revoked is not known.
    open: Option<PathError>,
}

impl Telling {
    fn note(&mut self, error: &PathError) {
        let kept = if is_open(&error.error) {
            &mut self.open
        } else if error.place == Place::Target && matches!(error.error, Error::Revoked { .. }) {
            &mut self.revoked
        } else {
            return;
        };
        if kept.as_ref().is_none_or(|known| error.rank() > known.rank()) {
            *kept = Some(error.clone());
        }
    }

    /// No path is left: one that is open says more than one with a revoked CA, which is out of the question.
    fn most(self, last: PathError) -> PathError {
        if last.error == Error::BudgetSpent { last } else { self.revoked.or(self.open).unwrap_or(last) }
    }
}

/// The rules of `jpki-auth` for the target, and that the path is valid for a policy that is asked for.
fn suits(chain: &VerifiedChain<'_>, policy: &PathPolicy, observer: &Shared<'_>) -> Result<(), PathError> {
    let Some(target) = chain.certificates().last() else { return Ok(()) };
    let result = is_for_user_authentication(target, policy)
        .and_then(|()| policy.policies.judge(&chain.policies().user_constrained));
    let mut observer = observer;
    observer.checked(Place::Target, target.subject(), Check::UserAuthentication, result.as_ref().copied());
    result.map_err(|error| PathError { place: Place::Target, subject: target.subject().clone(), error })
}
