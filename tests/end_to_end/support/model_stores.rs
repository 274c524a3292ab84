//! A real S3 server and a real MLflow server, shared by the tests.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use anyhow::{Context as _, Result, bail};
use local_stack::{ChildProcess, DaemonCommand, binary, free_port, http_get, wait_until};

use super::PATIENCE;
use super::python::{output, python, script};

/// Ends with the test binary.
static STORES: LazyLock<ModelStores> =
    LazyLock::new(|| ModelStores::start().expect("the servers start"));

/// Where models are kept.
pub(crate) struct ModelStores {
    s3: Server,
    mlflow: Server,
    folder: tempfile::TempDir,
}

/// A server of Python's on a port of 127.0.0.1.
pub(crate) struct Server {
    port: u16,
    _process: ChildProcess,
}

impl Server {
    pub(crate) fn url(&self) -> String {
        url(self.port)
    }

    /// Starts a server and waits until it answers `path`.
    fn start(name: &str, port: u16, path: &str, command: &mut Command) -> Result<Self> {
        let mut process = ChildProcess::spawn(name, command)?;
        wait_until(&format!("{name} to answer"), PATIENCE, || {
            if let Some(status) = process.exit_status()? {
                bail!("{name} ended ({status}):\n{}", process.stderr());
            }
            Ok(http_get(([127, 0, 0, 1], port).into(), path)
                .is_ok_and(|answer| answer.status == 200))
        })?;
        Ok(Self {
            port,
            _process: process,
        })
    }
}

impl ModelStores {
    /// The servers that all tests share.
    pub(crate) fn shared() -> &'static Self {
        &STORES
    }

    /// Another MLflow server with the same registry.
    pub(crate) fn mlflow_on(&self, port: u16) -> Result<Server> {
        start_mlflow(port, self.folder.path(), &self.s3)
    }

    /// Copies a folder to `s3://…`.
    pub(crate) fn upload(&self, folder: &Path, url: &str) -> Result<()> {
        self.put(["upload".as_ref(), folder.as_os_str(), url.as_ref()])
    }

    /// Registers a folder that MLflow wrote, with its artifacts in the server's own store.
    pub(crate) fn register(&self, folder: &Path, name: &str) -> Result<()> {
        self.put(["register".as_ref(), folder.as_os_str(), name.as_ref()])
    }

    /// Where the server itself keeps a version of a registered model.
    pub(crate) fn artifacts_of(&self, name: &str, version: u32) -> Result<PathBuf> {
        let path = format!(
            "/api/2.0/mlflow/model-versions/get-download-uri?name={name}&version={version}"
        );
        let answer = http_get(([127, 0, 0, 1], self.mlflow.port).into(), &path)?;
        let answer: serde_json::Value = serde_json::from_str(&answer.body)?;
        let uri = answer["artifact_uri"].as_str().unwrap_or_default();
        let path = uri.strip_prefix("mlflow-artifacts:/");
        let path = path.with_context(|| format!("{name} is at {uri:?}"))?;
        Ok(self.folder.path().join("artifacts").join(path))
    }

    /// As [`Self::register`], with the artifacts in S3.
    pub(crate) fn register_in_s3(&self, folder: &Path, name: &str, url: &str) -> Result<()> {
        let arguments = [
            "register".as_ref(),
            folder.as_os_str(),
            name.as_ref(),
            url.as_ref(),
        ];
        self.put(arguments)
    }

    /// `scorer-svc` with a cache, told where the servers are.
    pub(crate) fn scorer(&self, cache: &Path) -> Result<Command> {
        let mut command = Command::new(binary("scorer-svc")?);
        command
            .env_clear()
            .envs(aws(&self.s3.url()))
            .env("FRAUD__OBJECT_STORE__ENDPOINT", self.s3.url())
            .env("FRAUD__MLFLOW__TRACKING_URI", self.mlflow.url())
            .env("FRAUD__SCORER__MODEL_CACHE", cache);
        Ok(command)
    }

    /// The daemon, told the same.
    pub(crate) fn configure(&self, scorer: DaemonCommand, cache: &Path) -> DaemonCommand {
        aws(&self.s3.url())
            .into_iter()
            .fold(scorer, |scorer, (name, value)| scorer.variable(name, value))
            .set("object_store.endpoint", self.s3.url())
            .set("mlflow.tracking_uri", self.mlflow.url())
            .set("scorer.model_cache", cache)
    }

    fn start() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let port = free_port();
        let mut moto = Command::new(python());
        moto.args([
            "-m",
            "moto.server",
            "-H",
            "127.0.0.1",
            "-p",
            &port.to_string(),
        ]);
        let s3 = Server::start("moto", port, "/", &mut moto)?;
        let mlflow = start_mlflow(free_port(), folder.path(), &s3)?;
        Ok(Self { s3, mlflow, folder })
    }

    fn put<const N: usize>(&self, arguments: [&OsStr; N]) -> Result<()> {
        let mut command = script("end_to_end/python/model_stores.py");
        command
            .args(arguments)
            .envs(aws(&self.s3.url()))
            .env("MLFLOW_TRACKING_URI", self.mlflow.url());
        output(&mut command).map(drop)
    }
}

fn start_mlflow(port: u16, folder: &Path, s3: &Server) -> Result<Server> {
    let mut command = Command::new(python());
    command
        .args(["-m", "mlflow", "server", "--workers", "1"])
        .args(["--host", "127.0.0.1", "--port", &port.to_string()])
        .arg("--backend-store-uri")
        .arg(format!("sqlite:///{}/mlflow.db", folder.display()))
        .arg("--artifacts-destination")
        .arg(folder.join("artifacts"))
        // They need packages that the registry doesn't.
        .env("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "false")
        .envs(aws(&s3.url()));
    Server::start("mlflow", port, "/health", &mut command)
}

fn url(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

/// What boto3 and object_store read.
fn aws(endpoint: &str) -> [(&'static str, String); 4] {
    [
        ("AWS_ENDPOINT_URL", endpoint.to_owned()),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "id".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "secret".to_owned()),
    ]
}
