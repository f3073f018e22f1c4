"""Each process of a busy hotline dies or hangs, twice: callers and agents notice nothing. `make chaos` does it twenty times."""

import random
from collections.abc import Iterator

import pytest

from tests.chaos.blows import BLOWS, Blow
from tests.chaos.site import PORT_BASE, a_struck_site, its_agents
from tests.chaos.storm import CALLERS, HEAD, storm
from tests.live.hotline import Hotline

ROUNDS = 2


@pytest.fixture(scope="module")
def struck(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    """One site for all blows."""
    with a_struck_site(tmp_path_factory.mktemp("chaos"), PORT_BASE) as hotline:
        yield hotline


@pytest.mark.live
@pytest.mark.parametrize("blow", BLOWS, ids=lambda blow: f"{blow.name}, {blow.how}")
async def test_nobody_notices(struck: Hotline, blow: Blow) -> None:
    """Sixty callers and twenty agents in motion: no caller is lost, nobody is rung at two seats, no agent is thought busy who is free, each call has one record."""
    async with its_agents(struck) as agents:
        outcome = await storm(struck, agents, blow, ROUNDS, random.Random(f"{blow.name} {blow.how}"))
    assert outcome.is_clean, "\n".join([HEAD, outcome.row(), *outcome.trouble])
    assert outcome.rounds == ROUNDS and outcome.calls >= CALLERS * 0.9
