"""What is said in the moment in which an agent has picked up: to the caller who serves it, to the agent who calls.

Owns which prompts say it. Must not know sounds, files or channels.
Rules: domain.md H13 (工号 1001 为您服务), H2; issue 5 item 4. A queue's own word comes before its service's.
"""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from ivr.flow import PERSON
from ivr.say import prompts_for

TIER_WORD, QUEUE_WORD = (
    "whisper-tier-",
    "whisper-queue-",
)  # before a tier's or a queue's name: an operator's own recordings
VIP_TIER = "vip"
_VIP, _SERVICE, _LANGUAGE = "whisper-vip", "whisper-", {"en": "whisper-english"}


def agent_words(agent: str, language: str) -> tuple[str, ...]:
    """The prompts by which a caller hears who serves it; `agent` is a number. Raises ValueError for anything else."""
    return ("agent-number-is", *prompts_for("agent", agent, language), "at-your-service")


class Kind(NamedTuple):
    """A kind of caller; each word may be empty."""

    tier: str
    queue: str
    service: str
    language: str


def whisper_words(caller: Kind, at_home: str, queues: Mapping[str, str], known: Collection[str]) -> tuple[str, ...]:
    """The prompts by which an agent hears who calls: tier, what it is about, and the language when it is not the hotline's.

    at_home   the hotline's language, in which agents are spoken to
    queues    service -> queue; a caller who was sent to the queue of another service is about that one
    known     the prompts that there are
    """
    tier, queue, service, language = caller
    of_tier = next((name for name in (TIER_WORD + tier, _VIP if tier == VIP_TIER else "") if name in known), "")
    here = [name for name, its_queue in queues.items() if its_queue == queue]
    about = service if service in here or not here else here[0]
    of_queue = next((n for n in (QUEUE_WORD + queue, _SERVICE + about, _SERVICE + PERSON) if n in known), "")
    of_language = _LANGUAGE.get(language, "") if language != at_home else ""
    return tuple(name for name in (of_tier, of_queue, of_language) if name)
