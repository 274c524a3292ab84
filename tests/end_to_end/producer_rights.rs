//! A producer that may not write, yet or any more.

use std::collections::BTreeSet;

use anyhow::Result;
use local_stack::{DaemonCommand, grant, revoke};

use crate::support::fixtures::fixture;
use crate::support::secured::secured_broker;
use crate::support::{PATIENCE, Stream, assert_waits};

const TRANSACTIONS: usize = 3_000;
const TO_DO: &str = "grant it Write";

fn producer(stream: &Stream, user: &str) -> DaemonCommand {
    let producer = stream.producer(&fixture("transactions.parquet"));
    stream
        .as_user(user, producer)
        .set("producer.sample", TRANSACTIONS.to_string())
        .set("producer.rate", "500")
}

#[test]
fn a_producer_that_may_not_write_says_so_and_gives_up_in_the_end() -> Result<()> {
    let stream = Stream::without_rights(secured_broker(), "no-write")?;
    let describe = format!("stranger:Describe:Topic:{}", stream.topic("transactions"));
    grant(&stream.broker, &[describe])?;
    let mut producer = producer(&stream, "stranger")
        .set("producer.send_timeout", "10s")
        .start()?;
    assert_waits(&mut producer, TO_DO)?;
    assert_eq!(producer.wait(PATIENCE)?.code(), Some(1));
    let said = producer.stderr().lines();
    let warnings = said.iter().filter(|line| line.contains("WARN")).count();
    assert_eq!(warnings, 1, "{said:#?}");
    let last = said.last().map_or("", String::as_str);
    for text in ["ERROR", "0 transactions sent", "gave up after 10s", TO_DO] {
        assert!(last.contains(text), "{last}");
    }
    stream.exactly("transactions", 0)?;
    Ok(())
}

/// Who may write to no topic at all isn't given a producer's id, which ends librdkafka's
/// producer; who may write to another one meets the refusal of each message.
#[test]
fn a_right_to_write_that_comes_late_and_goes_again_is_waited_for_and_costs_nothing() -> Result<()> {
    for (user, may_write_elsewhere) in [("newcomer", false), ("producer", true)] {
        let stream = Stream::without_rights(secured_broker(), &format!("late-write-{user}"))?;
        let topic = stream.topic("transactions");
        grant(&stream.broker, &[format!("{user}:Describe:Topic:{topic}")])?;
        if may_write_elsewhere {
            grant(
                &stream.broker,
                &[format!("{user}:Write:Topic:{topic}-elsewhere")],
            )?;
        }
        let write = [format!("{user}:Write:Topic:{topic}")];
        let reader = stream.reader("transactions")?;
        let mut producer = producer(&stream, user).start()?;
        assert_waits(&mut producer, TO_DO)?;
        grant(&stream.broker, &write)?;
        producer.wait_until_ready(PATIENCE)?;
        let mut sent = reader.read(200, PATIENCE)?;
        revoke(&stream.broker, &write)?;
        assert_waits(&mut producer, TO_DO)?;
        grant(&stream.broker, &write)?;
        assert!(producer.wait(PATIENCE)?.success(), "{}", producer.stderr());
        sent.extend(reader.read_to_end(PATIENCE)?);
        let keys: BTreeSet<_> = sent.iter().map(|record| &record.key).collect();
        assert_eq!((sent.len(), keys.len()), (TRANSACTIONS, TRANSACTIONS));
        revoke(&stream.broker, &write)?;
    }
    Ok(())
}
