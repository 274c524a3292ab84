"""Prints results as the replaced system's consumer does, up to a number of them.

kafka_consumer.py BROKER TOPIC GROUP COUNT [SETTINGS]

SETTINGS: more of KafkaConsumer's, as a JSON object.
"""

import json
import sys

from kafka import KafkaConsumer

broker, topic, group, count, *settings = sys.argv[1:]
consumer = KafkaConsumer(
    topic,
    bootstrap_servers=broker,
    group_id=group,
    auto_offset_reset="earliest",
    isolation_level="read_committed",
    value_deserializer=json.loads,
    **(json.loads(settings[0]) if settings else {}),
)
print("Waiting for a new messages. Press Ctrl+C to stop", flush=True)
for _, message in zip(range(int(count)), consumer):
    print(f"{message.topic}:{message.partition}:{message.offset}: key={message.key} value={message.value}")
consumer.close()
