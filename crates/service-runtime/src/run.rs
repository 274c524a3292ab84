//! From the command line to the service and back to an exit code.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use anyhow::Context as _;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use tracing::{error, info, warn};

use crate::config::{self, Loaded};
use crate::{
    ConfigError, Context, Failure, Reason, Section, Shutdown, admin, failpoint, logs, memory,
};

/// What makes a daemon itself.
#[derive(Debug)]
pub struct Service {
    /// The section of the configuration and the metrics' infix, such as `scorer`.
    pub name: &'static str,
    /// The binary's name, such as `scorer-svc`; also the Kafka clients' `client.id`.
    pub binary: &'static str,
    /// The binary's version.
    pub version: &'static str,
    /// The commented TOML of `[admin]` and the service's own section, with defaults:
    /// together with the shared sections it is the reference.
    pub defaults: &'static str,
}

/// The flags of every daemon.
#[derive(Debug, Clone, clap::Args)]
pub struct ServiceArgs {
    /// Configuration file (TOML)
    #[arg(long, value_name = "FILE", env = "FRAUD_CONFIG")]
    pub config: Option<PathBuf>,
    /// Check the configuration and exit; touches no network
    #[arg(long)]
    pub check_config: bool,
    /// Print the effective configuration, secrets redacted, and exit
    #[arg(long)]
    pub print_config: bool,
}

impl ServiceArgs {
    /// The configuration file; an empty `FRAUD_CONFIG` is none.
    pub fn config_file(&self) -> Option<&Path> {
        self.config
            .as_deref()
            .filter(|path| !path.as_os_str().is_empty())
    }
}

/// Loads the configuration, starts logs, admin endpoints, signals and the
/// watchdog, runs `body` on a thread of its own and waits for its end.
///
/// The daemon isn't ready until `body` calls `health.resolved(Reason::Starting)`.
pub fn run<S: Section>(
    service: &Service,
    args: &ServiceArgs,
    body: impl FnOnce(S, Context) -> Result<(), Failure> + Send + 'static,
) -> ExitCode {
    start(service, args, Kind::Daemon, body)
}

/// As [`run`], for a command that does one thing and ends: without admin endpoints, so
/// that it can run beside the daemon.
pub fn run_command<S: Section>(
    service: &Service,
    args: &ServiceArgs,
    body: impl FnOnce(S, Context) -> Result<(), Failure> + Send + 'static,
) -> ExitCode {
    start(service, args, Kind::Command, body)
}

/// What is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Daemon,
    Command,
}

fn start<S: Section>(
    service: &Service,
    args: &ServiceArgs,
    kind: Kind,
    body: impl FnOnce(S, Context) -> Result<(), Failure> + Send + 'static,
) -> ExitCode {
    memory::return_large_buffers();
    if args.print_config {
        return match config::printed(service, args.config_file()) {
            Ok(printed) => {
                print!("{printed}");
                ExitCode::SUCCESS
            }
            Err(error) => refuse(&error),
        };
    }
    let loaded = match config::load::<S>(service, args.config_file()) {
        Ok(loaded) => loaded,
        Err(error) => return refuse(&error),
    };
    if args.check_config {
        println!("the configuration is valid");
        return ExitCode::SUCCESS;
    }
    if let Err(error) = logs::init(&loaded.runtime.log) {
        eprintln!("error: {error}");
        return ExitCode::from(2);
    }
    log_panics();
    failpoint::arm();
    match serve(service, loaded, kind, body) {
        Ok(End::Done) => ExitCode::SUCCESS,
        Ok(End::Panicked) => ExitCode::FAILURE,
        Err(failure) => {
            error!("{failure}");
            failure.exit_code()
        }
    }
}

/// Says what is wrong with the configuration, a fault a line.
fn refuse(error: &ConfigError) -> ExitCode {
    eprintln!("error: {}", error.to_string().replace('\n', "\nerror: "));
    ExitCode::from(2)
}

/// How a body ended that didn't fail.
#[derive(Debug, PartialEq)]
enum End {
    Done,
    /// The panic's one line is in the log already.
    Panicked,
}

