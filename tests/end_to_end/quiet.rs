//! What the daemons say while all is well.

use anyhow::Result;

use crate::support::fixtures::fixture;
use crate::support::result_rows::wait_for_rows;
use crate::support::{PATIENCE, Stream};

const TRANSACTIONS: usize = 20_000;
/// Start, assignment, roll and stop.
const SAID: [&str; 12] = [
    " starts version=",
    "admin endpoints on ",
    "found transactions in ",
    "model loaded",
    "result files go to ",
    "nothing committed yet: beginning at start",
    "assigned topic=",
    "published file=",
    "all transactions sent",
    "stopping",
    "all work is settled",
    " ends",
];

#[test]
fn normal_running_is_quiet_but_for_start_assignment_roll_and_stop() -> Result<()> {
    let stream = Stream::new("quiet")?;
    let mut scorer = stream.scorer().start()?;
    let mut sink = stream.sink().set("sink.max_rows", "1000").start()?;
    for daemon in [&mut scorer, &mut sink] {
        daemon.wait_until_ready(PATIENCE)?;
    }
    let mut producer = stream
        .producer(&fixture("transactions.parquet"))
        .set("producer.rate", "5000")
        .start()?;
    assert!(producer.wait(PATIENCE)?.success(), "{}", producer.stderr());
    stream.exactly("results", TRANSACTIONS)?;
    assert!(scorer.terminate(PATIENCE)?.success(), "{}", scorer.stderr());
    wait_for_rows(&stream.result_files(), TRANSACTIONS - 3000, &mut sink)?;
    assert!(sink.terminate(PATIENCE)?.success(), "{}", sink.stderr());
    for daemon in [&producer, &scorer, &sink] {
        for line in daemon.stderr().lines() {
            let is_known = line.contains(" INFO ") && SAID.iter().any(|said| line.contains(said));
            assert!(
                is_known,
                "{} says more:\n{}",
                daemon.name(),
                daemon.stderr()
            );
        }
    }
    Ok(())
}
