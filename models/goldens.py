"""Lets Spark say what every stage makes of ordinary and odd transactions.

    goldens.py [--unfitted FOLDER] TRANSACTIONS GOLDENS [CASE ...]

TRANSACTIONS is a Parquet data set of transactions, GOLDENS the folder to write,
one folder a case of `goldens_cases.py` and `goldens_contentions.py`: transactions
`input.jsonl`, and in a folder named by the version of Spark that runs this the
fitted pipeline `model`, the `schema.json` of what it reads, and Spark's answers
`output.jsonl`. Line N of the output is what a Spark job writes for line N of the
input, `null` where its query dies of the line, and `"skipped"` where
`handleInvalid` leaves it out.

FOLDER is for `older-spark/Goldens.java`: it gets `pipelines`, and the `rows`
that they are to be fitted on.
"""

import argparse
import json
import os
import random
import shutil
import sys
from pathlib import Path

import pyspark
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.ml import Pipeline, PipelineModel
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as sql
from pyspark.sql.types import StructType

from goldens_cases import Case, cases
from goldens_contentions import contentions
from parity import scored, write_lines

FIT_ROWS = 2000
ORDINARY_ROWS = 24
ODD_ROWS = 46

CHANNELS = ["web", "pos", "pos", "atm", "app", "pos", "web", "mail", "tél", "1.0"]

# What the odd transactions hold in one of their columns.
ODD_VALUES = {
    "double": [None, "NaN", 0.0, -0.0, 1e9, -5.5, 0.5, 2.0],
    "integer": [None, 0, -3, 1, 1000],
    "string": [None, "", "never seen", "1", "NaN"],
}


def main() -> None:
    parser = argparse.ArgumentParser(description="Write Spark's answers for every stage.")
    parser.add_argument("transactions", help="Parquet data set of transactions")
    parser.add_argument("goldens", type=Path, help="folder to write")
    parser.add_argument("--unfitted", type=Path, metavar="FOLDER", help="folder for what older Sparks are to fit")
    parser.add_argument("cases", nargs="*", help="which cases (default: all)")
    arguments = parser.parse_args()

    spark = start_spark()
    rows = transactions(spark, arguments.transactions).cache()
    all_cases = cases() | contentions()
    for name in arguments.cases or all_cases:
        write_case(arguments.goldens / name, all_cases[name], rows)
        if arguments.unfitted:
            pipeline = Pipeline(stages=all_cases[name].stages)
            pipeline.save((arguments.unfitted / "pipelines" / name).resolve().as_posix())
    if arguments.unfitted:
        rows.write.parquet((arguments.unfitted / "rows").resolve().as_posix())
    spark.stop()


