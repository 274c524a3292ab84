//! Fixtures, and lines in and out as the scorer handles them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fraud_model::{Model, ModelOptions, Outcome, Scorer};
use schema::result;
use schema::transaction::{TransactionBatch, TransactionParser};

/// A file or folder of the fixtures.
pub(crate) fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/fixtures")
        .join(path)
}

/// A model of the fixtures: `random-forest`, `spark-4.2.0/random-forest`, ….
pub(crate) fn load(model: &str) -> Arc<Model> {
    let folder = model_folder(model);
    Arc::new(Model::load(&folder, &ModelOptions::default()).expect("the fixture loads"))
}

/// The folder of a golden case.
pub(crate) fn goldens() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens")
}

/// The folder of a model of the fixtures, or of a golden case: `goldens/pca`.
pub(crate) fn model_folder(model: &str) -> PathBuf {
    match model.rsplit_once('/') {
        Some(("goldens", case)) => goldens().join(case).join("3.5.3/model"),
        Some((version, model)) => fixture(&format!("{version}/models/{model}")),
        None => fixture(&format!("models/{model}")),
    }
}

/// The folders of all models: of the fixtures, and of each golden case with
/// each version of Spark.
pub(crate) fn all_models() -> Vec<PathBuf> {
    let mut models = entries(&fixture("models"));
    models.extend(entries(&fixture("spark-4.2.0/models")));
    for case in entries(&goldens()) {
        let versions = entries(&case).into_iter().map(|entry| entry.join("model"));
        models.extend(versions.filter(|model| model.is_dir()));
    }
    models
}

/// The lines of a file of what Spark made of the model.
pub(crate) fn expected_lines(model: &str, file: &str) -> Vec<String> {
    let path = match model.rsplit_once('/') {
        Some((version, model)) => format!("{version}/expected/{model}/{file}"),
        None => format!("expected/{model}/{file}"),
    };
    lines(&fixture(&path))
}

/// The lines of a file.
pub(crate) fn lines(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).expect("the fixture is there");
    text.lines().map(str::to_owned).collect()
}

/// What the scorer makes of a message: the result, `skipped`, or the code of
/// the rejection.
pub(crate) fn score_lines(model: &Arc<Model>, lines: &[impl AsRef<[u8]>]) -> Vec<String> {
    let mut parser = TransactionParser::new(model.transaction_schema());
    let mut batch = TransactionBatch::new(model.transaction_schema());
    let parsed: Vec<_> = lines
        .iter()
        .map(|line| parser.parse(Some(line.as_ref()), &mut batch))
        .collect();
    let mut scorer = Scorer::new(model.clone());
    let scores = scorer.score(&batch);
    let mut row = 0;
    let mut outputs = Vec::new();
    for parsed in parsed {
        outputs.push(match parsed {
            Err(rejection) => rejection.code.to_string(),
            Ok(()) => {
                row += 1;
                match &scores.outcomes[row - 1] {
                    Outcome::Scored => result_line(&batch, scores, row - 1),
                    Outcome::Skipped => "skipped".to_owned(),
                    Outcome::Rejected(rejection) => rejection.code.to_string(),
                }
            }
        });
    }
    outputs
}

/// The scores of transactions of which only the features are given.
pub(crate) fn score(model: &Arc<Model>, features: &[&str]) -> fraud_model::Scores {
    let mut parser = TransactionParser::new(model.transaction_schema());
    let mut batch = TransactionBatch::new(model.transaction_schema());
    for features in features {
        let rest = features.strip_prefix('{').expect("an object");
        let line = format!(r#"{{"transaction_id":1,"ts":"2019-11-10",{rest}"#);
        parser
            .parse(Some(line.as_bytes()), &mut batch)
            .expect("a transaction");
    }
    Scorer::new(model.clone()).score(&batch).clone()
}

fn result_line(batch: &TransactionBatch, scores: &fraud_model::Scores, row: usize) -> String {
    let mut line = Vec::new();
    let scored = scores.result(batch, row);
    result::write(&mut line, &scored);
    String::from_utf8(line).expect("results are UTF-8")
}

/// What is in a folder, sorted by name.
pub(crate) fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut paths: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    paths
}

/// The files that matter: no markers and checksums.
pub(crate) fn collect_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for path in entries(folder) {
        if path.is_dir() {
            collect_files(&path, files);
        } else if !path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .starts_with(['.', '_'])
        {
            files.push(path);
        }
    }
}

pub(crate) fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy_folder(&path, &target);
        } else {
            fs::copy(&path, &target).expect("copied");
        }
    }
}

/// Whether this process never took much memory, where the system tells.
pub(crate) fn assert_memory_is_bounded() {
    const MOST_KIB: u64 = 1 << 20;
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.and_then(|peak| peak.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    assert!(peak.unwrap_or(0) < MOST_KIB, "took {peak:?} KiB");
}
