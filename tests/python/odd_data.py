"""Reads typed records of standard input, one a line, in the way that docs/events.md gives, and prints each message's text.

Prints null in front where Pydantic's own parser takes the record, and "refused" where it does not.
"""

import json
import sys
from typing import Any

from pydantic import BaseModel, ValidationError


class Event(BaseModel):
    type: str
    data: Any


for line in sys.stdin:
    try:
        Event.model_validate_json(line)
        strict = None
    except ValidationError:
        strict = "refused"
    event = Event.model_validate(json.loads(line))
    text = event.data["message"]["text"].encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    print(json.dumps([strict, text]))
