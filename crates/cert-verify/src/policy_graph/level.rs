//! One level of the graph: what one certificate makes of the policies above it (RFC 9618 section 5).

use std::collections::{HashMap, HashSet};

use crate::{Oid, oid};

/// The nodes of one certificate, at most one for each policy.
#[derive(Clone, Debug, Default)]
pub(crate) struct Level {
    nodes: Vec<Node>,
}

#[derive(Clone, Debug)]
struct Node {
    /// valid_policy.
    policy: Oid,
    /// expected_policy_set: what the policy is called in the next certificate.
    expected: Vec<Oid>,
    /// Positions in the level above.
    parents: Vec<usize>,
    /// Made of anyPolicy above, so that here begins a policy of the anchor's domain.
    from_any: bool,
}

impl Node {
    fn new(policy: &Oid, parents: Vec<usize>, from_any: bool) -> Self {
        Self { policy: policy.clone(), expected: vec![policy.clone()], parents, from_any }
    }
}

impl Level {
    /// Section 6.1.2 (a): anyPolicy.
    pub(crate) fn root() -> Self {
        Self { nodes: vec![Node::new(&Oid::from_octets(oid::ANY_POLICY), Vec::new(), true)] }
    }

    /// Section 6.1.3 (d) and (e). Without policies there is no node.
    pub(crate) fn below(above: &Self, policies: &[Oid], any_counts: bool) -> Self {
        let expected = above.expected();
        let any_above = above.position_of_any();
        let mut nodes = Vec::new();
        for policy in policies.iter().filter(|policy| !is_any_policy(policy)) {
            match (expected.get(policy), any_above) {
                // (1)(i)
                (Some(parents), _) => nodes.push(Node::new(policy, parents.clone(), false)),
                // (1)(ii)
                (None, Some(any)) => nodes.push(Node::new(policy, vec![any], true)),
                (None, None) => {}
            }
        }
        // (2)
        if any_counts && policies.iter().any(is_any_policy) {
            let there: HashSet<&Oid> = policies.iter().filter(|policy| !is_any_policy(policy)).collect();
            // In the order of the level above, so that nothing depends on the order of a hash table.
            let mut left: Vec<(&Oid, &Vec<usize>)> =
                expected.iter().map(|(policy, parents)| (*policy, parents)).collect();
            left.retain(|(policy, _)| !there.contains(policy));
            left.sort_unstable_by(|a, b| a.1.cmp(b.1).then_with(|| a.0.cmp(b.0)));
            nodes.extend(
                left.into_iter()
                    .map(|(policy, parents)| Node::new(policy, parents.clone(), is_any_policy(policy))),
            );
        }
        Self { nodes }
    }

    /// Section 6.1.4 (b)(1).
    pub(crate) fn map(&mut self, above: &Self, mappings: &[(Oid, Oid)]) {
        let mut mapped: HashMap<&Oid, Vec<Oid>> = HashMap::new();
        let mut order = Vec::new();
        for (issuer, subject) in mappings {
            let subjects = mapped.entry(issuer).or_insert_with(|| {
                order.push(issuer);
                Vec::new()
            });
            if !subjects.contains(subject) {
                subjects.push(subject.clone());
            }
        }
        for node in &mut self.nodes {
            if let Some(subjects) = mapped.remove(&node.policy) {
                node.expected = subjects;
            }
        }
        // A policy that only anyPolicy covers becomes a node of its own.
        let (Some(_), Some(any_above)) = (self.position_of_any(), above.position_of_any()) else { return };
        for issuer in order {
            if let Some(subjects) = mapped.remove(issuer) {
                let parents = vec![any_above];
                self.nodes.push(Node { policy: issuer.clone(), expected: subjects, parents, from_any: true });
            }
        }
    }

    /// Section 6.1.4 (b)(2).
    pub(crate) fn delete_mapped(&mut self, mappings: &[(Oid, Oid)]) {
        let deleted: HashSet<&Oid> = mappings.iter().map(|(issuer, _)| issuer).collect();
        self.nodes.retain(|node| !deleted.contains(&node.policy));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Nodes and edges.
    pub(crate) fn size(&self) -> u64 {
        let edges = self.nodes.iter().map(|node| node.parents.len()).fold(0, usize::saturating_add);
        u64::try_from(self.nodes.len().saturating_add(edges)).unwrap_or(u64::MAX)
    }

    /// Each expected policy and the nodes that expect it.
    fn expected(&self) -> HashMap<&Oid, Vec<usize>> {
        let mut expected: HashMap<&Oid, Vec<usize>> = HashMap::new();
        for (position, node) in self.nodes.iter().enumerate() {
            for policy in &node.expected {
                expected.entry(policy).or_default().push(position);
            }
        }
        expected
    }

    fn position_of_any(&self) -> Option<usize> {
        self.nodes.iter().position(|node| is_any_policy(&node.policy))
    }
}

/// Section 6.1.5 (g): the policies that begin below anyPolicy and that the last level can be reached from; anyPolicy
/// when it reaches the last level itself.
pub(crate) fn authority_constrained(levels: &[Level]) -> Vec<Oid> {
    let mut found = Vec::new();
    let Some((last, above)) = levels.split_last() else { return found };
    let mut marked: HashSet<usize> = (0..last.nodes.len()).collect();
    if let Some(any) = last.nodes.iter().find(|node| is_any_policy(&node.policy)) {
        found.push(any.policy.clone());
    }
    for level in std::iter::once(last).chain(above.iter().rev()) {
        let mut parents = HashSet::new();
        for (_, node) in level.nodes.iter().enumerate().filter(|(position, _)| marked.contains(position)) {
            if node.from_any && !is_any_policy(&node.policy) {
                found.push(node.policy.clone());
            }
            parents.extend(&node.parents);
        }
        marked = parents;
    }
    found.sort_unstable();
    found.dedup();
    found
}

pub(crate) fn is_any_policy(policy: &Oid) -> bool {
    policy.as_octets() == oid::ANY_POLICY
}
