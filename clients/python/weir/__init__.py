"""What Weir publishes, read into types: `read_event` of the topics of typed events, `read` of all others.

Both take a record's value as it comes from Kafka. Half of a surrogate pair, which some clients of Meta's cut an emoji into,
becomes U+FFFD. A kind that this version does not know is an `Event`, whose `data` is any JSON; so is one whose `data` Meta has changed.
"""

import json
import re
from typing import TypeAlias, TypeVar, overload

from pydantic import BaseModel, TypeAdapter, ValidationError

from .events import TYPES, KnownEvent
from .models.enriched_v1 import EnrichedEvent
from .models.envelope_v1 import Event
from .models.inbox_v1 import InboxRecord
from .models.media_v1 import MediaRecord
from .models.profile_v1 import CustomerProfile
from .models.reply_result_v1 import ReplyResult
from .models.reply_v1 import Reply

__all__ = ["AnyEvent", "CustomerProfile", "EnrichedEvent", "Event", "InboxRecord", "KnownEvent", "MediaRecord", "Reply", "ReplyResult", "read", "read_event"]

AnyEvent: TypeAlias = KnownEvent | Event
Model = TypeVar("Model", bound=BaseModel)

_KNOWN: TypeAdapter[KnownEvent] = TypeAdapter(KnownEvent)
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def read_event(value: bytes) -> AnyEvent:
    """A typed event: one of `KnownEvent`, told apart by `type`, or an `Event` of a kind that comes later."""
    text = _well_formed(value)
    event = Event.model_validate_json(text)
    try:
        return _KNOWN.validate_json(text) if event.type in TYPES else event
    except ValidationError:
        return event


@overload
def read(model: type[Model], value: bytes) -> Model: ...
@overload
def read(model: type[Model], value: None) -> None: ...
def read(model: type[Model], value: bytes | None) -> Model | None:
    """Any other record: `InboxRecord`, `EnrichedEvent`, `CustomerProfile`, `MediaRecord`, `Reply`, `ReplyResult`.

    None of a record without a value, which erases what its key had: a customer's profile.
    """
    return None if value is None else model.model_validate_json(_well_formed(value))


def _well_formed(value: bytes) -> bytes:
    if not _SURROGATE.search(value):
        return value
    text = json.dumps(json.loads(value), ensure_ascii=False)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()
