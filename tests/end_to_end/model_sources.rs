//! Models that aren't on this machine: in S3, and in the registry of a real MLflow.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Result;
use local_stack::free_port;

use crate::support::fixtures::{fixture, lines};
use crate::support::model_stores::ModelStores;
use crate::support::python::output;
use crate::support::{PATIENCE, Stream, assert_waits};

/// A scorer and the cache that it fetches into.
struct Fetching {
    stores: &'static ModelStores,
    cache: tempfile::TempDir,
}

impl Fetching {
    fn new() -> Result<Self> {
        Ok(Self {
            stores: ModelStores::shared(),
            cache: tempfile::tempdir()?,
        })
    }

    /// Whether the model gives the random forest's results, all of them.
    fn assert_scores_as_spark(&self, model: &str) -> Result<()> {
        let compared = output(&mut self.compare(model)?)?;
        assert_eq!(compared, "600 lines agree\n", "{model}");
        Ok(())
    }

    fn compare(&self, model: &str) -> Result<Command> {
        let mut command = self.stores.scorer(self.cache.path())?;
        let expected = fixture("expected/random-forest");
        command
            .args(["score", "--model", model])
            .arg(expected.join("input.jsonl"))
            .arg("--expect")
            .arg(expected.join("output.jsonl"));
        Ok(command)
    }

    fn describe(&self, model: impl AsRef<std::ffi::OsStr>) -> Result<String> {
        let mut command = self.stores.scorer(self.cache.path())?;
        output(command.args(["describe", "--model"]).arg(model))
    }

    /// The one line that says why a model can't be loaded.
    fn error_of(&self, model: &str) -> Result<String> {
        let mut command = self.stores.scorer(self.cache.path())?;
        error_of(command.args(["describe", "--model", model]))
    }

    /// The files of the cache, but their entries' lists.
    fn cached_files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        collect(self.cache.path(), &mut files);
        files.retain(|file| !file.ends_with("files.json"));
        files
    }
}

