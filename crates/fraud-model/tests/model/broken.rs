//! Models that are broken: an error that names the file, and never a panic.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde_json::json;

use crate::made::{self, MadeModel, leaf, split};
use crate::support::{expected_lines, model_folder, score_lines};

/// Small ones with every kind of stage and file.
const MODELS: [&str; 6] = [
    "decision-tree",
    "gradient-boosted-trees",
    "imputed-buckets",
    "logistic-regression",
    "random-forest",
    "spark-4.2.0/categorical-forest",
];

#[derive(Debug, Clone)]
enum Damage {
    Cut { at: prop::sample::Index },
    Flip { at: prop::sample::Index, bits: u8 },
    Zero { at: prop::sample::Index, bytes: usize },
    Remove,
    RemoveFolder,
    Duplicate,
}

fn damage() -> impl Strategy<Value = Damage> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        2 => index().prop_map(|at| Damage::Cut { at }),
        6 => (index(), 1..=255_u8).prop_map(|(at, bits)| Damage::Flip { at, bits }),
        2 => (index(), 1..64_usize).prop_map(|(at, bytes)| Damage::Zero { at, bytes }),
        1 => Just(Damage::Remove),
        1 => Just(Damage::RemoveFolder),
        1 => Just(Damage::Duplicate),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_damaged_model_is_an_error_that_names_it_and_never_a_panic(
        model in prop::sample::select(&MODELS[..]),
        file in any::<prop::sample::Index>(),
        damage in damage(),
    ) {
        let copy = tempfile::tempdir().expect("a temporary folder");
        copy_folder(&model_folder(model), copy.path());
        let mut files = Vec::new();
        collect_files(copy.path(), &mut files);
        apply(&damage, file.get(&files));
        match fraud_model::Model::load(copy.path(), &fraud_model::ModelOptions::default()) {
            // What was hit may not matter, and a number may have become another.
            Ok(model) => {
                score_lines(&model.into(), &expected_lines("random-forest", "input.jsonl"));
            }
            Err(error) => {
                let message = error.to_string();
                let names_it = message.contains(&*copy.path().to_string_lossy())
                    || message.starts_with("stage ");
                prop_assert!(names_it, "{}", message);
                prop_assert!(!message.contains('\n'), "{}", message);
            }
        }
    }
}

#[test]
fn every_file_that_is_missing_is_missed() {
    for model in MODELS {
        let mut files = Vec::new();
        collect_files(&model_folder(model), &mut files);
        for file in files {
            let copy = tempfile::tempdir().expect("a temporary folder");
            copy_folder(&model_folder(model), copy.path());
            let relative = file.strip_prefix(model_folder(model)).expect("inside");
            fs::remove_file(copy.path().join(relative)).expect("removed");
            let loaded =
                fraud_model::Model::load(copy.path(), &fraud_model::ModelOptions::default());
            let message = loaded.expect_err("an incomplete model").to_string();
            let folder = relative.parent().expect("a folder").to_string_lossy();
            assert!(message.contains(&*folder), "{model}: without {relative:?}: {message}");
        }
    }
}

#[test]
fn a_tree_that_is_none_is_refused() {
    let cases = [
        ("node 0: can't have the children 1 and 0", vec![
            split(0, (1, 0), 0, 1.0),
            leaf(1, &[1.0, 0.0]),
        ]),
        ("node 0 has the child 2, which isn't there", vec![
            split(0, (1, 2), 0, 1.0),
            leaf(1, &[1.0, 0.0]),
        ]),
        ("node 2 has two parents", vec![
            split(0, (1, 2), 0, 1.0),
            split(1, (2, 3), 0, 1.0),
            leaf(2, &[1.0, 0.0]),
            leaf(3, &[1.0, 0.0]),
        ]),
        ("node 1 has no parent", vec![leaf(0, &[1.0, 0.0]), leaf(1, &[1.0, 0.0])]),
        ("node 1: stands there twice", vec![
            split(0, (1, 2), 0, 1.0),
            leaf(1, &[1.0, 0.0]),
            leaf(1, &[1.0, 0.0]),
        ]),
        ("its 2 nodes are not numbered from 0 without a gap", vec![
            leaf(0, &[1.0, 0.0]),
            leaf(2, &[1.0, 0.0]),
        ]),
        ("its 0 nodes are not numbered from 0 without a gap", vec![]),
        ("node 0: splits on feature 2 of 2", vec![
            split(0, (1, 2), 2, 1.0),
            leaf(1, &[1.0, 0.0]),
            leaf(2, &[0.0, 1.0]),
        ]),
        ("node 0 of tree 0 has weights of 1 classes, expected 2", vec![made::Node {
            stats: vec![1.0],
            ..leaf(0, &[1.0, 0.0])
        }]),
        ("every tree has a leaf without any weight", vec![leaf(0, &[0.0, 0.0])]),
        ("node 0 of tree 0 has a weight below 0 or not finite", vec![leaf(0, &[-1.0, 2.0])]),
    ];
    for (expected, nodes) in cases {
        let mut model = MadeModel::tree(&["a", "b"], &[leaf(0, &[1.0, 0.0])]);
        let folder = model.path().join("stages/1_stage_1");
        fs::remove_dir_all(&folder).expect("removed");
        let extras = json!({"numFeatures": 2, "numClasses": 2});
        made::write_metadata(&folder, made::TREE, "stage_1", json!({}), extras);
        made::write_table(&folder.join("data"), made::node_table(&nodes));
        let error = model.error();
        assert!(error.ends_with(expected), "{error}");
        assert!(error.contains("1_stage_1/data"), "{error}");
        model.add(made::ASSEMBLER, json!({"inputCols": ["c"], "outputCol": "unused"}), json!({}));
    }
}

