use super::*;

const ANY: &str = "2.5.29.32.0";

/// One certificate of a path.
#[derive(Clone, Debug, Default)]
struct Certificate {
    policies: Vec<Oid>,
    mappings: Vec<(Oid, Oid)>,
    require_explicit: Option<u32>,
    inhibit_mapping: Option<u32>,
    inhibit_any: Option<u32>,
    self_issued: bool,
}

fn oid(text: &str) -> Oid {
    if text == "any" {
        ANY.parse().expect("an identifier")
    } else {
        format!("1.2.{text}").parse().expect("a number")
    }
}

fn oids(texts: &[&str]) -> Vec<Oid> {
    texts.iter().map(|text| oid(text)).collect()
}

fn cert(policies: &[&str]) -> Certificate {
    Certificate { policies: oids(policies), ..Certificate::default() }
}

impl Certificate {
    fn maps(mut self, pairs: &[(&str, &str)]) -> Self {
        self.mappings = pairs.iter().map(|(from, to)| (oid(from), oid(to))).collect();
        self
    }

    fn require_explicit(mut self, skip: u32) -> Self {
        self.require_explicit = Some(skip);
        self
    }

    fn inhibit_mapping(mut self, skip: u32) -> Self {
        self.inhibit_mapping = Some(skip);
        self
    }

    fn inhibit_any(mut self, skip: u32) -> Self {
        self.inhibit_any = Some(skip);
        self
    }

    fn self_issued(mut self) -> Self {
        self.self_issued = true;
        self
    }

    fn input(&self) -> PolicyInput<'_> {
        let constraints = PolicyConstraints {
            require_explicit: self.require_explicit,
            inhibit_mapping: self.inhibit_mapping,
        };
        let some = constraints.require_explicit.is_some() || constraints.inhibit_mapping.is_some();
        PolicyInput {
            policies: &self.policies,
            mappings: &self.mappings,
            constraints: some.then_some(constraints),
            inhibit_any: self.inhibit_any,
        }
    }
}

fn run<'s>(
    settings: &'s PolicySettings,
    path: &[Certificate],
) -> (Result<PolicySet, PolicyGraphError>, PolicyGraph<'s>) {
    let mut graph = PolicyGraph::new(settings, path.len());
    let (last, above) = path.split_last().expect("a path");
    for certificate in above {
        let step = graph
            .process(&certificate.input(), certificate.self_issued, false)
            .and_then(|()| graph.prepare_next(&certificate.input(), certificate.self_issued));
        if let Err(error) = step {
            return (Err(error), graph);
        }
    }
    let result = graph
        .process(&last.input(), last.self_issued, true)
        .and_then(|()| graph.clone().wrap_up(&last.input()));
    (result, graph)
}

fn explicit(initial: &[&str]) -> PolicySettings {
    PolicySettings {
        initial: InitialPolicies::of(oids(initial)),
        explicit_policy: true,
        ..PolicySettings::default()
    }
}

/// The authorities' and the user's policies, or the error's code.
#[track_caller]
fn check(settings: &PolicySettings, path: &[Certificate], expected: Result<(&[&str], &[&str]), &str>) {
    let result = run(settings, path).0.map_err(PolicyGraphError::code);
    let sorted = |texts: &[&str]| {
        let mut all = oids(texts);
        all.sort_unstable();
        all
    };
    let expected = expected.map(|(authority, user)| PolicySet {
        authority_constrained: sorted(authority),
        user_constrained: sorted(user),
    });
    assert_eq!(result, expected, "{path:?}");
}

#[test]
fn a_policy_must_be_in_every_certificate() {
    let any = PolicySettings::default();
    check(&any, &[cert(&["1"]), cert(&["1"])], Ok((&["1"], &["1"])));
    check(&any, &[cert(&["1"]), cert(&["2"])], Ok((&[], &[])));
    check(&any, &[cert(&[]), cert(&["1"])], Ok((&[], &[])));
    check(&any, &[cert(&["1"]), cert(&[])], Ok((&[], &[])));
    check(&any, &[cert(&["1", "2", "3"]), cert(&["2", "3"]), cert(&["3", "1"])], Ok((&["3"], &["3"])));
    check(&explicit(&[]), &[cert(&["1"]), cert(&["2"])], Err("policy_required"));
    check(&explicit(&[]), &[cert(&["1"]), cert(&["1"])], Ok((&["1"], &["1"])));
    check(&explicit(&["1"]), &[cert(&["1", "2"]), cert(&["1", "2"])], Ok((&["1", "2"], &["1"])));
    check(&explicit(&["3"]), &[cert(&["1", "2"]), cert(&["1", "2"])], Err("policy_not_asked_for"));
    // Without an explicit policy the set may be empty.
    let of_3 = PolicySettings { initial: InitialPolicies::of(oids(&["3"])), ..PolicySettings::default() };
    check(&of_3, &[cert(&["1"]), cert(&["1"])], Ok((&["1"], &[])));
}

