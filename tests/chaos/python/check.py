"""Looks for what was lost, repeated or swapped. Independent of the daemons: another
Kafka client, another reader of Parquet.

check.py final '{"broker": …}'     after the end, everything settled
check.py atomic '{"broker": …}'    in the middle, the scorer dead

Prints one JSON object: `lost`, `repeated` and `disordered` are times (milliseconds
since the Unix epoch) of the records in question, `wrong` is text, `counts` is how much
there was.
"""

import json
import sys
import time
from collections import defaultdict
from pathlib import Path

import boto3
import duckdb
from kafka import KafkaAdminClient

from kafka_reading import end_offsets, read_all, source_of

command, stack = sys.argv[1], json.loads(sys.argv[2])
broker, topics, groups = stack["broker"], stack["topics"], stack["groups"]
lost, repeated, disordered, wrong, counts = [], [], [], [], {}


def committed_offsets(group, topic):
    offsets = KafkaAdminClient(bootstrap_servers=broker).list_consumer_group_offsets(group)
    return {partition.partition: offset.offset for partition, offset in offsets.items() if partition.topic == topic}


def check_atomicity():
    """A result is visible if and only if the offset of its transaction is committed."""
    deadline = time.time() + 60
    outcomes = [topics["results"], topics["transactions_dead_letter"]]
    while any(
        end_offsets(broker, topic, "read_committed") != end_offsets(broker, topic, "read_uncommitted")
        for topic in outcomes
    ):
        if time.time() > deadline:
            wrong.append("a dead scorer's transaction is still open after a minute")
            return
        time.sleep(0.1)
    committed = committed_offsets(groups["scorer"], topics["transactions"])
    visible = {source_of(record) for topic in outcomes for record in read_all(broker, topic)}
    expected = {(partition, offset) for partition, end in committed.items() for offset in range(end)}
    counts["visible"] = len(visible)
    if not visible:
        wrong.append("the scorer died too early: nothing was visible")
    if visible - expected:
        wrong.append(f"{len(visible - expected)} results are visible whose offsets are not committed")
    if expected - visible:
        wrong.append(f"{len(expected - visible)} offsets are committed whose results are not visible")


def check_everything():
    inputs = {(record.partition, record.offset): record for record in read_all(broker, topics["transactions"])}
    check_sent(inputs.values())
    results = list(read_all(broker, topics["results"]))
    letters = list(read_all(broker, topics["transactions_dead_letter"]))
    counts.update(transactions=len(inputs), results=len(results), dead_letters=len(letters))
    check_outcomes(inputs, results, letters)
    check_order(results)
    check_reader(results)
    check_scorer_offsets()
    for sink in stack["sinks"]:
        check_files(results, **sink)


def check_sent(transactions):
    """The producer sent the data set in its order, each transaction once."""
    sent = [int(record.key) for record in transactions if not record.key.startswith(b"broken")]
    source = duckdb.read_parquet(stack["source"], hive_partitioning=False)
    ids = [row[0] for row in source.select("transaction_id").order("transaction_id").fetchall()]
    counts["sent"] = len(sent)
    if len(sent) != len(set(sent)):
        wrong.append(f"the producer sent {len(sent) - len(set(sent))} transactions twice")
    missing = set(ids[: len(set(sent))]) - set(sent)
    if missing:
        wrong.append(f"the producer left {len(missing)} transactions out")


def check_outcomes(inputs, results, letters):
    """Each transaction has one result or one dead letter, and it is its own."""
    seen = set()
    for record in results + letters:
        source = source_of(record)
        if source not in inputs:
            wrong.append(f"{record.topic} {record.partition}:{record.offset} is of no transaction")
        elif inputs[source].key != record.key:
            wrong.append(f"{record.topic} {record.partition}:{record.offset} is of another transaction than it says")
        if source in seen:
            repeated.append(record.timestamp)
        seen.add(source)
    lost.extend(inputs[source].timestamp for source in inputs.keys() - seen)


