//! The names that others filter and count by.

use schema::RejectionCode;
use schema::dead_letter::{self, Stage};

#[test]
fn rejection_codes_stages_and_headers_have_the_names_of_the_contract() {
    let codes = RejectionCode::ALL.map(|code| code.to_string());
    let expected = [
        "invalid_json",
        "tombstone",
        "duplicate_field",
        "missing_field",
        "wrong_type",
        "out_of_range",
        "invalid_timestamp",
        "invalid_label",
        "invalid_feature",
        "too_large",
    ];
    assert_eq!(codes, expected);

    let stages = [Stage::Parse, Stage::Score, Stage::Read].map(Stage::as_str);
    assert_eq!(stages, ["parse", "score", "read"]);

    let headers = [
        dead_letter::TOPIC,
        dead_letter::PARTITION,
        dead_letter::OFFSET,
        dead_letter::STAGE,
        dead_letter::EXCEPTION_CLASS_NAME,
        dead_letter::EXCEPTION_MESSAGE,
    ];
    let expected = [
        "topic",
        "partition",
        "offset",
        "stage",
        "exception.class.name",
        "exception.message",
    ];
    assert_eq!(
        headers,
        expected.map(|name| format!("__connect.errors.{name}"))
    );
    assert_eq!(dead_letter::TRUNCATED, "truncated");
}
