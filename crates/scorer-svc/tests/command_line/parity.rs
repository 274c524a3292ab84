//! Results are what Spark wrote, and a model that gives others isn't served.

use std::fs;
use std::path::Path;

use crate::support::{copy_folder, fixtures, model, scorer, text};

#[test]
fn trees_and_forests_score_byte_for_byte_as_spark_did() {
    let fixtures = fixtures();
    for model in [
        "random-forest",
        "random-forest-keep",
        "random-forest-100x8",
        "decision-tree",
    ] {
        assert_parity(&fixtures, model);
    }
    assert_parity(&fixtures.join("spark-4.2.0"), "random-forest");
}

fn assert_parity(root: &Path, model: &str) {
    let folder = root.join("models").join(model);
    let input = root.join("expected").join(model).join("input.jsonl");
    let output = root.join("expected").join(model).join("output.jsonl");

    let printed = scorer()
        .arg("score")
        .arg("--model")
        .arg(&folder)
        .arg(&input)
        .output()
        .unwrap();
    assert_eq!(text(&printed.stderr), "", "{model}");
    assert!(printed.status.success(), "{model}");
    assert!(
        printed.stdout == fs::read(&output).unwrap(),
        "{model} differs"
    );

    let compared = scorer()
        .arg("score")
        .arg("--model")
        .arg(&folder)
        .arg(&input)
        .arg("--expect")
        .arg(&output)
        .output()
        .unwrap();
    let lines = fs::read_to_string(&output).unwrap().lines().count();
    assert_eq!(text(&compared.stdout), format!("{lines} lines agree\n"));
    assert!(compared.status.success());
}

#[test]
fn boosted_trees_and_regressions_agree_but_for_the_last_bits_in_any_order_of_adding() {
    let compare = |model: &str, order: &str| {
        let expected = fixtures().join("spark-4.2.0/expected").join(model);
        let compared = scorer()
            .args(["score", "--dot-order", order, "--model"])
            .arg(fixtures().join("spark-4.2.0/models").join(model))
            .arg(expected.join("input.jsonl"))
            .arg("--expect")
            .arg(expected.join("output.jsonl"))
            .output()
            .unwrap();
        assert!(compared.status.success());
        text(&compared.stdout).to_owned()
    };
    let model = "gradient-boosted-trees";
    assert_eq!(compare(model, "vector8"), "500 lines agree\n");
    assert_eq!(
        compare(model, "java11fma"),
        "500 lines agree, 49 of them but for the last bits\n"
    );
}

/// A copy of a model with rows of its golden case beside it, changed by `change`.
fn with_rows(
    name: &str,
    change: impl Fn(Vec<String>, Vec<String>) -> (Vec<String>, Vec<String>),
) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&model(name), folder.path());
    let read = |file: &str| -> Vec<String> {
        let path = fixtures().join("expected").join(name).join(file);
        let text = fs::read_to_string(path).unwrap();
        text.lines()
            .take(20)
            .map(|line| format!("{line}\n"))
            .collect()
    };
    let (input, output) = change(read("input.jsonl"), read("output.jsonl"));
    fs::create_dir(folder.path().join("parity")).unwrap();
    fs::write(folder.path().join("parity/input.jsonl"), input.concat()).unwrap();
    fs::write(folder.path().join("parity/output.jsonl"), output.concat()).unwrap();
    folder
}

/// The last line of the log of a service that must not start.
fn refusal(model: &Path, arguments: &[&str]) -> String {
    let ended = scorer()
        .args(arguments)
        .env("FRAUD__KAFKA__BOOTSTRAP_SERVERS", "127.0.0.1:1")
        .env("FRAUD__ADMIN__ADDRESS", "127.0.0.1:0")
        .env("FRAUD__SCORER__MODEL", model)
        .env("FRAUD__SCORER__MODEL_NAME", "champion")
        .env("FRAUD__LOG__FORMAT", "text")
        .output()
        .unwrap();
    let log = text(&ended.stderr);
    assert_eq!(ended.status.code(), Some(2), "{log}");
    log.lines().last().unwrap().to_owned()
}

fn assert_refused(model: &Path, reason: &str) {
    let refusal = refusal(model, &[]);
    assert!(refusal.contains(reason), "{refusal}");
    assert!(refusal.contains("models/parity.py"), "{refusal}");
}

