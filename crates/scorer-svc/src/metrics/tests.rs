use super::*;

fn tally() -> (Registry, Tally) {
    let registry = Registry::new();
    let model = ModelIdentity {
        name: "forest".to_owned(),
        version: "1".to_owned(),
        hash: "abc".to_owned(),
    };
    let metrics = Metrics::register(&registry, &model).unwrap();
    let tally = Tally::new(&metrics, 2, 1);
    (registry, tally)
}

fn text(registry: &Registry) -> String {
    prometheus::TextEncoder::new()
        .encode_to_string(&registry.gather())
        .unwrap()
}

fn scored(label: Option<i32>) -> ScoredTransaction<'static> {
    ScoredTransaction {
        transaction_id: 1,
        timestamp: 0,
        tx_fraud: label,
        probability: Some(&[0.25, 0.75]),
        prediction: 1.0,
    }
}

#[test]
fn nothing_is_counted_before_it_is_committed() {
    let (registry, mut tally) = tally();
    tally.scored(&scored(Some(0)), 1);
    tally.dead_letter(RejectionCode::WrongType, 1);
    tally.skipped();
    assert!(text(&registry).contains(r#"transactions_total{outcome="scored"} 0"#));

    tally.committed(0.01);
    let text = text(&registry);
    for line in [
        r#"fraud_scorer_transactions_total{outcome="scored"} 1"#,
        r#"fraud_scorer_transactions_total{outcome="dead_letter"} 1"#,
        r#"fraud_scorer_transactions_total{outcome="skipped"} 1"#,
        r#"fraud_scorer_dead_letters_total{reason="wrong_type"} 1"#,
        r#"fraud_scorer_predictions_total{label="0",prediction="1"} 1"#,
        r#"fraud_scorer_probability_sum{label="0"} 0.75"#,
        "fraud_scorer_latency_seconds_count 2",
        "fraud_scorer_commit_seconds_count 1",
        r#"fraud_scorer_model_info{hash="abc",name="forest",version="1"} 1"#,
    ] {
        assert!(text.contains(line), "{line} is missing in\n{text}");
    }
}

#[test]
fn undone_work_is_never_counted() {
    let (registry, mut tally) = tally();
    tally.scored(&scored(None), 1);
    tally.undone();
    tally.committed(0.01);
    tally.scored(&scored(None), 1);
    drop(tally);
    let text = text(&registry);
    assert!(text.contains(r#"transactions_total{outcome="scored"} 0"#));
    assert!(text.contains(r#"fraud_scorer_probability_count{label="none"} 0"#));
    assert!(text.contains("fraud_scorer_latency_seconds_count 0"));
}

#[test]
fn a_transaction_without_a_label_is_counted_under_none() {
    let (registry, mut tally) = tally();
    tally.scored(&scored(None), -1);
    tally.committed(0.01);
    let text = text(&registry);
    assert!(text.contains(r#"predictions_total{label="none",prediction="1"} 1"#));
    assert!(text.contains("fraud_scorer_latency_seconds_count 0"));
}
