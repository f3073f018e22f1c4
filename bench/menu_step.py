"""How long a caller in the menu waits from a key to the first sound of the next prompt, with 100 callers in menus, through a real Asterisk.

Run: python -m bench.menu_step [--calls 100] [--steps 12]. The whole site as `jietong up` runs it; callers are one process. Both menus are one
short sentence long, so that many keys are pressed. Fails (exit 1) when a step fails or p99 from the press of a key is 150 ms or more; a key is held 60 ms.
"""

import argparse
import json
import math
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from bench.menu_callers import Caller, Callers
from bench.meter import Meter
from bench.turns import or_no_figure
from jietong.running import RunningSite
from tests.adapters.up_fixture import jietong_up

LIMIT_MS = 150.0
DIAL_S = 10.0
STEP_S = 8.0  # at most: a sentence, thinking, a key
PORT_BASE = "46000"
SITE = '[hotline]\nnumber = "10010"\nflows = "menus"\n[[trunks]]\nname = "carrier"\nmatch = ["127.0.0.1"]\n[[seats]]\nnumber = "1001"\n'
# The other keys are never pressed: a flow that nothing leads to is a mistake
OTHERS = "".join(
    f'{key} = "flow:{name}"\n'
    for key, name in enumerate(("business", "cancel", "complaint", "consultation", "query"), 2)
)
FLOW = f'[first]\nmenu = "no-key"\n1 = "second"\n{OTHERS}[second]\nmenu = "wrong-pin"\n1 = "first"\n'


def p(values: list[float], share: float) -> float:
    """The nearest-rank percentile."""
    return sorted(values)[math.ceil(share * len(values)) - 1]


def row(values: list[float]) -> dict[str, float]:
    """What is printed, in ms."""
    return {
        "p50": round(statistics.median(values), 1),
        "p95": round(p(values, 0.95), 1),
        "p99": round(p(values, 0.99), 1),
        "max": round(max(values), 1),
    }


def measure(calls: int, steps: int) -> tuple[list[Caller], int, dict[str, float]]:
    """The callers with their steps, the most of them at once, and CPU seconds by group of processes for each second."""
    with tempfile.TemporaryDirectory(prefix="jt-menu-") as name:
        folder = Path(name)
        (folder / "menus").mkdir()
        (folder / "menus" / "hotline.toml").write_text(FLOW, encoding="utf-8")
        (folder / "site.toml").write_text(SITE, encoding="utf-8")
        base = os.environ.get("JIETONG_LIVE_PORT_BASE", PORT_BASE)
        with jietong_up("--config", str(folder / "site.toml"), "--port-base", base) as up:
            up.wait_ready()
            site, meter = RunningSite.load(up.var), Meter(up.var)
            before, began = meter.read(), time.monotonic()
            callers = Callers(("127.0.0.1", site.ports.sip), calls, "1" * steps, 1)
            done = callers.run(DIAL_S, DIAL_S + (steps + 2) * STEP_S)
            span_s, after = time.monotonic() - began, meter.read()
            cpu = {group: round((after[group].cpu_s - before[group].cpu_s) / span_s, 3) for group in after}
            return done, callers.most_at_once, cpu


def main() -> int:
    """Measures, prints text and one line of JSON, returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=100)
    parser.add_argument("--steps", type=int, default=12)
    chosen = parser.parse_args()
    callers, at_once, cpu = measure(chosen.calls, chosen.steps)
    heard = [step for caller in callers for step in caller.steps if step.heard_at]
    failed = chosen.calls * chosen.steps - len(heard)
    if not heard:
        print("NOT reached: nothing was heard")
        return 1
    rows = {
        "from the press": row([(step.heard_at - step.pressed_at) * 1000 for step in heard]),
        "from its end": row([(step.heard_at - step.released_at) * 1000 for step in heard]),
    }
    print(f"menu step: {chosen.calls} calls ({at_once} at once), {len(heard)} keys, {failed} without an answer")
    for title, figures in rows.items():
        print(f"  {title:15}" + "".join(f"  {name} {value:g} ms" for name, value in figures.items()))
    print("  CPU, cores: " + ", ".join(f"{group} {used:g}" for group, used in cpu.items()))
    print(
        json.dumps(
            {
                "bench": "menu_step",
                "calls": chosen.calls,
                "at_once": at_once,
                "keys": len(heard),
                "failed": failed,
                "ms": rows,
                "cpu": cpu,
            }
        )
    )
    ok = failed == 0 and at_once == chosen.calls and rows["from the press"]["p99"] < LIMIT_MS
    print(f"{'reached' if ok else 'NOT reached'} (limit: p99 from the press below {LIMIT_MS:g} ms)")
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(or_no_figure(main))
