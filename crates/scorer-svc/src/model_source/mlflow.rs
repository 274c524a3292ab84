//! MLflow's REST interface, the little of it that finds and fetches a model.

use std::time::Duration;

use reqwest::{Client, RequestBuilder, Response, StatusCode, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use service_runtime::config::{MlflowConfig, MlflowUser};

use super::trouble::{Trouble, in_one_line, root_cause};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Between two pieces of an answer. The server may have to fetch a file first.
const READ_TIMEOUT: Duration = Duration::from_secs(60);
/// No answer in JSON is longer.
const MAX_ANSWER_BYTES: usize = 8 << 20;

/// A tracking server.
#[derive(Debug, Clone)]
pub(super) struct MlflowServer {
    http: Client,
    /// Ends with `/`.
    base: Url,
    user: MlflowUser,
}

/// What the server says where it refuses (`MlflowException.serialize_as_json`).
#[derive(Debug, Deserialize)]
struct Refusal {
    message: String,
}

impl MlflowServer {
    /// The configured server. Touches no network.
    pub(super) fn new(config: &MlflowConfig) -> Result<Self, Trouble> {
        let uri = format!("{}/", config.tracking_uri()?.trim_end_matches('/'));
        let base = Url::parse(&uri).map_err(|error| {
            Trouble::Lasting(format!("mlflow.tracking_uri is not a URL: {error}"))
        })?;
        let http = Client::builder()
            .user_agent("scorer-svc")
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            .build()
            .map_err(|error| {
                Trouble::Lasting(format!("cannot set up HTTP: {}", root_cause(&error)))
            })?;
        Ok(Self {
            http,
            base,
            user: config.user()?,
        })
    }

    /// The server at another host, to whom the user is nobody's business.
    pub(super) fn elsewhere(&self, host: &str) -> Result<Self, Trouble> {
        let uri = format!("{}://{host}/", self.base.scheme());
        let base = Url::parse(&uri)
            .map_err(|error| Trouble::Lasting(format!("{host:?} is not a host: {error}")))?;
        let is_same = base.host() == self.base.host()
            && base.port_or_known_default() == self.base.port_or_known_default();
        if is_same {
            return Ok(self.clone());
        }
        Ok(Self {
            http: self.http.clone(),
            base,
            user: MlflowUser::Anyone,
        })
    }

    /// `GET api/2.0/<endpoint>?<query>`, whose answer is JSON.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        endpoint: &str,
        query: &[(&str, &str)],
    ) -> Result<T, Trouble> {
        let mut url = self.url(endpoint.split('/'))?;
        url.query_pairs_mut().extend_pairs(query);
        let mut response = self.open(url).await?;
        let text = read_all(&mut response)
            .await
            .map_err(|error| self.unreachable(&error))?;
        serde_json::from_slice(&text).map_err(|error| {
            Trouble::Lasting(format!(
                "{} doesn't answer as MLflow does ({error}): check mlflow.tracking_uri",
                self.base
            ))
        })
    }

    /// The file at `path` below the server's artifacts.
    pub(super) async fn artifact(&self, path: &[&str]) -> Result<Response, Trouble> {
        let endpoint = ["mlflow-artifacts", "artifacts"];
        self.open(self.url(endpoint.iter().chain(path).copied())?)
            .await
    }

    /// The connection broke.
    pub(super) fn unreachable(&self, error: &reqwest::Error) -> Trouble {
        Trouble::Passing(format!(
            "cannot reach the MLflow server {}: {}",
            self.base,
            root_cause(error)
        ))
    }

    fn url<'a>(&self, path: impl Iterator<Item = &'a str>) -> Result<Url, Trouble> {
        let mut url = self.base.clone();
        url.path_segments_mut()
            .map_err(|()| Trouble::Lasting(format!("{} can't have a path", self.base)))?
            .pop_if_empty()
            .extend(["api", "2.0"])
            .extend(path);
        Ok(url)
    }

    async fn open(&self, url: Url) -> Result<Response, Trouble> {
        let response = self.authorized(self.http.get(url)).send().await;
        let mut response = response.map_err(|error| self.unreachable(&error))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let text = read_all(&mut response).await.unwrap_or_default();
        let said = serde_json::from_slice::<Refusal>(&text).map(|refusal| refusal.message);
        Err(self.refused(status, said.ok().as_deref()))
    }

    fn authorized(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.user {
            MlflowUser::Anyone => request,
            MlflowUser::Bearer(token) => request.bearer_auth(token.expose()),
            MlflowUser::Basic { name, password } => {
                request.basic_auth(name, Some(password.expose()))
            }
        }
    }

    fn refused(&self, status: StatusCode, said: Option<&str>) -> Trouble {
        let said = said.map(in_one_line);
        let text = |otherwise: &str| {
            let said = said.as_deref().unwrap_or(otherwise);
            format!("the MLflow server {} answers {status}: {said}", self.base)
        };
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Trouble::Passing(format!(
                "{}; check mlflow.token_file (or MLFLOW_TRACKING_USERNAME and _PASSWORD) \
                 and the right to read the model",
                text("no right")
            )),
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => {
                Trouble::Passing(text("try later"))
            }
            status if status.is_server_error() => Trouble::Passing(text("it has a problem")),
            _ => Trouble::Lasting(text("check mlflow.tracking_uri")),
        }
    }
}

async fn read_all(response: &mut Response) -> Result<Vec<u8>, reqwest::Error> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MAX_ANSWER_BYTES {
            break;
        }
    }
    Ok(bytes)
}