fn error_of(command: &mut Command) -> Result<String> {
    let ended = command.output()?;
    let error = String::from_utf8(ended.stderr)?;
    assert_eq!(ended.status.code(), Some(2), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
    Ok(error)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
}

/// What `describe` says before the columns, without the name.
fn identity(description: &str) -> Vec<&str> {
    description
        .lines()
        .skip(1)
        .take_while(|line| !line.is_empty())
        .collect()
}

#[test]
fn a_registered_model_is_scored_by_its_version_alias_and_stage() -> Result<()> {
    let fetching = Fetching::new()?;
    let logged = fixture("mlflow/random-forest");
    fetching.stores.register(&logged, "fraud")?;
    for model in [
        "models:/fraud/1",
        "models:/fraud@champion",
        "models:/fraud/Production",
        // As MLflow 3 keeps models.
        "models:/fraud/2",
        "models:/fraud/latest",
    ] {
        fetching.assert_scores_as_spark(model)?;
    }
    let described = fetching.describe("models:/fraud@champion")?;
    assert!(
        described.starts_with("name      fraud\nversion   1\n"),
        "{described}"
    );
    let local = fetching.describe(&logged)?;
    assert_eq!(identity(&described)[1..], identity(&local)[1..]);
    assert!(
        described.contains("tx_amount                            double   by "),
        "{described}"
    );
    Ok(())
}

#[test]
fn a_model_saved_anew_is_fetched_anew_where_the_server_lists_only_sizes() -> Result<()> {
    let fetching = Fetching::new()?;
    let logged = fixture("mlflow/random-forest");
    fetching.stores.register(&logged, "saved-anew")?;
    fetching.assert_scores_as_spark("models:/saved-anew/1")?;
    let files = fetching.cached_files().len();
    fetching.assert_scores_as_spark("models:/saved-anew/1")?;
    assert_eq!(fetching.cached_files().len(), files);

    let artifacts = fetching.stores.artifacts_of("saved-anew", 1)?;
    let metadata = artifacts.join("sparkml/metadata/part-00000");
    let saved = fs::read_to_string(&metadata)?;
    let later = saved.replace("\"timestamp\":1", "\"timestamp\":2");
    assert_ne!(later, saved);
    fs::write(&metadata, later)?;
    fetching.assert_scores_as_spark("models:/saved-anew/1")?;
    assert_eq!(fetching.cached_files().len(), 2 * files);
    Ok(())
}

#[test]
fn a_registered_model_whose_artifacts_are_in_s3_is_fetched_from_there() -> Result<()> {
    let fetching = Fetching::new()?;
    let logged = fixture("mlflow/random-forest");
    fetching
        .stores
        .register_in_s3(&logged, "fraud-s3", "s3://mlflow/artifacts")?;
    fetching.assert_scores_as_spark("models:/fraud-s3@champion")?;
    fetching.assert_scores_as_spark("models:/fraud-s3/2")
}

#[test]
fn a_folder_in_a_bucket_is_the_model_that_it_is_on_disk() -> Result<()> {
    let fetching = Fetching::new()?;
    for path in ["models/random-forest", "mlflow/random-forest"] {
        let (folder, url) = (fixture(path), format!("s3://folders/{path}"));
        fetching.stores.upload(&folder, &url)?;
        fetching.assert_scores_as_spark(&url)?;
        let (here, there) = (fetching.describe(&folder)?, fetching.describe(&url)?);
        assert_eq!(here.lines().next(), there.lines().next());
        assert_eq!(identity(&here), identity(&there));
    }
    Ok(())
}

#[test]
fn results_carry_the_registrys_name_and_version() -> Result<()> {
    let fetching = Fetching::new()?;
    fetching
        .stores
        .register(&fixture("mlflow/random-forest"), "headers")?;
    let stream = Stream::new("registered-model")?;
    let scorer = stream
        .scorer()
        .set("scorer.model", "models:/headers@champion");
    let scorer = scorer.set("scorer.model_name", "another");
    let mut scorer = fetching
        .stores
        .configure(scorer, fetching.cache.path())
        .start()?;
    scorer.wait_until_ready(PATIENCE)?;
    stream.send_transactions(&lines("expected/random-forest/input.jsonl")[..1])?;
    let results = stream.exactly("results", 1)?;
    assert_eq!(results[0].header("model").as_deref(), Some("headers@1"));
    Ok(())
}

#[test]
fn a_daemon_waits_for_a_registry_that_does_not_answer() -> Result<()> {
    let fetching = Fetching::new()?;
    fetching
        .stores
        .register(&fixture("mlflow/random-forest"), "later")?;
    let stream = Stream::new("later-registry")?;
    let port = free_port();
    let scorer = fetching
        .stores
        .configure(stream.scorer(), fetching.cache.path());
    let mut scorer = scorer
        .set("scorer.model", "models:/later/1")
        .set("mlflow.tracking_uri", format!("http://127.0.0.1:{port}"))
        .start()?;
    assert_waits(
        &mut scorer,
        "cannot load model models:/later/1: cannot reach the MLflow server",
    )?;

    let _server = fetching.stores.mlflow_on(port)?;
    scorer.wait_until_ready(PATIENCE)?;
    assert!(scorer.terminate(PATIENCE)?.success(), "{}", scorer.stderr());
    Ok(())
}

#[test]
fn a_model_that_is_not_there_is_named_in_one_line() -> Result<()> {
    let fetching = Fetching::new()?;
    fetching
        .stores
        .register(&fixture("mlflow/random-forest"), "named")?;
    for (model, expected) in [
        (
            "models:/named@nobody",
            "Registered model alias nobody not found",
        ),
        (
            "models:/named/9",
            "Model Version (name=named, version=9) not found",
        ),
        ("models:/nothing/1", "name=nothing"),
        (
            "models:/named/Staging",
            "the registry has no version of named in stage Staging",
        ),
        ("s3://no-such-bucket/model", "NoSuchBucket"),
    ] {
        let error = fetching.error_of(model)?;
        assert!(
            error.starts_with(&format!("error: cannot load model {model}: ")),
            "{error}"
        );
        assert!(error.contains(expected), "{error}");
    }
    fetching
        .stores
        .upload(&fixture("mlflow/random-forest"), "s3://named/model")?;
    let error = fetching.error_of("s3://named/mod")?;
    assert!(error.contains("s3://named/mod: holds no files"), "{error}");
    let mut unreachable = fetching.stores.scorer(fetching.cache.path())?;
    unreachable
        .env(
            "FRAUD__MLFLOW__TRACKING_URI",
            format!("http://127.0.0.1:{}", free_port()),
        )
        .args(["describe", "--model", "models:/named/1"]);
    let error = error_of(&mut unreachable)?;
    assert!(error.contains("cannot reach the MLflow server"), "{error}");
    assert!(fetching.cached_files().is_empty());
    Ok(())
}

#[test]
fn a_broken_model_in_a_store_is_never_kept() -> Result<()> {
    let fetching = Fetching::new()?;
    let copy = tempfile::tempdir()?;
    let broken = copy.path().join("broken");
    output(
        Command::new("cp")
            .arg("-r")
            .arg(fixture("mlflow/random-forest"))
            .arg(&broken),
    )?;
    let mut files = Vec::new();
    collect(&broken.join("sparkml"), &mut files);
    let table = files
        .iter()
        .find(|file| file.to_string_lossy().contains("/data/part-"));
    let table = table.expect("the trees' table");
    fs::write(table, &fs::read(table)?[..1000])?;
    fetching.stores.upload(&broken, "s3://broken/truncated")?;
    let error = fetching.error_of("s3://broken/truncated")?;
    assert!(
        error.contains("s3://broken/truncated: sparkml/stages/1_"),
        "{error}"
    );
    assert!(error.contains("not a readable Parquet file"), "{error}");

    fs::write(
        broken.join("MLmodel"),
        "flavors: {python_function: {}, sklearn: {}}\n",
    )?;
    fetching.stores.upload(&broken, "s3://broken/flavour")?;
    let error = fetching.error_of("s3://broken/flavour")?;
    assert!(
        error.contains("MLmodel: has no flavour spark, only python_function and sklearn"),
        "{error}"
    );
    assert!(fetching.cached_files().is_empty());
    Ok(())
}

#[test]
fn a_damaged_copy_is_fetched_again_and_replicas_share_one() -> Result<()> {
    let fetching = Fetching::new()?;
    let model = "s3://shared/random-forest";
    fetching
        .stores
        .upload(&fixture("models/random-forest"), model)?;
    let replicas = (0..4)
        .map(|_| Ok(fetching.compare(model)?.stdout(Stdio::piped()).spawn()?))
        .collect::<Result<Vec<_>>>()?;
    for replica in replicas {
        let ended = replica.wait_with_output()?;
        assert_eq!(String::from_utf8(ended.stdout)?, "600 lines agree\n");
    }
    let files = fetching.cached_files();
    let saved = |file: &PathBuf| file.to_string_lossy().contains("metadata/part-00000");
    assert_eq!(
        files.iter().filter(|file| saved(file)).count(),
        3,
        "{files:?}"
    );

    fs::write(&files[0], "damaged")?;
    fetching.assert_scores_as_spark(model)?;
    assert_ne!(fs::read(&files[0])?, b"damaged");
    assert_eq!(fetching.cached_files().len(), files.len());
    Ok(())
}
