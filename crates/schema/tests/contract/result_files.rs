//! The columns of a result file.

use schema::result_file::arrow_schema;

#[test]
fn result_files_have_the_columns_of_the_contract() {
    let schema = arrow_schema();
    let columns = schema.fields().iter().map(|field| {
        let nullable = if field.is_nullable() {
            ", nullable"
        } else {
            ""
        };
        format!("{}: {}{nullable}", field.name(), field.data_type())
    });
    let expected = [
        "transaction_id: Int64",
        "ts: Timestamp(ms, \"UTC\")",
        "tx_fraud: Int32, nullable",
        "probability: List(Float64, field: 'element'), nullable",
        "fraud_probability: Float64, nullable",
        "prediction: Float64",
        "model_name: Utf8, nullable",
        "model_version: Utf8, nullable",
        "kafka_partition: Int32",
        "kafka_offset: Int64",
        "kafka_timestamp: Timestamp(ms, \"UTC\"), nullable",
        "source_partition: Int32, nullable",
        "source_offset: Int64, nullable",
        "source_timestamp: Timestamp(ms, \"UTC\"), nullable",
    ];
    assert_eq!(columns.collect::<Vec<_>>(), expected);
}
