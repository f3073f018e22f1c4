"""Cases: each caller's complaint is kept once under the number that was read back, whatever is away."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from typer.testing import CliRunner

from ivr.adapters.case_numbers import CaseNumbers
from ivr.adapters.case_rows import all_cases, set_state, write_case
from ivr.adapters.cases import CaseStatusDoor, OpenCaseDoor
from ivr.adapters.notes import Notes
from ivr.adapters.notes_fold import fold_notes
from ivr.adapters.ratings import write_rating
from ivr.adapters.service_pruning import too_old
from ivr.adapters.service_tables import case_history, cases, ratings
from ivr.case import Case, CaseState
from ivr.rating import Rating
from jietong import cli
from jietong.database import migrate
from routing.adapters.pruning import DAY_S, Kept, prune
from routing.adapters.records import RecordsWriter
from routing.adapters.redis_clients import StoreAway
from tests.adapters.service_fixture import Desk, a_desk, site_for_commands
from tests.adapters.test_records import a_record, an_entry, until
from tests.adapters.valkey_server import PREFIX, ValkeyServer, a_valkey

ME, OTHER = "13900000001", "13900000002"
AT = 1_795_000_000.0  # 2026-11-18, day 1321
GIVEN = {"recording": "/var/data/messages/1.1.wav", "language": "zh-CN", "queue": "hotline"}


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


@pytest.fixture
def numbers(store: ValkeyServer) -> Iterator[CaseNumbers]:
    """The store's marks."""
    made = CaseNumbers(store.url, PREFIX)
    yield made
    made.close()


def open_case(desk: Desk, numbers: CaseNumbers, caller: str = ME, call: str = "1.1", at: float = AT) -> str:
    """A caller opens a case; the number that is read back."""
    outcome, values = OpenCaseDoor(numbers, desk.notes, desk.engine, lambda: at)(caller, call, GIVEN)
    assert outcome == "opened"
    return values["number"]


def status(desk: Desk, numbers: CaseNumbers, caller: str, number: str, last_four: str = "") -> str:
    """A caller asks for a case."""
    given = {"number": number, "last_four": last_four}
    return CaseStatusDoor(numbers, desk.engine)(caller, "1.2", given).outcome


def a_case(number: str, call: str, opened_at: float = AT) -> Case:
    """A case with a given number."""
    return Case(number, ME, "complaint", "", "", opened_at, opened_at, opened_at, "", "", call, "en")


def test_a_complaint_becomes_a_case(desk: Desk, numbers: CaseNumbers) -> None:
    """Nine digits are read back; the row holds who, what recording, and by when it must be answered."""
    number = open_case(desk, numbers, "+86" + ME)
    assert (len(number), number.isdigit(), number[:4]) == (9, True, "1321")
    desk.fold()
    assert all_cases(desk.engine) == [
        {
            "number": number,
            "phone": ME,
            "type": "complaint",
            "description": "",
            "recording": "1.1.wav",
            "state": "open",
            "opened_at": AT,
            "first_reply_due_at": AT + 3600,
            "due_at": AT + 172_800,
            "agent": "",
            "queue": "hotline",
            "call": "1.1",
            "language": "zh-CN",
            "history": [{"at": AT, "state": "open", "by": "caller"}],
        }
    ]


def test_a_case_is_told_to_its_own_number(desk: Desk, numbers: CaseNumbers) -> None:
    """From the moment on at which the number was read back; to anyone else there is no such case."""
    number = open_case(desk, numbers)
    for _ in range(2):
        assert status(desk, numbers, "+86" + ME, number) == "open"
        assert status(desk, numbers, OTHER, number) == "unknown"
        assert status(desk, numbers, OTHER, number, "0001") == "open"
        assert status(desk, numbers, "", number) == "unknown"
        desk.fold()
    set_state(desk.engine, number, CaseState.HANDLED, "wang", AT + 5)
    assert status(desk, numbers, ME, number) == "handled"


@pytest.mark.parametrize("number", ["", "000000000", "' OR 1=1", "9" * 5000, "\0", "１２３"])
def test_no_other_number_is_a_case(desk: Desk, numbers: CaseNumbers, number: str) -> None:
    """Whatever is typed, nobody hears of a case that is not there."""
    open_case(desk, numbers)
    desk.fold()
    assert status(desk, numbers, ME, number) == "unknown"


