//! What people call the kinds of records.

use madoguchi_storage::AuditKind;

use super::arguments::NameLang;

/// The name of a kind; of one that this version does not know, what stands there.
pub(super) fn name(kind: &str, lang: NameLang) -> String {
    match AuditKind::from_name(kind) {
        None if kind.is_empty() => one("erased", "消去済み", lang).to_owned(),
        None => kind.to_owned(),
        Some(kind) => {
            let (en, ja) = both(kind);
            one(en, ja, lang).to_owned()
        }
    }
}

fn one(en: &'static str, ja: &'static str, lang: NameLang) -> &'static str {
    match lang {
        NameLang::En => en,
        NameLang::Ja => ja,
    }
}

fn both(kind: AuditKind) -> (&'static str, &'static str) {
    match kind {
        AuditKind::AccountRelinked => ("account linked to another card", "アカウントを別のカードに付け替え"),
        AuditKind::AuditErased => ("audit record erased", "監査記録の内容を消去"),
        AuditKind::AuditRetired => ("beginning of the audit log retired", "監査記録の古い部分を削除"),
        AuditKind::ClientAdded => ("service added", "サービスを登録"),
        AuditKind::ClientChanged => ("service changed", "サービスを変更"),
        AuditKind::ClientDisabled => ("service disabled", "サービスを停止"),
        AuditKind::ClientEnabled => ("service enabled", "サービスを再開"),
        AuditKind::ClientRemoved => ("service removed", "サービスを削除"),
        AuditKind::ClientSecretRotated => ("service's secret replaced", "サービスのシークレットを更新"),
        AuditKind::MunicipalityAdded => ("municipality added", "自治体を追加"),
        AuditKind::MunicipalityChanged => ("municipality changed", "自治体を変更"),
        AuditKind::MunicipalityDisabled => ("municipality disabled", "自治体を停止"),
        AuditKind::MunicipalityEnabled => ("municipality enabled", "自治体を再開"),
        AuditKind::MunicipalityRemoved => ("municipality removed", "自治体を削除"),
        AuditKind::RegistrationTokenMade => ("registration token made", "登録用トークンを発行"),
        AuditKind::CodeRefused => ("code refused", "認可コードを拒否"),
        AuditKind::CodeReused => ("code used twice", "認可コードの再使用を検出"),
        AuditKind::HoldEnded => ("hold of a certificate ended", "証明書の一時停止が終了"),
        AuditKind::RelinkOpened => ("order to relink opened", "カード付け替えを申請"),
        AuditKind::RelinkWithdrawn => ("order to relink withdrawn", "カード付け替えを取り下げ"),
        AuditKind::RevocationKept => ("revocation kept", "失効を記録"),
        AuditKind::RevocationReleased => ("revocation let go", "失効の記録を解除"),
        AuditKind::SessionAnswered => ("service answered in a session", "セッションでサービスに応答"),
        AuditKind::SessionEnded => ("session ended", "セッションを終了"),
        AuditKind::SessionRevoked => {
            ("session ended: certificate revoked", "証明書失効によりセッションを終了")
        }
        AuditKind::SigningKeyActivated => ("signing key activated", "署名鍵の使用を開始"),
        AuditKind::SigningKeyMade => ("signing key made", "署名鍵を作成"),
        AuditKind::SigningKeyPublished => ("signing key published", "署名鍵を公開"),
        AuditKind::SigningKeyRetired => ("signing key retired", "署名鍵の使用を終了"),
        AuditKind::SigningKeyRevoked => ("signing key revoked", "署名鍵を失効"),
        AuditKind::RefreshTokenReused => ("refresh token used twice", "リフレッシュトークンの再使用を検出"),
        AuditKind::SignInCompleted => ("sign-in completed", "サインイン完了"),
        AuditKind::SignInBurned => ("sign-in burned", "サインインを無効化"),
        AuditKind::SignInNeverReturned => {
            ("card proven, nobody came back", "カード確認後に戻らなかったサインイン")
        }
        AuditKind::SignInsFailed => ("sign-ins failed", "サインイン失敗の集計"),
        AuditKind::SourcesDisagree => ("revocation sources disagree", "失効情報の食い違い"),
        // A kind that this page was not told of: its own name is better than none.
        other => (other.as_str(), other.as_str()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_kind_has_names_of_its_own() {
        let mut names = BTreeSet::new();
        for kind in AuditKind::ALL {
            let (en, ja) = both(*kind);
            assert!(en != kind.as_str() && !ja.is_ascii(), "{kind:?}");
            assert!(names.insert(en) && names.insert(ja), "{kind:?}");
        }
        assert_eq!(name("of_the_future", NameLang::Ja), "of_the_future");
        assert_eq!(name("", NameLang::Ja), "消去済み");
    }
}
