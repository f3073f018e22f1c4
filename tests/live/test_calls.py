"""Stories of real calls: real Asterisk, real SIP, softphones on both sides."""

import asyncio
import socket
from pathlib import Path

from jietong.launch import MUSIC
from tests.live.hotline import RING_S, Hotline
from tests.robots.audio import ALIKE, heard, party_tone, silent


async def test_caller_and_agent_hear_each_other(hotline: Hotline, tmp_path: Path) -> None:
    """An ordinary caller presses 0, reaches an ordinary seat, and each hears the other's voice."""
    caller_voice, agent_voice = party_tone(tmp_path / "caller.wav", 0), party_tone(tmp_path / "agent.wav", 4)
    at_agent, at_caller = tmp_path / "at-agent.wav", tmp_path / "at-caller.wav"
    async with (
        hotline.agent("1001", after_s=0.3, play=agent_voice, record=at_agent) as agent,
        hotline.caller(play=caller_voice, record=at_caller) as caller,
    ):
        await hotline.asks_for_a_person(caller)
        await agent.talks()
        await hotline.agent_is("1001", "talking")
        await asyncio.sleep(3.0)  # what is said must last to be heard
        caller.hang_up()
        await agent.phone.wait_for("recorded")
        await caller.phone.wait_for("recorded")
        record = await hotline.record_of(caller)
    assert heard(at_agent, caller_voice) > ALIKE, "the agent did not hear the caller"
    assert heard(at_caller, agent_voice) > ALIKE, "the caller did not hear the agent"
    assert heard(at_agent, agent_voice) < ALIKE and not silent(at_agent)
    assert (record.outcome.value, record.reason, record.agent, record.service) == (
        "answered",
        "caller",
        "1001",
        "person",
    )
    assert record.in_target and record.talk_s > 2.5 and record.offers == 1


async def test_agent_hangs_up_first(hotline: Hotline) -> None:
    """When the agent ends the conversation the caller's call ends too, and the record says who did it."""
    async with hotline.agent("1001") as agent, hotline.caller() as caller:
        await hotline.asks_for_a_person(caller)
        await agent.talks()
        await hotline.agent_is("1001", "talking")
        agent.phone.hang_up()
        await caller.is_over()
        record = await hotline.record_of(caller)
        assert (record.outcome.value, record.reason) == ("answered", "agent")
        await hotline.agent_is("1001", "ready")


async def test_vip_is_served_before_ordinary_callers_who_wait_longer(hotline: Hotline) -> None:
    """The only agent frees: the VIP who came last rings first, then the ordinary callers in their order."""
    async with hotline.agent("1001"), hotline.caller() as first:
        await hotline.asks_for_a_person(first)
        async with hotline.caller() as second:
            await hotline.asks_for_a_person(second)
            async with hotline.caller() as third:
                await hotline.asks_for_a_person(third)
                async with hotline.vip() as vip:
                    await hotline.asks_for_a_person(vip, "vip")
                    order = []
                    for waiting, leaving in ((3, first), (2, vip), (1, second), (0, third)):
                        await hotline.one_talks(waiting)
                        leaving.hang_up()
                    for caller in (vip, second, third):
                        order.append((await hotline.record_of(caller)).answered_at or 0.0)
    assert order == sorted(order) and all(order), f"answered in the order {order}"


async def test_vip_gets_a_dedicated_seat_first(hotline: Hotline) -> None:
    """With a shared seat idle for longer, the VIP caller still rings at the dedicated seat."""
    async with hotline.agent("1001") as shared, hotline.agent("1901") as dedicated, hotline.vip() as vip:
        await hotline.asks_for_a_person(vip, "vip")
        await dedicated.talks()
        assert shared.phone.seen("incoming") == []
        vip.hang_up()
        assert (await hotline.record_of(vip)).tier == "vip"


