//! What was printed, so that no line comes twice while the process lives.

use std::collections::BTreeMap;

/// The last lines printed, by partition.
///
/// What isn't committed when its partition is taken back is read again, here or by another
/// process. A line that this process has printed it doesn't print again.
#[derive(Debug, Default)]
pub(super) struct Printed {
    partitions: BTreeMap<i32, Newest>,
}

#[derive(Debug)]
struct Newest {
    offset: i64,
    /// The latest of all; `None` where no message had one.
    timestamp: Option<i64>,
}

impl Printed {
    /// Whether the message at `offset`, with its Kafka timestamp, was not printed yet; from
    /// now on it was.
    ///
    /// At an offset that was printed, only a message that is later than all of them is
    /// another one: the topic was made anew.
    pub(super) fn is_new(&mut self, partition: i32, offset: i64, timestamp: Option<i64>) -> bool {
        let Some(newest) = self.partitions.get_mut(&partition) else {
            self.partitions
                .insert(partition, Newest { offset, timestamp });
            return true;
        };
        if offset <= newest.offset && timestamp <= newest.timestamp {
            return false;
        }
        newest.offset = offset;
        newest.timestamp = newest.timestamp.max(timestamp);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new_ones(printed: &mut Printed, messages: &[(i64, i64)]) -> Vec<i64> {
        let is_new = |&&(offset, time): &&(i64, i64)| printed.is_new(0, offset, Some(time));
        let new = messages.iter().filter(is_new);
        new.map(|(offset, _)| *offset).collect()
    }

    #[test]
    fn what_is_read_again_is_not_printed_again_though_timestamps_come_in_any_order() {
        let mut printed = Printed::default();
        let messages = [(10, 500), (11, 300), (13, 400)];
        assert_eq!(new_ones(&mut printed, &messages), [10, 11, 13]);
        let again = [(10, 500), (11, 300), (13, 400), (14, 300)];
        assert_eq!(new_ones(&mut printed, &again), [14]);
        assert!(printed.is_new(1, 10, Some(500)), "another partition");
    }

    #[test]
    fn a_topic_that_was_made_anew_is_printed_from_its_beginning() {
        let mut printed = Printed::default();
        assert_eq!(new_ones(&mut printed, &[(10, 500), (11, 300)]), [10, 11]);
        let later = [(0, 501), (1, 502), (2, 502)];
        assert_eq!(new_ones(&mut printed, &later), [0, 1, 2]);
        assert!(new_ones(&mut printed, &later).is_empty());
    }
}
