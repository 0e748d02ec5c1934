use super::*;

fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match u8::try_from(value.len()) {
        Ok(length @ 0..=0x7f) => out.push(length),
        Ok(length) => out.extend([0x81, length]),
        Err(_) => {
            out.push(0x82);
            out.extend(u16::try_from(value.len()).expect("short").to_be_bytes());
        }
    }
    out.extend_from_slice(value);
    out
}

/// GeneralSubtree of one base.
fn subtree(tag: u8, base: &[u8]) -> Vec<u8> {
    tlv(0x30, &tlv(tag, base))
}

fn value(permitted: &[Vec<u8>], excluded: &[Vec<u8>]) -> Vec<u8> {
    let list = |tag, subtrees: &[Vec<u8>]| {
        if subtrees.is_empty() { Vec::new() } else { tlv(tag, &subtrees.concat()) }
    };
    tlv(0x30, &[list(0xa0, permitted), list(0xa1, excluded)].concat())
}

fn constraints(permitted: &[Vec<u8>], excluded: &[Vec<u8>]) -> NameConstraints {
    NameConstraints::read(&value(permitted, excluded)).expect("constraints")
}

/// A name of (attribute type, string tag, value).
fn rdns(attributes: &[(&[u8], u8, &str)]) -> Vec<u8> {
    let all: Vec<u8> = attributes
        .iter()
        .flat_map(|(oid, tag, text)| {
            tlv(0x31, &tlv(0x30, &[tlv(6, oid), tlv(*tag, text.as_bytes())].concat()))
        })
        .collect();
    tlv(0x30, &all)
}

fn name(der: &[u8]) -> Name {
    Name::read(&mut Reader::new(der)).expect("a name")
}

fn general(tag: u8, octets: &[u8]) -> GeneralName {
    let tlv = tlv(tag, octets);
    GeneralName::from_tlv(Reader::new(&tlv).read().expect("one encoding")).expect("a general name")
}

fn judged(above: &[&NameConstraints], subject: &Name, names: &[GeneralName]) -> &'static str {
    let mut state = NameState::new();
    for constraints in above {
        state.add(constraints);
    }
    state.check(subject, names.to_vec()).map_or_else(NameConstraintError::code, |()| "accepted")
}

fn empty() -> Name {
    name(&rdns(&[]))
}

const RFC822: u8 = 0x81;
const DNS: u8 = 0x82;
const DIRECTORY: u8 = 0xa4;
const URI: u8 = 0x86;
const IP: u8 = 0x87;
const COUNTRY: &[u8] = &[0x55, 4, 6];
const ORGANIZATION: &[u8] = &[0x55, 4, 10];
const COMMON_NAME: &[u8] = &[0x55, 4, 3];
const EMAIL: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1];

#[test]
fn each_form_permitted_and_excluded() {
    for (tag, base, inside, outside) in [
        (DNS, "example.com", "a.example.com", "example.org"),
        (DNS, "", "a.example.com", ""),
        (DNS, "foo.example.com", "foo.example.com", "*.example.com"),
        (RFC822, "example.com", "a@example.com", "a@b.example.com"),
        (RFC822, ".example.com", "a@b.example.com", "a@example.com"),
        (RFC822, "a@example.com", "a@EXAMPLE.com", "A@example.com"),
        (URI, "example.com", "http://example.com/", "http://a.example.com/"),
        (URI, ".example.com", "http://a.example.com/", "http://example.com/"),
    ] {
        let permitted = constraints(&[subtree(tag, base.as_bytes())], &[]);
        let excluded = constraints(&[], &[subtree(tag, base.as_bytes())]);
        let name = [general(tag, inside.as_bytes())];
        assert_eq!(judged(&[&permitted], &empty(), &name), "accepted", "{base} {inside}");
        assert_eq!(judged(&[&excluded], &empty(), &name), "name_excluded", "{base} {inside}");
        if !outside.is_empty() {
            let name = [general(tag, outside.as_bytes())];
            assert_eq!(judged(&[&permitted], &empty(), &name), "name_not_permitted", "{base} {outside}");
            if !outside.starts_with('*') {
                assert_eq!(judged(&[&excluded], &empty(), &name), "accepted", "{base} {outside}");
            }
        }
    }
    let net = subtree(IP, &[192, 0, 2, 0, 255, 255, 255, 0]);
    let (inside, outside) = ([general(IP, &[192, 0, 2, 9])], [general(IP, &[192, 0, 3, 9])]);
    assert_eq!(judged(&[&constraints(std::slice::from_ref(&net), &[])], &empty(), &inside), "accepted");
    assert_eq!(
        judged(&[&constraints(std::slice::from_ref(&net), &[])], &empty(), &outside),
        "name_not_permitted"
    );
    assert_eq!(judged(&[&constraints(&[], std::slice::from_ref(&net))], &empty(), &inside), "name_excluded");
    assert_eq!(judged(&[&constraints(&[], &[net])], &empty(), &outside), "accepted");
}

