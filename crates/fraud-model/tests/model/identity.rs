//! Name, version and hash of a model, and what is said of it.

use std::fs;

use fraud_model::{Model, ModelOptions};
use sha2::{Digest, Sha256};

use crate::made::{MadeModel, leaf, split};
use crate::support::{collect_files, copy_folder, load, model_folder};

#[test]
fn the_hash_is_over_paths_lengths_and_bytes_in_order() {
    let folder = model_folder("random-forest");
    let mut files = Vec::new();
    collect_files(&folder, &mut files);
    let mut hash = Sha256::new();
    for file in files {
        let bytes = fs::read(&file).expect("a file");
        hash.update(
            file.strip_prefix(&folder)
                .expect("inside")
                .to_str()
                .expect("UTF-8"),
        );
        hash.update([0]);
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    }
    let digits: String = hash
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let model = load("random-forest");
    assert_eq!(model.identity().hash, digits);
    assert_eq!(model.identity().version, digits[..12]);
    assert_eq!(
        model.identity().header(),
        format!("random-forest@{}", &digits[..12])
    );
}

#[test]
fn the_hash_is_of_what_spark_saved_and_of_nothing_beside_it() {
    let copy = tempfile::tempdir().expect("a temporary folder");
    copy_folder(&model_folder("random-forest"), copy.path());
    let hash = || {
        let options = ModelOptions {
            name: Some("named".to_owned()),
            ..ModelOptions::default()
        };
        let model = Model::load(copy.path(), &options).expect("it loads");
        assert_eq!(model.identity().name, "named");
        model.identity().hash.clone()
    };
    let saved = hash();
    assert_eq!(saved, load("random-forest").identity().hash);
    fs::write(copy.path().join("README.md"), "a model").expect("written");
    fs::create_dir(copy.path().join("parity")).expect("made");
    fs::write(copy.path().join("parity/input.jsonl"), "{}").expect("written");
    fs::write(copy.path().join("metadata/.part-00000.crc"), "crc").expect("written");
    fs::remove_file(copy.path().join("metadata/_SUCCESS")).expect("removed");
    assert_eq!(hash(), saved);
    let metadata = copy.path().join("metadata/part-00000");
    let text = fs::read_to_string(&metadata).expect("metadata");
    fs::write(&metadata, format!("{text} ")).expect("written");
    assert_ne!(hash(), saved);
}

#[test]
fn a_description_tells_what_a_person_asks() {
    let nodes = [
        split(0, (1, 2), 1, 7.5),
        leaf(1, &[3.0, 1.0]),
        leaf(2, &[1.0, 3.0]),
    ];
    let made = MadeModel::tree(&["tx_amount", "merchant_risk"], &nodes);
    let options = ModelOptions {
        name: Some("cards".to_owned()),
        ..ModelOptions::default()
    };
    let model = Model::load(made.path(), &options).expect("it loads");
    let hash = &model.identity().hash;
    let expected = format!(
        "\
name      cards
version   {}
hash      {hash}
saved by  Spark 3.5.3
classes   2
results   byte for byte as Spark's
parity    no rows; models/parity.py lets Spark write them

input columns (2)
  tx_amount      double   as in the Fraud Detection Handbook
  merchant_risk  double   as the first stage reads it

stages (2)
  1. VectorAssembler  stage_0
     reads          tx_amount, merchant_risk
     writes         features[2]
     handleInvalid  error
  2. DecisionTreeClassificationModel  stage_1
     reads          features
     writes         rawPrediction[2], probability[2], prediction
     trees          1
     depth          1
     nodes          3
     importances    merchant_risk 1.000
",
        &hash[..12]
    );
    assert_eq!(model.describe().to_string(), expected);
}

#[test]
fn features_are_as_important_as_spark_says() {
    let of_spark = [
        (
            "decision-tree",
            "terminal_id_risk_7day_window 0.395, tx_amount 0.189, \
             customer_id_avg_amount_30day_window 0.111",
        ),
        (
            "random-forest",
            "terminal_id_risk_1day_window 0.290, terminal_id_risk_7day_window 0.204, \
             tx_amount 0.170",
        ),
        (
            "gradient-boosted-trees",
            "tx_amount 0.279, terminal_id_risk_7day_window 0.228, \
             customer_id_avg_amount_30day_window 0.216",
        ),
    ];
    for (model, first_of_spark) in of_spark {
        let description = load(model).describe().to_string();
        let expected = format!("     importances    {first_of_spark}, ");
        assert!(description.contains(&expected), "{description}");
    }
}
