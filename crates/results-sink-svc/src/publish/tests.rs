use tempfile::tempdir;

use super::*;
use crate::testing::{file_of, local_store, soon};

fn read(store: &Store, file: &EncodedFile) -> Vec<u8> {
    std::fs::read(store.describe(&file.name)).unwrap()
}

/// Publishes `first`, then `second` under the same name.
fn publish_both(first: &EncodedFile, second: &EncodedFile) -> Result<Published, PublishError> {
    let root = tempdir().unwrap();
    let store = local_store(root.path());
    assert_eq!(publish(&store, first, soon()).unwrap(), Published::New);
    let second = publish(&store, second, soon());
    assert_eq!(read(&store, first), first.parts.concat());
    second
}

#[test]
fn the_same_file_again_is_adopted() {
    let file = file_of(0..=9);
    let published = publish_both(&file, &file).unwrap();
    assert_eq!(published, Published::Adopted(file.summary.clone()));
}

#[test]
fn a_file_that_ends_elsewhere_is_adopted_with_its_own_end() {
    for other in [file_of(0..=4), file_of(0..=20)] {
        let published = publish_both(&other, &file_of(0..=9)).unwrap();
        assert_eq!(published, Published::Adopted(other.summary));
    }
}

#[test]
fn other_content_of_the_same_name_is_a_conflict_that_names_the_file() {
    let file = file_of(0..=9);
    let mut other_row = file.clone();
    other_row.summary.first_row.transaction_id += 1;
    let mut other_time = file.clone();
    other_time.summary.first_row.kafka_timestamp = None;
    let mut other_cluster = file.clone();
    other_cluster.summary.cluster_id = "cluster-b".to_owned();
    let mut other_start = file.clone();
    other_start.summary.first_offset = 1;
    for ours in [other_row, other_time, other_cluster, other_start] {
        let error = publish_both(&file, &ours).unwrap_err();
        assert!(matches!(error, PublishError::Conflict { .. }), "{error}");
        assert!(
            error.to_string().contains(&file.name.to_string()),
            "{error}"
        );
    }
}

#[test]
fn a_foreign_file_of_the_same_name_is_a_conflict() {
    let file = file_of(0..=9);
    let mut foreign = file.clone();
    foreign.parts = vec!["no Parquet at all".into()];
    let error = publish_both(&foreign, &file).unwrap_err();
    assert!(matches!(error, PublishError::Conflict { .. }), "{error}");
}
