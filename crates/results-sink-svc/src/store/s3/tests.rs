use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Mutex;
use std::thread;

use object_store::aws::AmazonS3Builder;
use object_store::memory::InMemory;
use tokio::runtime::Runtime;

use super::*;
use crate::publish::{Published, publish};
use crate::store::Store;
use crate::testing::{file_of, name, soon};

fn store(client: Arc<dyn ObjectStore>, runtime: &Runtime) -> S3Store {
    S3Store {
        client,
        prefix: Path::from("fraud/results"),
        url: "s3://bucket/fraud/results".to_owned(),
        instance_id: "sink-1".to_owned(),
        put_timeout: Duration::from_secs(30),
        tokio: runtime.handle().clone(),
        shutdown: Shutdown::default(),
        stop_grace: Duration::ZERO,
    }
}

/// An S3 server that takes every PUT, `If-None-Match` or not, and answers with the
/// next of `statuses`, in the end always with the last.
fn server(statuses: &[u16]) -> Arc<dyn ObjectStore> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let statuses = Arc::new(Mutex::new(statuses.to_vec()));
    // Ends with the test's process.
    thread::spawn(move || {
        for connection in listener.incoming() {
            let statuses = Arc::clone(&statuses);
            thread::spawn(move || serve(connection.unwrap(), &statuses));
        }
    });
    let client = AmazonS3Builder::new()
        .with_endpoint(format!("http://{address}"))
        .with_allow_http(true)
        .with_bucket_name("bucket")
        .with_region("us-east-1")
        .with_access_key_id("id")
        .with_secret_access_key("secret");
    Arc::new(client.build().unwrap())
}

fn serve(connection: TcpStream, statuses: &Mutex<Vec<u16>>) {
    let mut requests = BufReader::new(connection);
    while let Some(length) = content_length(&mut requests) {
        let mut body = vec![0; length];
        requests.read_exact(&mut body).unwrap();
        let mut statuses = statuses.lock().unwrap();
        let status = if statuses.len() > 1 {
            statuses.remove(0)
        } else {
            statuses[0]
        };
        let answer = format!("HTTP/1.1 {status} x\r\nETag: \"x\"\r\nContent-Length: 0\r\n\r\n");
        requests.get_mut().write_all(answer.as_bytes()).unwrap();
    }
}

/// Of the next request; `None` at the end of the connection.
fn content_length(requests: &mut BufReader<TcpStream>) -> Option<usize> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if requests.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim().to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.is_empty() {
            return Some(length);
        }
    }
}

#[test]
fn a_file_is_created_once_listed_and_tells_its_summary() {
    let runtime = Runtime::new().unwrap();
    let store = store(Arc::new(InMemory::new()), &runtime);
    assert_eq!(store.prepare().unwrap(), Probed::Reliable);
    assert_eq!(store.list(None).unwrap(), []);
    let file = file_of(3..=8);
    let created = store.create(&file.name, &file.parts, soon()).unwrap();
    assert_eq!(created, Created::New);
    let again = store.create(&file.name, &[Bytes::new()], soon()).unwrap();
    assert_eq!(again, Created::NameTaken);
    assert_eq!(store.summary(&file.name).unwrap(), Some(file.summary));
    assert!(store.summary(&name(0)).is_err());
}

#[test]
fn files_are_listed_from_a_date_on_with_those_of_unknown_date() {
    let runtime = Runtime::new().unwrap();
    let store = store(Arc::new(InMemory::new()), &runtime);
    let paths = [
        "date=2019-11-09/results+0+00000000000000000000.parquet",
        "date=2019-11-10/results+0+00000000000000000005.parquet",
        "date=unknown/results+3+00000000000000000009.parquet",
    ];
    for path in paths {
        let name = FileName::parse(path).unwrap();
        store.create(&name, &[], soon()).unwrap();
    }
    let deeper = store
        .prefix
        .clone()
        .join("date=2019-11-10")
        .join("x")
        .join(name(0).base());
    store.put(&deeper, &[], soon()).unwrap();
    let listed = |since: Option<&str>| {
        let since = since.map(|folder| FileDate::parse_folder(folder).unwrap());
        let names = store.list(since).unwrap();
        names.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(listed(None), paths);
    assert_eq!(listed(Some("date=unknown")), paths);
    assert_eq!(listed(Some("date=2019-11-10")), paths[1..]);
    assert_eq!(listed(Some("date=2019-11-11")), paths[2..]);
}

#[test]
fn a_foreign_object_tells_no_summary() {
    let runtime = Runtime::new().unwrap();
    let store = store(Arc::new(InMemory::new()), &runtime);
    store
        .create(&name(0), &[Bytes::from_static(b"foreign")], soon())
        .unwrap();
    assert_eq!(store.summary(&name(0)).unwrap(), None);
}

#[test]
fn a_store_that_ignores_if_none_match_is_unreliable() {
    let runtime = Runtime::new().unwrap();
    let store = store(server(&[200]), &runtime);
    let probed = store.prepare().unwrap();
    assert!(matches!(probed, Probed::Unreliable(_)), "{probed:?}");
}

#[test]
fn a_refused_upload_is_an_error_that_names_the_object() {
    let runtime = Runtime::new().unwrap();
    let store = store(server(&[403]), &runtime);
    let error = store.create(&name(0), &[], soon()).unwrap_err().to_string();
    assert!(error.contains("s3://bucket/fraud/results"), "{error}");
    assert!(error.contains(&name(0).base()), "{error}");
}

#[test]
fn an_upload_whose_answer_is_lost_meets_its_own_object() {
    let runtime = Runtime::new().unwrap();
    let store = store(server(&[500, 412]), &runtime);
    let created = store.create(&name(0), &[], soon()).unwrap();
    assert_eq!(created, Created::NameTaken);
}

#[test]
fn an_object_of_its_own_is_adopted() {
    let runtime = Runtime::new().unwrap();
    let store = Store::S3(store(Arc::new(InMemory::new()), &runtime));
    let file = file_of(0..=9);
    assert_eq!(publish(&store, &file, soon()).unwrap(), Published::New);
    let published = publish(&store, &file, soon()).unwrap();
    assert_eq!(published, Published::Adopted(file.summary));
}

#[test]
fn the_wish_to_stop_ends_an_upload() {
    let runtime = Runtime::new().unwrap();
    let store = store(server(&[503]), &runtime);
    store.shutdown.request();
    let error = store.create(&name(0), &[], soon()).unwrap_err();
    assert!(error.to_string().contains("no answer in time"), "{error}");
}

#[test]
fn an_upload_is_given_up_at_its_deadline() {
    let runtime = Runtime::new().unwrap();
    let store = store(server(&[503]), &runtime);
    let error = store.create(&name(0), &[], Instant::now()).unwrap_err();
    assert!(error.to_string().contains("no answer in time"), "{error}");
}
