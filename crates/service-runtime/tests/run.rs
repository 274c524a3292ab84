//! The life of a daemon's process: start, stop, failure, exit codes. Each test starts this
//! test binary anew as the daemon.

#![allow(clippy::unwrap_used, reason = "a test's helpers may panic")]

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, Command, ExitCode, Stdio};
use std::thread;
use std::time::Duration;

use serde::Deserialize;
use service_runtime::config::required;
use service_runtime::{
    ConfigError, Context, Failure, Reason, RuntimeConfig, Section, Service, ServiceArgs, run,
};

const SERVICE: Service = Service {
    name: "scorer",
    binary: "scorer-svc",
    version: "1.2.3",
    defaults: "[admin]\naddress = \"127.0.0.1:0\"\n[scorer]\nbody = \"\"  # must be set\n",
};

#[derive(Debug, Deserialize)]
struct Scorer {
    body: String,
}

impl Section for Scorer {
    fn check(&self, _runtime: &RuntimeConfig) -> Result<(), ConfigError> {
        required("scorer.body", &self.body)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "run hands both over")]
fn body(section: Scorer, context: Context) -> Result<(), Failure> {
    match section.body.as_str() {
        "wait" => {
            context.health.resolved(Reason::Starting);
            context.tokio.block_on(context.shutdown.requested());
            Ok(())
        }
        "hang" => hang(),
        "settle and hang" => {
            context.shutdown.nothing_to_lose();
            hang()
        }
        "can't start" => Err(Failure::start(anyhow::anyhow!("no model in models/m"))),
        "can't go on" => Err(Failure::runtime(anyhow::anyhow!("fenced"))),
        "tell all" => panic!("{:?}", context.config),
        _ => panic!("two\nlines"),
    }
}

fn hang() -> ! {
    loop {
        thread::park();
    }
}

#[test]
#[ignore = "this is the daemon that the tests start"]
fn daemon() {
    let flags = std::env::var("TEST_FLAGS").unwrap_or_default();
    let args = ServiceArgs {
        config: None,
        check_config: flags == "--check-config",
        print_config: flags == "--print-config",
    };
    let code = run(&SERVICE, &args, body);
    // An exit code doesn't tell its number.
    let number = (0..=u8::MAX).find(|number| ExitCode::from(*number) == code);
    std::process::exit(number.unwrap().into());
}

/// The daemon's process; ended with the test.
struct Daemon {
    child: Child,
    stderr: BufReader<ChildStderr>,
}

