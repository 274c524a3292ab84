"""Lets Spark say what a saved model must answer: transactions and their results, line by line.

    parity.py MODEL ROWS [-n 1000]

MODEL is a folder that `PipelineModel.save` wrote, or the folder of a run in
which MLflow's `spark` flavour keeps one beside its `MLmodel`. ROWS is a Parquet
data set with the columns of a transaction. Writes MODEL/parity/input.jsonl and
MODEL/parity/output.jsonl: line N of the output is what a Spark job writes for
line N of the input. scorer-svc replays them when it starts, and doesn't serve
a model that answers otherwise.

Run it with the Spark, the JDK and the kind of processor whose results are
wanted; it says if the scorer's `dot_order` must be set for them.
"""

import argparse
import json
import os
import re
import sys
from pathlib import Path

from py4j.protocol import Py4JError
from pyspark.ml import PipelineModel
from pyspark.ml.param.shared import HasPredictionCol
from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as sql
from pyspark.sql.types import StructType

DEFAULT_DOT_ORDER = "java11fma"


def main() -> None:
    parser = argparse.ArgumentParser(description="Write a saved model's answers to some transactions beside it.")
    parser.add_argument("model", type=Path, help="folder that PipelineModel.save or mlflow.spark wrote")
    parser.add_argument("rows", help="Parquet data set with the columns of a transaction")
    parser.add_argument("-n", type=int, default=1000, help="how many transactions (default: 1000)")
    arguments = parser.parse_args()

    spark = start_spark()
    count = write_parity(arguments.model, spark.read.parquet(arguments.rows), arguments.n)
    print(f"{count} transactions and Spark's results are in {arguments.model / 'parity'}")
    saved_by = spark_version(pipeline_folder(arguments.model))
    if saved_by.split(".")[:2] != spark.version.split(".")[:2]:
        print(f"Spark {saved_by} saved this model, and the scorer computes as that does: if the results differ from")
        print(f"those of Spark {spark.version}, save the model again with it")
    order = dot_order(spark)
    if order != DEFAULT_DOT_ORDER:
        print(f'this Spark adds as dot_order = "{order}": set it in [scorer], unless the model is of trees')
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


def write_parity(folder: Path, rows: DataFrame, count: int) -> int:
    """Writes `parity/` into the model's folder, over transactions drawn from all of `rows`; how many."""
    model = PipelineModel.load(pipeline_folder(folder).resolve().as_posix())
    columns = input_schema(folder, rows)
    chosen = choose(model, usable(model, rows, columns), count)
    # The model sees what the stream brings: rows that went through JSON.
    messages = [message for (message,) in chosen.select(sql.to_json(sql.struct(*columns.names))).collect()]
    if not messages:
        raise SystemExit("there is no transaction among the rows that the model scores")
    parity = folder / "parity"
    parity.mkdir(exist_ok=True)
    write_lines(parity / "input.jsonl", messages)
    write_lines(parity / "output.jsonl", results(model, messages, columns))
    return len(messages)


def pipeline_folder(folder: Path) -> Path:
    """The folder itself, or the one in it that its `MLmodel` names."""
    description = folder / "MLmodel"
    if not description.exists():
        return folder
    found = re.search(r"^ +model_data: *(\S+) *$", description.read_text(), re.MULTILINE)
    if not found:
        raise SystemExit(f"{description} has no flavour spark")
    return folder / found[1].strip("\"'")


def spark_version(pipeline: Path) -> str:
    """The version of Spark that saved a pipeline."""
    part = next((pipeline / "metadata").glob("part-*"))
    return json.loads(part.read_text())["sparkVersion"]


def input_schema(folder: Path, rows: DataFrame) -> StructType:
    """What the model was fitted on, else what the rows are."""
    saved = folder / "schema.json"
    schema = StructType.fromJson(json.loads(saved.read_text())) if saved.exists() else rows.schema
    missing = [name for name in schema.names if name not in rows.columns]
    if missing:
        raise SystemExit(f"the rows lack the columns {', '.join(missing)} of {saved}")
    return schema


def usable(model: PipelineModel, rows: DataFrame, columns: StructType) -> DataFrame:
    """All rows, or, where the model dies of a null or NaN, those without any."""
    rows = rows.cache()
    try:
        model.transform(rows).select(prediction_of(model)).agg(sql.sum("prediction")).collect()
    except Py4JError:
        print("the model refuses some rows: those with a null or NaN are left out")
        return rows.na.drop(subset=columns.names)
    return rows


def choose(model: PipelineModel, rows: DataFrame, count: int) -> DataFrame:
    """Rows in an order that is random and always the same; frauds are few, so each prediction gets its turn."""
    random = [sql.xxhash64("transaction_id", sql.lit(1)), "transaction_id"]
    prediction = classifier(model).getPredictionCol()
    turn = sql.row_number().over(Window.partitionBy(prediction).orderBy(*random))
    return model.transform(rows).withColumn("turn", turn).orderBy("turn", prediction).limit(count)


def results(model: PipelineModel, messages: list[str], columns: StructType) -> list[str]:
    """The messages of topic `results`, as the Spark job makes them."""
    return [line for (line,) in scored(model, messages, columns).select("result").collect()]


def scored(model: PipelineModel, messages: list[str], columns: StructType) -> DataFrame:
    """The messages' `transaction_id` and `result`, in their order; without those that the model skips."""
    spark = SparkSession.getActiveSession()
    stream = spark.createDataFrame([(message,) for message in messages], "value string").coalesce(1)
    transactions = stream.select(sql.from_json("value", columns).alias("transaction")).select("transaction.*")
    answers = model.transform(transactions)
    result = [sql.col(name) for name in ("transaction_id", "ts", "tx_fraud") if name in answers.columns]
    predicts = classifier(model)
    # A linear SVC has no probability.
    if predicts.hasParam("probabilityCol") and predicts.getProbabilityCol() in answers.columns:
        result.append(sql.col(predicts.getProbabilityCol()).alias("probability"))
    result.append(prediction_of(model))
    return answers.select("transaction_id", sql.to_json(sql.struct(*result)).alias("result"))


def prediction_of(model: PipelineModel) -> Column:
    return sql.col(classifier(model).getPredictionCol()).alias("prediction")


def classifier(model: PipelineModel) -> HasPredictionCol:
    """The last stage that predicts, in whichever pipeline it stands."""
    for stage in reversed(model.stages):
        found = classifier(stage) if isinstance(stage, PipelineModel) else stage
        if isinstance(found, HasPredictionCol):
            return found
    raise SystemExit("the model has no stage that predicts")


def dot_order(spark: SparkSession) -> str:
    """How this Spark adds the products of dense vectors, by the scorer's names."""
    packages = spark._jvm.dev.ludovic.netlib.blas
    try:
        library = packages.JavaBLAS.getInstance().getClass().getSimpleName()
    except (Py4JError, TypeError):
        return "f2j"
    if library == "VectorBLAS":
        return f"vector{spark._jvm.jdk.incubator.vector.DoubleVector.SPECIES_MAX.length()}"
    return {"Java8BLAS": "java8", "Java11BLAS": "java11fma"}.get(library, library)


def write_lines(path: Path, lines: list[str]) -> None:
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")


if __name__ == "__main__":
    main()
