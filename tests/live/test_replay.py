"""The journal of a real hotline, played again."""

from jietong.rules_of_site import rules_of
from routing import engine
from routing.actions import Action, CallBack, RingSeat
from routing.adapters.journal_reader import JournalEntry, read_to_end
from routing.adapters.redis_clients import prefix_of
from routing.facts import Decision, Fact
from routing.model import State
from tests.live.hotline import Hotline


def replayed(hotline: Hotline, entries: list[JournalEntry]) -> list[tuple[list[Action], list[Fact]]]:
    """What the engine says to each journalled event, from an empty memory on."""
    state = State.of(rules_of(hotline.site.site))
    return [engine.step(state, entry.event) for entry in entries if entry.event is not None]


def rung_by(actions: list[Action]) -> set[tuple[str, str]]:
    """Which seats these orders ring, for which call."""
    for_callers = {(a.call, seat) for a in actions if isinstance(a, RingSeat) for seat in a.seats}
    return for_callers | {(a.call, a.seat) for a in actions if isinstance(a, CallBack)}


async def test_the_same_events_give_the_same_orders(hotline: Hotline) -> None:
    """Real calls through a real Asterisk: the journal played again gives every fact that was journalled, and the same orders each time."""
    async with hotline.agent("1001") as agent, hotline.caller() as first:
        await hotline.asks_for_a_person(first)
        await agent.talks()
        async with hotline.caller() as second, hotline.vip() as third:
            await hotline.asks_for_a_person(second)
            await hotline.asks_for_a_person(third, "vip")
            first.hang_up()
            await agent.talks(10)
            third.hang_up()
            await agent.talks(10)
            second.hang_up()
            await hotline.record_of(second)
    entries = list(read_to_end(hotline.site.store_url, prefix_of(hotline.site.site.hotline.number), "0-0"))
    entries = [entry for entry in entries if entry.event is not None]
    once, again = replayed(hotline, entries), replayed(hotline, entries)
    assert once == again
    for entry, (actions, facts) in zip(entries, once, strict=True):
        assert facts == list(entry.facts), f"{entry.id}: {entry.event}"
        decided = {(f.call, f.seat) for f in entry.facts if isinstance(f, Decision)}
        assert decided == rung_by(actions)
    assert sum(isinstance(f, Decision) for entry in entries for f in entry.facts) >= 3
