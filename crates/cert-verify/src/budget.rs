//! How much work one verification may cost. Every cost is taken before the work is done, so that whatever anybody
//! sends, the work stays within what was granted (webpki's and Go's experience with clouds of certificates).

use crate::{Error, SignatureAlgorithm};

/// The work that is left: signature checks by their cost, and steps of everything else (candidates looked at,
/// names compared, nodes of the policy graph).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    signatures: u64,
    steps: u64,
}

impl Budget {
    /// Signature checks worth so many RSA-2048 verifications (P-256 and Ed25519 cost 2, P-384 costs 30), and so
    /// many steps.
    pub fn new(signatures: u64, steps: u64) -> Self {
        Self { signatures, steps }
    }

    /// What is left for signatures.
    pub fn signatures_left(&self) -> u64 {
        self.signatures
    }

    /// How many steps are left.
    pub fn steps_left(&self) -> u64 {
        self.steps
    }

    /// Before a signature is checked.
    pub(crate) fn spend_signature(&mut self, algorithm: SignatureAlgorithm) -> Result<(), Error> {
        self.signatures = self.signatures.checked_sub(algorithm.cost()).ok_or(Error::BudgetSpent)?;
        Ok(())
    }

    /// Before so many steps.
    pub(crate) fn spend_steps(&mut self, steps: u64) -> Result<(), Error> {
        self.steps = self.steps.checked_sub(steps).ok_or(Error::BudgetSpent)?;
        Ok(())
    }
}

impl Default for Budget {
    /// For a path of ten P-384 certificates and their lists, and a few hundred thousand comparisons.
    fn default() -> Self {
        Self::new(600, 300_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_are_taken_before_the_work() {
        let mut budget = Budget::new(33, 2);
        assert_eq!(budget.spend_signature(SignatureAlgorithm::EcdsaP384Sha384), Ok(()));
        assert_eq!(budget.spend_signature(SignatureAlgorithm::EcdsaP256Sha256), Ok(()));
        assert_eq!(budget.spend_signature(SignatureAlgorithm::EcdsaP256Sha256), Err(Error::BudgetSpent));
        assert_eq!(budget.signatures_left(), 1, "what is refused costs nothing");
        assert_eq!(budget.spend_signature(SignatureAlgorithm::RsaSha256), Ok(()));
        assert_eq!(budget.spend_steps(3), Err(Error::BudgetSpent));
        assert_eq!(budget.spend_steps(2), Ok(()));
    }
}
