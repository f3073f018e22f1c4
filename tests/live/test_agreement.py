"""What the simulator says is what the live site does."""

from bench.agreement import WITHIN_S, Script, compare, play_live, play_virtual, told
from tests.live.hotline import Hotline


async def test_robots_and_virtual_time_agree(hotline: Hotline) -> None:
    """Robots call through a real Asterisk for half a minute, more than three agents can serve at once; simulated, each has the same agent after the same wait."""
    script = Script(25.0, 0.5, 0.1, talk_s=4.0, patience_s=5.0)
    played = await play_live(hotline.site, script, ["1001", "1002", "1901"])
    pairs = compare(played.records, play_virtual(hotline.site, played))
    assert len(pairs) >= 12 and any(pair.live.wait_s > 2 for pair in pairs), told(pairs)
    assert all(pair.is_same and abs(pair.apart_s) <= WITHIN_S for pair in pairs), told(pairs)
