"""Ratings after the talk: each caller's counts once, whatever is away when it is pressed."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from typer.testing import CliRunner

from ivr.adapters.notes_fold import fold_notes
from ivr.adapters.ratings import RatingDoor, ratings_by_agent
from ivr.adapters.service_tables import ratings
from ivr.rating import AgentRatings
from jietong import cli
from jietong.database import migrate
from routing.adapters.records import RecordsWriter
from tests.adapters.service_fixture import Desk, a_desk, site_for_commands
from tests.adapters.test_records import a_record, an_entry, until
from tests.adapters.valkey_server import PREFIX, ValkeyServer, a_valkey

GIVEN = {"agent": "1901", "queue": "hotline", "tier": "vip", "rating": "4"}


@pytest.fixture(scope="module")
def store() -> Iterator[ValkeyServer]:
    """One store for all."""
    with a_valkey() as server:
        yield server


@pytest.fixture
def desk(store: ValkeyServer, database_url: str) -> Iterator[Desk]:
    """A desk with tables."""
    migrate(database_url)
    with a_desk(store, database_url) as made:
        yield made


def door_of(desk: Desk) -> RatingDoor:
    """The door `rate` at second 50."""
    return RatingDoor(desk.notes, desk.engine, lambda: 50.0)


def count(desk: Desk) -> int:
    """Ratings in the database."""
    with desk.engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(ratings)) or 0


def test_a_rating_counts_for_the_agent(desk: Desk) -> None:
    """The caller pressed 4: agent 1901 has one rating of its one call."""
    assert door_of(desk)("13900000001", "1.1", GIVEN) == ("noted", {})
    RecordsWriter(desk.engine).write([an_entry(1, a_record("1.1"))])
    assert (desk.fold(), desk.waiting()) == (1, 0)
    assert ratings_by_agent(desk.engine, 0.0) == [AgentRatings("1901", (0, 0, 0, 1, 0), 1)]
    assert ratings_by_agent(desk.engine, 51.0) == []


def test_a_rating_without_its_agent_counts_for_who_talked_last(desk: Desk) -> None:
    """The words got lost on the way; the call's record knows who it was, and without a record nobody is blamed."""
    for call in ("1.1", "1.2"):
        door_of(desk)("", call, {"rating": "5"})
    desk.fold()
    RecordsWriter(desk.engine).write([an_entry(1, a_record("1.1"))])
    found = {row.agent: row.counts for row in ratings_by_agent(desk.engine, 0.0)}
    assert found == {"1901": (0, 0, 0, 0, 1), "": (0, 0, 0, 0, 1)}


def test_the_first_rating_of_a_call_counts(desk: Desk) -> None:
    """A caller who is asked twice, or a note that is read twice after a crash, counts once."""
    for key in "415":
        door_of(desk)("", "1.1", GIVEN | {"rating": key})
    assert desk.fold() == 3
    door_of(desk)("", "1.1", GIVEN | {"rating": "1"})
    desk.fold()
    assert count(desk) == 1
    assert ratings_by_agent(desk.engine, 0.0)[0].counts == (0, 0, 0, 1, 0)


def test_ratings_wait_while_the_database_is_away(store: ValkeyServer, database_url: str) -> None:
    """The database has no tables for a while: the caller hears thanks at once, and the rating is there later, once."""
    stop = threading.Event()
    with a_desk(store, database_url) as desk:
        folding = threading.Thread(target=fold_notes, args=(store.url, PREFIX, desk.engine, stop))
        folding.start()
        try:
            assert door_of(desk)("", "1.1", GIVEN).outcome == "noted"
            until(lambda: desk.waiting() == 1)
            migrate(database_url)
            until(lambda: desk.waiting() == 0)
            assert count(desk) == 1
        finally:
            stop.set()
            folding.join()


def test_a_rating_is_written_at_once_while_the_store_is_away(desk: Desk) -> None:
    """Valkey died: the rating is in the database all the same; with both away the flow is told."""
    desk.store.kill()
    try:
        assert door_of(desk)("", "1.1", GIVEN).outcome == "noted"
        assert count(desk) == 1
        with desk.engine.begin() as connection:
            ratings.drop(connection)
        with pytest.raises(SQLAlchemyError):
            door_of(desk)("", "1.2", GIVEN)
    finally:
        desk.store.start()


def test_a_damaged_note_stops_nobody(desk: Desk) -> None:
    """Notes of another version, of no kind or with hostile words are passed over; the caller behind them counts."""
    key = f"{PREFIX}notes"
    desk.store.ask("XADD", key, "*", "kind", "poem", "note", "{}")
    desk.store.ask("XADD", key, "*", "kind", "rating", "note", "{")
    desk.store.ask("XADD", key, "*", "other", "field")
    big = '{"call":"1.3","agent":"","queue":"","tier":"","rating":123456789012345678901234567890,"at":1}'
    desk.store.ask("XADD", key, "*", "kind", "rating", "note", big)
    door_of(desk)("", "1.2\0", GIVEN | {"agent": "\0\ud8001901\x1b", "queue": "q" * 5000})
    assert desk.fold() == 5
    assert (count(desk), desk.waiting()) == (1, 0)
    assert ratings_by_agent(desk.engine, 0.0)[0].agent == "1901"


@pytest.mark.parametrize("key", ["", "0", "6", "x"])
def test_a_key_that_is_no_rating_is_refused(desk: Desk, key: str) -> None:
    """The flow is told, and nothing waits."""
    with pytest.raises(ValueError, match="1 to 5"):
        door_of(desk)("", "1.1", GIVEN | {"rating": key})
    assert door_of(desk)("", "", GIVEN).outcome == "failed"
    assert desk.waiting() == 0


def test_the_command_shows_agents(desk: Desk, tmp_path: Path) -> None:
    """A supervisor reads mean, number and share of rated calls for each agent."""
    site_for_commands(tmp_path, desk.store.url, desk.database_url)
    RecordsWriter(desk.engine).write([an_entry(1, a_record("1.1"), a_record("1.2"))])
    door_of(desk)("", "1.1", GIVEN)
    desk.fold()
    shown = CliRunner().invoke(cli.app, ["ratings", "--var", str(tmp_path)])
    assert shown.stdout == ("1901  mean 4.00  ratings 1  calls 2  rated 50%  (1: 0  2: 0  3: 0  4: 1  5: 0)\n")
    as_json = CliRunner().invoke(cli.app, ["ratings", "--var", str(tmp_path), "--json"])
    assert json.loads(as_json.stdout) == [
        {
            "agent": "1901",
            "mean": 4.0,
            "count": 1,
            "counts": {"1": 0, "2": 0, "3": 0, "4": 1, "5": 0},
            "answered": 2,
            "response_rate": 0.5,
        }
    ]
    assert CliRunner().invoke(cli.app, ["ratings", "--var", str(tmp_path), "--days", "1"]).stdout == ""
