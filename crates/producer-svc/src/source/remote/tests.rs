use std::sync::Arc;

use arrow::array::RecordBatch;
use object_store::ObjectStoreExt;
use object_store::memory::InMemory;
use object_store::path::Path;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use service_runtime::Shutdown;
use tokio::runtime::Runtime;

use super::{Bucket, FOOTER_BYTES, describe};
use crate::sample::Sample;
use crate::source::tests::{TRANSACTIONS, config, fixture, messages, minimal};
use crate::source::{Location, Source, local};

#[test]
fn objects_are_listed_in_order_without_hidden_ones_and_folders() {
    let world = World::new();
    for path in [
        "data/month=10/a.parquet",
        "data/month=9/b.parquet",
        "data/month=9/a.parquet",
        "data/_SUCCESS",
        "data/_temporary/a.parquet",
        "database/a.parquet",
    ] {
        world.put(path, b"not empty".to_vec());
    }
    world.put("data/month=9/folder", Vec::new());

    let names = |path: &str| {
        let files = world
            .bucket
            .list(&format!("s3://bucket/{path}/"), &Path::from(path))
            .unwrap();
        files
            .iter()
            .map(|file| file.name().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        names("data"),
        [
            "s3://bucket/data/month=9/a.parquet",
            "s3://bucket/data/month=9/b.parquet",
            "s3://bucket/data/month=10/a.parquet",
        ]
    );
    assert_eq!(
        names("data/month=9/a.parquet"),
        ["s3://bucket/data/month=9/a.parquet"]
    );
    let error = world
        .bucket
        .list("s3://bucket/nothing", &Path::from("nothing"))
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("s3://bucket/nothing holds no Parquet files"),
        "{error}"
    );
}

#[test]
fn an_object_is_read_like_the_file_that_it_was() {
    let world = World::new();
    let on_disk = config(&fixture(TRANSACTIONS), &[]);
    let on_disk = Source::check(&on_disk, local::list(&on_disk.source).unwrap()).unwrap();
    for (number, bytes) in fixture_files().into_iter().enumerate() {
        world.put(&format!("data/part-{number}.parquet"), bytes);
    }
    let source = world.source(&[]).unwrap();

    assert_eq!(source.row_count(), 20_000);
    let sample = Sample::draw(500, 20_000, 1);
    assert_eq!(messages(&source, &sample), messages(&on_disk, &sample));
    assert_eq!(
        messages(&source, &Sample::All),
        messages(&on_disk, &Sample::All)
    );
}

#[test]
fn a_footer_of_any_size_and_row_groups_anywhere_are_read() {
    let world = World::new();
    let batches: Vec<_> = (0..1_000).map(minimal).collect();
    let bytes = parquet_of(&batches, 1);
    assert!(bytes.len() as u64 > 2 * FOOTER_BYTES);
    world.put("data/a.parquet", bytes);

    let source = world.source(&["transaction_id", "ts"]).unwrap();
    let ids = messages(&source, &Sample::All)
        .into_iter()
        .map(|(id, _)| id);
    assert!(ids.eq(0..1_000));
}

#[test]
fn an_object_that_is_no_parquet_is_named() {
    let world = World::new();
    world.put("data/a.parquet", parquet_of(&[minimal(1)], 1));
    world.put("data/b.parquet", b"not Parquet at all".to_vec());
    let error = format!(
        "{:#}",
        world.source(&["transaction_id", "ts"]).err().unwrap()
    );
    assert!(
        error.contains("s3://bucket/data/b.parquet: not a whole Parquet file"),
        "{error}"
    );
}

#[test]
fn an_answer_in_xml_is_cut_to_its_code() {
    let answer = "404 Not Found: <?xml version=\"1.0\"?>\n<Error><Code>NoSuchBucket</Code></Error>";
    let error = object_store::Error::Generic {
        store: "S3",
        source: answer.into(),
    };
    assert_eq!(
        describe(&error),
        "Generic S3 error: 404 Not Found: NoSuchBucket"
    );
}

#[test]
fn the_wish_to_stop_ends_the_waiting() {
    let world = World::new();
    world.bucket.shutdown.request();
    let never = std::future::pending::<object_store::Result<()>>();
    assert_eq!(world.bucket.wait(never).unwrap_err().to_string(), "stopped");
}

struct World {
    runtime: Runtime,
    bucket: Bucket,
}

impl World {
    fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let bucket = Bucket {
            store: Arc::new(InMemory::new()),
            tokio: runtime.handle().clone(),
            shutdown: Shutdown::default(),
        };
        Self { runtime, bucket }
    }

    fn put(&self, path: &str, bytes: Vec<u8>) {
        let path = Path::from(path);
        let put = self.bucket.store.put(&path, bytes.into());
        self.runtime.block_on(put).unwrap();
    }

    fn source(&self, columns: &[&str]) -> anyhow::Result<Source> {
        let url = "s3://bucket/data";
        let files = self.bucket.list(url, &Path::from("data"))?;
        Source::check(
            &config(url, columns),
            files.into_iter().map(Location::Remote),
        )
    }
}

fn fixture_files() -> Vec<Vec<u8>> {
    let files = local::list(&fixture(TRANSACTIONS)).unwrap();
    files
        .iter()
        .map(|file| std::fs::read(file.name()).unwrap())
        .collect()
}

fn parquet_of(batches: &[RecordBatch], rows_per_group: usize) -> Vec<u8> {
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(rows_per_group))
        .build();
    let mut writer =
        ArrowWriter::try_new(Vec::new(), batches[0].schema(), Some(properties)).unwrap();
    for batch in batches {
        writer.write(batch).unwrap();
    }
    writer.into_inner().unwrap()
}
