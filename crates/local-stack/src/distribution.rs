//! Apache Kafka as jars from Maven Central, kept between runs.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use rustix::fs::{FlockOperation, flock};

use crate::java;

/// The version that is used unless another one is asked for.
pub const DEFAULT_KAFKA_VERSION: &str = "4.1.0";

/// The folder of the checkout that this was built from.
pub fn checkout() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// A Java and the jars of one Kafka version.
#[derive(Debug, Clone)]
pub struct Distribution {
    java: PathBuf,
    jars: PathBuf,
}

impl Distribution {
    /// Whether [`fetch`](Self::fetch) finds this version without the network.
    pub fn is_fetched(version: &str) -> bool {
        folder(version).is_dir()
    }

    /// The jars of `version` (such as `4.1.0` or `3.9.1`), downloaded unless an
    /// earlier run did. Two processes at once download once.
    pub fn fetch(version: &str) -> Result<Self> {
        let java = java::find_java()?;
        let jars = folder(version);
        if !jars.is_dir() {
            java::check_maven()?;
            download(version, &jars)?;
        }
        Ok(Self { java, jars })
    }

    /// A command that runs `class`, such as
    /// `org.apache.kafka.tools.consumer.ConsoleConsumer`, with `options` for the JVM.
    pub fn java(&self, options: &[&str], class: &str) -> Command {
        let mut command = Command::new(&self.java);
        command
            .args(options)
            .arg("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn")
            .arg("-cp")
            .arg(self.jars.join("*"))
            .arg(class);
        command
    }
}

fn folder(version: &str) -> PathBuf {
    checkout().join(format!(".cache/kafka-{version}"))
}

fn download(version: &str, jars: &Path) -> Result<()> {
    let cache = jars.parent().expect("it lies in the cache folder");
    fs::create_dir_all(cache).with_context(|| format!("creating {}", cache.display()))?;
    let lock_path = cache.join(format!("kafka-{version}.lock"));
    let lock =
        File::create(&lock_path).with_context(|| format!("creating {}", lock_path.display()))?;
    // Held until `lock` is closed, by the end of this process at the latest.
    flock(&lock, FlockOperation::LockExclusive).context("waiting for another download")?;
    if jars.is_dir() {
        return Ok(());
    }
    let unfinished = tempfile::tempdir_in(cache)?;
    let output = Command::new("mvn")
        .args(["--batch-mode", "--quiet", "--file"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/kafka/pom.xml"))
        .arg("dependency:copy-dependencies")
        .arg(format!("-Dkafka.version={version}"))
        .arg(format!("-DoutputDirectory={}", unfinished.path().display()))
        .stdin(Stdio::null())
        .output()
        .context("running mvn")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stdout);
        let why = said.lines().find(|line| line.contains("ERROR"));
        bail!(
            "mvn can't fetch Kafka {version} from Maven Central: {}",
            why.unwrap_or("it doesn't say why")
        );
    }
    fs::rename(unfinished.keep(), jars).with_context(|| format!("creating {}", jars.display()))
}
