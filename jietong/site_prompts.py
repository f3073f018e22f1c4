"""The site file's table of prompts: where the operator's own recordings are.

Owns its keys. Must not read a recording.
Rules: docs/guide/prompts.md.
"""

from typing import Annotated

from pydantic import StringConstraints

from jietong.site_values import Table


class Prompts(Table):
    """What callers hear."""

    folder: Annotated[str, StringConstraints(min_length=1, max_length=4096)] | None = None
    """Operator's own recordings, beside the site file or with a whole path; left out: the shipped prompts alone."""
