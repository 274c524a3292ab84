//! How each fault comes about, and how work goes on after it.

use std::os::unix::process::ExitStatusExt;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use local_stack::{ChildProcess, Signal, Weather, wait_for};
use rand::RngExt;
use rand::rngs::ChaCha8Rng;

use crate::daemons::Victim;
use crate::deck::{Fault, Place};
use crate::progress::milliseconds;
use crate::stack::{PATIENCE, Stack, stop};
use crate::table::Row;

/// Longer than the transaction's timeout and the broker's next look at it.
const PAST_THE_TRANSACTION: Duration = Duration::from_secs(8);
const SERVICE_UNAVAILABLE: &str =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const FORBIDDEN: &str = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const BOTH: [Victim; 2] = [Victim::Scorer, Victim::Sink];

/// Lets the fault come, and waits until work has gone on.
pub(crate) fn bring(fault: Fault, stack: &mut Stack, random: &mut ChaCha8Rng) -> Result<Row> {
    println!("{}", fault.name());
    stack.check_alive()?;
    stack.send_broken()?;
    let began = milliseconds();
    // At any moment.
    pause(Duration::from_millis(random.random_range(0..500)));
    let (recoveries, kills) = match fault {
        Fault::Abort(place) => (abort(place, stack, random)?, 1),
        Fault::Kill(victim) => (kill(victim, stack)?, 1),
        Fault::Restart(victim) => (restart(victim, stack)?, 0),
        Fault::Atomicity => (die_and_compare(stack)?, 1),
        Fault::Zombie(victim) => (zombie(victim, stack)?, 0),
        Fault::Twin(victim) => (twin(victim, stack)?, 0),
        Fault::TransactionTimeout => (transaction_timeout(stack)?, 0),
        Fault::Rebalances(victim) => (rebalances(victim, stack)?, 0),
        Fault::KillBroker => (kill_broker(stack)?, 1),
        Fault::FreezeBroker => (freeze_broker(stack)?, 0),
        Fault::SlowNetwork => (
            bad_weather(Weather::Slow(Duration::from_millis(100)), 3, stack)?,
            0,
        ),
        Fault::UnevenNetwork => (
            bad_weather(Weather::Uneven(Duration::from_secs(1)), 5, stack)?,
            0,
        ),
        Fault::CutNetwork => (cut_network(stack)?, 0),
        Fault::LostAnswers => (bad_weather(Weather::LosesAnswers, 2, stack)?, 0),
        Fault::NoNetwork => (bad_weather(Weather::Down, 5, stack)?, 0),
        Fault::FullDisk => (full_disk(stack)?, 0),
        Fault::SlowModel => (slow_model(stack)?, 0),
        Fault::BucketForbids => (bad_bucket(Weather::Answers(FORBIDDEN), stack)?, 0),
        Fault::BucketRefuses => (bad_bucket(Weather::Answers(SERVICE_UNAVAILABLE), stack)?, 0),
        Fault::SlowBucket => (bad_bucket(Weather::Slow(Duration::from_secs(1)), stack)?, 0),
        Fault::BucketLosesAnswers => (bad_bucket(Weather::LosesAnswers, stack)?, 0),
        Fault::NoBucket => (bad_bucket(Weather::Down, stack)?, 0),
    };
    Ok(Row {
        fault,
        began,
        ended: milliseconds(),
        recoveries,
        kills,
    })
}

fn abort(place: Place, stack: &mut Stack, random: &mut ChaCha8Rng) -> Result<Vec<Duration>> {
    let Place {
        victim,
        failpoint,
        passes,
        ..
    } = place;
    let passes = random.random_range(1..=passes);
    let end = if random.random_bool(0.25) {
        format!("1*return({})", random.random_range(0..5))
    } else {
        "return".to_owned()
    };
    stop(stack.victim(victim))?;
    let command = stack.command(victim);
    *stack.victim(victim) = command
        .variable("FAILPOINTS", format!("{failpoint}={passes}*off->{end}"))
        .start()?;
    let status = stack.victim(victim).wait(PATIENCE)?;
    ensure!(
        status.signal() == Some(Signal::ABORT.as_raw()),
        "{failpoint} ended with {status}:\n{}",
        stack.victim(victim).stderr()
    );
    start_again(victim, stack)
}

fn kill(victim: Victim, stack: &mut Stack) -> Result<Vec<Duration>> {
    stack.victim(victim).kill()?;
    start_again(victim, stack)
}

fn restart(victim: Victim, stack: &mut Stack) -> Result<Vec<Duration>> {
    stop(stack.victim(victim))?;
    start_again(victim, stack)
}

fn start_again(victim: Victim, stack: &mut Stack) -> Result<Vec<Duration>> {
    let mark = stack.mark()?;
    *stack.victim(victim) = stack.command(victim).start()?;
    Ok(vec![stack.wait_beyond(&mark, victim)?])
}

fn die_and_compare(stack: &mut Stack) -> Result<Vec<Duration>> {
    stack.scorer.kill()?;
    stack.checker.check_atomicity()?;
    start_again(Victim::Scorer, stack)
}

fn zombie(victim: Victim, stack: &mut Stack) -> Result<Vec<Duration>> {
    let mark = stack.mark()?;
    stack.victim(victim).signal(Signal::STOP)?;
    let mut other = stack.site.replica(victim, "other").start()?;
    let recovery = stack.wait_beyond(&mark, victim)?;
    stack.victim(victim).signal(Signal::CONT)?;
    stack.victim(victim).wait_until_ready(PATIENCE)?;
    let mark = stack.mark()?;
    stop(&mut other)?;
    stack.wait_beyond(&mark, victim)?;
    Ok(vec![recovery])
}

