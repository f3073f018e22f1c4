"""Asks a Prometheus every query of every dashboard and draws the dashboards as pictures, for any Prometheus with a site's figures.

Run: python -m bench.dashboards --prometheus http://127.0.0.1:9090 [--minutes 60 | --from T --to T] [--pictures docs/dashboards].
Exit code 0 when no query was empty; else 1, and each of them is named.
"""

import argparse
import json
import sys
import time
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from bench.panel_picture import draw_board
from bench.panel_queries import Refused, Span, ask_board, empties
from jietong.provision.private_copy import ProvisionError

BOARDS = Path(__file__).parents[1] / "metrics" / "grafana" / "dashboards"


def try_boards(
    prometheus: str, span: Span, pictures: Path | None = None, zone: str = "Asia/Shanghai", instance: str | None = None
) -> dict[str, list[str]]:
    """Dashboard -> its queries that were empty, for all of them; with `pictures` each is drawn there as NAME.png. Raises Refused and ProvisionError."""
    found = {}
    for file in sorted(BOARDS.glob("*.json")):
        board = json.loads(file.read_text(encoding="utf-8"))
        answers = ask_board(prometheus, board, span, instance)
        found[file.stem] = empties(answers)
        if pictures is not None:
            pictures.mkdir(parents=True, exist_ok=True)
            draw_board(board, answers, pictures / f"{file.stem}.png", zone)
    return found


def main() -> int:
    """From the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.dashboards", description=__doc__)
    parser.add_argument("--prometheus", required=True, metavar="URL")
    parser.add_argument("--minutes", type=float, default=60.0, help="up to now (60)")
    parser.add_argument("--from", dest="start", metavar="TIME", help='such as "2026-11-23 08:00", with --to')
    parser.add_argument("--to", dest="end", metavar="TIME")
    parser.add_argument("--zone", default="Asia/Shanghai", help="of these times and of the pictures (Asia/Shanghai)")
    parser.add_argument("--scrape-s", type=float, default=15.0, help="seconds between scrapes (15)")
    parser.add_argument("--instance", help="the hotline to look at (the first by name)")
    parser.add_argument("--pictures", type=Path, metavar="FOLDER", help="where to draw them; left out: not drawn")
    options = parser.parse_args()
    try:
        zone = ZoneInfo(options.zone)
        end = datetime.fromisoformat(options.end).replace(tzinfo=zone).timestamp() if options.end else time.time()
        start = (
            datetime.fromisoformat(options.start).replace(tzinfo=zone).timestamp()
            if options.start
            else end - options.minutes * 60
        )
        found = try_boards(
            options.prometheus, Span(start, end, options.scrape_s), options.pictures, options.zone, options.instance
        )
    except (Refused, ProvisionError, ValueError) as error:
        print(f"dashboards: {error}", file=sys.stderr)
        return 1
    for name, empty in found.items():
        print(f"{name}: {'every query has an answer' if not empty else f'{len(empty)} queries without an answer'}")
        for query in empty:
            print(f"  {query}")
    return 1 if any(found.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