async def test_vip_gets_an_ordinary_seat_when_the_dedicated_are_busy(hotline: Hotline) -> None:
    """All VIP seats talk: the next VIP caller is answered at an ordinary seat."""
    async with hotline.agent("1901") as dedicated, hotline.vip() as first:
        await hotline.asks_for_a_person(first, "vip")
        await dedicated.talks()
        async with hotline.agent("1001") as shared, hotline.vip() as second:
            await hotline.asks_for_a_person(second, "vip")
            await shared.talks()
            second.hang_up()
            await hotline.record_of(second)
        first.hang_up()
        await hotline.record_of(first)


async def test_ordinary_caller_gets_a_vip_seat_only_beyond_the_reserve(hotline: Hotline) -> None:
    """Two VIP seats idle, one in reserve: the first ordinary caller is let in, the second waits, a VIP takes the reserve."""
    async with (
        hotline.agent("1901") as one,
        hotline.agent("1902") as other,
        hotline.caller() as first,
    ):
        await hotline.asks_for_a_person(first)
        await one.talks()
        async with hotline.caller() as second:
            await hotline.asks_for_a_person(second)
            async with hotline.vip() as vip:
                await hotline.asks_for_a_person(vip, "vip")
                await other.talks()
                waiting = hotline.status()["waiting"]
                assert [call["tier"] for call in waiting] == ["ordinary"], "the second ordinary caller took the reserve"
                vip.hang_up()
                await hotline.record_of(vip)
            second.hang_up()
            record = await hotline.record_of(second)
            assert (record.outcome.value, record.reason, record.offers) == ("abandoned", "waiting", 0)
        first.hang_up()


async def test_caller_waits_with_music_and_is_connected_the_moment_an_agent_frees(
    hotline: Hotline, tmp_path: Path
) -> None:
    """Nobody is free: the caller hears the hold music, and rings as soon as an agent is there."""
    at_caller = tmp_path / "at-caller.wav"
    async with hotline.caller(record=at_caller) as caller:
        await hotline.asks_for_a_person(caller)
        await hotline.until(lambda s: s["calls"]["waiting"] == 1, "the caller to wait")
        await asyncio.sleep(4.0)  # music must last to be recognised
        async with hotline.agent("1001") as agent:
            await agent.talks()
            caller.hang_up()
            await caller.phone.wait_for("recorded")
            record = await hotline.record_of(caller)
    music = next(MUSIC.glob("*.wav"))
    assert heard(at_caller, music) > ALIKE, "no hold music was heard"
    assert record.outcome.value == "answered" and record.wait_s > 3.5
    idle_to_ring = [fact for fact in (hotline.metric("jietong_idle_to_ring_seconds_count"),) if fact]
    assert idle_to_ring, "no idle-to-ring time was measured"


async def test_unanswered_call_goes_to_the_next_agent(hotline: Hotline) -> None:
    """An agent lets it ring: the next one rings, the caller keeps place and clock, the first is not ready until it says so."""
    async with hotline.agent("1001", mode="ignore") as sleeper, hotline.agent("1002") as awake:
        async with hotline.caller() as caller:
            await hotline.asks_for_a_person(caller)
            await sleeper.rings()
            await awake.talks(RING_S + 5)
            await hotline.agent_is("1001", "missed")
            caller.hang_up()
            record = await hotline.record_of(caller)
            assert (record.agent, record.offers) == ("1002", 2)
            assert record.wait_s >= RING_S, "the clock was set back"
        async with hotline.agent("1009"):
            pass  # a seat without an agent changes nothing
        await sleeper.phone.dial(f"sip:*74@{hotline.sip}")
        await hotline.agent_is("1001", "ready")
        await sleeper.phone.wait_for("disconnected", 15)


async def test_declined_and_busy_phones_are_passed_over(hotline: Hotline) -> None:
    """An agent presses decline, another's phone is busy: the caller reaches the third, and both are back by themselves."""
    async with (
        hotline.agent("1001", mode="reject") as declining,
        hotline.agent("1002", mode="busy") as busy,
        hotline.agent("1003") as taking,
        hotline.caller() as caller,
    ):
        await hotline.asks_for_a_person(caller)
        await taking.talks()
        assert declining.phone.seen("incoming") and busy.phone.seen("incoming")
        caller.hang_up()
        record = await hotline.record_of(caller)
        assert (record.agent, record.offers) == ("1003", 3)
        assert record.wait_s < RING_S, "a declined call must not wait for the ring time"
        await hotline.agent_is("1001", "ready")
        await hotline.agent_is("1002", "ready")


