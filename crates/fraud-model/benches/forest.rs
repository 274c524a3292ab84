//! The engine for trees alone, in batches: features in, probabilities out.
//! The throughput's inverse is the time a row.

use std::fs::File;
use std::path::{Path, PathBuf};

use arrow::array::AsArray;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type};
use divan::Bencher;
use divan::counter::ItemsCount;
use fraud_model::{ForestBench, Model, ModelOptions};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

fn main() {
    divan::main();
}

/// Rows in each measurement, as batches of different rows.
const ROWS: usize = 4096;

/// 20 trees of depth 5, and 100 of depth 8.
#[divan::bench(args = ["random-forest", "random-forest-100x8"], consts = [1, 64, 1024])]
fn batch<const BATCH: usize>(bencher: Bencher<'_, '_>, model: &str) {
    let folder = fixtures().join("models").join(model);
    let forest = ForestBench::load(&folder, false).expect("the fixture loads");
    let rows = rows(&folder);
    let mut probabilities = vec![0.0; ROWS * forest.classes()];
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| {
        let batches = rows.chunks(BATCH * forest.width());
        let probabilities = probabilities.chunks_mut(BATCH * forest.classes());
        for (rows, probabilities) in batches.zip(probabilities) {
            forest.score(rows, probabilities);
        }
    });
}

/// The features of the first transactions, in the order in which the model
/// assembles them.
fn rows(model: &Path) -> Vec<f64> {
    let model = Model::load(model, &ModelOptions::default()).expect("the fixture loads");
    let features = &model.transaction_schema().features;
    let folder = fixtures().join("transactions.parquet");
    let part = folder
        .read_dir()
        .expect("the fixture is there")
        .map(|entry| entry.expect("an entry").path())
        .find(|path| {
            path.extension()
                .is_some_and(|extension| extension == "parquet")
        })
        .expect("the fixture has a part file");
    let batch = ParquetRecordBatchReaderBuilder::try_new(File::open(part).expect("it opens"))
        .expect("it is Parquet")
        .with_batch_size(ROWS)
        .build()
        .expect("it is Parquet")
        .next()
        .expect("it has rows")
        .expect("they can be read");
    let columns: Vec<_> = features
        .iter()
        .map(|feature| {
            let column = batch.column_by_name(&feature.name).expect("its columns");
            cast(column, &DataType::Float64).expect("its numbers")
        })
        .collect();
    (0..ROWS)
        .flat_map(|row| {
            columns
                .iter()
                .map(move |column| column.as_primitive::<Float64Type>().value(row))
        })
        .collect()
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures")
}
