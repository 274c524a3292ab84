//! Start and stop, as seen from outside.

use std::net::TcpListener;
use std::time::Duration;

use anyhow::Result;
use local_stack::{Broker, Daemon, DaemonCommand, Signal, http_get};

use crate::support::fixtures::{fixture, lines};
use crate::support::stream::broker_options;
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

/// Ten seconds, and some for a loaded machine.
const GRACE: Duration = Duration::from_secs(40);

fn quick(daemon: DaemonCommand) -> Result<Daemon> {
    daemon.set("service.shutdown_timeout", "10s").start()
}

#[test]
fn a_daemon_stops_in_time_though_the_broker_hangs() -> Result<()> {
    let mut broker = Broker::start(&broker_options())?;
    let idle = Stream::on(&broker, "idle")?;
    let busy = Stream::on(&broker, "busy")?;
    let starting = Stream::on(&broker, "starting")?;
    let mut daemons = vec![quick(idle.scorer())?, quick(idle.sink())?];
    for daemon in &mut daemons {
        daemon.wait_until_ready(PATIENCE)?;
    }
    idle.send_transactions(&lines("expected/random-forest/input.jsonl"))?;
    idle.exactly("results", 600)?;
    let data = fixture("transactions.parquet");
    let endless = busy.producer(&data).set("producer.repeat", "true");
    let mut producer = quick(endless.set("producer.rate", "2000"))?;
    daemons.push(quick(busy.scorer())?);
    daemons.push(quick(busy.sink().set("sink.max_rows", "100"))?);
    busy.reader("results")?.read(2_000, PATIENCE)?;

    broker.signal(Signal::STOP)?;
    daemons.push(quick(starting.scorer())?);
    daemons.push(quick(starting.sink())?);
    for daemon in daemons.iter_mut().skip(4) {
        daemon.wait_for_readyz(503, PATIENCE)?;
    }
    for daemon in daemons.iter_mut().chain([&mut producer]) {
        daemon.signal(Signal::TERM)?;
    }
    for daemon in &mut daemons {
        let status = daemon.wait(GRACE)?;
        assert_eq!(status.code(), Some(0), "{}", daemon.stderr());
    }
    // What it has queued is lost, and it says so.
    assert_eq!(producer.wait(GRACE)?.code(), Some(1));
    broker.signal(Signal::CONT)
}

#[test]
fn a_sink_stops_in_time_though_its_store_hangs() -> Result<()> {
    let stream = Stream::new("store-hangs")?;
    // Takes connections, and never answers.
    let store = TcpListener::bind("127.0.0.1:0")?;
    let sink = stream
        .sink()
        .set("sink.parquet", "s3://results/files")
        .set(
            "object_store.endpoint",
            format!("http://{}", store.local_addr()?),
        )
        .set("object_store.region", "somewhere")
        .set("object_store.access_key_id", "key")
        .set("object_store.secret_access_key", "secret");
    let mut sink = quick(sink)?;
    sink.wait_for_readyz(503, PATIENCE)?;
    let _asked = store.accept()?;
    sink.signal(Signal::TERM)?;
    assert_eq!(sink.wait(GRACE)?.code(), Some(0), "{}", sink.stderr());
    Ok(())
}
