"""The counts behind `/metrics`: a fold over the facts of the journal.

Owns what each fact adds, and that a call adds once. Must not know Prometheus nor read a clock.
Rules: design.md section 5 (names and meaning); a fact stream may begin in the middle of calls, and may lack some.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from metrics.class_tally import ALL, OTHER, ClassTally
from metrics.histogram import DECISION_BOUNDS_S, Histogram
from metrics.present import Key, Present
from routing.facts import CallAnswered, CallOffered, CallRecord, EventIgnored, Fact, OfferClosed, Outcome, SeatRang
from routing.ignored import REASONS, reason_of

VERSION = 2
MOST_CLASSES = 100  # queues times tiers; further ones are counted as queue "other", so that labels stay bounded
REMEMBER_ENDED = 2000  # calls: a router that rebuilds a call it had closed does so within seconds
FORGET_S = 24 * 3600.0  # a call that is open for longer has lost its end
REFUSALS = ("full", "rate")  # reasons of records whose caller was refused at the door


class TallyRefusedError(ValueError):
    """A stored tally is of another version or damaged: start from an empty one."""


@dataclass(slots=True)
class OpenCall:
    """An offered call that is not over."""

    queue: str
    tier: str
    queued_at: float
    is_answered: bool = False


def _segment(fact: CallOffered | CallAnswered | CallRecord) -> str:
    """Each segment of a transferred call is offered and ends by itself; the first has the call's own name."""
    return fact.call if fact.segment == 1 else f"{fact.call}/{fact.segment}"


