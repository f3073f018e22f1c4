"""What a staffed line does in the long run: the formulas Erlang-B, Erlang-C and Erlang-A, exact and without overflow.

Owns these formulas. Must not know a site, a file or a router; one class of callers, agents who are all alike.
Rules: theory.md section 2.1. Poisson arrivals, exponential handling and patience; times are seconds, rates per second, shares 0..1.
"""

import itertools
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

LOG_NEGLIGIBLE = math.log(1e-20)  # beside the largest probability: rarer lengths of the line are left out
MOST_AGENTS = 1_000_000
MOST_TERMS = 2_000_000


class LoadError(ValueError):
    """A load that no line can have: the text names the figure and what is allowed."""


@dataclass(frozen=True, slots=True)
class Load:
    """What comes: calls per second, seconds of handling (talk and wrap-up), mean patience in seconds (`inf`: nobody hangs up).

    raises   LoadError for figures that are not positive, or not finite (patience may be infinite)
    """

    arrivals_per_s: float
    handling_s: float
    patience_s: float = math.inf

    def __post_init__(self) -> None:
        for name in ("arrivals_per_s", "handling_s", "patience_s"):
            value = getattr(self, name)
            if not value > 0 or (math.isinf(value) and name != "patience_s"):
                raise LoadError(f"{name} is {value:g}: it must be a number above 0")

    @property
    def erlangs(self) -> float:
        """Agents that would be busy on average if nobody hung up."""
        return self.arrivals_per_s * self.handling_s


@dataclass(frozen=True, slots=True)
class Outlook:
    """What callers meet. All waits are of the long run; `within_s` is the target that the levels are of.

    waiting             share of callers who wait at all
    abandoned           share of callers who hang up
    mean_wait_s         of all callers, those who hang up among them
    answer_wait_s       of answered callers (average speed of answer)
    occupancy           share of their time that agents are busy
    line                mean number of waiting callers
    answered_in_target  answered within the target / all callers (F2 of the five variants)
    of_answered         answered within the target / answered callers
    without_short       answered within the target / callers who did not hang up within the target
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

    B(0) = 1; B(k) = a B(k-1) / (k + a B(k-1)). Raises LoadError for a negative number of agents or a load that is not positive.
    """
    _check_agents(agents, least=0)
    if not 0 < erlangs < math.inf:
        raise LoadError(f"erlangs is {erlangs:g}: it must be a number above 0")
    share = 1.0
    for k in range(1, agents + 1):
        share = erlangs * share / (k + erlangs * share)
    return share


def outlook(agents: int, load: Load, within_s: float = 20.0) -> Outlook:
    """Erlang-A (Erlang-C when patience is infinite) for `agents` and a target of `within_s` seconds.

    raises   LoadError when agents is below 1, the target negative, or nobody hangs up and the agents are too few for the load
    """
    _check_agents(agents, least=1)
    if not 0 <= within_s < math.inf:
        raise LoadError(f"within_s is {within_s:g}: it must be a number from 0")
    return _patient(agents, load, within_s) if math.isinf(load.patience_s) else _impatient(agents, load, within_s)


def fewest_agents(load: Load, goal: float, within_s: float = 20.0) -> Outlook:
    """The outlook of the smallest staff that answers the share `goal` of all callers within the target.

    raises   LoadError for a goal outside 0..1, or when no staff of at most MOST_AGENTS reaches it
    """
    if not 0 < goal < 1:
        raise LoadError(f"goal is {goal:g}: it must be a share between 0 and 1, such as 0.9")
    patient = math.isinf(load.patience_s)
    few = math.floor(load.erlangs) + 1 if patient else 1
    many = max(few, math.ceil(load.erlangs))
    while outlook(many, load, within_s).answered_in_target < goal:
        if many >= MOST_AGENTS:
            raise LoadError(f"no staff of at most {MOST_AGENTS} agents reaches {goal:g}")
        few, many = many + 1, min(MOST_AGENTS, 2 * many)
    while few < many:  # more agents never answer fewer callers
        middle = (few + many) // 2
        if outlook(middle, load, within_s).answered_in_target < goal:
            few = middle + 1
        else:
            many = middle
    return outlook(many, load, within_s)


def _check_agents(agents: int, least: int) -> None:
    if not least <= agents <= MOST_AGENTS:
        raise LoadError(f"agents is {agents}: it must be from {least} to {MOST_AGENTS}")


