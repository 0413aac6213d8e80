"""Prints the messages topic, one line an event.

pip install -r requirements.txt
WEIR_BROKERS=localhost:9092 python events.py
"""

import json
import os
import signal
import sys

from confluent_kafka import Consumer, KafkaException

signal.signal(signal.SIGTERM, signal.default_int_handler)  # As Ctrl-C.
sys.stdout.reconfigure(errors="backslashreplace")  # Half an emoji is no text that can be printed.
consumer = Consumer(
    {
        "bootstrap.servers": os.environ.get("WEIR_BROKERS", "localhost:9092"),
        "group.id": "message-printer-in-python",
        "auto.offset.reset": "earliest",
        # An offset is stored once its event is done with, and committed in the background: nothing is lost.
        "enable.auto.offset.store": False,
    }
)
consumer.subscribe([os.environ.get("WEIR_TOPIC_PREFIX", "meta") + ".messages.v1"])
try:
    while True:
        record = consumer.poll(1.0)
        if record is None:
            continue
        if record.error():
            raise KafkaException(record.error())
        event = json.loads(record.value())
        # `message.echo` of `com.meta.instagram.message.echo.v1`.
        kind = ".".join(event["type"].split(".")[3:-1])
        text = event["data"]["message"].get("text") if kind == "message" else None
        print(event.get("time", "-"), event["metaobject"], kind, event.get("subject", "-"), text or "-", flush=True)
        consumer.store_offsets(record)
except KeyboardInterrupt:
    pass
finally:
    consumer.close()
