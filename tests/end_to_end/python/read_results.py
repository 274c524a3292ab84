"""Prints the columns of the result files with their types, and some sums.

read_results.py FOLDER
"""

import sys

import duckdb

duckdb.sql("SET TimeZone = 'UTC'")
results = duckdb.read_parquet(f"{sys.argv[1]}/date=*/*.parquet", hive_partitioning=False)
for name, kind in zip(results.columns, results.types):
    print(name, kind)
rows, ids, fraud_is_second = results.aggregate(
    "count(*), count(distinct transaction_id), bool_and(fraud_probability = probability[2])"
).fetchone()
print(f"{rows} rows, {ids} ids, fraud_probability is probability[2]: {fraud_is_second}")
