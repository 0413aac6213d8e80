"""Reads records of standard input, one a line, with clients/python, and prints what it made of each: the name of the type, and the
record as JSON again. A record with `lookup` is an enriched event, one with `origin` says what became of a link, one with `event` is of the inbox, one with
`profile` says who a customer is.
"""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "clients" / "python"))
from weir import CustomerProfile, EnrichedEvent, InboxRecord, MediaRecord, read, read_event  # noqa: E402

# A record without a value erases a customer.
assert read(CustomerProfile, None) is None
for line in sys.stdin.buffer:
    names = json.loads(line)
    models = {"lookup": EnrichedEvent, "origin": MediaRecord, "event": InboxRecord, "profile": CustomerProfile}
    model = next((model for name, model in models.items() if name in names), None)
    record = read(model, line) if model else read_event(line)
    print(json.dumps([type(record).__name__, json.loads(record.model_dump_json(exclude_unset=True, by_alias=True))]))
