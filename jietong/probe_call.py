"""One test call from dialling to the verdict: the telephone, the site's status and its records put together.

Owns the order of a test and its deadlines. Must not judge (probing/judgement.py) nor know how a telephone is told (probing/adapters/).
Rules: domain.md H7, H9; docs/probe.md. One test at a time; whatever fails becomes a result, never an exception.
"""

import asyncio
import contextlib
import http.client
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jietong.launch import PACKAGE_ROOT
from jietong.probe_script import Question, script_of
from jietong.probe_site import (
    LOOK_S,
    NotSentError,
    address_towards,
    alone,
    flows_of,
    length_s,
    own_address,
    program_of,
    records_of,
    send_on,
    told_at_pick_up,
)
from jietong.processes.status_page import status_page
from jietong.prompt_folder import prompts_of
from jietong.running import RunningSite
from jietong.site_probe import Probe
from probing.adapters.telephone import Telephone, TelephoneFailedError
from probing.judgement import Observed, Person, Sentence, Verdict, judge
from probing.words import Condition
from routing.facts import CallRecord, Outcome

ANSWER_S = 15.0  # until the hotline picks up
BEYOND_TARGET_S = 30.0  # how long after the tier's target the test caller still waits for a person
LONGEST_PROMPTS_S = 60.0
PAUSE_S = 1.0  # after what was said, before a key is pressed
SENT_S = 5.0  # from sending the call on until it is in the line again
STATUS_S = 3.0
NOTICED_S = 1.5  # until it is seen here that an agent has picked up


@dataclass
class _Course:
    """What happened so far. Spans are seconds of the recording: what was said up to each question, and each talk with an agent."""

    sentences: list[tuple[tuple[float, float], list[Path]]] = field(default_factory=list)
    talks: list[tuple[float, float]] = field(default_factory=list)
    refused: str = ""
    no_caller: str = ""
    not_sent: str = ""
    is_cut_off: bool = False
    waited_s: float = 0.0


class _CutOff(Exception):
    """The hotline hung up."""


async def make_test(site: RunningSite, probe: Probe, condition: Condition) -> tuple[Verdict, str]:
    """Makes one test call; returns the verdict and the call's id (empty without a record). Raises ProbeBusyError (probe_site.py)."""
    with alone(site.layout.run / "probe.lock"), tempfile.TemporaryDirectory(prefix="jietong-probe-") as folder:
        dialled_at, course, recording = time.time(), _Course(), Path(folder) / "heard.wav"
        heard: tuple[list[dict[str, Any]], float] = ([], 1.0)
        try:
            server = probe.server or own_address(site)
            async with await Telephone.start(program_of(probe), PACKAGE_ROOT, address_towards(server)) as phone:
                await _Test(site, probe, condition, phone, course).run(server, recording)
                heard = await phone.hear(recording, _spans(course)) if phone.saw("recorded") else heard
        except TelephoneFailedError as error:
            course.no_caller = str(error)
        except OSError as error:
            course.no_caller = f"the test caller cannot work: {error.strerror or error}"
        asked = not (course.no_caller or course.refused)
        records = await records_of(site, probe, dialled_at) if asked else []
        verdict = judge(condition, _observed(site, course, heard, records))
        return verdict, records[0].call if records else ""


