"""Prints the inbox, one line an event.

pip install -r requirements.txt && datamodel-codegen
WEIR_BROKERS=localhost:9092 python subscriber.py
"""

import os
import signal

from confluent_kafka import Consumer, KafkaException

from models import Inbox

signal.signal(signal.SIGTERM, signal.default_int_handler)  # As Ctrl-C.
consumer = Consumer(
    {
        "bootstrap.servers": os.environ.get("WEIR_BROKERS", "localhost:9092"),
        "group.id": "inbox-printer",
        "auto.offset.reset": "earliest",
        # An offset is stored once its event is done with, and committed in the background: nothing is lost.
        "enable.auto.offset.store": False,
    }
)
consumer.subscribe([os.environ.get("WEIR_TOPIC_PREFIX", "meta") + ".inbox.v1"])
try:
    while True:
        record = consumer.poll(1.0)
        if record is None:
            continue
        if record.error():
            raise KafkaException(record.error())
        event = Inbox.model_validate_json(record.value())
        words = event.message.body if event.message else None
        print(event.occurred_at, event.platform, event.event, event.from_ or "-", words or "-", flush=True)
        consumer.store_offsets(record)
except KeyboardInterrupt:
    pass
finally:
    consumer.close()
