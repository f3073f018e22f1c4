"""The report: what ops read when they ask whether the contract was kept, and if not, why."""

import csv
import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.agent_figures import AgentInput, AgentSeconds
from metrics.figures import figures_of
from metrics.ledger import Ledger, Yardstick
from metrics.report import Given, ProbeLine, Report, report_of
from metrics.report_csv import csv_of
from metrics.report_html import html_of
from metrics.report_text import text_of
from metrics.resolution import FirstContacts
from metrics.spans import Kind, Slots, Span
from metrics.sums import OFFERED, CallRow, total

SHANGHAI = ZoneInfo("Asia/Shanghai")
YARDSTICK = Yardstick({"vip": 10.0, "ordinary": 20.0}, {"vip": 0.95, "ordinary": 0.90})
DAY = date(2026, 11, 25)


def at(clock: str, day: date = DAY, zone: ZoneInfo = SHANGHAI) -> float:
    """Epoch second of HH:MM[:SS] on that day."""
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=zone).timestamp()


def a_row(
    entry: float, outcome: str = "answered", wait_s: float = 5.0, talk_s: float = 100.0, agent: str = "1001",
    tier: str = "ordinary", service: str = "person", reason: str = "caller", missed: int = 0, queue: str = "hotline",
) -> CallRow:  # fmt: skip
    """One record."""
    is_answered = outcome == "answered"
    return CallRow(
        entry, f"c{entry}", 1, "13900000001", queue, tier, service, agent if is_answered else "", outcome, reason, wait_s,
        talk_s if is_answered else 0.0, 0.0, 10.0 if is_answered else None,
        is_answered and wait_s <= YARDSTICK.targets_s[tier], 1 + missed, missed,
    )  # fmt: skip


def given_of(
    rows: Sequence[CallRow], history: Sequence[CallRow] = (), kind: Kind = Kind.DAY, zone: ZoneInfo = SHANGHAI,
    day: date = DAY, **more: object,
) -> Given:  # fmt: skip
    """What a report of these records is made of."""
    span = Span.around(kind, day, zone)
    slots = Slots(zone, span.start_at)
    ledger, old = Ledger(YARDSTICK, slots), Ledger(YARDSTICK, slots)
    ledger.extend(rows)
    old.extend(history)
    more.setdefault("agents", AgentInput(ledger.agents))
    contacts = FirstContacts(span.start_at, span.end_at, span.end_at + 30 * 86400)
    return Given(
        "10010", span, more.pop("now_at", span.end_at + 1), ledger, old, contacts, lambda _: "working_day", **more
    )  # type: ignore[arg-type]


def many(count: int, first: float, every_s: float, **choices: object) -> list[CallRow]:
    """Calls one after the other."""
    return [a_row(first + n * every_s, **choices) for n in range(count)]  # type: ignore[arg-type]


def test_a_good_day_says_that_every_goal_was_kept() -> None:
    """Nine of ten answered in time, VIP all: kept; no analysis is asked for."""
    rows = [*many(95, at("09:00"), 30), *many(5, at("09:50"), 30, outcome="abandoned", reason="waiting")]
    report = report_of(given_of([*rows, *many(10, at("10:00"), 60, tier="vip")]))
    assert [(goal.name, goal.is_kept) for goal in report.goals] == [
        ("answer rate", True),
        ("answer rate in the daily peak hour", True),
        ("vip: answered within 10 s", True),
        ("ordinary: answered within 20 s", True),
    ]
    assert not report.needs_analysis
    assert "Every goal was kept" in text_of(report) and "Cause analysis" not in html_of(report)


def test_a_bad_day_says_which_goal_was_missed_and_leaves_room_for_measure_and_result() -> None:
    """Below 90 % the page has a row a cause with fields to fill in."""
    rows = [*many(60, at("09:00"), 20), *many(40, at("09:20"), 15, outcome="abandoned", wait_s=40.0, reason="waiting")]
    report = report_of(given_of(rows))
    assert report.all.answer_rate == pytest.approx(0.6)
    page, text = html_of(report), text_of(report)
    assert "Cause analysis" in page and page.count('contenteditable="true"') >= 6
    assert "Missed: answer rate; answer rate in the daily peak hour; ordinary: answered within 20 s." in text
    assert "measure" in text


