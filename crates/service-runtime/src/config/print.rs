//! `--print-config`: the commented reference with the effective values.

use toml_edit::{DocumentMut, Item, Value};

/// Keys whose values are never shown.
const SECRETS: [&str; 2] = ["password", "secret_access_key"];

/// `reference` with the values of `effective` in place of its defaults; comments stay,
/// secrets that are set are redacted.
pub(super) fn render(reference: &str, effective: &toml::Table) -> String {
    let mut document: DocumentMut = reference
        .parse()
        .expect("the embedded defaults are valid TOML");
    for (section, keys) in effective {
        let keys = keys.as_table().expect("a section is a table");
        for (key, value) in keys {
            set(&mut document[section][key], key, value);
        }
    }
    document.to_string()
}

fn set(item: &mut Item, key: &str, value: &toml::Value) {
    if let toml::Value::Table(properties) = value {
        for (name, value) in properties {
            set(&mut item[name], name, value);
        }
        return;
    }
    let comment = item.as_value().map(|old| old.decor().clone());
    let mut shown = edit_value(key, value);
    if let Some(comment) = comment {
        *shown.decor_mut() = comment;
    }
    *item = Item::Value(shown);
}

fn edit_value(key: &str, value: &toml::Value) -> Value {
    match value {
        toml::Value::String(text) if !text.is_empty() && is_secret(key) => "<redacted>".into(),
        toml::Value::String(text) => without_password(text).into(),
        toml::Value::Integer(number) => (*number).into(),
        toml::Value::Float(number) => (*number).into(),
        toml::Value::Boolean(truth) => (*truth).into(),
        toml::Value::Array(items) => items.iter().map(|item| edit_value(key, item)).collect(),
        toml::Value::Table(_) | toml::Value::Datetime(_) => {
            unreachable!("keys hold no tables and no times")
        }
    }
}

/// `https://user:password@host` without user and password: no key wants them there, and
/// somebody may have put them there all the same.
fn without_password(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return text.to_owned();
    };
    let authority = rest.split('/').next().unwrap_or_default();
    match authority.rsplit_once('@') {
        Some((user, _)) => format!("{scheme}://<redacted>{}", &rest[user.len()..]),
        None => text.to_owned(),
    }
}

/// Also librdkafka's: `ssl.key.password`, `ssl.key.pem`, `sasl.oauthbearer.client.secret` …
fn is_secret(key: &str) -> bool {
    SECRETS.contains(&key)
        || [
            "password",
            "secret",
            "key.pem",
            "assertion.private",
            "oauthbearer.config",
            "jaas",
        ]
        .iter()
        .any(|part| key.contains(part) && key.contains('.'))
}
