"""How long callers wait in the long run: the exact distribution, with and without abandonment.

Owns the length of the line and what has become of a caller after t seconds. Must not know a goal or a site.
Rules: theory.md section 2.1: M/M/n and M/M/n+M; a caller behind q others meets a wait V with exp(-theta V) ~ Beta(n mu / theta, q + 1).
"""

import itertools
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from planning.load import Load, LoadError

LOG_NEGLIGIBLE = math.log(1e-20)  # beside the largest probability: rarer lengths of the line are left out
MOST_TERMS = 2_000_000
HALVINGS = 40  # of a span of time: to a billionth of it


@dataclass(frozen=True, slots=True)
class Moment:
    """What has become of callers some seconds after they entered; shares of all callers. The first three add up to 1.

    answered   talk to an agent, or have done so          abandoned   hung up
    waiting    still wait                                 reached     their turn has come, or would have if they were patient
    """

    answered: float
    abandoned: float
    waiting: float
    reached: float


@dataclass(frozen=True, slots=True)
class Waits:
    """The waits that callers meet.

    at_once   share of callers who find an idle agent
    lines     patience is finite: probability that all agents are busy and q callers wait, for q = 0, 1, ...; else empty
    """

    agents: int
    load: Load
    at_once: float
    lines: tuple[float, ...] = ()

    @property
    def line(self) -> float:
        """Mean number of waiting callers."""
        if self.lines:
            return math.fsum(q * share for q, share in enumerate(self.lines))
        spare = self.agents - self.load.erlangs
        return (1 - self.at_once) * self.load.erlangs / spare

    @property
    def abandoned(self) -> float:
        """Share of callers who hang up."""
        return self.line / (self.load.patience_s * self.load.arrivals_per_s)

    def at(self, seconds: float) -> Moment:
        """What has become of callers `seconds` after they entered. Raises LoadError for a negative or endless time."""
        if not 0 <= seconds < math.inf:
            raise LoadError(f"the time is {seconds:g} s: it must be a number from 0")
        return self._at_impatient(seconds) if self.lines else self._at_patient(seconds)

    def answered_by(self, share: float) -> float:
        """Seconds within which `share` of the callers who are answered at all are answered; 0 when as many find an idle agent.

        raises   LoadError for a share that is not between 0 and 1
        """
        if not 0 < share < 1:
            raise LoadError(f"the share is {share:g}: it must be between 0 and 1, such as 0.9")
        wanted = share * (1 - self.abandoned)
        if self.at(0).answered >= wanted:
            return 0.0
        low, high = 0.0, self.load.handling_s
        while self.at(high).answered < wanted:
            low, high = high, 2 * high
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            low, high = (middle, high) if self.at(middle).answered < wanted else (low, middle)
        return high

    def answer_wait_s(self) -> float:
        """Mean wait of answered callers (average speed of answer)."""
        if not self.lines:
            return self.line / self.load.arrivals_per_s
        rate = self.agents * self.load.patience_s / self.load.handling_s
        waited_s = passed = 0.0
        for q, share in enumerate(self.lines):
            passed += 1 / (rate + q + 1)
            waited_s += share * rate / (rate + q + 1) * self.load.patience_s * passed
        return waited_s / (1 - self.abandoned)

    def _at_patient(self, seconds: float) -> Moment:
        spare = self.agents - self.load.erlangs
        waiting = (1 - self.at_once) * math.exp(-spare / self.load.handling_s * seconds)
        return Moment(1 - waiting, 0.0, waiting, 1 - waiting)

    def _at_impatient(self, seconds: float) -> Moment:
        rate = self.agents * self.load.patience_s / self.load.handling_s  # n mu / theta
        patient_enough = math.exp(-seconds / self.load.patience_s)
        late, late_served = _late(rate, patient_enough), _late(rate + 1, patient_enough)
        answered = reached = self.at_once
        waiting = 0.0
        for q, share in enumerate(self.lines):
            later = next(late)
            reached += share * (1 - later)
            waiting += share * patient_enough * later
            answered += share * rate / (rate + q + 1) * (1 - next(late_served))
        return Moment(answered, max(0.0, 1 - answered - waiting), waiting, reached)


def waits_of(agents: int, load: Load) -> Waits:
    """The long run of `agents` for `load`.

    raises   LoadError when nobody hangs up and the agents are too few for the load: then there is no long run
    """
    if math.isinf(load.patience_s):
        return Waits(agents, load, 1 - _waiting_patient(agents, load))
    lines = _line_lengths(agents, load)
    return Waits(agents, load, 1 - math.fsum(lines), tuple(lines))


def blocked(agents: int, erlangs: float) -> float:
    """Erlang-B: B(0) = 1; B(k) = a B(k-1) / (k + a B(k-1)). The figures are taken as they are: `erlang.blocking` checks them."""
    share = 1.0
    for k in range(1, agents + 1):
        share = erlangs * share / (k + erlangs * share)
    return share


def _waiting_patient(agents: int, load: Load) -> float:
    """Erlang-C: the share of callers who wait, from Erlang-B by C = B / (1 - (a/n)(1 - B))."""
    if agents <= load.erlangs:
        raise LoadError(
            f"{agents} agents cannot serve {load.erlangs:g} erlangs when nobody hangs up: the line would grow for ever;"
            f" at least {math.floor(load.erlangs) + 1} are needed"
        )
    lost = blocked(agents, load.erlangs)
    return lost / (1 - load.erlangs / agents * (1 - lost))


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
    if x <= 0:  # so long after entering that nobody is patient enough
        while True:
            yield 0.0
    log_rest = math.log1p(-x)
    log_term, total, b = rate * math.log(x), 0.0, 0
    while True:
        total += math.exp(log_term)
        yield min(1.0, total)
        log_term += log_rest + math.log((rate + b) / (b + 1))
        b += 1
