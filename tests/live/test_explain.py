"""Stories of supervisors who want to know why a caller waited."""

import asyncio
import json
import sys

from jietong.database import open_engine
from routing.adapters.records import HistoryLine, history_of
from tests.live.hotline import Hotline

RUNG_WITHIN_S = 0.25  # a busy test machine; a bench measures milliseconds


async def explain(hotline: Hotline, call: str, *more: str) -> tuple[int, str, str]:
    """`jietong explain` as a supervisor types it: exit code and both outputs."""
    words = (sys.executable, "-m", "jietong", "explain", call, "--var", str(hotline.var), *more)
    process = await asyncio.create_subprocess_exec(
        *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, cwd="/"
    )
    out, err = await asyncio.wait_for(process.communicate(), 20)
    return process.returncode or 0, out.decode(), err.decode()


def waiting(hotline: Hotline, tier: str) -> list[str]:
    """Ids of the calls of that tier that wait now, longest first."""
    calls = [call for call in hotline.status()["waiting"] if call["tier"] == tier and call["state"] == "waiting"]
    return [call["call_id"] for call in sorted(calls, key=lambda call: -call["waited_s"])]


def history(hotline: Hotline, call: str) -> list[HistoryLine]:
    """What the database has of a call."""
    engine = open_engine(hotline.site.database_url)
    try:
        return history_of(engine, call)
    finally:
        engine.dispose()


async def test_a_wait_is_explained_while_it_lasts_and_afterwards(hotline: Hotline) -> None:
    """The only agent talks; an ordinary caller waits; a VIP caller comes and is taken first: the supervisor reads all of it, before and after the end."""
    async with hotline.agent("1001") as agent, hotline.caller() as talking:
        await hotline.asks_for_a_person(talking)
        await agent.talks()
        async with hotline.caller() as patient, hotline.vip() as vip:
            await hotline.asks_for_a_person(patient)
            await hotline.until(lambda s: s["calls"]["waiting"] == 1, "the caller to wait")
            await hotline.asks_for_a_person(vip, "vip")
            await hotline.until(lambda s: s["calls"]["waiting"] == 2, "both to wait")
            (call,) = waiting(hotline, "ordinary")
            code, text, _ = await explain(hotline, call)
            assert code == 0
            for words in (
                "waits: nobody can take it now",
                "shared seats: 1 logged in, none idle",
                "seats dedicated to vip: nobody is logged in",
                "now: waits for",
                "number 1 of 1 in its line",
                "where the wait of",
            ):
                assert words in text, f"{words!r} is not in\n{text}"
            talking.hang_up()
            await agent.talks(10)
            vip.hang_up()
            await agent.talks(10)
            patient.hang_up()
            record = await hotline.record_of(patient)
    assert record.call == call
    code, text, _ = await explain(hotline, call)
    assert code == 0
    for words in ("agent 1001 took a vip caller first (higher tier)", "given to agent 1001", "over: answered"):
        assert words in text, f"{words!r} is not in\n{text}"
    assert "now: " not in text
    code, text, _ = await explain(hotline, call, "--json")
    told = json.loads(text)
    assert [line["seq"] for line in told] == list(range(1, len(told) + 1))
    assert all(line["sentences"] for line in told)
    (passed,) = [line["detail"]["passes"] for line in told if line["kind"] == "CallPassedOver"]
    assert [(p["reason"], p["tier"], p["times"]) for p in passed] == [("tier", "vip", 1)]


async def test_a_call_nobody_knows_is_said(hotline: Hotline) -> None:
    """One line that says what to do, exit code 1."""
    code, text, error = await explain(hotline, "1700000000.99999")
    assert (code, text, error.count("\n")) == (1, "", 1)
    assert "jietong calls" in error


async def test_no_head_of_line_blocking(hotline: Hotline) -> None:
    """Three callers whom no idle agent may serve stand first; those behind are rung at once, on each idle seat."""
    async with hotline.agent("1001") as first, hotline.agent("1002") as second:
        async with hotline.caller() as x, hotline.caller() as y, hotline.caller() as z:
            for complaining in (x, y, z):
                await complaining.is_answered()
                await complaining.phone.wait_for("media")
                complaining.press("50")
            await hotline.until(lambda s: s["calls"]["waiting"] == 3, "three callers at the head")
            async with hotline.caller() as a, hotline.caller() as b:
                await hotline.asks_for_a_person(a)
                await hotline.asks_for_a_person(b)
                await first.talks()
                await second.talks()
                await hotline.until(lambda s: s["calls"]["talking"] == 2, "the router to have heard of both answers")
                assert len(waiting(hotline, "ordinary")) == 3
                a.hang_up()
                b.hang_up()
                records = [await hotline.record_of(caller) for caller in (a, b)]
        for record in records:
            await hotline.until_metric(lambda r=record: bool(history(hotline, r.call)), "the history")  # type: ignore[misc]
            rung = [line.detail["idle_to_ring_s"] for line in history(hotline, record.call) if line.kind == "SeatRang"]
            assert len(rung) == 1 and rung[0] < RUNG_WITHIN_S, f"{record.call}: {rung}"
            assert record.outcome.value == "answered"