#[test]
fn a_model_that_answers_otherwise_than_spark_is_not_served() {
    let changed = with_rows("decision-tree", |input, mut output| {
        output[6] = output[6].replace(r#""prediction":0.0"#, r#""prediction":1.0"#);
        (input, output)
    });
    assert_refused(
        changed.path(),
        "line 7: prediction is 0.0, but Spark's is 1.0",
    );
    assert_refused(changed.path(), "model champion@");
    assert_refused(changed.path(), "parity/output.jsonl");

    let rejected = with_rows("decision-tree", |mut input, output| {
        input[2] = input[2].replace(r#""tx_amount":"#, r#""tx_amount":"NaN","was":"#);
        (input, output)
    });
    assert_refused(
        rejected.path(),
        "line 3: found invalid_feature: tx_amount is NaN, but Spark's is {",
    );
}

#[test]
fn boosted_trees_that_differ_in_too_many_last_bits_are_not_served() {
    let changed = with_rows("gradient-boosted-trees", |input, mut output| {
        for line in &mut output[3..6] {
            *line = one_bit_off(line);
        }
        (input, output)
    });
    assert_refused(
        changed.path(),
        "3 of 20 lines differ in the last bits, where one in 10 may; the first is line 4: probability[0] is 0.",
    );
    assert_refused(changed.path(), "set scorer.dot_order");
}

/// The line with the first probability's neighbour.
fn one_bit_off(line: &str) -> String {
    let start = line.find(r#""values":["#).unwrap() + r#""values":["#.len();
    let end = start + line[start..].find(',').unwrap();
    let value: f64 = line[start..end].parse().unwrap();
    format!("{}{}{}", &line[..start], value.next_up(), &line[end..])
}

#[test]
fn rows_that_do_not_belong_together_are_named() {
    let more_input = with_rows("decision-tree", |input, output| {
        (input, output[..19].to_vec())
    });
    assert_refused(
        more_input.path(),
        "line 20: found a result, but Spark has no more",
    );
    let more_output = with_rows("decision-tree", |input, output| {
        (input[..19].to_vec(), output)
    });
    assert_refused(
        more_output.path(),
        "line 20: found no more results, but Spark's is {",
    );
    let empty = with_rows("decision-tree", |_, _| (Vec::new(), Vec::new()));
    assert_refused(empty.path(), "input.jsonl holds no transactions");
    for file in ["input.jsonl", "output.jsonl"] {
        let half = with_rows("decision-tree", |input, output| (input, output));
        let path = half.path().join("parity").join(file);
        fs::remove_file(&path).unwrap();
        assert_refused(half.path(), &format!("cannot read {}", path.display()));
    }
}

#[test]
fn rows_that_cannot_be_reached_are_not_passed_over() {
    let broken = with_rows("decision-tree", |input, output| (input, output));
    let rows = broken.path().join("parity");
    fs::remove_dir_all(&rows).unwrap();
    std::os::unix::fs::symlink("/not/mounted", &rows).unwrap();
    assert_refused(broken.path(), "cannot read");
    fs::remove_file(&rows).unwrap();
    fs::write(&rows, "").unwrap();
    assert_refused(broken.path(), "cannot read");
}

#[test]
fn lines_may_end_as_on_windows() {
    let model = with_rows("decision-tree", |input, output| {
        let carriage = |line: String| line.replace('\n', "\r\n");
        (input, output.into_iter().map(carriage).collect())
    });
    let score = scorer()
        .args(["score", "--model"])
        .arg(model.path())
        .arg(model.path().join("parity/input.jsonl"))
        .arg("--expect")
        .arg(model.path().join("parity/output.jsonl"))
        .output()
        .unwrap();
    assert!(score.status.success(), "{score:?}");
}

#[test]
fn rows_elsewhere_are_taken_instead_of_those_beside_the_model() {
    let good = with_rows("decision-tree", |input, output| (input, output));
    let other = with_rows("decision-tree", |input, mut output| {
        output.swap(0, 1);
        (input, output)
    });
    let rows = other.path().join("parity");
    let refusal = refusal(good.path(), &["--parity", rows.to_str().unwrap()]);
    assert!(refusal.contains(rows.to_str().unwrap()), "{refusal}");
    assert!(refusal.contains("line 1: transaction_id is "), "{refusal}");
}

#[test]
fn describe_tells_of_the_rows() {
    let describe = |folder: &Path| {
        let described = scorer()
            .args(["describe", "--model"])
            .arg(folder)
            .output()
            .unwrap();
        text(&described.stdout).to_owned()
    };
    let rows = with_rows("decision-tree", |input, output| (input, output));
    let described = describe(rows.path());
    assert!(
        described.contains("results   byte for byte as Spark's\n"),
        "{described}"
    );
    assert!(described.contains("parity    20 rows in "), "{described}");
    let described = describe(&model("logistic-regression"));
    assert!(
        described.contains("results   as Spark's but for the last bits of one line in ten, where it adds as java11fma"),
        "{described}"
    );
    assert!(described.contains("parity    no rows; "), "{described}");
    fs::remove_file(rows.path().join("parity/output.jsonl")).unwrap();
    let described = describe(rows.path());
    assert!(
        described.contains("parity/output.jsonl: No such file or directory (os error 2); it isn't served so: let models/parity.py write the rows, or remove the folder\n"),
        "{described}"
    );
}
