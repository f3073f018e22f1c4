"""SIPp callers: their injection files, their scenarios, the counts that come back."""

import xml.etree.ElementTree as ET

import pytest

from tests.robots.sipp.callers import (
    Press,
    SippCaller,
    hostile_callers,
    impatient_callers,
    injection,
    ordinary_callers,
    scenario_text,
)
from tests.robots.sipp.run import SippCounts, SippRun, counts_of


def test_callers_are_written_in_order() -> None:
    """Callers dial with the numbers, names, keys and patience that the test gave them."""
    text = injection([SippCaller("139", b'"Li" ', "0", 2.5), SippCaller("138")])
    assert text == b'SEQUENTIAL\n139;"Li" ;0;2500;10010\n138;;;86400000;10010\n'


@pytest.mark.parametrize("name", [b"a;b", b"[call_id]", b"a\nb", b"a\rb"])
def test_what_sipp_would_take_apart_is_refused(name: bytes) -> None:
    """A test learns at once that SIPp itself cannot carry such a name."""
    with pytest.raises(ValueError, match="cannot stand"):
        SippCaller("139", name).line()


def test_hostile_callers_can_all_be_written() -> None:
    """Quotes, commas, ${}, 4 KB, broken UTF-8 and a seat's number are among them."""
    text = injection(hostile_callers("1001"))
    for part in (b"\n1001;", b"${SHELL", b"\xff\xfe", b"x" * 4096, b'\\"quoted'):
        assert part in text


def test_impatience_is_repeatable() -> None:
    """The same seed gives the same callers, with the mean that was asked for."""
    callers = impatient_callers(2000, 30, seed=3)
    assert callers == impatient_callers(2000, 30, seed=3) != impatient_callers(2000, 30, seed=4)
    assert sum(caller.stay_s for caller in callers) / 2000 == pytest.approx(30, rel=0.1)
    assert len({caller.number for caller in ordinary_callers(50)}) == 50


@pytest.mark.parametrize("name", ["caller", "canceller", "refused_register"])
@pytest.mark.parametrize("method", ["info", "rfc2833"])
def test_scenarios_are_whole(name: str, method: str) -> None:
    """Every scenario is well-formed and has nothing left to fill in."""
    text = scenario_text(name, [Press(0.5), Press(1, "19")], method)
    assert ET.fromstring(text).tag == "scenario"
    assert "@" not in "".join(line for line in text.splitlines() if "timeout" in line)


def test_keys_become_steps() -> None:
    """Each key of an INFO press is a request of its own with a rising CSeq."""
    text = scenario_text("caller", [Press(0.5), Press(1, "19")])
    assert [line.strip() for line in text.splitlines() if "Signal=" in line] == [
        "Signal=[field2]",
        "Signal=1",
        "Signal=9",
    ]
    assert [line.split()[1] for line in text.splitlines() if line.strip().endswith("INFO") and "CSeq" in line] == [
        "2",
        "12",
        "13",
    ]
    assert 'play_dtmf="19"' in scenario_text("caller", [Press(1, "19")], "rfc2833")
    with pytest.raises(ValueError, match="carrier"):
        scenario_text("caller", method="carrier pigeon")


HEADER = "TotalCallCreated;CurrentCall;SuccessfulCall(C);FailedCall(C);Retransmissions(C);FailedUnexpectedMessage(C);FailedMaxUDPRetrans(C);FailedTimeoutOnRecv(C);"


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("", SippCounts()),
        (HEADER, SippCounts()),
        (HEADER + "\n9;2;3;4;5;1;1;2;\n", SippCounts(9, 2, 3, 4, 5, 1, 3)),
        (HEADER + "\n9;2;3;4;5;1;1;2;\n10;2;", SippCounts(9, 2, 3, 4, 5, 1, 3)),
    ],
    ids=["nothing yet", "header only", "one line", "a line half written"],
)
def test_counts_are_read(table: str, expected: SippCounts) -> None:
    """The last whole line counts, also while SIPp is writing the next one."""
    assert counts_of(table) == expected


def test_too_fast_a_sipp_is_refused() -> None:
    """Above 1,000 calls a second SIPp loses its own messages, which would be blamed on the hotline."""
    with pytest.raises(ValueError, match="1000"):
        SippRun.callers("127.0.0.1:1", [], rate=2000)