impl Daemon {
    fn start(variables: &[(&str, &str)]) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "daemon", "--nocapture"])
            .env("FRAUD__KAFKA__BOOTSTRAP_SERVERS", "127.0.0.1:9")
            .env("FRAUD__LOG__FORMAT", "text")
            .env_remove("RUST_LOG")
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        Self { child, stderr }
    }

    fn with_body(body: &str) -> Self {
        Self::start(&[
            ("FRAUD__SCORER__BODY", body),
            ("FRAUD__SERVICE__SHUTDOWN_TIMEOUT", "100ms"),
        ])
    }

    /// Reads the log up to the line that holds `text`, and returns that line.
    fn wait_for(&mut self, text: &str) -> String {
        let mut line = String::new();
        while !line.contains(text) {
            line.clear();
            assert!(
                self.stderr.read_line(&mut line).unwrap() > 0,
                "the log ends without {text:?}"
            );
        }
        line
    }

    fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args([signal, &id])
                .status()
                .unwrap()
                .success()
        );
    }

    /// The exit code and the rest of the log.
    fn end(mut self) -> (i32, String) {
        let mut log = String::new();
        self.stderr.read_to_string(&mut log).unwrap();
        (self.child.wait().unwrap().code().unwrap(), log)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Gone already, where the test went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn errors_in(log: &str) -> Vec<&str> {
    log.lines().filter(|line| line.contains("ERROR")).collect()
}

#[test]
fn sigterm_asks_the_body_to_end_and_the_exit_code_is_0() {
    let mut daemon = Daemon::with_body("wait");
    daemon.wait_for("admin endpoints on http://127.0.0.1:");
    daemon.signal("-TERM");
    let (code, log) = daemon.end();
    assert_eq!(code, 0, "{log}");
    assert!(
        log.contains("stopping") && errors_in(&log).is_empty(),
        "{log}"
    );
}

#[test]
fn a_second_interrupt_ends_the_process_at_once() {
    let mut daemon = Daemon::start(&[("FRAUD__SCORER__BODY", "hang")]);
    daemon.wait_for("admin endpoints");
    daemon.signal("-INT");
    daemon.wait_for("stopping");
    daemon.signal("-INT");
    assert_eq!(daemon.end().0, 130);
}

#[test]
fn the_watchdog_ends_unfinished_work_with_1_and_one_line() {
    let mut daemon = Daemon::with_body("hang");
    daemon.wait_for("admin endpoints");
    daemon.signal("-TERM");
    let (code, log) = daemon.end();
    assert_eq!(code, 1);
    assert_eq!(errors_in(&log).len(), 1, "{log}");
    assert!(
        errors_in(&log)[0].contains("not stopped within 100ms (service.shutdown_timeout)"),
        "{log}"
    );
}

#[test]
fn the_watchdog_ends_with_0_where_nothing_can_be_lost() {
    let mut daemon = Daemon::with_body("settle and hang");
    daemon.wait_for("admin endpoints");
    daemon.signal("-TERM");
    let (code, log) = daemon.end();
    assert_eq!(code, 0);
    assert!(errors_in(&log).is_empty(), "{log}");
}

#[test]
fn a_failure_is_one_line_and_its_kind_is_the_exit_code() {
    let (code, log) = Daemon::with_body("can't start").end();
    assert_eq!(code, 2);
    assert_eq!(errors_in(&log).len(), 1, "{log}");
    assert!(log.contains("no model in models/m"), "{log}");
    let (code, log) = Daemon::with_body("can't go on").end();
    assert_eq!(code, 1);
    assert_eq!(errors_in(&log).len(), 1, "{log}");
}

#[test]
fn a_panic_is_one_line_and_1() {
    let (code, log) = Daemon::with_body("panic").end();
    assert_eq!(code, 1);
    assert_eq!(errors_in(&log).len(), 1, "{log}");
    assert!(log.contains("panicked: two lines"), "{log}");
}

#[test]
fn a_panic_tells_no_secret_even_with_the_whole_configuration() {
    let (code, log) = Daemon::start(&[
        ("FRAUD__SCORER__BODY", "tell all"),
        ("FRAUD__KAFKA__SECURITY_PROTOCOL", "sasl_ssl"),
        ("FRAUD__KAFKA__USERNAME", "alice"),
        ("FRAUD__KAFKA__PASSWORD", "hunter2"),
        ("FRAUD__KAFKA__PROPERTIES__SSL_KEY_PASSWORD", "hunter2"),
        ("FRAUD__OBJECT_STORE__SECRET_ACCESS_KEY", "hunter2"),
    ])
    .end();
    assert_eq!(code, 1);
    assert!(log.contains("panicked: ") && log.contains("alice"), "{log}");
    assert!(!log.contains("hunter2"), "{log}");
}

#[test]
fn an_admin_port_in_use_names_address_and_key() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let daemon = Daemon::start(&[
        ("FRAUD__SCORER__BODY", "wait"),
        ("FRAUD__ADMIN__ADDRESS", &address),
    ]);
    let (code, log) = daemon.end();
    assert_eq!(code, 2);
    let errors = errors_in(&log);
    assert_eq!(errors.len(), 1, "{log}");
    assert!(
        errors[0].contains(&address) && errors[0].contains("admin.address"),
        "{log}"
    );
}

#[test]
fn a_wrong_configuration_is_2_and_a_line_for_each_fault() {
    let (code, log) = Daemon::start(&[("FRAUD__KAFKA__BOOTSTRAP_SERVERS", "")]).end();
    assert_eq!(code, 2);
    assert_eq!(
        log,
        "error: kafka.bootstrap_servers must be set (or FRAUD__KAFKA__BOOTSTRAP_SERVERS)\n\
         error: scorer.body must be set (or FRAUD__SCORER__BODY)\n"
    );
}

#[test]
fn a_configuration_can_be_checked_and_printed_without_starting() {
    let mut checked = Daemon::start(&[
        ("FRAUD__SCORER__BODY", "panic"),
        ("TEST_FLAGS", "--check-config"),
    ]);
    let mut stdout = String::new();
    checked
        .child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut stdout)
        .unwrap();
    assert!(stdout.contains("the configuration is valid"), "{stdout}");
    assert_eq!(checked.end(), (0, String::new()));
    let mut printed = Daemon::start(&[
        ("FRAUD__SCORER__BODY", "panic"),
        ("TEST_FLAGS", "--print-config"),
    ]);
    stdout.clear();
    printed
        .child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut stdout)
        .unwrap();
    assert!(
        stdout.contains("body = \"panic\"  # must be set"),
        "{stdout}"
    );
    assert_eq!(printed.end(), (0, String::new()));
}

#[test]
fn a_daemon_is_ready_once_its_body_says_so_and_shows_its_metrics() {
    let mut daemon = Daemon::with_body("hang");
    let line = daemon.wait_for("admin endpoints on http://");
    let address = line.trim().rsplit("http://").next().unwrap().to_owned();
    assert_eq!(get(&address, "/readyz"), "starting\n");
    let metrics = get(&address, "/metrics");
    assert!(
        metrics.contains("fraud_build_info{version=\"1.2.3\"} 1"),
        "{metrics}"
    );
    assert!(
        metrics.contains("process_resident_memory_bytes "),
        "{metrics}"
    );
    assert!(metrics.contains("\nfraud_ready 0\n"), "{metrics}");
}

fn get(address: &str, path: &str) -> String {
    use std::io::Write;
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: a\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}
