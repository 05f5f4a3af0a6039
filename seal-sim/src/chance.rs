//! Chance that can be repeated: the same seed gives the same fleet, noise and frauds on every machine.

use sha2::{Digest as _, Sha256};

/// SplitMix64. Good enough for noise and choices, and worthless for keys: those come from [`secret`] or the system.
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// A sequence of its own for each `name` under one seed.
    #[must_use]
    pub fn named(seed: u64, name: &str) -> Self {
        let bytes = secret(seed, "chance", name);
        Self(bytes.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// 0 up to, not including, 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    pub fn unit(&mut self) -> f64 {
        (self.number() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// 0 up to, not including, `end`; 0 where `end` is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        self.number().checked_rem(end).unwrap_or_default()
    }

    /// Mean 0, standard deviation 1 (sum of twelve, less six).
    pub fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }
}

/// 32 bytes that follow from seed, purpose and name alone: for keys of simulated devices, which guard nothing.
#[must_use]
pub fn secret(seed: u64, purpose: &str, name: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"sealway seal-sim\0");
    hash.update(seed.to_be_bytes());
    hash.update(purpose.as_bytes());
    hash.update([0]);
    hash.update(name.as_bytes());
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_name_give_the_same_numbers_and_another_name_gives_others() {
        let draw = |seed, name| {
            let mut chance = Chance::named(seed, name);
            [chance.number(), chance.number(), chance.number()]
        };
        assert_eq!(draw(7, "A"), draw(7, "A"));
        assert_ne!(draw(7, "A"), draw(7, "B"));
        assert_ne!(draw(7, "A"), draw(8, "A"));
    }

    #[test]
    fn noise_has_the_spread_that_it_promises() {
        let mut chance = Chance::named(1, "noise");
        let draws: Vec<f64> = (0..4000).map(|_| chance.normal()).collect();
        let mean = draws.iter().sum::<f64>() / 4000.0;
        let spread = (draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 4000.0).sqrt();
        assert!(mean.abs() < 0.1 && (spread - 1.0).abs() < 0.1, "{mean} {spread}");
    }
}
