"""Translates a site file into the rules that the router decides by.

Owns that one mapping; must not read files nor decide anything itself.
Rules: design.md section 5 (auto_login: an agent of the seat's own number).
"""

from jietong import site as site_file
from jietong.site import OverflowStep, Site
from routing.groups import Levels
from routing.rules import CallbackRules, Queue, Rules, Seat, Talent, Tier
from routing.steps import SUPERVISORS, Leave, Step, When


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
        missed_pause_s=site.routing.missed_pause_s,
        wrap_up_max_s=site.routing.wrap_up_max_s,
        age_ratio=site.routing.age_ratio,
        announce_every_s=site.announcements.every_s,
        representative_s=site.routing.representative_s,
        outside_numbers=tuple(site.outside.numbers.values()) if _sends(site) else (),
        callback=CallbackRules(**{**site.callback.model_dump(), "allowed": tuple(site.callback.allowed)})
        if site.callback is not None and _sends(site)
        else None,
        queues=tuple(_queue(queue) for queue in site.queues),
        talents={
            agent.number: Talent(_levels(agent.skills), (*agent.queues, *((SUPERVISORS,) if agent.supervisor else ())))
            for agent in site.agents
            if agent.skills or agent.queues or agent.supervisor
        },
        requires={
            word: _levels(needing.requires)
            for table in (site.services, site.languages, site.classes)
            for word, needing in table.items()
            if needing.requires
        },
        probe_numbers=frozenset((site.probe.number, f"+86{site.probe.number}"))
        if site.probe is not None
        else frozenset(),
    )


def _sends(site: Site) -> bool:
    return any(trunk.host for trunk in site.trunks)


def _levels(skills: dict[str, int]) -> Levels:
    return tuple(sorted(skills.items()))


def _queue(queue: site_file.Queue) -> Queue:
    return Queue(queue.name, queue.weight, _levels(queue.requires), tuple(_step(step) for step in queue.overflow))


def _step(step: OverflowStep) -> Step:
    """The step as the router knows it; the site's checks have seen to it that one condition and one operation are there."""
    conditions = (
        (When.AFTER, step.after_s),
        (When.LEFT, step.left_s),
        (When.PREDICTED, step.predicted_s),
        (When.AHEAD, step.ahead),
    )
    when, threshold = next((when, value) for when, value in conditions if value is not None)
    ways = ((Leave.OUTSIDE, step.outside), (Leave.CALLBACK, step.callback), (Leave.VOICEMAIL, step.voicemail))
    return Step(
        when=when,
        threshold=threshold,
        tiers=tuple(step.tiers),
        relax=_levels(step.relax),
        add_queue=SUPERVISORS if step.supervisors else step.add_queue or "",
        ring_seats=step.ring_seats or 0,
        leave=next((way for way, is_meant in ways if is_meant), None),
        number=step.outside or "",
    )


def agent_numbers(site: Site) -> tuple[str, ...]:
    """Returns the number of every agent of the site, each once: configured agents, then those of auto_login seats."""
    numbers = [agent.number for agent in site.agents]
    numbers += [seat.number for seat in site.seats if seat.auto_login]
    return tuple(dict.fromkeys(numbers))
