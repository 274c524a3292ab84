"""Puts a model where scorers find it.

    model_stores.py upload FOLDER s3://bucket/prefix
    model_stores.py register FOLDER NAME [s3://bucket/prefix]

`upload` copies the folder as it is. `register` does what mlflow.spark.log_model does
with a folder that it wrote, without Spark: a run gets it as its artifact, in the
server's store or in the bucket, and it becomes version 1 of NAME, with the alias
champion and in the stage Production. Version 2 is the same as a logged model, in
which MLflow 3 keeps other flavours.

AWS_ENDPOINT_URL and MLFLOW_TRACKING_URI say where the servers are.
"""

import sys
from pathlib import Path
from urllib.parse import urlparse

import boto3
from mlflow import MlflowClient


def main() -> None:
    match sys.argv[1:]:
        case ["upload", folder, url]:
            upload(Path(folder), url)
        case ["register", folder, name, *location]:
            register(folder, name, *location)
        case _:
            sys.exit(__doc__)


def upload(folder: Path, url: str) -> None:
    prefix = urlparse(url).path.lstrip("/")
    bucket = make_bucket(url)
    for file in folder.rglob("*"):
        if file.is_file():
            bucket.upload_file(str(file), f"{prefix}/{file.relative_to(folder).as_posix()}")


def register(folder: str, name: str, location: str | None = None) -> None:
    if location:
        make_bucket(location)
    client = MlflowClient()
    experiment = client.create_experiment(name, artifact_location=location)
    client.create_registered_model(name)

    run = client.create_run(experiment).info
    client.log_artifacts(run.run_id, folder, "model")
    of_run = client.create_model_version(name, f"{run.artifact_uri}/model", run.run_id)
    client.set_registered_model_alias(name, "champion", of_run.version)
    client.transition_model_version_stage(name, of_run.version, "Production")

    logged = client.create_logged_model(experiment, "model")
    client.log_model_artifacts(logged.model_id, folder)
    client.finalize_logged_model(logged.model_id, "READY")
    client.create_model_version(name, f"models:/{logged.model_id}", model_id=logged.model_id)


def make_bucket(url: str):
    bucket = boto3.resource("s3").Bucket(urlparse(url).netloc)
    bucket.create()
    return bucket


if __name__ == "__main__":
    main()
