"""`jietong ratings`: what callers pressed after the talk, agent by agent.

Owns these lines on the terminal. Must not reckon: ivr/rating.py does. Rules: docs/guide/self-service.md.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

from ivr.adapters.ratings import ratings_by_agent
from ivr.rating import BEST, WORST, AgentRatings
from jietong.processes.site_database import ask_database
from jietong.running import RunningSite

DAY_S = 86_400


def show_ratings(var: Path, as_json: bool, days: int | None) -> int:
    """Prints every agent's ratings of the last `days` days (None: all), by agent number; returns the exit code."""
    since = time.time() - days * DAY_S if days is not None else 0.0
    found = ask_database(RunningSite.load(var), lambda engine: ratings_by_agent(engine, since))
    if as_json:
        sys.stdout.write(json.dumps([_plain(row) for row in found], indent=1) + "\n")
        return 0
    for row in found:
        mean = f"{row.mean:.2f}" if row.mean is not None else "-"
        share = f"{row.response_rate:.0%}" if row.response_rate is not None else "-"
        counts = "  ".join(f"{value}: {count}" for value, count in enumerate(row.counts, WORST))
        sys.stdout.write(
            f"{row.agent or 'unknown'}  mean {mean}  ratings {row.rated}  calls {row.answered}  rated {share}  ({counts})\n"
        )
    return 0


def _plain(row: AgentRatings) -> dict[str, Any]:
    return {
        "agent": row.agent,
        "mean": round(row.mean, 3) if row.mean is not None else None,
        "count": row.rated,
        "counts": {str(value): count for value, count in zip(range(WORST, BEST + 1), row.counts, strict=True)},
        "answered": row.answered,
        "response_rate": round(row.response_rate, 4) if row.response_rate is not None else None,
    }
