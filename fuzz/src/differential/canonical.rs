//! The rules of X.690 and the definitions of the extensions of RFC 5280, written a second time on the tree: says why
//! an encoding is refused, when it should be.

use crate::differential::fields::{Extension, Fields, content};
use crate::differential::oid;
use crate::tree::{Content, Node};

/// Whether a certificate's own encoding breaks a rule: shape, lengths, values of primitive types, order in a SET.
pub(super) fn is_broken(octets: &[u8]) -> bool {
    let Some(tree) = Node::read(octets) else { return true };
    tree.der() != octets
        || Fields::read(octets).is_none()
        || breaks(&tree, 0)
        || extension_field_breaks(&tree)
}

/// A DEFAULT is written out: version 1, or `critical FALSE`; or extensions are there and none.
fn extension_field_breaks(tree: &Node) -> bool {
    let Some(tbs) = tree.children().first() else { return true };
    tbs.children().iter().any(|field| match field.tag {
        0xA0 => field.children().first().is_some_and(|number| number.octets() == [0]),
        0xA3 => {
            let Some(all) = field.children().first() else { return true };
            all.children().is_empty()
                || all.children().len() > 32
                || all.children().iter().any(|extension| {
                    extension
                        .children()
                        .get(1)
                        .is_some_and(|critical| critical.tag == 1 && critical.octets() == [0])
                })
        }
        _ => false,
    })
}

/// Whether the value of an extension that is known is not one canonical encoding of its definition.
pub(super) fn extension_is_broken(extension: &Extension) -> bool {
    match Node::read(&extension.value) {
        None => true,
        Some(value) => {
            value.der() != extension.value || breaks(&value, 0) || !is_defined(&extension.id, &value)
        }
    }
}

fn breaks(node: &Node, depth: usize) -> bool {
    if depth > 22 {
        return true;
    }
    let octets = node.octets();
    let nodes = match &node.content {
        Content::Nodes(nodes) => Some(nodes),
        Content::Octets(_) => None,
    };
    match node.tag {
        0x01 => !matches!(octets, [0x00] | [0xFF]),
        0x02 | 0x0A => matches!(octets, [] | [0x00, 0x00..=0x7F, ..] | [0xFF, 0x80..=0xFF, ..]),
        0x03 => bits_break(octets),
        0x05 => !octets.is_empty(),
        0x06 => object_identifier_breaks(octets),
        0x17 => !is_time(octets, 13),
        0x18 => !is_time(octets, 15),
        0x0C => std::str::from_utf8(octets).is_err(),
        0x12 => !octets.iter().all(|octet| octet.is_ascii_digit() || *octet == b' '),
        0x13 => !octets.iter().all(|octet| octet.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(octet)),
        0x16 => !octets.is_ascii(),
        0x1A => !octets.iter().all(|octet| (0x20..0x7F).contains(octet)),
        0x1C => !octets.len().is_multiple_of(4),
        0x1E => !octets.len().is_multiple_of(2),
        // What an OCTET STRING holds is judged where it is known what it should hold.
        0x04 | 0x14 | 0x80..=0x9E => false,
        0x31 => {
            let Some(nodes) = nodes else { return true };
            let encodings: Vec<Vec<u8>> = nodes.iter().map(Node::der).collect();
            !encodings.is_sorted() || nodes.iter().any(|node| breaks(node, depth + 1))
        }
        0x30 | 0xA0..=0xBE => nodes.is_none_or(|nodes| nodes.iter().any(|node| breaks(node, depth + 1))),
        _ => true,
    }
}

fn bits_break(octets: &[u8]) -> bool {
    match octets {
        [] => true,
        [unused] => *unused != 0,
        [unused, .., last] => *unused > 7 || last.trailing_zeros() < u32::from(*unused),
    }
}

/// Named bits end with a bit that is set.
fn named_bits_break(octets: &[u8]) -> bool {
    match octets {
        [unused, .., last] => bits_break(octets) || last.trailing_zeros() != u32::from(*unused),
        _ => bits_break(octets),
    }
}

fn object_identifier_breaks(octets: &[u8]) -> bool {
    let starts = octets.iter().enumerate().filter(|(at, _)| *at == 0 || octets[at - 1] < 0x80);
    octets.last().is_none_or(|last| *last >= 0x80) || starts.into_iter().any(|(_, first)| *first == 0x80)
}