/// One of the two must end. Mostly it is the one that was frozen; where its session was lost
/// before, as in a bad network, it joins anew, and the other finds its id taken.
fn twin(victim: Victim, stack: &mut Stack) -> Result<Vec<Duration>> {
    stack.victim(victim).signal(Signal::STOP)?;
    let mark = stack.mark()?;
    let twin = stack.command(victim).start()?;
    let recovery = stack.wait_beyond(&mark, victim)?;
    let mut frozen = std::mem::replace(stack.victim(victim), twin);
    frozen.signal(Signal::CONT)?;
    let twin = stack.victim(victim);
    let end = wait_for("the end of one of two with one id", PATIENCE, || {
        Ok(match frozen.exit_status()? {
            Some(status) => Some((status, true)),
            None => twin.exit_status()?.map(|status| (status, false)),
        })
    });
    let (status, was_frozen) = end.with_context(|| {
        format!(
            "the frozen one:\n{}\nits twin:\n{}",
            frozen.stderr(),
            twin.stderr()
        )
    })?;
    let ended = if was_frozen {
        frozen
    } else {
        std::mem::replace(twin, frozen)
    };
    ensure!(
        status.code() == Some(1) && ended.stderr().find("another process uses").is_some(),
        "one of two with one id ended with {status}:\n{}",
        ended.stderr()
    );
    stack.check_alive()?;
    let mark = stack.mark()?;
    stack.wait_beyond(&mark, victim)?;
    Ok(vec![recovery])
}

fn transaction_timeout(stack: &mut Stack) -> Result<Vec<Duration>> {
    stack.scorer.signal(Signal::STOP)?;
    pause(PAST_THE_TRANSACTION);
    let mark = stack.mark()?;
    stack.scorer.signal(Signal::CONT)?;
    Ok(vec![stack.wait_beyond(&mark, Victim::Scorer)?])
}

fn slow_model(stack: &mut Stack) -> Result<Vec<Duration>> {
    stop(&mut stack.scorer)?;
    let command = stack.command(Victim::Scorer);
    stack.scorer = command
        .set("kafka.consumer_properties.max_poll_interval_ms", "4000")
        .variable("FAILPOINTS", "scorer_mid_produce=500*off->1*sleep(7000)")
        .start()?;
    stack
        .scorer
        .wait_for_line(ChildProcess::stderr, "revoked", PATIENCE)?;
    let mark = stack.mark()?;
    let recovery = stack.wait_beyond(&mark, Victim::Scorer)?;
    restart(Victim::Scorer, stack)?;
    Ok(vec![recovery])
}

fn rebalances(victim: Victim, stack: &mut Stack) -> Result<Vec<Duration>> {
    let mut recoveries = Vec::new();
    for _ in 0..3 {
        let mark = stack.mark()?;
        let mut guest = stack.site.replica(victim, "guest").start()?;
        pause(Duration::from_secs(2));
        recoveries.push(stack.wait_beyond(&mark, victim)?);
        let mark = stack.mark()?;
        stop(&mut guest)?;
        pause(Duration::from_secs(2));
        recoveries.push(stack.wait_beyond(&mark, victim)?);
    }
    Ok(recoveries)
}

fn kill_broker(stack: &mut Stack) -> Result<Vec<Duration>> {
    stack.broker.kill()?;
    stack.broker.restart()?;
    both_go_on(stack)
}

fn freeze_broker(stack: &mut Stack) -> Result<Vec<Duration>> {
    stack.broker.signal(Signal::STOP)?;
    pause(Duration::from_secs(3));
    stack.broker.signal(Signal::CONT)?;
    both_go_on(stack)
}

fn bad_weather(weather: Weather, seconds: u64, stack: &mut Stack) -> Result<Vec<Duration>> {
    stack.proxy.set(weather);
    pause(Duration::from_secs(seconds));
    stack.proxy.set(Weather::Clear);
    both_go_on(stack)
}

fn cut_network(stack: &mut Stack) -> Result<Vec<Duration>> {
    let mut recoveries = Vec::new();
    for _ in 0..5 {
        stack.proxy.cut();
        recoveries.extend(both_go_on(stack)?);
    }
    Ok(recoveries)
}

fn full_disk(stack: &mut Stack) -> Result<Vec<Duration>> {
    stack.sink.limit_file_size(Some(100))?;
    stack.sink.wait_for_readyz(503, PATIENCE)?;
    let mark = stack.mark()?;
    stack.sink.limit_file_size(None)?;
    Ok(vec![stack.wait_beyond(&mark, Victim::Sink)?])
}

fn bad_bucket(weather: Weather, stack: &mut Stack) -> Result<Vec<Duration>> {
    let bucket = stack.bucket.as_ref().context("there is no S3")?;
    bucket.proxy.set(weather);
    // Requests are answered here only on new connections.
    bucket.proxy.cut();
    pause(Duration::from_secs(4));
    bucket.proxy.set(Weather::Clear);
    let mark = stack.mark()?;
    Ok(vec![stack.wait_beyond(&mark, Victim::BucketSink)?])
}

/// The longer of the two.
fn both_go_on(stack: &mut Stack) -> Result<Vec<Duration>> {
    let mark = stack.mark()?;
    let mut longest = Duration::ZERO;
    for victim in BOTH {
        longest = longest.max(stack.wait_beyond(&mark, victim)?);
    }
    Ok(vec![longest])
}

/// How long a fault lasts; nothing is waited for.
fn pause(duration: Duration) {
    thread::sleep(duration);
}
