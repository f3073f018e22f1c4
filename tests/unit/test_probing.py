"""Test calls: when they are made, how they are judged, and what their weeks say."""

from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.flow_visit import Flows
from ivr.say import prompts_for
from jietong.flow_files import read_flows
from jietong.prepare import SiteSource, demo_file, running_site
from jietong.probe_script import script_of
from jietong.probe_site import length_s, told_at_pick_up
from jietong.processes.prober import next_test
from jietong.recordings import LANGUAGES
from jietong.running import Ports
from jietong.site_file import load_site
from jietong.site_probe import Probe
from jietong.spoken_folder import prepare_spoken
from probing.day_plan import plan_of_day
from probing.judgement import Observed, Person, Sentence, judge
from probing.statistics import ProbeResult, by_week
from probing.words import Condition, Reason, Result

SHANGHAI = ZoneInfo("Asia/Shanghai")
RANDOM, TRANSFER, OTHER = Condition.RANDOM, Condition.TRANSFER, Condition.OTHER
HEARD, UNHEARD = Sentence("welcome", 0.9), Sentence("welcome", 0.3)
GOOD, LATE, MUTE = Person("1001", 4.0, 20, True), Person("1002", 21.0, 20, True), Person("1003", 4.0, 20, False)


@pytest.mark.parametrize(
    ("condition", "seen", "reason"),
    [
        (RANDOM, Observed(sentences=[HEARD], persons=[GOOD]), Reason.NONE),
        (TRANSFER, Observed(sentences=[HEARD], persons=[GOOD, GOOD]), Reason.NONE),
        (OTHER, Observed(sentences=[HEARD, HEARD]), Reason.NONE),
        (RANDOM, Observed(persons=[GOOD]), Reason.NONE),  # a flow that says nothing and leads to a person
        (RANDOM, Observed(no_caller="no program", has_record=False), Reason.NO_TEST_CALLER),
        (RANDOM, Observed(refused="486 Busy", has_record=False), Reason.NOT_CONNECTED),
        (RANDOM, Observed(sentences=[HEARD, UNHEARD], persons=[GOOD]), Reason.PROMPT_NOT_HEARD),
        (RANDOM, Observed(sentences=[HEARD], has_record=False), Reason.NO_RECORD),
        (RANDOM, Observed(sentences=[HEARD], waited_s=50), Reason.NO_PERSON),
        (RANDOM, Observed(sentences=[HEARD], is_closed=True, is_cut_off=True), Reason.CLOSED),
        (RANDOM, Observed(sentences=[HEARD], is_cut_off=True), Reason.CUT_OFF),
        (RANDOM, Observed(sentences=[HEARD], persons=[LATE]), Reason.LATE),
        (RANDOM, Observed(sentences=[HEARD], persons=[MUTE]), Reason.NO_VOICE),
        (RANDOM, Observed(sentences=[HEARD], persons=[GOOD], is_cut_off=True), Reason.CUT_OFF),
        (TRANSFER, Observed(sentences=[HEARD], persons=[GOOD], waited_s=50), Reason.NO_PERSON),
        (TRANSFER, Observed(sentences=[HEARD], persons=[GOOD], not_sent="no channel"), Reason.NOT_TRANSFERRED),
        (TRANSFER, Observed(sentences=[HEARD], persons=[GOOD, LATE]), Reason.LATE),
        (TRANSFER, Observed(sentences=[HEARD], persons=[GOOD, MUTE]), Reason.NO_VOICE),
        (OTHER, Observed(sentences=[HEARD, UNHEARD]), Reason.PROMPT_NOT_HEARD),
        (OTHER, Observed(sentences=[HEARD], is_cut_off=True), Reason.CUT_OFF),
    ],
)
def test_a_test_passes_only_when_all_of_it_was_seen(condition: Condition, seen: Observed, reason: Reason) -> None:
    """A supervisor reads the first thing that went wrong, and passed only when nothing did."""
    verdict = judge(condition, seen)
    assert verdict.reason is reason
    expected = {Reason.NONE: Result.PASSED, Reason.NO_TEST_CALLER: Result.NOT_MADE}.get(reason, Result.FAILED)
    assert verdict.result is expected
    assert bool(verdict.remark) or reason is Reason.NONE
    assert verdict.wait_s == max((person.wait_s for person in seen.persons), default=None)


_spans = (
    st.lists(st.integers(0, 1439), min_size=2, max_size=6, unique=True)
    .map(sorted)
    .map(lambda marks: list(zip(marks[::2], marks[1::2], strict=False)))
)
_counts = st.fixed_dictionaries({condition: st.integers(0, 5) for condition in Condition})


