"""Log lines: JSON, alike in every process, without anything personal."""

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from jietong.log_file import LogFile
from jietong.logs import configure


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What this process logs while a test runs."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    stream = io.StringIO()
    configure("router", stream)
    yield stream
    structlog.reset_defaults()
    root.handlers = handlers
    root.setLevel(level)


def test_numbers_are_masked_and_secrets_dropped(lines: io.StringIO) -> None:
    """An operator who shares a log shares no customer's number and no PIN."""
    structlog.get_logger().info(
        "call arrived",
        caller="13900000001",
        pin="4711",
        agent_pin="4711",
        call={"phone": "13900000002", "digits": "123"},
    )
    (line,) = [json.loads(text) for text in lines.getvalue().splitlines()]
    assert line["caller"] == "139****0001"
    assert line["call"] == {"phone": "139****0002"}
    assert (line["event"], line["level"], line["process"]) == ("call arrived", "info", "router")
    assert "4711" not in lines.getvalue()


def test_lines_of_libraries_look_the_same(lines: io.StringIO) -> None:
    """A library's warning is JSON, too, and what was handed to it as extra is masked."""
    logging.getLogger("some.library").warning("odd answer from %s", "store", extra={"number": "13900000001"})
    (line,) = [json.loads(text) for text in lines.getvalue().splitlines()]
    assert line["event"] == "odd answer from store"
    assert line["number"] == "139****0001"
    assert line["process"] == "router"


def test_hostile_text_stays_one_line(lines: io.StringIO) -> None:
    """A caller id with line ends cannot forge a log line."""
    structlog.get_logger().info("call arrived", name='x"\n{"event": "forged"}', raw=b"\xff\n")
    assert len(lines.getvalue().splitlines()) == 1


def test_a_log_file_stays_within_its_bounds(tmp_path: Path) -> None:
    """The disk never fills: the newest lines are kept, the oldest go."""
    log = LogFile(tmp_path / "agi.log", max_bytes=100, kept=2)
    for number in range(100):
        log.write(b"%09d\n" % number)
    log.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["agi.log", "agi.log.1", "agi.log.2"]
    assert (tmp_path / "agi.log").read_bytes().endswith(b"000000099\n")
    assert all(path.stat().st_size <= 100 for path in tmp_path.iterdir())
