//! What was kept against every answer there can be.

use super::*;

const EARLY: u64 = 100;
const KEPT: u64 = 200;
const LATE: u64 = 300;

fn times(this_update: u64) -> SourceTimes {
    SourceTimes { this_update: at(this_update), next_update: Some(at(1_000)), produced_at: None }
}

fn revoked(reason: RevocationReason, this_update: u64) -> Revocation {
    Revocation { times: times(this_update), ..revocation(reason) }
}

fn keep(source: Source, reason: RevocationReason, this_update: u64) -> KeptRevocation {
    KeptRevocation { source, revocation: revoked(reason, this_update) }
}

/// All that OCSP can say: each kind, good and unknown of three times.
fn ocsp_answers() -> Vec<OcspAnswer> {
    let mut all = vec![OcspAnswer::None(OcspAbsence::Unreachable)];
    for time in [EARLY, KEPT, LATE] {
        all.extend([
            OcspAnswer::Good(times(time)),
            OcspAnswer::Unknown(times(time)),
            OcspAnswer::Revoked(revoked(HOLD, time)),
            OcspAnswer::Revoked(revoked(LAST, time)),
        ]);
    }
    all
}

fn crl_answers() -> Vec<CrlAnswer> {
    let mut all = vec![CrlAnswer::None(CrlAbsence::MissingPartition)];
    for time in [EARLY, KEPT, LATE] {
        all.extend([
            CrlAnswer::Good(times(time)),
            CrlAnswer::Revoked(revoked(HOLD, time)),
            CrlAnswer::Revoked(revoked(LAST, time)),
        ]);
    }
    all
}

fn all_kept() -> Vec<Vec<KeptRevocation>> {
    let (ocsp_hold, ocsp_last) = (keep(Source::Ocsp, HOLD, KEPT), keep(Source::Ocsp, LAST, KEPT));
    let (crl_hold, crl_last) = (keep(Source::Crl, HOLD, KEPT), keep(Source::Crl, LAST, KEPT));
    let older_hold = keep(Source::Crl, HOLD, EARLY);
    vec![
        vec![],
        vec![ocsp_hold],
        vec![crl_hold],
        vec![older_hold],
        vec![older_hold, ocsp_hold],
        vec![ocsp_hold, older_hold],
        vec![ocsp_last],
        vec![crl_last],
        vec![crl_hold, ocsp_last],
        vec![ocsp_last, crl_hold],
        vec![crl_last, ocsp_last],
    ]
}

