"""How many agents a load needs, and what callers meet, in the long run: Erlang-B, Erlang-C and Erlang-A, exact and without overflow.

Owns outlooks and the fewest agents for a goal. Must not know a site, a file or a router; one class of callers, agents who are all alike.
Rules: theory.md section 2.1. Poisson arrivals, exponential handling and patience; times are seconds, rates per second, shares 0..1.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from metrics.service_level import SHORT_ABANDON_S, Variant
from planning.load import Load, LoadError
from planning.waits import Waits, blocked, waits_of

MOST_AGENTS = 1_000_000


@dataclass(frozen=True, slots=True)
class Outlook:
    """What callers meet. All waits are of the long run; `within_s` is the target that the levels are of.

    waiting             share of callers who wait at all
    abandoned           share of callers who hang up
    mean_wait_s         of all callers, those who hang up among them
    answer_wait_s       of answered callers (average speed of answer)
    occupancy           share of their time that agents are busy
    line                mean number of waiting callers
    answered_in_target  answered within the target / all callers (F3 of the five variants)
    of_answered         answered within the target / answered callers (F2)
    without_short       answered within the target / callers who did not hang up within the target (F4)
    virtual_in_target   share of callers who would be answered within the target if they were patient
    """

    agents: int
    within_s: float
    waiting: float
    abandoned: float
    mean_wait_s: float
    answer_wait_s: float
    occupancy: float
    line: float
    answered_in_target: float
    of_answered: float
    without_short: float
    virtual_in_target: float


def blocking(agents: int, erlangs: float) -> float:
    """Erlang-B: the share of callers who find all of `agents` busy when nobody may wait.

    Raises LoadError for a negative number of agents or a load that is not positive.
    """
    _check_agents(agents, least=0)
    _check_erlangs(erlangs)
    return blocked(agents, erlangs)


def fewest_lines(erlangs: float, most_blocked: float) -> int:
    """The fewest lines (or agents) of which at most the share `most_blocked` of callers finds every one busy. Raises LoadError as `blocking`."""
    _check_erlangs(erlangs)
    if not 0 < most_blocked < 1:
        raise LoadError(f"the blocked share is {most_blocked:g}: it must be between 0 and 1, such as 0.01")
    share, lines = 1.0, 0
    while share > most_blocked:
        lines += 1
        _check_agents(lines, least=0)
        share = erlangs * share / (lines + erlangs * share)
    return lines


def outlook(agents: int, load: Load, within_s: float = 20.0) -> Outlook:
    """Erlang-A (Erlang-C when patience is infinite) for `agents` and a target of `within_s` seconds.

    raises   LoadError when agents is below 1, the target negative, or nobody hangs up and the agents are too few for the load
    """
    _check(agents, within_s)
    waits = waits_of(agents, load)
    moment, line, abandoned = waits.at(within_s), waits.line, waits.abandoned
    return Outlook(
        agents=agents,
        within_s=within_s,
        waiting=1 - waits.at_once,
        abandoned=abandoned,
        mean_wait_s=line / load.arrivals_per_s,
        answer_wait_s=waits.answer_wait_s(),
        occupancy=load.erlangs * (1 - abandoned) / agents,
        line=line,
        answered_in_target=moment.answered,
        of_answered=moment.answered / (1 - abandoned),
        without_short=moment.answered / (1 - moment.abandoned),
        virtual_in_target=moment.reached,
    )


def level(waits: Waits, within_s: float, variant: Variant, short_s: float = SHORT_ABANDON_S) -> float:
    """The service level of the long run by one of the five formulas; `short_s` counts for the last only.

    source   metrics/service_level.py, of shares instead of counts
    """
    moment = waits.at(within_s)
    match variant:
        case Variant.ABANDONED_IN_TIME_COUNT_AS_GOOD:
            return moment.answered + moment.abandoned
        case Variant.OF_ANSWERED:
            return moment.answered / (1 - waits.abandoned)
        case Variant.OF_OFFERED:
            return moment.answered
        case Variant.ABANDONED_IN_TIME_LEFT_OUT:
            return moment.answered / (1 - moment.abandoned)
        case Variant.SHORT_ABANDONS_LEFT_OUT:
            return moment.answered / (1 - waits.at(short_s).abandoned)


def levels_of(waits: Waits, within_s: float, short_s: float = SHORT_ABANDON_S) -> dict[Variant, float]:
    """All five, for showing side by side."""
    return {variant: level(waits, within_s, variant, short_s) for variant in Variant}


def fewest_agents(load: Load, goal: float, within_s: float = 20.0, variant: Variant = Variant.OF_OFFERED) -> Outlook:
    """The outlook of the smallest staff whose service level, by `variant`, reaches the share `goal`.

    raises   LoadError for a goal outside 0..1, or when no staff of at most MOST_AGENTS reaches it
    """
    if not 0 < goal < 1:
        raise LoadError(f"goal is {goal:g}: it must be a share between 0 and 1, such as 0.9")
    _check(1, within_s)
    few = math.floor(load.erlangs) + 1 if math.isinf(load.patience_s) else 1
    return outlook(
        _fewest(few, load, goal, lambda agents: level(waits_of(agents, load), within_s, variant)), load, within_s
    )


def _fewest(few: int, load: Load, goal: float, level_with: Callable[[int], float]) -> int:
    """The least number from `few` whose level reaches the goal: more agents never make callers worse off."""
    many = max(few, math.ceil(load.erlangs))
    while level_with(many) < goal:
        if many >= MOST_AGENTS:
            raise LoadError(f"no staff of at most {MOST_AGENTS} agents reaches {goal:g}")
        few, many = many + 1, min(MOST_AGENTS, 2 * many)
    while few < many:
        middle = (few + many) // 2
        if level_with(middle) < goal:
            few = middle + 1
        else:
            many = middle
    return many


def _check(agents: int, within_s: float) -> None:
    _check_agents(agents, least=1)
    if not 0 <= within_s < math.inf:
        raise LoadError(f"within_s is {within_s:g}: it must be a number from 0")


def _check_agents(agents: int, least: int) -> None:
    if not least <= agents <= MOST_AGENTS:
        raise LoadError(f"agents is {agents}: it must be from {least} to {MOST_AGENTS}")


def _check_erlangs(erlangs: float) -> None:
    if not 0 < erlangs < math.inf:
        raise LoadError(f"erlangs is {erlangs:g}: it must be a number above 0")
