//! What a worker reads, and where it reads on.

use service_runtime::Failure;

use super::Worker;
use crate::delivery::{Positions, committed_offsets};
use crate::interruption::Interruption;

/// Where partitions are read on.
struct Starts {
    /// The next offset of each.
    positions: Positions,
    /// Those of them that nobody has committed before.
    fresh: Positions,
}

impl Worker {
    /// Begins with new partitions where the group left them.
    pub(super) fn take_over(&mut self, partitions: Vec<i32>) -> Result<(), Interruption> {
        let Some(Starts { positions, fresh }) = self.starts(&partitions)? else {
            return Ok(());
        };
        self.parts.consumer.begin(&positions)?;
        self.assigned = partitions;
        if !fresh.is_empty() {
            // The choice is made once: what comes between `latest` and a crash
            // before the first commit must not be passed over.
            self.parts.consumer.commit(&committed_offsets(&fresh))?;
        }
        Ok(())
    }

    /// Gives all partitions back. Another member may own lost ones already.
    pub(super) fn give_back(&mut self, lost: bool) -> Result<(), Interruption> {
        if !lost && self.parts.delivery.settles_when_revoked() {
            Interruption::unless_it_passes(self.settle_all())?;
        }
        self.undo()?;
        self.parts.consumer.release()?;
        self.assigned.clear();
        Ok(())
    }

    /// Goes back to the committed offsets.
    pub(super) fn rewind(&mut self) -> Result<(), Interruption> {
        if let Some(Starts { positions, .. }) = self.starts(&self.assigned.clone())? {
            self.parts.consumer.seek(&positions)?;
        }
        Ok(())
    }

    /// Where to read on. `None`: the wish to stop or a rebalance came first.
    fn starts(&mut self, partitions: &[i32]) -> Result<Option<Starts>, Failure> {
        let consumer = &mut self.parts.consumer;
        let Some(committed) = consumer.committed(partitions)? else {
            return Ok(None);
        };
        let mut positions = Positions::new();
        let mut unknown = Vec::new();
        for (partition, committed) in committed {
            match committed {
                Some(committed) => {
                    positions.insert(partition, committed.offset);
                }
                None => unknown.push(partition),
            }
        }
        let Some(fresh) = consumer.resolve(&self.parts.start, &unknown)? else {
            return Ok(None);
        };
        positions.extend(&fresh);
        Ok(Some(Starts { positions, fresh }))
    }
}
