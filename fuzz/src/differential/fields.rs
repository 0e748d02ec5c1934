//! A second reader of certificates that shares nothing with the strict one: it takes any encoding of the right shape,
//! and finds the fields that reasons are about.

use crate::differential::oid;
use crate::tree::{Content, Node};

pub(super) struct Fields {
    /// The content of the version's INTEGER; none when absent.
    pub(super) version: Option<Vec<u8>>,
    pub(super) serial: Vec<u8>,
    pub(super) inner_algorithm: Node,
    pub(super) outer_algorithm: Node,
    pub(super) issuer: Node,
    pub(super) not_before: Node,
    pub(super) not_after: Node,
    pub(super) subject: Node,
    pub(super) key: Node,
    pub(super) signature: Vec<u8>,
    pub(super) unique_identifiers: bool,
    /// None when the field is absent.
    pub(super) extensions: Option<Vec<Extension>>,
}

pub(super) struct Extension {
    pub(super) id: Vec<u8>,
    pub(super) critical: bool,
    pub(super) value: Vec<u8>,
}

impl Fields {
    /// None when the octets have not the shape of a certificate (RFC 5280 section 4.1).
    pub(super) fn read(octets: &[u8]) -> Option<Self> {
        let certificate = Node::read(octets)?;
        let [tbs, outer_algorithm, signature] = sequence(&certificate)? else { return None };
        let mut fields = sequence(tbs)?.iter().peekable();
        let version = match fields.next_if(|field| field.tag == 0xA0) {
            None => None,
            Some(version) => match version.children() {
                [number] => Some(of(number, 0x02)?.octets().to_vec()),
                _ => return None,
            },
        };
        let serial = of(fields.next()?, 0x02)?.octets().to_vec();
        let inner_algorithm = of(fields.next()?, 0x30)?.clone();
        let issuer = of(fields.next()?, 0x30)?.clone();
        let [not_before, not_after] = sequence(fields.next()?)? else { return None };
        let subject = of(fields.next()?, 0x30)?.clone();
        let key = of(fields.next()?, 0x30)?.clone();
        let mut unique_identifiers = false;
        for tag in [0x81, 0x82] {
            unique_identifiers |= fields.next_if(|field| field.tag == tag).is_some();
        }
        let extensions = match fields.next_if(|field| field.tag == 0xA3) {
            None => None,
            Some(explicit) => match explicit.children() {
                [all] => Some(sequence(all)?.iter().map(extension).collect::<Option<Vec<_>>>()?),
                _ => return None,
            },
        };
        if fields.next().is_some() {
            return None;
        }
        Some(Self {
            version,
            serial,
            inner_algorithm,
            outer_algorithm: of(outer_algorithm, 0x30)?.clone(),
            issuer,
            not_before: time(not_before)?.clone(),
            not_after: time(not_after)?.clone(),
            subject,
            key,
            signature: of(signature, 0x03)?.octets().to_vec(),
            unique_identifiers,
            extensions,
        })
    }

    pub(super) fn all(&self) -> &[Extension] {
        self.extensions.as_deref().unwrap_or_default()
    }

    pub(super) fn extension(&self, id: &[u8]) -> Option<&Extension> {
        self.all().iter().find(|extension| extension.id == id)
    }

    pub(super) fn has(&self, id: &[u8]) -> bool {
        self.extension(id).is_some()
    }

    pub(super) fn is_critical(&self, id: &[u8]) -> bool {
        self.extension(id).is_some_and(|extension| extension.critical)
    }

    /// The tree of an extension's value.
    pub(super) fn value(&self, id: &[u8]) -> Option<Node> {
        Node::read(&self.extension(id)?.value)
    }

    pub(super) fn is_ca(&self) -> bool {
        self.value(oid::BASIC_CONSTRAINTS).is_some_and(|value| {
            value.children().first().is_some_and(|first| first.tag == 1 && first.octets() != [0])
        })
    }

    /// pathLenConstraint, as its content octets.
    pub(super) fn path_length(&self) -> Option<Vec<u8>> {
        let value = self.value(oid::BASIC_CONSTRAINTS)?;
        value.children().iter().find(|part| part.tag == 2).map(|length| length.octets().to_vec())
    }

    /// The first octet of keyUsage.
    pub(super) fn key_usage(&self) -> Option<u8> {
        self.value(oid::KEY_USAGE)?.octets().get(1).copied()
    }

    /// keyIdentifier of authorityKeyIdentifier.
    pub(super) fn authority_key_id(&self) -> Option<Vec<u8>> {
        let value = self.value(oid::AUTHORITY_KEY_IDENTIFIER)?;
        value.children().iter().find(|part| part.tag == 0x80).map(|id| id.octets().to_vec())
    }

    pub(super) fn purposes(&self) -> Vec<Vec<u8>> {
        let value = self.value(oid::EXT_KEY_USAGE);
        value.iter().flat_map(|value| value.children()).map(|id| id.octets().to_vec()).collect()
    }

    /// subjectAltName: tags and encodings.
    pub(super) fn alternative_names(&self) -> Vec<Node> {
        self.value(oid::SUBJECT_ALT_NAME).map(|value| value.children().to_vec()).unwrap_or_default()
    }

    /// The bases of all subtrees of nameConstraints.
    pub(super) fn constrained(&self) -> Vec<Node> {
        let value = self.value(oid::NAME_CONSTRAINTS);
        value
            .iter()
            .flat_map(|value| value.children())
            .flat_map(Node::children)
            .filter_map(|subtree| subtree.children().first().cloned())
            .collect()
    }
}

fn sequence(node: &Node) -> Option<&[Node]> {
    match (node.tag, &node.content) {
        (0x30, Content::Nodes(nodes)) => Some(nodes),
        _ => None,
    }
}

fn of(node: &Node, tag: u8) -> Option<&Node> {
    (node.tag == tag).then_some(node)
}

fn time(node: &Node) -> Option<&Node> {
    matches!(node.tag, 0x17 | 0x18).then_some(node)
}

fn extension(node: &Node) -> Option<Extension> {
    let (id, critical, value) = match sequence(node)? {
        [id, value] => (id, false, value),
        [id, critical, value] => (id, of(critical, 0x01)?.octets() != [0], value),
        _ => return None,
    };
    Some(Extension { id: of(id, 0x06)?.octets().to_vec(), critical, value: content(of(value, 0x04)?) })
}

/// The octets inside an encoding.
pub(super) fn content(node: &Node) -> Vec<u8> {
    match &node.content {
        Content::Octets(octets) => octets.clone(),
        Content::Nodes(nodes) => nodes.iter().flat_map(Node::der).collect(),
    }
}
