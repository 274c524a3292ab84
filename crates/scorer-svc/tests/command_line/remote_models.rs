//! Registries and stores that misbehave. Real ones are in the end-to-end tests.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::fake_server::FakeServer;
use crate::support::{copy_folder, model, scorer, text};

const DOWNLOAD_URI: &str = "mlflow/model-versions/get-download-uri";
const LISTING: &str = "mlflow-artifacts/artifacts";

/// `describe` of the model of a registry.
fn describe(server: &FakeServer, cache: &Path) -> Command {
    let mut command = scorer();
    command
        .args(["describe", "--model", "models:/m/1"])
        .env("FRAUD__SCORER__MODEL_CACHE", cache)
        .env("FRAUD__MLFLOW__TRACKING_URI", server.url());
    command
}

fn error_of(mut command: Command) -> String {
    let ended = command.output().unwrap();
    assert_eq!(ended.status.code(), Some(2));
    let error = text(&ended.stderr);
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(
        error.starts_with("error: cannot load model models:/m/1: "),
        "{error}"
    );
    error.to_owned()
}

#[test]
fn a_listing_that_leaves_the_folder_is_refused_before_anything_is_written() {
    let world = tempfile::tempdir().unwrap();
    let cache = world.path().join("a/cache");
    for path in ["../evil", "..", "/etc/evil", "a/../../evil", ""] {
        for is_dir in [false, true] {
            let server = FakeServer::with_model_at("mlflow-artifacts:/m");
            let listing = format!(
                r#"{{"files": [{{"path": "{path}", "is_dir": {is_dir}, "file_size": 4}}]}}"#
            );
            server.answer(LISTING, 200, &listing);
            let error = error_of(describe(&server, &cache));
            assert!(error.contains("would leave the model's folder"), "{error}");
        }
    }
    assert_eq!(fs::read_dir(&cache).unwrap().count(), 0);
    assert_eq!(fs::read_dir(world.path()).unwrap().count(), 1);
}

#[test]
fn a_listing_without_end_is_refused() {
    let world = tempfile::tempdir().unwrap();
    let server = FakeServer::with_model_at("mlflow-artifacts:/m");
    // Every folder holds itself.
    server.answer(
        LISTING,
        200,
        r#"{"files": [{"path": "a", "is_dir": true}]}"#,
    );
    let error = error_of(describe(&server, world.path()));
    assert!(error.contains("not a model's folder"), "{error}");
    server.forget(LISTING);
    server.answer(
        LISTING,
        200,
        r#"{"files": [{"path": "a", "is_dir": false, "file_size": 99999999999}]}"#,
    );
    let error = error_of(describe(&server, world.path()));
    assert!(error.contains("not a model's folder"), "{error}");
}

#[test]
fn a_file_of_another_size_than_was_listed_is_not_taken() {
    let world = tempfile::tempdir().unwrap();
    for (size, body) in [(5, "abc"), (2, "abc")] {
        let server = FakeServer::with_model_at("mlflow-artifacts:/m");
        let listing = format!(
            r#"{{"files": [{{"path": "MLmodel", "is_dir": false, "file_size": {size}}}]}}"#
        );
        server.answer(LISTING, 200, &listing);
        server.answer("mlflow-artifacts/artifacts/m/MLmodel", 200, body);
        let error = error_of(describe(&server, world.path()));
        assert!(
            error.contains(&format!("MLmodel: got 3 bytes where {size} were listed")),
            "{error}"
        );
    }
    assert_eq!(fs::read_dir(world.path()).unwrap().count(), 0);
}

#[test]
fn a_server_that_is_in_trouble_for_a_moment_is_asked_again() {
    let world = tempfile::tempdir().unwrap();
    let folder = model("random-forest");
    let server = FakeServer::with_model_at("file:///nowhere");
    server.forget(DOWNLOAD_URI);
    server.answer(DOWNLOAD_URI, 503, "busy");
    server.answer(DOWNLOAD_URI, 200, &at_file_uri(&folder));
    let described = describe(&server, world.path()).output().unwrap();
    assert_eq!(text(&described.stderr), "");
    assert!(text(&described.stdout).starts_with("name      m\nversion   1\n"));
}

