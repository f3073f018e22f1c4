"""What flows may ask of a running site.

Owns which door is behind which name. Must not know flows, nor how an answer is spoken.
Rules: docs/flows.md lists every door with its outcomes; a door that raises is the outcome "failed".
"""

import time
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Engine

from ivr.adapters.announcement_file import SwitchedAnnouncements
from ivr.adapters.case_numbers import CaseNumbers
from ivr.adapters.cases import CaseStatusDoor, OpenCaseDoor
from ivr.adapters.notes import Notes
from ivr.adapters.ratings import RatingDoor
from ivr.adapters.subscriptions import CancelDoor, SubscriptionsDoor
from ivr.announcements import EVERYBODY
from ivr.flow_step import ANNOUNCED
from ivr.flow_visit import ANNOUNCEMENTS, SERVICE
from ivr.look_up import Door, LookedUp
from jietong.opening_hours import OpeningHours
from jietong.processes.status_page import status_page
from jietong.running import RunningSite
from routing.adapters.redis_clients import prefix_of

STATUS_WITHIN_S = 0.4  # the caller listens


def doors_of(site: RunningSite, engine: Engine, hours: OpeningHours, queues: Mapping[str, str]) -> dict[str, Door]:
    """Every door by name. `queues`: service -> queue, where it isn't the hotline's own."""

    def queue_of(values: Mapping[str, str]) -> str:
        return queues.get(values.get(SERVICE, ""), site.site.hotline.queue)

    def is_open(caller: str, call: str, values: Mapping[str, str]) -> LookedUp:
        opening = hours.opening(queue_of(values))
        closed = opening.closed.value if opening.closed is not None else "hours"
        return LookedUp("open" if opening.is_open else closed, {})

    def waiting(caller: str, call: str, values: Mapping[str, str]) -> LookedUp:
        queue = queue_of(values)
        return LookedUp(str(sum(row["queue"] == queue for row in status_page(site, STATUS_WITHIN_S)["waiting"])), {})

    def clock(caller: str, call: str, values: Mapping[str, str]) -> LookedUp:
        return LookedUp(datetime.fromtimestamp(time.time(), hours.zone).strftime("%H:%M"), {})

    def weekday(caller: str, call: str, values: Mapping[str, str]) -> LookedUp:
        return LookedUp(str(datetime.fromtimestamp(time.time(), hours.zone).isoweekday()), {})

    def announcements(caller: str, call: str, values: Mapping[str, str]) -> LookedUp:
        """For a service what is on for its queue alone; without one what is on for everybody."""
        prompts = switched.of(queue_of(values) if values.get(SERVICE) else EVERYBODY)
        return LookedUp("some" if prompts else "none", {ANNOUNCED: " ".join(prompts)})

    prefix = prefix_of(site.site.hotline.number)
    notes, numbers = Notes(site.store_url, prefix), CaseNumbers(site.store_url, prefix)
    switched = SwitchedAnnouncements(site.layout.data)
    clocks: dict[str, Door] = {"open": is_open, "waiting": waiting, "time": clock, "weekday": weekday}
    return {
        **clocks,
        "rate": RatingDoor(notes, engine),
        "subscriptions": SubscriptionsDoor(engine),
        "cancel_subscription": CancelDoor(engine),
        "open_case": OpenCaseDoor(numbers, notes, engine),
        "case_status": CaseStatusDoor(numbers, engine),
        ANNOUNCEMENTS: announcements,
    }
