use fraud_model::handbook_columns;

use super::*;

#[test]
fn a_batch_is_printed_as_in_the_seed() {
    let printed = print(&[ScoredTransaction {
        transaction_id: 125_713_051,
        timestamp: 1_573_396_986_000,
        tx_fraud: Some(1),
        probability: Some(&[0.981_944_464_543_423_4, 0.018_055_535_456_576_573]),
        prediction: 0.0,
    }]);
    assert_eq!(
        printed,
        "\
-------------------------------------------
Batch: 1
-------------------------------------------
+--------------+-------------------+--------+--------------------+----------+
|transaction_id|                 ts|tx_fraud|         probability|prediction|
+--------------+-------------------+--------+--------------------+----------+
|     125713051|2019-11-10 14:43:06|       1|[0.98194446454342...|       0.0|
+--------------+-------------------+--------+--------------------+----------+

"
    );
}

#[test]
fn the_schema_and_an_empty_batch_come_first() {
    let mut printed = Vec::new();
    Console::start(&mut printed, &handbook_schema()).unwrap();
    let printed = String::from_utf8(printed).unwrap();
    assert!(printed.starts_with(
        "\
root
 |-- transaction_id: integer (nullable = true)
 |-- ts: timestamp (nullable = true)
 |-- tx_amount: double (nullable = true)
 |-- is_weekend: integer (nullable = true)
"
    ));
    assert!(printed.ends_with(
        " |-- tx_fraud: integer (nullable = true)

-------------------------------------------
Batch: 0
-------------------------------------------
+--------------+---+--------+-----------+----------+
|transaction_id| ts|tx_fraud|probability|prediction|
+--------------+---+--------+-----------+----------+
+--------------+---+--------+-----------+----------+

"
    ));
}

#[test]
fn a_missing_label_is_null_and_a_long_timestamp_is_cut() {
    let printed = print(&[ScoredTransaction {
        transaction_id: 1,
        timestamp: 120,
        tx_fraud: None,
        probability: Some(&[0.5, 0.5]),
        prediction: 1.0,
    }]);
    assert!(
        printed.contains("|             1|1970-01-01 00:00:...|    null|  [0.5,0.5]|       1.0|")
    );
}

#[test]
fn the_twenty_first_row_is_only_announced() {
    let scored = ScoredTransaction {
        transaction_id: 7,
        timestamp: 0,
        tx_fraud: Some(0),
        probability: None,
        prediction: 0.0,
    };
    let printed = print(&vec![scored; 21]);
    assert_eq!(printed.matches("|             7|").count(), 20);
    assert!(printed.ends_with("+\nonly showing top 20 rows\n\n"));
}

fn print(rows: &[ScoredTransaction<'_>]) -> String {
    let mut console = Console::start(&mut Vec::new(), &handbook_schema()).unwrap();
    for row in rows {
        console.push(row);
    }
    let mut printed = Vec::new();
    console.print(&mut printed).unwrap();
    String::from_utf8(printed).unwrap()
}

fn handbook_schema() -> TransactionSchema {
    TransactionSchema {
        features: handbook_columns(),
        classes: 2,
    }
}
