//! Attacks on the work of a verifier: what each takes of the budget, which does not depend on the machine. The
//! times are printed by `cargo bench -p madoguchi-cert-verify --bench hostile`.

mod attacks;
mod support;

#[test]
fn every_attack_costs_what_is_known() {
    let mut wrong = Vec::new();
    for attack in attacks::all() {
        let (code, signatures, steps) = attack.run();
        // Less is wrong too: work that nobody counts has no bound.
        if code != attack.code || (signatures, steps) != attack.cost {
            wrong.push(format!("{}: {code}, {signatures} for signatures, {steps} steps", attack.name));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
