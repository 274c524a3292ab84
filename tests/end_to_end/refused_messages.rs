//! Messages that the sink can't read, and dead letters that a broker refuses.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use local_stack::{Message, Record, send};

use crate::support::fixtures::lines;
use crate::support::result_rows::result_rows;
use crate::support::stream::source;
use crate::support::{PATIENCE, Stream};

/// Takes a dead letter's headers, and neither a long value nor a long key.
const SMALL_LETTERS: &str = "transactions.small-dead-letter";

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
        stream.make_small_topic(&letters)?;
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
        assert_eq!(
            codes(&letters),
            ["too_large", "too_large", "invalid_json"],
            "{daemon}"
        );
        let why = letters[0].header("__connect.errors.exception.message");
        assert!(why.is_some_and(|why| why.contains("invalid_json") && why.contains("2000 bytes")));
        assert!(
            running.terminate(PATIENCE)?.success(),
            "{}",
            running.stderr()
        );
    }
    Ok(())
}

#[test]
fn a_header_of_the_message_that_is_called_like_ours_is_kept_and_misleads_nobody() -> Result<()> {
    let stream = Stream::new("like-ours")?;
    let letters = "results.small-dead-letter";
    stream.make_small_topic(letters)?;
    let own = [
        ("truncated", "true"),
        ("__connect.errors.offset", "elsewhere"),
    ];
    let sent = Message {
        key: Some(b"key"),
        value: Some(&[b'x'; 2000]),
        headers: &own,
        partition: Some(0),
    };
    send(&stream.broker, &stream.topic("results"), &[sent])?;
    let mut sink = stream
        .sink()
        .set("topics.results_dead_letter", stream.topic(letters))
        .start()?;

    // Refused whole, it loses its value and nothing more.
    let letter = stream.exactly(letters, 1)?.remove(0);
    assert_eq!(
        (letter.key.as_deref(), letter.text()),
        (sent.key, String::new())
    );
    let headers: Vec<_> = letter
        .headers
        .iter()
        .map(|(name, value)| {
            let value = value.as_deref().unwrap_or_default();
            (name.as_str(), String::from_utf8_lossy(value).into_owned())
        })
        .collect();
    assert_eq!(headers[..2], own.map(|(name, value)| (name, value.into())));
    assert_eq!(headers.len(), 2 + 7, "{headers:#?}");
    assert_eq!(headers[4], ("__connect.errors.offset", "0".to_owned()));
    assert_eq!(headers[8], ("truncated", "true".to_owned()));
    assert!(sink.terminate(PATIENCE)?.success(), "{}", sink.stderr());
    Ok(())
}

/// The topic's limit is known, so that no record is sent that it refuses.
#[test]
fn around_the_size_limit_no_dead_letter_is_refused_or_reduced_in_vain() -> Result<()> {
    let stream = Stream::new("size-limit")?;
    stream.make_small_topic(SMALL_LETTERS)?;
    let values: Vec<Vec<u8>> = (500..800).map(|length| vec![b'x'; length]).collect();
    stream.send_transactions(&values)?;
    let mut scorer = stream
        .scorer()
        .set(
            "topics.transactions_dead_letter",
            stream.topic(SMALL_LETTERS),
        )
        .start()?;

    let mut letters = stream.exactly(SMALL_LETTERS, values.len())?;
    letters.sort_by_key(|letter| {
        letter
            .header("__connect.errors.offset")
            .map(|text| text.len())
    });
    let whole: Vec<_> = letters
        .iter()
        .filter(|letter| letter.header("truncated").is_none())
        .map(|letter| letter.text().len())
        .collect();
    assert!((1..values.len()).contains(&whole.len()), "{}", whole.len());
    let longest = whole.iter().max().copied().unwrap_or_default();
    assert_eq!(whole.len(), longest + 1 - 500, "whole up to one length");
    assert!(scorer.terminate(PATIENCE)?.success());
    assert!(
        scorer.stderr().find("refuses").is_none(),
        "{}",
        scorer.stderr()
    );
    Ok(())
}

/// What compression leaves of a record shows only when it is sent.
#[test]
fn a_refusal_costs_no_other_record_though_it_came_unforeseen() -> Result<()> {
    for delivery in ["exactly-once", "at-least-once"] {
        let stream = Stream::new(&format!("unforeseen-{delivery}"))?;
        stream.make_small_topic(SMALL_LETTERS)?;
        // The refusal comes while there is more to send, each time.
        let transactions = vec![lines("expected/random-forest/input.jsonl"); 20].concat();
        let mut sent: Vec<Vec<u8>> = transactions
            .iter()
            .map(|line| line.clone().into_bytes())
            .collect();
        let mut random = 1_u32;
        let noise: Vec<u8> = std::iter::repeat_with(|| {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (random >> 24) as u8
        })
        .take(20_000)
        .collect();
        sent.insert(100, vec![b'x'; 5_000]);
        sent.insert(200, noise.clone());
        sent.insert(300, noise);
        stream.send_transactions(&sent)?;
        let mut scorer = stream
            .scorer()
            .set(
                "topics.transactions_dead_letter",
                stream.topic(SMALL_LETTERS),
            )
            .set("kafka.producer_properties.compression_type", "lz4")
            .set("scorer.commit_interval", "2s")
            .set("scorer.delivery", delivery)
            .variable("FAILPOINTS", "scorer_mid_produce=2%sleep(10)")
            .start()?;

        // At least once may repeat them.
        let reader = stream.reader(SMALL_LETTERS)?;
        let mut codes_by_offset = BTreeMap::new();
        while codes_by_offset.len() < 3 {
            let letter = reader.read(1, PATIENCE)?;
            codes_by_offset.insert(letter[0].header("__connect.errors.offset"), codes(&letter));
        }
        let codes: Vec<String> = codes_by_offset.into_values().flatten().collect();
        assert_eq!(codes, ["invalid_json", "too_large", "too_large"]);
        let reader = stream.reader("results")?;
        let mut scored = BTreeSet::new();
        while scored.len() < transactions.len() {
            scored.extend(reader.read(1, PATIENCE)?.iter().map(source));
        }
        assert!(scorer.terminate(PATIENCE)?.success(), "{}", scorer.stderr());
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
            ..Message::default()
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
