"""The journal under 10,000 and 100,000 calls: how fast it is written, and how long the next router takes to know everything again.

Run: python -m bench.journal_recovery [--calls 10000,100000] [--rounds 3]
A hotline with that many open calls (half of them talking, half waiting) and its snapshot in a real Valkey; then 15 s of a busy hotline at 100 calls/s are journalled, which is the most
that lies between two snapshots. Written is timed until the store has confirmed the last entry; recovery until the state is whole. Beside it, in turns: the same bytes written by XADD
in bare pipelines of the same length, with nothing of ours around them.
"""

import argparse
import asyncio
import copy
import sys
import time
from collections.abc import Sequence

import redis

from bench.engine_step import Hotline
from bench.pages import Report, command_of, finish, parser_of
from bench.turns import NoFigure, Turn, in_turns, median_of, ratio, shown
from routing import engine, snapshot
from routing.actions import RingSeat
from routing.adapters import codec
from routing.adapters.journal import BATCH, JournalWriter
from routing.adapters.recovery import recover
from routing.adapters.snapshots import Snapshot, Snapshots
from routing.events import Event
from routing.facts import Fact
from tests.adapters.valkey_server import PREFIX, ValkeyServer, a_valkey

JOURNAL, BARE = "journal", "bare XADD"
BUSY_CALLS = 1500  # 15 s between snapshots at 100 calls a second
WITHIN_S = 300.0


class Recorded(Hotline):
    """A hotline that keeps what happened and what was decided, once `begin` was called."""

    kept: list[tuple[Event, list[Fact]]] | None = None

    def tell(self, event: object) -> None:
        """One step."""
        actions, facts = engine.step(self.state, event)
        self.steps += 1
        self.rung += [(a.call, a.seat) for a in actions if isinstance(a, RingSeat)]
        if self.kept is not None:
            self.kept.append((event, facts))


async def write_journal(server: ValkeyServer, kept: list[tuple[Event, list[Fact]]]) -> float:
    """Seconds until the store has everything."""
    writer = JournalWriter(server.url, PREFIX)
    await writer.start()
    began = time.perf_counter()
    for number, (event, facts) in enumerate(kept):
        writer.append(event, facts, 1.0)
        if number % BATCH == 0:
            await asyncio.sleep(0)
    if not await writer.flush(WITHIN_S):
        raise NoFigure(f"the store has not confirmed {writer.waiting} entries after {WITHIN_S:g} s")
    taken_s = time.perf_counter() - began
    await writer.close()
    return taken_s


def write_bare(server: ValkeyServer, kept: list[tuple[Event, list[Fact]]]) -> float:
    """The same entries, encoded before, in pipelines."""
    raws = [codec.entry_bytes(event, facts, 1.0) for event, facts in kept]
    with redis.Redis.from_url(server.url, protocol=2) as client:
        began = time.perf_counter()
        for first in range(0, len(raws), BATCH):
            pipe = client.pipeline(transaction=False)
            for raw in raws[first : first + BATCH]:
                pipe.xadd("bare", {"e": raw})
            pipe.execute()
        return time.perf_counter() - began


async def measure(calls: int, side: str, number: int) -> Turn:
    """One side on a fresh store."""
    hotline = Recorded(calls // 2, calls // 2)
    plain_before = copy.deepcopy(snapshot.to_plain(hotline.state))  # it shares what the hotline goes on changing
    hotline.kept = []
    for turn in range(BUSY_CALLS):
        hotline.turn(turn % len(hotline.talking))
    kept = hotline.kept
    with a_valkey() as server:
        if side == BARE:
            taken_s = await asyncio.to_thread(write_bare, server, kept)
            return Turn(
                side,
                number,
                {"us": taken_s / len(kept) * 1e6},
                [(calls, side, number, len(kept), f"{taken_s:.4f}", "", "")],
            )
        snapshots = Snapshots(server.url, PREFIX)
        began = time.perf_counter()
        await snapshots.save(Snapshot("0-0", hotline.now, plain_before))
        saved_s = time.perf_counter() - began
        await snapshots.close()
        taken_s = await write_journal(server, kept)
        began = time.perf_counter()
        found = await recover(server.url, PREFIX, hotline.state.rules)
        recovered_s = time.perf_counter() - began
        if found.replayed != len(kept) or len(found.state.calls) != len(hotline.state.calls):
            raise NoFigure(
                f"recovered {found.replayed} entries and {len(found.state.calls)} calls, not {len(kept)} and {len(hotline.state.calls)}"
            )
        store_mb = int(server.ask("INFO", "memory")["used_memory"]) / 2**20
    figures = {
        "us": taken_s / len(kept) * 1e6,
        "saved_ms": saved_s * 1000,
        "recovered_s": recovered_s,
        "store_mb": store_mb,
        "entries": len(kept),
    }
    return Turn(
        side,
        number,
        figures,
        [(calls, side, number, len(kept), f"{taken_s:.4f}", f"{saved_s:.4f}", f"{recovered_s:.4f}")],
    )


def show(turn: Turn) -> None:
    """One line a phase."""
    print(
        f"round {turn.round}  {turn.side:10s} "
        + "  ".join(f"{name} {shown(value)}" for name, value in turn.figures.items()),
        flush=True,
    )


def run(options: argparse.Namespace) -> Report:
    """All sizes; raises NoFigure."""
    try:
        sizes = [int(size) for size in options.calls.split(",")]
    except ValueError:
        raise NoFigure(f"calls {options.calls!r}: write 10000,100000") from None
    if not sizes or min(sizes) < 100 or max(sizes) > 200_000:
        raise NoFigure(f"calls {options.calls!r}: from 100 to 200,000 each")
    lines = [
        "| open calls | entries journalled | µs an entry | bare XADD µs | ours / bare (rounds) | snapshot written ms | recovery s | store MB |",
        "|---|---|---|---|---|---|---|---|",
    ]
    raw: list[Sequence[object]] = []
    for size in sizes:
        print(f"{size:,} calls")
        turns = asyncio.run(
            in_turns((JOURNAL, BARE), options.rounds, lambda side, n, c=size: measure(c, side, n), show)
        )
        us, saved, recovered, mb, entries = (
            median_of(turns, JOURNAL, name) for name in ("us", "saved_ms", "recovered_s", "store_mb", "entries")
        )
        lines.append(
            f"| {size:,} | {entries:,.0f} | {us:.1f} | {median_of(turns, BARE, 'us'):.1f} | {ratio(turns, JOURNAL, BARE, 'us')} | {saved:.0f} | {recovered:.2f} | {mb:.0f} |"
        )
        raw += [row for turn in turns for row in turn.raw]
    header = ("calls", "side", "round", "entries", "written_s", "snapshot_s", "recovered_s")
    return Report("journal-recovery", command_of(__spec__, options), lines, header, raw)


def main(argv: Sequence[str] | None = None) -> int:
    """The command."""
    parser = parser_of(__doc__)
    parser.add_argument("--calls", default="10000,100000")
    parser.add_argument("--rounds", type=int, default=3)
    return finish(run, parser.parse_args(argv))


if __name__ == "__main__":
    sys.exit(main())
