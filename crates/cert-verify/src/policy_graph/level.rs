//! One level of the graph: what one certificate makes of the policies above it (RFC 9618 section 5).

use std::collections::{BTreeMap, BTreeSet};
use std::slice;

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
    /// What the policy is called in the next certificate; empty when it has its own name there.
    mapped: Vec<Oid>,
    /// Positions in the level above.
    parents: Vec<usize>,
    /// Made of anyPolicy above, so that here begins a policy of the anchor's domain.
    from_any: bool,
}

impl Node {
    fn new(policy: &Oid, parents: Vec<usize>, from_any: bool) -> Self {
        Self { policy: policy.clone(), mapped: Vec::new(), parents, from_any }
    }

    /// expected_policy_set.
    fn expected(&self) -> &[Oid] {
        if self.mapped.is_empty() { slice::from_ref(&self.policy) } else { &self.mapped }
    }
}

impl Level {
    /// Section 6.1.2 (a): anyPolicy.
    pub(crate) fn root() -> Self {
        Self { nodes: vec![Node::new(&Oid::from_octets(oid::ANY_POLICY), Vec::new(), true)] }
    }

    /// Section 6.1.3 (d) and (e). Without policies there is no node.
    pub(crate) fn below(above: &Self, policies: &[Oid], any_counts: bool) -> Self {
        let expected = Expected::of(above);
        let any_above = above.position_of_any();
        let mut nodes = Vec::new();
        for policy in policies.iter().filter(|policy| !is_any_policy(policy)) {
            let parents = expected.nodes_that_expect(policy);
            match any_above {
                // (1)(i)
                _ if !parents.is_empty() => nodes.push(Node::new(policy, parents, false)),
                // (1)(ii)
                Some(any) => nodes.push(Node::new(policy, vec![any], true)),
                None => {}
            }
        }
        // (2)
        if any_counts && policies.iter().any(is_any_policy) {
            let there: BTreeSet<&Oid> = policies.iter().filter(|policy| !is_any_policy(policy)).collect();
            for (policy, parents) in expected.by_policy().filter(|(policy, _)| !there.contains(policy)) {
                nodes.push(Node::new(policy, parents, is_any_policy(policy)));
            }
        }
        Self { nodes }
    }

    /// Section 6.1.4 (b)(1).
    pub(crate) fn map(&mut self, above: &Self, mappings: &[(Oid, Oid)]) {
        let mut mapped: BTreeMap<&Oid, Vec<Oid>> = BTreeMap::new();
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
                node.mapped = subjects;
            }
        }
        // A policy that only anyPolicy covers becomes a node of its own.
        let (Some(_), Some(any_above)) = (self.position_of_any(), above.position_of_any()) else { return };
        for issuer in order {
            if let Some(subjects) = mapped.remove(issuer) {
                let parents = vec![any_above];
                self.nodes.push(Node { policy: issuer.clone(), mapped: subjects, parents, from_any: true });
            }
        }
    }

    /// Section 6.1.4 (b)(2).
    pub(crate) fn delete_mapped(&mut self, mappings: &[(Oid, Oid)]) {
        let deleted: BTreeSet<&Oid> = mappings.iter().map(|(issuer, _)| issuer).collect();
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

    fn position_of_any(&self) -> Option<usize> {
        self.nodes.iter().position(|node| is_any_policy(&node.policy))
    }
}

/// Each expected policy with the nodes that expect it, in the order of the policies.
struct Expected<'a>(Vec<(&'a Oid, usize)>);

impl<'a> Expected<'a> {
    fn of(level: &'a Level) -> Self {
        let nodes = level.nodes.iter().enumerate();
        let mut pairs: Vec<(&Oid, usize)> = nodes
            .flat_map(|(position, node)| node.expected().iter().map(move |policy| (policy, position)))
            .collect();
        pairs.sort_unstable();
        Self(pairs)
    }

    fn nodes_that_expect(&self, policy: &Oid) -> Vec<usize> {
        let start = self.0.partition_point(|(expected, _)| *expected < policy);
        let pairs = self.0.get(start..).unwrap_or_default().iter();
        pairs.take_while(|(expected, _)| *expected == policy).map(|(_, position)| *position).collect()
    }

    fn by_policy(&self) -> impl Iterator<Item = (&'a Oid, Vec<usize>)> {
        self.0.chunk_by(|one, other| one.0 == other.0).filter_map(|pairs| {
            let (policy, _) = pairs.first()?;
            Some((*policy, pairs.iter().map(|(_, position)| *position).collect()))
        })
    }
}

/// Section 6.1.5 (g): the policies that begin below anyPolicy and that the last level can be reached from; anyPolicy
/// when it reaches the last level itself.
pub(crate) fn authority_constrained(levels: &[Level]) -> Vec<Oid> {
    let mut found = Vec::new();
    let Some(last) = levels.last() else { return found };
    let mut marked = vec![true; last.nodes.len()];
    if let Some(any) = last.nodes.iter().find(|node| is_any_policy(&node.policy)) {
        found.push(any.policy.clone());
    }
    let mut upwards = levels.iter().rev().peekable();
    while let Some(level) = upwards.next() {
        let mut parents = vec![false; upwards.peek().map_or(0, |above| above.nodes.len())];
        for (node, _) in level.nodes.iter().zip(&marked).filter(|(_, marked)| **marked) {
            if node.from_any && !is_any_policy(&node.policy) {
                found.push(node.policy.clone());
            }
            for parent in &node.parents {
                if let Some(parent) = parents.get_mut(*parent) {
                    *parent = true;
                }
            }
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
