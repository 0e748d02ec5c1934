//! DER out of a file that may be PEM (RFC 7468), told by content, without holding the file in memory.

use std::io::{self, BufRead, BufReader, Read, Write};

use base64::engine::general_purpose::STANDARD;
use base64::read::DecoderReader;

use crate::Error;

/// Copies a list as DER, never more than `max_octets` of it; returns how many there were.
pub(crate) fn copy_der(source: impl Read, target: &mut dyn Write, max_octets: u64) -> Result<u64, Error> {
    // PEM has four characters for three octets, ends of lines and text before; white space without end is no list.
    let most = max_octets.saturating_mul(2).saturating_add(2 * MAX_TEXT);
    let mut source = BufReader::with_capacity(BUFFER, source.take(most));
    let copied = match source.fill_buf()?.first() {
        None => Err(Error::Empty),
        // PEM is text; a SEQUENCE's first octet is the digit 0, which no PEM file starts with.
        Some(0x30) => copy(&mut source, target, max_octets),
        Some(_) => copy_pem(&mut source, target, max_octets),
    };
    match copied {
        Err(Error::PemTruncated) if source.get_ref().limit() == 0 => {
            Err(Error::TooLarge { limit: max_octets })
        }
        copied => copied,
    }
}

fn copy_pem(mut source: impl BufRead, target: &mut dyn Write, max_octets: u64) -> Result<u64, Error> {
    find_begin(&mut source)?;
    let mut body = Body { source, ended: false, cut: false };
    let copied = copy(DecoderReader::new(&mut body, &STANDARD), target, max_octets);
    if body.cut {
        return Err(Error::PemTruncated);
    }
    let octets = copied?;
    let mut last = String::new();
    // One octet more than the line has.
    body.source
        .take(END.len() as u64 + 1)
        .read_to_string(&mut last)
        .map_err(|_| Error::Pem("no last line"))?;
    match last.trim_end() {
        END => Ok(octets),
        cut if END.starts_with(cut) => Err(Error::PemTruncated),
        _ => Err(Error::Pem("no last line")),
    }
}

/// Explanatory text may stand before the first line (RFC 7468 section 2).
fn find_begin(source: &mut impl BufRead) -> Result<(), Error> {
    let mut head = source.take(MAX_TEXT);
    let mut line = Vec::new();
    loop {
        line.clear();
        let ended = head.read_until(b'\n', &mut line)? == 0;
        match line.trim_ascii() {
            BEGIN => return Ok(()),
            _ if ended && head.limit() == 0 => return Err(Error::Pem("no X509 CRL")),
            cut if ended || (line.last() != Some(&b'\n') && BEGIN.starts_with(cut)) => {
                return Err(if line.is_empty() { Error::Pem("no X509 CRL") } else { Error::PemTruncated });
            }
            _ => {}
        }
    }
}

/// One octet more than the cap tells a file that is too large from one that just fits.
fn copy(source: impl Read, target: &mut dyn Write, max_octets: u64) -> Result<u64, Error> {
    let mut source = source.take(max_octets.saturating_add(1));
    let mut buffer = vec![0; BUFFER];
    let mut octets = 0_u64;
    loop {
        let count = match source.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) if error.kind() == io::ErrorKind::InvalidData => return Err(Error::Pem("no base64")),
            Err(error) => return Err(error.into()),
        };
        target.write_all(buffer.get(..count).unwrap_or_default())?;
        octets = octets.saturating_add(count as u64);
    }
    if octets > max_octets { Err(Error::TooLarge { limit: max_octets }) } else { Ok(octets) }
}

/// The characters between the first and the last line.
struct Body<R> {
    source: R,
    /// The last line begins here.
    ended: bool,
    /// The file ends before the last line.
    cut: bool,
}

impl<R: BufRead> Read for &mut Body<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled == 0 && !self.ended {
            let available = self.source.fill_buf()?;
            if available.is_empty() {
                self.cut = true;
                break;
            }
            let mut used = 0;
            for octet in available {
                if *octet == b'-' {
                    self.ended = true;
                    break;
                }
                let Some(place) = buffer.get_mut(filled) else { break };
                used += 1;
                if !octet.is_ascii_whitespace() {
                    *place = *octet;
                    filled += 1;
                }
            }
            self.source.consume(used);
        }
        Ok(filled)
    }
}

const BUFFER: usize = 256 * 1024;
const MAX_TEXT: u64 = 64 * 1024;
const BEGIN: &[u8] = b"-----BEGIN X509 CRL-----";
const END: &str = "-----END X509 CRL-----";

#[cfg(test)]
mod tests {
    use super::*;

    fn read(file: &[u8], max_octets: u64) -> Result<Vec<u8>, &'static str> {
        let mut der = Vec::new();
        match copy_der(file, &mut der, max_octets) {
            Ok(octets) => {
                assert_eq!(octets, der.len() as u64);
                Ok(der)
            }
            Err(error) => Err(error.code()),
        }
    }

    #[test]
    fn content_tells_the_form() {
        let pem = b"A list:\r\n-----BEGIN X509 CRL-----\r\nMAME\r\nAQc=\r\n-----END X509 CRL-----\r\n";
        let der = [0x30, 3, 4, 1, 7];
        assert_eq!(read(pem, 5), Ok(der.to_vec()));
        assert_eq!(read(&der, 5), Ok(der.to_vec()));
        assert_eq!(read(pem, 4), Err("file_too_large"));
        assert_eq!(read(&der, 4), Err("file_too_large"));
        assert_eq!(read(b"", 4), Err("file_empty"));
    }

    /// Whoever appends white space faster than it is read must not keep the reader for ever.
    #[test]
    fn pem_without_end_is_too_large() {
        let endless = io::Read::chain(&b"-----BEGIN X509 CRL-----\n"[..], io::repeat(b'\n'));
        let mut der = Vec::new();
        assert_eq!(copy_der(endless, &mut der, 1000).map_err(|error| error.code()), Err("file_too_large"));
    }

    /// At each length PEM is whole, still being written, or too little to tell.
    #[test]
    fn cut_pem_is_not_whole() {
        let pem = b"-----BEGIN X509 CRL-----\nMAMEAQc=\n-----END X509 CRL-----";
        for length in 1..pem.len() {
            let code = read(&pem[..length], 100).expect_err("cut");
            assert!(["pem_truncated", "not_der_or_pem"].contains(&code), "{length}: {code}");
        }
        assert_eq!(read(&pem[..pem.len() - 1], 100), Err("pem_truncated"));
        assert_eq!(read(&pem[..30], 100), Err("pem_truncated"));
        assert_eq!(read(&pem[..10], 100), Err("pem_truncated"));
        assert!(read(pem, 100).is_ok());
    }

    #[test]
    fn what_is_neither_is_refused() {
        for file in [
            &b"not a list"[..],
            b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n",
            b"-----BEGIN X509 CRL-----\nMA!=\n-----END X509 CRL-----\n",
            b"-----BEGIN X509 CRL-----\nMAA=\n-----END CERTIFICATE-----\n",
            "\n".repeat(70_000).as_bytes(),
        ] {
            assert_eq!(read(file, 1000), Err("not_der_or_pem"), "{}", String::from_utf8_lossy(file));
        }
    }
}
