//! DER as a tree that can be changed anywhere and written out again with right lengths, so that a fuzzer gets past the
//! lengths around what it changes. It shares no code with the strict reader and is more lenient.

use crate::input::Input;

/// One encoding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) tag: u8,
    pub(crate) content: Content,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Octets(Vec<u8>),
    Nodes(Vec<Node>),
}

impl Node {
    /// Reads one encoding; an OCTET STRING that holds one is opened too.
    pub(crate) fn read(octets: &[u8]) -> Option<Self> {
        let (node, rest) = read(octets, 0)?;
        rest.is_empty().then_some(node)
    }

    pub(crate) fn der(&self) -> Vec<u8> {
        let value = match &self.content {
            Content::Octets(octets) => octets.clone(),
            Content::Nodes(nodes) => nodes.iter().flat_map(Self::der).collect(),
        };
        let mut der = vec![self.tag];
        let length = u32::try_from(value.len()).expect("short").to_be_bytes();
        let digits: Vec<u8> = length.into_iter().skip_while(|digit| *digit == 0).collect();
        match digits[..] {
            [] => der.push(0),
            [short @ 0..0x80] => der.push(short),
            _ => {
                der.push(0x80 | u8::try_from(digits.len()).expect("at most four"));
                der.extend(digits);
            }
        }
        der.extend(value);
        der
    }

    pub(crate) fn children(&self) -> &[Self] {
        match &self.content {
            Content::Nodes(nodes) => nodes,
            Content::Octets(_) => &[],
        }
    }

    /// The octets of a primitive.
    pub(crate) fn octets(&self) -> &[u8] {
        match &self.content {
            Content::Octets(octets) => octets,
            Content::Nodes(_) => &[],
        }
    }

    fn count(&self) -> usize {
        1 + self.children().iter().map(Self::count).sum::<usize>()
    }

    /// The node at a place, counted from the top down, each before its children.
    fn at(&mut self, place: usize) -> Option<&mut Self> {
        if place == 0 {
            return Some(self);
        }
        let Content::Nodes(nodes) = &mut self.content else { return None };
        let mut place = place - 1;
        for node in nodes {
            let count = node.count();
            if place < count {
                return node.at(place);
            }
            place -= count;
        }
        None
    }

    /// Changes what the input says, until it says nothing more: place, how, and what that needs.
    pub(crate) fn edit(&mut self, input: &mut Input<'_>) {
        let mut edits = 0;
        while !input.is_empty() && edits < MOST_EDITS {
            edits += 1;
            let place = usize::from(input.u16()) % self.count();
            let how = input.octet();
            let taken = self.at(usize::from(input.octet()) % self.count()).map(|node| node.clone());
            let Some(node) = self.at(place) else { continue };
            let length = usize::from(how >> 3);
            match (how % 8, &mut node.content) {
                (0, Content::Octets(octets)) => *octets = input.octets(length).to_vec(),
                (1, Content::Octets(octets)) if !octets.is_empty() => {
                    let place = usize::from(input.octet()) % octets.len();
                    octets[place] = input.octet();
                }
                (2, Content::Octets(octets)) => octets.truncate(length),
                (3, Content::Octets(octets)) => octets.extend(input.octets(length)),
                (0 | 1, Content::Nodes(nodes)) if !nodes.is_empty() => {
                    let last = nodes.len() - 1;
                    nodes.swap(length.min(last), last);
                }
                (2, Content::Nodes(nodes)) => nodes.truncate(length),
                (3, Content::Nodes(nodes)) if !nodes.is_empty() => drop(nodes.remove(length % nodes.len())),
                (4, Content::Nodes(nodes)) => nodes.extend(taken),
                (5, _) => node.tag = input.octet(),
                (6, Content::Nodes(nodes)) => nodes.extend(nodes.first().cloned()),
                (7, _) => *node = taken.unwrap_or_else(|| node.clone()),
                _ => {}
            }
            if self.count() > MOST_NODES {
                return;
            }
        }
    }
}

fn read(octets: &[u8], depth: usize) -> Option<(Node, &[u8])> {
    let (&tag, rest) = octets.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7F))?;
        let length = digits.iter().try_fold(0_usize, |length, digit| {
            length.checked_mul(256).map(|length| length | usize::from(*digit))
        })?;
        (length, rest)
    };
    let (value, rest) = rest.split_at_checked(length)?;
    let opened =
        if depth < MOST_LEVELS && (tag & 0x20 != 0 || tag == 0x04) { children(value, depth) } else { None };
    // Octets that only look like an encoding stay what they are.
    let opened =
        opened.filter(|nodes| tag != 0x04 || nodes.iter().flat_map(Node::der).eq(value.iter().copied()));
    let content = opened.map_or_else(|| Content::Octets(value.to_vec()), Content::Nodes);
    Some((Node { tag, content }, rest))
}

fn children(mut value: &[u8], depth: usize) -> Option<Vec<Node>> {
    let mut nodes = Vec::new();
    while !value.is_empty() {
        let (node, rest) = read(value, depth + 1)?;
        nodes.push(node);
        value = rest;
    }
    Some(nodes)
}

const MOST_EDITS: usize = 16;
const MOST_NODES: usize = 4_000;
const MOST_LEVELS: usize = 30;
