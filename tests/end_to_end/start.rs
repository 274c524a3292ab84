//! Where a group without offsets begins.

use anyhow::Result;

use crate::support::fixtures::{fixture, lines};
use crate::support::stream::source;
use crate::support::{PATIENCE, Stream};

/// The offsets that get a result of ten transactions at offsets 0 to 9.
fn scored_offsets(name: &str, start: impl Fn(&Stream) -> String) -> Result<Vec<i64>> {
    let stream = Stream::new(name)?;
    let transactions = lines("expected/random-forest/input.jsonl");
    stream.send_transactions(&transactions[..10])?;
    let start = start(&stream);
    let mut scorer = stream.scorer().set("scorer.start", start).start()?;
    scorer.wait_until_ready(PATIENCE)?;
    stream.send_transactions(&transactions[10..11])?;
    // Its result may come before those of other partitions.
    let reader = stream.reader("results")?;
    let mut offsets = Vec::new();
    while !offsets.contains(&10) {
        offsets.push(source(&reader.read(1, PATIENCE)?[0]).1);
    }
    offsets.extend(
        reader
            .read_to_end(PATIENCE)?
            .iter()
            .map(|result| source(result).1),
    );
    offsets.sort_unstable();
    Ok(offsets)
}

#[test]
fn earliest_begins_with_the_first_transaction() -> Result<()> {
    let offsets = scored_offsets("start-earliest", |_| "earliest".to_owned())?;
    assert_eq!(offsets, (0..=10).collect::<Vec<_>>());
    Ok(())
}

#[test]
fn latest_begins_with_the_next_transaction() -> Result<()> {
    assert_eq!(
        scored_offsets("start-latest", |_| "latest".to_owned())?,
        [10]
    );
    Ok(())
}

#[test]
fn sparks_offsets_are_taken_as_they_are() -> Result<()> {
    let start = |stream: &Stream| {
        format!(
            "{{{:?}:{{\"0\":7,\"1\":-2,\"2\":-1}}}}",
            stream.topic("transactions")
        )
    };
    assert_eq!(scored_offsets("start-offsets", start)?, [7, 8, 9, 10]);
    Ok(())
}

#[test]
fn a_time_begins_with_the_first_transaction_not_before_it() -> Result<()> {
    assert_eq!(
        scored_offsets("start-past", |_| "2001-01-01T00:00:00Z".to_owned())?.len(),
        11
    );
    assert_eq!(
        scored_offsets("start-future", |_| "2999-01-01T00:00:00Z".to_owned())?,
        [10]
    );
    Ok(())
}

#[test]
fn committed_offsets_win_over_start() -> Result<()> {
    let stream = Stream::new("start-committed")?;
    let transactions = lines("expected/random-forest/input.jsonl");
    stream.send_transactions(&transactions[..5])?;
    let mut scorer = stream.scorer().start()?;
    stream.exactly("results", 5)?;
    assert!(scorer.terminate(PATIENCE)?.success(), "{}", scorer.stderr());

    stream.send_transactions(&transactions[5..10])?;
    let _scorer = stream.scorer().set("scorer.start", "latest").start()?;
    let mut offsets: Vec<_> = stream
        .exactly("results", 10)?
        .iter()
        .map(|result| source(result).1)
        .collect();
    offsets.sort_unstable();
    assert_eq!(offsets, (0..10).collect::<Vec<_>>());
    Ok(())
}

#[test]
fn servers_that_do_not_answer_are_no_matter_beside_one_that_does() -> Result<()> {
    let stream = Stream::new("dead-servers")?;
    let servers = format!("no-such-host.invalid:9092,127.0.0.1:1,{}", stream.broker);
    let mut scorer = stream
        .scorer()
        .set("kafka.bootstrap_servers", servers)
        .start()?;
    scorer.wait_until_ready(PATIENCE)?;
    stream.send_transactions(&lines("expected/random-forest/input.jsonl"))?;
    stream.exactly("results", 600)?;
    Ok(())
}

#[test]
fn another_model_goes_on_where_the_first_one_stopped() -> Result<()> {
    let stream = Stream::new("other-model")?;
    let transactions = lines("expected/random-forest/input.jsonl");
    for model in ["random-forest", "decision-tree"] {
        let mut scorer = stream
            .scorer()
            .set("scorer.model", fixture(&format!("models/{model}")))
            .start()?;
        scorer.wait_until_ready(PATIENCE)?;
        stream.send_transactions(&transactions)?;
        stream.reader("results")?.read(600, PATIENCE)?;
        assert!(scorer.terminate(PATIENCE)?.success(), "{}", scorer.stderr());
    }
    let results = stream.exactly("results", 1200)?;
    let by = |name: &str| {
        let models = results.iter().filter_map(|result| result.header("model"));
        models.filter(|model| model.starts_with(name)).count()
    };
    assert_eq!((by("random-forest@"), by("decision-tree@")), (600, 600));
    Ok(())
}
