"""Lets Spark score rows on and around the thresholds of a forest, as a sample of a million random ones.

    forest_rows.py MODEL ROWS

MODEL is a saved pipeline of a VectorAssembler and a random forest, ROWS the
Parquet file to write: each feature as a double, and Spark's `probability` (one
column a class) and `prediction`. A value is one of the forest's thresholds, or
its neighbour one unit in the last place above or below, or a value that
compares oddly.
"""

import argparse
import math
import random
import shutil
from pathlib import Path

from pyspark.ml import PipelineModel
from pyspark.sql import functions as sql
from pyspark.sql.types import DoubleType, LongType, StructField, StructType

import parity

ROWS = 4000
ODD = [math.nan, 0.0, -0.0, math.inf, -math.inf, 5e-324, -1.0]


def main() -> None:
    parser = argparse.ArgumentParser(description="Write rows around a forest's thresholds with Spark's scores.")
    parser.add_argument("model", type=Path, help="folder that PipelineModel.save wrote")
    parser.add_argument("rows", type=Path, help="Parquet file to write")
    arguments = parser.parse_args()

    spark = parity.start_spark()
    model = PipelineModel.load(arguments.model.resolve().as_posix())
    assembler, forest = model.stages
    # Otherwise it refuses NaN.
    assembler.setHandleInvalid("keep")
    columns = assembler.getInputCols()
    values = [around(thresholds) + ODD for thresholds in thresholds_of(forest, len(columns))]

    dice = random.Random(20260101)
    drawn = [(row, *(dice.choice(choices) for choices in values)) for row in range(ROWS)]
    schema = StructType([StructField("transaction_id", LongType())] + [StructField(name, DoubleType()) for name in columns])
    rows = spark.createDataFrame(drawn, schema).coalesce(1)
    vector = sql.to_json(sql.struct(sql.col(forest.getProbabilityCol()).alias("vector")))
    probability = sql.from_json(vector, "vector struct<values: array<double>>")["vector"]["values"]
    classes = [probability[label].alias(f"probability_{label}") for label in range(forest.numClasses)]
    scored = model.transform(rows).orderBy("transaction_id").select("transaction_id", *columns, *classes, "prediction")

    folder = arguments.rows.with_suffix(".written")
    scored.coalesce(1).write.mode("overwrite").option("compression", "zstd").parquet(str(folder.resolve()))
    (part,) = folder.glob("part-*.parquet")
    part.replace(arguments.rows)
    shutil.rmtree(folder)
    print(f"{ROWS} rows with Spark's scores are in {arguments.rows}")
    spark.stop()


def thresholds_of(forest, features: int) -> list[list[float]]:
    """The thresholds of each feature, over all trees."""
    found = [set() for _ in range(features)]
    for tree in forest.trees:
        nodes = [tree._call_java("rootNode")]
        while nodes:
            node = nodes.pop()
            if node.subtreeDepth() == 0:
                continue
            split = node.split()
            found[split.featureIndex()].add(split.threshold())
            nodes += [node.leftChild(), node.rightChild()]
    return [sorted(thresholds) for thresholds in found]


def around(thresholds: list[float]) -> list[float]:
    """The thresholds, and the doubles next to each."""
    return [
        value
        for threshold in thresholds
        for value in (threshold, math.nextafter(threshold, math.inf), math.nextafter(threshold, -math.inf))
    ]


if __name__ == "__main__":
    main()