def test_the_peak_hour_is_the_busiest_clock_hour_of_each_day() -> None:
    """Of two hours that are equally busy the earlier one; a week has one a day."""
    monday, tuesday = date(2026, 11, 23), date(2026, 11, 24)
    rows = [
        *many(3, at("09:10", monday), 60),
        *many(3, at("15:10", monday), 60),
        *many(2, at("23:58", tuesday), 100),
        a_row(at("08:00", tuesday)),
    ]
    report = report_of(given_of(rows, kind=Kind.WEEK))
    assert [label for label, _ in report.peaks] == ["2026-11-23T09", "2026-11-24T23"]


def test_an_empty_day_has_no_rate() -> None:
    """Zero calls: none, nowhere 0 %, and no page breaks."""
    report = report_of(given_of([]))
    assert report.all.answer_rate is None and [goal.is_kept for goal in report.goals] == [None] * 4
    assert "No caller asked for a person" in text_of(report)
    assert not re.search(r"(?<!\d)0\.0 %", text_of(report) + html_of(report))
    assert html_of(report).count("<svg") == 0


def test_one_call_is_a_whole_report() -> None:
    """One call at the last second of the year."""
    report = report_of(given_of([a_row(at("23:59:59", date(2026, 12, 31)))], kind=Kind.YEAR))
    assert (report.all.offered, report.all.answer_rate) == (1, 1.0)
    assert [label for label, _ in report.parts["month"]] == ["2026-12"]


@pytest.mark.parametrize(
    ("rows", "history", "cause", "words"),
    [
        (many(60, at("09:00"), 25, wait_s=50.0), many(20, at("09:00", date(2026, 11, 18)), 80), "surge", "60 calls, usually 20"),
        (
            many(20, at("09:00"), 80, wait_s=50.0, talk_s=400.0),
            many(20, at("09:00", date(2026, 11, 18)), 80),
            "long calls",
            "a call took 410 s, usually 110 s",
        ),
        (
            many(20, at("09:00"), 80, wait_s=50.0, missed=3),
            many(20, at("09:00", date(2026, 11, 18)), 80),
            "RONA",
            "60 of 80 offers rang in vain: 8 agent minutes lost",
        ),
    ],
)  # fmt: skip
def test_the_cause_of_a_bad_half_hour_is_reckoned(
    rows: list[CallRow], history: list[CallRow], cause: str, words: str
) -> None:
    """More calls than a week ago, longer ones, or seats that rang in vain: whichever took the most agents, with its figures."""
    worst = report_of(given_of(rows, history)).worst
    assert [(half.start, half.finding.cause.value, half.finding.words) for half in worst] == [
        ("2026-11-25 09:00", cause, words)
    ]


def test_agents_who_were_not_there_are_the_cause() -> None:
    """The same calls as a week ago, and half of the agents."""
    slots = Slots(SHANGHAI, at("00:00"))
    old_at = at("09:00", date(2026, 11, 18))
    staff = {
        slots.of(at("09:00")): AgentSeconds(talking_s=2 * 1800.0),
        slots.of(old_at): AgentSeconds(ready_s=1800.0, talking_s=3 * 1800.0),
    }
    rows = many(20, at("09:00"), 80, wait_s=50.0)
    finding = report_of(given_of(rows, many(20, old_at, 80), staff=staff)).worst[0].finding
    assert finding.cause.value == "too few agents"
    assert finding.words == "2.0 agents at work, usually 4.0; the calls were 1.2 agents' work"


