//! A municipality's logo: a PNG (ISO/IEC 15948) and nothing else. An SVG can carry scripts and addresses, so there is none.

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, header};

use madoguchi_protocol::{Octets, sha256};

use crate::tenant::Tenant;

/// A checked PNG with what draws it and nothing else: no texts, no animation, no metadata.
#[derive(Clone, PartialEq, Eq)]
pub struct Logo {
    png: Vec<u8>,
    sha256: Octets<32>,
    width: u32,
    height: u32,
}

impl Logo {
    /// Reads a PNG chunk by chunk (sections 5 and 11). Chunks that draw nothing are left out.
    pub fn parse(file: &[u8]) -> Result<Self, LogoError> {
        if file.len() > MAX_LOGO_OCTETS {
            return Err(LogoError::TooLong);
        }
        let mut rest = file.strip_prefix(SIGNATURE).ok_or(LogoError::NoPng)?;
        let mut png = SIGNATURE.to_vec();
        let mut size = None;
        let (mut has_data, mut ended) = (false, false);
        while !rest.is_empty() {
            let chunk = Chunk::first(rest).ok_or(LogoError::Broken)?;
            rest = rest.get(chunk.whole.len()..).unwrap_or_default();
            if ended || (size.is_none() != (&chunk.kind == b"IHDR")) {
                return Err(LogoError::Broken);
            }
            match &chunk.kind {
                b"IHDR" => size = Some(header_of(chunk.data)?),
                b"IDAT" => has_data = true,
                b"IEND" => ended = true,
                b"PLTE" | b"tRNS" | b"gAMA" | b"cHRM" | b"sRGB" => {}
                // Section 5.4: a lower-case first letter says that the picture is there without it.
                [first, ..] if first.is_ascii_lowercase() => continue,
                _ => return Err(LogoError::Broken),
            }
            png.extend_from_slice(chunk.whole);
        }
        let (Some((width, height)), true, true) = (size, has_data, ended) else {
            return Err(LogoError::Broken);
        };
        Ok(Self { sha256: sha256(&png), png, width, height })
    }

    /// The file as it is kept and served.
    pub fn png(&self) -> &[u8] {
        &self.png
    }

    /// SHA-256 of the file.
    pub fn sha256(&self) -> Octets<32> {
        self.sha256
    }

    /// Another one for another picture, so that no browser shows the old one.
    pub(crate) fn version(&self) -> String {
        self.sha256.to_hex().chars().take(VERSION_CHARACTERS).collect()
    }

    pub(crate) fn width(&self) -> u32 {
        self.width
    }

    pub(crate) fn height(&self) -> u32 {
        self.height
    }
}

/// `GET /static/logo.png`.
pub(crate) async fn logo(tenant: Tenant) -> Response {
    let Some(logo) = &tenant.municipality.logo else { return tenant.not_found().into_response() };
    let mut response = logo.png.clone().into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("image/png"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    // Whatever a browser makes of it, it runs nothing and is shown on our pages alone.
    let policy = HeaderValue::from_static("default-src 'none'; sandbox");
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    headers.insert(
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    );
    response
}

/// A chunk with its length and CRC.
struct Chunk<'f> {
    kind: [u8; 4],
    data: &'f [u8],
    whole: &'f [u8],
}

impl<'f> Chunk<'f> {
    /// The first of a file. `None` when it is cut off or damaged.
    fn first(file: &'f [u8]) -> Option<Self> {
        let (length, rest) = file.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let checked = rest.get(..length.checked_add(4)?)?;
        let (kind, data) = checked.split_first_chunk::<4>()?;
        let (sum, _) = rest.get(checked.len()..)?.split_first_chunk::<4>()?;
        let whole = file.get(..checked.len() + 8)?;
        (crc(checked) == u32::from_be_bytes(*sum)).then_some(Self { kind: *kind, data, whole })
    }
}

/// Width and height (section 11.2.2).
fn header_of(data: &[u8]) -> Result<(u32, u32), LogoError> {
    let Ok([w0, w1, w2, w3, h0, h1, h2, h3, depth, colour, 0, 0, 0 | 1]) = <[u8; 13]>::try_from(data) else {
        return Err(LogoError::Broken);
    };
    let known = match colour {
        0 => matches!(depth, 1 | 2 | 4 | 8 | 16),
        3 => matches!(depth, 1 | 2 | 4 | 8),
        2 | 4 | 6 => matches!(depth, 8 | 16),
        _ => false,
    };
    if !known {
        return Err(LogoError::Broken);
    }
    let (width, height) = (u32::from_be_bytes([w0, w1, w2, w3]), u32::from_be_bytes([h0, h1, h2, h3]));
    if (1..=MAX_LOGO_WIDTH).contains(&width) && (1..=MAX_LOGO_HEIGHT).contains(&height) {
        Ok((width, height))
    } else {
        Err(LogoError::Size { width, height })
    }
}

