//! What a result file says about itself in its footer.

use std::collections::HashMap;

use parquet::file::metadata::{KeyValue, ParquetMetaData};

const CLUSTER_ID: &str = "fraud_stream.cluster_id";
const TOPIC: &str = "fraud_stream.topic";
const PARTITION: &str = "fraud_stream.partition";
const FIRST_OFFSET: &str = "fraud_stream.first_offset";
const LAST_OFFSET: &str = "fraud_stream.last_offset";
const ROWS: &str = "fraud_stream.rows";
const FIRST_TRANSACTION_ID: &str = "fraud_stream.first_transaction_id";
const FIRST_KAFKA_TIMESTAMP: &str = "fraud_stream.first_kafka_timestamp";

/// The key-value metadata of a result file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileSummary {
    /// The Kafka cluster; offsets of another one mean nothing here.
    pub(crate) cluster_id: String,
    pub(crate) topic: String,
    pub(crate) partition: i32,
    /// Of the first record that the file stands for, readable or not.
    pub(crate) first_offset: i64,
    /// Of the last record that the file stands for, readable or not.
    pub(crate) last_offset: i64,
    pub(crate) rows: u64,
    pub(crate) first_row: FirstRow,
}

/// Tells a record from another one that came to the same offset, as in a topic
/// that was deleted and made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FirstRow {
    pub(crate) transaction_id: i64,
    pub(crate) kafka_timestamp: Option<i64>,
}

impl FileSummary {
    pub(crate) fn to_key_values(&self) -> Vec<KeyValue> {
        let pair = |key: &str, value: String| KeyValue::new(key.to_owned(), value);
        let mut pairs = vec![
            pair(CLUSTER_ID, self.cluster_id.clone()),
            pair(TOPIC, self.topic.clone()),
            pair(PARTITION, self.partition.to_string()),
            pair(FIRST_OFFSET, self.first_offset.to_string()),
            pair(LAST_OFFSET, self.last_offset.to_string()),
            pair(ROWS, self.rows.to_string()),
            pair(
                FIRST_TRANSACTION_ID,
                self.first_row.transaction_id.to_string(),
            ),
        ];
        if let Some(timestamp) = self.first_row.kafka_timestamp {
            pairs.push(pair(FIRST_KAFKA_TIMESTAMP, timestamp.to_string()));
        }
        pairs
    }

    /// `None` where the file isn't one of ours.
    pub(crate) fn from_footer(footer: &ParquetMetaData) -> Option<Self> {
        let pairs: HashMap<&str, &str> = footer
            .file_metadata()
            .key_value_metadata()?
            .iter()
            .filter_map(|pair| Some((pair.key.as_str(), pair.value.as_deref()?)))
            .collect();
        let number = |key: &str| pairs.get(key)?.parse::<i64>().ok();
        Some(Self {
            cluster_id: (*pairs.get(CLUSTER_ID)?).to_owned(),
            topic: (*pairs.get(TOPIC)?).to_owned(),
            partition: number(PARTITION)?.try_into().ok()?,
            first_offset: number(FIRST_OFFSET)?,
            last_offset: number(LAST_OFFSET)?,
            rows: number(ROWS)?.try_into().ok()?,
            first_row: FirstRow {
                transaction_id: number(FIRST_TRANSACTION_ID)?,
                kafka_timestamp: number(FIRST_KAFKA_TIMESTAMP),
            },
        })
    }
}