fn is_time(octets: &[u8], length: usize) -> bool {
    let Some((b'Z', digits)) = octets.split_last().map(|(last, digits)| (*last, digits)) else {
        return false;
    };
    if octets.len() != length || !digits.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let pairs: Vec<u32> =
        digits.chunks(2).map(|two| u32::from(two[0] - b'0') * 10 + u32::from(two[1] - b'0')).collect();
    let (year, rest) = if length == 13 {
        (pairs[0] + if pairs[0] < 50 { 2000 } else { 1900 }, &pairs[1..])
    } else {
        (pairs[0] * 100 + pairs[1], &pairs[2..])
    };
    let days = match rest[0] {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    (1..=12).contains(&rest[0])
        && (1..=days).contains(&rest[1])
        && rest[2] < 24
        && rest[3] < 60
        && rest[4] < 60
}

/// The definitions of RFC 5280 section 4.2. An extension that is not known may hold anything.
fn is_defined(id: &[u8], value: &Node) -> bool {
    match id {
        oid::AUTHORITY_KEY_IDENTIFIER => is_authority_key(value),
        oid::SUBJECT_KEY_IDENTIFIER => value.tag == 0x04,
        oid::KEY_USAGE => value.tag == 0x03 && is_key_usage(value.octets()),
        oid::CERTIFICATE_POLICIES => some_of(value, is_policy) && each_once(value),
        oid::POLICY_MAPPINGS => some_of(value, |pair| pair.tag == 0x30 && tags(pair) == [6, 6]),
        oid::SUBJECT_ALT_NAME | oid::ISSUER_ALT_NAME => some_of(value, is_general_name),
        oid::BASIC_CONSTRAINTS => is_basic_constraints(value),
        oid::NAME_CONSTRAINTS => is_name_constraints(value),
        oid::POLICY_CONSTRAINTS => is_policy_constraints(value),
        oid::EXT_KEY_USAGE => some_of(value, |purpose| purpose.tag == 0x06),
        oid::CRL_DISTRIBUTION_POINTS | oid::FRESHEST_CRL => some_of(value, is_distribution_point),
        oid::INHIBIT_ANY_POLICY => value.tag == 0x02 && is_count(value.octets()),
        oid::AUTHORITY_INFO_ACCESS | oid::SUBJECT_INFO_ACCESS => some_of(value, |access| {
            access.tag == 0x30
                && matches!(access.children(), [method, place] if method.tag == 6 && is_general_name(place))
        }),
        oid::OCSP_NO_CHECK => value.tag == 0x05,
        _ => true,
    }
}

/// SEQUENCE of at least one.
fn some_of(value: &Node, is_one: impl Fn(&Node) -> bool) -> bool {
    value.tag == 0x30 && is_some_of(value, is_one)
}

fn is_some_of(value: &Node, is_one: impl Fn(&Node) -> bool) -> bool {
    !value.children().is_empty() && value.children().iter().all(is_one)
}

fn tags(node: &Node) -> Vec<u8> {
    node.children().iter().map(|child| child.tag).collect()
}

/// Section 4.2.1.4: no policy twice.
fn each_once(value: &Node) -> bool {
    let all: Vec<&Node> = value.children().iter().filter_map(|policy| policy.children().first()).collect();
    all.iter().enumerate().all(|(at, one)| !all[..at].contains(one))
}

fn is_authority_key(value: &Node) -> bool {
    let right = |part: &Node| match part.tag {
        0xA1 => is_some_of(part, is_general_name),
        0x82 => !breaks(&Node { tag: 2, content: Content::Octets(content(part)) }, 0),
        _ => true,
    };
    value.tag == 0x30
        && matches!(tags(value)[..], [] | [0x80] | [0xA1, 0x82] | [0x80, 0xA1, 0x82])
        && value.children().iter().all(right)
}

fn is_key_usage(octets: &[u8]) -> bool {
    !named_bits_break(octets) && matches!(octets, [_, _] | [_, _, 0x80])
}

/// A policy and its qualifiers, of whose values nobody asks what they are: they are texts for people.
fn is_policy(policy: &Node) -> bool {
    let is_qualifier = |one: &Node| one.tag == 0x30 && matches!(one.children(), [id, _] if id.tag == 6);
    policy.tag == 0x30
        && match policy.children() {
            [id] => id.tag == 6,
            [id, all] => id.tag == 6 && some_of(all, is_qualifier),
            _ => false,
        }
}

fn is_general_name(name: &Node) -> bool {
    match name.tag {
        0xA0 => {
            matches!(name.children(), [id, value] if id.tag == 6 && value.tag == 0xA0 && value.children().len() == 1)
        }
        0x81 | 0x82 | 0x86 => !name.octets().is_empty() && name.octets().is_ascii(),
        0xA3 => true,
        0xA4 => matches!(name.children(), [name] if is_name(name)),
        0xA5 => {
            matches!(tags(name)[..], [0xA1] | [0xA0, 0xA1]) && name.children().iter().all(is_directory_string)
        }
        0x87 => matches!(name.octets().len(), 4 | 16),
        0x88 => !object_identifier_breaks(name.octets()),
        _ => false,
    }
}

fn is_directory_string(explicit: &Node) -> bool {
    matches!(explicit.children(), [string] if matches!(string.tag, 0x0C | 0x13 | 0x14 | 0x1C | 0x1E))
}

/// A Name: SETs of at least one type and value, each value text where its type says so.
pub(super) fn is_name(name: &Node) -> bool {
    let attribute = |attribute: &Node| {
        attribute.tag == 0x30
            && matches!(attribute.children(), [kind, value] if kind.tag == 6 && is_text(value))
    };
    name.tag == 0x30 && name.children().iter().all(|rdn| rdn.tag == 0x31 && is_some_of(rdn, attribute))
}

fn is_text(value: &Node) -> bool {
    let characters = |size: usize| {
        value.octets().chunks(size).all(|unit| {
            let number = unit.iter().fold(0_u32, |number, octet| number << 8 | u32::from(*octet));
            char::from_u32(number).is_some()
        })
    };
    match value.tag {
        0x1C => characters(4),
        0x1E => characters(2),
        _ => true,
    }
}

fn is_basic_constraints(value: &Node) -> bool {
    value.tag == 0x30
        && match value.children() {
            [] => true,
            [ca] => ca.tag == 1 && ca.octets() == [0xFF],
            [ca, length] => {
                ca.tag == 1 && ca.octets() == [0xFF] && length.tag == 2 && is_count(length.octets())
            }
            _ => false,
        }
}

/// INTEGER (0..MAX) of 32 bits.
fn is_count(octets: &[u8]) -> bool {
    match octets {
        [] | [0x80..=0xFF, ..] => false,
        [0, rest @ ..] => rest.len() <= 4,
        _ => octets.len() <= 4,
    }
}

fn is_name_constraints(value: &Node) -> bool {
    value.tag == 0x30
        && matches!(tags(value)[..], [0xA0] | [0xA1] | [0xA0, 0xA1])
        && value.children().iter().all(|list| is_some_of(list, is_subtree))
}

/// A base alone: minimum and maximum have no use (section 4.2.1.10).
fn is_subtree(subtree: &Node) -> bool {
    subtree.tag == 0x30 && matches!(subtree.children(), [base] if is_base(base))
}

/// A host without a period in front, a mailbox or hosts, hosts of URIs, a range of addresses; an empty text is one.
pub(super) fn is_base(base: &Node) -> bool {
    let text = || std::str::from_utf8(base.octets()).ok();
    match base.tag {
        0x81 | 0x82 | 0x86 if base.octets().is_empty() => true,
        0x81 => text().is_some_and(|text| match text.split_once('@') {
            Some((local, host)) => is_local_part(local) && is_host(host),
            None => is_host(text.strip_prefix('.').unwrap_or(text)),
        }),
        0x82 => text().is_some_and(is_host),
        0x86 => text().is_some_and(|text| {
            let host = text.strip_prefix('.').unwrap_or(text);
            is_host(host) && !is_number(host.trim_end_matches('.').rsplit('.').next().unwrap_or(host))
        }),
        0x87 => is_range(base.octets()),
        _ => is_general_name(base),
    }
}

/// Labels of letters, digits, hyphens and underscores; one period may end them.
fn is_host(text: &str) -> bool {
    let text = text.strip_suffix('.').unwrap_or(text);
    text.len() <= 253
        && text.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter))
        })
}