@given(_spans, _counts, st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.text(max_size=8))
def test_a_day_has_its_tests_inside_its_hours(
    spans: list[tuple[int, int]], counts: dict[Condition, int], day: date, seed: str
) -> None:
    """Every day has the ordered number of each test, all within the spans, in order, and the same whoever asks again."""
    plan = plan_of_day(day, spans, counts, SHANGHAI, seed)
    assert plan == plan_of_day(day, spans, counts, SHANGHAI, seed)
    assert Counter(planned.condition for planned in plan) == Counter({c: n for c, n in counts.items() if n})
    assert plan == sorted(plan, key=lambda planned: planned.at)
    for planned in plan:
        clock = datetime.fromtimestamp(planned.at, SHANGHAI)
        minute = clock.hour * 60 + clock.minute
        assert clock.date() == day and any(begin <= minute <= end for begin, end in spans)


def test_times_differ_from_day_to_day_and_site_to_site() -> None:
    """Agents cannot learn when they will be tested."""
    spans, counts = [(480, 1200)], {RANDOM: 3}
    plans = [
        [planned.at % 86400 for planned in plan_of_day(date(2026, 11, day), spans, counts, SHANGHAI, seed)]
        for day in (26, 27)
        for seed in ("a", "b")
    ]
    assert len({tuple(plan) for plan in plans}) == 4


def test_a_span_past_midnight_belongs_to_the_evening_before() -> None:
    """A night shift is tested too; after the last test of a day the next day's first comes."""
    probe = Probe(number="13800000100", between=["22:00-02:00"], random_per_day=4, transfer_per_day=0, other_per_day=0)
    at = datetime(2026, 11, 27, 0, 0, tzinfo=SHANGHAI).timestamp()
    times = []
    for _ in range(12):
        planned = next_test(probe, SHANGHAI, "seed", at)
        assert planned.at > at
        times.append(datetime.fromtimestamp(planned.at, SHANGHAI))
        at = planned.at
    assert all(time.hour >= 22 or time.hour < 2 for time in times)
    assert len({(time.hour < 2, time.date()) for time in times}) > 2


def test_weeks_say_where_a_cause_must_be_written_down() -> None:
    """Below 90 % the week is marked; tests that could not be made are counted apart; the order does not matter."""
    monday = datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp()

    def result(day: int, condition: Condition, outcome: Result, reason: Reason = Reason.NONE) -> ProbeResult:
        return ProbeResult(monday + day * 86400, "probe", condition, outcome, reason, "")

    results = [
        *(result(day, RANDOM, Result.PASSED) for day in range(7)),
        result(2, TRANSFER, Result.FAILED, Reason.LATE),
        result(3, OTHER, Result.NOT_MADE, Reason.NO_TEST_CALLER),
        *(result(7 + day, RANDOM, Result.PASSED) for day in range(5)),
    ]

    def week_of(at: float) -> str:
        year, week, _ = datetime.fromtimestamp(at, UTC).isocalendar()
        return f"{year}-W{week}"

    first, second = by_week(results[::-1], week_of)
    assert (first.week, first.made, first.not_made, first.rate, first.needs_analysis) == ("2026-W48", 8, 1, 7 / 8, True)
    assert first.reasons == {Reason.LATE: 1, Reason.NO_TEST_CALLER: 1}
    assert (second.made, second.rate, second.needs_analysis) == (5, 1.0, False)


def test_the_test_caller_goes_the_way_of_a_stranger() -> None:
    """It expects what the site's own flow says, and presses the key for a person, or for the other language."""
    shipped, _ = read_flows(None)
    flows = Flows(shipped, LANGUAGES, prompts_for)

    def way(tier: str, condition: Condition) -> list[tuple[list[str], str]]:
        script = script_of(flows, "zh-CN", tier, condition)
        return [([f"{prompt.language} {prompt.name}" for prompt in part.prompts], part.key) for part in script]

    menu = ["zh-CN welcome", "zh-CN main-menu"]
    assert way("ordinary", RANDOM) == way("ordinary", TRANSFER) == [(menu, "0")]
    assert way("ordinary", OTHER) == [(menu, "9"), (["en main-menu"], "")]
    assert way("vip", RANDOM) == [(["zh-CN vip-welcome"], "")]  # no key: VIPs meet no menu


def test_what_is_told_at_pick_up_is_not_taken_for_a_voice(tmp_path: Path) -> None:
    """The test caller listens for the agent only after both sides were told: as long as the longest of the words for agent and caller."""
    site = load_site(demo_file("demo.toml"))
    running, _ = running_site(
        SiteSource(site, demo_file("demo.toml"), True), tmp_path / "var", Ports.of(site.network, None), ()
    )
    assert told_at_pick_up(running, "1001") == (None, 0.0)  # not made yet
    prepare_spoken(running)
    announced, told_s = told_at_pick_up(running, "1001")
    assert announced is not None and announced.name == "1001.wav"
    assert told_s >= length_s(announced) > 1.0
    assert told_at_pick_up(running, "7777")[0] is None
    quiet = running.model_copy(
        update={
            "site": site.model_copy(
                update={"hotline": site.hotline.model_copy(update={"announce_agent": False, "whisper": False})}
            )
        }
    )
    assert told_at_pick_up(quiet, "1001") == (None, 0.0)
