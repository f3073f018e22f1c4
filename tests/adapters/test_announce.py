"""`jietong announce`: the next caller of a running site hears it, and nobody hears what is over or was never recorded."""

import json
import threading
import time
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner

from ivr.adapters import announcement_file
from ivr.adapters.announcement_file import NAME, SwitchedAnnouncements
from ivr.announcements import EVERYBODY
from jietong import cli
from jietong.processes.announce import switch_on
from tests.adapters.service_fixture import site_for_commands


@pytest.fixture
def var(tmp_path: Path) -> Path:
    """A site that runs."""
    for folder in ("data", "logs"):
        (tmp_path / folder).mkdir()
    site_for_commands(tmp_path, "unix:///nowhere", "sqlite://")
    return tmp_path


def announce(var: Path, *words: str) -> tuple[int, str, str]:
    """What a supervisor types; exit code, output, complaints."""
    done = CliRunner().invoke(cli.app, ["announce", *words, "--var", str(var)])
    return done.exit_code, done.stdout, done.stderr


def test_the_next_caller_hears_it(var: Path) -> None:
    """A worker that runs already tells it from the command's end on, until it is switched off; a new worker too."""
    worker = SwitchedAnnouncements(var / "data")
    assert worker.of(EVERYBODY) == ()
    code, told, _ = announce(var, "on", "announcement-emergency")
    assert code == 0
    assert told.startswith("announcement-emergency  for everybody  until it is switched off  (since ")
    for each in (worker, SwitchedAnnouncements(var / "data")):
        assert (each.of(EVERYBODY), each.of("hotline")) == (("announcement-emergency",), ())
    announce(var, "on", "announcement-campaign")
    assert worker.of(EVERYBODY) == ("announcement-campaign",)
    assert announce(var, "off") == (0, "nothing is on\n", "")
    assert worker.of(EVERYBODY) == ()


def test_a_queues_own_is_heard_by_its_callers(var: Path) -> None:
    """Others do not hear it, and switching off everybody's leaves it on."""
    worker = SwitchedAnnouncements(var / "data")
    announce(var, "on", "announcement-busy", "--queue", "hotline")
    announce(var, "on", "announcement-emergency")
    assert (worker.of("hotline"), worker.of("other")) == (("announcement-busy",), ())
    announce(var, "off")
    assert (worker.of("hotline"), worker.of(EVERYBODY)) == (("announcement-busy",), ())
    (row,) = json.loads(announce(var, "--json")[1])
    assert (row["prompt"], row["queue"], row["until"]) == ("announcement-busy", "hotline", None)
    announce(var, "off", "--queue", "hotline")
    assert worker.of("hotline") == ()


def test_it_ends_by_itself(var: Path) -> None:
    """Two hours are two hours, and a time of day is the next one; the list forgets what is over."""
    now = [time.time()]
    worker = SwitchedAnnouncements(var / "data", lambda: now[0])
    announce(var, "on", "announcement-emergency", "--for", "2h")
    assert worker.of(EVERYBODY) == ("announcement-emergency",)
    now[0] += 7201
    assert worker.of(EVERYBODY) == ()
    announce(var, "on", "announcement-busy", "--until", "18:00")
    (row,) = json.loads(announce(var, "--json")[1])
    assert 0 < row["until"] - row["since"] <= 86_400
    assert row["until"] % 86_400 == 10 * 3600  # 18:00 in Shanghai
    announce(var, "on", "announcement-busy", "--until", "2090-01-01 08:00")
    (row,) = json.loads(announce(var, "--json")[1])
    assert row["until"] == 3_786_912_000


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["announcement-emergancy"], "no prompt 'announcement-emergancy'; did you mean announcement-emergency?"),
        (["../../etc/passwd"], "no prompt '../../etc/passwd'"),
        (
            ["announcement-busy", "--queue", "hotlin"],
            "no queue 'hotlin'; did you mean hotline? (allowed: hotline)",
        ),
        (["announcement-busy", "--for", "soon"], "--for 'soon' is no length of time such as 90m, 2h or 1d"),
        (["announcement-busy", "--until", "2020-01-01 00:00"], "--until '2020-01-01 00:00' is over"),
        (
            ["announcement-busy", "--until", "25:00"],
            '--until \'25:00\' is no time such as "2026-10-01 09:00" or "2026-10-01T09:00+08:00", or 18:00',
        ),
        (["announcement-busy", "--for", "2h", "--until", "18:00"], "--for and --until: give one of them"),
    ],
)
def test_a_mistake_switches_nothing(var: Path, words: list[str], complaint: str) -> None:
    """One line tells what is wrong, exit code 2, and what was on stays on."""
    announce(var, "on", "announcement-campaign")
    assert announce(var, "on", *words) == (2, "", f"jietong: {complaint}\n")
    assert SwitchedAnnouncements(var / "data").of(EVERYBODY) == ("announcement-campaign",)