def test_a_case_of_a_withheld_number_is_kept_and_told_to_nobody(desk: Desk, numbers: CaseNumbers) -> None:
    """The complaint counts like any other; its state is asked at the desk."""
    number = open_case(desk, numbers, "anonymous")
    for _ in range(2):
        assert [status(desk, numbers, caller, number, "ymous"[-4:]) for caller in ("", "anonymous", ME)] == [
            "unknown"
        ] * 3
        desk.fold()
    assert all_cases(desk.engine)[0]["phone"] == ""


def test_a_case_waits_while_the_database_is_away(store: ValkeyServer, numbers: CaseNumbers, database_url: str) -> None:
    """The caller hears the number at once; the case is there later, once, under that number."""
    stop = threading.Event()
    with a_desk(store, database_url) as desk:
        folding = threading.Thread(target=fold_notes, args=(store.url, PREFIX, desk.engine, stop))
        folding.start()
        try:
            said = [open_case(desk, numbers, call=f"1.{n}") for n in range(20)]
            assert (len(set(said)), desk.waiting()) == (20, 20)
            migrate(database_url)
            until(lambda: desk.waiting() == 0)
            assert sorted(row["number"] for row in all_cases(desk.engine)) == sorted(said)
        finally:
            stop.set()
            folding.join()


def test_a_case_is_written_at_once_while_the_store_is_away(desk: Desk, numbers: CaseNumbers) -> None:
    """Valkey died: the number is read back and the case is there; with both away the flow is told."""
    desk.store.kill()
    try:
        number = open_case(desk, numbers)
        assert [row["number"] for row in all_cases(desk.engine)] == [number]
        assert status(desk, numbers, ME, number) == "open"
        assert status(desk, numbers, ME, "132100000") == "unknown"
        desk.engine.dispose()
        with desk.engine.begin() as connection:
            case_history.drop(connection)
        with pytest.raises(SQLAlchemyError):
            open_case(desk, numbers, call="1.2")
        assert numbers_of(desk) == [number]
    finally:
        desk.store.start()


def numbers_of(desk: Desk) -> list[str]:
    """Numbers of all cases."""
    with desk.engine.connect() as connection:
        return list(connection.scalars(select(cases.c.number)))


def test_a_note_that_is_read_twice_is_one_case(desk: Desk) -> None:
    """Whoever writes notes dies between database and store: the case is there once, also when its number was taken."""
    for case in (a_case("132100001", "1.1"), a_case("132100001", "1.1"), a_case("132100001", "1.2")):
        desk.notes.keep(case)
    desk.notes.keep(a_case("132100001", "1.2"))
    desk.fold()
    found = all_cases(desk.engine)
    assert sorted(row["call"] for row in found) == ["1.1", "1.2"]
    assert {row["call"]: row["number"] == "132100001" for row in found} == {"1.1": True, "1.2": False}
    assert [len(row["history"]) for row in found] == [1, 1]


