"""What a router makes of a store whose contents are damaged, cut off or of another version: it starts, and says so."""

from collections.abc import AsyncIterator

import msgspec
import pytest

from routing import engine, snapshot
from routing.adapters.journal import JournalWriter
from routing.adapters.recovery import recover
from routing.adapters.snapshots import Snapshot, Snapshots
from routing.events import AgentLoggedIn, AgentPaused, SeatChanged, SeatState
from routing.model import State
from tests.adapters.valkey_server import PREFIX, ValkeyServer, a_valkey
from tests.builders import rules

RULES = rules(shared=2, auto_login=False)
NOW = {"1001": "not_ready", "1002": "ready"}  # what the history comes to
STREAM = PREFIX + "journal"
LATEST, BEFORE = PREFIX + "snapshot", PREFIX + "snapshot-before"
HISTORY = (
    SeatChanged(1.0, "1001", SeatState.FREE),
    SeatChanged(1.0, "1002", SeatState.FREE),
    AgentLoggedIn(2.0, "1001", "1001"),
    AgentLoggedIn(3.0, "1002", "1002"),
    AgentPaused(4.0, "1001", "break"),
)


@pytest.fixture
async def server() -> AsyncIterator[ValkeyServer]:
    """A store as a router leaves it: snapshots after the third and the fourth event, the journal of all five."""
    with a_valkey() as running:
        journal, snapshots, state = JournalWriter(running.url, PREFIX), Snapshots(running.url, PREFIX), State.of(RULES)
        await journal.start()
        for number, event in enumerate(HISTORY):
            _, facts = engine.step(state, event)
            entry = journal.append(event, facts, 1.0)
            if number in (2, 3):
                await journal.flush(2)
                await snapshots.save(Snapshot(entry, event.at, snapshot.to_plain(state)))
        await journal.close()
        await snapshots.close()
        yield running


async def recovered(server: ValkeyServer) -> dict[str, str]:
    """Agents' states as the next router has them, of those who are there."""
    state = (await recover(server.url, PREFIX, RULES)).state
    return {number: agent.state.value for number, agent in state.agents.items() if agent.seat}


def rewritten(server: ValkeyServer, key: str, **changes: object) -> None:
    """The stored snapshot with other values in its state."""
    kept = msgspec.json.decode(server.ask("GET", key))
    kept["state"] |= changes
    server.ask("SET", key, msgspec.json.encode(kept))


async def test_everything_whole(server: ValkeyServer) -> None:
    """The next router has every agent as the last one left it."""
    assert await recovered(server) == NOW


async def test_what_is_on_record_already_is_known(server: ValkeyServer) -> None:
    """The next router knows the last seconds of the journal, also those that are in the snapshot: what it heard itself counts once."""
    for latest in (True, False):
        found = await recover(server.url, PREFIX, RULES)
        assert (found.told, found.until, found.replayed) == (HISTORY, 4.0, 1 if latest else 2)
        server.ask("DEL", LATEST)


@pytest.mark.parametrize(
    "rubbish", [b"", b"\xff\xfe", b"{}", b'{"journal_id":"0-0","at":1', b'{"journal_id":"x-y","at":1,"state":{}}']
)
async def test_a_damaged_snapshot_gives_way_to_the_one_before(server: ValkeyServer, rubbish: bytes) -> None:
    """A snapshot that was cut off or overwritten costs nothing: the one before and the longer journal say the same."""
    server.ask("SET", LATEST, rubbish)
    assert await recovered(server) == NOW
    server.ask("DEL", LATEST)
    assert await recovered(server) == NOW


async def test_a_snapshot_of_no_place_gives_way_to_the_one_before(server: ValkeyServer) -> None:
    """A snapshot that does not say where the journal goes on is of no use."""
    kept = msgspec.json.decode(server.ask("GET", LATEST))
    server.ask("SET", LATEST, msgspec.json.encode(kept | {"journal_id": "nowhere"}))
    assert await recovered(server) == NOW


async def test_a_snapshot_of_another_version_gives_way_to_the_journal(server: ValkeyServer) -> None:
    """After an update neither snapshot can be read: the journal alone says the same."""
    for key in (LATEST, BEFORE):
        rewritten(server, key, version=snapshot.VERSION - 1)
    assert await recovered(server) == NOW


@pytest.mark.parametrize("field", ["order", "outages", "calls", "agents", "pace", "seats"])
@pytest.mark.parametrize("value", [None, 7, "x", [7], [["x"]], {"x": 1}, [{"number": []}]])
async def test_any_field_may_be_rubbish(server: ValkeyServer, field: str, value: object) -> None:
    """Whatever stands in one field of the snapshot, the router starts."""
    rewritten(server, LATEST, **{field: value})
    await recovered(server)


async def test_entries_that_nobody_understands_are_left_out(server: ValkeyServer) -> None:
    """An entry of another version, a torn one and one that the engine cannot take do not keep the rest from being used."""
    unknown = b'{"event":{"type":"CallQueued","at":"soon"},"facts":[],"decision_us":1}'
    nowhere = b'{"event":{"type":"AgentLoggedIn","at":5.0,"agent":"1001","seat":"none"},"facts":[],"decision_us":1}'
    for raw in (unknown, b'{"event":', b"", nowhere):
        server.ask("XADD", STREAM, "*", "e", raw)
    assert await recovered(server) == NOW


async def test_a_truncated_journal_is_used_as_far_as_it_goes(server: ValkeyServer) -> None:
    """The journal was cut: the snapshot stands, and Asterisk is asked for the rest."""
    server.ask("XTRIM", STREAM, "MAXLEN", 1)
    assert await recovered(server) == NOW
    server.ask("DEL", STREAM)
    assert await recovered(server) == {"1001": "ready", "1002": "ready"}


async def test_nothing_stored_is_a_fresh_start(server: ValkeyServer) -> None:
    """An empty store is no fault: everybody is found when Asterisk is asked."""
    server.ask("FLUSHALL")
    assert await recovered(server) == {}