def _patient(agents: int, load: Load, within_s: float) -> Outlook:
    spare = agents - load.erlangs
    if spare <= 0:
        raise LoadError(
            f"{agents} agents cannot serve {load.erlangs:g} erlangs when nobody hangs up: the line would grow for ever;"
            f" at least {math.floor(load.erlangs) + 1} are needed"
        )
    lost = blocking(agents, load.erlangs)
    waiting = lost / (1 - load.erlangs / agents * (1 - lost))
    in_target = 1 - waiting * math.exp(-spare / load.handling_s * within_s)
    mean_s = waiting * load.handling_s / spare
    return Outlook(
        agents=agents,
        within_s=within_s,
        waiting=waiting,
        abandoned=0.0,
        mean_wait_s=mean_s,
        answer_wait_s=mean_s,
        occupancy=load.erlangs / agents,
        line=mean_s * load.arrivals_per_s,
        answered_in_target=in_target,
        of_answered=in_target,
        without_short=in_target,
        virtual_in_target=in_target,
    )


def _impatient(agents: int, load: Load, within_s: float) -> Outlook:
    lines = _line_lengths(agents, load)
    rate = agents * load.patience_s / load.handling_s  # n mu / theta
    at_once = 1 - math.fsum(lines)
    line = math.fsum(q * share for q, share in enumerate(lines))
    abandoned = line / (load.patience_s * load.arrivals_per_s)
    in_target = virtual = at_once
    still_there = waited_s = passed = 0.0
    patient_enough = math.exp(-within_s / load.patience_s)
    late, late_served = _late(rate, patient_enough), _late(rate + 1, patient_enough)
    for q, share in enumerate(lines):
        is_served = rate / (rate + q + 1)
        passed += 1 / (rate + q + 1)
        waited_s += share * is_served * load.patience_s * passed
        later = next(late)
        virtual += share * (1 - later)
        still_there += share * patient_enough * later
        in_target += share * is_served * (1 - next(late_served))
    short = max(0.0, 1 - at_once - still_there - (in_target - at_once))
    return Outlook(
        agents=agents,
        within_s=within_s,
        waiting=1 - at_once,
        abandoned=abandoned,
        mean_wait_s=line / load.arrivals_per_s,
        answer_wait_s=waited_s / (1 - abandoned),
        occupancy=load.erlangs * (1 - abandoned) / agents,
        line=line,
        answered_in_target=in_target,
        of_answered=in_target / (1 - abandoned),
        without_short=in_target / (1 - short),
        virtual_in_target=virtual,
    )


def _line_lengths(agents: int, load: Load) -> list[float]:
    """Probability that all agents are busy and q callers wait, for q = 0, 1, ...

    Reckoned in logarithms relative to an empty line; every term is positive, so nothing cancels and nothing overflows.
    """
    lines = _until_negligible(
        load.arrivals_per_s / (agents / load.handling_s + q / load.patience_s) for q in itertools.count(1)
    )
    fewer_busy = _until_negligible(busy / load.erlangs for busy in range(agents, 0, -1))
    peak = max(*lines, *fewer_busy)
    shares = [math.exp(term - peak) for term in lines]
    total = math.fsum(shares) + math.fsum(math.exp(term - peak) for term in fewer_busy[1:])
    return [share / total for share in shares]


def _until_negligible(ratios: Iterable[float]) -> list[float]:
    """Logarithms of 1, r1, r1 r2, ... for falling ratios, until a term is negligible beside the greatest.

    raises   LoadError after MOST_TERMS terms
    """
    terms, peak = [0.0], 0.0
    for ratio in ratios:
        term = terms[-1] + math.log(ratio)
        peak = max(peak, term)
        if term < peak + LOG_NEGLIGIBLE:
            break
        if len(terms) >= MOST_TERMS:
            raise LoadError(f"more than {MOST_TERMS} callers would wait: such a line is not reckoned")
        terms.append(term)
    return terms


def _late(rate: float, x: float) -> Iterator[float]:
    """I_x(rate, q + 1) for q = 0, 1, ...: the share of callers behind q others whom a patient caller's turn finds later than the target.

    The regularised incomplete beta function with a whole second argument is a sum: I_x(a, b + 1) = I_x(a, b) + x^a (1-x)^b / (b B(a, b)).
    """
    if x >= 1:
        while True:
            yield 1.0
    total, b = 0.0, 0
    log_x, log_rest, log_gamma = rate * math.log(x), math.log1p(-x), math.lgamma(rate)
    while True:
        total += math.exp(log_x + b * log_rest + math.lgamma(rate + b) - log_gamma - math.lgamma(b + 1))
        yield min(1.0, total)
        b += 1
