"""What the simulator says is what the live site does."""

from bench.agreement import WITHIN_S, compare, play_virtual, told
from bench.agreement_robots import Script, play_live
from jietong.recorded_traffic import record_of_journal
from routing.facts import Outcome
from tests.live.hotline import Hotline

MOST = 0.75  # of the calls: the others may be heard late where a shared machine stands still for a moment


async def test_robots_and_virtual_time_agree(hotline: Hotline) -> None:
    """Robots call through a real Asterisk for half a minute, more than three agents can serve at once; simulated, each has the same agent after the same wait.

    The journal as traffic has the same calls.
    """
    script = Script(25.0, 0.5, 0.1, talk_s=4.0, patience_s=5.0)
    played = await play_live(hotline.site, script, ["1001", "1002", "1901"])
    pairs = compare(played.records, play_virtual(hotline.site, played))
    assert len(pairs) >= 12 and any(pair.live.wait_s > 2 for pair in pairs), told(pairs)
    assert sum(abs(pair.apart_s) <= WITHIN_S for pair in pairs) >= MOST * len(pairs), told(pairs)
    assert all(pair.is_same for pair in pairs), told(pairs)
    again = {call.caller: call for call in record_of_journal(hotline.var).arrivals(seed=1)}
    for pair in pairs:
        call = again[pair.live.caller]
        assert call.at == pair.live.entered_at and call.patience_s >= pair.live.wait_s
        assert pair.live.outcome is Outcome.ABANDONED or call.talk_s == pair.live.talk_s, "yesterday again"