/// CRC-32 (section 5.5), bit by bit: a logo is small, and read when it changes.
fn crc(octets: &[u8]) -> u32 {
    !octets.iter().fold(u32::MAX, |sum, octet| {
        (0..8).fold(
            sum ^ u32::from(*octet),
            |sum, _| if sum & 1 == 1 { (sum >> 1) ^ 0xedb8_8320 } else { sum >> 1 },
        )
    })
}

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
const VERSION_CHARACTERS: usize = 16;
/// Longest file, in octets.
pub const MAX_LOGO_OCTETS: usize = 64 * 1024;
const MAX_LOGO_WIDTH: u32 = 2000;
const MAX_LOGO_HEIGHT: u32 = 1000;

/// Why a file is no logo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LogoError {
    /// Cut off, damaged, or with something in it that no picture needs.
    #[error("a damaged PNG; export it again")]
    Broken,
    /// Another kind of file.
    #[error("not a PNG; export the logo as PNG (SVG can carry scripts and is not taken)")]
    NoPng,
    /// Empty, or larger than any page shows.
    #[error("{width} x {height} pixels; at most {MAX_LOGO_WIDTH} x {MAX_LOGO_HEIGHT}, and 96 high is enough")]
    Size {
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
    },
    /// Longer than any logo needs.
    #[error("longer than {} KiB; export it smaller, 96 pixels high are enough", MAX_LOGO_OCTETS / 1024)]
    TooLong,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(kind: &[u8], data: &[u8]) -> Vec<u8> {
        let checked = [kind, data].concat();
        let length = u32::try_from(data.len()).expect("short").to_be_bytes();
        [&length[..], &checked, &crc(&checked).to_be_bytes()].concat()
    }

    fn header(width: u32, height: u32, depth: u8, colour: u8) -> Vec<u8> {
        let (width, height) = (width.to_be_bytes(), height.to_be_bytes());
        chunk(b"IHDR", &[&width[..], &height, &[depth, colour, 0, 0, 0]].concat())
    }

    fn file(chunks: &[Vec<u8>]) -> Vec<u8> {
        [SIGNATURE, &chunks.concat()].concat()
    }

    fn whole(more: &[Vec<u8>]) -> Vec<u8> {
        let (first, last) = ([header(40, 20, 8, 6)], [chunk(b"IDAT", b"data"), chunk(b"IEND", b"")]);
        file(&[&first[..], more, &last].concat())
    }

    /// The value that the PNG specification's own CRC code gives for an empty IEND.
    #[test]
    fn the_sum_is_the_standards() {
        assert_eq!(crc(b"IEND"), 0xae42_6082);
    }

    #[test]
    fn what_draws_the_picture_is_kept_and_nothing_else() {
        let logo = Logo::parse(&whole(&[])).expect("a logo");
        assert_eq!((logo.png(), logo.width(), logo.height()), (&*whole(&[]), 40, 20));
        let (text, animation) = (chunk(b"tEXt", b"Author\0Tanaka"), chunk(b"acTL", &[0; 8]));
        let with_more = whole(&[chunk(b"sRGB", &[0]), text, animation, chunk(b"eXIf", b"MM")]);
        assert_eq!(Logo::parse(&with_more).expect("a logo").png(), whole(&[chunk(b"sRGB", &[0])]));
    }

    #[test]
    fn anything_else_is_refused() {
        let data = chunk(b"IDAT", b"data");
        let end = chunk(b"IEND", b"");
        let broken = Err(LogoError::Broken);
        let mut damaged = whole(&[]);
        damaged[45] ^= 1;
        let mut trailing = whole(&[]);
        trailing.push(0);
        for (name, file, refused) in [
            (
                "svg",
                b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>".to_vec(),
                Err(LogoError::NoPng),
            ),
            ("empty", Vec::new(), Err(LogoError::NoPng)),
            ("damaged", damaged, broken),
            ("trailing", trailing, broken),
            ("cut off", whole(&[])[..50].to_vec(), broken),
            ("after the end", [whole(&[]), chunk(b"tEXt", b"<script>")].concat(), broken),
            ("no header", file(&[data.clone(), end.clone()]), broken),
            ("two headers", whole(&[header(40, 20, 8, 6)]), broken),
            ("no data", file(&[header(40, 20, 8, 6), end.clone()]), broken),
            ("no end", file(&[header(40, 20, 8, 6), data.clone()]), broken),
            ("unknown critical chunk", whole(&[chunk(b"EVIL", b"")]), broken),
            ("depth", file(&[header(40, 20, 16, 3), data.clone(), end.clone()]), broken),
            ("colour", file(&[header(40, 20, 8, 5), data.clone(), end.clone()]), broken),
            (
                "wide",
                file(&[header(2001, 20, 8, 6), data.clone(), end.clone()]),
                Err(LogoError::Size { width: 2001, height: 20 }),
            ),
            (
                "flat",
                file(&[header(40, 0, 8, 6), data.clone(), end.clone()]),
                Err(LogoError::Size { width: 40, height: 0 }),
            ),
            ("long", whole(&[chunk(b"tEXt", &vec![b'a'; MAX_LOGO_OCTETS])]), Err(LogoError::TooLong)),
        ] {
            assert_eq!(Logo::parse(&file).map(drop), refused, "{name}");
        }
    }
}
