"""Pipelines of `goldens.py` whose stages contend for a row: some leave it out, others die of it.

Spark's optimizer moves filters below what was computed before, unless that was
declared non-deterministic, and computes no column that nobody reads. So it is not
always the first stage that decides.
"""

from pyspark.ml.feature import Bucketizer, OneHotEncoder, QuantileDiscretizer, StringIndexer, VectorIndexer

from goldens_cases import Case, Stage, assembler, regression


def contentions() -> dict[str, Case]:
    """All cases; needs a running Spark."""
    return {
        # The features of the prediction are what the last assembler before it reads.
        "unread-string-indexer-skip": contended(
            labelled(["fee"], "error"),
            assembler(["tx_amount", "fee_index"], handle_invalid="error"),
            regression(),
            labelled(["channel", "hour"], "skip"),
        ),
        "unread-quantile-discretizer-skip": contended(
            labelled(["channel", "fee"], "error"),
            discretized(["tx_amount", "hour"], "skip"),
            assembler(["channel_index"], handle_invalid="error"),
            regression(),
        ),
        "unread-vector-assembler-skip": contended(
            labelled(["channel", "fee"], "error"),
            assembler(["tx_amount", "channel_index"], "unread", "skip"),
            assembler(["fee_index", "tx_amount"], handle_invalid="error"),
            regression(),
        ),
        "unread-vector-indexer-skip": contended(
            labelled(["channel"], "error"),
            assembler(["hour", "fee"], "raw"),
            VectorIndexer(inputCol="raw", outputCol="unread", maxCategories=24, handleInvalid="skip"),
            assembler(["channel_index", "tx_amount"]),
            regression(),
        ),
        "unread-errors": contended(
            labelled(["channel", "hour", "fee"], "error"),
            discretized(["tx_amount", "hour"], "error"),
            OneHotEncoder(inputCols=["hour", "fee_index"], outputCols=["hour_vector", "fee_vector"]),
            assembler(["tx_amount", "hour"], "unread", "error"),
            assembler(["channel_index", "fee_vector"], handle_invalid="error"),
            regression(),
        ),
        # All is read.
        "errors-before-skips": contended(
            labelled(["channel"], "error"),
            discretized(["tx_amount"], "error"),
            labelled(["fee"], "skip"),
            assembler(["tx_amount", "hour"], "numbers", "skip"),
            assembler(["numbers", "channel_index", "tx_amount_bucket", "fee_index"], handle_invalid="error"),
            regression(),
        ),
        "skips-that-need-errors": contended(
            labelled(["channel", "fee"], "error"),
            Bucketizer(
                inputCols=["hour", "tx_amount"],
                outputCols=["hour_bucket", "unread"],
                splitsArray=[[0.0, 12.0, 24.0], [0.0, 50.0, 5000.0]],
                handleInvalid="skip",
            ),
            assembler(["channel_index", "tx_amount"], "some", "skip"),
            assembler(["some", "fee_index", "hour_bucket"], handle_invalid="skip"),
            regression(),
        ),
        "skips-after-the-prediction": contended(
            labelled(["channel"], "error"),
            assembler(["channel_index", "hour"], handle_invalid="error"),
            regression(),
            assembler(["prediction", "tx_amount"], "unread", "skip"),
        ),
    }


def contended(*stages: Stage) -> Case:
    """Stages that leave rows out or die of them, of which only some make features."""
    return Case(["tx_amount", "channel", "hour", "fee"], list(stages), odd_at_once=True)


def discretized(columns: list[str], handle_invalid: str) -> QuantileDiscretizer:
    outputs = [f"{column}_bucket" for column in columns]
    return QuantileDiscretizer(inputCols=columns, outputCols=outputs, numBuckets=4, handleInvalid=handle_invalid)


def labelled(columns: list[str], handle_invalid: str) -> StringIndexer:
    outputs = [f"{column}_index" for column in columns]
    return StringIndexer(inputCols=columns, outputCols=outputs, handleInvalid=handle_invalid)
