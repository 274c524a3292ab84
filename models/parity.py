"""Lets Spark say what a saved model must answer: transactions and their results, line by line.

    parity.py MODEL ROWS [-n 1000]

MODEL is a folder that `PipelineModel.save` wrote, ROWS a Parquet data set with
the columns of a transaction. Writes MODEL/parity/input.jsonl and
MODEL/parity/output.jsonl: line N of the output is what a Spark job writes for
line N of the input. Then

    scorer-svc score --model MODEL MODEL/parity/input.jsonl --expect MODEL/parity/output.jsonl

tells whether scorer-svc answers the same.
"""

import argparse
import json
import os
import sys
from pathlib import Path

from pyspark.ml import PipelineModel
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as sql
from pyspark.sql.types import StructType


def main() -> None:
    parser = argparse.ArgumentParser(description="Write a saved model's answers to some transactions beside it.")
    parser.add_argument("model", type=Path, help="folder that PipelineModel.save wrote")
    parser.add_argument("rows", help="Parquet data set with the columns of a transaction")
    parser.add_argument("-n", type=int, default=1000, help="how many transactions (default: 1000)")
    arguments = parser.parse_args()

    spark = start_spark()
    write_parity(arguments.model, spark.read.parquet(arguments.rows), arguments.n)
    spark.stop()


def start_spark() -> SparkSession:
    """A local Spark whose results are the same on each machine."""
    # Spark's worker would be whatever `python3` the shell knows.
    os.environ["PYSPARK_PYTHON"] = sys.executable
    # The number of cores is part of a training's result: each partition of the
    # data draws its own bootstrap samples.
    spark = (
        SparkSession.builder.master("local[2]")
        .config("spark.driver.memory", "3g")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.ui.enabled", "false")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def write_parity(folder: Path, rows: DataFrame, count: int) -> None:
    """Writes `parity/` beside the model in `folder`, over transactions drawn from all of `rows`."""
    model = PipelineModel.load(folder.resolve().as_uri())
    columns = input_schema(folder, rows)
    chosen = choose(model, rows, count)
    # The model sees what the stream brings: rows that went through JSON.
    messages = [message for (message,) in chosen.select(sql.to_json(sql.struct(*columns.names))).collect()]
    parity = folder / "parity"
    parity.mkdir(exist_ok=True)
    write_lines(parity / "input.jsonl", messages)
    write_lines(parity / "output.jsonl", results(model, messages, columns))


def input_schema(folder: Path, rows: DataFrame) -> StructType:
    """What the model was fitted on, else what the rows are."""
    saved = folder / "schema.json"
    return StructType.fromJson(json.loads(saved.read_text())) if saved.exists() else rows.schema


def choose(model: PipelineModel, rows: DataFrame, count: int) -> DataFrame:
    """Rows in an order that is random and always the same; frauds are few, so each prediction gets its turn."""
    random = [sql.xxhash64("transaction_id", sql.lit(1)), "transaction_id"]
    prediction = model.stages[-1].getPredictionCol()
    turn = sql.row_number().over(Window.partitionBy(prediction).orderBy(*random))
    return model.transform(rows).withColumn("turn", turn).orderBy("turn", prediction).limit(count)


def results(model: PipelineModel, messages: list[str], columns: StructType) -> list[str]:
    """The messages of topic `results`, as the Spark job makes them."""
    spark = SparkSession.getActiveSession()
    stream = spark.createDataFrame([(message,) for message in messages], "value string").coalesce(1)
    transactions = stream.select(sql.from_json("value", columns).alias("transaction")).select("transaction.*")
    classifier = model.stages[-1]
    result = sql.struct(
        "transaction_id",
        "ts",
        "tx_fraud",
        sql.col(classifier.getProbabilityCol()).alias("probability"),
        sql.col(classifier.getPredictionCol()).alias("prediction"),
    )
    return [line for (line,) in model.transform(transactions).select(sql.to_json(result)).collect()]


def write_lines(path: Path, lines: list[str]) -> None:
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")


if __name__ == "__main__":
    main()
