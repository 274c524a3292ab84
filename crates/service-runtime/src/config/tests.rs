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
fn properties_are_the_same_dotted_quoted_or_from_the_environment() {
    let dotted =
        "[kafka.properties]\nlinger.ms = 5\n[kafka.consumer_properties]\ncheck.crcs = true\n";
    let loaded = load_file(dotted).unwrap();
    assert_eq!(loaded.runtime.kafka.properties["linger.ms"], "5");
    assert_eq!(
        loaded.runtime.kafka.consumer_properties["check.crcs"],
        "true"
    );
    let quoted = "[kafka.properties]\n\"linger.ms\" = \"5\"\n";
    assert_eq!(
        load_file(quoted).unwrap().runtime.kafka.properties["linger.ms"],
        "5"
    );
    let loaded = load_both(quoted, &[("FRAUD__KAFKA__PROPERTIES__LINGER_MS", "7")]).unwrap();
    assert_eq!(loaded.runtime.kafka.properties["linger.ms"], "7");
}

#[test]
fn a_property_that_a_key_or_a_guarantee_owns_is_refused_by_name() {
    let error = error_of(load_env(&[(
        "FRAUD__KAFKA__PROPERTIES__SASL_PASSWORD",
        "x",
    )]));
    assert_eq!(
        error,
        "kafka.properties may not set sasl.password: set kafka.password or kafka.password_file"
    );
    let error = error_of(load_file("[kafka.producer_properties]\nacks = 1\n"));
    assert_eq!(
        error,
        "kafka.producer_properties may not set acks: idempotence needs all"
    );
}

#[test]
fn a_property_that_librdkafka_doesnt_know_or_take_is_refused_by_name() {
    let error = error_of(load_file("[kafka.properties]\nlinger.mss = 5\n"));
    assert_eq!(
        error,
        "kafka.properties sets linger.mss: No such configuration property: \"linger.mss\""
    );
    let error = error_of(load_file(
        "[kafka.producer_properties]\nlinger.ms = \"soon\"\n",
    ));
    assert!(
        error.starts_with("kafka.producer_properties sets linger.ms: Invalid value"),
        "{error}"
    );
}

#[test]
fn a_password_file_loses_one_newline_and_excludes_a_password() {
    let folder = TempDir::new().unwrap();
    let file = write(&folder, "password", "se cret\n\n");
    let file = file.to_str().unwrap();
    let sasl = [
        ("FRAUD__KAFKA__SECURITY_PROTOCOL", "sasl_ssl"),
        ("FRAUD__KAFKA__USERNAME", "u"),
    ];
    let with = |more: &[(&str, &str)]| load_env(&[&sasl[..], more].concat());
    let loaded = with(&[("FRAUD__KAFKA__PASSWORD_FILE", file)]).unwrap();
    assert_eq!(loaded.runtime.kafka.password.expose(), "se cret\n");
    let error = error_of(with(&[
        ("FRAUD__KAFKA__PASSWORD_FILE", file),
        ("FRAUD__KAFKA__PASSWORD", "x"),
    ]));
    assert_eq!(
        error,
        "kafka.password and kafka.password_file are both set: set one of them"
    );
    let error = error_of(with(&[("FRAUD__KAFKA__PASSWORD_FILE", "/no/such")]));
    assert!(
        error.starts_with("kafka.password_file: cannot read /no/such: No such file"),
        "{error}"
    );
}

#[test]
fn a_user_without_sasl_and_sasl_without_a_user_are_contradictions() {
    let error = error_of(load_env(&[("FRAUD__KAFKA__USERNAME", "u")]));
    assert!(
        error.contains("kafka.security_protocol is \"plaintext\""),
        "{error}"
    );
    let error = error_of(load_env(&[("FRAUD__KAFKA__SECURITY_PROTOCOL", "sasl_ssl")]));
    assert!(error.contains("kafka.username must be set"), "{error}");
    assert!(
        error.contains("kafka.password or kafka.password_file must be set"),
        "{error}"
    );
}

#[test]
fn a_topic_serves_one_purpose_and_has_a_name_that_kafka_takes() {
    for (variable, topic, expected) in [
        (
            "FRAUD__TOPICS__TRANSACTIONS_DEAD_LETTER",
            "transactions",
            "topics.transactions and topics.transactions_dead_letter are both \"transactions\"",
        ),
        (
            "FRAUD__TOPICS__RESULTS",
            "transactions",
            "topics.transactions and topics.results are both \"transactions\"",
        ),
        ("FRAUD__TOPICS__RESULTS", "", "topics.results is \"\""),
        ("FRAUD__TOPICS__RESULTS", "a b", "topics.results is \"a b\""),
    ] {
        let error = error_of(load_env(&[(variable, topic)]));
        assert!(error.starts_with(expected), "{error}");
    }
    let shared = [
        ("FRAUD__TOPICS__TRANSACTIONS_DEAD_LETTER", "dead"),
        ("FRAUD__TOPICS__RESULTS_DEAD_LETTER", "dead"),
    ];
    load_env(&shared).unwrap();
}

#[test]
fn a_filter_that_tracing_cant_read_is_refused() {
    let error = error_of(load_env(&[("FRAUD__LOG__FILTER", "info,,=x=")]));
    assert!(error.starts_with("log.filter: "), "{error}");
}

#[test]
fn the_printed_configuration_holds_values_and_comments_but_no_secret() {
    let variables = [
        ("FRAUD__KAFKA__SECURITY_PROTOCOL", "sasl_ssl"),
        ("FRAUD__KAFKA__USERNAME", "u"),
        ("FRAUD__KAFKA__PASSWORD", "hunter2"),
        ("FRAUD__OBJECT_STORE__SECRET_ACCESS_KEY", "hunter2"),
        ("FRAUD__KAFKA__PROPERTIES__SSL_KEY_PASSWORD", "hunter2"),
        ("FRAUD__KAFKA__PROPERTIES__LINGER_MS", "7"),
        ("FRAUD__SCORER__MODEL", "models/m"),
    ];
    let loaded = load_env(&variables).unwrap();
    assert!(!format!("{loaded:?}").contains("password: \"hunter2\""));
    let printed = print_both("", &variables);
    assert!(!printed.contains("hunter2"), "{printed}");
    assert!(printed.contains("\"linger.ms\" = \"7\""), "{printed}");
    assert!(
        printed.contains("model = \"models/m\"        # must be set"),
        "{printed}"
    );
}

#[test]
fn the_printed_configuration_is_a_configuration_even_without_what_must_be_set() {
    let printed = print_both("[scorer]\ncolumns = [\"a\"]\nrate = 2.5\n", &[]);
    assert!(printed.contains("rate = 2.5"), "{printed}");
    assert_eq!(print_both(&printed, &[]), printed);
}

fn print_both(text: &str, variables: &[(&str, &str)]) -> String {
    let folder = TempDir::new().unwrap();
    let file = write(&folder, "fraud.toml", text);
    let variables = variables
        .iter()
        .map(|(name, value)| (name.into(), value.into()));
    printed_from(&SERVICE, Some(&file), variables).unwrap()
}
