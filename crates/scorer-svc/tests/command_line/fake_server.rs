//! A server that says what no real MLflow would.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// Answers by path, without the query, below `/api/2.0/`.
pub(crate) struct FakeServer {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// Statuses and bodies that come one after another; the last one stays.
    answers: HashMap<String, Vec<(u16, String)>>,
    /// The `authorization` of each request.
    authorizations: Vec<Option<String>>,
}

impl FakeServer {
    /// A registry whose model `m`, version 1, lies at `artifacts`.
    pub(crate) fn with_model_at(artifacts: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            state: Arc::default(),
        };
        let state = Arc::clone(&server.state);
        // Ends with the test's process.
        thread::spawn(move || {
            for connection in listener.incoming() {
                let state = Arc::clone(&state);
                thread::spawn(move || serve(connection.unwrap(), &state));
            }
        });
        let uri = format!(r#"{{"artifact_uri": "{artifacts}"}}"#);
        server.answer("mlflow/model-versions/get-download-uri", 200, &uri);
        server
    }

    /// Adds an answer.
    pub(crate) fn answer(&self, path: &str, status: u16, body: &str) {
        let mut state = self.state.lock().unwrap();
        let answers = state.answers.entry(path.to_owned()).or_default();
        answers.push((status, body.to_owned()));
    }

    /// Forgets what it answers at `path`.
    pub(crate) fn forget(&self, path: &str) {
        self.state.lock().unwrap().answers.remove(path);
    }

    pub(crate) fn host(&self) -> String {
        self.address.to_string()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Who asked so far.
    pub(crate) fn authorizations(&self) -> Vec<Option<String>> {
        self.state.lock().unwrap().authorizations.clone()
    }
}

fn serve(connection: TcpStream, state: &Mutex<State>) {
    let mut requests = BufReader::new(connection);
    while let Some((path, authorization)) = read_request(&mut requests) {
        let mut state = state.lock().unwrap();
        state.authorizations.push(authorization);
        let (status, body) = match state.answers.get_mut(&path) {
            Some(answers) if answers.len() > 1 => answers.remove(0),
            Some(answers) => answers[0].clone(),
            None => (404, String::new()),
        };
        let head = format!(
            "HTTP/1.1 {status} x\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        // Who has heard enough hangs up.
        let _ = requests
            .get_mut()
            .write_all(format!("{head}{body}").as_bytes());
    }
}

/// Path and `authorization`; `None` at the end of the connection.
fn read_request(requests: &mut BufReader<TcpStream>) -> Option<(String, Option<String>)> {
    let mut path = None;
    let mut authorization = None;
    loop {
        let mut line = String::new();
        if requests.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim();
        if line.is_empty() {
            return Some((path?, authorization));
        }
        if let Some(target) = line.strip_prefix("GET ") {
            let target = target.split([' ', '?']).next().unwrap_or_default();
            path = target.strip_prefix("/api/2.0/").map(str::to_owned);
        }
        if let Some((name, value)) = line.split_once(": ")
            && name.eq_ignore_ascii_case("authorization")
        {
            authorization = Some(value.to_owned());
        }
    }
}