def test_the_worst_half_hours_are_those_that_cost_most_callers() -> None:
    """Ordered by calls not answered in time; a half-hour of few calls says nothing, one that kept the goal is not among them."""
    rows = [
        *many(6, at("09:00"), 60, wait_s=50.0),
        *many(9, at("10:00"), 60, wait_s=50.0),
        *many(4, at("11:00"), 60, wait_s=50.0),
        *many(50, at("12:00"), 30),
    ]
    assert [half.start[11:] for half in report_of(given_of(rows)).worst] == ["10:00", "09:00"]


def test_star_and_training_follow_from_ratings() -> None:
    """The best mean is the star, the two lowest are named; who has too few ratings is neither, and the star never trains."""
    ratings = {"1001": (0, 0, 0, 0, 9), "1002": (0, 0, 0, 9, 0), "1003": (0, 0, 9, 0, 0), "1004": (1, 0, 0, 0, 0)}
    report = report_of(given_of([], agents=AgentInput(ratings=ratings)))
    assert report.star is not None and report.star.agent == "1001"
    assert [line.agent for line in report.lowest] == ["1003", "1002"]
    only = report_of(given_of([], agents=AgentInput(ratings={"1001": (9, 0, 0, 0, 0)})))
    assert only.star is not None and only.lowest == []


def test_an_agents_line_tells_occupancy_and_calls_in_vain() -> None:
    """One call answered, one rung in vain, half of the time at work busy."""
    agents = AgentInput(
        unanswered={"1001": {"no_answer": 1}}, seconds={"1001": AgentSeconds(300.0, 30.0, 200.0, 70.0, 60.0, 40.0)}
    )
    ledger_rows = [a_row(at("09:00"))]
    given = given_of(ledger_rows)
    line = report_of(
        given_of(ledger_rows, agents=AgentInput(given.ledger.agents, agents.unanswered, agents.seconds))
    ).agents[0]
    assert (line.offers, line.missed, line.rona, line.occupancy, line.not_ready_s) == (2, 1, 0.5, 0.5, 100.0)


def test_a_day_is_compared_with_the_same_day_a_week_before() -> None:
    """Only that day, and of a day that is not over only its hours so far."""
    week_ago, between = date(2026, 11, 18), date(2026, 11, 20)
    history = [
        *many(4, at("09:00", week_ago), 60),
        *many(3, at("18:00", week_ago), 60),
        *many(9, at("09:00", between), 60),
    ]
    rows = many(2, at("09:00"), 60)
    assert report_of(given_of(rows, history)).before.offered == 7
    assert report_of(given_of(rows, history, now_at=at("12:00"))).before.offered == 4


def test_clocks_put_back_show_an_hour_twice_and_lose_no_call() -> None:
    """In Berlin 02:00 to 03:00 comes twice on 2026-10-25: two lines, each with its own calls; the day has 25 hours."""
    berlin, day = ZoneInfo("Europe/Berlin"), date(2026, 10, 25)
    span = Span.around(Kind.DAY, day, berlin)
    assert span.end_at - span.start_at == 25 * 3600
    rows = [a_row(span.start_at + 3600 * hour + 60) for hour in range(25)]
    report = report_of(given_of(rows, zone=berlin, day=day))
    assert [label for label, figures in report.by_hour if figures.offered == 1][1:5] == [
        "01:00",
        "02:00+0100",
        "02:00+0200",
        "03:00",
    ]
    assert report.all.offered == sum(figures.offered for _, figures in report.by_hour) == 25


def test_clocks_put_forward_leave_an_hour_out() -> None:
    """2026-03-29 in Berlin has 23 hours and no 02:00."""
    berlin, day = ZoneInfo("Europe/Berlin"), date(2026, 3, 29)
    span = Span.around(Kind.DAY, day, berlin)
    rows = [a_row(span.start_at + 3600 * hour + 60) for hour in range(23)]
    labels = [label for label, _ in report_of(given_of(rows, zone=berlin, day=day)).by_hour]
    assert len(labels) == 23 and "02:00" not in labels


