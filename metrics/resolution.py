"""What it was worth to the customer: solved at the first contact, satisfied, called back in time.

Owns these formulas. Must not know where calls and ratings come from. Rules: domain.md H4, H10, H13; field.md section 5.2.
"""

from dataclasses import dataclass, field

DAY_S = 86_400
REPEAT_DAYS = 7  # as long as first-contact responsibility lasts by default; the site file's first_contact_days
SATISFIED_FROM = 4  # of 1 to 5: "satisfied" and "very satisfied"
ON_TIME, MISSED_PROMISE = ("kept",), ("late", "unreached")


@dataclass(slots=True)
class FirstContacts:
    """Counts answered contacts, and which of them the same caller repeated within `within_s`; feed contacts in order of time.

    from_at, to_at   contacts in this span count; later ones only as repeats
    known_until      contacts whose time for a repeat is not over by then count in neither way
    """

    from_at: float
    to_at: float
    known_until: float
    within_s: float = REPEAT_DAYS * DAY_S
    settled: int = 0
    repeated: int = 0
    _open: dict[int, float] = field(default_factory=dict)

    def add(self, caller: str, at: float, *, is_answered: bool) -> None:
        """A caller asked for a person at epoch second `at`; withheld numbers are nobody. Segments of one call are one contact."""
        if not caller:
            return
        who = hash(caller)
        before_at = self._open.pop(who, None)
        if before_at is not None and at - before_at <= self.within_s:
            self.repeated += 1
        if is_answered and self.from_at <= at < self.to_at and at + self.within_s <= self.known_until:
            self.settled += 1
            self._open[who] = at


def first_contact_resolution(settled: int, repeated: int) -> float | None:
    """FCR (首次解决率), 0..1: answered contacts that the same number did not repeat within N days / answered contacts.

    Any further call for a person repeats, whatever it was about and whether or not it was answered: the strict reading.
    source   field.md section 5.2 (window to be stated), domain.md H10
    """
    return (settled - repeated) / settled if settled > 0 else None


def satisfaction(counts: tuple[int, ...]) -> float | None:
    """CSAT (满意度), 0..1: ratings of SATISFIED_FROM and more / ratings. `counts`: how many pressed 1, 2 ... 5. State the response rate beside it.

    source   field.md section 5.2: satisfied / surveys answered
    """
    rated = sum(counts)
    return sum(counts[SATISFIED_FROM - 1 :]) / rated if rated else None


def mean_rating(counts: tuple[int, ...]) -> float | None:
    """Mean of the ratings, 1 to 5. `counts`: how many pressed 1, 2 ... 5."""
    rated = sum(counts)
    return sum(value * count for value, count in enumerate(counts, 1)) / rated if rated else None


def response_rate(rated: int, answered: int) -> float | None:
    """Rated calls / answered calls, 0..1. Source: field.md section 5.2."""
    return min(1.0, rated / answered) if answered > 0 else None


def callbacks_kept(kept: int, missed: int) -> float | None:
    """Callbacks in which customer and agent talked by the promised time / those that were due, 0..1.

    missed   reached later, or never; cancelled ones, and those that a new call of the same number replaced, are in neither
    source   domain.md H4: within 120 minutes on holidays
    """
    due = kept + missed
    return kept / due if due else None