#[test]
fn a_wildcard_is_excluded_when_anything_it_stands_for_is() {
    let cve = constraints(&[], &[subtree(DNS, b"bar.example.com")]);
    assert_eq!(judged(&[&cve], &empty(), &[general(DNS, b"*.example.com")]), "name_excluded");
    assert_eq!(judged(&[&cve], &empty(), &[general(DNS, b"*.foo.example.com")]), "accepted");
}

#[test]
fn directory_names_by_their_first_rdns() {
    let jp = rdns(&[(COUNTRY, 0x13, "JP")]);
    let jp_o = rdns(&[(COUNTRY, 0x13, "JP"), (ORGANIZATION, 0x0c, "Midori")]);
    let jp_o_other_type = rdns(&[(COUNTRY, 0x13, "JP"), (ORGANIZATION, 0x13, "MIDORI")]);
    let us = rdns(&[(COUNTRY, 0x13, "US")]);
    let turned = rdns(&[(ORGANIZATION, 0x0c, "Midori"), (COUNTRY, 0x13, "JP")]);
    let permit = |base: &[u8]| constraints(&[subtree(DIRECTORY, base)], &[]);
    let exclude = |base: &[u8]| constraints(&[], &[subtree(DIRECTORY, base)]);
    for (constraints, subject, expected) in [
        (permit(&jp), &jp, "accepted"),
        (permit(&jp), &jp_o, "accepted"),
        (permit(&jp_o), &jp_o_other_type, "accepted"),
        (permit(&jp_o), &jp, "name_not_permitted"),
        (permit(&jp), &us, "name_not_permitted"),
        (permit(&jp), &turned, "name_not_permitted"),
        (permit(empty().der()), &us, "accepted"),
        (exclude(&jp), &jp_o, "name_excluded"),
        (exclude(&jp), &us, "accepted"),
        (exclude(empty().der()), &us, "name_excluded"),
    ] {
        assert_eq!(judged(&[&constraints], &name(subject), &[]), expected);
        // The same in subjectAltName, where an empty subject is not checked.
        assert_eq!(judged(&[&constraints], &empty(), &[general(DIRECTORY, subject)]), expected);
    }
    assert_eq!(judged(&[&permit(&jp)], &name(&jp), &[general(DIRECTORY, &us)]), "name_not_permitted");
    assert_eq!(judged(&[&permit(&jp)], &name(&us), &[general(DIRECTORY, &jp)]), "name_not_permitted");
}

#[test]
fn the_subjects_mail_addresses() {
    let subject = |text: &str| name(&rdns(&[(COMMON_NAME, 0x0c, "x"), (EMAIL, 0x16, text)]));
    let permitted = constraints(&[subtree(RFC822, b"example.com")], &[]);
    let one = constraints(&[subtree(RFC822, b"foo@example.com")], &[]);
    let excluded = constraints(&[], &[subtree(RFC822, b"foo@example.com")]);
    for (constraints, address, expected) in [
        (&permitted, "a@example.com", "accepted"),
        (&permitted, "a@example.org", "name_not_permitted"),
        (&permitted, "no address", "name_malformed"),
        (&one, "FOO@example.com", "name_not_permitted"),
        (&excluded, "FOO@example.com", "name_excluded"),
        (&excluded, "bar@example.com", "accepted"),
    ] {
        assert_eq!(judged(&[constraints], &subject(address), &[]), expected, "{address}");
        // A subjectAltName does not hide them.
        let san = [general(RFC822, b"a@example.com"), general(DNS, b"a")];
        if constraints != &one {
            assert_eq!(judged(&[constraints], &subject(address), &san), expected, "{address}");
        }
    }
    let utf8 = name(&rdns(&[(EMAIL, 0x0c, "a@example.com")]));
    assert_eq!(judged(&[&permitted], &utf8, &[]), "name_malformed");
    let two = name(&rdns(&[(EMAIL, 0x16, "a@example.com"), (EMAIL, 0x16, "a@example.org")]));
    assert_eq!(judged(&[&permitted], &two, &[]), "name_not_permitted");
    // commonName is no host name.
    let dns = constraints(&[subtree(DNS, b"example.com")], &[]);
    assert_eq!(judged(&[&dns], &name(&rdns(&[(COMMON_NAME, 0x0c, "example.org")])), &[]), "accepted");
}

