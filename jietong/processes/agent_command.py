"""`jietong agents ready|pause|extend|log-out NUMBER`: what a supervisor may tell an agent's state from the console.

Owns the question to the router and the words of its answer. Must not change any state itself.
Rules: docs/discussions.md (who may log an agent out); a command during a call takes effect after it.
"""

import sys
from pathlib import Path

from jietong.running import RunningSite
from routing.adapters.inbox import Command
from routing.adapters.inbox_client import InboxClient, RouterSilent
from routing.adapters.redis_clients import prefix_of
from routing.events import AgentExtended, AgentLoggedOut, AgentPaused, AgentReadied

SUPERVISOR = "supervisor"
WORDS = ("ready", "pause", "extend", "log-out")


def main(var: Path, word: str, agent: str) -> int:
    """Tells the router of the site in folder `var`; returns 0 when it obeyed, else 1 with the reason."""
    site = RunningSite.load(var)
    client = InboxClient(site.store_url, prefix_of(site.site.hotline.number))
    try:
        is_obeyed, why = client.ask(_command(word, agent))
    except RouterSilent as error:
        return _fail(f"the router does not answer ({error}): see {var}/logs/router.log")
    if not is_obeyed:
        return _fail(f"agent {agent[:20]!r}: {why}. `jietong status` lists the agents")
    sys.stdout.write(f"agent {agent}: {word} (after the present call, if there is one)\n")
    return 0


def _command(word: str, agent: str) -> Command:
    match word:
        case "ready":
            return AgentReadied(0.0, agent)
        case "pause":
            return AgentPaused(0.0, agent, SUPERVISOR)
        case "extend":
            return AgentExtended(0.0, agent)
        case _:
            return AgentLoggedOut(0.0, agent)


def _fail(text: str) -> int:
    sys.stderr.write(f"jietong: {text}\n")
    return 1
