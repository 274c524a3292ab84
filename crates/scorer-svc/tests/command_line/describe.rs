//! `scorer-svc describe`

use crate::support::{model, scorer, text};

#[test]
fn a_model_is_described_with_its_columns_and_its_own_name() {
    let described = scorer()
        .args(["describe", "--model-name", "champion", "--model"])
        .arg(model("random-forest"))
        .output()
        .unwrap();
    assert!(described.status.success());
    let description = text(&described.stdout);
    assert!(description.contains("champion"), "{description}");
    assert!(description.contains("tx_amount"), "{description}");
    assert_eq!(text(&described.stderr), "");
}

#[test]
fn a_model_that_cannot_be_loaded_says_why() {
    let described = scorer()
        .args(["describe", "--model", "no/such/model"])
        .output()
        .unwrap();
    assert_eq!(described.status.code(), Some(2));
    assert!(text(&described.stderr).starts_with("error: cannot load model no/such/model: "));
}
