"""A peer: FastAPI on uvicorn and confluent-kafka. Verifies a delivery, publishes its bytes and an event for each message, answers
200 once Kafka has acknowledged all of them."""

import asyncio
import hashlib
import hmac
import json
import os
import threading
import uuid

import uvicorn
from confluent_kafka import Producer
from fastapi import FastAPI, Request, Response

SECRET = os.environ["APP_SECRET"].encode()
RAW_TOPIC, TYPED_TOPIC = os.environ["RAW_TOPIC"], os.environ["TYPED_TOPIC"]

app = FastAPI()
producer = Producer({"bootstrap.servers": os.environ["BROKERS"], "acks": "all", "linger.ms": 5})


def poll_for_ever():
    while True:
        producer.poll(0.1)


class Acknowledged:
    """Resolves once all records of a delivery are acknowledged, on the thread of the loop."""

    def __init__(self, records):
        self.loop = asyncio.get_running_loop()
        self.future = self.loop.create_future()
        # Reports come on the one thread that polls.
        self.missing, self.error = records, None

    def report(self, error, _message):
        self.missing -= 1
        self.error = self.error or error
        if self.missing == 0:
            self.loop.call_soon_threadsafe(self.future.set_result, self.error)


def events(delivery):
    delivery_id = str(uuid.uuid4())
    for entry in delivery.get("entry", []):
        account = entry["id"]
        for item in entry.get("messaging", []):
            key = f"{account}:{item['sender']['id']}"
            event = {
                "specversion": "1.0", "id": item["message"]["mid"], "type": "com.meta.message.v1",
                "source": f"/meta/{delivery['object']}/{account}", "subject": key, "time": item["timestamp"],
                "datacontenttype": "application/json", "metaobject": delivery["object"], "metaaccount": account,
                "deliveryid": delivery_id, "data": item,
            }
            yield key, json.dumps(event, separators=(",", ":"))


@app.post("/webhook")
async def receive(request: Request):
    body = await request.body()
    claimed = request.headers.get("x-hub-signature-256", "").encode("latin-1")
    if not hmac.compare_digest(b"sha256=" + hmac.new(SECRET, body, hashlib.sha256).hexdigest().encode(), claimed):
        return Response(status_code=401)
    try:
        typed = list(events(json.loads(body)))
    except (KeyError, ValueError):
        return Response(status_code=400)
    acknowledged = Acknowledged(1 + len(typed))
    producer.produce(RAW_TOPIC, body, on_delivery=acknowledged.report)
    for key, value in typed:
        producer.produce(TYPED_TOPIC, value, key, on_delivery=acknowledged.report)
    return Response(status_code=503 if await acknowledged.future else 200)


threading.Thread(target=poll_for_ever, daemon=True).start()
uvicorn.run(
    app, host="127.0.0.1", port=int(os.environ["PORT"]), loop="uvloop", http="httptools", access_log=False, log_level="warning"
)
