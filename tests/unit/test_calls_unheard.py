"""Calls that ended while the router did not listen: did they go down with Asterisk, or just end?"""

import pytest

from routing import engine
from routing.events import AsteriskSynced
from routing.facts import CallRecord
from tests.builders import a_state
from tests.scenario.play import play


@pytest.mark.parametrize(
    ("started_at", "outcome", "reason"),
    [(0.0, "lost", "asterisk"), (15.0, "lost", "asterisk"), (5.0, "abandoned", "waiting")],
)
def test_a_caller_who_is_gone_after_the_break(started_at: float, outcome: str, reason: str) -> None:
    """If Asterisk started anew the caller was lost; if it is the same Asterisk the caller hung up meanwhile."""
    state = a_state(shared=0)
    play(state, "10 | queue a | call a waiting")
    _, facts = engine.step(state, AsteriskSynced(20.0, 19.0, (), (), started_at))
    (record,) = [fact for fact in facts if isinstance(fact, CallRecord)]
    assert (record.outcome.value, record.reason) == (outcome, reason)
