"""Checks objects of standard input, a JSON array, against the schemas of Kubernetes' own kinds, unknown members included.

Prints a line for each: the kind and "fine", "unknown kind", or what is wrong.
"""

import json
import sys

import kubernetes_validate

VERSION = "1.37"

for thing in json.load(sys.stdin):
    name = f"{thing['kind']} {thing['metadata']['name']}"
    try:
        kubernetes_validate.validate(thing, VERSION, strict=True)
        print(f"{name}: fine")
    except kubernetes_validate.SchemaNotFoundError:
        print(f"{name}: unknown kind")
    except kubernetes_validate.ValidationError as error:
        place = ".".join(str(part) for part in error.path)
        print(f"{name}: {place}: {error.message}")
