"""Answers a customer by a direct message, and prints what became of it.

pip install -r requirements.txt
WEIR_BROKERS=localhost:9092 python answer.py ACCOUNT CUSTOMER TEXT
"""

import json
import os
import sys
import time
import uuid

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

account, customer, text = sys.argv[1:]
brokers = {"bootstrap.servers": os.environ.get("WEIR_BROKERS", "localhost:9092")}
prefix = os.environ.get("WEIR_TOPIC_PREFIX", "meta")
results = prefix + ".replies.results.v1"

# Where the results end before the command is written, so that its own is not missed. The group commits nothing.
consumer = Consumer({**brokers, "group.id": "answer", "enable.auto.commit": False})
partitions = [TopicPartition(results, id) for id in consumer.list_topics(results, 10).topics[results].partitions]
ends = [(part.partition, consumer.get_watermark_offsets(part, 10)[1]) for part in partitions]
consumer.assign([TopicPartition(results, partition, end) for partition, end in ends])

# The key brings whatever is about one conversation to one place, by the partitioner of Java's clients.
command = {"id": str(uuid.uuid4()), "account": account, "action": "message", "to": customer, "text": text}
producer = Producer({**brokers, "partitioner": "murmur2_random", "message.timeout.ms": 30_000})


def delivered(error, _):
    if error:
        raise KafkaException(error)


producer.produce(prefix + ".replies.v1", json.dumps(command), f"{account}:{customer}", on_delivery=delivered)
producer.flush()
deadline = time.monotonic() + 60
while time.monotonic() < deadline:
    record = consumer.poll(1.0)
    if record is None or record.error():
        continue
    result = json.loads(record.value())
    if result["id"] == command["id"] and result["status"] != "intended":
        print(result["status"], result.get("error") or result.get("answer", {}).get("message_id"))
        sys.exit(result["status"] != "done")
sys.exit("no result within a minute; the command may still be carried out")
