//! A record in JSON: the line of an export.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use madoguchi_storage::{ChainEnd, ChainedRecord};

/// One line. Times are seconds, octets base64url; what a damaged text says is told as well as can be.
pub(super) fn json_of(record: &ChainedRecord) -> Value {
    let content = &record.content;
    json!({
        "position": record.position,
        "number": record.number,
        "format": record.format,
        "at": content.at,
        "kind": String::from_utf8_lossy(&content.kind),
        "sign_in": octets(content.sign_in.as_deref()),
        "client_id": text(content.client_id.as_deref()),
        "code": text(content.code.as_deref()),
        "evidence": text(content.evidence.as_deref()),
        "network": text(record.network.as_deref()),
        "network_salt": octets(record.network_salt.as_deref()),
        "network_digest": octets(content.network_digest.as_deref()),
        "salt": octets(record.salt.as_deref()),
        "content_digest": octets(Some(&record.content_digest)),
        "hash": octets(Some(&record.hash)),
    })
}

pub(super) fn json_of_end(end: ChainEnd) -> Value {
    json!({ "position": end.position, "hash": end.hash })
}

pub(super) fn text(octets: Option<&[u8]>) -> Option<String> {
    octets.map(|octets| String::from_utf8_lossy(octets).into_owned())
}

pub(super) fn octets(octets: Option<&[u8]>) -> Option<String> {
    octets.map(|octets| URL_SAFE_NO_PAD.encode(octets))
}
