//! `local-stack kafka`: a broker and nothing else.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use local_stack::{
    Broker, BrokerOptions, DEFAULT_KAFKA_VERSION, Distribution, Listener, Topic, create_topics,
};

use crate::interrupt::Interrupt;

/// What broker to run.
#[derive(Debug, clap::Args)]
pub(crate) struct KafkaArguments {
    /// The port on 127.0.0.1 [default: a free one]
    #[arg(long)]
    port: Option<u16>,
    /// The folder for its data, kept [default: a temporary one, removed at the end]
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// The Kafka version
    #[arg(long, value_name = "VERSION", default_value = DEFAULT_KAFKA_VERSION)]
    kafka_version: String,
    /// A topic to make, with its partitions; may be repeated
    #[arg(long = "topic", value_name = "NAME:PARTITIONS", value_parser = parse_topic)]
    topics: Vec<(String, i32)>,
}

/// Prints `host:port` to stdout when the broker answers.
pub(crate) fn run(arguments: &KafkaArguments) -> Result<()> {
    let interrupt = Interrupt::catch()?;
    eprintln!("starting Kafka {} …", arguments.kafka_version);
    let mut broker = start_broker(&BrokerOptions {
        version: arguments.kafka_version.clone(),
        data: arguments.data.clone(),
        listeners: vec![Listener {
            port: arguments.port,
            ..Listener::new("PLAINTEXT", "PLAINTEXT")
        }],
        ..BrokerOptions::default()
    })?;
    let topics: Vec<_> = arguments
        .topics
        .iter()
        .map(|(name, partitions)| Topic::new(name, *partitions))
        .collect();
    create_topics(&broker.address(), &topics)?;

    println!("{}", broker.address());
    eprintln!(
        "Kafka {} runs; press Ctrl+C to stop",
        arguments.kafka_version
    );
    while !interrupt.wait(Duration::from_secs(1)) {
        if !broker.is_running()? {
            bail!("Kafka ended");
        }
    }
    broker.stop()
}

/// Starts a broker; says on stderr if that takes a download.
pub(crate) fn start_broker(options: &BrokerOptions) -> Result<Broker> {
    if !Distribution::is_fetched(&options.version) {
        eprintln!("fetching Kafka {} from Maven Central …", options.version);
    }
    Broker::start(options)
}

fn parse_topic(text: &str) -> Result<(String, i32)> {
    let (name, partitions) = text
        .split_once(':')
        .context("NAME:PARTITIONS, such as transactions:4")?;
    let partitions = partitions.parse().context("the number of partitions")?;
    Ok((name.to_owned(), partitions))
}
