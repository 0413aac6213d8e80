"""Reads records of standard input, one a line, with the Pydantic models that datamodel-code-generator made of the schemas.

models.py FOLDER: where `enriched.py` and `envelope.py` are. Prints what the models hold, as JSON again.
"""

import json
import sys

sys.path.insert(0, sys.argv[1])
from enriched import EnrichedEvent  # noqa: E402
from envelope import Event  # noqa: E402

for line in sys.stdin:
    model = EnrichedEvent if "lookup" in json.loads(line) else Event
    print(model.model_validate_json(line).model_dump_json(exclude_unset=True, by_alias=True))