#[test]
fn a_folder_may_be_called_as_uris_cannot_be() {
    let world = tempfile::tempdir().unwrap();
    let folder = world.path().join("my models/50%");
    copy_folder(&model("random-forest"), &folder);
    let server = FakeServer::with_model_at("");
    server.forget(DOWNLOAD_URI);
    server.answer(DOWNLOAD_URI, 200, &at_file_uri(&folder));
    let described = describe(&server, world.path()).output().unwrap();
    assert!(described.status.success(), "{}", text(&described.stderr));
}

/// The registry's answer for a folder, as Python writes its URI.
fn at_file_uri(folder: &Path) -> String {
    let folder = fs::canonicalize(folder).unwrap();
    let path = folder
        .to_str()
        .unwrap()
        .replace('%', "%25")
        .replace(' ', "%20");
    format!(r#"{{"artifact_uri": "file://{path}"}}"#)
}

#[test]
fn what_is_no_registry_or_keeps_models_elsewhere_is_named() {
    let world = tempfile::tempdir().unwrap();
    for (artifacts, expected) in [
        (
            "dbfs:/m",
            "the registry keeps it at dbfs:, which can't be read",
        ),
        ("/no/such/folder", "a folder that this machine doesn't have"),
    ] {
        let error = error_of(describe(
            &FakeServer::with_model_at(artifacts),
            world.path(),
        ));
        assert!(error.contains(expected), "{error}");
    }
    let server = FakeServer::with_model_at("");
    server.forget(DOWNLOAD_URI);
    server.answer(DOWNLOAD_URI, 200, "<html>Welcome</html>");
    let error = error_of(describe(&server, world.path()));
    assert!(error.contains("doesn't answer as MLflow does"), "{error}");
}

#[test]
fn the_token_goes_to_the_tracking_server_alone_and_into_no_message() {
    let world = tempfile::tempdir().unwrap();
    let token = world.path().join("token");
    fs::write(&token, "s3cr3t\n").unwrap();
    let other = FakeServer::with_model_at("");
    other.answer(LISTING, 401, "who are you, s3cr3t?");
    let server = FakeServer::with_model_at(&format!("mlflow-artifacts://{}/m", other.host()));
    let mut command = describe(&server, world.path());
    command.env("FRAUD__MLFLOW__TOKEN_FILE", &token);
    let error = error_of(command);
    assert!(
        error.contains("answers 401 Unauthorized: no right; check mlflow.token_file"),
        "{error}"
    );
    assert!(!error.contains("s3cr3t"), "{error}");
    let bearer = Some("Bearer s3cr3t".to_owned());
    assert!(
        server
            .authorizations()
            .iter()
            .all(|authorization| *authorization == bearer)
    );
    assert!(other.authorizations().iter().all(Option::is_none));
}

#[test]
fn mlflows_own_variables_are_known() {
    let world = tempfile::tempdir().unwrap();
    let server = FakeServer::with_model_at("dbfs:/m");
    let mut command = scorer();
    command
        .args(["describe", "--model", "models:/m/1"])
        .env("FRAUD__SCORER__MODEL_CACHE", world.path())
        .env("MLFLOW_TRACKING_URI", server.url())
        .env("MLFLOW_TRACKING_USERNAME", "user")
        .env("MLFLOW_TRACKING_PASSWORD", "password");
    error_of(command);
    let basic = "Basic dXNlcjpwYXNzd29yZA==".to_owned();
    assert_eq!(server.authorizations(), [Some(basic)]);
}

#[test]
fn a_cache_that_cannot_be_written_names_the_key_to_set() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let server = FakeServer::with_model_at("mlflow-artifacts:/m");
    let error = error_of(describe(&server, file.path()));
    assert!(
        error.contains("set scorer.model_cache to a folder that may be written"),
        "{error}"
    );
}
