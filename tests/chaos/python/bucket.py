"""An S3 server with one bucket, `bucket`, on 127.0.0.1 until SIGTERM.

bucket.py PORT
"""

import signal
import sys

import boto3
from moto.server import ThreadedMotoServer

port = int(sys.argv[1])
ThreadedMotoServer("127.0.0.1", port, verbose=False).start()
boto3.client(
    "s3",
    endpoint_url=f"http://127.0.0.1:{port}",
    region_name="us-east-1",
    aws_access_key_id="id",
    aws_secret_access_key="secret",
).create_bucket(Bucket="bucket")
print("serving", flush=True)
signal.pause()
