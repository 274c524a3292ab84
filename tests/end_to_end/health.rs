//! Start and stop, as seen from outside.

use std::time::Duration;

use anyhow::Result;
use local_stack::{Broker, BrokerOptions, DaemonCommand, Signal, http_get};

use crate::support::fixtures::{fixture, lines};
use crate::support::{PATIENCE, Stream};

#[test]
fn the_admin_endpoints_list_themselves_and_nothing_else_answers() -> Result<()> {
    let stream = Stream::new("admin")?;
    let mut scorer = stream.scorer().start()?;
    scorer.wait_until_ready(PATIENCE)?;
    for path in ["/livez", "/healthz", "/readyz", "/metrics", "/"] {
        assert_eq!(scorer.get(path)?.status, 200, "{path}");
    }
    let index = scorer.get("/")?.body;
    for path in ["/livez", "/readyz", "/metrics"] {
        assert!(index.contains(path), "{index}");
    }
    assert_eq!(scorer.get("/config")?.status, 404);
    Ok(())
}

#[test]
fn a_daemon_is_ready_only_when_it_has_its_partitions() -> Result<()> {
    let stream = Stream::new("ready")?;
    let mut daemons = [stream.scorer().start()?, stream.sink().start()?];
    for daemon in &mut daemons {
        // It looks at once, and all the time.
        daemon.wait_until_ready(PATIENCE)?;
        let said = daemon.stderr().to_string();
        assert!(said.contains("assigned"), "{said}");
    }
    Ok(())
}

#[test]
fn a_daemon_stops_at_ctrl_c_and_at_sigterm_with_its_work_committed() -> Result<()> {
    for (name, signal) in [("stop-int", Signal::INT), ("stop-term", Signal::TERM)] {
        let stream = Stream::new(name)?;
        let mut daemons = [stream.scorer().start()?, stream.sink().start()?];
        for daemon in &mut daemons {
            daemon.wait_until_ready(PATIENCE)?;
        }
        stream.send_transactions(&lines("expected/random-forest/input.jsonl"))?;
        stream.exactly("results", 600)?;
        for daemon in &mut daemons {
            daemon.signal(signal)?;
            let status = daemon.wait(PATIENCE)?;
            assert_eq!(status.code(), Some(0), "{}", daemon.stderr());
            assert!(http_get(daemon.admin(), "/livez").is_err());
        }
        // Started again, the scorer has nothing left to do.
        let mut scorer = stream.scorer().start()?;
        scorer.wait_until_ready(PATIENCE)?;
        assert!(scorer.terminate(PATIENCE)?.success());
        stream.exactly("results", 600)?;
    }
    Ok(())
}

#[test]
fn ctrl_c_ends_a_producer_that_would_go_on_for_ever() -> Result<()> {
    let stream = Stream::new("producer-stop")?;
    let mut producer = stream
        .producer(&fixture("transactions.parquet"))
        .set("producer.repeat", "true")
        .set("producer.rate", "500")
        .start()?;
    let sent = stream.reader("transactions")?.read(100, PATIENCE)?;
    assert_eq!(sent.len(), 100);
    producer.signal(Signal::INT)?;
    assert_eq!(
        producer.wait(PATIENCE)?.code(),
        Some(0),
        "{}",
        producer.stderr()
    );
    Ok(())
}

#[test]
fn a_daemon_stops_in_time_though_the_broker_hangs() -> Result<()> {
    let mut broker = Broker::start(&BrokerOptions::default())?;
    let scoring = Stream::on(&broker, "scoring")?;
    let sinking = Stream::on(&broker, "sinking")?;
    let quick = |daemon: DaemonCommand| daemon.set("service.shutdown_timeout", "10s").start();
    let mut daemons = [quick(scoring.scorer())?, quick(sinking.sink())?];
    for daemon in &mut daemons {
        daemon.wait_until_ready(PATIENCE)?;
    }
    scoring.send_transactions(&lines("expected/random-forest/input.jsonl"))?;
    scoring.exactly("results", 600)?;

    broker.signal(Signal::STOP)?;
    for daemon in &mut daemons {
        daemon.signal(Signal::TERM)?;
    }
    for daemon in &mut daemons {
        // Ten seconds, and some for a loaded machine.
        let status = daemon.wait(Duration::from_secs(40))?;
        assert_eq!(status.code(), Some(0), "{}", daemon.stderr());
    }
    broker.signal(Signal::CONT)
}
