//! Latencies of millions of receipts in a few kilobytes: buckets that are 3 % wide.

use crate::number;

const PER_DOUBLING: usize = 32;
const BUCKETS: usize = 32 * PER_DOUBLING;

/// Counts by latency, 1 us to an hour.
#[derive(Debug, Clone)]
pub struct Latencies {
    buckets: Vec<u64>,
    count: u64,
}

impl Default for Latencies {
    fn default() -> Self {
        Self { buckets: vec![0; BUCKETS], count: 0 }
    }
}

impl Latencies {
    pub fn add(&mut self, us: u64, times: u64) {
        if let Some(bucket) = self.buckets.get_mut(bucket_of(us)) {
            *bucket += times;
            self.count += times;
        }
    }

    pub fn merge(&mut self, other: &Self) {
        self.buckets.iter_mut().zip(&other.buckets).for_each(|(to, from)| *to += from);
        self.count += other.count;
    }

    /// Milliseconds that `share` (0 to 1) of the receipts did not exceed.
    #[must_use]
    pub fn quantile_ms(&self, share: f64) -> f64 {
        let wanted = number::counted((number::float(self.count) * share).ceil()).max(1);
        let mut seen = 0;
        for (bucket, count) in self.buckets.iter().enumerate() {
            seen += count;
            if seen >= wanted {
                return upper_us(bucket) / 1000.0;
            }
        }
        0.0
    }
}

fn bucket_of(us: u64) -> usize {
    let logarithm = number::float(us.max(1)).log2() * number::float(PER_DOUBLING as u64);
    usize::try_from(number::counted(logarithm.floor())).unwrap_or(BUCKETS).min(BUCKETS - 1)
}

fn upper_us(bucket: usize) -> f64 {
    (number::float(bucket as u64 + 1) / number::float(PER_DOUBLING as u64)).exp2()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_right_within_three_percent() {
        let mut latencies = Latencies::default();
        (1..=10_000).for_each(|us| latencies.add(us, 1));
        for (share, expected) in [(0.5, 5.0), (0.99, 9.9)] {
            let found = latencies.quantile_ms(share);
            assert!((found / expected - 1.0).abs() < 0.03, "{share}: {found} against {expected}");
        }
    }
}
