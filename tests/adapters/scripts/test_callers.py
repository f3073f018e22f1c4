"""The scripts of the menu and the survey, called over real sockets with a real database: what callers hear and what is decided."""

import socket
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from structlog.testing import capture_logs

from ivr.adapters.customers import Customer, Customers
from ivr.adapters.known_customers import KnownCustomers
from ivr.flow import PROMPT, speech_of
from ivr.flow_visit import MAX_ASKED
from ivr.look_up import Door, LookedUp
from jietong.database import migrate, open_engine, sqlite_url
from jietong.launch import PROMPTS
from tests.adapters.scripts.script_site import CUSTOMERS, Site, a_site
from tests.adapters.up_fixture import until
from tests.agi_client import AgiWire, Caller, arguments_of
from tests.flows import shipped

BORN_1962 = f"known{datetime.now(UTC).year - 1962}"
WHO: dict[str, tuple[str, dict[str, str]]] = {
    "a VIP with a representative": ("13900000001", {"JT_TIER": "vip", "JT_LANGUAGE": "zh-CN", "JT_REPRESENTATIVE": "1902", "JT_CLASS": "personal_business", "JT_CUSTOMER": BORN_1962}),
    "a VIP as the carrier writes it": ("+8613900000001", {"JT_TIER": "vip", "JT_LANGUAGE": "zh-CN", "JT_REPRESENTATIVE": "1902", "JT_CLASS": "personal_business", "JT_CUSTOMER": BORN_1962}),
    "a VIP who speaks English": ("13900000002", {"JT_TIER": "vip", "JT_LANGUAGE": "en", "JT_CLASS": "personal_business", "JT_CUSTOMER": "known"}),
    "a tier that the site no longer has": ("13900000003", {"JT_TIER": "ordinary", "JT_LANGUAGE": "zh-CN", "JT_CLASS": "household", "JT_CUSTOMER": "known"}),
    "a stranger": ("13811111111", {"JT_TIER": "ordinary", "JT_LANGUAGE": "zh-CN"}),
    "number withheld": ("unknown", {"JT_TIER": "ordinary", "JT_LANGUAGE": "zh-CN"}),
    "an injection": ("' OR 1=1 --", {"JT_TIER": "ordinary", "JT_LANGUAGE": "zh-CN"}),
    "a word of the dialplan": ("${JT_TIER}", {"JT_TIER": "ordinary", "JT_LANGUAGE": "zh-CN"}),
    "4 KB": ("1" * 4096, {"JT_TIER": "ordinary", "JT_LANGUAGE": "zh-CN"}),
    "Chinese": ("张三", {"JT_TIER": "ordinary", "JT_LANGUAGE": "zh-CN"}),
}  # fmt: skip


@pytest.mark.parametrize("title", WHO)
def test_a_caller_is_recognised(site: Site, title: str) -> None:
    """Tier, language, class and representative follow from the customer table; anyone else is ordinary."""
    number, expected = WHO[title]
    assert site.call("answer_call", callerid=number).variables == expected


def test_bytes_that_are_no_text_are_a_stranger(site: Site) -> None:
    """A caller id that is not UTF-8 is served like any other."""
    caller = Caller()
    raw = b"agi_request: agi://h/answer_call\nagi_callerid: \xff\xfe\x81\nagi_uniqueid: 1.1\n\n"
    caller.talk(_dial_raw(socket.create_connection(site.server.address, 5), raw))
    assert caller.variables["JT_TIER"] == "ordinary"


def _dial_raw(connection: Any, raw: bytes) -> AgiWire:
    wire = AgiWire(connection)
    wire.send(raw)
    return wire


class BrokenLookUp:
    """A database that is gone."""

    def look_up(self, phone: str) -> Customer | None:
        """Fails as a driver does."""
        raise OSError("disk I/O error")


class HangingLookUp:
    """A database that does not answer."""

    def __init__(self) -> None:
        self.free = threading.Event()

    def look_up(self, phone: str) -> Customer | None:
        """Hangs until freed."""
        self.free.wait(30)
        return None


def test_a_lost_database_costs_no_call(engine: Engine) -> None:
    """With the database gone the caller is an ordinary one, and the log warns."""
    with capture_logs() as logs, a_site(engine, customers=BrokenLookUp()) as site:
        caller = site.call("answer_call", callerid="13900000001")
    assert caller.variables == {"JT_TIER": "ordinary", "JT_LANGUAGE": "zh-CN"}
    assert [line["log_level"] for line in logs if "look-up failed" in line["event"]] == ["warning"]
    assert all("13900000001" not in str(line) for line in logs if "look-up failed" in line["event"])


