//! `twin.c`, run as a process of its own.

#![expect(unsafe_code, reason = "the twin is a C program")]

use std::ffi::{CStr, CString, c_char, c_int};
use std::ptr;
use std::thread;

use anyhow::{Result, bail};

/// What the twin prints once the broker has all messages; then it waits to be killed.
pub(crate) const DONE: &str = "all passed on";

/// What to pass on, and where to.
#[derive(Debug, clap::Args)]
pub(crate) struct TwinArguments {
    /// host:port of the broker
    #[arg(long)]
    pub(crate) broker: String,
    /// Topic to read from its beginning
    #[arg(long)]
    pub(crate) from: String,
    /// Its partitions
    #[arg(long)]
    pub(crate) partitions: i32,
    /// Topic to write
    #[arg(long)]
    pub(crate) to: String,
    /// The header "model"
    #[arg(long)]
    pub(crate) model: String,
    /// Messages to pass on
    #[arg(long)]
    pub(crate) count: i64,
}

/// As the scorer sets its consumer.
const CONSUMER: [(&str, &str); 9] = [
    ("group.id", "twin"),
    ("enable.auto.commit", "false"),
    ("enable.auto.offset.store", "false"),
    ("isolation.level", "read_committed"),
    ("queued.min.messages", "10000"),
    ("queued.max.messages.kbytes", "16384"),
    ("max.partition.fetch.bytes", "262144"),
    ("fetch.queue.backoff.ms", "5"),
    ("fetch.wait.max.ms", "100"),
];

/// As the scorer sets its producer.
const PRODUCER: [(&str, &str); 5] = [
    ("enable.idempotence", "true"),
    ("partitioner", "murmur2_random"),
    ("queue.buffering.max.messages", "500000"),
    ("queue.buffering.max.kbytes", "131072"),
    ("delivery.report.only.error", "true"),
];

unsafe extern "C" {
    fn twin_run(
        consumer_settings: *const *const c_char,
        producer_settings: *const *const c_char,
        from: *const c_char,
        partitions: c_int,
        to: *const c_char,
        model: *const c_char,
        count: i64,
        error: *mut c_char,
        size: usize,
    ) -> c_int;
}

/// Passes the messages on, says so, and waits to be killed: so that what it used can be
/// read from the process.
pub(crate) fn run(arguments: &TwinArguments) -> Result<()> {
    let consumer = Settings::new(&arguments.broker, &CONSUMER)?;
    let producer = Settings::new(&arguments.broker, &PRODUCER)?;
    let from = CString::new(arguments.from.as_str())?;
    let to = CString::new(arguments.to.as_str())?;
    let model = CString::new(arguments.model.as_str())?;
    let mut error = [0; 512];
    // SAFETY: all texts end with a NUL and live longer than the call, as do the lists of
    // them, which end with a null; `error` has the size that is given.
    let status = unsafe {
        twin_run(
            consumer.pointers.as_ptr(),
            producer.pointers.as_ptr(),
            from.as_ptr(),
            arguments.partitions,
            to.as_ptr(),
            model.as_ptr(),
            arguments.count,
            error.as_mut_ptr(),
            error.len(),
        )
    };
    if status != 0 {
        // SAFETY: librdkafka and snprintf end their texts with a NUL within the size.
        let reason = unsafe { CStr::from_ptr(error.as_ptr()) };
        bail!("the twin: {}", reason.to_string_lossy());
    }
    println!("{DONE}");
    loop {
        thread::park();
    }
}

/// Names and values by turns, as C reads them.
struct Settings {
    _texts: Vec<CString>,
    pointers: Vec<*const c_char>,
}

impl Settings {
    fn new(broker: &str, settings: &[(&str, &str)]) -> Result<Self> {
        let mut texts = Vec::new();
        for (name, value) in settings.iter().chain([&("bootstrap.servers", broker)]) {
            texts.push(CString::new(*name)?);
            texts.push(CString::new(*value)?);
        }
        let pointers = texts.iter().map(|text| text.as_ptr());
        Ok(Self {
            pointers: pointers.chain([ptr::null()]).collect(),
            _texts: texts,
        })
    }
}
