"""The site file's [admission]: how many callers the hotline takes.

Owns names, defaults and bounds of the limits; must not know how Asterisk counts.
Contract: design.md section 5; docs/guide/limits.md.
"""

from typing import Annotated

from pydantic import Field

from jietong.site_values import Table


class Admission(Table):
    """Callers beyond these limits hear that all lines are busy; whoever is in already is not touched."""

    max_calls: Annotated[int | None, Field(ge=1, le=100_000)] = None
    """Callers at once, in menus, waiting and talking; left out: as many as voice ports and open files carry."""
    max_new_per_s: Annotated[int, Field(ge=0, le=10_000)] = 100
    """New callers in one second; 0: as many as come."""
    max_load: Annotated[float, Field(ge=0, le=1000)] = 0
    """Load average of the machine from which Asterisk takes no new call at all, seats' included; 0: never."""
