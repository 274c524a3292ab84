//! `--print-config`.

use tempfile::TempDir;

use super::super::printed_from;
use super::{SERVICE, error_of, load_env, write};

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
    assert!(!format!("{:?}", loaded.runtime).contains("hunter2"));
    let printed = print_both("", &variables);
    assert!(!printed.contains("hunter2"), "{printed}");
    assert!(printed.contains("\"linger.ms\" = \"7\""), "{printed}");
    assert!(
        printed.contains("model = \"models/m\"        # must be set"),
        "{printed}"
    );
}

#[test]
fn a_password_in_a_url_is_refused_and_not_printed_either() {
    let variables = [
        ("FRAUD__SCORER__MODEL", "models/m"),
        (
            "FRAUD__OBJECT_STORE__ENDPOINT",
            "https://a:hunter2@store/b@c",
        ),
    ];
    let refused = error_of(load_env(&variables));
    assert!(
        refused.contains("object_store.endpoint holds a user"),
        "{refused}"
    );
    assert!(!refused.contains("hunter2"), "{refused}");
    let printed = print_both("", &variables);
    assert!(
        printed.contains("\"https://<redacted>@store/b@c\""),
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