def test_a_vip_stays_one_while_the_database_is_away(tmp_path: Path) -> None:
    """The database is lost after the worker has seen it: VIPs and those with a representative are treated as before, others as ordinary callers; then it is back."""
    url = sqlite_url(tmp_path / "site.db")
    migrate(url)
    there = open_engine(url)
    Customers(there).store(CUSTOMERS)
    known = KnownCustomers(Customers(there), "ordinary")
    assert known.refresh()
    with capture_logs(), a_site(there, customers=BrokenLookUp(), remembered=known) as site:
        vip = site.call("answer_call", callerid="13900000001")
        stranger = site.call("answer_call", callerid="13911111111")
    assert vip.variables["JT_TIER"] == "vip" and stranger.variables["JT_TIER"] == "ordinary"
    there.dispose()
    (tmp_path / "site.db").rename(tmp_path / "away.db")
    with capture_logs() as logs:
        assert not known.refresh() and not known.refresh()
    assert len(logs) == 1 and known.look_up("13900000001") is not None
    there.dispose()
    (tmp_path / "away.db").replace(tmp_path / "site.db")
    assert known.refresh()
    there.dispose()


def test_a_hanging_database_costs_half_a_second(engine: Engine) -> None:
    """Thirty callers at once meet a database that hangs: each goes on after the short limit, none queues behind another."""
    hanging = HangingLookUp()
    with a_site(engine, customers=hanging) as site:
        began = time.monotonic()
        callers = [Caller() for _ in range(30)]
        threads = [threading.Thread(target=site.call, args=("answer_call", caller)) for caller in callers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took_s = time.monotonic() - began
        hanging.free.set()
    assert [caller.variables["JT_TIER"] for caller in callers] == ["ordinary"] * 30
    assert took_s < 3


def test_a_locked_database_still_knows_its_customers(engine: Engine, site: Site) -> None:
    """While an import writes, callers are looked up all the same."""
    with engine.connect() as connection:
        connection.execution_options(sqlite_begin="IMMEDIATE")
        connection.execute(text("UPDATE customers SET name = 'x' WHERE phone = '13900000003'"))
        assert site.call("answer_call", callerid="13900000001").variables["JT_TIER"] == "vip"
        connection.rollback()


def test_a_database_without_tables_costs_no_call(tmp_path: Path) -> None:
    """A database file that is empty or damaged is like one that is gone."""
    (tmp_path / "bad.db").write_bytes(b"this is no database" * 100)
    with capture_logs(), a_site(open_engine(sqlite_url(tmp_path / "bad.db"))) as site:
        assert site.call("answer_call", callerid="13900000001").variables["JT_TIER"] == "ordinary"


def test_the_way_through_the_menu(site: Site) -> None:
    """A caller presses 5 and then 0: service, queue, language and the way on are set, and nothing more is played."""
    caller = site.call("choose_service", Caller("50"))
    assert caller.heard == ["zh-CN/welcome", "zh-CN/main-menu", "zh-CN/complaint-intro"]
    assert caller.variables == {
        "JT_SERVICE": "complaint",
        "JT_QUEUE": "hotline",
        "JT_LANGUAGE": "zh-CN",
        "JT_NEXT": "queue",
    }


def test_a_menu_step_is_one_command(site: Site) -> None:
    """From a key to the next prompt Asterisk is asked once: the caller waits for nothing else."""
    caller = site.call("choose_service", Caller("9999990"))
    asked = [line.split(" ", 2)[:2] for line in caller.commands]
    assert asked.count(["GET", "DATA"]) == 7
    assert asked.count(["STREAM", "FILE"]) == 1
    assert len(asked) == 1 + 8 + 4


def test_english_is_spoken_from_then_on(site: Site) -> None:
    """9 plays the menu in English; the language goes along to the queue."""
    caller = site.call("choose_service", Caller("90"))
    assert caller.heard == ["zh-CN/welcome", "zh-CN/main-menu", "en/main-menu"]
    assert caller.variables["JT_LANGUAGE"] == "en"


def test_a_known_english_speaker_is_greeted_in_english(site: Site) -> None:
    """The language that answer_call found is spoken at once."""
    assert site.call("choose_service", Caller("0", variables={"JT_LANGUAGE": "en"})).heard[0] == "en/welcome"


STRAIGHT = {
    "a VIP": ({"JT_TIER": "vip"}, "zh-CN/vip-welcome"),
    "somebody of 65": ({"JT_CUSTOMER": "known65"}, "zh-CN/senior-welcome"),
}


@pytest.mark.parametrize("title", STRAIGHT)
def test_some_callers_need_no_key(site: Site, title: str) -> None:
    """Important customers and elderly ones are greeted and reach a person."""
    variables, greeting = STRAIGHT[title]
    caller = site.call("choose_service", Caller(variables=variables))
    assert caller.heard == [greeting]
    assert (caller.variables["JT_SERVICE"], caller.variables["JT_NEXT"]) == ("person", "queue")


@pytest.mark.parametrize("keys", [[""] * 10, "6666666666"])
def test_ten_wrong_keys_or_silence_end_at_a_person(site: Site, keys: list[str] | str) -> None:
    """After three failed tries the caller goes to a person; it is never dropped."""
    caller = site.call("choose_service", Caller(keys))
    assert caller.variables["JT_SERVICE"] == "person"
    assert caller.variables["JT_NEXT"] == "queue"
    assert caller.heard.count("zh-CN/main-menu") == 3


def test_a_flood_of_keys_ends_at_a_person(site: Site) -> None:
    """A child plays with the phone: the menu is said again and again, and then there is a person."""
    caller = site.call("choose_service", Caller("*" * 500))
    assert caller.variables["JT_SERVICE"] == "person"
    assert caller.heard.count("zh-CN/main-menu") == MAX_ASKED


def answer(outcome: str, **values: str) -> Door:
    """A door that always says so."""
    return lambda caller, call, given: LookedUp(outcome, values)


def broken(caller: str, call: str, values: Mapping[str, str]) -> LookedUp:
    """A door to a database that is gone."""
    raise OSError("disk I/O error")


DOORS: dict[str, tuple[str, dict[str, Door], str, str]] = {
    "nothing is ordered": ("30", {"subscriptions": answer("none")}, "subscriptions-none", "query"),
    "the database is gone": ("3", {"subscriptions": broken}, "service-not-available", "query"),
    "no such door": ("3", {}, "service-not-available", "query"),
}


@pytest.mark.parametrize("title", DOORS)
def test_look_ups_answer_or_lead_to_a_person(engine: Engine, title: str) -> None:
    """What the hotline knows is told; when it knows nothing there is a person."""
    keys, doors, told, service = DOORS[title]
    with a_site(engine, doors=doors) as site, capture_logs():
        caller = site.call("choose_service", Caller(keys))
    assert f"zh-CN/{told}" in caller.heard
    assert caller.variables["JT_SERVICE"] == service


def test_an_announcement_is_heard_before_the_menu_and_before_the_queue(engine: Engine) -> None:
    """What a supervisor switched on for everybody comes first; what concerns the queue, before the wait."""

    def announcements(caller: str, call: str, values: Mapping[str, str]) -> LookedUp:
        return LookedUp("some", {"prompts": "announcement-busy" if values["service"] else "announcement-emergency"})

    with a_site(engine, doors={"announcements": announcements}) as site:
        heard = site.call("choose_service", Caller("0")).heard
    assert heard == ["zh-CN/welcome", "zh-CN/announcement-emergency", "zh-CN/main-menu", "zh-CN/announcement-busy"]


class Tape:
    """The folder of recordings, and the complaint that was handed in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.recordings: list[str] = []

    def open_case(self, caller: str, call: str, values: Mapping[str, str]) -> LookedUp:
        """The door."""
        self.recordings.append(values["recording"])
        return LookedUp("opened", {"number": "26112401"})

    def says(self, seconds: float) -> Callable[[str], None]:
        """What Asterisk writes during RECORD FILE."""

        def write(line: str) -> None:
            if line.startswith("RECORD FILE"):
                Path(arguments_of(line)[2] + ".wav").write_bytes(bytes(int(seconds * 16_000)))

        return write


def test_a_complaint_is_recorded_and_has_a_number(engine: Engine, tmp_path: Path) -> None:
    """The caller speaks after the tone, and hears a case number twice."""
    tape = Tape(tmp_path)
    with a_site(engine, doors={"open_case": tape.open_case}, recordings=tmp_path) as site:
        caller = site.call("choose_service", Caller("51", on_command=tape.says(4)))
    assert tape.recordings == ["1700000000.1-1.wav"]
    assert caller.heard.count("zh-CN/complaint-number-is") == 2
    assert caller.variables["JT_NEXT"] == "hangup"


def test_a_complaint_without_a_word_leads_to_a_person(engine: Engine, tmp_path: Path) -> None:
    """A second of silence is no complaint."""
    tape = Tape(tmp_path)
    with a_site(engine, doors={"open_case": tape.open_case}, recordings=tmp_path) as site:
        caller = site.call("choose_service", Caller("51", on_command=tape.says(1)))
    assert tape.recordings == []
    assert caller.variables["JT_SERVICE"] == "complaint"


def test_a_complaint_counts_when_its_caller_hangs_up(engine: Engine, tmp_path: Path) -> None:
    """Who has spoken and hangs up instead of pressing # has complained all the same."""
    tape = Tape(tmp_path)
    with (
        capture_logs() as logs,
        a_site(engine, doors={"open_case": tape.open_case}, recordings=tmp_path) as site,
    ):
        wire, caller = AgiWire.dial(site.server.address, "choose_service"), Caller("51", on_command=tape.says(4))
        while not (line := wire.command()).startswith("RECORD FILE"):
            wire.answer(caller.answer_to(arguments_of(line)))
        tape.says(4)(line)
        wire.answer("HANGUP\n200 result=-1 endpos=64000")
        until(lambda: any(line["event"] == "session over" for line in logs), 10, "the session goes on")
        wire.close()
    assert tape.recordings == ["1700000000.1-1.wav"]
    assert [line["result"] for line in logs if line["event"] == "session over"] == ["hung_up"]


RATED: dict[str, tuple[str | list[str], list[str]]] = {
    "a key": ("5", ["5"]),
    "a wrong key, then one": ("92", ["2"]),
    "two wrong keys": ("98", []),
    "silence": (["", ""], []),
}


@pytest.mark.parametrize("title", RATED)
def test_the_survey_keeps_what_was_pressed(engine: Engine, title: str) -> None:
    """One to five counts; whoever does not rate is asked once more and then let go."""
    keys, expected = RATED[title]
    given: list[Mapping[str, str]] = []

    def rate(caller: str, call: str, values: Mapping[str, str]) -> LookedUp:
        given.append(values)
        return LookedUp("noted", {})

    with a_site(engine, doors={"rate": rate}) as site:
        caller = site.call("ask_survey", Caller(keys, variables={"JT_QUEUE": "complaints"}))
    assert caller.heard[0] == "zh-CN/survey-ask"
    assert given == [{"queue": "complaints", "tier": "ordinary", "rating": rating} for rating in expected]


def test_hanging_up_in_the_menu_is_one_quiet_line(site: Site) -> None:
    """A caller who leaves during the announcement leaves one line in the log and no error."""
    with capture_logs() as logs:
        wire = AgiWire.dial(site.server.address, "choose_service")
        assert wire.command().startswith("GET FULL VARIABLE")
        wire.answer("200 result=1 (zh-CN|ordinary|)")
        assert wire.command().startswith("STREAM FILE")
        wire.answer("HANGUP\n200 result=-1 endpos=0")
        wire.close()
        until(lambda: any(line["event"] == "session over" for line in logs), 10, "the session goes on")
    assert [(line["event"], line["result"]) for line in logs if line["event"] == "session over"] == [
        ("session over", "hung_up")
    ]


def test_every_prompt_exists_in_both_languages() -> None:
    """No caller meets silence because a file is missing."""
    flows = shipped()
    spoken = {
        words.text
        for flow in flows.flows.values()
        for node in flow.nodes.values()
        for words in speech_of(node)
        if words.kind == PROMPT
    }
    spoken |= {name for flow in flows.flows.values() for name in (flow.wrong, flow.silent)} | {"goodbye", "beep"}
    spoken |= {"enter-agent-number", "enter-pin", "wrong-pin", "logged-in", "logged-out", "now-ready", "now-paused"}
    spoken |= {"not-logged-in", "try-later"}
    for language in flows.languages:
        assert [name for name in sorted(spoken) if not (PROMPTS / language / f"{name}.wav").is_file()] == []
