//! Where values come from, and what is wrong with them.

mod kafka;
mod print;

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use tempfile::TempDir;

use super::*;

const SERVICE: Service = Service {
    name: "scorer",
    binary: "scorer-svc",
    version: "1.2.3",
    defaults: r#"
[admin]
address = "127.0.0.1:9465"

[scorer]
model = ""        # must be set
columns = []
workers = 1
rate = 0.5
headers = true
max_bytes = "128MiB"
max_age = "10m"
output = "kafka"  # console
"#,
};

#[derive(Debug, Deserialize)]
struct Scorer {
    model: String,
    columns: Vec<String>,
    workers: usize,
    rate: f64,
    headers: bool,
    #[serde(deserialize_with = "bytes")]
    max_bytes: u64,
    #[serde(deserialize_with = "duration")]
    max_age: Duration,
    output: Output,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Output {
    Kafka,
    Console,
}

impl Section for Scorer {
    fn check(&self, _runtime: &RuntimeConfig) -> Result<(), ConfigError> {
        required("scorer.model", &self.model)
    }
}

/// What must be set, so that a test can speak of something else.
const MUST: [(&str, &str); 2] = [
    ("FRAUD__KAFKA__BOOTSTRAP_SERVERS", "broker:9092"),
    ("FRAUD__SCORER__MODEL", "models/m"),
];

fn load_env(variables: &[(&str, &str)]) -> Result<Loaded<Scorer>, ConfigError> {
    load_both("", variables)
}

fn load_file(text: &str) -> Result<Loaded<Scorer>, ConfigError> {
    load_both(text, &[])
}

fn load_both(text: &str, variables: &[(&str, &str)]) -> Result<Loaded<Scorer>, ConfigError> {
    let folder = TempDir::new().unwrap();
    let file = write(&folder, "fraud.toml", text);
    let all = MUST
        .iter()
        .chain(variables)
        .map(|(name, value)| (name.into(), value.into()));
    load_from(&SERVICE, Some(&file), all)
}

fn write(folder: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    path
}

fn error_of(result: Result<Loaded<Scorer>, ConfigError>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn the_environment_wins_over_the_file_and_the_file_over_the_defaults() {
    let text = "[scorer]\nworkers = 2\nrate = 3\n";
    let loaded = load_both(text, &[("FRAUD__SCORER__WORKERS", "4")]).unwrap();
    assert_eq!(loaded.section.workers, 4);
    assert_eq!(loaded.section.rate, 3.0);
    assert_eq!(loaded.section.max_age, Duration::from_secs(600));
    assert_eq!(loaded.section.max_bytes, 128 * 1024 * 1024);
    assert_eq!(
        loaded.runtime.kafka.session_timeout,
        Duration::from_secs(10)
    );
}

#[test]
fn a_variables_text_is_read_by_its_keys_type() {
    let loaded = load_env(&[
        ("FRAUD__KAFKA__SECURITY_PROTOCOL", "sasl_ssl"),
        ("FRAUD__KAFKA__USERNAME", "1e3"),
        ("FRAUD__KAFKA__PASSWORD", "007"),
        ("FRAUD__SCORER__COLUMNS", "a, b"),
        ("FRAUD__SCORER__HEADERS", "false"),
        ("FRAUD__SCORER__RATE", "7"),
        ("FRAUD__SCORER__OUTPUT", "console"),
    ])
    .unwrap();
    assert_eq!(loaded.runtime.kafka.username, "1e3");
    assert_eq!(loaded.runtime.kafka.password.expose(), "007");
    assert_eq!(loaded.section.columns, ["a", "b"]);
    assert!(!loaded.section.headers);
    assert_eq!(loaded.section.rate, 7.0);
    assert_eq!(loaded.section.output, Output::Console);
}

#[test]
fn all_keys_that_must_be_set_are_named_in_one_run() {
    let error = load_from::<Scorer>(&SERVICE, None, [])
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        "kafka.bootstrap_servers must be set (or FRAUD__KAFKA__BOOTSTRAP_SERVERS)\n\
         scorer.model must be set (or FRAUD__SCORER__MODEL)"
    );
}

#[test]
fn an_unknown_key_names_its_origin_and_the_nearest_known_one() {
    let error = error_of(load_env(&[("FRAUD__KAFKA__PASWORD", "x")]));
    assert_eq!(
        error,
        "unknown key kafka.pasword in FRAUD__KAFKA__PASWORD, did you mean \"password\"?"
    );
    let error = error_of(load_file("[scorer]\nworker = 2\n"));
    assert!(
        error.starts_with("unknown key scorer.worker in "),
        "{error}"
    );
    assert!(
        error.ends_with("fraud.toml, did you mean \"workers\"?"),
        "{error}"
    );
    let error = error_of(load_file("[scorer]\nzzzzzzzzzzzz = 2\n"));
    assert!(error.ends_with("fraud.toml"), "{error}");
}

#[test]
fn an_unknown_section_names_the_nearest_and_the_other_daemons_sections_are_ignored() {
    let error = error_of(load_file("[kafak]\nusername = \"x\"\n"));
    assert!(error.starts_with("unknown section kafak in "), "{error}");
    assert!(error.ends_with("did you mean \"kafka\"?"), "{error}");
    load_file("[sink]\nwhatever = 1\n[producer]\nother = 2\n").unwrap();
    load_env(&[("FRAUD__SINK__WHATEVER", "1")]).unwrap();
}

#[test]
fn a_value_of_the_wrong_type_names_key_type_and_origin() {
    let error = error_of(load_env(&[("FRAUD__SCORER__WORKERS", "two")]));
    assert_eq!(
        error,
        "scorer.workers must be a whole number (FRAUD__SCORER__WORKERS)"
    );
    let error = error_of(load_file("[scorer]\nheaders = \"yes\"\n"));
    assert!(
        error.starts_with("scorer.headers must be true or false ("),
        "{error}"
    );
    let error = error_of(load_file("[scorer]\nworkers = -1\n"));
    assert!(
        error.starts_with("scorer.workers: invalid value: integer `-1`"),
        "{error}"
    );
    assert!(error.ends_with("fraud.toml)"), "{error}");
    let error = error_of(load_env(&[("FRAUD__SCORER__OUTPUT", "screen")]));
    assert!(
        error.contains("`kafka` or `console`") && error.ends_with("(FRAUD__SCORER__OUTPUT)"),
        "{error}"
    );
    let error = error_of(load_file("scorer = 2\n"));
    assert!(
        error.ends_with("is a section: write [scorer] and its keys below"),
        "{error}"
    );
}

#[test]
fn a_variable_that_names_a_section_or_a_table_is_refused() {
    for name in [
        "FRAUD__SCORER",
        "FRAUD__KAFKA__PROPERTIES",
        "FRAUD__SCORER__MODEL__X",
    ] {
        let error = error_of(load_env(&[(name, "x")]));
        assert!(
            error.starts_with(&format!("{name} names no key: ")),
            "{error}"
        );
    }
}

#[test]
fn a_wrong_duration_or_size_comes_with_an_example() {
    let error = error_of(load_env(&[("FRAUD__SCORER__MAX_AGE", "10")]));
    assert_eq!(
        error,
        "scorer.max_age: \"10\" is not a duration such as \"10s\" or \"5m\" (FRAUD__SCORER__MAX_AGE)"
    );
    let error = error_of(load_env(&[("FRAUD__SCORER__MAX_BYTES", "much")]));
    assert_eq!(
        error,
        "scorer.max_bytes: \"much\" is not a size such as \"128MiB\" (FRAUD__SCORER__MAX_BYTES)"
    );
}

#[test]
fn a_file_that_cant_be_read_or_parsed_is_one_line_with_its_place() {
    let missing = PathBuf::from("no/such/fraud.toml");
    let error = load_from::<Scorer>(&SERVICE, Some(&missing), [])
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("cannot read the configuration no/such/fraud.toml: No such file"),
        "{error}"
    );
    let error = error_of(load_file("[scorer]\nworkers = \n"));
    assert!(
        error.contains("fraud.toml: ") && error.contains("line 2, column"),
        "{error}"
    );
    assert_eq!(error.lines().count(), 1, "{error}");
}

#[test]
fn a_filter_that_tracing_cant_read_is_refused() {
    let error = error_of(load_env(&[("FRAUD__LOG__FILTER", "info,,=x=")]));
    assert!(error.starts_with("log.filter: "), "{error}");
}