class Tally:
    """All counts: offered = answered + abandoned + lost + left + unaccounted + in flight, for each queue and tier, after every fact.

    hour_of   gives the clock hour (YYYY-MM-DDTHH in the site's time zone) of an epoch time
    classes   queues and tiers that are there from the start
    """

    def __init__(self, hour_of: Callable[[float], str], classes: Iterable[Key] = ()) -> None:
        self.hour_of = hour_of
        self._from_start = tuple(classes)
        self.classes: dict[Key, ClassTally] = {}
        self.refused_at = float("-inf")  # the last one, since this process began
        self.clear()

    def clear(self) -> None:
        """Forgets every count."""
        self.classes = {key: ClassTally() for key in self._from_start}
        self.open: dict[str, OpenCall] = {}
        self.menu_calls = 0
        self.refused: dict[str, int] = dict.fromkeys(REFUSALS, 0)
        self.ignored: dict[str, int] = dict.fromkeys(REASONS, 0)
        self.decisions = Histogram(DECISION_BOUNDS_S)
        self._ended: dict[str, None] = {}  # in order of their end
        self._swept_at = 0.0

    def add_decision(self, decision_us: float) -> None:
        """One step of the router took so many microseconds."""
        self.decisions.add(decision_us / 1e6)

    def add(self, fact: Fact) -> None:
        """Counts one fact. A call that is first heard of by its answer or its end was offered too, and is counted so.

        Test calls of ours count nowhere.
        """
        if getattr(fact, "is_probe", False):
            return
        match fact:
            case CallOffered():
                began_at = fact.queued_at if fact.entered_at is None else fact.entered_at
                self._open(_segment(fact), fact.queue, fact.tier, began_at)
            case CallAnswered():
                self._answer(fact, fact.at - fact.wait_s)
            case OfferClosed():
                offers = self._class(fact.queue, fact.tier).offers
                offers[fact.result if fact.result in offers else OTHER] += 1
            case SeatRang():
                self._class(fact.queue, fact.tier).idle_to_ring.add(fact.idle_to_ring_s)
            case CallRecord():
                self._end(fact)
            case EventIgnored():
                self.ignored[reason_of(fact.because)] += 1
            case _:
                pass
        if fact.at - self._swept_at > FORGET_S / 24:
            self._sweep(fact.at)

    def add_past(self, fact: CallRecord) -> None:
        """Counts a record of the past, by its end. One that was open for so long that its end had been given up counts as such again."""
        began_at = fact.queued_at if fact.entered_at is None else fact.entered_at
        is_offered = fact.outcome is not Outcome.MENU and not fact.is_probe
        if is_offered and began_at is not None and fact.at - began_at > FORGET_S:
            self._open(_segment(fact), fact.queue, fact.tier, began_at)
            self._sweep(fact.at)
        self.add(fact)

    def add_past_offers(self, queue: str, tier: str, result: str, count: int) -> None:
        """Counts offers of the past that ended alike."""
        offers = self._class(queue, tier).offers
        offers[result if result in offers else OTHER] += count

    def add_past_rings(self, queue: str, tier: str, bucket: int, count: int, total_s: float) -> None:
        """Counts seats that rang in the past, `bucket` being the place of their delay in `RING_BOUNDS_S`."""
        self._class(queue, tier).idle_to_ring.add_many(bucket, count, total_s)

    def in_flight(self, queue: str, tier: str) -> int:
        """Offered calls whose outcome is not known yet: they wait or a seat rings for them."""
        key = self._key(queue, tier)
        return sum((call.queue, call.tier) == key and not call.is_answered for call in self.open.values())

    def present(self, at: float) -> Present:
        """Answer rates and the day's outlook at time `at`."""
        return Present(self.classes, self.hour_of, at)

    def rates(self, at: float) -> dict[str, float | None]:
        """The answer rate of the hotline for each window at time `at`."""
        return self.present(at).rates()[ALL, ALL]

    def _key(self, queue: str, tier: str) -> Key:
        key = (queue, tier)
        return key if key in self.classes or len(self.classes) < MOST_CLASSES else (OTHER, OTHER)

    def _class(self, queue: str, tier: str) -> ClassTally:
        return self.classes.setdefault(self._key(queue, tier), ClassTally())

    def _open(self, call: str, queue: str, tier: str, queued_at: float) -> OpenCall | None:
        """The call among those that are not over, newly counted when it is new; None when it is known to be over."""
        if call in self._ended:
            return None
        known = self.open.get(call)
        if known is None:
            tally = self._class(queue, tier)
            queue, tier = self._key(queue, tier)
            known = self.open[call] = OpenCall(queue, tier, queued_at)
            tally.offered += 1
            for period in tally.periods_of(self.hour_of(queued_at)):
                period.offered += 1
        return known

    def _conclude(self, call: OpenCall, *, is_answered: bool) -> ClassTally:
        tally = self.classes[(call.queue, call.tier)]
        for period in tally.periods_of(self.hour_of(call.queued_at)):
            period.concluded += 1
            period.answered += is_answered
        return tally

    def _answer(self, fact: CallAnswered | CallRecord, queued_at: float) -> None:
        known = self._open(_segment(fact), fact.queue, fact.tier, queued_at)
        if known is None or known.is_answered:
            return
        known.is_answered = True
        tally = self._conclude(known, is_answered=True)
        tally.answered += 1
        tally.in_target += fact.in_target
        tally.answer_wait.add(fact.wait_s)

    def _end(self, fact: CallRecord) -> None:
        name = _segment(fact)
        if name in self._ended:
            return
        if fact.outcome is Outcome.MENU and fact.reason in self.refused:
            self.refused[fact.reason] += 1
            self.refused_at = fact.at
        elif fact.outcome is Outcome.MENU:
            self.menu_calls += 1
        else:
            self._end_offered(fact)
        self._ended[name] = None
        if len(self._ended) > REMEMBER_ENDED:
            del self._ended[next(iter(self._ended))]

    def _end_offered(self, fact: CallRecord) -> None:
        began_at = fact.queued_at if fact.entered_at is None else fact.entered_at
        queued_at = began_at if began_at is not None else fact.at - fact.wait_s
        if _segment(fact) not in self.open and fact.at - queued_at > FORGET_S:
            return  # it was counted and given up
        if fact.outcome is Outcome.ANSWERED:
            self._answer(fact, queued_at)
        known = self._open(_segment(fact), fact.queue, fact.tier, queued_at)
        del self.open[_segment(fact)]
        if known is None:
            return
        if known.is_answered:
            self.classes[known.queue, known.tier].talk.add(fact.talk_s)
            return
        tally = self._conclude(known, is_answered=False)
        if fact.outcome is Outcome.LOST:
            tally.lost += 1
        elif fact.outcome is Outcome.ABANDONED:
            tally.abandoned[fact.reason if fact.reason in tally.abandoned else OTHER] += 1
            tally.abandon_wait.add(fact.wait_s)
        else:
            way = fact.outcome.value
            tally.left[way if way in tally.left else OTHER] += 1
            if fact.outcome is Outcome.CALLBACK:
                tally.callbacks[fact.reason if fact.reason in tally.callbacks else OTHER] += 1

    def _sweep(self, at: float) -> None:
        self._swept_at = at
        for call, known in list(self.open.items()):
            if at - known.queued_at > FORGET_S:
                del self.open[call]
                if not known.is_answered:
                    self.classes[(known.queue, known.tier)].unaccounted += 1

    def to_plain(self) -> dict[str, Any]:
        """Everything as values for JSON (an encoder that knows dataclasses)."""
        return {
            "version": VERSION,
            "menu_calls": self.menu_calls,
            "refused": self.refused,
            "ignored": self.ignored,
            "decisions": self.decisions,
            "classes": [[queue, tier, tally] for (queue, tier), tally in self.classes.items()],
            "open": self.open,
            "ended": list(self._ended),
            "swept_at": self._swept_at,
        }

    def load_plain(self, plain: dict[str, Any]) -> None:
        """Takes over what `to_plain` gave, after JSON. Raises TallyRefusedError; then nothing was changed."""
        if not isinstance(plain, dict) or plain.get("version") != VERSION:
            version = plain.get("version") if isinstance(plain, dict) else None
            raise TallyRefusedError(f"tally of version {version!r}, this one reads {VERSION}")
        try:
            classes = {(str(q), str(t)): ClassTally.from_plain(values) for q, t, values in plain["classes"]}
            calls = {call: OpenCall(**row) for call, row in plain["open"].items()}
            if any((call.queue, call.tier) not in classes for call in calls.values()):
                raise ValueError("a call of no class")
            decisions = Histogram.from_plain(plain["decisions"], DECISION_BOUNDS_S)
            menu_calls, swept_at = int(plain["menu_calls"]), float(plain["swept_at"])
            ignored = {reason: int(plain.get("ignored", {}).get(reason, 0)) for reason in REASONS}
            refused = {reason: int(plain.get("refused", {}).get(reason, 0)) for reason in REFUSALS}
            ended = dict.fromkeys(map(str, plain["ended"]))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise TallyRefusedError(f"stored tally is damaged: {error!r}") from error
        self.classes |= classes
        self.open, self._ended, self.ignored, self.refused = calls, ended, ignored, refused
        self.decisions, self.menu_calls, self._swept_at = decisions, menu_calls, swept_at