def test_two_calls_never_get_one_number(
    numbers: CaseNumbers, store: ValkeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lot falls on a taken number: it is drawn again; on a day without free numbers the store is no way."""
    store.ask("FLUSHALL")
    lots = iter([5, 5, 6] + [5] * 50)
    monkeypatch.setattr("secrets.randbelow", lambda _: next(lots))
    assert [numbers.take(ME, AT), numbers.take("", AT)] == ["132100005", "132100006"]
    assert [numbers.taken_by("132100005"), numbers.taken_by("132100006"), numbers.taken_by("132100007")] == [ME, "", ""]
    with pytest.raises(StoreAway):
        numbers.take(ME, AT)


def test_a_type_that_is_none_is_refused(desk: Desk, numbers: CaseNumbers) -> None:
    """A flow with a typing mistake opens nothing; the right word gives its own deadlines."""
    door = OpenCaseDoor(numbers, desk.notes, desk.engine, lambda: AT)
    with pytest.raises(ValueError, match="no type of case"):
        door(ME, "1.1", {"type": "poem"})
    assert desk.waiting() == 0
    door(ME, "1.1", {"type": "service_complaint", "description": "x\0y" * 5000})
    desk.fold()
    (row,) = all_cases(desk.engine)
    assert (row["first_reply_due_at"], row["description"][:4]) == (AT + DAY_S, "xyxy")


def test_people_at_a_desk_see_and_set_cases(desk: Desk, numbers: CaseNumbers, tmp_path: Path) -> None:
    """Late ones first seen, then set, each step on record; the caller's number is masked."""
    site_for_commands(tmp_path, desk.store.url, desk.database_url)
    old, new = open_case(desk, numbers, at=AT - 30 * DAY_S), open_case(desk, numbers, call="1.2", at=4e9)
    desk.fold()

    def run(*words: str) -> tuple[int, str, str]:
        done = CliRunner().invoke(cli.app, ["cases", *words, "--var", str(tmp_path)])
        return done.exit_code, done.stdout, done.stderr

    late = f"{old}  open  complaint  139****0001  opened 10-19 19:06  due 10-21 19:06  OVERDUE: answer  1.1.wav\n"
    assert run("--overdue") == (0, late, "")
    assert run("set", old, "dispatched") == (0, f"case {old}: open -> dispatched\n", "")
    assert run("set", old, "dispatched")[1] == f"case {old}: is dispatched\n"
    assert run("set", old, "closed")[1] == f"case {old}: dispatched -> closed\n"
    assert run("--overdue") == (0, "", "")
    assert [row["number"] for row in json.loads(run("--json", "--state", "open")[1])] == [new]
    (row,) = json.loads(run("--json", "--state", "closed", "--full-numbers")[1])
    assert (row["phone"], row["overdue"]) == (ME, "")
    assert [line["state"] for line in row["history"]] == ["open", "dispatched", "closed"]
    assert run("set", "111111111", "closed") == (1, "", "jietong: no case '111111111': `jietong cases` lists them\n")
    assert run("set", old, "gone")[0] == 2
    assert (
        run("--state", "gone")[2] == "jietong: no state 'gone' (allowed: open, dispatched, handled, answered, closed)\n"
    )


def test_a_desk_that_sets_a_state_twice_at_once_writes_each_once(desk: Desk) -> None:
    """Two people at two desks: every step is in the history, in an order."""
    with desk.engine.begin() as connection:
        write_case(connection, a_case("132100001", "1.1"))
    steps = [CaseState.DISPATCHED, CaseState.HANDLED, CaseState.ANSWERED, CaseState.CLOSED]
    threads = [
        threading.Thread(target=set_state, args=(desk.engine, "132100001", state, "wang", AT)) for state in steps
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (row,) = all_cases(desk.engine)
    assert sorted(line["state"] for line in row["history"][1:]) == sorted(state.value for state in steps)
    assert row["history"][-1]["state"] == row["state"]


def test_old_ratings_and_closed_cases_go_with_the_records(desk: Desk, tmp_path: Path) -> None:
    """Nothing younger goes, and no case that somebody still waits for."""
    now = 1_700_000_000.0
    RecordsWriter(desk.engine).write([an_entry(1, a_record("1.1", ended_at=now))])
    with desk.engine.begin() as connection:
        for n, days in enumerate((0, 100, 400)):
            write_rating(connection, Rating(f"1.{n}", "1001", "", "", 5, now - days * DAY_S))
            for number, call in ((f"10000000{n}", f"2.{n}"), (f"20000000{n}", f"3.{n}")):
                write_case(connection, replace(a_case(number, call), opened_at=now - days * DAY_S))
    for n in range(3):
        set_state(desk.engine, f"20000000{n}", CaseState.CLOSED, "wang", now)
    sum(prune(desk.engine, tmp_path, Kept(None, 90, 180), threading.Event(), too_old))
    assert len(all_cases(desk.engine)) == 6
    sum(prune(desk.engine, tmp_path, Kept(365, 90, 180), threading.Event(), too_old))
    found = {row["number"]: len(row["history"]) for row in all_cases(desk.engine)}
    assert found == {"100000000": 1, "100000001": 1, "100000002": 1, "200000000": 2, "200000001": 2}
    with desk.engine.connect() as connection:
        assert sorted(connection.scalars(select(ratings.c.call))) == ["1.0", "1.1"]


def test_notes_of_both_kinds_go_together(desk: Desk, numbers: CaseNumbers) -> None:
    """Ratings and cases share the way; an order among them is not needed."""
    open_case(desk, numbers)
    other = Notes(desk.store.url, PREFIX)
    other.keep(Rating("1.1", "1001", "", "", 5, AT))
    other.close()
    assert desk.fold() == 2
    assert len(all_cases(desk.engine)) == 1
