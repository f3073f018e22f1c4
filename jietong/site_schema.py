"""The site file's JSON Schema, for editors that complete and check TOML.

Owns its text; docs/site.schema.json holds a copy (`make schema`). Source: the shape in site.py.
"""

import json

from jietong.site import Site


def schema_text() -> str:
    """Returns the schema as JSON text that ends in a line end; the same text for the same shape."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Site.model_json_schema(),
        "title": "Jietong site file",
    }
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"
