"""The robots against a real, tiny Asterisk: what they report is what happens on the line."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bench.sip_agents import SipAgents
from bench.sip_seat import Habit
from tests.robots.audio import ALIKE, heard, heard_s, party_tone, silent
from tests.robots.driver import REPOSITORY, RobotError, Softphone
from tests.robots.people import Agent, Caller
from tests.robots.ports import free_block
from tests.robots.sipp.callers import Press, SippCaller, hostile_callers, ordinary_callers
from tests.robots.sipp.run import SippError, SippRun, run_callers
from tests.robots.tiny_asterisk import TinyAsterisk, tiny_asterisk

pytestmark = pytest.mark.live

SEATS = [str(number) for number in range(1001, 1021)]
PORT_BASE = 23000
MUSIC, AGENT, CALLER = 6, 0, 3  # parties of the tones


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[TinyAsterisk]:
    async with tiny_asterisk(PORT_BASE, SEATS, party_tone(tmp_path / "music.wav", MUSIC)) as running:
        yield running


async def until(site: TinyAsterisk, word: str, timeout_s: float = 10.0) -> None:
    deadline = time.monotonic() + timeout_s
    while word not in site.log:
        assert time.monotonic() < deadline, f"no {word!r} in\n{site.log[-2000:]}"
        await asyncio.sleep(0.05)


async def test_both_hear_each_other_and_the_waiting_caller_hears_music(site: TinyAsterisk, tmp_path: Path) -> None:
    """A caller waits with music, presses 0, is answered, both hear each other, the agent hangs up."""
    music, agent_says, caller_says = (
        tmp_path / "music.wav",
        party_tone(tmp_path / "a.wav", AGENT),
        party_tone(tmp_path / "c.wav", CALLER),
    )
    agent_heard, caller_heard = tmp_path / "agent-heard.wav", tmp_path / "caller-heard.wav"
    async with (
        Agent(site.server, "1001", "secret-1001", after_s=0.3, play=agent_says, record=agent_heard) as agent,
        Caller(site.server, "13900000001", play=caller_says, record=caller_heard) as caller,
    ):
        await caller.is_answered()
        await agent.phone.expect_no("incoming", 2.0)  # still listening to music
        caller.press("0")
        assert "13900000001" in (await agent.rings())["from"]
        await agent.talks()
        await agent.phone.expect_no("disconnected", 2.5)
        agent.phone.hang_up()
        over = await caller.is_over()
        assert (over["was_answered"], over["by_us"]) == (True, False)
        assert (await agent.phone.wait_for("disconnected"))["by_us"] is True
        await agent.phone.wait_for("recorded")
        await caller.phone.wait_for("recorded")
    assert heard(agent_heard, caller_says) > ALIKE
    assert heard(caller_heard, agent_says) > ALIKE
    assert heard_s(caller_heard, music) > 1.0
    assert heard(agent_heard, music) < ALIKE
    assert heard(agent_heard, agent_says) < ALIKE


async def test_a_caller_who_says_nothing_is_silent(site: TinyAsterisk, tmp_path: Path) -> None:
    """Without a played file the other side hears nothing: the comparison of sounds can fail."""
    agent_heard = tmp_path / "heard.wav"
    async with (
        Agent(site.server, "1002", "secret-1002", talk_s=1.5, record=agent_heard) as agent,
        Caller(site.server, "13900000001", to="1002") as caller,
    ):
        assert (await caller.is_over(15))["duration_s"] == pytest.approx(1.5, abs=1.0)
        await agent.phone.wait_for("recorded")
    assert silent(agent_heard)


@pytest.mark.parametrize("method", ["rfc2833", "info"])
async def test_keys_arrive(site: TinyAsterisk, method: str) -> None:
    """Pressed keys reach Asterisk in their order, in the audio stream or by SIP INFO."""
    async with Caller(site.server, "13900000001", to="keys") as caller:
        await caller.is_answered()
        caller.phone.press("4#7", method)
        await until(site, "pressed=4")
        await caller.is_over()


@pytest.mark.parametrize(("mode", "code"), [("reject", 603), ("busy", 486)])
async def test_an_agent_refuses(site: TinyAsterisk, mode: str, code: int) -> None:
    """A refusal by the agent's phone ends the ringing at once."""
    async with (
        Agent(site.server, "1003", "secret-1003", mode=mode) as agent,
        Caller(site.server, "13900000001", to="1003") as caller,
    ):
        await agent.rings()
        assert (await agent.phone.wait_for("disconnected"))["code"] == code
        over = await caller.is_over()
        assert not over["was_answered"]


