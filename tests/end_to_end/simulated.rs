//! `producer-svc simulate` and the repository's own model.

use anyhow::Result;
use local_stack::DaemonCommand;

use crate::support::fixtures::fixture;
use crate::support::{PATIENCE, Stream};

#[test]
fn simulated_transactions_are_scored_by_the_default_model() -> Result<()> {
    let stream = Stream::new("simulated")?;
    let sample = stream.path("sample");
    let mut simulation = DaemonCommand::new("producer-svc")
        .arguments(["simulate", "--out"])
        .arguments([&sample])
        .arguments(["--customers", "50", "--terminals", "100", "--days", "2"])
        .start()?;
    assert!(
        simulation.wait(PATIENCE)?.success(),
        "{}",
        simulation.stderr()
    );

    let model = fixture("../../models/fraud-classifier");
    let _scorer = stream.scorer().set("scorer.model", model).start()?;
    let mut producer = stream
        .producer(&sample)
        .set("producer.sample", "100")
        .start()?;
    assert!(producer.wait(PATIENCE)?.success(), "{}", producer.stderr());
    let results = stream.exactly("results", 100)?;
    let model = results[0]
        .header("model")
        .expect("results name their model");
    assert!(model.starts_with("fraud-classifier@"), "{model}");
    Ok(())
}
