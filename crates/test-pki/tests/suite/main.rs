//! The test PKI judged by programs that are not ours: `openssl`, `x509-parser`, and a shell's view of the binary.

#![expect(clippy::unwrap_used, reason = "in a test, to panic is to fail")]

mod folder;
mod large;
mod ocsp;
mod ocsp_http;
mod openssl;
mod program;
mod shape;
mod support;