fn serve<S: Section>(
    service: &Service,
    loaded: Loaded<S>,
    kind: Kind,
    body: impl FnOnce(S, Context) -> Result<(), Failure> + Send + 'static,
) -> Result<End, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start the async runtime")
        .map_err(Failure::start)?;
    let context = Context::new(service, loaded.runtime, runtime.handle().clone());
    if kind == Kind::Daemon {
        info!(version = service.version, "{} starts", service.binary);
    }
    context.health.wait_for(Reason::Starting, "starting");
    start_signals(&runtime, &context)?;
    if kind == Kind::Daemon {
        start_admin(&runtime, &context)?;
    }

    let ended = start_body(service.name, loaded.section, context.clone(), body)?;
    let result = runtime.block_on(end_of_body(ended, &context));
    context.shutdown.request();
    runtime.shutdown_background();
    if kind == Kind::Daemon && matches!(result, Ok(End::Done)) {
        info!("{} ends", service.binary);
    }
    result
}

fn start_admin(runtime: &Runtime, context: &Context) -> Result<(), Failure> {
    let listener = runtime
        .block_on(admin::bind(context.config.admin.address))
        .map_err(Failure::start)?;
    let address = listener
        .local_addr()
        .context("cannot read the admin address")
        .map_err(Failure::start)?;
    info!("admin endpoints on http://{address}");
    runtime.spawn(admin::serve(
        listener,
        context.health.clone(),
        context.registry.clone(),
    ));
    Ok(())
}

/// SIGTERM and SIGINT ask for the end; a second SIGINT takes it.
fn start_signals(runtime: &Runtime, context: &Context) -> Result<(), Failure> {
    let _guard = runtime.enter();
    let listen = |kind| {
        signal(kind)
            .context("cannot listen for signals")
            .map_err(Failure::start)
    };
    let mut terminate = listen(SignalKind::terminate())?;
    let mut interrupt = listen(SignalKind::interrupt())?;
    let (shutdown, health) = (context.shutdown.clone(), context.health.clone());
    runtime.spawn(async move {
        let mut interrupted = false;
        loop {
            tokio::select! {
                Some(()) = terminate.recv() => {}
                Some(()) = interrupt.recv() => {
                    if interrupted {
                        warn!("interrupted twice: exiting at once");
                        std::process::exit(130);
                    }
                    interrupted = true;
                }
            }
            if !shutdown.is_requested() {
                info!("stopping");
                health.wait_for(Reason::Stopping, "stopping");
                shutdown.request();
            }
        }
    });
    Ok(())
}

/// The service on its own thread; its end comes through the channel, which closes
/// without a word if it panics.
fn start_body<S: Section>(
    name: &str,
    section: S,
    context: Context,
    body: impl FnOnce(S, Context) -> Result<(), Failure> + Send + 'static,
) -> Result<oneshot::Receiver<Result<(), Failure>>, Failure> {
    let (report, ended) = oneshot::channel();
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || {
            let result = body(section, context);
            // The receiver is gone only while the process ends anyway.
            let _ = report.send(result);
        })
        .context("cannot start a thread")
        .map_err(Failure::start)?;
    Ok(ended)
}

async fn end_of_body(
    mut ended: oneshot::Receiver<Result<(), Failure>>,
    context: &Context,
) -> Result<End, Failure> {
    let timeout = context.config.service.shutdown_timeout;
    let result = tokio::select! {
        result = &mut ended => result,
        () = too_late(&context.shutdown, timeout) => exit_by_watchdog(&context.shutdown, timeout),
    };
    result.map_or(Ok(End::Panicked), |result| result.map(|()| End::Done))
}

async fn too_late(shutdown: &Shutdown, timeout: Duration) {
    shutdown.requested().await;
    tokio::time::sleep(timeout).await;
}

/// A client that hangs can't be ended in any other way.
fn exit_by_watchdog(shutdown: &Shutdown, timeout: Duration) -> ! {
    let timeout = humantime::format_duration(timeout);
    if shutdown.has_nothing_to_lose() {
        warn!(
            "a Kafka client hangs: ending after {timeout} (service.shutdown_timeout); the next start repeats what is not committed"
        );
        std::process::exit(0);
    }
    error!("not stopped within {timeout} (service.shutdown_timeout): exiting with unfinished work");
    std::process::exit(1);
}

/// A panic anywhere is one line in the log, not a paragraph beside it.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let payload = panic.payload();
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
        let text = text.unwrap_or("no message").replace('\n', " ");
        let thread = thread::current().name().unwrap_or("unnamed").to_owned();
        let place = panic
            .location()
            .map(ToString::to_string)
            .unwrap_or_default();
        error!(thread, place, "panicked: {text}");
    }));
}
