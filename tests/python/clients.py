"""Reads records of standard input, one a line, with clients/python, and prints what it made of each: the name of the type, and the
record as JSON again. A record with `lookup` is an enriched event, one with `event` is of the inbox.
"""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "clients" / "python"))
from weir import EnrichedEvent, InboxRecord, read, read_event  # noqa: E402

for line in sys.stdin.buffer:
    names = json.loads(line)
    model = EnrichedEvent if "lookup" in names else InboxRecord if "event" in names else None
    record = read(model, line) if model else read_event(line)
    print(json.dumps([type(record).__name__, json.loads(record.model_dump_json(exclude_unset=True, by_alias=True))]))
