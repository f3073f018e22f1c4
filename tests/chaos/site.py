"""The site that the chaos suite strikes: twenty shared seats, a standby router, two AGI workers.

Owns its file and its life. Must not know a blow.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.sip_agents import SipAgents
from bench.two_sides import write_site
from tests.adapters.up_fixture import jietong_up
from tests.chaos.storm import AGENTS, HABIT
from tests.live.hotline import Hotline

PORT_BASE = os.environ.get("JIETONG_CHAOS_PORT_BASE", "30000")
SEATS = [str(2001 + number) for number in range(AGENTS)]
RING_S = 8
MORE = "[router]\nstandbys = 1\n[agi]\nworkers = 2\n"


@contextmanager
def a_struck_site(folder: Path, port_base: str) -> Iterator[Hotline]:
    """`jietong up` in `folder`."""
    file = write_site(folder, SEATS, RING_S)
    file.write_text(file.read_text(encoding="utf-8") + MORE, encoding="utf-8")
    with jietong_up("--config", str(file), "--port-base", port_base) as up:
        up.wait_ready()
        hotline = Hotline(up.var, folder / "days.toml")
        try:
            yield hotline
        finally:
            hotline.close()


def its_agents(hotline: Hotline) -> SipAgents:
    """Twenty agents who answer, talk and hang up."""
    return SipAgents(hotline.sip, {seat: f"secret-{seat}" for seat in SEATS}, HABIT)
