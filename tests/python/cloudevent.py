"""Reads records of standard input, one JSON object a line, with the CloudEvents SDK, and prints what it made of them."""

import json
import sys

from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event, from_structured_event

for line in sys.stdin:
    record = json.loads(line)
    headers = {name: value.encode() for name, value in record["headers"].items()}
    message = KafkaMessage(headers, record["key"], record["value"].encode())
    # Not `from_kafka`: it takes every record with a `ce_` header for a binary one, whatever its content type says.
    structured = headers["content-type"].startswith(b"application/cloudevents")
    event = from_structured_event(message) if structured else from_binary_event(message)
    print(json.dumps(event.get_attributes() | {"data": event.get_data()}, default=lambda time: time.isoformat()))