@pytest.mark.parametrize(
    ("kind", "day", "first", "end", "name"),
    [
        (Kind.WEEK, "2026-12-31", "2026-12-28", "2027-01-04", "2026-W53"),
        (Kind.WEEK, "2027-01-01", "2026-12-28", "2027-01-04", "2026-W53"),
        (Kind.MONTH, "2026-12-31", "2026-12-01", "2027-01-01", "2026-12"),
        (Kind.MONTH, "2028-02-29", "2028-02-01", "2028-03-01", "2028-02"),
        (Kind.YEAR, "2028-12-31", "2028-01-01", "2029-01-01", "2028"),
        (Kind.DAY, "2026-12-31", "2026-12-31", "2027-01-01", "2026-12-31"),
    ],
)
def test_spans_end_where_the_calendar_says(kind: Kind, day: str, first: str, end: str, name: str) -> None:
    """Year's end, a week over it, leap years."""
    span = Span.around(kind, date.fromisoformat(day), SHANGHAI)
    assert (span.first.isoformat(), span.end.isoformat(), span.name) == (first, end, name)


def test_a_call_over_midnight_counts_where_it_entered_the_queue() -> None:
    """Entered at 23:59:59, answered tomorrow: it is of today's last hour."""
    report = report_of(given_of([a_row(at("23:59:59"), wait_s=90.0, talk_s=600.0)]))
    assert [label for label, _ in report.by_hour] == ["23:00"]


@pytest.mark.parametrize(
    "damage",
    [
        {"outcome": "vanished"},
        {"wait_s": float("nan")},
        {"wait_s": -1.0},
        {"talk_s": float("inf")},
        {"wait_s": None},
        {"at": None},
    ],
)
def test_a_damaged_record_is_told_and_in_no_figure(damage: dict[str, object]) -> None:
    """A row that no call can have left does not bend any rate and does not stop the report."""
    report = report_of(given_of([a_row(at("09:00")), a_row(at("09:01"))._replace(**damage)]))
    assert report.all.offered == 1
    assert sum(report.given.ledger.damaged.values()) == 1
    assert "damaged" in text_of(report) and "Damaged" in html_of(report)


def test_test_calls_that_fail_ask_for_an_analysis_too() -> None:
    """Of ten test calls two failed: below 90 %. One that could not be made counts in neither; without any there is no such goal."""
    results = ["passed"] * 8 + ["failed"] * 2 + ["not_made"]
    calls = [ProbeLine("2026-11-25 09:00", "probe", "random", result, "") for result in results]
    report = report_of(given_of(many(10, at("09:00"), 60), test_calls=calls))
    assert (report.goals[-1].name, report.goals[-1].value) == ("test calls that passed", 0.8)
    assert report.needs_analysis
    assert len(report_of(given_of([])).goals) == 4


def test_what_people_wrote_cannot_break_the_page_nor_a_sheet() -> None:
    """A remark with markup is text on the page; a cell that begins with = is no formula."""
    call = ProbeLine("09:00", "=cmd()", "<script>alert(1)</script>", "ok", '"&')
    report = report_of(given_of([a_row(at("09:00"), service="<b>x")], test_calls=[call]))
    page = html_of(report)
    assert "<script" not in page and "<b>x" not in page and "&lt;script&gt;" in page
    cells = [row["value"] for row in csv.DictReader(io.StringIO(csv_of(report).lstrip("\ufeff")))]
    assert "'=cmd()" in cells and "=cmd()" not in cells


def test_the_page_needs_no_other_file_and_its_plots_are_well_formed() -> None:
    """No link, script, image or style sheet from elsewhere; the SVG is XML."""
    page = html_of(report_of(given_of(many(50, at("09:00"), 60), kind=Kind.WEEK)))
    assert not re.search(r"(?:src|href)=|@import|url\(|<script", page)
    plots = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(plots) == 2
    for plot in plots:
        ET.fromstring(plot)


