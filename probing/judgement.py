"""Whether a test call passed: what was heard and seen against what a customer may expect.

Owns the verdict and its reason. Must not call, listen nor read a record.
Rules: domain.md H3 (answered within the target), H7 (true results only), H9; docs/probe.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from probing.words import Condition, Reason, Result

PERSONS = {Condition.RANDOM: 1, Condition.TRANSFER: 2, Condition.OTHER: 0}


@dataclass(frozen=True, slots=True)
class Sentence:
    """A prompt that should have been heard: its name, and how alike the best second was, 0 to 1."""

    name: str
    likeness: float


@dataclass(frozen=True, slots=True)
class Person:
    """An agent who answered. `wait_s` from queue entry to the answer, `target_s` of the tier; `is_heard`: any sound came while it talked."""

    agent: str
    wait_s: float
    target_s: float
    is_heard: bool


@dataclass(frozen=True, slots=True)
class Observed:
    """One test call as the test caller and the records saw it.

    no_caller    why the test caller could not call; empty: it could
    refused      what the hotline said instead of answering; empty: it answered
    sentences    prompts that should have been heard, in order
    alike        likeness from which a sentence counts as heard
    persons      agents who answered, in order
    is_cut_off   the hotline hung up before the test was done
    is_closed    the caller was told that the queue is closed
    has_record   the hotline's record of the call was found
    waited_s     how long the test caller waited for the person who did not come
    not_sent     why the call could not be sent on; empty: it could, or nobody tried
    """

    no_caller: str = ""
    refused: str = ""
    sentences: Sequence[Sentence] = ()
    alike: float = 0.6
    persons: Sequence[Person] = ()
    is_cut_off: bool = False
    is_closed: bool = False
    has_record: bool = True
    waited_s: float = 0.0
    not_sent: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How the test went, why, and a sentence for people. `wait_s`: the longest wait for a person; None without one."""

    result: Result
    reason: Reason
    remark: str
    wait_s: float | None


def judge(condition: Condition, seen: Observed) -> Verdict:
    """The verdict: passed only when everything that belongs to the condition was heard and seen; else the first reason in the order of a call."""
    wait_s = max((person.wait_s for person in seen.persons), default=None)
    reason, remark = _fault(condition, seen)
    if reason is Reason.NONE:
        return Verdict(Result.PASSED, reason, _praise(seen), wait_s)
    result = Result.NOT_MADE if reason is Reason.NO_TEST_CALLER else Result.FAILED
    return Verdict(result, reason, remark, wait_s)


def _fault(condition: Condition, seen: Observed) -> tuple[Reason, str]:
    if seen.no_caller:
        return Reason.NO_TEST_CALLER, seen.no_caller
    if seen.refused:
        return Reason.NOT_CONNECTED, f"the hotline did not answer: {seen.refused}"
    for sentence in seen.sentences:
        if sentence.likeness < seen.alike:
            return Reason.PROMPT_NOT_HEARD, f"prompt {sentence.name} was not heard (alike {sentence.likeness:.2f})"
    if not seen.has_record:
        return Reason.NO_RECORD, "the hotline kept no record of the call"
    return _fault_of_people(condition, seen)


def _fault_of_people(condition: Condition, seen: Observed) -> tuple[Reason, str]:
    for number, person in enumerate(seen.persons, 1):
        which = f"agent {person.agent or '?'}" + (f", person {number}," if number > 1 else "")
        if person.wait_s > person.target_s:
            return Reason.LATE, f"{which} answered after {person.wait_s:.1f} s, the target is {person.target_s:g} s"
        if not person.is_heard:
            return Reason.NO_VOICE, f"{which} answered, and nothing was heard"
    if seen.not_sent:
        return Reason.NOT_TRANSFERRED, f"the call could not be sent on: {seen.not_sent}"
    missing = PERSONS[condition] - len(seen.persons)
    if seen.is_closed and missing > 0:
        return Reason.CLOSED, "the queue was closed"
    if seen.is_cut_off:
        return Reason.CUT_OFF, "the hotline hung up before the test was done"
    if missing > 0:
        return Reason.NO_PERSON, f"nobody answered within {seen.waited_s:.0f} s (person {len(seen.persons) + 1})"
    return Reason.NONE, ""


def _praise(seen: Observed) -> str:
    heard = [f"{len(seen.sentences)} prompts heard"] if seen.sentences else []
    answered = [f"agent {person.agent} answered after {person.wait_s:.1f} s" for person in seen.persons]
    return ", ".join([*heard, *answered])
