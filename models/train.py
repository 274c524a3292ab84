"""Fits the default fraud classifier and writes it with its input schema and its card.

    train.py TRANSACTIONS MODEL [--simulation COMMAND]

TRANSACTIONS is the Parquet data set of `producer-svc simulate`: the 18 columns
of a transaction and `customer_id`, all windows filled from the first day. MODEL
is the folder to write: the `PipelineModel` as Spark saves it, `schema.json`, the
card `README.md`, and `parity/`, Spark's answers to some of the test period.

Train and test period follow chapter 5 of the Fraud Detection Handbook
(https://fraud-detection-handbook.github.io/fraud-detection-handbook/): they are
cut by time with a delay between them, because the label of a transaction is
known only a week later, and cards known as compromised are left out of the test.
"""

import argparse
from datetime import date, timedelta
from pathlib import Path
from string import Template
from typing import NamedTuple

from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.classification import RandomForestClassifier
from pyspark.ml.feature import VectorAssembler
from pyspark.sql import DataFrame
from pyspark.sql import functions as sql

import evaluation
import parity

WINDOWS = (1, 7, 30)
FEATURES = (
    ["tx_amount", "is_weekend", "is_night"]
    + [f"customer_id_{value}_{days}day_window" for days in WINDOWS for value in ("nb_tx", "avg_amount")]
    + [f"terminal_id_{value}_{days}day_window" for days in WINDOWS for value in ("nb_tx", "risk")]
)
TRANSACTION = ["transaction_id", "ts", *FEATURES, "tx_fraud"]

LEAST_TRAIN = timedelta(days=7)
DELAY = timedelta(days=7)
TEST = timedelta(days=7)

SEED = 20190801
THRESHOLD = 0.5
PARITY_ROWS = 200


class Split(NamedTuple):
    """First days of the periods; each ends where the next begins."""

    train: date
    delay: date
    test: date
    end: date


def main() -> None:
    arguments = parse_arguments()
    spark = parity.start_spark()
    transactions = spark.read.parquet(arguments.transactions).withColumn("date", sql.to_date("ts")).cache()
    split = split_by_time(transactions)
    train = between(transactions, split.train, split.delay)
    test = without_known_cards(transactions, split)

    model = fit(train)
    save(model, transactions, arguments.model)
    parity.write_parity(arguments.model, test, PARITY_ROWS)
    card = describe(model, split, transactions, train, test, arguments.simulation)
    (arguments.model / "README.md").write_text(card)
    spark.stop()


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Fit the default fraud classifier and write it with its card.")
    parser.add_argument("transactions", help="Parquet data set of `producer-svc simulate`")
    parser.add_argument("model", type=Path, help="folder to write; an older model in it is replaced")
    parser.add_argument("--simulation", default="unknown", help="the command that made the data, for the card")
    return parser.parse_args()


def split_by_time(transactions: DataFrame) -> Split:
    """The last week is the test, the week before it the delay, all before it the training."""
    first, last = transactions.agg(sql.min("date"), sql.max("date")).first()
    end = last + timedelta(days=1)
    needed = LEAST_TRAIN + DELAY + TEST
    if end - first < needed:
        raise SystemExit(f"{(end - first).days} days of transactions are too few: simulate at least {needed.days}")
    return Split(first, end - TEST - DELAY, end - TEST, end)


def between(transactions: DataFrame, first: date, end: date) -> DataFrame:
    return transactions.where((sql.col("date") >= sql.lit(first)) & (sql.col("date") < sql.lit(end)))


def without_known_cards(transactions: DataFrame, split: Split) -> DataFrame:
    """The test period without cards whose first fraud was known on the transaction's date: they'd be blocked."""
    first_frauds = (
        between(transactions, split.train, split.end)
        .where("tx_fraud = 1")
        .groupBy("customer_id")
        .agg(sql.min("date").alias("first_fraud"))
    )
    known = sql.col("first_fraud") < sql.date_sub("date", DELAY.days)
    return (
        between(transactions, split.test, split.end)
        .join(first_frauds, "customer_id", "left")
        .where(~sql.coalesce(known, sql.lit(False)))
    )


def fit(train: DataFrame) -> PipelineModel:
    assembler = VectorAssembler(inputCols=FEATURES, outputCol="features")
    # With the default, four features at random at each split, most trees never
    # see the few features that tell a fraud, and their mean stays below 0.5.
    forest = RandomForestClassifier(
        labelCol="tx_fraud", numTrees=20, maxDepth=5, featureSubsetStrategy="all", seed=SEED
    )
    return Pipeline(stages=[assembler, forest]).fit(train)


def save(model: PipelineModel, transactions: DataFrame, folder: Path) -> None:
    model.write().overwrite().save(folder.resolve().as_uri())
    for checksum in folder.rglob(".*.crc"):
        checksum.unlink()
    (folder / "schema.json").write_text(transactions.select(TRANSACTION).schema.json() + "\n")


def describe(
    model: PipelineModel,
    split: Split,
    transactions: DataFrame,
    train: DataFrame,
    test: DataFrame,
    simulation: str,
) -> str:
    """The model card: `card.md` with the numbers of this training."""
    scored = model.transform(test).select("tx_fraud", "probability", "date", "customer_id").collect()
    results = evaluation.evaluate(
        ((label, probability[1], date, customer) for label, probability, date, customer in scored), THRESHOLD
    )
    forest = model.stages[-1]
    importances = sorted(zip(FEATURES, forest.featureImportances.toArray()), key=lambda feature: -feature[1])
    template = Template((Path(__file__).parent / "card.md").read_text())
    return template.substitute(
        simulation=simulation,
        seed=SEED,
        threshold=THRESHOLD,
        parity_rows=PARITY_ROWS,
        spark=transactions.sparkSession.version,
        trees=forest.getNumTrees,
        depth=max(tree.depth for tree in forest.trees),
        nodes=forest.totalNumNodes,
        data=period(transactions, split.train, split.end),
        train=period(train, split.train, split.delay),
        test=period(test, split.test, split.end),
        importances="\n".join(f"| `{name}` | {importance:.3f} |" for name, importance in importances),
        **results._asdict(),
    )


def period(transactions: DataFrame, first: date, end: date) -> str:
    """Cells of a table: dates, days, rows and the share of frauds."""
    rows, frauds = transactions.agg(sql.count("*"), sql.sum("tx_fraud")).first()
    return f"{first} to {end - timedelta(days=1)} | {(end - first).days} | {rows:,} | {frauds:,} ({frauds / rows:.2%})"


if __name__ == "__main__":
    main()