#[test]
fn any_policy_stands_for_all() {
    check(&explicit(&[]), &[cert(&["any"]), cert(&["1"])], Ok((&["1"], &["1"])));
    check(&explicit(&["1"]), &[cert(&["1"]), cert(&["any"])], Ok((&["1"], &["1"])));
    check(&explicit(&["2"]), &[cert(&["1"]), cert(&["any"])], Err("policy_not_asked_for"));
    check(&explicit(&["1", "2"]), &[cert(&["any"]), cert(&["any"])], Ok((&["any"], &["1", "2"])));
    check(&explicit(&[]), &[cert(&["any"]), cert(&["any"])], Ok((&["any"], &["any"])));
    check(&explicit(&["any", "1"]), &[cert(&["2"]), cert(&["2"])], Ok((&["2"], &["2"])));
    check(&explicit(&["2"]), &[cert(&["any", "1"]), cert(&["any", "1"])], Ok((&["any", "1"], &["2"])));
}

#[test]
fn inhibit_any_policy_with_its_counts() {
    let inhibited = PolicySettings { inhibit_any_policy: true, ..explicit(&[]) };
    check(&inhibited, &[cert(&["any"]), cert(&["1"])], Err("policy_required"));
    check(&inhibited, &[cert(&["1"]), cert(&["1"])], Ok((&["1"], &["1"])));
    let free = explicit(&[]);
    check(&free, &[cert(&["1"]).inhibit_any(0), cert(&["any"])], Err("policy_required"));
    check(&free, &[cert(&["1"]).inhibit_any(0), cert(&["1"])], Ok((&["1"], &["1"])));
    check(&free, &[cert(&["1"]).inhibit_any(1), cert(&["any"]), cert(&["any"])], Err("policy_required"));
    check(&free, &[cert(&["1"]).inhibit_any(1), cert(&["any"]), cert(&["1"])], Ok((&["1"], &["1"])));
    // A later, greater count changes nothing.
    check(
        &free,
        &[cert(&["1"]).inhibit_any(0), cert(&["1"]).inhibit_any(5), cert(&["any"])],
        Err("policy_required"),
    );
    // Self-issued certificates do not count and may assert anyPolicy, but not as the last one.
    let first = cert(&["1"]).inhibit_any(0);
    check(&free, &[first.clone(), cert(&["any"]).self_issued(), cert(&["1"])], Ok((&["1"], &["1"])));
    check(&free, &[first.clone(), cert(&["any"]).self_issued(), cert(&["any"])], Err("policy_required"));
    check(&free, &[first, cert(&["any"]).self_issued()], Err("policy_required"));
    let one = cert(&["1"]).inhibit_any(1);
    check(&free, &[one, cert(&["1"]).self_issued(), cert(&["any"]), cert(&["1"])], Ok((&["1"], &["1"])));
}

#[test]
fn require_explicit_policy_with_its_counts() {
    let any = PolicySettings::default();
    check(&any, &[cert(&["1"]).require_explicit(0), cert(&[])], Err("policy_required"));
    check(&any, &[cert(&["1"]).require_explicit(1), cert(&[])], Err("policy_not_asked_for"));
    check(&any, &[cert(&["1"]).require_explicit(2), cert(&[])], Ok((&[], &[])));
    check(&any, &[cert(&[]).require_explicit(1), cert(&[]), cert(&[])], Err("policy_required"));
    check(&any, &[cert(&[]).require_explicit(u32::MAX), cert(&[])], Ok((&[], &[])));
    check(&any, &[cert(&[]).require_explicit(2), cert(&[]).self_issued(), cert(&[])], Ok((&[], &[])));
    // In the last certificate only 0 says something.
    check(&any, &[cert(&[]), cert(&[]).require_explicit(0)], Err("policy_not_asked_for"));
    check(&any, &[cert(&[]), cert(&[]).require_explicit(1)], Ok((&[], &[])));
    check(&any, &[cert(&["1"]), cert(&["1"]).require_explicit(0)], Ok((&["1"], &["1"])));
}

