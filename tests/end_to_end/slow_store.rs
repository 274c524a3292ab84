//! The store fails while the sink is writing to it.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Result;
use local_stack::{Weather, wait_until};

use crate::support::bucket::{self, Bucket};
use crate::support::fixtures::lines;
use crate::support::result_rows::bucket_rows;
use crate::support::{PATIENCE, Stream};

/// Far longer than any test.
const FOR_EVER: Duration = Duration::from_secs(24 * 3600);
/// The grace period, and some for a loaded machine.
const GRACE: Duration = Duration::from_secs(40);

#[test]
fn a_sink_whose_store_hangs_while_it_runs_stops_in_time_and_loses_nothing() -> Result<()> {
    // Files arrive and the sink isn't told, or nothing arrives.
    for (name, weather) in [
        ("store-is-mute", Weather::LosesAnswers),
        ("store-is-deaf", Weather::Slow(FOR_EVER)),
    ] {
        let bucket = Bucket::start()?;
        let stream = Stream::new(name)?;
        let command = bucket::configure(stream.sink(), bucket.proxy.address())
            .set("sink.max_rows", "100")
            .set("sink.max_age", "1s")
            .set("object_store.put_timeout", "2s")
            .set("service.shutdown_timeout", "10s");
        let results = lines("expected/random-forest/output.jsonl");
        let mut sink = command.start()?;
        sink.wait_until_ready(PATIENCE)?;

        bucket.proxy.set(weather);
        stream.send("results", &results)?;
        sink.wait_for_readyz(503, PATIENCE)?;
        assert_eq!(sink.get("/livez")?.status, 200);
        let status = sink.terminate(GRACE)?;
        assert_eq!(status.code(), Some(0), "{}", sink.stderr());

        bucket.proxy.set(Weather::Clear);
        bucket.proxy.cut();
        let mut sink = command.start()?;
        let expected = stream.exactly("results", results.len())?;
        let expected: BTreeSet<_> = expected
            .iter()
            .map(|result| (result.partition, result.offset))
            .collect();
        wait_until("all rows", PATIENCE, || {
            Ok(bucket_rows(&bucket)?.len() >= expected.len())
        })?;
        assert!(sink.terminate(PATIENCE)?.success(), "{}", sink.stderr());
        let rows = bucket_rows(&bucket)?;
        assert!(rows.iter().copied().eq(expected), "{name}: {rows:?}");
    }
    Ok(())
}
