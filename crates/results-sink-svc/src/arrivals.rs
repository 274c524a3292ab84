//! When the records of a range were written to Kafka.

use prometheus::Histogram;

/// Fine enough for a histogram whose first buckets are tens of milliseconds.
const STEP_MILLISECONDS: i64 = 10;

/// Kafka timestamps, with runs of equal ones counted: a range of a million
/// records takes kilobytes.
#[derive(Debug, Default)]
pub(crate) struct Arrivals {
    runs: Vec<(i64, u32)>,
}

impl Arrivals {
    pub(crate) fn add(&mut self, timestamp: i64) {
        let step = timestamp.div_euclid(STEP_MILLISECONDS);
        match self.runs.last_mut() {
            Some((last, count)) if *last == step => *count += 1,
            _ => self.runs.push((step, 1)),
        }
    }

    /// Observes the seconds from each record to `now`, both in milliseconds
    /// since the Unix epoch.
    pub(crate) fn observe(&self, latency: &Histogram, now: i64) {
        let latency_of_range = latency.local();
        for &(step, count) in &self.runs {
            let milliseconds = (now - step * STEP_MILLISECONDS).max(0);
            for _ in 0..count {
                latency_of_range.observe(milliseconds as f64 / 1000.0);
            }
        }
        latency_of_range.flush();
    }
}

#[cfg(test)]
mod tests {
    use prometheus::HistogramOpts;

    use super::*;

    #[test]
    fn every_record_is_observed_with_its_age() {
        let mut arrivals = Arrivals::default();
        for timestamp in [1000, 1001, 1500, 1500, 9000] {
            arrivals.add(timestamp);
        }
        let options = HistogramOpts::new("latency", "x").buckets(vec![0.6, 1.1]);
        let latency = Histogram::with_opts(options).unwrap();
        arrivals.observe(&latency, 2000);
        assert_eq!(latency.get_sample_count(), 5);
        // 1 s twice, half a second twice, and one from a clock ahead of ours.
        assert!((latency.get_sample_sum() - 3.0).abs() < 1e-9);
    }
}
