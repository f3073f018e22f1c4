"""A story of test calls that nobody starts: the site file has a schedule, and the site keeps it."""

import itertools
import time
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from jietong.calendar_file import spans_of
from jietong.processes.prober import counts_of
from jietong.site_probe import Probe
from probing.adapters.results import last_results
from probing.day_plan import plan_of_day
from probing.words import Condition, Reason, Result
from tests.adapters.up_fixture import jietong_up
from tests.live.conftest import PORT_BASE
from tests.live.hotline import PROBE, Hotline, write_site

ZONE = ZoneInfo("Asia/Shanghai")
FIRST_IN_S, SECOND_IN_S = (
    (15, 20),
    (50, 60),
)  # from now on: a site that starts slowly misses the first one and keeps the second
WITHIN_S = 150.0  # some 40 s of prompts are heard out, on a machine that others use


def a_schedule_that_begins_soon() -> tuple[str, str]:
    """The keys of [probe], and the site's secret from which two times in the coming minute are drawn."""
    now = datetime.now(ZONE)
    end = now + timedelta(minutes=3)
    between = f"{now:%H:%M}-{end:%H:%M}"
    probe = Probe(number=PROBE, between=[between], random_per_day=0, transfer_per_day=0, other_per_day=2)
    for secret in map(str, itertools.count()):
        plan = plan_of_day(now.date(), spans_of(probe.between), counts_of(probe), ZONE, secret)
        first, second = (planned.at - now.timestamp() for planned in plan)
        if FIRST_IN_S[0] <= first <= FIRST_IN_S[1] and SECOND_IN_S[0] <= second <= SECOND_IN_S[1]:
            return f'between = ["{between}"]\nother_per_day = 2\ntester = "night watch"\n', secret
    raise AssertionError


async def test_a_scheduled_test_of_the_menu_is_made_by_itself(tmp_path: Path) -> None:
    """At its time the site calls itself, hears greeting and menu in both languages, and writes down that all was well; the figures do not move."""
    file, var = write_site(tmp_path / "site"), tmp_path / "var"
    keys, secret = a_schedule_that_begins_soon()
    file.write_text(file.read_text(encoding="utf-8").replace("other_per_day = 0\n", keys), encoding="utf-8")
    (var / "data").mkdir(parents=True)
    (var / "data" / "probe.seed").write_text(secret, encoding="ascii")
    begun_at = time.time()
    with jietong_up("--config", str(file), "--port-base", str(int(PORT_BASE) + 500), var=var) as up:
        up.wait_ready()
        hotline = Hotline(up.var, tmp_path / "site" / "days.toml")
        try:
            await hotline.until_metric(
                lambda: bool(last_results(hotline.engine)), "the test that the schedule names", WITHIN_S
            )
            result = last_results(hotline.engine)[Condition.OTHER]
            assert (result.result, result.reason) == (Result.PASSED, Reason.NONE), result.remark
            assert result.tester == "night watch" and "agent" not in result.remark
            assert begun_at + FIRST_IN_S[0] - 1 < result.at < begun_at + SECOND_IN_S[1] + 5, "not at its time"
            [record] = hotline.records(PROBE)
            assert (record.is_probe, record.call, record.queued_at) == (True, result.call, None)
            await hotline.until_metric(
                lambda: hotline.metric("jietong_probe_last_result", kind="other") == 1, "the result on the metrics page"
            )
            assert hotline.metric("jietong_ivr_calls_total") == 0, "a test call moved a figure"
        finally:
            hotline.close()
