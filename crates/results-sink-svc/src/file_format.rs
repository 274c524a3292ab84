//! How the columns of result files are encoded and compressed.
//!
//! Chosen by measurement: nanoseconds and bytes a row, on a Zen 5 core, of 400,000 results
//! of a forest (1,026 different answers in 20,000) and, last, of as many doubles that are
//! all different; with statistics of each page. What is in bold is what files have.
//!
//! | column | plain | plain, zstd | plain, LZ4 | dictionary | dictionary, zstd | deltas | deltas, zstd |
//! |---|---|---|---|---|---|---|---|
//! | `transaction_id` | 2; 8.0 | 20; 2.6 | 11; 4.1 | 9; 3.2 | 15; 2.3 | **5; 2.2** | 8; 2.1 |
//! | `ts`, not in order | 2; 8.0 | 21; 4.3 | 13; 6.0 | 9; 3.2 | 15; 2.6 | **6; 4.2** | 9; 4.1 |
//! | `kafka_offset` | 2; 8.0 | 15; 1.0 | 9; 4.0 | 26; 10 | 45; 3.0 | **4; 0.03** | 4; 0.01 |
//! | `source_offset` | 2; 8.0 | 15; 0.9 | 6; 1.2 | 8; 2.3 | 13; 0.4 | **5; 0.8** | 8; 0.2 |
//! | `tx_fraud` | 1; 4.0 | **3; 0.1** | 2; 0.2 | 6; 0.1 | 7; 0.1 | 5; 0.3 | 6; 0.1 |
//! | `prediction` | 3; 8.0 | **4; 0.1** | 4; 0.2 | 7; 0.1 | 8; 0.1 | | |
//! | `kafka_partition` | 1; 4.0 | **2; 0.0** | 1; 0.0 | 5; 0.0 | 6; 0.0 | 4; 0.0 | 4; 0.0 |
//! | `fraud_probability` | 4; 8.0 | 18; 1.6 | 11; 3.0 | 8; 1.5 | **10; 1.0** | | |
//! | `probability` | 12; 16 | 30; 2.1 | 23; 3.8 | 20; 3.4 | **28; 1.5** | | |
//! | `model_name` | 11; 20 | 12; 0.0 | 10; 0.1 | 14; 0.0 | **8; 0.0** without statistics | | |
//! | `probability`, all different | 8; 16 | 21; 15 | 10; 16 | 30; 18 | 42; 17 | | |
//! | the same, dictionary of 64 KiB | | | | 9; 16 | **22; 15** | | |
//!
//! What splits doubles into streams of bytes (`BYTE_STREAM_SPLIT`) takes longer here and
//! saves less. `ts` would be smaller by a dictionary as long as its values recur.

use arrow::datatypes::SchemaRef;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

/// Readers take row groups in parallel; the one in progress isn't encoded in full.
const ROW_GROUP_ROWS: usize = 128 * 1024;
/// A row group's end copies it into the file, column by column, so that long rows
/// would take their memory twice. Rows of two classes don't come near it.
const ROW_GROUP_BYTES: usize = 16 << 20;
/// Counters and times: what a value differs from the one before is a few bits.
const DELTA_COLUMNS: [&str; 6] = [
    "transaction_id",
    "ts",
    "kafka_offset",
    "kafka_timestamp",
    "source_offset",
    "source_timestamp",
];
/// Trees have few different answers.
const DICTIONARY_COLUMNS: [&str; 4] = [
    PROBABILITIES,
    "fraud_probability",
    "model_name",
    "model_version",
];
/// The doubles of the lists.
const PROBABILITIES: &str = "probability.list.element";
/// Where answers are many, a dictionary would cost more than it saves; it is given up here.
const DICTIONARY_BYTES: usize = 64 * 1024;
/// The least and the greatest tell nothing of a list, and of a model no more than its dictionary.
const COLUMNS_WITHOUT_STATISTICS: [&str; 3] = [PROBABILITIES, "model_name", "model_version"];

/// How files are written; one for all of them.
#[derive(Debug, Clone)]
pub(crate) struct FileFormat {
    pub(crate) schema: SchemaRef,
    pub(crate) properties: WriterProperties,
}

impl FileFormat {
    pub(crate) fn new() -> Self {
        let level = ZstdLevel::try_new(1).expect("zstd has a level 1");
        let mut properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(level))
            .set_dictionary_enabled(false)
            .set_dictionary_page_size_limit(DICTIONARY_BYTES)
            .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
            .set_max_row_group_bytes(Some(ROW_GROUP_BYTES))
            .set_created_by(format!(
                "fraud-stream results-sink-svc version {}",
                env!("CARGO_PKG_VERSION")
            ));
        let path = |names: &str| ColumnPath::new(names.split('.').map(str::to_owned).collect());
        for column in DELTA_COLUMNS {
            properties = properties
                .set_column_encoding(path(column), Encoding::DELTA_BINARY_PACKED)
                .set_column_compression(path(column), Compression::UNCOMPRESSED);
        }
        for column in DICTIONARY_COLUMNS {
            properties = properties.set_column_dictionary_enabled(path(column), true);
        }
        for column in COLUMNS_WITHOUT_STATISTICS {
            let none = EnabledStatistics::None;
            properties = properties.set_column_statistics_enabled(path(column), none);
        }
        Self {
            schema: schema::result_file::arrow_schema(),
            properties: properties.build(),
        }
    }
}