/// What must come out, as questions asked one after the other; nothing of the table's own code is used.
fn expected(sources: Sources, ocsp: OcspAnswer, crl: CrlAnswer, kept: &[KeptRevocation]) -> Expected {
    let (asks_ocsp, asks_crl) = (sources != Sources::CrlOnly, sources != Sources::OcspOnly);
    let said = |final_: bool| {
        let ocsp = matches!(ocsp, OcspAnswer::Revoked(said) if (said.reason != HOLD) == final_);
        let crl = matches!(crl, CrlAnswer::Revoked(said) if (said.reason != HOLD) == final_);
        (ocsp, crl)
    };
    let good = |time_of: Option<u64>, after: u64| time_of.is_some_and(|time| time > after);
    let ocsp_good = match ocsp {
        OcspAnswer::Good(times) if asks_ocsp => Some(times.this_update.as_secs()),
        _ => None,
    };
    let crl_good = match crl {
        CrlAnswer::Good(times) if asks_crl => Some(times.this_update.as_secs()),
        _ => None,
    };
    let every_good_after =
        |after| (!asks_ocsp || good(ocsp_good, after)) && (!asks_crl || good(crl_good, after));
    let kept_final = kept.iter().any(|kept| kept.revocation.reason != HOLD);
    let kept_hold = kept
        .iter()
        .filter(|kept| kept.revocation.reason == HOLD)
        .map(|kept| kept.revocation.times.this_update);
    let latest_hold = kept_hold.map(|time| time.as_secs()).max();

    let (verdict, rule) = match said(true) {
        (true, _) => ("revoked", "ocsp_revoked"),
        (false, true) => ("revoked", "crl_revoked"),
        (false, false) if kept_final => ("revoked", "kept_revoked"),
        (false, false) => match said(false) {
            (true, _) => ("on_hold", "ocsp_revoked"),
            (false, true) => ("on_hold", "crl_revoked"),
            (false, false) if latest_hold.is_some_and(|after| !every_good_after(after)) => {
                ("on_hold", "kept_on_hold")
            }
            (false, false) if asks_ocsp && matches!(ocsp, OcspAnswer::Unknown(_)) => {
                ("ocsp_unknown", "ocsp_unknown")
            }
            (false, false) => match (ocsp_good, crl_good) {
                (Some(_), Some(_)) => ("not_revoked", "ocsp_and_crl_good"),
                (Some(_), None) => ("not_revoked", "ocsp_good"),
                (None, Some(_)) => ("not_revoked", "crl_good"),
                (None, None) => ("cannot_check", "no_source"),
            },
        },
    };
    let list_says_revoked = said(true).1 || said(false).1;
    let disagree =
        (ocsp_good.is_some() && list_says_revoked) || (rule == "kept_revoked" && every_good_after(0));
    let over = if verdict == "not_revoked" && latest_hold.is_some() {
        ocsp_good.into_iter().chain(crl_good).min()
    } else {
        None
    };
    Expected { verdict, rule, disagree, over }
}

#[derive(Debug, PartialEq, Eq)]
struct Expected {
    verdict: &'static str,
    rule: &'static str,
    disagree: bool,
    over: Option<u64>,
}

#[test]
fn every_answer_against_everything_kept() {
    let path = path();
    let mut seen = std::collections::BTreeMap::new();
    for sources in [Sources::Both, Sources::CrlOnly, Sources::OcspOnly] {
        for kept in all_kept() {
            for o in ocsp_answers() {
                for c in crl_answers() {
                    let expected = expected(sources, o, c, &kept);
                    let (o, c) = (ocsp(&path, o), CrlEvidence::new(&path, c));
                    let decision = decide(&path, sources, o, c, &kept);
                    let found = Expected {
                        verdict: word(&decision.verdict).0,
                        rule: decision.rule.name(),
                        disagree: decision.sources_disagree,
                        over: decision.hold_over.map(|since| since.as_secs()),
                    };
                    assert_eq!(found, expected, "{sources:?} {o:?} {c:?} {kept:?}");
                    *seen.entry(found.rule).or_insert(0_u32) += 1;
                }
            }
        }
    }
    // Every rule decided somewhere.
    assert_eq!(seen.len(), 9, "{seen:?}");
}

/// A verdict on something kept is told as it was first told.
#[test]
fn what_was_kept_is_told_as_it_was() {
    let path = path();
    let (no_ocsp, no_crl) = silence(&path);
    for kept in [keep(Source::Ocsp, LAST, KEPT), keep(Source::Crl, HOLD, KEPT)] {
        let decision = decide(&path, Sources::Both, no_ocsp, no_crl, &[kept]);
        let (Verdict::Revoked { source, revocation } | Verdict::OnHold { source, revocation }) =
            decision.verdict
        else {
            panic!("revoked or on hold")
        };
        assert_eq!((source, revocation), (kept.source, kept.revocation));
        assert_eq!(decision.to_keep(), [], "nothing new was said");
    }
}

