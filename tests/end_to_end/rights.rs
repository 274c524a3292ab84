//! Rights: the least that the daemons need, missing ones, and such as are taken away
//! while they run.

use std::collections::BTreeSet;

use anyhow::Result;
use local_stack::{grant, revoke};

use crate::support::fixtures::{fixture, lines};
use crate::support::result_rows::wait_for_rows;
use crate::support::secured::secured_broker;
use crate::support::stream::source;
use crate::support::{PATIENCE, Stream, assert_waits};

/// In each round.
const TRANSACTIONS: usize = 600;

#[test]
fn the_rights_of_the_table_are_enough_for_the_main_job() -> Result<()> {
    let stream = Stream::on(secured_broker(), "least-rights")?;
    let mut producer = stream
        .producer(&fixture("transactions.parquet"))
        .set("producer.sample", TRANSACTIONS.to_string())
        .start()?;
    let mut scorer = stream.scorer().start()?;
    let mut sink = stream.sink().set("sink.max_age", "1s").start()?;
    assert!(producer.wait(PATIENCE)?.success(), "{}", producer.stderr());
    assert_each_has_one_result(&stream, TRANSACTIONS)?;
    wait_for_rows(&stream.result_files(), TRANSACTIONS, &mut sink)?;
    for daemon in [&mut scorer, &mut sink] {
        assert!(daemon.terminate(PATIENCE)?.success(), "{}", daemon.stderr());
    }
    Ok(())
}

#[test]
fn a_right_that_is_taken_away_from_the_scorer_is_waited_for_and_costs_nothing() -> Result<()> {
    let stream = Stream::on(secured_broker(), "scorers-rights")?;
    let mut scorer = stream.scorer().start()?;
    scorer.wait_until_ready(PATIENCE)?;
    let transactions = lines("expected/random-forest/input.jsonl");
    stream.send_transactions(&transactions)?;
    stream.exactly("results", TRANSACTIONS)?;
    let rights = [
        (
            format!("Write:Topic:{}", stream.topic("results")),
            format!("may not use topic \"{}\"", stream.topic("results")),
        ),
        (
            format!("Read:Topic:{}", stream.topic("transactions")),
            format!("topic \"{}\": grant it Read", stream.topic("transactions")),
        ),
        (
            format!("Read:Group:{}", stream.topic("scorer")),
            format!("group \"{}\": grant it Read", stream.topic("scorer")),
        ),
        (
            format!("Write:TransactionalId:{}-*", stream.topic("scorer")),
            format!("may not use transactional id {}-", stream.topic("scorer")),
        ),
    ];
    for (round, (right, warning)) in rights.iter().enumerate() {
        let right = [format!("scorer:{right}")];
        revoke(&stream.broker, &right)?;
        stream.send_transactions(&transactions)?;
        assert_waits(&mut scorer, warning)?;
        grant(&stream.broker, &right)?;
        scorer.wait_until_ready(PATIENCE)?;
        assert_each_has_one_result(&stream, (round + 2) * TRANSACTIONS)?;
    }
    assert!(scorer.terminate(PATIENCE)?.success(), "{}", scorer.stderr());
    Ok(())
}

#[test]
fn a_right_that_is_taken_away_from_the_sink_is_waited_for_and_costs_nothing() -> Result<()> {
    let stream = Stream::on(secured_broker(), "sinks-rights")?;
    let mut scorer = stream.scorer().start()?;
    let mut sink = stream.sink().set("sink.max_age", "1s").start()?;
    sink.wait_until_ready(PATIENCE)?;
    let transactions = lines("expected/random-forest/input.jsonl");
    stream.send_transactions(&transactions)?;
    wait_for_rows(&stream.result_files(), TRANSACTIONS, &mut sink)?;
    let rights = [
        (
            format!("Read:Topic:{}", stream.topic("results")),
            format!("topic \"{}\": grant it Read", stream.topic("results")),
        ),
        (
            format!("Read:Group:{}", stream.topic("sink")),
            format!("group \"{}\": grant it Read", stream.topic("sink")),
        ),
    ];
    for (round, (right, warning)) in rights.iter().enumerate() {
        let right = [format!("sink:{right}")];
        revoke(&stream.broker, &right)?;
        stream.send_transactions(&transactions)?;
        assert_waits(&mut sink, warning)?;
        grant(&stream.broker, &right)?;
        sink.wait_until_ready(PATIENCE)?;
        let rows = wait_for_rows(
            &stream.result_files(),
            (round + 2) * TRANSACTIONS,
            &mut sink,
        )?;
        let sources: BTreeSet<_> = rows.iter().map(|row| row.source).collect();
        assert_eq!(
            (rows.len(), sources.len()),
            ((round + 2) * TRANSACTIONS, rows.len())
        );
    }
    for daemon in [&mut scorer, &mut sink] {
        assert!(daemon.terminate(PATIENCE)?.success(), "{}", daemon.stderr());
    }
    Ok(())
}

/// Who needs this right only now and then mustn't be unready for ever after it was missing.
#[test]
fn a_right_to_write_dead_letters_is_waited_for_once_there_is_one() -> Result<()> {
    let stream = Stream::on(secured_broker(), "letters-rights")?;
    let daemons = [
        ("transactions", stream.scorer(), "scorer"),
        ("results", stream.sink().set("sink.max_age", "1s"), "sink"),
    ];
    for (topic, command, user) in daemons {
        let letters = format!("{topic}.dead-letter");
        let write = [format!("{user}:Write:Topic:{}", stream.topic(&letters))];
        let mut daemon = command.start()?;
        daemon.wait_until_ready(PATIENCE)?;
        revoke(&stream.broker, &write)?;
        stream.send(topic, &["not JSON"])?;
        let reason = format!("{}\": grant it Write", stream.topic(&letters));
        assert_waits(&mut daemon, &reason)?;
        grant(&stream.broker, &write)?;
        daemon.wait_until_ready(PATIENCE)?;
        assert_eq!(stream.exactly(&letters, 1)?[0].text(), "not JSON");
        assert!(daemon.terminate(PATIENCE)?.success(), "{}", daemon.stderr());
    }
    Ok(())
}

fn assert_each_has_one_result(stream: &Stream, count: usize) -> Result<()> {
    let results = stream.exactly("results", count)?;
    let sources: BTreeSet<_> = results.iter().map(source).collect();
    assert_eq!(sources.len(), count);
    Ok(())
}
