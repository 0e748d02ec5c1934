//! The same chains by OpenSSL's C API (`X509_verify_cert`).

use openssl::stack::Stack;
use openssl::x509::store::{X509Store, X509StoreBuilder};
use openssl::x509::verify::{X509VerifyFlags, X509VerifyParam};
use openssl::x509::{X509, X509PurposeId, X509StoreContext};
use rustls_pki_types::UnixTime;

/// A store with one root, for client authentication at one moment, as strict as OpenSSL gets.
pub(crate) struct OpenSsl {
    store: X509Store,
}

impl OpenSsl {
    pub(crate) fn new(root: &[u8], now: UnixTime) -> Self {
        let mut settings = X509VerifyParam::new().expect("settings");
        settings.set_time(now.as_secs().try_into().expect("a time"));
        settings.set_flags(X509VerifyFlags::X509_STRICT).expect("a flag");
        settings.set_purpose(X509PurposeId::SSL_CLIENT).expect("a purpose");
        let mut builder = X509StoreBuilder::new().expect("a store");
        builder.add_cert(Self::read(root)).expect("an anchor");
        builder.set_param(&settings).expect("set");
        Self { store: builder.build() }
    }

    pub(crate) fn read(der: &[u8]) -> X509 {
        X509::from_der(der).expect("read")
    }

    pub(crate) fn pool(all: &[&[u8]]) -> Stack<X509> {
        let mut pool = Stack::new().expect("a stack");
        all.iter().for_each(|der| pool.push(Self::read(der)).expect("pushed"));
        pool
    }

    pub(crate) fn verify(&self, target: &X509, pool: &Stack<X509>) {
        let mut context = X509StoreContext::new().expect("a context");
        let accepted = context.init(&self.store, target, pool, |context| context.verify_cert());
        assert!(accepted.expect("judged"), "OpenSSL refuses the chain: {}", context.error());
    }
}