ROWS = st.lists(
    st.builds(
        a_row,
        st.integers(0, 86399).map(lambda second: at("00:00") + second),
        st.sampled_from(OFFERED),
        st.floats(0, 300, allow_nan=False),
        st.floats(0, 900, allow_nan=False),
        st.sampled_from(["1001", "1002", "1003"]),
        st.sampled_from(["vip", "ordinary"]),
        st.sampled_from(["query", "person"]),
        st.sampled_from(["kept", "late", "caller"]),
        st.integers(0, 3),
        st.sampled_from(["hotline", "billing"]),
    ),
    max_size=60,
)


def cuts(report: Report) -> list[list[int]]:
    """Offered calls of every way to divide the day."""
    lines = [report.by_hour, *report.parts.values()]
    return [[figures.offered for _, figures in cut] for cut in lines] + [[topic.offered for topic in report.topics]]


@given(ROWS)
def test_offered_is_the_sum_of_outcomes_and_of_every_cut(rows: list[CallRow]) -> None:
    """By hour, queue, tier, service and kind of day the same calls are counted, each once, each in one outcome."""
    report = report_of(given_of(rows))
    line = report.all
    assert line.offered == len(rows)
    assert line.offered == line.answered + line.abandoned + line.lost + line.outside + line.voicemail + line.callback
    assert {sum(cut) for cut in cuts(report)} <= {len(rows)}
    assert sum(agent.answered for agent in report.agents) == line.answered


@given(ROWS, st.randoms())
def test_the_order_of_records_changes_nothing(rows: list[CallRow], chance: object) -> None:
    """However the database hands them over, every figure is the same."""
    mixed = list(rows)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    ours, theirs = report_of(given_of(rows)), report_of(given_of(mixed))
    assert csv_of(ours) == csv_of(theirs)


@given(ROWS, ROWS)
def test_sums_of_two_sets_of_calls_are_the_sums_of_both(ours: list[CallRow], theirs: list[CallRow]) -> None:
    """Any two parts add up to the whole."""
    parts = [total(given_of(rows).ledger.cells.values()) for rows in (ours, theirs)]
    whole = total(given_of([*ours, *theirs]).ledger.cells.values())
    both = total(parts)
    assert both.outcomes == whole.outcomes and both.buckets() == whole.buckets()
    assert both.talk_s == pytest.approx(whole.talk_s) and both.answered_wait_s == pytest.approx(whole.answered_wait_s)


@given(ROWS)
def test_every_share_lies_between_nothing_and_all(rows: list[CallRow]) -> None:
    """No rate below 0 or above 1, no time below 0; more time never answers fewer calls; with short abandons left out no rate is worse."""
    report = report_of(given_of(rows))
    for figures in (report.all, *(figures for _, figures in report.by_hour)):
        shares = [
            figures.answer_rate, figures.level_own, figures.level_15, figures.level_20, figures.level_30, figures.abandonment,
            figures.abandonment_without_short, figures.rona, figures.callbacks_kept,
        ]  # fmt: skip
        assert all(share is None or 0 <= share <= 1 for share in shares)
        assert all(span is None or span >= 0 for span in (figures.asa_s, figures.aht_s, figures.talk_s))
        if figures.level_30 is not None and figures.level_15 is not None and figures.level_20 is not None:
            assert figures.level_15 <= figures.level_20 <= figures.level_30 <= (figures.answer_rate or 0)
    for levels in report.levels.values():
        present = {name: level for name, level in levels.items() if level is not None}
        assert all(0 <= level <= 1 for level in present.values())
        if "F3" in present:
            assert min(present.values()) == present["F3"]


def test_figures_of_nothing_are_none() -> None:
    """The empty line has counts of 0 and no share at all."""
    figures = figures_of(total([]))
    assert (figures.offered, figures.answered) == (0, 0)
    assert figures.answer_rate is figures.level_20 is figures.asa_s is figures.rona is figures.abandonment is None
