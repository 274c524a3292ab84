"""Reads committed results all the while, and the offsets that the groups commit.

watch.py BROKER RESULTS OUT GROUP...

Writes to OUT a line for each result, `result PARTITION OFFSET SOURCE_PARTITION SOURCE_OFFSET`,
and `backwards GROUP TOPIC PARTITION BEFORE AFTER` where a committed offset went back.
Ends with SIGTERM, once it has read everything.
"""

import signal
import sys
import threading

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from kafka_reading import RECONNECT, consumer_of, source_of

broker, results, out, *groups = sys.argv[1:]
stopping = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stopping.set())
lines = open(out, "w", buffering=1 << 16)


def watch_commits():
    """A broker that doesn't answer is asked again."""
    last = {}
    while not stopping.wait(0.2):
        try:
            client = KafkaAdminClient(bootstrap_servers=broker, **RECONNECT)
            while not stopping.wait(0.2):
                for group in groups:
                    compare(group, client.list_consumer_group_offsets(group), last)
        except (KafkaError, OSError, ValueError):
            pass


def compare(group, committed, last):
    for partition, offset in committed.items():
        before = last.get((group, partition), -1)
        if -1 < offset.offset < before:
            lines.write(f"backwards {group} {partition.topic} {partition.partition} {before} {offset.offset}\n")
        last[group, partition] = offset.offset


committing = threading.Thread(target=watch_commits, daemon=True)
committing.start()
consumer, partitions = consumer_of(broker, results, "read_committed")
print("watching", flush=True)
while True:
    batches = consumer.poll(200, max_records=10_000)
    if not batches and stopping.is_set():
        break
    for records in batches.values():
        for record in records:
            partition, offset = source_of(record)
            lines.write(f"result {record.partition} {record.offset} {partition} {offset}\n")
committing.join(5)
lines.close()
