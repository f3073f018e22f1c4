"""The published schema of the site file is the one that the program checks by."""

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest

from jietong.prepare import demo_file
from jietong.site_file import load_site
from jietong.site_schema import schema_text

DOCS = Path(__file__).parents[2] / "docs"


def test_the_published_schema_is_up_to_date() -> None:
    """An operator's editor checks by the same rules as the program (`make schema` renews the copy)."""
    assert (DOCS / "site.schema.json").read_text(encoding="utf-8") == schema_text()


def test_the_demo_site_fits_schema_and_program() -> None:
    """The site that a newcomer starts with has no mistake by either."""
    raw = tomllib.loads(demo_file("demo.toml").read_text(encoding="utf-8"))
    jsonschema.validate(raw, json.loads(schema_text()))
    site = load_site(demo_file("demo.toml"))
    assert [seat.number for seat in site.seats] == [*(str(n) for n in range(1001, 1011)), "1901", "1902", "1903"]
    assert all(seat.auto_login for seat in site.seats)
    assert [seat.number for seat in site.seats if seat.dedicated_to == ["vip"]] == ["1901", "1902", "1903"]


def test_the_schema_refuses_what_the_program_refuses() -> None:
    """A mistyped key is marked in the editor already."""
    with pytest.raises(jsonschema.ValidationError, match="ring_seconds"):
        jsonschema.validate({"routing": {"ring_seconds": 8}}, json.loads(schema_text()))


def test_every_key_is_explained_in_the_guide() -> None:
    """An operator finds every key of the site file in docs/site-file.md."""
    guide = (DOCS / "site-file.md").read_text(encoding="utf-8")
    schema = json.loads(schema_text())
    tables = [schema, *schema["$defs"].values()]
    keys = {key for table in tables for key in table["properties"]}
    assert sorted(key for key in keys if f"`{key}`" not in guide and f"[{key}" not in guide) == []
