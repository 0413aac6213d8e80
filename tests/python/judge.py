"""Says whether everything that was answered 200 is on Kafka as it was sent: BOOTSTRAP RAW_TOPIC TYPED_TOPIC FOLDER.

The folder holds `issued` (number, tab, SHA-256 of the body) and `acknowledged` (number), a line each. Prints one JSON object.
"""

import collections
import hashlib
import json
import pathlib
import re
import sys

import confluent_kafka

MID = re.compile(rb'"mid":"oracle-(\d+)"')


def records(bootstrap, topic):
    """Values of all records that are on the topic now."""
    consumer = confluent_kafka.Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "judge",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",
            "check.crcs": True,
        }
    )
    partitions = consumer.list_topics(topic, timeout=30).topics[topic].partitions
    if not partitions:
        sys.exit(f"there is no topic {topic}")
    consumer.assign(
        [confluent_kafka.TopicPartition(topic, number, confluent_kafka.OFFSET_BEGINNING) for number in partitions]
    )
    unread = set(partitions)
    while unread:
        message = consumer.poll(60)
        if message is None:
            sys.exit(f"{topic} could not be read to its end")
        if message.error() is None:
            yield message.value()
        elif message.error().code() == confluent_kafka.KafkaError._PARTITION_EOF:
            unread.discard(message.partition())
        else:
            sys.exit(f"{topic}: {message.error()}")
    consumer.close()


def main(bootstrap, raw_topic, typed_topic, folder):
    folder = pathlib.Path(folder)
    issued = dict(line.split("\t") for line in (folder / "issued").read_text().splitlines())
    acknowledged = set((folder / "acknowledged").read_text().split())
    invented = altered = 0

    raw = collections.Counter()
    for value in records(bootstrap, raw_topic):
        found = MID.search(value)
        number = found and found[1].decode()
        if number not in issued:
            invented += 1
        elif hashlib.sha256(value).hexdigest() != issued[number]:
            altered += 1
        else:
            raw[number] += 1

    typed = {}
    for value in records(bootstrap, typed_topic):
        event = json.loads(value)
        message = event["data"]["message"]
        number = message["mid"].removeprefix("oracle-")
        if number not in issued:
            invented += 1
        elif message["text"] != f"delivery {number} of the oracle" or typed.setdefault(number, event["id"]) != event["id"]:
            altered += 1

    missing = {"raw": acknowledged - raw.keys(), "typed": acknowledged - typed.keys()}
    lost = missing["raw"] | missing["typed"]
    print(
        json.dumps(
            {
                "issued": len(issued),
                "acknowledged": len(acknowledged),
                "records": sum(raw.values()),
                "lost": len(lost),
                "missing": {topic: sorted(numbers, key=int)[:20] for topic, numbers in missing.items()},
                "invented": invented,
                "altered": altered,
                "duplicates": sum(raw.values()) - len(raw),
            }
        )
    )


main(*sys.argv[1:])
