"""Answers a customer by a direct message, and prints what became of it.

pip install -r requirements.txt
WEIR_BROKERS=localhost:9092 python answer.py ACCOUNT CUSTOMER TEXT
"""

import json
import os
import sys
import time
import uuid
from datetime import UTC, datetime, timedelta

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

account, customer, text = sys.argv[1:]
brokers = {"bootstrap.servers": os.environ.get("WEIR_BROKERS", "localhost:9092")}
prefix = os.environ.get("WEIR_TOPIC_PREFIX", "meta")
results = prefix + ".replies.results.v1"

# Where the results end before the command is written, so that its own is not missed. The group commits nothing.
consumer = Consumer({**brokers, "group.id": "answer", "enable.auto.commit": False})
found = consumer.list_topics(results, 10).topics[results]
if found.error:
    raise KafkaException(found.error)
partitions = [TopicPartition(results, id) for id in found.partitions]
ends = [(part.partition, consumer.get_watermark_offsets(part, 10)[1]) for part in partitions]
consumer.assign([TopicPartition(results, partition, end) for partition, end in ends])

# The key brings whatever is about one conversation to one place, by the partitioner of Java's clients.
# Nobody waits for it longer than a minute, so it is not carried out later either. Whoever tries again keeps the id.
not_after = f"{datetime.now(UTC) + timedelta(minutes=1):%Y-%m-%dT%H:%M:%SZ}"
command = {"id": str(uuid.uuid4()), "account": account, "action": "message", "to": customer, "text": text, "not_after": not_after}
producer = Producer({**brokers, "partitioner": "murmur2_random", "message.timeout.ms": 30_000})


def delivered(error, _):
    if error:
        raise KafkaException(error)


producer.produce(prefix + ".replies.v1", json.dumps(command), f"{account}:{customer}", on_delivery=delivered)
producer.flush()
deadline = time.monotonic() + 60
intended = 0
while time.monotonic() < deadline:
    record = consumer.poll(1.0)
    if record is None:
        continue
    if record.error():
        print(record.error(), file=sys.stderr)
        continue
    result = json.loads(record.value())
    if (result["account"], result["id"]) != (account, command["id"]):
        continue
    if result["status"] == "intended":
        intended = max(intended, result["attempt"])
    elif result["attempt"] >= intended:  # Otherwise it is tried again.
        print(result["status"], result.get("error") or result.get("answer", {}).get("message_id"))
        sys.exit(result["status"] != "done")
sys.exit(f"no result of {command['id']} within a minute; it may have been carried out, and will not be any more")