async def test_an_agent_lets_it_ring_and_the_caller_gives_up(site: TinyAsterisk) -> None:
    """An ignored call rings on until the caller cancels it."""
    async with (
        Agent(site.server, "1003", "secret-1003", mode="ignore") as agent,
        Caller(site.server, "13900000001", to="1003") as caller,
    ):
        await agent.rings()
        await caller.phone.wait_for("ringing")
        await agent.phone.expect_no("answered", 1.5)
        caller.hang_up()
        assert (await agent.phone.wait_for("disconnected"))["code"] == 487
        assert (await caller.is_over())["by_us"]


async def test_a_second_call_at_the_same_phone_is_busy(site: TinyAsterisk) -> None:
    """One phone holds one call; the second caller is told so."""
    async with (
        Agent(site.server, "1004", "secret-1004") as agent,
        Caller(site.server, "13900000001", to="1004") as first,
        await Softphone.start() as second,
    ):
        await first.is_answered()
        await second.dial(f"sip:1004@{site.server}", "13900000002")
        assert (await agent.phone.wait_for("incoming", where=lambda event: event["second"]))["second"]
        assert not (await second.wait_for("disconnected"))["was_answered"]
        assert not first.phone.seen("disconnected")


async def test_registration(site: TinyAsterisk) -> None:
    """A seat registers and leaves; a wrong password is refused."""
    async with await Softphone.start() as phone:
        with pytest.raises(RobotError, match=r"refused: 40[13]"):
            await phone.register(site.server, "1005", "wrong")
        await phone.register(site.server, "1005", "secret-1005")
        assert "1005/sip:1005@" in await site.cli("pjsip show contacts")
        await phone.unregister()
        assert "1005/sip:1005@" not in await site.cli("pjsip show contacts")


async def test_bad_commands_are_errors_and_nothing_else() -> None:
    """A mistake in a test ends neither the phone nor its later calls."""
    async with await Softphone.start() as phone:
        phone.tell("fly")
        phone.tell("press", digits="1")
        phone.tell("behave", mode="sing")
        phone.tell("register", user="x")
        phone.tell("dial", to="not an address", from_number="1")
        phone._process.stdin.write(b"no json\n[1]\n\xff\n")  # type: ignore[union-attr]
        for _ in range(8):
            await phone.wait_for("error")
        await phone.behave("answer")
        assert phone.seen("gone") == []


async def test_a_failed_wait_tells_the_story() -> None:
    """Whoever reads a failed test sees what the phone had seen."""
    async with await Softphone.start(name="the caller") as phone:
        await phone.behave("busy")
        with pytest.raises(RobotError, match=r"(?s)the caller: no answered within 0.1 s.*ready.*behaviour mode='busy'"):
            await phone.wait_for("answered", 0.1)


async def test_an_orphaned_phone_ends_by_itself(site: TinyAsterisk) -> None:
    """When the owner of a phone dies, its call is hung up and the phone goes."""
    port = free_block()
    owner = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _ORPHAN, str(port), site.server), cwd=REPOSITORY, stdout=asyncio.subprocess.PIPE
    )
    assert owner.stdout is not None
    line = await owner.stdout.readline()
    owner.kill()
    await owner.wait()
    pid = int(line)
    deadline = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < deadline, f"the phone {pid} lives on"
        await asyncio.sleep(0.05)
    assert "0 active calls" in await site.cli("core show channels count")


