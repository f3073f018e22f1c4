"""Translates a site file into the rules that the router decides by.

Owns that one mapping; must not read files nor decide anything itself.
Rules: design.md section 5 (auto_login: an agent of the seat's own number).
"""

from jietong.site import Site
from routing.groups import Levels
from routing.rules import Queue, Rules, Seat, Talent, Tier


def rules_of(site: Site) -> Rules:
    """Returns the router's rules for `site`, everything in the order of the file.

    agents   the configured ones first, then one for each auto_login seat that has no configured agent of its number
    """
    return Rules(
        queue=site.hotline.queue,
        tiers=tuple(Tier(name, tier.answer_within_s, tier.goal) for name, tier in site.tiers.items()),
        default_tier=site.hotline.default_tier,
        seats=tuple(Seat(seat.number, tuple(seat.dedicated_to), seat.auto_login) for seat in site.seats),
        agents=agent_numbers(site),
        reserve=site.routing.vip_reserve,
        ring_s=site.routing.ring_s,
        wrap_up_s=site.routing.wrap_up_s,
        reject_pause_s=site.routing.reject_pause_s,
        age_ratio=site.routing.age_ratio,
        representative_s=site.routing.representative_s,
        queues=tuple(Queue(queue.name, queue.weight, _levels(queue.requires)) for queue in site.queues),
        talents={
            agent.number: Talent(_levels(agent.skills), tuple(agent.queues))
            for agent in site.agents
            if agent.skills or agent.queues
        },
        requires={
            word: _levels(needing.requires)
            for table in (site.services, site.languages, site.classes)
            for word, needing in table.items()
            if needing.requires
        },
    )


def _levels(skills: dict[str, int]) -> Levels:
    return tuple(sorted(skills.items()))


def agent_numbers(site: Site) -> tuple[str, ...]:
    """Returns the number of every agent of the site, each once: configured agents, then those of auto_login seats."""
    numbers = [agent.number for agent in site.agents]
    numbers += [seat.number for seat in site.seats if seat.auto_login]
    return tuple(dict.fromkeys(numbers))
