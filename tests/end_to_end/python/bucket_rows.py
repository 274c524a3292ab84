"""Prints `PARTITION OFFSET` of each row of the result files in the bucket `bucket`.

bucket_rows.py ENDPOINT
"""

import sys
import tempfile

import boto3
import duckdb

client = boto3.client(
    "s3",
    endpoint_url=sys.argv[1],
    region_name="us-east-1",
    aws_access_key_id="id",
    aws_secret_access_key="secret",
)
with tempfile.TemporaryDirectory() as folder:
    pages = client.get_paginator("list_objects_v2").paginate(Bucket="bucket", Prefix="results/date=")
    keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
    for number, key in enumerate(keys):
        client.download_file("bucket", key, f"{folder}/{number}.parquet")
    if keys:
        rows = duckdb.sql(f"select kafka_partition, kafka_offset from read_parquet('{folder}/*.parquet')")
        for partition, offset in sorted(rows.fetchall()):
            print(partition, offset)
