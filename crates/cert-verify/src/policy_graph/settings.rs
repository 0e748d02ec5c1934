//! What a caller asks of the policies of a path (RFC 5280 section 6.1.1 (c), (e), (f), (g)).

use crate::policy_graph::level::is_any_policy;
use crate::{Oid, oid};

/// The inputs of path validation that are about policies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicySettings {
    /// user-initial-policy-set.
    pub initial: InitialPolicies,
    /// initial-explicit-policy: the path must be valid for one of the initial policies.
    pub explicit_policy: bool,
    /// initial-policy-mapping-inhibit.
    pub inhibit_mapping: bool,
    /// initial-any-policy-inhibit.
    pub inhibit_any_policy: bool,
}

/// user-initial-policy-set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum InitialPolicies {
    /// any-policy.
    #[default]
    Any,
    /// These.
    Of(Vec<Oid>),
}

impl InitialPolicies {
    /// These policies; all when anyPolicy is among them or there is none.
    pub fn of(policies: Vec<Oid>) -> Self {
        if policies.is_empty() || policies.iter().any(is_any_policy) { Self::Any } else { Self::Of(policies) }
    }

    /// Section 6.1.5 (g): what of the authorities' policies the user asked for. anyPolicy of the authorities stands
    /// for whatever the user asks.
    pub(crate) fn intersection(&self, authority: &[Oid]) -> Vec<Oid> {
        let Self::Of(initial) = self else { return authority.to_vec() };
        let any = Oid::from_octets(oid::ANY_POLICY);
        let mut both: Vec<Oid> = initial
            .iter()
            .filter(|policy| authority.contains(policy) || authority.contains(&any))
            .cloned()
            .collect();
        both.sort_unstable();
        both.dedup();
        both
    }
}
