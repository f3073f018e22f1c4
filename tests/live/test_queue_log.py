"""The queue_log beside a real app_queue's: the same scripted calls to the same seat give the same lines."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from asterisk_conf.render import conf_file
from bench.sip_agents import SipAgents
from bench.sip_seat import Habit
from bench.two_sides import OURS, QUEUE, add_queues, cli, switch, write_site
from jietong.database import open_engine
from jietong.processes import agent_command
from jietong.running import RunningSite
from metrics.adapters.queue_log_file import line_of
from metrics.adapters.work_tables import queue_log
from tests.adapters.up_fixture import jietong_up
from tests.live.conftest import PORT_BASE
from tests.robots.sipp.callers import SippCaller
from tests.robots.sipp.run import SippRun

SEAT, RING_S = "1001", 3
WITHIN_S, WITHIN_MS = 1, 700  # whole seconds that began at another moment; Asterisk's own clock for ringing
MEMBERS = (
    "[general]\npersistentmembers=no\nautofill=yes\nshared_lastcall=no\n[hotline]\nstrategy=leastrecent\nautofill=yes\nringinuse=no\n"
    f"retry=1\ntimeout={RING_S}\nwrapuptime=0\nautopause=yes\njoinempty=yes\nleavewhenempty=no\nmember => PJSIP/{SEAT},0,Agent/{SEAT}\n"
)


@dataclass(frozen=True)
class Story:
    """One caller: how the seat treats it, how long it stays after the hotline's answer, and what the log says of it."""

    what: str
    habit: Habit
    stay_s: float
    events: tuple[str, ...]


STORIES = (
    Story("the caller ends the talk", Habit(answer_after_s=1.2, talk_s=None), 4.0, ("ENTERQUEUE", "CONNECT", "COMPLETECALLER")),
    Story("the agent ends the talk", Habit(talk_s=2.2), 30.0, ("ENTERQUEUE", "CONNECT", "COMPLETEAGENT")),
    Story("the caller hangs up while the seat rings", Habit("ignore"), 1.6, ("ENTERQUEUE", "RINGCANCELED", "ABANDON")),
    Story("the seat rings in vain", Habit("ignore"), 4.6, ("ENTERQUEUE", "RINGNOANSWER", "ABANDON")),
    Story("nobody is ready", Habit("ignore"), 2.5, ("ENTERQUEUE", "ABANDON")),
)  # fmt: skip


class TwoLogs:
    """The site, and where each side's lines are."""

    def __init__(self, site: RunningSite) -> None:
        self.site = site
        self._file = site.layout.asterisk / "logs" / "queue_log"
        self._engine = open_engine(site.database_url)

    def ours(self) -> list[list[str]]:
        with self._engine.connect() as connection:
            rows = connection.execute(select(queue_log).order_by(queue_log.c.id)).all()
        return [line_of(row, str).rstrip("\n").split("|") for row in rows]

    def theirs(self) -> list[list[str]]:
        lines = self._file.read_text(encoding="utf-8").splitlines() if self._file.exists() else []
        return [line.rstrip("|").split("|") for line in lines]

    async def of_caller(self, side: str, number: str, events: tuple[str, ...]) -> list[list[str]]:
        """The lines of that caller's call, once its last event is there."""
        read = self.ours if side == OURS else self.theirs
        lines: list[list[str]] = []
        for _ in range(200):
            calls = [line[1] for line in read() if line[4] == "ENTERQUEUE" and line[6] == number]
            lines = [line for line in read() if calls and line[1] == calls[0]]
            if {line[4] for line in lines} >= set(events):
                return lines
            await asyncio.sleep(0.05)
        raise AssertionError(f"{side}: {events} of {number} did not come, but {lines}")

    def close(self) -> None:
        self._engine.dispose()


async def told(logs: TwoLogs, agents: SipAgents, side: str, first: int) -> dict[str, list[list[str]]]:
    """Each story's lines on one side."""
    switch(logs.site, side)
    found = {}
    for number, story in enumerate(STORIES, first):
        agents.set_habit(story.habit)
        caller = SippCaller(str(13_800_000_000 + number), stay_s=story.stay_s)
        async with SippRun.callers(f"127.0.0.1:{logs.site.ports.sip}", [caller], timeout_s=60) as run:
            (await run.finished()).check()
        found[story.what] = await logs.of_caller(side, caller.number, story.events)
    return found


def same(ours: list[str], theirs: list[str]) -> bool:
    """Whether two lines tell the same: queue, agent, event, and parameters as near as two clocks are."""
    if ours[2:5] != theirs[2:5] or len(ours) != len(theirs):
        return False
    if ours[4] == "ENTERQUEUE":
        return ours[5] == theirs[5] and ours[7:] == theirs[7:]
    if ours[4] == "CONNECT":  # the second parameter is a channel of each side's own
        return bool(ours[6] and theirs[6]) and near(ours[5], theirs[5], WITHIN_S) and near(ours[7], theirs[7], WITHIN_S)
    within = WITHIN_MS if ours[4].startswith("RING") else WITHIN_S
    return all(near(mine, other, within) for mine, other in zip(ours[5:], theirs[5:], strict=True))


def near(mine: str, other: str, within: int) -> bool:
    return mine.isdigit() and other.isdigit() and abs(int(mine) - int(other)) <= within


async def test_the_same_calls_give_the_lines_of_a_real_app_queue(tmp_path: Path) -> None:
    """Five stories with one seat, told by ours and by app_queue in one Asterisk: the same events with the same parameters, and the pause of the seat that rang in vain."""
    base = str(int(PORT_BASE) + 400)
    config = write_site(tmp_path, [SEAT], RING_S)
    with jietong_up("--config", str(config), "--port-base", base) as up:
        up.wait_ready()
        site = RunningSite.load(up.var)
        logger = conf_file(site.layout.asterisk).parent / "logger.conf"
        logger.write_text(
            logger.read_text(encoding="utf-8").replace("queue_log = no", "queue_log = yes"), encoding="utf-8"
        )
        cli(site, "logger reload")
        add_queues(site, MEMBERS, {QUEUE: "Queue(hotline)"})
        logs = TwoLogs(site)
        try:
            async with SipAgents(f"127.0.0.1:{site.ports.sip}", {SEAT: f"secret-{SEAT}"}) as agents:
                ours = await told(logs, agents, OURS, 1)
                assert agent_command.main(up.var, "ready", SEAT) == 0
                theirs = await told(logs, agents, QUEUE, 101)
            pauses = [paused(lines) for lines in (logs.ours(), logs.theirs())]
        finally:
            logs.close()
    (tmp_path / "lines.txt").write_text(page(ours, theirs), encoding="utf-8")
    for story in STORIES:
        mine, other = ours[story.what], theirs[story.what]
        assert [line[4] for line in mine] == [line[4] for line in other] == list(story.events), story.what
        for line, like in zip(mine, other, strict=True):
            assert same(line, like), f"{story.what}: {line} beside {like}"
    assert pauses[0] == pauses[1] == ["PAUSE", "PAUSEALL"]


def paused(lines: list[list[str]]) -> list[str]:
    """Pauses of the seat, in order."""
    return [line[4] for line in lines if line[3] == f"Agent/{SEAT}" and line[4].startswith("PAUSE")]


def page(ours: dict[str, Any], theirs: dict[str, Any]) -> str:
    """Both sides' lines one under the other."""
    return "\n".join(
        f"# {what}\n" + "\n".join("ours      " + "|".join(line) for line in ours[what]) + "\n"
        + "\n".join("app_queue " + "|".join(line) for line in theirs[what])
        for what in ours
    )  # fmt: skip
