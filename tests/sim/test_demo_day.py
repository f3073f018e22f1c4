"""The demo day tells one story: what its facts say is what its scrapes, its records and its test calls say."""

import io
import re
from collections import Counter
from datetime import date
from itertools import takewhile
from pathlib import Path

from bench.day.course import SITE, Days, facts_of
from bench.day.keep import Keeper
from bench.day.scrapes import LABELS, Scrapes
from jietong.database import open_engine, sqlite_url
from jietong.site_file import load_site
from probing.adapters.results import results_between
from routing.adapters.records import recent_calls
from routing.facts import CallRecord, Outcome

DAY = date(2026, 11, 24)
HOURS, SCRAPE_S = 9.5, 300.0
SAMPLE = re.compile(r'[a-zA-Z_:]+\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\} -?[0-9.e+-]+ [0-9]+\.[0-9]{3}')


def test_the_morning_of_a_demo_day_agrees_with_itself(tmp_path: Path) -> None:
    """Up to half past nine: every line is a sample with its time, counters only rise, offered is the sum of outcomes and of those who are still there, test calls count nowhere."""
    days = Days(load_site(SITE), DAY, 0, 3)
    start = days.midnight(DAY)
    end = start + HOURS * 3600
    text = io.StringIO()
    keeper = Keeper(tmp_path, days.site, start, days.seed)
    scrapes = Scrapes(days.site, text, start, SCRAPE_S, keeper.probes)
    for at, facts, step_us in takewhile(lambda step: step[0] < end, facts_of(days)):
        scrapes.take(at, facts, step_us)
        keeper.take(at, facts)
    scrapes.until(end)
    scrapes.close()
    keeper.close()
    lines = [line for line in text.getvalue().splitlines() if line.startswith("jietong_calls_offered_total")]
    offered = [float(line.split()[1]) for line in lines if 'tier="ordinary"' in line]
    assert len(offered) == HOURS * 3600 / SCRAPE_S and offered == sorted(offered) and offered[-1] > 100
    assert all(LABELS in line for line in lines)
    assert [line for line in text.getvalue().splitlines()[:-1] if not SAMPLE.fullmatch(line)] == []
    engine = open_engine(sqlite_url(tmp_path / "data" / "jietong.db"))
    records, tests = recent_calls(engine, 10_000), results_between(engine, start)
    engine.dispose()
    _agrees(scrapes, records)
    assert len(tests) == sum(record.is_probe for record in records)


def _agrees(scrapes: Scrapes, records: list[CallRecord]) -> None:
    kinds = Counter(record.outcome for record in records if not record.is_probe)
    tallies = scrapes.tally.classes.values()
    waiting = sum(scrapes.tally.in_flight(*key) for key in scrapes.tally.classes)
    talking = sum(call.is_answered for call in scrapes.tally.open.values())
    assert sum(tally.offered for tally in tallies) == sum(kinds.values()) + waiting + talking
    assert sum(tally.answered for tally in tallies) == kinds[Outcome.ANSWERED] + talking
    assert sum(sum(tally.abandoned.values()) for tally in tallies) == kinds[Outcome.ABANDONED]