class _Test:
    """A test while it is made."""

    def __init__(
        self, site: RunningSite, probe: Probe, condition: Condition, phone: Telephone, course: _Course
    ) -> None:
        self._site, self._probe, self._condition = site, probe, condition
        self._phone, self._course = phone, course

    async def run(self, server: str, recording: Path) -> None:
        """Fills the course; returns when the call is over."""
        probe, hotline = self._probe, self._site.site.hotline
        await self._phone.dial(f"sip:{probe.dial or hotline.number}@{server}", probe.number, recording)
        answered = await self._phone.wait_until(
            lambda: self._phone.saw("disconnected") or (self._phone.saw("answered") and self._phone.saw("media")),
            ANSWER_S,
        )
        if answered is None or answered["event"] == "disconnected":
            self._course.refused = (
                f"{answered['code']} {answered['reason']}" if answered else f"nothing within {ANSWER_S:g} s"
            )
        else:
            with contextlib.suppress(_CutOff):
                await self._go_through()
        await self._phone.hang_up()

    async def _go_through(self) -> None:
        await self._listen(script_of(flows_of(self._site), *self._meets(), self._condition))
        if self._condition is Condition.OTHER:
            return
        first = await self._talk("")
        if first is None or self._condition is not Condition.TRANSFER:
            return
        if await self._send_on(first):
            await self._talk(first)

    def _meets(self) -> tuple[str, str]:
        hotline = self._site.site.hotline
        return hotline.language, hotline.default_tier

    async def _listen(self, questions: Sequence[Question]) -> None:
        """Hears each question out and presses its key. On the way to a person the greeting is enough: the rest is what `OTHER` hears."""
        folder = prompts_of(self._site)
        for question in questions:
            said = question.prompts if self._condition is Condition.OTHER else question.prompts[:1]
            files = [folder / prompt.language / f"{prompt.name}.wav" for prompt in said]
            began = self._recorded_s()
            await self._stay(min(sum(map(length_s, files)), LONGEST_PROMPTS_S) + PAUSE_S)
            self._course.sentences.append(((began, self._recorded_s()), files))
            if question.key:
                self._phone.press(question.key)

    async def _talk(self, before: str) -> str | None:
        """Waits for an agent and listens to it; the agent's seat, None when nobody came. `before`: the seat that sent the call on."""
        tier = self._site.site.tiers[self._site.site.hotline.default_tier]
        asked_at = time.monotonic()
        until = asked_at + tier.answer_within_s + BEYOND_TARGET_S
        has_left = not before
        while time.monotonic() < until:
            call = await self._now()
            has_left = has_left or call.get("state") != "talking" or call.get("seat") != before
            if has_left and call.get("state") == "talking":
                await self._hear_announcement(str(call["seat"]))
                began = self._recorded_s()
                await self._stay(self._probe.talk_s)
                self._course.talks.append((began, self._recorded_s()))
                return str(call["seat"])
            await self._stay(LOOK_S)
        self._course.waited_s = time.monotonic() - asked_at
        return None

    async def _hear_announcement(self, seat: str) -> None:
        """Before the talk the caller is told who serves it, and the agent who calls: that sound is no agent's voice."""
        announced, told_s = await asyncio.to_thread(told_at_pick_up, self._site, seat)
        if told_s:
            began = max(0.0, self._recorded_s() - NOTICED_S)
            await self._stay(told_s + PAUSE_S)
            if announced is not None:
                self._course.sentences.append(((began, self._recorded_s()), [announced]))

    async def _send_on(self, seat: str) -> bool:
        """The call leaves its agent for the line again, as by an agent's transfer; False when it could not be sent."""
        code = self._probe.transfer_to or self._site.site.hotline.number
        call = await self._now()
        try:
            await send_on(self._site, str(call.get("call_id", "")), code)
        except NotSentError as error:
            self._course.not_sent = str(error)
            return False
        until = time.monotonic() + SENT_S
        while time.monotonic() < until:
            now = await self._now()
            if now.get("state") != "talking" or now.get("seat") != seat:
                return True
            await self._stay(LOOK_S)
        self._course.not_sent = f"it is still with its first agent after {SENT_S:g} s"
        return False

    async def _now(self) -> dict[str, Any]:
        """The test call as the site's status has it; empty when it has not."""
        try:
            told = await asyncio.to_thread(status_page, self._site, STATUS_S)
        except (OSError, http.client.HTTPException, ValueError):
            return {}
        found: list[dict[str, Any]] = told.get("test_calls", [])
        return found[-1] if found else {}

    async def _stay(self, for_s: float) -> None:
        """Lets time pass; raises _CutOff when the hotline hangs up meanwhile."""
        if await self._phone.wait_until(lambda: self._phone.saw("disconnected"), for_s) is not None:
            self._course.is_cut_off = True
            raise _CutOff

    def _recorded_s(self) -> float:
        """How long the recording is now; the telephone's clock is this machine's."""
        began = self._phone.first("media")
        return time.monotonic() - float(began["at"]) if began is not None else 0.0


def _spans(course: _Course) -> list[dict[str, Any]]:
    said = [
        {"from_s": begin, "to_s": end, "like": [str(file) for file in files]}
        for (begin, end), files in course.sentences
    ]
    return [*said, *({"from_s": begin, "to_s": end} for begin, end in course.talks)]


def _observed(
    site: RunningSite, course: _Course, heard: tuple[list[dict[str, Any]], float], records: Sequence[CallRecord]
) -> Observed:
    spans, alike = heard
    said, talks = spans[: len(course.sentences)], spans[len(course.sentences) :]
    sentences = [Sentence(Path(file).stem, alike) for span in said for file, alike in span["like"].items()]
    answered = [record for record in records if record.outcome is Outcome.ANSWERED]
    persons = [
        Person(
            record.agent,
            record.wait_s,
            site.site.tiers[record.tier].answer_within_s,
            number < len(talks) and not talks[number]["is_silent"],
        )
        for number, record in enumerate(answered)
    ]
    return Observed(
        no_caller=course.no_caller,
        refused=course.refused,
        sentences=sentences,
        alike=alike,
        persons=persons,
        is_cut_off=course.is_cut_off,
        is_closed=any(record.outcome is Outcome.MENU and record.reason == "closed" for record in records),
        has_record=bool(records),
        waited_s=course.waited_s,
        not_sent=course.not_sent,
    )
