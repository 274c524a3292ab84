//! The broker that everything else stands on.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::Result;
use local_stack::{
    Broker, BrokerOptions, Isolation, Listener, Message, Topic, TopicReader, create_topics,
    end_offsets, send, wait_until,
};

const SOON: Duration = Duration::from_secs(60);

fn produce(broker: &str, topic: &str, values: &[&str]) -> Result<()> {
    let messages = values
        .iter()
        .map(|value| Message::new(value.as_bytes(), value.as_bytes()));
    send(broker, topic, &messages.collect::<Vec<_>>())
}

fn values(broker: &str, topic: &str) -> Result<Vec<String>> {
    let reader = TopicReader::new(broker, topic, Isolation::ReadCommitted)?;
    let mut values: Vec<_> = reader
        .read_to_end(SOON)?
        .iter()
        .map(|record| record.text())
        .collect();
    values.sort();
    Ok(values)
}

#[test]
fn a_killed_broker_comes_back_on_its_port_with_its_records() -> Result<()> {
    let mut broker = Broker::start(&BrokerOptions::default())?;
    let address = broker.address();
    create_topics(&address, &[Topic::new("t", 3)])?;
    create_topics(&address, &[Topic::new("t", 3)])?;
    produce(&address, "t", &["a", "b", "c"])?;

    broker.kill()?;
    assert!(!broker.is_running()?);
    broker.restart()?;
    assert_eq!(broker.address(), address);
    produce(&address, "t", &["d"])?;
    broker.stop()?;
    broker.restart()?;

    assert_eq!(values(&address, "t")?, ["a", "b", "c", "d"]);
    assert_eq!(end_offsets(&address, "t")?.values().sum::<i64>(), 4);
    assert_eq!(end_offsets(&address, "t")?.len(), 3);
    Ok(())
}

#[test]
fn a_given_folder_keeps_the_data_and_a_second_listener_has_its_own_port() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let options = BrokerOptions {
        data: Some(folder.path().to_owned()),
        listeners: vec![
            Listener::new("PLAINTEXT", "PLAINTEXT"),
            Listener::new("SECOND", "PLAINTEXT"),
        ],
        ..BrokerOptions::default()
    };
    let mut broker = Broker::start(&options)?;
    create_topics(&broker.address(), &[Topic::new("t", 1)])?;
    let second = broker.listener_address("SECOND").expect("it was asked for");
    assert_ne!(second, broker.address());
    produce(&second, "t", &["a"])?;
    broker.stop()?;
    drop(broker);

    let broker = Broker::start(&options)?;
    assert_eq!(values(&broker.address(), "t")?, ["a"]);
    Ok(())
}

#[test]
fn a_broker_that_cannot_start_says_why() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let error = Broker::start(&BrokerOptions {
        listeners: vec![Listener {
            port: Some(port),
            ..Listener::new("PLAINTEXT", "PLAINTEXT")
        }],
        ..BrokerOptions::default()
    })
    .expect_err("the port is taken");
    let text = format!("{error:#}");
    assert!(text.contains("Address already in use"), "{text}");
    assert!(!text.contains('\n'), "{text}");
}

#[test]
fn nothing_is_left_of_a_stack_that_was_killed() -> Result<()> {
    let temporary = tempfile::tempdir()?;
    let mut stack = Command::new(env!("CARGO_BIN_EXE_local-stack"))
        .args(["kafka", "--topic", "t:2"])
        .env("TMPDIR", temporary.path())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut address = String::new();
    BufReader::new(stack.stdout.take().expect("it was piped")).read_line(&mut address)?;
    let address: SocketAddr = address.trim().parse()?;
    assert_eq!(end_offsets(&address.to_string(), "t")?.len(), 2);
    assert_eq!(fs::read_dir(temporary.path())?.count(), 1);

    stack.kill()?;
    stack.wait()?;
    wait_until("the broker's end", SOON, || {
        Ok(TcpStream::connect(address).is_err())
    })?;
    wait_until("an empty folder", SOON, || {
        Ok(fs::read_dir(temporary.path())?.next().is_none())
    })
}