#[test]
fn categories_that_are_none_are_refused() {
    for (values, categories) in [(vec![3.0], 3), (vec![0.5], 3), (vec![-1.0], 3), (vec![], -2)] {
        let root = made::Node { values, categories, ..split(0, (1, 2), 0, 0.0) };
        let nodes = [root, leaf(1, &[1.0, 0.0]), leaf(2, &[0.0, 1.0])];
        let error = MadeModel::tree(&["a"], &nodes).error();
        assert!(error.contains("node 0"), "{error}");
    }
}

#[test]
fn a_forest_that_lacks_trees_is_refused() {
    let mut model = MadeModel::new();
    model.add(made::ASSEMBLER, json!({"inputCols": ["a"], "outputCol": "features"}), json!({}));
    let extras = json!({"numFeatures": 1, "numClasses": 2, "numTrees": 3});
    let folder = model.add(made::FOREST, json!({}), extras);
    let ids: arrow::array::ArrayRef =
        std::sync::Arc::new(arrow::array::Int32Array::from(vec![0, 2]));
    let nodes = made::node_table(&[leaf(0, &[1.0, 0.0]), leaf(0, &[1.0, 0.0])]);
    let rows = vec![made::field("treeID", ids), made::field("nodeData", std::sync::Arc::new(nodes))];
    made::write_table(&folder.join("data"), rows.into());
    let error = model.error();
    assert!(error.contains("holds 2 trees, but the stage's metadata says numTrees 3"), "{error}");
}

#[test]
fn a_folder_that_is_no_model_says_so() {
    let empty = tempfile::tempdir().expect("a temporary folder");
    let error = load_error(empty.path());
    assert!(error.contains("metadata: is missing"), "{error}");
    let error = load_error(Path::new("/no/such/model"));
    assert_eq!(error, "/no/such/model: doesn't exist");
    let error = load_error(&model_folder("random-forest").join("stages/0_VectorAssembler_6555ebd69b85"));
    assert!(error.ends_with("holds a VectorAssembler, not a PipelineModel"), "{error}");
}

#[test]
fn a_model_in_sparks_local_binary_mode_says_how_to_save_it() {
    let model = MadeModel::tree(&["a"], &[leaf(0, &[1.0, 0.0])]);
    let data = model.path().join("stages/1_stage_1/data");
    fs::remove_dir_all(&data).expect("removed");
    fs::write(&data, [0, 0, 0, 1]).expect("a file");
    assert!(model.error().contains("local binary mode"), "{}", model.error());
}

fn load_error(folder: &Path) -> String {
    let loaded = fraud_model::Model::load(folder, &fraud_model::ModelOptions::default());
    loaded.expect_err("no model").to_string()
}

fn apply(damage: &Damage, file: &Path) {
    let mut bytes = fs::read(file).expect("a file");
    match damage {
        Damage::Remove => return fs::remove_file(file).expect("removed"),
        Damage::RemoveFolder => {
            return fs::remove_dir_all(file.parent().expect("a folder")).expect("removed");
        }
        Damage::Duplicate => {
            let twin = file.with_extension(format!("copy.{}", file.extension().map_or("txt".into(), |e| e.to_string_lossy())));
            return drop(fs::copy(file, twin).expect("copied"));
        }
        Damage::Cut { at } => bytes.truncate(at.index(bytes.len())),
        Damage::Flip { at, bits } => {
            let at = at.index(bytes.len());
            bytes[at] ^= bits;
        }
        Damage::Zero { at, bytes: count } => {
            let start = at.index(bytes.len());
            let end = (start + count).min(bytes.len());
            bytes[start..end].fill(0);
        }
    }
    fs::write(file, bytes).expect("written");
}

/// The files that matter: no markers and checksums.
fn collect_files(folder: &Path, files: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            collect_files(&path, files);
        } else if !path.file_name().expect("a name").to_string_lossy().starts_with(['.', '_']) {
            files.push(path);
        }
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy_folder(&path, &target);
        } else {
            fs::copy(&path, &target).expect("copied");
        }
    }
}
