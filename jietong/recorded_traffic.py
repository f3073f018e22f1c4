"""Reads the calls of a real site for the simulator: its journal while it runs, a database of call records, or a call log.

Owns these readings. Must not know what the simulator makes of them: simulation/recorded.py does.
"""

from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

from jietong.bank_trace import arrivals, filled_handling, with_tiers
from jietong.database import open_engine, sqlite_url
from jietong.history_file import HistoryFileError, read_history
from jietong.record_rows import is_database
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
LOGS = (".tsv", ".tsv.gz")


def record_of_journal(var: Path) -> Recorded:
    """What the journal of the site that runs in `var` has of calls; raises NoRunningSite and StoreAway."""
    site = RunningSite.load(var)
    recorded = Recorded()
    for entry in read_to_end(site.store_url, prefix_of(site.site.hotline.number), BEGINNING):
        recorded.add(entry.event, entry.facts)
    return recorded


def record_of_database(file: Path) -> Recorded:
    """The calls of a SQLite database such as a site's own; raises TrafficError when it cannot be read."""
    engine = open_engine(sqlite_url(file))
    recorded = Recorded()
    try:
        recorded.add(None, recent_calls(engine, MOST_CALLS))
    except DatabaseAway as error:
        raise TrafficError(f"{file}: {error}") from None
    finally:
        engine.dispose()
    return recorded


def log_drawn(path: Path, rules: Rules, zone: ZoneInfo) -> Callable[[int], list[Arrival]]:
    """The calls of a log in the bank's format (jietong/bank_log.py), what it leaves open filled by chance of a seed; raises TrafficError."""
    try:
        log = read_history(path, zone).log
    except HistoryFileError as error:
        raise TrafficError(str(error)) from None
    filled = with_tiers(log, 0)
    unknown = {one.tier for one in filled} - {tier.name for tier in rules.tiers}
    if unknown or not filled:
        raise TrafficError(
            f"{path}: has callers of tier {', '.join(sorted(unknown))}, which the site has not: name its tiers vip and ordinary"
            if unknown
            else f"{path}: is no call log of the bank's format"
        )

    def drawn(seed: int) -> list[Arrival]:
        filled = with_tiers(log, seed)
        return list(arrivals(filled, filled_handling(filled), seed))

    return drawn


def load_any(path: Path, rules: Rules, zone: ZoneInfo, seed: int) -> Traffic:
    """The traffic that `path` is: a site's folder, a database of records, a call log (.tsv, .tsv.gz), a trace (.csv) or a model.

    raises   TrafficFileError, TrafficError, NoRunningSite, StoreAway
    """
    if path.is_dir() or is_database(path):
        recorded = record_of_journal(path.absolute()) if path.is_dir() else record_of_database(path)
        return _drawn(recorded.arrivals, Agents(), seed)
    if path.name.endswith(LOGS):
        return _drawn(log_drawn(path, rules, zone), Agents(pick_up=None), seed)
    return load_traffic(path, rules, zone)


def _drawn(draw: Callable[[int], list[Arrival]], agents: Agents, seed: int) -> Traffic:
    return Traffic(habits_of(agents, Customers()), trace=tuple(draw(seed)), redraw=draw)
