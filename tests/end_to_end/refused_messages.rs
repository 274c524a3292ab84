//! Messages that the sink can't read, and dead letters that a broker refuses.

use anyhow::Result;
use local_stack::{Message, Record, Topic, create_topics, send};

use crate::support::fixtures::lines;
use crate::support::result_rows::result_rows;
use crate::support::{PATIENCE, Stream};

/// Takes a dead letter's headers, and neither a long value nor a long key.
const SMALL: [(&str, &str); 1] = [("max.message.bytes", "1000")];

#[test]
fn what_is_no_result_becomes_a_dead_letter_and_the_files_go_on() -> Result<()> {
    let stream = Stream::new("no-result")?;
    let results = lines("expected/random-forest/output.jsonl");
    let values = [
        Some(results[0].as_bytes()),
        Some(&b"{\"prediction\":1.0}"[..]),
        None,
        Some(results[1].as_bytes()),
    ];
    send_to(
        &stream,
        "results",
        &values.map(|value| (&b"key"[..], value)),
    )?;
    let mut sink = stream.sink().start()?;
    let letters = stream.exactly("results.dead-letter", 2)?;
    assert_eq!(codes(&letters), ["missing_field", "tombstone"]);
    for letter in &letters {
        assert_eq!(letter.key.as_deref(), Some(&b"key"[..]));
        assert_eq!(
            letter.header("__connect.errors.stage").as_deref(),
            Some("read")
        );
    }
    sink.wait_until_ready(PATIENCE)?;
    assert!(sink.terminate(PATIENCE)?.success(), "{}", sink.stderr());
    let rows = result_rows(&stream.result_files())?;
    let offsets: Vec<_> = rows.iter().map(|row| row.kafka.1).collect();
    assert_eq!(offsets, [0, 3]);
    Ok(())
}

#[test]
fn a_dead_letter_that_is_too_large_loses_its_value_and_then_its_key() -> Result<()> {
    for (daemon, topic) in [("scorer", "transactions"), ("sink", "results")] {
        let stream = Stream::new(&format!("too-large-{daemon}"))?;
        let letters = format!("{topic}.small-dead-letter");
        create_topics(
            &stream.broker,
            &[Topic {
                name: &stream.topic(&letters),
                partitions: 1,
                config: &SMALL,
            }],
        )?;
        let long = [b'x'; 2000];
        let sent = [
            (&b"key"[..], Some(&long[..])),
            (&long[..], Some(&long[..])),
            (&b"key"[..], Some(&b"short"[..])),
        ];
        send_to(&stream, topic, &sent)?;
        let key = format!("topics.{topic}_dead_letter");
        let command = match daemon {
            "scorer" => stream.scorer(),
            _ => stream.sink(),
        };
        let mut running = command.set(&key, stream.topic(&letters)).start()?;

        let mut letters = stream.exactly(&letters, sent.len())?;
        letters.sort_by_key(|letter| letter.header("__connect.errors.offset"));
        let kept: Vec<_> = letters
            .iter()
            .map(|letter| {
                (
                    letter.key.as_deref(),
                    letter.text(),
                    letter.header("truncated"),
                )
            })
            .collect();
        let truncated = Some("true".to_owned());
        let expected = [
            (Some(&b"key"[..]), String::new(), truncated.clone()),
            (None, String::new(), truncated),
            // What merely shared a batch with them stays whole.
            (Some(&b"key"[..]), "short".to_owned(), None),
        ];
        assert_eq!(kept, expected, "{daemon}");
        assert!(
            running.terminate(PATIENCE)?.success(),
            "{}",
            running.stderr()
        );
    }
    Ok(())
}

fn send_to(stream: &Stream, topic: &str, sent: &[(&[u8], Option<&[u8]>)]) -> Result<()> {
    let messages: Vec<_> = sent
        .iter()
        .map(|&(key, value)| Message {
            key: Some(key),
            value,
            partition: Some(0),
        })
        .collect();
    send(&stream.broker, &stream.topic(topic), &messages)
}

fn codes(letters: &[Record]) -> Vec<String> {
    letters
        .iter()
        .filter_map(|letter| letter.header("__connect.errors.exception.class.name"))
        .collect()
}
