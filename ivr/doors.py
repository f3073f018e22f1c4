"""What flows may ask of the hotline, and the words that come back.

Owns the names of doors, outcomes, values and conditions, so that a flow's slip of the pen is found before a caller meets it.
Must not know who answers. Rules: docs/flows.md lists the same; every door may also say "failed".
"""

from collections.abc import Mapping
from typing import NamedTuple

from ivr.flow_visit import ASKED_VALUES
from ivr.look_up import FAILED


class Says(NamedTuple):
    """What a door answers: outcomes, values it sets (a list's name stands for its items), values that it needs to be given."""

    outcomes: tuple[str, ...]
    values: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()


DOORS: Mapping[str, Says] = {
    "subscriptions": Says(("some", "none", "withheld"), ("count", "item")),
    "cancel_subscription": Says(("cancelled", "already", "withheld"), (), ("product",)),
    "open_case": Says(("opened",), ("number",), ("recording",)),
    "case_status": Says(("open", "dispatched", "handled", "answered", "closed", "unknown"), (), ("number",)),
    "rate": Says(("noted",), (), ("rating",)),
}
# What a test may look at without anybody having set it.
KNOWN_VALUES = frozenset({"tier", "age", "caller", "language"}) | ASKED_VALUES
ANYWHERE = FAILED
