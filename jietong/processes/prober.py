"""The process that makes test calls at random times of the day and keeps their results.

Owns its clock and its waiting. Must not judge a test nor choose its times: probing/ does.
Rules: domain.md H7: daily, at random; a test that this process missed is not made up for, and a process that starts anew
goes on with the same plan.
"""

import asyncio
import secrets
import signal
import time
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.exc import SQLAlchemyError

from jietong.calendar_file import spans_of
from jietong.database import open_engine, writing
from jietong.life import Signs
from jietong.logs import configure
from jietong.opening_hours import OpeningHours
from jietong.probe_site import ProbeBusyError
from jietong.processes.probe import NOT_PROBED, probed
from jietong.running import RunningSite
from jietong.site_probe import Probe
from probing.adapters.results import keep
from probing.day_plan import Planned, plan_of_day
from probing.statistics import ProbeResult
from probing.words import Condition, Result

KEEP_AGAIN_S = 5.0
BUSY_S = 60.0
log = structlog.get_logger("prober")


def main(var: Path) -> int:
    """Runs until SIGTERM; returns the exit code."""
    configure("prober")
    return asyncio.run(_live(RunningSite.load(var)))


async def _live(site: RunningSite) -> int:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    living = asyncio.create_task(Signs().give_in_loop(), name="life")
    work = asyncio.create_task(_test_on(site), name="tests")
    stopping = asyncio.create_task(stop.wait())
    print("ready", flush=True)  # noqa: T201 the line that the supervisor waits for
    await asyncio.wait({work, stopping}, return_when=asyncio.FIRST_COMPLETED)
    for task in (work, stopping, living):
        task.cancel()
    ended = await asyncio.gather(work, stopping, living, return_exceptions=True)
    if isinstance(ended[0], Exception):
        log.error("test calls stopped", exc_info=ended[0])
        return 1
    return 0


async def _test_on(site: RunningSite) -> None:
    probe = site.site.probe
    if probe is None:
        raise ValueError(NOT_PROBED)
    hours, seed, since = OpeningHours(site.site), _seed(site), time.time()
    while True:
        planned = next_test(probe, ZoneInfo(site.site.hotline.timezone), seed, since)
        await _until(planned.at)
        since = planned.at
        is_open = await asyncio.to_thread(hours.opening, site.site.hotline.queue)
        if planned.condition is not Condition.OTHER and not is_open.is_open:
            log.info("no test while the queue is closed", condition=planned.condition.value)
            continue
        await _keep(site, await _tested(site, planned.condition, probe.tester))


def next_test(probe: Probe, zone: ZoneInfo, seed: str, after: float) -> Planned:
    """The first test call after epoch second `after`; the schedule has one at least (see `is_scheduled`)."""
    counts = counts_of(probe)
    day = datetime.fromtimestamp(after, zone).date() - timedelta(days=1)  # its spans may run past midnight
    while True:
        for planned in plan_of_day(day, spans_of(probe.between), counts, zone, seed):
            if planned.at > after:
                return planned
        day += timedelta(days=1)


def counts_of(probe: Probe) -> dict[Condition, int]:
    """How many tests of each condition a day has."""
    return {
        Condition.RANDOM: probe.random_per_day,
        Condition.TRANSFER: probe.transfer_per_day,
        Condition.OTHER: probe.other_per_day,
    }


async def _until(at: float) -> None:
    """Returns at wall-clock time `at`; looks again now and then, because clocks are set."""
    while (left_s := at - time.time()) > 0:  # noqa: ASYNC110 a clock is no event
        await asyncio.sleep(min(left_s, 30.0))


async def _tested(site: RunningSite, condition: Condition, tester: str) -> ProbeResult:
    while True:
        try:
            result = await probed(site, condition, tester)
        except ProbeBusyError:
            await asyncio.sleep(BUSY_S)
            continue
        said = {"condition": condition.value, "result": result.result.value, "reason": result.reason.value}
        (log.info if result.result is Result.PASSED else log.error)("test call made", **said, remark=result.remark)
        return result


async def _keep(site: RunningSite, result: ProbeResult) -> None:
    """The database may be away as long as it likes."""
    engine = open_engine(site.database_url)
    try:
        while True:
            try:
                await asyncio.to_thread(keep, writing(engine), result)
                return
            except SQLAlchemyError as error:
                log.warning("database away, the result waits", error=type(error).__name__)
                await asyncio.sleep(KEEP_AGAIN_S)
    finally:
        engine.dispose()


def _seed(site: RunningSite) -> str:
    """A secret of this site, made once: agents cannot reckon when they will be tested."""
    file = site.layout.data / "probe.seed"
    try:
        return file.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        seed = secrets.token_hex(16)
        file.touch(mode=0o600)
        file.write_text(seed, encoding="ascii")
        return seed
