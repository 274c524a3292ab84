//! Models that contradict themselves: an error that names the file and what is
//! wrong with it.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow::array::Int32Array;
use fraud_model::{Model, ModelOptions};
use serde_json::json;

use crate::made::{self, MadeModel, leaf, split};
use crate::support::model_folder;

#[test]
fn a_tree_that_is_none_is_refused() {
    let cases = [
        (
            "node 0: can't have the children 1 and 0",
            vec![split(0, (1, 0), 0, 1.0), leaf(1, &[1.0, 0.0])],
        ),
        (
            "node 0 has the child 2, which isn't there",
            vec![split(0, (1, 2), 0, 1.0), leaf(1, &[1.0, 0.0])],
        ),
        (
            "node 2 has two parents",
            vec![
                split(0, (1, 2), 0, 1.0),
                split(1, (2, 3), 0, 1.0),
                leaf(2, &[1.0, 0.0]),
                leaf(3, &[1.0, 0.0]),
            ],
        ),
        (
            "node 1 has no parent",
            vec![leaf(0, &[1.0, 0.0]), leaf(1, &[1.0, 0.0])],
        ),
        (
            "node 1: stands there twice",
            vec![
                split(0, (1, 2), 0, 1.0),
                leaf(1, &[1.0, 0.0]),
                leaf(1, &[1.0, 0.0]),
            ],
        ),
        (
            "its 2 nodes are not numbered from 0 without a gap",
            vec![leaf(0, &[1.0, 0.0]), leaf(2, &[1.0, 0.0])],
        ),
        ("its 0 nodes are not numbered from 0 without a gap", vec![]),
        (
            "node 0: splits on feature 2 of 2",
            vec![
                split(0, (1, 2), 2, 1.0),
                leaf(1, &[1.0, 0.0]),
                leaf(2, &[0.0, 1.0]),
            ],
        ),
        (
            "tree 0, node 0: has weights of 1 classes, expected 2",
            vec![made::Node {
                stats: vec![1.0],
                ..leaf(0, &[1.0, 0.0])
            }],
        ),
        (
            "every tree has a leaf without any weight",
            vec![leaf(0, &[0.0, 0.0])],
        ),
        (
            "tree 0, node 0: has a weight below 0 or not finite",
            vec![leaf(0, &[-1.0, 2.0])],
        ),
    ];
    for (expected, nodes) in cases {
        let model = MadeModel::tree(&["a", "b"], &[leaf(0, &[1.0, 0.0])]);
        let folder = model.path().join("stages/1_stage_1");
        fs::remove_dir_all(&folder).expect("removed");
        let extras = &json!({"numFeatures": 2, "numClasses": 2});
        made::write_metadata(&folder, made::TREE, "stage_1", &json!({}), extras);
        made::write_table(&folder.join("data"), made::node_table(&nodes));
        let error = model.error();
        assert!(error.ends_with(expected), "{error}");
        assert!(error.contains("1_stage_1/data"), "{error}");
    }
}

#[test]
fn categories_that_are_none_are_refused() {
    for (values, categories) in [
        (vec![3.0], 3),
        (vec![0.5], 3),
        (vec![-1.0], 3),
        (vec![], -2),
    ] {
        let root = made::Node {
            values,
            categories,
            ..split(0, (1, 2), 0, 0.0)
        };
        let nodes = [root, leaf(1, &[1.0, 0.0]), leaf(2, &[0.0, 1.0])];
        let error = MadeModel::tree(&["a"], &nodes).error();
        assert!(error.contains("node 0"), "{error}");
    }
}

#[test]
fn a_forest_that_lacks_trees_is_refused() {
    let mut model = MadeModel::assembling(&["a"]);
    let extras = &json!({"numFeatures": 1, "numClasses": 2, "numTrees": 3});
    let folder = model.add(made::FOREST, &json!({}), extras);
    let ids = Int32Array::from(vec![0, 2]);
    let nodes = made::node_table(&[leaf(0, &[1.0, 0.0]), leaf(0, &[1.0, 0.0])]);
    let rows = vec![
        made::field("treeID", Arc::new(ids)),
        made::field("nodeData", Arc::new(nodes)),
    ];
    made::write_table(&folder.join("data"), rows.into());
    let error = model.error();
    assert!(
        error.contains("holds 2 trees, but the stage's metadata says numTrees 3"),
        "{error}"
    );
}

#[test]
fn a_folder_that_is_no_model_says_so() {
    let empty = tempfile::tempdir().expect("a temporary folder");
    let error = load_error(empty.path());
    assert!(error.contains("metadata: is missing"), "{error}");
    let error = load_error(Path::new("/no/such/model"));
    assert_eq!(error, "/no/such/model: doesn't exist");
    let error =
        load_error(&model_folder("random-forest").join("stages/0_VectorAssembler_6555ebd69b85"));
    assert!(
        error.ends_with("holds a VectorAssembler, not a PipelineModel"),
        "{error}"
    );
}

#[test]
fn a_model_in_sparks_local_binary_mode_says_how_to_save_it() {
    let model = MadeModel::tree(&["a"], &[leaf(0, &[1.0, 0.0])]);
    let data = model.path().join("stages/1_stage_1/data");
    fs::remove_dir_all(&data).expect("removed");
    fs::write(&data, [0, 0, 0, 1]).expect("a file");
    assert!(
        model.error().contains("local binary mode"),
        "{}",
        model.error()
    );
}

#[test]
fn a_small_file_that_claims_to_hold_a_large_table_is_refused() {
    let model = MadeModel::tree(&["a"], &[leaf(0, &[1.0, 0.0])]);
    let data = model.path().join("stages/1_stage_1/data");
    let zeros = Int32Array::from(vec![0; 5_000_000]);
    made::write_table(&data, vec![made::field("id", Arc::new(zeros))].into());
    let error = model.error();
    assert!(error.contains("claim to hold 5000000 values"), "{error}");
}

fn load_error(folder: &Path) -> String {
    let loaded = Model::load(folder, &ModelOptions::default());
    loaded.expect_err("no model").to_string()
}
