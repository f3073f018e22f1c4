"""The demo day's folder: database and running.json as a site leaves them, so that every command works on it.

Owns what is written into the folder. Must not make calls. Records, histories, agents' time and queue_log are written by the shipped writers;
only ratings are made up here, from the seed, because nobody is there to press a key.
"""

import random
from pathlib import Path

from sqlalchemy import Engine

from ivr.adapters.ratings import write_rating
from ivr.rating import Rating
from jietong.database import migrate, open_engine, sqlite_url, writing
from jietong.processes.records import folds_of
from jietong.running import Layout, Ports, RunningSite
from jietong.site import Site
from metrics.adapters.site_watch import LastProbe
from probing.adapters.results import keep
from probing.judgement import Observed, Person, judge
from probing.statistics import ProbeResult
from probing.words import Condition, Result
from routing.adapters.journal_reader import JournalEntry
from routing.adapters.records import RecordsWriter
from routing.facts import AgentChanged, CallRecord, Fact, OfferClosed, Outcome, WrappedUp

AT_ONCE = 2000  # facts in one transaction
KEPT_OF_WEEK = (CallRecord, WrappedUp, AgentChanged, OfferClosed)  # of the days before: what reports read
RATED = 0.35  # share of answered callers who press a key
PORTS = Ports(sip=5060, agi=4573, ami=5038, http=8080, rtp_start=10000, rtp_end=19999)


class Keeper:
    """Writes the facts of all days. `since`: from then on histories are kept too, for `jietong explain`."""

    def __init__(self, var: Path, site: Site, since: float, seed: int) -> None:
        self.layout = Layout(var)
        self.layout.data.mkdir(parents=True, exist_ok=True)
        url = sqlite_url(self.layout.data / "jietong.db")
        migrate(url)
        self.engine: Engine = open_engine(url)
        self._writer = RecordsWriter(writing(self.engine), others=folds_of(site))
        self._site, self._since = site, since
        self._pending: list[Fact] = []
        self._entries = 0
        self._chance = random.Random(f"ratings {seed}")
        self._ratings: list[Rating] = []
        self._tests: list[ProbeResult] = []
        _running(var, site, url).save()

    def take(self, at: float, facts: list[Fact]) -> None:
        """One step of the router."""
        self._pending += facts if at >= self._since else [fact for fact in facts if isinstance(fact, KEPT_OF_WEEK)]
        for fact in facts:
            if isinstance(fact, CallRecord):
                self._note(fact)
        if len(self._pending) >= AT_ONCE:
            self._write()

    def probes(self) -> dict[str, LastProbe]:
        """The newest test call of each condition so far."""
        return {test.condition.value: LastProbe(test.result is Result.PASSED, test.at) for test in self._tests}

    def close(self) -> None:
        """Writes what is left."""
        self._write()
        with self.engine.begin() as connection:
            for rating in self._ratings:
                write_rating(connection, rating)
        for test in self._tests:
            keep(self.engine, test)
        self.engine.dispose()

    def _write(self) -> None:
        self._entries += 1
        self._writer.write([JournalEntry(f"{self._entries}-0", None, tuple(self._pending), 0.0)])
        self._pending.clear()

    def _note(self, record: CallRecord) -> None:
        if record.is_probe:
            self._tests.append(self._judged(record))
        elif record.outcome is Outcome.ANSWERED and self._chance.random() < RATED:
            self._ratings.append(self._rated(record))

    def _judged(self, record: CallRecord) -> ProbeResult:
        """A test call's verdict by the shipped judgement; nothing is listened to in virtual time, whoever answers is heard."""
        target_s = self._site.tiers[record.tier].answer_within_s
        is_answered = record.outcome is Outcome.ANSWERED
        persons = [Person(record.agent, record.wait_s, target_s, is_heard=True)] if is_answered else []
        verdict = judge(Condition.RANDOM, Observed(persons=persons, waited_s=record.wait_s))
        return ProbeResult(
            record.arrived_at, "probe", Condition.RANDOM, verdict.result, verdict.reason, verdict.remark, record.call, verdict.wait_s
        )  # fmt: skip

    def _rated(self, record: CallRecord) -> Rating:
        """Friendly agents get better marks, long waits worse ones: 1 to 5."""
        friendly = random.Random(record.agent).gauss(4.3, 0.35)
        mark = round(self._chance.gauss(friendly - min(2.0, record.wait_s / 60), 0.8))
        return Rating(record.call, record.agent, record.queue, record.tier, min(5, max(1, mark)), record.ended_at)


def _running(var: Path, site: Site, url: str) -> RunningSite:
    return RunningSite(
        var=var, config=None, site=site, ports=PORTS, store_url=f"unix://{var}/no-store", database_url=url, ami_user="none",
        ami_secret="none", seat_passwords={}, agent_pins={}, asterisk_argv=(), socket_dir=var,
    )  # fmt: skip
