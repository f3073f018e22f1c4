"""One line of a report's table: every figure that follows from one sum of calls.

Owns which figures a line has and their order. Must not know what the line is of. Rules: docs/reports.md; formulas are those of
kpi.py, service_level.py, handling.py and resolution.py. None: nothing counts.
"""

from dataclasses import dataclass

from metrics.handling import average_handle_time_s, average_s, average_speed_of_answer_s, rona_rate
from metrics.kpi import answer_rate
from metrics.resolution import MISSED_PROMISE, ON_TIME, callbacks_kept
from metrics.service_level import TARGETS_S, Variant, abandonment_rate, levels, service_level
from metrics.sums import ABANDONED, CALLBACK, Sums
from routing.facts import Outcome

OWN = "own"  # each call against the target of its own tier


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts are calls, shares 0..1, `_s` seconds. `level_15` ... are F3 (answered in time / offered); `level_own` against the tier's own target."""

    offered: int
    answered: int
    answer_rate: float | None
    answered_in_target: int
    level_own: float | None
    level_15: float | None
    level_20: float | None
    level_30: float | None
    abandoned: int
    short_abandoned: int
    abandonment: float | None
    abandonment_without_short: float | None
    lost: int
    outside: int
    voicemail: int
    callback: int
    callbacks_kept: float | None
    asa_s: float | None
    abandon_wait_s: float | None
    aht_s: float | None
    talk_s: float | None
    hold_s: float | None
    wrap_up_s: float | None
    rona: float | None


def figures_of(sums: Sums) -> Figures:
    """The line of these calls."""
    answered, gave_up = sums.answered, sums.outcomes[ABANDONED]
    own = sums.level_at_own_target()
    level_15, level_20, level_30 = (service_level(sums.level_at(int(t)), Variant.OF_OFFERED) for t in TARGETS_S)
    hung_up = type(own)(answered, gave_up, 0, 0, sums.short)
    talk_s = average_s(sums.talk_s - sums.hold_s, answered)
    wrap_up_s = average_s(sums.wrap_up_s, sums.wrapped)
    return Figures(
        offered=sums.offered,
        answered=answered,
        answer_rate=answer_rate(answered, sums.offered),
        answered_in_target=sums.in_target,
        level_own=service_level(own, Variant.OF_OFFERED),
        level_15=level_15,
        level_20=level_20,
        level_30=level_30,
        abandoned=gave_up,
        short_abandoned=sums.short,
        abandonment=abandonment_rate(hung_up, without_short=False),
        abandonment_without_short=abandonment_rate(hung_up, without_short=True),
        lost=sums.outcomes[Outcome.LOST.value],
        outside=sums.outcomes[Outcome.OUTSIDE.value],
        voicemail=sums.outcomes[Outcome.VOICEMAIL.value],
        callback=sums.outcomes[CALLBACK],
        callbacks_kept=callbacks_kept(
            *(sum(sums.callbacks.get(word, 0) for word in words) for words in (ON_TIME, MISSED_PROMISE))
        ),
        asa_s=average_speed_of_answer_s(sums.answered_wait_s, answered),
        abandon_wait_s=average_s(sums.given_up_wait_s, gave_up),
        aht_s=average_handle_time_s(sums.talk_s, (wrap_up_s or 0.0) * answered, answered),
        talk_s=talk_s,
        hold_s=average_s(sums.hold_s, answered),
        wrap_up_s=wrap_up_s,
        rona=rona_rate(sums.missed, sums.offers),
    )


def level_table(sums: Sums) -> dict[str, dict[str, float | None]]:
    """Target ("15", "20", "30", OWN) -> F1 ... F5 -> share: the same calls by every formula."""
    counts = {f"{int(target)}": sums.level_at(int(target)) for target in TARGETS_S} | {OWN: sums.level_at_own_target()}
    return {
        target: {variant.value: level for variant, level in levels(count).items()} for target, count in counts.items()
    }
