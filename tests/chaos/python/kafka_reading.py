"""Reading with a client that shares no code with the daemons'."""

from kafka import KafkaConsumer, TopicPartition

# A broker that was killed is back within seconds.
RECONNECT = {"reconnect_backoff_ms": 50, "reconnect_backoff_max_ms": 500}


def consumer_of(broker, topic, isolation):
    """A consumer of all partitions from their beginning, outside any group."""
    consumer = KafkaConsumer(
        bootstrap_servers=broker,
        isolation_level=isolation,
        enable_auto_commit=False,
        # In pure Python the checksums take longer than everything else.
        check_crcs=False,
        **RECONNECT,
    )
    partitions = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic))]
    consumer.assign(partitions)
    for partition in partitions:
        # Retention removes nothing here; what is looked up (`seek_to_beginning`) isn't
        # there when `position` asks for it.
        consumer.seek(partition, 0)
    return consumer, partitions


def read_all(broker, topic, isolation="read_committed"):
    """All records up to the present end; what stays hidden from `isolation` left out."""
    consumer, partitions = consumer_of(broker, topic, isolation)
    ends = consumer.end_offsets(partitions)
    while any(consumer.position(partition) < end for partition, end in ends.items()):
        for records in consumer.poll(200, max_records=10_000).values():
            yield from records
    consumer.close()


def end_offsets(broker, topic, isolation):
    """The end of each partition; for read_committed the last stable offset."""
    consumer, partitions = consumer_of(broker, topic, isolation)
    ends = consumer.end_offsets(partitions)
    consumer.close()
    return {partition.partition: end for partition, end in ends.items()}


def source_of(record):
    """(partition, offset) of the transaction that a result or a dead letter is of."""
    headers = dict(record.headers)
    if "source" in headers:
        partition, offset, _ = headers["source"].split(b":")
    else:
        partition = headers["__connect.errors.partition"]
        offset = headers["__connect.errors.offset"]
    return int(partition), int(offset)
