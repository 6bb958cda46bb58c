//! Which of the standard's allowances a judgement grants.

use wassay_model::Allowance;

/// The allowances that are granted. Comparison code asks this and has no other switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strictness(u8);

const fn bit(allowance: Allowance) -> u8 {
    1 << allowance as u8
}

impl Strictness {
    /// Everything that the standard allows (the full profile).
    pub const STANDARD: Self = Self(
        bit(Allowance::NanBits)
            | bit(Allowance::TrapWords)
            | bit(Allowance::RefusalWords)
            | bit(Allowance::UntoldIdentity)
            | bit(Allowance::RelaxedVector),
    );

    /// Nothing: for engines that promise the deterministic profile, and to see what allowances hide.
    pub const NONE: Self = Self(0);

    /// The same without one allowance.
    #[must_use]
    pub const fn without(self, allowance: Allowance) -> Self {
        Self(self.0 & !bit(allowance))
    }

    /// The same with one more allowance.
    #[must_use]
    pub const fn with(self, allowance: Allowance) -> Self {
        Self(self.0 | bit(allowance))
    }

    /// Whether an allowance is granted.
    #[must_use]
    pub const fn grants(self, allowance: Allowance) -> bool {
        self.0 & bit(allowance) != 0
    }
}

impl Default for Strictness {
    fn default() -> Self {
        Self::STANDARD
    }
}
