"""Logs a saved model with real `mlflow.spark`, and keeps what that wrote as a fixture of the tests.

    log_mlflow.py MODEL ROWS FOLDER

MODEL is a folder that `PipelineModel.save` wrote, ROWS a Parquet data set with its
input, FOLDER the folder to write: the logged model as MLflow keeps it in its store.
"""

import argparse
import shutil
import tempfile
from pathlib import Path

import mlflow
import mlflow.spark
from mlflow.models import infer_signature
from pyspark.ml import PipelineModel

from parity import start_spark

NO_FEATURES = ["transaction_id", "ts", "tx_fraud"]


def main() -> None:
    parser = argparse.ArgumentParser(description="Keep what mlflow.spark writes for a saved model.")
    parser.add_argument("model", type=Path, help="folder that PipelineModel.save wrote")
    parser.add_argument("rows", help="Parquet data set with the model's input")
    parser.add_argument("folder", type=Path, help="folder to write")
    arguments = parser.parse_args()

    spark = start_spark()
    model = PipelineModel.load(arguments.model.resolve().as_posix())
    rows = spark.read.parquet(arguments.rows).drop(*NO_FEATURES)
    with tempfile.TemporaryDirectory() as scratch:
        mlflow.set_tracking_uri(f"sqlite:///{scratch}/mlflow.db")
        mlflow.create_experiment("fixtures", artifact_location=Path(scratch, "artifacts").as_uri())
        mlflow.set_experiment("fixtures")
        with mlflow.start_run():
            logged = mlflow.spark.log_model(
                model,
                artifact_path="model",
                signature=infer_signature(rows),
                # Else MLflow loads the model in a process of its own to see what it needs.
                pip_requirements="models/requirements.txt",
            )
        written = Path(mlflow.artifacts.download_artifacts(logged.model_uri))
        shutil.rmtree(arguments.folder, ignore_errors=True)
        shutil.copytree(written, arguments.folder)
    spark.stop()


if __name__ == "__main__":
    main()