def start_spark() -> SparkSession:
    """One core and one partition: sums while fitting have one order."""
    os.environ["PYSPARK_PYTHON"] = sys.executable
    spark = (
        SparkSession.builder.master("local[1]")
        .config("spark.driver.memory", "1g")
        # Spark 4 adds dense products in as many sums as the processor's vectors
        # have lanes: four, whatever the machine, which is `dot_order = "vector4"`.
        .config("spark.driver.extraJavaOptions", "-XX:MaxVectorSize=32")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("OFF")
    return spark


def transactions(spark: SparkSession, path: str) -> DataFrame:
    """The first transactions, with columns beside the Handbook's: strings, counts and classes to learn."""
    channels = sql.array([sql.lit(channel) for channel in CHANNELS])
    spread = sql.pmod(sql.xxhash64("transaction_id"), sql.lit(len(CHANNELS)))
    return (
        spark.read.parquet(path)
        .orderBy("transaction_id")
        .limit(FIT_ROWS)
        .withColumn("channel", channels[spread.cast("int")])
        .withColumn("hour", sql.hour("ts"))
        .withColumn("fee", sql.pmod("transaction_id", sql.lit(4)) * 0.5)
        # Mostly zeros, so that vectors of them are sparse.
        .withColumn("refunds", sql.when(spread == 3, sql.col("hour") + 1).otherwise(0))
        .withColumn("chargebacks", sql.when(spread == 5, sql.col("tx_amount") / 7).otherwise(0.0))
        .withColumn("tips", sql.when(spread == 8, sql.col("tx_amount") / 3).otherwise(0.0))
        .withColumn("is_dear", (sql.col("tx_amount") > 60).cast("double"))
        .withColumn("price_class", sql.expr("double(int(tx_amount > 30) + int(tx_amount > 80 or tx_fraud = 1))"))
        .coalesce(1)
    )


def write_case(folder: Path, case: Case, rows: DataFrame) -> None:
    schema = rows.select("transaction_id", "ts", *case.inputs, "tx_fraud").schema
    fitted = Pipeline(stages=case.stages).fit(rows)
    of_spark = folder / pyspark.__version__
    shutil.rmtree(of_spark, ignore_errors=True)
    of_spark.mkdir(parents=True)
    fitted.save((of_spark / "model").resolve().as_posix())
    for marker in [*folder.rglob(".*.crc"), *folder.rglob("_SUCCESS")]:
        marker.unlink()
    messages = inputs(case, rows, schema)
    # What was saved may be what is loaded in another way.
    model = PipelineModel.load((of_spark / "model").resolve().as_posix())
    answers = results(model, messages, schema)
    (of_spark / "schema.json").write_text(schema.json() + "\n")
    write_lines(folder / "input.jsonl", messages)
    write_lines(of_spark / "output.jsonl", answers)
    dead = answers.count("null")
    print(f"{folder.name}: {len(messages)} lines, {dead} refused, {answers.count(SKIPPED)} skipped", flush=True)


SKIPPED = '"skipped"'


def inputs(case: Case, rows: DataFrame, schema: StructType) -> list[str]:
    """Ordinary transactions, then odd ones."""
    drawn = rows.orderBy(sql.xxhash64("transaction_id", sql.lit(7))).limit(ORDINARY_ROWS + ODD_ROWS)
    messages = [message for (message,) in drawn.select(sql.to_json(sql.struct(*schema.names))).collect()]
    types = {field.name: field.dataType.typeName() for field in schema.fields}
    odd_values = {column: ODD_VALUES[types[column]] for column in case.inputs}
    odd = odd_at_once(odd_values) if case.odd_at_once else odd_one_by_one(odd_values)
    for line, values in enumerate(odd[:ODD_ROWS], ORDINARY_ROWS):
        message = json.loads(messages[line]) | values
        messages[line] = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
    return messages


def odd_one_by_one(odd_values: dict[str, list]) -> list[dict]:
    """One column after the other, so that each gets its turn before the lines end."""
    return [
        {column: values[turn]}
        for turn in range(max(map(len, odd_values.values())))
        for column, values in odd_values.items()
        if turn < len(values)
    ]


def odd_at_once(odd_values: dict[str, list]) -> list[dict]:
    """Several columns of a line, so that the stages contend for it."""
    chance = random.Random(1)
    return [
        {column: chance.choice(odd_values[column]) for column in chance.sample(list(odd_values), chance.randint(1, 3))}
        for _ in range(ODD_ROWS)
    ]


def results(model: PipelineModel, messages: list[str], schema: StructType) -> list[str]:
    """The results of the messages; where Spark dies, halves of them, down to the line that it dies of."""
    try:
        return transform(model, messages, schema)
    except (Py4JJavaError, PySparkException):
        if len(messages) == 1:
            return ["null"]
        half = len(messages) // 2
        return results(model, messages[:half], schema) + results(model, messages[half:], schema)


def transform(model: PipelineModel, messages: list[str], schema: StructType) -> list[str]:
    lines = dict(scored(model, messages, schema).collect())
    return [lines.get(json.loads(message)["transaction_id"], SKIPPED) for message in messages]


if __name__ == "__main__":
    main()