def test_who_switched_it_is_kept(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log tells who, when, what, and what was on before; mistakes are not in it."""
    monkeypatch.setenv("LOGNAME", "wang")
    announce(var, "on", "announcement-emergency", "--for", "1h")
    announce(var, "on", "nothing-such")
    announce(var, "off")
    log = [json.loads(line) for line in (var / "logs" / "announcements.log").read_text(encoding="utf-8").splitlines()]
    assert [(line["event"], line["by"], line["before"]) for line in log] == [
        ("switched on", "wang", []),
        ("switched off", "wang", ["announcement-emergency"]),
    ]
    assert all(line["at"].endswith("Z") for line in log)


def test_two_supervisors_at_once_both_count(var: Path) -> None:
    """Each switches on another queue's in the same moment: both are on."""
    config = json.loads((var / "run" / "running.json").read_text(encoding="utf-8"))
    config["site"]["queues"] = [{"name": f"q{n}"} for n in range(8)]
    (var / "run" / "running.json").write_text(json.dumps(config), encoding="utf-8")
    threads = [threading.Thread(target=switch_on, args=(var, "announcement-busy", f"q{n}", "", "")) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    worker = SwitchedAnnouncements(var / "data")
    assert {queue for queue in (f"q{n}" for n in range(8)) if worker.of(queue)} == {f"q{n}" for n in range(8)}


def test_a_damaged_file_leaves_what_was_on(var: Path) -> None:
    """Callers hear what they heard before, it is logged once; the command tells the way out, and a removed file is nothing on."""
    announce(var, "on", "announcement-emergency")
    worker = SwitchedAnnouncements(var / "data")
    assert worker.of(EVERYBODY) == ("announcement-emergency",)
    for content in (b"{", b"\xff", b'[{"prompt": 1}]', b"[" * 100_000):
        (var / "data" / NAME).write_bytes(content)
        with capture_logs() as log:
            assert [worker.of(EVERYBODY) for _ in range(3)] == [("announcement-emergency",)] * 3
        assert len(log) == 1
        assert announce(var)[0] == 1
        assert "remove it" in announce(var, "on", "announcement-busy")[2]
    (var / "data" / NAME).unlink()
    assert worker.of(EVERYBODY) == ()


def test_asking_reads_the_file_once(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker asks for each caller: it reads what is on when that changes, not each time."""
    announce(var, "on", "announcement-emergency")
    reads: list[Path] = []
    read = announcement_file.read
    monkeypatch.setattr(announcement_file, "read", lambda file: (reads.append(file), read(file))[1])
    worker = SwitchedAnnouncements(var / "data")
    assert [worker.of(EVERYBODY) for _ in range(100)] == [("announcement-emergency",)] * 100
    assert len(reads) == 1
    announce(var, "on", "announcement-busy")
    assert len({worker.of(EVERYBODY) for _ in range(100)}) == 1
    assert len(reads) == 2