#[test]
fn every_name_must_pass_the_constraints_of_every_certificate() {
    let wide = constraints(&[subtree(DNS, b"foo.example.com"), subtree(DNS, b"bar.example.com")], &[]);
    let narrow = constraints(&[subtree(DNS, b"bar.example.com")], &[]);
    let (foo, bar) = (general(DNS, b"foo.example.com"), general(DNS, b"bar.example.com"));
    assert_eq!(judged(&[&wide], &empty(), &[foo.clone(), bar.clone()]), "accepted");
    for above in [[&wide, &narrow], [&narrow, &wide]] {
        assert_eq!(judged(&above, &empty(), std::slice::from_ref(&foo)), "name_not_permitted");
        assert_eq!(judged(&above, &empty(), std::slice::from_ref(&bar)), "accepted");
        assert_eq!(judged(&above, &empty(), &[bar.clone(), foo.clone()]), "name_not_permitted");
    }
    let both = constraints(&[subtree(DNS, b"example.com")], &[subtree(DNS, b"foo.example.com")]);
    assert_eq!(judged(&[&both], &empty(), &[foo]), "name_excluded");
    // Constraints of another form say nothing.
    assert_eq!(judged(&[&both], &empty(), &[general(IP, &[192, 0, 2, 1])]), "accepted");
    assert_eq!(judged(&[], &empty(), &[bar]), "accepted");
}

#[test]
fn l3_what_is_not_processed_is_refused_where_it_applies() {
    let other_name = [6, 2, 0x2a, 3, 0xa0, 2, 5, 0];
    for (tag, base) in
        [(0xa0, &other_name[..]), (0xa3, &[0x30, 0]), (0xa5, &[0xa1, 3, 0x0c, 1, b'p']), (0x88, &[0x2a, 3])]
    {
        let name = [general(tag, base)];
        for list in [
            constraints(&[subtree(tag, base)], &[]),
            constraints(&[subtree(DNS, b"example.com")], &[subtree(tag, base)]),
        ] {
            assert_eq!(judged(&[&list], &empty(), &name), "name_constraint_unsupported", "{tag:x}");
            assert_eq!(judged(&[&list], &empty(), &[general(IP, &[192, 0, 2, 1])]), "accepted", "{tag:x}");
        }
    }
    // Bases without an agreed meaning, and addresses that are not compared.
    for (tag, base, text) in [
        (RFC822, "", "a@b"),
        (RFC822, "\"a\"@b", "a@b"),
        (RFC822, "a@[192.0.2.1]", "a@b"),
        (URI, "", "http://b/"),
    ] {
        let base = subtree(tag, base.as_bytes());
        for list in
            [constraints(std::slice::from_ref(&base), &[]), constraints(&[], std::slice::from_ref(&base))]
        {
            let name = [general(tag, text.as_bytes())];
            assert_eq!(judged(&[&list], &empty(), &name), "name_constraint_unsupported", "{text}");
            assert_eq!(judged(&[&list], &empty(), &[general(DNS, b"b")]), "accepted", "{text}");
        }
    }
}

