//! Sealed secrets.

use super::Backend;
use super::fixture::Fixture;
use super::party::{OTHER_TOWN, TOWN};
use crate::{SealedSecret, SecretPurpose};

/// The first one stays, for its municipality and purpose alone.
pub async fn the_first_secret_stays(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let mut stays = Vec::new();
    for town in [TOWN, OTHER_TOWN] {
        for purpose in [
            SecretPurpose::AccountKey,
            SecretPurpose::AuditKeyEs256,
            SecretPurpose::FlowSeal,
            SecretPurpose::SigningKeyEs256,
            SecretPurpose::SigningKeySeal,
            SecretPurpose::SubjectSalt,
        ] {
            assert_eq!(fixture.store.secret(town, purpose).await.expect("a look"), None);
            let mine = SealedSecret(format!("{town} {}", purpose.as_str()).into_bytes());
            let kept = fixture.store.secret_or_insert(town, purpose, mine.clone()).await.expect("a secret");
            assert_eq!(kept, mine);
            stays.push((town, purpose, mine));
        }
    }
    for (town, purpose, mine) in stays {
        let late = SealedSecret(b"too late".to_vec());
        assert_eq!(fixture.store.secret_or_insert(town, purpose, late).await.expect("a secret"), mine);
        assert_eq!(fixture.store.secret(town, purpose).await.expect("a look"), Some(mine));
    }
}
