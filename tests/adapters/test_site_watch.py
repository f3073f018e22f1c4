"""What the metrics page knows of the site beside calls: whether Asterisk's own queue serves."""

import time
from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from jietong.database import migrate, open_engine
from metrics.adapters.site_watch import LastProbe, Seen, SiteWatch

NO_STORE = ("redis://127.0.0.1:9/0", "jietong:10010:")
AFTER_S = 0.05


def a_watch(heard: Callable[[], bool | None], after_s: float, engine: Engine) -> SiteWatch:
    """A watch that hears of a router as told, without a store."""
    return SiteWatch(engine, NO_STORE, heard, after_s)


@pytest.mark.parametrize(
    ("heard", "after_s", "expected"),
    [
        ((True, True), AFTER_S, False),
        ((False, False), AFTER_S, True),
        ((False, False), 3600.0, False),
        ((False, True), AFTER_S, False),
        ((False, None), AFTER_S, None),
        ((None, False), AFTER_S, True),
        ((False, False), 0.0, False),
    ],
)
def test_the_fallback_is_seen_when_no_router_was_there_for_long(
    heard: tuple[bool | None, bool | None], after_s: float, expected: bool | None
) -> None:
    """Heard now: no. Away for as long as the site file says: yes. The store silent: nobody knows, and the time counts from its last silence. Switched off: never."""
    told = iter(heard)
    engine = open_engine("sqlite://")
    watch = a_watch(lambda: next(told), after_s, engine)
    watch.look()
    until = time.monotonic() + AFTER_S
    while time.monotonic() < until:
        pass
    watch.look()
    assert watch.seen.is_fallback is expected
    engine.dispose()


def test_a_database_that_is_away_leaves_the_last_probes_standing(database_url: str) -> None:
    """The figure of yesterday's test call does not vanish with the database."""
    migrate(database_url)
    engine = open_engine(database_url)
    probes = {"random": LastProbe(True, 5.0)}
    watch = SiteWatch(engine, NO_STORE, lambda: True, 10.0, last_probes=lambda _: probes)
    watch.look()
    assert watch.seen == Seen(False, True, None, False, probes)
    engine.dispose()
    away = open_engine("postgresql://nobody@127.0.0.1:9/none")
    watch._engine = away
    watch.look()
    assert watch.seen == Seen(False, False, None, False, probes)
    away.dispose()
