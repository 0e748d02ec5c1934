//! Certificate policies along a path (RFC 5280 sections 6.1.2 to 6.1.5 as RFC 9618 replaces them).
//!
//! RFC 5280's tree grows exponentially with mappings; RFC 9618's graph has at most one node for each policy and
//! certificate. Nodes that lead nowhere are not pruned one by one: the graph is NULL exactly when its last level is
//! empty, and what the last level can be reached from is marked once, at the end.

mod error;
mod level;
mod settings;

pub use error::PolicyGraphError;
pub use settings::{InitialPolicies, PolicySettings};

use crate::Oid;
use crate::certificate_policies::PolicyConstraints;
use crate::policy_graph::level::{Level, is_any_policy};

/// What a certificate says about policies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PolicyInput<'a> {
    /// certificatePolicies; none when the extension is absent.
    pub(crate) policies: &'a [Oid],
    /// policyMappings: issuerDomainPolicy and subjectDomainPolicy.
    pub(crate) mappings: &'a [(Oid, Oid)],
    /// policyConstraints.
    pub(crate) constraints: Option<PolicyConstraints>,
    /// inhibitAnyPolicy.
    pub(crate) inhibit_any: Option<u32>,
}

/// The policies that a path is valid for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicySet {
    /// What the authorities of the path assert, in the anchor's domain; anyPolicy among them stands for all.
    pub authority_constrained: Vec<Oid>,
    /// What of it the user asked for.
    pub user_constrained: Vec<Oid>,
}

/// The state of a path's validation, as far as policies go.
#[derive(Clone, Debug)]
pub(crate) struct PolicyGraph<'s> {
    settings: &'s PolicySettings,
    /// valid_policy_graph: level i is about certificate i.
    levels: Vec<Level>,
    explicit_policy: usize,
    policy_mapping: usize,
    inhibit_any: usize,
}

impl<'s> PolicyGraph<'s> {
    /// Section 6.1.2 (a), (d), (e), (f), for a path of so many certificates without the anchor.
    pub(crate) fn new(settings: &'s PolicySettings, path_len: usize) -> Self {
        let unless = |now: bool| if now { 0 } else { path_len.saturating_add(1) };
        Self {
            settings,
            levels: vec![Level::root()],
            explicit_policy: unless(settings.explicit_policy),
            policy_mapping: unless(settings.inhibit_mapping),
            inhibit_any: unless(settings.inhibit_any_policy),
        }
    }

    /// Section 6.1.3 (d), (e), (f).
    pub(crate) fn process(
        &mut self,
        input: &PolicyInput<'_>,
        self_issued: bool,
        is_final: bool,
    ) -> Result<(), PolicyGraphError> {
        let any_counts = self.inhibit_any > 0 || (!is_final && self_issued);
        let next = match self.levels.last() {
            Some(last) => Level::below(last, input.policies, any_counts),
            None => Level::default(),
        };
        self.levels.push(next);
        if self.explicit_policy > 0 || !self.is_null() { Ok(()) } else { Err(PolicyGraphError::NoPolicyLeft) }
    }

    /// Section 6.1.4 (a), (b), (h), (i), (j).
    pub(crate) fn prepare_next(
        &mut self,
        input: &PolicyInput<'_>,
        self_issued: bool,
    ) -> Result<(), PolicyGraphError> {
        if input.mappings.iter().any(|(issuer, subject)| is_any_policy(issuer) || is_any_policy(subject)) {
            return Err(PolicyGraphError::AnyPolicyMapped);
        }
        self.map(input.mappings);
        if !self_issued {
            self.count_down();
        }
        let constraints = input.constraints;
        lower(&mut self.explicit_policy, constraints.and_then(|constraints| constraints.require_explicit));
        lower(&mut self.policy_mapping, constraints.and_then(|constraints| constraints.inhibit_mapping));
        lower(&mut self.inhibit_any, input.inhibit_any);
        Ok(())
    }

    /// Section 6.1.5 (a), (b), (g).
    pub(crate) fn wrap_up(mut self, input: &PolicyInput<'_>) -> Result<PolicySet, PolicyGraphError> {
        self.explicit_policy = self.explicit_policy.saturating_sub(1);
        if input.constraints.is_some_and(|constraints| constraints.require_explicit == Some(0)) {
            self.explicit_policy = 0;
        }
        let authority_constrained = level::authority_constrained(&self.levels);
        let user_constrained = self.settings.initial.intersection(&authority_constrained);
        if self.explicit_policy == 0 && user_constrained.is_empty() {
            return Err(PolicyGraphError::NoUserPolicy);
        }
        Ok(PolicySet { authority_constrained, user_constrained })
    }

    /// How many nodes and edges the graph has: its work, for the budget and for tests.
    pub(crate) fn size(&self) -> u64 {
        self.levels.iter().map(Level::size).fold(0, u64::saturating_add)
    }

    fn is_null(&self) -> bool {
        self.levels.last().is_none_or(Level::is_empty)
    }

    /// Section 6.1.4 (b).
    fn map(&mut self, mappings: &[(Oid, Oid)]) {
        if let [.., above, last] = self.levels.as_mut_slice() {
            if self.policy_mapping > 0 {
                last.map(above, mappings);
            } else {
                last.delete_mapped(mappings);
            }
        }
    }

    /// Section 6.1.4 (h).
    fn count_down(&mut self) {
        for counter in [&mut self.explicit_policy, &mut self.policy_mapping, &mut self.inhibit_any] {
            *counter = counter.saturating_sub(1);
        }
    }
}

/// Section 6.1.4 (i), (j): a count of certificates takes effect when it is the smaller one.
fn lower(counter: &mut usize, skip: Option<u32>) {
    if let Some(skip) = skip {
        *counter = (*counter).min(usize::try_from(skip).unwrap_or(usize::MAX));
    }
}

#[cfg(test)]
mod tests;
