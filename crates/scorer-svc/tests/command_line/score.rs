//! `scorer-svc score`

use std::collections::HashSet;
use std::fs;
use std::process::Stdio;

use crate::support::{fixtures, model, score_lines, scorer, text};

const TREE: &str = "decision-tree";

fn input() -> String {
    fs::read_to_string(fixtures().join("expected").join(TREE).join("input.jsonl")).unwrap()
}

fn expected() -> String {
    fs::read_to_string(fixtures().join("expected").join(TREE).join("output.jsonl")).unwrap()
}

#[test]
fn a_rejected_line_is_named_on_stderr_and_the_others_are_scored() {
    let lines: Vec<String> = input().lines().take(2).map(str::to_owned).collect();
    let scored = score_lines(
        "random-forest",
        &format!("{}\nhello\n{}\n", lines[0], lines[1]),
    );
    assert_eq!(text(&scored.stdout).lines().count(), 2);
    assert!(text(&scored.stderr).starts_with("line 2: invalid_json: "));
    assert_eq!(scored.status.code(), Some(1));
}

#[test]
fn a_null_feature_is_rejected_by_the_name_of_its_field() {
    let line = r#"{"transaction_id":1,"ts":"2019-10-27T00:00:11.000Z"}"#;
    let scored = score_lines("random-forest", line);
    assert_eq!(
        text(&scored.stderr),
        "line 1: invalid_feature: tx_amount is null\n"
    );
    assert_eq!(text(&scored.stdout), "");
    assert_eq!(scored.status.code(), Some(1));
}

#[test]
fn no_input_is_no_failure() {
    let scored = score_lines("random-forest", "");
    assert!(scored.status.success());
    assert!(scored.stdout.is_empty() && scored.stderr.is_empty());
}

#[test]
fn the_first_difference_is_shown_and_is_a_failure() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("expected.jsonl");
    let mut lines: Vec<String> = expected().lines().map(str::to_owned).collect();
    let got = std::mem::replace(&mut lines[2], "something else".to_owned());
    fs::write(&path, lines.join("\n")).unwrap();
    let compared = compare_with(&path);
    assert_eq!(
        text(&compared.stdout),
        format!("line 3: found {got}, but Spark's is something else\n")
    );
    assert_eq!(compared.status.code(), Some(1));

    lines[2] = got.replace(r#""prediction":0.0"#, r#""prediction":2.0"#);
    fs::write(&path, lines.join("\n")).unwrap();
    let compared = compare_with(&path);
    assert_eq!(
        text(&compared.stdout),
        "line 3: prediction is 0.0, but Spark's is 2.0\n"
    );
}

#[test]
fn a_missing_and_a_surplus_line_are_differences() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("expected.jsonl");
    let all = expected();
    let count = all.lines().count();

    let fewer: Vec<&str> = all.lines().take(count - 1).collect();
    fs::write(&path, fewer.join("\n")).unwrap();
    let compared = compare_with(&path);
    assert_eq!(
        text(&compared.stdout),
        format!("line {count}: found a result, but Spark has no more\n")
    );
    assert_eq!(compared.status.code(), Some(1));

    fs::write(&path, format!("{all}more\n")).unwrap();
    let compared = compare_with(&path);
    assert_eq!(
        text(&compared.stdout),
        format!(
            "line {}: found no more results, but Spark's is more\n",
            count + 1
        )
    );
    assert_eq!(compared.status.code(), Some(1));
}

fn compare_with(expected: &std::path::Path) -> std::process::Output {
    scorer()
        .arg("score")
        .arg("--model")
        .arg(model(TREE))
        .arg(fixtures().join("expected").join(TREE).join("input.jsonl"))
        .arg("--expect")
        .arg(expected)
        .output()
        .unwrap()
}

#[test]
fn a_folder_of_parquet_scores_as_the_same_rows_in_json_do() {
    let scored = scorer()
        .args(["score", "--model"])
        .arg(model(TREE))
        .arg(fixtures().join("transactions.parquet"))
        .output()
        .unwrap();
    assert_eq!(text(&scored.stderr), "");
    let results: HashSet<&str> = text(&scored.stdout).lines().collect();
    // The input of the golden cases is a sample of these rows, partly changed.
    let expected = expected();
    let found = expected.lines().filter(|line| results.contains(line));
    assert!(found.count() > 100);
}

#[test]
fn a_missing_input_file_is_named() {
    let scored = scorer()
        .args(["score", "--model"])
        .arg(model(TREE))
        .arg("no-such-file.jsonl")
        .output()
        .unwrap();
    assert!(text(&scored.stderr).starts_with("error: cannot read no-such-file.jsonl: "));
    assert_eq!(scored.status.code(), Some(2));
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let mut child = scorer()
        .args(["score", "--model"])
        .arg(model(TREE))
        .arg(fixtures().join("expected").join(TREE).join("input.jsonl"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    assert_eq!(text(&ended.stderr), "");
    assert!(ended.status.success());
}

#[test]
fn a_full_disk_is_a_failure_and_no_wrong_argument() {
    let full = fs::File::options().write(true).open("/dev/full");
    let ended = scorer()
        .args(["score", "--model"])
        .arg(model(TREE))
        .arg(fixtures().join("expected").join(TREE).join("input.jsonl"))
        .stdout(full.unwrap())
        .output()
        .unwrap();
    assert!(text(&ended.stderr).starts_with("error: cannot write: No space left on device"));
    assert_eq!(ended.status.code(), Some(1));
}
