"""The Structured Streaming job that scorer-svc replaces, to be measured beside it.

Reads transactions as JSON from a topic, applies a saved PipelineModel, and writes
transaction_id, ts, tx_fraud, probability and prediction as JSON to another one, the id
as key. As micro-batches, each started when the last one ends, or in Real-Time Mode. Runs
until it is ended.
"""

import argparse
import json
from pathlib import Path

from pyspark.ml import PipelineModel
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as sql
from pyspark.sql.types import StructType

RESULT = ["transaction_id", "ts", "tx_fraud", "probability", "prediction"]
# Offsets are committed to the checkpoint as often; results don't wait for it.
REAL_TIME_BATCH = "5 minutes"


def main() -> None:
    arguments = parse_arguments()
    spark = start_spark(arguments.jars, arguments.slots)
    schema = StructType.fromJson(json.loads((arguments.model / "schema.json").read_text()))
    model = PipelineModel.load(arguments.model.resolve().as_uri())

    transactions = read(spark, arguments, schema)
    transactions.printSchema()
    results = model.transform(transactions).select(
        sql.col("transaction_id").cast("string").alias("key"),
        sql.to_json(sql.struct(*RESULT)).alias("value"),
    )
    write(results, arguments)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Score the transactions of a topic.")
    parser.add_argument("--broker", required=True, help="host:port")
    parser.add_argument("--from", dest="source", required=True, help="topic of the transactions")
    parser.add_argument("--to", dest="target", required=True, help="topic of the results")
    parser.add_argument("--model", type=Path, required=True, help="folder that PipelineModel.save wrote")
    parser.add_argument("--checkpoint", type=Path, required=True, help="folder for the offsets")
    parser.add_argument("--jars", type=Path, required=True, help="folder of Spark's connector for Kafka")
    parser.add_argument("--slots", type=int, required=True, help="tasks that run at once")
    parser.add_argument("--batch", type=int, required=True, help="transactions of a micro-batch, at most")
    parser.add_argument("--real-time", action="store_true", help="in Real-Time Mode")
    return parser.parse_args()


def start_spark(jars: Path, slots: int) -> SparkSession:
    return (
        SparkSession.builder.master(f"local[{slots}]")
        .config("spark.driver.extraClassPath", f"{jars}/*")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .getOrCreate()
    )


def read(spark: SparkSession, arguments: argparse.Namespace, schema: StructType) -> DataFrame:
    reader = (
        spark.readStream.format("kafka")
        .option("kafka.bootstrap.servers", arguments.broker)
        .option("subscribe", arguments.source)
        .option("startingOffsets", "earliest")
        .option("failOnDataLoss", "false")
    )
    if not arguments.real_time:
        reader = reader.option("maxOffsetsPerTrigger", arguments.batch)
    parsed = sql.from_json(sql.col("value").cast("string"), schema)
    return reader.load().select(parsed.alias("transaction")).select("transaction.*")


def write(results: DataFrame, arguments: argparse.Namespace) -> None:
    writer = (
        results.writeStream.format("kafka")
        .option("kafka.bootstrap.servers", arguments.broker)
        .option("topic", arguments.target)
        .option("checkpointLocation", arguments.checkpoint.resolve().as_uri())
    )
    if arguments.real_time:
        # Real-Time Mode knows no other output mode; without aggregates it is append's.
        writer = writer.outputMode("update").trigger(realTime=REAL_TIME_BATCH)
    writer.start().awaitTermination()


if __name__ == "__main__":
    main()