async def test_caller_hangs_up_in_the_menu(hotline: Hotline) -> None:
    """Who leaves in the menu is an IVR call: not offered, not abandoned."""
    offered = hotline.metric("jietong_calls_offered_total")
    async with hotline.caller() as caller:
        await caller.is_answered()
        await hotline.until(lambda s: s["calls"]["menu"] == 1, "the caller to be in the menu")
        caller.hang_up()
        record = await hotline.record_of(caller)
    assert (record.outcome.value, record.queued_at) == ("menu", None)
    assert hotline.metric("jietong_calls_offered_total") == offered


async def test_caller_hangs_up_while_waiting(hotline: Hotline) -> None:
    """Who leaves the queue has abandoned, with the time that was waited."""
    async with hotline.caller() as caller:
        await hotline.asks_for_a_person(caller)
        await hotline.until(lambda s: s["calls"]["waiting"] == 1, "the caller to wait")
        caller.hang_up()
        record = await hotline.record_of(caller)
    assert (record.outcome.value, record.reason, record.offers) == ("abandoned", "waiting", 0)


async def test_caller_hangs_up_while_a_seat_rings(hotline: Hotline) -> None:
    """The phone stops ringing, the agent is ready at once, and the call is abandoned while ringing."""
    async with hotline.agent("1001", mode="ignore") as agent, hotline.caller() as caller:
        await hotline.asks_for_a_person(caller)
        await agent.rings()
        caller.hang_up()
        await agent.phone.wait_for("disconnected", RING_S)
        record = await hotline.record_of(caller)
        assert (record.outcome.value, record.reason, record.offers) == ("abandoned", "ringing", 1)
        await hotline.agent_is("1001", "ready")


async def test_two_agents_two_callers_at_once(hotline: Hotline) -> None:
    """Two callers ask at the same moment: each talks to an agent of their own."""
    async with (
        hotline.agent("1001") as one,
        hotline.agent("1002") as other,
        hotline.caller() as first,
        hotline.caller() as second,
    ):
        for caller in (first, second):
            await caller.is_answered()
            await caller.phone.wait_for("media")
        first.press("0")
        second.press("0")
        await asyncio.gather(one.talks(), other.talks())
        first.hang_up()
        second.hang_up()
        records = [await hotline.record_of(first), await hotline.record_of(second)]
    assert sorted(record.agent for record in records) == ["1001", "1002"]


async def test_who_is_refused_is_in_the_log_without_the_number(hotline: Hotline) -> None:
    """A call from an address that is no trunk's: the operator reads the address, and not who called."""
    number, address = "13987654321", "127.0.0.2"
    invite = (
        f"INVITE sip:10010@{hotline.sip} SIP/2.0\r\nVia: SIP/2.0/UDP {address}:5099;branch=z9hG4bKx{number}\r\n"
        f"From: <sip:{number}@{address}>;tag=1\r\nTo: <sip:10010@{hotline.sip}>\r\nCall-ID: stranger\r\n"
        f"CSeq: 1 INVITE\r\nContact: <sip:{number}@{address}:5099>\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    )
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind((address, 0))
        stranger.sendto(invite.encode(), ("127.0.0.1", hotline.site.ports.sip))
        log = hotline.var / "logs" / "asterisk.log"
        await hotline.until_metric(
            lambda: "139****4321" in log.read_text(errors="replace"), "the stranger to be in the log"
        )
    assert address in log.read_text()
    assert number not in log.read_text()
    own = hotline.site.layout.asterisk / "logs"
    assert [path.name for path in own.rglob("*") if path.is_file()] == []