def check_order(results):
    """Results of one partition that land on one partition keep their order."""
    last = {}
    for record in results:
        partition, offset = source_of(record)
        route = (partition, record.partition)
        if offset < last.get(route, -1):
            disordered.append(record.timestamp)
        last[route] = offset


def check_reader(results):
    """Who read all the while saw what is there in the end, and nothing else."""
    expected, watched = defaultdict(list), defaultdict(list)
    for record in results:
        expected[record.partition].append((record.offset, *source_of(record)))
    for line in open(stack["watched"]):
        kind, *fields = line.split()
        if kind == "backwards":
            wrong.append("a committed offset went back: " + " ".join(fields))
        else:
            partition, *rest = map(int, fields)
            watched[partition].append(tuple(rest))
    for partition in expected.keys() | watched.keys():
        if expected[partition] != watched[partition]:
            wrong.append(
                f"the reader saw {len(watched[partition])} results on partition {partition}, "
                f"and there are {len(expected[partition])}, or in another order"
            )


def check_scorer_offsets():
    committed = committed_offsets(groups["scorer"], topics["transactions"])
    ends = end_offsets(broker, topics["transactions"], "read_committed")
    if committed != {partition: end for partition, end in ends.items() if end > 0}:
        wrong.append(f"the scorer committed {committed} of {ends}")


def check_files(results, name, folder, group, endpoint=None):
    """Each result is one row; the files of a partition neither overlap nor leave a gap."""
    if endpoint:
        download(endpoint, folder)
    files = f"{folder}/date=*/*.parquet"
    rows = duckdb.sql(
        f"select kafka_partition, kafka_offset, epoch_ms(kafka_timestamp) "
        f"from read_parquet('{files}', hive_partitioning = false)"
    ).fetchall()
    visible = {(record.partition, record.offset): record.timestamp for record in results}
    seen = set()
    for partition, offset, timestamp in rows:
        if (partition, offset) in seen:
            repeated.append(timestamp)
        if (partition, offset) not in visible:
            wrong.append(f"{name}: a row of {partition}:{offset}, which is no result")
        seen.add((partition, offset))
    lost.extend(visible[place] for place in visible.keys() - seen)
    counts[f"rows in {name}"] = len(rows)
    check_chain(name, files, group)


def download(endpoint, folder):
    """The objects of the bucket `bucket` as files."""
    client = boto3.client(
        "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="id", aws_secret_access_key="secret"
    )
    for page in client.get_paginator("list_objects_v2").paginate(Bucket="bucket", Prefix="results/date="):
        for item in page.get("Contents", []):
            path = Path(folder, item["Key"].removeprefix("results/"))
            path.parent.mkdir(parents=True, exist_ok=True)
            client.download_file("bucket", item["Key"], str(path))


def check_chain(name, files, group):
    metadata = duckdb.sql(
        f"select file_name, decode(key), decode(value) from parquet_kv_metadata('{files}')"
    ).fetchall()
    footers = defaultdict(dict)
    for file, key, value in metadata:
        footers[file][key.removeprefix("fraud_stream.")] = value
    chains = defaultdict(list)
    for file, footer in footers.items():
        first, last = int(footer["first_offset"]), int(footer["last_offset"])
        if int(file.removesuffix(".parquet").rsplit("+", 1)[1]) != first:
            wrong.append(f"{name}: {file} begins at {first}")
        chains[int(footer["partition"])].append((first, last))
    counts[f"files of {name}"] = len(footers)
    committed = committed_offsets(group, topics["results"])
    for partition, chain in chains.items():
        chain.sort()
        for (_, before), (after, _) in zip(chain, chain[1:]):
            if after <= before:
                wrong.append(f"{name}: files of partition {partition} overlap at {after}")
        if committed.get(partition) != chain[-1][1] + 1:
            wrong.append(f"{name}: partition {partition} ends at {chain[-1][1]}, committed is {committed.get(partition)}")


{"final": check_everything, "atomic": check_atomicity}[command]()
print(json.dumps({"lost": lost, "repeated": repeated, "disordered": disordered, "wrong": wrong[:20], "counts": counts}))