#[test]
fn l3_a_name_that_cannot_be_compared_is_refused_under_a_constraint() {
    for (tag, base, text) in [
        (DNS, "example.com", ".example.com"),
        (DNS, "example.com", "ex*mple.example.com"),
        (DNS, "example.com", "*"),
        (RFC822, "example.com", "invalid@address@example.com"),
        (RFC822, "example.com", "\"a\"@example.com"),
        (RFC822, "example.com", "example.com"),
        (URI, "example.com", "urn:example.com"),
        (URI, "example.com", "http://192.0.2.1/"),
    ] {
        let name = [general(tag, text.as_bytes())];
        for list in [
            constraints(&[subtree(tag, base.as_bytes())], &[]),
            constraints(&[], &[subtree(tag, base.as_bytes())]),
        ] {
            assert_eq!(judged(&[&list], &empty(), &name), "name_malformed", "{text}");
        }
        let unrelated = constraints(&[subtree(IP, &[0; 8])], &[]);
        assert_eq!(judged(&[&unrelated], &empty(), &name), "accepted", "{text}");
    }
}

#[test]
fn mail_addresses_of_other_scripts_are_under_constraints_on_mail() {
    let other =
        |kind: &[u8]| [tlv(6, kind), tlv(0xa0, &tlv(0x0c, "\u{8001}@example.com".as_bytes()))].concat();
    let mailbox = general(0xa0, &other(&[0x2b, 6, 1, 5, 5, 7, 8, 9]));
    let unlike_mail = general(0xa0, &other(&[0x2b, 6, 1, 5, 5, 7, 8, 7]));
    let base = subtree(RFC822, b"example.com");
    for list in [constraints(std::slice::from_ref(&base), &[]), constraints(&[], &[base])] {
        let judge = |name: &GeneralName| judged(&[&list], &empty(), std::slice::from_ref(name));
        assert_eq!(judge(&mailbox), "name_constraint_unsupported");
        assert_eq!(judge(&unlike_mail), "accepted");
    }
    let elsewhere = constraints(&[], &[subtree(DNS, b"example.com")]);
    assert_eq!(judged(&[&elsewhere], &empty(), &[mailbox]), "accepted");
}

#[test]
fn malformed_constraints() {
    let dns = tlv(DNS, b"a");
    for (octets, rule) in [
        (tlv(0x30, &[]), DerError::Truncated),
        (tlv(0x30, &tlv(0xa0, &[])), DerError::Truncated),
        (tlv(0x30, &tlv(0xa1, &[])), DerError::Truncated),
        (value(&[tlv(0x30, &[dns.clone(), tlv(0x80, &[0])].concat())], &[]), DerError::Default),
        (value(&[tlv(0x30, &[dns.clone(), tlv(0x80, &[1])].concat())], &[]), DerError::Integer),
        (value(&[tlv(0x30, &[dns.clone(), tlv(0x81, &[1])].concat())], &[]), DerError::TrailingOctets),
        (value(&[subtree(DNS, b".example.com")], &[]), DerError::String),
        (value(&[subtree(DNS, b"*.example.com")], &[]), DerError::String),
        (value(&[subtree(DNS, b".")], &[]), DerError::String),
        (value(&[subtree(DNS, &[0xff])], &[]), DerError::String),
        (value(&[], &[subtree(RFC822, b"invalid@invalid@example.com")]), DerError::String),
        (value(&[], &[subtree(URI, b"http://example.com/")]), DerError::String),
        (value(&[subtree(IP, &[192, 0, 2, 1])], &[]), DerError::String),
        (value(&[subtree(IP, &[192, 0, 2, 0, 255, 0, 255, 0])], &[]), DerError::String),
        (value(&[subtree(0x89, &[])], &[]), DerError::UnexpectedTag),
        ([value(&[subtree(DNS, b"a")], &[]), vec![5, 0]].concat(), DerError::TrailingOctets),
        (
            tlv(0x30, &[tlv(0xa1, &subtree(DNS, b"a")), tlv(0xa0, &subtree(DNS, b"a"))].concat()),
            DerError::TrailingOctets,
        ),
    ] {
        assert_eq!(NameConstraints::read(&octets), Err(rule), "{octets:02x?}");
    }
}

#[test]
fn the_cost_is_known_before_the_work() {
    let many: Vec<Vec<u8>> = (0..100).map(|i| subtree(DNS, format!("t{i}.test").as_bytes())).collect();
    let constraints = constraints(&many, &many);
    let mut state = NameState::new();
    state.add(&constraints);
    let subject = name(&rdns(&[(EMAIL, 0x16, "a@b"), (EMAIL, 0x16, "a@c")]));
    assert_eq!(state.cost(&subject, 50), 200 * 53);
    assert_eq!(NameState::new().cost(&subject, 50), 0);
}