_ORPHAN = """
import asyncio, sys
from tests.robots.driver import Softphone
async def main():
    phone = await Softphone.start(int(sys.argv[1]))
    await phone.dial("sip:music@" + sys.argv[2], "13900000001")
    await phone.wait_for("answered")
    print(phone.pid, flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


@pytest.mark.parametrize("method", ["info", "rfc2833"])
async def test_sipp_callers_press_keys(site: TinyAsterisk, method: str) -> None:
    """SIPp callers press their own keys after the answer; the hotline ends the calls."""
    callers = [SippCaller("13900000001", b'"Li" ', "5", 30, "keys"), SippCaller("13900000002", b"", "7", 30, "keys")]
    if method == "rfc2833" and os.geteuid() != 0:
        with pytest.raises(SippError, match="raw socket"):
            SippRun.callers(site.server, callers, presses=[Press(0.3)], method=method)
        return
    outcome = await run_callers(site.server, callers, presses=[Press(0.3), Press(0.4, "12")], method=method)
    outcome.check()
    assert sorted(outcome.said("ended_by_hotline")) == ["13900000001", "13900000002"]
    assert "pressed=512" in site.log and "pressed=712" in site.log


async def test_sipp_callers_give_up(site: TinyAsterisk) -> None:
    """Callers leave after their own patience, before the answer or after it."""
    outcome = (
        await run_callers(site.server, [SippCaller(f"1390000000{n}", stay_s=0.3 * n, dials="music") for n in (1, 2, 3)])
    ).check()
    assert outcome.said("ended_by_caller") == ["13900000001", "13900000002", "13900000003"]
    assert outcome.counts.successful == outcome.counts.created == 3
    ringing = [SippCaller(f"1380000000{n}", stay_s=0.5, dials="ringing") for n in (1, 2)]
    assert (await run_callers(site.server, ringing, scenario="canceller")).check().said("ended_by_caller")


async def test_sipp_keeps_many_callers_waiting(site: TinyAsterisk) -> None:
    """150 callers wait at once; the figures say so while they wait."""
    async with SippRun.callers(site.server, ordinary_callers(150, stay_s=6, keys=""), rate=100) as run:
        await run.until(lambda counts: counts.current == 150)
        assert "150 active calls" in await site.cli("core show channels count")
        outcome = (await run.finished()).check()
    assert (outcome.counts.successful, outcome.counts.failed) == (150, 0)


async def test_sipp_counts_what_fails(site: TinyAsterisk) -> None:
    """A refused call is a failed call: the robots cannot report success by themselves."""
    outcome = await run_callers(site.server, [SippCaller("13900000001", dials="nobody-here")])
    assert (outcome.exit_code, outcome.counts.failed, outcome.counts.successful) == (1, 1, 0)
    with pytest.raises(SippError, match="exit code 1"):
        outcome.check()


async def test_sipp_hostile_callers(site: TinyAsterisk) -> None:
    """Hostile caller ids really leave SIPp as written; Asterisk answers them (a seat's own number it challenges)."""
    callers = [caller for caller in hostile_callers("1001", stay_s=0.3) if caller.number != "1001"]
    outcome = await run_callers(site.server, callers, answer_timeout_s=5)
    assert outcome.counts.successful == len(callers), outcome


async def test_sipp_intruders(site: TinyAsterisk) -> None:
    """A wrong password is refused; the right one would fail this test."""
    async with SippRun.intruders(site.server, ["1001", "1002"]) as run:
        assert (await run.finished()).check().said("refused") == ["1001", "1002"]
    async with SippRun.intruders(site.server, ["1001"], password="secret-1001") as run:
        assert (await run.finished()).counts.failed == 1


async def test_twenty_benchmark_seats(site: TinyAsterisk) -> None:
    """Twenty seats register, answer, talk, hang up; each gap is measured; Asterisk agrees with the counts."""
    passwords = {seat: f"secret-{seat}" for seat in SEATS}
    async with SipAgents(site.server, passwords, Habit(answer_after_s=0.1, talk_s=0.4)) as agents:
        assert (await site.cli("pjsip show contacts")).count("Contact:") >= len(SEATS)
        callers = [SippCaller(f"139{n:08d}", stay_s=20, dials=SEATS[n % 20]) for n in range(60)]
        outcome = (await run_callers(site.server, callers, rate=20)).check()
        counts = agents.counts()
        assert counts["calls"] == counts["answered"] == counts["own_bye"] == len(outcome.said("ended_by_hotline")) == 60
        gaps = agents.gaps()
        assert len(gaps) == 40
        assert all(0 < gap.gap_ms < 5000 for gap in gaps)
        assert agents.summary()["gap_ms"]["p50"] > 0
        assert agents.broken_datagrams == 0
    contacts = await site.cli("pjsip show contacts")
    assert "No objects found" in contacts


async def test_benchmark_seats_are_cancelled_and_refused(site: TinyAsterisk) -> None:
    """Seats that only ring are cancelled when callers give up; a wrong password is one clear error."""
    passwords = {seat: f"secret-{seat}" for seat in SEATS[:3]}
    async with SipAgents(site.server, passwords, Habit(mode="ignore")) as agents:
        callers = [SippCaller(f"139{n:08d}", stay_s=0.3, dials=seat) for n, seat in enumerate(passwords)]
        (await run_callers(site.server, callers, scenario="canceller")).check()
        assert agents.counts()["cancel"] == 3
        assert all(seat.is_free for seat in agents.seats.values())
    with pytest.raises(ConnectionRefusedError, match="1 of 1 seats"):
        async with SipAgents(site.server, {"1001": "wrong"}):
            pass


def test_the_seats_have_a_command_line() -> None:
    """The benchmark's seats can be run by hand."""
    answer = subprocess.run(
        [sys.executable, "-m", "bench.sip_agents", "--help"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert "--talk-s" in answer.stdout
