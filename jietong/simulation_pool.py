"""Runs replications side by side, tells how far they are, and stops at Ctrl-C with what is there.

Owns processes, signals and the bar. Must not know what a replication is: it is given one to run.
Rules: one process a core; a stopped replication ends early and counts for nothing unless it is the only one.
"""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, wait
from contextlib import contextmanager
from multiprocessing.sharedctypes import SynchronizedArray
from types import FrameType
from typing import Any, Generic, TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

T = TypeVar("T")
LOOK_S = 0.2
Run = Callable[[int, Callable[[float], bool]], T]  # number of the replication, go_on
_shared: tuple[Any, Any] | None = None  # in a worker: the run and the board


class Ran(Generic[T]):
    """What the replications gave, in order, and whether somebody stopped them."""

    def __init__(self, outcomes: list[T], *, stopped: bool) -> None:
        self.outcomes = outcomes
        self.stopped = stopped


def run_all(run: Run[T], replications: int, *, workers: int | None = None) -> Ran[T]:
    """Runs `run` for 0..replications-1; raises what a run raises. At Ctrl-C the finished ones are kept, or the one that there is, cut short."""
    board = multiprocessing.Array("d", replications + 1)  # how far each is; the last: 1 to stop
    with _stopping(board), _bar() as show:
        if replications == 1:
            outcomes = [run(0, lambda share: _note(board, 0, share, show))]
        else:
            outcomes = _in_processes(run, replications, workers or os.cpu_count() or 1, board, show)
    return Ran(outcomes, stopped=bool(board[-1]))


def _in_processes(
    run: Run[T],
    replications: int,
    workers: int,
    board: "SynchronizedArray[float]",
    show: Callable[[float], None],
) -> list[T]:
    context = multiprocessing.get_context("fork")  # the traffic may be large: it is inherited, not sent
    with ProcessPoolExecutor(min(workers, replications), context, _begin, (run, board)) as pool:
        futures = [pool.submit(_work, number) for number in range(replications)]
        while wait(futures, LOOK_S).not_done:
            show(sum(board[:replications]) / replications)
            if any(future.done() and not future.cancelled() and future.exception() for future in futures):
                board[-1] = 1.0
            if board[-1]:
                for future in futures:
                    future.cancel()
        done = [future.result() for future in futures if not future.cancelled()]
    return [outcome for outcome, is_whole in done if is_whole] or [outcome for outcome, _ in done[:1]]


def _begin(run: Any, board: Any) -> None:
    global _shared  # noqa: PLW0603 a worker process is given its work this way and no other
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _shared = (run, board)


def _work(number: int) -> tuple[Any, bool]:
    assert _shared is not None
    run, board = _shared

    def go_on(share: float) -> bool:
        board[number] = share
        return not board[-1]

    outcome = run(number, go_on)
    is_whole = not board[-1] or board[number] > 0.999
    board[number] = 1.0
    return outcome, is_whole


def _note(board: Any, number: int, share: float, show: Callable[[float], None]) -> bool:
    board[number] = share
    show(share)
    return not board[-1]


@contextmanager
def _stopping(board: Any) -> Iterator[None]:
    """The first Ctrl-C asks for an early end, the second one is as usual."""

    def ask(number: int, frame: FrameType | None) -> None:
        board[-1] = 1.0
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _bar() -> Iterator[Callable[[float], None]]:
    console = Console(stderr=True)
    columns = (TextColumn("simulating"), BarColumn(40), TextColumn("{task.percentage:3.0f}%"), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=1.0)
        yield lambda share: progress.update(task, completed=share)
