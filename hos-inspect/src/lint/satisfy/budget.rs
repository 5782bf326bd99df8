//! What one reading of a law may cost.

/// The most steps that one reading of a law takes to follow conditions: atoms that are looked at
/// or copied, and pairs of a permit and a role. A law as large as laws may be takes far fewer,
/// unless it was written to take more.
const STEPS_MAX: u64 = 1 << 24;

/// The steps that are left. Where they end, nothing more is found.
pub(in crate::lint) struct Budget {
    pub(in crate::lint) left: u64,
}

impl Budget {
    pub(in crate::lint) fn new() -> Self {
        Self { left: STEPS_MAX }
    }

    /// None where fewer are left; then none are left for anything after it either.
    pub(in crate::lint) fn spend(&mut self, steps: usize) -> Option<()> {
        let left = u64::try_from(steps).ok().and_then(|steps| self.left.checked_sub(steps));
        self.left = left.unwrap_or_default();
        left.map(drop)
    }
}