#[test]
fn each_source_that_says_revoked_is_to_be_kept() {
    let path = path();
    let (no_ocsp, no_crl) = silence(&path);
    let (of_ocsp, of_crl) = (revoked(HOLD, EARLY), revoked(LAST, LATE));
    let said_ocsp = ocsp(&path, OcspAnswer::Revoked(of_ocsp));
    let said_crl = CrlEvidence::new(&path, CrlAnswer::Revoked(of_crl));
    let by_ocsp = KeptRevocation { source: Source::Ocsp, revocation: of_ocsp };
    let by_crl = KeptRevocation { source: Source::Crl, revocation: of_crl };
    for (o, c, expected) in [
        (said_ocsp, said_crl, vec![by_ocsp, by_crl]),
        (said_ocsp, no_crl, vec![by_ocsp]),
        (no_ocsp, said_crl, vec![by_crl]),
        (no_ocsp, no_crl, vec![]),
    ] {
        assert_eq!(decide(&path, Sources::Both, o, c, &[]).to_keep(), expected);
    }
    // Evidence about another certificate is kept against nobody.
    let foreign = ocsp(&super::path(), OcspAnswer::Revoked(of_ocsp));
    assert_eq!(decide(&path, Sources::Both, foreign, no_crl, &[]).to_keep(), []);
}

#[test]
fn what_was_wanting_has_a_name() {
    use {CrlAbsence as C, OcspAbsence as O};
    let path = path();
    let named = |sources, o: OcspAnswer, c: CrlAnswer, kept: &[KeptRevocation]| {
        let (o, c) = (ocsp(&path, o), CrlEvidence::new(&path, c));
        let shortfalls = decide(&path, sources, o, c, kept).shortfalls();
        shortfalls.into_iter().map(Shortfall::name).collect::<Vec<_>>()
    };
    let (good_ocsp, good_crl) = (OcspAnswer::Good(TIMES), CrlAnswer::Good(TIMES));
    for (absence, name) in [
        (O::BudgetSpent, "ocsp_unusable"),
        (O::CriticalExtension, "ocsp_unusable"),
        (O::ErrorStatus, "ocsp_unavailable"),
        (O::Malformed, "ocsp_unusable"),
        (O::NotConfigured, "ocsp_unavailable"),
        (O::NotYetValid, "ocsp_stale"),
        (O::Stale, "ocsp_stale"),
        (O::Unreachable, "ocsp_unavailable"),
        (O::WrongCertificate, "ocsp_unusable"),
        (O::WrongNonce, "ocsp_unusable"),
        (O::WrongSigner, "ocsp_unusable"),
    ] {
        assert_eq!(named(Sources::Both, OcspAnswer::None(absence), good_crl, &[]), [name], "{absence:?}");
        assert_eq!(named(Sources::CrlOnly, OcspAnswer::None(absence), good_crl, &[]), [""; 0]);
    }
    for (absence, name) in [
        (C::NotConfigured, "crl_missing_partition"),
        (C::MissingPartition, "crl_missing_partition"),
        (C::NotYetValid, "crl_expired"),
        (C::Expired, "crl_expired"),
        (C::TooOld, "crl_expired"),
    ] {
        assert_eq!(named(Sources::Both, good_ocsp, CrlAnswer::None(absence), &[]), [name], "{absence:?}");
        assert_eq!(named(Sources::OcspOnly, good_ocsp, CrlAnswer::None(absence), &[]), [""; 0]);
    }
    let revoked = CrlAnswer::Revoked(revocation(LAST));
    assert_eq!(named(Sources::Both, good_ocsp, revoked, &[]), ["sources_disagree"]);
    let kept = [keep(Source::Crl, LAST, KEPT)];
    assert_eq!(named(Sources::Both, good_ocsp, good_crl, &kept), ["sources_disagree"]);
    assert_eq!(named(Sources::Both, good_ocsp, good_crl, &[]), [""; 0]);
    for shortfall in Shortfall::ALL {
        assert_eq!(Shortfall::ALL.iter().filter(|other| other.name() == shortfall.name()).count(), 1);
    }
}

fn silence(path: &VerifiedPath) -> (OcspEvidence, CrlEvidence) {
    let ocsp = OcspEvidence::none(path, OcspAbsence::Unreachable);
    (ocsp, CrlEvidence::none(path, CrlAbsence::MissingPartition))
}
