use tempfile::{TempDir, tempdir};

use super::*;
use crate::publish::publish;
use crate::result_file::EncodedFile;
use crate::testing::{PARTITION, file_of, local_store, name, options, soon};

fn store_with(files: &[EncodedFile]) -> (TempDir, Store) {
    let root = tempdir().unwrap();
    let store = local_store(root.path());
    for file in files {
        publish(&store, file, soon()).unwrap();
    }
    (root, store)
}

fn end(store: &Store, metadata: Option<String>) -> Result<Option<ChainEnd>, ChainError> {
    let committed = metadata.map(|metadata| CommittedOffset {
        offset: 0,
        metadata,
    });
    let committed = BTreeMap::from([(PARTITION, committed)]);
    let mut ends = chain_ends(store, &options(), &committed)?;
    Ok(ends.remove(&PARTITION))
}

#[test]
fn the_last_file_counts_whatever_the_commit_names() {
    let (_root, store) = store_with(&[file_of(0..=4), file_of(5..=9), file_of(10..=11)]);
    let expected = ChainEnd {
        file: name(10),
        last_offset: 11,
    };
    for metadata in [
        None,
        Some(String::new()),
        Some(name(5).to_string()),
        Some(name(10).to_string()),
        // Gone, or never there.
        Some(name(12).to_string()),
        Some("date=2030-01-01/results+1+00000000000000000012.parquet".to_owned()),
    ] {
        assert_eq!(end(&store, metadata).unwrap().as_ref(), Some(&expected));
    }
}

#[test]
fn a_file_before_midnight_is_found_from_a_commit_after_it() {
    let (_root, store) = store_with(&[file_of(0..=4)]);
    let after_midnight = "date=2019-11-11/results+1+00000000000000000000.parquet";
    let found = end(&store, Some(after_midnight.to_owned())).unwrap();
    assert_eq!(found.unwrap().last_offset, 4);
}

#[test]
fn files_of_other_topics_and_partitions_do_not_count() {
    let mut other_topic = file_of(0..=4);
    other_topic.name.topic = "results2".to_owned();
    let mut other_partition = file_of(0..=4);
    other_partition.name.partition = PARTITION + 1;
    let (_root, store) = store_with(&[other_topic, other_partition]);
    assert_eq!(end(&store, None).unwrap(), None);
}

#[test]
fn files_of_another_cluster_are_fatal() {
    let (_root, store) = store_with(&[file_of(0..=4)]);
    let mut options = options();
    options.cluster_id = "cluster-b".to_owned();
    let committed = BTreeMap::from([(PARTITION, None)]);
    let error = chain_ends(&store, &options, &committed).unwrap_err();
    let ChainError::Failure(failure) = error else {
        panic!("waiting would not help: {error:?}");
    };
    assert!(failure.to_string().contains("from Kafka cluster cluster-a"));
}

#[test]
fn a_foreign_file_with_the_name_of_a_result_file_is_fatal() {
    let mut foreign = file_of(0..=4);
    foreign.parts = vec!["no Parquet at all".into()];
    let (_root, store) = store_with(&[foreign]);
    assert!(matches!(end(&store, None), Err(ChainError::Failure(_))));
}
