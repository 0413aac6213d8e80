"""Reads records of standard input, one a line, with the Pydantic models that datamodel-code-generator made of the schemas.

models.py FOLDER: where the package `models` is, which the folder of schemas became. Prints what the models hold, as JSON again.
"""

import importlib
import json
import pkgutil
import sys

sys.path.insert(0, sys.argv[1])
import models  # noqa: E402
from models.enriched_v1 import EnrichedEvent  # noqa: E402
from models.envelope_v1 import Event  # noqa: E402

for module in pkgutil.iter_modules(models.__path__):
    importlib.import_module(f"models.{module.name}")

for line in sys.stdin:
    model = EnrichedEvent if "lookup" in json.loads(line) else Event
    print(model.model_validate_json(line).model_dump_json(exclude_unset=True, by_alias=True))
