"""Reads the calls of a real site for the simulator: its journal while it runs, or a database of call records.

Owns the two readings. Must not know what the simulator makes of them: simulation/recorded.py does.
"""

from pathlib import Path
from zoneinfo import ZoneInfo

from jietong.database import open_engine, sqlite_url
from jietong.running import RunningSite
from jietong.traffic_file import Traffic, load_traffic
from jietong.traffic_shape import Agents, Customers, habits_of
from routing.adapters.journal_reader import BEGINNING, read_to_end
from routing.adapters.records import DatabaseAway, recent_calls
from routing.adapters.redis_clients import prefix_of
from routing.rules import Rules
from simulation.arrival import Arrival, TrafficError
from simulation.recorded import Recorded

MOST_CALLS = 10_000_000
SQLITE = b"SQLite format 3\x00"


def calls_of_journal(var: Path, seed: int) -> list[Arrival]:
    """The calls in the journal of the site that runs in `var`; raises NoRunningSite, StoreAway and TrafficError."""
    site = RunningSite.load(var)
    recorded = Recorded()
    for entry in read_to_end(site.store_url, prefix_of(site.site.hotline.number), BEGINNING):
        recorded.add(entry.event, entry.facts)
    return recorded.arrivals(seed)


def calls_of_database(file: Path, seed: int) -> list[Arrival]:
    """The calls of a SQLite database such as a site's own; raises TrafficError when it has none."""
    engine = open_engine(sqlite_url(file))
    recorded = Recorded()
    try:
        recorded.add(None, recent_calls(engine, MOST_CALLS))
    except DatabaseAway as error:
        raise TrafficError(f"{file}: {error}") from None
    finally:
        engine.dispose()
    return recorded.arrivals(seed)


def load_any(path: Path, rules: Rules, zone: ZoneInfo, seed: int) -> Traffic:
    """The traffic that `path` is: a site's folder, a database of records, a trace (.csv) or a model.

    raises   TrafficFileError, TrafficError, NoRunningSite, StoreAway
    """
    if path.is_dir():
        return Traffic(habits_of(Agents(), Customers()), trace=tuple(calls_of_journal(path.absolute(), seed)))
    if _is_database(path):
        return Traffic(habits_of(Agents(), Customers()), trace=tuple(calls_of_database(path, seed)))
    return load_traffic(path, rules, zone)


def _is_database(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(SQLITE)) == SQLITE