fn is_number(label: &str) -> bool {
    label.chars().all(|letter| letter.is_ascii_digit())
}

/// Atoms (RFC 5322 section 3.2.3).
fn is_local_part(text: &str) -> bool {
    let atom = |letter: char| letter.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(letter);
    text.len() <= 64 && text.split('.').all(|part| !part.is_empty() && part.chars().all(atom))
}

/// An address and a mask whose ones stand before its zeros.
fn is_range(octets: &[u8]) -> bool {
    let mask = &octets[octets.len() / 2..];
    let ones: u32 = mask.iter().map(|octet| octet.count_ones()).sum();
    let bit = |at: usize| mask[at / 8] & (0x80 >> (at % 8)) != 0;
    matches!(octets.len(), 8 | 32) && (0..usize::try_from(ones).expect("few")).all(bit)
}

fn is_policy_constraints(value: &Node) -> bool {
    value.tag == 0x30
        && matches!(tags(value)[..], [0x80] | [0x81] | [0x80, 0x81])
        && value.children().iter().all(|count| {
            let octets = content(count);
            is_count(&octets) && !breaks(&Node { tag: 2, content: Content::Octets(octets) }, 0)
        })
}

fn is_distribution_point(point: &Node) -> bool {
    let named = |name: &Node| matches!(name.children(), [one] if matches!(one.tag, 0xA0 | 0xA1));
    let right = |part: &Node| match part.tag {
        0xA0 => named(part),
        0x81 => !named_bits_break(part.octets()),
        0xA2 => is_some_of(part, is_general_name),
        _ => false,
    };
    point.tag == 0x30
        && tags(point).is_sorted_by_key(|tag| tag & 0x1F)
        && point.children().iter().any(|part| part.tag != 0x81)
        && point.children().iter().all(right)
}
