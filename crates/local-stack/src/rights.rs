//! The users of a secured broker and the rights that they need, and no more.

use std::fs;

use anyhow::{Context, Result, ensure};

use crate::checkout;

/// Those of the three daemons, and of whoever replays dead letters.
pub const USERS: [&str; 4] = ["producer", "scorer", "sink", "replay"];

/// As whom a daemon comes.
pub fn user_of(binary: &str) -> &'static str {
    match binary {
        "producer-svc" => "producer",
        "scorer-svc" => "scorer",
        _ => "sink",
    }
}

/// The rights of the table in deploy/README.md, as [`grant`](crate::grant) takes them.
/// `name` gives what a topic or group is called that is called so by default; transactional
/// ids follow the scorer's group.
pub fn least_rights(name: impl Fn(&str) -> String) -> Result<Vec<String>> {
    let path = checkout().join("deploy/README.md");
    let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    let mut rights = Vec::new();
    let mut user = "";
    for line in text.lines() {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [who, what, operations] = cells[..] else {
            continue;
        };
        let Some(kind) = kind(what) else {
            continue;
        };
        if !who.is_empty() {
            user = who;
        }
        ensure!(USERS.contains(&user), "there is no user {user}");
        // What stands between backticks.
        for default in what.split('`').skip(1).step_by(2) {
            let name = match kind {
                "TransactionalId" => {
                    format!("{}*", default.replace(SCORER_GROUP, &name(SCORER_GROUP)))
                }
                _ => name(default),
            };
            let words = operations.split(|c: char| !c.is_alphanumeric());
            let granted = words.filter(|word| OPERATIONS.contains(word));
            rights.extend(granted.map(|word| format!("{user}:{word}:{kind}:{name}")));
        }
    }
    ensure!(!rights.is_empty(), "{} has no rights", path.display());
    Ok(rights)
}

const SCORER_GROUP: &str = "fraud-scorer";
const OPERATIONS: [&str; 4] = ["Read", "Write", "Describe", "DescribeConfigs"];

/// What kind of thing a cell of the table names.
fn kind(cell: &str) -> Option<&'static str> {
    let (word, _) = cell.split_once(' ')?;
    match word {
        "topic" | "topics" => Some("Topic"),
        "group" => Some("Group"),
        "transactional" => Some("TransactionalId"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_gives_a_right_for_each_word_and_name() {
        let rights = least_rights(|name| format!("test.{name}")).unwrap();
        for right in [
            "producer:Write:Topic:test.transactions",
            "scorer:DescribeConfigs:Topic:test.transactions.dead-letter",
            "scorer:Write:TransactionalId:test.fraud-scorer-*",
            "sink:Read:Group:test.fraud-results-sink",
            "replay:Write:TransactionalId:replay-test.fraud-scorer-*",
        ] {
            assert!(rights.iter().any(|granted| granted == right), "{right}");
        }
        for user in USERS {
            let of_user = rights.iter().filter(|right| right.starts_with(user));
            assert!(of_user.count() > 1, "{user}");
        }
    }
}
