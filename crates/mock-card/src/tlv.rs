//! BER-TLV objects of the 券面 applications: two octets of tag.

/// One object. Values are short of 64 KiB.
pub(crate) fn tlv(tag: u16, value: &[u8]) -> Vec<u8> {
    let mut object = tag.to_be_bytes().to_vec();
    match u8::try_from(value.len()) {
        Ok(length) if length < 0x80 => object.push(length),
        Ok(length) => object.extend([0x81, length]),
        Err(_) => {
            let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
            object.push(0x82);
            object.extend(length.to_be_bytes());
        }
    }
    object.extend_from_slice(value);
    object
}

/// An object that begins with the table of its parts' offsets from the start of the file.
pub(crate) fn with_offsets(tag: u16, table_tag: u16, parts: &[Vec<u8>]) -> Vec<u8> {
    let body = |first: usize| {
        let mut at = first;
        let mut table = Vec::new();
        for part in parts {
            table.extend(u16::try_from(at).unwrap_or(u16::MAX).to_be_bytes());
            at += part.len();
        }
        tlv(tag, &[tlv(table_tag, &table), parts.concat()].concat())
    };
    // The headers are as long whatever the table says.
    let first = body(0).len() - parts.iter().map(Vec::len).sum::<usize>();
    body(first)
}
