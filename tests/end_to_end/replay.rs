//! `scorer-svc replay`: dead letters back to `transactions`.

use std::net::TcpListener;

use anyhow::Result;
use local_stack::{Daemon, DaemonCommand, Message, Record, Topic, create_topics, send};

use crate::support::{PATIENCE, Stream};

/// Runs `scorer-svc replay` with these arguments to its end.
fn replay(command: &DaemonCommand, arguments: &'static [&str], code: i32) -> Result<Daemon> {
    let mut replay = command.clone().arguments(arguments).start()?;
    let status = replay.wait(PATIENCE)?;
    assert_eq!(status.code(), Some(code), "{}", replay.stderr());
    Ok(replay)
}

/// What is on `transactions`, in the order of partition 0.
fn transactions(stream: &Stream) -> Result<Vec<Record>> {
    stream.reader("transactions")?.read_to_end(PATIENCE)
}

#[test]
fn dead_letters_go_back_as_they_were_and_no_other() -> Result<()> {
    let stream = Stream::new("replay")?;
    let sent = [
        Message {
            key: Some(b"no JSON"),
            value: Some(b"not JSON"),
            partition: Some(0),
            ..Message::default()
        },
        Message {
            key: None,
            value: None,
            partition: Some(2),
            ..Message::default()
        },
        Message {
            key: Some(b"no id"),
            value: Some(b"{}"),
            partition: Some(1),
            ..Message::default()
        },
    ];
    send(&stream.broker, &stream.topic("transactions"), &sent)?;
    let mut scorer = stream.scorer().start()?;
    stream.exactly("transactions.dead-letter", 3)?;
    assert!(scorer.terminate(PATIENCE)?.success());

    let command = stream.replay();
    let dry = replay(&command, &["--dry-run"], 0)?;
    assert_eq!(dry.stdout().lines().len(), 3, "{}", dry.stdout());
    assert!(dry.stderr().find("would replay 3 dead letters").is_some());
    assert_eq!(transactions(&stream)?.len(), 3);

    let some = replay(
        &command,
        &["--reason", "invalid_json", "--reason=tombstone"],
        0,
    )?;
    let said = "replayed 2 dead letters, 1 of other reasons left out";
    assert!(some.stderr().find(said).is_some(), "{}", some.stderr());
    assert!(
        some.stdout().find("0:0 invalid_json: ").is_some(),
        "{}",
        some.stdout()
    );
    let mut back = transactions(&stream)?;
    back.retain(|record| record.offset > 0);
    back.sort_by_key(|record| record.partition);
    let back: Vec<_> = back
        .iter()
        .map(|record| {
            (
                record.partition,
                record.key.as_deref(),
                record.value.as_deref(),
            )
        })
        .collect();
    let expected = [(0, sent[0].key, sent[0].value), (2, None, None)];
    assert_eq!(back, expected);

    let none = replay(&command, &["--since", "2999-01-01T00:00:00Z"], 0)?;
    assert!(none.stderr().find("replayed 0 dead letters").is_some());
    replay(&command, &["--from", "9:0"], 2)?;
    replay(&command, &["--reason", "no_reason"], 2)?;
    Ok(())
}

#[test]
fn a_truncated_letter_is_fetched_from_its_topic_or_named_if_it_is_gone() -> Result<()> {
    let stream = Stream::new("replay-truncated")?;
    let letters = "transactions.small-dead-letter";
    stream.make_small_topic(letters)?;
    let long = vec![b'x'; 2_000];
    stream.send_transactions(&[&long])?;
    let small = |daemon: DaemonCommand| {
        daemon.set("topics.transactions_dead_letter", stream.topic(letters))
    };
    let command = small(stream.replay());
    let mut scorer = small(stream.scorer()).start()?;
    let letter = stream.exactly(letters, 1)?;
    assert_eq!(letter[0].text(), "");
    assert!(scorer.terminate(PATIENCE)?.success());

    replay(&command, &[], 0)?;
    let back = transactions(&stream)?;
    assert_eq!(back.len(), 2);
    assert_eq!((&back[1].value, back[1].headers.len()), (&Some(long), 0));

    local_stack::delete(&stream.broker, &[&stream.topic("transactions")], &[])?;
    create_topics(
        &stream.broker,
        &[Topic::new(&stream.topic("transactions"), 3)],
    )?;
    let gone = replay(&command, &[], 1)?;
    assert!(
        gone.stderr().find("0:0 is gone").is_some(),
        "{}",
        gone.stderr()
    );
    assert_eq!(transactions(&stream)?.len(), 0);
    Ok(())
}

/// Where it was a dead letter before, say, or somebody else's `truncated` means another thing.
#[test]
fn a_header_of_the_message_that_is_called_like_ours_comes_back_with_it() -> Result<()> {
    let stream = Stream::new("replay-like-ours")?;
    let own = [
        ("truncated", "true"),
        ("__connect.errors.topic", "elsewhere"),
    ];
    let sent = Message {
        key: Some(b"key"),
        value: Some(b"not JSON"),
        headers: &own,
        partition: Some(0),
    };
    let transactions_topic = stream.topic("transactions");
    send(&stream.broker, &transactions_topic, &[sent])?;
    let mut scorer = stream.scorer().start()?;
    stream.exactly("transactions.dead-letter", 1)?;
    assert!(scorer.terminate(PATIENCE)?.success());
    local_stack::delete(&stream.broker, &[&transactions_topic], &[])?;
    create_topics(&stream.broker, &[Topic::new(&transactions_topic, 3)])?;

    replay(&stream.replay(), &[], 0)?;
    let back = transactions(&stream)?;
    assert_eq!(back.len(), 1);
    assert_eq!(back[0].value.as_deref(), sent.value);
    let own = own.map(|(name, value)| (name.to_owned(), Some(value.as_bytes().to_vec())));
    assert_eq!(back[0].headers, own);
    Ok(())
}

#[test]
fn a_replay_that_waits_for_a_broker_ends_when_it_is_asked_to() -> Result<()> {
    // Takes connections and never answers. The watchdog doesn't help: it comes too late.
    let broker = TcpListener::bind("127.0.0.1:0")?;
    let mut replay = DaemonCommand::new("scorer-svc")
        .set("kafka.bootstrap_servers", broker.local_addr()?.to_string())
        .set("service.shutdown_timeout", "1h")
        .arguments(["replay"])
        .start()?;
    let _asked = broker.accept()?;
    assert_eq!(replay.terminate(PATIENCE)?.code(), Some(1));
    let said = replay.stderr().lines();
    let last = said.last().map_or("", String::as_str);
    assert!(last.contains("stopped before topic"), "{said:#?}");
    Ok(())
}