#[test]
fn mappings_follow_a_policy_into_another_domain() {
    let free = explicit(&[]);
    let mapped = cert(&["1"]).maps(&[("1", "2")]);
    check(&free, &[mapped.clone(), cert(&["2"])], Ok((&["1"], &["1"])));
    check(&free, &[mapped.clone(), cert(&["1"])], Err("policy_required"));
    check(&explicit(&["1"]), &[mapped.clone(), cert(&["2"])], Ok((&["1"], &["1"])));
    check(&explicit(&["2"]), &[mapped.clone(), cert(&["2"])], Err("policy_not_asked_for"));
    check(&free, &[mapped.clone(), cert(&["any"])], Ok((&["1"], &["1"])));
    check(&free, &[mapped.clone(), cert(&["2"]).maps(&[("2", "3")]), cert(&["3"])], Ok((&["1"], &["1"])));
    // One policy to two, two to one.
    check(&free, &[cert(&["1"]).maps(&[("1", "2"), ("1", "3")]), cert(&["3"])], Ok((&["1"], &["1"])));
    check(
        &free,
        &[cert(&["1", "4"]).maps(&[("1", "2"), ("4", "2")]), cert(&["2"])],
        Ok((&["1", "4"], &["1", "4"])),
    );
    // A policy that is not mapped keeps its name.
    check(&free, &[cert(&["1", "5"]).maps(&[("1", "2")]), cert(&["5"])], Ok((&["5"], &["5"])));
    // Only anyPolicy covers the mapped policy.
    check(&free, &[cert(&["any"]).maps(&[("1", "2")]), cert(&["2"])], Ok((&["1"], &["1"])));
    check(&free, &[cert(&["1"]), cert(&["any"]).maps(&[("1", "2")]), cert(&["2"])], Ok((&["1"], &["1"])));
    check(&free, &[cert(&["5"]), cert(&["any"]).maps(&[("1", "2")]), cert(&["2"])], Err("policy_required"));
    check(&free, &[cert(&["5"]).maps(&[("1", "2")]), cert(&["2"])], Err("policy_required"));
    check(&free, &[cert(&["any"]).inhibit_any(0).maps(&[("1", "2")]), cert(&["2"])], Ok((&["1"], &["1"])));
    let no_any = PolicySettings { inhibit_any_policy: true, ..explicit(&[]) };
    check(&no_any, &[cert(&["any"]).maps(&[("1", "2")]), cert(&["2"])], Err("policy_required"));
    for pair in [("any", "2"), ("1", "any")] {
        check(&free, &[cert(&["1", "any"]).maps(&[pair]), cert(&["2"])], Err("policy_mapping_any"));
    }
}

#[test]
fn inhibit_policy_mapping_with_its_counts() {
    let mapped = cert(&["1", "3"]).maps(&[("1", "2")]);
    let inhibited = PolicySettings { inhibit_mapping: true, ..explicit(&[]) };
    check(&inhibited, &[mapped.clone(), cert(&["2"])], Err("policy_required"));
    check(&inhibited, &[mapped.clone(), cert(&["1"])], Err("policy_required"));
    check(&inhibited, &[mapped.clone(), cert(&["3"])], Ok((&["3"], &["3"])));
    let free = explicit(&[]);
    check(&free, &[cert(&["1"]).inhibit_mapping(0), mapped.clone(), cert(&["2"])], Err("policy_required"));
    check(&free, &[cert(&["1"]).inhibit_mapping(1), mapped.clone(), cert(&["2"])], Ok((&["1"], &["1"])));
    let twice = cert(&["2"]).maps(&[("2", "4")]);
    check(
        &free,
        &[cert(&["1"]).inhibit_mapping(1), mapped.clone(), twice, cert(&["4"])],
        Err("policy_required"),
    );
    let own = cert(&["1"]).self_issued();
    check(&free, &[cert(&["1"]).inhibit_mapping(1), own, mapped, cert(&["2"])], Ok((&["1"], &["1"])));
}

/// RFC 9618 section 3: each certificate asserts k policies and maps each to all k, so that the tree of RFC 5280 had
/// k^n nodes.
#[test]
fn l6_mappings_that_would_double_stay_linear() {
    let names: Vec<String> = (1..=5).map(|i| i.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let pairs: Vec<(&str, &str)> = names.iter().flat_map(|a| names.iter().map(|b| (*a, *b))).collect();
    let level = cert(&names).maps(&pairs);
    let settings = explicit(&[]);
    let mut sizes = Vec::new();
    for length in [10, 20, 40] {
        let (result, graph) = run(&settings, &vec![level.clone(); length]);
        assert_eq!(result.expect("valid").user_constrained, oids(&names));
        sizes.push(graph.size());
    }
    // Five nodes and twenty-five edges for each certificate.
    assert_eq!(sizes, [2 + 10 + 9 * 30, 2 + 10 + 19 * 30, 2 + 10 + 39 * 30].map(|size| size - 1));
}

#[test]
fn a_policy_beside_any_policy_is_one_node() {
    let settings = explicit(&[]);
    let (result, graph) = run(&settings, &[cert(&["1", "any"]), cert(&["1", "any"])]);
    assert!(result.is_ok());
    // The root; then each time two nodes with one parent each.
    assert_eq!(graph.size(), 1 + 4 + 4);
}
