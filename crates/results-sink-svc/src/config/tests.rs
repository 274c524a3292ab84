use std::io::Write;

use service_runtime::config::{Loaded, load};

use super::*;
use crate::SERVICE;

fn load_sink(text: &str) -> Result<Loaded<SinkConfig>, ConfigError> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let kafka = "[kafka]\nbootstrap_servers = \"localhost:9092\"\n";
    write!(file, "{kafka}[sink]\n{text}").unwrap();
    load(&SERVICE, Some(file.path()))
}

#[test]
fn the_reference_holds_with_an_output() {
    let sink = load_sink("parquet = \"/data\"").unwrap().section;
    assert_eq!(sink.group, "fraud-results-sink");
    assert_eq!(sink.max_rows, 1_000_000);
    assert_eq!(sink.max_bytes, 128 * 1024 * 1024);
    assert_eq!(sink.max_age, Duration::from_secs(600));
    assert_eq!(sink.memory, 256 * 1024 * 1024);
    assert_eq!(sink.positive_class, 1);
    assert_eq!(sink.start, Start::Earliest);
}

#[test]
fn faults_name_their_key() {
    for (text, expected) in [
        ("", "sink.parquet (or FRAUD__SINK__PARQUET)"),
        ("", "sink.console (or FRAUD__SINK__CONSOLE)"),
        ("console = true\ngroup = \"\"", "sink.group"),
        ("parquet = \"gs://bucket\"", "sink.parquet"),
        ("console = true\nmax_rows = 0", "sink.max_rows"),
        ("console = true\nmax_age = \"0s\"", "sink.max_age"),
        ("console = true\nmemory = \"1MiB\"", "sink.memory"),
        ("console = true\nmax_bytes = \"257MiB\"", "sink.max_bytes"),
        ("console = true\nmax_bytes = \"0B\"", "sink.max_bytes"),
        ("console = true\nstart = \"soon\"", "sink.start"),
        (
            "console = true\nstart = \"{\\\"transactions\\\":{\\\"0\\\":1}}\"",
            "sink.start",
        ),
    ] {
        let error = load_sink(text).expect_err(text).to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn the_member_id_is_the_configured_one_or_group_and_host() {
    let sink = load_sink("console = true\ninstance_id = \"sink-0\"").unwrap();
    assert_eq!(sink.section.member_id(), "sink-0");
    let sink = load_sink("console = true").unwrap();
    let member_id = sink.section.member_id();
    let host = member_id.strip_prefix("fraud-results-sink-").unwrap();
    assert!(!host.is_empty());
}

#[test]
fn printed_lines_are_committed_soon_where_there_are_no_files() {
    let age = |text: &str| load_sink(text).unwrap().section.roll_policy().max_age;
    assert_eq!(age("console = true"), CONSOLE_COMMIT_INTERVAL);
    assert_eq!(
        age("console = true\nparquet = \"/data\""),
        Duration::from_secs(600)
    );
}
