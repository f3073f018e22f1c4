"""The replay of a call log, on a small log that is made: every row, both ways of planning, and files that are no log."""

import json
import sys
from pathlib import Path
from random import Random

import pytest
from typer.testing import CliRunner

from bench import replay_trace
from jietong import cli
from jietong.bank_log import COLUMNS, LoggedCall
from jietong.bank_trace import arrivals, filled_handling, vip_shares, with_tiers
from tests.sim.test_plan_command import SEAT, site

SITE_OF_ONE_TIER = (
    '[hotline]\nnumber = "10010"\n[[trunks]]\nname = "l"\nmatch = ["127.0.0.1"]\n[tiers.ordinary]\n[routing]\n'
    + SEAT.format(number=1001)
)


def made_log(days: int = 9) -> str:
    """Two hours of some thirty calls a day from Monday 1 February 1999: half of them waited, a tenth hung up, a third of the waiting are VIP."""
    luck, lines = Random(3), ["\t".join(COLUMNS)]
    for day in range(days):
        for number in range(60):
            second = 36_000 + number * 120 + luck.randrange(100)
            waits, gone = luck.random() < 0.5, luck.random() < 0.2
            wait_s = luck.randrange(1, 90) if waits else 0
            outcome = "HANG" if waits and gone else "AGENT"
            talk_s = luck.randrange(20, 400) if outcome == "AGENT" else 0
            priority = luck.choice((2, 1, 0)) if waits else 0
            at, start, end = (clock(second + extra) for extra in (0, wait_s, wait_s + talk_s))
            queue = (at, start, str(wait_s)) if waits else ("0:00:00", "0:00:00", "0")
            served = (start, end, str(talk_s), "A01") if talk_s else ("0:00:00", "0:00:00", "0", "NO_SERVER")
            lines.append(
                "\t".join(
                    (
                        "L1",
                        str(day * 100 + number),
                        str(priority),
                        "PS",
                        f"9902{day + 1:02d}",
                        at,
                        at,
                        "0",
                        *queue,
                        outcome,
                        *served,
                    )
                )
            )
    return "\n".join(lines) + "\n"


def clock(second: int) -> str:
    return f"{second // 3600}:{second // 60 % 60:02d}:{second % 60:02d}"


def replayed(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *more: str
) -> "list[dict[str, object]]":
    log = folder / "log.tsv"
    log.write_text(made_log(), encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["replay_trace", str(log), "--seeds", "1", "--json", *more])
    monkeypatch.setattr(replay_trace, "ROWS", replay_trace.ROWS[:3:2])
    replay_trace.main()
    return json.loads(capsys.readouterr().out)["rows"]


@pytest.mark.parametrize("more", [[], ["--from", "1999-02-08"]])
def test_a_log_is_replayed(
    more: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Agents of our own plan, on the mean day or planned each evening: every row has both tiers' levels and the plan's hours."""
    rows = replayed(tmp_path, capsys, monkeypatch, *more)
    assert [row["rule"] for row in rows] == ["one pool, VIP first", "VIP seats 25 %, reserve 1"]
    for row in rows:
        assert 0.7 < row["vip_in_10_s"] <= 1 and 0.7 < row["ordinary_in_20_s"] <= 1  # type: ignore[operator]
        assert 5 < row["weekday_agent_hours"] < 30  # type: ignore[operator]


@pytest.mark.parametrize("since", ["1999-01-01", "1999-03-01"])
def test_days_that_no_call_is_on(
    since: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing to learn from, or nothing to replay: said so."""
    with pytest.raises(SystemExit, match="there must be calls before it"):
        replayed(tmp_path, capsys, monkeypatch, "--from", since)


def test_the_tail_of_a_day_is_no_day(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few calls after the last midnight make no table of noughts: it is said how many there are."""
    monkeypatch.setattr(replay_trace, "LEAST_CALLS", 100)
    with pytest.raises(SystemExit, match="60 calls to replay: no day"):
        replayed(tmp_path, capsys, monkeypatch, "--from", "1999-02-09")


def test_what_a_log_leaves_open() -> None:
    """Known classes stay; who did not wait gets a class by its service's share; the same seed fills alike; patience is at least the wait."""
    log = [
        LoggedCall(
            float(n), n, (2, 1, 0, 0)[n % 4], "PS", (30.0, 20.0, 10.0, 0.0)[n % 4], None if n % 8 == 1 else 60.0, "A"
        )
        for n in range(4000)
    ]
    assert vip_shares(log) == {"PS": pytest.approx(1 / 3), "": pytest.approx(1 / 3)}
    filled = with_tiers(log, 1)
    assert [one.tier for one in filled[:3]] == ["vip", "ordinary", "ordinary"]
    drawn = [one.tier == "vip" for one in filled[3::4]]
    assert sum(drawn) / len(drawn) == pytest.approx(1 / 3, abs=0.04)
    assert filled == with_tiers(log, 1) != with_tiers(log, 2)
    calls = list(arrivals(filled, filled_handling(filled), 1))
    assert all(call.patience_s >= one.call.wait_s for call, one in zip(calls, filled, strict=True))
    assert calls[1].patience_s == 20.0 and calls[1].talk_s == 60.0


def test_a_log_as_traffic(tmp_path: Path) -> None:
    """`jietong simulate` takes the log as it is; a site without its tiers is told so, and so is a file that is none."""
    log, site_file = tmp_path / "log.tsv", site(tmp_path)
    log.write_text(made_log(2), encoding="utf-8")
    asked = ["simulate", "--traffic", str(log), "--json", "--site"]
    said = CliRunner().invoke(cli.app, [*asked, str(site_file)])
    assert said.exit_code == 0, said.output
    for made, text in ((SITE_OF_ONE_TIER, "name its tiers vip and ordinary"), (None, "is none of counts")):
        if made is None:
            log.write_text("no log", encoding="utf-8")
        else:
            site_file.write_text(made, encoding="utf-8")
        refused = CliRunner().invoke(cli.app, [*asked, str(site_file)])
        assert refused.exit_code == 2 and text in refused.stderr
